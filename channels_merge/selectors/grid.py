"""The grid: the standard, the cells, what was reported and what became of it, and what a grid worker is to look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet

from channels_merge import rights
from channels_merge.models import AppealLink, Channel, GridCell, GridCheck, GridEvent, GridEventClass
from channels_merge.selectors.grid_map import MOST_DRAWN, CellMap, draw
from channels_merge.states import GridCheckState
from hotline.models import Region, Unit, User
from hotline.rights import has_right
from hotline.selectors import people_with_right
from tickets.models import Assignment, Attachment, Ticket
from tickets.rights import HANDLE, Actor
from tickets.states import AssignmentState, Secrecy, TicketState

EVENT_DAYS: Final = 30
FIELDS: Final = {
    "place": "详细地点",
    "cell": "网格编码",
    "found_at": "发现时间",
    "point": "经纬度",
    "subject": "涉事主体",
    "people": "涉及人数",
    "reporter": "上报人姓名",
    "reporter_phone": "上报人电话",
}
"""What a class of the standard may ask for, beside number, class and text, which every event has."""


@dataclass(frozen=True)
class StandardLine:
    event_class: GridEventClass
    needed: tuple[str, ...]


def standard() -> list[tuple[str, list[StandardLine]]]:
    """The standard by group, in the order of the codes."""
    groups: dict[str, list[StandardLine]] = {}
    for one in GridEventClass.objects.order_by("code"):
        needed = tuple(FIELDS.get(name, name) for name in one.needed)
        groups.setdefault(one.group, []).append(StandardLine(one, needed))
    return list(groups.items())


OF_A_PLACE: Final = frozenset({Unit.Kind.COUNTY_CENTRE, Unit.Kind.COUNTY_DEPARTMENT, Unit.Kind.TOWNSHIP})


def sees_grid(user: User, at: datetime) -> bool:
    """Whoever has the right at the centre, or in a unit of a county or township for that. A city's department has no grid."""
    if user.unit is None or user.unit.kind not in OF_A_PLACE | {Unit.Kind.CENTRE}:
        return False
    return has_right(user, rights.VIEW_GRID, at)


def _region_of(user: User) -> Region | None:
    """None for whoever looks after the whole city."""
    unit = user.unit
    if unit is None or unit.kind not in OF_A_PLACE:
        return None
    return unit.region


def cells_for(user: User) -> QuerySet[GridCell]:
    """Cells of the city, or of the county or township of the person's unit."""
    cells = GridCell.objects.select_related("region__parent")
    region = _region_of(user)
    return cells if region is None else cells.filter(Q(region=region) | Q(region__parent=region))


def regions_of(cells: QuerySet[GridCell]) -> QuerySet[Region]:
    """Where the cells lie, each county before its townships."""
    of_cells = cells.order_by()
    found = Region.objects.filter(Q(pk__in=of_cells.values("region")) | Q(pk__in=of_cells.values("region__parent")))
    return found.exclude(level=Region.Level.CITY).order_by("code")


def in_region(cells: QuerySet[GridCell], code: str) -> QuerySet[GridCell]:
    return cells.filter(Q(region__code=code) | Q(region__parent__code=code))


def cells_to_draw(cells: QuerySet[GridCell]) -> list[GridCell] | None:
    """Those that have an outline; None when they are too many for one drawing."""
    found = list(cells.filter(outline__isnull=False).order_by("code")[: MOST_DRAWN + 1])
    return None if len(found) > MOST_DRAWN else found


def map_of_event(event: GridEvent, user: User, *, at: datetime) -> CellMap | None:
    """The cell of an event among those of its township or county; None when it has no outline."""
    cell = event.cell
    if cell is None or cell.outline is None:
        return None
    cells = cells_to_draw(GridCell.objects.filter(region=cell.region_id)) or [cell]
    appeal = event.appeal
    spot = None if appeal.longitude is None else (appeal.longitude, appeal.latitude)
    return draw(cells, counts=event_counts(user, cells, at=at), spot=spot)


