"""Open matters that look like what is being typed. A proposal: people attach, nothing is merged by itself.

Candidates are found by the grams they share with the text, each weighted by how rare it is; the statistics that
PostgreSQL keeps of the array column are the background, so there is nothing to maintain. The first words of title and
text decide the score, since people open with the matter and close with their feelings.
"""

import math
import time
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from channels_merge.models import Appeal
from hotline import bigrams, parameters
from hotline.models import Region
from tickets.models import Ticket
from tickets.states import Secrecy

OPENING = 220
MOST_PROBES = 40
TOO_COMMON = 0.06
CANDIDATES = 60
LEAST_PERCENT = 30
BACKGROUND_SECONDS = 600.0
ENOUGH_APPEALS = 1000
"""With fewer the statistics say only that everything is common: the first matter of a new system shares all its words."""
# What every message says, until the statistics know it.
_POLITE = frozenset(
    bigrams.codes(
        "希望 请求 领导 尊敬 您好 你好 问题 解决 反映 来电 我们 政府 部门 有关 相关 没有 一直 现在 谢谢 求助 投诉 市民 女士 先生 恳请 可以 不能 这个 就是"
    )
)

_background: tuple[float, dict[int, float], float] | None = None


@dataclass(frozen=True)
class Similar:
    ticket: Ticket
    percent: int
    words: tuple[str, ...]
    # The appeal whose words matched; the ticket's own title may be another's.
    appeal: Appeal
    days: int


def _weights() -> tuple[dict[int, float], float]:
    """(weight of the grams that many appeals have; the weight of all others): log of how rare they are."""
    global _background
    now = time.monotonic()
    if _background is None or now - _background[0] > BACKGROUND_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT most_common_elems::text::int[], most_common_elem_freqs FROM pg_stats"
                " WHERE schemaname = current_schema() AND tablename = 'channels_merge_searchentry' AND attname = 'codes'"
                " AND (SELECT reltuples FROM pg_class WHERE oid = 'channels_merge_searchentry'::regclass) >= %s",
                [ENOUGH_APPEALS],
            )
            row = cursor.fetchone()
        elems, shares = row if row and row[0] else ([], [])
        known = dict(zip(elems, shares, strict=False))  # three figures about the array follow the shares
        rest = min(known.values()) / 2 if known else 0.002
        known = known or dict.fromkeys(_POLITE, 0.2)
        _background = (now, {code: math.log(1 / share) for code, share in known.items()}, math.log(1 / rest))
    return _background[1], _background[2]


def _weigh(codes: Iterable[int]) -> dict[int, float]:
    known, rest = _weights()
    return {code: known.get(code, rest) for code in codes}


_CANDIDATES = """
WITH probe AS (SELECT unnest(%(codes)s::int[]) AS code, unnest(%(weights)s::real[]) AS weight)
SELECT hit.appeal_id, sum(probe.weight) AS shared
FROM probe
CROSS JOIN LATERAL (
    SELECT entry.appeal_id FROM channels_merge_searchentry entry
    WHERE entry.codes @> ARRAY[probe.code] AND entry.at >= %(since)s
) hit
GROUP BY hit.appeal_id ORDER BY shared DESC, hit.appeal_id DESC LIMIT %(limit)s
"""


def similar_matters(
    *, text: str, region: Region | None = None, at: datetime, limit: int = 4, leave_out: int | None = None
) -> list[Similar]:
    """The open tickets most like `text`, best first; `leave_out` is a ticket that is not proposed to itself."""
    opening = text[:OPENING]
    weights = _weigh(bigrams.codes(opening))
    if len(weights) < 3:
        return []
    since = at - timedelta(days=parameters.integer("similar_window_days", at=at))
    found = _candidates(weights, since)
    if not found:
        return []
    best: dict[int, _Likeness] = {}
    length = _length(weights)
    for row in _open_matters(found, leave_out):
        alike = _compare(weights, length, row, region)
        before = best.get(row["links__ticket"])
        if alike.percent >= LEAST_PERCENT and (before is None or alike.percent > before.percent):
            best[row["links__ticket"]] = alike
    chosen = sorted(best.items(), key=lambda pair: (-pair[1].percent, -pair[0]))[:limit]
    return _loaded(chosen, opening, weights, at)


