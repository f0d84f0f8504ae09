import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from hotline import services
from hotline.limits import Limit
from hotline.selectors import clock_models
from hotline.services import reference
from hotline.signals import clocks_breached
from tests.hotline.calendars import at
from tests.hotline.clocks import breaches, heard, make_clock
from tickets.models import TicketClock, TicketClockBreach

pytestmark = pytest.mark.usefixtures("rules")


def test_a_started_clock_knows_its_moments_and_why(now):
    clock = make_clock(started_at=now, explanation={"rule": "limit.help", "source": "四川2025"})

    row = TicketClock.objects.get(pk=clock.pk)
    assert (row.due_at, row.soon_at, row.sweep_at) == (at("2026-10-14 17:30"), at("2026-10-14 08:30"), row.soon_at)
    assert (row.generation, row.outcome, row.stopped_at, row.provisional) == (1, "", None, False)
    assert row.explanation["rule"] == "limit.help"
    assert row.explanation["make_up"] == [["2026-10-10", "国庆节"]]


def test_nothing_due_nothing_written(now, django_assert_num_queries):
    make_clock(started_at=now)

    with django_assert_num_queries(len(clock_models())):
        assert services.sweep_clocks(at=at("2026-10-14 08:29")) == 0

    assert TicketClockBreach.objects.count() == 0


def test_each_threshold_is_written_and_announced_once_in_its_time(now):
    clock = make_clock(started_at=now)
    times = [
        "2026-10-14 08:30",
        "2026-10-14 17:30",
        "2026-10-15 17:30",
        "2026-10-16 17:30",
        "2026-10-19 17:30",
        "2026-10-20 17:30",
        "2026-10-21 17:30",
    ]

    with heard(clocks_breached) as got:
        written = [services.sweep_clocks(at=at(time)) for time in times]
        again = services.sweep_clocks(at=at("2026-12-01 09:00"))

    assert (written, again) == ([1, 1, 1, 1, 1, 1, 1], 0)
    assert breaches(clock) == ["soon", "due", "overdue_1", "overdue_2", "overdue_3", "overdue_4", "overdue_5"]
    assert [
        (sender, [(breach.threshold, breach.clock.pk) for breach in payload["breaches"]]) for sender, payload in got
    ] == [(TicketClock, [(name, clock.pk)]) for name in breaches(clock)]
    assert [breach.at for _, payload in got for breach in payload["breaches"]] == [at(time) for time in times]
    assert TicketClock.objects.get().sweep_at is None


def test_after_an_outage_soon_is_skipped_and_the_rest_made_good(now):
    clock = make_clock(started_at=now)

    assert services.sweep_clocks(at=at("2026-10-16 09:00")) == 2

    assert breaches(clock) == ["due", "overdue_1"]
    assert TicketClock.objects.get().sweep_at == at("2026-10-16 17:30")


def test_a_failing_receiver_rolls_back_its_clock_alone(now, caplog):
    bad = make_clock(number="GZ260929000001", started_at=now, limit="1h")
    good = make_clock(number="GZ260929000002", started_at=now, limit="1h")

    def refuse(sender, breaches, **kwargs):
        if bad.pk in {breach.clock_id for breach in breaches}:
            raise RuntimeError("receiver")

    clocks_breached.connect(refuse)
    try:
        assert services.sweep_clocks(at=now + timedelta(minutes=40)) == 1
    finally:
        clocks_breached.disconnect(refuse)

    assert (breaches(bad), breaches(good)) == ([], ["soon"])
    assert f"sweep of tickets.TicketClock {bad.pk} failed" in caplog.text
    assert services.sweep_clocks(at=now + timedelta(minutes=41)) == 1
    assert breaches(bad) == ["soon"]


def test_a_sweep_is_bounded_and_takes_the_oldest_first(now):
    clocks = [
        make_clock(number=f"GZ26092900000{i}", started_at=now - timedelta(minutes=i), limit="1h") for i in range(3)
    ]

    assert services.sweep_clocks(at=now + timedelta(minutes=59), batch=2, rounds=1) == 2

    assert [breaches(clock) for clock in clocks] == [[], ["due"], ["due"]]
    assert services.sweep_clocks(at=now + timedelta(minutes=59), batch=2) == 1
    assert breaches(clocks[0]) == ["soon"]


