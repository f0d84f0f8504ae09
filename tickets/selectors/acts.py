"""What a person can do with a ticket now: the buttons of the ticket page and the peeks.

The same rights and refusals that the services enforce: an act that the person's post never does is left out, one that
only the moment forbids stays in place, greyed, with its reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Manager
from django.urls import reverse

from hotline.models import User
from hotline.rights import has_right
from tickets import rights
from tickets.guards import why_refused
from tickets.models import Approval, Assignment, ExtensionRequest, Objection, ReturnRequest, Ruling, Ticket
from tickets.rights import Actor, Right
from tickets.selectors.mediations import NOT_IF_RESTRICTED, open_mediation
from tickets.selectors.objections import (
    awaited_refusal,
    first_handlers_part,
    objection_refusal,
    ruling_in_force,
)
from tickets.selectors.readiness import (
    Requirement,
    extension_refusal,
    grant_refusal,
    handle_clock,
    requirements,
    return_deadline,
    return_refusal,
)
from tickets.states import (
    HELD_STATES,
    LIVE_ASSIGNMENT_STATES,
    OPEN_STATES,
    SIDE_ROLES,
    UNIT_STATES,
    ApprovalState,
    ApprovalStep,
    AssignmentRole,
    AssignmentState,
    Decision,
    ObjectionState,
    Secrecy,
    TicketState,
)


@dataclass(frozen=True)
class ActButton:
    code: str
    label: str
    key: str
    url: str
    why: str = ""
    """Why it cannot be done now; empty when it can."""
    main: bool = False


@dataclass(frozen=True)
class Situation:
    """A ticket as one person stands to it: their unit's part, and what waits for their decision."""

    ticket: Ticket
    user: User
    at: datetime
    own: Assignment | None
    """The live part of the person's unit."""
    children: tuple[Assignment, ...]
    """Live parts that their unit gave to units below."""
    approval: Approval | None
    return_request: ReturnRequest | None
    extension_request: ExtensionRequest | None
    objection: Objection | None
    """The open one, to the ruling of the first handler."""
    ruling: Ruling | None
    """In force, where the person's unit is the first handler and nobody objects yet."""

    silent_co_units: tuple[Assignment, ...]
    """Co-units and superiors that have not reported."""
    requirements: tuple[Requirement, ...]
    """What the unit's result needs, while it is the unit's turn to report one."""

    @property
    def missing(self) -> list[Requirement]:
        return [line for line in self.requirements if not line.met]

    @property
    def actor(self) -> Actor:
        return Actor(self.user, self.at)

    def may(self, right: Right, subject: object) -> bool:
        return right(subject, self.actor)


def situation(ticket: Ticket, user: User, at: datetime) -> Situation:
    """Read what the acts of ``user`` on ``ticket`` depend on. A fixed number of queries whatever the ticket carries."""
    parts = list(
        Assignment.objects.filter(ticket=ticket, state__in=sorted(LIVE_ASSIGNMENT_STATES))
        .select_related("unit", "parent", "item", "handler")
        .order_by("pk")
    )
    for part in parts:
        part.ticket = ticket
    own = next((part for part in parts if part.unit_id == user.unit_id), None)
    children = tuple(part for part in parts if own is not None and part.parent_id == own.pk)
    approval = (
        Approval.objects.filter(ticket=ticket, state=ApprovalState.PENDING).select_related("reply", "unit").first()
    )
    by_part = {part.pk: part for part in parts}
    returns = _mine(ReturnRequest.objects, by_part, user, at, lambda _: rights.DECIDE_RETURN)
    extensions = _mine(ExtensionRequest.objects, by_part, user, at, rights.of_extension)
    silent = tuple(
        part
        for part in parts
        if part.role in {AssignmentRole.CO, AssignmentRole.SUPERIOR} and part.state != AssignmentState.SUBMITTED
    )
    is_its_turn = own is not None and own.state == AssignmentState.SIGNED and ticket.holder_id == own.pk
    is_its_turn = is_its_turn and ticket.state != TicketState.DEFERRED
    needs = tuple(requirements(own, by=user, at=at)) if is_its_turn else ()
    objection = _open_objection(ticket) if ticket.has_objection else None
    ruling = ruling_in_force(ticket) if objection is None and first_handlers_part(ticket, user) else None
    return Situation(ticket, user, at, own, children, approval, returns, extensions, objection, ruling, silent, needs)


def _open_objection(ticket: Ticket) -> Objection | None:
    found = Objection.objects.filter(ticket=ticket, state=ObjectionState.OPEN)
    return found.select_related("assignment").first()


