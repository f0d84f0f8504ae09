"""Who reads the whole chain of a matter: on its page, of its files, and in lists, by the same rule."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hotline.services import store_file
from tests.factories.tickets import NOW, closed, dispatched, fresh, passed_down, register, signed
from tests.tickets_pages.cases import settled_by_the_county
from tickets import services
from tickets.models import Attachment, Ticket
from tickets.selectors.acts import situation
from tickets.selectors.lists import whole_chain_is_read
from tickets.selectors.page import sees_whole_chain

pytestmark = pytest.mark.django_db
PEOPLE = ["agent", "dispatcher", "reviewer", "county_clerk", "handler", "liaison", "head", "other_handler", "leader"]


def had_and_helps(city):
    """The department had it; another unit has it now, and the department helps."""
    ticket = dispatched(city)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错。", by=city.dispatcher, at=NOW)
    services.dispatch_ticket(
        ticket_id=ticket.pk, unit=city.other, item=None, co_units=[city.department], by=city.dispatcher, at=NOW
    )
    ticket = fresh(ticket)
    services.sign_assignment(assignment_id=ticket.lead_id, handler=city.other_handler, by=city.other_handler, at=NOW)
    return fresh(ticket)


def restricted(city):
    ticket = signed(city)
    readers = [city.handler, city.agent]
    services.restrict_ticket(ticket_id=ticket.pk, readers=readers, reason="举报。", by=city.reviewer, at=NOW)
    return ticket


def test_who_had_a_matter_and_helps_now_opens_no_file_of_who_has_it(city, log_in):
    ticket = had_and_helps(city)
    file = store_file(upload=SimpleUploadedFile("现场.pdf", b"%PDF-1.4 x"), by=city.other_handler, at=NOW)
    services.record_onsite(
        assignment_id=ticket.lead_id, found="现场属实。", place="东门", before=[file],
        visited_at=NOW, by=city.other_handler, at=NOW,
    )  # fmt: skip
    url = f"/tickets/{ticket.number}/files/{Attachment.objects.get().pk}/"

    assert log_in(city.handler).get(url).status_code == 404
    answer = log_in(city.other_handler).get(url)
    assert (answer.status_code, answer.getvalue()) == (200, b"%PDF-1.4 x")


def test_lists_and_pages_say_the_same_of_everybody(city):
    made = [
        make(city)
        for make in (
            lambda city: register(),
            dispatched,
            signed,
            passed_down,
            closed,
            had_and_helps,
            settled_by_the_county,
            restricted,
        )
    ]
    said = {
        (ticket.pk, who): sees_whole_chain(situation(ticket, user, NOW), ticket.assignments.all())
        for ticket in map(fresh, made)
        for who in PEOPLE
        for user in [getattr(city, who)]
    }
    listed = {
        (pk, who): reads
        for who in PEOPLE
        for pk, reads in Ticket.objects.annotate(reads=whole_chain_is_read(getattr(city, who), NOW)).values_list(
            "pk", "reads"
        )
    }

    assert listed == said
    assert set(said.values()) == {True, False}
