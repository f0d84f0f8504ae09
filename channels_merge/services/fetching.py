"""Fetching the messages of a line ourselves: from its interface, or from the folder into which it puts sheets.

What is read is stored as if the line had pushed it (services.inbound), in the same transaction as the mark of how far we are:
a run that is killed begins again where nothing is lost and nothing doubled.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from channels_merge.models import LineSource
from channels_merge.services.inbound import as_body, park_sheet, store_messages
from channels_merge.services.line_reading import is_deep, mapped
from channels_merge.services.partners import NoAnswer, Partners
from channels_merge.states import Door
from hotline import parameters
from hotline.services import one_by_one
from hotline.services.sheets import LARGEST, SheetUnreadable, read_sheet
from hotline.typed import clean

MOST_PAGES: Final = 50
TOO_DEEP: Final = "嵌套太深，没有读"
LONGEST_NAME: Final = 60
STILL_WRITTEN: Final = timedelta(seconds=30)
"""A file that changed so lately may not be whole yet."""
MOST_FAILURES: Final = 6
"""Failures double the pause up to this many times."""


class CannotFetch(Exception):
    """The interface or the sheet gives nothing that can be read; the sentence is for the page."""


def fetch_due(*, at: datetime) -> int:
    """Fetch from every source whose moment has come; returns how many gave something new."""
    due = LineSource.objects.filter(Q(next_at=None) | Q(next_at__lte=at), is_open=True, line__is_open=True)
    return len(
        one_by_one(lambda pk: fetch(source_id=pk, at=at), list(due.order_by("pk").values_list("pk", flat=True)))
    )


def fetch(*, source_id: int, at: datetime) -> int:
    """Everything new of one source; returns how many messages. What cannot be fetched is noted and tried later."""
    if not _claim(source_id, at):
        return 0
    source = LineSource.objects.select_related("line__channel").get(pk=source_id)
    read = _pull if source.door == Door.PULL else _read_folder
    try:
        new = read(source, at)
    except CannotFetch as exc:
        failures = source.failures + 1
        wait = timedelta(minutes=source.every_minutes) * 2 ** min(failures, MOST_FAILURES)
        LineSource.objects.filter(pk=source_id).update(failures=failures, last_error=str(exc)[:200], next_at=at + wait)
        return 0
    LineSource.objects.filter(pk=source_id).update(failures=0, last_error="", read_at=at)
    return new


@transaction.atomic
def _claim(source_id: int, at: datetime) -> bool:
    """Whoever is first has the source until its next moment."""
    source = (
        LineSource.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(Q(next_at=None) | Q(next_at__lte=at), pk=source_id, is_open=True)
        .first()
    )
    if source is None:
        return False
    source.next_at = at + timedelta(minutes=source.every_minutes)
    source.save(update_fields=["next_at"])
    return True


# --- an interface


def _pull(source: LineSource, at: datetime) -> int:
    """Pages are counted from one mark, which moves on when all have been read; without pages it moves on with each answer.

    A page behind the last one is empty and knows no mark.
    """
    new, mark, paged = 0, "", bool(source.page_param)
    most = parameters.integer("fetch_answer_mb", at=at) * 1_000_000
    with Partners(seconds=parameters.integer("fetch_answer_seconds", at=at)) as partners:
        for page in range(1, MOST_PAGES + 1):
            answer = _ask(partners, source, page, most)
            items = _items(answer, source.list_path)
            if items or not paged:
                mark = _mark(source, answer, items) or mark
            if paged:
                is_last = len(items) < source.page_size
            else:
                is_last = not (items and source.cursor_param and mark and mark != source.cursor)
            new += _keep(source, items, mark if is_last or not paged else "", at)
            if is_last:
                return new
    if paged:
        raise CannotFetch(f"一次 {MOST_PAGES} 页还没有取完，请把每页条数改大。")
    return new


def _ask(partners: Partners, source: LineSource, page: int, most: int) -> Any:
    asked = {
        source.cursor_param: source.cursor,
        source.page_param: str(page),
        source.size_param: str(source.page_size),
    }
    headers = {source.header_name: source.header_value} if source.header_name else {}
    params = {name: value for name, value in asked.items() if name}
    try:
        answer = partners.ask(partners.request("GET", source.url, params=params, headers=headers), most=most)
    except NoAnswer as exc:
        raise CannotFetch(str(exc)) from exc
    if not answer.is_success:
        raise CannotFetch(f"对方答复 {answer.status}。")
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as exc:
        raise CannotFetch("对方的答复不是正确的 JSON。") from exc


def _items(answer: Any, path: str) -> list[Any]:
    found = at_path(answer, path) if path else answer
    if not isinstance(found, list):
        raise CannotFetch(f"答复里“{path or '最外层'}”不是列表。")
    return found


@transaction.atomic
def _keep(source: LineSource, items: list[Any], mark: str, at: datetime) -> int:
    bodies = [_as_pushed(source, lambda path, item=item: at_path(item, path), item) for item in items]
    new = store_messages(line=source.line, bodies=bodies, door=Door.PULL, at=at) if bodies else 0
    if mark:
        source.cursor = mark
        source.save(update_fields=["cursor"])
    return new


def _mark(source: LineSource, answer: Any, items: list[Any]) -> str:
    if not source.cursor_path:
        return ""
    of_item, _, path = source.cursor_path.partition("item.")
    found = at_path(items[-1], path) if not of_item and path and items else at_path(answer, source.cursor_path)
    return "" if found is None or isinstance(found, (dict, list)) else clean(str(found))[:200]


def at_path(value: Any, path: str) -> Any:
    """What stands at a dotted path of JSON, a number for a place of a list; None where there is nothing."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _as_pushed(source: LineSource, find: Any, original: Any) -> bytes:
    """The message as the line would push it. Without an id of its own it has that of its matter; an item that is no object
    is kept as it is, and parked.
    """
    if not isinstance(original, Mapping):
        return as_body({"unread": TOO_DEEP if is_deep(original) else original})
    if is_deep(original):
        number = find(source.fields["number"])
        return as_body({"number": number if isinstance(number, (str, int)) else "", "unread": TOO_DEEP})
    message = mapped(source.fields, find)
    message.setdefault("message_id", message.get("number", ""))
    for name in ("message_id", "number"):
        message[name] = str(message.get(name, ""))
    return as_body(message)


