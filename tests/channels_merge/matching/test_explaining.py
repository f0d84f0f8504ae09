from dataclasses import replace

import pytest

from channels_merge.matching import Message, explain
from tests.channels_merge.matching.conftest import message
from tests.channels_merge.matching.test_scoring import LAMP, LAMP_AGAIN, OTHER_LAMP, probability


def test_says_what_matched_where_and_when(background):
    said = explain(LAMP, LAMP_AGAIN, background)

    assert set(said.stretches) >= {"晚上什么都看不见"}
    assert said.places == ("罗边村",)
    assert (said.days, said.differs, said.may_link) == (5, (), True)
    assert said.words.startswith("都说到“")
    assert said.words.endswith("相隔 5 天。")


def test_says_what_speaks_against_it_and_forbids_linking(background):
    said = explain(LAMP, OTHER_LAMP, background)

    assert not said.may_link
    assert said.differs[0].startswith("点名的地点或单位不同（")


def test_two_estates_of_one_township_are_two_places(background):
    def told(estate):
        return message(f"{estate}业主委员会没有换届", f"章江街道{estate}业主委员会任期满了一年，还没有换届。")

    here, there, street = (
        told("锦江花园"),
        told("中海社区"),
        message("章江街道业主委员会没有换届", "业主委员会任期满了。"),
    )

    assert explain(here, there, background).differs == ("点名的地点或单位不同（锦江花园 与 中海社区）",)
    assert explain(here, street, background).may_link
    assert probability(here, there, background) < 0.5 < probability(here, told("锦江花园"), background)


def test_regions_and_districts(background):
    here = message("章贡区路灯不亮", region="360702")
    there = message("南康区路灯不亮", region="360703")

    assert explain(here, there, background).differs == ("所属区域不同", "所在区县不同（章贡区 与 南康区）")


def test_a_kind_of_area_is_no_district_that_differs(background):
    here = replace(LAMP, text="这里是居民区，" + LAMP.text)
    there = replace(LAMP_AGAIN, text="公共区域很黑，" + LAMP_AGAIN.text)

    assert explain(here, there, background).may_link


def test_nothing_in_common(background):
    said = explain(Message("电梯停运", "电梯停运"), Message("噪音很大", "噪音很大"), background)

    assert (said.words, said.stretches, said.places, said.days) == ("没有相同的内容。", (), (), None)


@pytest.mark.parametrize(
    ("there", "metres", "words", "may_link"),
    [
        ((114.9308, 25.83), 80, "相隔 5 天；相距约 80 米。", True),
        ((114.96, 25.83), 3000, "相隔 5 天；相距约 3.0 公里。", False),
        (None, None, "相隔 5 天。", True),
    ],
)
def test_how_far_apart_is_said_and_too_far_forbids_linking(there, metres, words, may_link, background):
    here, other = replace(LAMP, position=(114.93, 25.83)), replace(LAMP_AGAIN, position=there)
    said = explain(here, other, background)

    assert (said.metres, said.may_link) == (metres, may_link)
    assert said.words.endswith(words)
