"""Clocks on real rows of the room above, with as little of it as the database accepts."""

from contextlib import contextmanager

from hotline import services
from hotline.limits import Limit
from tests.factories.hotline import CentreFactory
from tickets.models import Ticket, TicketClock


def make_clock(*, number="GZ260929000001", started_at, limit="7wd", kind="handle", **fields):
    CentreFactory()
    ticket, _ = Ticket.objects.get_or_create(
        number=number,
        defaults={
            "title": "路灯不亮",
            "text": "路灯不亮",
            "kind": "help",
            "accepted_at": started_at,
            "created_at": started_at,
        },
    )
    return services.start_clock(
        TicketClock, kind=kind, started_at=started_at, limit=Limit.parse(limit), ticket=ticket, **fields
    )


def breaches(clock):
    return list(clock.breaches.order_by("at", "pk").values_list("threshold", flat=True))


@contextmanager
def heard(signal):
    """Collects what a signal carries: (sender, payload) in order."""
    got = []

    def listen(sender, **payload):
        got.append((sender, payload))

    signal.connect(listen)
    try:
        yield got
    finally:
        signal.disconnect(listen)
