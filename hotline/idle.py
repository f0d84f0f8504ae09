"""The idle lock: state of a session, without looking at a page. Times are seconds since the epoch.

What a locked session has open stays open: the page is not reloaded, so nothing typed is lost.
"""

from datetime import datetime
from typing import Final

from django.contrib.sessions.backends.base import SessionBase

from hotline import parameters
from hotline.models import User

SEEN: Final = "idle_seen"
LOCKED: Final = "idle_locked"
SECONDS: Final = "idle_seconds"
# Not every request writes the session.
WRITE_EVERY: Final = 30


def allowed_idle_seconds(user: User, session: SessionBase, at: datetime) -> int:
    """How long this person's session may be idle. Decided once per log-in: agents keep their screen longer."""
    if SECONDS not in session:
        key = "idle_minutes.agent" if user.has_perm("channels_merge.use_desk") else "idle_minutes"
        session[SECONDS] = parameters.integer(key, at=at) * 60
    return session[SECONDS]


def is_locked(user: User, session: SessionBase, at: datetime) -> bool:
    """Whether the session is locked, by hand or because it has been idle too long."""
    if session.get(LOCKED):
        return True
    seen = session.get(SEEN)
    return seen is not None and at.timestamp() - seen > allowed_idle_seconds(user, session, at)


def touch(session: SessionBase, at: datetime) -> None:
    seen = session.get(SEEN)
    if seen is None or at.timestamp() - seen >= WRITE_EVERY:
        session[SEEN] = int(at.timestamp())


def lock(session: SessionBase) -> None:
    session[LOCKED] = True


def unlock(session: SessionBase, at: datetime) -> None:
    session[LOCKED] = False
    session[SEEN] = int(at.timestamp())
