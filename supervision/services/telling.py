"""Telling people what was written, once, and writing what is missing."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction

from hotline.models import User
from hotline.selectors import people_with_right, with_stand_ins
from hotline.services import notify, one_by_one
from supervision.models import Card, Reminder
from supervision.services import cards, reminders
from supervision.services.messages import Message, Post
from tickets.models import TicketClockBreach
from tickets.selectors.lists import who_may_know

logger = logging.getLogger(__name__)

BATCH = 200
ROUNDS = 20
LOOK_BACK = timedelta(days=7)
"""How far the reconciliation looks for breaches without a row."""

MESSAGES: dict[type[Card | Reminder], Callable[..., dict]] = {
    Card: cards.messages_of,
    Reminder: reminders.messages_of,
}


@dataclass(frozen=True)
class _Batch:
    model: type[Card | Reminder]
    pks: Sequence[int]

    def __str__(self) -> str:
        return f"{self.model.__name__} {self.pks[0]} to {self.pks[-1]}"


def tell_people(*, at: datetime) -> int:
    """Send the notices of rows whose hour has come. Bounded and safe beside itself. Returns how many rows were told."""
    told: list[int] = []
    one_by_one(lambda batch: told.append(_tell_batch(batch, at=at)), _batches(at))
    return sum(told)


def _batches(at: datetime) -> list[_Batch]:
    batches = []
    for model in MESSAGES:
        due = model.objects.filter(told_at__isnull=True, tell_after__lte=at).order_by("tell_after", "pk")
        pks = list(due.values_list("pk", flat=True)[: BATCH * ROUNDS])
        batches += [_Batch(model, pks[first : first + BATCH]) for first in range(0, len(pks), BATCH)]
    return batches


def _tell_batch(batch: _Batch, *, at: datetime) -> int:
    try:
        return _tell(batch.model, batch.pks, at=at)
    except Exception:
        logger.exception("telling of %s failed as a whole; trying one by one", batch)
    return len(one_by_one(lambda pk: _tell(batch.model, [pk], at=at), batch.pks))


@transaction.atomic
def _tell(model: type[Card | Reminder], pks: Sequence[int], *, at: datetime) -> int:
    messages = MESSAGES[model](pks, at=at)
    people_of = _people_of_posts(chain.from_iterable(messages.values()), at=at)
    for row, said in messages.items():
        told: set[int] = set()
        for message in said:
            people = _people(message, people_of, at)
            told.update(person.pk for person in people)
            if people:
                notify(users=people, kind=message.kind, number=message.number, at=at, dedupe=message.dedupe)
        row.told_at, row.told_count = at, len(told)
    model.objects.bulk_update(messages, ["told_at", "told_count"])
    return len(messages)


def _people(message: Message, people_of: dict[Post, list[User]], at: datetime) -> list[User]:
    concerned = [person for post in message.posts for person in people_of[post]]
    if message.handler is not None:
        concerned += with_stand_ins([message.handler], at=at)
    return concerned if message.ticket is None else who_may_know(message.ticket, concerned, at)


def _people_of_posts(messages: Iterable[Message], *, at: datetime) -> dict[Post, list[User]]:
    """(permission, unit) → who holds it there. One query for each permission."""
    wanted: dict[str, set[int | None]] = defaultdict(set)
    for message in messages:
        for permission, unit in message.posts:
            wanted[permission].add(unit)
    found: dict[Post, list[User]] = defaultdict(list)
    for permission, units in wanted.items():
        people = people_with_right(permission, at=at)
        for person in people if None in units else people.filter(unit__in=units):
            found[permission, person.unit_id].append(person)
            found[permission, None].append(person)
    return found


def reconcile(*, at: datetime) -> int:
    """Write the cards and reminders of recent breaches that have none. Returns how many were missing."""
    since = at - LOOK_BACK
    missing = [*cards.missing_cards(since=since), *reminders.missing_reminders(since=since)]
    one_by_one(lambda breach: _write(breach, at), missing)
    return len(missing)


@transaction.atomic
def _write(breach: TicketClockBreach | reminders.AnyBreach, at: datetime) -> None:
    if isinstance(breach, TicketClockBreach):
        cards.write_cards(breaches=[breach], at=at)
    else:
        reminders.write_reminders(breaches=[breach], at=at)
