"""Bring in messages of another system as appeals, each with its ticket. Streams; may be run again."""

import csv
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DataError, transaction
from django.utils import timezone

from channels_merge import services
from channels_merge.models import Appeal, Channel
from hotline.dates import SHANGHAI
from hotline.errors import DomainError
from hotline.models import Region
from hotline.typed import clean
from tickets.states import Kind

COLUMNS = {
    "number": "id",
    "time": "time",
    "title": "topic",
    "text": "text",
    "name": "name",
    "phone": "phone",
    "region": "region",
    "place": "place",
    "kind": "kind",
}
NEEDED = ("number", "text")
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
BATCH = 50
LONGEST_FIELD = 1_000_000
SEPARATORS = set(";\t，|")
ENCODINGS = ("utf-8-sig", "gb18030")
BAD_BYTE = re.compile("[\udc80-\udcff]")
"""What ``surrogateescape`` makes of a byte that the encoding does not know."""
UNREADABLE = "读不出文件里的字：既不是 UTF-8，也不是 GB18030。请另存为 UTF-8 的 CSV 再导入。"
LONGEST_NUMBER = Appeal._meta.get_field("source_number").max_length


class RowRefused(DomainError):
    pass


@dataclass
class Count:
    read: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0


class Command(BaseCommand):
    help = "导入诉求：每件登记、受理并建工单。同一来源编号只导入一次，可重复执行。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="CSV 文件，UTF-8 或 GB18030")
        parser.add_argument("--channel", required=True, help="渠道代码")
        parser.add_argument(
            "--map",
            nargs="*",
            default=[],
            metavar="栏目=列名",
            help=f"列名不同时写明，栏目有 {'、'.join(COLUMNS)}；默认列名 id、time、topic、text。",
        )
        parser.add_argument("--rejects", type=Path, help="被拒行写到这个文件；默认在原文件旁加 .rejected.csv")
        parser.add_argument("--hold", action="store_true", help="只登记，留在“来件”里等人受理")
        parser.add_argument("--limit", type=int, help="最多导入多少行")

    def handle(self, *args, **options):
        channel = _channel(options["channel"])
        columns = _columns(options["map"])
        path = options["file"]
        if not path.is_file():
            raise CommandError(f"没有文件 {path}。")
        rejects = options["rejects"] or path.with_name(f"{path.name}.rejected.csv")
        count, began = Count(), time.monotonic()
        self._refused = []
        csv.field_size_limit(LONGEST_FIELD)
        with path.open(encoding=_encoding(path), errors="surrogateescape", newline="") as handle:
            reader = csv.DictReader(handle)
            if any(BAD_BYTE.search(name) or "\0" in name for name in reader.fieldnames or []):
                raise CommandError(UNREADABLE)
            _check_headings(reader.fieldnames, [columns[name] for name in NEEDED])
            importer = _Importer(channel, columns, hold=options["hold"])
            try:
                for batch in _batches(reader, options["limit"]):
                    self._refused += importer.take(batch, count)
                    if count.read % 500 < BATCH:
                        self._say(count, began)
            except csv.Error as exc:
                raise CommandError(
                    f"第 {reader.line_num} 行附近读不懂（{exc}），可能缺少引号。已读 {count.read} 行已导入，改好后再执行一次即可。"
                ) from exc
            self._say(count, began)
            self._write_rejects(rejects, reader.fieldnames)
        spent = max(time.monotonic() - began, 0.001)
        self.stdout.write(
            f"读 {count.read} 行，新登记 {count.new} 件，原已登记 {count.known} 件，拒绝 {count.refused} 行，"
            f"用 {spent:.1f} 秒，{count.read / spent:.1f} 行/秒。"
        )

    def _say(self, count, began):
        speed = count.read / max(time.monotonic() - began, 0.001)
        self.stderr.write(f"\r已读 {count.read} 行，{speed:.0f} 行/秒", ending="")

    def _write_rejects(self, path, names):
        self.stderr.write("")
        path.unlink(missing_ok=True)  # of an earlier run
        if not self._refused:
            return
        with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(["行号", "原因", *names])
            for line, reason, row in self._refused:
                writer.writerow([line, reason, *(row.get(name, "") for name in names)])
        self.stdout.write(f"被拒的行和原因在 {path}。")


