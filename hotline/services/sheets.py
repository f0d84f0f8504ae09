"""Sheets that people hand in and take away: CSV (UTF-8 or GB18030) or XLSX, rows under the headings of a first line."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from hotline.errors import DomainError
from hotline.typed import clean

LARGEST: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 20_000
# Empty ones among them: one mark far below makes a sheet of a million rows.
MOST_LINES: Final = 100_000
MOST_COLUMNS: Final = 200


class SheetUnreadable(DomainError):
    """Nothing was taken in: the file as a whole cannot be read."""


@dataclass(frozen=True)
class SheetRow:
    line: int
    """As the sheet counts: the headings are line 1."""
    values: Mapping[str, str]


def read_sheet(*, name: str, content: bytes, columns: Mapping[str, str], needed: Iterable[str]) -> list[SheetRow]:
    """`columns`: our name → heading. Every row has all of them, '' where there is nothing; empty rows are left out.

    Raises SheetUnreadable for what is no sheet, lacks a heading of `needed` in its first columns, or is too long.
    """
    headings, lines = read_table(name=name, content=content)
    missing = [columns[ours] for ours in needed if columns[ours] not in headings]
    if missing:
        raise SheetUnreadable(f"第一行没有这几列：{'、'.join(missing)}。")
    at = {ours: headings.index(theirs) for ours, theirs in columns.items() if theirs in headings}
    rows = [SheetRow(line, {ours: cells[at[ours]] if ours in at else "" for ours in columns}) for line, cells in lines]
    return [row for row in rows if any(row.values.values())]


def read_table(*, name: str, content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The headings as they stand there, and the lines that are not empty, each with its number and a cell per heading or more.

    Raises SheetUnreadable for what is no sheet or is too long, some of it only while the lines are read.
    """
    if len(content) > LARGEST:
        raise SheetUnreadable("文件超过 20 兆字节，请分成几个。")
    rows = _rows_of_xlsx(content) if name.lower().endswith(".xlsx") else _rows_of_csv(content)
    headings = [_text(heading) for heading in next(rows, [])]
    while headings and not headings[-1]:
        headings.pop()
    return headings, _lines(rows, len(headings))


def _lines(rows: Iterator[list[Any]], width: int) -> Iterator[tuple[int, list[str]]]:
    found = 0
    for line, cells in enumerate(rows, start=2):
        if line > MOST_LINES:
            raise SheetUnreadable(f"表格超过 {MOST_LINES} 行（含空行），请删去下面的空行或分成几个文件。")
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            found += 1
            if found > MOST_ROWS:
                raise SheetUnreadable(f"超过 {MOST_ROWS} 行，请分成几个文件。")
            yield line, texts + [""] * (width - len(texts))


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


@dataclass(frozen=True)
class Page:
    """One page of a workbook: texts under headings."""

    title: str
    columns: Mapping[str, int]
    """Heading → how many characters wide."""
    rows: Iterable[Sequence[str | int]]


def workbook(*pages: Page) -> bytes:
    """As XLSX. Words stay text: what begins like a formula is none, and a code keeps its zeros. A number can be summed."""
    book = Workbook(write_only=True)
    for page in pages:
        sheet = book.create_sheet(page.title)
        sheet.freeze_panes = "A2"
        for n, width in enumerate(page.columns.values(), 1):
            sheet.column_dimensions[get_column_letter(n)].width = width
        sheet.append([_heading(sheet, text) for text in page.columns])
        for row in page.rows:
            sheet.append([_plain(sheet, text) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _heading(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _plain(sheet: Any, value: str | int) -> Any:
    if isinstance(value, int):
        return value
    text = clean(value)
    if not text.startswith("="):
        return text or None
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell
