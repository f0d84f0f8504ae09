"""Pages of rows by key, and the list of every ticket a person may see.

Never an offset and never a total: a page is one range of an index, one row more than is shown says whether there is
another page. Units read through their scope rows, the centre reads the ticket table (docs/architecture.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Generic, Self, TypeVar

from django.db.models import Case, Exists, Model, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from hotline.dates import SHANGHAI
from hotline.models import Unit, User
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.selectors import people_with_right, with_stand_ins
from responsibility.models import Category
from tickets.models import Assignment, Ticket, TicketScope
from tickets.rights import at_the_centre
from tickets.states import ENDED_ASSIGNMENT_STATES, AssignmentRole, Secrecy, TicketState

PAGE_ROWS = 25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Digits of microseconds that are still a year of the calendar.
LONGEST_MOMENT = 17

Row = TypeVar("Row")
Found = TypeVar("Found", bound=Model)


@dataclass(frozen=True)
class Key:
    """Where a page ended: the moment that orders the list, then the id. Written into the address of the next page."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for anything that is not a key: then the list begins at its beginning."""
        moment, _, number = text.partition("-")
        since, key = key_of(moment), key_of(number)
        if since is None or key is None or len(moment) > LONGEST_MOMENT:
            return None
        return cls(EPOCH + since * MICROSECOND, key)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    next_key: str
    """The key to ask the next page with, empty on the last one."""


def take(
    rows: QuerySet[Found],
    *,
    by: str,
    pk: str,
    after: Key | None,
    newest: bool = False,
    out_of: QuerySet[Any] | None = None,
) -> Page[Found]:
    """One page of ``rows`` ordered by the column ``by`` and the id column ``pk``.

    ``out_of`` holds the same rows without what is shown beside them. With it the page is found first and only its rows
    are joined, whatever the planner believes.
    """
    beyond = "lt" if newest else "gt"
    sign = "-" if newest else ""
    order = f"{sign}{by}", f"{sign}{pk}"
    keyed = rows if out_of is None else out_of
    if after is not None:
        # The first condition alone bounds the index range.
        keyed = keyed.filter(**{f"{by}__{beyond}e": after.at}).filter(
            Q(**{f"{by}__{beyond}": after.at}) | Q(**{f"{pk}__{beyond}": after.id})
        )
    keyed = keyed.order_by(*order)[: PAGE_ROWS + 1]
    if out_of is not None:
        keyed = rows.filter(pk__in=list(keyed.values_list("pk", flat=True))).order_by(*order)
    found = list(keyed)
    shown = found[:PAGE_ROWS]
    more = len(found) > PAGE_ROWS
    return Page(shown, str(Key(getattr(shown[-1], by), getattr(shown[-1], pk))) if more else "")


def readable(scopes: QuerySet[TicketScope], user: User, at: datetime) -> QuerySet[TicketScope]:
    """Scope rows whose ticket is not secret to ``user``: the scope row alone does not open a restricted one."""
    return scopes.exclude(ticket__in=secret_to(user, at))


def sees_work(user: User, at: datetime) -> bool:
    """Whether `Ticket.visible_to` opens the city's or the own unit's matters to ``user`` by their post."""
    return any(has_right(user, right, at) for right in ("tickets.view_all_tickets", "tickets.handle_ticket"))


def secret_to(user: User, at: datetime) -> QuerySet[Ticket, int]:
    """Ids of the restricted tickets that were not opened to ``user``: few, from their own index."""
    granted = TicketScope.objects.current(at).filter(user=user).values("ticket_id")
    return Ticket.objects.exclude(secrecy=Secrecy.OPEN).exclude(pk__in=granted).values_list("pk", flat=True)


