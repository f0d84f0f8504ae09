"""What a draft would change, held against what was dispatched: who would get which matters, with some of them to read."""

from datetime import timedelta

import pytest

from hotline import parameters
from responsibility import services, tasks
from responsibility.models import DutyList, DutyListTrial, RoutingExample
from responsibility.services import DutyRefused
from tests.factories.hotline import CountyCentreFactory, UnitFactory, UserFactory, load_rules
from tests.factories.responsibility import DutyItemFactory, GovernanceFactory
from tests.factories.tickets import at

pytestmark = pytest.mark.django_db

NOW = at("11-10 10:00")


@pytest.fixture
def city():
    """Lamps and noise, both of the city's own units; the draft gives noise away and learns a new matter."""
    load_rules()
    UnitFactory(name="市城市管理局", short_name="市城管局", function="urban_management")
    UnitFactory(name="市生态环境局", short_name="市环境局", function="ecology")
    lamps = DutyItemFactory(code="CG-01", title="路灯", words=["路灯"], level="city", county_function="")
    DutyItemFactory(code="CG-02", title="噪声", words=["噪声"], level="city", county_function="")
    lamps.editor = UserFactory(unit=lamps.duty_list.scope, roles=("administrator",))
    return lamps


@pytest.fixture
def draft(city):
    draft = services.draft_list(scope=city.duty_list.scope, reason="试试。", by=city.editor, at=NOW)
    common = {"list_id": draft.pk, "reason": "试试。", "by": city.editor, "at": NOW}
    services.change_item(code="CG-02", values={"city_function": "ecology"}, **common)
    model = city.duty_list.items.get(code="CG-01")
    values = {
        name: getattr(model, name)
        for name in ("category", "level", "city_function", "kinds", "completion_standard", "reply_template", "mark")
    }
    services.add_item(
        code="CG-03", values={**values, "title": "井盖", "words": ["井盖"], "belongs": "井盖。"}, **common
    )
    services.change_item(code="CG-01", values={"words": ["灯杆"]}, **common)
    return draft


def dispatched(number, text, *, days=1, outcome="dispatched"):
    RoutingExample.objects.create(
        ticket_number=number, text=text, outcome=outcome, at=NOW - timedelta(days=days), kind="help"
    )


def tried(draft):
    trial = services.ask_for_trial(list_id=draft.pk, by=None, at=NOW)
    assert tasks.run_trial(trial_id=trial.pk)
    return DutyListTrial.objects.get(pk=trial.pk).result


def test_it_says_how_many_go_elsewhere_from_whom_to_whom_with_samples(draft):
    dispatched("GZ1", "夜里噪声很大。")
    dispatched("GZ2", "工地噪声扰民\n工地噪声扰民。")  # a title that begins its story is not said twice
    dispatched("GZ3", "井盖坏了。")
    dispatched("GZ4", "路灯不亮。")
    dispatched("GZ5", "别的事情。")

    assert tried(draft) == {
        "tried": 5,
        "same": 1,
        "other_item": 0,
        "moved": 2,
        "found": 1,
        "lost": 1,
        "ways": [
            {
                "source": "市城市管理局",
                "target": "市生态环境局",
                "count": 2,
                "samples": [
                    {"ticket": "GZ2", "text": "工地噪声扰民。"},
                    {"ticket": "GZ1", "text": "夜里噪声很大。"},
                ],
            },
            {
                "source": "市城市管理局",
                "target": "没有建议",
                "count": 1,
                "samples": [{"ticket": "GZ4", "text": "路灯不亮。"}],
            },
            {
                "source": "没有建议",
                "target": "市城市管理局",
                "count": 1,
                "samples": [{"ticket": "GZ3", "text": "井盖坏了。"}],
            },
        ],
    }


def test_a_ticket_counts_once_by_its_last_dispatch_within_the_days(draft):
    days = parameters.integer("duty_list_tried_days", at=NOW)
    dispatched("GZ1", "夜里噪声很大。", days=2)
    dispatched("GZ1", "井盖坏了。", days=1)
    dispatched("GZ2", "工地噪声扰民。", outcome="returned")
    dispatched("GZ3", "工地噪声扰民。", days=days + 1)
    dispatched("GZ4", "")

    result = tried(draft)

    assert (result["tried"], result["found"], result["moved"]) == (1, 1, 0)


