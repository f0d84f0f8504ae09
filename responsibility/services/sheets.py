"""A version as a sheet, and a sheet into a draft: checked row by row, previewed, written when somebody confirms it.

A cell that says what the item says already is not read at all: a sheet that was only taken away and handed in changes
nothing, whatever it says of units that are gone. Columns that the sheet lacks stay as they are in each item.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.core.cache import cache
from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from hotline import parameters
from hotline.errors import DomainError
from hotline.models import StoredFile, Unit, User
from hotline.services import XLSX, open_file, store_file
from hotline.services.rows import one_by_one
from hotline.services.sheets import Page, read_table, workbook
from hotline.typed import clean
from responsibility import rights, selectors
from responsibility.models import Category, DutyItem, DutyList, DutySheet, DutySheetRow
from responsibility.services.columns import CODE, COLUMNS, NOTHING, ORIGIN, WRONG, Column, Names, NotUnderstood, Raw
from responsibility.services.items import (
    LABELS,
    ItemChange,
    ManyChecks,
    Seen,
    editable_draft,
    item_values,
    set_raw,
    what_moved,
    write_changes,
)
from responsibility.services.life import DutyRefused, record, words_of
from responsibility.states import FUNCTIONS, ItemAct

PROGRESS_EVERY: Final = 250
MOST_NAMED: Final = 5
WRITTEN: Final = (ItemAct.ADD, ItemAct.CHANGE, ItemAct.REMOVE)


# --- out


def sheet_of(duty_list: DutyList, *, at: datetime) -> bytes:
    """Every item with all it says, and a page on how to fill it in. The same few queries however many items there are.

    Of a county's version also what it inherits, with a column that says which is which.
    """
    names, items, inherited = Names(), _items(duty_list), _inherited_items(duty_list, at)
    is_countys = duty_list.scope.kind == Unit.Kind.COUNTY_CENTRE
    return workbook(
        Page(
            "职责清单",
            {CODE: 14} | {column.heading: column.width for column in COLUMNS} | ({ORIGIN: 10} if is_countys else {}),
            (
                [code, *(column.text_of(raw, names) for column in COLUMNS), _origin(code, items, inherited)]
                for code, raw in sorted((inherited | items).items())
            ),
        ),
        Page("填写说明", {"列": 18, "怎么写": 80, "可以写": 60}, _legend(names)),
    )


def _legend(names: Names) -> Iterator[Sequence[str]]:
    yield CODE, "事项的代码，各版不变；新增的写一个没有用过的，如 CG-04-018。必填。", "大写字母、数字和“-”"
    for column in COLUMNS:
        yield column.heading, column.how or "可以空着。", "、".join(column.values)
    yield "", "", ""
    yield "导入", "第一行是列名，次序不限；少写的列照旧不变。先比对、看过差别再写入，写入以前草稿不变。", ""
    yield "", "", ""
    for name in FUNCTIONS.values():
        yield "职能", name, ""
    yield "", "", ""
    for code, path in names.category_paths.items():
        yield "分类", path, code


def _items(duty_list: DutyList) -> dict[str, Raw]:
    items = duty_list.items.select_related("category", "lead_unit").prefetch_related("co_units").order_by("code")
    return {item.code: item_values(item) for item in items}


def _inherited_items(duty_list: DutyList, at: datetime) -> dict[str, Raw]:
    """All of the city's that a county's version stands on, of another version none."""
    city = selectors.inherited_list(duty_list, at)
    return _items(city) if city else {}


def _origin(code: str, own: Mapping[str, Raw], inherited: Mapping[str, Raw]) -> str:
    """Nothing in a version that inherits nothing."""
    if code not in own:
        return "市级清单"
    return ("本县改动" if code in inherited else "本县增加") if inherited else ""


def error_sheet(sheet: DutySheet) -> bytes:
    """The rows that were refused as they were handed in, each with what is wrong: mended, they can be handed in again."""
    rows = sheet.rows.filter(act="").order_by("pk").values_list("cells", "why")
    # What is wrong this time, not the last.
    kept = [at for at, heading in enumerate(sheet.headings) if heading != WRONG]
    return workbook(
        Page(
            "要改的行",
            {WRONG: 60} | {_once(sheet.headings, at): 24 for at in kept},
            ([why, *_kept(cells, kept, len(sheet.headings))] for cells, why in rows),
        ),
        Page("填写说明", {"列": 18, "怎么写": 80, "可以写": 60}, _legend(Names())),
    )


def _once(headings: Sequence[str], at: int) -> str:
    """Two columns of the same name stay two."""
    return headings[at] + " " * headings[:at].count(headings[at])


def _kept(cells: Sequence[str], kept: Sequence[int], width: int) -> list[str]:
    return [cells[at] for at in kept] + list(cells[width:])


# --- in: handed in and checked


@transaction.atomic
def hand_in_sheet(*, list_id: int, upload: File, drops_missing: bool, by: User | None, at: datetime) -> DutySheet:
    """Keep an XLSX for a draft, to be checked by a worker. Nothing of the draft changes.

    What the same person handed in before and never confirmed is dropped. Raises FileRefused for what is no XLSX.
    """
    draft = editable_draft(list_id, by, at)
    stored = store_file(upload=upload, by=by, at=at, only=XLSX)
    return _kept_for(draft, stored, drops_missing=drops_missing, by=by, at=at)


@transaction.atomic
def compare_sheet_again(*, sheet_id: int, by: User | None, at: datetime) -> DutySheet:
    """The same file against the draft as it is now, as if handed in anew; what was confirmed of it is not written any more."""
    old = _locked_sheet(sheet_id)
    if old.written_at is not None:
        raise DutyRefused("这张表已经写入。")
    draft = editable_draft(old.duty_list_id, by, at)
    old.confirmed_by = old.confirmed_at = None
    old.save(update_fields=["confirmed_by", "confirmed_at"])
    return _kept_for(draft, old.file, drops_missing=old.drops_missing, by=by, at=at)


def _kept_for(draft: DutyList, stored: StoredFile, *, drops_missing: bool, by: User | None, at: datetime) -> DutySheet:
    draft.sheets.filter(Q(confirmed_at=None) | ~Q(refusal=""), handed_in_by=by).delete()
    return DutySheet.objects.create(
        duty_list=draft, file=stored, drops_missing=drops_missing, handed_in_by=by, handed_in_at=at
    )


def compare_sheet(*, sheet_id: int, at: datetime) -> bool:
    """Read the sheet and hold it against the draft; False when that was done already, or the sheet was dropped for another.

    May run again when it was cut off.
    """
    sheet = DutySheet.objects.select_related("duty_list__scope", "file").filter(pk=sheet_id).first()
    if sheet is None or sheet.waits != "check":
        return False
    _begin(sheet_id, at)
    # Before the items are read: what changes meanwhile makes the preview an old one.
    sheet.list_seen_at = sheet.duty_list.changed_at
    sheet.city_seen = selectors.inherited_list(sheet.duty_list, at)
    try:
        with open_file(sheet.file) as file:
            sheet.headings, lines = read_table(name="a.xlsx", content=file.read())
        rows = list(lines)
        _check_headings(sheet.headings)
    except DomainError as why:
        DutySheet.objects.filter(pk=sheet_id).update(refusal=str(why)[:500])
        return True
    sheet.lines = len(rows)
    DutySheet.objects.filter(pk=sheet_id).update(lines=sheet.lines)
    reader = _Reader(sheet, rows, at)
    found = list(reader.read(rows))
    found += [_removed(sheet, code, raw) for code, raw in reader.left_out().items()]
    counts = Counter(row.act or "wrong" for row in found if row is not None)
    sheet.counts = {**counts, "same": len(rows) - sum(counts.values()) + counts[ItemAct.REMOVE]}
    return _keep_rows(sheet, [row for row in found if row is not None], at)


@transaction.atomic
def _keep_rows(sheet: DutySheet, rows: Sequence[DutySheetRow], at: datetime) -> bool:
    now = DutySheet.objects.select_for_update(of=("self",), no_key=True).filter(pk=sheet.pk).first()
    # Dropped for another one meanwhile, or checked by a task that came twice.
    if now is None or now.waits != "check":
        return False
    DutySheetRow.objects.bulk_create(rows, batch_size=500)
    sheet.checked_at, sheet.lines_done = at, sheet.lines
    sheet.save(update_fields=["headings", "counts", "list_seen_at", "city_seen", "checked_at", "lines_done"])
    return True


def _check_headings(headings: Sequence[str]) -> None:
    if CODE not in headings:
        raise DutyRefused(f"第一行没有“{CODE}”这一列。第一行写列名，可先下载清单，在下载的表上改。")
    known = [CODE, *(column.heading for column in COLUMNS)]
    twice = [heading for heading in known if headings.count(heading) > 1]
    if twice:
        raise DutyRefused(f"这几列写了两次：{'、'.join(twice)}。")
    if len(set(headings) & set(known)) == 1:
        raise DutyRefused(f"除了“{CODE}”，没有一列是清单的列。列名见下载的表。")


def unused_headings(sheet: DutySheet) -> list[str]:
    """Columns of the sheet that say nothing of an item."""
    known = {CODE, ORIGIN, WRONG, "", *(column.heading for column in COLUMNS)}
    return [heading for heading in sheet.headings if heading not in known]


@dataclass
class _Reader:
    """Rows of one sheet against the items of its draft."""

    sheet: DutySheet
    rows: Sequence[tuple[int, list[str]]]
    at: datetime
    names: Names = field(default_factory=Names)
    checks: ManyChecks = field(default_factory=ManyChecks)

    def __post_init__(self) -> None:
        headings = self.sheet.headings
        self.code_at = headings.index(CODE)
        self.columns = [(column, headings.index(column.heading)) for column in COLUMNS if column.heading in headings]
        self.own = _items(self.sheet.duty_list)
        # Whatever a county's row does not change goes on as the city's says it.
        self.items = _inherited_items(self.sheet.duty_list, self.at) | self.own
        self.units = dict(Unit.objects.values_list("code", "pk"))
        self.categories = dict(Category.objects.values_list("code", "pk"))
        self.lines_of: dict[str, list[int]] = {}
        for line, cells in self.rows:
            self.lines_of.setdefault(self._code(cells), []).append(line)

    def _code(self, cells: Sequence[str]) -> str:
        return cells[self.code_at].strip().upper()

    def left_out(self) -> dict[str, Raw]:
        """Items of the draft itself of which the sheet says nothing, where those shall go."""
        if not self.sheet.drops_missing:
            return {}
        return {code: raw for code, raw in self.own.items() if code not in self.lines_of}

    def read(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[DutySheetRow | None]:
        for done, (line, cells) in enumerate(rows, 1):
            yield self._row(line, cells)
            if done % PROGRESS_EVERY == 0:
                DutySheet.objects.filter(pk=self.sheet.pk).update(lines_done=done)

    def _row(self, line: int, cells: list[str]) -> DutySheetRow | None:
        """None where the row says what the draft says."""
        code = self._code(cells)
        row = DutySheetRow(sheet=self.sheet, line=line, code=code[:60])
        before = self.items.get(code)
        after, faults = self._after(cells, before or NOTHING)
        if not code:
            faults.insert(0, "请写代码。")
        elif len(self.lines_of[code]) > 1:
            faults.insert(0, f"代码 {code[:20]} 写了几行：{_named(self.lines_of[code])}。")
        if before is not None and after == before and not faults:
            return None
        faults = faults or self._faults(code, after)
        if faults:
            row.cells, row.why = cells, "".join(faults)
        elif before is None:
            row.act, row.changes = ItemAct.ADD, {name: [None, value] for name, value in after.items()}
        else:
            row.act = ItemAct.CHANGE
            row.changes = {name: [before[name], after[name]] for name in LABELS if before[name] != after[name]}
        return row

    def _after(self, cells: Sequence[str], before: Raw) -> tuple[dict[str, Any], list[str]]:
        """What the item would say, and what of the cells cannot be read."""
        after, faults = dict(before), []
        for column, at in self.columns:
            text = cells[at]
            if text == self._shown(column, before):
                continue
            try:
                column.put(text, after, self.names)
            except NotUnderstood as why:
                faults.append(f"{column.heading}：{why}")
        return after, faults

    def _shown(self, column: Column, before: Raw) -> str:
        return clean(column.text_of(before, self.names))

    def _faults(self, code: str, after: Raw) -> list[str]:
        missing = [LABELS[name] for name in ("category", "level", "city_function") if not after[name]]
        if missing:
            return [f"请写{'、'.join(missing)}。"]
        item = DutyItem(duty_list=self.sheet.duty_list, code=code)
        set_raw(
            item, {name: value for name, value in after.items() if name != "co_units"}, self.units, self.categories
        )
        faults = self.checks.faults(item)
        return [f"{LABELS.get(name, CODE)}：{text}" if name else text for name, text in faults.items()]


def _named(lines: Sequence[int]) -> str:
    """A few of them: every row of a code that fills a column says this."""
    first = f"第 {'、'.join(map(str, lines[:MOST_NAMED]))} 行"
    return first if len(lines) <= MOST_NAMED else f"{first}等 {len(lines)} 行"


def _removed(sheet: DutySheet, code: str, raw: Raw) -> DutySheetRow:
    changes = {name: [value, None] for name, value in raw.items()}
    return DutySheetRow(sheet=sheet, code=code, act=ItemAct.REMOVE, changes=changes)


# --- in: confirmed and written


@transaction.atomic
def confirm_sheet(*, sheet_id: int, reason: str, ticket_number: str = "", by: User | None, at: datetime) -> DutySheet:
    """What was previewed shall be written, by a worker. Raises DraftMoved when the draft is another one than was previewed."""
    rights.require(by, rights.EDIT, at)
    sheet = _locked_sheet(sheet_id)
    if why := why_not_confirmed(sheet):
        raise DutyRefused(why)
    editable_draft(sheet.duty_list_id, by, at, seen=_seen(sheet))
    sheet.reason, sheet.ticket_number = words_of(reason, "请写明为什么改。"), ticket_number.strip()
    sheet.confirmed_by, sheet.confirmed_at = by, at
    sheet.begun_at, sheet.tries = None, 0
    sheet.save(update_fields=["reason", "ticket_number", "confirmed_by", "confirmed_at", "begun_at", "tries"])
    _tell_written(sheet_id, 0)
    return sheet


def _seen(sheet: DutySheet) -> Seen:
    return Seen(sheet.list_seen_at, sheet.city_seen_id)


def what_moved_since(sheet: DutySheet, *, at: datetime) -> str:
    """What is another than the preview of a sheet was made for, "" where nothing is."""
    return what_moved(sheet.duty_list, _seen(sheet), at) if sheet.checked_at is not None else ""


def why_not_confirmed(sheet: DutySheet) -> str:
    """What stands against writing it, "" where nothing does; what may have moved since is not looked at."""
    if sheet.written_at is not None or sheet.confirmed_at is not None:
        return "这张表已经确认写入。"
    if sheet.refusal or sheet.checked_at is None:
        return sheet.refusal or "还没有比对完。"
    if sheet.drops_missing and sheet.counts.get("wrong"):
        return "表里没有的事项要删除时，每一行都要对：有错的行说不清是哪个事项。改好再上传，或改为保留。"
    if not any(sheet.counts.get(act) for act in WRITTEN):
        return "没有要写入的。"
    return ""


def write_sheet(*, sheet_id: int, at: datetime) -> bool:
    """Write what was confirmed, all or none; False when that was done already. A refusal stays with the sheet to be read."""
    _begin(sheet_id, at)
    try:
        return _write(sheet_id, at)
    except DomainError as why:
        DutySheet.objects.filter(pk=sheet_id).update(refusal=str(why)[:500])
        return True


@transaction.atomic
def _write(sheet_id: int, at: datetime) -> bool:
    sheet = _locked_sheet(sheet_id)
    if sheet.waits != "write":
        return False
    rows = list(sheet.rows.filter(act__in=WRITTEN).order_by("pk"))
    draft = write_changes(
        list_id=sheet.duty_list_id,
        seen=_seen(sheet),
        changes=[ItemChange(row.code, ItemAct(row.act), row.changes) for row in rows],
        reason=sheet.reason,
        ticket_number=sheet.ticket_number,
        by=sheet.confirmed_by,
        at=at,
        told=partial(_tell_written, sheet_id),
    )
    said = "、".join(f"{act.label} {sheet.counts[act]} 项" for act in WRITTEN if sheet.counts.get(act))
    words = f"表格“{sheet.file.name}”：{said}。{sheet.reason}"[:500]
    record(draft, "sheet", source=draft.state, words=words, by=sheet.confirmed_by, at=at)
    # The history of the items says it from now on; what was wrong can still be fetched.
    sheet.rows.filter(act__in=WRITTEN).delete()
    sheet.written_at = at
    sheet.save(update_fields=["written_at"])
    return True


def _tell_written(sheet_id: int, rows: int) -> None:
    """Beside the database: what a transaction writes nobody else sees before its end."""
    cache.set(f"duty-sheet-written:{sheet_id}", rows, timeout=3600)


def rows_written(sheet: DutySheet) -> tuple[int, int]:
    """How many of how many, while it is being written."""
    return cache.get(f"duty-sheet-written:{sheet.pk}", 0), sum(sheet.counts.get(act, 0) for act in WRITTEN)


# --- in: what a worker left lying


def _begin(sheet_id: int, at: datetime) -> None:
    waiting = DutySheet.objects.filter(pk=sheet_id, written_at=None)
    waiting.update(begun_at=at, tries=F("tries") + 1)


def is_left(sheet: DutySheet, *, at: datetime) -> bool:
    """Whether nobody seems to do what waits: not begun, or begun and not ended, for `duty_job_left_minutes`."""
    return bool(sheet.waits) and sheet.waits_since <= _left_before(at)


def _left_before(at: datetime) -> datetime:
    return at - timedelta(minutes=parameters.integer("duty_job_left_minutes", at=at))


def resume_sheets(*, at: datetime) -> int:
    """Compare or write what a lost message or a killed worker left; returns how many were taken up.

    After `duty_sheet_tries` one is refused: it may be what kills the worker.
    """
    waiting = DutySheet.objects.filter(
        Q(checked_at=None) | Q(confirmed_at__isnull=False), written_at=None, refusal=""
    ).annotate(since=Coalesce("begun_at", "confirmed_at", "handed_in_at"))
    left = waiting.filter(since__lte=_left_before(at)).order_by("pk").values_list("pk", flat=True)
    return len(one_by_one(lambda sheet_id: _resume(sheet_id, at), left))


def _resume(sheet_id: int, at: datetime) -> bool:
    sheet = DutySheet.objects.filter(pk=sheet_id).first()
    if sheet is None:
        # Dropped for another one meanwhile.
        return False
    if sheet.tries < parameters.integer("duty_sheet_tries", at=at):
        return (compare_sheet if sheet.waits == "check" else write_sheet)(sheet_id=sheet_id, at=at)
    why = f"试了 {sheet.tries} 次都没有{'比对' if sheet.waits == 'check' else '写入'}完，草稿没有变。请重新比对；再不行，把表分成几张交来。"
    return bool(DutySheet.objects.filter(pk=sheet_id, written_at=None, refusal="").update(refusal=why))


def _locked_sheet(sheet_id: int) -> DutySheet:
    sheets = DutySheet.objects.select_for_update(of=("self",), no_key=True)
    return sheets.select_related("file", "confirmed_by").get(pk=sheet_id)
