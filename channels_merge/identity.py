"""Phones and other identifiers as people type them. Pure."""

import re
from typing import Final

from hotline.errors import DomainError

_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９＋－（）", "0123456789+-()")
_PHONE: Final = re.compile(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff\ud800-\udfff]")


class PhoneNotUnderstood(DomainError):
    message = "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"


def normal_phone(typed: str) -> str:
    """Digits only, without the country code; an empty string stays empty."""
    digits = re.sub(r"[\s\-().]", "", typed.translate(_FULL_WIDTH))
    digits = re.sub(r"^(?:\+|00)?86(?=1[3-9]\d{9}$)", "", digits)
    if digits and not _PHONE.fullmatch(digits):
        raise PhoneNotUnderstood
    # A local number without its area code is one of this city.
    return f"0797{digits}" if 7 <= len(digits) <= 8 else digits


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
