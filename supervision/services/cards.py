"""Cards for units, from the breaches of a ticket's clocks. Which card follows from breach, clock and that moment's parameters."""

from collections.abc import Sequence
from datetime import datetime

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.models import Breach, Unit, User
from supervision.models import Card
from supervision.services.messages import Message
from supervision.states import BEFORE_DUE, CardKind
from tickets.models import Approval, Assignment, ExtensionRequest, Ticket, TicketClock, TicketClockBreach
from tickets.states import ClockKind, Urgency

BATCH = 200

DECIDERS = {
    ClockKind.DISPATCH: "tickets.dispatch_ticket",
    ClockKind.INFORMATION: "tickets.dispatch_ticket",
    ClockKind.APPROVAL: "tickets.review_completion",
    ClockKind.RETURN_REVIEW: "tickets.decide_return",
    ClockKind.EXTENSION: "tickets.decide_extension",
    ClockKind.RULING: "tickets.rule_dispute",
    ClockKind.DEFERRED_REVIEW: "tickets.review_completion",
}
"""Whose turn it is when the clock is one of a decision, not of a unit's handling."""


def card_kind(breach: TicketClockBreach) -> str:
    """Soon → 催办, or 黄牌 when the handling limit is within `yellow_card_before`; due → 红牌; later → 超期通知.

    Shandong 2017 (parameter yellow_card_before): yellow 1 working day before due, red on the first working day overdue. For limits in
    days `soon` is the opening of the last working day, so the yellow card is that moment's reminder: nobody is told twice.
    """
    if breach.threshold == Breach.Threshold.DUE:
        return CardKind.RED
    if breach.threshold != Breach.Threshold.SOON:
        return CardKind.OVERDUE
    clock = breach.clock
    ahead = parameters.limit("yellow_card_before", at=breach.at)
    is_near = load_calendar().add_working(breach.at, ahead) >= clock.due_at
    return CardKind.YELLOW if clock.kind == ClockKind.HANDLE and is_near else CardKind.REMINDER


def write_cards(*, breaches: Sequence[TicketClockBreach], at: datetime) -> None:
    """Insert the card of each breach that has none. Four queries or fewer however many they are, and no lock: the
    sweep holds the clocks already.
    """
    clocks = [breach.clock for breach in breaches]
    urgency = dict(Ticket.objects.filter(pk__in={clock.ticket_id for clock in clocks}).values_list("pk", "urgency"))
    units = _answerable_units(clocks)
    morning = parameters.after_hours("quiet_hours", at=at)
    Card.objects.bulk_create(
        (
            Card(
                kind=card_kind(breach),
                breach=breach,
                ticket_id=breach.clock.ticket_id,
                unit_id=units[breach.clock.pk],
                clock_kind=breach.clock.kind,
                overdue_days=_overdue_days(breach),
                at=breach.at,
                tell_after=morning if urgency[breach.clock.ticket_id] == Urgency.NORMAL else at,
            )
            for breach in breaches
        ),
        ignore_conflicts=True,
    )


def _overdue_days(breach: TicketClockBreach) -> int:
    _, _, days = breach.threshold.partition("overdue_")
    return int(days or 0)


def _answerable_units(clocks: Sequence[TicketClock]) -> dict[int, int]:
    """Clock → whose limit it is: the unit's of the assignment, the approving unit's, the giver's of a request, else
    the centre's.
    """
    parts = {clock.assignment_id for clock in clocks if clock.assignment_id is not None}
    reviewed = {clock.ticket_id for clock in clocks if clock.kind == ClockKind.APPROVAL}
    unit_and_giver = {
        pk: (unit, giver)
        for pk, unit, giver in Assignment.objects.filter(pk__in=parts).values_list("pk", "unit", "parent__unit")
    }
    steps = list(
        Approval.objects.filter(ticket__in=reviewed).order_by("-pk").values_list("ticket", "created_at", "unit")
    )
    centre = Unit.objects.values_list("pk", flat=True).get(kind=Unit.Kind.CENTRE)
    units = {}
    for clock in clocks:
        unit, giver = unit_and_giver.get(clock.assignment_id, (None, None))
        if clock.kind == ClockKind.APPROVAL:
            unit = next((of for ticket, at, of in steps if ticket == clock.ticket_id and at <= clock.started_at), None)
        elif clock.kind in DECIDERS:
            unit = giver
        units[clock.pk] = unit or centre
    return units


def messages_of(pks: Sequence[int], *, at: datetime) -> dict[Card, list[Message]]:
    """Locked cards that are not told yet, with what their unit hears; nothing where nobody needs to hear it any more."""
    cards = (
        Card.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk__in=pks, told_at__isnull=True)
        .select_related("ticket", "unit", "breach__clock__assignment__handler__deputy")
        .order_by("tell_after", "pk")
    )
    return {card: [] if _is_moot(card) else [_message(card)] for card in cards}


def _message(card: Card) -> Message:
    return Message(
        kind=f"card_{card.kind}",
        number=card.ticket.number,
        dedupe=f"card:{card.pk}",
        posts=[(_post(card), card.unit_id)],
        handler=_handler(card),
        ticket=card.ticket,
    )


def _is_moot(card: Card) -> bool:
    """Nobody needs to hear that something will be due when it is done already."""
    return card.kind in BEFORE_DUE and card.breach.clock.stopped_at is not None


def _post(card: Card) -> str:
    """The permission of those who are told: the liaisons and heads of the unit; of a decision, those who decide it."""
    if card.clock_kind == ClockKind.APPROVAL and card.unit.kind != Unit.Kind.CENTRE:
        return "tickets.approve_result"
    if card.clock_kind == ClockKind.EXTENSION and _is_asked_again(card.breach.clock):
        return "tickets.extend_again"
    return DECIDERS.get(ClockKind(card.clock_kind), "tickets.pass_down_ticket")


def _is_asked_again(clock: TicketClock) -> bool:
    asked = ExtensionRequest.objects.filter(assignment=clock.assignment_id, requested_at__lte=clock.started_at)
    return asked.order_by("-requested_at", "-pk").values_list("is_again", flat=True).first() or False


def _handler(card: Card) -> User | None:
    """Who has it in hand, when it is a limit of handling."""
    part = card.breach.clock.assignment
    return None if card.clock_kind in DECIDERS or part is None else part.handler


def missing_cards(*, since: datetime) -> list[TicketClockBreach]:
    """Breaches found since then that have no card, the oldest first; a bounded number."""
    found = TicketClockBreach.objects.filter(card__isnull=True, found_at__gte=since)
    return list(found.select_related("clock").order_by("pk")[:BATCH])
