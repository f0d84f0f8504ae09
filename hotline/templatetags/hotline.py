"""How clocks, states, moments and words look on a page. How pages use them: docs/pages.md."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms.boundfield import BoundField
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from hotline import calendar, masking
from hotline.dates import local, local_day
from hotline.models import Region

register = template.Library()

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
SOON_AT_LEAST: Final = timedelta(minutes=30)
WEEKDAYS: Final = "一二三四五六日"
TAPE_ROW: Final = 20
MESSAGE_TONES: Final = {"success": "done", "warning": "due", "error": "over", "info": "work"}
EMPTY: Final = "—"


# --- clocks


@dataclass(frozen=True, slots=True)
class ClockFace:
    """余 3日5时. `tone`: "" while there is time, due, over, done (met in time), past (ended late)."""

    lead: str
    parts: tuple[tuple[int, str], ...]
    tone: str

    @property
    def words(self) -> str:
        return f"{self.lead} " + "".join(f"{amount}{unit}" for amount, unit in self.parts)

    @property
    def wide(self) -> str:
        """For heads: 余 3 日 5 时."""
        return " ".join([self.lead, *(f"{amount} {unit}" for amount, unit in self.parts)])

    @property
    def head_tone(self) -> str:
        return {"": "work", "past": "over"}.get(self.tone, self.tone)


def clock_face(
    due_at: datetime,
    at: datetime,
    *,
    unit: str = "wd",
    soon_at: datetime | None = None,
    stopped_at: datetime | None = None,
) -> ClockFace:
    """The face of a clock at `at`: what is left in working time if its limit is counted so (`unit` of hotline.limits).

    How late it is, is calendar time whatever the unit, and a minute from its first second: neither an evening over nor a
    moment is 超 0分, and rows in order of their dates are in order of what they say.
    """
    until = stopped_at or at
    if until > due_at:
        return ClockFace("超", _elapsed_parts(max(until - due_at, MINUTE)), "past" if stopped_at else "over")
    parts = _working_parts(until, due_at) if unit.startswith("w") else _elapsed_parts(due_at - until)
    if stopped_at:
        return ClockFace("提前", parts[:1], "done")
    return ClockFace("余", parts, "due" if at >= (soon_at or _soon(due_at, unit)) else "")


def _soon(due_at: datetime, unit: str) -> datetime:
    """Where the clock row does not say it: the last working day of a limit in days, else the last half hour."""
    if unit == "wd":
        hours = calendar.load_calendar().hours(local_day(due_at))
        return hours[0][0] if hours else due_at - DAY
    return due_at - SOON_AT_LEAST


def _working_parts(first: datetime, last: datetime) -> tuple[tuple[int, str], ...]:
    work = calendar.load_calendar()
    day = sum((closes - opens for opens, closes in work.hours(local_day(first))), timedelta())
    day = day or sum((closes - opens for opens, closes in work.hours(local_day(last))), timedelta()) or DAY
    days, rest = divmod(work.working_time(first, last), day)
    return _parts(days, "日", rest)


def _elapsed_parts(span: timedelta) -> tuple[tuple[int, str], ...]:
    days, rest = divmod(span, DAY)
    return _parts(days, "天", rest)


def _parts(days: int, day_unit: str, rest: timedelta) -> tuple[tuple[int, str], ...]:
    hours, minutes = divmod(rest // MINUTE, 60)
    if days:
        return ((days, day_unit), (hours, "时")) if hours else ((days, day_unit),)
    if hours:
        return ((hours, "时"), (minutes, "分")) if minutes else ((hours, "时"),)
    return ((minutes, "分"),)


@register.simple_tag
def clock_chip(due_at, at, stopped=None, unit="wd", soon_at=None) -> SafeString:
    """{% clock_chip due_at at unit="wd" soon_at=… stopped=… %}"""
    if due_at is None:
        return mark_safe(f'<span class="ck">{EMPTY}</span>')  # noqa: S308 -- constant
    face = clock_face(due_at, at, unit=unit, soon_at=soon_at, stopped_at=stopped)
    return format_html(
        '<span class="ck{}" title="{}">{}</span>',
        f" ck-{face.tone}" if face.tone else "",
        f"限 {moment(due_at, at)}",
        face.words,
    )


@register.simple_tag
def clock_of(clock, at) -> SafeString:
    """The chip of a clock row (hotline.models.Clock), an empty one when there is none."""
    if clock is None:
        return clock_chip(None, at)
    if clock.outcome in {"void", "superseded"}:
        return format_html('<span class="ck" title="{}">{}</span>', clock.get_outcome_display(), "停表")
    return clock_chip(clock.due_at, at, clock.stopped_at, clock.limit_unit, clock.soon_at)


@register.simple_tag
def face_of(clock, at) -> ClockFace:
    """{% face_of clock at as face %}, for components/clock.html."""
    return clock_face(clock.due_at, at, unit=clock.limit_unit, soon_at=clock.soon_at, stopped_at=clock.stopped_at)


@register.inclusion_tag("components/tape.html")
def day_tape(explanation: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Why this date: one cell a day, then the calculation in words (hotline.calendar)."""
    today = local_day(at)
    cells = calendar.tape(explanation)
    lines = [calendar.sentence(explanation)] if "limit" in explanation else []
    lines += [f"时限依据：{explanation['rule']}。"] if explanation.get("rule") else []
    return {
        "days": [_cell(day, i, today) for i, day in enumerate(cells)],
        "words": lines,
        "long": len(cells) > TAPE_ROW,
    }


