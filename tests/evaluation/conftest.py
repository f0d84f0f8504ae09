import copy

import pytest
import time_machine
from bs4 import BeautifulSoup

from hotline.services import set_parameter
from tests.factories.evaluation import WEDNESDAY, add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import at, make_city


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    return add_callers(make_city())


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


@pytest.fixture
def everybody_is_called(city):
    """Also of a matter that very many report: none of its callers is told by message instead."""
    first = at("11-01 00:00")
    set_parameter(key="mass_followup_sample", value="1", valid_from=first, source="测试", by=None, at=first)


@pytest.fixture
def time_machine_at():
    """Pages read the clock: it stands on Wednesday 10:00, when callers may be called, until it is moved."""
    with time_machine.travel(WEDNESDAY, tick=False) as traveller:
        yield lambda moment: traveller.move_to(at(moment))


@pytest.fixture
def log_in(client, time_machine_at):
    def log_in_as(user):
        client.logout()  # the clock jumps, and an idle session locks
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in_as


@pytest.fixture
def page_of(log_in):
    """`page_of(person, "/reviews/")` → the parsed page."""

    def open_page(user, url, **query):
        answer = log_in(user).get(url, query)
        assert answer.status_code == 200
        return BeautifulSoup(answer.content.decode(), "html.parser")

    return open_page
