"""Local days. The hotline has one time zone."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI)


def local_day(at: datetime | date) -> date:
    """The date of a moment in Ganzhou; a date is returned as it is."""
    return local(at).date() if isinstance(at, datetime) else at
