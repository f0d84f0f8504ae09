"""The wall: what burns in which unit. One row per unit and ticket, by the nearest limit of the unit's own part.

And what is supervised together with the petition office.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet, prefetch_related_objects

from channels_merge.models import Appeal, AppealClock, AppealLink, JointSupervision
from evaluation.models import ReviewDecision
from evaluation.states import DecisionState
from hotline.calendar import load_calendar
from hotline.dates import local
from hotline.limits import Limit
from hotline.models import Unit, User
from hotline.rights import has_right
from hotline.selectors import subtree_ids
from supervision.models import Card
from supervision.states import WEIGHT, CardKind
from tickets.models import Ticket, TicketClock, TicketScope
from tickets.selectors.lists import Key, Page, readable, take
from tickets.states import ClockKind, Secrecy

EVERYWHERE: Final = frozenset({Unit.Kind.CENTRE, Unit.Kind.AUTHORITY, Unit.Kind.OVERSIGHT})
READ: Final = ("tickets.view_all_tickets", "tickets.view_subtree_tickets", "tickets.handle_ticket")


@dataclass(frozen=True, slots=True)
class Bounds:
    """When 'today' and 'soon' end."""

    now: datetime
    today: datetime
    soon: datetime

    def of(self, name: str) -> Q:
        return {
            "overdue": Q(sort_at__lt=self.now),
            "today": Q(sort_at__gte=self.now, sort_at__lt=self.today),
            "soon": Q(sort_at__gte=self.today, sort_at__lte=self.soon),
        }.get(name, Q(sort_at__lte=self.soon))


def bounds(at: datetime) -> Bounds:
    """超期, 今天到期, and 临期: by the close of the next working day."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Bounds(at, midnight, load_calendar().add_working(at, Limit(1, "wd")))


@dataclass(frozen=True, slots=True)
class UnitHeat:
    unit: Unit
    overdue: int
    today: int
    soon: int
    yellow: int
    red: int
    """Cards of this month."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks at the wall, when, and how far they see. Leaders see which tickets there are, no matter's words."""

    user: User
    limits: Bounds
    unit_ids: Sequence[int] | None
    """None: every unit."""
    opens: bool

    @property
    def watches_city(self) -> bool:
        return self.unit_ids is None

    @property
    def watches_many(self) -> bool:
        return self.unit_ids is None or len(self.unit_ids) > 1

    def units(self) -> QuerySet[Unit]:
        return Unit.objects.all() if self.unit_ids is None else Unit.objects.filter(pk__in=self.unit_ids)


def watch_of(user: User, *, at: datetime) -> Watch:
    ids = [] if user.unit is None else None if user.unit.kind in EVERYWHERE else subtree_ids(user.unit)
    return Watch(user, bounds(at), ids, opens=any(has_right(user, permission, at) for permission in READ))


def _parts(watch: Watch) -> QuerySet[TicketScope]:
    """Open parts of the units that a person watches; what they may not open is left out of the counts as well."""
    rows = TicketScope.objects.filter(ground=TicketScope.Ground.ASSIGNED, is_open=True).exclude(burning="")
    if watch.unit_ids is not None:
        rows = rows.filter(unit__in=watch.unit_ids)
    return readable(rows, watch.user, watch.limits.now)


def burning(watch: Watch, *, name: str = "", unit: Unit | None = None) -> QuerySet[TicketScope]:
    """What is overdue or about to be, the longest overdue on top."""
    rows = _parts(watch).filter(watch.limits.of(name))
    if unit is not None:
        rows = rows.filter(unit=unit)
    return rows.order_by("sort_at", "pk")


def burning_page(watch: Watch, *, name: str, unit: Unit | None, after: Key | None) -> Page[TicketScope]:
    """A page of it with what a row shows, asked once for all rows: the handler for who may open it, else the category."""
    page = take(burning(watch, name=name, unit=unit), by="sort_at", pk="id", after=after)
    beside = "assignment__handler" if watch.opens else "ticket__category"
    tickets = Prefetch("ticket", Ticket.objects.defer("text"))
    prefetch_related_objects(page.rows, tickets, "ticket__region", "unit", "assignment", beside)
    return page


def unit_heat(watch: Watch) -> list[UnitHeat]:
    """A line for each watched unit that has something burning or got a card this month, the hottest on top."""
    limits = watch.limits
    burns = _parts(watch).filter(sort_at__lte=limits.soon).order_by().values("unit")
    counts = {
        unit: numbers
        for unit, *numbers in burns.annotate(
            # Of a column of `scope_wall`, so that the index alone is read.
            overdue=Count("ticket_id", filter=limits.of("overdue")),
            today=Count("ticket_id", filter=limits.of("today")),
            soon=Count("ticket_id", filter=limits.of("soon")),
        ).values_list("unit", "overdue", "today", "soon")
    }
    this_month = local(limits.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    given = Card.objects.filter(at__gte=this_month, kind__in=[CardKind.YELLOW, CardKind.RED]).order_by()
    if watch.unit_ids is not None:
        given = given.filter(unit__in=watch.unit_ids)
    cards = {
        unit: numbers
        for unit, *numbers in given.values("unit")
        .annotate(
            yellow=Count("unit", filter=Q(kind=CardKind.YELLOW)),
            red=Count("unit", filter=Q(kind=CardKind.RED)),
        )
        .values_list("unit", "yellow", "red")
    }
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=counts.keys() | cards.keys())}
    lines = [UnitHeat(unit, *counts.get(pk, (0, 0, 0)), *cards.get(pk, (0, 0))) for pk, unit in units.items()]
    return sorted(lines, key=lambda line: (-line.overdue, -line.today, -line.soon, -line.red, line.unit.code))