def test_what_was_changed_a_moment_ago_is_tried(city, draft):
    dispatched("GZ1", "夜里噪声很大。")
    before = tried(draft)
    services.change_item(
        list_id=draft.pk,
        code="CG-02",
        values={"city_function": "urban_management"},
        reason="还是城管。",
        by=city.editor,
        at=NOW,
    )
    DutyListTrial.objects.all().delete()

    assert (before["moved"], tried(draft)["moved"]) == (1, 0)


def test_within_a_county_it_names_the_department(city):
    centre = CountyCentreFactory()
    GovernanceFactory(region=centre.region, unit=centre)
    for name, function in (("县城管局", "urban_management"), ("县环境局", "ecology")):
        UnitFactory(
            name=name,
            short_name=name,
            kind="county_department",
            parent=centre,
            region=centre.region,
            function=function,
        )
    draft = services.draft_list(scope=city.duty_list.scope, reason="试试。", by=city.editor, at=NOW)
    values = {"level": "county", "county_function": "urban_management"}
    city.duty_list.items.filter(code="CG-02").update(**values)
    services.change_item(
        list_id=draft.pk,
        code="CG-02",
        values=values | {"county_function": "ecology"},
        reason="归环境局。",
        by=city.editor,
        at=NOW,
    )
    RoutingExample.objects.create(
        ticket_number="GZ1", text="噪声很大。", region=centre.region, outcome="dispatched", at=NOW
    )

    (way,) = tried(draft)["ways"]

    assert (way["source"], way["target"]) == ("县城管局", "县环境局")


def test_places_and_units_are_asked_for_once(draft, django_assert_max_num_queries):
    for number in range(30):
        dispatched(f"GZ{number}", f"第{number}个工地噪声扰民。")
    trial = services.ask_for_trial(list_id=draft.pk, by=None, at=NOW)

    with django_assert_max_num_queries(14):
        services.run_trial(trial_id=trial.pk, at=NOW)


def test_one_at_a_time_and_run_once(draft):
    first = services.ask_for_trial(list_id=draft.pk, by=None, at=NOW)

    assert services.ask_for_trial(list_id=draft.pk, by=None, at=NOW) == first
    assert services.run_trial(trial_id=first.pk, at=NOW)
    assert not services.run_trial(trial_id=first.pk, at=NOW)
    assert services.ask_for_trial(list_id=draft.pk, by=None, at=NOW) != first


def test_a_version_that_says_nothing_is_not_tried(city):
    county = services.draft_list(scope=CountyCentreFactory(), reason="本县的。", by=city.editor, at=NOW)

    with pytest.raises(DutyRefused, match="清单里还没有事项，不能试派。"):
        services.ask_for_trial(list_id=county.pk, by=None, at=NOW)


def test_a_countys_version_is_held_against_what_the_county_uses_today(city):
    centre, other = CountyCentreFactory(), CountyCentreFactory(code="C360703")
    for name, function in (("县城管局", "urban_management"), ("县环境局", "ecology"), ("县住建局", "housing")):
        UnitFactory(name=name, kind="county_department", parent=centre, region=centre.region, function=function)
    common = {"by": city.editor, "at": NOW, "reason": "按本县三定。"}
    city.duty_list.items.filter(code__in=("CG-01", "CG-02")).update(level="county", county_function="urban_management")
    first = services.draft_list(scope=centre, reason="本县的。", by=city.editor, at=NOW)
    services.change_item(list_id=first.pk, code="CG-01", values={"county_function": "housing"}, **common)
    DutyList.objects.filter(pk=first.pk).update(state="published", effective_from=NOW.date())
    draft = services.draft_list(scope=centre, reason="再改。", by=city.editor, at=NOW)
    services.change_item(list_id=draft.pk, code="CG-02", values={"county_function": "ecology"}, **common)
    lamps = city.duty_list.items.get(code="CG-01")
    for number, text, unit, item in (
        ("GZ1", "路灯不亮。", centre, lamps),
        ("GZ2", "夜里噪声很大。", centre, None),
        ("GZ3", "夜里噪声很大。", other, None),
    ):
        RoutingExample.objects.create(
            ticket_number=number,
            text=text,
            final_unit=unit,
            final_item=item,
            outcome="dispatched",
            at=NOW - timedelta(days=1),
        )

    result = tried(draft)

    assert (result["tried"], result["same"], result["moved"]) == (2, 1, 1)
    assert [(way["source"], way["target"]) for way in result["ways"]] == [("县城管局", "县环境局")]
