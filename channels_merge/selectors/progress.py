"""What a citizen is told: plain words, who does what by when. Never an internal note, a name or a number."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import Q

from channels_merge.models import Appeal, AppealClock, AppealLink, Interaction, Transfer
from channels_merge.selectors.appeals import carried_by, ticket_of
from channels_merge.states import AppealState, InteractionKind, TransferOutcome
from hotline import masking
from hotline.dates import local
from tickets.models import Ticket, TicketEvent
from tickets.states import TicketState
from tickets.timeline import ACTS


@dataclass(frozen=True)
class Step:
    at: datetime
    title: str
    text: str = ""
    is_now: bool = False


@dataclass(frozen=True)
class Progress:
    appeal: Appeal
    ticket: Ticket | None
    label: str
    tone: str
    sentence: str
    # Who holds it, for the bold words of the page; empty before somebody does.
    unit_name: str
    clock: AppealClock | None
    # The later date that the city agreed to; the citizen's own limit runs on.
    extended_to: datetime | None
    steps: tuple[Step, ...]
    others: int
    reply: str
    # The unit is done: what the citizen says now is for whoever calls, not for the unit.
    awaits_call: bool
    may_urge: bool
    may_supplement: bool
    may_withdraw: bool

    @property
    def promised_at(self) -> datetime | None:
        """The date that the citizen is told."""
        own = self.clock.due_at if self.clock else None
        return max(own, self.extended_to) if own and self.extended_to else own

    @property
    def is_put_off(self) -> bool:
        return self.may_urge and self.ticket is not None and self.ticket.state == TicketState.DEFERRED

    @property
    def again_by(self) -> datetime | None:
        """Until when it is done again, of a matter that was sent back or opened once more."""
        ticket = self.ticket
        if ticket is None or ticket.round == 1 or ticket.state != TicketState.IN_PROGRESS:
            return None
        return ticket.due_at

    @property
    def is_promised(self) -> bool:
        """Whether the date that the citizen was told is still to be told: what is put off has none, its clock runs on."""
        return self.may_urge and not self.is_put_off and self.clock is not None and self.clock.is_running


_TONES = {
    TicketState.IN_PROGRESS: "work",
    TicketState.COMPLETION_REVIEW: "work",
    TicketState.DEFERRED: "wait",
    TicketState.CLOSED: "done",
    TicketState.PENDING_FOLLOWUP: "done",
}
_SENTENCES = {
    TicketState.PENDING_DISPATCH: "12345 正在确定由哪个单位办理。",
    TicketState.PENDING_INFO: "还需要您补充情况，见下面的说明。",
    TicketState.PENDING_RULING: "几个单位都认为不归自己办，12345 正在裁定由谁负责。",
    TicketState.RETURN_REVIEW: "正在核对由谁负责，期限照算。",
    TicketState.PENDING_SIGN: "已收到，等待接办。",
    TicketState.IN_PROGRESS: "正在办。",
    TicketState.COMPLETION_REVIEW: "已经办过，12345 正在审核结果。",
    TicketState.PENDING_FOLLOWUP: "已有结果，12345 会回访您。",
    TicketState.DEFERRED: "一时办不了，已登记在册，最晚{looked_at_again}复查。",
    TicketState.CLOSED: "已办结。",
    TicketState.VOIDED: "这张单已作废，请拨 12345 询问。",
}
_APPEAL_SENTENCES = {
    AppealState.RECEIVED: "已经收到，12345 正在看。",
    AppealState.NEED_INFO: "还需要您补充情况。",
    AppealState.ANSWERED: "已经答复您。",
    AppealState.TRANSFERRED: "已转给紧急热线。",
    AppealState.REDIRECTED: "这件事按法律规定有专门的办理途径。",
    AppealState.EXPLAINED: "已向您解释不能受理的原因。",
    AppealState.MALICIOUS: "已按规定移交处理。",
    AppealState.WITHDRAWN: "这件事不再办，也不再回访您。",
    AppealState.RETURNED: "不归本市办，已退回转来的平台，请向该平台询问。",
}


def public_progress(*, number: str, code: str) -> Progress | None:
    """None when number and code do not belong together; takes the same time for either mistake."""
    appeal = Appeal.objects.select_related("contact", "channel").filter(number=number.strip().upper()).first()
    known = appeal.code if appeal else "000000"
    if not hmac.compare_digest(known.encode(), code.strip().encode()) or appeal is None:
        return None
    return progress_of(appeal)


def progress_of(appeal: Appeal) -> Progress:
    ticket = ticket_of(appeal)
    if ticket is not None:
        ticket = Ticket.objects.select_related("holder__unit", "lead__unit").get(pk=ticket.pk)
    clock = AppealClock.objects.filter(appeal=appeal, kind=AppealClock.CITIZEN).order_by("-generation").first()
    shows_ticket = ticket is not None and appeal.state == AppealState.ACCEPTED
    is_open = ticket is not None and ticket.is_open
    # Newest first; of the same moment, what came later stands above.
    steps = sorted(_steps(appeal, ticket), key=lambda step: step.at)[::-1]
    if steps:
        steps[0] = Step(steps[0].at, steps[0].title, steps[0].text, is_now=True)
    return Progress(
        appeal=appeal,
        ticket=ticket,
        label=_ticket_label(ticket) if shows_ticket and ticket else appeal.get_state_display(),
        tone=_TONES.get(TicketState(ticket.state), "wait") if shows_ticket and ticket else _appeal_tone(appeal),
        sentence=_sentence(ticket) if shows_ticket and ticket else _APPEAL_SENTENCES[AppealState(appeal.state)],
        unit_name=_unit_name(ticket) if shows_ticket else "",
        clock=clock,
        extended_to=_extended_to(ticket) if shows_ticket and is_open and ticket else None,
        steps=tuple(steps),
        others=max(carried_by(ticket.pk).live().count() - 1, 0) if ticket and shows_ticket else 0,
        reply=_reply(ticket) if shows_ticket and ticket else masking.redact_answer(appeal.told),
        awaits_call=shows_ticket and ticket is not None and ticket.state == TicketState.PENDING_FOLLOWUP,
        may_urge=shows_ticket and is_open,
        may_supplement=appeal.state in {AppealState.RECEIVED, AppealState.NEED_INFO} or (shows_ticket and is_open),
        may_withdraw=appeal.state in {AppealState.RECEIVED, AppealState.NEED_INFO} or (shows_ticket and is_open),
    )


def _sentence(ticket: Ticket) -> str:
    day = local(ticket.sort_at)
    sentence = _SENTENCES.get(TicketState(ticket.state), "")
    return sentence.format(looked_at_again=f"{day.year}年{day.month}月{day.day}日")


def _ticket_label(ticket: Ticket) -> str:
    return {
        TicketState.PENDING_DISPATCH: "已受理",
        TicketState.RETURN_REVIEW: "已受理",
        TicketState.PENDING_SIGN: "已派出",
        TicketState.COMPLETION_REVIEW: "审核中",
        TicketState.PENDING_FOLLOWUP: "已有结果",
        TicketState.DEFERRED: "暂时办不了",
    }.get(TicketState(ticket.state), ticket.get_state_display())


def _appeal_tone(appeal: Appeal) -> str:
    return "wait" if appeal.state in {AppealState.RECEIVED, AppealState.NEED_INFO} else "done"


def _unit_name(ticket: Ticket | None) -> str:
    if ticket is None or ticket.holder is None:
        return ""
    return ticket.holder.unit.name


_GIVEN_ANEW: Final = ("dispatch", "rule_first_handler", "change_first_handler", "redo", "reopen")


def _extended_to(ticket: Ticket) -> datetime | None:
    """The limit of whoever has it, if the city has made it longer since they were given it."""
    acts = TicketEvent.objects.filter(ticket=ticket, act__in=[EXTENDED, *_GIVEN_ANEW]).order_by("-pk")
    return ticket.due_at if acts.values_list("act", flat=True).first() == EXTENDED else None


def _reply(ticket: Ticket) -> str:
    """The last approved public reply, redacted."""
    if ticket.state not in {TicketState.PENDING_FOLLOWUP, TicketState.CLOSED}:
        return ""
    reply = ticket.replies.published().first()
    return masking.redact_answer(reply.public_text) if reply else ""


def _steps(appeal: Appeal, ticket: Ticket | None) -> Iterable[Step]:
    yield Step(appeal.received_at, "您提交了诉求" if appeal.channel.is_machine else "12345 接到您的来电")
    if appeal.accepted_at:
        yield Step(appeal.accepted_at, "12345 受理")
    elif appeal.concluded_at and appeal.state != AppealState.WITHDRAWN:
        yield Step(appeal.concluded_at, appeal.get_state_display(), masking.redact_answer(appeal.told))
    yield from _own_steps(appeal)
    if ticket is not None:
        yield from _ticket_steps(ticket, appeal)


_INTERACTION_STEPS = {
    InteractionKind.URGE: ("您催问了这件事", "已记在这件事里，办理的人看得到。"),
    InteractionKind.SUPPLEMENT: ("您补充了情况", "已记在这件事里，办理的人看得到。"),
    InteractionKind.WITHDRAW: ("您撤回了这件诉求", ""),
}


def _own_steps(appeal: Appeal) -> Iterable[Step]:
    for row in Interaction.objects.filter(appeal=appeal, kind__in=[*_INTERACTION_STEPS, InteractionKind.ASKED]):
        asked = "请您补充情况", masking.redact_answer(row.text)
        title, text = _INTERACTION_STEPS.get(InteractionKind(row.kind), asked)
        yield Step(row.at, title, text)
    for transfer in Transfer.objects.filter(appeal=appeal):
        yield Step(transfer.at, f"转给{transfer.get_line_display()}")
        if transfer.outcome == TransferOutcome.TAKEN:
            yield Step(transfer.concluded_at, f"{transfer.get_line_display()}已接手")


def asked_first(ticket_id: int, at: datetime) -> int | None:
    """Whom the unit asks about a matter: the first of those whose appeals hung on it at that moment and were not withdrawn."""
    hung = AppealLink.objects.filter(Q(until=None) | Q(until__gt=at), ticket=ticket_id, since__lte=at)
    hung = hung.exclude(appeal__state=AppealState.WITHDRAWN, appeal__concluded_at__lte=at)
    return hung.order_by("since", "pk").values_list("appeal", flat=True).first()


SLIP: Final = timedelta(seconds=30)
"""A dispatch that is taken back so soon was a slip of a finger, and no news for the citizen."""


def _without_slips(events: Iterable[TicketEvent]) -> list[TicketEvent]:
    rows = list(events)
    slips = {
        pk
        for before, event in pairwise(rows)
        if event.act == "recall" and before.act == "dispatch" and event.at - before.at <= SLIP
        for pk in (before.pk, event.pk)
    }
    return [row for row in rows if row.pk not in slips]


def _ticket_steps(ticket: Ticket, appeal: Appeal) -> Iterable[Step]:
    # What one caller added is not shown to the others: their own additions come from `_own_steps`.
    shown = [act for act, said in ACTS.items() if said.public and act != "give_information"]
    events = (
        TicketEvent.objects.filter(ticket=ticket, act__in=shown)
        .select_related("unit", "note", "reply", "onsite")
        .order_by("id")
    )
    for event in _without_slips(events):
        title = ACTS[event.act].public.format(unit=event.unit.name if event.unit else "承办单位")
        yield Step(event.at, title, words_of_act(event, appeal))


EXTENDED: Final = "grant_extension"


def words_of_act(event: TicketEvent, appeal: Appeal) -> str:
    """What the citizen reads beside the name of an act: its public words, and the new date where there is one."""
    if event.act == "ask_information" and asked_first(event.ticket_id, event.at) != appeal.pk:
        # May name the caller who is asked; the others see only that something was asked.
        return ""
    note = getattr(event, "note", None)
    words = masking.redact_answer(note.text) if note is not None and note.public else ""
    if event.act == EXTENDED:
        until = local(datetime.fromisoformat(event.data["to"]))
        return f"新的期限是{until.year}年{until.month}月{until.day}日。原因：{words}"
    return words
