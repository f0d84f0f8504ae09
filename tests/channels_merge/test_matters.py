"""Which ticket carries an appeal, what its people add, and the clock that was promised to them."""

from datetime import timedelta

import pytest

from channels_merge import selectors, services
from channels_merge.models import Appeal, AppealClock, AppealEvent, AppealLink, Interaction
from channels_merge.services.linking import ALONE
from hotline import services as hotline
from hotline.models import Notice
from hotline.signals import clocks_breached
from tests.factories.channels_merge import PHONE, PhoneChannelFactory, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import ANSWERED_AT, answer, work_on
from tests.factories.tickets import NOW, fresh
from tickets import services as tickets
from tickets.models import Ticket

LATER = NOW + timedelta(hours=3)
LATE = NOW + timedelta(days=28)


@pytest.fixture
def phone(city):
    return PhoneChannelFactory()


def citizen_clocks(appeal):
    return list(
        AppealClock.objects.filter(appeal=appeal, kind="citizen")
        .order_by("generation")
        .values_list("started_at", "stopped_at", "outcome")
    )


def acts_after_acceptance(appeal):
    events = AppealEvent.objects.filter(appeal=appeal).order_by("id").values_list("act", flat=True)
    return list(events)[2:]


def two_of_one_matter():
    first = make_accepted()
    return first, make_accepted(phone="13900000001", name="李强", ticket_id=ticket_of(first).pk)


def test_what_people_add_never_makes_an_appeal_or_a_ticket(city, phone):
    appeal = make_accepted()
    common = {"appeal_id": appeal.pk, "channel": phone, "by": city.agent, "at": LATER}
    services.urge_appeal(text="还在施工", **common)
    services.supplement_appeal(text="昨晚到凌晨三点", **common)
    services.record_progress_asked(**common)
    services.withdraw_appeal(reason="已经停工", **common)

    assert list(Interaction.objects.order_by("pk").values_list("kind", "text", "by")) == [
        ("new", "", None),
        ("urge", "还在施工", city.agent.pk),
        ("supplement", "昨晚到凌晨三点", city.agent.pk),
        ("progress", "", city.agent.pk),
        ("withdraw", "已经停工", city.agent.pk),
    ]
    ticket = Ticket.objects.get()
    assert (Appeal.objects.get(), ticket.appeal_count, ticket.urge_count) == (appeal, 1, 1)
    assert acts_after_acceptance(appeal) == ["urge", "supplement", "progress", "withdraw"]


def test_urging_tells_the_handler_once_for_each_urge(city, phone):
    appeal = make_accepted()
    ticket = ticket_of(appeal)
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=NOW)
    tickets.sign_assignment(assignment_id=fresh(ticket).lead_id, handler=city.handler, by=city.liaison, at=NOW)
    for _ in range(2):
        services.urge_appeal(appeal_id=appeal.pk, channel=phone, by=city.agent, at=LATER)

    told = Notice.objects.filter(kind="urge").values_list("recipient", "number")
    assert list(told) == [(city.handler.pk, ticket.number)] * 2


def test_before_somebody_is_named_liaison_and_heads_hear_of_the_urge(city, phone):
    appeal = make_accepted()
    tickets.dispatch_ticket(
        ticket_id=ticket_of(appeal).pk, unit=city.department, item=None, by=city.dispatcher, at=NOW
    )
    services.urge_appeal(appeal_id=appeal.pk, channel=phone, by=city.agent, at=LATER)

    assert set(Notice.objects.filter(kind="urge").values_list("recipient", flat=True)) == {
        person.pk for person in (city.liaison, city.head, city.head2)
    }


def test_a_supplement_reaches_the_ticket_as_information(city, phone):
    appeal = make_accepted()
    services.supplement_appeal(appeal_id=appeal.pk, channel=phone, text="在东门", by=city.agent, at=LATER)

    event = ticket_of(appeal).events.get(act="give_information")
    assert event.note.text == "在东门"


def test_a_supplement_to_what_waits_for_it_starts_the_wait_for_us_again(city, phone):
    appeal = make_appeal()
    services.need_info(appeal_id=appeal.pk, told="哪一栋？", by=city.agent, at=NOW)
    services.supplement_appeal(appeal_id=appeal.pk, channel=phone, text="7 栋", by=None, at=LATER)

    appeal = fresh(appeal)
    clock = AppealClock.objects.get(appeal=appeal, kind="accept", stopped_at=None)
    assert (appeal.state, clock.started_at) == ("received", LATER)


