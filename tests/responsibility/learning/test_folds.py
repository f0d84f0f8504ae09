import numpy as np

from responsibility.learning import Example
from responsibility.learning.folds import near_duplicates, part

LAMP = "体育馆门前的路灯坏了半个月，晚上散步什么都看不见"


def test_a_message_sent_twice_with_a_word_changed_is_one_group():
    groups = near_duplicates(
        [
            Example("", LAMP, "a"),
            Example("", "老板拖着工钱不给，我们班组都等着回家过年", "b"),
            Example("", LAMP.replace("半个月", "二十天"), "a"),
        ]
    )

    assert groups[0] == groups[2] != groups[1]


def test_who_is_like_one_of_a_group_belongs_to_it():
    texts = [LAMP + "，请尽快修好路灯", LAMP, LAMP[:16]]

    assert near_duplicates([Example("", text, "a") for text in texts]).tolist() == [0, 0, 0]


def test_what_everybody_sends_word_for_word_is_one_group():
    assert near_duplicates([Example("", LAMP, "a")] * 30).tolist() == [0] * 30


def test_messages_without_a_word_are_no_duplicates_of_each_other():
    assert len(set(near_duplicates([Example("", "", "a"), Example("", "！", "b")]).tolist())) == 2


def test_groups_stay_whole_and_every_fold_has_its_share_of_each_label():
    labels = np.array([0] * 20 + [1] * 5)
    groups = np.array([0, 0, 0, *range(1, 23)])

    fold = part(labels, groups, 5)

    assert len(set(fold[:3].tolist())) == 1
    assert [np.bincount(labels[fold == number], minlength=2).tolist() for number in range(5)] == [[4, 1]] * 5
