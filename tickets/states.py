"""Choices and groups of states of the ticket room. Nothing here imports from the project."""

from django.db.models import TextChoices


class TicketState(TextChoices):
    PENDING_DISPATCH = "pending_dispatch", "待派单"
    PENDING_INFO = "pending_info", "待补充"
    PENDING_SIGN = "pending_sign", "待签收"
    RETURN_REVIEW = "return_review", "退单审核"
    PENDING_RULING = "pending_ruling", "待裁定"
    IN_PROGRESS = "in_progress", "办理中"
    COMPLETION_REVIEW = "completion_review", "待审核"
    PENDING_FOLLOWUP = "pending_followup", "待回访"
    DEFERRED = "deferred", "挂账"
    CLOSED = "closed", "已办结"
    MERGED = "merged", "已并单"
    VOIDED = "voided", "已作废"


OPEN_STATES = frozenset(TicketState) - {TicketState.CLOSED, TicketState.MERGED, TicketState.VOIDED}
"""A ticket in one of these still asks something of somebody."""

BEFORE_RESULT_STATES = OPEN_STATES - {
    TicketState.COMPLETION_REVIEW,
    TicketState.PENDING_FOLLOWUP,
    TicketState.DEFERRED,
}
"""Voiding is possible only here: nobody has reported a result yet."""

WITH_LEAD_STATES = frozenset(
    {
        TicketState.PENDING_SIGN,
        TicketState.RETURN_REVIEW,
        TicketState.IN_PROGRESS,
        TicketState.DEFERRED,
    }
)
"""A unit holds the ticket: it must have a lead assignment. (A ruling or a review of 'no government duty'
and an answer of the centre itself come without one.)"""

HELD_STATES = (TicketState.PENDING_SIGN, TicketState.IN_PROGRESS)
"""The city's lead has it in hand."""

UNIT_STATES = (*HELD_STATES, TicketState.RETURN_REVIEW, TicketState.COMPLETION_REVIEW)
"""Clocks of co-units and of units below run on in these states, so they may act in them."""

STATE_TONE = {
    TicketState.PENDING_DISPATCH: "wait",
    TicketState.PENDING_INFO: "wait",
    TicketState.PENDING_SIGN: "wait",
    TicketState.RETURN_REVIEW: "wait",
    TicketState.PENDING_RULING: "wait",
    TicketState.IN_PROGRESS: "work",
    TicketState.COMPLETION_REVIEW: "wait",
    TicketState.PENDING_FOLLOWUP: "wait",
    TicketState.DEFERRED: "wait",
    TicketState.CLOSED: "done",
    TicketState.MERGED: "wait",
    TicketState.VOIDED: "wait",
}
"""State → tone of its chip: grey waits, blue works, green is done."""


class AssignmentState(TextChoices):
    PENDING_SIGN = "pending_sign", "待签收"
    SIGNED = "signed", "已签收"
    RETURN_REQUESTED = "return_requested", "退单待审"
    SUBMITTED = "submitted", "已提交"
    ACCEPTED = "accepted", "已完成"
    TAKEN_BACK = "taken_back", "已收回"
    HANDED_OVER = "handed_over", "已移交"


LIVE_ASSIGNMENT_STATES = frozenset(
    {
        AssignmentState.PENDING_SIGN,
        AssignmentState.SIGNED,
        AssignmentState.RETURN_REQUESTED,
        AssignmentState.SUBMITTED,
    }
)
"""The unit still has a part in the ticket; an accepted one is done but may be asked again (redo)."""

ENDED_ASSIGNMENT_STATES = [AssignmentState.TAKEN_BACK, AssignmentState.HANDED_OVER]
"""The part is over for good. A list: indexes and constraints are written with it."""


class AssignmentRole(TextChoices):
    LEAD = "lead", "主办"
    CO = "co", "协办"
    SUPERIOR = "superior", "上级督导"
    COPY = "copy", "知会"


SIDE_ROLES = (AssignmentRole.CO, AssignmentRole.SUPERIOR)


class EndedAs(TextChoices):
    RETURNED = "returned", "退单获准"
    RECALLED = "recalled", "中心撤回"
    TAKEN_BACK = "taken_back", "收回"
    RULED = "ruled", "裁定改派"
    HANDED_OVER = "handed_over", "移交"
    UNMERGED = "unmerged", "拆回重派"
    WITHDRAWN = "withdrawn", "撤诉"
    REOPENED = "reopened", "重新派单"


