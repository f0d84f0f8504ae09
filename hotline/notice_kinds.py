"""What a notice says. Each room registers its kinds in `ready`; the row holds only kind and number."""

from dataclasses import dataclass
from typing import Final

_KINDS: Final[dict[str, "NoticeKind"]] = {}


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """`text` may carry {number}; `url_name` takes the number as its one argument, empty for none."""

    text: str
    url_name: str = ""


UNKNOWN: Final = NoticeKind("有新的事项。")


def register_notice(kind: str, *, text: str, url_name: str = "") -> None:
    _KINDS[kind] = NoticeKind(text, url_name)


def notice_kind(kind: str) -> NoticeKind:
    return _KINDS.get(kind, UNKNOWN)
