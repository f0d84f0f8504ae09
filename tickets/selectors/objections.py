"""What is objected to a ruling: whether it may be, what waits at the centre, and what waits for units and offices that were asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from hotline import parameters
from hotline.calendar import add_working
from hotline.masking import redact
from hotline.models import Region, User
from hotline.rights import has_right
from responsibility.rights import OPINIONS
from tickets.models import (
    Assignment,
    DutyQuestion,
    Meeting,
    Objection,
    ObjectionClock,
    Ruling,
    Statement,
    Ticket,
)
from tickets.selectors.lists import Key, Page, secret_to, take
from tickets.states import ObjectionState, RulingKind, Secrecy, TicketState

NOT_IN_HAND = frozenset({TicketState.MERGED, TicketState.VOIDED})


def objection_deadline(ticket: Ticket, *, at: datetime) -> datetime | None:
    """Until when the first handler may object: a while after closing (先办后议); None while the matter is not closed."""
    if ticket.closed_at is None:
        return None
    return add_working(ticket.closed_at, parameters.limit("objection_window", at=at))


def ruling_in_force(ticket: Ticket) -> Ruling | None:
    return Ruling.objects.filter(ticket=ticket, ended_at__isnull=True).select_related("unit", "item").first()


def objection_refusal(ticket: Ticket, ruling: Ruling | None, *, at: datetime) -> str:
    """Why no objection can be raised now; empty when it can."""
    if ruling is None:
        return "只有经裁定首办的工单可以提异议；派错的请退单。"
    if ruling.kind != RulingKind.FIRST:
        return "本件的异议已经裁定，不再受理异议。"
    if ticket.has_objection:
        return "本件的异议正在协调，不用再提。"
    if ticket.state in NOT_IN_HAND:
        return f"工单当前为“{ticket.get_state_display()}”，不能提异议。"
    deadline = objection_deadline(ticket, at=at)
    if deadline is not None and at > deadline:
        return "办结后提异议的时间已过，本件已按没有异议提请纳入清单。"
    return ""


# --- the centre


def running_objections(user: User, at: datetime) -> QuerySet[ObjectionClock]:
    """The clock of each open objection that the person may know of, to count and to page by ``due_at``."""
    return ObjectionClock.objects.filter(kind=ObjectionClock.COORDINATION, stopped_at__isnull=True).exclude(
        objection__ticket__in=secret_to(user, at)
    )


@dataclass(frozen=True)
class ObjectionRow:
    objection: Objection
    clock: ObjectionClock
    awaited: Sequence[ObjectionClock]
    """Running limits of units and offices that were asked, the first to end in front."""


def objection_page(user: User, *, after: Key | None, at: datetime) -> Page[ObjectionRow]:
    shown = running_objections(user, at).select_related(
        "objection__ticket__region", "objection__assignment__unit", "objection__suggested_unit"
    )
    page = take(shown.defer("objection__ticket__text"), by="due_at", pk="id", after=after)
    asked = _running(clock.objection_id for clock in page.rows)
    rows = [
        ObjectionRow(clock.objection, clock, [each for each in asked if each.objection_id == clock.objection_id])
        for clock in page.rows
    ]
    return Page(rows, page.next_key)


def _running(objection_ids: Iterable[int]) -> list[ObjectionClock]:
    """Of those who were asked: units and offices."""
    clocks = ObjectionClock.objects.filter(objection__in=list(objection_ids), stopped_at__isnull=True)
    asked = clocks.exclude(kind=ObjectionClock.COORDINATION).select_related("statement__unit", "duty_question")
    return list(asked.order_by("due_at", "pk"))


@dataclass(frozen=True)
class ObjectionCase:
    """Everything that the centre rules an objection by."""

    objection: Objection
    clock: ObjectionClock | None
    statements: tuple[Statement, ...]
    meetings: tuple[Meeting, ...]
    questions: tuple[DutyQuestion, ...]
    clocks: dict[tuple[str, int], ObjectionClock]
    """("statement" or "definition", id) → its running clock."""

    def clock_of(self, row: Statement | DutyQuestion) -> ObjectionClock | None:
        kind = ObjectionClock.STATEMENT if isinstance(row, Statement) else ObjectionClock.DEFINITION
        return self.clocks.get((kind, row.pk))

    @property
    def heard(self) -> list[tuple[Statement, ObjectionClock | None]]:
        return [(row, self.clock_of(row)) for row in self.statements]

    @property
    def defined(self) -> list[tuple[DutyQuestion, ObjectionClock | None]]:
        return [(row, self.clock_of(row)) for row in self.questions]


def objection_case(ticket: Ticket) -> ObjectionCase | None:
    """The open objection of the ticket, else the last one."""
    found = (
        Objection.objects.filter(ticket=ticket)
        .select_related("assignment__unit", "ruling__unit", "ruling__item", "suggested_unit", "raised_by")
        .prefetch_related(
            Prefetch("statements", Statement.objects.select_related("unit", "given_by").order_by("pk")),
            Prefetch(
                "meetings", Meeting.objects.order_by("held_at", "pk").prefetch_related("event__attachments__file")
            ),
            Prefetch("duty_questions", DutyQuestion.objects.select_related("unit", "answered_by").order_by("pk")),
        )
        .order_by("-pk")
        .first()
    )
    if found is None:
        return None
    running = list(found.clocks.filter(stopped_at__isnull=True))
    return ObjectionCase(
        objection=found,
        clock=next((clock for clock in running if clock.kind == ObjectionClock.COORDINATION), None),
        statements=tuple(found.statements.all()),
        meetings=tuple(found.meetings.all()),
        questions=tuple(found.duty_questions.all()),
        clocks={(clock.kind, clock.statement_id or clock.duty_question_id): clock for clock in running},
    )


def awaited_refusal(objection: Objection, *, at: datetime) -> str:
    """Why it cannot be ruled yet: whoever was asked is heard, or has let the limit pass."""
    waiting = [clock for clock in _running([objection.pk]) if clock.due_at > at]
    if not waiting:
        return ""
    who = "、".join(
        clock.statement.unit.short_name if clock.statement_id else clock.duty_question.office_name for clock in waiting
    )
    return f"还在等{who}，交来或到时限以后才能裁定。"


# --- whoever was asked


def awaited_statements(user: User, at: datetime) -> QuerySet[ObjectionClock]:
    """Running limits of the written opinions that the person's unit was asked for, the first to end in front. Not of a matter
    that became secret since: its question says what it is about.
    """
    if user.unit_id is None or not has_right(user, "tickets.sign_ticket", at):
        return ObjectionClock.objects.none()
    return ObjectionClock.objects.filter(
        kind=ObjectionClock.STATEMENT,
        stopped_at__isnull=True,
        statement__given_at__isnull=True,
        statement__unit=user.unit_id,
        objection__ticket__secrecy=Secrecy.OPEN,
    )


def statement_page(user: User, *, after: Key | None, at: datetime) -> Page[ObjectionClock]:
    shown = awaited_statements(user, at).select_related(
        "statement", "objection__ticket", "objection__assignment__unit"
    )
    return take(shown, by="due_at", pk="id", after=after)


def statements_of(user: User, at: datetime) -> QuerySet[Statement]:
    """Those that the person's unit was asked for, given or not. Not of a matter that became secret since."""
    if user.unit_id is None or not has_right(user, "tickets.sign_ticket", at):
        return Statement.objects.none()
    return Statement.objects.filter(unit=user.unit_id, objection__ticket__secrecy=Secrecy.OPEN).select_related(
        "unit", "asked_by", "given_by", "objection__ticket__region__parent", "objection__assignment__unit"
    )


