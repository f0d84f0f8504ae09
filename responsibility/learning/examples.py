"""Labelled messages, and reading them from a file."""

import csv
from pathlib import Path
from typing import Final, NamedTuple

from hotline.errors import DomainError

COLUMNS: Final = ("topic", "text", "category")
_LONGEST_FIELD: Final = 1_000_000


class Example(NamedTuple):
    topic: str
    text: str
    label: str
    name: str = ""
    """What it is known by, where somebody may look it up."""


class UnreadableExamples(DomainError):
    pass


def read_examples(path: Path) -> list[Example]:
    """Every row of a CSV file in UTF-8 or GB18030; other columns are left alone.

    Raises UnreadableExamples for a file, a column or a category that is not there: the whole file is refused, because a
    learner that leaves out what it cannot read learns something else than it was given.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.DictReader(_text(path).splitlines(keepends=True))
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if missing:
            raise UnreadableExamples(
                f"文件里没有列：{'、'.join(missing)}。现有列：{'、'.join(reader.fieldnames or []) or '无'}。"
            )
        examples, unlabelled = [], []
        for row in reader:
            topic, text, label = ((row[name] or "").strip() for name in COLUMNS)
            if not label:
                unlabelled.append(reader.line_num)
            examples.append(Example(topic, text, label))
    except csv.Error as exc:
        raise UnreadableExamples(f"第 {reader.line_num} 行附近读不懂（{exc}），可能缺少引号。") from exc
    if unlabelled:
        raise UnreadableExamples(
            f"有 {len(unlabelled)} 行没有分类（category），第一处在文件第 {unlabelled[0]} 行。请补上或删去这些行。"
        )
    if not examples:
        raise UnreadableExamples("文件里只有列名，没有内容。")
    return examples


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise UnreadableExamples(f"打不开文件 {path}：请检查路径和读取权限。") from exc
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableExamples("读不出文件里的字：既不是 UTF-8，也不是 GB18030。请另存为 UTF-8 的 CSV。")
