"""Finding and hiding direct identifiers in names, numbers and texts. Pure."""

import re
from dataclasses import dataclass
from typing import Final

# As in: 张*, 138****1234, 3607**********1234.
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_ID_CHECKS: Final = "10X98765432"
_GAP: Final = r"[ \-－—]?"
_EDGE_BEFORE: Final = r"(?<![0-9A-Za-z])"
_EDGE_AFTER: Final = r"(?![0-9A-Za-z])"
_MOBILE: Final = re.compile(
    rf"{_EDGE_BEFORE}(?:(?:\+|00)?86{_GAP}|0)?(1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}){_EDGE_AFTER}"
)
_LANDLINE: Final = re.compile(rf"{_EDGE_BEFORE}(?:[（(]?0797[）)]?{_GAP})([2-8]\d{{6}}){_EDGE_AFTER}")
_ID_NUMBER: Final = re.compile(rf"{_EDGE_BEFORE}([1-9]\d{{5}}(?:19|20)\d{{9}}[\dXx]){_EDGE_AFTER}")
_COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "令狐",
    ]
)
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９Ｘｘ＋", "0123456789Xx+")


@dataclass(frozen=True, slots=True)
class Identifier:
    """`value` is the plain number; `start` and `end` are its place in the text that was searched."""

    kind: str  # mobile, landline, id_number
    value: str
    start: int
    end: int


def mask_name(name: str) -> str:
    """王小明 → 王*, 欧阳明 → 欧阳*."""
    name = name.strip()
    if not name:
        return ""
    return f"{name[:2] if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else name[0]}*"


def mask_phone(phone: str) -> str:
    """13807971234 → 138****1234; a landline keeps its area code and last two digits."""
    digits = as_dialled_here(re.sub(r"\D", "", phone.translate(_FULL_WIDTH)))
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    if digits.startswith("0") and len(digits) >= 10:
        return f"{digits[:4]}*****{digits[-2:]}"
    return "*" * max(len(digits) - 2, 0) + digits[-2:]


def as_dialled_here(number: str) -> str:
    """A mobile number without the country code or the 0 that some put before it; every other number as it is."""
    return re.sub(r"^(?:(?:\+|00)?86|0)(?=1[3-9]\d{9}$)", "", number)


def mask_id_number(number: str) -> str:
    """3607**********1234; of a shorter one, as of a passport, no more than a quarter at each end."""
    number = number.strip()
    shown = min(4, len(number) // 4)
    return f"{number[:shown]}{'*' * (len(number) - 2 * shown)}{number[len(number) - shown :]}"


def is_id_number(number: str) -> bool:
    """Whether the 18 characters carry a right check digit and a possible birthday (GB 11643)."""
    if not (_ID_NUMBER.fullmatch(number) and _has_birthday(number)):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == number[17].upper()


def _has_birthday(number: str) -> bool:
    return 1 <= int(number[10:12]) <= 12 and 1 <= int(number[12:14]) <= 31


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Mobile numbers, landlines with Ganzhou's 0797, and id numbers, in the order of the text.

    An id number with one wrong digit still says who it is: it is found, though its check digit does not fit.
    Full-width digits and numbers split by a space or a dash are found; a longer run of digits
    (an order number, a meter reading) is not a phone.
    """
    plain = text.translate(_FULL_WIDTH)
    found = [
        Identifier("id_number", m[1].upper(), m.start(1), m.end(1))
        for m in _ID_NUMBER.finditer(plain)
        if _has_birthday(m[1])
    ]
    found += [Identifier("mobile", re.sub(r"\D", "", m[1]), m.start(), m.end()) for m in _MOBILE.finditer(plain)]
    found += [Identifier("landline", f"0797{m[1]}", m.start(), m.end()) for m in _LANDLINE.finditer(plain)]
    return tuple(sorted(found, key=lambda identifier: identifier.start))


def redact(text: str) -> str:
    """The text with every identifier masked; what oversight, sharing, statistics and public pages may show."""
    return _masked(text, find_identifiers(text))


def redact_answer(text: str) -> str:
    """Words that staff wrote for citizens: a landline in them is an office's and stays, a person's numbers are masked."""
    return _masked(text, _of_persons(text))


def hidden_in_answer(text: str) -> tuple[str, ...]:
    """The masks that a citizen reads in place of numbers, once each; what the writer is told."""
    return tuple(dict.fromkeys(_mask(found) for found in _of_persons(text)))


def _of_persons(text: str) -> tuple[Identifier, ...]:
    return tuple(found for found in find_identifiers(text) if found.kind != "landline")


def _mask(identifier: Identifier) -> str:
    return (mask_id_number if identifier.kind == "id_number" else mask_phone)(identifier.value)


def _masked(text: str, identifiers: tuple[Identifier, ...]) -> str:
    parts, last = [], 0
    for identifier in identifiers:
        parts += [text[last : identifier.start], _mask(identifier)]
        last = identifier.end
    return "".join([*parts, text[last:]])
