from datetime import date

import pytest

from hotline.views.months import months_beside
from tests.hotline.calendars import at

NOW = at("2026-11-10 09:00")


@pytest.mark.parametrize(
    ("month", "beside"),
    [
        (date(2026, 11, 1), (date(2026, 10, 1), None)),
        (date(2026, 10, 1), (date(2026, 9, 1), date(2026, 11, 1))),
        (date(2026, 1, 1), (date(2025, 12, 1), date(2026, 2, 1))),
        (date(2020, 1, 1), (None, date(2020, 2, 1))),
    ],
)
def test_a_month_leads_only_to_months_that_are_shown(month, beside):
    assert months_beside(month, NOW) == beside
