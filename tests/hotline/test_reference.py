from datetime import date, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count

from hotline import parameters, services
from hotline.calendar import load_calendar
from hotline.dates import SHANGHAI
from hotline.limits import Limit
from hotline.models import CalendarDay, CalendarYear, Parameter, Region, Unit, WorkInterval


@pytest.fixture
def loaded(db, now):
    return services.load_reference(at=now)


def test_everything_is_loaded_once(loaded, now):
    assert (loaded.regions, loaded.calendar_years) == (331, 20)
    assert loaded.units == Unit.objects.count() == 59 + 20 + 18 * 32 + 2 * 16 + 310
    assert loaded.parameters == Parameter.objects.count()

    again = services.load_reference(at=now)

    assert (again.regions, again.units, again.calendar_years, again.parameters) == (0, 0, 0, 0)
    assert (CalendarDay.objects.count(), CalendarYear.objects.count(), WorkInterval.objects.count()) == (678, 20, 2)


def test_what_people_edited_stays(loaded, now):
    Unit.objects.filter(code="CITY-CGJ").update(name="改过的名称", duty_phone="0797-8000000")

    services.load_reference(at=now)

    unit = Unit.objects.get(code="CITY-CGJ")
    assert (unit.name, unit.duty_phone) == ("改过的名称", "0797-8000000")


def test_long_names_of_zones_have_a_short_one_for_columns(loaded):
    shortened = {region.name: region.short_name for region in Region.objects.all() if region.short_name != region.name}

    assert shortened == {
        "赣州经济技术开发区": "经开区",
        "赣州蓉江新区": "蓉江新区",
        "江西赣县经济开发区": "赣县经开区",
        "江西瑞金经济开发区": "瑞金经开区",
        "江西龙南经济技术开发区": "龙南经开区",
    }


def test_regions_by_level(loaded):
    levels = dict(Region.objects.values_list("level").annotate(Count("pk")))

    assert levels == {"city": 1, "county": 18, "zone": 2, "township": 310}


def test_the_tree_has_one_root_and_three_levels(loaded):
    kinds = dict(Unit.objects.values_list("kind").annotate(Count("pk")))

    assert kinds["centre"] == kinds["authority"] == 1
    assert (kinds["county_centre"], kinds["township"], kinds["county_department"]) == (20, 310, 608)
    assert set(Unit.objects.filter(kind="county_centre").values_list("parent__code", flat=True)) == {"CENTRE"}
    below = Unit.objects.filter(kind__in=["county_department", "township"])
    assert set(below.values_list("parent__kind", flat=True)) == {"county_centre"}


def test_names_of_districts_counties_zones_and_townships(loaded):
    codes = {
        "360702-public_security": ("赣州市公安局章贡分局", "章贡公安局"),
        "360722-public_security": ("信丰县公安局", "信丰公安局"),
        "360722-ecology": ("赣州市信丰生态环境局", "信丰生态环境局"),
        "360700-JK-urban_management": ("赣州经济技术开发区城市管理局", "经开区城管局"),
        "T360702001": ("章贡区解放街道办事处", "解放街道"),
        "T360783204": ("龙南市夹湖乡人民政府", "夹湖乡"),
        "C360722": ("信丰县12345政务服务便民热线中心", "信丰热线中心"),
    }

    found = {unit.code: (unit.name, unit.short_name) for unit in Unit.objects.filter(code__in=codes)}

    assert found == codes


def test_a_function_is_one_unit_in_each_county_and_in_the_city(loaded):
    city = Unit.objects.filter(kind__in=["city_department", "enterprise", "authority"]).exclude(function="")
    county = Unit.objects.filter(kind="county_department")

    assert list(city.values("function").annotate(n=Count("pk")).filter(n__gt=1)) == []
    assert list(county.values("region", "function").annotate(n=Count("pk")).filter(n__gt=1)) == []


def test_ancestors_stop_below_the_centre(loaded, django_assert_num_queries):
    department = Unit.objects.get(code="360722-housing")
    with django_assert_num_queries(1):
        assert [unit.code for unit in department.ancestors_below_centre()] == ["C360722"]

    assert Unit.objects.get(code="C360722").ancestors_below_centre() == []
    assert Unit.objects.get(code="CITY-CGJ").ancestors_below_centre() == []
    assert Unit.objects.get(code="CENTRE").ancestors_below_centre() == []


def test_the_loaded_calendar_counts(loaded):
    start = datetime(2026, 9, 29, 10, 15, tzinfo=SHANGHAI)

    due = load_calendar().add(start, Limit(7, "wd"))

    assert due.due_at == datetime(2026, 10, 14, 17, 30, tzinfo=SHANGHAI)
    assert due.explanation["calendar"] == {"2026": 1}


def test_every_parameter_reads_as_what_it_is(loaded, now):
    limits = {"return_window": "1wd", "accept_limit": "2h", "deferred_review": "90d", "dispatch_limit.urgent": "15min"}

    assert {key: parameters.limit(key, at=now).code for key in limits} == limits
    assert parameters.integer("max_returns_per_ticket", at=now) == 2
    assert str(parameters.number("review_sample_rate", at=now)) == "0.2"
    assert parameters.hours("quiet_hours", at=now) == (22 * 60, 8 * 60)
    assert Parameter.objects.filter(source="").count() == 0


def test_the_commands_say_what_they_did(db):
    out = StringIO()

    call_command("load_reference", stdout=out)
    call_command("load_reference", stdout=out)
    call_command("prove_keys", stdout=out)

    first, second, third = out.getvalue().splitlines()
    assert first.startswith("基础数据：新增行政区划 331、单位 997、工作日历 20 年、参数 ")
    assert second == "基础数据：新增行政区划 0、单位 0、工作日历 0 年、参数 0。"
    assert third == "密钥与已有数据一致。"


def test_a_unit_is_valid_from_its_first_day_until_its_last(loaded):
    Unit.objects.filter(code="CITY-CGJ").update(valid_until=date(2026, 11, 1))

    assert not Unit.objects.valid(date(2025, 12, 31)).exists()
    assert Unit.objects.valid(date(2026, 10, 31)).filter(code="CITY-CGJ").exists()
    assert not Unit.objects.valid(date(2026, 11, 1)).filter(code="CITY-CGJ").exists()
