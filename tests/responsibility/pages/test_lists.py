"""The centres' lists, one version as tree and table, and the acts on it."""

from datetime import date, timedelta

import pytest
import time_machine

from hotline.parameters import forget_parameters
from responsibility import selectors, services
from responsibility.models import DutyItem, DutyList
from tests.factories.hotline import CountyCentreFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory, DutyListFactory
from tests.responsibility.pages.conftest import NOW, soup, table, text_of


def change(draft, people, code, **values):
    services.change_item(
        list_id=draft.pk, code=code, values=values, reason="按裁定改。", by=people["administrator"], at=NOW
    )


def test_a_centre_has_its_versions_with_state_days_and_items(first, draft, as_):
    county = CountyCentreFactory(short_name="章贡区热线中心")
    DutyListFactory(scope=county, version=1, state="draft", title="章贡区民生诉求职责清单", effective_from=None)
    client = as_("administrator")

    page = client.get("/duty-lists/")

    assert table(page) == [
        ["第2版", "草稿", first.title, "—", "3", "第1版", "路灯改由市政中心管。"],
        ["第1版", "已发布", first.title, "2026-01-01 起", "3", "—", "—"],
    ]
    assert [text_of(one) for one in soup(page).select(".tree a")] == ["市热线中心 2 版 修", "章贡区热线中心 1 版 修"]
    assert [row[2] for row in table(client.get(f"/duty-lists/?centre={county.code}"))] == ["章贡区民生诉求职责清单"]


def test_versions_page_by_key(first, as_):
    for version in range(2, 30):
        DutyListFactory(version=version, state="dropped", effective_from=None)
    client = as_("dispatcher")

    page = client.get("/duty-lists/")
    following = client.get("/duty-lists/" + soup(page).select_one(".pager a[rel=next]")["href"])

    assert [row[0] for row in table(page) + table(following)] == [f"第{n}版" for n in range(29, 0, -1)]


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_lists(first, as_, django_assert_num_queries, count):
    for n in range(count):
        DutyListFactory(scope=CountyCentreFactory(), state="published")
        DutyListFactory(version=2 + n, state="dropped", effective_from=None, base=first)
    client = as_("dispatcher")
    client.get("/duty-lists/")

    forget_parameters()
    with django_assert_num_queries(7):
        client.get("/duty-lists/")


def test_the_next_version_is_drafted_from_the_list(first, as_):
    client = as_("administrator")
    form = client.get(f"/duty-lists/draft/?scope={first.scope.code}")
    nothing = client.post("/duty-lists/draft/", {"scope": first.scope.code, "reason": ""})
    done = client.post("/duty-lists/draft/", {"scope": first.scope.code, "reason": "年度修订。"})
    again = client.post("/duty-lists/draft/", {"scope": first.scope.code, "reason": "又改。"})

    made = DutyList.objects.get(version=2)
    assert soup(form).select_one("option[selected]")["value"] == first.scope.code
    assert (nothing.status_code, "请写修订理由。" in text_of(soup(nothing))) == (422, True)
    assert (done.status_code, done.headers["Location"]) == (303, f"/duty-lists/{made.pk}/")
    assert (again.status_code, "先办完这一版，再起草下一版。" in text_of(soup(again))) == (422, True)
    assert text_of(soup(again).select_one("[name=reason]")) == "又改。"


