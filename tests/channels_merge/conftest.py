import copy
from datetime import date
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group

from channels_merge.services import sync_channels
from hotline import parameters
from hotline.models import Region, Unit, User
from hotline.services import sync_roles
from hotline.services.reference import load_calendar_years, load_parameters
from responsibility.models import Category
from tests.factories.channels_merge import NOON
from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city


def make_world():
    """The centre, one city department, one county with its centre, two departments and a township, and a category."""
    load_parameters()
    parameters.forget_parameters()
    load_calendar_years(at=NOON)
    sync_roles()
    city = Region.objects.create(code="360700", name="赣州市", level="city")
    county = Region.objects.create(code="360702", name="章贡区", level="county", parent=city)
    other = Region.objects.create(code="360703", name="南康区", level="county", parent=city)
    start = date(2020, 1, 1)
    centre = Unit.objects.create(
        code="CENTRE", name="赣州市热线中心", short_name="市热线中心", kind="centre", valid_from=start
    )
    sync_channels(at=NOON)

    def unit(code, name, kind, parent=centre, function="", region=None):
        return Unit.objects.create(
            code=code,
            name=name,
            short_name=name,
            kind=kind,
            parent=parent,
            function=function,
            region=region,
            valid_from=start,
        )

    county_centre = unit("ZG", "章贡区热线中心", "county_centre", region=county)
    top = Category.objects.create(code="01", name="城市管理", level=1)
    middle = Category.objects.create(code="0101", name="噪声", level=2, parent=top)
    return SimpleNamespace(
        city=city,
        county=county,
        other_county=other,
        centre=centre,
        department=unit("CITY-CGJ", "市城市管理局", "city_department", function="urban_management"),
        other_department=unit("CITY-JYJ", "市教育局", "city_department", function="education"),
        county_centre=county_centre,
        county_department=unit(
            "ZG-CGJ", "章贡区城市管理局", "county_department", county_centre, "urban_management", county
        ),
        category=Category.objects.create(code="010101", name="夜间施工噪声", level=3, parent=middle),
    )


@pytest.fixture(scope="module")
def world_of_this_file(kept_for_this_file):
    return make_world()


@pytest.fixture
def world(world_of_this_file, db):
    return copy.deepcopy(world_of_this_file)


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    return add_callers(make_city())


@pytest.fixture
def city(city_of_this_file, db):
    """The city of the tickets, for a file that does not use the world."""
    return copy.deepcopy(city_of_this_file)


@pytest.fixture
def person(world):
    """`person("agent")`: somebody of that role, at the centre unless a unit is given."""

    def make(role, unit=None, **fields):
        user = User.objects.create_user(
            f"{role}-{User.objects.count()}",
            None,
            name="陈敏",
            unit=unit or world.centre,
            must_change_password=False,
            **fields,
        )
        user.groups.add(Group.objects.get(name=role))
        return user

    return make
