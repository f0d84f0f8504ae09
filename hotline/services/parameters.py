"""Changing a parameter from a moment on. Values that have held are never changed."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from hotline import parameters
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import Parameter, SecurityLog, User
from hotline.services.security import log_security


class ParameterRefused(DomainError):
    pass


@transaction.atomic
def set_parameter(
    *,
    key: str,
    value: str,
    valid_from: datetime,
    source: str,
    note: str = "",
    like: str = "",
    by: User | None,
    at: datetime,
) -> Parameter:
    """Let `value` hold from `valid_from` on. Raises ParameterRefused for the past, and for a value of another shape.

    A key that has no value yet is made only with `like`, a value of the shape that it is to have.
    """
    check_parameter(key=key, value=value, valid_from=valid_from, like=like, at=at)
    row = Parameter.objects.create(key=key, value=value, valid_from=valid_from, source=source, note=note)
    log_security(kind=SecurityLog.Kind.PARAMETER, user=by, subject=f"{key} = {value}", reason=source, at=at)
    parameters.forget_parameters()
    transaction.on_commit(parameters.forget_parameters)
    return row


def check_parameter(*, key: str, value: str, valid_from: datetime, like: str = "", at: datetime) -> None:
    """Raise ParameterRefused with the reason why `value` cannot hold from `valid_from` on."""
    parameters.forget_parameters()
    if valid_from < at:
        raise ParameterRefused("参数只能从现在或以后的时间起生效，已经办过的事项不受影响。")
    _check_shape(key, value, like, at)
    if Parameter.objects.filter(key=key, valid_from=valid_from).exists():
        raise ParameterRefused(f"参数“{key}”在这一时间已有取值。")


def _check_shape(key: str, value: str, like: str, at: datetime) -> None:
    """A limit stays a limit, a number a number, a span of hours a span."""
    is_new = bool(like) and not Parameter.objects.filter(key=key).exists()
    old = like if is_new else parameters.text(key, at=at)
    shape = next((name for name, read in _SHAPES.items() if _reads(read, old)), "")
    if shape and not _reads(_SHAPES[shape], value):
        raise ParameterRefused(f"参数“{key}”的取值应为{shape}，如“{old}”。")
    if key in _KEEPS_PEOPLE_IN:
        least, most = _KEEPS_PEOPLE_IN[key]
        if not least <= int(value) <= most:
            raise ParameterRefused(f"参数“{key}”的取值应在 {least} 到 {most} 之间，否则谁也登录不了。")
    if shape == _SPAN and key not in _PAST_MIDNIGHT and not _reads(_span_of_one_day, value):
        raise ParameterRefused(f"参数“{key}”的时段应在同一天内，结束要晚于开始，如“{old}”。")
    if not shape and not value.strip():
        raise ParameterRefused(f"参数“{key}”的取值不能为空。")


def _span(value: str) -> None:
    for part in value.split("-"):
        datetime.strptime(part, "%H:%M")  # noqa: DTZ007 -- only the time
    if value.count("-") != 1:
        raise ValueError(value)


def _span_of_one_day(value: str) -> None:
    start, end = (datetime.strptime(part, "%H:%M") for part in value.split("-"))  # noqa: DTZ007 -- only the time
    if end <= start:
        raise ValueError(value)


def _whole(value: str) -> None:
    """No more digits than a year of minutes has: what is counted with them must stay a moment of the calendar."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 6):
        raise ValueError(value)


def _rate(value: str) -> None:
    if not 0 <= float(value) <= 1:
        raise ValueError(value)


_SPAN = "时段"
# Read with `parameters.after_hours`; every other span is compared within a day.
_PAST_MIDNIGHT = frozenset({"quiet_hours"})
# With other values nobody could log in, or choose a password, or stay; nor lay down a better one.
_KEEPS_PEOPLE_IN = {
    "lock_failures": (1, 100),
    "lock_minutes": (1, 1440),
    "idle_minutes": (1, 1440),
    "idle_minutes.agent": (1, 1440),
    "password_max_days": (1, 3650),
    "password_min_length": (1, 64),
    "password_classes": (1, 4),
}
_SHAPES: dict[str, Callable[[str], object]] = {
    "时限": Limit.parse,
    "整数": _whole,
    "0到1之间的小数": _rate,
    _SPAN: _span,
}


def _reads(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except (ValueError, DomainError):
        return False
    return True
