"""The test bench on its page: a text tried by a version, every rule said, kept as a case; the cases and where they are read."""

from datetime import timedelta

import pytest
from django.urls import reverse

from responsibility import services
from responsibility.models import RoutingCase
from tests.factories.hotline import CountyCentreFactory, CountyDepartmentFactory, TownshipUnitFactory
from tests.factories.responsibility import GovernanceFactory
from tests.responsibility.pages.conftest import NOW, soup, text_of

BENCH = reverse("responsibility:bench")
CASES = reverse("responsibility:cases")


@pytest.fixture
def county(first):
    """A county with a department for lights, and a township."""
    centre = CountyCentreFactory()
    CountyDepartmentFactory(parent=centre, region=centre.region, function="urban_management")
    GovernanceFactory(unit=centre, region=centre.region)
    return centre


def words(version, text="路灯不亮。", **more):
    return {"text": text, "version": version.pk, "day": "2026-11-10"} | more


def candidates(page):
    return [text_of(item) for item in page.select(".cands > li")]


def test_every_candidate_says_what_fired_and_what_did_not(first, draft, county, as_):
    item = draft.items.get(code="CG-01")
    item.conditions = [
        {"when": {"place": ["村里", "屋场"]}, "county_function": "agriculture"},
        {"when": {"words": ["路灯"], "hour": [18, 6]}, "level": "city", "note": "夜间归市里。"},
    ]
    item.excluded_words = ["景观灯"]
    item.save()
    draft.save()

    answer = as_("dispatcher").post(
        BENCH, words(draft, "路灯不亮，不是景观灯。", region=county.region.code, hour="20")
    )
    page = soup(answer)

    assert answer.status_code == 200
    assert text_of(page.select_one(".list .h")) == f"用《{draft}》试派 2026-11-10 20:00 · 草稿"
    assert [text_of(rule) for rule in page.select(".cands li:first-child .rules li")] == [
        "条件 地点：村里、屋场 → 县级职能：农业农村。不成立：没有提到村里、屋场中的任何一个。",
        "条件 用词：路灯；钟点：18-6 → 主责级别：市级主责；说明：夜间归市里。成立。",
        "不属于的用词 提到景观灯，降分。",
        "市级主责 不分属地，不经县（市、区）中心。",
    ]
    assert [rule.get("class") for rule in page.select(".cands li:first-child .rules li")] == [
        None,
        ["on"],
        ["on"],
        ["on"],
    ]
    assert "属地 市级主责，不分属地。 +8" in candidates(page)[0]
    # Nothing is kept of what was only tried.
    assert not RoutingCase.objects.exists()


def test_the_same_text_by_the_version_in_force_goes_to_the_county_and_not_to_the_township(first, county, as_):
    street = TownshipUnitFactory(parent=county)
    GovernanceFactory(unit=street, region=street.region)

    page = soup(as_("administrator").post(BENCH, words(first, region=street.region.code)))

    best, refused = candidates(page)
    assert f"CG-01 路灯不亮 派给{county.name}" in best
    assert "乡镇（街道） 没有列入履职事项，不派乡镇（街道）。" in best
    assert refused == f"{street.name} 不能派 “路灯不亮”没有列入乡镇（街道）履职事项，部门的事不下派。"


def test_the_versions_to_choose_from_are_named(first, draft, as_):
    page = soup(as_("dispatcher").get(BENCH))

    assert [option.get_text() for option in page.select("select[name=version] option")] == [
        "第1版（现行）",
        "第2版（草稿）",
    ]
    assert page.select_one("input[name=day]")["value"] == "2026-11-10"


def test_what_nothing_says_and_what_cannot_be_tried(first, as_):
    client = as_("dispatcher")

    nothing = client.post(BENCH, words(first, "天气真好啊。"))
    wrong = client.post(BENCH, words(first, "") | {"day": "昨天", "version": 99})

    assert "清单里没有一个事项说到这件事" in nothing.content.decode()
    assert wrong.status_code == 422
    assert {text_of(error) for error in soup(wrong).select(".err")} >= {"请写诉求内容。", "日期写成 2026-12-31 这样。"}


def by_itself(page):
    return [text_of(part) for part in page.select(".auto b, .auto li, .auto p")]


def test_it_says_every_reason_why_a_text_does_not_go_by_itself(first, county, as_):
    """No model is in service; at night nobody sits at the county's."""
    client = as_("dispatcher")

    bare = soup(client.post(BENCH, words(first, hour="3", kind="report")))
    placed = soup(client.post(BENCH, words(first, region=county.region.code, hour="10")))
    nothing = soup(client.post(BENCH, words(first, "谢谢。", hour="10")))

    assert by_itself(bare) == ["不会自动派单", "没有能派的单位。"]
    assert by_itself(placed) == [
        "不会自动派单",
        "事项 CG-01 没有打开自动派单。",
        "派单经验对这个事项没有校准过的把握。",
    ]
    assert by_itself(nothing) == []


def test_without_a_list_there_is_nothing_to_try(as_, first):
    first.items.all().delete()
    first.delete()

    assert "还没有市级职责清单" in as_("dispatcher").get(BENCH).content.decode()


