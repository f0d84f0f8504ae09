import pytest

from hotline import parameters
from hotline.services import set_parameter
from tests.factories.channels_merge import NOON


@pytest.fixture
def rule():
    """`rule("merge_propose", "0.9")`: the parameter holds from the beginning of the test."""

    def set_rule(key, value):
        set_parameter(key=key, value=value, valid_from=NOON, source="测试", by=None, at=NOON)
        parameters.forget_parameters()

    return set_rule