@pytest.mark.parametrize(
    "add",
    [
        lambda appeal, phone, city: services.urge_appeal(appeal_id=appeal.pk, channel=phone, by=city.agent, at=LATER),
        lambda appeal, phone, city: services.supplement_appeal(
            appeal_id=appeal.pk, channel=phone, text="又来了", by=city.agent, at=LATER
        ),
        lambda appeal, phone, city: services.withdraw_appeal(
            appeal_id=appeal.pk, channel=phone, reason="不办了", by=city.agent, at=LATER
        ),
    ],
)
def test_nothing_can_be_added_to_a_closed_matter(city, phone, add):
    appeal = make_accepted()
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)

    with pytest.raises(services.AppealRefused, match=f"工单 {ticket_of(appeal).number} 已是“已办结”，"):
        add(appeal, phone, city)

    assert (fresh(appeal).state, Interaction.objects.count(), ticket_of(appeal).urge_count) == ("accepted", 1, 0)


def test_nobody_would_read_what_is_added_to_an_answered_appeal(city, phone):
    appeal = make_appeal()
    services.explain_appeal(appeal_id=appeal.pk, ground="privacy", told="涉及他人隐私。", by=city.agent, at=NOW)

    with pytest.raises(services.AppealRefused, match=f"诉求 {appeal.number} 是“已解释”，不能补充，请登记新诉求。"):
        services.supplement_appeal(appeal_id=appeal.pk, channel=phone, text="还有", by=city.agent, at=LATER)

    assert Interaction.objects.count() == 1


def test_numbers_in_later_words_join_the_person_and_leave_their_masks(city, phone):
    appeal = make_accepted()
    common = {"appeal_id": appeal.pk, "channel": phone, "by": city.agent, "at": LATER}
    services.urge_appeal(text=f"工头电话13979712345，我的还是{PHONE}", **common)
    services.supplement_appeal(text="保安电话13979712346", **common)
    services.withdraw_appeal(reason="找13979712347解决了", **common)

    appeal = fresh(appeal)
    assert appeal.contact.moved_out == ["13979712345", "13979712346", "13979712347"]
    assert appeal.withdrawn_because == "找139****2347解决了"
    assert list(Interaction.objects.exclude(text="").order_by("pk").values_list("text", flat=True)) == [
        "工头电话139****2345，我的还是138****2231",
        "保安电话139****2346",
        "找139****2347解决了",
    ]


def test_a_number_in_the_later_words_of_nobody_finds_a_place_too(city, phone):
    appeal = make_accepted(name="", phone="")
    assert appeal.contact is None
    services.supplement_appeal(appeal_id=appeal.pk, channel=phone, text="问13979712345", by=city.agent, at=LATER)

    appeal = fresh(appeal)
    assert (appeal.contact.moved_out, appeal.contact.is_anonymous, appeal.contactable) == (
        ["13979712345"],
        True,
        False,
    )


def test_numbers_in_a_further_matter_of_the_call_join_the_same_person(city, phone):
    first = make_accepted()
    second = services.register_appeal(
        channel=phone,
        matter=services.Matter(text="另外房东13979712345不退押金，请帮忙。"),
        contact=first.contact,
        by=city.agent,
        at=NOW,
    ).appeal

    assert second.text == "另外房东139****2345不退押金，请帮忙。"
    assert fresh(second).contact.moved_out == ["13979712345"]


def test_a_corrected_place_and_the_subject_are_checked_for_numbers(city):
    appeal = make_appeal(subject="黄老板 13979712345")
    services.accept_appeal(appeal_id=appeal.pk, place="找13979712346带路", by=city.agent, at=NOW)

    appeal = fresh(appeal)
    assert (appeal.subject, appeal.place) == ("黄老板 139****2345", "找139****2346带路")
    assert appeal.contact.moved_out == ["13979712345", "13979712346"]


def test_one_of_two_withdraws_and_the_ticket_lives_on(city, phone):
    first, second = two_of_one_matter()
    services.withdraw_appeal(appeal_id=first.pk, channel=phone, reason="已解决", by=None, at=LATER)

    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.withdrawal_proposed, ticket.appeal_count) == ("pending_dispatch", False, 1)
    assert citizen_clocks(first)[-1][1:] == (LATER, "void")
    assert citizen_clocks(second)[-1][1:] == (None, "")


def test_when_the_last_one_withdraws_closing_is_proposed_not_done(city, phone):
    first, second = two_of_one_matter()
    for appeal in (first, second):
        services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="已解决", by=None, at=LATER)

    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.withdrawal_proposed) == ("pending_dispatch", True)
    assert list(ticket.events.filter(act="propose_withdrawal").values_list("at", flat=True)) == [LATER]
    told = Notice.objects.filter(kind="withdrawal_proposed", number=ticket.number)
    assert set(told.values_list("recipient", flat=True)) == {city.reviewer.pk, city.reviewer2.pk}


