"""The county centre's own desk of figures: second dispatch, units, and who returned what."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from evaluation import rights, selectors
from hotline.models import Unit, User
from hotline.rights import has_right
from hotline.views.gate import opens_with
from hotline.views.months import month_asked, months_beside
from tickets.selectors.lists import Key, take


def _why_not(user: User, at: datetime) -> str:
    if user.unit is None or user.unit.kind != Unit.Kind.COUNTY_CENTRE:
        return "这一页是县（市、区）热线中心的，您不在县（市、区）中心。"
    return "" if has_right(user, rights.VIEW_FIGURES, at) else "您的岗位不看统计。"


@require_safe
@opens_with(_why_not)
def county(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    month = month_asked(request, at)
    before, after = months_beside(month, at)
    context = {
        "figures": selectors.county_figures(request.user, month=month, at=at),
        "month": month,
        "is_running": after is None,
        "before": before,
        "after": after,
        "own_list": f"{reverse('responsibility:duty-lists')}?centre={request.user.unit.code}",
        "at": at,
    }
    return render(request, "evaluation/county.html", context)


@require_safe
@opens_with(_why_not)
def returned(request: HttpRequest) -> HttpResponse:
    """The county's own table of returns: what its units gave back to it, and what it gave back to the city."""
    at = timezone.now()
    month = month_asked(request, at)
    key = request.GET.get("after", "")
    rows = selectors.county_returns(request.user, month=month, at=at)
    page = take(rows, by="requested_at", pk="id", after=Key.parse(key), newest=True)
    url = f"{reverse('evaluation:county-returned')}?month={month:%Y-%m}"
    context = {
        "rows": page.rows,
        "month": month,
        "back": f"{reverse('evaluation:county')}?month={month:%Y-%m}",
        "first_url": url if key else "",
        "next_url": f"{url}&after={page.next_key}" if page.next_key else "",
        "at": at,
    }
    return render(request, "evaluation/county_returned.html", context)
