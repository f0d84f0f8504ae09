"""先例: rulings in force, to be searched by words and to be cited where a like matter waits.

How alike two have to be (`precedent_alike`) was measured on 4,326 real messages of another city, which are no part of the project, with
764 of them judged by people to be of some matter: 46 % of the pairs of one matter reach .25 (60 % .2, 77 % .15), of 105,000 pairs of
one class of seven .05 %; the best of sixty of a class does by chance in 3 % (7 %, 22 %). A ruling that is missed can be searched for, one
that is cited wrongly misleads: .25.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from hotline import bigrams, parameters
from hotline.models import User
from responsibility.models import DutyItem
from tickets.models import Ruling, Ticket
from tickets.selectors.lists import Key, Page, secret_to, take
from tickets.states import Secrecy

LOOKED_AT = 60
"""The newest of the same item or category that are held against the text."""
CITED = 2
HEAD = 200
"""So much of a story says what it is about."""


@dataclass(frozen=True)
class Precedent:
    ruling: Ruling
    likeness: float
    """Share of the shorter text's character pairs that both have."""

    @property
    def sentence(self) -> str:
        ruling = self.ruling
        return f"先例：{ruling.ticket.number} 裁定由{ruling.unit.short_name}首办"


def precedents_for(ticket: Ticket, items: Iterable[DutyItem], *, at: datetime) -> tuple[Precedent, ...]:
    """The rulings that are most like the ticket, of the same item or category. One query; none where neither is known."""
    codes = sorted({item.code for item in items})
    near = Q(item__code__in=codes)
    if ticket.category_id is not None:
        near |= Q(category=ticket.category_id)
    elif not codes:
        return ()
    found = (
        Ruling.objects.filter(near, ended_at__isnull=True, ticket__secrecy=Secrecy.OPEN)
        .exclude(ticket=ticket.pk)
        .select_related("ticket", "unit")
        .order_by("-at", "-id")[:LOOKED_AT]
    )
    asked = _codes(ticket)
    alike = [Precedent(ruling, _likeness(asked, _codes(ruling.ticket))) for ruling in found]
    least = float(parameters.number("precedent_alike", at=at))
    best = sorted((each for each in alike if each.likeness >= least), key=lambda each: -each.likeness)
    return tuple(best[:CITED])


def _codes(ticket: Ticket) -> frozenset[int]:
    return frozenset(bigrams.codes(f"{ticket.title}\n{ticket.text[:HEAD]}"))


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter else 0.0


def precedent_page(user: User, *, words: Sequence[str], after: Key | None, at: datetime) -> Page[Ruling]:
    """Rulings in force whose matter or grounds hold every word, the newest first."""
    found = Ruling.objects.filter(ended_at__isnull=True).exclude(ticket__in=secret_to(user, at))
    for word in words:
        found = found.filter(
            Q(ticket__number__iexact=word)
            | Q(ticket__title__icontains=word)
            | Q(ticket__text__icontains=word)
            | Q(grounds__icontains=word)
            | Q(unit__short_name__icontains=word)
            | Q(item__code__iexact=word)
        )
    return take(_shown(found), by="at", pk="id", after=after, newest=True)


def _shown(rulings: QuerySet[Ruling]) -> QuerySet[Ruling]:
    return rulings.select_related("ticket__region", "unit", "item", "category").defer("ticket__text")
