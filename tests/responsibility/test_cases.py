"""Texts whose right proposal people know: kept without personal data, held against every version, read where it is judged."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from hotline.rights import NotPermitted
from hotline.services import set_parameter
from responsibility import selectors, services, tasks
from responsibility.models import CaseRun, ItemSwitch, RoutingCase
from responsibility.services import DutyRefused
from tests.factories.hotline import CountyCentreFactory, CountyDepartmentFactory, UnitFactory, UserFactory, load_rules
from tests.factories.responsibility import DutyItemFactory, GovernanceFactory
from tests.factories.tickets import at

pytestmark = pytest.mark.django_db

NOW = at("11-10 10:00")
SOON = NOW + timedelta(minutes=1)
NIGHT = {"when": {"words": ["打桩"], "hour": [22, 6]}, "level": "city", "note": "夜间归市里。"}


@pytest.fixture
def city():
    """Lamps are the county's, noise of building the county's by day and the city's by night."""
    load_rules()
    centre = CountyCentreFactory()
    GovernanceFactory(unit=centre, region=centre.region)
    UnitFactory(name="市城市管理局", short_name="市城管局", function="urban_management")
    lamps = DutyItemFactory(code="CG-01", title="路灯", words=["路灯"])
    DutyItemFactory(code="CG-02", title="施工噪声", words=["打桩"], conditions=[NIGHT])
    lamps.department = CountyDepartmentFactory(parent=centre, region=centre.region, function="urban_management")
    lamps.region = centre.region
    lamps.editor = UserFactory(unit=lamps.duty_list.scope, roles=("administrator",))
    lamps.dispatcher = UserFactory(unit=lamps.duty_list.scope, roles=("dispatcher",))
    return lamps


def kept(city, text="文清路的路灯不亮。", by=None, **values):
    values = {"text": text, "item_code": "CG-01", "note": "", "region": city.region} | values
    return services.save_case(values=values, by=by or city.dispatcher, at=NOW)


def failing(city, at=NOW):
    return selectors.hold_cases(city.duty_list, selectors.cases_in_use(), at=at)


def test_a_case_keeps_no_number_and_says_who_and_when(city):
    case = kept(
        city, "路灯不亮，打我电话13979700123。", note="找13979700123。", item_code=" cg-01 ", unit=city.department
    )

    case = RoutingCase.objects.get(pk=case.pk)
    assert (case.text, case.note) == ("路灯不亮，打我电话139****0123。", "找139****0123。")
    assert (case.item_code, case.unit, case.by, case.at) == ("CG-01", city.department, city.dispatcher, NOW)


def test_what_it_expects_is_held_against_what_comes(city):
    right = kept(city, unit=city.department)
    only_item = kept(city)
    other_unit = kept(city, unit=city.department.parent)
    other_item = kept(city, item_code="CG-02")
    none = kept(city, "天气真好啊。", item_code="")
    wrongly_none = kept(city, item_code="")
    never = kept(city, "天气真好啊。")

    came = f"CG-01 路灯 → {city.department.name}"
    assert failing(city) == {
        other_unit.pk: came,
        other_item.pk: came,
        wrongly_none.pk: came,
        never.pk: "没有建议",
    }
    assert not {right.pk, only_item.pk, none.pk} & failing(city).keys()


def test_the_hour_counts_where_the_text_names_none(city):
    city_unit = city.duty_list.items.get(code="CG-02").city_function
    unit = selectors.city_units(NOW)[city_unit]
    by_night = kept(city, "工地一直打桩。", item_code="CG-02", unit=unit, hour=23)
    by_day = kept(city, "工地一直打桩。", item_code="CG-02", unit=unit, hour=9)
    said_otherwise = kept(city, "工地上午9点打桩。", item_code="CG-02", unit=unit, hour=23)

    assert failing(city).keys() == {by_day.pk, said_otherwise.pk}
    assert by_night.hour == 23


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"item_code": "XX-99"}, "市级清单里没有事项 XX-99。"),
        ({"item_code": "", "unit": True}, "不应有建议的用例，不写由谁办。"),
    ],
)
def test_a_case_that_nothing_can_pass_is_refused(city, values, sentence):
    values = values | ({"unit": city.department} if values.get("unit") else {})

    with pytest.raises(DutyRefused, match=sentence):
        kept(city, **values)
    assert not RoutingCase.objects.exists()


def test_there_are_so_many_cases_and_no_more(city):
    set_parameter(key="routing_cases_most", value="1", valid_from=NOW, source="试", by=None, at=NOW)
    kept(city)

    with pytest.raises(DutyRefused, match="用例已有 1 条，请先停用不再需要的。"):
        kept(city)


