"""What becomes of the rows of a sheet that somebody handed in, and what cells say of moments and places."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from django.db import transaction

from hotline.dates import SHANGHAI
from hotline.errors import DomainError
from hotline.services.sheets import SheetRow
from hotline.typed import clean

TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


class RowRefused(DomainError):
    """One row cannot be taken in; the others can."""


@dataclass(frozen=True)
class Reject:
    line: int
    number: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What became of a sheet."""

    new: int = 0
    changed: int = 0
    same: int = 0
    rejects: tuple[Reject, ...] = ()

    @property
    def read(self) -> int:
        return self.new + self.changed + self.same + len(self.rejects)


def take_rows(rows: Iterable[SheetRow], take: Callable[[Mapping[str, str]], str], *, number: str) -> Imported:
    """Take each row in by itself. `take` returns "new", "changed" or "same", or raises what says why not."""
    count = {"new": 0, "changed": 0, "same": 0}
    rejects = []
    for row in rows:
        try:
            with transaction.atomic():
                count[take(row.values)] += 1
        except DomainError as refused:
            rejects.append(Reject(row.line, row.values[number], str(refused)))
    return Imported(**count, rejects=tuple(rejects))


def moment_of(text: str, *, what: str) -> datetime | None:
    """None for nothing. Raises RowRefused for what is no date or time."""
    if not text:
        return None
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=SHANGHAI)
        except ValueError:
            continue
    raise RowRefused(f"{what}“{text[:30]}”看不懂，请写成 2026-11-10 09:30 这样。")


Point: TypeAlias = tuple[Decimal, Decimal]
"""Longitude and latitude, six decimals."""


def point_of(longitude: str, latitude: str) -> Point | None:
    """None for nothing. Raises RowRefused for what is no place in or around the city."""
    longitude, latitude = clean(str(longitude)), clean(str(latitude))
    if not longitude and not latitude:
        return None
    try:
        found = round(Decimal(longitude), 6), round(Decimal(latitude), 6)
    except InvalidOperation as exc:
        raise RowRefused("经度、纬度须都是数字，如 114.935、25.831。") from exc
    if not (found[0].is_finite() and found[1].is_finite() and is_here(*found)):
        raise RowRefused("经纬度不在赣州一带，看看是不是写反了。")
    return found


def is_here(longitude: float | Decimal, latitude: float | Decimal) -> bool:
    """Within a wide frame around the city: catches exchanged and projected coordinates."""
    return 110 <= longitude <= 120 and 22 <= latitude <= 30
