import random
from itertools import combinations

import numpy as np
import pytest

from channels_merge.matching import Background, cluster, find_matters
from channels_merge.matching.clustering import average_link
from tests.channels_merge.matching.conftest import AT, message
from tests.channels_merge.matching.test_scoring import LAMP, LAMP_AGAIN, OTHER_LAMP, WATER

LAMP_ONCE_MORE = message(
    "罗边村村口的路灯还是不亮", "沙河镇罗边村村口的路灯坏了一个多月，晚上看不见路，请派人来修。", days=9
)


def groups(numbers):
    found = {}
    for place, number in enumerate(numbers):
        found.setdefault(number, set()).add(place)
    return {frozenset(places) for places in found.values()}


def test_three_reports_of_one_lamp_are_one_matter(pool, background):
    told = [LAMP, WATER, LAMP_AGAIN, OTHER_LAMP, LAMP_ONCE_MORE]

    assert cluster(told, background) == [0, 1, 0, 2, 0]


def test_ten_places_with_the_same_four_troubles_are_forty_matters(pool, background):
    """One body for each trouble, as from a template; a village's own troubles are told apart by their categories."""
    assert cluster(pool, background) == list(range(40))


def test_the_order_of_messages_changes_no_matter(pool, background):
    told = [*pool, LAMP, LAMP_AGAIN, LAMP_ONCE_MORE, WATER, OTHER_LAMP, LAMP]
    order = list(range(len(told)))
    random.Random(8).shuffle(order)

    shuffled = cluster([told[i] for i in order], background)
    assert {frozenset(order[i] for i in places) for places in groups(shuffled)} == groups(cluster(told, background))


@pytest.mark.parametrize(("told", "numbers"), [([], []), ([LAMP], [0]), ([LAMP, LAMP], [0, 0])])
def test_few(told, numbers, background):
    assert cluster(told, background) == numbers
    assert find_matters(told) == numbers


def test_empty_messages_are_no_matter_together(background):
    assert cluster([message("", "？"), message("", "！"), LAMP], background) == [0, 1, 2]


def test_a_matter_that_hundreds_report_does_not_hide_behind_its_own_name(pool):
    """Counted by message, the name of the crowd's matter would be as common as 请尽快处理."""
    endings = (
        "请尽快处理",
        "什么时候能修好",
        "晚上看不见",
        "老人摔倒了",
        "一个月了",
        "没有人管",
        "孩子害怕",
        "投诉多次",
    )
    crowd = [message(f"罗边村村口路灯不亮{ending}", days=day % 10) for day, ending in enumerate(endings * 20)]

    numbers = find_matters([*pool, *crowd])
    assert len(set(numbers[40:])) == 1


def test_average_link_does_not_chain():
    """a–b and b–c are alike, a–c not at all: single link would join the three."""
    left, right, alike = np.array([0, 1]), np.array([1, 2]), np.array([0.9, 0.8])

    assert average_link(3, left, right, alike, 0.5) == [0, 0, 2]
    assert average_link(3, left, right, alike, 0.4) == [0, 0, 0]
    assert average_link(4, left, right, alike, 0.95) == [0, 1, 2, 3]


def two_threes(within, across):
    """(left, right, alike) of six items: the first three among themselves and the last three are `within` alike."""
    pairs = list(combinations(range(6), 2))
    left, right = np.array(pairs).T
    return left, right, np.array([within if (a < 3) == (b < 3) else across for a, b in pairs])


def test_two_close_knit_groups_stay_apart_where_loose_ones_join():
    """Two troubles of one estate, each told in much the same words, and one trouble told in many ways."""
    assert average_link(6, *two_threes(0.9, 0.35), 0.3) == [0, 0, 0, 3, 3, 3]
    assert average_link(6, *two_threes(0.8, 0.35), 0.3) == [0] * 6


def test_two_troubles_of_one_estate_told_by_the_same_people_are_two_matters(pool):
    places = "望江台开发商正在出售地下车位，据说是人防工程，请问是否合法？"
    deeds = "望江台开发商把一套房办成了两个证，请问能不能合一？"
    told = [
        message(title, f"{text}{ending}", days=day)
        for title, text in (("望江台地下车位的问题", places), ("望江台两证合一的问题", deeds))
        for day, ending in ((30, ""), (33, "谢谢！"), (35, "请回复。"))
    ]

    assert find_matters([*told, *pool])[:6] == [0, 0, 0, 1, 1, 1]


def test_one_more_joins_a_close_knit_group_where_it_is_close():
    left, right = np.array(list(combinations(range(4), 2))).T
    told = np.where(right == 3, 0.35, 0.9)

    assert average_link(4, left, right, told, 0.3) == [0, 0, 0, 3]
    assert average_link(4, left, right, np.where(right == 3, 0.4, 0.9), 0.3) == [0] * 4


def test_times_of_both_kinds_can_stand_together(background):
    naive = message("沙河镇罗边村路灯不亮").__class__("沙河镇罗边村路灯不亮", "", AT.replace(tzinfo=None))

    assert len(cluster([naive, LAMP], background)) == 2


def test_a_background_of_other_towns_serves_as_well(pool):
    other = Background.of(one.words.replace("镇", "乡").replace("村", "寨") for one in pool)

    assert cluster([LAMP, WATER, LAMP_AGAIN, OTHER_LAMP], other) == [0, 1, 0, 2]
