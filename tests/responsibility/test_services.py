from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from hotline.dates import local_day
from hotline.services import abolish_unit
from responsibility import services
from responsibility.models import Governance, RoutingExample
from tests.factories.hotline import CountyCentreFactory, CountyFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory, GovernanceFactory

pytestmark = pytest.mark.django_db


def remember(now, **changes):
    item = changes.pop("item", None) or DutyItemFactory()
    given = {
        "ticket_number": "GZ260929000001",
        "text": "路灯不亮，请打我电话13807971234",
        "category": item.category,
        "region": CountyFactory(),
        "kind": "help",
        "proposed_item": item,
        "proposed_unit": None,
        "final_item": item,
        "final_unit": UnitFactory(),
        "outcome": "dispatched",
        "at": now,
    }
    return services.record_outcome(**(given | changes))


def test_what_a_proposal_came_to_is_kept_without_personal_data(now):
    example = remember(now)

    kept = RoutingExample.objects.get()
    assert kept == example
    assert (kept.text, kept.ticket_number, kept.outcome, kept.at) == (
        "路灯不亮，请打我电话138****1234",
        "GZ260929000001",
        "dispatched",
        now,
    )
    assert (kept.final_item, kept.final_unit, kept.region.code) == (example.final_item, example.final_unit, "360702")


def test_every_outcome_is_one_more_example(now):
    item = DutyItemFactory()
    for outcome in ("dispatched", "returned", "ruled"):
        remember(now, item=item, outcome=outcome)

    assert set(RoutingExample.objects.values_list("outcome", flat=True)) == {"dispatched", "returned", "ruled"}


def test_an_unknown_outcome_is_refused_and_nothing_is_kept(now):
    with pytest.raises(ValueError, match="guessed"):
        remember(now, outcome="guessed")

    assert not RoutingExample.objects.exists()


def test_the_table_refuses_it_too(now):
    example = remember(now)

    with pytest.raises(IntegrityError, match="routing_outcome_is_known"), transaction.atomic():
        RoutingExample.objects.filter(pk=example.pk).update(outcome="guessed")


def test_what_an_abolished_unit_governed_is_governed_by_its_successor(now):
    centre, heir = CountyCentreFactory(), CountyCentreFactory(code="C360704")
    row = GovernanceFactory(unit=centre, confirmed=False)
    day = local_day(now)

    abolish_unit(unit=centre, successor=heir, by=None, at=now)

    row.refresh_from_db()
    assert row.valid_until == day
    [after] = Governance.objects.in_force(day)
    assert (after.region, after.unit, after.valid_from, after.confirmed) == (row.region, heir, day, False)
    assert after.source == f"{centre.name}撤销，由{heir.name}承接"


def test_nobody_governs_for_a_unit_that_went_without_a_successor_of_its_kind(now):
    centre = CountyCentreFactory()
    GovernanceFactory(unit=centre, valid_from=local_day(now))

    abolish_unit(unit=centre, successor=UnitFactory(), by=None, at=now)

    assert Governance.objects.count() == 1
    assert not Governance.objects.in_force(local_day(now) + timedelta(days=1)).exists()
