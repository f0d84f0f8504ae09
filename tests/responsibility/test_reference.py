"""The duty list that ships: what must be true of every item."""

import re
from collections import Counter

import pytest

from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import Unit
from responsibility import services
from responsibility.models import Category, DutyItem, DutyList, Governance
from responsibility.services.loading import reference_items
from responsibility.states import FUNCTIONS

ITEMS = reference_items()
CODES = Counter(item["code"] for item in ITEMS)
LAW_ARTICLE_WORDS = re.compile(r"《[^《》]+》第[一二三四五六七八九十百千]+条：?.{10,}")


def test_codes_are_unique_and_those_that_items_point_to_exist():
    mentioned = {code for item in ITEMS for code in re.findall(r"[A-Z]{2}-\d\d-\d{3}", item.get("not_belongs", ""))}

    assert max(CODES.values()) == 1
    assert mentioned - set(CODES) == set()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["code"])
def test_an_item_is_whole(item):
    functions = {item["city"], item.get("county") or item["city"], *item.get("co", [])}
    functions |= {
        condition["county_function"] for condition in item.get("conditions", []) if "county_function" in condition
    }
    limits = list(item.get("limits", {}).values())

    assert len(item["words"]) == len(set(item["words"])) >= 8
    assert not set(item["words"]) & set(item.get("not_words", []))
    assert functions - set(FUNCTIONS) == set()
    assert [Limit.parse(text).unit for text in limits] == ["wd"] * len(limits)
    assert set(item.get("limits", {})) <= set(item.get("kinds", item.get("limits", {})))
    assert isinstance(item["co"], list)
    assert item["city"] not in item["co"] or item["level"] == "county"
    assert item.get("county") not in item["co"]
    assert "complaint" in item["limits"] or "report" in item["limits"]
    assert [item[field][-1] for field in ("belongs", "not_belongs", "standard", "reply")] == ["。"] * 4
    assert "{" in item["reply"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["code"])
def test_a_basis_names_law_article_and_words_and_the_rest_is_marked(item):
    if item.get("basis"):
        assert re.fullmatch(rf"({LAW_ARTICLE_WORDS.pattern}。)+", item["basis"])
    assert "mark" not in item


IN_REVISION = (
    "噪声污染防治法",
    "大气污染防治法",
    "水污染防治法",
    "水法",
    "城乡规划法",
    "道路交通安全法",
    "公路法",
    "价格法",
    "食品安全法",
    "社会救助",
)
"""Rewritten or gathered into a code of late, or about to be: their articles have moved or will."""


def test_no_article_is_cited_that_may_have_moved():
    cited = {item["code"]: item["basis"] for item in ITEMS if item.get("basis")}

    assert [code for code, basis in cited.items() if any(law in basis for law in IN_REVISION)] == []
    assert len(cited) == 30


def test_matters_for_which_the_law_lays_down_another_way_are_told_so():
    told = {item["code"]: item["belongs"] for item in ITEMS if item.get("route") == "legal_route"}

    assert set(told) == {"FL-01-001", "ZW-02-001", "XN-01-001"}
    assert ["不" in belongs and "派" in belongs for belongs in told.values()] == [True] * 3


def test_limits_set_by_statute_name_their_rule():
    steps = {
        item["code"]: [(step["step"], step["limit"]) for step in item["statute"]]
        for item in ITEMS
        if "statute" in item
    }
    sources = {step["source"] for item in ITEMS for step in item.get("statute", [])}
    consumer = [("accept", "7wd"), ("handle", "60d"), ("accept", "15wd")]

    assert steps == {"SC-01-001": consumer, "SC-01-002": consumer, "SC-02-001": consumer}
    assert [source for source in sources if not LAW_ARTICLE_WORDS.fullmatch(source)] == []


def test_it_is_loaded_once(ganzhou):
    counted = (ganzhou.categories, ganzhou.items, DutyItem.objects.count(), DutyList.objects.get().version)
    assert counted == (Category.objects.count(), len(ITEMS), len(ITEMS), 1)
    assert ganzhou.governance == Governance.objects.count() == 28 + 293

    again = services.load_duty_list()

    assert (again.categories, again.governance, again.items) == (0, 0, 0)


def test_items_say_whether_their_basis_is_checked(ganzhou):
    marks = Counter(DutyItem.objects.values_list("mark", flat=True))
    checked = [item for item in ITEMS if item.get("basis")]

    assert marks == {"": len(checked), "示例，待核": len(ITEMS) - len(checked)}
    assert not DutyItem.objects.filter(legal_basis="", mark="").exists()


def test_places_a_zone_governs_are_unconfirmed_and_hang_under_its_centre(ganzhou):
    rows = Governance.objects.filter(confirmed=False).order_by("region__code")

    assert [(row.region.name, row.unit.short_name) for row in rows.select_related("region", "unit")] == [
        ("赣州经济技术开发区", "经开区热线中心"),
        ("赣州蓉江新区", "蓉江新区热线中心"),
        ("黄金岭街道", "经开区热线中心"),
        ("湖边镇", "经开区热线中心"),
        ("蟠龙镇", "经开区热线中心"),
        ("潭口镇", "蓉江新区热线中心"),
        ("潭东镇", "蓉江新区热线中心"),
        ("赣州经济技术开发区", "经开区热线中心"),
        ("凤岗镇", "经开区热线中心"),
        ("三江乡", "经开区热线中心"),
    ]
    assert Unit.objects.get(code="T360702190").parent.code == "C360700-JK"
    assert Unit.objects.get(code="T360702100").parent.code == "C360702"


def test_every_county_matter_finds_a_department_in_every_county(ganzhou):
    functions = {item["county"] for item in ITEMS if item["level"] == "county"}
    functions |= {c["county_function"] for item in ITEMS for c in item.get("conditions", []) if "county_function" in c}
    found = set(Unit.objects.filter(code__startswith="360702-").values_list("function", flat=True))

    assert functions - found == set()


@pytest.mark.django_db
def test_without_units_the_list_cannot_be_loaded():
    with pytest.raises(DomainError, match="请先装载基础数据"):
        services.load_duty_list()

    assert not Category.objects.exists()
