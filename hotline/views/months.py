"""Pages of one month: which one is asked for, and those beside it."""

from datetime import date, datetime
from typing import Final

from django.http import Http404, HttpRequest

from hotline.dates import add_months, local_day

FIRST: Final = date(2020, 1, 1)


def month_asked(request: HttpRequest, at: datetime) -> date:
    """The first day of the month asked for, of this one by default; 404 for what is no month or not yet begun."""
    today = local_day(at)
    try:
        month = date.fromisoformat(f"{request.GET.get('month', f'{today:%Y-%m}')}-01")
    except ValueError as wrong:
        raise Http404("没有这个月份。") from wrong
    if not FIRST <= month <= today:
        raise Http404("没有这个月份的数字。")
    return month


def months_beside(month: date, at: datetime) -> tuple[date | None, date | None]:
    """The month before and the one after, None where there is none to show: a link would lead nowhere."""
    before, after = add_months(month, -1), add_months(month, 1)
    return before if before >= FIRST else None, after if after <= local_day(at) else None
