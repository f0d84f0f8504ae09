"""Two estates that most people name without 小区 behind."""

import numpy as np
import pytest

from channels_merge.matching import Background, Profiles, find_matters
from channels_merge.matching.bare_names import TAUGHT, named_apart
from tests.channels_merge.matching.conftest import message

ONE, OTHER = "翠竹湾", "望江台"
TEACHING = [
    message(f"{name}小区{trouble}", days=day)
    for name in (ONE, OTHER)
    for day, trouble in enumerate(("业主办不了产权证", "地下车库渗水", "电梯总是坏"))
]
HERE = [
    message("翠竹湾的轻轨出入口什么时候建", "轻轨快通车了，翠竹湾这一侧的出入口没有动工，居民过马路要绕一公里。"),
    message("翠竹湾为什么没有轻轨出入口", "规划图上翠竹湾有出入口，对面的都建好了。", days=12),
    message("请问翠竹湾的轻轨出入口建不建", "轻轨就要通车，翠竹湾这边还是没有出入口。", days=20),
]
THERE = [
    message("望江台的轻轨出入口什么时候建好", "望江台的出入口围挡了两年，到轻轨站要过两个红绿灯。", days=2),
    message("望江台为什么没有轻轨出入口", "望江台几万人进轻轨站要横穿马路，出入口在哪里？", days=9),
    message("请问望江台的轻轨出入口在哪里", "望江台居民进站要绕一公里，建议修通道。", days=15),
]


def apart(a, b, teaching=tuple(TEACHING), matters=()):
    profiles = Profiles.of([a, b, *teaching], Background.of(matters))
    return named_apart(profiles, np.array([0]), np.array([1])).tolist()


def test_one_exit_told_of_at_two_estates_is_two_matters(pool):
    assert find_matters([*HERE, *THERE, *TEACHING, *pool])[:6] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("b", HERE[1:])
def test_the_same_bare_name_is_not_apart(b):
    assert apart(HERE[0], b) == [0]


@pytest.mark.parametrize("b", THERE)
def test_two_bare_names_are_apart(b):
    assert apart(HERE[0], b) == apart(b, HERE[0]) == [1]


def test_a_name_anywhere_in_the_other_is_common_to_both():
    assert apart(HERE[0], message(f"{OTHER}轻轨出入口", f"请问什么时候建？{'很急。' * 90}和{ONE}一样。")) == [0]


def test_who_names_nothing_is_not_apart():
    assert apart(HERE[0], message("轻轨出入口什么时候建")) == [0]


def test_a_name_is_known_from_the_third_message_that_says_it_with_its_ending():
    """Two teach one of the names, so there is nothing to compare."""
    assert TAUGHT == 3
    assert apart(HERE[0], THERE[0], TEACHING[:5]) == [0]


def test_what_many_matters_say_is_no_name():
    assert apart(HERE[0], THERE[0], matters=[ONE] * 20) == [0]
