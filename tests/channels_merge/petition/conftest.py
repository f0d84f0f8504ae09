from datetime import date
from types import SimpleNamespace

import pytest

from hotline.models import Region, Unit
from tests.channels_merge.petition.factories import take_in
from tests.factories.channels_merge import NOON, make_accepted, ticket_of


@pytest.fixture
def office(world, person):
    """The petition offices of the city and of a county, the people of the centre, and a channel with a key."""
    township = Region.objects.create(code="360702001", name="解放街道", level="township", parent=world.county)

    def unit(code, name, kind, parent, region=None):
        return Unit.objects.create(
            code=code, name=name, short_name=name, kind=kind, parent=parent, region=region, valid_from=date(2020, 1, 1)
        )

    city_office = unit("CITY-XFJ", "赣州市信访局", "city_department", world.centre)
    county_office = unit("NK-XFJ", "南康区信访局", "county_department", world.county_centre, world.other_county)
    return SimpleNamespace(
        world=world,
        county=world.county,
        township=township,
        officer=person("petition_officer", city_office),
        county_officer=person("petition_officer", county_office),
        dispatcher=person("dispatcher"),
        reviewer=person("reviewer"),
        agent=person("agent"),
        channel_manager=person("channel_manager"),
    )


@pytest.fixture
def both(office):
    """One matter that one person told both: (petition matter, ticket, appeal)."""
    appeal = make_accepted(at=NOON, region=office.township, place="锦江花园")
    matter = take_in(office, phone="13807972231").matter
    return SimpleNamespace(appeal=appeal, ticket=ticket_of(appeal), matter=matter)
