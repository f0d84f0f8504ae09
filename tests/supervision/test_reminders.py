"""Limits that are no unit's own: who hears of them, when, once; and what the wall says.

2026-11-10 is a Tuesday. An appeal is to be accepted within 2 hours; 求助 has seven working days: Thursday the 19th, 17:30.
"""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache

from channels_merge import services as channels
from channels_merge.models import AppealBreach
from hotline import services as hotline
from hotline.models import Notice
from hotline.notice_kinds import notice_kind
from hotline.selectors import clock_models
from hotline.signals import clocks_breached
from supervision import services
from supervision.models import Card, Reminder
from tests.factories.channels_merge import make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import complain, decide, replied
from tests.factories.hotline import UserFactory
from tests.factories.tickets import NOW, at
from tickets import services as tickets
from tickets.models import DutyQuestion, Objection

SOON, DUE = at("11-19 08:30"), at("11-19 17:30")
WALL = "/supervision/"
REVIEWERS = sorted(["周涛", "吴洁"])


def run(moment):
    """The sweep, and the telling that it enqueues."""
    hotline.sweep_clocks(at=at(moment))
    services.tell_people(at=at(moment))


def told(prefix):
    """(who, kind, number) of the notices whose kind begins so."""
    rows = Notice.objects.filter(kind__startswith=prefix).order_by("at", "recipient__name")
    return [(row.recipient.name, row.kind, row.number) for row in rows.select_related("recipient")]


def names(kind):
    return [name for name, *_ in told(kind)]


def given(ticket_of_appeal, city, **kwargs):
    tickets.dispatch_ticket(
        ticket_id=ticket_of_appeal.pk, unit=city.department, item=None, by=city.dispatcher, **kwargs
    )
    ticket_of_appeal.refresh_from_db()
    return ticket_of_appeal


def test_every_clock_of_every_room_is_heard():
    unheard = [model._meta.label for model in clock_models() if not clocks_breached.has_listeners(sender=model)]

    assert unheard == []


# --- intake


def test_an_appeal_that_waits_too_long_is_told_to_the_dispatchers_once(city):
    appeal = make_appeal(at=NOW)
    run("11-10 11:30")
    assert (Reminder.objects.count(), told("")) == (0, [])

    run("11-10 12:00")
    run("11-10 12:00")

    assert told("accept_") == [(name, "accept_overdue", appeal.number) for name in sorted(["王敏", "李强"])]
    assert Card.objects.count() == 0
    assert notice_kind("accept_overdue").text == "来件 {number} 已过受理时限，仍未受理。"


def test_a_sweep_that_comes_days_late_tells_it_once(city):
    """Every threshold that passed meanwhile has its reminder; people hear of the matter once that day."""
    appeal = make_appeal(at=NOW)

    run("11-13 10:00")

    assert Reminder.objects.count() == 3
    assert told("accept_") == [(name, "accept_overdue", appeal.number) for name in sorted(["王敏", "李强"])]
    run("11-14 10:00")
    assert len(told("accept_")) == 4


def test_what_waits_at_night_is_told_in_the_morning_if_it_still_waits(city):
    taken, waiting = make_appeal(at=at("11-10 21:30")), make_appeal(at=at("11-10 21:30"), phone="13900000002")
    run("11-10 23:30")
    channels.accept_appeal(appeal_id=taken.pk, by=None, at=at("11-11 02:00"))
    run("11-11 07:59")
    assert told("accept_") == []

    run("11-11 08:00")

    assert {number for _, _, number in told("accept_")} == {waiting.number}
    assert sorted(Reminder.objects.values_list("told_count", flat=True)) == [0, 2]


def test_an_urgent_one_is_told_at_night(city):
    appeal = make_appeal(at=at("11-10 21:30"), urgency="urgent")

    run("11-10 23:30")

    assert {number for _, _, number in told("accept_")} == {appeal.number}


