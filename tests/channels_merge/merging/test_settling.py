"""One pair settled: what becomes of the appeals and tickets, who may, who was faster, and how it is taken back."""

from datetime import timedelta

import pytest

from channels_merge import rights
from channels_merge.models import MergeProposal, MergeRecord
from channels_merge.selectors import merge_figures
from channels_merge.selectors.finding import background
from channels_merge.selectors.merging import case_of, pieces, plan_of, with_sides
from channels_merge.services import merging
from hotline.models import Notice
from tests.channels_merge.merging.factories import (
    FIRST_PHONE,
    LATER,
    NOISE,
    NOISE_AGAIN,
    TEMPLATE,
    TEMPLATE_ELSEWHERE,
    a_pair,
    by_machine,
    by_phone,
    look,
    two_tickets,
)
from tests.factories.channels_merge import ChannelFactory, make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, work_on
from tests.factories.tickets import fresh
from tickets import services as tickets
from tickets.models import TicketScope

SOON = LATER + timedelta(seconds=20)


def read(proposal):
    return with_sides(MergeProposal.objects.filter(pk=proposal.pk)).get()


def confirm(city, proposal, *, by=None, at=LATER, how=None):
    how = how or plan_of(read(proposal)).how
    return merging.confirm_proposal(proposal_id=proposal.pk, how=how, by=by or city.dispatcher, at=at)


def close(city, appeal):
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)


def dispatch(city, appeal, unit, *, co_units=(), at=LATER):
    tickets.dispatch_ticket(
        ticket_id=ticket_of(appeal).pk, unit=unit, item=None, co_units=co_units, by=city.dispatcher, at=at
    )


def test_what_waits_is_accepted_onto_the_ticket_with_number_and_clock_of_its_own(city):
    proposal, first, second = a_pair()

    settled = confirm(city, proposal)

    second = fresh(second)
    assert settled.sentence == f"{second.number} 已受理，并入 {ticket_of(first).number}。"
    assert (second.state, ticket_of(second), ticket_of(first).appeal_count) == ("accepted", ticket_of(first), 2)
    assert second.clocks.filter(kind="citizen", stopped_at=None).count() == 1
    assert (fresh(proposal).state, fresh(proposal).by, fresh(proposal).at) == ("confirmed", city.dispatcher, LATER)
    record = MergeRecord.objects.get()
    assert (record.appeal, record.into, record.by, record.proposal) == (
        second, ticket_of(first), city.dispatcher, proposal,
    )  # fmt: skip


def test_of_two_tickets_the_one_that_no_unit_has_goes(city):
    proposal, first, second = two_tickets()
    dispatch(city, second, city.department)

    settled = confirm(city, proposal)

    goes, stays = ticket_of(first), ticket_of(second)
    assert settled.sentence == f"{goes.number} 已并入 {stays.number}。"
    assert (goes.state, goes.merged_into, MergeRecord.objects.get().ticket) == ("merged", stays, goes)


def test_a_unit_that_works_on_both_sees_the_matter_once(city):
    proposal, first, second = two_tickets()
    dispatch(city, first, city.department, co_units=[city.other])
    dispatch(city, second, city.third, co_units=[city.other])
    confirm(city, proposal)

    open_ones = TicketScope.objects.filter(unit=city.other, is_open=True).values_list("ticket", flat=True)
    assert list(open_ones) == [ticket_of(first).pk]
    assert ticket_of(second).state == "merged"


def test_the_other_pairs_of_the_same_two_matters_have_nothing_left_to_decide(city):
    proposal, first, second = two_tickets()
    third = by_machine(phone="13800000003")
    with_first, with_second = sorted(look(third), key=lambda one: one.other_id)
    confirm(city, with_first)
    assert fresh(with_second).state == "open"
    confirm(city, proposal)

    assert [fresh(one).state for one in (with_first, proposal, with_second)] == ["confirmed", "confirmed", "lapsed"]
    assert ticket_of(second).merged_into == ticket_of(third) == ticket_of(first)


