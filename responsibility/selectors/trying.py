"""What a version that is not in force would do: held against what people dispatched lately (赣市改字〔2025〕10号 8).

The memory of routing has every text without personal data, so nothing is looked up in tickets.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.text import Truncator

from hotline.models import Unit
from responsibility.models import DutyList, RoutingExample
from responsibility.selectors.suggesting import Candidate, Ground, KeptGround, county_candidates_by, suggest_by
from responsibility.selectors.versions import current_list, deciding_lists
from responsibility.states import DISPATCHED

MOST: Final = 5_000
"""Of the newest: some twenty seconds."""
SAMPLES: Final = 5
EXCERPT: Final = 80
NOBODY: Final = "没有建议"
LEGAL: Final = "告知法定途径"
NO_UNIT: Final = "未定到单位"


@dataclass
class Way:
    """From whom to whom, how many, and a few of them to read."""

    source: str
    target: str
    count: int = 0
    samples: list[dict[str, str]] = field(default_factory=list)
    """ticket, text."""


@dataclass
class Tried:
    """Of `tried` texts: to the same unit by the same item, by another item, to another unit; found and lost are those that only
    one of the two versions proposes somebody for.
    """

    tried: int = 0
    same: int = 0
    other_item: int = 0
    moved: int = 0
    found: int = 0
    lost: int = 0
    ways: list[Way] = field(default_factory=list)
    """The most frequent first."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def try_version(duty_list: DutyList, *, since: datetime, at: datetime) -> Tried:
    """The proposals of `duty_list` beside those of what is in force at `at`, for the newest dispatches since.

    A county's version: whom its centre would pass on what was dispatched to it, by the city's list with the draft over
    it, and by the city's list with the county's version in force over it.
    """
    found = Tried()
    ways: dict[tuple[str, str], Way] = {}
    counts: Counter[str] = Counter()
    centre = duty_list.scope if duty_list.scope.kind == Unit.Kind.COUNTY_CENTRE else None
    city = current_list(at)
    ground = KeptGround(at, model=city.routing_model if city else None)  # type: ignore[attr-defined]  # annotated
    now = deciding_lists(at, centre)
    then = (city, duty_list) if centre and city else (duty_list,)
    for example in _dispatched(since=since, at=at, centre=centre):
        before = _first(now, example, ground, centre)
        after = _first(then, example, ground, centre)
        counts["tried"] += 1
        counts[_what_became(before, after)] += 1
        source, target = _name(before), _name(after)
        if source != target:
            way = ways.setdefault((source, target), Way(source, target))
            way.count += 1
            if len(way.samples) < SAMPLES:
                way.samples.append({"ticket": example.ticket_number, "text": _excerpt(example.text)})
    for name, count in counts.items():
        setattr(found, name, count)
    found.ways = sorted(ways.values(), key=lambda way: (-way.count, way.source, way.target))
    return found


def _excerpt(text: str) -> str:
    """What is kept is the title and the story; a title that is the story's beginning is not said twice."""
    title, _, story = text.partition("\n")
    return Truncator(story if story.startswith(title) else text).chars(EXCERPT)


def _dispatched(*, since: datetime, at: datetime, centre: Unit | None) -> Iterable[RoutingExample]:
    """Every ticket once, by its last dispatch, of a county those to its centre; what has lost its words says nothing."""
    seen = set()
    rows = RoutingExample.objects.filter(at__gt=since, at__lte=at, outcome__in=DISPATCHED).exclude(text="")
    if centre:
        rows = rows.filter(final_unit=centre)
    for example in rows.select_related("category", "region", "final_item").order_by("-at", "-pk")[:MOST]:
        if example.ticket_number not in seen:
            seen.add(example.ticket_number)
            yield example


def _first(
    lists: tuple[DutyList, ...], example: RoutingExample, ground: Ground, centre: Unit | None
) -> Candidate | None:
    """What is proposed by the lists: to the city's dispatcher, or to the county centre for the item it was given."""
    said: dict[str, Any] = {"text": example.text, "region": example.region, "ground": ground}
    if centre:
        candidates = county_candidates_by(lists, item=example.final_item, centre=centre, **said)
    elif lists:
        candidates = suggest_by(lists[0], category=example.category, kind=example.kind, **said)
    else:
        candidates = []
    return next((candidate for candidate in candidates if not candidate.refused), None)


def _what_became(before: Candidate | None, after: Candidate | None) -> str:
    if before is None or after is None:
        return "same" if before is after else "found" if after else "lost"
    if _name(before) != _name(after):
        return "moved"
    return "same" if before.item.code == after.item.code else "other_item"


def _name(candidate: Candidate | None) -> str:
    """The unit that would handle it: within a county the one below the centre."""
    if candidate is None:
        return NOBODY
    if candidate.is_legal_route:
        return LEGAL
    unit = candidate.expected_unit or candidate.unit
    return unit.name if unit else NO_UNIT
