"""What only shows where transactions really commit. A file of its own: its tests empty the tables."""

import pytest
from django.db import connection

from channels_merge import services
from channels_merge.models import Appeal
from channels_merge.services import inbound, outbox
from hotline.services import RowsFailed
from tests.channels_merge.conftest import make_world
from tests.channels_merge.lines.conftest import later, message
from tests.factories.channels_merge import NOON


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
