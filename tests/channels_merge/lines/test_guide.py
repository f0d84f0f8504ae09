"""What docs/lines.md tells a partner is what the code does."""

import re
from pathlib import Path

from channels_merge.services.line_reading import APPEAL_FIELDS
from channels_merge.services.outbox import NEVER
from channels_merge.states import LineEvent, MessageKind
from hotline import signing

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "lines.md").read_text(encoding="utf-8")


def test_the_signatures_shown_are_those_of_the_message_shown():
    method, path, timestamp, body = re.search(r"```\n(POST\n/.*?)\n```", GUIDE, flags=re.DOTALL)[1].split("\n")
    shown = dict(re.findall(r"\| (HMAC-\w+) \| `(\w{64})`", GUIDE))

    sent = {"secret": "a-secret", "method": method, "path": path, "timestamp": timestamp, "body": body.encode()}
    assert shown == {name: signing.sign(algorithm=name, **sent) for name in signing.ALGORITHMS}


def test_every_event_and_field_is_named():
    named = set(re.findall(r"`([a-z_0-9]+)`", GUIDE))

    assert {event.value for event in LineEvent if event} - named == set()
    assert {
        kind.value for kind in (MessageKind.STATUS, MessageKind.RESULT, MessageKind.RETURN, MessageKind.TRANSFER)
    } <= named
    assert set(APPEAL_FIELDS) - named == set()
    assert all(str(status) in GUIDE for status in NEVER)
