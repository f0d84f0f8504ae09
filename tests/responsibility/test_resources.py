"""The register of 综治中心, 人民调解, 社会工作 …: each county's centre keeps its own, the administrator any."""

from datetime import date

import pytest
from django.db import IntegrityError

from responsibility import services
from responsibility.models import Resource
from responsibility.rights import NotPermitted
from responsibility.selectors import resources_for, resources_seen
from tests.factories.hotline import (
    CentreFactory,
    CountyCentreFactory,
    CountyDepartmentFactory,
    TownshipFactory,
    UnitFactory,
    UserFactory,
)
from tests.factories.resources import make_resource
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import NOW

WORDS = {
    "kind": "mediation",
    "name": "章江街道人民调解委员会",
    "contact": "钟敏",
    "phone": "0797-8100001",
    "hours": "工作日",
    "takes": "邻里纠纷",
    "valid_from": date(2026, 11, 1),
    "valid_until": None,
}


@pytest.fixture
def centre(db):
    return CentreFactory()


@pytest.fixture
def county(centre):
    return CountyCentreFactory()


@pytest.fixture
def clerk(county):
    return UserFactory(unit=county, roles=["county_centre"])


@pytest.fixture
def administrator(centre):
    return UserFactory(unit=centre, roles=["administrator"])


def save(by, *, pk=None, centre=None, **fields):
    return services.save_resource(pk=pk, centre=centre, by=by, at=NOW, **(WORDS | fields))


def test_a_county_keeps_its_own_register(county, clerk):
    row = save(clerk, centre=county)
    save(clerk, pk=row.pk, centre=county, hours="每天", valid_until=date(2026, 12, 1))

    row = Resource.objects.get()
    assert (row.centre, row.hours, row.valid_until, row.changed_by, row.changed_at) == (
        county,
        "每天",
        date(2026, 12, 1),
        clerk,
        NOW,
    )


def test_a_county_keeps_no_other_register(county, clerk, administrator):
    other = CountyCentreFactory(code="NK-12345", name="南康区热线中心", short_name="南康热线中心")
    theirs = make_resource(other)

    for pk, where in ((None, other), (None, None), (theirs.pk, other), (theirs.pk, county)):
        with pytest.raises(services.ResourceRefused, match="只能维护本县（市、区）的资源；全市共用的由管理员维护。"):
            save(clerk, pk=pk, centre=where)
    save(administrator, pk=theirs.pk, centre=other, contact="李敏")
    save(administrator, name="市人民调解中心")

    assert list(Resource.objects.order_by("pk").values_list("contact", "centre")) == [
        ("李敏", other.pk),
        ("钟敏", None),
    ]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"valid_until": date(2026, 11, 1)}, "停用日期须晚于起用日期。"),
        ({"name": "综治中心"}, "名录里已有在用的“综治中心”。"),
    ],
)
def test_what_does_not_belong_into_the_register(county, clerk, fields, why):
    make_resource(county, name="综治中心")

    with pytest.raises(services.ResourceRefused, match=why):
        save(clerk, centre=county, **fields)

    assert Resource.objects.count() == 1


def test_a_department_is_no_centre(administrator, county):
    with pytest.raises(services.ResourceRefused, match="请选择县（市、区）中心，或留空为全市共用。"):
        save(administrator, centre=CountyDepartmentFactory(parent=county))


def test_who_has_not_the_right_keeps_nothing(county):
    with pytest.raises(NotPermitted):
        save(UserFactory(unit=county, roles=["handler"]), centre=county)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"valid_until": date(2026, 1, 1)}, "resource_ends_after_it_begins"),
        ({"name": "别的"}, "resource_once_in_a_county"),
    ],
)
def test_the_table_refuses(county, change, constraint):
    make_resource(county, name="别的")
    row = make_resource(county)

    with pytest.raises(IntegrityError, match=constraint):
        Resource.objects.filter(pk=row.pk).update(**change)


def test_a_name_is_the_citys_once(centre):
    make_resource()

    with pytest.raises(IntegrityError, match="resource_once_in_the_city"):
        make_resource()


def test_who_saves_the_same_name_in_the_same_moment_is_told(county, clerk, monkeypatch):
    """Whoever looked before the other had saved: nobody looks, the table says it."""
    save(clerk, centre=county)
    monkeypatch.setattr("django.db.models.QuerySet.exists", lambda rows: False)

    with pytest.raises(services.ResourceRefused, match="名录里已有在用的“章江街道人民调解委员会”。"):
        save(clerk, centre=county)

    assert Resource.objects.count() == 1


def test_whom_a_unit_can_ask(county):
    """A county's unit its own county's wherever the matter is; one of the city those of the county that governs the place."""
    GovernanceFactory(unit=county, region=county.region)
    township = TownshipFactory(parent=county.region)
    own, citys = make_resource(county, name="甲"), make_resource(None, name="乙")
    make_resource(CountyCentreFactory(code="NK-12345", name="南康区热线中心"), name="丙")
    make_resource(county, name="丁", valid_until=date(2026, 11, 10))
    department = CountyDepartmentFactory(parent=county)

    of_the_city = UnitFactory()

    asked = {
        (unit, place): set(resources_for(unit, place, NOW))
        for unit in (department, county, of_the_city)
        for place in (None, county.region, township)
    }

    assert asked == {
        (department, None): {own, citys}, (department, county.region): {own, citys}, (department, township): {own, citys},
        (county, None): {own, citys}, (county, county.region): {own, citys}, (county, township): {own, citys},
        (of_the_city, None): {citys}, (of_the_city, county.region): {own, citys}, (of_the_city, township): {own, citys},
    }  # fmt: skip


def test_what_of_the_register_a_person_reads(county, clerk, administrator):
    own, citys = make_resource(county, name="甲"), make_resource(None, name="乙", kind="other")
    other = make_resource(CountyCentreFactory(code="NK-12345", name="南康区热线中心"), name="丙")
    gone = make_resource(county, name="丁", valid_until=date(2026, 11, 10))

    assert list(resources_seen(clerk, at=NOW)) == [citys, own]
    assert list(resources_seen(clerk, kind="other", at=NOW)) == [citys]
    assert list(resources_seen(clerk, ended=True, at=NOW)) == [gone]
    assert list(resources_seen(administrator, at=NOW)) == [other, citys, own]
