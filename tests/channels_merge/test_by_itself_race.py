"""A similar matter that comes while the system waits to dispatch one: real threads on connections of their own."""

from datetime import timedelta

from channels_merge.services import automatic
from hotline.models import Unit
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.experience import NOW, SAID, make_sure_city
from tests.factories.tickets import fresh
from tests.races import race

SOON = NOW + timedelta(minutes=3)
TEXT = f"文清路锦江花园门口{SAID[0]}，{SAID[0]}，已经三天了，请处理。"


def test_what_came_after_the_first_look_is_seen_behind_the_lock(transactional_db):
    city = make_sure_city()
    ticket = ticket_of(make_accepted(at=NOW, text=TEXT, region=city.region, phone="13979700123"))
    dispatched = []

    def come_while_the_unit_is_held():
        """As an administrator who changes the unit holds it: the dispatch has looked once and waits."""
        Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=city.county.pk)
        make_accepted(at=SOON, text=TEXT, region=city.region, phone="13979700199")

    def dispatch():
        dispatched.append(automatic.dispatch_by_itself(ticket_id=ticket.pk, at=SOON))

    assert race(come_while_the_unit_is_held, dispatch) == ""
    assert (dispatched, fresh(ticket).state) == ([False], "pending_dispatch")
