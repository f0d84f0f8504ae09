"""Which breach gives which card, once; who hears of it and when. Days worked out by hand.

2026-11-10 is a Tuesday. 求助 from then: seven working days end on Thursday the 19th at 17:30.
"""

import pytest

from hotline import services as hotline
from hotline.models import Notice
from hotline.notice_kinds import notice_kind
from supervision import services, tasks
from supervision.models import Card
from supervision.services import telling
from tests.factories.hotline import UserFactory
from tests.factories.tickets import (
    NOW,
    at,
    contacted,
    dispatched,
    fresh,
    passed_down,
    pending_approval,
    register,
    signed,
    submit,
    submitted,
)
from tickets import services as tickets
from tickets.models import TicketClockBreach

SOON, DUE = at("11-19 08:30"), at("11-19 17:30")


def sweep(moment):
    return hotline.sweep_clocks(at=moment)


def cards(**fields):
    """(kind, clock, unit, overdue days, moment) of every card, in order of time."""
    rows = Card.objects.filter(**fields).order_by("at", "pk").select_related("unit")
    return [(row.kind, row.clock_kind, row.unit.short_name, row.overdue_days, row.at) for row in rows]


def in_hand(city, *, make=contacted, **fields):
    """A ticket of the department that 张伟 has in hand."""
    ticket = make(city, **fields)
    moment = fields.get("at", NOW)
    tickets.name_handler(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=moment)
    return fresh(ticket)


def told():
    """(who, kind of notice, number) of every notice, in the order of writing and name."""
    rows = Notice.objects.order_by("at", "recipient__name").select_related("recipient")
    return [(row.recipient.name, row.kind, row.number) for row in rows]


# --- which card


def test_a_limit_in_days_gives_yellow_red_and_a_notice_for_each_day_overdue(city):
    contacted(city)
    moments = [SOON, DUE, *(at(f"11-{day} 17:30") for day in (20, 23, 24, 25, 26))]

    for moment in moments:
        assert sweep(moment) == 1

    assert cards() == [
        ("yellow", "handle", "市城管局", 0, SOON),
        ("red", "handle", "市城管局", 0, DUE),
        ("overdue", "handle", "市城管局", 1, at("11-20 17:30")),
        ("overdue", "handle", "市城管局", 2, at("11-23 17:30")),
        ("overdue", "handle", "市城管局", 3, at("11-24 17:30")),
        ("overdue", "handle", "市城管局", 4, at("11-25 17:30")),
        ("overdue", "handle", "市城管局", 5, at("11-26 17:30")),
    ]


def test_yellow_is_for_the_last_working_day_and_a_parameter_says_how_long_before(city):
    contacted(city)
    hotline.set_parameter(key="yellow_card_before", value="2wh", source="测试", by=None, at=NOW, valid_from=NOW)

    sweep(SOON)

    assert cards() == [("reminder", "handle", "市城管局", 0, SOON)]


@pytest.mark.parametrize(
    ("make", "moment", "card"),
    [
        # 2wh from 10:00: 12:00; the last quarter is the last half hour.
        (lambda city: register(), "11-10 11:30", ("reminder", "dispatch", "市热线中心", 0, at("11-10 11:30"))),
        (lambda city: register(), "11-10 12:00", ("red", "dispatch", "市热线中心", 0, at("11-10 12:00"))),
        # 1wd: the opening and the close of Wednesday.
        (dispatched, "11-11 08:30", ("reminder", "sign", "市城管局", 0, at("11-11 08:30"))),
        # 24h: the last quarter begins at 04:00.
        (signed, "11-11 04:00", ("reminder", "contact", "市城管局", 0, at("11-11 04:00"))),
        (signed, "11-11 10:00", ("red", "contact", "市城管局", 0, at("11-11 10:00"))),
        # Approval by the unit's own head, within 1wd.
        (submitted, "11-11 08:30", ("reminder", "approval", "市城管局", 0, at("11-11 08:30"))),
    ],
)
def test_each_clock_gives_the_card_of_whose_turn_it_is(city, make, moment, card):
    make(city)

    sweep(at(moment))

    assert cards(clock_kind=card[1]) == [card]


def test_the_approval_is_the_units_then_the_countys_then_the_citys(city):
    ticket = submitted(city, county=True, urgency="urgent")
    sweep(at("11-11 08:30"))
    tickets.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-11 09:00"))
    sweep(at("11-12 08:30"))
    tickets.approve(approval_id=pending_approval(ticket).pk, by=city.county_clerk2, at=at("11-12 09:00"))
    sweep(at("11-13 08:30"))

    assert [row[:3] for row in cards(clock_kind="approval")] == [
        ("reminder", "approval", "章贡城管局"),
        ("reminder", "approval", "章贡热线中心"),
        ("reminder", "approval", "市热线中心"),
    ]


