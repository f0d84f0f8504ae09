"""The county centre's own figures: second dispatch, its units, what was returned; live and of a month."""

from datetime import date, timedelta

import pytest

from evaluation import selectors
from evaluation.selectors.county import Returns
from tests.factories.hotline import UserFactory
from tests.factories.tickets import at, dispatched, fresh, passed_down, register, signed, submit
from tickets import services

MONTH = date(2026, 11, 1)


def read(city, when="11-30 10:00"):
    return selectors.county_figures(city.county_clerk, month=MONTH, at=at(when))


def given_back(city, ticket, *, by, when="11-10 11:00"):
    services.request_return(
        assignment_id=ticket.holder_id, ground="not_our_duty", reason="不归我们管。", by=by, at=at(when)
    )
    return fresh(ticket).holder.returnrequests.get()


def pass_on(city, *, given, passed):
    ticket = signed(city, unit=city.county, at=at(given))
    services.pass_down(
        assignment_id=ticket.lead_id, unit=city.county_department, item=None, by=city.county_clerk, at=at(passed)
    )


def test_second_dispatch_is_counted_and_timed(city):
    """Two passed on, after one and three hours; one waits with the centre, one was taken back; one of a department counts nowhere."""
    pass_on(city, given="11-10 08:30", passed="11-10 09:30")
    pass_on(city, given="11-10 08:30", passed="11-10 11:30")
    signed(city, unit=city.county, at=at("11-10 10:00"))
    signed(city, at=at("11-10 10:00"))
    signed(city, unit=city.county, at=at("10-30 10:00"))
    back = dispatched(city, unit=city.county, at=at("11-10 10:00"))
    services.recall_ticket(ticket_id=back.pk, reason="派错了。", by=city.dispatcher, at=at("11-10 10:30"))

    passed = read(city).passed_on

    assert (passed.given, passed.passed, passed.waiting, passed.rest) == (4, 2, 1, 1)
    assert (passed.median, passed.slowest) == (timedelta(hours=2), timedelta(hours=3))


def test_second_dispatch_takes_working_time(city, log_in):
    """From Friday 17:00 to Monday 09:30 an hour and a half; over lunch and a night 7 hours, not a day; on a Saturday none."""
    pass_on(city, given="11-13 17:00", passed="11-16 09:30")
    pass_on(city, given="11-10 11:00", passed="11-11 11:30")
    pass_on(city, given="11-14 10:00", passed="11-14 12:00")

    passed = read(city).passed_on

    assert (passed.median, passed.slowest) == (timedelta(hours=1, minutes=30), timedelta(hours=7))
    page = log_in(city.county_clerk).get("/county/?month=2026-11").content.decode()
    assert '<td class="num" data-label="中位">1 时 30 分</td><td class="num" data-label="最慢">7 时</td>' in page


def test_a_return_that_went_with_its_matter_counts_nowhere(city):
    """The city took the matter back from the county before it decided: nobody granted and nobody refused the return."""
    asked = given_back(city, passed_down(city, at=at("11-10 10:00")), by=city.county_head)
    services.recall_ticket(
        ticket_id=asked.assignment.ticket_id, reason="应派邻县。", by=city.dispatcher, at=at("11-10 11:30")
    )
    asked.refresh_from_db()
    assert asked.decision == "cancelled"

    figures = read(city)

    assert figures.from_below == Returns()
    assert [line.asked for line in figures.lines if not line.is_own] == []
    assert list(selectors.county_returns(city.county_clerk, month=MONTH, at=at("11-30 10:00"))) == []


def test_each_unit_has_what_is_in_hand_what_ended_and_what_it_returned(city):
    done = passed_down(city, at=at("11-10 10:00"))
    services.record_contact(assignment_id=done.holder_id, reached=True, by=city.county_handler, at=at("11-10 11:00"))
    submit(city, fresh(done), at=at("11-11 10:00"))
    passed_down(city, at=at("11-10 10:00"))
    back = given_back(city, passed_down(city, at=at("11-10 10:00")), by=city.county_head)
    services.refuse_return(request_id=back.pk, reason="是你们的。", by=city.county_clerk, at=at("11-10 14:30"))
    waits = given_back(city, passed_down(city, at=at("11-10 10:00")), by=city.county_head)
    own = dispatched(city, unit=city.county, at=at("11-10 10:00"))
    services.request_return(
        assignment_id=own.lead_id,
        ground="not_our_place",
        reason="在邻县。",
        by=city.county_clerk,
        at=at("11-10 11:00"),
    )

    figures = read(city, "11-11 12:00")

    centre, department = figures.lines
    assert (centre.unit, centre.is_own, department.unit) == (city.county, True, city.county_department)
    assert (department.figures.parts, department.figures.on_time_rate) == (1, 100.0)
    assert (department.asked, department.granted, department.refused) == (2, 0, 1)
    assert figures.from_below == Returns(asked=2, granted=0, refused=1, waiting=1)
    assert figures.to_the_city == Returns(asked=1, granted=0, refused=0, waiting=1)
    rows = selectors.county_returns(city.county_clerk, month=MONTH, at=at("11-11 12:00"))
    assert set(rows.values_list("pk", flat=True)) == {back.pk, waits.pk, own.lead.returnrequests.get().pk}


def test_overdue_is_what_runs_out_at_the_unit(city):
    passed_down(city, at=at("11-10 10:00"))

    before, later = read(city, "11-11 09:00"), read(city, "11-29 10:00")

    assert [(line.unit, line.in_hand, line.overdue) for line in before.lines if not line.is_own] == [
        (city.county_department, 1, 0)
    ]
    assert [(line.in_hand, line.overdue) for line in later.lines if not line.is_own] == [(1, 1)]


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_matter_and_three(city, log_in, django_assert_num_queries, number):
    for turn in range(number):
        given_back(city, passed_down(city, title=f"第{turn}件", at=at("11-10 10:00")), by=city.county_head)
    client = log_in(city.county_clerk)
    client.get("/county/")

    with django_assert_num_queries(PAGE):
        page = client.get("/county/")
    client.get("/county/returned/")
    with django_assert_num_queries(TABLE):
        table = client.get("/county/returned/")

    assert page.context["figures"].from_below.asked == number
    assert len(table.context["rows"]) == number


PAGE, TABLE = 13, 5


def test_only_a_county_centre_has_it(city, log_in):
    head = UserFactory(unit=city.county, roles=["unit_head"])
    register()

    codes = {
        person.name: log_in(person).get("/county/").status_code
        for person in (city.county_clerk, head, city.county_head, city.reviewer)
    }

    assert codes == {"郭芳": 200, head.name: 200, "唐勇": 403, "周涛": 403}
