"""Local days. The hotline has one time zone."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_FIRST_DAY: Final = datetime(1949, 10, 1, tzinfo=SHANGHAI)


def local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def may_have_been(moment: datetime, at: datetime) -> bool:
    """Whether a sender can mean it as the time of what happened; a clock of theirs may go a day ahead.

    Many systems write the years 1 and 9999 for "none". Of their first and last day there is no local time: a row that
    kept one could never be read again.
    """
    return _FIRST_DAY <= moment <= at + timedelta(days=1)


def local_day(at: datetime | date) -> date:
    """The date of a moment in Ganzhou; a date is returned as it is."""
    return local(at).date() if isinstance(at, datetime) else at


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The first moments of the month and of the next, in Ganzhou. `month`: its first day."""
    return datetime.combine(month, time(), SHANGHAI), datetime.combine(add_months(month, 1), time(), SHANGHAI)


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months on, or before when negative; the last of a month that is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