class _Importer:
    def __init__(self, channel, columns, *, hold):
        self.channel, self.columns, self.hold = channel, columns, hold
        self.regions = {region.name: region for region in Region.objects.exclude(level="township")}

    def take(self, batch, count):
        """One transaction per batch, a savepoint per row; returns the refused rows with their reasons."""
        refused = []
        with transaction.atomic():
            for line, row in batch:
                count.read += 1
                try:
                    with transaction.atomic():
                        is_new = self._take_row(row)
                except (DomainError, DataError) as exc:
                    count.refused += 1
                    refused.append((line, str(exc) if isinstance(exc, DomainError) else "内容无法保存。", row))
                else:
                    count.new += is_new
                    count.known += not is_new
        return refused

    def _take_row(self, row):
        at = timezone.now()
        if None in row:
            raise RowRefused("这一行的列数比表头多，可能缺少引号。")
        if any(BAD_BYTE.search(text or "") for text in row.values()):
            raise RowRefused("这一行有读不出的字节，请在原文件里改好。")
        value = {name: clean(row.get(column) or "") for name, column in self.columns.items()}
        if not value["number"]:
            raise RowRefused("没有来源编号。")
        if len(value["number"]) > LONGEST_NUMBER:
            # Cut short, two numbers could become one, and the second matter would be lost as known.
            raise RowRefused(f"来源编号最多 {LONGEST_NUMBER} 个字符，这一行有 {len(value['number'])} 个。")
        registered = services.register_appeal(
            channel=self.channel,
            matter=services.Matter(
                text=value["text"] or value["title"],
                title=value["title"],
                kind=_kind(value["kind"]),
                region=self._region(value["region"]),
                place=value["place"],
            ),
            person=services.Person(name=value["name"], phone=value["phone"]),
            source_number=value["number"],
            source_at=_moment(value["time"]),
            by=None,
            at=at,
        )
        if registered.is_new and not self.hold:
            services.accept_appeal(appeal_id=registered.appeal.pk, by=None, at=at)
        return registered.is_new

    def _region(self, name):
        if name and name not in self.regions:
            raise RowRefused(f"没有地区“{name}”。")
        return self.regions.get(name)


def _channel(code):
    try:
        return Channel.objects.get(code=code)
    except Channel.DoesNotExist as exc:
        codes = "、".join(Channel.objects.order_by("code").values_list("code", flat=True))
        raise CommandError(f"没有渠道“{code}”。现有：{codes or '无，请先执行 sync_channels'}。") from exc


def _columns(pairs):
    columns = dict(COLUMNS)
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if name not in COLUMNS or not equals or not column:
            raise CommandError(f"“{pair}”看不懂，应写成 栏目=列名，栏目有 {'、'.join(COLUMNS)}。")
        columns[name] = column
    return columns


def _check_headings(names, needed):
    if not names:
        raise CommandError("文件是空的，第一行须是列名。")
    missing = [name for name in needed if name not in names]
    if missing:
        # One column whose name holds the others: a spreadsheet wrote another separator.
        why = (
            "各列须用英文逗号隔开，请另存为 CSV（逗号分隔）。"
            if len(names) == 1 and SEPARATORS & set(names[0])
            else ""
        )
        raise CommandError(f"文件里没有列：{'、'.join(missing)}。现有列：{'、'.join(names)}。{why}")


def _encoding(path):
    """UTF-8, or what Chinese Windows writes: the first in which most of the Chinese can be read.

    A damaged byte does not make a file one of the other encoding; its row is refused later.
    """
    for encoding in ENCODINGS:
        chinese = bad = 0
        with path.open(encoding=encoding, errors="surrogateescape") as handle:
            while chunk := handle.read(1 << 20):
                chinese += sum(not letter.isascii() for letter in chunk)
                bad += len(BAD_BYTE.findall(chunk))
        if bad * 2 <= chinese:
            return encoding
    raise CommandError(UNREADABLE)


def _batches(reader, limit) -> Iterator[list[tuple[int, dict[str, str]]]]:
    batch = []
    for taken, row in enumerate(reader):
        if limit is not None and taken >= limit:
            break
        batch.append((reader.line_num, row))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _moment(text):
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    for form in TIMES:
        if moment is not None:
            break
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 -- the zone is set below
        except ValueError:
            continue
    if moment is None:
        raise RowRefused(f"时间“{text}”看不懂。")
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _kind(text):
    if not text:
        return ""
    by_label = {label: value for value, label in Kind.choices}
    kind = by_label.get(text, text)
    if kind not in Kind.values:
        raise RowRefused(f"没有诉求类型“{text}”。")
    return kind