def event_counts(user: User, cells: Iterable[GridCell], *, at: datetime) -> dict[int, int]:
    """Cell → events of the last 30 days, of those that may be listed for the person."""
    since = at - timedelta(days=EVENT_DAYS)
    lately = events_for(user).filter(cell__in=[cell.pk for cell in cells], taken_in_at__gt=since)
    return dict(lately.order_by().values("cell").annotate(n=Count("pk")).values_list("cell", "n"))


def events_for(user: User) -> QuerySet[GridEvent]:
    """What may be listed for the person; restricted ones are not."""
    events = GridEvent.objects.filter(appeal__secrecy=Secrecy.OPEN)
    region = _region_of(user)
    if region is None:
        return events
    return events.filter(Q(appeal__region=region) | Q(appeal__region__parent=region))


def with_what_became(events: QuerySet[GridEvent]) -> QuerySet[GridEvent]:
    """What a row shows; `appeal.open_links` holds the ticket."""
    links = AppealLink.objects.filter(until=None).select_related(
        "ticket__merged_into__holder__unit", "ticket__holder__unit"
    )
    return events.select_related("appeal__channel", "appeal__region__parent", "event_class", "cell").prefetch_related(
        Prefetch("appeal__links", links, to_attr="open_links")
    )


def ticket_of_event(event: GridEvent) -> Ticket | None:
    link: AppealLink | None = next(iter(event.appeal.open_links), None)  # type: ignore[attr-defined]
    return None if link is None else link.ticket.merged_into or link.ticket


def event_of_number(channel: Channel, number: str) -> GridEvent | None:
    """By the number of the grid platform that sent it."""
    events = GridEvent.objects.select_related("event_class", "cell", "appeal__channel", "appeal__contact")
    return events.filter(appeal__source_number=number, appeal__channel=channel).first()


# --- checks on the spot


def workers_of(unit: Unit) -> Sequence[User]:
    """Grid workers of a township who can be sent."""
    return list(people_with_right(rights.GRID_CHECK, [unit]).order_by("name", "pk"))


def part_to_check(ticket: Ticket, user: User, at: datetime) -> Assignment | None:
    """The township's part for which this person may send a grid worker now."""
    if user.unit is None or user.unit.kind != Unit.Kind.TOWNSHIP or ticket.state != TicketState.IN_PROGRESS:
        return None
    part = (
        Assignment.objects.filter(ticket=ticket, unit=user.unit, state=AssignmentState.SIGNED)
        .select_related("unit")
        .first()
    )
    return part if part is not None and HANDLE(part, Actor(user, at)) else None


def checks_of_ticket(ticket: Ticket, user: User) -> list[GridCheck]:
    """Sent by the person's own unit, the newest first."""
    if user.unit is None or user.unit.kind != Unit.Kind.TOWNSHIP:
        return []
    checks = GridCheck.objects.filter(assignment__ticket=ticket, assignment__unit=user.unit)
    return list(checks.select_related("worker", "assignment").order_by("-asked_at", "-pk")[:10])


def checks_of(worker: User) -> QuerySet[GridCheck]:
    return GridCheck.objects.filter(worker=worker).select_related("assignment__ticket", "asked_by__unit")


def waiting_checks(worker: User) -> QuerySet[GridCheck]:
    """Those to go to, without those that nobody waits for any more."""
    return checks_of(worker).filter(
        state=GridCheckState.OPEN,
        assignment__state=AssignmentState.SIGNED,
        assignment__ticket__state=TicketState.IN_PROGRESS,
    )


def is_needed(check: GridCheck) -> bool:
    """Whether what is found can still be written on the ticket."""
    return (
        check.state == GridCheckState.OPEN
        and check.assignment.state == AssignmentState.SIGNED
        and check.assignment.ticket.state == TicketState.IN_PROGRESS
    )


def pictures_of(check: GridCheck) -> list[Attachment]:
    if check.event_id is None:
        return []
    return list(Attachment.objects.filter(event=check.event_id).select_related("file").order_by("pk"))


def check_count(worker: User, *, at: datetime) -> tuple[int, bool]:
    """How many wait (at most 100 are counted), and whether one is late."""
    if not has_right(worker, rights.GRID_CHECK, at):
        return 0, False
    due = list(waiting_checks(worker).order_by("due_at").values_list("due_at", flat=True)[:100])
    return len(due), bool(due) and due[0] < at
