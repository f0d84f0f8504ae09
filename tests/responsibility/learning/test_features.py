import numpy as np

from responsibility.learning import Example
from responsibility.learning.features import Vocabulary, find


def code(gram):
    return ord(gram) if len(gram) == 1 else ord(gram[0]) << 16 | ord(gram[1])


def vocabulary(*grams):
    ids = np.array(sorted(code(gram) for gram in grams), np.int64)
    return Vocabulary(ids, np.ones(len(ids), np.float32))


def test_what_two_messages_say_is_known_and_what_one_says_is_not():
    learned = Vocabulary.of([Example("", "停水", "a"), Example("", "停电", "b")], most=10)

    assert learned.ids.tolist() == [code("停")]
    assert learned.rarity.tolist() == [1.0]  # said by all: log(3/3) + 1


def test_the_most_common_are_kept_when_there_is_no_room_for_all():
    rows = [Example("", text, "a") for text in ("水 电", "水 电", "水")]

    assert Vocabulary.of(rows, most=1).ids.tolist() == [code("水")]


def test_a_row_counts_the_title_more_than_the_opening_and_has_unit_length():
    (row,) = vocabulary("水", "电").rows([Example("水", "电", "")]).toarray()

    by_code = dict(zip(sorted((code("水"), code("电"))), row, strict=True))
    assert np.isclose(by_code[code("水")] / by_code[code("电")], (2 / 1.3) ** 0.75)
    assert np.isclose((row**2).sum(), 1)


def test_pairs_do_not_reach_over_marks_nor_from_one_message_into_the_next():
    rows = vocabulary("停水", "水电").rows([Example("", "停，水", ""), Example("", "停水", ""), Example("", "电", "")])

    assert rows.toarray().sum(axis=1).tolist() == [0, 1, 0]


def test_full_width_and_upper_case_are_the_same_characters():
    known = vocabulary("5g")

    assert (known.rows([Example("", "５Ｇ信号", "")]) != known.rows([Example("", "5g基站", "")])).nnz == 0


def test_a_message_is_the_same_row_alone_and_among_others(examples):
    learned = Vocabulary.of(examples, most=1000)

    assert (learned.rows(examples)[[7]] != learned.rows(examples[7:8])).nnz == 0


def test_a_message_without_a_known_character_is_an_empty_row():
    assert vocabulary("水").rows([Example("", "！🙂", ""), Example("", "", "")]).nnz == 0


def test_nothing_is_found_in_an_empty_vocabulary():
    known, places = find(np.zeros(0, np.int64), np.array([5]))

    assert (known.tolist(), places.tolist()) == ([False], [])
