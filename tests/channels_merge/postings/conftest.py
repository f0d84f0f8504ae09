import copy

import pytest

from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    return add_callers(make_city())


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)
