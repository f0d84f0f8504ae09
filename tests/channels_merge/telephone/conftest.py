import itertools
import json
from datetime import timedelta

import pytest

from channels_merge import services
from channels_merge.models import PhoneCall
from hotline import signing
from tests.factories.channels_merge import NOON, PHONE
from tests.fakes.call_platform import PATH, iso

SECRET = "what-the-platform-signs-with"
_numbers = itertools.count(1)


def after(**passed):
    return NOON + timedelta(**passed)


@pytest.fixture
def secret(settings):
    settings.HOTLINE_TELEPHONE_SECRET = SECRET
    return SECRET


@pytest.fixture
def post(client, secret):
    """`post({...})`: an event over HTTP, signed; body, signature and time can be spoilt."""

    def post(event, *, body=None, secret=SECRET, at=NOON, algorithm="HMAC-SHA256", **headers):
        body = json.dumps(event).encode() if body is None else body
        timestamp = f"{at.timestamp():.0f}"
        signature = signing.sign(
            secret=secret, algorithm=algorithm, method="POST", path=PATH, timestamp=timestamp, body=body
        )
        sent = {"X-Timestamp": timestamp, "X-Signature": signature, **headers}
        return client.post(PATH, body, content_type="application/json", headers=sent)

    return post


@pytest.fixture
def seat(person):
    """`seat("8001", "normal")`: an agent at that extension with these skills."""

    def sit(extension, *skills):
        agent = person("agent")
        services.set_seat(user=agent, extension=extension, skills=list(skills or ["normal"]), by=None, at=NOON)
        return agent

    return sit


def said(event, call_id, at=NOON, number=PHONE, **more):
    return {"call_id": call_id, "event": event, "at": iso(at), "number": number, **more}


def hear(event, call_id=None, at=NOON, number=PHONE, **more):
    """One event of the platform, and what follows from it."""
    call_id = call_id or f"c-{next(_numbers)}"
    told = services.PhoneEvent(call_id=call_id, event=event, at=at, number=number, **more)
    call = services.store_phone_event(event=told, at=at)
    services.settle_call(call_id=call.pk, at=at)
    return PhoneCall.objects.get(pk=call.pk)


def miss(at=NOON, number=PHONE, **more):
    """A call that rang and nobody answered."""
    call = hear("ringing", at=at, number=number, **more)
    return hear("missed", call.call_id, at=at + timedelta(seconds=20), number="")