Request = TypeVar("Request", ReturnRequest, ExtensionRequest)


def _mine(
    requests: Manager[Request],
    by_part: dict[int, Assignment],
    user: User,
    at: datetime,
    right_to_decide: Callable[[Request], Right],
) -> Request | None:
    """The first pending request on the ticket that this person decides."""
    for request in requests.filter(assignment__in=list(by_part), decision=Decision.PENDING).order_by("pk"):
        request.assignment = by_part[request.assignment_id]
        if right_to_decide(request)(request, Actor(user, at)):
            return request
    return None


@dataclass(frozen=True)
class _Spec:
    code: str
    label: str
    key: str
    offered: Callable[[Situation], bool]
    """Whether the act belongs on this person's page at all."""
    why: Callable[[Situation], str] = lambda _situation: ""
    main: bool = False


def _centre(right: Right, *states: TicketState) -> Callable[[Situation], bool]:
    return lambda s: s.ticket.state in states and s.may(right, s.ticket)


def _own(right: Right, *states: AssignmentState) -> Callable[[Situation], bool]:
    return lambda s: (
        s.own is not None and s.own.state in states and s.ticket.state in _acts_in(s.own) and s.may(right, s.own)
    )


def _acts_in(part: Assignment) -> tuple[TicketState, ...]:
    """A co-unit's clocks run on while the lead waits for a decision: it acts then as well."""
    return UNIT_STATES if part.role in SIDE_ROLES else HELD_STATES


def _goes_there(s: Situation) -> bool:
    return s.ticket.state == TicketState.IN_PROGRESS and _own(rights.HANDLE, SIGNED)(s)


def _holds(s: Situation) -> bool:
    return s.own is not None and s.ticket.holder_id == s.own.pk


def _missing(s: Situation) -> str:
    return f"还缺：{'；'.join(line.sentence for line in s.missing)}。" if s.missing else ""


def _may_pass_down(s: Situation) -> bool:
    return _own(rights.PASS_DOWN, AssignmentState.SIGNED)(s) and s.own.unit.kind == "county_centre"


def _approves(s: Situation) -> bool:
    if s.approval is None or s.ticket.state != TicketState.COMPLETION_REVIEW:
        return False
    right = rights.REVIEW if s.approval.step == ApprovalStep.CITY else rights.APPROVE
    return s.may(right, s.approval)


def _own_result(s: Situation) -> str:
    if s.approval is not None and s.approval.reply.submitted_by_id == s.user.pk:
        return "提交人不能审核自己的结果，请由其他负责人审签。"
    return ""


def _mediate_why(s: Situation) -> str:
    if s.ticket.state != TicketState.IN_PROGRESS:
        return "办理中的才能提出调解。"
    if _is_secret(s):
        return NOT_IF_RESTRICTED
    return "这一件已有一个调解没有结果。" if s.ticket.in_mediation else ""


def _return_why(s: Situation) -> str:
    return return_refusal(s.own, at=s.at)


def return_label(s: Situation) -> str:
    """After the window the same form asks for a take-back, counted apart."""
    return "申请收回" if s.own is not None and s.at > return_deadline(s.own, at=s.at) else "退单"


NOT_TO_BE_HANDED_OVER = "本件由中心裁定首办或为重办，不能移交；确需改派的，由中心撤回后重新派单。"


def parts_to_hand_over(s: Situation) -> list[Assignment]:
    """The live parts that this person may give to another unit: those below the own unit, and the centre's lead chain."""
    parts = {part.pk: part for part in (*s.children, s.ticket.lead, s.ticket.holder) if part is not None}
    return [part for part in parts.values() if part.state in LIVE_ASSIGNMENT_STATES and s.may(rights.HAND_OVER, part)]


def _hand_over_why(s: Situation) -> str:
    return "" if any(part.objectable for part in parts_to_hand_over(s)) else NOT_TO_BE_HANDED_OVER


def _objects(s: Situation) -> bool:
    """Whether a ruling that the unit may still object to made it the first handler."""
    part = first_handlers_part(s.ticket, s.user)
    return s.ruling is not None and part is not None and s.may(rights.OBJECT, part)


def _settles(s: Situation) -> bool:
    return s.objection is not None and s.may(rights.RULE, s.ticket)


def _grant_why(s: Situation) -> str:
    clock = handle_clock(s.extension_request.assignment)
    return grant_refusal(s.extension_request, clock) if clock is not None else ""