def test_a_version_shows_what_differs_from_its_base(first, draft, people, as_):
    change(draft, people, "CG-01", limits={"complaint": "5wd", "help": "5wd"})
    services.remove_item(list_id=draft.pk, code="CG-02", reason="并入。", by=people["administrator"], at=NOW)
    DutyItemFactory(duty_list=draft, code="CG-03", title="灯杆倾斜")

    page = as_("dispatcher").get(f"/duty-lists/{draft.pk}/")

    assert table(page) == [
        ["改", "CG-01", "路灯不亮", "市城管局", "城市管理", "不派", "7 5"],
        ["停", "CG-02", "路灯长明", "市城管局", "城市管理", "不派", "通用"],
        ["增", "CG-03", "灯杆倾斜", "市城管局", "城市管理", "不派", "通用"],
        ["", "HJ-01", "夜间施工", "生态环境", "城市管理", "不派", "通用"],
    ]
    assert [text_of(one) for one in soup(page).select(".tree li a")] == ["全部 3", "城市管理 2 3", "生态环境 1"]
    assert text_of(soup(page).select_one(".marks")) == "增 1 改 1 停 1"
    only = as_("dispatcher").get(f"/duty-lists/{draft.pk}/?only=diff")
    assert [row[1] for row in table(only)] == ["CG-01", "CG-02", "CG-03"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("words", ["路灯"]),
        ("conditions", [{"when": {"place": ["村里"]}, "county_function": "agriculture"}]),
        ("onsite_required", True),
        ("legal_basis", "文件。"),
    ],
)
def test_any_field_that_differs_is_a_difference(draft, people, field, value):
    change(draft, people, "CG-01", **{field: value})

    assert selectors.tree_of(selectors.compared_items(draft)).differences == {"add": 0, "chg": 1, "off": 0}


def test_units_are_compared_also_where_there_is_none(first, draft, people):
    def different():
        return list(selectors.compared_items(draft).exclude(difference="").values_list("code", flat=True))

    unit = UnitFactory()
    assert different() == []
    change(draft, people, "CG-01", lead_unit=unit)
    change(draft, people, "HJ-01", co_units=[unit])
    assert sorted(different()) == ["CG-01", "HJ-01"]
    change(draft, people, "CG-01", lead_unit=None)
    change(draft, people, "HJ-01", co_units=[])
    assert different() == []


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("?category=02", ["HJ-01"]),
        ("?category=0102", ["CG-01", "CG-02"]),
        ("?q=长明", ["CG-02"]),
        ("?q=打桩", ["HJ-01"]),
        ("?q=市城管", ["CG-01", "CG-02", "HJ-01"]),
        ("?q=生态环境", ["HJ-01"]),
        ("?q=cg-02", ["CG-02"]),
        ("?q=没有这样的", []),
        ("?q=%00", ["CG-01", "CG-02", "HJ-01"]),
    ],
)
def test_items_are_found_by_category_words_title_and_unit(first, as_, query, codes):
    assert [row[1] for row in table(as_("dispatcher").get(f"/duty-lists/{first.pk}/{query}"))] == codes


def test_items_page_by_key(first, as_):
    for n in range(27):
        DutyItemFactory(duty_list=first, code=f"AA-{n:02}")
    client = as_("dispatcher")

    page = client.get(f"/duty-lists/{first.pk}/")
    following = client.get(f"/duty-lists/{first.pk}/" + soup(page).select_one(".pager a[rel=next]")["href"])

    codes = [row[1] for row in table(page) + table(following)]
    assert (len(table(page)), codes) == (25, [*(f"AA-{n:02}" for n in range(27)), "CG-01", "CG-02", "HJ-01"])


def test_an_item_just_changed_is_chosen_and_opened_beside_the_table(first, as_):
    page = soup(as_("dispatcher").get(f"/duty-lists/{first.pk}/?item=CG-02"))
    elsewhere = soup(as_("dispatcher").get(f"/duty-lists/{first.pk}/?category=02&item=CG-02"))

    assert [row["data-id"] for row in page.select("tr[aria-selected=true]")] == ["CG-02"]
    assert page.select_one("#peek")["hx-get"] == f"/duty-lists/{first.pk}/items/CG-02/beside/"
    assert not elsewhere.select_one("#peek").has_attr("hx-get")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_version(draft, people, as_, django_assert_num_queries, count):
    DutyItem.objects.filter(duty_list=draft, code="HJ-01").delete()
    for n in range(count):
        DutyItemFactory(duty_list=draft, code=f"AA-{n}", lead_unit=UnitFactory())
        services.comment_on_list(list_id=draft.pk, words="可以。", by=people["dispatcher"], at=NOW)
    client = as_("dispatcher")
    client.get(f"/duty-lists/{draft.pk}/")

    forget_parameters()
    with django_assert_num_queries(11):
        client.get(f"/duty-lists/{draft.pk}/")