def test_nobody_is_told_the_number_of_a_restricted_one(city):
    make_appeal(at=NOW, secrecy="restricted")

    run("11-10 12:00")

    assert told("accept_") == []


# --- what was promised to the citizen


def test_a_unit_that_got_it_late_hears_of_the_citizens_limit_and_gets_no_card_for_the_citys_days(city):
    """Accepted on Tuesday, dispatched on Friday: the unit's own limit ends on Tuesday the 24th."""
    ticket = given(ticket_of(make_accepted(at=NOW, kind="help")), city, at=at("11-13 10:00"))
    tickets.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-13 10:30"))

    run("11-19 08:30")
    assert told("citizen_") == [
        (name, "citizen_soon", ticket.number) for name in sorted(["张伟", "孙丽", "陈刚", "胡军"])
    ]

    run("11-19 17:30")
    overdue = [row for row in told("citizen_") if row[1] == "citizen_overdue"]
    assert {name for name, *_ in overdue} == {"张伟", "孙丽", "陈刚", "胡军", *REVIEWERS}
    assert Card.objects.filter(clock_kind="handle").count() == 0


def test_a_unit_whose_own_limit_ends_then_hears_of_its_card_only(city):
    """Accepted and dispatched on the same day: the two limits end together."""
    ticket = given(ticket_of(make_accepted(at=NOW, kind="help")), city, at=NOW)
    tickets.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=NOW)

    run("11-19 08:30")
    run("11-19 17:30")

    assert told("citizen_") == [(name, "citizen_overdue", ticket.number) for name in REVIEWERS]
    handling = Card.objects.filter(clock_kind="handle").order_by("at").values_list("kind", "unit")
    assert list(handling) == [("yellow", city.department.pk), ("red", city.department.pk)]


def test_what_no_unit_has_in_hand_is_the_centres_from_the_beginning(city):
    ticket = ticket_of(make_accepted(at=NOW, kind="help"))

    run("11-19 08:30")

    assert told("citizen_") == [(name, "citizen_soon", ticket.number) for name in REVIEWERS]


def test_many_callers_of_one_matter_are_one_notice(city):
    ticket = ticket_of(make_accepted(at=NOW, kind="help"))
    for phone in ("13900000002", "13900000003"):
        make_accepted(at=NOW, kind="help", phone=phone, ticket_id=ticket.pk)

    run("11-19 17:30")

    assert told("citizen_") == [(name, "citizen_overdue", ticket.number) for name in REVIEWERS]
    assert Reminder.objects.filter(kind="citizen_overdue").count() == 3


def test_of_a_restricted_matter_only_those_hear_who_may_see_it(city):
    """Whoever restricted it may."""
    ticket = ticket_of(make_accepted(at=NOW, kind="help"))
    tickets.restrict_ticket(ticket_id=ticket.pk, readers=[], reason="举报单位。", by=city.reviewer, at=NOW)

    run("11-19 17:30")

    assert told("citizen_") == [(city.reviewer.name, "citizen_overdue", ticket.number)]


# --- the reviewer's decision


def test_a_decision_that_waits_too_long_is_told_to_the_reviewers(city):
    """A caller complains on Wednesday: one working day ends on Thursday at 17:30."""
    case = replied(city)
    decision = complain(city, case.follow_ups[0])
    run("11-12 08:30")
    assert told("decision_") == []

    run("11-12 17:30")

    assert told("decision_") == [(name, "decision_overdue", case.ticket.number) for name in REVIEWERS]
    decide(city, decision, at=at("11-13 09:00"))
    run("11-13 17:30")
    assert names("decision_") == REVIEWERS