@dataclass(frozen=True)
class _Likeness:
    appeal_id: int
    percent: int
    shared: frozenset[int]


def _candidates(weights: dict[int, float], since: datetime) -> list[int]:
    least = math.log(1 / TOO_COMMON)
    probes = sorted(((w, code) for code, w in weights.items() if w >= least), reverse=True)[:MOST_PROBES]
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {
                "codes": [code for _, code in probes],
                "weights": [weight for weight, _ in probes],
                "since": since,
                "limit": CANDIDATES,
            },
        )
        return [appeal_id for appeal_id, _ in cursor.fetchall()]


def _open_matters(appeal_ids: list[int], leave_out: int | None) -> Iterable[dict[str, Any]]:
    """What is compared, and no more: few of these are shown."""
    rows = (
        Appeal.objects.live()
        .filter(pk__in=appeal_ids, secrecy=Secrecy.OPEN)
        .filter(links__until=None, links__ticket__is_open=True, links__ticket__secrecy=Secrecy.OPEN)
        .values("pk", "links__ticket", "title", "text", "region", "region__level", "region__parent")
    )
    return [row for row in rows if row["links__ticket"] != leave_out]


def _length(codes: Collection[int]) -> float:
    """Of the vector of the weights of distinct codes, most of which weigh the same."""
    known, rest = _weights()
    common = known.keys() & codes
    return math.sqrt(sum(known[code] ** 2 for code in common) + rest**2 * (len(codes) - len(common)))


def _compare(weights: dict[int, float], length: float, row: dict[str, Any], region: Region | None) -> _Likeness:
    theirs = bigrams.codes(f"{row['title']}\n{row['text'][:OPENING]}")
    shared = frozenset(weights.keys() & theirs)
    cosine = sum(weights[code] ** 2 for code in shared) / (length * _length(theirs)) if shared else 0.0
    if region is not None and row["region"] is not None:
        is_township = row["region__level"] == Region.Level.TOWNSHIP and row["region__parent"]
        if _county(region) != (row["region__parent"] if is_township else row["region"]):
            cosine *= 0.4
    # 0.1–0.6 is where matters are alike or not; the scale spreads that zone.
    return _Likeness(row["pk"], min(round(100 * (1 - math.exp(-4.5 * cosine))), 99), shared)


def _loaded(
    chosen: list[tuple[int, _Likeness]], opening: str, weights: dict[int, float], at: datetime
) -> list[Similar]:
    shown = Appeal.objects.select_related("region").only("number", "state", "received_at", "region__name")
    appeals = shown.in_bulk([alike.appeal_id for _, alike in chosen])
    tickets = Ticket.objects.only("number", "title", "state", "appeal_count").in_bulk([pk for pk, _ in chosen])
    return [
        Similar(
            tickets[ticket_id],
            alike.percent,
            shared_words(opening, alike.shared, weights),
            appeals[alike.appeal_id],
            max((at - appeals[alike.appeal_id].received_at).days, 0),
        )
        for ticket_id, alike in chosen
    ]


def _county(region: Region) -> int:
    """The county or zone a region lies in, by id."""
    return region.parent_id if region.level == Region.Level.TOWNSHIP and region.parent_id else region.pk


def shared_words(text: str, shared: Set[int], weights: dict[int, float], most: int = 3) -> tuple[str, ...]:
    """The heaviest stretches of `text` whose pairs are all shared."""
    stretches: dict[str, float] = {}
    for run in bigrams.runs(text):
        start, weight = None, 0.0
        for i in range(len(run)):
            pair = bigrams.code(run[i : i + 2]) if i < len(run) - 1 else None
            if pair is not None and pair in shared:
                start, weight = i if start is None else start, weight + weights[pair]
            elif start is not None:
                word = run[start : i + 1][:10]
                stretches[word] = max(stretches.get(word, 0.0), weight)
                start, weight = None, 0.0
    return tuple(sorted(stretches, key=lambda word: -stretches[word])[:most])
