"""When people are called, and which half-day a call belongs to (parameters followup_hours.*, as of `at`)."""

from datetime import datetime, timedelta
from typing import Final

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.dates import local

HALVES: Final = ("morning", "afternoon")
WRITTEN_UP_LATER: Final = timedelta(minutes=30)
"""A call begins inside the hours; what was said may be written down a little after them."""


def half_day(at: datetime) -> str:
    """`2026-10-09 morning`, or an empty string outside the calling hours."""
    here = local(at)
    minute = here.hour * 60 + here.minute
    later = WRITTEN_UP_LATER // timedelta(minutes=1)
    for name in HALVES:
        begins, ends = parameters.hours(f"followup_hours.{name}", at=at)
        if begins <= minute < ends + later:
            return f"{here:%Y-%m-%d} {name}"
    return ""


def in_words(at: datetime) -> str:
    """`09:00–12:00、14:30–20:00`"""
    return "、".join(parameters.text(f"followup_hours.{name}", at=at).replace("-", "–") for name in HALVES)


def first_call(published_at: datetime) -> datetime:
    """The day after the reply, when the calling hours begin."""
    begins, _ = parameters.hours(f"followup_hours.{HALVES[0]}", at=published_at)
    tomorrow = local(published_at) + timedelta(days=1)
    return tomorrow.replace(hour=begins // 60, minute=begins % 60, second=0, microsecond=0)


def last_call(published_at: datetime) -> datetime:
    return load_calendar().add_working(published_at, parameters.limit("followup_window", at=published_at))
