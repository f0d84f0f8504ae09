import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_merge.matching import Background, grams, ordinary
from channels_merge.matching.background import HEAVIEST, ORDINARY, RAREST
from channels_merge.matching.names import districts, named


def ids(*words):
    return sorted(sum(ord(letter) << 16 * at for at, letter in enumerate(reversed(word))) for word in words)


def test_a_text_is_its_pairs_and_triples_within_runs():
    assert grams("章江路灯，坏了").tolist() == ids("章江", "江路", "路灯", "坏了", "章江路", "江路灯")


def test_case_and_width_do_not_count():
    assert grams("ＫＴＶ噪音").tolist() == grams("ktv噪音").tolist()


@pytest.mark.parametrize("text", ["", "好", "？！ 。", "\n\n", "🙂🙂"])
def test_a_text_without_words_has_none(text):
    assert grams(text).tolist() == []


@given(st.text(max_size=200))
def test_any_text_has_sorted_distinct_positive_ids(text):
    found = grams(text)

    assert (np.diff(found) > 0).all()
    assert (found > 0).all()


TOLD = len(ordinary.sentences()) * ORDINARY


def test_weights_fall_with_how_many_matters_have_the_gram():
    background = Background.of(["石塔歪了"] * 300 + ["古井枯了"] * 100)

    often, seldom, never = background.weights(np.array(ids("石塔") + ids("古井") + ids("戏台")))
    total = 400 + TOLD
    assert (often, seldom, never) == (
        pytest.approx(-np.log(300 / total)),
        pytest.approx(-np.log(100 / total)),
        HEAVIEST,
    )


def test_grams_rarer_than_the_limit_are_not_kept():
    texts = ["石塔歪了"] * round(4 / RAREST) + ["古井枯了"]

    assert np.isin(ids("石塔") + ids("古井"), Background.of(texts).ids).tolist() == [True, False]


def test_a_background_is_the_same_however_the_texts_are_batched(pool):
    texts = [one.words for one in pool] * 60

    whole, once = Background.of(text for text in texts), Background.of(["\n".join(texts[:40])])
    assert (whole.matters, once.matters) == (2400, 1)
    assert np.isin(grams(texts[0]), whole.ids).all()


def test_a_background_of_nothing_knows_what_is_ordinary():
    background = Background.of([])

    ordinary_word, name = background.weights(np.array(ids("处理") + ids("石塔")))
    assert (ordinary_word < 3, name) == (True, HEAVIEST)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("红旗大道的锦江花园旁边", {"红旗大道", "锦江花园"}),
        ("章江街道办事处和赣州中学", {"章江街道", "赣州中学"}),
        ("我们小区门口这条路坏了", set()),
        ("没有说在哪里", set()),
    ],
)
def test_names_are_found_by_their_endings(text, names):
    assert named(text) == names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("章贡区水南小区在南康区旁边的园区", {"章贡区", "南康区"}),
        ("我住在石城县，请上犹县委和章贡区政府处理", {"石城县", "上犹县", "章贡区"}),
        ("居民区和商业区旁边的公共区域，集中区到中心区，三期一区", set()),
        ("全县都是这样，我是县里的老师，尊敬的县长", set()),
        ("赣州经开区和蓉江新区", set()),
        ("家住赣州市赣县区", {"赣县区"}),
        ("家住赣州市赣县", set()),
    ],
)
def test_districts_are_told_from_other_areas(text, found):
    """Zones lie across districts, and of a name of one character what stands before it is no part."""
    assert districts(text) == found
