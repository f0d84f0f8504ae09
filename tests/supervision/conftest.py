import copy

import pytest
import time_machine

from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import NOW, at, make_city


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    return add_callers(make_city())


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


@pytest.fixture
def time_machine_at():
    """Pages and tasks read the clock: it stands on the Tuesday morning of the factories until it is moved."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda moment: traveller.move_to(at(moment))


@pytest.fixture
def log_in(client, time_machine_at):
    def log_in_as(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in_as