def _cell(day: calendar.TapeDay, position: int, today: date) -> dict[str, Any]:
    marks = {
        "off": bool(day.off) and not day.is_start,
        "past": day.date <= today and not day.off and not day.is_due,
        "made": bool(day.make_up),
        "now": day.date == today,
        "end": day.is_due,
    }
    counted = str(day.number) if day.number else "休" if day.off else ""
    opens_month = position == 0 or day.date.day == 1
    return {
        "month": f"{day.date.month}月" if opens_month else "",
        "long_number": f"{day.date.month}/{day.date.day}" if opens_month else day.date.day,
        "weekday": WEEKDAYS[day.date.weekday()],
        "number": day.date.day,
        "mark": "收" if day.is_start else counted,
        "classes": " ".join(name for name, holds in marks.items() if holds),
        "title": f"{day.date.month}月{day.date.day}日 {day.off or day.make_up or '工作日'}",
    }


@register.inclusion_tag("components/road.html")
def road(steps: Iterable[Any], pad: bool = True) -> dict[str, Any]:  # noqa: FBT001 -- a template tag's argument
    """`steps`: name, state (done, skipped, now or ""), note (time taken or limit), late."""
    return {"steps": steps, "pad": pad}


@register.filter
def beyond(place: str, region: Region | None) -> str:
    """What ``place`` says beyond its region, whose name stands before it: people write 章贡区红旗大道 in 章贡区."""
    if region is None:
        return place
    above = [region.parent.name] if region.level == "township" else []
    for name in ("赣州市", *above, region.name):
        place = place.strip().removeprefix(name)
    return place.strip()


# --- small marks


@register.simple_tag
def state_chip(label: str, tone: str) -> SafeString:
    return format_html('<span class="st st-{}">{}</span>', tone, label)


@register.simple_tag
def kbd(keys: str) -> SafeString:
    return format_html("<kbd>{}</kbd>", keys)


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


@register.simple_tag
def highlight(text: str, words: Iterable[str]) -> SafeString:
    """The text, escaped, with each of the words in <mark>."""
    found = sorted({word for word in words or () if word}, key=len, reverse=True)
    if not found:
        return escape(text)
    pattern = re.compile("(" + "|".join(map(re.escape, found)) + ")", re.IGNORECASE)
    pieces = [
        f"<mark>{escape(piece)}</mark>" if i % 2 else str(escape(piece)) for i, piece in enumerate(pattern.split(text))
    ]
    return mark_safe("".join(pieces))  # noqa: S308 -- every piece is escaped above


