"""One item: beside the table, its form, its history; the same change to many."""

import pytest

from hotline.parameters import forget_parameters
from responsibility import services
from responsibility.models import DutyItem, DutyItemEvent
from responsibility.views import words
from tests.factories.hotline import CountyCentreFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory
from tests.responsibility.pages.conftest import NOW, soup, table, text_of, typed

EMPTY_CONDITION = dict.fromkeys(
    ("words", "place", "subject", "hour", "level", "city_function", "county_function", "township_role", "note"), ""
)
EMPTY_STATUTE = dict.fromkeys(("step", "limit", "source"), "")


def of(draft, code):
    return DutyItem.objects.get(duty_list=draft, code=code)


def errors(answer):
    return [text_of(one) for one in soup(answer).select("main em.err, main .note-over")]


def test_the_form_sends_what_it_shows_and_nothing_changes(draft, as_):
    draft.items.filter(code="CG-01").update(
        co_functions=["public_security"],
        conditions=[{"when": {"hour": [22, 6], "words": ["装修"]}, "note": "夜里；归公安。"}],
        statute_limits=[{"step": "accept", "limit": "7wd", "kinds": ["complaint"], "source": "《某法》第一条：七日"}],
    )
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"

    answer = client.post(address, typed(client.get(address)) | {"reason": "没有改。"})

    assert (answer.status_code, errors(answer)) == (422, ["和现在写的一样，没有要改的。"])
    assert not DutyItemEvent.objects.exists()


def test_an_item_is_changed_with_its_reason_and_the_ruling(draft, as_):
    unit = UnitFactory(name="赣州市市政工程中心", short_name="市市政中心")
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"

    answer = client.post(
        address,
        typed(client.get(address))
        | {
            "lead_unit": "市市政中心",
            "co_units": "市城管局、市市政中心",
            "co_functions": "公安、供电",
            "words": "路灯、路灯不亮，灯坏了",
            "limit_complaint": "5",
            "limit_report": "24h",
            "reason": "裁定路灯归市政中心。",
            "ticket_number": "GZ261109000012",
        },
    )

    item = of(draft, "CG-01")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/duty-lists/{draft.pk}/?category=0102&item=CG-01",
    )
    assert (item.lead_unit, item.co_functions, item.words, item.limits) == (
        unit,
        ["public_security", "power_supply"],
        ["路灯", "路灯不亮", "灯坏了"],
        {"help": "5wd", "complaint": "5wd", "report": "24h"},
    )
    assert sorted(each.short_name for each in item.co_units.all()) == ["市城管局", "市市政中心"]
    event = DutyItemEvent.objects.get()
    assert (event.reason, event.ticket_number) == ("裁定路灯归市政中心。", "GZ261109000012")
    beside = text_of(soup(client.get(f"{address}beside/")))
    assert "与第1版的差别，5 处" in beside
    assert "群众怎么说 路灯、路灯不亮 灯坏了" in beside
    assert "修改 第2版 · 来自工单 GZ261109000012 的裁定" in beside


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "请写事项。"),
        ({"title": "灯" * 61}, "事项最多写 60 个字，现在有 61 个字。"),
        ({"lead_unit": "市灯局"}, "没有叫“市灯局”的单位。"),
        ({"co_functions": "管灯"}, "没有这样的职能：管灯。写“城市管理”“公安”这样的名称。"),
        ({"limit_complaint": "8761h"}, "时限最长一年，即 250 个工作日。现在写的是“8761h”。"),
        ({"limit_complaint": "很快"}, "写工作日数，如 7；按小时或天的写 24h、10d。现在写的是“很快”。"),
        ({"limit_complaint": "无"}, "写工作日数，如 7；按小时或天的写 24h、10d。现在写的是“无”。"),
        ({"county_function": ""}, "县级主责的事项须写明县级职能。"),
        ({"mark": ""}, "没有核实依据的事项须标明“示例，待核”。"),
        ({"words": "路灯+"}, "用词中“+”的两边都要有字：路灯+。"),
        ({"reason": ""}, "请写修改理由。"),
    ],
)
def test_a_refusal_stands_where_it_belongs_and_nothing_typed_is_lost(draft, as_, wrong, sentence):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = typed(client.get(address)) | {"reason": "改。", "belongs": "写了很久的一段。"} | wrong

    answer = client.post(address, sent)

    assert (answer.status_code, errors(answer)) == (422, [sentence])
    assert typed(answer) == sent
    assert of(draft, "CG-01").belongs == "城市道路路灯不亮、损坏。"


