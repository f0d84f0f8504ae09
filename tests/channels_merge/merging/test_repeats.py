"""The same person again: with the same matter, or many times a day with nothing new."""

from datetime import timedelta

import pytest

from channels_merge import rights, tasks
from channels_merge.models import Appeal, FrequentCaller, Repeat
from channels_merge.selectors.repeats import described, repeated_matters, repeats_of
from channels_merge.services import linking, merging, repeats
from channels_merge.services.moves import AppealRefused
from hotline.models import Notice
from tests.channels_merge.merging.factories import (
    FIRST_PHONE,
    LAMPS,
    LATER,
    NOISE,
    NOISE_AGAIN,
    OTHER_PHONE,
    by_machine,
    by_phone,
    look,
)
from tests.factories.channels_merge import PhoneChannelFactory, make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, work_on
from tests.factories.tickets import fresh
from tickets import services as tickets
from tickets.states import Secrecy


def again(at, *, text=NOISE_AGAIN, phone=FIRST_PHONE, **fields):
    appeal = by_machine(text, at=at, phone=phone, **fields)
    look(appeal, at)
    return appeal


def close(city, appeal):
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)


def test_the_same_person_with_the_same_matter_is_a_repeat_with_count_and_dates(city):
    first = by_phone()
    second = again(LATER)
    close(city, first)
    third = again(ANSWERED_AT + timedelta(days=2))

    [found] = repeats_of([first])
    assert (found.first, found.times, found.after_closing) == (first, 3, 1)
    assert found.dates == [first.received_at, second.received_at, third.received_at]
    assert repeats_of([second]) == [found]
    assert repeats_of([]) == []


def test_another_person_or_another_matter_is_none(city):
    by_phone()
    again(LATER, phone=OTHER_PHONE)
    again(LATER, text=LAMPS)

    assert not Repeat.objects.exists()


def test_it_is_one_also_where_a_neighbour_said_it_in_more_alike_words(city):
    first = by_phone()
    neighbour = by_phone(NOISE_AGAIN, at=LATER, phone=OTHER_PHONE)
    tickets.merge_ticket(
        ticket_id=ticket_of(neighbour).pk, into_id=ticket_of(first).pk, reason="同一处。", by=city.dispatcher, at=LATER
    )
    # Word for word what the neighbour said.
    second = again(LATER + timedelta(hours=1))

    [found] = repeats_of([first])
    assert (found.first, found.times) == (first, 2)
    assert found.dates == [first.received_at, second.received_at]


def test_urge_supplement_and_withdraw_are_none(city):
    appeal = by_phone()
    common = {"appeal_id": appeal.pk, "channel": PhoneChannelFactory(), "by": city.agent, "at": LATER}
    linking.urge_appeal(text="", **common)
    linking.supplement_appeal(text="昨晚还在施工", **common)
    linking.withdraw_appeal(reason="好了", **common)
    look(appeal)

    assert not Repeat.objects.exists()


def test_attached_at_the_desk_it_is_one_all_the_same(city):
    first = by_phone()
    second = make_accepted(at=LATER, text=LAMPS, phone=FIRST_PHONE, ticket_id=ticket_of(first).pk)
    merging.look_at_missed(at=LATER + timedelta(minutes=5))

    assert Repeat.objects.get().appeal == second


def test_whoever_reads_both_and_says_two_matters_takes_it_back(city):
    by_phone()
    second = by_machine(phone=FIRST_PHONE)
    [proposal] = look(second)
    merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=LATER)
    assert not Repeat.objects.exists()

    merging.undo_proposal(proposal_id=proposal.pk, by=city.dispatcher, at=LATER)
    assert Repeat.objects.get().appeal == second


def supervised(at):
    rows = repeated_matters(at=at).order_by("-last_at", "-first")
    return [(one.first, one.times, one.dates[-1]) for one in described([row.first for row in rows], at=at)]


def test_supervision_reads_those_that_reached_the_threshold_within_the_window(city):
    first = by_phone()
    again(LATER)
    assert supervised(LATER) == []

    later = LATER + timedelta(days=1)
    again(later)
    assert supervised(later) == [(first, 3, later)]
    assert supervised(later + timedelta(days=91)) == []


