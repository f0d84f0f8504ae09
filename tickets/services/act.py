"""One act on one ticket: lock, check, move, save, record, announce. Every service function goes through it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import QuerySet
from django.utils import timezone

from hotline import parameters
from hotline import services as hotline
from hotline.errors import DomainError
from hotline.models import Clock, User
from tickets.deadlines import Rule
from tickets.guards import why_refused
from tickets.models import Assignment, Note, Ticket, TicketClock, TicketEvent
from tickets.rights import Actor, Right
from tickets.services import access
from tickets.signals import ticket_event
from tickets.states import OPEN_STATES, NoteKind
from tickets.timeline import ACTS

JUST_NOW = timedelta(minutes=30)
"""A refusal names who moved the ticket last if that was within this time: two people were at it."""

MUTABLE = [
    field.name
    for field in Ticket._meta.concrete_fields
    if field.name not in {"id", "number", "created_at", "accepted_at"}
]


class TransitionRefused(DomainError):
    """The state or a condition does not allow the act. Nothing was changed."""


class ActNotAllowed(DomainError):
    """The actor has no right to the act. Nothing was changed."""


class InputRefused(DomainError):
    """What was handed in is not enough or not consistent. Nothing was changed.

    ``field``: the argument that is wrong, where it is one; a form says it there.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Act:
    """The locked ticket, who acts and when.

    Use inside ``transaction.atomic``. ``record`` ends it: it saves the ticket, brings sort keys and scope rows up to
    date where parts, clocks or the state changed, writes the event and announces every event of the act.
    """

    def __init__(self, ticket: Ticket, *, by: User | None, at: datetime) -> None:
        self.ticket = ticket
        self.by = by
        self.at = at
        self.source = ticket.state
        self._shows_elsewhere = False
        self._unannounced: list[TicketEvent] = []

    @classmethod
    def on_ticket(cls, ticket_id: int, *, by: User | None, at: datetime) -> Self:
        """Lock the ticket. Everything that hangs on it is changed only under this lock."""
        ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket_id)
        return cls(ticket, by=by, at=at)

    @classmethod
    def on_assignment(cls, assignment_id: int, *, by: User | None, at: datetime) -> tuple[Self, Assignment]:
        ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).get(assignments=assignment_id)
        act = cls(ticket, by=by, at=at)
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
        if last is None or self.by is None or last.actor_id == self.by.pk:
            return why
        if last.actor_id is None and last.act != "dispatch":
            return why
        if self.at - last.at > JUST_NOW:
            return why
        moment = timezone.localtime(last.at).strftime("%H:%M")
        who = last.actor.masked_name if last.actor else "系统"
        return f"{who}已于 {moment} 执行“{ACTS[last.act].label}”。{why}"

    # --- changes

    def move(self, method: Callable[..., None], **changes: Any) -> None:
        """Run a transition of the ticket; its conditions' sentences are what the clerk is told."""
        self._run(self.ticket, method, changes, prefix="工单")
        self._shows_elsewhere = True

    def move_assignment(self, assignment: Assignment, method: Callable[..., None], **changes: Any) -> None:
        self._run(assignment, method, changes, prefix="本单位的承办")
        assignment.save()
        self._shows_elsewhere = True

    def _run(self, row: Any, method: Callable[..., None], changes: dict[str, Any], *, prefix: str) -> None:
        why = why_refused(row, method)
        if why:
            raise TransitionRefused(self._with_who_was_faster(prefix + why if why.startswith("当前") else why))
        method(row, **changes)

    def shows_elsewhere(self) -> None:
        """Say that something was changed, other than by the methods here, that lists show or sort by."""
        self._shows_elsewhere = True

    def assign(self, **fields: Any) -> Assignment:
        assignment = Assignment.objects.create(ticket=self.ticket, given_by=self.by, given_at=self.at, **fields)
        self._shows_elsewhere = True
        return assignment

    # --- clocks

    def start_clock(self, kind: str, rule: Rule, *, assignment: Assignment | None = None, **extra: Any) -> None:
        self.start_clocks({kind: rule}, assignment=assignment, **extra)

    def start_clocks(self, rules: Mapping[str, Rule], *, assignment: Assignment | None, **extra: Any) -> None:
        """Start a clock of each kind on the assignment, or on the ticket itself."""
        TicketClock.objects.bulk_create(
            hotline.build_clock(
                TicketClock,
                kind=kind,
                started_at=self.at,
                limit=rule.limit,
                explanation={"rule": rule.why, **extra},
                ticket=self.ticket,
                assignment=assignment,
            )
            for kind, rule in rules.items()
        )
        self._shows_elsewhere = True

    def stop_clocks(self, *kinds: str, assignment: Assignment | None = None, outcome: str = Clock.Outcome.MET) -> None:
        """Stop the running clocks of these kinds (all kinds when none is named) of the assignment or the ticket."""
        clocks = self.ticket.clocks.filter(assignment=assignment)
        self._stop(clocks.filter(kind__in=kinds) if kinds else clocks, outcome=outcome)

    def void_clocks(self, parts: Iterable[Assignment]) -> None:
        """The reason for every clock of these parts went away."""
        self._stop(self.ticket.clocks.filter(assignment__in=[part.pk for part in parts]), outcome=Clock.Outcome.VOID)

    def suspend_clocks(self) -> list[int]:
        """Stop whatever runs on the ticket and its parts; the event keeps the keys for `resume_clocks`."""
        return self._stop(self.ticket.clocks.all(), outcome=Clock.Outcome.VOID)

    def _stop(self, clocks: QuerySet[TicketClock], *, outcome: str) -> list[int]:
        stopped = hotline.stop_clocks(clocks, at=self.at, outcome=outcome)
        self._shows_elsewhere = True
        return [clock.pk for clock in stopped]

    def resume_clocks(self, ids: Iterable[int], *, why: str) -> None:
        for ended in self.ticket.clocks.filter(pk__in=list(ids)).order_by("pk"):
            self.resume_clock(ended, why=why)

    def resume_clock(self, ended: TicketClock, *, why: str) -> None:
        """Run an ended clock on with what remained of it; the pause is not charged (docs/clocks.md 4).

        It runs on where the part is now, if that was handed over.
        """
        left = hotline.remaining_limit(ended, at=ended.stopped_at)
        while ended.assignment is not None and ended.assignment.handed_to is not None:
            ended.assignment = ended.assignment.handed_to
        hotline.resume_clock(ended, at=self.at, limit=left, explanation={"rule": why})
        self._shows_elsewhere = True

    def continue_clock(self, ended: TicketClock, *, as_if_never_ended: bool) -> None:
        """Run an ended clock on to the date that it had. What passed meanwhile is told only if it counts as never ended."""
        hotline.continue_clock(ended, after=ended.stopped_at if as_if_never_ended else self.at)
        self._shows_elsewhere = True

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
        if self._shows_elsewhere:
            access.refresh(ticket)
        ticket.save(update_fields=MUTABLE)
        event = self.write_event(act, assignment=assignment, unit=unit, data=data)
        if reason:
            self.note(event, note_kind, reason, public=public)
        self.announce()
        return event

    def write_event(
        self, act: str, *, assignment: Assignment | None = None, unit: Any = None, data: dict[str, Any] | None = None
    ) -> TicketEvent:
        """An event of an act that has more than one. It is announced when the ticket is saved."""
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
        self._unannounced.append(event)
        return event

    def announce(self) -> None:
        """Send the signal for each event that was written, in order."""
        for event in self._unannounced:
            ticket_event.send(sender=Ticket, event=event)
        self._unannounced.clear()


def require_text(text: str, sentence: str, *, field: str = "") -> str:
    """The stripped text; refuses blanks with ``sentence``."""
    stripped = text.strip()
    if not stripped:
        raise InputRefused(sentence, field=field)
    return stripped


def require_reply(text: str, sentence: str, *, at: datetime) -> str:
    """Words for the citizen: not blank and not shorter than the parameter says."""
    stripped = require_text(text, sentence)
    least = parameters.integer("min_reply_chars", at=at)
    if len(stripped) < least:
        raise InputRefused(f"给群众的答复至少 {least} 个字。")
    return stripped
