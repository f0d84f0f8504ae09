import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.bigrams import code, codes, is_scope_token, normalise, runs, scope_token


def test_a_word_is_its_pairs():
    assert codes("路灯不亮") == sorted([code("路灯"), code("灯不"), code("不亮")])


def test_pairs_do_not_cross_punctuation_or_spaces():
    assert set(codes("路灯，不亮")) == {code("路灯"), code("不亮")}
    assert set(codes("路灯 不亮")) == {code("路灯"), code("不亮")}
    assert codes("灯") == []
    assert codes("，。") == []


def test_width_and_case_do_not_matter():
    assert codes("ＰＭ２.５") == codes("pm2.5")
    assert runs("ＷiFi，Ａ座") == ["wifi", "a座"]


@settings(max_examples=200)
@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("，：；！？（）锦江花园ＡＢa1"),
        max_size=60,
    )
)
def test_the_quick_way_gives_the_same_form(text):
    assert normalise(text) == unicodedata.normalize("NFKC", text).lower()


def test_the_code_is_exact():
    assert code("路灯") == (0x8DEF << 16 | 0x706F) - 2**31


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_gives_sorted_distinct_int4_that_are_no_scope_tokens(text):
    found = codes(text)

    assert found == sorted(set(found))
    assert all(-(2**31) <= value < 2**31 for value in found)
    assert not any(map(is_scope_token, found))


def test_scope_tokens_are_int4_and_apart():
    numbers = [0, 1, 65535, 65536, 10_000_000]

    tokens = {scope_token(number) for number in numbers}
    assert len(tokens) == 5
    assert all(-(2**31) <= token < 2**31 and is_scope_token(token) for token in tokens)
    assert [is_scope_token(code) for code in (scope_token(0) - 1, 2**31 - 1)] == [False, False]
    with pytest.raises(ValueError, match="no scope token"):
        scope_token(2**31)
