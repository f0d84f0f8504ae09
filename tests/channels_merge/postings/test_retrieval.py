"""Sums over posting rows: what is found, whichever way it was written."""

import random

import numpy as np
import pytest

from channels_merge.matching import Background, Message
from channels_merge.matching.retrieval import IDS, Openings, Question, Row, unpacked

GROUND = Background.of([])
NOISE = Message("锦江花园旁工地夜间施工", "锦江花园东侧工地每晚浇筑混凝土到凌晨，泵车噪声大。")
NOISE_AGAIN = Message("半夜打混凝土", "家住锦江花园，东边工地半夜打混凝土，泵车一直响。")
LAMPS = Message("路灯不亮", "红旗大道的路灯坏了半个月没有人修。")
MESSAGES = [NOISE, NOISE_AGAIN, LAMPS]
IDS_OF = np.array([11, 12, 13], np.int64)


def rows_of(messages, ids):
    openings = Openings.of(messages, GROUND)
    return [(gram, bytes.fromhex(packed)) for gram, packed in openings.rows(np.array(ids, np.int64))]


def fresh_of(message, number):
    return number, Openings.of([message], GROUND).words().tobytes()


def asked(message, rows, fresh=(), *, newest=13, most=10, pool=0):
    question = Question.of(message, GROUND)
    return question.best(together(question, rows), fresh, pool=pool, newest=newest, most=most)