# --- acts


def buttons(answer):
    return {
        text_of(one).split()[0]: (one.get("aria-disabled") == "true") for one in soup(answer).select(".acts a.btn")
    }


def test_the_buttons_are_those_of_the_post_and_greyed_where_the_moment_forbids(draft, as_):
    address = f"/duty-lists/{draft.pk}/"
    page = as_("administrator").get(address)

    assert buttons(page) == {"送审": False, "发布": True, "作废": False, "意见": False}
    assert text_of(soup(page).select_one("#why-publish")) == "发布：司法局和编办都同意以后才能发布。"
    page = as_("legal_reviewer").get(address)
    assert buttons(page) == {"出具合法性意见": True, "意见": False}
    assert text_of(soup(page).select_one("#why-legal")) == ("出具合法性意见：当前为“草稿”，“征求意见”时才能办。")
    assert buttons(as_("dispatcher").get(address)) == {"意见": False}


def test_from_draft_to_published_by_the_pages(first, draft, people, as_):
    def do(role, act, **words):
        answer = as_(role).post(f"/duty-lists/{draft.pk}/acts/{act}/", words)
        return answer.status_code, DutyList.objects.get(pk=draft.pk).state

    assert do("administrator", "submit") == (303, "review")
    assert do("legal_reviewer", "legal", agrees="no", words="") == (422, "review")
    assert do("legal_reviewer", "legal", agrees="yes", words="依据充分。") == (303, "review")
    assert do("staffing_reviewer", "staffing", agrees="no", words="三定没有。") == (303, "draft")
    assert do("administrator", "submit") == (303, "review")
    assert do("administrator", "send_back", words="再改。") == (303, "draft")
    assert do("administrator", "submit") == (303, "review")
    assert do("legal_reviewer", "legal", agrees="yes") == (303, "review")
    assert do("staffing_reviewer", "staffing", agrees="yes") == (303, "approved")
    assert do("administrator", "publish", day="2026-11-10") == (422, "approved")
    assert do("administrator", "publish", day="2026-11-11") == (303, "published")
    assert do("administrator", "call_off", words="写错了。") == (303, "approved")
    assert do("administrator", "publish", day="2026-11-12") == (303, "published")
    first.refresh_from_db()
    assert first.effective_until == date(2026, 11, 12)
    happened = soup(as_("dispatcher").get(f"/duty-lists/{draft.pk}/")).select(".dif .tl .what b")
    assert [text_of(one) for one in happened][:3] == ["发布", "取消发布", "发布"]


def test_a_draft_is_dropped_and_anybody_who_reads_it_says_what_he_thinks(draft, as_):
    said = as_("dispatcher").post(f"/duty-lists/{draft.pk}/acts/comment/", {"words": "路灯这一条好。"})
    dropped = as_("administrator").post(f"/duty-lists/{draft.pk}/acts/drop/", {"words": "重来。"})

    draft.refresh_from_db()
    assert (said.status_code, dropped.status_code, draft.state) == (303, 303, "dropped")
    assert "路灯这一条好。" in text_of(soup(as_("dispatcher").get(f"/duty-lists/{draft.pk}/")).select_one(".dif"))


