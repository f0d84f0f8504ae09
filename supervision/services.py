"""Cards from breaches, and telling people about them.

- A breach gives at most one card, whoever writes it first: the receiver or the reconciliation.
- Which card it is follows from the breach, its clock and the parameters of that moment.
- The row is written at once; people are told once, not at night unless the ticket is urgent.
"""

from datetime import datetime, timedelta

from django.db import transaction

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.dates import local
from hotline.models import Breach, Unit, User
from hotline.selectors import people_with_right
from hotline.services import notify
from supervision.models import Card
from supervision.states import BEFORE_DUE, CardKind
from tickets.models import Approval, Ticket, TicketClock, TicketClockBreach
from tickets.states import ApprovalState, ClockKind, Urgency

BATCH = 200
LOOK_BACK = timedelta(days=7)
"""How far the reconciliation looks for breaches without a card."""

DECIDERS = {
    ClockKind.DISPATCH: "tickets.dispatch_ticket",
    ClockKind.APPROVAL: "tickets.review_completion",
    ClockKind.RETURN_REVIEW: "tickets.decide_return",
    ClockKind.EXTENSION: "tickets.decide_extension",
    ClockKind.RULING: "tickets.rule_dispute",
    ClockKind.DEFERRED_REVIEW: "tickets.review_completion",
}
"""Whose turn it is when the clock is one of a decision, not of a unit's handling."""


def card_kind(breach: TicketClockBreach) -> str:
    """Soon → 催办, or 黄牌 when the handling limit is within `yellow_card_before`; due → 红牌; later → 超期通知.

    Shandong 2017 (domain row 37): yellow 1 working day before due, red on the first working day overdue. For limits in
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


def write_card(*, breach: TicketClockBreach, at: datetime) -> bool:
    """Insert the card of a breach; false when it has one. Locks nothing: the sweep holds the clock already."""
    clock = breach.clock
    urgency = Ticket.objects.values_list("urgency", flat=True).get(pk=clock.ticket_id)
    card = Card(
        kind=card_kind(breach),
        breach=breach,
        ticket_id=clock.ticket_id,
        unit=_answerable(clock),
        clock_kind=clock.kind,
        overdue_days=_overdue_days(breach),
        at=breach.at,
        tell_after=at if urgency != Urgency.NORMAL else after_quiet_hours(at),
    )
    with transaction.atomic():
        before = Card.objects.filter(breach=breach).exists()
        Card.objects.bulk_create([card], ignore_conflicts=True)
    return not before


def _overdue_days(breach: TicketClockBreach) -> int:
    _, _, days = breach.threshold.partition("overdue_")
    return int(days or 0)


def _answerable(clock: TicketClock) -> Unit:
    """Whose limit it is: the unit's of the assignment, the approving unit's, the giver's of a request, else the centre's."""
    if clock.kind == ClockKind.APPROVAL:
        pending = Approval.objects.filter(ticket=clock.ticket_id, state=ApprovalState.PENDING).select_related("unit")
        approval = pending.order_by("-pk").first()
        if approval is not None:
            return approval.unit
    elif clock.assignment is not None:
        if clock.kind not in DECIDERS:
            return clock.assignment.unit
        if clock.assignment.parent is not None:
            return clock.assignment.parent.unit
    return Unit.objects.get(kind=Unit.Kind.CENTRE)


def after_quiet_hours(at: datetime) -> datetime:
    """`at`, or the end of the quiet hours it falls into (parameter quiet_hours, which may run past midnight)."""
    here = local(at)
    if not parameters.is_within_hours("quiet_hours", at=at, local_time=here):
        return at
    _, ends = parameters.hours("quiet_hours", at=at)
    end = here.replace(hour=ends // 60, minute=ends % 60, second=0, microsecond=0)
    return end if end > here else end + timedelta(days=1)


def tell_units(*, at: datetime) -> int:
    """Send the notices of cards whose hour has come. Bounded and safe beside itself. Returns how many cards were told."""
    told = 0
    ids = list(
        Card.objects.filter(told_at__isnull=True, tell_after__lte=at)
        .order_by("tell_after", "pk")
        .values_list("pk", flat=True)[:BATCH]
    )
    for pk in ids:
        told += _tell(pk, at=at)
    return told


@transaction.atomic
def _tell(card_id: int, *, at: datetime) -> bool:
    card = (
        Card.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("ticket", "unit", "breach__clock__assignment__handler")
        .filter(pk=card_id, told_at__isnull=True)
        .first()
    )
    if card is None:
        return False
    is_moot = card.kind in BEFORE_DUE and card.breach.clock.stopped_at is not None
    people = {} if is_moot else {user.pk: user for user in _told(card)}
    if people:
        notify(
            users=people.values(),
            kind=f"card_{card.kind}",
            number=card.ticket.number,
            at=at,
            dedupe=f"card:{card.pk}",
        )
    card.told_at, card.told_count = at, len(people)
    card.save(update_fields=["told_at", "told_count"])
    return True


def _told(card: Card) -> list[User]:
    """The handler, and the liaisons and heads of the unit; a decision's clock, those who decide there."""
    decider = DECIDERS.get(ClockKind(card.clock_kind))
    if decider is not None and card.unit.kind != Unit.Kind.CENTRE and card.clock_kind == ClockKind.APPROVAL:
        decider = "tickets.approve_result"
    permission = decider or "tickets.pass_down_ticket"
    people = list(people_with_right(permission, [card.unit]))
    assignment = card.breach.clock.assignment
    if decider is None and assignment is not None and assignment.handler is not None:
        people.append(assignment.handler)
    return people


def reconcile_cards(*, at: datetime) -> int:
    """Write the cards of recent breaches that have none. Returns how many were missing."""
    missing = (
        TicketClockBreach.objects.filter(card__isnull=True, found_at__gte=at - LOOK_BACK)
        .select_related("clock__assignment__unit", "clock__assignment__parent__unit")
        .order_by("pk")[:BATCH]
    )
    return sum(write_card(breach=breach, at=at) for breach in missing)
