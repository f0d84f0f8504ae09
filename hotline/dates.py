"""Local days. The hotline has one time zone."""

from calendar import monthrange
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def local_day(at: datetime | date) -> date:
    """The date of a moment in Ganzhou; a date is returned as it is."""
    return local(at).date() if isinstance(at, datetime) else at


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months on, or before when negative; the last of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
