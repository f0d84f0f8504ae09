"""Which messages of a file report the same matter: the merging engine over any CSV, without the database."""

import codecs
import csv
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from channels_merge.matching import Message, find_matters
from hotline.dates import SHANGHAI

COLUMNS = ("id", "time", "topic", "text")
TIMES = ("", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
"""The empty one is ISO 8601."""
LONGEST_FIELD = 1_000_000


class Command(BaseCommand):
    help = "从一份 CSV 里找出反映同一事项的诉求：读 id、time、topic、text，写 id、matter。不读写数据库。"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--in", dest="source", type=Path, required=True, help="CSV 文件，UTF-8 或 GB18030")
        parser.add_argument("--out", dest="target", type=Path, required=True, help="结果文件；已有的会被覆盖")

    def handle(self, *args, **options):
        source, target = options["source"], options["target"]
        if not source.is_file():
            raise CommandError(f"没有文件 {source}。")
        if not target.parent.is_dir():
            raise CommandError(f"没有文件夹 {target.parent}。")
        if target.exists() and target.samefile(source):
            raise CommandError("结果不能写进原文件，请换一个文件名。")
        began = time.monotonic()
        self._timeless = 0
        ids, messages = self._read(source)
        numbers = find_matters(messages)
        _write(target, ids, numbers)
        sizes = Counter(numbers).values()
        if self._timeless:
            self.stderr.write(f"{self._timeless} 行没有时间或时间看不懂，只按文字比较。")
        self.stdout.write(
            f"读 {len(ids)} 件，找出 {len(sizes)} 个事项，其中 {sum(size > 1 for size in sizes)} 个有多件，"
            f"最多的 {max(sizes, default=0)} 件，用 {time.monotonic() - began:.1f} 秒。"
        )

    def _read(self, source):
        ids, messages, seen = [], [], {}
        for line, row in _rows(source):
            number = row["id"].strip()
            if not number:
                raise CommandError(f"第 {line} 行没有 id。")
            if number in seen:
                raise CommandError(f"第 {line} 行的 id“{number}”和第 {seen[number]} 行重复。")
            seen[number] = line
            at = _moment(row["time"].strip())
            self._timeless += at is None
            ids.append(number)
            messages.append(Message(row["topic"], row["text"], at))
        return ids, messages


def _rows(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line on which the row ends, its columns); refuses the file at the first row that cannot be right."""
    csv.field_size_limit(LONGEST_FIELD)
    with source.open(encoding=_encoding(source), newline="") as handle:
        reader = csv.DictReader(handle, strict=True)
        try:
            names = [name.strip() for name in reader.fieldnames or []]
            missing = [name for name in COLUMNS if name not in names]
            if missing:
                raise CommandError(f"文件里没有列：{'、'.join(missing)}。现有列：{'、'.join(names) or '无'}。")
            reader.fieldnames = names
            for row in reader:
                if None in row or None in row.values():
                    raise CommandError(f"第 {reader.line_num} 行的列数和表头不同，可能缺少引号。")
                yield reader.line_num, row
        except csv.Error as exc:
            raise CommandError(f"第 {reader.line_num} 行附近读不懂（{exc}），可能缺少引号。") from exc


def _encoding(source: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with source.open("rb") as handle:
                while chunk := handle.read(1 << 20):
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise CommandError("读不出文件里的字：既不是 UTF-8，也不是 GB18030。请另存为 UTF-8 的 CSV。")


def _moment(text: str) -> datetime | None:
    for form in TIMES:
        try:
            moment = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 -- set below
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return None


def _write(target: Path, ids: list[str], numbers: list[int]) -> None:
    """Whole or not at all."""
    half = target.with_name(f".{target.name}.half")
    try:
        with half.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(["id", "matter"])
            writer.writerows((number, matter + 1) for number, matter in zip(ids, numbers, strict=True))
        os.replace(half, target)
    except OSError as exc:
        half.unlink(missing_ok=True)
        raise CommandError(f"写不了 {target}（{exc.strerror}）。") from exc
