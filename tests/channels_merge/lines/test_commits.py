"""What only shows where transactions really commit. A file of its own: its tests empty the tables."""

import pytest
from django.db import connection

from channels_merge import services
from channels_merge.models import Appeal, InboundMessage
from channels_merge.services import inbound, outbox
from hotline.services import RowsFailed
from tests.channels_merge.conftest import make_world
from tests.channels_merge.lines.conftest import later, message
from tests.factories.channels_merge import NOON, STORY


@pytest.fixture
def world(transactional_db):
    return make_world()


def test_nothing_is_sent_inside_a_transaction(plug, came, partner, monkeypatch):
    line = plug("province", push_url=f"{partner.url}/inbox")
    came(line, message())
    seen = []
    post = outbox._post

    def looking(*args, **kwargs):
        seen.append(connection.in_atomic_block)
        post(*args, **kwargs)

    monkeypatch.setattr(outbox, "_post", looking)
    services.send_due(at=NOON)

    assert seen == [False]


def test_a_fault_of_ours_is_counted_raised_and_parked_in_the_end(plug, monkeypatch):
    """What breaks in a way nobody foresaw: the message is not lost, and does not stop the others."""
    line = plug("12315")

    def breaks(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setitem(inbound._ACTS, "urge", breaks)
    urge = services.store_message(line=line, body=inbound.as_body(message(event="urge")), at=NOON).message
    services.store_message(line=line, body=inbound.as_body(message(number="XF-2")), at=NOON)

    for minute in range(5):
        with pytest.raises(RowsFailed):
            services.take_in_due(at=later(minutes=minute))
    services.take_in_due(at=later(minutes=9))

    urge.refresh_from_db()
    assert (Appeal.objects.count(), urge.state, urge.parked_for, urge.attempts) == (1, "parked", "fault", 5)


def test_a_fault_in_one_parked_message_holds_up_none_of_the_others(plug, came, monkeypatch):
    line = plug("12315")
    came(line, message("1", text="短"), message("2", text="短"))
    register = inbound._ACTS["appeal"]

    def breaks_at_first(line, envelope, at):
        if envelope.number == "1":
            raise ZeroDivisionError
        return register(line, inbound.Envelope(**vars(envelope) | {"data": {"text": STORY}}), at)

    monkeypatch.setitem(inbound._ACTS, "appeal", breaks_at_first)

    assert services.retry_all(line_id=line.pk, by=None, at=later(minutes=1)) == (2, 2)
    states = InboundMessage.objects.order_by("pk").values_list("state", "attempts", "next_try_at")
    assert list(states) == [("waiting", 1, later(minutes=2)), ("done", 0, None)]