def test_a_repeat_that_was_restricted_counts_no_more_for_supervision(city):
    first = by_phone()
    again(LATER)
    third = again(LATER + timedelta(days=1))
    assert [one for one, _, _ in supervised(third.received_at)] == [first]

    Appeal.objects.filter(pk=third.pk).update(secrecy=Secrecy.RESTRICTED)
    assert supervised(third.received_at) == []


def test_the_ticket_page_says_so(city, client):
    first = by_phone()
    again(LATER)
    client.force_login(city.dispatcher, "django.contrib.auth.backends.ModelBackend")

    html = client.get(f"/tickets/{ticket_of(first).number}/").content.decode()
    assert "就这件事反映过 2 次" in html


# --- many times a day


def ask(city, appeal, times, *, at=LATER):
    for number in range(times):
        linking.record_progress_asked(
            appeal_id=appeal.pk, channel=PhoneChannelFactory(), by=city.agent, at=at + timedelta(minutes=number)
        )


def test_ten_times_a_day_with_nothing_new_a_supervisor_hears_once(city):
    appeal = by_phone()
    ask(city, appeal, 9)
    end = LATER + timedelta(hours=1)
    assert repeats.find_frequent_callers(at=end) == 0

    linking.urge_appeal(appeal_id=appeal.pk, channel=PhoneChannelFactory(), text="", by=city.agent, at=end)
    assert (repeats.find_frequent_callers(at=end), repeats.find_frequent_callers(at=end)) == (1, 0)
    row = FrequentCaller.objects.get()
    assert (row.count, row.latest, row.last_at) == (10, appeal, end)
    told = Notice.objects.filter(kind="frequent_caller").values_list("recipient", flat=True)
    assert sorted(told) == sorted([city.reviewer.pk, city.reviewer2.pk])

    linking.urge_appeal(appeal_id=appeal.pk, channel=PhoneChannelFactory(), text="", by=city.agent, at=end)
    linking.record_progress_asked(
        appeal_id=appeal.pk, channel=PhoneChannelFactory(), by=city.agent, at=end + timedelta(minutes=1)
    )
    assert repeats.find_frequent_callers(at=end + timedelta(minutes=2)) == 0
    assert fresh(row).count == 12


def test_what_brings_something_new_does_not_count(city):
    appeal = by_phone()
    ask(city, appeal, 9)
    for text in ("夜里还在施工", "泵车又来了"):
        linking.urge_appeal(appeal_id=appeal.pk, channel=PhoneChannelFactory(), text=text, by=city.agent, at=LATER)
        linking.supplement_appeal(
            appeal_id=appeal.pk, channel=PhoneChannelFactory(), text=text, by=city.agent, at=LATER
        )
    by_phone(LAMPS, at=LATER)

    assert repeats.find_frequent_callers(at=LATER + timedelta(hours=1)) == 0


def test_over_two_days_it_is_not_ten_in_one(city):
    appeal = by_phone()
    ask(city, appeal, 5)
    ask(city, appeal, 5, at=LATER + timedelta(hours=25))

    assert repeats.find_frequent_callers(at=LATER + timedelta(hours=26)) == 0


def test_noting_needs_words_and_the_right_and_is_done_once(city):
    appeal = by_phone()
    ask(city, appeal, 10)
    repeats.find_frequent_callers(at=LATER + timedelta(hours=1))
    row = FrequentCaller.objects.get()
    with pytest.raises(rights.NotPermitted):
        repeats.note_caller_seen(caller_id=row.pk, said="看过", by=city.dispatcher, at=LATER)
    with pytest.raises(AppealRefused, match="请写处理意见"):
        repeats.note_caller_seen(caller_id=row.pk, said=" ", by=city.reviewer, at=LATER)
    repeats.note_caller_seen(caller_id=row.pk, said="已沟通 13807970001", by=city.reviewer, at=LATER)
    assert fresh(row).said == "已沟通 138****0001"
    with pytest.raises(AppealRefused, match=r"周\*已看过"):
        repeats.note_caller_seen(caller_id=row.pk, said="再看", by=city.reviewer2, at=LATER)

    by_phone(NOISE, at=LATER + timedelta(hours=2))  # nothing is blocked
    assert tasks.find_frequent_callers.apply(throw=True).get() == 0
