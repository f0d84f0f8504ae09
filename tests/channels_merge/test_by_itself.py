"""A new matter goes by itself after intake, unless a similar one is open or the petition office has it."""

import copy
from datetime import timedelta

import pytest
import time_machine

from channels_merge import tasks
from channels_merge.services import automatic
from responsibility import services as duties
from tests.factories.channels_merge import make_accepted, make_appeal, ticket_of
from tests.factories.experience import NOW, SAID, make_sure_city
from tests.factories.tickets import fresh
from tickets import services as tickets

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=3)
TEXT = f"文清路锦江花园门口{SAID[0]}，{SAID[0]}，已经三天了，请处理。"


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    return make_sure_city()


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


def accepted(city, text=TEXT, at=NOW, **fields):
    return make_accepted(at=at, text=text, region=city.region, phone=fields.pop("phone", "13979700123"), **fields)


def state(appeal):
    return fresh(ticket_of(appeal)).state


def test_after_the_commit_a_worker_dispatches_it(city, committing):
    with time_machine.travel(NOW, tick=False), committing():
        appeal = accepted(city)

    assert state(appeal) == "pending_sign"


def test_where_nothing_is_switched_on_nothing_is_asked(city, committing, django_assert_num_queries):
    duties.switch_item_off(switch_id=city.switch.pk, reason="停。", by=city.administrator, at=NOW)
    with time_machine.travel(NOW, tick=False), committing():
        appeal = accepted(city)

    assert state(appeal) == "pending_dispatch"
    with django_assert_num_queries(1):
        assert automatic.dispatch_missed(at=SOON) == 0


def test_a_lost_message_is_made_good_and_twice_does_nothing_more(city):
    appeal = accepted(city)

    assert automatic.dispatch_missed(at=NOW + timedelta(minutes=1)) == 0
    with time_machine.travel(SOON, tick=False):
        assert tasks.dispatch_missed() == 1
        assert tasks.dispatch_missed() == 0
        assert tasks.dispatch_by_itself(ticket_id=ticket_of(appeal).pk) is False
    assert ticket_of(appeal).events.filter(act="dispatch").count() == 1


def test_what_is_older_a_dispatcher_has_seen(city):
    accepted(city)

    assert automatic.dispatch_missed(at=NOW + timedelta(minutes=21)) == 0


def test_a_similar_matter_that_is_open_is_for_people(city):
    earlier = accepted(city)
    later = accepted(city, at=SOON, phone="13979700199")

    assert automatic.dispatch_by_itself(ticket_id=ticket_of(later).pk, at=SOON) is False
    assert automatic.dispatch_by_itself(ticket_id=ticket_of(earlier).pk, at=SOON) is False
    assert {state(earlier), state(later)} == {"pending_dispatch"}


def test_a_similar_one_that_still_waits_to_be_accepted_too(city):
    appeal = accepted(city)
    make_appeal(at=NOW, text=TEXT, region=city.region, phone="13979700199")

    assert automatic.dispatch_by_itself(ticket_id=ticket_of(appeal).pk, at=SOON) is False


def test_one_that_is_closed_does_not_hold_it_up(city):
    earlier = accepted(city)
    tickets.void_ticket(ticket_id=ticket_of(earlier).pk, reason="误登。", by=city.dispatcher, at=NOW)
    later = accepted(city, at=SOON, phone="13979700199")

    assert automatic.dispatch_by_itself(ticket_id=ticket_of(later).pk, at=SOON) is True
