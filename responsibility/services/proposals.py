"""Matters proposed to the list by the rulings they came from: taken into a draft with an item that names the ticket, or dismissed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hotline.masking import redact
from hotline.models import Unit, User
from responsibility import rights
from responsibility.models import Category, DutyItem, DutyItemEvent, ItemProposal
from responsibility.services.life import DutyRefused, let_ask_again, words_of
from responsibility.states import ItemAct, ProposalState


def propose_item(
    *,
    ticket_number: str,
    title: str,
    text: str,
    kind: str,
    category: Category | None,
    unit: Unit,
    item: DutyItem | None,
    grounds: str,
    at: datetime,
) -> ItemProposal:
    """Propose what a first handler did without objection; a ticket is proposed once. Words are redacted here."""
    proposal, _ = ItemProposal.objects.get_or_create(
        ticket_number=ticket_number,
        defaults={
            "title": redact(title),
            "text": redact(text),
            "kind": kind,
            "category": category,
            "unit": unit,
            "item": item,
            "grounds": redact(grounds),
            "proposed_at": at,
        },
    )
    return proposal


@transaction.atomic
def dismiss_proposal(*, proposal_id: int, reason: str, by: User | None, at: datetime) -> ItemProposal:
    """The list needs no item for it, and why."""
    rights.require(by, rights.EDIT, at)
    proposal = ItemProposal.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal_id)
    reason = words_of(reason, "请写明为什么不纳入清单。")
    if proposal.state != ProposalState.PENDING:
        raise DutyRefused(f"{proposal.ticket_number} 的提请{proposal.get_state_display()}，不能再决定。")
    proposal.state, proposal.decision_reason = ProposalState.DISMISSED, reason
    proposal.decided_by, proposal.decided_at = by, at
    proposal.save(update_fields=["state", "decision_reason", "decided_by", "decided_at"])
    return proposal


def take_proposal(*, ticket_number: str, duty_list_id: int, by: User | None, at: datetime) -> None:
    """An item of a draft names the ticket as where it came from: that is what the proposal asked for."""
    ItemProposal.objects.filter(ticket_number=ticket_number, state=ProposalState.PENDING).update(
        state=ProposalState.TAKEN, duty_list=duty_list_id, decided_by=by, decided_at=at
    )


def give_proposals_back(*, duty_list_id: int, codes: Iterable[str]) -> list[str]:
    """Of items that a draft no longer has: what they were taken up for asks again, unless another item names the ticket too.

    Returns the numbers of those tickets.
    """
    named = DutyItemEvent.objects.filter(duty_list=duty_list_id, act__in=[ItemAct.ADD, ItemAct.CHANGE])
    there = DutyItem.objects.filter(duty_list=duty_list_id).values("code")
    lost = ItemProposal.objects.filter(
        duty_list=duty_list_id,
        state=ProposalState.TAKEN,
        ticket_number__in=named.filter(code__in=codes).values("ticket_number"),
    ).exclude(ticket_number__in=named.filter(code__in=there).values("ticket_number"))
    numbers = list(lost.order_by("pk").values_list("ticket_number", flat=True))
    let_ask_again(ItemProposal.objects.filter(ticket_number__in=numbers))
    return numbers
