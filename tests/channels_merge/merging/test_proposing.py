"""Which pairs are proposed, when, how often, and what the system may link by itself."""

from datetime import timedelta

import pytest

from channels_merge import rights, tasks
from channels_merge.models import MergeLook, MergeProposal, MergeRecord, MergeSwitch
from channels_merge.selectors import merge_figures
from channels_merge.selectors.merging import worklist
from channels_merge.services import intake, linking, merging, petition
from hotline.models import Notice
from hotline.services import RowsFailed
from responsibility.models import Category
from tests.channels_merge.merging.factories import (
    FIRST_PHONE,
    LAMPS,
    LATER,
    NOISE,
    NOISE_AGAIN,
    OTHER_PHONE,
    TEMPLATE,
    TEMPLATE_ELSEWHERE,
    a_pair,
    by_machine,
    by_phone,
    look,
    two_tickets,
)
from tests.factories.channels_merge import NOON, ChannelFactory, make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, work_on
from tests.factories.tickets import fresh, make_item
from tickets import services as tickets

SOON = LATER + timedelta(minutes=2)


def close(city, appeal):
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)


def test_a_pair_is_proposed_with_its_reasons_and_nothing_is_changed(city):
    proposal, first, second = a_pair()

    assert (proposal.appeal, proposal.other, proposal.kind, proposal.state) == (second, first, "merge", "open")
    assert proposal.probability > 0.9
    assert "泵车噪声" in proposal.words
    assert (fresh(second).state, ticket_of(first).appeal_count) == ("received", 1)


def test_what_a_machine_sends_is_looked_at_when_it_has_arrived(city, committing):
    first = by_phone()
    with committing():
        second = by_machine()

    assert list(MergeProposal.objects.values_list("appeal", "other")) == [(second.pk, first.pk)]


def test_the_clock_looks_at_what_was_missed_and_a_second_time_does_nothing(city):
    first = by_phone()
    second = make_accepted(at=LATER, text=NOISE_AGAIN, phone=FIRST_PHONE)
    too_fresh = by_phone(LAMPS, at=SOON)

    assert merging.look_at_missed(at=SOON) == 2
    assert merging.look_at_missed(at=SOON) == 0
    assert set(MergeLook.objects.values_list("appeal", flat=True)) == {first.pk, second.pk}
    assert set(MergeProposal.objects.values_list("appeal", "other")) == {(second.pk, first.pk)}
    assert merging.look_at_missed(at=SOON + timedelta(minutes=1)) == 1
    assert MergeLook.objects.filter(appeal=too_fresh).exists()


def test_an_appeal_that_fails_does_not_hold_up_the_others(city, monkeypatch):
    first, second = by_phone(), by_phone(LAMPS)
    nearest = merging.reads.nearest
    monkeypatch.setattr(
        merging.reads, "nearest", lambda appeal, *, at: 1 / 0 if appeal.pk == first.pk else nearest(appeal, at=at)
    )

    with pytest.raises(RowsFailed, match=f"failed for {first.pk}; 1 others are done"):
        merging.look_at_missed(at=LATER)

    assert list(MergeLook.objects.values_list("appeal", flat=True)) == [second.pk]


def test_another_matter_is_not_proposed(city):
    by_phone(LAMPS)

    assert look(by_machine()) == []


def test_below_the_threshold_nothing_is_proposed(city, rule):
    rule("merge_propose", "1.0")
    by_phone()

    assert look(by_machine()) == []


def test_a_matter_of_many_appeals_is_proposed_once(city):
    first = by_phone()
    for phone in ("13800000001", "13800000002"):
        make_accepted(text=NOISE, phone=phone, ticket_id=ticket_of(first).pk)

    assert len(look(by_machine())) == 1


def test_two_matters_that_somebody_refused_are_not_proposed_by_another_pair(city):
    proposal, _, second = two_tickets()
    merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=LATER)
    third = make_accepted(at=SOON, text=NOISE_AGAIN, phone="13800000001", ticket_id=ticket_of(second).pk)

    assert look(third, SOON) == []


def test_what_is_secret_is_never_compared_nor_shown(city):
    first = by_phone()
    proposal = look(by_machine())[0]
    tickets.restrict_ticket(
        ticket_id=ticket_of(first).pk, readers=[city.handler], reason="涉及隐私", by=city.reviewer, at=LATER
    )

    assert look(by_machine(at=SOON, phone="13800000001"), SOON) == [MergeProposal.objects.get(other=proposal.appeal)]
    assert list(worklist().values_list("pk", flat=True)) == []


def test_a_matter_closed_lately_is_proposed_to_be_opened_again(city):
    first = by_phone()
    close(city, first)
    second = by_machine(at=ANSWERED_AT + timedelta(days=3))
    [proposal] = look(second, second.received_at)
    assert (proposal.kind, proposal.other) == ("repeat", first)

    late = by_machine(at=ANSWERED_AT + timedelta(days=100), phone="13800000009", text=NOISE)
    assert {one.other for one in look(late, late.received_at)} == set()


