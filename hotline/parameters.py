"""Reading dated parameters: `limit("limit.help", at=at)`. The value that held at `at`, so an old matter keeps its rule."""

from bisect import bisect_right
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from hotline.dates import local
from hotline.errors import DomainError
from hotline.limits import Limit, LimitNotUnderstood
from hotline.models import Parameter
from hotline.remembering import Remembered

Rows = dict[str, tuple[list[datetime], list[str]]]


class ParameterMissing(DomainError):
    pass


class ParameterMisread(DomainError):
    pass


def _read() -> Rows:
    rows: Rows = {}
    for key, valid_from, value in Parameter.objects.order_by("key", "valid_from").values_list(
        "key", "valid_from", "value"
    ):
        dates, values = rows.setdefault(key, ([], []))
        dates.append(valid_from)
        values.append(value)
    return rows


_rows: Final = Remembered(_read)


def forget_parameters() -> None:
    """Read the rows anew at the next question, in this process; the others follow within seconds."""
    _rows.forget()


def text(key: str, *, at: datetime) -> str:
    """The value that held at `at`; before its first date, the first one. Raises ParameterMissing."""
    found = _rows().get(key)
    if found is None:
        raise ParameterMissing(f"参数“{key}”没有取值，请系统管理员在“参数”中补充。")
    dates, values = found
    return values[max(bisect_right(dates, at) - 1, 0)]


def integer(key: str, *, at: datetime) -> int:
    value = text(key, at=at)
    try:
        return int(value)
    except ValueError as exc:
        raise ParameterMisread(f"参数“{key}”的取值“{value}”应为整数。") from exc


def number(key: str, *, at: datetime) -> Decimal:
    value = text(key, at=at)
    try:
        found = Decimal(value)
    except InvalidOperation as exc:
        raise ParameterMisread(f"参数“{key}”的取值“{value}”应为数字。") from exc
    if not found.is_finite():
        raise ParameterMisread(f"参数“{key}”的取值“{value}”应为数字。")
    return found


def limit(key: str, *, at: datetime) -> Limit:
    value = text(key, at=at)
    try:
        return Limit.parse(value)
    except LimitNotUnderstood as exc:
        raise ParameterMisread(f"参数“{key}”的取值“{value}”应为时限，如 7wd、2wh、24h、15min。") from exc


def limit_if_any(key: str, *, at: datetime) -> Limit | None:
    """The limit, or None where nobody has laid one down."""
    return limit(key, at=at) if key in _rows() else None


def hours(key: str, *, at: datetime) -> tuple[int, int]:
    """A span of the day such as `22:00-08:00`, as minutes after midnight (from, to)."""
    value = text(key, at=at)
    try:
        start, end = (datetime.strptime(part, "%H:%M") for part in value.split("-"))  # noqa: DTZ007 -- only the time
    except ValueError as exc:
        raise ParameterMisread(f"参数“{key}”的取值“{value}”应为时段，如 22:00-08:00。") from exc
    return start.hour * 60 + start.minute, end.hour * 60 + end.minute


def after_hours(key: str, *, at: datetime) -> datetime:
    """`at`, or the end of the span of `key` that it falls into, which may run past midnight."""
    here = local(at)
    start, end = hours(key, at=at)
    minute = here.hour * 60 + here.minute
    if not (start <= minute < end if start <= end else minute >= start or minute < end):
        return at
    ends = here.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0)
    return ends if ends > here else ends + timedelta(days=1)
