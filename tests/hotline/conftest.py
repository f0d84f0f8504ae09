from datetime import datetime

import pytest

from hotline import calendar, parameters
from hotline.dates import SHANGHAI
from hotline.services import reference


@pytest.fixture(autouse=True)
def fresh_reading():
    """What a test changes is not remembered by the next."""
    calendar.forget_calendar()
    parameters.forget_parameters()
    yield
    calendar.forget_calendar()
    parameters.forget_parameters()


@pytest.fixture
def now():
    """A Tuesday morning in Ganzhou."""
    return datetime(2026, 9, 29, 10, 15, tzinfo=SHANGHAI)


@pytest.fixture
def rules(db, now):
    """Calendar, hours and parameters as they ship."""
    reference.load_calendar_years(at=now)
    reference.load_parameters()
