"""What is told of a card or a reminder: a notice, and whose work it is to hear it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hotline.models import User
from tickets.models import Ticket

Post: TypeAlias = tuple[str, int | None]
"""(permission, unit): who holds it there hears of it; without a unit, who holds it anywhere."""


@dataclass(frozen=True, slots=True)
class Message:
    kind: str
    """Of the notice."""
    number: str
    dedupe: str
    """Whoever has a notice with this key hears nothing again."""
    posts: Sequence[Post]
    handler: User | None = None
    ticket: Ticket | None = None
    """Of a restricted one only those hear who may see it."""
