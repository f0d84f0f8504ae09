"""Which limit of handling wins, and the words that name it."""

from datetime import datetime, timedelta

import pytest

from hotline import services as hotline
from hotline.dates import SHANGHAI
from hotline.limits import Limit
from supervision.models import Card
from tests.factories.tickets import NOW, at, dispatched, make_item, register
from tickets.deadlines import Rule, accept_rule, handle_rule, handle_rule_of

STATUTE = [
    {"step": "accept", "limit": "7wd", "kinds": ["complaint"], "source": "决定是否受理"},
    {"step": "handle", "limit": "45wd", "kinds": ["complaint"], "source": "调解"},
    {"step": "accept", "limit": "15wd", "kinds": ["report"], "source": "决定是否立案"},
]


def rule(item, kind, urgency="normal", *, is_enterprise=False):
    return handle_rule(item=item, kind=kind, urgency=urgency, is_enterprise=is_enterprise, at=NOW)


def test_the_statute_sets_the_handling_by_its_own_step_only(city):
    item = make_item(statute_limits=STATUTE, limits={"complaint": "10wd", "report": "20wd"})

    assert rule(item, "complaint", "critical") == Rule(Limit(45, "wd"), "法定时限（调解）")
    assert rule(item, "report", "critical") == Rule(Limit(20, "wd"), "职责清单 CG-01（举报）")
    assert rule(item, "help") == Rule(Limit(7, "wd"), "求助类诉求")


def test_without_an_item_urgency_comes_before_enterprise_and_kind(city):
    assert rule(None, "help", "urgent", is_enterprise=True).why == "紧急件"
    assert rule(None, "help", is_enterprise=True).why == "涉企诉求"
    assert rule(None, "consult", is_enterprise=True) == rule(make_item(), "consult", is_enterprise=True)


@pytest.mark.parametrize(
    ("kind", "limit", "why"),
    [
        ("complaint", Limit(60, "d"), "法定时限（12315 转来的投诉）"),
        ("report", Limit(15, "wd"), "法定时限（12315 转来的举报）"),
        ("consult", Limit(3, "wd"), "咨询类诉求"),
    ],
)
def test_the_statute_of_the_line_beats_all_but_the_items_own(city, kind, limit, why):
    item = make_item(limits={} if kind == "consult" else {kind: "10wd"})

    assert handle_rule(item=item, kind=kind, urgency="normal", is_enterprise=False, at=NOW, line="12315") == Rule(
        limit, why
    )


def test_the_statute_of_the_item_comes_before_that_of_the_line(city):
    item = make_item(statute_limits=[{**STATUTE[1], "limit": "30wd"}])

    found = handle_rule(
        item=item, kind="complaint", urgency="normal", is_enterprise=False, at=NOW, line="12315", given_due_at=NOW
    )

    assert found == Rule(Limit(30, "wd"), "法定时限（调解）")


@pytest.mark.parametrize(("hours", "minutes"), [(48, 2880), (-5, 1)])
def test_the_date_of_the_other_platform_counts_what_is_left_until_then(city, hours, minutes):
    due = NOW + timedelta(hours=hours)
    item = make_item(limits={"help": "20wd"})

    found = handle_rule(
        item=item, kind="help", urgency="critical", is_enterprise=True, at=NOW, line="province", given_due_at=due
    )

    assert found == Rule(Limit(minutes, "min"), f"来件平台限期 {due:%Y-%m-%d %H:%M}")


@pytest.mark.parametrize(
    ("given", "limit", "why"),
    [
        ("11-13 12:00", Limit(4440, "min"), "来件平台限期 2026-11-13 12:00"),
        ("11-09 12:00", Limit(1, "wd"), "来件平台限期 2026-11-09 12:00，所余不足，按最短办理时限"),
        ("11-11 09:00", Limit(1, "wd"), "来件平台限期 2026-11-11 09:00，所余不足，按最短办理时限"),
        ("12-25 12:00", Limit(7, "wd"), "求助类诉求"),
    ],
)
def test_the_date_of_the_other_platform_shortens_a_units_limit_down_to_a_floor(city, given, limit, why):
    """NOW is Tuesday the 10th at 10:00; the floor is one working day, the unit's own limit seven."""
    ticket = register(line_code="province", given_due_at=at(given))

    assert handle_rule_of(ticket, item=None, at=NOW) == Rule(limit, why)


def test_a_date_that_had_passed_gives_no_card_before_the_units_own_limit(city):
    ticket = dispatched(city, line_code="province", given_due_at=at("11-09 12:00"))

    hotline.sweep_clocks(at=at("11-10 10:10"))
    assert not Card.objects.filter(unit=city.department).exists()
    hotline.sweep_clocks(at=at("11-11 17:31"))

    cards = Card.objects.filter(ticket=ticket, unit=city.department, clock_kind="handle")
    assert list(cards.values_list("kind", "at")) == [("red", at("11-11 17:30"))]


def test_acceptance_has_the_statute_of_its_line_too(city):
    assert accept_rule(line="12315", at=NOW) == Rule(Limit(7, "wd"), "法定时限（12315 受理）")
    assert accept_rule(line="web", at=NOW) == Rule(Limit(2, "h"), "受理")


def test_a_statute_is_read_as_of_its_day(city):
    new_order = datetime(2026, 4, 15, tzinfo=SHANGHAI)

    limits = [
        handle_rule(item=None, kind="complaint", urgency="normal", is_enterprise=False, at=at, line="12315").limit
        for at in (new_order - timedelta(minutes=1), new_order)
    ]

    assert limits == [Limit(45, "wd"), Limit(60, "d")]