def together(question, rows, *, too_many=()):
    """One row for each pair that the question has, as the database gives them."""
    wanted = {}
    for gram, packed in rows:
        if gram in question.codes:
            wanted[gram] = wanted.get(gram, b"") + packed
    return [
        Row(gram, len(packed) // 4, None if gram in too_many else packed) for gram, packed in sorted(wanted.items())
    ]


def test_the_same_matter_comes_first_and_another_not_at_all():
    found = asked(NOISE_AGAIN, rows_of(MESSAGES, IDS_OF))

    assert found.ids.tolist() == [12, 11]


def test_rows_of_two_segments_say_the_same_as_one():
    whole = asked(NOISE, rows_of(MESSAGES, IDS_OF))
    parts = asked(NOISE, [*rows_of(MESSAGES[:1], IDS_OF[:1]), *rows_of(MESSAGES[1:], IDS_OF[1:])])

    assert parts.ids.tolist() == whole.ids.tolist()
    assert parts.scores == pytest.approx(whole.scores)


def test_a_new_message_weighs_what_it_will_weigh_in_a_row_and_counts_once_while_it_is_in_both():
    rows = rows_of(MESSAGES, IDS_OF)
    written = asked(NOISE, rows)
    everything = [fresh_of(message, number) for message, number in zip(MESSAGES, IDS_OF, strict=True)]
    as_new = asked(NOISE, rows, everything)
    in_both = asked(NOISE, rows, [fresh_of(NOISE_AGAIN, 12)])

    assert as_new.ids.tolist() == in_both.ids.tolist() == written.ids.tolist() == [11, 12]
    assert as_new.scores == pytest.approx(written.scores)
    assert in_both.scores == pytest.approx(written.scores)


def test_what_is_kept_of_a_new_message_is_what_its_rows_are_made_of():
    openings = Openings.of(MESSAGES, GROUND)
    kept = [Openings.of([message], GROUND).words().tobytes() for message in MESSAGES]

    for before, after in zip((openings.owners, openings.grams, openings.marks), unpacked(kept), strict=True):
        assert after.tolist() == before.tolist()


def test_ids_beyond_what_a_row_can_hold_are_found_by_the_newest():
    newest = 7 * IDS + 3
    ids = [newest - 5, newest, newest - 1]

    assert asked(NOISE_AGAIN, rows_of(MESSAGES, ids), newest=newest).ids.tolist() == [newest, newest - 5]


def test_another_county_halves_and_an_unknown_one_does_not():
    def at(region):
        return Message(NOISE.title, NOISE.text, region=region)

    rows = rows_of([at("360702"), at("360702003"), at("360703"), at(""), at("360700")], [1, 2, 3, 4, 5])
    same = asked(at("360702"), rows, newest=5)
    anywhere = asked(at(""), rows, newest=5)

    assert same.ids.tolist() == [5, 4, 2, 1, 3]
    assert same.scores / same.scores[0] == pytest.approx([1, 1, 1, 1, 0.5])
    assert anywhere.scores / anywhere.scores[0] == pytest.approx([1, 1, 1, 1, 1])


def test_what_the_question_has_in_its_title_counts_more():
    rows = rows_of([Message("路灯", "很暗"), Message("井盖", "很暗")], [1, 2])

    assert asked(Message("路灯", "井盖松了"), rows, newest=2).ids.tolist() == [1, 2]
    assert asked(Message("井盖松了", "路灯"), rows, newest=2).ids.tolist() == [2, 1]


def test_of_two_that_share_as_much_the_shorter_comes_first():
    rows = rows_of([Message("路灯", "村口的水渠堵了很久一直没有人来疏通。"), Message("路灯", "很暗")], [1, 2])

    assert asked(Message("路灯", ""), rows, newest=2).ids.tolist() == [2, 1]


@pytest.mark.parametrize("message", [Message("", ""), Message("。。", "，"), Message("路", "")])
def test_a_message_without_words_finds_nothing_and_is_not_found(message):
    assert Openings.of([message], GROUND).words().tolist() == []
    assert rows_of([message], [1]) == []
    assert asked(message, rows_of(MESSAGES, IDS_OF)).ids.tolist() == []
    assert asked(NOISE, [], [fresh_of(message, 12), fresh_of(NOISE, 13)]).ids.tolist() == [13]


def test_only_the_best_of_many_in_their_order():
    """Against sums made one message at a time."""
    dice = random.Random(5)
    words = "锦江花园工地夜间施工噪声路灯不亮红旗大道垃圾没有人清运泵车一直响"
    messages = [Message("", "".join(dice.choices(words, k=dice.randint(4, 60)))) for _ in range(400)]
    ids = np.arange(1, 401)
    question, openings = Question.of(messages[0], GROUND), Openings.of(messages, GROUND)
    rows = together(question, rows_of(messages, ids))
    weights = dict(zip(question.grams.tolist(), question.weights(rows, 400).tolist(), strict=True))
    sums = np.zeros(400)
    for owner, gram, mark in zip(
        openings.owners.tolist(), openings.grams.tolist(), openings.marks.tolist(), strict=True
    ):
        sums[owner] += weights.get(gram, 0.0) * question.worth[mark]

    found = question.best(rows, [], pool=400, newest=400, most=20)

    assert found.scores == pytest.approx(np.sort(sums)[::-1][:20])
    assert set(found.ids.tolist()) == set((np.argsort(-sums)[:20] + 1).tolist())


def test_what_many_of_the_pool_have_weighs_less_and_a_small_pool_is_not_believed():
    question = Question.of(NOISE, GROUND)
    (first, *_), packed = question.codes, b"\0" * 4
    place = 0

    def weight(count, pool):
        return question.weights([Row(first, count, packed)], pool)[place]

    assert weight(0, 1_000_000) == pytest.approx(np.log(1 / 2000) ** 2 * question.counts[place])
    assert weight(10_000, 1_000_000) == pytest.approx(
        np.log((10_000 + 2000 * question.shares[place]) / 1_002_000) ** 2 * question.counts[place]
    )
    # One message that has it makes a pool of one; it is as if two in two thousand had it.
    assert question.shares[place] == pytest.approx(1 / 2000)
    assert weight(1, 1) == pytest.approx(np.log(2 / 2001) ** 2 * question.counts[place])


def test_a_pair_that_too_many_have_counts_for_new_ones_as_little_as_for_others():
    question = Question.of(NOISE, GROUND)
    rows = together(question, rows_of(MESSAGES, IDS_OF), too_many=question.codes)

    assert question.best(rows, [fresh_of(NOISE, 13)], pool=3, newest=13, most=5).ids.tolist() == []
