"""Reminders for people, from the breaches of the clocks that are no unit's own (docs/clocks.md 9).

- The limit of intake and of a review decision is the centre's; the citizen's is the city's.
- They press whoever can still do something: of what is done by then nobody hears.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.db.models import Q

from channels_merge.models import Appeal, AppealBreach, AppealClock
from evaluation.models import DecisionBreach, DecisionClock
from hotline import parameters
from hotline.dates import local_day
from hotline.models import Breach, Unit
from responsibility.rights import OPINIONS
from responsibility.states import Office
from supervision.models import Reminder
from supervision.selectors import tickets_of
from supervision.services.messages import Message
from supervision.states import ReminderKind
from tickets.models import ObjectionBreach, ObjectionClock, TicketClock
from tickets.states import ClockKind, Secrecy, Urgency

BATCH = 200

AnyBreach = AppealBreach | DecisionBreach | ObjectionBreach

SUBJECT: Final = {
    AppealClock: ("appeal_breach", "appeal__urgency"),
    DecisionClock: ("decision_breach", "decision__ticket__urgency"),
    ObjectionClock: ("objection_breach", "objection__ticket__urgency"),
}
"""Clock → the column of its breach, and where its urgency stands."""

REMINDED: Final = ~Q(threshold=Breach.Threshold.SOON) | Q(clock__kind=AppealClock.CITIZEN)
"""Of the centre's own limits `soon` is seen in the queue; the citizen's has none."""

CITIZEN: Final = frozenset({ReminderKind.CITIZEN_SOON, ReminderKind.CITIZEN_OVERDUE})

INTAKE, PRESSING = "tickets.dispatch_ticket", "tickets.instruct_ticket"
"""Who sees to it at the centre that intake keeps up, and who may press a unit."""


_OVERDUE: Final = {
    AppealClock.ACCEPT: ReminderKind.ACCEPT_OVERDUE,
    AppealClock.INFORMATION: ReminderKind.ACCEPT_OVERDUE,
    ObjectionClock.COORDINATION: ReminderKind.OBJECTION_OVERDUE,
    ObjectionClock.DEFINITION: ReminderKind.DEFINITION_OVERDUE,
    ObjectionClock.STATEMENT: ReminderKind.STATEMENT_OVERDUE,
}
"""Kind of a clock of the centre's own, or of whom it asked → what is told when it is over."""


def reminder_kind(breach: AnyBreach) -> str:
    """Empty when nobody needs to be reminded of this."""
    is_soon = breach.threshold == Breach.Threshold.SOON
    if breach.clock.kind == AppealClock.CITIZEN:
        return ReminderKind.CITIZEN_SOON if is_soon else ReminderKind.CITIZEN_OVERDUE
    if is_soon:
        return ""
    return _OVERDUE.get(breach.clock.kind, ReminderKind.DECISION_OVERDUE)


def write_reminders(*, breaches: Sequence[AnyBreach], at: datetime) -> None:
    """Insert the reminder of each breach of one clock class that asks for one and has none. Two queries, no lock."""
    model = type(breaches[0].clock)
    column, urgency_of = SUBJECT[model]
    clocks = model.objects.filter(pk__in={breach.clock_id for breach in breaches})
    urgency = dict(clocks.values_list("pk", urgency_of))
    morning = parameters.after_hours("quiet_hours", at=at)
    Reminder.objects.bulk_create(
        (
            Reminder(
                kind=kind,
                tell_after=morning if urgency[breach.clock_id] == Urgency.NORMAL else at,
                **{column: breach},
            )
            for breach in breaches
            if (kind := reminder_kind(breach))
        ),
        ignore_conflicts=True,
    )


def missing_reminders(*, since: datetime) -> list[AnyBreach]:
    """Breaches found since then that want a reminder and have none, the oldest first; a bounded number of each class."""
    found: list[AnyBreach] = []
    for model in (AppealBreach, DecisionBreach, ObjectionBreach):
        rows = model.objects.filter(REMINDED, reminder__isnull=True, found_at__gte=since)
        found += rows.select_related("clock").order_by("pk")[:BATCH]
    return found


def messages_of(pks: Sequence[int], *, at: datetime) -> dict[Reminder, list[Message]]:
    """Locked reminders that are not told yet, with what is told; nothing where nobody needs to hear it any more."""
    rows = list(
        Reminder.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk__in=pks, told_at__isnull=True)
        .select_related(
            "appeal_breach__clock__appeal",
            "decision_breach__clock__decision__ticket",
            "objection_breach__clock__objection__ticket",
            "objection_breach__clock__statement",
            "objection_breach__clock__duty_question",
        )
        .order_by("tell_after", "pk")
    )
    centre = Unit.objects.values_list("pk", flat=True).get(kind=Unit.Kind.CENTRE)
    citizens = _Citizens([row for row in rows if row.kind in CITIZEN], centre)
    return {row: _messages(row, centre, citizens, local_day(at)) for row in rows}


