"""Sheets that people hand in: CSV (UTF-8 or GB18030) or XLSX, read as rows under the headings of their first line."""

import csv
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from django.db import transaction
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from channels_merge.identity import clean
from hotline.dates import SHANGHAI
from hotline.errors import DomainError

LARGEST: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 20_000
# Empty ones among them: one mark far below makes a sheet of a million rows.
MOST_LINES: Final = 100_000
MOST_COLUMNS: Final = 200
TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


class SheetUnreadable(DomainError):
    """Nothing was taken in: the file as a whole cannot be read."""


class RowRefused(DomainError):
    """One row cannot be taken in; the others can."""


@dataclass(frozen=True)
class SheetRow:
    line: int
    """As the sheet counts: the headings are line 1."""
    values: Mapping[str, str]


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


def read_sheet(*, name: str, content: bytes, columns: Mapping[str, str], needed: Iterable[str]) -> list[SheetRow]:
    """`columns`: our name → heading. Every row has all of them, '' where there is nothing; empty rows are left out.

    Raises SheetUnreadable for what is no sheet, lacks a heading of `needed` in its first columns, or is too long.
    """
    if len(content) > LARGEST:
        raise SheetUnreadable("文件超过 20 兆字节，请分成几个。")
    rows = _rows_of_xlsx(content) if name.lower().endswith(".xlsx") else _rows_of_csv(content)
    headings = [str(heading or "").strip() for heading in next(rows, [])]
    missing = [columns[ours] for ours in needed if columns[ours] not in headings]
    if missing:
        raise SheetUnreadable(f"第一行没有这几列：{'、'.join(missing)}。")
    at = {ours: headings.index(theirs) for ours, theirs in columns.items() if theirs in headings}
    found = []
    for line, cells in enumerate(rows, start=2):
        if line > MOST_LINES:
            raise SheetUnreadable(f"表格超过 {MOST_LINES} 行（含空行），请删去下面的空行或分成几个文件。")
        values = {ours: _text(cells[at[ours]]) if ours in at and at[ours] < len(cells) else "" for ours in columns}
        if any(values.values()):
            found.append(SheetRow(line, values))
        if len(found) > MOST_ROWS:
            raise SheetUnreadable(f"超过 {MOST_ROWS} 行，请分成几个文件。")
    return found


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


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    # A sheet keeps the number 20261110 as 20261110.0.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else clean(str(value))


def _rows_of_csv(content: bytes) -> Iterator[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as exc:
            raise SheetUnreadable("文字编码既不是 UTF-8 也不是 GB18030。") from exc
    if "\0" in text:
        raise SheetUnreadable("这不是 CSV 或 XLSX 表格。")
    try:
        yield from csv.reader(io.StringIO(text), strict=True)
    except csv.Error as exc:
        raise SheetUnreadable(f"不是正确的 CSV（{exc}）。") from exc


# Not a zip, not a workbook, its XML broken, its bytes damaged on the way.
_NO_XLSX: Final = (
    InvalidFileException, BadZipFile, KeyError, ValueError, IndexError, OSError, EOFError, ParseError, zlib.error,
)  # fmt: skip


def _rows_of_xlsx(content: bytes) -> Iterator[list[Any]]:
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # What the file says of its size is not believed: some say one cell, some the whole sheet.
        sheet.reset_dimensions()
        yield from (list(row) for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True))
    except _NO_XLSX as exc:
        raise SheetUnreadable("不是正确的 XLSX。") from exc


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
