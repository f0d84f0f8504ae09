"""One act on one ticket: lock, check, move, save, record, announce. Every service function goes through it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.utils import timezone

from hotline import services as hotline
from hotline.errors import DomainError
from hotline.models import Clock, User
from tickets.deadlines import Rule
from tickets.guards import why_refused
from tickets.models import NOTHING_BURNS, Assignment, Note, Ticket, TicketClock, TicketEvent
from tickets.rights import Actor, Right
from tickets.services import access
from tickets.signals import ticket_event
from tickets.states import OPEN_STATES, ClockKind, NoteKind
from tickets.timeline import ACTS

JUST_NOW = timedelta(minutes=30)
"""A refusal names who moved the ticket last if that was within this time: two people were at it."""

MUTABLE = [
    field.name
    for field in Ticket._meta.concrete_fields  # noqa: SLF001 -- Django documents Model._meta
    if field.name not in {"id", "number", "created_at", "accepted_at"}
]


class TransitionRefused(DomainError):
    """The state or a condition does not allow the act. Nothing was changed."""


class ActNotAllowed(DomainError):
    """The actor has no right to the act. Nothing was changed."""


class InputRefused(DomainError):
    """What was handed in is not enough or not consistent. Nothing was changed."""


class Act:
    """The locked ticket, who acts and when.

    Use inside ``transaction.atomic``. ``record`` must be the last call: it saves the ticket, brings clocks'
    sort keys and scope rows up to date, writes the event and sends the signal.
    """

    def __init__(self, ticket: Ticket, *, by: User | None, at: datetime) -> None:
        self.ticket = ticket
        self.by = by
        self.at = at
        self.source = ticket.state
        self._assignments_changed = False

    @classmethod
    def on_ticket(cls, ticket_id: int, *, by: User | None, at: datetime) -> Self:
        """Lock the ticket. Everything that hangs on it is changed only under this lock."""
        ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
        return cls(ticket, by=by, at=at)

    @classmethod
    def on_assignment(cls, assignment_id: int, *, by: User | None, at: datetime) -> tuple[Self, Assignment]:
        ticket_id = Assignment.objects.values_list("ticket_id", flat=True).get(pk=assignment_id)
        act = cls.on_ticket(ticket_id, by=by, at=at)
        return act, act.assignment(assignment_id)

    def assignment(self, assignment_id: int) -> Assignment:
        """The assignment as it is now that the ticket is locked, tied to the locked ticket object."""
        found = Assignment.objects.select_related("unit", "parent", "item").get(
            pk=assignment_id, ticket_id=self.ticket.pk
        )
        found.ticket = self.ticket
        return found

    # --- checks

    def require(self, right: Right, subject: Any = None) -> None:
        why = right.refusal(self.ticket if subject is None else subject, Actor(self.by, self.at))
        if why:
            raise ActNotAllowed(self._with_who_was_faster(why))

    def require_state(self, *states: str) -> None:
        if self.ticket.state not in states:
            raise TransitionRefused(
                self._with_who_was_faster(f"工单当前为“{self.ticket.get_state_display()}”，不能执行该操作。")
            )

    def refuse(self, why: str) -> None:
        raise TransitionRefused(self._with_who_was_faster(why))

    def _with_who_was_faster(self, why: str) -> str:
        last = TicketEvent.objects.filter(ticket=self.ticket).select_related("actor").order_by("-id").first()
        if last is None or last.actor_id is None or self.by is None or last.actor_id == self.by.pk:
            return why
        if self.at - last.at > JUST_NOW:
            return why
        moment = timezone.localtime(last.at).strftime("%H:%M")
        return f"{last.actor.masked_name}已于 {moment} 执行“{ACTS[last.act].label}”。{why}"

    # --- changes

    def move(self, method: Callable[..., None], **changes: Any) -> None:
        """Run a transition of the ticket; its conditions' sentences are what the clerk is told."""
        self._run(self.ticket, method, changes, prefix="工单")

    def move_assignment(self, assignment: Assignment, method: Callable[..., None], **changes: Any) -> None:
        self._run(assignment, method, changes, prefix="本单位的承办")
        assignment.save()
        self._assignments_changed = True

    def _run(self, row: Any, method: Callable[..., None], changes: dict[str, Any], *, prefix: str) -> None:
        why = why_refused(row, method)
        if why:
            raise TransitionRefused(self._with_who_was_faster(prefix + why if why.startswith("当前") else why))
        method(row, **changes)

    def units_changed(self) -> None:
        """Say that assignments were changed other than by `assign` and `move_assignment`."""
        self._assignments_changed = True

    def assign(self, **fields: Any) -> Assignment:
        assignment = Assignment.objects.create(ticket=self.ticket, given_by=self.by, given_at=self.at, **fields)
        self._assignments_changed = True
        return assignment

    # --- clocks

    def start_clock(self, kind: str, rule: Rule, *, assignment: Assignment | None = None, **extra: Any) -> TicketClock:
        clock: TicketClock = hotline.start_clock(
            TicketClock,
            kind=kind,
            started_at=self.at,
            limit=rule.limit,
            explanation={"rule": rule.why, **extra},
            ticket=self.ticket,
            assignment=assignment,
        )
        return clock

    def running(self, *, assignment: Assignment | None, kinds: Iterable[str] = ()) -> list[TicketClock]:
        clocks = TicketClock.objects.filter(ticket=self.ticket, assignment=assignment, stopped_at__isnull=True)
        if kinds:
            clocks = clocks.filter(kind__in=list(kinds))
        return list(clocks.order_by("pk"))

    def stop_clocks(self, *kinds: str, assignment: Assignment | None = None, outcome: str = Clock.Outcome.MET) -> None:
        """Stop the running clocks of these kinds (all kinds when none is named) of the assignment or the ticket."""
        for clock in self.running(assignment=assignment, kinds=kinds):
            self.stop_clock(clock, outcome=outcome)

    def stop_clock(self, clock: TicketClock, *, outcome: str) -> None:
        hotline.stop_clock(clock, at=self.at, outcome=outcome)

    def resume_clock(self, ended: TicketClock, *, why: str) -> TicketClock:
        """Run an ended clock on with what remained of it; the pause is not charged (docs/clocks.md 4)."""
        left = hotline.remaining_limit(ended, at=ended.stopped_at)
        return hotline.resume_clock(ended, at=self.at, limit=left, explanation={"rule": why})

    # --- the end

    def note(self, event: TicketEvent, kind: str, text: str, *, public: bool = False) -> Note:
        return Note.objects.create(
            ticket=self.ticket,
            event=event,
            assignment_id=event.assignment_id,
            author=self.by,
            unit=self.by.unit if self.by else None,
            kind=kind,
            text=text,
            public=public,
            at=self.at,
        )

    def record(
        self,
        act: str,
        *,
        assignment: Assignment | None = None,
        unit: Any = None,
        data: dict[str, Any] | None = None,
        reason: str = "",
        note_kind: str = NoteKind.REASON,
        public: bool = False,
    ) -> TicketEvent:
        """Save, write the event (and the note with ``reason``), tell the rooms above.

        ``unit`` is the unit that the act concerns; without it, the actor's.
        """
        ticket = self.ticket
        ticket.is_open = ticket.state in OPEN_STATES
        burning = access.burning_clocks(ticket)
        ticket.sort_at = min((clock.due_at for clock in burning), default=NOTHING_BURNS)
        ticket.due_at = next(
            (
                clock.due_at
                for clock in burning
                if clock.kind == ClockKind.HANDLE and clock.assignment_id == ticket.lead_id
            ),
            ticket.due_at,
        )
        ticket.save(update_fields=MUTABLE)
        access.refresh(ticket, burning=burning, units_changed=self._assignments_changed)
        self._assignments_changed = False
        event = self.write_event(act, assignment=assignment, unit=unit, data=data)
        if reason:
            self.note(event, note_kind, reason, public=public)
        ticket_event.send(sender=Ticket, event=event)
        return event

    def write_event(
        self, act: str, *, assignment: Assignment | None = None, unit: Any = None, data: dict[str, Any] | None = None
    ) -> TicketEvent:
        concerned = unit or (assignment.unit if assignment else None) or (self.by.unit if self.by else None)
        event = TicketEvent.objects.create(
            ticket=self.ticket,
            act=act,
            source=self.source,
            target=self.ticket.state,
            assignment=assignment,
            actor=self.by,
            unit=concerned,
            at=self.at,
            data=data or {},
        )
        self.source = self.ticket.state
        return event


def require_text(text: str, sentence: str) -> str:
    """The stripped text; refuses blanks with ``sentence``."""
    stripped = text.strip()
    if not stripped:
        raise InputRefused(sentence)
    return stripped
