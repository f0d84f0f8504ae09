from datetime import date, timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from hotline import services
from hotline.models import CalendarYear, Notice, Parameter, Region, SecurityLog, Unit, User, WorkInterval
from tests.factories.hotline import CentreFactory, CountyFactory, UnitFactory, UserFactory


@pytest.fixture(autouse=True)
def database(db):
    pass


def refused(change):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    return caught.value.__cause__.diag.constraint_name


def test_regions():
    county = CountyFactory()

    assert refused(lambda: Region.objects.create(code="x", name="x", level="county")) == (
        "region_only_the_city_has_no_parent"
    )
    assert refused(lambda: Region.objects.filter(pk=county.pk).update(level="moon")) == "region_level_is_known"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"parent": None}, "unit_only_the_centre_has_no_parent"),
        ({"valid_until": date(2025, 1, 1)}, "unit_ends_after_it_begins"),
        ({"kind": "township"}, "unit_of_a_county_has_a_region"),
    ],
)
def test_units(change, constraint):
    unit = UnitFactory()

    assert refused(lambda: Unit.objects.filter(pk=unit.pk).update(**change)) == constraint


def test_there_is_one_centre_and_a_successor_follows_an_end():
    centre, unit = CentreFactory(), UnitFactory()

    assert refused(
        lambda: Unit.objects.create(code="C2", name="x", short_name="x", kind="centre", valid_from=date(2026, 1, 1))
    ) == ("unit_one_centre")
    assert refused(lambda: Unit.objects.filter(pk=unit.pk).update(successor=centre)) == "unit_with_successor_has_ended"


def test_people(now):
    user = UserFactory()
    people = User.objects.filter(pk=user.pk)

    assert refused(lambda: people.update(away_until=now)) == "user_away_until_follows_away_from"
    assert refused(lambda: people.update(away_from=now, away_until=now)) == "user_away_until_follows_away_from"
    assert refused(lambda: people.update(deputy=user)) == "user_is_not_own_deputy"
    assert user.masked_name == "王*"


def test_calendar_and_parameters(now):
    year = {"year": 2027, "version": 1, "published_at": now}
    CalendarYear.objects.create(**year)
    Parameter.objects.create(key="a", value="1", valid_from=now)

    assert refused(lambda: CalendarYear.objects.create(**year)) == "calendar_year_version_is_unique"
    assert refused(lambda: CalendarYear.objects.create(**year | {"year": 1999})) == "calendar_year_in_range"
    assert refused(lambda: Parameter.objects.create(key="a", value="2", valid_from=now)) == (
        "parameter_key_date_is_unique"
    )
    assert refused(lambda: WorkInterval.objects.create(valid_from=date(2026, 1, 1), starts="12:00", ends="08:00")) == (
        "work_interval_ends_after_start"
    )


def test_notices(now):
    notice = {"recipient": UserFactory(), "kind": "x", "at": now, "dedupe_key": "1"}
    Notice.objects.create(**notice)

    assert refused(lambda: Notice.objects.create(**notice)) == "notice_once_per_recipient"


@pytest.mark.parametrize("change", [lambda rows: rows.update(subject="x"), lambda rows: rows.delete()])
def test_the_security_log_is_append_only(now, change):
    services.log_security(kind="login", user=None, at=now, subject="字" * 200, reason="字" * 300)

    with pytest.raises(InternalError, match="append-only"), transaction.atomic():
        change(SecurityLog.objects.all())

    row = SecurityLog.objects.get()
    assert (len(row.subject), len(row.reason)) == (120, 200)


def test_retention_may_delete_from_the_security_log(now):
    services.log_security(kind="login", user=None, at=now - timedelta(days=2000))

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hotline.retention = 'on'")
    SecurityLog.objects.all().delete()

    assert not SecurityLog.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hotline.retention = 'off'")