def test_an_objection_that_waits_too_long_is_told_to_whoever_rules_and_an_opinion_to_the_unit_asked(city):
    """Asked on Tuesday the 10th: an opinion is due on Thursday the 12th, the ruling on the 17th."""
    ticket = ticket_of(make_accepted(at=NOW))
    tickets.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=city.dispatcher, at=NOW)
    tickets.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer, at=NOW
    )
    ticket.refresh_from_db()
    tickets.raise_objection(assignment_id=ticket.lead_id, reason="不归我局。", by=city.liaison, at=NOW)
    asked = {"objection_id": Objection.objects.get().pk, "question": "归谁管？", "by": city.reviewer, "at": NOW}
    tickets.ask_statements(units=[city.other], **asked)

    run("11-12 17:30")
    assert told("statement_late") == [("黄磊", "statement_late", ticket.number)]
    assert told("objection_late") == []
    run("11-17 17:30")

    assert told("objection_late") == [(name, "objection_late", ticket.number) for name in REVIEWERS]
    assert not Card.objects.filter(ticket=ticket, clock_kind="coordination").exists()


def test_an_office_that_lets_its_limit_pass_hears_of_it_once_and_so_does_the_centre(city):
    """编办 is asked and answers in time, 司法局 does not: asked on Tuesday the 10th, a definition is due on the 17th, as the ruling is."""
    staffing, legal, elsewhere = (
        UserFactory(name=name, unit=unit, roles=[role])
        for name, unit, role in (
            ("宋宁", city.enterprise, "staffing_reviewer"),
            ("韩雪", city.third, "legal_reviewer"),
            ("冯涛", city.other, "legal_reviewer"),
        )
    )
    hotline.set_parameter(key="objection_limit", value="10wd", valid_from=NOW, source="测试", by=None, at=NOW)
    ticket = ticket_of(make_accepted(at=NOW))
    tickets.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=city.dispatcher, at=NOW)
    tickets.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer, at=NOW
    )
    ticket.refresh_from_db()
    tickets.raise_objection(assignment_id=ticket.lead_id, reason="不归我局。", by=city.liaison, at=NOW)
    asked = {"objection_id": Objection.objects.get().pk, "question": "归谁管？", "by": city.reviewer, "at": NOW}
    for office in ("staffing", "legal"):
        tickets.ask_definition(office=office, **asked)
    answered = DutyQuestion.objects.get(office="staffing")
    tickets.answer_definition(duty_question_id=answered.pk, answer="归市住建局。", by=staffing, at=at("11-11 10:00"))
    due = DutyQuestion.objects.get(office="legal").clocks.get().due_at

    hotline.sweep_clocks(at=due)
    services.tell_people(at=due)
    assert told("definition_late") == [(each.name, "definition_late", ticket.number) for each in (elsewhere, legal)]
    assert told("objection_late") == [(name, "objection_late", ticket.number) for name in REVIEWERS]
    for day in (1, 2, 3):
        hotline.sweep_clocks(at=due + timedelta(days=day))
        services.tell_people(at=due + timedelta(days=day))

    assert len(told("definition_late")) == 2
    assert len(told("objection_late")) == len(REVIEWERS)


# --- once, and made good


def test_what_a_lost_message_left_out_is_written_once(city):
    make_appeal(at=NOW)
    hotline.sweep_clocks(at=at("11-10 11:30"))
    hotline.sweep_clocks(at=at("11-10 12:00"))
    Reminder.objects.all().delete()

    assert services.reconcile(at=at("11-10 12:42")) == 1
    assert services.reconcile(at=at("11-10 12:42")) == 0

    assert list(Reminder.objects.values_list("kind", "appeal_breach__threshold")) == [("accept_overdue", "due")]


@pytest.mark.parametrize("count", [1, 3])
def test_writing_and_telling_ask_the_same_questions_for_one_and_three(city, count, django_assert_num_queries):
    for number in range(count):
        make_accepted(at=NOW, kind="help", phone=f"1390000000{number}")
    hotline.sweep_clocks(at=SOON)
    breaches = list(AppealBreach.objects.filter(clock__kind="citizen").select_related("clock"))
    Card.objects.all().delete()
    Reminder.objects.all().delete()

    with django_assert_num_queries(2):  # urgency, insert
        services.write_reminders(breaches=breaches, at=SOON)
    # Keys of both kinds of row, savepoint, reminders, centre, tickets, people, told, release; and the notice of each.
    with django_assert_num_queries(9 + count):
        assert services.tell_people(at=SOON) == count