def test_that_nobody_waits_for_a_restricted_matter_is_told_to_its_readers_alone(city, phone):
    appeal = make_accepted()
    ticket = ticket_of(appeal)
    tickets.restrict_ticket(ticket_id=ticket.pk, readers=[], reason="举报。", by=city.reviewer, at=NOW)
    services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="已解决", by=None, at=LATER)

    told = Notice.objects.filter(kind="withdrawal_proposed", number=ticket.number)
    assert list(told.values_list("recipient", flat=True)) == [city.reviewer.pk]


def test_withdrawing_twice_is_refused(city, phone):
    appeal = make_accepted()
    services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="已解决", by=None, at=LATER)

    with pytest.raises(services.AppealRefused, match="当前为“已撤回”，不能执行该操作。"):
        services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="再撤", by=None, at=LATER)

    assert Interaction.objects.filter(kind="withdraw").count() == 1


def test_withdrawing_ends_a_transfer_that_nobody_has_taken(city, phone):
    appeal = make_appeal()
    transfer = services.transfer_appeal(appeal_id=appeal.pk, line="119", by=city.agent, at=NOW)
    services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="火已灭", by=city.agent, at=LATER)

    transfer = fresh(transfer)
    assert (transfer.outcome, transfer.note, transfer.concluded_at) == ("declined", "诉求人撤回", LATER)


def test_unlinking_opens_a_ticket_that_keeps_the_acceptance_time_and_the_clock(city, phone):
    first, second = two_of_one_matter()
    services.urge_appeal(appeal_id=second.pk, channel=phone, by=city.agent, at=LATER)
    before = citizen_clocks(second)
    services.unlink_appeal(appeal_id=second.pk, reason="另一处工地", by=city.agent, at=LATER)

    old, new = ticket_of(first), ticket_of(second)
    assert (new.accepted_at, new.state, citizen_clocks(second)) == (second.accepted_at, "pending_dispatch", before)
    assert (old.appeal_count, old.urge_count, new.appeal_count, new.urge_count) == (1, 0, 1, 1)
    assert list(
        AppealLink.objects.filter(appeal=second)
        .order_by("since")
        .values_list("ticket", "until", "reason", "end_reason")
    ) == [(old.pk, LATER, "同一件事", "另一处工地"), (new.pk, None, "另一处工地", "")]


def test_the_only_appeal_of_a_ticket_is_not_taken_out(city):
    appeal = make_accepted()

    with pytest.raises(services.AppealRefused, match="这张工单只有这一件诉求，不需要拆单。"):
        services.unlink_appeal(appeal_id=appeal.pk, reason="另一件", by=city.agent, at=LATER)

    assert (Ticket.objects.count(), AppealLink.objects.get().until) == (1, None)


def test_linking_moves_an_appeal_to_the_other_ticket_of_the_matter(city):
    first, second = two_of_one_matter()
    third = make_accepted(phone="13900000002")
    services.link_appeal(
        appeal_id=second.pk, ticket_id=ticket_of(third).pk, reason="同一工地", by=city.agent, at=LATER
    )

    assert (ticket_of(second), ticket_of(first).appeal_count, ticket_of(third).appeal_count) == (
        ticket_of(third),
        1,
        2,
    )
    assert acts_after_acceptance(second) == ["link"]


def test_a_ticket_is_not_left_without_appeals(city):
    first, other = make_accepted(), make_accepted(phone="13900000002")

    with pytest.raises(services.AppealRefused, match=ALONE):
        services.link_appeal(
            appeal_id=first.pk, ticket_id=ticket_of(other).pk, reason="同一工地", by=city.agent, at=LATER
        )

    assert ticket_of(first) != ticket_of(other)


def test_an_appeal_of_another_secrecy_is_not_hung_on_the_matter(city):
    first = make_accepted()
    secret = make_appeal(phone="13900000002", secrecy="restricted")

    with pytest.raises(services.AppealRefused, match="的保密级别与这件诉求不同，不能并在一起。"):
        services.accept_appeal(appeal_id=secret.pk, ticket_id=ticket_of(first).pk, by=None, at=LATER)

    assert (fresh(secret).state, ticket_of(first).appeal_count) == ("received", 1)