def test_an_approval_card_written_late_is_of_the_step_that_was_late(city):
    """The reconciliation comes after the next step has begun."""
    ticket = submitted(city, county=True)
    sweep(at("11-11 08:30"))
    Card.objects.all().delete()
    tickets.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-11 09:00"))

    services.reconcile(at=at("11-11 09:42"))

    assert [row[:3] for row in cards(clock_kind="approval")] == [("reminder", "approval", "章贡城管局")]


def test_a_return_is_decided_by_who_gave_it(city):
    of_city, of_county = signed(city), passed_down(city)
    for part, by in ((of_city.lead, city.handler), (of_county.holder, city.county_handler)):
        tickets.request_return(
            assignment_id=part.pk, ground="not_our_duty", reason="该路段属市住建局管护。", by=by, at=at("11-10 11:00")
        )

    sweep(at("11-10 17:30"))

    assert sorted(row[:3] for row in cards(clock_kind="return_review")) == [
        ("red", "return_review", "市热线中心"),
        ("red", "return_review", "章贡热线中心"),
    ]


def test_parent_and_child_have_a_card_each(city):
    passed_down(city)

    sweep(SOON)

    assert sorted(row[:3] for row in cards(clock_kind="handle")) == [
        ("yellow", "handle", "章贡城管局"),
        ("yellow", "handle", "章贡热线中心"),
    ]


def test_a_breach_found_when_the_clock_stops_gives_its_card(city):
    ticket = contacted(city)

    submit(city, ticket, at=at("11-19 17:31"))

    assert cards() == [("red", "handle", "市城管局", 0, DUE)]


# --- once


def test_a_breach_has_one_card_however_often_it_is_looked_at(city):
    contacted(city)
    sweep(SOON)
    sweep(SOON)

    services.write_cards(breaches=list(TicketClockBreach.objects.all()), at=SOON)

    assert services.reconcile(at=SOON) == 0
    assert cards() == [("yellow", "handle", "市城管局", 0, SOON)]


def test_the_reconciliation_writes_what_is_missing_and_nothing_twice(city):
    contacted(city)
    contacted(city)
    sweep(DUE)
    kept = Card.objects.order_by("pk")[0]
    Card.objects.exclude(pk=kept.pk).delete()

    assert services.reconcile(at=at("11-19 18:00")) == 1
    assert services.reconcile(at=at("11-19 18:00")) == 0

    assert cards() == [("red", "handle", "市城管局", 0, DUE)] * 2


def test_the_reconciliation_leaves_old_breaches_alone(city):
    contacted(city)
    sweep(DUE)
    Card.objects.all().delete()

    assert services.reconcile(at=at("11-26 17:31")) == 0
    assert services.reconcile(at=at("11-26 17:30")) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_writing_and_telling_ask_the_same_questions_for_one_and_three(city, count, django_assert_num_queries):
    for _ in range(count):
        contacted(city)
    sweep(SOON)
    breaches = list(TicketClockBreach.objects.select_related("clock"))
    Card.objects.all().delete()

    with django_assert_num_queries(4):  # urgency, parts, centre, insert
        services.write_cards(breaches=breaches, at=SOON)
    # Keys of both kinds of row, savepoint, cards, people of the one post, told, release; and the notice of each card.
    with django_assert_num_queries(7 + count):
        assert services.tell_people(at=SOON) == count


# --- who hears of it, and when


def test_handler_liaison_and_heads_hear_of_it_once_and_nobody_else(city):
    ticket = in_hand(city)
    UserFactory(name="甲", unit=city.department, roles=("unit_head",), is_active=False)
    sweep(SOON)

    assert services.tell_people(at=SOON) == 1
    assert services.tell_people(at=SOON) == 0

    # 刘洋 is the other handler of the unit; 张伟 has it in hand.
    assert told() == [(name, "card_yellow", ticket.number) for name in sorted(["张伟", "孙丽", "陈刚", "胡军"])]
    card = Card.objects.get()
    assert (card.told_at, card.told_count) == (SOON, 4)


def test_of_a_restricted_matter_only_those_hear_who_may_see_it(city):
    ticket = in_hand(city)
    tickets.restrict_ticket(
        ticket_id=ticket.pk, readers=[city.handler], reason="举报本单位负责人。", by=city.reviewer, at=NOW
    )

    sweep(SOON)
    services.tell_people(at=SOON)

    assert told() == [("张伟", "card_yellow", ticket.number)]


def test_a_head_who_handles_it_is_told_once(city):
    ticket = dispatched(city)
    tickets.sign_assignment(assignment_id=ticket.lead_id, handler=city.head, by=city.head, at=NOW)
    sweep(SOON)

    services.tell_people(at=SOON)

    assert [name for name, kind, _ in told() if kind == "card_yellow"] == sorted(["孙丽", "陈刚", "胡军"])
    assert Card.objects.get(kind="yellow").told_count == 3


