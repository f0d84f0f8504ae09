import pytest
from django.db import IntegrityError, transaction

from responsibility import services
from responsibility.models import RoutingExample
from tests.factories.hotline import CountyFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory

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
