"""What a unit has in hand: its own parts of open tickets, by what burns, each with its next act as a verb."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce

from hotline.dates import SHANGHAI, local_day
from hotline.models import Unit, User
from responsibility.models import DutyItem
from tickets.models import (
    NOTHING_BURNS,
    Approval,
    Assignment,
    ExtensionRequest,
    OnSiteRecord,
    Ticket,
    TicketClock,
    TicketScope,
)
from tickets.selectors.acts import act_url
from tickets.selectors.lists import Key, Page, readable, take
from tickets.selectors.queues import Segment
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    HELD_STATES,
    LIVE_ASSIGNMENT_STATES,
    SIDE_ROLES,
    UNIT_STATES,
    ApprovalState,
    ApprovalStep,
    AssignmentRole,
    AssignmentState,
    Decision,
    TicketState,
)

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

OURS = Q(task__in=TicketScope.Task.values)


def inbox(user: User, at: datetime) -> QuerySet[TicketScope]:
    """Scope rows of what the person's unit was given and is not closed yet. Units below have an inbox of their own."""
    own = TicketScope.objects.filter(unit_id=user.unit_id, ground=TicketScope.Ground.ASSIGNED, is_open=True)
    return readable(own, user, at)


def _filters(at: datetime) -> dict[str, tuple[str, Q, str]]:
    """Code → label, condition, tone."""
    day_ends = datetime.combine(local_day(at) + timedelta(days=1), time.min, SHANGHAI)
    return {
        "": ("全部", Q(), ""),
        "over": ("超期", Q(sort_at__lt=at), "red"),
        "today": ("今日到期", Q(sort_at__gte=at, sort_at__lt=day_ends), "yel"),
        "tomorrow": ("明日到期", Q(sort_at__gte=day_ends, sort_at__lt=day_ends + timedelta(days=1)), ""),
        "sign": ("待签收", Q(task=TicketScope.Task.SIGN), ""),
        "contact": ("待联系", Q(task=TicketScope.Task.CONTACT), ""),
        "redo": ("重办", OURS & Q(is_redo=True), ""),
        "others": ("等别人", Q(task=""), ""),
    }


def inbox_segments(user: User, at: datetime) -> list[Segment]:
    """Counted live over what the unit has in hand, not its history, in the index `scope_inbox` alone."""
    filters = _filters(at)
    counts = inbox(user, at).aggregate(
        **{code: Count("ticket_id", filter=condition) for code, (_, condition, _) in filters.items() if code},
        all=Count("ticket_id"),
    )
    return [
        Segment(code, label, counts[code or "all"], tone if counts[code or "all"] else "")
        for code, (label, _, tone) in filters.items()
    ]


@dataclass(frozen=True)
class Standing:
    """How a part stands: the chip, and either the next act of this unit or who has it now."""

    label: str
    tone: str
    verb: str = ""
    code: str = ""
    waits_for: str = ""


@dataclass(frozen=True)
class InboxRow:
    ticket: Ticket
    part: Assignment
    clock: TicketClock | None
    standing: Standing
    can_sign: bool

    @property
    def act_url(self) -> str:
        return act_url(self.ticket, self.standing.code) if self.standing.code else ""


def handlers_of(user: User, at: datetime) -> list[User]:
    """Who is named on what the unit has in hand, for the filter."""
    # Said as in the index `assignment_queue`, or it is not used.
    done = [AssignmentState.ACCEPTED, *ENDED_ASSIGNMENT_STATES]
    parts = Assignment.objects.filter(unit=user.unit_id).exclude(state__in=done)
    return list(User.objects.filter(pk__in=parts.values("handler")).order_by("name", "pk"))


def inbox_page(user: User, *, segment: str, handler_id: int | None, after: Key | None, at: datetime) -> Page[InboxRow]:
    filters = _filters(at)
    _, condition, _ = filters.get(segment, filters[""])
    rows = inbox(user, at).filter(condition)
    if handler_id is not None:
        rows = rows.filter(assignment__handler=handler_id)
    page = take(_with_standing(rows), by="sort_at", pk="ticket_id", after=after)
    passes_down = user.unit is not None and user.unit.kind == Unit.Kind.COUNTY_CENTRE
    _look_up(page.rows, visits=not passes_down)
    clocks, holders = _clocks(page.rows), _holders(page.rows)
    found = [_row(scope, clocks, holders.get(scope.ticket_id, ""), passes_down=passes_down) for scope in page.rows]
    return Page(found, page.next_key)


