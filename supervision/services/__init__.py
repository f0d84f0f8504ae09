"""Cards and reminders from breaches, and telling people about them.

- A breach gives at most one row, whoever writes it first: the receiver or the reconciliation.
- The row is written at once; people are told once, not at night unless the matter is urgent.
- A card is for the unit whose own limit it is; a limit that is no unit's own is a reminder and never a card.
"""

from supervision.services.cards import card_kind, write_cards
from supervision.services.reminders import reminder_kind, write_reminders
from supervision.services.telling import reconcile, tell_people

__all__ = ["card_kind", "reconcile", "reminder_kind", "tell_people", "write_cards", "write_reminders"]
