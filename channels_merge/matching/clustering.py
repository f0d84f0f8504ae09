"""Matters of a whole file: average link over the scored pairs. Pure.

Average and not single link: one message that mentions two matters must not join them. Pairs that were no candidates count
as 0, so a cluster holds together only where most of its pairs are alike. Two troubles of one estate are each told in much
the same words and are half alike to each other: a close-knit group takes in only what is close.
"""

import heapq
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from channels_merge.matching.background import Background
from channels_merge.matching.bare_names import named_apart
from channels_merge.matching.candidates import candidate_pairs
from channels_merge.matching.grams import Ids
from channels_merge.matching.profiles import Message, Profiles
from channels_merge.matching.scoring import probabilities

TOGETHER: Final = 0.3
"""The mean probability from which two groups are one matter: chosen on the even ones of benchmarks/merge_matters.csv."""

SURE: Final = 0.7

APART: Final = 1.0
"""Log-odds against two messages that open by different names. Set by hand: with 0.75 to 1.5 the figures are much the same."""

CLOSE: Final = 0.4
"""What joins two groups is at least this share of what holds the closer-knit one together."""


def find_matters(messages: Sequence[Message], *, together: float = TOGETHER) -> list[int]:
    """`cluster` for a file that brings no background: its own matters are the background.

    Found twice: first what is sure by what is ordinary everywhere, then with every matter of the first round counted
    once, so that a matter which hundreds report does not make its own name common.
    """
    return cluster(messages, ground_of(messages), together=together)


def ground_of(messages: Sequence[Message]) -> Background:
    """The background of `find_matters`: what is sure by the ordinary sentences alone, each matter counted once."""
    matters: dict[int, list[str]] = {}
    for message, number in zip(messages, cluster(messages, Background.of([]), together=SURE), strict=True):
        matters.setdefault(number, []).append(message.words)
    return Background.of("\n".join(texts) for texts in matters.values())


def cluster(messages: Sequence[Message], background: Background, *, together: float = TOGETHER) -> list[int]:
    """The number of the matter of each message, from 0 in the order of first appearance; most stand alone.

    The order of `messages` changes no matter, only the numbers.
    """
    if not messages:
        return []
    order = sorted(range(len(messages)), key=lambda i: _key(messages[i]))
    profiles = Profiles.of([messages[i] for i in order], background)
    left, right = candidate_pairs(profiles)
    alike = _less(probabilities(profiles, left, right), APART * named_apart(profiles, left, right))
    groups = average_link(len(messages), left, right, alike, together)
    found = [0] * len(messages)
    for place, group in zip(order, groups, strict=True):
        found[place] = group
    numbers: dict[int, int] = {}
    return [numbers.setdefault(group, len(numbers)) for group in found]


def _less(probability: npt.NDArray[np.float64], by: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """In log-odds."""
    return probability / (probability + (1 - probability) * np.exp(by))


def _key(message: Message) -> tuple[str, str, str]:
    return message.at.isoformat() if message.at else "", message.title, message.text


def average_link(count: int, left: Ids, right: Ids, alike: npt.NDArray[np.float64], least: float) -> list[int]:
    """The group of each of `count` items, as the number of one of its members.

    Two groups join where the mean between them is at least `least` and `CLOSE` times the mean within either.
    """
    groups = _Groups(count)
    heap = []
    for a, b, value in zip(left.tolist(), right.tolist(), alike.tolist(), strict=True):
        groups.near[a][b] = groups.near[b][a] = value
        if value >= least:
            heap.append((-value, a, b))
    heapq.heapify(heap)
    while heap:
        value, a, b = heapq.heappop(heap)
        if not (groups.stands(a) and groups.stands(b)) or -value != groups.mean(a, b) or not groups.may_join(a, b):
            continue  # one of them has grown since
        groups.join(a, b)
        for other in groups.near[a]:
            mean = groups.mean(a, other)
            if mean >= least and groups.may_join(a, other):
                heapq.heappush(heap, (-mean, *sorted((a, other))))
    return [groups.of(item) for item in range(count)]


class _Groups:
    def __init__(self, count: int):
        self.near: list[dict[int, float]] = [{} for _ in range(count)]
        """What is alike between two groups in all, from each to each."""
        self._within = [0.0] * count
        self._sizes = [1] * count
        self._into = list(range(count))

    def stands(self, a: int) -> bool:
        return self._into[a] == a

    def of(self, item: int) -> int:
        while not self.stands(item):
            item = self._into[item]
        return item

    def mean(self, a: int, b: int) -> float:
        return self.near[a].get(b, 0.0) / (self._sizes[a] * self._sizes[b])

    def may_join(self, a: int, b: int) -> bool:
        return self.mean(a, b) >= CLOSE * max(self._closeness(a), self._closeness(b))

    def join(self, a: int, b: int) -> None:
        """Into `a`."""
        near = self.near
        self._within[a] += self._within[b] + near[a].pop(b)
        del near[b][a]
        for other, total in near[b].items():
            near[a][other] = near[a].get(other, 0.0) + total
            near[other][a] = near[a][other]
            del near[other][b]
        near[b] = {}
        self._sizes[a] += self._sizes[b]
        self._into[b] = a

    def _closeness(self, a: int) -> float:
        """The mean of its pairs; 0 for one alone, which any may join."""
        return self._within[a] / max(self._sizes[a] * (self._sizes[a] - 1) / 2, 1)
