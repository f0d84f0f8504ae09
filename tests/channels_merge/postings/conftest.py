import pytest

from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city


@pytest.fixture
def city(db):
    load_rules()
    return add_callers(make_city())
