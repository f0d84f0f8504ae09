"""Signatures of machines that talk to us and to which we talk: HMAC over what is sent. Pure.

What is signed: method, path with its query and Unix seconds, each followed by a line feed, then the body as it is sent.
"""

import hmac
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

ALGORITHMS: Final[dict[str, type[HashAlgorithm]]] = {"HMAC-SHA256": SHA256, "HMAC-SM3": SM3}
WINDOW: Final = timedelta(minutes=5)
"""How far the clock of the other side may be from ours."""


def sign(*, secret: str, algorithm: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    """64 lower-case hex digits."""
    mac = HMAC(secret.encode(), ALGORITHMS[algorithm]())
    mac.update(f"{method.upper()}\n{path}\n{timestamp}\n".encode() + body)
    return mac.finalize().hex()


def is_signed(
    *, signature: str, secret: str, algorithm: str, method: str, path: str, timestamp: str, body: bytes
) -> bool:
    """Takes the same time for every wrong signature."""
    right = sign(secret=secret, algorithm=algorithm, method=method, path=path, timestamp=timestamp, body=body)
    return hmac.compare_digest(right.encode(), signature.strip().lower().encode())


def is_fresh(timestamp: str, *, at: datetime) -> bool:
    """Unix seconds within `WINDOW` of `at`; anything else is not fresh."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    return abs(at.timestamp() - int(timestamp)) <= WINDOW.total_seconds()
