import copy
from types import SimpleNamespace

import pytest

from channels_merge.models import Channel
from channels_merge.services import grid, sync_channels
from tests.factories.channels_merge import NOON, make_accepted, ticket_of
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.tickets import fresh, make_city, make_item
from tickets import services as tickets

CELLS = """网格编码,网格名称,地区
360702001001,解放街道一网格,360702001
360702001002,解放街道二网格,360702001
"""


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    """The city of the tickets, with the standard that ships, two cells, and grid workers of its township."""
    load_rules()
    city = make_city()
    sync_channels(at=NOON)
    grid.sync_grid_standard()
    grid.import_cells(name="cells.csv", content=CELLS.encode(), by=None, at=NOON)
    city.worker = UserFactory(name="钟文", unit=city.township, roles=("grid_worker",))
    city.worker2 = UserFactory(name="赖芳", unit=city.township, roles=("grid_worker",))
    city.manager = UserFactory(name="邱红", unit=city.centre, roles=("channel_manager",))
    city.channel = Channel.objects.get(code="grid")
    return city


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


@pytest.fixture
def handed(city):
    """A matter of a caller that the county passed to the township, which has signed it."""
    item = make_item(township_role="lead")
    ticket = ticket_of(make_accepted(at=NOON, by=city.agent))
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=city.county, item=item, by=city.dispatcher, at=NOON)
    ticket = fresh(ticket)
    tickets.sign_assignment(assignment_id=ticket.lead_id, by=city.county_clerk, at=NOON)
    tickets.pass_down(assignment_id=ticket.lead_id, unit=city.township, item=item, by=city.county_clerk, at=NOON)
    ticket = fresh(ticket)
    tickets.sign_assignment(assignment_id=ticket.holder_id, by=city.township_handler, at=NOON)
    return SimpleNamespace(ticket=fresh(ticket), part=fresh(ticket).holder)