def test_neither_accepted_waits_until_one_is(city):
    first, second = by_machine(NOISE, at=NOON), by_machine()
    [proposal] = look(second)
    assert not worklist().exists()

    merging.accept_appeal(appeal_id=first.pk, by=city.dispatcher, at=LATER)
    assert worklist().get() == proposal


def test_stale_pairs_lapse_and_the_kind_follows_the_ticket(city):
    proposal, first, second = a_pair()
    close(city, first)
    assert merging.settle_stale(at=ANSWERED_AT) == 1
    assert fresh(proposal).kind == "repeat"

    linking.withdraw_appeal(appeal_id=second.pk, channel=second.channel, reason="好了", by=None, at=ANSWERED_AT)
    assert merging.settle_stale(at=ANSWERED_AT) == 1
    assert merging.settle_stale(at=ANSWERED_AT) == 0
    assert (fresh(proposal).state, fresh(proposal).at) == ("lapsed", ANSWERED_AT)


def test_a_pair_that_nobody_looked_at_lapses_after_its_days(city):
    proposal, _, _ = a_pair()

    assert merging.settle_stale(at=LATER + timedelta(days=30)) == 0
    assert merging.settle_stale(at=LATER + timedelta(days=31)) == 1
    assert fresh(proposal).state == "lapsed"


def test_a_run_looks_at_some_pairs_only_and_every_pair_has_its_turn(city):
    by_phone()
    waiting = [by_machine(phone=f"1380000000{i}") for i in range(3)]
    proposals = [look(one)[0] for one in waiting]
    for one in waiting:
        linking.withdraw_appeal(appeal_id=one.pk, channel=one.channel, reason="好了", by=None, at=LATER)

    assert merging.settle_stale(at=SOON, most=2) == 2
    assert [fresh(one).state for one in proposals] == ["lapsed", "lapsed", "open"]
    assert merging.settle_stale(at=SOON, most=2) == 1


def test_pairs_that_stay_open_are_looked_at_in_turn(city):
    by_phone()
    proposals = [look(by_machine(phone=f"1380000000{i}"))[0] for i in range(3)]
    minutes = [LATER + timedelta(minutes=i) for i in range(1, 3)]
    for at in minutes:
        assert merging.settle_stale(at=at, most=2) == 0

    assert [fresh(one).checked_at for one in proposals] == [minutes[1], minutes[0], minutes[1]]


# --- by itself


def switch(city, **where):
    return merging.switch_on(by=city.reviewer, at=NOON, **where)


def test_nothing_is_linked_where_nobody_switched_it_on(city):
    _, _, second = a_pair()

    assert (fresh(second).state, MergeRecord.objects.count()) == ("received", 0)


def test_where_it_is_on_the_system_links_with_its_reason_and_it_can_be_undone(city):
    switch(city, channel=ChannelFactory())
    proposal, first, second = a_pair()

    record = MergeRecord.objects.get()
    link = second.links.get(until=None)
    assert (record.appeal, record.into, record.by, record.proposal) == (second, ticket_of(first), None, proposal)
    assert (link.ticket, link.by, link.reason[:5]) == (ticket_of(first), None, "系统并单：")
    assert (fresh(proposal).state, fresh(proposal).by) == ("confirmed", None)

    linking.unlink_appeal(appeal_id=second.pk, reason="另一处", never_same=True, by=city.dispatcher, at=LATER)
    assert (fresh(record).undone_as, ticket_of(second) == ticket_of(first)) == ("wrong", False)


def test_what_is_linked_after_it_was_switched_on_again_is_not_counted_with_the_first_time(city):
    row = switch(city, channel=ChannelFactory())
    by_phone()
    look(by_machine(phone=OTHER_PHONE))
    merging.switch_off(switch_id=row.pk, by=city.reviewer, at=LATER)
    merging.switch_on(channel=row.channel, by=city.reviewer, at=SOON)
    look(by_machine(phone="13800000001", at=SOON), SOON)

    assert [(one.linked, one.wrong) for one in merge_figures.switches()] == [(1, 0), (1, 0)]


def test_a_category_covers_those_below_it(city):
    top = Category.objects.create(code="99", name="城市管理", level=1)
    below = Category.objects.create(code="9901", name="噪声", level=2, parent=top)
    switch(city, category=top)
    first = by_phone()
    second = make_accepted(at=LATER, text=NOISE_AGAIN, phone=FIRST_PHONE, category=below)
    second_ticket = ticket_of(second)
    look(second)

    assert (fresh(second_ticket).state, fresh(second_ticket).merged_into) == ("merged", ticket_of(first))
    assert merge_figures.switches().get().linked == 1


