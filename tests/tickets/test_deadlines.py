"""Which limit of handling wins, and the words that name it."""

from datetime import datetime, timedelta

import pytest

from hotline import services as hotline
from hotline.dates import SHANGHAI
from hotline.limits import Limit
from supervision.models import Card
from tests.factories.tickets import NOW, at, dispatched, fresh, make_item, register
from tickets import services
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


def give(city, ticket, moment):
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=moment)
    return fresh(ticket)


def undo(city, ticket, moment):
    services.recall_ticket(
        ticket_id=ticket.pk, reason="派出后立即撤回", unsigned_part=ticket.lead_id, by=city.dispatcher, at=moment
    )


def dispatch_clocks(ticket):
    """(generation, start, due, outcome, breaches) of each."""
    rows = ticket.clocks.filter(kind="dispatch").order_by("pk").prefetch_related("breaches")
    return [
        (row.generation, row.started_at, row.due_at, row.outcome, sorted(b.threshold for b in row.breaches.all()))
        for row in rows
    ]


def test_a_late_dispatch_that_is_undone_is_as_late_as_it_was(city):
    """One dispatch and one undo gave an overdue matter a new limit, and its red card a second one."""
    ticket = register(at=at("11-10 10:00"))
    hotline.sweep_clocks(at=at("11-10 14:00"))
    undo(city, give(city, ticket, at("11-10 14:40")), at("11-10 14:41"))

    hotline.sweep_clocks(at=at("11-10 15:00"))
    hotline.sweep_clocks(at=at("11-11 18:00"))

    start, due = at("11-10 10:00"), at("11-10 12:00")
    assert dispatch_clocks(ticket) == [
        (1, start, due, "met", ["due"]),
        (2, start, due, "", ["overdue_1"]),
    ]
    assert list(Card.objects.order_by("pk").values_list("kind", flat=True)) == ["red", "overdue"]
    assert fresh(ticket).due_at is None


def test_the_limit_that_passes_while_a_slip_is_undone_is_not_lost(city):
    ticket = register(at=at("11-10 10:00"))
    undo(city, give(city, ticket, at("11-10 11:59")), at("11-10 12:01"))

    hotline.sweep_clocks(at=at("11-10 12:02"))

    start, due = at("11-10 10:00"), at("11-10 12:00")
    assert dispatch_clocks(ticket) == [(1, start, due, "met", ["soon"]), (2, start, due, "", ["due"])]


def test_a_dispatch_recalled_with_a_reason_runs_on_with_what_remained(city):
    """Ninety of the 120 minutes were left when the unit got it; the days it lay there are not the dispatcher's."""
    ticket = give(city, register(at=at("11-10 10:00")), at("11-10 10:30"))
    services.sign_assignment(assignment_id=ticket.lead_id, by=city.liaison, at=at("11-10 11:00"))
    services.recall_ticket(ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=at("11-12 09:00"))

    assert [(row[0], row[2], row[3]) for row in dispatch_clocks(ticket)] == [
        (1, at("11-10 12:00"), "met"),
        (2, at("11-12 10:30"), ""),
    ]


def test_a_late_dispatch_recalled_with_a_reason_stays_late(city):
    ticket = give(city, register(at=at("11-10 10:00")), at("11-10 15:00"))
    services.recall_ticket(ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=at("11-10 17:00"))

    assert [row[2:4] for row in dispatch_clocks(ticket)] == [
        (at("11-10 12:00"), "met"),
        (at("11-10 12:00"), ""),
    ]


def test_a_late_dispatch_is_charged_no_day_that_the_unit_had_it(city):
    """A minute late and recalled a week later, it gave the centre five cards at once."""
    ticket = give(city, register(at=at("11-10 10:00")), at("11-10 12:01"))
    services.sign_assignment(assignment_id=ticket.lead_id, by=city.liaison, at=at("11-10 14:40"))
    services.recall_ticket(ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=at("11-13 09:00"))

    hotline.sweep_clocks(at=at("11-13 09:01"))
    before = dispatch_clocks(ticket)
    hotline.sweep_clocks(at=at("11-13 18:00"))

    start, due = at("11-10 10:00"), at("11-10 12:00")
    assert before == [(1, start, due, "met", ["due"]), (2, start, due, "", [])]
    assert dispatch_clocks(ticket)[1] == (2, start, due, "", ["overdue_3"])


def test_what_a_ruling_gave_has_a_new_limit_when_it_is_recalled(city):
    ticket = register(at=at("11-10 10:00"))
    services.refer_to_ruling(ticket_id=ticket.pk, reason="无人认领。", by=city.dispatcher, at=at("11-10 11:00"))
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.third, item=None, reason="最相近。", by=city.reviewer, at=at("11-11 09:00")
    )
    services.recall_ticket(ticket_id=ticket.pk, reason="选错。", by=city.dispatcher, at=at("11-11 10:00"))

    assert [row[2] for row in dispatch_clocks(ticket)] == [at("11-10 12:00"), at("11-11 12:00")]
