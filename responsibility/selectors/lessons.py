"""What the memory of routing teaches, and how right the router is on a part of it that a model has not seen."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from hotline import parameters
from responsibility.learning import MOST_LABELS, Case, Example, Mix, Model, chances, fit_mix, reliability
from responsibility.models import RoutingExample
from responsibility.routing import Index
from responsibility.selectors.learned import Experience, example_of, likely
from responsibility.states import Outcome

_AT_ONCE: Final = 500
MOST_KEPT_OUT: Final = 2_000
_CONFUSIONS: Final = 30
_SAMPLES: Final = 5


class Lesson(NamedTuple):
    """A ticket that went to its item and did not come back: text, code of the item, number of the ticket."""

    example: Example
    category: str
    kind: str
    at: datetime


class Guess(NamedTuple):
    """The best item of a text ("" for none), and the probability that it is right where one is said."""

    code: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Confusion:
    truth: str
    answer: str
    times: int
    tickets: list[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """How the router did on tickets that the model had not seen."""

    rows: int
    accuracy: float
    bands: list[dict[str, float]]
    """low, high, rows, said, right; as responsibility.learning.calibration.Band."""
    taken_for: list[Confusion]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def lessons(at: datetime) -> list[Lesson]:
    """The newest settled tickets of `routing_learned_days`, at most `routing_learned_rows`, oldest first.

    The last word on a ticket counts: a dispatch or a ruling teaches its item; after a granted return or a recall nothing is taught
    until the next dispatch, which says what was right in place of what was wrong. Read in slices.
    """
    most = parameters.integer("routing_learned_rows", at=at)
    until = at - timedelta(days=parameters.integer("routing_settled_days", at=at))
    since = at - timedelta(days=parameters.integer("routing_learned_days", at=at))
    rows = RoutingExample.objects.filter(at__gt=since, at__lte=at).order_by("-at", "-pk")
    found: list[Lesson] = []
    for lesson in _last_words(rows.values_list(*_COLUMNS).iterator(chunk_size=_AT_ONCE), until):
        found.append(lesson)
        if len(found) >= most:
            break
    return found[::-1]


_COLUMNS: Final = ("ticket_number", "text", "outcome", "final_item__code", "category__code", "kind", "at")


def _last_words(rows: Iterable[tuple[Any, ...]], until: datetime) -> Iterable[Lesson]:
    seen: set[str] = set()
    for number, text, outcome, code, category, kind, at in rows:
        if number in seen:
            continue
        seen.add(number)
        if outcome in (Outcome.DISPATCHED, Outcome.RULED) and code and text and at <= until:
            yield Lesson(example_of(text, code, number), category or "", kind, at)


def parted_in_time(found: Sequence[Lesson], at: datetime) -> tuple[list[Lesson], list[Lesson]]:
    """(to learn from, kept out): the newest `routing_held_back` are kept out; the rarest of too many items are not learned."""
    count = min(int(len(found) * parameters.number("routing_held_back", at=at)), MOST_KEPT_OUT)
    known, kept_out = list(found[: len(found) - count]), list(found[len(found) - count :])
    common = {code for code, _ in Counter(lesson.example.label for lesson in known).most_common(MOST_LABELS)}
    return [lesson for lesson in known if lesson.example.label in common], kept_out


def calibrate(index: Index, model: Model, kept_out: Sequence[Lesson]) -> tuple[Mix, list[Guess]]:
    """How the model is mixed with the list, and what the router would have answered: each half by the weights of the other."""
    asked = _asked(index, kept_out, model)
    cases = [each.case(lesson.example.label) for each, lesson in zip(asked, kept_out, strict=True)]
    halves = fit_mix(cases[1::2]), fit_mix(cases[::2])
    return fit_mix(cases), [each.best(halves[number % 2]) for number, each in enumerate(asked)]


def guesses(index: Index, kept_out: Sequence[Lesson], experience: Experience | None) -> list[Guess]:
    """The router's answers with this model, or with none."""
    if experience is None or experience.mix is None:
        return [Guess(_first(index, lesson), None) for lesson in kept_out]
    return [each.best(experience.mix) for each in _asked(index, kept_out, experience.model)]


def accuracy(found: Sequence[Guess], kept_out: Sequence[Lesson]) -> float:
    right = sum(guess.code == lesson.example.label for guess, lesson in zip(found, kept_out, strict=True))
    return right / len(kept_out)


def changed(new: Sequence[Guess], old: Sequence[Guess], kept_out: Sequence[Lesson]) -> tuple[int, int]:
    """(tickets that only the new answers have right, tickets that only the old ones have right)."""
    truth = [lesson.example.label for lesson in kept_out]
    better = sum(a.code == right != b.code for a, b, right in zip(new, old, truth, strict=True))
    return better, sum(b.code == right != a.code for a, b, right in zip(new, old, truth, strict=True))


def by_chance(better: int, worse: int) -> float:
    """How often one of two that are equally good would be ahead by so much (sign test, one-sided, exact); 1 for no difference."""
    turns = better + worse
    return sum(math.comb(turns, count) for count in range(better, turns + 1)) / 2**turns


def judge(found: Sequence[Guess], kept_out: Sequence[Lesson]) -> Judged:
    """Raises ZeroDivisionError for nothing kept out."""
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for guess, lesson in zip(found, kept_out, strict=True):
        if guess.code != lesson.example.label:
            pairs[lesson.example.label, guess.code].append(lesson.example.name)
    wrong = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:_CONFUSIONS]
    said = [
        (guess.confidence, guess.code == lesson.example.label)
        for guess, lesson in zip(found, kept_out, strict=True)
        if guess.confidence is not None
    ]
    bands = reliability(np.array([each for each, _ in said], np.float32), np.array([right for _, right in said]))
    return Judged(
        rows=len(kept_out),
        accuracy=accuracy(found, kept_out),
        bands=[band._asdict() for band in bands],
        taken_for=[Confusion(*pair, len(tickets), tickets[-_SAMPLES:]) for pair, tickets in wrong],
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The candidates of one text."""

    codes: list[str]
    evidence: list[float]
    experience: list[float | None]

    def case(self, truth: str) -> Case:
        return Case(self.evidence, self.experience, self.codes.index(truth) if truth in self.codes else -1)

    def best(self, mix: Mix) -> Guess:
        if not self.codes:
            return Guess("", None)
        found = chances(mix, self.evidence, self.experience)
        at = max(range(len(found)), key=lambda number: (found[number], -number))
        return Guess(self.codes[at], found[at])


def _asked(index: Index, found: Sequence[Lesson], model: Model) -> list[_Asked]:
    asked = []
    table = model.probabilities([lesson.example for lesson in found])
    for lesson, row in zip(found, table, strict=True):
        probable = dict(zip(model.labels, row.tolist(), strict=True))
        matches = index.match(_text(lesson), category=lesson.category, kind=lesson.kind, also=likely(probable))
        codes = [match.item.code for match in matches]
        asked.append(_Asked(codes, [match.evidence for match in matches], [probable.get(code) for code in codes]))
    return asked


def _first(index: Index, lesson: Lesson) -> str:
    matches = index.match(_text(lesson), category=lesson.category, kind=lesson.kind, most=1)
    return matches[0].item.code if matches else ""


def _text(lesson: Lesson) -> str:
    """As it was dispatched: a title stands on a line of its own."""
    return f"{lesson.example.topic}\n{lesson.example.text}" if lesson.example.topic else lesson.example.text