def _messages(row: Reminder, centre: int, citizens: "_Citizens", day: date) -> list[Message]:
    breach = row.appeal_breach or row.decision_breach or row.objection_breach
    if breach.clock.stopped_at is not None:
        return []
    if row.kind == ReminderKind.DEFINITION_OVERDUE:
        return _of_definition(row, row.objection_breach.clock, centre)
    message = _message(row, centre, citizens, day)
    return [message] if message else []


def _message(row: Reminder, centre: int, citizens: "_Citizens", day: date) -> Message | None:
    if row.kind in CITIZEN:
        return citizens.message(row)
    if row.kind == ReminderKind.ACCEPT_OVERDUE:
        return _of_intake(row, row.appeal_breach.clock.appeal, centre, day)
    if row.objection_breach is not None:
        return _of_objection(row, row.objection_breach.clock, centre, day)
    ticket = row.decision_breach.clock.decision.ticket
    return Message(
        row.kind,
        ticket.number,
        _once_a_day(row, ticket.number, day),
        [("evaluation.decide_review", centre)],
        ticket=ticket,
    )


def _once_a_day(row: Reminder, number: str, day: date) -> str:
    """A sweep that comes days late finds every threshold at once: one notice says it."""
    return f"{row.kind}:{number}:{day:%Y%m%d}"


def _of_objection(row: Reminder, clock: ObjectionClock, centre: int, day: date) -> Message:
    """Whoever rules hears of it; of an opinion that is late, those of the unit who were asked for it."""
    ticket = clock.objection.ticket
    post = ("tickets.rule_dispute", centre)
    if clock.statement is not None:
        post = ("tickets.pass_down_ticket", clock.statement.unit_id)
    return Message(row.kind, ticket.number, _once_a_day(row, ticket.number, day), [post], ticket=ticket)


def _of_definition(row: Reminder, clock: ObjectionClock, centre: int) -> list[Message]:
    """The office that was asked and whoever rules, each once: it is no limit of a unit that is pressed day by day, and from now on
    may be ruled without.
    """
    ticket = clock.objection.ticket
    once = f"{row.kind}:{clock.pk}"
    office = (OPINIONS[Office(clock.duty_question.office)], None)
    return [
        Message(row.kind, ticket.number, f"{once}:office", [office], ticket=ticket),
        Message(
            ReminderKind.OBJECTION_OVERDUE, ticket.number, once, [("tickets.rule_dispute", centre)], ticket=ticket
        ),
    ]


def _of_intake(row: Reminder, appeal: Appeal, centre: int, day: date) -> Message | None:
    """Nobody of intake sees a restricted one: none of them is told its number."""
    if appeal.secrecy != Secrecy.OPEN:
        return None
    return Message(row.kind, appeal.number, _once_a_day(row, appeal.number, day), [(INTAKE, centre)])


class _Citizens:
    """Who hears of the limits promised to citizens: tickets and units of a batch, read with two queries.

    The lead unit hears only while its own limit ends later: else its own card says it, or it has handed its result in.
    The centre hears when it is over, and before that when no unit's limit runs: then nobody else would.
    """

    def __init__(self, rows: Iterable[Reminder], centre: int) -> None:
        self.centre = centre
        clocks = [row.appeal_breach.clock for row in rows]
        self.tickets = tickets_of(clocks) if clocks else {}
        leads = {ticket.lead_id for ticket in self.tickets.values() if ticket.lead_id is not None}
        own = TicketClock.objects.filter(assignment__in=leads, kind=ClockKind.HANDLE, stopped_at__isnull=True)
        self.own_due = dict(own.values_list("assignment", "due_at")) if leads else {}

    def message(self, row: Reminder) -> Message | None:
        clock = row.appeal_breach.clock
        ticket = self.tickets.get(clock.appeal_id)
        if ticket is None:
            return None
        own_due = self.own_due.get(ticket.lead_id)
        unit_hears = own_due is not None and own_due > clock.due_at
        posts = [("tickets.pass_down_ticket", ticket.lead.unit_id)] if unit_hears else []
        if row.kind == ReminderKind.CITIZEN_OVERDUE or own_due is None:
            posts.append((PRESSING, self.centre))
        return Message(
            kind=row.kind,
            number=ticket.number,
            # Many callers of one matter, one notice a day.
            dedupe=f"{row.kind}:{ticket.pk}:{local_day(row.appeal_breach.at):%Y%m%d}",
            posts=posts,
            handler=ticket.lead.handler if unit_hears else None,
            ticket=ticket,
        )
