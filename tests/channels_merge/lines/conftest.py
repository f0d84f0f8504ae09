import json
from datetime import timedelta

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import InboundMessage, Line
from channels_merge.services.inbound import as_body
from hotline import parameters, signing
from hotline.models import Parameter
from tests.factories.channels_merge import NOON, PHONE, STORY
from tests.fakes.running import RunningPartner

SECRET = "a-secret"


@pytest.fixture
def lines(world):
    services.sync_lines()
    return {line.channel.code: line for line in Line.objects.select_related("channel")}


@pytest.fixture
def plug(lines):
    """`plug("12315", push_url=…)`: that line with a secret and, if given, an address."""

    def plug(code, *, secret="", **fields):
        line = lines[code]
        issued = services.issue_line_secret(line_id=line.pk, by=None, at=NOON)
        line.refresh_from_db()
        line.secret_in_clear = issued
        if fields:
            Line.objects.filter(pk=line.pk).update(**fields)
            line.refresh_from_db()
        return line

    return plug


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def partner():
    running = RunningPartner(SECRET).start()
    yield running
    running.stop()


@pytest.fixture
def set_parameter(world):
    """`set_parameter("outbox_answer_seconds", "1")`: as if it had always been so."""

    def set_parameter(key, value):
        assert Parameter.objects.filter(key=key).update(value=value) == 1
        parameters.forget_parameters()

    yield set_parameter
    parameters.forget_parameters()


def message(number="XF-1", event="appeal", message_id=None, **data):
    """A message as a line sends it; a new matter has words unless others are given."""
    if event == "appeal":
        data = {"text": STORY, "phone": PHONE, "name": "王丽", **data}
    return {"message_id": message_id or f"{event}-{number}", "event": event, "number": number, "data": data}


@pytest.fixture
def send(client):
    """`send(line, message)`: signed, over HTTP; `body` and headers can be spoilt."""

    def send(line, sent, *, body=None, at=NOON, algorithm=None, path=None, method="post", **headers):
        body = as_body(sent) if body is None else body
        path = path or f"/api/v1/lines/{line.channel.code}/messages"
        timestamp = f"{at.timestamp():.0f}"
        signature = signing.sign(
            secret=line.secret,
            algorithm=algorithm or line.algorithm,
            method=method.upper(),
            path=path,
            timestamp=timestamp,
            body=body if method == "post" else b"",
        )
        given = {"X-Timestamp": timestamp, "X-Signature": signature, **headers}
        if method == "get":
            return client.get(path, headers=given)
        return client.post(path, body, content_type="application/json", headers=given)

    return send


@pytest.fixture
def came():
    """`came(line, message, …)`: stored and taken in; gives the row of the last."""

    def came(line, *messages, at=NOON):
        rows = []
        for sent in messages:
            body = sent if isinstance(sent, bytes) else as_body(sent)
            rows.append(services.store_message(line=line, body=body, at=at).message)
        services.take_in_due(at=at)
        return InboundMessage.objects.get(pk=rows[-1].pk)

    return came


def later(**span):
    return NOON + timedelta(**span)


def said(answer):
    return json.loads(answer.content)