def test_editors_change_and_retire_others_only_keep(city):
    case = kept(city)
    words = {"text": "路灯坏了。", "item_code": "CG-02", "note": "改。"}
    for service, common in (
        (services.change_case, {"values": words}),
        (services.retire_case, {"why": "重了。"}),
    ):
        with pytest.raises(NotPermitted):
            service(case_id=case.pk, by=city.dispatcher, at=SOON, **common)
    with pytest.raises(NotPermitted):
        kept(city, by=UserFactory(unit=city.duty_list.scope, roles=("reviewer",)))

    changed = services.change_case(case_id=case.pk, values=words, by=city.editor, at=SOON)
    services.retire_case(case_id=case.pk, why="重了。", by=city.editor, at=SOON)

    assert (changed.text, changed.item_code, changed.by, changed.at) == ("路灯坏了。", "CG-02", city.editor, SOON)
    assert not selectors.cases_in_use().exists()
    with pytest.raises(DutyRefused, match="这条用例已经停用。"):
        services.retire_case(case_id=case.pk, why="再停。", by=city.editor, at=SOON)


def test_versions_are_held_against_the_cases_when_something_changed(city):
    case = kept(city)
    draft = services.draft_list(scope=city.duty_list.scope, reason="试试。", by=city.editor, at=NOW)

    both = services.run_stale_cases(at=SOON)
    again = services.run_stale_cases(at=SOON)
    services.change_item(
        list_id=draft.pk, code="CG-01", values={"words": ["灯杆"]}, reason="试试。", by=city.editor, at=SOON
    )
    old = selectors.case_report(draft)
    draft.refresh_from_db()
    stale = selectors.case_report(draft)
    one = services.run_stale_cases(at=SOON)

    assert (both, again, one) == (2, 0, 1)
    assert (old.is_old, stale.is_old) == (False, True)
    report = selectors.case_report(draft)
    assert (report.run.passed, report.failed_count, report.is_old) == (0, 1, False)
    assert [(failed.case, failed.came) for failed in report.failed] == [(case, "没有建议")]
    assert selectors.case_report(city.duty_list).failed_count == 0


def test_a_new_case_a_retired_one_and_a_new_day_run_again(city):
    assert services.run_stale_cases(at=NOW) == 0
    case = kept(city, item_code="")
    assert services.run_stale_cases(at=SOON) == 1
    assert selectors.case_report(city.duty_list).failed_count == 1

    services.retire_case(case_id=case.pk, why="试过了。", by=city.editor, at=SOON)

    # At once, before the next run: a case that is over no longer counts.
    assert selectors.case_report(city.duty_list).failed_count == 0
    assert services.run_stale_cases(at=SOON + timedelta(minutes=1)) == 1
    assert services.run_stale_cases(at=SOON + timedelta(hours=23)) == 0
    assert services.run_stale_cases(at=SOON + timedelta(hours=25)) == 1


def test_a_trial_brings_the_cases_up_to_date(city):
    kept(city)
    draft = services.draft_list(scope=city.duty_list.scope, reason="试试。", by=city.editor, at=NOW)
    trial = services.ask_for_trial(list_id=draft.pk, by=city.editor, at=NOW)

    assert tasks.run_trial(trial_id=trial.pk)

    assert CaseRun.objects.get(duty_list=draft).passed == 1


@pytest.mark.parametrize(
    ("model", "fields", "constraint"),
    [
        (RoutingCase, {"text": ""}, "routing_case_has_a_text"),
        (RoutingCase, {"item_code": "", "unit": True}, "routing_case_unit_has_an_item"),
        (RoutingCase, {"hour": 24}, "routing_case_hour_is_one"),
        (RoutingCase, {"retired_at": NOW}, "routing_case_over_says_why"),
        (ItemSwitch, {"on_reason": ""}, "item_switch_says_why"),
        (ItemSwitch, {"off_at": NOW}, "item_switch_off_says_why"),
        (ItemSwitch, {"code": "CG-02"}, "item_switch_one_on_per_item"),
    ],
)
def test_the_database_refuses(city, model, fields, constraint):
    switch = {"code": "CG-01", "on_at": NOW, "on_by": city.editor, "on_reason": "准。"}
    ItemSwitch.objects.create(**switch | {"code": "CG-02"})
    usual = switch if model is ItemSwitch else {"text": "路灯", "item_code": "CG-01", "at": NOW}
    fields = fields | ({"unit": city.department} if fields.get("unit") else {})

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(**usual | fields)


@pytest.mark.parametrize("count", [1, 3])
def test_a_version_asks_the_same_questions_for_one_case_and_three(city, count, django_assert_num_queries):
    for _ in range(count):
        kept(city)
    failing(city)

    # The cases, the model in service, who governs the place, who does the work.
    with django_assert_num_queries(4):
        failing(city)