def _secret_why(s: Situation) -> str:
    return "保密工单不能书面征求意见，请当面会商。" if _is_secret(s) else ""


def _is_secret(s: Situation) -> bool:
    return s.ticket.secrecy == Secrecy.RESTRICTED


SIGNED = AssignmentState.SIGNED
WAITING = AssignmentState.PENDING_SIGN
QUEUED = (TicketState.PENDING_DISPATCH,)

SPECS: Sequence[_Spec] = (
    _Spec("sign", "签收", "q", _own(rights.SIGN, WAITING), main=True),
    _Spec("pass-down", "转派", "d", lambda s: _may_pass_down(s) and _holds(s), main=True),
    _Spec("submit", "填写结果", "r", lambda s: _own(rights.SUBMIT, SIGNED)(s) and _holds(s), _missing, main=True),
    _Spec("report", "协办意见", "r", _own(rights.REPORT_AS_CO, SIGNED), main=True),
    _Spec("contact", "记联系", "c", lambda s: _own(rights.CONTACT, SIGNED)(s) and s.ticket.contactable),
    _Spec("onsite", "现场核实", "s", _goes_there),
    _Spec("mediate", "提出调解", "", _own(rights.MEDIATE, SIGNED), _mediate_why),
    _Spec(
        "mediation-result",
        "调解结果",
        "",
        lambda s: s.ticket.in_mediation and s.may(rights.RECORD_MEDIATION, open_mediation(s.ticket)),
    ),
    _Spec(
        "extend",
        "申请延期",
        "e",
        lambda s: _own(rights.SUBMIT, SIGNED)(s) and (_holds(s) or bool(s.children)),
        lambda s: extension_refusal(s.own, at=s.at),
    ),
    _Spec("return", "退单", "t", _own(rights.ASK_RETURN, WAITING, SIGNED), _return_why),
    _Spec("handler", "换经办人", "h", _own(rights.SIGN, SIGNED)),
    _Spec("take-back-child", "收回下级", "k", lambda s: _may_take_back(s)),
    _Spec("approve", "审核通过", "y", _approves, _own_result, main=True),
    _Spec("send-back", "退回再办", "b", _approves, _own_result),
    _Spec("grant-return", "同意退单", "y", lambda s: s.return_request is not None, main=True),
    _Spec("refuse-return", "不同意退单", "b", lambda s: s.return_request is not None),
    _Spec(
        "dispute-return",
        "提交裁定",
        "l",
        lambda s: s.return_request is not None and s.ticket.state == TicketState.RETURN_REVIEW,
    ),
    _Spec("grant-extension", "同意延期", "y", lambda s: s.extension_request is not None, _grant_why, main=True),
    _Spec("refuse-extension", "不同意延期", "b", lambda s: s.extension_request is not None),
    _Spec(
        "dispatch",
        "选单位派单",
        "u",
        _centre(rights.DISPATCH, *QUEUED),
        lambda s: why_refused(s.ticket, Ticket.dispatch),
        main=True,
    ),
    _Spec("ask-information", "退回补充", "b", _centre(rights.DISPATCH, *QUEUED)),
    _Spec("answer", "中心答复", "f", _centre(rights.DISPATCH, *QUEUED)),
    _Spec("refer", "提交裁定", "l", _centre(rights.DISPATCH, *QUEUED)),
    _Spec("revise", "更正登记", "v", _centre(rights.DISPATCH, *QUEUED, TicketState.PENDING_INFO)),
    _Spec("information", "补充情况", "i", _centre(rights.INFORM, TicketState.PENDING_INFO), main=True),
    _Spec("rule", "裁定首办", "y", _centre(rights.RULE, TicketState.PENDING_RULING), main=True),
    _Spec("rule-out", "不由政府办理", "b", _centre(rights.RULE, TicketState.PENDING_RULING)),
    _Spec("object", "提异议", "g", _objects, lambda s: objection_refusal(s.ticket, s.ruling, at=s.at)),
    _Spec(
        "withdraw-objection",
        "撤回异议",
        "",
        lambda s: s.objection is not None and s.may(rights.OBJECT, s.objection.assignment),
    ),
    _Spec("rule-objection", "裁定异议", "y", _settles, lambda s: awaited_refusal(s.objection, at=s.at), main=True),
    _Spec("ask-statements", "征求意见", "q", _settles, _secret_why),
    _Spec("meeting", "记会商", "c", _settles),
    _Spec("ask-definition", "提请界定", "d", _settles, _secret_why),
    _Spec("co-unit", "加协办", "a", lambda s: _adds_co_unit(s)),
    _Spec("recall", "撤回派单", "w", _centre(rights.RECALL, *HELD_STATES)),
    _Spec("merge", "并单", "m", _centre(rights.MERGE, *sorted(OPEN_STATES))),
    _Spec("unmerge", "拆回", "m", _centre(rights.MERGE, TicketState.MERGED), main=True),
    _Spec("defer", "挂账", "", _centre(rights.DEFER, TicketState.IN_PROGRESS)),
    _Spec("resume", "恢复办理", "", _centre(rights.DEFER, TicketState.DEFERRED), main=True),
    _Spec("conclude-deferred", "办结挂账", "", _centre(rights.DEFER, TicketState.DEFERRED)),
    _Spec("keep-deferred", "继续挂账", "", _centre(rights.DEFER, TicketState.DEFERRED)),
    _Spec("hold", "保留", "", _centre(rights.HOLD, *sorted(OPEN_STATES))),
    _Spec("release", "解除保留", "", lambda s: s.ticket.open_hold_count > 0 and s.may(rights.HOLD, s.ticket)),
    _Spec("hand-over", "移交", "", lambda s: s.ticket.is_open and bool(parts_to_hand_over(s)), _hand_over_why),
    _Spec(
        "restrict", "设为保密", "", lambda s: s.ticket.secrecy == Secrecy.OPEN and s.may(rights.KEEP_SECRET, s.ticket)
    ),
    _Spec("grant-access", "授权知悉", "", lambda s: _is_secret(s) and s.may(rights.KEEP_SECRET, s.ticket)),
    _Spec("lift-restriction", "解除保密", "", lambda s: _is_secret(s) and s.may(rights.KEEP_SECRET, s.ticket)),
    _Spec(
        "close-withdrawn",
        "按撤诉办结",
        "",
        lambda s: s.ticket.withdrawal_proposed and s.ticket.is_open and s.may(rights.CLOSE, s.ticket),
        lambda s: why_refused(s.ticket, Ticket.close_as_withdrawn),
    ),
    _Spec("reopen", "重新打开", "", _centre(rights.CLOSE, TicketState.CLOSED)),
    _Spec(
        "void",
        "作废",
        "",
        lambda s: s.ticket.is_open and s.may(rights.VOID, s.ticket),
        lambda s: why_refused(s.ticket, Ticket.void),
    ),
    _Spec("restore", "恢复", "", _centre(rights.VOID, TicketState.VOIDED), main=True),
    _Spec("note", "批注", "n", lambda s: s.ticket.is_open and s.may(rights.REMARK, s.ticket)),
    _Spec("instruct", "批示", "", lambda s: s.ticket.is_open and s.may(rights.INSTRUCT, s.ticket)),
)


