"""漏接回拨: one row for each number while it is open, due, tried, settled."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from channels_merge import selectors, services
from channels_merge.models import CallBack, MissedCall, PhoneCall
from hotline.models import Notice, SecurityLog, User
from tests.channels_merge.conftest import make_world
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, PHONE
from tests.races import race

OTHER = "13979700123"


@pytest.fixture
def world(db):
    """Made anew for each test: one of this file is transactional."""
    return make_world()


def test_one_row_for_a_number_however_often_it_rang(world):
    miss()
    miss(at=after(minutes=5))
    miss(at=after(minutes=6), number=OTHER)

    row = MissedCall.objects.get(number_index=PhoneCall.objects.earliest("pk").number_index)
    assert (row.count, row.first_at, row.last_at, row.due_at) == (
        2, after(seconds=20), after(minutes=5, seconds=20), after(minutes=30, seconds=20),
    )  # fmt: skip
    assert MissedCall.objects.count() == 2


def test_a_later_answer_closes_it_by_itself(world, seat):
    agent = seat("8001")
    miss()

    hear("answered", at=after(minutes=3), extension="8001")

    row = MissedCall.objects.get()
    assert (row.outcome, row.closed_by, row.closed_at) == ("called_again", agent, after(minutes=3))
    miss(at=after(minutes=10))
    assert MissedCall.objects.filter(closed_at=None).count() == 1


def test_a_miss_that_comes_after_the_answer_opens_nothing(world):
    hear("answered", at=after(minutes=3))

    call = miss(at=NOON)

    assert (call.was_missed, MissedCall.objects.count()) == (True, 0)


def test_an_answer_of_the_same_call_takes_the_miss_back(world):
    first = miss()
    second = miss(at=after(minutes=1))

    hear("answered", second.call_id, at=after(minutes=1, seconds=10), number="")

    # That answer is of this number and later than the first miss: it was called back in effect.
    row = MissedCall.objects.get()
    assert (row.count, row.outcome) == (1, "called_again")
    assert PhoneCall.objects.get(pk=first.pk).missed_call == row
    alone = miss(at=after(hours=1), number=OTHER)
    hear("answered", alone.call_id, at=after(hours=1), number="")
    assert MissedCall.objects.latest("pk").outcome == "answered"


def test_it_is_due_half_an_hour_after_the_first_miss_that_counts(world):
    first = miss()
    second = miss(at=after(minutes=50))

    hear("answered", first.call_id, at=after(seconds=10), number="")

    row = MissedCall.objects.get()
    assert (row.count, row.first_at, row.due_at) == (
        1, after(minutes=50, seconds=20), after(minutes=80, seconds=20),
    )  # fmt: skip
    # One that is heard of late, but happened earlier.
    miss(at=after(minutes=40))
    row = MissedCall.objects.get()
    assert (row.count, row.first_at, row.due_at) == (
        2, after(minutes=40, seconds=20), after(minutes=70, seconds=20),
    )  # fmt: skip
    assert PhoneCall.objects.get(pk=second.pk).missed_call == row


def test_a_number_that_is_not_shown_cannot_be_called_back(world):
    call = miss(number="")

    assert (call.was_missed, call.is_settled, MissedCall.objects.count()) == (True, True, 0)


def test_a_number_that_is_not_shown_is_listed_for_who_serves_its_queue(world, seat, person):
    agent, other, manager = seat("8001"), seat("8002", "hakka"), person("channel_manager")
    first = miss(number="")
    second = miss(number="", at=after(minutes=5))
    special = miss(number="", at=after(minutes=6), queue="hakka")
    hear("answered", miss(number="").call_id, number="")
    miss()

    def listed(user):
        return list(selectors.withheld_calls(user, at=after(hours=1)))

    assert (listed(agent), listed(other), listed(manager)) == ([second, first], [special], [special, second, first])
    assert selectors.count_withheld(manager, at=after(hours=24, minutes=2)) == 2  # of the last 24 hours


def test_an_answered_miss_counts_in_whatever_order(world):
    hear("missed", "c-9", at=NOON)
    hear("answered", "c-9", at=NOON, number="")
    hear("missed", "c-9", at=after(seconds=1), number="")

    assert [row.outcome for row in MissedCall.objects.all()] == ["answered"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_at_once_make_one_row(world):
    """Slow: threads with connections of their own."""

    def one(index):
        try:
            hear("missed", f"at-once-{index}", at=after(seconds=index))
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(one, range(10)))

    assert [(row.count, row.last_at) for row in MissedCall.objects.all()] == [(10, after(seconds=9))]


# ---- calling back


def back(row, outcome, by, at):
    services.take_missed_call(missed_call_id=row.pk, by=by, at=at)
    return services.record_call_back(missed_call_id=row.pk, outcome=outcome, by=by, at=at)


def test_reached_settles_it_and_the_number_is_logged(world, seat):
    agent = seat("8001")
    miss()
    row = MissedCall.objects.get()

    assert services.take_missed_call(missed_call_id=row.pk, by=agent, at=after(minutes=1)) == PHONE
    done = services.record_call_back(missed_call_id=row.pk, outcome="reached", by=agent, at=after(minutes=2))

    assert (done.outcome, done.closed_by, done.closed_at, done.tries) == ("reached", agent, after(minutes=2), 1)
    log = SecurityLog.objects.get(kind=SecurityLog.Kind.REVEAL)
    assert (log.user, log.subject, log.reason) == (agent, f"漏接 {row.pk}", "回拨漏接电话")
    assert miss(at=after(minutes=1, seconds=30)).missed_call is None  # heard late: that person was reached since
    assert MissedCall.objects.filter(closed_at=None).count() == 0


def test_three_tries_in_vain_are_enough(world, seat):
    agent = seat("8001")
    miss()
    row = MissedCall.objects.get()

    states = [back(row, outcome, agent, after(minutes=n)).outcome for n, outcome in
              enumerate(["no_answer", "refused", "no_answer"], start=1)]  # fmt: skip

    assert states == ["", "", "given_up"]
    assert list(CallBack.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "no_answer", "refused", "no_answer",
    ]  # fmt: skip


def test_a_dead_number_is_settled_at_once(world, seat):
    miss()

    assert back(MissedCall.objects.get(), "empty", seat("8001"), NOON).outcome == "empty"


def test_nobody_else_gets_the_number_while_somebody_calls(world, seat):
    first, second = seat("8001"), seat("8002")
    miss()
    row = MissedCall.objects.get()
    services.take_missed_call(missed_call_id=row.pk, by=first, at=NOON)

    with pytest.raises(services.MissedCallRefused, match="正在回拨"):
        services.take_missed_call(missed_call_id=row.pk, by=second, at=after(minutes=4))
    with pytest.raises(services.MissedCallRefused, match="先看号码"):
        services.record_call_back(missed_call_id=row.pk, outcome="reached", by=second, at=after(minutes=4))

    assert services.take_missed_call(missed_call_id=row.pk, by=second, at=after(minutes=5)) == PHONE
    assert SecurityLog.objects.filter(kind=SecurityLog.Kind.REVEAL).count() == 2
    assert not CallBack.objects.exists()


def test_a_second_key_press_writes_no_second_try(world, seat):
    agent = seat("8001")
    miss()
    row = MissedCall.objects.get()
    back(row, "no_answer", agent, NOON)

    with pytest.raises(services.MissedCallRefused):
        services.record_call_back(missed_call_id=row.pk, outcome="no_answer", by=agent, at=NOON)
    assert CallBack.objects.count() == 1
    back(row, "reached", agent, after(minutes=1))
    with pytest.raises(services.MissedCallRefused, match="已回拨接通"):
        services.take_missed_call(missed_call_id=row.pk, by=agent, at=after(minutes=2))


@pytest.mark.parametrize("outcome", ["", "busy", "reached\0"])
def test_an_outcome_that_is_none_is_refused(world, seat, outcome):
    agent = seat("8001")
    miss()
    row = MissedCall.objects.get()
    services.take_missed_call(missed_call_id=row.pk, by=agent, at=NOON)

    with pytest.raises(services.MissedCallRefused):
        services.record_call_back(missed_call_id=row.pk, outcome=outcome, by=agent, at=NOON)
    assert not CallBack.objects.exists()


# ---- who sees it


def test_queues_are_for_those_with_the_skill_until_they_are_overdue(world, seat, person):
    ordinary, enterprise, manager = seat("8001"), seat("8002", "enterprise"), person("channel_manager")
    nobody = person("agent")
    miss(number=OTHER)
    miss(queue="enterprise")

    def seen(user, at):
        return [row.queue for row in selectors.open_missed_calls(user, at=at)]

    soon, late = after(minutes=1), after(minutes=31)
    assert (seen(ordinary, soon), seen(enterprise, soon), seen(nobody, soon), seen(manager, soon)) == (
        ["normal"], ["enterprise"], ["normal"], ["normal", "enterprise"],
    )  # fmt: skip
    assert (seen(ordinary, late), seen(enterprise, late)) == (["normal", "enterprise"],) * 2
    special = MissedCall.objects.get(queue="enterprise")
    with pytest.raises(services.MissedCallRefused, match="没有找到"):
        services.take_missed_call(missed_call_id=special.pk, by=ordinary, at=soon)
    assert SecurityLog.objects.filter(kind=SecurityLog.Kind.REVEAL).count() == 0
    assert selectors.missed_badge(ordinary, at=soon) == (1, False)
    assert selectors.missed_badge(ordinary, at=late) == (2, True)
    assert selectors.missed_badge(manager, at=late) == (0, False)


def test_who_sits_there_and_who_manages_the_seats_hear_of_a_late_one_once(world, person, seat):
    """Those who could call back heard nothing of it."""
    manager, sitting, away = person("channel_manager"), seat("8001"), seat("8002")
    User.objects.filter(pk=away.pk).update(away_from=NOON, away_until=after(days=3))
    seat("8003", "hakka")
    person("agent")  # at no seat, while others are
    miss()
    row = MissedCall.objects.get()

    assert services.tell_of_late_missed_calls(at=after(minutes=30)) == []
    assert services.tell_of_late_missed_calls(at=after(minutes=31)) == [row.pk]
    assert services.tell_of_late_missed_calls(at=after(minutes=40)) == []
    assert list(Notice.objects.order_by("recipient").values_list("recipient", "kind", "number")) == [
        (manager.pk, "missed_call_late", str(row.pk)), (sitting.pk, "missed_call_late", str(row.pk)),
    ]  # fmt: skip


def test_on_duty_is_who_has_the_skill_then_who_sits_then_every_agent(world, person, seat):
    agents = [person("agent"), person("agent")]
    assert selectors.agents_on_duty("hakka", at=NOON) == agents

    ordinary = seat("8001")
    assert selectors.agents_on_duty("hakka", at=NOON) == [ordinary]
    # A skill that somebody had at a seat of yesterday is none of today.
    services.set_seat(user=ordinary, extension="8002", skills=["hakka"], by=None, at=NOON)
    services.set_seat(user=ordinary, extension="8002", skills=["normal"], by=None, at=after(minutes=1))
    speaks = seat("8003", "hakka", "normal")
    assert selectors.agents_on_duty("hakka", at=NOON) == [speaks]


# ---- two at once


@pytest.fixture
def given_to_two(world, seat):
    """A number that the first one was given, and six minutes later the second one."""
    first, second = seat("8001"), seat("8002")
    miss()
    row = MissedCall.objects.get()
    services.take_missed_call(missed_call_id=row.pk, by=first, at=NOON)
    services.take_missed_call(missed_call_id=row.pk, by=second, at=after(minutes=6))
    return row, first, second


def said_by(row, by, outcome, at=None):
    return lambda: services.record_call_back(missed_call_id=row.pk, outcome=outcome, by=by, at=at or after(minutes=7))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "other", "end"),
    [
        ("no_answer", "refused", ""),
        ("reached", "no_answer", "reached"),
        ("no_answer", "reached", "reached"),
        ("empty", "reached", "reached"),
        ("reached", "empty", "reached"),
    ],
)
def test_two_who_have_the_number_have_a_try_each(given_to_two, one, other, end):
    """Slow: real threads. Whoever talked for more than five minutes was told to look at the number first, and the try was lost."""
    row, first, second = given_to_two

    assert race(said_by(row, first, one), said_by(row, second, other)) == ""

    row = MissedCall.objects.get()
    assert (row.tries, row.outcome, row.callers.count(), row.holder) == (2, end, 0, None)
    assert list(CallBack.objects.order_by("pk").values_list("by", "outcome")) == [
        (first.pk, one), (second.pk, other),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_who_says_it_twice_at_once_has_one_try(given_to_two):
    """Slow: real threads."""
    row, first, second = given_to_two

    assert race(said_by(row, first, "no_answer"), said_by(row, first, "no_answer")) == "先看号码回拨，再记结果。"
    row = MissedCall.objects.get()
    assert (row.tries, row.holder, list(row.callers.all())) == (1, second, [second])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_older_miss_that_is_heard_of_while_the_caller_is_reached_opens_nothing(given_to_two):
    """Slow: real threads. It waited for the row that was being settled, found it closed, and made a new one."""
    row, first, _ = given_to_two
    told = services.PhoneEvent(call_id="late", event="missed", at=after(minutes=2), number=PHONE)
    late = services.store_phone_event(event=told, at=after(minutes=7))

    race(
        said_by(row, first, "reached", at=after(minutes=7)),
        lambda: services.settle_call(call_id=late.pk, at=after(minutes=7)),
    )

    assert [(row.outcome, row.count) for row in MissedCall.objects.all()] == [("reached", 1)]
