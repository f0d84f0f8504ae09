"""Texts of appeals, written from clauses of the demonstration's: the same ones every time, as many as wanted.

Three words are planted with known shares, for searches of a common, a middling and a rare word.
"""

import csv
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

APPEALS = Path(__file__).resolve().parent.parent / "config" / "demo" / "appeals.csv"
COMMON, MIDDLING, RARE = "噪音", "窨井盖", "蝙蝠"
PLANTED = {COMMON: 0.08, MIDDLING: 0.003, RARE: 0.0001}
ABOUT = {
    COMMON: "楼下噪音很大，整栋楼都睡不好",
    MIDDLING: "路口的窨井盖不见了，只插了一根树枝",
    RARE: "屋檐下住了一窝蝙蝠，地上都是粪便",
}
NAME = "长红兴阳金水南北文清华新东西安平康乐福寿龙凤山江湖田沙石桥林竹梅兰桂松柏云天地光明春秋"
KIND = ("路", "街", "巷", "小区", "花园", "家园", "市场", "广场", "新村", "公寓")


@dataclass(frozen=True)
class Story:
    title: str
    text: str
    place: str


def demo_rows() -> list[dict[str, str]]:
    with APPEALS.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source, delimiter="|"))


def stories(count: int, *, seed: int) -> list[Story]:
    """`count` different texts of 60 to 140 characters. Each planted word stands in exactly its share, rounded up."""
    dice = random.Random(seed)
    rows = demo_rows()
    clauses = sorted({clause for row in rows for clause in re.split("[，。；！？]", row["text"]) if _is_plain(clause)})
    titles = sorted({row["title"] for row in rows if _is_plain(row["title"])})
    made = [_story(dice, titles, clauses) for _ in range(count)]
    for word, share in PLANTED.items():
        for index in dice.sample(range(count), -int(-count * share // 1)):
            made[index] = Story(made[index].title, f"{made[index].text}{ABOUT[word]}。", made[index].place)
    return made


def _is_plain(clause: str) -> bool:
    return len(clause) > 3 and not any(word in clause for word in PLANTED)


def _story(dice: random.Random, titles: Sequence[str], clauses: Sequence[str]) -> Story:
    name = "".join(dice.choices(NAME, k=2)) + dice.choice(KIND)
    place = f"{name}{dice.randint(1, 200)}号"
    return Story(f"{name}{dice.choice(titles)}"[:40], f"{name}{'，'.join(dice.sample(clauses, 6))}。", place)
