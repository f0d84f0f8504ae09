import copy
from types import SimpleNamespace

import pytest

from tests.channels_merge.register.factories import propose
from tests.factories.hotline import CentreFactory, UnitFactory, UserFactory, load_rules


def make_desk():
    """The centre with its two channel managers, a department with liaison and head, and another department."""
    load_rules()
    centre = CentreFactory()
    department = UnitFactory(code="CITY-JTYS", name="赣州市交通运输局", short_name="市交通运输局")
    other = UnitFactory(code="CITY-JYJ", name="赣州市教育局", short_name="市教育局")
    return SimpleNamespace(
        centre=centre,
        department=department,
        other=other,
        manager=UserFactory(name="邱红", unit=centre, roles=("channel_manager",)),
        manager2=UserFactory(name="温宁", unit=centre, roles=("channel_manager",)),
        liaison=UserFactory(name="孙丽", unit=department, roles=("liaison",)),
        head=UserFactory(name="陈刚", unit=department, roles=("unit_head",)),
        handler=UserFactory(name="张伟", unit=department, roles=("handler",)),
        other_liaison=UserFactory(name="黄磊", unit=other, roles=("liaison",)),
        leader=UserFactory(name="高远", unit=centre, roles=("leader",)),
    )


@pytest.fixture(scope="module")
def desk_of_this_file(kept_for_this_file):
    return make_desk()


@pytest.fixture
def desk(desk_of_this_file, db):
    return copy.deepcopy(desk_of_this_file)


@pytest.fixture
def channel(desk):
    """A channel that the department proposes."""
    return propose(desk)
