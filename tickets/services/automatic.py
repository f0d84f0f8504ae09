"""自动派单: a ticket is dispatched without a dispatcher where an administrator allowed its item and nothing speaks against it.

Everything else is left to people, and so is what comes back. A weekly sample is read; an item of which too much comes back
switches itself off.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from hotline import services as hotline
from hotline.models import Unit, User
from hotline.rights import require
from hotline.selectors import people_with_right
from responsibility import rights as duty_rights
from responsibility import selectors as responsibility
from responsibility import services as duties
from responsibility.models import ItemSwitch
from responsibility.states import Outcome
from tickets.models import AutomaticDispatch, Ticket, TicketEvent
from tickets.rights import DISPATCH
from tickets.selectors import automatic as reads
from tickets.services.act import Act, InputRefused
from tickets.services.dispatch import give_to_units
from tickets.states import Secrecy, TicketState, Urgency


@transaction.atomic
def dispatch_by_itself(*, ticket_id: int, unless: Callable[[], bool], at: datetime) -> TicketEvent | None:
    """Give the ticket to the unit that is proposed for it, if all of `_sure` holds; None: it is left to people.

    Locks as a dispatcher's dispatch does: whoever was faster wins. May be called any number of times. Whether a similar
    matter is open only the room above knows: `unless` asks it, once the ticket is locked.
    """
    proposed = Ticket.objects.filter(pk=ticket_id).values_list("proposed_unit", flat=True).get()
    if proposed is None:
        return None
    [unit] = hotline.lock_units([Unit(pk=proposed)])
    act = Act.on_ticket(ticket_id, by=None, at=at)
    candidate = _sure(act.ticket, unit, at=at)
    if candidate is None or unless():
        return None
    item = candidate.item
    event = give_to_units(
        act,
        unit=unit,
        item=item,
        outcome=Outcome.AUTOMATIC,
        data={
            "list": item.duty_list_id,
            "model": candidate.model,
            "confidence": round(candidate.confidence, 4),
            "margin": round(candidate.margin, 4),
        },
    )
    AutomaticDispatch.objects.create(
        ticket=act.ticket,
        event=event,
        assignment_id=event.assignment_id,
        item_code=item.code,
        duty_list_id=item.duty_list_id,
        model=candidate.model,
        confidence=candidate.confidence,
        margin=candidate.margin,
        at=at,
    )
    return event


def _sure(ticket: Ticket, unit: Unit, *, at: datetime) -> responsibility.Candidate | None:
    """The proposal, where the ticket is one that may go by itself and nothing about it is in doubt."""
    if not _may_go(ticket) or ticket.proposed_unit_id != unit.pk or not unit.is_valid(at):
        return None
    switch = responsibility.switch_of(ticket.proposed_item.code) if ticket.proposed_item else None
    if switch is None or reads.too_many_came_back(switch, at=at):
        return None
    found = responsibility.suggest(
        text=f"{ticket.title}\n{ticket.text}",
        category=ticket.category,
        region=ticket.region,
        kind=ticket.kind,
        at=at,
    )
    best = next((one for one in found if not one.refused), None)
    if best is None or (best.item.pk, best.unit) != (ticket.proposed_item_id, unit):
        return None
    return None if responsibility.why_not_by_itself(best, kind=ticket.kind, at=at) else best


def _may_go(ticket: Ticket) -> bool:
    """Waits for its first dispatch, is not urgent and not restricted; nobody wants it withdrawn or held."""
    return (
        ticket.state == TicketState.PENDING_DISPATCH
        and ticket.urgency == Urgency.NORMAL
        and ticket.secrecy == Secrecy.OPEN
        and not ticket.withdrawal_proposed
        and not ticket.open_hold_count
        and not ticket.assignments.exists()
    )


# --- too much came back


def watch_switches(*, at: datetime) -> int:
    """Switch off the items of which too much came back, and tell the administrators. Returns how many."""
    on = list(responsibility.switches_on().values_list("pk", flat=True))
    return len(hotline.one_by_one(lambda switch_id: _switch_off_if_wrong(switch_id, at), on))


@transaction.atomic
def _switch_off_if_wrong(switch_id: int, at: datetime) -> bool:
    switch = ItemSwitch.objects.select_for_update(no_key=True).get(pk=switch_id)
    if switch.off_at is not None or not reads.too_many_came_back(switch, at=at):
        return False
    record = reads.record_of([switch], at=at)[switch.pk]
    duties.switch_item_off(
        switch_id=switch.pk,
        reason=f"自动派出 {record.dispatched} 件，退回 {record.came_back} 件，超过比例。",
        by=None,
        at=at,
    )
    hotline.notify(
        users=people_with_right(duty_rights.AUTOMATE, at=at),
        kind="auto_dispatch_off",
        number=switch.code,
        at=at,
        dedupe=f"auto-dispatch-off:{switch.pk}",
    )
    return True


# --- the weekly sample


@transaction.atomic
def judge_automatic(*, dispatch_id: int, right: bool, words: str = "", by: User, at: datetime) -> AutomaticDispatch:
    """What whoever read it says. Of the sample only; the last word counts."""
    require(by, DISPATCH.permission, at)
    row = AutomaticDispatch.objects.select_for_update(of=("self",), no_key=True).get(pk=dispatch_id)
    if row.pk not in reads.sample_of(reads.week_of(row.at), at=at):
        raise InputRefused("这一件不在那一周的抽样里。")
    words = words.strip()
    if not right and not words:
        raise InputRefused("派错的，请写明哪里不对、该派给谁。")
    row.right, row.words, row.read_by, row.read_at = right, "" if right else words[:200], by, at
    row.save(update_fields=["right", "words", "read_by", "read_at"])
    return row