def test_who_calls_about_a_merged_ticket_is_heard_by_its_lead(city, phone):
    first, second = make_accepted(), make_accepted(phone="13900000002")
    lead, merged = ticket_of(first), ticket_of(second)
    tickets.merge_ticket(ticket_id=merged.pk, into_id=lead.pk, reason="同一工地", by=city.dispatcher, at=NOW)
    services.urge_appeal(appeal_id=second.pk, channel=phone, by=city.agent, at=LATER)

    assert (fresh(lead).urge_count, fresh(merged).urge_count) == (1, 1)


def test_a_lead_counts_the_urges_of_what_was_merged_into_it_and_gives_them_back(city, phone):
    appeals = [make_accepted(phone=f"1390000000{n}") for n in range(3)]
    first, second, third = map(ticket_of, appeals)

    def urge(number):
        services.urge_appeal(appeal_id=appeals[number].pk, channel=phone, by=city.agent, at=LATER)

    def merge(ticket, into):
        tickets.merge_ticket(ticket_id=ticket.pk, into_id=into.pk, reason="同一工地", by=city.dispatcher, at=LATER)
        return urges()

    def unmerge(ticket):
        tickets.unmerge_ticket(ticket_id=ticket.pk, reason="不是同一件", by=city.dispatcher, at=LATER)
        return urges()

    def urges():
        return [fresh(ticket).urge_count for ticket in (first, second, third)]

    for number in (1, 2, 2):
        urge(number)

    assert merge(third, into=second) == [0, 3, 2]
    assert merge(second, into=first) == [3, 1, 2]
    urge(2)
    assert urges() == [4, 1, 3]
    assert [
        (appeal.number, said.kind)
        for appeal in selectors.appeals_of_ticket(first.pk)
        for said in appeal.interactions.all()
        if said.kind == "urge"
    ] == [(appeals[1].number, "urge")] + [(appeals[2].number, "urge")] * 3
    assert unmerge(third) == [1, 1, 3]
    assert unmerge(second) == [0, 1, 3]


def test_urges_heard_by_the_lead_do_not_hinder_moving_the_appeal_on(city, phone):
    appeal, _ = two_of_one_matter()
    merged, lead, other = ticket_of(appeal), ticket_of(make_accepted()), ticket_of(make_accepted())
    tickets.merge_ticket(ticket_id=merged.pk, into_id=lead.pk, reason="同一件事", by=city.dispatcher, at=NOW)
    services.urge_appeal(appeal_id=appeal.pk, channel=phone, by=city.agent, at=LATER)

    services.link_appeal(appeal_id=appeal.pk, ticket_id=other.pk, reason="另一处工地", by=city.dispatcher, at=LATER)

    assert ticket_of(appeal) == other
    assert (fresh(lead).urge_count, fresh(merged).appeal_count, fresh(merged).urge_count) == (0, 1, 0)
    assert (fresh(other).appeal_count, fresh(other).urge_count) == (2, 1)


def test_the_citizens_clock_is_met_by_the_approved_reply_of_the_round_that_held(city, committing):
    appeal = make_accepted()
    with committing():
        work_on(city, ticket_of(appeal))
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met")]

    redone_at, again_at = ANSWERED_AT + timedelta(days=1), ANSWERED_AT + timedelta(days=2)
    with committing():
        tickets.redo_ticket(ticket_id=ticket_of(appeal).pk, reason="没有人来过", by=city.reviewer, at=redone_at)
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met"), (NOW, None, "")]

    with committing():
        answer(city, ticket_of(appeal), at=again_at)
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met"), (NOW, again_at, "met")]


def test_the_clock_is_met_when_the_reply_was_approved_however_late_we_hear(city):
    appeal = make_accepted()
    work_on(city, ticket_of(appeal))
    assert citizen_clocks(appeal) == [(NOW, None, "")]

    services.reconcile(at=ANSWERED_AT + timedelta(days=30))
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met")]

    # The first messages come late and find the ticket where it is now: nothing moves.
    for event in ticket_of(appeal).events.order_by("id"):
        services.follow_ticket(event_id=event.pk)
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met")]


def test_an_early_message_told_late_does_not_meet_the_clock_too_early(city):
    appeal = make_accepted()
    work_on(city, ticket_of(appeal))
    services.follow_ticket(event_id=ticket_of(appeal).events.get(act="dispatch").pk)

    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met")]


def test_a_lost_message_of_a_redo_is_made_good(city, committing):
    appeal = make_accepted()
    with committing():
        work_on(city, ticket_of(appeal))
    tickets.redo_ticket(ticket_id=ticket_of(appeal).pk, reason="没有人来过", by=city.reviewer, at=ANSWERED_AT)

    assert services.reconcile(at=LATER + timedelta(days=1))["citizen_clocks"] == 1
    assert citizen_clocks(appeal) == [(NOW, ANSWERED_AT, "met"), (NOW, None, "")]
    assert services.reconcile(at=LATER + timedelta(days=1))["citizen_clocks"] == 0


