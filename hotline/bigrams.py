"""Chinese words as exact bigram codes in an int4[]: shared by search and by similar matters. Pure.

code = (ord(a) << 16 | ord(b)) - 2**31: no hash, no collision within the Basic Multilingual Plane. A text's characters
are paired inside a run of letters, digits and ideographs; punctuation and spaces part the runs.
"""

import re
import unicodedata
from struct import unpack_from
from typing import Final

_WIDE_MARKS: Final = (*zip("，：；！？（）", ",:;!?()", strict=True), ("…", "..."))
_RUNS: Final = re.compile(r"[0-9a-z\u3400-\u9fff\uf900-\ufaff]+")
# Scope tokens begin with a private-use character, which no text yields.
_FIRST_TOKEN: Final = (0xE000 << 16) - 2**31
_SCOPE_LIMIT: Final = 0x1900 * 0x10000


def normalise(text: str) -> str:
    """Full-width to half-width, lower case: the form that codes are made of and rechecks compare."""
    # NFKC costs fifty times what looking whether it is needed does, and most texts need it for these marks only.
    for wide, narrow in _WIDE_MARKS:
        text = text.replace(wide, narrow)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.lower()


def code(pair: str) -> int:
    return (ord(pair[0]) << 16 | ord(pair[1])) - 2**31


def runs(text: str) -> list[str]:
    """The unbroken stretches of letters, digits and ideographs, normalised."""
    return _RUNS.findall(normalise(text))


def codes(text: str) -> list[int]:
    """Sorted distinct codes of a text. A run of one character yields none."""
    found: set[int] = set()
    for run in runs(text):
        # Two characters side by side are one 32-bit number: every other pair from the first, then from the second.
        units, count = run.encode("utf-16-be"), len(run)
        found.update(unpack_from(f">{count // 2}I", units), unpack_from(f">{(count - 1) // 2}I", units, 2))
    return sorted(pair - 2**31 for pair in found)


def is_scope_token(code: int) -> bool:
    """Whether a code stands for a unit and not for two characters."""
    return _FIRST_TOKEN <= code < _FIRST_TOKEN + _SCOPE_LIMIT


def scope_token(number: int) -> int:
    """The reserved code of a unit (by primary key), to stand in the same array as the words."""
    if not 0 <= number < _SCOPE_LIMIT:
        raise ValueError(f"no scope token for {number}")
    return _FIRST_TOKEN + number