def rows_sent(prefix, *rows):
    """What a browser sends of so many rows."""
    counts = {"TOTAL_FORMS": str(len(rows)), "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}
    empty = {"conditions": EMPTY_CONDITION, "statute_limits": EMPTY_STATUTE}[prefix]
    cells = {f"{at}-{name}": value for at, row in enumerate(rows) for name, value in (empty | row).items()}
    return {f"{prefix}-{name}": value for name, value in (counts | cells).items()}


def row_errors(answer):
    return [
        (row["aria-label"], [text_of(one) for one in row.select("em.err")])
        for row in soup(answer).select(".one-row.is-wrong")
    ]


def test_conditions_and_statute_limits_are_written_in_rows(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = (
        typed(client.get(address))
        | rows_sent(
            "conditions",
            {"place": "村里、屋场", "hour": "22至6", "county_function": "agriculture", "township_role": "none"},
            {},
            {"words": "装修", "note": "夜里；归公安。"},
        )
        | rows_sent(
            "statute_limits",
            {"step": "accept", "limit": "7", "kinds": ["complaint", "report"], "source": "《某法》第一条：七日"},
            {"step": "handle", "limit": "60d", "source": "《某法》第二条"},
        )
        | {"reason": "夜里的另派。"}
    )

    answer = client.post(address, sent)

    item = of(draft, "CG-01")
    assert answer.status_code == 303
    assert item.conditions == [
        {
            "when": {"place": ["村里", "屋场"], "hour": [22, 6]},
            "county_function": "agriculture",
            "township_role": "none",
        },
        {"when": {"words": ["装修"]}, "note": "夜里；归公安。"},
    ]
    assert item.statute_limits == [
        {"step": "accept", "limit": "7wd", "kinds": ["complaint", "report"], "source": "《某法》第一条：七日"},
        {"step": "handle", "limit": "60d", "source": "《某法》第二条"},
    ]


def test_emptied_rows_are_taken_away(draft, as_):
    draft.items.filter(code="CG-01").update(conditions=[{"when": {"place": ["村里"]}, "note": "甲"}])
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"

    client.post(address, typed(client.get(address)) | rows_sent("conditions", {}) | {"reason": "不分了。"})

    assert of(draft, "CG-01").conditions == []


@pytest.mark.parametrize(
    ("prefix", "row", "sentence"),
    [
        ("conditions", {"level": "city"}, "请写什么情形：用词、地点、对象、钟点至少写一样。"),
        ("conditions", {"place": "村里"}, "请写改成什么：主责级别、市级职能、县级职能、乡镇、说明至少写一样。"),
        ("conditions", {"hour": "夜里", "level": "city"}, "钟点写起止，如 22-6。现在写的是“夜里”。"),
        (
            "statute_limits",
            {"step": "accept", "limit": "很快", "source": "《某法》"},
            "写工作日数，如 7；按小时或天的写 24h、10d。现在写的是“很快”。",
        ),
        ("statute_limits", {"step": "accept", "source": "《某法》"}, "请写时限。"),
        ("statute_limits", {"limit": "7", "source": "《某法》"}, "请选择环节。"),
        ("statute_limits", {"step": "accept", "limit": "7"}, "请写依据。"),
    ],
)
def test_what_is_wrong_with_a_row_stands_in_it(draft, as_, prefix, row, sentence):
    good = {
        "conditions": {"place": "村里", "note": "甲"},
        "statute_limits": {"step": "accept", "limit": "7", "source": "法"},
    }
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = (
        typed(client.get(address))
        | rows_sent(prefix, good[prefix], row)
        | {"reason": "改。", "belongs": "写了很久的一段。"}
    )

    answer = client.post(address, sent)

    title = {"conditions": "条件", "statute_limits": "法定时限"}[prefix]
    assert (answer.status_code, row_errors(answer)) == (422, [(f"{title}第 2 条", [sentence])])
    assert text_of(soup(answer).select_one("main .note-due")) == "没有收下，写过的都在。1 处要改，写在各栏下面。"
    assert typed(answer) == sent
    assert (of(draft, "CG-01").conditions, of(draft, "CG-01").statute_limits) == ([], [])


def test_without_script_a_row_comes_and_goes_and_nothing_typed_is_lost(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    rows = [{"place": "村里", "hour": "夜里"}, {"note": "乙"}]
    sent = (
        typed(client.get(address))
        | rows_sent("conditions", *rows)
        | {"title": "", "limit_complaint": "很快", "kinds": ["help"], "onsite_required": ["on"], "reason": "改到一半"}
    )

    more = client.post(address, sent | {"add_row": "conditions"})
    less = client.post(address, typed(more) | {"drop_row": "conditions-0"})
    odd = client.post(address, sent | {"drop_row": "conditions-9"})

    assert [answer.status_code for answer in (more, less, odd)] == [200, 200, 200]
    assert typed(more) == sent | rows_sent("conditions", *rows, {}) | {"conditions-INITIAL_FORMS": "3"}
    assert typed(less) == sent | rows_sent("conditions", rows[1], {}) | {"conditions-INITIAL_FORMS": "2"}
    assert typed(odd) == sent | {"conditions-INITIAL_FORMS": "2"}
    assert [errors(answer) for answer in (more, less, odd)] == [[], [], []]
    assert soup(more).select_one("[autofocus]")["name"] == "conditions-2-words"
    assert soup(less).select_one("[autofocus]")["value"] == "conditions"
    assert soup(more).select_one("main form button")["type"] == "submit"
    assert soup(more).select_one("main form button").get("name") is None
    assert not DutyItemEvent.objects.exists()


def test_with_script_only_the_rows_come_back(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = typed(client.get(address)) | {"add_row": "statute_limits"}

    answer = client.post(address, sent, headers={"HX-Request": "true"})
    new = client.post(
        f"/duty-lists/{draft.pk}/new-item/",
        sent | {"code": "CG-03", "drop_row": "conditions-0"},
        headers={"HX-Request": "true"},
    )

    page = soup(answer)
    assert [each.name for each in page.contents if each.name] == ["fieldset"]
    assert [box["name"] for box in page.select("select, [type=text]")] == [
        "statute_limits-0-step",
        "statute_limits-0-limit",
        "statute_limits-0-source",
    ]
    assert soup(new).select_one("fieldset")["id"] == "statute_limits-rows"
    assert client.post(address, {"add_row": "conditions"}).status_code == 200
    assert as_("dispatcher").post(address, sent).status_code == 403


def test_rows_that_did_not_come_are_not_taken_for_none(draft, as_):
    draft.items.filter(code="CG-01").update(conditions=[{"when": {"place": ["村里"]}, "note": "甲"}])
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = {
        name: value
        for name, value in typed(client.get(address)).items()
        if not name.startswith("conditions-") or name.endswith("words")
    }

    answer = client.post(address, sent | {"reason": "改。", "title": "路灯全灭"})

    assert (answer.status_code, errors(answer)) == (422, ["这几行没有收到，请重新打开这一项再写。"])
    assert of(draft, "CG-01").title == "路灯不亮"


def test_what_stopped_being_a_draft_meanwhile_keeps_what_was_typed(draft, people, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"
    sent = typed(client.get(address)) | {"reason": "改。", "title": "路灯全灭"}
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)

    answer = client.post(address, sent)

    assert (answer.status_code, typed(answer)["title"]) == (422, "路灯全灭")
    assert errors(answer) == [f"《{draft}》当前为“征求意见”，只有草稿能改。"]


def test_a_published_item_is_read_and_not_edited(first, as_):
    page = soup(as_("administrator").get(f"/duty-lists/{first.pk}/items/CG-01/"))

    assert not page.select("main form")
    assert "已发布的一版不能改" in text_of(page.select_one(".bar"))
    shown = dict(
        zip(
            [text_of(one) for one in page.select(".kvi dt")],
            [text_of(one) for one in page.select(".kvi dd")],
            strict=True,
        )
    )
    assert (shown["市级职能"], shown["办理时限"], shown["群众怎么说"], shown["须到现场"]) == (
        "城市管理",
        "求助 5 个工作日、投诉 7 个工作日",
        "路灯、路灯不亮",
        "否",
    )


def test_who_only_reads_sends_no_change(draft, as_):
    client = as_("dispatcher")

    assert not soup(client.get(f"/duty-lists/{draft.pk}/items/CG-01/")).select("main form")
    assert client.post(f"/duty-lists/{draft.pk}/items/CG-01/", {}).status_code == 403
    assert client.get(f"/duty-lists/{draft.pk}/new-item/").status_code == 403
    assert client.get(f"/duty-lists/{draft.pk}/items/XX-99/").status_code == 404


def test_an_item_is_removed_and_brought_back_from_the_base(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}"
    removed = client.post(f"{address}/items/CG-01/remove/", {"reason": "并入别的。", "ticket_number": ""})

    assert (removed.status_code, draft.items.filter(code="CG-01").exists()) == (303, False)
    assert "这一版里没有它，底本第1版里有。" in text_of(soup(client.get(f"{address}/items/CG-01/beside/")))
    assert client.get(f"{address}/items/CG-01/").status_code == 200
    assert client.post(f"{address}/items/CG-01/", {}).status_code == 409
    assert client.get(f"{address}/items/CG-01/comment/").status_code == 409
    assert client.get(f"{address}/items/CG-01/remove/").status_code == 409

    back = client.post(
        f"{address}/new-item/", typed(client.get(f"{address}/new-item/?code=CG-01")) | {"reason": "还是要的。"}
    )
    assert (back.status_code, of(draft, "CG-01").limits) == (303, {"complaint": "7wd", "help": "5wd"})
    assert table(client.get(f"{address}/?only=diff")) == []


def test_what_cannot_be_seen_is_no_part_of_a_units_name(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/items/CG-01/"

    answer = client.post(address, typed(client.get(address)) | {"co_units": "\0市城管局\0", "reason": "照三定。"})

    assert (answer.status_code, errors(answer)) == (303, [])
    assert [each.short_name for each in of(draft, "CG-01").co_units.all()] == ["市城管局"]


def test_a_new_item_asks_for_its_code_and_refuses_one_that_is_there(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/new-item/"
    empty = client.post(address, rows_sent("conditions") | rows_sent("statute_limits"))
    sent = typed(client.get(f"/duty-lists/{draft.pk}/items/CG-01/")) | {"title": "灯杆倾斜", "reason": "群众常问。"}

    taken = client.post(address, sent | {"code": "CG-01"})
    done = client.post(address, sent | {"code": "cg-03"})

    assert (empty.status_code, "请写代码。" in errors(empty)) == (422, True)
    assert f"{len(errors(empty))} 处要改，写在各栏下面。" in text_of(soup(empty).select_one("main .note-due"))
    assert (taken.status_code, len(errors(taken)), typed(taken)["title"]) == (422, 1, "灯杆倾斜")
    assert (done.status_code, of(draft, "CG-03").title) == (303, "灯杆倾斜")


def test_an_opinion_on_an_item_stands_in_its_history(draft, as_):
    client = as_("dispatcher")
    nothing = client.post(f"/duty-lists/{draft.pk}/items/CG-01/comment/", {"words": " "})
    said = client.post(f"/duty-lists/{draft.pk}/items/CG-01/comment/", {"words": "背街小巷的也算吗？"})

    assert (nothing.status_code, said.status_code) == (422, 303)
    assert "背街小巷的也算吗？" in text_of(soup(client.get(f"/duty-lists/{draft.pk}/items/CG-01/beside/")))


@pytest.mark.parametrize("count", [1, 3])
def test_queries_beside_an_item(draft, people, as_, django_assert_num_queries, count):
    for n in range(count):
        values = {"co_units": [UnitFactory(), UnitFactory()], "lead_unit": UnitFactory(), "title": f"路灯{n}"}
        services.change_item(
            list_id=draft.pk, code="CG-01", values=values, reason="改。", by=people["administrator"], at=NOW
        )
    client = as_("dispatcher")
    client.get("/duty-lists/")

    forget_parameters()
    with django_assert_num_queries(10):
        client.get(f"/duty-lists/{draft.pk}/items/CG-01/beside/")


def test_many_items_are_changed_alike_or_none(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/bulk/"
    draft.items.filter(code="CG-01").update(lead_unit=UnitFactory(short_name="市市政中心"))
    page = client.get(f"{address}?code=CG-01&code=HJ-01&code=XX-99")
    sent = {"code": ["CG-01", "HJ-01"], "reason": "统一时限。"}
    nothing = client.post(address, sent)
    wrong = client.post(address, sent | {"code": ["CG-01", "XX-99"], "limit_complaint": "5"})
    done = client.post(
        address,
        sent
        | {"limit_complaint": "5", "limit_help": "无", "lead_unit": "无", "onsite_required": "yes", "mark": "待核"},
    )

    assert [text_of(one) for one in soup(page).select(".plain li")] == ["CG-01 路灯不亮", "HJ-01 夜间施工"]
    assert (nothing.status_code, errors(nothing)) == (422, ["没有写要改什么。"])
    assert (wrong.status_code, errors(wrong)) == (422, ["清单里没有这些事项：XX-99。"])
    assert done.status_code == 303
    assert [
        (item.limits, item.lead_unit, item.onsite_required, item.mark, item.city_function)
        for item in (of(draft, "CG-01"), of(draft, "HJ-01"))
    ] == [
        ({"complaint": "5wd"}, None, True, "待核", "urban_management"),
        ({"complaint": "5wd"}, None, True, "待核", "ecology"),
    ]
    assert of(draft, "CG-02").mark == "示例，待核"
    assert client.get(address).status_code == 409


def test_several_limits_are_set_and_the_others_stay(draft, people):
    changed = services.change_items(
        list_id=draft.pk,
        codes=["CG-01", "CG-02"],
        values={},
        limits={"complaint": "3wd"},
        reason="统一。",
        by=people["administrator"],
        at=NOW,
    )

    assert changed == ["CG-01", "CG-02"]
    assert [of(draft, code).limits for code in changed] == [{"complaint": "3wd", "help": "5wd"}, {"complaint": "3wd"}]


@pytest.mark.parametrize(
    ("before", "after", "is_prose", "pieces"),
    [
        ("7", "5", False, [("del", "7"), ("ins", "5")]),
        ("", "水利", False, [("ins", "水利")]),
        ("路灯不亮。", "路灯不亮、损坏。", True, [("", "路灯不亮"), ("ins", "、损坏"), ("", "。")]),
        (["路灯", "灯杆"], ["路灯", "灯坏"], False, [("", "路灯"), ("del", "灯杆"), ("ins", "灯坏")]),
        ("一" * 40, "一" * 40 + "二", True, [("", "一" * 12 + "…" + "一" * 12), ("ins", "二")]),
    ],
)
def test_a_difference_shows_what_went_and_came(before, after, is_prose, pieces):
    assert words.pieces(before, after, is_prose) == pieces


@pytest.fixture
def county(first, people):
    """A county's draft on three items of the city, one of them a city unit's."""
    DutyItemFactory(code="GJ-01", title="公积金", words=["公积金"], level="city", county_function="")
    return services.draft_list(scope=CountyCentreFactory(), reason="本县的。", by=people["administrator"], at=NOW)


def test_an_inherited_item_is_changed_on_its_own_form_and_given_back(county, as_):
    client = as_("administrator")
    address = f"/duty-lists/{county.pk}/items/CG-01/"

    before = text_of(soup(client.get(address)).select_one(".dif .sec"))
    changed = client.post(address, typed(client.get(address)) | {"limit_complaint": "5", "reason": "本县快些。"})
    beside = soup(client.get(f"{address}beside/"))
    dropped = client.post(f"{address}remove/", {"reason": "照市级。", "ticket_number": ""})

    assert before.startswith(
        "CG-01 路灯不亮 照市级 市级清单第1版的写法，市级改了，本县跟着改。改了就成为本县自己的写法。"
    )
    assert changed.status_code == 303
    assert "本县改 与市级清单的差别，1 处 办理时限" in text_of(beside)
    assert [text_of(one) for one in beside.select(".acts-row a")] == ["改", "对这一项提意见 i", "去掉本县的改动"]
    assert (dropped.status_code, county.items.count()) == (303, 0)
    assert "CG-01 已恢复照市级清单。" in text_of(soup(client.get(f"/duty-lists/{county.pk}/")))


def test_a_city_matter_is_read_only_in_a_countys_draft(county, as_):
    page = soup(as_("administrator").get(f"/duty-lists/{county.pk}/items/GJ-01/"))

    assert page.select("main form[method=post]") == []
    assert "市级主责的由市级清单定" in text_of(page.select_one(".bar"))
    assert [text_of(one) for one in page.select(".acts-row a")] == ["对这一项提意见 i"]


def test_inherited_items_are_changed_many_at_once(county, as_):
    client = as_("administrator")
    address = f"/duty-lists/{county.pk}/bulk/?code=CG-01&code=CG-02"

    shown = text_of(soup(client.get(address)).select_one("main"))
    client.post(address, {"code": ["CG-01", "CG-02"], "county_function": "housing", "reason": "本县归住建。"})

    assert ("CG-01" in shown, "CG-02" in shown) == (True, True)
    assert sorted(county.items.values_list("code", "county_function")) == [("CG-01", "housing"), ("CG-02", "housing")]