def test_an_act_that_is_not_possible_says_why_and_loses_nothing(draft, as_):
    address = f"/duty-lists/{draft.pk}/acts"
    client = as_("administrator")
    early = client.get(f"{address}/publish/")
    late = client.post(f"{address}/send_back/", {"words": "再改。"})

    assert (early.status_code, "司法局和编办都同意以后才能发布。" in text_of(soup(early))) == (409, True)
    assert (late.status_code, "当前为“草稿”，不能执行该操作。" in text_of(soup(late))) == (422, True)
    assert text_of(soup(late).select_one("[name=words]")) == "再改。"
    assert client.get(f"{address}/fly/").status_code == 404
    assert as_("dispatcher").get(f"{address}/submit/").status_code == 403
    assert as_("agent").get(f"/duty-lists/{draft.pk}/").status_code == 403


@pytest.fixture
def county(first, people):
    """A county's draft that says otherwise of CG-01 and has one matter of its own."""
    DutyItemFactory(code="GJ-01", title="公积金", words=["公积金"], level="city", county_function="")
    county = services.draft_list(scope=CountyCentreFactory(), reason="本县的。", by=people["administrator"], at=NOW)
    change(county, people, "CG-01", limits={"complaint": "5wd", "help": "5wd"})
    DutyItemFactory(duty_list=county, code="ZG-01", title="古城墙", words=["城墙"])
    return county


def test_a_countys_version_marks_what_it_inherits_what_it_changed_and_what_it_added(county, as_):
    client = as_("administrator")

    page = client.get(f"/duty-lists/{county.pk}/")
    local = client.get(f"/duty-lists/{county.pk}/" + soup(page).select_one("[data-key=t]")["href"])

    assert [row[1:] for row in table(page)] == [
        ["本县改", "", "CG-01", "路灯不亮", "市城管局", "城市管理", "不派", "7 5"],
        ["照市级", "", "CG-02", "路灯长明", "市城管局", "城市管理", "不派", "通用"],
        ["照市级", "", "GJ-01", "公积金", "市城管局", "—", "不派", "通用"],
        ["照市级", "", "HJ-01", "夜间施工", "生态环境", "城市管理", "不派", "通用"],
        ["本县增", "", "ZG-01", "古城墙", "市城管局", "城市管理", "不派", "通用"],
    ]
    assert text_of(soup(page).select_one(".marks")) == "照市级 3 本县改 1 本县增 1"
    assert [row[3] for row in table(local)] == ["CG-01", "ZG-01"]
    assert [box["value"] for box in soup(page).select("tbody input[disabled]")] == ["GJ-01"]


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_countys_version(county, as_, django_assert_num_queries, count):
    for n in range(count):
        DutyItemFactory(code=f"CG-8{n}")
        DutyItemFactory(duty_list=county, code=f"CG-9{n}")
    client = as_("administrator")
    client.get(f"/duty-lists/{county.pk}/")

    forget_parameters()
    with django_assert_num_queries(12):
        client.get(f"/duty-lists/{county.pk}/")


def test_what_blocks_the_submission_stands_beside_the_grey_button(draft, people, as_):
    items = [DutyItemFactory(duty_list=draft, code=f"ZZ-0{n}", words=["同样的话"]) for n in (1, 2)]
    services.change_item(
        list_id=draft.pk,
        code="ZZ-02",
        values={"county_function": "housing"},
        reason="改。",
        by=people["administrator"],
        at=NOW,
    )
    client = as_("administrator")
    blocked = soup(client.get(f"/duty-lists/{draft.pk}/"))
    refused = client.get(f"/duty-lists/{draft.pk}/acts/submit/")
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        services.remove_item(list_id=draft.pk, code=items[0].code, reason="重了。", by=people["administrator"], at=NOW)
        free = soup(client.get(f"/duty-lists/{draft.pk}/"))

    assert (
        text_of(blocked.select_one("#why-submit")) == "送审：先解决再送审：ZZ-01、ZZ-02 的用词完全相同，主责却不同。"
    )
    assert blocked.select_one("[data-key=s]")["aria-disabled"] == "true"
    assert refused.status_code == 409
    assert free.select("#why-submit") == []
