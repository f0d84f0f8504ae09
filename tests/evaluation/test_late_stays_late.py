"""A part that was late stays late, once and in its month, whatever is done with the matter afterwards.

求助: seven working days. Given on Monday 2 November at 10:00, due on Wednesday 11 November at 17:30.
"""

from datetime import date

import pytest

from evaluation import selectors
from tests.factories.tickets import approve_all, at, contacted, fresh, pending_approval, signed, submit
from tickets import services as tickets

NOVEMBER = date(2026, 11, 1)
GIVEN = at("11-02 10:00")
DUE = at("11-11 17:30")
LATE = at("11-20 09:00")
EVENING = at("11-30 18:00")


@pytest.fixture
def overdue(city):
    return contacted(city, at=GIVEN, title="甲")


def figures(city, *, month=NOVEMBER, at=EVENING):
    """unit → (parts, on time, late); each opens to as many rows as it says."""
    found = {}
    for line in selectors.unit_figures(city.reviewer, month=month, at=at):
        found[line.unit.short_name] = (line.parts, line.on_time, line.late)
        opened = {
            figure: selectors.figure_rows(city.reviewer, unit=line.unit, month=month, figure=figure, at=at).count()
            for figure in ("parts", "on_time", "late")
        }
        assert opened == {"parts": line.parts, "on_time": line.on_time, "late": line.late}
    return found


def ended(city, figure="late"):
    rows = selectors.figure_rows(city.reviewer, unit=city.department, month=NOVEMBER, figure=figure, at=EVENING)
    return [(row.ticket.title, row.ended_at) for row in rows]


def test_handed_in_late_sent_back_and_handed_in_within_the_time_given_for_mending(city, overdue):
    submit(city, overdue, at=LATE)
    assert figures(city) == {"市城管局": (1, 0, 1)}

    tickets.send_back(
        approval_id=pending_approval(overdue).pk, reason="照片看不清。", by=city.head, at=at("11-20 10:00")
    )
    assert figures(city) == {"市城管局": (1, 0, 1)}
    submit(city, fresh(overdue), at=at("11-20 10:30"))

    assert figures(city) == {"市城管局": (1, 0, 1)}
    assert ended(city) == [("甲", DUE)]


def test_handed_in_in_time_and_sent_back_is_late_at_the_limit_that_passed_then(city, overdue):
    submit(city, overdue, at=at("11-11 09:00"))
    tickets.send_back(
        approval_id=pending_approval(overdue).pk, reason="照片看不清。", by=city.head, at=at("11-11 10:00")
    )
    # Sent back on the 11th with one working day left: due on the 12th.
    submit(city, fresh(overdue), at=LATE)

    assert figures(city) == {"市城管局": (1, 0, 1)}
    assert ended(city) == [("甲", at("11-12 17:30"))]


def test_late_twice_is_one_late_part(city, overdue):
    submit(city, overdue, at=LATE)
    tickets.send_back(
        approval_id=pending_approval(overdue).pk, reason="照片看不清。", by=city.head, at=at("11-20 10:00")
    )
    submit(city, fresh(overdue), at=at("11-27 09:00"))

    assert figures(city) == {"市城管局": (1, 0, 1)}
    assert ended(city) == [("甲", DUE)]


def test_put_off_when_it_was_overdue(city, overdue):
    tickets.defer_ticket(ticket_id=overdue.pk, reason="需要列入计划。", by=city.reviewer, at=LATE)
    assert figures(city) == {"市城管局": (1, 0, 1)}

    tickets.resume_ticket(ticket_id=overdue.pk, reason="可以办了。", by=city.reviewer, at=at("11-20 11:00"))
    submit(city, fresh(overdue), at=at("11-20 11:30"))

    assert figures(city) == {"市城管局": (1, 0, 1)}


def test_put_off_in_time_and_done_in_time_is_in_time(city, overdue):
    tickets.defer_ticket(ticket_id=overdue.pk, reason="需要列入计划。", by=city.reviewer, at=at("11-05 10:00"))
    assert figures(city) == {}

    tickets.resume_ticket(ticket_id=overdue.pk, reason="可以办了。", by=city.reviewer, at=LATE)
    submit(city, fresh(overdue), at=at("11-20 11:30"))

    assert figures(city) == {"市城管局": (1, 1, 0)}