def test_a_clock_that_fails_holds_up_neither_the_others_nor_the_other_steps(city):
    """Answered too late, so that each clock passes its thresholds when it stops; the first one's cannot be written."""
    first, second = make_accepted(), make_accepted(phone="13900000002")
    for appeal in (first, second):
        work_on(city, ticket_of(appeal), answered=LATE)

    def fail(sender, breaches, **kwargs):
        if breaches[0].clock.appeal_id == first.pk:
            raise ValueError("broken")

    clocks_breached.connect(fail, sender=AppealClock)
    try:
        with pytest.raises(hotline.RowsFailed, match="failed for citizen_clocks; 6 others are done"):
            services.reconcile(at=LATE)
    finally:
        clocks_breached.disconnect(fail, sender=AppealClock)

    assert citizen_clocks(first) == [(NOW, None, "")]
    assert citizen_clocks(second) == [(NOW, LATE, "met")]
    assert services.reconcile(at=LATE)["citizen_clocks"] == 1
    assert citizen_clocks(first) == [(NOW, LATE, "met")]


def test_who_joins_an_answered_matter_has_waited_for_nothing(city, committing):
    first = make_accepted()
    with committing():
        work_on(city, ticket_of(first))
    joined_at = ANSWERED_AT + timedelta(hours=1)
    second = make_accepted(at=joined_at, phone="13900000002", ticket_id=ticket_of(first).pk)
    services.reconcile(at=joined_at + timedelta(minutes=5))

    assert citizen_clocks(second) == [(joined_at, joined_at, "met")]


def test_moved_from_an_answered_ticket_to_one_in_work_the_clock_counts_on(city, committing):
    first, second = two_of_one_matter()
    with committing():
        work_on(city, ticket_of(first))
    third = make_accepted(phone="13900000003")
    at = ANSWERED_AT + timedelta(hours=1)
    services.link_appeal(appeal_id=second.pk, ticket_id=ticket_of(third).pk, reason="同一工地", by=city.agent, at=at)

    assert citizen_clocks(second) == [(NOW, ANSWERED_AT, "met"), (NOW, None, "")]


def test_a_void_ticket_ends_the_clock_without_a_reply(city, committing):
    appeal = make_accepted()
    with committing():
        tickets.void_ticket(ticket_id=ticket_of(appeal).pk, reason="测试件", by=city.dispatcher, at=LATER)

    assert citizen_clocks(appeal) == [(NOW, LATER, "void")]


def test_the_people_behind_a_matter_are_as_secret_as_the_matter(city):
    first, second, other = make_accepted(), make_appeal(phone="13900000002"), make_accepted(phone="13900000003")
    ticket = ticket_of(first)
    services.accept_appeal(appeal_id=second.pk, ticket_id=ticket.pk, by=None, at=LATER)
    words = {"ticket_id": ticket.pk, "reason": "举报承办单位的人员。", "by": city.reviewer, "at": LATER}

    tickets.restrict_ticket(readers=[], **words)

    assert [fresh(appeal).secrecy for appeal in (first, second, other)] == ["restricted", "restricted", "open"]
    tickets.lift_restriction(**words)
    assert [fresh(appeal).secrecy for appeal in (first, second, other)] == ["open", "open", "open"]


def test_a_lost_clock_of_acceptance_is_started_once_and_not_for_what_is_decided(city):
    waiting, decided = make_appeal(), make_appeal(phone="13900000002")
    services.accept_appeal(appeal_id=decided.pk, by=None, at=NOW)
    AppealClock.objects.filter(kind="accept").delete()

    assert services.reconcile(at=LATER)["accept_clocks"] == 1
    assert services.reconcile(at=LATER)["accept_clocks"] == 0

    started = AppealClock.objects.filter(kind="accept", stopped_at=None).values_list("appeal", "started_at")
    assert list(started) == [(waiting.pk, waiting.received_at)]


def test_only_who_may_see_a_restricted_matter_hears_of_its_urge(city, phone):
    appeal = make_accepted()
    ticket = ticket_of(appeal)
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=NOW)
    tickets.restrict_ticket(
        ticket_id=ticket.pk, readers=[city.head], reason="举报承办单位的人员。", by=city.reviewer, at=NOW
    )

    services.urge_appeal(appeal_id=appeal.pk, channel=phone, by=city.agent, at=LATER)

    assert list(Notice.objects.filter(kind="urge").values_list("recipient", flat=True)) == [city.head.pk]
