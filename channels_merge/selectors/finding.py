"""Which appeals of the last weeks may tell of one matter: the candidate index asked, the best of it scored.

Posting rows and new appeals are asked for the pairs of the opening, the rarest first, until the budget is spent. A few hundred
of the best are looked up, what may not be proposed falls out, and the merging engine scores the rest by their whole texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np
from django.db import connection

from channels_merge.matching import Background, Message, Profiles, probabilities
from channels_merge.matching.retrieval import Found, Question, Row
from channels_merge.models import Appeal, FreshPosting, GramBackground
from hotline import parameters
from hotline.dates import local_day
from hotline.models import Region
from hotline.remembering import Remembered
from responsibility import selectors as responsibility

BUDGET: Final = 200_000
"""Postings read by one search. At a million appeals five times as many find nothing more (docs/adr/0008)."""
MOST_FRESH: Final = 3000
"""More wait for posting rows only when no worker runs; the newest are then looked at."""
LOOKED_UP: Final = 300
SCORED: Final = 100
COMPARED: Final = 400
"""Characters of a text that are scored: what comes after them tells two matters apart no better and takes its time."""
FEWEST_PAIRS: Final = 3


@dataclass(frozen=True)
class Candidate:
    appeal_id: int
    ticket_id: int | None
    """The ticket that works on it, the lead where its own was merged; None while the appeal waits for a decision."""
    is_open: bool
    """False: its ticket was closed lately."""
    probability: float
    message: Message
    """What was compared, for `explain`."""


def message_of(appeal: Appeal) -> Message:
    """What the engine may know of an appeal: of the person only the keyed digest of the number."""
    return Message(
        appeal.title,
        with_place(appeal.text, appeal.place),
        appeal.received_at,
        region=region_code(appeal.region, at=appeal.received_at),
        category=appeal.category.code if appeal.category else "",
        caller=appeal.contact.phone_index if appeal.contact else "",
        position=position(appeal.longitude, appeal.latitude),
    )


def position(longitude: Decimal | None, latitude: Decimal | None) -> tuple[float, float] | None:
    return None if longitude is None or latitude is None else (float(longitude), float(latitude))


def with_place(text: str, place: str) -> str:
    """Agents write the place into its own field and not again into the text."""
    return text if not place or place in text else f"{place}，{text}"


def background() -> Background:
    """The ground of all weights: what was last counted on purpose, or the ordinary sentences that are shipped."""
    return _read(_newest())


def forget_background() -> None:
    _newest.forget()


_newest: Final = Remembered(lambda: GramBackground.objects.order_by("-pk").values_list("pk", flat=True).first())


@lru_cache(maxsize=2)
def _read(pk: int | None) -> Background:
    if pk is None:
        return Background.of([])
    row = GramBackground.objects.get(pk=pk)
    return Background(np.frombuffer(row.grams, "<i8"), np.frombuffer(row.shares, "<f8"), row.matters)


def candidates(
    message: Message,
    *,
    at: datetime,
    limit: int = 50,
    leave_out: int | None = None,
    ground: Background | None = None,
) -> list[Candidate]:
    """The appeals most probably of the same matter, best first, at most `limit`; nothing restricted, nothing withdrawn.

    Open matters of `similar_window_days`, and those whose ticket was closed within `repeat_window_days`. `leave_out` is an
    appeal that is not found by itself; `ground` is given by who has it already. A text of a word or two finds nothing.
    """
    ground = ground or background()
    question = Question.of(message, ground)
    if len(question.grams) < FEWEST_PAIRS:
        return []
    since, closed_since = (at - timedelta(days=days) for days in windows(at=at))
    found = _looked_up(nearest(question, since=since), since=since, closed_since=closed_since, leave_out=leave_out)
    return _scored(replace(message, text=message.text[:COMPARED]), found, ground)[:limit]


def windows(*, at: datetime) -> tuple[int, int]:
    """(days back that appeals are looked for, days back that a ticket may have been closed)."""
    return parameters.integer("similar_window_days", at=at), parameters.integer("repeat_window_days", at=at)


_ROWS: Final = """
WITH segment AS (
    SELECT id, appeals, newest FROM channels_merge_postingsegment WHERE last_at >= %(since)s
), found AS (
    SELECT gram, appeals FROM channels_merge_posting
    WHERE segment_id IN (SELECT id FROM segment) AND gram = ANY(%(grams)s)
), cost AS (
    SELECT gram, sum(octet_length(appeals)) AS bytes FROM found GROUP BY gram
), spent AS (
    SELECT gram, bytes, sum(bytes) OVER (ORDER BY bytes, gram) AS total FROM cost
)
SELECT spent.gram, spent.bytes / 4, string_agg(found.appeals, ''::bytea),
    (SELECT sum(appeals) FROM segment), (SELECT max(newest) FROM segment)
