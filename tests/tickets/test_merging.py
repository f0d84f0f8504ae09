"""Several tickets of one matter: into one, along with it, and out again."""

import pytest

from tests.factories.tickets import (
    acts,
    at,
    contacted,
    dispatched,
    followed_up,
    fresh,
    register,
    running,
    signed,
    submitted,
)
from tickets import services


def merge(city, ticket, into, moment=None):
    services.merge_ticket(
        ticket_id=ticket.pk, into_id=into.pk, reason="同一工地。", by=city.dispatcher, at=moment or at("11-10 11:00")
    )
    return fresh(ticket)


def unmerge(city, ticket, moment):
    services.unmerge_ticket(ticket_id=ticket.pk, reason="不是同一工地。", by=city.dispatcher, at=moment)
    return fresh(ticket)


def test_merged_and_back_with_what_remained(city):
    """Merged on Thursday the 12th with five days left; out again on Tuesday the 24th: due on Tuesday 1 December."""
    ticket, into = contacted(city), register()
    before = running(ticket)

    ticket = merge(city, ticket, into, at("11-12 10:00"))
    assert (ticket.state, ticket.is_open, ticket.merged_into, ticket.merged_from_state) == (
        "merged",
        False,
        into,
        "in_progress",
    )
    assert running(ticket) == []
    assert fresh(into).merged_count == 1
    assert acts(into)[-1] == "take_in"

    ticket = unmerge(city, ticket, at("11-24 10:00"))
    assert (ticket.state, ticket.is_open, ticket.merged_into, running(ticket)) == ("in_progress", True, None, before)
    assert ticket.due_at == at("12-01 17:30")
    assert fresh(into).merged_count == 0
    assert acts(into)[-1] == "let_out"


def test_tickets_merged_into_it_move_along(city):
    """Merged at the same moment as the other, and still each comes back with its own clocks."""
    first, second, third = signed(city), register(), register()
    before = running(first)
    merge(city, first, second)

    merge(city, second, third)

    first, second, third = fresh(first), fresh(second), fresh(third)
    assert (first.merged_into, second.merged_into, second.merged_count, third.merged_count) == (third, third, 0, 2)
    assert acts(first)[-1] == "move_along"
    assert acts(third)[-1] == "take_in"
    first = unmerge(city, first, at("11-10 11:00"))
    assert (first.state, running(first), fresh(third).merged_count) == ("in_progress", before, 1)


def test_to_the_dispatcher_when_the_other_is_closed(city):
    ticket, into = submitted(city), followed_up(city)
    merge(city, ticket, into)
    services.close_ticket(ticket_id=into.pk, closing_kind="resolved", by=None, at=at("11-12 10:00"))

    ticket = unmerge(city, ticket, at("11-13 10:00"))

    assert (ticket.state, ticket.lead, ticket.due_at, running(ticket)) == (
        "pending_dispatch",
        None,
        None,
        [("dispatch", "", "")],
    )
    assert ticket.approvals.get().state == "cancelled"
    assert ticket.assignments.get().ended_as == "unmerged"


@pytest.mark.parametrize(
    "secrecy, state, why",
    [
        ("restricted", "pending_dispatch", "保密级别不同的工单不能并单。"),
        ("open", "voided", "当前为“已作废”，不能并入。"),
    ],
)
def test_refused(city, secrecy, state, why):
    ticket, into = register(), register(secrecy=secrecy)
    if state == "voided":
        services.void_ticket(ticket_id=into.pk, reason="误登记。", by=city.dispatcher, at=at("11-10 10:30"))

    with pytest.raises(services.TransitionRefused, match=why):
        merge(city, ticket, into)

    assert (fresh(ticket).state, fresh(into).merged_count) == ("pending_dispatch", 0)


def test_refused_into_itself_when_held_and_when_not_merged(city):
    ticket, into = register(), register()
    with pytest.raises(services.InputRefused, match="不能把工单并入它自己。"):
        merge(city, ticket, ticket)
    with pytest.raises(services.TransitionRefused, match="没有并入其他工单。"):
        unmerge(city, ticket, at("11-10 11:00"))
    services.place_hold(ticket_id=ticket.pk, source="督办", reason="督办。", by=None, at=at("11-10 11:00"))
    with pytest.raises(services.TransitionRefused, match="解除后才能办结"):
        merge(city, ticket, into)


def test_what_carries_others_is_not_voided(city):
    ticket, into = dispatched(city), register()
    merge(city, ticket, into)

    with pytest.raises(services.TransitionRefused, match="须先拆回"):
        services.void_ticket(ticket_id=into.pk, reason="误登记。", by=city.dispatcher, at=at("11-10 12:00"))


def test_counters(city):
    ticket = register()

    services.count_appeals(ticket_id=ticket.pk, appeals=2, urges=1)

    assert (fresh(ticket).appeal_count, fresh(ticket).urge_count, fresh(ticket).withdrawal_proposed) == (3, 1, False)


def test_a_ticket_counts_the_callers_of_those_merged_into_it(city):
    """The page said four, its lists three."""
    first, second, third = register(), register(), register()
    services.count_appeals(ticket_id=first.pk, appeals=1)

    def callers():
        return [fresh(ticket).appeal_count for ticket in (first, second, third)]

    merge(city, first, second)
    assert callers() == [2, 3, 1]
    merge(city, second, third)
    assert callers() == [2, 1, 4]
    services.count_appeals(ticket_id=first.pk, appeals=-1)
    assert callers() == [1, 1, 3]
    unmerge(city, first, at("11-10 11:00"))
    assert callers() == [1, 1, 2]