def test_a_batch_is_announced_at_once(now):
    clocks = [make_clock(number=f"GZ26092900000{i}", started_at=now, limit="1h") for i in range(3)]

    with heard(clocks_breached) as got:
        services.sweep_clocks(at=now + timedelta(minutes=61), batch=2)

    assert [[breach.clock for breach in payload["breaches"]] for _, payload in got] == [clocks[:2], clocks[2:]]


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow_with_what_is_due(now, count, django_assert_num_queries):
    for i in range(count):
        make_clock(number=f"GZ26092900000{i}", started_at=now, limit="1h")

    # Beside the look into each table: savepoint, lock, known breaches, insert, move, release;
    # and what the cards ask: urgency, centre, quiet hours, insert.
    with django_assert_num_queries(len(clock_models()) + 10):
        assert services.sweep_clocks(at=now + timedelta(minutes=40)) == count


def test_stopping_ends_the_row_for_good(now):
    clock = make_clock(started_at=now)

    services.stop_clock(clock, at=now + timedelta(hours=1), outcome="met")

    row = TicketClock.objects.get()
    assert (row.outcome, row.stopped_at, row.sweep_at) == ("met", now + timedelta(hours=1), None)
    assert not row.was_late(now)
    assert services.sweep_clocks(at=at("2026-12-01 09:00")) == 0
    with pytest.raises(services.ClockHasStopped, match="已经结束"):
        services.stop_clock(clock, at=now, outcome="void")
    assert TicketClock.objects.get().outcome == "met"


def test_a_clock_stopped_late_before_the_sweep_saw_it_has_its_breach(now):
    clock = make_clock(started_at=now, limit="1h")

    with heard(clocks_breached) as got:
        services.stop_clock(clock, at=now + timedelta(minutes=61), outcome="met")

    assert breaches(clock) == ["due"]
    assert [breach.threshold for _, payload in got for breach in payload["breaches"]] == ["due"]
    assert TicketClock.objects.get().was_late(now)


def test_an_extension_supersedes_and_keeps_the_old_breaches(now):
    clock = make_clock(started_at=now, explanation={"rule": "limit.help"})
    services.sweep_clocks(at=at("2026-10-14 09:00"))

    new = services.next_generation(
        clock, at=at("2026-10-14 10:00"), started_at=clock.due_at, limit=Limit(5, "wd"), explanation={"rule": "延期"}
    )

    old = TicketClock.objects.get(pk=clock.pk)
    assert (old.outcome, breaches(old)) == ("superseded", ["soon"])
    assert (new.generation, new.due_at, new.ticket_id, new.kind) == (
        2,
        at("2026-10-21 17:30"),
        old.ticket_id,
        "handle",
    )
    assert (new.explanation["rule"], breaches(new)) == ("延期", [])


def test_sent_back_runs_on_with_what_remained(now):
    clock = make_clock(started_at=now)
    submitted, returned = at("2026-10-09 10:00"), at("2026-10-12 10:00")
    services.stop_clock(clock, at=submitted, outcome="met")

    left = services.remaining_limit(clock, at=submitted)
    new = services.resume_clock(clock, at=returned, limit=left)

    assert (left, new.due_at, new.generation) == (Limit(4, "wd"), at("2026-10-16 17:30"), 2)


@pytest.mark.parametrize(
    "change",
    [
        {"stopped_at": at("2026-10-01 09:00")},
        {"outcome": "met"},
        {"due_at": at("2026-09-29 10:15")},
        {"soon_at": at("2026-10-14 17:30")},
        {"limit_unit": "y"},
        {"limit_amount": 0},
    ],
)
def test_the_database_refuses_a_clock_that_makes_no_sense(now, change):
    clock = make_clock(started_at=now)

    with pytest.raises(IntegrityError), transaction.atomic():
        TicketClock.objects.filter(pk=clock.pk).update(**change)


def test_a_breach_is_written_once(now):
    clock = make_clock(started_at=now)
    TicketClockBreach.objects.create(clock=clock, threshold="soon", at=now, found_at=now)

    with pytest.raises(IntegrityError), transaction.atomic():
        TicketClockBreach.objects.create(clock=clock, threshold="soon", at=now, found_at=now)


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_beside_each_other_write_each_breach_once():
    start = at("2026-09-29 10:15")
    reference.load_calendar_years(at=start)
    for i in range(8):
        make_clock(number=f"GZ26092900001{i}", started_at=start, limit="1h")
    written = []

    def sweep():
        try:
            written.append(services.sweep_clocks(at=start + timedelta(minutes=40)))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(written) == TicketClockBreach.objects.count() == 8
