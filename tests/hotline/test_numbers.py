import threading
from datetime import date

import pytest
from django.db import connection, transaction

from hotline.models import DailySequence
from hotline.numbers import key_of, next_number

DAY = date(2026, 11, 22)


def test_numbers_count_up_for_each_prefix_and_day(db):
    assert [next_number("GZ", DAY), next_number("GZ", DAY), next_number("S", DAY)] == [
        "GZ261122000001",
        "GZ261122000002",
        "S261122000001",
    ]
    assert next_number("GZ", date(2026, 11, 23)) == "GZ261123000001"


def test_a_rolled_back_number_is_given_again(db):
    with transaction.atomic():
        next_number("GZ", DAY)
        transaction.set_rollback(True)

    assert next_number("GZ", DAY) == "GZ261122000001"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_different_numbers():
    got = []

    def take():
        try:
            got.extend(next_number("GZ", DAY) for _ in range(10))
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == [f"GZ261122{n:06d}" for n in range(1, 41)]
    assert DailySequence.objects.get().last == 40


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
