"""The index kept: from the appeal to its posting rows, joined, dropped and made anew."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from channels_merge.matching import Background
from channels_merge.models import FreshPosting, GramBackground, Posting, PostingSegment
from channels_merge.selectors.finding import background, candidates, message_of
from channels_merge.services import postings
from tests.factories.channels_merge import NOON, STORY, make_accepted, make_appeal

LATER = NOON + timedelta(hours=2)


def rows():
    return {
        (row.segment_id, row.gram): bytes(row.appeals) for row in Posting.objects.only("segment_id", "gram", "appeals")
    }


def content():
    """Pair → its packed appeals, in whatever segments they are."""
    found = {}
    for (_, gram), packed in rows().items():
        found.setdefault(gram, set()).update(packed[i : i + 4] for i in range(0, len(packed), 4))
    return found


def make(n, **fields):
    return make_appeal(source_number=str(n), **fields)


def asked(appeal):
    return [(one.appeal_id, round(one.probability, 6)) for one in candidates(message_of(appeal), at=LATER)]


def test_an_appeal_is_found_at_once_and_the_same_after_it_is_in_rows(city):
    first, second = make(1), make(2, text=f"{STORY}请尽快。")
    before = asked(second)

    assert postings.merge_postings(at=LATER) == 2

    assert {pk for pk, _ in before} == {first.pk, second.pk}
    assert asked(second) == before
    assert (FreshPosting.objects.count(), PostingSegment.objects.get().appeals) == (0, 2)


def test_merging_again_does_nothing(city):
    make(1)
    postings.merge_postings(at=LATER)
    before = rows()

    assert postings.merge_postings(at=LATER) == 0
    assert rows() == before


def test_a_few_new_ones_wait(city):
    make(1)

    assert postings.merge_postings(at=NOON + timedelta(minutes=59)) == 0
    assert (FreshPosting.objects.count(), Posting.objects.count()) == (1, 0)


def test_many_new_ones_do_not_wait(city, monkeypatch):
    monkeypatch.setattr(postings, "ENOUGH_FRESH", 2)
    make(1), make(2)

    assert postings.merge_postings(at=NOON) == 2


def test_a_run_that_fails_half_way_leaves_everything_as_it_was(city):
    first = make(1)
    postings.merge_postings(at=LATER)
    second = make(2)
    before = rows()
    with connection.cursor() as cursor:
        # Joining makes the third segment; by then the rows of the second are written.
        last = PostingSegment.objects.get().pk + 1
        cursor.execute(f"ALTER TABLE channels_merge_posting ADD CONSTRAINT nearly_full CHECK (segment_id <= {last})")

    with pytest.raises(IntegrityError), transaction.atomic():
        postings.merge_postings(at=LATER)

    assert rows() == before
    assert [row.appeal_id for row in FreshPosting.objects.all()] == [second.pk]
    assert {pk for pk, _ in asked(first)} == {first.pk, second.pk}


def test_sizes_grow_by_doubling(city):
    sizes = []
    for n in range(8):
        make(n)
        postings.merge_postings(at=LATER)
        sizes.append(list(PostingSegment.objects.order_by("newest").values_list("appeals", flat=True)))

    assert sizes == [[1], [2], [3], [3, 1], [5], [5, 1], [5, 2], [8]]
    assert set(rows()) == {(PostingSegment.objects.get().pk, gram) for gram in content()}
    assert FreshPosting.objects.count() == 0


def test_segments_end_when_they_are_large_or_long(city, monkeypatch):
    monkeypatch.setattr(postings, "MOST_APPEALS", 2)
    for n in range(3):
        make(n)
        postings.merge_postings(at=LATER)
    make(4, at=NOON + timedelta(days=32))
    postings.merge_postings(at=NOON + timedelta(days=33))

    assert list(PostingSegment.objects.order_by("newest").values_list("appeals", flat=True)) == [2, 1, 1]


def test_rows_are_dropped_when_their_last_appeal_is_out_of_the_window(city):
    make(1), make(2, at=NOON + timedelta(days=20))
    postings.merge_postings(at=LATER)

    assert postings.drop_postings(at=NOON + timedelta(days=109)) == 0
    assert postings.drop_postings(at=NOON + timedelta(days=111)) == 2
    assert postings.drop_postings(at=NOON + timedelta(days=111)) == 0
    assert (Posting.objects.count(), PostingSegment.objects.count()) == (0, 0)


def test_made_anew_it_is_what_was_kept(city, monkeypatch):
    for n in range(5):
        make(n, text=f"{STORY}第{n}栋", region=city.county.region)
        if n in (1, 3):
            postings.merge_postings(at=LATER)
    make(9, at=NOON - timedelta(days=91))
    postings.merge_postings(at=LATER)
    postings.drop_postings(at=LATER)
    kept = content()
    monkeypatch.setattr(postings, "BATCH", 2)

    assert postings.rebuild_postings(at=LATER) == 5
    old = {packed for gram in kept for packed in kept[gram]} - {p for found in content().values() for p in found}
    assert {gram: found - old for gram, found in kept.items() if found - old} == content()
    assert postings.rebuild_postings(at=LATER) == 5
    assert (FreshPosting.objects.count(), sum(PostingSegment.objects.values_list("appeals", flat=True))) == (0, 5)


# --- the ground of all weights


def test_what_is_common_is_known_before_anything_is_counted(db):
    assert background().ids.tolist() == Background.of([]).ids.tolist()


def test_the_ground_is_not_renewed_over_a_small_pool(city):
    make_accepted()

    with pytest.raises(postings.PoolTooSmall, match="池中只有 1 件事，满 1000 件再统计常用字词。"):
        postings.renew_background(at=NOON)
    assert not GramBackground.objects.exists()


def test_one_matter_counts_once_and_what_was_counted_last_holds(city, monkeypatch):
    monkeypatch.setattr(postings, "FEWEST_MATTERS", 1)
    lead = make_accepted(source_number="1")
    make_accepted(source_number="2", ticket_id=lead.links.get().ticket_id)
    make_accepted(source_number="3", secrecy="restricted")

    row = postings.renew_background(at=NOON)

    expected = Background.of([f"{lead.title}\n{lead.text}\n{lead.title}\n{lead.text}"])
    assert row.matters == 1
    assert background().ids.tolist() == expected.ids.tolist()
    assert background().shares.tolist() == expected.shares.tolist()
