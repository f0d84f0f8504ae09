"""Units, people and the rules they work by."""

from datetime import date, datetime

import factory
from django.contrib.auth.models import Group

from hotline import calendar, parameters, services
from hotline.dates import SHANGHAI
from hotline.models import Region, Unit, User
from hotline.roles import ADMINISTRATORS
from hotline.services import reference

FIRST_DAY = date(2026, 1, 1)
PASSWORD = "Gan-Zhou-12345"


def load_rules():
    """Calendar, hours and parameters as they ship, and the roles."""
    reference.load_calendar_years(at=datetime(2026, 1, 1, tzinfo=SHANGHAI))
    reference.load_parameters()
    calendar.forget_calendar()
    parameters.forget_parameters()
    services.sync_roles()


class CityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "360700"
    name = "赣州市"
    level = "city"


class CountyFactory(CityFactory):
    code = "360702"
    name = "章贡区"
    level = "county"
    parent = factory.SubFactory(CityFactory)


class TownshipFactory(CityFactory):
    code = "360702001"
    name = "解放街道"
    level = "township"
    parent = factory.SubFactory(CountyFactory)


class CentreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit
        django_get_or_create = ("code",)

    code = "CENTRE"
    name = "赣州市12345政务服务便民热线管理中心"
    short_name = "市热线中心"
    kind = "centre"
    valid_from = FIRST_DAY


class UnitFactory(CentreFactory):
    """A city department; another kind by `kind`, with its parent."""

    code = factory.Sequence(lambda n: f"CITY-{n}")
    name = factory.LazyAttribute(lambda unit: f"赣州市{unit.short_name[1:]}")
    short_name = factory.Sequence(lambda n: f"市第{n}局")
    kind = "city_department"
    parent = factory.SubFactory(CentreFactory)


class CountyCentreFactory(UnitFactory):
    code = factory.LazyAttribute(lambda unit: f"C{unit.region.code}")
    name = "章贡区12345政务服务便民热线中心"
    short_name = "章贡热线中心"
    kind = "county_centre"
    region = factory.SubFactory(CountyFactory)


class CountyDepartmentFactory(UnitFactory):
    code = factory.LazyAttribute(lambda unit: f"{unit.region.code}-{unit.function}")
    name = "章贡区城市管理局"
    short_name = "章贡城管局"
    kind = "county_department"
    function = "urban_management"
    region = factory.SubFactory(CountyFactory)
    parent = factory.SubFactory(CountyCentreFactory)


class TownshipUnitFactory(UnitFactory):
    code = factory.LazyAttribute(lambda unit: f"T{unit.region.code}")
    name = "章贡区解放街道办事处"
    short_name = "解放街道"
    kind = "township"
    region = factory.SubFactory(TownshipFactory)
    parent = factory.SubFactory(CountyCentreFactory)


class UserFactory(factory.django.DjangoModelFactory):
    """`UserFactory(unit=…, roles=("handler", "unit_head"))`; the password is `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"G{n:04d}")
    name = "王小明"
    unit = factory.SubFactory(UnitFactory)
    password = factory.django.Password(PASSWORD)
    must_change_password = False

    @factory.post_generation
    def roles(self, create, roles, **kwargs):
        if not create or not roles:
            return
        if Group.objects.filter(name__in=roles).count() < len(roles):
            services.sync_roles()
        self.groups.set(Group.objects.filter(name__in=roles))
        if not set(roles).isdisjoint(ADMINISTRATORS):
            self.is_staff = True
            self.save(update_fields=["is_staff"])
