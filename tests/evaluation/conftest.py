import pytest

from hotline import calendar, parameters
from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city


@pytest.fixture(autouse=True)
def fresh_reading():
    """What a test changes is not remembered by the next."""
    yield
    calendar.forget_calendar()
    parameters.forget_parameters()


@pytest.fixture
def city(db):
    load_rules()
    return add_callers(make_city())
