from datetime import timedelta

import pytest

from hotline import signing
from tests.factories.channels_merge import NOON

SENT = {
    "secret": "a-secret",
    "method": "POST",
    "path": "/api/v1/lines/12315/messages",
    "timestamp": "1794276000",
    "body": b'{"message_id":"M-1"}',
}


@pytest.mark.parametrize(
    ("algorithm", "signature"),
    [
        ("HMAC-SHA256", "a49de4c381f6cf089f6caf3a661ad79f899e21a773c144dbbf51f5e10df8b4f6"),
        ("HMAC-SM3", "9e4e67e5ea17aea1b157bf2b9d84bc5a090d497c9033cfb1c9b2ae07d241ab70"),
    ],
)
def test_the_signature_of_a_known_message(algorithm, signature):
    """Both values agree with `hmac` of the standard library; docs/lines.md shows it to partners."""
    assert signing.sign(algorithm=algorithm, **SENT) == signature
    assert signing.is_signed(signature=signature.upper(), algorithm=algorithm, **SENT)


@pytest.mark.parametrize("part", ["secret", "method", "path", "timestamp", "body"])
def test_whatever_is_changed_on_the_way_breaks_it(part):
    signature = signing.sign(algorithm="HMAC-SM3", **SENT)
    changed = {**SENT, part: SENT[part] + (b" " if part == "body" else "x")}

    assert not signing.is_signed(signature=signature, algorithm="HMAC-SM3", **changed)


@pytest.mark.parametrize("signature", ["", "0" * 64, "é"])
def test_no_signature_is_not_one(signature):
    assert not signing.is_signed(signature=signature, algorithm="HMAC-SHA256", **SENT)


@pytest.mark.parametrize(("seconds", "fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_five_minutes_either_way(seconds, fresh):
    sent = NOON + timedelta(seconds=seconds)

    assert signing.is_fresh(f"{sent.timestamp():.0f}", at=NOON) is fresh


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "９９９", "9" * 40])
def test_what_is_no_moment_is_not_fresh(timestamp):
    assert not signing.is_fresh(timestamp, at=NOON)
