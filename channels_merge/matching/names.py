"""Places and institutions that a text names, found by how Chinese names end. No list of names."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from channels_merge.matching.background import Background
from hotline import bigrams

# The endings are ordinary words, the longest first, so that 小区 is not read as a district.
_ENDINGS: Final = (
    "居委会|村委会|幼儿园|派出所|办事处|开发区|地铁站|汽车站|火车站|加油站|卫生院|小区|社区|花园|家园|公园|广场|大厦|公寓|市场|街道"
    "|大道|中学|小学|学校|大学|学院|医院|公司|集团|工地|大桥|水库|超市|酒店|路|街|巷|镇|乡|村|桥|站|苑|城"
)
_ENDING: Final = re.compile(_ENDINGS)
# 居民区 and 商业区 are no names; 经开区 and 新区 lie across districts, so what is said of them contradicts nothing.
_NO_DISTRICT: Final = "小社园景辖片城地校厂库灾民共业宅新开发市郊老特活息务护置户院矿全集政车舍游墅展属住学街边设分么每期一二三四五六七八九十"
_NO_COUNTY: Final = "市全一两每外邻去向由请议望问困"
# 赣县区 is one name.
_DISTRICT: Final = re.compile(f"(?<![{_NO_DISTRICT}])(?<!集中)(?<!中心)区|(?<![{_NO_COUNTY}])县(?!区)")
_TOWNSHIPS: Final = ("街道", "镇", "乡")
_TWO: Final = re.compile("[0-9a-z\u3400-\u9fff]{2}")
_THREE: Final = re.compile("[\u3400-\u9fff]{3}")
# Before an ending these make no name: 我们小区, 这条路, 一个村.
_NO_NAME: Final = frozenset("我们的个这那条该在是到有和与及本各些家所区县")
_NO_NAMES: Final = frozenset(["旁边", "附近", "对面", "周边", "周围", "隔壁", "楼下", "楼上", "门口", "建筑", "施工"])
_NO_PART: Final = _NO_NAME - {"县"}
"""赣县区 is a name, though its second character makes none before 路."""
_BEFORE: Final = frozenset("省市州")
"""What is left before a county of one character, 赣州市赣县, and makes no name with it."""
_COMMON: Final = 1 / 200


def named(text: str) -> set[str]:
    """Two characters and the ending of whatever is called by a name; among them phrases that only look like one."""
    return {name for name, _ in names_in(bigrams.normalise(text))}


@lru_cache(maxsize=5_000)
def names_in(normal: str) -> tuple[tuple[str, int], ...]:
    """(name, where it ends) in a normalised text. Remembered: the same matters are compared again and again."""
    return tuple(
        (name, end)
        for name, end in _ended(normal, _ENDING)
        if name[0] not in _NO_NAME and name[1] not in _NO_NAME and name[:2] not in _NO_NAMES
    )


def nearest(names: set[str]) -> set[str]:
    """Without the townships (乡镇、街道) that the others lie in: two estates of one township are two places."""
    return {name for name in names if not name.endswith(_TOWNSHIPS)} or names


def telling(names: Sequence[str], background: Background) -> list[str]:
    """Those that are names and no phrases of the trade: what one matter in two hundred says is no name of a place."""
    rare = is_rare(background.weights(np.array([_triple(name) for name in names], np.int64)))
    return [name for name, is_name in zip(names, rare.tolist(), strict=True) if is_name]


def is_rare(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    return weights > -np.log(_COMMON)


def before_endings(normal: str) -> Iterator[int]:
    """The ids of the three characters before each ending in a normalised text; among them parts of phrases."""
    for found in _ENDING.finditer(normal):
        name = normal[max(found.start() - 3, 0) : found.start()]
        if _THREE.fullmatch(name) and name[-1] not in _NO_NAME and name[-2:] not in _NO_NAMES:
            yield _triple(name)


def _triple(name: str) -> int:
    return ord(name[0]) << 32 | ord(name[1]) << 16 | ord(name[2])


def districts(text: str) -> set[str]:
    """Counties and districts named, by their last two characters and the ending."""
    return districts_in(bigrams.normalise(text))


def districts_in(normal: str) -> set[str]:
    found = {name for name, _ in _ended(normal, _DISTRICT)}
    return {name for name in found if name[0] not in _BEFORE and not _NO_PART.intersection(name[:2])}


def _ended(normal: str, ending: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """(two characters and the ending, where it ends), from left to right, none inside another.

    Looking for endings first and then back takes a fifth of the time of one pattern that begins anywhere.
    """
    free = 0
    for found in ending.finditer(normal):
        start = found.start() - 2
        if start >= free and _TWO.match(normal, start):
            free = found.end()
            yield normal[start:free], free