FROM spent LEFT JOIN found ON found.gram = spent.gram AND spent.total <= %(bytes)s
GROUP BY spent.gram, spent.bytes
"""


def nearest(question: Question, *, since: datetime, most: int = LOOKED_UP) -> Found:
    """Ids of appeals that share the most weight. May contain some that are older than `since`: rows are dropped by and by."""
    # New ones first: what is written into posting rows meanwhile is then seen twice and not missed.
    fresh = [
        (pk, bytes(words))
        for pk, words in FreshPosting.objects.filter(at__gte=since)
        .order_by("-appeal_id")
        .values_list("appeal_id", "words")[:MOST_FRESH]
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"since": since, "grams": question.codes, "bytes": BUDGET * 4})
        found = cursor.fetchall()
    rows = [Row(gram, int(count), None if packed is None else bytes(packed)) for gram, count, packed, _, _ in found]
    pool, newest = (int(found[0][3]), found[0][4]) if found else (0, 0)
    return question.best(rows, fresh, pool=pool, newest=max([newest, *(pk for pk, _ in fresh[:1])]), most=most)


# In two parts: the planner takes three times as long over seven tables joined at once.
_TEXTS: Final = """
WITH chosen AS MATERIALIZED (
    SELECT a.id, found.place, COALESCE(t.merged_into_id, t.id) AS ticket, COALESCE(lead.is_open, t.is_open, true) AS is_open
    FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS found(id, place)
    JOIN channels_merge_appeal a ON a.id = found.id
    LEFT JOIN channels_merge_appeallink l ON l.appeal_id = a.id AND l.until IS NULL
    LEFT JOIN tickets_ticket t ON t.id = l.ticket_id
    LEFT JOIN tickets_ticket lead ON lead.id = t.merged_into_id
    WHERE a.received_at >= %(since)s AND a.secrecy = 'open' AND a.state IN ('received', 'need_info', 'accepted')
        AND a.id IS DISTINCT FROM %(leave_out)s AND COALESCE(t.secrecy, 'open') = 'open'
        AND COALESCE(lead.secrecy, 'open') = 'open'
        AND (COALESCE(lead.is_open, t.is_open, true) OR COALESCE(lead.closed_at, t.closed_at) >= %(closed_since)s)
    ORDER BY found.place LIMIT %(limit)s
)
SELECT a.id, chosen.ticket, chosen.is_open, a.title, left(a.text, %(compared)s), a.place,
    a.received_at, r.code, c.code, p.phone_index, a.longitude, a.latitude
FROM chosen
JOIN channels_merge_appeal a ON a.id = chosen.id
LEFT JOIN hotline_region r ON r.id = a.region_id
LEFT JOIN responsibility_category c ON c.id = a.category_id
LEFT JOIN channels_merge_contact p ON p.id = a.contact_id
ORDER BY chosen.place
"""


@dataclass(frozen=True)
class _Row:
    appeal_id: int
    ticket_id: int | None
    is_open: bool
    message: Message


def _looked_up(found: Found, *, since: datetime, closed_since: datetime, leave_out: int | None) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            _TEXTS,
            {
                "ids": found.ids.tolist(),
                "since": since,
                "closed_since": closed_since,
                "leave_out": leave_out,
                "compared": COMPARED,
                "limit": SCORED,
            },
        )
        return [
            _Row(
                pk,
                ticket,
                is_open,
                Message(
                    title,
                    with_place(text, place),
                    received_at,
                    _with_zone(region or "", at=received_at),
                    category or "",
                    caller or "",
                    position(longitude, latitude),
                ),
            )
            for (
                pk,
                ticket,
                is_open,
                title,
                text,
                place,
                received_at,
                region,
                category,
                caller,
                longitude,
                latitude,
            ) in cursor.fetchall()
        ]


def _scored(message: Message, rows: Sequence[_Row], ground: Background) -> list[Candidate]:
    if not rows:
        return []
    profiles = Profiles.of([message, *(row.message for row in rows)], ground)
    chances = probabilities(profiles, np.zeros(len(rows), np.int64), np.arange(1, len(rows) + 1))
    found = [
        Candidate(row.appeal_id, row.ticket_id, row.is_open, chance, row.message)
        for row, chance in zip(rows, chances.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (-one.probability, -one.appeal_id))


def best_of_each_ticket(found: Iterable[Candidate]) -> list[Candidate]:
    """The best of every ticket, in their order; what waits without a ticket is left out."""
    first: dict[int, Candidate] = {}
    for one in found:
        if one.ticket_id is not None:
            first.setdefault(one.ticket_id, one)
    return list(first.values())


def region_code(region: Region | None, *, at: datetime) -> str:
    """As the engine wants it: 湖边镇 lies in 章贡区 by its code and in the zone by who governs it."""
    return _with_zone(region.code, at=at) if region else ""


def _with_zone(code: str, *, at: datetime) -> str:
    zone = responsibility.zone_that_governs(code, on=local_day(at))
    return f"{code} {zone}" if zone else code