def queue(state: str, user: User, at: datetime) -> QuerySet[Ticket]:
    """What `Ticket.visible_to` holds in one state, to count and to page by ``sort_at``. Who sees the whole city is kept from
    the few restricted ones, so no ticket is looked at to count the others.
    """
    tickets = Ticket.objects.filter(state=state, is_open=True)
    if has_right(user, "tickets.view_all_tickets", at):
        return tickets.exclude(pk__in=secret_to(user, at))
    return tickets.visible_to(user, at)


def who_may_know(ticket: Ticket, people: Iterable[User], at: datetime) -> list[User]:
    """Of people whose work it is, those who may hear of the ticket: of a restricted one, whom it was granted to."""
    told = list(people)
    if ticket.secrecy == Secrecy.OPEN:
        return told
    granted = TicketScope.objects.current(at).filter(ticket=ticket, user__in=told)
    readers = set(granted.values_list("user_id", flat=True))
    return [person for person in told if person.pk in readers]


def who_works_on(part: Assignment, at: datetime) -> list[User]:
    """The named handler; before somebody is named, the liaisons and heads of the unit."""
    if part.handler is not None:
        return with_stand_ins([part.handler], at=at)
    return list(people_with_right("tickets.pass_down_ticket", [part.unit], at=at))


def whole_chain_is_read(user: User, at: datetime) -> Combinable:
    """`page.sees_whole_chain` for lists: a condition on tickets that ``user`` may see."""
    scopes = TicketScope.objects.filter(ticket=OuterRef("pk"))
    if not at_the_centre(None, user):
        reads_all = has_right(user, "tickets.view_all_tickets", at)
        return Value(value=True) if reads_all else Exists(scopes.filter(user=user).current(at))
    parts = Assignment.objects.filter(ticket=OuterRef("pk"), unit=user.unit_id).exclude(
        state__in=ENDED_ASSIGNMENT_STATES
    )
    settles = scopes.filter(unit=user.unit_id, ground=TicketScope.Ground.MEDIATION)
    leads, has_none = Exists(parts.filter(role=AssignmentRole.LEAD)), ~Exists(parts)
    return Case(When(leads, then=True), When(has_none & ~Exists(settles), then=True), default=False)