# --- moments


@register.filter
def capped(count: int) -> str:
    """A number beside a word: 99+ says enough."""
    return "99+" if count > 99 else str(count)


@register.filter("dt")
def moment(value: datetime | None, at: datetime | None = None) -> str:
    """For tables: 今天 09:42, 10-13 17:30, 2025-10-13."""
    if value is None:
        return EMPTY
    here = local(value)
    if at is None:
        return f"{here:%m-%d %H:%M}"
    today = local(at)
    if here.date() == today.date():
        return f"今天 {here:%H:%M}"
    return f"{here:%m-%d %H:%M}" if here.year == today.year else f"{here:%Y-%m-%d}"


@register.filter
def date_cn(value: datetime | None, at: datetime | None = None) -> str:
    """For sentences: 10月13日 17:30; with `at`, 今天 17:30 and the year when it is another one."""
    if value is None:
        return EMPTY
    here = local(value)
    if at is not None and here.date() == local(at).date():
        return f"今天 {here:%H:%M}"
    year = f"{here.year}年" if at is not None and here.year != local(at).year else ""
    return f"{year}{here.month}月{here.day}日 {here:%H:%M}"


@register.filter
def day_cn(value: datetime | date | None) -> str:
    """10月13日"""
    if value is None:
        return EMPTY
    day = local_day(value)
    return f"{day.month}月{day.day}日"


@register.filter
def moment_cn(value: datetime) -> str:
    """For the top bar: 10月9日 周五 09:42."""
    here = local(value)
    return f"{here.month}月{here.day}日 周{WEEKDAYS[here.weekday()]} {here:%H:%M}"


@register.filter
def took(span: timedelta | None) -> str:
    """How much working time something took, in hours: 9 时 30 分; a dash where there is nothing to say."""
    if span is None:
        return "—"
    # Never in days: of working time a day has seven hours or another number, and 24 nowhere.
    return " ".join(f"{amount} {unit}" for amount, unit in _parts(0, "", span))


@register.filter
def elapsed(start: datetime | None, end: datetime) -> str:
    """Calendar time between two moments: 10 天 23 时."""
    if start is None:
        return EMPTY
    return " ".join(f"{amount} {unit}" for amount, unit in _elapsed_parts(max(end - start, timedelta())))


# --- personal data


@register.filter
def masked(name: str) -> str:
    return masking.mask_name(name) or EMPTY


@register.filter
def masked_phone(phone: str) -> str:
    return masking.mask_phone(phone) or EMPTY


@register.filter
def redacted(text: str) -> str:
    return masking.redact(text)


@register.filter
def as_citizens_read(text: str) -> str:
    """An answer as the citizen reads it; "" where they read it as it was written."""
    read = masking.redact_answer(text)
    return read if read != text else ""


# --- messages


@register.filter
def message_tone(message: Message) -> str:
    return MESSAGE_TONES.get(message.level_tag, "work")


@register.filter
def undo_url(message: Message) -> str:
    """The address that takes the act back, given as extra_tags="undo=/…"."""
    return next((tag[5:] for tag in (message.extra_tags or "").split() if tag.startswith("undo=/")), "")


# --- forms


@register.filter
def widget_kind(field: BoundField) -> str:
    """How components/form_field.html draws it."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, CheckboxSelectMultiple):
        return "checks"
    if isinstance(widget, RadioSelect):
        return "picks"
    return "check" if isinstance(widget, CheckboxInput) else "control"


@register.filter
def with_class(field: BoundField, css_class: str) -> SafeString:
    own = field.field.widget.attrs.get("class", "")
    missing = "is-miss" if field.errors else ""
    return field.as_widget(attrs={"class": " ".join(filter(None, [css_class, own, missing]))})


@register.filter
def control(field: BoundField, css_class: str | None = None) -> SafeString:
    """The input itself, in the house's look; a class given as "" leaves only the mark of an error."""
    if css_class is None:
        css_class = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    return with_class(field, css_class)