def test_what_a_unit_has_in_hand_is_left_to_people(city):
    switch(city, channel=ChannelFactory())
    first = by_phone()
    second = make_accepted(at=LATER, text=NOISE_AGAIN, phone=FIRST_PHONE)
    for appeal in (first, second):
        tickets.dispatch_ticket(
            ticket_id=ticket_of(appeal).pk, unit=city.department, item=None, by=city.dispatcher, at=LATER
        )

    assert [one.state for one in look(second)] == ["open"]


def test_what_is_in_petition_is_left_to_people_also_when_nobody_matched_it_yet(city):
    switch(city, channel=ChannelFactory())
    by_phone()
    petition.take_in_petition(
        petition=petition.Petition(
            number="XF1",
            title="锦江花园工地夜间施工",
            text=NOISE_AGAIN,
            received_at=NOON,
            state="handling",
            phone=OTHER_PHONE,
            region=city.region,
        ),
        by=None,
        at=NOON,
    )

    appeal = by_machine(region=city.region)
    assert [one.state for one in look(appeal)] == ["open"]
    assert fresh(appeal).state == "received"


def test_what_goes_a_legal_route_is_left_to_people(city):
    switch(city, channel=ChannelFactory())
    by_phone()
    make_item(
        code="SF-01",
        title="夜间施工诉讼",
        words=["泵车噪声", "浇筑混凝土", "锦江花园"],
        level="city",
        route="legal_route",
        city_function="education",
        county_function="",
    )

    appeal = by_machine()
    assert [one.state for one in look(appeal)] == ["open"]
    assert fresh(appeal).state == "received"


def test_a_template_that_names_another_institution_is_never_linked_by_itself(city, rule):
    rule("merge_link_by_itself", "0.5")
    switch(city, channel=ChannelFactory())
    by_phone(TEMPLATE)

    [proposal] = look(by_machine(TEMPLATE_ELSEWHERE))

    assert proposal.state == "open"
    assert "点名的地点或单位不同" in proposal.words


def test_it_switches_itself_off_when_too_much_was_wrong(city, rule):
    rule("merge_wrong_least", "2")
    row = switch(city, channel=ChannelFactory())
    first = by_phone()
    for number in range(3):
        appeal = by_machine(phone=f"1380000000{number}")
        look(appeal)
        if number < 2:
            linking.unlink_appeal(appeal_id=appeal.pk, reason="不是", never_same=True, by=city.dispatcher, at=LATER)
            tickets.void_ticket(ticket_id=ticket_of(appeal).pk, reason="测试", by=city.dispatcher, at=LATER)
        if number == 0:
            assert merging.watch_switches(at=LATER) == 0

    assert merging.watch_switches(at=LATER) == 1
    assert merging.watch_switches(at=LATER) == 0
    assert [(one.linked, one.wrong) for one in merge_figures.switches()] == [(3, 2)]
    assert (fresh(row).off_at, fresh(row).off_by) == (LATER, None)
    told = Notice.objects.filter(kind="merge_switched_off").values_list("recipient", flat=True)
    assert set(told) == {city.reviewer.pk, city.reviewer2.pk}
    assert ticket_of(first).appeal_count == 2


def test_who_may_switch(city):
    with pytest.raises(rights.NotPermitted):
        merging.switch_on(channel=ChannelFactory(), by=city.dispatcher, at=NOON)
    with pytest.raises(merging.MergeRefused, match="请选择一个渠道或一类事项"):
        merging.switch_on(by=city.reviewer, at=NOON)
    row = switch(city, channel=ChannelFactory())
    with pytest.raises(merging.MergeRefused, match="已经开启"):
        switch(city, channel=ChannelFactory())

    merging.switch_off(switch_id=row.pk, by=city.reviewer, at=LATER)
    with pytest.raises(merging.MergeRefused, match="已经关闭"):
        merging.switch_off(switch_id=row.pk, by=city.reviewer, at=LATER)
    assert list(MergeSwitch.objects.values_list("off_by", flat=True)) == [city.reviewer.pk]


def test_the_task_of_the_minute_does_every_step(city):
    by_phone()

    assert set(tasks.look_after_merging.apply(throw=True).get()) == {"looked_at", "joined", "settled", "switched_off"}


def test_of_many_that_wait_each_is_paired_with_the_ticket_and_not_with_one_another(city):
    first = by_phone()
    waiting = [by_machine(phone=f"1380000001{number}") for number in range(4)]
    for appeal in waiting:
        look(appeal)

    pairs = MergeProposal.objects.order_by("appeal").values_list("appeal", "other")
    assert list(pairs) == [(appeal.pk, first.pk) for appeal in waiting]


def test_a_pair_that_was_joined_by_another_hand_is_not_asked_about(city):
    proposal, first, second = a_pair()
    intake.accept_appeal(appeal_id=second.pk, ticket_id=ticket_of(first).pk, by=city.dispatcher, at=SOON)

    assert (fresh(proposal).state, worklist().exists()) == ("lapsed", False)
