import copy
from types import SimpleNamespace

import pytest

from channels_merge import services
from tests.factories.channels_merge import NOON
from tests.factories.hotline import CentreFactory, CountyFactory, TownshipFactory, UnitFactory, UserFactory, load_rules


@pytest.fixture(scope="module")
def town_of_this_file(kept_for_this_file):
    return make_town()


@pytest.fixture
def town(town_of_this_file, db):
    return copy.deepcopy(town_of_this_file)


def make_town():
    """The centre with its manager, a department that keeps lifts, 章贡区 with 解放街道."""
    load_rules()
    centre = CentreFactory()
    services.sync_channels(at=NOON)
    department = UnitFactory(code="CITY-SCJG", name="赣州市市场监督管理局", short_name="市市场监管局")
    return SimpleNamespace(
        centre=centre,
        department=department,
        other=UnitFactory(code="CITY-JYJ", name="赣州市教育局", short_name="市教育局"),
        county=CountyFactory(),
        street=TownshipFactory(),
        manager=UserFactory(name="邱红", unit=centre, roles=("channel_manager",)),
        liaison=UserFactory(name="孙丽", unit=department, roles=("liaison",)),
        handler=UserFactory(name="张伟", unit=department, roles=("handler",)),
    )


@pytest.fixture
def lift(town):
    return make(town)


def make(town, **fields):
    words = {
        "kind": "lift",
        "name": "锦江花园 3 栋 2 单元电梯",
        "region": town.street,
        "place": "文清路 18 号",
        "unit": town.department,
        "by": town.manager,
        "at": NOON,
    }
    return services.make_code(**(words | fields))
