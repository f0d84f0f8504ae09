"""退单台账: who returns what in a month, matters that were passed round, and the requests behind each figure."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hotline.models import Unit, User
from hotline.numbers import key_of
from hotline.views.gate import opens_with
from hotline.views.months import month_asked, months_beside
from responsibility.models import DutyItem
from tickets import rights
from tickets.selectors import returned as selectors
from tickets.selectors.queues import refusal_of
from tickets.views.answers import address, after, paged

NO_ITEM = "0"
"""Of dispatches that named no item of the list."""
OUTCOMES = {
    "": "全部",
    "granted": "同意",
    "refused": "不同意",
    "disputed": "有争议，提交裁定",
    "open": "待决定",
    "late": "逾期申请收回",
}


def _why_no_table(user: User, at: datetime) -> str:
    may_rule = refusal_of(rights.RULE, None, user, at)
    return may_rule and refusal_of(rights.DISPATCH, None, user, at)


centre = opens_with(_why_no_table)


@require_safe
@centre
def table(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    month = month_asked(request, at)
    before, following = months_beside(month, at)
    passed = selectors.passed_round(request.user, month=month, at=at)
    context = {
        "at": at,
        "month": month,
        "is_running": following is None,
        "before": before,
        "after_month": following,
        "units": selectors.lines_by_unit(month),
        "items": selectors.lines_by_item(month),
        "passed": passed,
        "index": selectors.index_of(passed),
    }
    return render(request, "tickets/returns_table.html", context)


@require_safe
@centre
def rows(request: HttpRequest) -> HttpResponse:
    """The requests behind a figure of the table."""
    at = timezone.now()
    month = month_asked(request, at)
    outcome = request.GET.get("as", "")
    unit, item = _one(request, "unit", Unit), _one(request, "item", DutyItem)
    whose = Q(assignment__unit=unit) if unit else Q()
    if item is not None or request.GET.get("item") == NO_ITEM:
        whose &= Q(assignment__item=item)
    page = selectors.returned_page(
        request.user, month=month, whose=whose, outcome=outcome, after=after(request), at=at
    )
    context = {
        "at": at,
        "month": month,
        "unit": unit,
        "item": item,
        "outcome": outcome,
        "outcomes": [(code, label, address(request, **{"as": code})) for code, label in OUTCOMES.items()],
    }
    return render(request, "tickets/returns_rows.html", context | paged(request, page))


def _one(request: HttpRequest, name: str, model: Any) -> Any:
    asked = request.GET.get(name, NO_ITEM)
    return None if asked == NO_ITEM else get_object_or_404(model, pk=key_of(asked) or -1)
