import copy

import pytest
from django.db import transaction

from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city


@pytest.fixture(scope="module")
def city_of_this_file(django_db_setup, django_db_blocker):
    """Making a city takes longer than most tests: one for all tests of a file, each of which is rolled back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_rules()
        yield make_city()
        transaction.set_rollback(True)


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)
