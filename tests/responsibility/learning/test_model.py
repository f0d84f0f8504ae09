import numpy as np
import pytest

from responsibility.learning import Example, Model, NothingToLearn, cross_validate, learn, score
from responsibility.learning import model as module


def test_learns_what_each_matter_is_called(examples):
    model = learn(examples)

    assert model.labels == ("供水", "噪声", "拖欠工资")
    assert model.answer("", "水龙头没有水，水管又爆了")[0].label == "供水"
    assert model.answer("工钱", "老板电话不接，半年的工资没结")[0].label == "拖欠工资"
    assert sum(answer.probability for answer in model.answer("", "隔壁打桩")) == pytest.approx(1)


def test_the_same_rows_give_the_same_model(examples):
    assert learn(examples).to_bytes() == learn(examples).to_bytes()


def test_how_sure_it_may_be_is_found_with_a_part_of_many_rows(examples, monkeypatch):
    """All are learned; only the one number by which scores become probabilities is another's."""
    every = learn(examples)
    monkeypatch.setattr(module, "_TRIAL_ROWS", 30)

    some = learn(examples)

    assert np.array_equal(some.scores(examples), every.scores(examples))
    assert 0.5 <= some.sharpness <= 20


def test_what_is_stored_answers_as_what_was_learned(examples):
    model = learn(examples)

    stored = Model.from_bytes(model.to_bytes())

    assert stored.labels == model.labels
    assert np.allclose(stored.probabilities(examples), model.probabilities(examples), atol=0.02)


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 cut off"])
def test_what_is_no_model_is_not_read(content):
    with pytest.raises(ValueError, match="not a model"):
        Model.from_bytes(content)


def test_a_message_without_words_gets_an_answer_all_the_same(examples):
    assert len(learn(examples).answer("", "")) == 3


def test_one_label_teaches_nothing(examples):
    with pytest.raises(NothingToLearn, match="至少要有两种分类"):
        learn(examples[:20])


def test_too_many_labels_are_refused():
    rows = [Example("", "路灯不亮", f"第{number}类") for number in range(module.MOST_LABELS + 1)]

    with pytest.raises(NothingToLearn, match="有 401 种分类，最多 400 种"):
        learn(rows)


def test_rows_without_a_common_character_teach_nothing():
    with pytest.raises(NothingToLearn, match="没有两行说到同一个字"):
        learn([Example("", text, "ab"[at % 2]) for at, text in enumerate("甲乙丙丁戊己庚辛壬癸")])


def test_what_is_said_over_and_over_is_too_little_to_learn_from():
    rows = [Example("", "小区门口的路灯坏了半个月", label) for label in "ab" * 10]

    with pytest.raises(NothingToLearn, match="去掉几乎相同的只剩 1 件，至少要 10 件"):
        learn(rows)


def test_a_report_says_what_was_taken_for_what(examples):
    model = learn(examples)
    asked = [*examples[:3], Example("", "老板不发工资，工钱没结", "噪声"), Example("", "老板不发工资", "没学过的")]

    report = score(model, asked)

    assert report.taken_for == [("噪声", "拖欠工资", 1), ("没学过的", "拖欠工资", 1)]
    assert report.by_label == [("供水", 3, 1.0), ("噪声", 1, 0.0), ("拖欠工资", 0, 0.0), ("没学过的", 1, 0.0)]
    assert (report.rows, report.accuracy, report.macro_f1) == (5, 0.6, 0.25)


def test_in_a_cross_validation_every_row_is_answered_by_others(examples):
    report = cross_validate(examples, 3, group_near_duplicates=False)

    assert (report.rows, report.macro_f1, report.taken_for) == (60, 1.0, [])


def test_more_folds_than_rows_are_refused(examples):
    with pytest.raises(NothingToLearn, match="分不成 61 份"):
        cross_validate(examples, 61, group_near_duplicates=False)


def test_the_nearest_of_the_past_are_named(examples):
    named = [example._replace(name=f"GZ{number}") for number, example in enumerate(examples)]
    model = learn(named)

    found = model.nearest("自来水又停了", "自来水又停了，水管爆裂没有水")

    assert found
    assert {each.label for each in found} == {"供水"}
    assert {each.name for each in found} <= {example.name for example in named if example.label == "供水"}
    assert Model.from_bytes(model.to_bytes()).nearest("自来水又停了", "自来水又停了，水管爆裂没有水") == found


def test_of_nothing_alike_nothing_is_named(examples):
    assert learn(examples).nearest("", "！！！") == []
