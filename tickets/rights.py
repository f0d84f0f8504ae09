"""Who may do what: a right is a permission and a standing.

One ``Right`` guards the service, the transition and the API, and greys the button on the page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.rights import has_right
from responsibility.rights import OPINIONS
from tickets.states import ENDED_ASSIGNMENT_STATES, LIVE_ASSIGNMENT_STATES, AssignmentRole

Standing = Callable[[Any, Any], str]
"""(ticket or assignment, user) → why the user has no standing, or an empty string."""


@dataclass(frozen=True)
class Actor:
    """Who acts and when: deputies count only while the person they stand for is away.

    ``user`` is None for what the system does by itself (sweeps, receivers): it has every right.
    """

    user: Any
    at: datetime


@dataclass(frozen=True)
class Right:
    permission: str
    standing: Standing
    outsourced_may: bool = False

    def refusal(self, subject: Any, actor: Actor) -> str:
        """Why ``actor`` may not do this to ``subject``; empty when they may."""
        user = actor.user
        if user is None:
            return ""
        if not has_right(user, self.permission, actor.at):
            return "您的岗位没有这项权限。"
        # 国办函〔2025〕66号（三）: 外包人员不得承担诉求办理的主体工作
        if user.employment == "outsourced" and not self.outsourced_may:
            return "外包人员不得办理、审核诉求。"
        return self.standing(subject, user)

    def __call__(self, subject: Any, actor: Actor) -> bool:
        return not self.refusal(subject, actor)


def at_the_centre(_subject: Any, user: Any) -> str:
    """The centre alone: the authority above the hotline is a unit like others, which handles what it is given."""
    return "" if user.unit is not None and user.unit.kind == "centre" else "只有市热线中心可以操作。"


def of_its_unit(assignment: Any, user: Any) -> str:
    if assignment.unit_id != user.unit_id:
        return "本单位没有承办这一件。"
    if assignment.state not in LIVE_ASSIGNMENT_STATES:
        return f"本单位的承办已是“{assignment.get_state_display()}”。"
    return ""


def of_its_lead(assignment: Any, user: Any) -> str:
    if assignment.role != AssignmentRole.LEAD:
        return "只有主办单位可以操作。"
    return of_its_unit(assignment, user)


def of_first_handler(assignment: Any, user: Any) -> str:
    """The unit that a ruling named, also when it has done its work: it may object for a while after."""
    if assignment.unit_id != user.unit_id or assignment.state in ENDED_ASSIGNMENT_STATES:
        return "本单位没有承办这一件。"
    return "" if assignment.role == AssignmentRole.LEAD else "只有主办单位可以操作。"


def of_its_co_unit(assignment: Any, user: Any) -> str:
    if assignment.role not in {AssignmentRole.CO, AssignmentRole.SUPERIOR}:
        return "只有协办、督导单位填写意见。"
    return of_its_unit(assignment, user)


def of_its_doing_unit(assignment: Any, user: Any) -> str:
    if assignment.role == AssignmentRole.COPY:
        return "知会单位只能查看。"
    return of_its_unit(assignment, user)


def centre_or_parent(assignment: Any, user: Any) -> str:
    """Whoever gave the assignment decides on it: the city centre, or the county for its own."""
    if assignment.parent_id is None:
        return at_the_centre(assignment, user)
    return "" if assignment.parent.unit_id == user.unit_id else "由交办它的上级单位决定。"


def of_approval_unit(approval: Any, user: Any) -> str:
    if approval.step == "city":
        return at_the_centre(approval, user)
    return "" if approval.unit_id == user.unit_id else "不由本单位审核。"


def of_request_decider(request: Any, user: Any) -> str:
    """The asker never decides."""
    if request.requested_by_id == user.pk:
        return "申请人不能自己审批。"
    return centre_or_parent(request.assignment, user)


def with_a_part(ticket: Any, user: Any) -> str:
    """At the centre, or of a unit that has or had a part in the ticket that still counts."""
    if not at_the_centre(ticket, user):
        return ""
    part = ticket.assignments.filter(unit_id=user.unit_id).exclude(state__in=["taken_back", "handed_over"])
    return "" if part.exists() else "本单位没有承办这一件。"


def of_asked_unit(statement: Any, user: Any) -> str:
    return "" if statement.unit_id == user.unit_id else "没有向本单位征求意见。"


def anybody(_subject: Any, _user: Any) -> str:
    """The permission says it all."""
    return ""


def of_the_asker_or_its_centre(mediation: Any, user: Any) -> str:
    """The unit that asked, or the county centre that speaks for the resource."""
    if user.unit_id in {mediation.assignment.unit_id, mediation.resource.centre_id}:
        return ""
    return "由提出调解的单位或管这家资源的县（市、区）中心记结果。"


def above_its_unit(assignment: Any, user: Any) -> str:
    """Work changes hands by the city centre, or by the county for units of its own; no unit gives its own away."""
    if user.unit_id == assignment.unit.parent_id or not at_the_centre(assignment, user):
        return ""
    return "承办由市热线中心或上级中心移交，本单位不能自行移交。"


DISPATCH = Right("tickets.dispatch_ticket", at_the_centre)
INFORM = Right("tickets.give_information", with_a_part, outsourced_may=True)
RECALL = Right("tickets.recall_ticket", at_the_centre)
RULE = Right("tickets.rule_dispute", at_the_centre)
OBJECT = Right("tickets.sign_ticket", of_first_handler)
STATE = Right("tickets.sign_ticket", of_asked_unit)
# 国办函〔2025〕66号（五）: 编办、司法局 say whose duty it is when the units concerned cannot agree.
DEFINE = {office: Right(permission, anybody) for office, permission in OPINIONS.items()}
CLOSE = Right("tickets.close_ticket", at_the_centre)
VOID = Right("tickets.void_ticket", at_the_centre)
MERGE = Right("tickets.merge_ticket", at_the_centre)
HOLD = Right("tickets.hold_ticket", at_the_centre)
KEEP_SECRET = Right("tickets.restrict_ticket", at_the_centre)
HAND_OVER = Right("tickets.hand_over", above_its_unit)
REMARK = Right("tickets.remark_ticket", with_a_part)
INSTRUCT = Right("tickets.instruct_ticket", with_a_part)
DEFER = Right("tickets.review_completion", at_the_centre)

SIGN = Right("tickets.sign_ticket", of_its_doing_unit)
ASK_RETURN = Right("tickets.sign_ticket", of_its_doing_unit)
PASS_DOWN = Right("tickets.pass_down_ticket", of_its_lead)
HANDLE = Right("tickets.handle_ticket", of_its_doing_unit)
# Whoever the unit sends to the place: its handlers, and grid workers who handle nothing else.
VISIT = Right("tickets.visit_onsite", of_its_doing_unit)
CONTACT = Right("tickets.handle_ticket", of_its_lead)
SUBMIT = Right("tickets.handle_ticket", of_its_lead)
REPORT_AS_CO = Right("tickets.handle_ticket", of_its_co_unit)
DECIDE_RETURN = Right("tickets.decide_return", of_request_decider)
DECIDE_EXTENSION = Right("tickets.decide_extension", of_request_decider)
EXTEND_AGAIN = Right("tickets.extend_again", of_request_decider)


def of_extension(request: Any) -> Right:
    return EXTEND_AGAIN if request.is_again else DECIDE_EXTENSION


APPROVE = Right("tickets.approve_result", of_approval_unit)
REVIEW = Right("tickets.review_completion", of_approval_unit)
MEDIATE = Right("tickets.handle_ticket", of_its_lead)
RECORD_MEDIATION = Right("tickets.handle_ticket", of_the_asker_or_its_centre)