class Stands(TypedDict):
    step: str | None
    extension_asked: bool


def _with_standing(rows: QuerySet[TicketScope]) -> "QuerySet[WithAnnotations[TicketScope, Stands]]":
    """What `standing` reads of the row itself; ticket and part are looked up by `_look_up`."""
    step = Approval.objects.filter(ticket=OuterRef("ticket"), state=ApprovalState.PENDING).values("step")[:1]
    asked = ExtensionRequest.objects.filter(decision=Decision.PENDING)
    return rows.annotate(
        step=Case(When(state=TicketState.COMPLETION_REVIEW, then=Subquery(step))),
        # IN and not EXISTS: the few that wait are read once.
        extension_asked=Case(When(OURS & Q(assignment__in=asked.values("assignment")), then=True), default=False),
    )


def _look_up(rows: Sequence[TicketScope], *, visits: bool) -> None:
    """The tables that have no end are asked once for all rows shown: neither joined to each nor asked for the row that
    only says that there is a next page.
    """
    parts = Assignment.objects.all()
    needed: list[str | Prefetch] = ["assignment__handler", "ticket__region"]
    if visits:
        parts = _with_visit(parts)
        needed.append(Prefetch("assignment__item", DutyItem.objects.only("onsite_required")))
    prefetch_related_objects(
        rows, Prefetch("ticket", Ticket.objects.defer("text")), Prefetch("assignment", parts), *needed
    )


class Visit(TypedDict):
    visited_in: int | None
    """The last round in which somebody stood there, 0 for never; null of a part that no signed lead has."""


def _with_visit(parts: QuerySet[Assignment]) -> "QuerySet[WithAnnotations[Assignment, Visit]]":
    # A signed lead is live, so the part need not be looked up for its own visits, only for those of others. All of it
    # is read in the index `onsite_rounds` alone.
    same = {"ticket": OuterRef("ticket"), "round": OuterRef("round"), "assignment": OuterRef("assignment")}
    of_others = OnSiteRecord.objects.of_live_leads().filter(**same)
    visits = OnSiteRecord.objects.filter(Q(assignment=OuterRef("pk")) | Exists(of_others), ticket=OuterRef("ticket"))
    rounds = visits.order_by("-round").values("round")[:1]
    return parts.annotate(
        visited_in=Case(
            When(state=AssignmentState.SIGNED, role=AssignmentRole.LEAD, then=Coalesce(Subquery(rounds), 0))
        )
    )


def _clocks(scopes: Iterable[TicketScope]) -> dict[tuple[int, str], TicketClock]:
    parts = [scope.assignment_id for scope in scopes if scope.sort_at < NOTHING_BURNS]
    clocks = TicketClock.objects.filter(assignment__in=parts, stopped_at__isnull=True).defer("explanation")
    return {(clock.assignment_id, clock.kind): clock for clock in clocks}


def _holders(scopes: Iterable[TicketScope]) -> dict[int, str]:
    """Ticket → the unit that has it now, where that is not the part of the row."""
    others = [scope.ticket.holder_id for scope in scopes if scope.ticket.holder_id not in {None, scope.assignment_id}]
    holders = Assignment.objects.filter(pk__in=others).prefetch_related("unit")
    return {holder.ticket_id: holder.unit.short_name for holder in holders}


def _row(
    scope: "WithAnnotations[TicketScope, Stands]",
    clocks: dict[tuple[int, str], TicketClock],
    held_by: str,
    *,
    passes_down: bool,
) -> InboxRow:
    stands = standing(scope, held_by, passes_down=passes_down)
    return InboxRow(
        ticket=scope.ticket,
        part=scope.assignment,
        clock=clocks.get((scope.assignment_id, scope.burning)),
        standing=stands,
        can_sign=stands.code == "sign",
    )


