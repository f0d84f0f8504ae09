"""漏接回拨: one row for each number while it is open, due, tried, settled."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from channels_merge import selectors, services
from channels_merge.models import CallBack, MissedCall, PhoneCall
from hotline.models import Notice, SecurityLog
from tests.channels_merge.conftest import make_world
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, PHONE

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


def test_who_manages_the_seats_hears_of_a_late_one_once(world, person):
    manager = person("channel_manager")
    person("agent")
    miss()
    row = MissedCall.objects.get()

    assert services.tell_of_late_missed_calls(at=after(minutes=30)) == []
    assert services.tell_of_late_missed_calls(at=after(minutes=31)) == [row.pk]
    assert services.tell_of_late_missed_calls(at=after(minutes=40)) == []
    assert list(Notice.objects.values_list("recipient", "kind", "number")) == [
        (manager.pk, "missed_call_late", str(row.pk))
    ]
