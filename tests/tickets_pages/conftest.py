import copy

import pytest
import time_machine

from responsibility.models import Category, Governance
from responsibility.selectors.suggesting import _compiled
from tests.factories.hotline import CountyFactory, TownshipFactory, load_rules
from tests.factories.tickets import NOW, at, make_city, make_item


@pytest.fixture(autouse=True)
def no_list_compiled():
    """What a test publishes is not remembered by the next."""
    yield
    _compiled.clear()


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    return make_city()


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


@pytest.fixture(autouse=True)
def that_morning():
    """Pages read the clock: it stands on the Tuesday morning of the factories."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def time_machine_at(that_morning):
    return lambda moment: that_morning.move_to(at(moment))


@pytest.fixture
def duty(city):
    """A published list of two items and who governs the county: noise is the county's, schools are the city's."""
    noise = make_item("CG-01", words=["夜间施工", "施工噪声", "噪声大"])
    school, _ = Category.objects.get_or_create(code="02", defaults={"name": "教育", "level": 1})
    schools = make_item(
        "JY-01",
        title="学校收费",
        words=["学校收费", "食堂收费"],
        category=school,
        level="city",
        city_function="education",
        county_function="",
        belongs="公办学校收费不合规。",
        not_belongs="培训机构退费，派市场监管。",
    )
    Governance.objects.create(region=CountyFactory(), unit=city.county, valid_from="2026-01-01", source="测试")
    Governance.objects.create(region=TownshipFactory(), unit=city.township, valid_from="2026-01-01", source="测试")
    city.noise, city.schools = noise, schools
    return city


@pytest.fixture
def log_in(client):
    def log_in_as(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in_as