def day_bounds(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From the first day's beginning until before the day after the last, in Ganzhou. Nothing comes after the last of all days."""
    begins = datetime.combine(first, time.min, SHANGHAI) if first else None
    ends = datetime.combine(last + timedelta(days=1), time.min, SHANGHAI) if last and last < date.max else None
    return begins, ends


# --- the list of all tickets

LIST_VIEWERS = (
    "tickets.view_all_tickets",
    "tickets.view_subtree_tickets",
    "tickets.view_followup_tickets",
    "tickets.sign_ticket",
    "tickets.handle_ticket",
)
"""Whoever has none of these sees single tickets only, by a personal grant or by number at the desk."""


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for. Empty values ask for everything."""

    state: str = ""
    kind: str = ""
    category: Category | None = None
    unit: Unit | None = None
    first_day: date | None = None
    last_day: date | None = None
    overdue: bool = False
    by_due: bool = False
    granted: bool = False
    """Only what was opened to this person by a personal grant."""


def has_grants(user: User, at: datetime) -> bool:
    return TicketScope.objects.current(at).filter(user=user).exists()


def may_list(user: User, at: datetime) -> bool:
    return any(has_right(user, right, at) for right in LIST_VIEWERS) or has_grants(user, at)


def ticket_page(user: User, wanted: Wanted, *, after: Key | None, at: datetime) -> Page[Ticket]:
    """A page of what ``Ticket.visible_to(user)`` holds, by the index that fits the person."""
    by = "sort_at" if wanted.by_due else "created_at"
    scopes = _scopes(user, wanted, at)
    if scopes is None:
        tickets = _shown(_narrow(_whole_table(user, at), wanted, at))
        return take(tickets, by=by, pk="id", after=after, newest=not wanted.by_due)
    # Keys first, out of an index alone: the newest of a unit are open, and the closed ones are far behind them.
    keys = _narrow(scopes, wanted, at).values_list("ticket_id", by, named=True)
    page = take(keys, by=by, pk="ticket_id", after=after, newest=not wanted.by_due)
    found = _shown(Ticket.objects.all()).in_bulk([key.ticket_id for key in page.rows])
    return Page([found[key.ticket_id] for key in page.rows], page.next_key)


def tickets_to_export(user: User, wanted: Wanted, *, at: datetime, most: int) -> list[tuple[Ticket, bool]]:
    """What the list shows, in the order of intake, without what is restricted: it is read here, and nowhere else.

    Beside each whether the person reads its whole chain, or no more than citizens and their own part.
    """
    scopes = _scopes(user, wanted, at)
    if scopes is None:
        tickets = _narrow(_whole_table(user, at), wanted, at)
    else:
        tickets = Ticket.objects.filter(pk__in=_narrow(scopes, wanted, at).values("ticket_id"))
    tickets = tickets.filter(secrecy=Secrecy.OPEN).defer("text").annotate(reads_chain=whole_chain_is_read(user, at))
    beside = tickets.select_related("region__parent", "category", "lead__unit", "holder__unit")
    return [(ticket, ticket.reads_chain) for ticket in beside.order_by("created_at", "pk")[:most]]


def _shown(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return tickets.select_related("region", "holder__unit").defer("text")


def _whole_table(user: User, at: datetime) -> QuerySet[Ticket]:
    tickets = Ticket.objects.visible_to(user, at)
    if has_right(user, "tickets.view_all_tickets", at):
        return tickets
    # Who follows up sees that queue; naming the state lets its index lead.
    return tickets.filter(state=TicketState.PENDING_FOLLOWUP)


def _scopes(user: User, wanted: Wanted, at: datetime) -> QuerySet[TicketScope] | None:
    """The scope rows to read, None where the whole table is read."""
    if wanted.granted:
        return TicketScope.objects.current(at).filter(user=user)
    if wanted.unit is not None:
        return readable(TicketScope.objects.filter(unit=wanted.unit), user, at)
    if has_right(user, "tickets.view_all_tickets", at) or has_right(user, "tickets.view_followup_tickets", at):
        return None
    return readable(TicketScope.objects.of_unit(user, at), user, at)


def _narrow(rows: QuerySet, wanted: Wanted, at: datetime) -> QuerySet:
    """Of tickets or scope rows: both carry these columns."""
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.category is not None:
        rows = rows.filter(category_id__in=category_ids(wanted.category))
    begins, ends = day_bounds(wanted.first_day, wanted.last_day)
    if begins:
        rows = rows.filter(created_at__gte=begins)
    if ends:
        rows = rows.filter(created_at__lt=ends)
    if wanted.by_due or wanted.overdue:
        rows = rows.filter(is_open=True)
    return rows.filter(sort_at__lt=at) if wanted.overdue else rows


def category_ids(category: Category) -> list[int]:
    """The category and everything below it: codes carry their parents' codes."""
    return list(Category.objects.filter(code__startswith=category.code).values_list("id", flat=True))


def units_to_filter_by(user: User, at: datetime) -> QuerySet[Unit]:
    """Units whose tickets the person may single out: the centre any below it, a county its own."""
    if has_right(user, "tickets.view_all_tickets", at):
        return Unit.objects.exclude(kind__in=[Unit.Kind.CENTRE, Unit.Kind.OVERSIGHT]).order_by("code")
    return (
        Unit.objects.filter(parent=user.unit_id).order_by("code")
        if may_filter_by_unit(user, at)
        else Unit.objects.none()
    )


def may_filter_by_unit(user: User, at: datetime) -> bool:
    if has_right(user, "tickets.view_all_tickets", at):
        return True
    is_county = user.unit is not None and user.unit.kind == Unit.Kind.COUNTY_CENTRE
    return is_county and has_right(user, "tickets.view_subtree_tickets", at)
