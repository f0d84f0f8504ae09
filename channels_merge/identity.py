"""Phones and other identifiers as people type them. Pure."""

import re
from typing import Final

from hotline import masking
from hotline.errors import DomainError

_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９＋－（）", "0123456789+-()")
_PHONE: Final = re.compile(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7}")


class PhoneNotUnderstood(DomainError):
    message = "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"


def normal_phone(typed: str) -> str:
    """Digits only, a mobile number as it is dialled here; empty stays empty."""
    digits = masking.as_dialled_here(re.sub(r"[\s\-().]", "", typed.translate(_FULL_WIDTH)))
    if digits and not _PHONE.fullmatch(digits):
        raise PhoneNotUnderstood
    # A local number without its area code is one of this city.
    return f"0797{digits}" if 7 <= len(digits) <= 8 else digits