def test_what_came_is_kept_as_a_case_with_one_more_press(first, county, as_):
    client = as_("dispatcher")
    page = soup(client.post(BENCH, words(first, "打13979700123，路灯不亮。", region=county.region.code)))
    filled = {name: page.select_one(f"[name={name}]")["value"] for name in ("item_code", "unit")}
    answer = client.post(
        BENCH,
        words(first, "打13979700123，路灯不亮。", region=county.region.code, note="老是问。", keep="1", **filled),
    )

    case = RoutingCase.objects.get()
    assert (answer.status_code, answer.url) == (302, CASES)
    assert (case.text, case.item_code, case.region, case.note) == (
        "打139****0123，路灯不亮。", "CG-01", county.region, "老是问。",
    )  # fmt: skip
    assert case.unit.function == "urban_management"
    assert case.unit.parent == county


def test_a_case_that_is_refused_leaves_what_was_typed(first, as_):
    answer = as_("dispatcher").post(BENCH, words(first, item_code="XX-9", keep="1"))

    page = soup(answer)
    assert answer.status_code == 422
    assert text_of(page.select_one(".note-over")) == "市级清单里没有事项 XX-9。"
    assert page.select_one("textarea[name=text]").get_text().strip() == "路灯不亮。"
    assert page.select_one("[name=item_code]")["value"] == "XX-9"


# --- the cases


def keep(text="路灯不亮。", item_code="CG-01", at=NOW):
    values = {"text": text, "item_code": item_code, "note": ""}
    return services.save_case(values=values, by=None, at=at)


def rows(answer):
    return [[text_of(cell) for cell in row.select("td")] for row in soup(answer).select("main tbody tr")]


def test_cases_say_what_each_version_made_of_them(draft, as_):
    before = NOW - timedelta(hours=1)
    keep(at=before)
    keep("长明灯一直亮。", "CG-01", at=before)
    services.run_stale_cases(at=NOW - timedelta(minutes=5))
    keep("新来的打桩。", "HJ-01")

    answer = as_("administrator").get(CASES)

    assert [row[3] for row in rows(answer)] == [
        "第1版 还没有试 第2版 还没有试",
        "第1版 不通过 ，来的是 CG-02 路灯长明 → 未定到单位 第2版 不通过 ，来的是 CG-02 路灯长明 → 未定到单位",
        "第1版 通过 第2版 通过",
    ]
    assert "第2版（草稿）：通过 1 条， 不通过 1 条" in text_of(soup(answer).select_one(".bar"))


def test_why_a_case_is_retired_is_no_longer_than_it_is_kept(first, as_):
    case = keep()
    retire = reverse("responsibility:case-retire", args=[case.pk])

    answer = as_("administrator").post(retire, {"words": "重" * 201})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"words": ["停用理由最多写 200 个字，现在有 201 个字。"]}
    assert as_("administrator").post(retire, {"words": "重" * 200}).status_code == 303


def test_editors_change_and_retire_on_the_page(first, as_):
    case = keep()
    client = as_("administrator")
    form = soup(client.get(reverse("responsibility:case-change", args=[case.pk])))
    assert form.select_one("[name=item_code]")["value"] == "CG-01"

    changed = client.post(
        reverse("responsibility:case-change", args=[case.pk]),
        {"text": "路灯坏了。", "item_code": "CG-02", "hour": "7"},
    )
    gone = client.post(reverse("responsibility:case-retire", args=[case.pk]), {"words": "重了。"})

    case = RoutingCase.objects.get()
    assert (changed.status_code, gone.status_code) == (303, 303)
    assert (case.text, case.item_code, case.hour, case.retired_why) == ("路灯坏了。", "CG-02", 7, "重了。")
    assert rows(client.get(CASES)) == []
    assert "重了。" in rows(client.get(f"{CASES}?over=1"))[0][3]


def test_who_only_tries_cannot_change(first, as_):
    keep()

    page = soup(as_("dispatcher").get(CASES))

    assert page.select("[data-act]") == []
    assert as_("legal_reviewer").get(CASES).status_code == 200


def test_the_pages_follow_each_other(first, as_):
    for number in range(27):
        keep(f"路灯不亮 {number}。")
    client = as_("administrator")

    one = client.get(CASES)
    two = client.get(CASES + soup(one).select_one("[rel=next]")["href"])

    assert [len(rows(one)), len(rows(two))] == [25, 2]
    assert rows(two)[-1][0] == "路灯不亮 0。"
    assert soup(two).select("[rel=next]") == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_questions_for_one_and_three(draft, as_, count, django_assert_num_queries):
    for number in range(count):
        keep(f"路灯不亮 {number}。", "CG-02")
    services.run_stale_cases(at=NOW)
    client = as_("administrator")
    client.get(CASES)

    with django_assert_num_queries(11):
        client.get(CASES)


# --- where a version is judged


def test_failing_cases_stand_beside_the_draft_and_before_it_is_submitted(draft, as_):
    keep(item_code="CG-02")
    services.run_stale_cases(at=NOW)
    client = as_("administrator")

    on_draft = soup(client.get(reverse("responsibility:duty-list", args=[draft.pk])))
    on_trial = soup(client.get(reverse("responsibility:duty-list-trial", args=[draft.pk])))
    dialog = soup(client.get(reverse("responsibility:duty-list-act", args=[draft.pk, "submit"])))
    submitted = client.post(reverse("responsibility:duty-list-act", args=[draft.pk, "submit"]))

    for page in (on_draft, on_trial):
        (fails,) = page.select(".fails li")
        assert text_of(fails) == "路灯不亮。 应当 CG-02，来的是 CG-01 路灯不亮 → 未定到单位"
    assert (
        "派单用例有 1 条不通过，如“路灯不亮。”来的是 CG-01 路灯不亮 → 未定到单位；不妨碍送审，请先看过。"
        in text_of(dialog.select_one("main"))
    )
    assert submitted.status_code == 303