@dataclass(frozen=True, slots=True)
class CityHeat:
    """What is overdue or supervised and no unit's own: open matters only."""

    intake: int
    citizens: int
    decisions: int
    joint: int
    """Supervised together with the petition office."""


def city_heat(watch: Watch) -> CityHeat:
    """Four counts over the rows that run, each in an index alone: what is restricted is few and left out by its id."""
    now = watch.limits.now
    secret = Appeal.objects.exclude(secrecy=Secrecy.OPEN)
    overdue = AppealClock.objects.filter(stopped_at=None, due_at__lt=now).exclude(appeal__in=secret.values("pk"))
    decisions = ReviewDecision.objects.filter(state=DecisionState.PENDING, due_at__lt=now)
    return CityHeat(
        intake=overdue.filter(kind=AppealClock.ACCEPT).count(),
        citizens=overdue.filter(kind=AppealClock.CITIZEN).count(),
        decisions=decisions.exclude(ticket__in=Ticket.objects.exclude(secrecy=Secrecy.OPEN).values("pk")).count(),
        joint=JointSupervision.objects.filter(lifted_at=None, ticket__secrecy=Secrecy.OPEN).count(),
    )


def citizens_waiting(watch: Watch) -> QuerySet[AppealClock]:
    """Limits promised to citizens that are over without an answer, the longest on top."""
    rows = AppealClock.objects.filter(kind=AppealClock.CITIZEN, stopped_at=None, due_at__lt=watch.limits.now)
    return rows.filter(appeal__secrecy=Secrecy.OPEN).select_related("appeal").order_by("due_at", "pk")


def tickets_of(clocks: Sequence[AppealClock]) -> dict[int, Ticket]:
    """Appeal → the ticket that works on it now, with its lead unit and handler. One query for the page."""
    links = AppealLink.objects.filter(appeal__in=[clock.appeal_id for clock in clocks], until=None).select_related(
        "ticket__lead__unit",
        "ticket__lead__handler__deputy",
        "ticket__merged_into__lead__unit",
        "ticket__merged_into__lead__handler__deputy",
    )
    return {link.appeal_id: link.ticket.merged_into or link.ticket for link in links}


def running_clocks(rows: Sequence[TicketScope]) -> dict[tuple[int, str], TicketClock]:
    """(part, kind) → the clock that runs: how long is left is counted in its unit. One query for the page."""
    clocks = TicketClock.objects.filter(assignment__in=[row.assignment_id for row in rows], stopped_at__isnull=True)
    clocks = clocks.defer("explanation")
    return {(clock.assignment_id, clock.kind): clock for clock in clocks}


def heaviest_cards(rows: Sequence[TicketScope]) -> dict[tuple[int, int], Card]:
    """(ticket, unit) → the gravest card. One query for the page."""
    found: dict[tuple[int, int], Card] = {}
    cards = Card.objects.filter(ticket__in=[row.ticket_id for row in rows], unit__in=[row.unit_id for row in rows])
    for card in cards.order_by("at", "pk"):
        key = (card.ticket_id, card.unit_id)
        if key not in found or WEIGHT[CardKind(card.kind)] >= WEIGHT[CardKind(found[key].kind)]:
            found[key] = card
    return found


# --- together with the petition office


def joint(user: User, *, lifted: bool | None, at: datetime) -> QuerySet[JointSupervision]:
    """Joint supervisions that run, those that were lifted, or (None) both; of the tickets that the person may see."""
    rows = JointSupervision.objects.filter(ticket__in=Ticket.objects.visible_to(user, at))
    if lifted is not None:
        rows = rows.filter(lifted_at__isnull=not lifted)
    return rows.select_related(
        "match__matter", "match__appeal", "ticket__lead__unit", "hold", "started_by__unit", "lifted_by"
    )


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done next on a ticket, and by when."""

    clock: TicketClock

    @property
    def name(self) -> str:
        return ClockKind(self.clock.kind).label


def due_of(ticket_ids: Sequence[int]) -> dict[int, list[Due]]:
    """Ticket → its limits that run, the nearest first. One query for the page."""
    found: dict[int, list[Due]] = {}
    running = TicketClock.objects.filter(ticket__in=ticket_ids, stopped_at__isnull=True)
    for clock in running.select_related("assignment__unit").order_by("due_at", "pk"):
        found.setdefault(clock.ticket_id, []).append(Due(clock))
    return found