# --- a folder


def folder_of(source: LineSource) -> Path:
    """`drop/<code>/` in the state folder. Sheets hold names and numbers in clear: none stays once its messages are stored."""
    return Path(settings.STATE_DIR) / "drop" / source.line.channel.code


def _read_folder(source: LineSource, at: datetime) -> int:
    """Each sheet by itself: one that cannot be read holds up none of the others."""
    folder = folder_of(source)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new, wrong = 0, []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.suffix.lower() not in {".csv", ".xlsx"} or _is_fresh(path, at):
            continue
        if not path.is_symlink() and path.stat().st_size > LARGEST:
            # Not whole in memory, so it cannot be kept: it stays for whoever put it there.
            wrong.append(f"{_shown(path)}：文件超过 {LARGEST // 1_000_000} MB，没有读，还在原处。")
            continue
        try:
            new += _read_sheet(source, path, at)
        except CannotFetch as exc:
            wrong.append(f"{_shown(path)}：{exc}")
            content = b"" if path.is_symlink() else _content(path)
            park_sheet(line=source.line, name=_shown(path), content=content, reason=str(exc), at=at)
        path.unlink()
    if wrong:
        raise CannotFetch("；".join(wrong)[:200])
    return new


def _is_fresh(path: Path, at: datetime) -> bool:
    return path.stat().st_mtime > (at - STILL_WRITTEN).timestamp()


def _read_sheet(source: LineSource, path: Path, at: datetime) -> int:
    """Each of their columns under its own heading; what a fixed word stands for needs none."""
    if path.is_symlink():
        # Whoever may put sheets here may not have others read.
        raise CannotFetch("是一个链接，不是文件。")
    theirs = {heading: heading for heading in source.fields.values() if not heading.startswith("=")}
    try:
        rows = read_sheet(name=path.name, content=_content(path), columns=theirs, needed=theirs)
    except SheetUnreadable as exc:
        raise CannotFetch(str(exc)) from exc
    bodies = [_as_pushed(source, row.values.get, row.values) for row in rows]
    return store_messages(line=source.line, bodies=bodies, door=Door.FOLDER, at=at) if bodies else 0


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _shown(path: Path) -> str:
    """The end of its name, short enough for a sentence; what is no UTF-8 is replaced."""
    return " ".join(clean(os.fsencode(path.name).decode(errors="replace")).split())[-LONGEST_NAME:]