def _may_take_back(s: Situation) -> bool:
    return (
        s.own is not None
        and s.ticket.state == TicketState.IN_PROGRESS
        and bool(s.children)
        and any(child.role == AssignmentRole.LEAD for child in s.children)
        and s.may(rights.PASS_DOWN, s.own)
    )


def _adds_co_unit(s: Situation) -> bool:
    if s.ticket.state not in HELD_STATES:
        return False
    return s.may(rights.DISPATCH, s.ticket) or (
        _may_pass_down(s) and has_right(s.user, "tickets.pass_down_ticket", s.at)
    )


def available_acts(ticket: Ticket, user: User, at: datetime) -> list[ActButton]:
    """The buttons for this person, the main ones first as listed."""
    return acts_of(situation(ticket, user, at))


def acts_of(found: Situation) -> list[ActButton]:
    """One of the buttons is main: the first main act that can be done, or what a greyed result lacks first."""
    lacks = next((line.act for line in found.missing), "")
    buttons: list[ActButton] = []
    taken_keys: set[str] = set()
    has_main = False
    for spec in SPECS:
        if not spec.offered(found):
            continue
        why = spec.why(found)
        why = f"工单{why}" if why.startswith("当前") else why
        main = (spec.main or spec.code == lacks) and not why and not has_main
        has_main = has_main or main
        key = "" if spec.key in taken_keys else spec.key
        taken_keys.add(key)
        label = return_label(found) if spec.code == "return" else spec.label
        buttons.append(ActButton(spec.code, label, key, act_url(found.ticket, spec.code), why, main))
    return buttons


def act_url(ticket: Ticket, code: str) -> str:
    return reverse("tickets:act", args=[ticket.number, code])
