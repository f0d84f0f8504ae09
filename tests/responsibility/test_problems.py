"""What a version contradicts, whom it names that is gone, and what nobody uses."""

from datetime import date, timedelta

import pytest

from responsibility import selectors, services
from responsibility.models import RoutingExample
from responsibility.services import DutyRefused
from tests.factories.hotline import UnitFactory, load_rules
from tests.factories.responsibility import CategoryFactory, DutyItemFactory
from tests.factories.tickets import at

pytestmark = pytest.mark.django_db

NOW = at("11-10 10:00")


@pytest.fixture
def draft():
    """A draft with one item, whose line of work a city unit does, on a version with the same."""
    load_rules()
    UnitFactory(function="urban_management")
    first = DutyItemFactory(code="CG-01", words=["路灯"])
    return services.draft_list(scope=first.duty_list.scope, reason="试试。", by=None, at=NOW)


def found(draft):
    return [(each.sentence, each.codes, each.blocks) for each in selectors.problems(draft, at=NOW)]


def test_nothing_is_wrong(draft):
    assert found(draft) == []


def test_the_same_words_led_by_two_block(draft):
    DutyItemFactory(duty_list=draft, code="CG-02", words=["灯杆", "路灯杆"], county_function="housing")
    assert found(draft) == []
    DutyItemFactory(duty_list=draft, code="CG-03", words=["路灯杆", "灯杆"])
    assert found(draft) == [("CG-02、CG-03 的用词完全相同，主责却不同。", ("CG-02", "CG-03"), True)]

    with pytest.raises(DutyRefused, match="先解决再送审：CG-02、CG-03 的用词完全相同，主责却不同。"):
        services.submit_list(list_id=draft.pk, by=None, at=NOW)


def test_a_condition_tells_them_apart(draft):
    DutyItemFactory(
        duty_list=draft, code="CG-02", words=["路灯"], county_function="housing", conditions=[{"when": {}}]
    )

    assert found(draft) == []


def test_a_unit_that_is_gone_blocks(draft):
    gone = UnitFactory(name="赣州市路灯管理处", valid_until=date(2026, 11, 1))
    DutyItemFactory(duty_list=draft, code="CG-02", words=["灯杆"], level="city", county_function="", lead_unit=gone)

    assert found(draft) == [("CG-02 指定的赣州市路灯管理处已撤销。", ("CG-02",), True)]


def test_a_line_of_work_that_no_city_unit_does_blocks(draft):
    DutyItemFactory(
        duty_list=draft, code="CG-02", words=["灯杆"], level="city", county_function="", city_function="weather"
    )

    assert found(draft) == [("没有职能为“气象”的市级单位，CG-02 派不出去。", ("CG-02",), True)]


def test_what_nobody_used_in_a_year_is_worth_a_look(draft):
    old = draft.base.items.get()
    used = {"ticket_number": "GZ1", "text": "路灯", "outcome": "dispatched", "final_item": old}
    RoutingExample.objects.create(at=NOW - timedelta(days=366), **used)
    DutyItemFactory(duty_list=draft, code="CG-02", words=["灯杆"])

    assert found(draft) == [("1 个事项一年没有用过：CG-01。", ("CG-01",), False)]
    RoutingExample.objects.create(at=NOW - timedelta(days=3), **used)
    assert found(draft) == []


def test_an_empty_category_is_worth_a_look(draft):
    CategoryFactory(code="010202", name="井盖")

    assert found(draft) == [("1 个分类没有事项：井盖。", (), False)]
    assert services.submit_list(list_id=draft.pk, by=None, at=NOW).target == "review"


@pytest.mark.parametrize("count", [1, 3])
def test_it_asks_the_same_questions_for_one_and_three(draft, count, django_assert_num_queries):
    for number in range(count):
        DutyItemFactory(duty_list=draft, code=f"CG-1{number}", words=[f"灯杆{number}"])

    with django_assert_num_queries(4):
        selectors.problems(draft, at=NOW)
