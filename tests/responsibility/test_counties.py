"""A county's list over the city's: what it inherits, what it says otherwise, what only it has."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from hotline.services.sheets import Page, workbook
from responsibility import selectors, services
from responsibility.models import DutyItemEvent
from responsibility.services import DutyRefused
from tests.factories.hotline import CountyCentreFactory, UnitFactory, load_rules
from tests.factories.responsibility import DutyItemFactory, DutyListFactory
from tests.factories.tickets import at

pytestmark = pytest.mark.django_db

NOW = at("11-10 10:00")
BY = {"reason": "按本县三定。", "by": None, "at": NOW}


@pytest.fixture
def city():
    """Version 1 of the city's list: two county matters and one of the city's."""
    load_rules()
    DutyItemFactory(code="CG-01", words=["路灯"], limits={"complaint": "7wd"})
    DutyItemFactory(code="CG-02", words=["井盖"])
    return DutyItemFactory(code="GJ-01", words=["公积金"], level="city", county_function="").duty_list


@pytest.fixture
def draft(city):
    centre = CountyCentreFactory()
    UnitFactory(kind="county_department", parent=centre, region=centre.region, function="urban_management")
    return services.draft_list(scope=centre, reason="本县的。", by=None, at=NOW)


def seen(draft):
    items = selectors.compared_items(draft, selectors.inherited_list(draft, NOW)).order_by("code")
    return [(item.code, item.origin, item.difference) for item in items]


def published(draft):
    """As if both offices had agreed and its day had come."""
    type(draft).objects.filter(pk=draft.pk).update(state="published", effective_from=NOW.date() - timedelta(days=9))
    return draft


def test_a_new_draft_inherits_everything(draft):
    assert seen(draft) == [("CG-01", "inherited", ""), ("CG-02", "inherited", ""), ("GJ-01", "inherited", "")]
    tree = selectors.tree_of(selectors.compared_items(draft, selectors.inherited_list(draft, NOW)))
    assert (tree.count, tree.origins) == (3, {"inherited": 3, "overridden": 0, "own": 0})


def test_changing_an_inherited_item_makes_it_the_countys_own(city, draft):
    unit = UnitFactory()
    city.items.get(code="CG-01").co_units.set([unit])

    assert services.change_item(list_id=draft.pk, code="CG-01", values={"limits": {"complaint": "5wd"}}, **BY)

    local = draft.items.get()
    event = DutyItemEvent.objects.get()
    assert (local.code, local.limits, local.words, list(local.co_units.all())) == (
        "CG-01",
        {"complaint": "5wd"},
        ["路灯"],
        [unit],
    )
    assert city.items.get(code="CG-01").limits == {"complaint": "7wd"}
    assert (event.duty_list, event.act, event.changes) == (
        draft,
        "change",
        {"limits": [{"complaint": "7wd"}, {"complaint": "5wd"}]},
    )
    assert seen(draft)[:2] == [("CG-01", "overridden", ""), ("CG-02", "inherited", "")]


def test_what_says_the_same_stays_inherited(draft):
    assert not services.change_item(list_id=draft.pk, code="CG-01", values={"limits": {"complaint": "7wd"}}, **BY)
    assert (draft.items.count(), DutyItemEvent.objects.count()) == (0, 0)


def test_many_at_once_and_only_those_that_differ(city, draft):
    city.items.filter(code="CG-02").update(onsite_required=True)

    changed = services.change_items(list_id=draft.pk, codes=["CG-01", "CG-02"], values={"onsite_required": True}, **BY)

    assert (changed, [item.code for item in draft.items.all()]) == (["CG-01"], ["CG-01"])


def test_dropping_what_the_county_said_falls_back_to_the_city(draft):
    services.change_item(list_id=draft.pk, code="CG-01", values={"title": "灯"}, **BY)
    published(draft)
    following = services.draft_list(scope=draft.scope, reason="不再改。", by=None, at=NOW)

    services.remove_item(list_id=following.pk, code="CG-01", **BY)

    assert seen(following)[0] == ("CG-01", "inherited", "off")
    assert selectors.items_in_force(NOW, scope=draft.scope).get(code="CG-01").title == "灯"
    assert services.submit_list(list_id=following.pk, by=None, at=NOW).target == "review"
    published(draft).__class__.objects.filter(pk=draft.pk).update(effective_until=NOW.date())
    type(draft).objects.filter(pk=following.pk).update(state="published", effective_from=NOW.date())
    assert selectors.items_in_force(NOW, scope=draft.scope).get(code="CG-01").title == "路灯不亮"


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (
            lambda draft: services.change_item(list_id=draft.pk, code="GJ-01", values={"title": "金"}, **BY),
            "事项 GJ-01：市级主责的事项由市级清单定，县级清单只写县级主责的。",
        ),
        (
            lambda draft: services.remove_item(list_id=draft.pk, code="CG-01", **BY),
            "CG-01 照市级清单，县级清单不能删除。",
        ),
        (
            lambda draft: services.add_item(list_id=draft.pk, code="cg-01", values={}, **BY),
            "市级清单已有 CG-01，本县有不同的，直接改那一项。",
        ),
        (lambda draft: services.submit_list(list_id=draft.pk, by=None, at=NOW), "清单里还没有事项，不能送审。"),
    ],
)
def test_what_a_county_may_not(draft, act, why):
    with pytest.raises(DutyRefused) as refusal:
        act(draft)

    assert (str(refusal.value), draft.items.count()) == (why, 0)


def test_an_inherited_item_can_be_talked_about(draft):
    event = services.comment_on_item(list_id=draft.pk, code="CG-01", words="本县没有路灯所。", by=None, at=NOW)

    assert [each.pk for each in selectors.item_history(draft, "CG-01", 5)] == [event.pk]


def found(draft):
    return [(each.sentence, each.codes, each.blocks) for each in selectors.problems(draft, at=NOW)]


def test_a_countys_version_is_judged_together_with_what_it_inherits(city, draft):
    DutyItemFactory(duty_list=city, code="CG-03", words=["盖板"])
    DutyItemFactory(duty_list=city, code="CG-04", words=["盖板"], county_function="housing")
    assert found(draft) == []

    DutyItemFactory(duty_list=draft, code="ZG-01", words=["井盖"], county_function="housing")

    assert found(draft) == [
        ("CG-02、ZG-01 的用词完全相同，主责却不同。", ("CG-02", "ZG-01"), True),
        ("本县没有职能为“住房和城乡建设”的部门，ZG-01 由中心确定承办单位。", ("ZG-01",), False),
    ]


def test_a_local_item_that_no_longer_differs_is_worth_a_look(city, draft):
    services.change_item(list_id=draft.pk, code="CG-01", values={"title": "灯"}, **BY)
    assert found(draft) == []

    services.change_item(list_id=draft.pk, code="CG-01", values={"title": "路灯不亮"}, **BY)

    assert found(draft) == [("CG-01 与市级清单已经一样，去掉本县的改动即可照市级清单。", ("CG-01",), False)]


def test_a_version_that_ended_stands_on_the_citys_list_of_its_last_day(city, draft):
    published(draft)
    type(city).objects.filter(pk=city.pk).update(effective_until=NOW.date())
    second = DutyListFactory(scope=city.scope, version=2, effective_from=NOW.date())
    draft.refresh_from_db(fields=["effective_from", "effective_until"])

    assert selectors.inherited_list(draft, NOW) == second
    draft.effective_until = NOW.date()
    assert selectors.inherited_list(draft, NOW) == city
    draft.effective_from, draft.effective_until = NOW.date() + timedelta(days=3), None
    assert selectors.inherited_list(draft, NOW) == second
    assert selectors.inherited_list(second, NOW) is None


def sheet(rows):
    """As a table that a person hands in."""
    content = workbook(Page("职责清单", dict.fromkeys(rows[0], 10), [list(row.values()) for row in rows]))
    return SimpleUploadedFile("清单.xlsx", content)


def handed_in(draft, rows, *, drops_missing=False):
    given = {"list_id": draft.pk, "upload": sheet(rows), "drops_missing": drops_missing, "by": None, "at": NOW}
    found = services.hand_in_sheet(**given)
    services.compare_sheet(sheet_id=found.pk, at=NOW)
    found.refresh_from_db()
    return found


def written(found):
    services.confirm_sheet(sheet_id=found.pk, reason="按本县三定。", by=None, at=NOW)
    assert services.write_sheet(sheet_id=found.pk, at=NOW)


def taken(draft):
    headings, *rows = (
        load_workbook(BytesIO(services.sheet_of(draft, at=NOW))).worksheets[0].iter_rows(values_only=True)
    )
    return [dict(zip(headings, (cell or "" for cell in row), strict=True)) for row in rows]


def test_a_countys_sheet_holds_what_it_inherits_too_and_changes_only_what_is_written(city, draft):
    unit = UnitFactory()
    city.items.get(code="CG-01").co_units.set([unit])
    DutyItemFactory(duty_list=draft, code="ZG-01", title="早市")
    rows = taken(draft)

    assert [(row["代码"], row["来源"]) for row in rows] == [
        ("CG-01", "市级清单"),
        ("CG-02", "市级清单"),
        ("GJ-01", "市级清单"),
        ("ZG-01", "本县增加"),
    ]
    assert handed_in(draft, rows, drops_missing=True).counts == {"same": 4}

    rows[0]["投诉限"] = "5"
    found = handed_in(draft, rows[:1], drops_missing=True)
    assert found.counts == {"change": 1, "remove": 1, "same": 0}
    written(found)

    local = draft.items.get()
    assert (local.code, local.limits, list(local.co_units.all())) == ("CG-01", {"complaint": "5wd"}, [unit])
    assert DutyItemEvent.objects.get(code="CG-01").changes == {"limits": [{"complaint": "7wd"}, {"complaint": "5wd"}]}
    assert next((row["代码"], row["来源"]) for row in taken(draft)) == ("CG-01", "本县改动")
    assert seen(draft)[0] == ("CG-01", "overridden", "")


def test_a_city_units_matter_is_refused_in_a_countys_sheet(draft):
    rows = taken(draft)
    rows[2]["投诉限"] = "5"

    found = handed_in(draft, rows)

    assert found.counts == {"wrong": 1, "same": 2}
    assert found.rows.get().why == "市级主责的事项由市级清单定，县级清单只写县级主责的。"