class Kind(TextChoices):
    CONSULT = "consult", "咨询"
    HELP = "help", "求助"
    COMPLAINT = "complaint", "投诉"
    REPORT = "report", "举报"
    SUGGEST = "suggest", "建议"
    PRAISE = "praise", "表扬"


class Urgency(TextChoices):
    NORMAL = "normal", "一般"
    URGENT = "urgent", "紧急"
    CRITICAL = "critical", "特急"


class Secrecy(TextChoices):
    OPEN = "open", "普通"
    RESTRICTED = "restricted", "保密"


class Resolved(TextChoices):
    YES = "yes", "已解决"
    PARTLY = "partly", "部分解决"
    NO = "no", "未解决"


class Claim(TextChoices):
    """What the unit found of the appeal itself, apart from whether it is resolved."""

    TRUE = "true", "属实"
    PARTLY = "partly", "部分属实"
    UNTRUE = "untrue", "不属实"
    UNREASONABLE = "unreasonable", "诉求不合理"


DENIED = frozenset({Claim.UNTRUE, Claim.UNREASONABLE})
"""Always looked at by the city: a unit cannot talk itself out of a matter."""

CHECKED_KINDS = frozenset({Kind.HELP, Kind.COMPLAINT, Kind.REPORT})
"""Somebody says that something is so; a question, a proposal or thanks is neither true nor untrue."""


class ClosingKind(TextChoices):
    RESOLVED = "resolved", "解决"
    PARTLY_RESOLVED = "partly_resolved", "部分解决"
    EXPLAINED = "explained", "解释说明"
    WITHDRAWN = "withdrawn", "撤诉"
    LEGAL_ROUTE = "legal_route", "法定途径"
    NOT_GOVERNMENT = "not_government", "不属政府职责"
    UNREACHABLE = "unreachable", "无法联系"


class ClockKind(TextChoices):
    DISPATCH = "dispatch", "派单"
    INFORMATION = "information", "待补充"
    SIGN = "sign", "签收"
    CONTACT = "contact", "首次联系"
    HANDLE = "handle", "办理"
    APPROVAL = "approval", "审核"
    RETURN_REVIEW = "return_review", "退单审核"
    RULING = "ruling", "裁定"
    EXTENSION = "extension", "延期审批"
    DEFERRED_REVIEW = "deferred_review", "挂账复核"


class Decision(TextChoices):
    PENDING = "pending", "待决定"
    GRANTED = "granted", "同意"
    REFUSED = "refused", "不同意"
    LAPSED = "lapsed", "逾时未批"
    CANCELLED = "cancelled", "已取消"


class RulingKind(TextChoices):
    FIRST = "first", "裁定首办"
    KEPT = "kept", "维持首办"
    MOVED = "moved", "改由他单位负责"


class ObjectionState(TextChoices):
    OPEN = "open", "协调中"
    RULED = "ruled", "已裁定"
    WITHDRAWN = "withdrawn", "已撤回"
    LAPSED = "lapsed", "承办已收回"


class ApprovalStep(TextChoices):
    UNIT_HEAD = "unit_head", "单位审签"
    PARENT = "parent", "县（市、区）中心审核"
    CITY = "city", "市中心审核"


class ApprovalState(TextChoices):
    PENDING = "pending", "待审"
    APPROVED = "approved", "通过"
    SENT_BACK = "sent_back", "退回"
    CANCELLED = "cancelled", "取消"


class ReturnGround(TextChoices):
    NOT_OUR_DUTY = "not_our_duty", "不属本单位职责"
    NOT_OUR_PLACE = "not_our_place", "不属本单位管辖区域"
    NOT_GOVERNMENT = "not_government", "不属政府职责"
    LEGAL_ROUTE = "legal_route", "应走法定途径"
    DUPLICATE = "duplicate", "与在办工单重复"
    INSUFFICIENT = "insufficient", "内容不全，无法办理"


class NoteKind(TextChoices):
    NOTE = "note", "批注"
    REASON = "reason", "理由"
    INSTRUCTION = "instruction", "批示"
    QUESTION = "question", "补充要求"
    INFORMATION = "information", "补充情况"
    CO_REPORT = "co_report", "协办意见"


class AttachmentKind(TextChoices):
    BEFORE = "before", "处置前"
    AFTER = "after", "处置后"
    EVIDENCE = "evidence", "依据"
    CITIZEN = "citizen", "群众上传"


class MediationOutcome(TextChoices):
    AGREED = "agreed", "达成协议"
    FAILED = "failed", "未达成协议"
    DECLINED = "declined", "资源未受理"
    WITHDRAWN = "withdrawn", "一方不愿调解"
    CANCELLED = "cancelled", "承办已收回"
