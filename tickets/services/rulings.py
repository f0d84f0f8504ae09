"""The ruling that holds for a ticket, and the end of an objection to it. Written by whoever rules, recalls or takes back."""

from collections.abc import Iterable

from hotline import services as hotline
from hotline.models import Clock, Unit
from responsibility.models import DutyItem
from tickets.models import Assignment, Objection, ObjectionClock, Ruling, TicketEvent
from tickets.services.act import Act
from tickets.states import ObjectionState, RulingKind


def give_ruling(
    act: Act, event: TicketEvent, kind: RulingKind, *, unit: Unit, item: DutyItem | None, grounds: str
) -> Ruling:
    """What holds from now on, as ``event`` records it; the ruling before it holds no longer."""
    end_ruling(act)
    return Ruling.objects.create(
        ticket=act.ticket,
        event=event,
        kind=kind,
        unit=unit,
        item=item,
        category=act.ticket.category,
        grounds=grounds,
        by=act.by,
        at=act.at,
    )


def end_ruling(act: Act) -> None:
    """Superseded, or recalled as the centre's own mistake: no precedent any more."""
    Ruling.objects.filter(ticket=act.ticket, ended_at__isnull=True).update(ended_at=act.at)


def end_objection(act: Act, objection: Objection, state: ObjectionState) -> None:
    """Its own limit is met when it was ruled; what others were asked has lost its subject."""
    running = objection.clocks.filter(stopped_at__isnull=True)
    outcome = Clock.Outcome.MET if state == ObjectionState.RULED else Clock.Outcome.VOID
    hotline.stop_clocks(running.filter(kind=ObjectionClock.COORDINATION), at=act.at, outcome=outcome)
    hotline.stop_clocks(running, at=act.at, outcome=Clock.Outcome.VOID)
    objection.state, objection.ended_at, objection.ended_by = state, act.at, act.by
    objection.save(update_fields=["state", "ended_at", "ended_by"])
    act.ticket.has_objection = False


def lapse_objection(act: Act, parts: Iterable[Assignment]) -> None:
    """Whoever objected has the matter no longer."""
    if not act.ticket.has_objection:
        return
    found = Objection.objects.filter(ticket=act.ticket, state=ObjectionState.OPEN, assignment__in=parts).first()
    if found is not None:
        end_objection(act, found, ObjectionState.LAPSED)
