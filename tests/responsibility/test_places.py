import pytest

from hotline.services.reference import rows_of
from responsibility.places import Gazetteer, Place

GANZHOU = Gazetteer([Place(row["code"], row["name"], row["level"], row["parent"]) for row in rows_of("regions.csv")])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("章贡区一处工地夜间施工", "章贡区"),
        ("于都长征大道路灯不亮", "于都县"),
        ("南康区东山街道锦绣花园电梯坏了", "东山街道"),
        ("蟠龙镇停水", "蟠龙镇"),
        ("赣州经开区一家工厂废气", "赣州经济技术开发区"),
        ("经开区这边堵车", "赣州经济技术开发区"),
        ("章贡区的人到经开区上班堵车", "赣州经济技术开发区"),
        ("瑞金经开区企业排污", "瑞金市"),
        ("蓉江新区学校学位", "赣州蓉江新区"),
        ("赤土乡的路烂了", "赤土畲族乡"),
    ],
)
def test_the_place_a_text_names(text, name):
    assert GANZHOU.named_in(text).place.name == name


@pytest.mark.parametrize(
    "text",
    [
        "瑞金路路灯不亮",
        "兴国商会门口违停",
        "南康大道堵车",
        "没有写地方",
        "从于都到兴国的班车太少",
        "我是会昌人，在外地打工",
    ],
)
def test_street_names_natives_and_two_counties_leave_the_place_open(text):
    assert GANZHOU.named_in(text).place is None


def test_the_words_that_left_it_open_are_told():
    assert GANZHOU.named_in("从于都到兴国的班车太少").names == ("于都", "兴国")


def test_inside_a_chosen_county_only_its_townships_count():
    assert GANZHOU.named_in("沙石镇的路灯", inside="360702").place.name == "沙石镇"
    assert GANZHOU.named_in("沙石镇的路灯", inside="360703").place is None


def test_the_chain_goes_up_to_the_city():
    assert GANZHOU.chain("360702190") == ["360702190", "360702", "360700"]
    assert GANZHOU.chain("999999") == ["999999"]