def test_of_a_decision_those_who_decide_hear(city):
    """Dispatchers of a ticket not dispatched; the unit's heads of a result not approved."""
    waiting, done = register(), submitted(city)

    sweep(at("11-10 12:00"))
    services.tell_people(at=at("11-10 12:00"))
    sweep(at("11-11 08:30"))
    services.tell_people(at=at("11-11 08:30"))

    assert [row for row in told() if row[2] == waiting.number and row[1] == "card_red"] == [
        (name, "card_red", waiting.number) for name in sorted(["王敏", "李强"])
    ]
    assert [row for row in told() if row[2] == done.number] == [
        (name, "card_reminder", done.number) for name in sorted(["陈刚", "胡军"])
    ]


def test_the_county_hears_of_its_own_limit_and_its_department_of_its_own(city):
    ticket = passed_down(city)
    sweep(SOON)

    services.tell_people(at=SOON)

    assert {row for row in told() if row[1] == "card_yellow"} == {
        ("郭芳", "card_yellow", ticket.number),
        ("罗平", "card_yellow", ticket.number),
        ("唐勇", "card_yellow", ticket.number),
    }


def test_a_notice_holds_kind_and_number_and_no_word_of_the_matter(city):
    ticket = in_hand(city)
    sweep(DUE)
    services.tell_people(at=DUE)

    notice = Notice.objects.filter(recipient=city.handler).get()
    assert (notice.kind, notice.number, notice.at, notice.dedupe_key) == (
        "card_red",
        ticket.number,
        DUE,
        f"card:{Card.objects.get().pk}",
    )
    assert notice_kind("card_red").text == "{number} 已到时限没有办完，红牌。"


def test_nobody_is_woken(city):
    """24 hours to make contact, from 10:00: the last quarter begins at 04:00."""
    in_hand(city, make=signed)
    sweep(at("11-11 04:00"))
    card = Card.objects.get()
    assert card.tell_after == at("11-11 08:00")

    assert services.tell_people(at=at("11-11 07:59")) == 0
    assert told() == []
    assert services.tell_people(at=at("11-11 08:00")) == 1
    assert [kind for _, kind, _ in told()] == ["card_reminder"] * 4


def test_an_urgent_one_wakes_people(city):
    """Dispatched at 02:00, to be signed within one hour."""
    ticket = dispatched(city, at=at("11-11 02:00"), urgency="urgent")
    sweep(at("11-11 03:00"))

    services.tell_people(at=at("11-11 03:00"))

    assert {row for row in told() if row[2] == ticket.number} == {
        (name, "card_red", ticket.number) for name in ("孙丽", "陈刚", "胡军")
    }


def test_what_is_done_before_the_morning_needs_no_reminder(city):
    ticket = in_hand(city, make=signed)
    sweep(at("11-11 04:00"))
    tickets.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-11 07:00"))

    assert services.tell_people(at=at("11-11 08:00")) == 1

    card = Card.objects.get()
    assert (card.told_at, card.told_count, told()) == (at("11-11 08:00"), 0, [])


def test_a_red_card_is_told_even_when_it_is_done_by_then(city):
    ticket = in_hand(city, make=signed, at=at("11-10 23:00"))
    sweep(at("11-11 23:00"))
    tickets.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-12 07:00"))

    services.tell_people(at=at("11-12 08:00"))

    card = Card.objects.get(clock_kind="contact", kind="red")
    assert (card.tell_after, card.told_count) == (at("11-12 08:00"), 4)


def test_telling_is_bounded_and_goes_on_where_it_ended(city, monkeypatch):
    for _ in range(5):
        in_hand(city)
    sweep(SOON)
    monkeypatch.setattr(telling, "BATCH", 2)
    monkeypatch.setattr(telling, "ROUNDS", 2)

    assert [services.tell_people(at=SOON) for _ in range(3)] == [4, 1, 0]

    assert Notice.objects.count() == 20


def test_the_tasks_may_run_twice(city, committing, time_machine_at):
    in_hand(city)
    time_machine_at("11-19 08:30")
    with committing():
        sweep(SOON)

    tasks.tell_people()
    tasks.reconcile()
    tasks.tell_people()

    assert cards() == [("yellow", "handle", "市城管局", 0, SOON)]
    assert Notice.objects.count() == 4


def test_who_stands_in_for_the_absent_head_and_handler_hears_as_well(city):
    in_hand(city)
    stand_ins = [UserFactory(name=name, unit=city.department, roles=("handler",)) for name in ("代主任", "代经办")]
    for absent, deputy in zip((city.head, city.handler), stand_ins, strict=True):
        absent.deputy, absent.away_from = deputy, NOW
        absent.save()
    sweep(DUE)
    services.tell_people(at=DUE)

    assert set(Notice.objects.values_list("recipient__name", flat=True)) == {
        person.name for person in (city.head, city.head2, city.liaison, city.handler, *stand_ins)
    }
