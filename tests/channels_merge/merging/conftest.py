import copy

import pytest

from hotline import parameters
from hotline.services import set_parameter
from tests.factories.channels_merge import NOON
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


@pytest.fixture
def rule():
    """`rule("merge_propose", "0.9")`: the parameter holds from the beginning of the test."""

    def set_rule(key, value):
        set_parameter(key=key, value=value, valid_from=NOON, source="测试", by=None, at=NOON)
        parameters.forget_parameters()

    return set_rule
