"""并单: what the system proposes, what people settle, what it may link by itself, and what wrong merges teach.

赣市改字〔2025〕10号 13: 对汇聚的不同渠道的重复诉求事项实行并单处理. A proposal changes nothing. Whoever confirms one goes
through the services that link appeals and merge tickets: every caller keeps number, clock and follow-up.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from channels_merge import rights
from channels_merge.models import (
    Appeal,
    AppealLink,
    Channel,
    MergeLook,
    MergeProposal,
    MergeRecord,
    MergeSwitch,
    ProposalKind,
    ProposalState,
    ThresholdProposal,
    ThresholdState,
    UndoneAs,
)
from channels_merge.selectors import merge_figures
from channels_merge.selectors import merging as reads
from channels_merge.selectors.appeals import carried_by
from channels_merge.selectors.petition import in_petition
from channels_merge.services import petition, repeats
from channels_merge.services.intake import accept_appeal
from channels_merge.services.linking import unlink_appeal
from hotline import masking, parameters
from hotline.errors import DomainError
from hotline.models import User
from hotline.selectors import people_with_right
from hotline.services import notify, one_by_one, set_parameter, step_by_step
from responsibility import selectors as responsibility
from responsibility.models import Category
from tickets import services as tickets
from tickets.models import Ticket
from tickets.states import Secrecy, TicketState

logger = logging.getLogger(__name__)

MOST_PROPOSED: Final = 3
"""For one appeal: who looks at more than three does not look."""
MISSED_AFTER: Final = timedelta(minutes=1)
MISSED_WITHIN: Final = timedelta(days=2)
BATCH: Final = 200
CHECKED: Final = 500
"""Pairs that one run of the minute looks at again: of ten thousand each has its turn within twenty minutes."""
UNDO: Final = timedelta(seconds=40)
"""The page offers 撤回 for 30 seconds; the rest is the way of the request."""
BY_ITSELF: Final = "系统并单"


class MergeRefused(DomainError):
    """The pair is settled, or no longer what was shown. Nothing was changed."""


# --- proposing


def look_at(*, appeal_id: int, at: datetime) -> int:
    """Hold one appeal against the pool; returns how many pairs were proposed. Does nothing the second time."""
    if MergeLook.objects.filter(appeal=appeal_id).exists():
        return 0
    appeal = reads.with_carrier(Appeal.objects.filter(pk=appeal_id)).get()
    near = reads.nearest(appeal, at=at)
    with transaction.atomic():
        MergeLook.objects.bulk_create([MergeLook(appeal=appeal, at=at)], ignore_conflicts=True)
        repeats.note_repeats(appeal, near)
        # Others that wait like this one are pairs for later: their own look pairs them with the ticket.
        proposed = _propose(appeal, [one for one in near if one.ticket][:MOST_PROPOSED] or near[:1], at=at)
    for proposal, found in proposed:
        if _link_by_itself(proposal, found, at=at):
            break
    return len(proposed)


def _propose(appeal: Appeal, near: Iterable[reads.Near], *, at: datetime) -> list[tuple[MergeProposal, reads.Near]]:
    own = reads.carrier(appeal)
    mine = carried_by(own.pk).values_list("pk", flat=True) if own else [appeal.pk]
    new = []
    for found in near:
        theirs = carried_by(found.ticket.pk).values_list("pk", flat=True) if found.ticket else [found.appeal.pk]
        if reads.proposals_between(mine, theirs).exists():
            continue
        earlier, later = sorted((appeal, found.appeal), key=lambda one: (one.received_at, one.pk))
        proposal, is_new = MergeProposal.objects.get_or_create(
            appeal=later,
            other=earlier,
            defaults={
                "kind": found.kind,
                "probability": found.probability,
                "words": masking.redact(found.explanation.words)[:300],
                "found_at": at,
                "checked_at": at,
                "sort_at": at,
            },
        )
        if is_new:
            new.append((proposal, found))
    return new


def look_after(*, at: datetime) -> dict[str, int]:
    """What happens every minute by the clock. A step that fails holds up none of the others."""
    steps = {
        "looked_at": lambda: look_at_missed(at=at),
        "joined": lambda: join_reopened(at=at),
        "settled": lambda: settle_stale(at=at),
        "switched_off": lambda: watch_switches(at=at),
    }
    return step_by_step(steps)


def look_at_missed(*, at: datetime) -> int:
    """Appeals that nobody has held against the pool yet: those typed at the desk, and what a lost message left out."""
    looked = MergeLook.objects.filter(appeal=OuterRef("pk"))
    missed = Appeal.objects.filter(
        ~Exists(looked),
        received_at__gte=at - MISSED_WITHIN,
        received_at__lte=at - MISSED_AFTER,
        state__in=reads.COMPARED_STATES,
        secrecy=Secrecy.OPEN,
    )
    found = list(missed.order_by("pk").values_list("pk", flat=True)[:BATCH])
    one_by_one(lambda appeal_id: look_at(appeal_id=appeal_id, at=at) or True, found)
    return len(found)


def settle_stale(*, at: datetime, most: int = CHECKED) -> int:
    """Pairs about which nothing is left to decide, and those whose ticket was closed since, of another kind now; returns
    how many changed.

    Looks at the `most` pairs that were looked at longest ago. Until a pair has its turn, whoever opens it reads how it stands.
    """
    too_old = at - timedelta(days=parameters.integer("merge_proposal_days", at=at))
    open_ones = MergeProposal.objects.filter(state=ProposalState.OPEN)
    looked_at = list(reads.with_sides(open_ones.order_by("checked_at", "pk")[:most]))
    changed = 0
    for proposal in looked_at:
        plan = reads.plan_of(proposal)
        kind = ProposalKind.REPEAT if plan.how == reads.How.REOPEN else ProposalKind.MERGE
        if plan.how == reads.How.LAPSED or proposal.found_at < too_old:
            changed += open_ones.filter(pk=proposal.pk).update(state=ProposalState.LAPSED, at=at)
        elif plan.how != reads.How.WAIT and kind != proposal.kind:
            changed += open_ones.filter(pk=proposal.pk).update(kind=kind)
    open_ones.filter(pk__in=[proposal.pk for proposal in looked_at]).update(checked_at=at)
    return changed


# --- linking by itself


def _link_by_itself(proposal: MergeProposal, found: reads.Near, *, at: datetime) -> bool:
    """Where a switch is on, nothing speaks against it and it is likely enough. What cannot be done is left to people."""
    likely = proposal.probability >= float(parameters.number("merge_link_by_itself", at=at))
    if not likely or not found.explanation.may_link or not _is_switched_on(proposal.appeal):
        return False
    try:
        with transaction.atomic():
            locked = _locked(proposal.pk)
            plan = reads.plan_of(locked)
            if locked.state != ProposalState.OPEN or not _may_go_by_itself(plan, at=at):
                return False
            _carry_out(locked, plan, reason=f"{BY_ITSELF}：{locked.words}"[:200], by=None, at=at)
    except DomainError as refused:
        logger.info("proposal %s is left to people: %s", proposal.pk, type(refused).__name__)
        return False
    return True


def _goes_another_way(appeal: Appeal, *, at: datetime) -> bool:
    """Whether to accept it at all is for a person: it is in petition, or a legal route is the first that is proposed."""
    # Both are looked for on arrival, in no order.
    petition.match_appeal(appeal_id=appeal.pk, at=at)
    if in_petition(appeal):
        return True
    words = f"{appeal.title}\n{appeal.text}\n{appeal.place}"
    found = responsibility.suggest(text=words, category=appeal.category, region=appeal.region, kind=appeal.kind, at=at)
    return bool(found) and found[0].is_legal_route


def _is_switched_on(appeal: Appeal) -> bool:
    above = Category.objects.filter(pk=appeal.category_id).values_list("pk", "parent", "parent__parent")
    categories = [pk for row in above for pk in row if pk]
    on = MergeSwitch.objects.filter(off_at=None)
    return on.filter(Q(channel=appeal.channel_id) | Q(category__in=categories)).exists()


def _may_go_by_itself(plan: reads.Plan, *, at: datetime) -> bool:
    """Only what no unit has yet: an appeal that waits, or a ticket of one appeal that waits for dispatch."""
    if plan.how == reads.How.ACCEPT:
        return not _goes_another_way(plan.goes, at=at)
    goes = reads.carrier(plan.goes)
    return (
        plan.how == reads.How.MERGE
        and goes is not None
        and goes.state in reads.BEFORE_A_UNIT
        and goes.merged_count == 0
        and carried_by(goes.pk).count() == 1
    )


@transaction.atomic
def switch_on(
    *, channel: Channel | None = None, category: Category | None = None, by: User, at: datetime
) -> MergeSwitch:
    """From now on the system links what it is sure of, of this channel or this category."""
    rights.require(by, rights.MANAGE_MERGING, at)
    if (channel is None) == (category is None):
        raise MergeRefused("请选择一个渠道或一类事项。")
    try:
        with transaction.atomic():
            return MergeSwitch.objects.create(channel=channel, category=category, on_at=at, on_by=by)
    except IntegrityError as taken:
        raise MergeRefused("这里已经开启自动并单。") from taken


@transaction.atomic
def switch_off(*, switch_id: int, by: User, at: datetime) -> MergeSwitch:
    rights.require(by, rights.MANAGE_MERGING, at)
    switch = MergeSwitch.objects.select_for_update(of=("self",), no_key=True).get(pk=switch_id)
    if switch.off_at is not None:
        raise MergeRefused("自动并单已经关闭。")
    switch.off_at, switch.off_by = at, by
    switch.save(update_fields=["off_at", "off_by"])
    return switch


def watch_switches(*, at: datetime) -> int:
    """Switch off where too many of what the system linked was wrong, and tell whoever is in charge."""
    on = MergeSwitch.objects.filter(off_at=None).order_by("pk").values_list("pk", flat=True)
    return len(one_by_one(lambda switch_id: _switch_off_if_wrong(switch_id, at), list(on)))


@transaction.atomic
def _switch_off_if_wrong(switch_id: int, at: datetime) -> bool:
    switch = MergeSwitch.objects.select_for_update(no_key=True).get(pk=switch_id)
    linked, wrong = merge_figures.switches().values_list("linked", "wrong").get(pk=switch_id)  # type: ignore[misc]
    share = parameters.number("merge_wrong_share", at=at)
    if switch.off_at or wrong < parameters.integer("merge_wrong_least", at=at) or wrong <= share * linked:
        return False
    switch.off_at = at
    switch.save(update_fields=["off_at"])
    notify(
        users=people_with_right(rights.MANAGE_MERGING, at=at),
        kind="merge_switched_off",
        number="",
        at=at,
        dedupe=f"merge-off:{switch.pk}",
    )
    return True


# --- settling


@dataclass(frozen=True)
class Settled:
    proposal: MergeProposal
    sentence: str


@transaction.atomic
def confirm_proposal(*, proposal_id: int, how: str, by: User, at: datetime) -> Settled:
    """They are one matter. `how` is what the person was shown: if it is another by now, nothing is done.

    An appeal that waits is accepted onto the ticket; of two tickets one goes into the other; of a closed one the
    reviewers are asked to open it again.
    """
    rights.require(by, rights.REVIEW_MERGES, at)
    proposal = _open(proposal_id)
    plan = reads.plan_of(proposal)
    if plan.why:
        raise MergeRefused(plan.why)
    if plan.how != how:
        raise MergeRefused(_changed(plan))
    return Settled(proposal, _carry_out(proposal, plan, reason=f"核对为同一件。{proposal.words}"[:200], by=by, at=at))


def _changed(plan: reads.Plan) -> str:
    ticket = plan.ticket
    if plan.how == reads.How.REOPEN and ticket is not None:
        return f"工单 {ticket.number} 刚刚办结，不能再并单。如是同一件，请再按一次，提请审核员重开。"
    return "这一对刚有变化，请看过再定。"


def _carry_out(proposal: MergeProposal, plan: reads.Plan, *, reason: str, by: User | None, at: datetime) -> str:
    """Do what the plan says and settle the proposal; returns the sentence that says what was done."""
    assert plan.ticket is not None  # noqa: S101 -- plans without a ticket were refused
    into = plan.ticket
    if plan.how == reads.How.ACCEPT:
        accept_appeal(appeal_id=plan.goes.pk, ticket_id=into.pk, reason=reason, by=by, at=at)
        record = MergeRecord.objects.filter(appeal=plan.goes, undone_at=None).latest("pk")
        sentence = f"{plan.goes.number} 已受理，并入 {into.number}。"
    elif plan.how == reads.How.MERGE:
        goes = reads.carrier(plan.goes)
        tickets.merge_ticket(ticket_id=goes.pk, into_id=into.pk, reason=reason, by=by, at=at)
        record = MergeRecord.objects.filter(ticket=goes, undone_at=None).latest("pk")
        sentence = f"{goes.number} 已并入 {into.number}。"
    else:
        record = None
        _ask_to_reopen(into, proposal, at=at)
        sentence = f"已记为同一件，提请审核员重开 {into.number}。"
    if record is not None:
        record.proposal = proposal
        record.save(update_fields=["proposal"])
    _settle(proposal, ProposalState.CONFIRMED, by=by, at=at)
    return sentence


def _ask_to_reopen(ticket: Ticket, proposal: MergeProposal, *, at: datetime) -> None:
    notify(
        users=people_with_right("tickets.close_ticket", at=at),
        kind="reopen_proposed",
        number=ticket.number,
        at=at,
        dedupe=f"reopen:{proposal.pk}",
    )


@transaction.atomic
def refuse_proposal(*, proposal_id: int, by: User, at: datetime) -> Settled:
    """They are two matters: the pair is not proposed again, and the same person has not repeated anything."""
    rights.require(by, rights.REVIEW_MERGES, at)
    proposal = _open(proposal_id)
    repeats.forget_repeat(proposal.appeal, proposal.other)
    _settle(proposal, ProposalState.REFUSED, by=by, at=at)
    return Settled(proposal, f"{proposal.appeal.number} 与 {proposal.other.number} 记为不是同一件。")


@transaction.atomic
def put_off_proposal(*, proposal_id: int, by: User, at: datetime) -> Settled:
    """To the end of the worklist, for everybody."""
    rights.require(by, rights.REVIEW_MERGES, at)
    proposal = _open(proposal_id)
    proposal.sort_at = at
    proposal.save(update_fields=["sort_at"])
    return Settled(proposal, f"{proposal.appeal.number} 放到最后。")


@transaction.atomic
def undo_proposal(*, proposal_id: int, by: User, at: datetime) -> Settled:
    """Take back what the same person has just settled. A merge that is taken back at once was no wrong merge."""
    rights.require(by, rights.REVIEW_MERGES, at)
    proposal = _locked(proposal_id)
    if proposal.by_id != by.pk or proposal.at is None or at - proposal.at > UNDO:
        raise MergeRefused("已过 30 秒，不能撤回。要分开请在工单页拆回，或在诉求页拆出。")
    record = proposal.records.filter(undone_at=None).order_by("-pk").first()
    sentence = "已撤回，重新待核对。"
    if record is not None and record.ticket_id is not None:
        tickets.unmerge_ticket(ticket_id=record.ticket_id, reason="并单后立即撤回", by=by, at=at)
    elif record is not None and record.appeal_id is not None:
        ticket = unlink_appeal(appeal_id=record.appeal_id, reason="并单后立即撤回", by=by, at=at)
        sentence = f"已撤回：诉求已受理，单独建为工单 {ticket.number}；这一对重新待核对。"
    if record is not None:
        MergeRecord.objects.filter(pk=record.pk).update(undone_at=at, undone_by=by, undone_as=UndoneAs.SLIP)
    if proposal.state == ProposalState.REFUSED:
        repeats.note_again(proposal)
    _settle(proposal, ProposalState.OPEN, by=None, at=None)
    return Settled(proposal, sentence)


def _locked(proposal_id: int) -> MergeProposal:
    # Read after the lock is held: what is joined in the locking query stays as it was before the wait.
    MergeProposal.objects.select_for_update(no_key=True).get(pk=proposal_id)
    return reads.with_sides(MergeProposal.objects.filter(pk=proposal_id)).get()


def _open(proposal_id: int) -> MergeProposal:
    proposal = _locked(proposal_id)
    if proposal.state == ProposalState.OPEN:
        return proposal
    moment = f"{timezone.localtime(proposal.at):%H:%M}" if proposal.at else ""
    who = proposal.by.masked_name if proposal.by else "系统"
    raise MergeRefused(f"{who}已于 {moment} 记为“{proposal.get_state_display()}”，没有重复办理。")


def _settle(proposal: MergeProposal, state: ProposalState, *, by: User | None, at: datetime | None) -> None:
    proposal.state, proposal.by, proposal.at = state, by, at
    proposal.save(update_fields=["state", "by", "at"])


def join_reopened(*, at: datetime) -> int:
    """Closed tickets that were opened again: what people had confirmed to be the same goes into them. May run twice."""
    days = timedelta(days=parameters.integer("merge_proposal_days", at=at))
    closed = AppealLink.objects.filter(
        Q(appeal=OuterRef("appeal")) | Q(appeal=OuterRef("other")), until=None, ticket__state=TicketState.CLOSED
    )
    waiting = MergeProposal.objects.filter(
        ~Exists(closed),
        ~Exists(merge_figures.counted().filter(proposal=OuterRef("pk"))),
        kind=ProposalKind.REPEAT,
        state=ProposalState.CONFIRMED,
        at__gte=at - days,
    )
    return len(one_by_one(lambda pk: _join(pk, at), list(waiting.order_by("pk").values_list("pk", flat=True))))


@transaction.atomic
def _join(proposal_id: int, at: datetime) -> bool:
    proposal = _locked(proposal_id)
    plan = reads.plan_of(proposal)
    if (
        plan.how not in {reads.How.ACCEPT, reads.How.MERGE}
        or merge_figures.counted().filter(proposal=proposal).exists()
    ):
        return False
    by, confirmed_at = proposal.by, proposal.at
    _carry_out(proposal, plan, reason="核对为同一件，重开后并入。", by=None, at=at)
    _settle(proposal, ProposalState.CONFIRMED, by=by, at=confirmed_at)
    return True


# --- what the decisions teach


def propose_threshold(*, at: datetime) -> ThresholdProposal | None:
    """The least threshold above which enough was confirmed of the last decisions, if it is another than the one in force.

    Replaces what waits. Nothing is changed before a person adopts it.
    """
    found = merge_figures.learned_threshold(at=at)
    in_force = parameters.number("merge_link_by_itself", at=at)
    with transaction.atomic():
        waiting = ThresholdProposal.objects.select_for_update(no_key=True).filter(state=ThresholdState.OPEN).first()
        if found is None or found.value == in_force or _was_declined(found.value):
            if waiting is not None:
                waiting.delete()
            return None
        row = waiting or ThresholdProposal()
        row.value, row.decisions, row.confirmed, row.found_at = found.value, found.decisions, found.confirmed, at
        row.save()
        return row


def _was_declined(value: Decimal) -> bool:
    last = ThresholdProposal.objects.exclude(state=ThresholdState.OPEN).order_by("-at", "-pk").first()
    return last is not None and last.state == ThresholdState.DECLINED and last.value == value


@transaction.atomic
def adopt_threshold(*, threshold_id: int, by: User, at: datetime) -> ThresholdProposal:
    """It becomes a dated parameter from now on, with the decisions as its source."""
    row = _waiting_threshold(threshold_id, by=by, at=at)
    set_parameter(
        key="merge_link_by_itself",
        value=str(row.value),
        valid_from=at,
        source=f"并单核对：达到这一门槛的 {row.decisions} 对中 {row.confirmed} 对是同一件",
        by=by,
        at=at,
    )
    return _decide(row, ThresholdState.ADOPTED, by=by, at=at)


@transaction.atomic
def propose_from(*, value: Decimal, by: User, at: datetime) -> None:
    """Propose pairs from here on that are at least so likely: a dated parameter with the decisions as its source."""
    rights.require(by, rights.MANAGE_MERGING, at)
    steps = {step.value: step for step in merge_figures.propose_steps(at=at)}
    step = steps.get(value)
    if step is None or value == parameters.number("merge_propose", at=at):
        raise MergeRefused("现行门槛已经变了，请重新看数字。")
    set_parameter(
        key="merge_propose",
        value=str(value),
        valid_from=at,
        source=f"并单核对：达到这一门槛的 {step.proposed} 对中 {step.confirmed} 对是同一件，不到的有 {step.missed} 对也是",
        by=by,
        at=at,
    )


@transaction.atomic
def decline_threshold(*, threshold_id: int, by: User, at: datetime) -> ThresholdProposal:
    return _decide(_waiting_threshold(threshold_id, by=by, at=at), ThresholdState.DECLINED, by=by, at=at)


def _waiting_threshold(threshold_id: int, *, by: User, at: datetime) -> ThresholdProposal:
    rights.require(by, rights.MANAGE_MERGING, at)
    row = ThresholdProposal.objects.select_for_update(of=("self",), no_key=True).filter(pk=threshold_id).first()
    if row is None or row.state != ThresholdState.OPEN:
        raise MergeRefused("这条门槛建议已有决定，或已重新推算。")
    return row


def _decide(row: ThresholdProposal, state: ThresholdState, *, by: User, at: datetime) -> ThresholdProposal:
    row.state, row.by, row.at = state, by, at
    row.save(update_fields=["state", "by", "at"])
    return row
