"""The wall of what burns: by unit for whoever watches several, by ticket for whoever may read them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from channels_merge.views.gate import needs
from evaluation.paging import page_of
from supervision import selectors

TABS = {"": "全部", "overdue": "超期", "today": "今天到期", "soon": "临期"}


@require_safe
@needs("supervision.view_wall")
def wall(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    user = request.user
    heat = selectors.unit_heat(user, at=at)
    unit = _unit(request, heat)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    opens = selectors.may_open(user, at=at)
    key = request.GET.get("after", "")
    page = page_of(selectors.burning(user, at=at, name=tab, unit=unit), key, field="sort_at") if opens else None
    rows = list(page.rows) if page else []
    cards = selectors.heaviest_cards(rows) if rows else {}
    here = f"{reverse('supervision:wall')}?unit={unit.pk if unit else ''}"
    shown = [line for line in heat if unit is None or line.unit.pk == unit.pk]
    totals = {name: sum(getattr(line, name) for line in shown) for name in ("overdue", "today", "soon")}
    context = {
        "heat": heat,
        "watches_many": selectors.units_watched(user)[:2].count() > 1,
        "unit": unit,
        "tab": tab,
        "tabs": [
            (code, name, totals.get(code, sum(totals.values())), f"{here}&tab={code}") for code, name in TABS.items()
        ],
        "opens": opens,
        "rows": [(row, cards.get((row.ticket_id, row.unit_id))) for row in rows],
        "at": at,
        "first_url": f"{here}&tab={tab}" if key else "",
        "next_url": f"{here}&tab={tab}&after={page.next_key}".replace("+", "%2B") if page and page.next_key else "",
    }
    return render(request, "supervision/wall.html", context)


def _unit(request, heat):
    """The unit chosen, if the person watches it and it burns; 404 for any other."""
    text = request.GET.get("unit", "")
    if not text:
        return None
    unit = next((line.unit for line in heat if str(line.unit.pk) == text), None)
    if unit is None:
        unit = (
            selectors.units_watched(request.user).filter(pk=int(text)).first()
            if text.isdecimal() and len(text) < 19
            else None
        )
    if unit is None:
        raise Http404("没有这个单位，或者不在您的范围内。")
    return unit
