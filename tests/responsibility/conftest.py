from datetime import datetime

import pytest

from hotline.dates import SHANGHAI
from hotline.services import reference
from responsibility import services


@pytest.fixture
def now():
    """A Tuesday morning in Ganzhou."""
    return datetime(2026, 9, 29, 10, 15, tzinfo=SHANGHAI)


@pytest.fixture
def ganzhou(db):
    """Regions, units, governance and the city's list as they ship."""
    reference.load_regions()
    reference.load_units()
    return services.load_duty_list()
