"""What counts in the figures and what does not, one matter at a time; who may ask; figures and pages without a full month."""

from datetime import date

import pytest
from bs4 import BeautifulSoup

from evaluation import selectors
from tests.factories.evaluation import replied
from tests.factories.tickets import at, passed_down, signed
from tickets import services as tickets

NOVEMBER = date(2026, 11, 1)
EVENING = at("11-30 18:00")
FIGURES = "/figures/"
BEHIND = "/figures/tickets/"
HELP = {"kind": "help"}


@pytest.fixture
def page(page_of, time_machine_at):
    time_machine_at("11-30 18:00")
    return page_of


def test_a_unit_that_nobody_was_asked_about_has_no_rate(city):
    replied(city)

    line = selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING)[0]

    assert (line.asked, line.resolution_rate, line.resolution_rate_before) == (0, None, None)
    assert (line.satisfaction_rate, line.satisfaction_rate_before, line.on_time_rate) == (None, None, 100.0)


def test_what_was_handed_in_after_the_month_counts_in_the_month_in_which_it_became_late(city):
    """Due on Friday 30 October, answered on 2 November."""
    replied(city, start=at("10-21 10:00"), answered=at("11-02 10:00"), **HELP)

    assert selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING) == []
    line = selectors.unit_figures(city.reviewer, month=date(2026, 10, 1), at=EVENING)[0]
    assert (line.parts, line.late) == (1, 1)


def test_what_was_sent_back_by_a_reviewer_counts_once(city):
    ticket = signed(city)
    tickets.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-10 11:00"))
    words = {
        "resolved": "yes",
        "public_text": "经现场核实，夜间施工已停止，并责令工地限期整改，安排夜间巡查。",
        "standard_met": True,
    }
    tickets.submit_result(assignment_id=ticket.lead_id, by=city.handler, at=at("11-11 10:00"), **words)
    approval = ticket.approvals.get()
    tickets.send_back(approval_id=approval.pk, reason="没有写明时间。", by=city.head, at=at("11-11 11:00"))
    tickets.submit_result(assignment_id=ticket.lead_id, by=city.handler, at=at("11-12 10:00"), **words)

    line = selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING)[0]

    assert (line.parts, line.on_time, line.redo) == (1, 1, 0)
    assert [
        row.ended_at
        for row in selectors.figure_rows(
            city.reviewer, unit=city.department, month=NOVEMBER, figure="parts", at=EVENING
        )
    ] == [at("11-12 10:00")]


def test_what_was_returned_or_recalled_does_not_count(city):
    ticket = signed(city)
    tickets.recall_ticket(ticket_id=ticket.pk, reason="派错了单位。", by=city.dispatcher, at=at("11-10 15:00"))

    assert selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING) == []


def test_matters_and_appeals_are_counted_apart_when_matters_are_merged(city):
    into, away = signed(city, title="主"), signed(city, title="并")
    tickets.count_appeals(ticket_id=away.pk, appeals=3 - away.appeal_count)
    tickets.count_appeals(ticket_id=into.pk, appeals=1 - into.appeal_count)
    tickets.merge_ticket(
        ticket_id=away.pk, into_id=into.pk, reason="同一工地", by=city.dispatcher, at=at("11-11 10:00")
    )

    line = selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING)[0]

    assert (line.parts, line.appeals) == (1, 4)


def test_others_are_refused(city, log_in):
    query = {"unit": city.department.pk, "month": "2026-11", "figure": "late"}

    for person in (city.agent, city.caller, city.handler, city.liaison):
        client = log_in(person)
        assert [client.get(FIGURES).status_code, client.get(BEHIND, query).status_code] == [403, 403]


def test_what_is_not_there_is_not_found(city, log_in, time_machine_at):
    time_machine_at("11-30 18:00")
    client = log_in(city.head)
    query = {"unit": city.department.pk, "month": "2026-11", "figure": "parts"}
    assert client.get(BEHIND, query).status_code == 200

    for month in ("2026-13", "nonsense", "2019-12", "2027-01"):
        assert client.get(FIGURES, {"month": month}).status_code == 404
        assert client.get(BEHIND, query | {"month": month}).status_code == 404
    for unit in ("abc", "", "9" * 30, city.other.pk):
        assert client.get(BEHIND, query | {"unit": unit}).status_code == 404
    assert client.get(BEHIND, query | {"figure": "nonsense"}).status_code == 404


def test_an_empty_month_says_so(city, page):
    assert "这个月还没有数字" in page(city.reviewer, FIGURES, month="2026-03").get_text()


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_ask_the_same_questions_for_one_and_three(
    city, log_in, time_machine_at, count, django_assert_num_queries
):
    for unit in (city.department, city.other, city.third)[:count]:
        signed(city, unit=unit)
        for _ in range(count):
            signed(city)
    passed_down(city)
    time_machine_at("11-30 18:00")
    client = log_in(city.reviewer)
    client.get(FIGURES)
    query = {"unit": city.department.pk, "month": "2026-11", "figure": "late"}

    with django_assert_num_queries(6):
        client.get(FIGURES)
    with django_assert_num_queries(5):
        client.get(BEHIND, query)


def test_the_tickets_behind_come_by_pages(city, page, client):
    for minute in range(27):
        signed(city, at=at(f"11-10 10:{minute:02}"))
    query = {"unit": city.department.pk, "month": "2026-11", "figure": "late"}

    first = page(city.reviewer, BEHIND, **query)
    second = BeautifulSoup(client.get(first.find("a", rel="next")["href"]).content.decode(), "html.parser")

    numbers = [[cell.get_text() for cell in shown.select("td.no")] for shown in (first, second)]
    assert [len(shown) for shown in numbers] == [25, 2]
    assert len(set(numbers[0] + numbers[1])) == 27
