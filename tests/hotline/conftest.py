from datetime import datetime

import pytest

from hotline.dates import SHANGHAI
from hotline.services import reference


@pytest.fixture
def now():
    """A Tuesday morning in Ganzhou."""
    return datetime(2026, 9, 29, 10, 15, tzinfo=SHANGHAI)


@pytest.fixture
def rules(db, now):
    """Calendar, hours and parameters as they ship."""
    reference.load_calendar_years(at=now)
    reference.load_parameters()
