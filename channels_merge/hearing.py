"""What an agent has already been told and what is still worth asking. Pure; shown below the story while it grows."""

import re
from dataclasses import dataclass
from typing import Final

_TIME: Final = re.compile(
    r"(?:每天|每晚|每日|今天|昨天|前天|前几天|这几天|今早|昨晚|今晚|凌晨|上午|下午|晚上|夜间|上?周[一二三四五六日末]|上周|上个?月|本月|去年|前年"
    r"|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}[日号]|份)|\d{4}年|\d{1,2}[点时](?:半|\d{1,2}分)?)"
    r"(?:[上下]午|早上|晚上|夜里|凌晨)?(?:\d{1,2}[点时](?:半|\d{1,2}分)?)?(?:左右|以后|之后|以前|至|到|-)?(?:凌晨|次日)?(?:\d{1,2}[点时])?"
)
_LASTING: Final = re.compile(
    r"(?:近|已经?|持续|连续|长达|快|满了?)[^，。；]{0,3}(?:[一二两三四五六七八九十半几\d]+)(?:多?个?)(?:小时|天|周|星期|月|年)(?:多|左右)?"
    r"|(?:[一二两三四五六七八九十半几\d]+)(?:多?个?)(?:小时|天|周|星期|月|年)(?:多)?(?=[了没])"
)
_WISH: Final = re.compile(r"(?:希望|请求|要求|恳请|建议)[^，。；！!]{2,24}")

# Life or property now in danger, and who comes (国办函〔2025〕66号（二）: 紧急的即时转). A hint to the agent, nothing more.
_DANGERS: Final = (
    ("119", re.compile(r"着火|起火|火灾|(?:煤气|燃气|天然气)(?:泄漏|漏气|漏了)|爆炸|有人被困|溺水|落水")),
    ("120", re.compile(r"晕倒|昏迷|昏倒|没有呼吸|大出血|心脏病发|中毒|触电|休克")),
    ("110", re.compile(r"持刀|砍人|抢劫|绑架|要跳楼|跳河|轻生|自杀|割腕|正在打人")),
)


@dataclass(frozen=True)
class Danger:
    """The words that sound like one, and the lines to put the caller through to."""

    words: tuple[str, ...]
    lines: tuple[str, ...]


def danger(text: str) -> Danger | None:
    found = [(line, match[0]) for line, pattern in _DANGERS if (match := pattern.search(text))]
    if not found:
        return None
    return Danger(tuple(word for _, word in found), tuple(line for line, _ in found))


@dataclass(frozen=True)
class Heard:
    label: str
    words: str


def heard(text: str) -> list[Heard]:
    found = []
    for label, pattern in (("时间", _TIME), ("持续", _LASTING), ("诉求", _WISH)):
        match = pattern.search(text)
        if match:
            words = re.sub(r"^(?:希望|请求|要求|恳请|建议)(?:能够?|有关部门|相关部门|尽快)*", "", match[0]) or match[0]
            found.append(Heard(label, words[:20]))
    return found


# A person who is afraid to be known, or who reports an official: whether the matter must be kept secret is asked.
_SECRET: Final = re.compile(
    r"(?:不要|(?<![特区分])别(?![人的家处墅])|不能|不想|怕)让?[^，。；！？]{0,8}(?<![不没想])知道"
    r"|(?:替|帮|给)我保密|打击报复|举报[^，。；]{0,20}(?:干部|领导|局长|所长|主任|书记|村官|民警|辅警|执法队?员|公务员|工作人员)"
)


def maybe_secret(text: str) -> str:
    """The words that sound as if nobody of whom it tells may know of it; empty where there are none."""
    match = _SECRET.search(text)
    return match[0] if match else ""


def still_to_ask(text: str, *, place: str, has_region: bool) -> str:
    """One question at most: what the unit will need first."""
    if len(text) < 12:
        return ""
    if not has_region:
        return "这是哪个县区、哪个乡镇（街道）？" if place else "具体在什么地方，哪个县区、路名或小区？"
    if not _TIME.search(text) and not _LASTING.search(text):
        return "什么时候发生的，持续多久了？"
    if not _WISH.search(text):
        return "希望怎么解决？"
    return ""
