"""What people write about a matter is stored without the numbers of persons, whoever calls the service."""

import pytest
from django.apps import apps
from django.db import models

from tests.factories.tickets import NOW, fresh, signed
from tickets import services
from tickets.models import Note
from tickets.models.words import MaskedText

pytestmark = pytest.mark.django_db

TYPED = "王科长 13800001111，证件 11010519491231002X，办公室 0797-8391234。"
KEPT = "王科长 138****1111，证件 1101**********002X，办公室 0797-8391234。"


def test_a_service_keeps_masks(city):
    ticket = signed(city)

    services.add_note(ticket_id=ticket.pk, text=TYPED, by=city.handler, at=NOW)

    assert Note.objects.filter(ticket=ticket).order_by("-pk").first().text == KEPT


def test_a_row_written_at_once_or_changed_keeps_masks_and_says_so(city):
    ticket = signed(city)
    services.add_note(ticket_id=ticket.pk, text="。", by=city.handler, at=NOW)
    note = Note.objects.filter(ticket=ticket).order_by("-pk").first()

    note.text = TYPED
    note.save(update_fields=["text"])
    assert (note.text, fresh(note).text) == (KEPT, KEPT)
    Note.objects.filter(pk=note.pk).update(text=TYPED)
    assert fresh(note).text == KEPT


def test_what_an_event_repeats_of_a_hold_is_the_mask(city):
    ticket = signed(city)

    event = services.place_hold(ticket_id=ticket.pk, source="督办 13800001111", reason="领导督办。", by=None, at=NOW)

    assert (ticket.holds.get().source, event.data) == ("督办 138****1111", {"source": "督办 138****1111"})


def test_every_text_of_the_room_is_masked_but_what_is_masked_when_it_is_read():
    plain = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("tickets").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField) and not isinstance(field, MaskedText)
    }

    assert plain == {"Reply.public_text"}
