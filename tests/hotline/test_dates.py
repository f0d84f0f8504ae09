from datetime import date

import pytest

from hotline.dates import add_months, month_bounds


def test_a_month_goes_from_midnight_to_midnight_in_ganzhou():
    assert [at.isoformat() for at in month_bounds(date(2026, 12, 1))] == [
        "2026-12-01T00:00:00+08:00",
        "2027-01-01T00:00:00+08:00",
    ]


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 11, 1), 1, date(2026, 12, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
        (date(2026, 3, 1), -15, date(2024, 12, 1)),
        (date(2026, 5, 6), 0, date(2026, 5, 6)),
    ],
)
def test_months_are_added_by_the_calendar(day, months, found):
    assert add_months(day, months) == found
