"""How first dispatches and proposals did, counted by month."""

from datetime import date, timedelta

import pytest

from responsibility import services
from responsibility.models import RoutingExample, RoutingFigure
from responsibility.selectors import quality
from tests.factories.hotline import UnitFactory
from tests.factories.responsibility import DutyItemFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(now):
    one, other = UnitFactory(short_name="城管"), UnitFactory(short_name="水务")
    light, water = DutyItemFactory(code="CG-01", title="路灯"), DutyItemFactory(code="SW-01", title="停水")

    def write(number, outcome, unit, proposed, final, days):
        RoutingExample.objects.create(
            ticket_number=f"GZ{number}",
            text="灯不亮" if number != 4 else "",
            kind="help",
            proposed_item=proposed,
            final_item=final,
            final_unit=unit,
            outcome=outcome,
            at=now - timedelta(days=days),
        )

    write(1, "dispatched", one, light, light, 5)
    write(2, "dispatched", one, light, light, 6)
    write(2, "returned", one, light, light, 5)
    write(2, "dispatched", other, light, water, 4)
    write(3, "dispatched", one, None, light, 3)
    write(4, "dispatched", one, light, water, 3)
    write(5, "dispatched", other, water, water, 40)
    write(5, "recalled", other, water, water, 2)
    write(6, "ruled", other, water, water, 2)
    return one, other


def figures():
    columns = ("month", "unit__short_name", "proposed", "final", "tickets", "came_back")
    return list(RoutingFigure.objects.order_by(*columns).values_list(*columns))


def test_a_ticket_counts_where_and_when_it_was_first_dispatched(made, now):
    written = services.count_routing(at=now)

    assert written == 4
    assert figures() == [
        (date(2026, 8, 1), "水务", "SW-01", "SW-01", 1, 1),
        (date(2026, 9, 1), "城管", "", "CG-01", 1, 0),
        (date(2026, 9, 1), "城管", "CG-01", "CG-01", 1, 0),
        (date(2026, 9, 1), "城管", "CG-01", "SW-01", 2, 1),
    ]


def test_counting_twice_is_counting_once(made, now):
    services.count_routing(at=now)
    before = figures()

    services.count_routing(at=now)

    assert figures() == before


def test_what_came_back_late_is_counted_and_older_months_stay(made, now):
    services.count_routing(at=now)
    RoutingExample.objects.filter(ticket_number="GZ5", outcome="recalled").delete()

    services.count_routing(at=now + timedelta(days=120))

    assert figures()[0] == (date(2026, 8, 1), "水务", "SW-01", "SW-01", 1, 1)


def test_success_and_accuracy(made, now):
    services.count_routing(at=now)

    rows = quality.figures(now)
    total = quality.whole(rows)

    assert total == quality.Tally(tickets=5, came_back=2, judged=4, right=2)
    assert (total.success, total.accuracy) == (0.6, 0.5)
    assert [(line.name, line.tally.tickets, line.tally.success) for line in quality.by_unit(rows)] == [
        ("城管", 4, 0.75),
        ("水务", 1, 0.0),
    ]
    assert [(line.name, line.tally.tickets) for line in quality.by_month(rows)] == [("2026-09", 4), ("2026-08", 1)]
    assert quality.by_item(rows) == (
        [
            quality.Line("CG-01", "路灯", quality.Tally(2, 0, 1, 1)),
            quality.Line("SW-01", "停水", quality.Tally(3, 2, 3, 1)),
        ],
        "",
    )
    assert quality.wrong_ways(rows) == [quality.Wrong("CG-01", "路灯", "SW-01", "停水", 2)]


def test_of_nothing_there_is_no_share(now):
    total = quality.whole(quality.figures(now))

    assert (total.success, total.accuracy) == (None, None)


def test_samples_have_words_and_are_the_newest(made, now):
    again = RoutingExample.objects.get(ticket_number="GZ2", outcome="dispatched", final_item__code="SW-01")
    again.pk, again.at = None, again.at - timedelta(hours=1)
    again.save()

    found = quality.wrong_samples(proposed="CG-01", final="SW-01", at=now)

    assert [(example.ticket_number, example.text) for example in found] == [("GZ2", "灯不亮")]


def test_items_are_paged_by_code(now):
    unit = UnitFactory()
    RoutingFigure.objects.bulk_create(
        RoutingFigure(month=date(2026, 9, 1), unit=unit, final=f"A-{number:02}", tickets=1, came_back=0)
        for number in range(60)
    )

    first, key = quality.by_item(quality.figures(now))
    second, end = quality.by_item(quality.figures(now), after=key)

    assert ([len(first), key], [len(second), end]) == ([50, "A-49"], [10, ""])
    assert second[0].key == "A-50"