def test_merged_when_it_was_overdue_and_taken_apart_again(city, overdue):
    into = contacted(city, at=at("11-10 10:00"), unit=city.other, title="乙")
    submit(city, into, at=at("11-12 10:00"))
    other = into.lead.unit.short_name
    merged = {"市城管局": (1, 0, 1), other: (1, 1, 0)}
    assert figures(city) == merged

    tickets.merge_ticket(
        ticket_id=overdue.pk, into_id=into.pk, reason="同一件。", by=city.dispatcher, at=at("11-25 10:00")
    )
    assert figures(city) == merged
    tickets.unmerge_ticket(ticket_id=overdue.pk, reason="不是同一件。", by=city.dispatcher, at=at("11-25 11:00"))
    submit(city, fresh(overdue), at=at("11-25 15:00"))

    assert figures(city) == merged


def test_the_callers_of_a_merged_matter_are_counted_once(city, overdue):
    into = contacted(city, at=GIVEN, title="乙")
    for ticket, callers in ((overdue, 1), (into, 2)):
        tickets.count_appeals(ticket_id=ticket.pk, appeals=callers - fresh(ticket).appeal_count)

    tickets.merge_ticket(
        ticket_id=overdue.pk, into_id=into.pk, reason="同一件。", by=city.dispatcher, at=at("11-25 10:00")
    )

    [line] = selectors.unit_figures(city.reviewer, month=NOVEMBER, at=EVENING)
    assert (line.parts, line.late, line.appeals) == (2, 2, 3)


def test_handed_over_when_it_was_overdue_late_stays_where_it_was_late(city, overdue):
    tickets.hand_over_part(
        assignment_id=overdue.lead_id, unit_to=city.other, reason="职能划转。", by=city.reviewer, at=LATE
    )
    overdue = fresh(overdue)
    receiver = overdue.lead.unit.short_name
    submit(city, overdue, at=at("11-20 15:00"))

    assert figures(city) == {"市城管局": (1, 0, 1), receiver: (1, 1, 0)}
    assert ended(city) == [("甲", DUE)]


def test_withdrawn_by_its_callers_after_the_limit(city, overdue):
    tickets.propose_withdrawal(ticket_id=overdue.pk, by=None, at=LATE)
    tickets.close_as_withdrawn(ticket_id=overdue.pk, reason="反映人都撤回了。", by=city.reviewer, at=LATE)

    assert figures(city) == {"市城管局": (1, 0, 1)}


def test_recalled_after_the_limit_it_was_not_the_units(city, overdue):
    """The centre had sent it to the wrong unit."""
    tickets.recall_ticket(ticket_id=overdue.pk, reason="派错了。", by=city.dispatcher, at=LATE)

    assert figures(city) == {}


def test_recalled_after_it_was_handed_in_late_and_sent_back(city, overdue):
    submit(city, overdue, at=LATE)
    tickets.send_back(
        approval_id=pending_approval(overdue).pk, reason="照片看不清。", by=city.head, at=at("11-20 10:00")
    )
    tickets.recall_ticket(ticket_id=overdue.pk, reason="派错了。", by=city.dispatcher, at=at("11-20 11:00"))

    assert figures(city) == {}


def test_a_ticket_that_was_void_is_counted_again_when_it_is_restored(city):
    overdue = signed(city, at=GIVEN)
    tickets.void_ticket(ticket_id=overdue.pk, reason="重复登记。", by=city.dispatcher, at=LATE)
    assert figures(city) == {}

    tickets.restore_ticket(ticket_id=overdue.pk, reason="不是重复。", by=city.dispatcher, at=at("11-20 10:00"))

    assert figures(city) == {"市城管局": (1, 0, 1)}


def test_a_redo_is_another_part_with_its_own_limit(city, overdue):
    submit(city, overdue, at=LATE)
    approve_all(city, fresh(overdue), at=LATE)
    tickets.redo_ticket(ticket_id=overdue.pk, reason="没有人来过。", by=None, at=at("11-23 10:00"))
    overdue = fresh(overdue)
    tickets.record_contact(assignment_id=overdue.lead_id, reached=True, by=city.handler, at=at("11-24 10:00"))
    submit(city, overdue, at=at("11-24 11:00"))

    assert figures(city) == {"市城管局": (2, 1, 1)}
    assert ended(city) == [("甲", DUE)]
    assert ended(city, "on_time") == [("甲", at("11-24 11:00"))]


def test_late_in_october_stays_there_when_it_is_mended_in_november(city):
    """Due on Friday 30 October."""
    ticket = contacted(city, at=at("10-21 10:00"))
    submit(city, ticket, at=at("11-02 10:00"))
    tickets.send_back(
        approval_id=pending_approval(ticket).pk, reason="照片看不清。", by=city.head, at=at("11-02 11:00")
    )
    submit(city, fresh(ticket), at=at("11-02 15:00"))

    assert figures(city) == {}
    assert figures(city, month=date(2026, 10, 1)) == {"市城管局": (1, 0, 1)}
