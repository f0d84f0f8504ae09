"""The candidate index kept: an appeal is found from the moment it is written, posting rows follow, old ones go.

New appeals gather in `FreshPosting`. `merge_postings` writes them into a segment of their own and joins it with those before it
that are not much larger: sizes grow by doubling, so segments stay few and a posting is rewritten ten times in its life at most.
All of that is one transaction: a search sees the one side or the other, and a killed run leaves nothing behind.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

import numpy as np
from django.db import connection, transaction

from channels_merge.matching import Background, Message
from channels_merge.matching.grams import Ids
from channels_merge.matching.retrieval import Openings, unpacked
from channels_merge.models import Appeal, AppealLink, FreshPosting, GramBackground, Posting, PostingSegment
from channels_merge.selectors.finding import background, forget_background, region_code, windows, with_place
from hotline.errors import DomainError
from tickets.states import Secrecy

ENOUGH_FRESH: Final = 500
LONGEST_WAIT: Final = timedelta(hours=1)
"""A few new appeals are searched as they are; after this long they are written into rows however few they are."""
MOST_AT_ONCE: Final = 20_000
NOT_MUCH_LARGER: Final = 2
MOST_APPEALS: Final = 250_000
LONGEST_SPAN: Final = timedelta(days=31)
"""Of a segment: it is dropped whole when its last appeal is out of the window."""
BATCH: Final = 50_000
FEWEST_MATTERS: Final = 1000
MOST_MATTERS: Final = 100_000


class PoolTooSmall(DomainError):
    pass


def add_posting(appeal: Appeal) -> None:
    """Let a new appeal be found as a candidate. Once only: the opening of an appeal does not change afterwards."""
    words = Openings.of([_message(appeal)], background()).words()
    FreshPosting.objects.bulk_create(
        [FreshPosting(appeal=appeal, at=appeal.received_at, words=words.tobytes())], ignore_conflicts=True
    )


def _message(appeal: Appeal) -> Message:
    region = region_code(appeal.region, at=appeal.received_at)
    return Message(appeal.title, with_place(appeal.text, appeal.place), region=region)


# --- from new appeals to posting rows


@transaction.atomic
def merge_postings(*, at: datetime) -> int:
    """Write new appeals into posting rows once there are enough of them, or the first has waited long; returns how many."""
    _lock()
    fresh = list(FreshPosting.objects.order_by("appeal_id")[:MOST_AT_ONCE])
    if not fresh or (len(fresh) < ENOUGH_FRESH and min(row.at for row in fresh) > at - LONGEST_WAIT):
        return 0
    ids = np.array([row.appeal_id for row in fresh], np.int64)
    openings = Openings(*unpacked([bytes(row.words) for row in fresh]))
    segment = write_segment(openings, ids, [row.at for row in fresh])
    FreshPosting.objects.filter(pk__in=ids.tolist()).delete()
    join_segments(segment)
    return len(fresh)


@transaction.atomic
def drop_postings(*, at: datetime) -> int:
    """Delete the segments that no search looks into any more; returns how many appeals they held."""
    _lock()
    old = PostingSegment.objects.filter(last_at__lt=at - timedelta(days=windows(at=at)[0]))
    dropped = sum(old.values_list("appeals", flat=True))
    _delete([segment.pk for segment in old])
    return dropped


def _lock() -> None:
    """One writer at a time; searches read on."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE channels_merge_postingsegment IN SHARE ROW EXCLUSIVE MODE")


def write_segment(openings: Openings, ids: Ids, times: Sequence[datetime]) -> PostingSegment:
    segment = PostingSegment.objects.create(
        appeals=len(ids), first_at=min(times), last_at=max(times), newest=int(ids.max())
    )
    lines = io.StringIO()
    lines.writelines(f"{segment.pk}\t{gram}\t\\\\x{packed}\n" for gram, packed in openings.rows(ids))
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY channels_merge_posting (segment_id, gram, appeals) FROM STDIN", lines)
    return segment


_JOIN: Final = """
INSERT INTO channels_merge_posting (segment_id, gram, appeals)
SELECT %(whole)s, gram, string_agg(appeals, ''::bytea) FROM channels_merge_posting
WHERE segment_id = ANY(%(parts)s) GROUP BY gram ORDER BY gram
"""


def join_segments(last: PostingSegment) -> PostingSegment:
    """Join the newest segment with those before it, as long as they are not much larger; returns what it became."""
    joined, appeals = [last], last.appeals
    for before in PostingSegment.objects.exclude(pk=last.pk).order_by("-newest"):
        is_large = before.appeals > NOT_MUCH_LARGER * appeals or before.appeals + appeals > MOST_APPEALS
        if is_large or last.last_at - before.first_at > LONGEST_SPAN:
            break
        joined.append(before)
        appeals += before.appeals
    if len(joined) == 1:
        return last
    whole = PostingSegment.objects.create(
        appeals=appeals,
        first_at=min(segment.first_at for segment in joined),
        last_at=max(segment.last_at for segment in joined),
        newest=max(segment.newest for segment in joined),
    )
    parts = [segment.pk for segment in joined]
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, {"whole": whole.pk, "parts": parts})
    _delete(parts)
    return whole


def _delete(segments: list[int]) -> None:
    Posting.objects.filter(segment_id__in=segments).delete()
    PostingSegment.objects.filter(pk__in=segments).delete()


# --- all of it anew


@transaction.atomic
def rebuild_postings(*, at: datetime) -> int:
    """Write the posting rows of all appeals of the window anew, for a database whose rows came some other way."""
    _lock()
    _delete(list(PostingSegment.objects.values_list("pk", flat=True)))
    since = at - timedelta(days=windows(at=at)[0])
    appeals = Appeal.objects.filter(received_at__gte=since).order_by("received_at", "pk").select_related("region")
    shown = appeals.only("title", "text", "place", "received_at", "region__code", "state")
    ground, written = background(), 0
    for batch in _batches(shown.iterator(chunk_size=2000), BATCH):
        ids = np.array([appeal.pk for appeal in batch], np.int64)
        openings = Openings.of([_message(appeal) for appeal in batch], ground)
        join_segments(write_segment(openings, ids, [appeal.received_at for appeal in batch]))
        FreshPosting.objects.filter(pk__in=ids.tolist()).delete()
        written += len(batch)
    return written


def _batches(rows: Iterable[Appeal], size: int) -> Iterator[list[Appeal]]:
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch


# --- the ground of all weights


@transaction.atomic
def renew_background(*, at: datetime) -> GramBackground:
    """Count how common each gram is in the pool and let it hold from now on. Raises `PoolTooSmall`.

    Every probability changes a little with it, and with them what stands above a threshold: done by a person, after which
    proposals are looked at, never by the clock.
    """
    links = AppealLink.objects.filter(until=None, appeal__secrecy=Secrecy.OPEN).order_by("-ticket_id", "appeal_id")
    rows = links.values_list("ticket_id", "appeal__title", "appeal__text").iterator(chunk_size=2000)
    matters = groupby(rows, key=itemgetter(0))
    ground = Background.of(
        "\n".join(f"{title}\n{text}" for _, title, text in told) for _, told in islice(matters, MOST_MATTERS)
    )
    if ground.matters < FEWEST_MATTERS:
        raise PoolTooSmall(f"池中只有 {ground.matters} 件事，满 {FEWEST_MATTERS} 件再统计常用字词。")
    forget_background()
    transaction.on_commit(forget_background)
    return GramBackground.objects.create(
        made_at=at,
        matters=ground.matters,
        grams=ground.ids.astype("<i8").tobytes(),
        shares=ground.shares.astype("<f8").tobytes(),
    )
