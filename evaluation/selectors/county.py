"""A county centre's own figures: what it passed on and how fast, what its units have in hand, and what came back.

The centre stays answerable for what the city gave it; here it sees where in its own county it stands. Figures of the month are those
of `figures`; what is in hand is counted live, over the index of the inbox.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery

from evaluation.selectors.figures import UnitFigures, unit_figures
from hotline.calendar import load_calendar
from hotline.dates import month_bounds
from hotline.models import Unit, User
from tickets.models import Assignment, ReturnRequest, Ticket, TicketScope
from tickets.states import LIVE_ASSIGNMENT_STATES, AssignmentRole, Decision

MOST_TIMED = 20_000
"""Second dispatches whose time is read for the median of one month; a county passes on some thousands."""


@dataclass(frozen=True, slots=True)
class CountyLine:
    """One unit of the county; ``figures`` is None for one that ended nothing in the month."""

    unit: Unit
    is_own: bool
    in_hand: int
    unsigned: int
    overdue: int
    figures: UnitFigures | None
    asked: int
    granted: int
    refused: int


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What the city gave the centre in the month, and its second dispatch (二次派单)."""

    given: int
    passed: int
    waiting: int
    """Signed or not, given in the month, still at the centre itself and not passed on."""
    median: timedelta | None
    """Of the working time from the one dispatch to the other: what arrives on Friday evening does not wait over the weekend."""
    slowest: timedelta | None

    @property
    def rest(self) -> int:
        """Given back, taken back, or handled by the centre itself."""
        return self.given - self.passed - self.waiting


@dataclass(frozen=True, slots=True)
class Returns:
    asked: int = 0
    granted: int = 0
    refused: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class CountyFigures:
    lines: list[CountyLine]
    passed_on: PassedOn
    to_the_city: Returns
    from_below: Returns


def county_figures(user: User, *, month: date, at: datetime) -> CountyFigures:
    """Of the centre of ``user``. A fixed number of queries whatever the county holds."""
    centre = user.unit
    assert centre is not None  # noqa: S101 -- the page is a county centre's
    units = [centre, *Unit.objects.filter(parent=centre).order_by("kind", "code")]
    ended = {line.unit.pk: line for line in unit_figures(user, month=month, at=at)}
    in_hand = _in_hand([unit.pk for unit in units], at)
    returns = _returns(centre, month)
    lines = [
        CountyLine(
            unit=unit,
            is_own=unit == centre,
            in_hand=in_hand[unit.pk]["open"],
            unsigned=in_hand[unit.pk]["unsigned"],
            overdue=in_hand[unit.pk]["overdue"],
            figures=ended.get(unit.pk),
            asked=returns[unit.pk].asked,
            granted=returns[unit.pk].granted,
            refused=returns[unit.pk].refused,
        )
        for unit in units
    ]
    below = [returns[unit.pk] for unit in units[1:]]
    return CountyFigures(
        lines=[line for line in lines if line.is_own or line.in_hand or line.figures or line.asked],
        passed_on=_passed_on(centre, month),
        to_the_city=returns[centre.pk],
        from_below=Returns(*(sum(column) for column in zip(*map(_columns, below), strict=True)))
        if below
        else Returns(),
    )


def _columns(returns: Returns) -> tuple[int, int, int, int]:
    return returns.asked, returns.granted, returns.refused, returns.waiting


def _in_hand(units: list[int], at: datetime) -> defaultdict[int, dict[str, int]]:
    """Open matters in which each has a part now, from the index of the inbox alone."""
    rows = (
        TicketScope.objects.filter(unit__in=units, ground=TicketScope.Ground.ASSIGNED, is_open=True)
        .exclude(task="")
        .order_by()
        .values("unit")
        .annotate(
            open=Count("pk"),
            unsigned=Count("pk", filter=Q(task=TicketScope.Task.SIGN)),
            overdue=Count("pk", filter=Q(sort_at__lt=at)),
        )
    )
    found: defaultdict[int, dict[str, int]] = defaultdict(lambda: {"open": 0, "unsigned": 0, "overdue": 0})
    for row in rows:
        found[row["unit"]] = {name: row[name] for name in ("open", "unsigned", "overdue")}
    return found


def _returns(centre: Unit, month: date) -> defaultdict[int, Returns]:
    """What was asked in the month: by the centre of the city, and of the centre by its units."""
    counted = {
        "asked": Count("pk"),
        "granted": Count("pk", filter=Q(decision=Decision.GRANTED)),
        "refused": Count("pk", filter=Q(decision=Decision.REFUSED)),
        "waiting": Count("pk", filter=Q(decision=Decision.PENDING)),
    }
    rows = (
        _asked_in(centre, month)
        .order_by()
        .values("assignment__unit")
        .annotate(**counted)
        .values_list("assignment__unit", *counted)
    )
    found: defaultdict[int, Returns] = defaultdict(Returns)
    found.update({unit: Returns(*numbers) for unit, *numbers in rows})
    return found


def _asked_in(centre: Unit, month: date) -> QuerySet[ReturnRequest]:
    """Without those that were cancelled: the matter went before anybody decided."""
    begins, ends = month_bounds(month)
    return ReturnRequest.objects.filter(
        Q(assignment__unit=centre) | Q(assignment__parent__unit=centre),
        requested_at__gte=begins,
        requested_at__lt=ends,
    ).exclude(decision=Decision.CANCELLED)


def county_returns(user: User, *, month: date, at: datetime) -> QuerySet[ReturnRequest]:
    """Who returned what in the month, of matters that the person may open; newest first by ``requested_at``."""
    assert user.unit is not None  # noqa: S101 -- the page is a county centre's
    return (
        _asked_in(user.unit, month)
        .filter(assignment__ticket__in=Ticket.objects.visible_to(user, at).values("pk"))
        .select_related("assignment__ticket", "assignment__unit", "suggested_unit", "decided_by")
    )


def _passed_on(centre: Unit, month: date) -> PassedOn:
    """From the city's dispatch to the first dispatch inside the county, counted from what the city gave in the month."""
    begins, ends = month_bounds(month)
    first = (
        Assignment.objects.filter(parent=OuterRef("pk"), role=AssignmentRole.LEAD)
        .order_by()
        .values("parent")
        .annotate(first=Min("given_at"))
        .values("first")
    )
    given = Assignment.objects.filter(
        unit=centre, role=AssignmentRole.LEAD, parent__isnull=True, given_at__gte=begins, given_at__lt=ends
    ).annotate(first=Subquery(first))
    numbers = given.aggregate(
        given=Count("pk"),
        passed=Count("pk", filter=Q(first__isnull=False)),
        waiting=Count("pk", filter=Q(first__isnull=True, state__in=sorted(LIVE_ASSIGNMENT_STATES))),
    )
    spans = given.filter(first__isnull=False).order_by("-pk").values_list("given_at", "first")[:MOST_TIMED]
    calendar = load_calendar()
    times = [calendar.working_time(given_at, passed_at).total_seconds() for given_at, passed_at in spans]
    if not times:
        return PassedOn(**numbers, median=None, slowest=None)
    return PassedOn(**numbers, median=timedelta(seconds=median(times)), slowest=timedelta(seconds=max(times)))
