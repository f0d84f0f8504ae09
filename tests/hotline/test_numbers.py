import threading
from datetime import date

import pytest
from django.db import connection, transaction

from hotline.numbers import key_of, next_number

DAY = date(2026, 11, 22)


def test_numbers_count_up_for_each_prefix_and_day(db):
    assert [next_number("GZ", DAY), next_number("GZ", DAY), next_number("S", DAY)] == [
        "GZ261122000001",
        "GZ261122000002",
        "S261122000001",
    ]
    assert next_number("GZ", date(2026, 11, 23)) == "GZ261123000001"


def test_a_rolled_back_number_is_not_given_again(db):
    next_number("GZ", DAY)
    with transaction.atomic():
        assert next_number("GZ", DAY) == "GZ261122000002"
        transaction.set_rollback(True)

    assert next_number("GZ", DAY) == "GZ261122000003"


def test_a_day_gone_by_goes_on_above_its_last_number(db):
    first, _, late = next_number("GZ", DAY), next_number("GZ", date(2026, 11, 23)), next_number("GZ", DAY)

    assert first < late


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_different_numbers():
    got = at_once(lambda: [next_number("GZ", DAY) for _ in range(10)], times=4)

    assert len({number for numbers in got for number in numbers}) == 40


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_transaction_that_has_taken_a_number():
    next_number("GZ", DAY)
    with transaction.atomic():
        mine = next_number("GZ", DAY)
        (theirs,) = at_once(lambda: next_number("GZ", DAY), times=1)

    assert (mine, theirs) == ("GZ261122000002", "GZ261122000003")


def at_once(take, *, times):
    """What so many threads got, each over a connection of its own that would rather fail than wait."""
    got = []

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            got.append(take())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        ("-7", None),
        ("7.0", None),
        ("７", None),
        ("²", None),
        ("٣", None),
        ("7\0", None),
    ],
)
def test_a_key_is_written_in_plain_digits_and_fits_a_column(text, key):
    assert key_of(text) == key