def test_of_a_closed_one_the_reviewers_are_asked_and_it_joins_when_it_is_open_again(city):
    first = by_phone()
    close(city, first)
    at = ANSWERED_AT + timedelta(hours=1)
    second = by_machine(at=at)
    [proposal] = look(second, at)
    settled = confirm(city, proposal, at=at)

    ticket = ticket_of(first)
    assert settled.sentence == f"已记为同一件，提请审核员重开 {ticket.number}。"
    told = Notice.objects.filter(kind="reopen_proposed", number=ticket.number).values_list("recipient", flat=True)
    assert set(told) == {city.reviewer.pk, city.reviewer2.pk}
    assert (fresh(second).state, merging.join_reopened(at=at)) == ("received", 0)

    tickets.reopen_ticket(ticket_id=ticket.pk, same_unit=True, reason="又在施工", by=city.reviewer, at=at)
    assert (merging.join_reopened(at=at), merging.join_reopened(at=at)) == (1, 0)
    assert (ticket_of(second), fresh(proposal).by) == (ticket, city.dispatcher)


def test_a_slip_taken_back_earlier_does_not_keep_the_pair_from_joining_later(city):
    proposal, first, second = two_tickets()
    confirm(city, proposal)
    merging.undo_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=SOON)
    close(city, first)
    at = ANSWERED_AT + timedelta(hours=1)
    merging.settle_stale(at=at)
    confirm(city, proposal, at=at)
    tickets.reopen_ticket(ticket_id=ticket_of(first).pk, same_unit=True, reason="又在施工", by=city.reviewer, at=at)

    assert (merging.join_reopened(at=at), merging.join_reopened(at=at)) == (1, 0)
    assert ticket_of(second).merged_into == ticket_of(first)


def test_what_joins_after_reopening_was_decided_by_a_person_and_not_by_the_system(city):
    switch = merging.switch_on(channel=ChannelFactory(), by=city.reviewer, at=LATER)
    first = by_phone()
    close(city, first)
    at = ANSWERED_AT + timedelta(hours=1)
    second = by_machine(at=at)
    [proposal] = look(second, at)
    confirm(city, proposal, at=at)
    tickets.reopen_ticket(ticket_id=ticket_of(first).pk, same_unit=True, reason="又在施工", by=city.reviewer, at=at)
    merging.join_reopened(at=at)

    [month] = merge_figures.merge_months(at=at)
    assert (month.merges, month.by_itself) == (1, 0)
    assert merge_figures.switches().get(pk=switch.pk).linked == 0


def test_refused_once_it_is_settled(city):
    proposal, _, second = a_pair()
    merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=LATER)

    assert (fresh(proposal).state, fresh(second).state, MergeRecord.objects.count()) == ("refused", "received", 0)
    with pytest.raises(merging.MergeRefused, match=r"王\*已于 13:00 记为“不是同一件”，没有重复办理"):
        confirm(city, proposal, by=city.dispatcher2, at=SOON)
    assert fresh(second).state == "received"


def test_put_off_goes_to_the_end(city):
    proposal, _, _ = a_pair()
    merging.put_off_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=SOON)

    assert (fresh(proposal).state, fresh(proposal).sort_at) == ("open", SOON)


def test_a_ticket_that_was_closed_meanwhile_says_so_and_nothing_is_done(city):
    proposal, first, second = a_pair()
    close(city, first)

    with pytest.raises(merging.MergeRefused, match=f"工单 {ticket_of(first).number} 刚刚办结，不能再并单"):
        confirm(city, proposal, how="accept")
    assert (fresh(second).state, fresh(proposal).state) == ("received", "open")


def test_who_may_settle(city):
    proposal, _, _ = a_pair()

    for act in (merging.refuse_proposal, merging.put_off_proposal, merging.undo_proposal):
        with pytest.raises(rights.NotPermitted):
            act(proposal_id=proposal.pk, by=city.agent, at=LATER)
    with pytest.raises(rights.NotPermitted):
        confirm(city, proposal, by=city.reviewer)
    assert fresh(proposal).state == "open"


