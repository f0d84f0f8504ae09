"""Words as people type them, or as a sheet holds them. Pure."""

import re
from typing import Final

from hotline.errors import DomainError

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]")


def clean(typed: str) -> str:
    """What a person typed, without characters that cannot be seen (or stored)."""
    return _CONTROL.sub("", typed.replace("\r\n", "\n").replace("\r", "\n")).strip()


def needed(typed: str, name: str, most: int, refusal: type[DomainError]) -> str:
    """`clean` words. Raises `refusal`, with `name` in its sentence, for none or more than `most` characters."""
    words = clean(typed)
    if not words:
        raise refusal(f"请写{name}。")
    if len(words) > most:
        raise refusal(f"{name}最多写 {most} 个字。")
    return words