def standing(scope: "WithAnnotations[TicketScope, Stands]", held_by: str, *, passes_down: bool) -> Standing:
    """Of a row read by `_with_standing`; ``passes_down``: the unit gives matters on instead of handling them."""
    part, ticket = scope.assignment, scope.ticket
    if part.role == AssignmentRole.COPY:
        return Standing("知会", "wait", waits_for="只看")
    if part.state == AssignmentState.RETURN_REQUESTED:
        return Standing("退单待审", "wait", waits_for=f"等{_giver(part)}")
    reported = part.state in {AssignmentState.SUBMITTED, AssignmentState.ACCEPTED}
    if part.role in SIDE_ROLES and not reported and ticket.state in UNIT_STATES:
        # Its limits run on while the lead waits for a decision.
        return _to_do(part)
    if reported or ticket.state == TicketState.COMPLETION_REVIEW:
        return _after_result(scope, reported=reported, passes_down=passes_down)
    if ticket.state not in HELD_STATES:
        return Standing(ticket.get_state_display(), "wait", waits_for="等中心")
    if part.state == AssignmentState.PENDING_SIGN:
        return _to_do(part)
    if ticket.holder_id != part.pk:
        return Standing("已转派", "work", waits_for=held_by)
    return _in_hand(scope, passes_down=passes_down)


def _to_do(part: Assignment) -> Standing:
    """Of a part that is to be signed, or of a co-unit's."""
    if part.state == AssignmentState.PENDING_SIGN:
        return Standing("待签收", "wait", "签收", "sign")
    return Standing(part.get_role_display(), "work", "协办意见", "report")


def _giver(part: Assignment) -> str:
    return "上级中心" if part.parent_id is not None else "市中心"


def _after_result(scope: "WithAnnotations[TicketScope, Stands]", *, reported: bool, passes_down: bool) -> Standing:
    """``reported``: by the unit of the row itself, not by one that it gave the matter to."""
    if scope.state == TicketState.COMPLETION_REVIEW and scope.step == ApprovalStep.UNIT_HEAD:
        return Standing("待审签", "wait", waits_for="等负责人" if reported else "等下级")
    if scope.state == TicketState.COMPLETION_REVIEW:
        above = "等本中心" if passes_down else "等上级中心"
        return Standing("待审核", "wait", waits_for="等市中心" if scope.step == ApprovalStep.CITY else above)
    if scope.assignment.role in SIDE_ROLES:
        return Standing("已反馈", "done", waits_for="等主办")
    return Standing(scope.ticket.get_state_display(), "wait", waits_for="等回访")


def _in_hand(scope: "WithAnnotations[TicketScope, Stands]", *, passes_down: bool) -> Standing:
    part, ticket = scope.assignment, scope.ticket
    to_contact = ticket.contactable and part.contacted_at is None
    label, tone = "已签收" if to_contact else "办理中", "work"
    if ticket.round > 1:
        label = "重办"
    if scope.extension_asked:
        label, tone = "延期审批", "wait"
    if passes_down:
        return Standing(label, tone, "转派", "pass-down")
    if to_contact:
        return Standing(label, tone, "首次联系", "contact")
    if _is_to_visit(part, ticket):
        return Standing(label, tone, "现场核实", "onsite")
    return Standing(label, tone, "填写结果", "submit")


def _is_to_visit(part: Assignment, ticket: Ticket) -> bool:
    if part.item is None or not part.item.onsite_required:
        return False
    visited_in = cast("WithAnnotations[Assignment, Visit]", part).visited_in
    return visited_in is not None and visited_in < ticket.round


def parts_of(ticket: Ticket) -> list[Assignment]:
    """The units that have a part in the ticket now, in the order they got it."""
    return list(
        Assignment.objects.filter(ticket=ticket, state__in=[*LIVE_ASSIGNMENT_STATES, AssignmentState.ACCEPTED])
        .select_related("unit", "handler")
        .order_by("given_at", "pk")
    )


def clocks_on(ticket: Ticket, part: Assignment | None) -> list[TicketClock]:
    """What runs on the unit's part; for somebody without one, on the ticket and on who holds it."""
    running = TicketClock.objects.filter(ticket=ticket, stopped_at__isnull=True)
    if part is not None:
        running = running.filter(assignment=part)
    else:
        running = running.filter(Q(assignment__isnull=True) | Q(assignment=ticket.lead_id))
    return list(running.order_by("due_at", "pk")[:3])


# --- who signs


def signers(user: User) -> list[User]:
    """People of the unit; not every one may be named when it signs (`why_not_lead_handler`)."""
    return list(User.objects.filter(unit=user.unit_id, is_active=True).select_related("unit").order_by("name", "pk"))
