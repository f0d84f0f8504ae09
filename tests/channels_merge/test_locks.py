"""Acts that hold an appeal and acts that hold its ticket, at the same moment: somebody waits or is refused, nobody hangs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from channels_merge import services
from channels_merge.models import Appeal, Channel, Contact, Draft
from channels_merge.services import intake, moves
from tests.factories.channels_merge import make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import TUESDAY, add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import fresh, make_city
from tests.races import PATIENCE, alone, race, wait_for_somebody_to_wait
from tickets import services as tickets
from tickets.models import Ticket


@pytest.fixture
def city(transactional_db):
    load_rules()
    return add_callers(make_city())


@pytest.fixture
def merged(city):
    """Two matters of which the later was put into the earlier."""
    lead = ticket_of(make_accepted(at=TUESDAY))
    ticket = ticket_of(make_accepted(at=TUESDAY, phone="13807970009"))
    tickets.merge_ticket(ticket_id=ticket.pk, into_id=lead.pk, reason="同一件。", by=city.dispatcher, at=TUESDAY)
    return ticket


def test_attached_to_a_merged_ticket_while_it_is_taken_apart(city, merged):
    """Who takes it apart holds the lead and comes to the merged one: who attaches must not hold that already."""
    late = make_appeal(at=TUESDAY, phone="13807970011")
    lead_held = threading.Event()

    def take_apart():
        with transaction.atomic():
            Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=merged.merged_into_id)
            lead_held.set()
            wait_for_somebody_to_wait()
            tickets.unmerge_ticket(ticket_id=merged.pk, reason="不是同一件。", by=city.dispatcher, at=TUESDAY)

    def attach():
        assert lead_held.wait(PATIENCE)
        services.accept_appeal(appeal_id=late.pk, ticket_id=merged.pk, by=None, at=TUESDAY)

    merged = fresh(merged)
    with ThreadPoolExecutor(2) as pool:
        told = [each.result() for each in (pool.submit(alone, take_apart), pool.submit(alone, attach))]

    assert told[0] == ""
    assert told[1] in {"", intake.JUST_CHANGED}
    assert fresh(merged).state == "pending_dispatch"


def test_restricted_while_a_caller_withdraws(city):
    """The one who withdraws holds the appeal and not yet the ticket: whoever restricts is asked to try again."""
    appeal = make_accepted(at=TUESDAY)
    ticket = ticket_of(appeal)
    phone = Channel.objects.get(code="phone")
    appeal_held, refused = threading.Event(), threading.Event()

    def withdraw():
        with transaction.atomic():
            moves.locked(appeal.pk)
            appeal_held.set()
            assert refused.wait(PATIENCE)
            services.withdraw_appeal(appeal_id=appeal.pk, channel=phone, reason="不用了", by=None, at=TUESDAY)

    def restrict():
        assert appeal_held.wait(PATIENCE)
        try:
            keep_secret(ticket, city)
        finally:
            refused.set()

    with ThreadPoolExecutor(2) as pool:
        told = [each.result() for each in (pool.submit(alone, withdraw), pool.submit(alone, restrict))]

    assert told == ["", "有人正在改动这张工单上的诉求，请稍后再试。"]
    assert (fresh(appeal).state, fresh(appeal).secrecy, fresh(ticket).secrecy) == ("withdrawn", "open", "open")


@pytest.mark.parametrize("act", ["supplement_appeal", "urge_appeal"])
def test_words_of_a_caller_wait_for_whoever_restricts(city, act):
    appeal = make_accepted(at=TUESDAY)
    ticket = ticket_of(appeal)
    phone = Channel.objects.get(code="phone")

    def add():
        getattr(services, act)(appeal_id=appeal.pk, channel=phone, text="还在吵。", by=None, at=TUESDAY)

    assert race(lambda: keep_secret(ticket, city), add) == ""
    assert (fresh(appeal).secrecy, fresh(appeal).interactions.count()) == ("restricted", 2)


def keep_secret(ticket, city):
    tickets.restrict_ticket(ticket_id=ticket.pk, readers=[], reason="涉及举报人。", by=city.reviewer, at=TUESDAY)


def test_a_draft_that_is_saved_while_its_call_is_registered_leaves_nothing_behind(city):
    def register():
        services.take_call(
            channel=Channel.objects.get(code="phone"),
            matter=services.Matter(text="锦江花园门口的路灯不亮。", place="锦江花园"),
            person=services.Person(name="王", phone="13979700123"),
            decision=services.Decision(act="accept"),
            draft_key="desk-1",
            by=city.agent,
            at=TUESDAY,
        )

    def save():
        services.save_draft(key="desk-1", content={"text": "锦江花园门口的路灯不"}, by=city.agent, at=TUESDAY)

    assert race(register, save) == "这一通已经登记，不再存草稿。"
    assert not Draft.objects.exists()


def test_a_call_is_registered_while_its_draft_is_saved(city):
    def save():
        services.save_draft(key="desk-1", content={"text": "锦江花园门口的路灯不"}, by=city.agent, at=TUESDAY)

    assert race(save, lambda: services.discard_draft(key="desk-1", by=city.agent)) == ""
    assert not Draft.objects.exists()


def test_the_same_message_twice_at_the_same_moment_leaves_one_appeal_and_one_person(city):
    channel = Channel.objects.get(code="web")

    def send():
        services.register_appeal(
            channel=channel,
            matter=services.Matter(text="锦江花园门口的路灯不亮。"),
            person=services.Person(name="王", phone="13979700123"),
            source_number="W-1",
            by=None,
            at=TUESDAY,
        )

    assert race(send, send) == ""
    assert (Appeal.objects.count(), Contact.objects.count()) == (1, 1)