# --- taking back


def test_a_merge_of_tickets_is_taken_back_within_half_a_minute_and_was_no_wrong_merge(city):
    proposal, first, second = two_tickets()
    confirm(city, proposal)
    merging.undo_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=SOON)

    assert [ticket_of(one).state for one in (first, second)] == ["pending_dispatch"] * 2
    assert (MergeRecord.objects.get().undone_as, fresh(proposal).state) == ("slip", "open")


def test_an_accepted_appeal_that_is_taken_back_has_a_ticket_of_its_own(city):
    proposal, first, second = a_pair()
    confirm(city, proposal)
    settled = merging.undo_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=SOON)

    own = ticket_of(second)
    assert settled.sentence == f"已撤回：诉求已受理，单独建为工单 {own.number}；这一对重新待核对。"
    assert (own != ticket_of(first), own.accepted_at, ticket_of(first).appeal_count) == (True, LATER, 1)
    assert MergeRecord.objects.get().undone_as == "slip"


def test_after_half_a_minute_or_by_another_nothing_is_taken_back(city):
    proposal, _, second = a_pair()
    merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=LATER)

    for by, at in ((city.dispatcher2, SOON), (city.dispatcher, LATER + timedelta(minutes=1))):
        with pytest.raises(merging.MergeRefused, match="已过 30 秒，不能撤回"):
            merging.undo_proposal(proposal_id=proposal.pk, by=by, at=at)
    assert fresh(proposal).state == "refused"

    merging.undo_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=SOON)
    assert (fresh(proposal).state, fresh(second).state) == ("open", "received")


# --- side by side


def marked(found, mark):
    return [piece.text for piece in found if piece.mark == mark]


def test_both_texts_show_what_they_share_and_nothing_is_lost(city):
    proposal, first, second = a_pair()
    case = case_of(read(proposal))

    left, right = case.sides
    assert (left.appeal, right.appeal) == (first, second)
    assert ["".join(piece.text for piece in side.text) for side in case.sides] == [NOISE, NOISE_AGAIN]
    assert "泵车噪声" in "".join(marked(left.text, "same"))
    assert {"锦江花园", "11点以后"} <= set(marked(right.text, "same"))


def test_signs_that_normalise_to_several_characters_part_the_words_and_stay_in_the_text(city):
    said = "室温35℃以上，面积100㎡的东侧工地，泵车噪声大。"

    found = pieces(said, f"{said}又及。", [], background())

    assert "".join(piece.text for piece in found) == said
    assert marked(found, "same") == ["室温35", "面积100", "的东侧工地", "泵车噪声大"]


def test_the_whole_name_of_a_new_road_stands_out(city):
    """A name is known by two characters and its ending."""
    assert marked(pieces("在新赣州大道南侧", "停水", ["赣州大道"], background()), "apart") == ["新赣州大道"]


def test_what_only_one_of_them_names_stands_out(city):
    by_phone(TEMPLATE)
    [proposal] = look(by_machine(TEMPLATE_ELSEWHERE))
    left, right = case_of(read(proposal)).sides

    assert (marked(left.text, "apart"), marked(right.text, "apart")) == (["蓝天"], ["红星"])


def test_the_facts_of_both_sides(city):
    first = by_phone(place="锦江花园东门", region=city.region)
    second = make_accepted(at=LATER, text=NOISE_AGAIN, phone=FIRST_PHONE, place="阳明路", region=city.region)
    [proposal] = look(second)

    left, right = ([(fact.value, fact.mark) for fact in side.facts] for side in case_of(read(proposal)).sides)
    assert proposal.other == first
    assert left == [("章贡区", "same"), ("锦江花园东门", "apart"), ("投诉", "same"), ("王* 138****0001", "same")]
    assert right == [("章贡区", "same"), ("阳明路", "apart"), ("投诉", "same"), ("王* 138****0001", "same")]