@pytest.mark.parametrize("count", [1, 3])
def test_telling_a_unit_and_its_handlers_asks_the_same_questions_for_one_and_three(
    city, count, django_assert_num_queries
):
    for number in range(count):
        appeal = make_accepted(at=NOW, kind="help", phone=f"1390000000{number}")
        ticket = given(ticket_of(appeal), city, at=at("11-13 10:00"))
        tickets.sign_assignment(
            assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=at("11-13 10:30")
        )
    hotline.sweep_clocks(at=SOON)
    Card.objects.all().delete()

    # As above, and the limits of the units.
    with django_assert_num_queries(10 + count):
        assert services.tell_people(at=SOON) == count
    assert names("citizen_soon").count(city.handler.name) == count


def test_a_row_that_fails_does_not_hold_up_the_others(city, caplog):
    """A reminder of a citizen's limit that belongs to a decision: nobody can say whom it is for."""
    broken, waiting = replied(city), make_appeal(at=at("11-12 09:00"), phone="13900000009")
    complain(city, broken.follow_ups[0])
    hotline.sweep_clocks(at=at("11-12 17:30"))
    Reminder.objects.filter(decision_breach__isnull=False).update(kind="citizen_overdue")

    with pytest.raises(hotline.RowsFailed, match="failed for Reminder"):
        services.tell_people(at=at("11-12 17:30"))

    assert {number for _, _, number in told("accept_")} == {waiting.number}
    assert list(Reminder.objects.filter(told_at=None).values_list("kind", flat=True)) == ["citizen_overdue"]
    assert "telling of Reminder" in caplog.text


# --- the wall


@pytest.fixture
def wall(log_in, time_machine_at):
    time_machine_at("11-19 18:00")

    def open_wall(person, **query):
        answer = log_in(person).get(WALL, query)
        assert answer.status_code == 200
        return BeautifulSoup(answer.content.decode(), "html.parser")

    return open_wall


def city_numbers(page):
    return [int(number.get_text()) for number in page.select("b[data-city]")]


@pytest.fixture
def overdue(city):
    """An appeal in intake and a ticket without an answer, both overdue on Thursday 18:00."""
    city.waiting = make_appeal(at=at("11-19 10:00"))
    city.unanswered = make_accepted(at=NOW, kind="help", phone="13900000002")
    make_accepted(at=at("11-18 10:00"), kind="help", phone="13900000003")
    hotline.sweep_clocks(at=DUE)
    return city


def test_the_city_sees_what_is_overdue_and_no_units_own(overdue, wall):
    page = wall(overdue.reviewer)

    assert city_numbers(page) == [1, 1, 0, 0]
    listed = wall(overdue.reviewer, tab="citizens")
    assert [
        [cell.get_text(" ", strip=True) for cell in row.select("td")]
        for row in listed.select("table[data-rows] tbody tr")
    ] == [["超 30分", "今天 17:30", overdue.unanswered.number, ticket_of(overdue.unanswered).title, "—", "待派单"]]


def test_a_unit_sees_its_own_only(overdue, wall):
    assert city_numbers(wall(overdue.head)) == []
    assert wall(overdue.head, tab="citizens").select("table[data-rows] tbody tr") == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_citizens_asks_the_same_questions_for_one_and_three(
    city, wall, client, count, django_assert_num_queries
):
    for number in range(count):
        make_accepted(at=NOW, kind="help", phone=f"1390000000{number}")
    wall(city.reviewer)
    cache.delete(f"wall:{city.reviewer.pk}")

    with django_assert_num_queries(12):
        assert client.get(WALL, {"tab": "citizens"}).status_code == 200
