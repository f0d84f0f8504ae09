"""Who calls back reads what the citizen may read and the public reply: not how it was handled, no notes, no files."""

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile

from evaluation import services
from hotline.services import store_file
from tests.factories.evaluation import ANSWERED_AT, TUESDAY, answer, take_appeal
from tests.factories.tickets import REPLY, fresh
from tickets import services as tickets
from tickets.models import Attachment, Ticket

INTERNAL = "已约谈项目部，收回夜间施工许可。"
NOTE = "内部批注：此人常来。"
FOUND = "十一点后三台泵车仍在浇筑。"


@pytest.fixture
def ticket(city):
    """In follow-up, with two callers, a visit with a file, a note and a reply that has an internal half."""
    first = take_appeal(at=TUESDAY, phone="13807970001", name="欧阳明")
    ticket = Ticket.objects.get(pk=first.links.get(until=None).ticket_id)
    take_appeal(at=TUESDAY, ticket=ticket, phone="13807970002", name="司徒海")
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=TUESDAY)
    lead = fresh(ticket).lead_id
    tickets.sign_assignment(assignment_id=lead, handler=city.handler, by=city.handler, at=TUESDAY)
    file = store_file(upload=SimpleUploadedFile("现场.pdf", b"%PDF-1.4 before"), by=city.handler, at=TUESDAY)
    tickets.record_onsite(
        assignment_id=lead, found=FOUND, place="东门", before=[file], visited_at=TUESDAY, by=city.handler, at=TUESDAY
    )
    tickets.add_note(ticket_id=ticket.pk, text=NOTE, by=city.dispatcher, at=TUESDAY)
    ticket = answer(city, fresh(ticket), at=ANSWERED_AT)
    services.settle_ticket(ticket_id=ticket.pk, at=ANSWERED_AT)
    return ticket


def words(log_in, user, ticket):
    page = log_in(user).get(f"/tickets/{ticket.number}/")
    assert page.status_code == 200
    return BeautifulSoup(page.content.decode(), "html.parser").get_text()


def opens(log_in, user, ticket):
    file = Attachment.objects.get(ticket=ticket)
    got = log_in(user).get(f"/tickets/{ticket.number}/files/{file.pk}/")
    return got.status_code == 200 and bool(got.getvalue())


def test_who_calls_back_reads_the_public_side(city, ticket, log_in):
    shown = words(log_in, city.caller, ticket)

    assert REPLY in shown
    assert [said in shown for said in (INTERNAL, NOTE, FOUND, "现场.pdf", "欧阳*", "司徒*", "138****0001")] == [
        False
    ] * 7
    assert not opens(log_in, city.caller, ticket)


@pytest.mark.parametrize("who", ["reviewer", "dispatcher"])
def test_who_watches_the_whole_city_reads_the_chain(city, ticket, log_in, who):
    shown = words(log_in, getattr(city, who), ticket)

    assert [said in shown for said in (REPLY, INTERNAL, NOTE, FOUND, "现场.pdf", "欧阳*", "司徒*")] == [True] * 7
    assert opens(log_in, getattr(city, who), ticket)


def test_who_was_named_for_a_restricted_matter_reads_the_chain(city, ticket, log_in):
    tickets.restrict_ticket(
        ticket_id=ticket.pk, readers=[city.caller], reason="涉及举报人。", by=city.reviewer, at=ANSWERED_AT
    )

    assert INTERNAL in words(log_in, city.caller, ticket)
    assert opens(log_in, city.caller, ticket)
