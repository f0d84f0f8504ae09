"""The plain table of units and months; each figure opens to its tickets, to leaders without the words."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluation import rights, selectors
from hotline.models import Unit
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.gate import needs
from hotline.views.months import month_asked, months_beside
from tickets.selectors.lists import Key, take

READ = ("tickets.view_all_tickets", "tickets.view_subtree_tickets")
GROUPS = {
    "city": ("市直部门和企业", ("city_department", "enterprise", "authority", "centre")),
    "county": ("县级热线中心", ("county_centre",)),
    "department": ("县直部门", ("county_department",)),
    "township": ("乡镇（街道）", ("township",)),
}


@require_safe
@needs(rights.VIEW_FIGURES)
def figures(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    month = month_asked(request, at)
    group = request.GET.get("group", "")
    kinds = GROUPS[group][1] if group in GROUPS else ()
    lines = selectors.unit_figures(request.user, month=month, at=at, kinds=kinds)
    url = reverse("evaluation:figures")
    before, after = months_beside(month, at)
    context = {
        "lines": lines,
        "month": month,
        "is_running": after is None,
        "before": before,
        "after": after,
        "group": group if group in GROUPS else "",
        "groups": [(code, name, f"{url}?month={month:%Y-%m}&group={code}") for code, (name, _) in GROUPS.items()],
        "sees_groups": request.user.unit is not None
        and request.user.unit.kind in {*selectors.EVERYWHERE, "county_centre"},
        "at": at,
    }
    return render(request, "evaluation/figures.html", context)


def _may_read(request, at) -> bool:
    """Leaders and oversight see which tickets a figure is made of, no matter's words."""
    return any(has_right(request.user, permission, at) for permission in READ)


@require_safe
@needs(rights.VIEW_FIGURES)
def tickets_behind(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    month = month_asked(request, at)
    figure = request.GET.get("figure", "")
    unit_id = key_of(request.GET.get("unit", ""))
    if figure not in selectors.FIGURES or unit_id is None:
        raise Http404("没有这个数字。")
    unit: Unit = get_object_or_404(selectors.units_seen(request.user), pk=unit_id)
    reads = _may_read(request, at)
    asked = {"unit": unit, "month": month, "figure": figure, "at": at}
    rows = selectors.figure_rows(request.user, **asked) if reads else selectors.figure_rows_without_words(**asked)
    key = request.GET.get("after", "")
    page = take(rows, by="ended_at", pk="id", after=Key.parse(key), newest=True)
    url = f"{reverse('evaluation:figure-tickets')}?unit={unit.pk}&month={month:%Y-%m}&figure={figure}"
    context = {
        "rows": page.rows,
        "reads": reads,
        "unit": unit,
        "month": month,
        "figure": figure,
        "of_callers": figure in selectors.OF_CALLERS,
        "figure_name": selectors.FIGURES[figure],
        "names": [(code, name, f"{url.rpartition('=')[0]}={code}") for code, name in selectors.FIGURES.items()],
        "back": f"{reverse('evaluation:figures')}?month={month:%Y-%m}",
        "first_url": url if key else "",
        "next_url": f"{url}&after={page.next_key}" if page.next_key else "",
        "at": at,
    }
    return render(request, "evaluation/figure_tickets.html", context)