def offices_of(user: User, at: datetime) -> list[str]:
    """The offices that the person answers for."""
    return [office for office, permission in OPINIONS.items() if has_right(user, permission, at)]


def awaited_definitions(user: User, at: datetime) -> QuerySet[ObjectionClock]:
    """Running limits of what the person's office was asked. Not of a matter that became secret since."""
    return ObjectionClock.objects.filter(
        kind=ObjectionClock.DEFINITION,
        stopped_at__isnull=True,
        duty_question__office__in=offices_of(user, at),
        objection__ticket__secrecy=Secrecy.OPEN,
    )


def definition_page(user: User, *, after: Key | None, at: datetime) -> Page[ObjectionClock]:
    shown = awaited_definitions(user, at).select_related(
        "duty_question", "objection__ticket", "objection__assignment__unit"
    )
    return take(shown, by="due_at", pk="id", after=after)


def definitions_of(user: User, at: datetime) -> QuerySet[DutyQuestion]:
    """Questions put to the person's office, answered or not. Not of a matter that became secret since."""
    return DutyQuestion.objects.filter(
        office__in=offices_of(user, at), objection__ticket__secrecy=Secrecy.OPEN
    ).select_related(
        "unit", "asked_by", "answered_by", "objection__ticket__region__parent", "objection__assignment__unit"
    )


@dataclass(frozen=True)
class Heard:
    unit: str
    text: str
    given_at: datetime


@dataclass(frozen=True)
class AskedMatter:
    """A matter as somebody reads it who was asked about it and has no part in it."""

    number: str
    kind: str
    title: str
    region: Region | None
    place: str
    text: str
    first_handler: str
    reason: str
    question: str
    heard: tuple[Heard, ...]
    """What units have said, for the office that defines; nothing for a unit."""


def asked_matter(asked: Statement | DutyQuestion) -> AskedMatter:
    """Without personal data, whoever wrote it: the citizen, the agent, units and the centre."""
    objection = asked.objection
    ticket = objection.ticket
    given = objection.statements.filter(given_at__isnull=False).select_related("unit").order_by("pk")
    return AskedMatter(
        number=ticket.number,
        kind=ticket.get_kind_display(),
        title=redact(ticket.title),
        region=ticket.region,
        place=redact(ticket.place),
        text=redact(ticket.text),
        first_handler=objection.assignment.unit.name,
        reason=redact(objection.reason),
        question=redact(asked.question),
        # An office defines by what the units have said; a unit says its own.
        heard=()
        if isinstance(asked, Statement)
        else tuple(Heard(row.unit.short_name, redact(row.text), row.given_at) for row in given),
    )


def is_open(objection: Objection) -> bool:
    return objection.state == ObjectionState.OPEN


def first_handlers_part(ticket: Ticket, user: User) -> Assignment | None:
    """The lead's part, when it is of the person's unit and cannot be returned: only then a ruling is looked for."""
    lead = ticket.lead
    return lead if lead is not None and lead.unit_id == user.unit_id and not lead.objectable else None
