"""What stands in the way of an act on a unit's part: said on the page before, enforced by the services after."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hotline import parameters
from hotline.calendar import add_working, working_between
from hotline.dates import local
from hotline.models import Clock, Unit, User
from tickets.models import PICTURE, Assignment, ExtensionRequest, OnSiteRecord, ReturnRequest, Ticket, TicketClock
from tickets.states import (
    DENIED,
    ENDED_ASSIGNMENT_STATES,
    AssignmentRole,
    AssignmentState,
    Claim,
    ClockKind,
    Decision,
    Resolved,
)

NOON = 12


def return_deadline(assignment: Assignment, *, at: datetime) -> datetime:
    """Until when the unit may return it: the window runs from its dispatch."""
    return add_working(assignment.given_at, parameters.limit("return_window", at=at))


def return_refusal(assignment: Assignment, *, at: datetime) -> str:
    """Why the unit cannot return it now; empty when it can. After the window it is a take-back, counted apart."""
    if not assignment.objectable:
        return "本件由中心裁定首办或为重办，不能退单；是裁定首办的，有异议可以先办后议。"
    if assignment.role == AssignmentRole.COPY:
        return "知会件不需要退单。"
    why = _asked_enough(assignment, at=at)
    if why:
        return why
    if Assignment.objects.filter(parent=assignment).exclude(state__in=ENDED_ASSIGNMENT_STATES).exists():
        return "已转派下级单位，须先收回，才能退单。"
    return ""


def _asked_enough(assignment: Assignment, *, at: datetime) -> str:
    """Why it may not be asked again: once for a unit, and twice in all for a lead, by each who gives: city or county."""
    late = at > return_deadline(assignment, at=at)
    decided = ReturnRequest.objects.filter(
        assignment__ticket=assignment.ticket,
        assignment__parent__unit=assignment.parent.unit_id if assignment.parent else None,
        decision__in=[Decision.GRANTED, Decision.REFUSED],
        is_take_back=late,
    )
    if decided.filter(assignment__unit=assignment.unit_id).count() >= parameters.integer(
        "max_returns_per_unit", at=at
    ):
        return "本单位对这一件已申请过收回。" if late else "本单位对这一件已申请过退单，不能再退。"
    if late or assignment.role != AssignmentRole.LEAD:
        return ""
    if assignment.parent is None:
        returns = assignment.ticket.return_count
    else:
        returns = decided.filter(decision=Decision.GRANTED, assignment__role=AssignmentRole.LEAD).count()
    return "这一件退单次数已满，不能再退。" if returns >= parameters.integer("max_returns_per_ticket", at=at) else ""


def handle_clock(assignment: Assignment) -> TicketClock | None:
    return assignment.clocks.filter(kind=ClockKind.HANDLE, stopped_at__isnull=True).first()


def extension_refusal(assignment: Assignment, *, at: datetime) -> str:
    """Why no extension can be asked for now; empty when it can."""
    clock = handle_clock(assignment)
    if assignment.role != AssignmentRole.LEAD:
        return "只有主办单位可以申请延期。"
    if assignment.state != AssignmentState.SIGNED or clock is None:
        return "签收后、提交前才能申请延期。"
    if at >= clock.due_at:
        return "已超过办理时限，不能再申请延期。"
    before = parameters.limit("extension_apply_before", at=at)
    if add_working(at, before) > clock.due_at and clock.limit_unit == "wd" and clock.limit_amount > 1:
        return f"延期须在到期前 {before}申请。"
    most = parameters.integer("extension_max_count", at=at) + parameters.integer("extension_again_max_count", at=at)
    if _extensions_of(assignment) >= most:
        return f"每件最多延期 {most} 次。"
    return ""


def _extensions_of(assignment: Assignment) -> int:
    return assignment.extensionrequests.filter(decision=Decision.GRANTED).count()


def is_extended_again(assignment: Assignment, *, at: datetime) -> bool:
    """Whether the head of the city's centre would decide. A county's own units never get more than the county has."""
    return assignment.parent_id is None and _extensions_of(assignment) >= parameters.integer(
        "extension_max_count", at=at
    )


def longest_extension(assignment: Assignment, *, again: bool, at: datetime) -> int:
    """Working days of one extension: not more than the original limit and not more than the parameter."""
    most = parameters.limit("extension_again_max_length" if again else "extension_max_length", at=at).amount
    clock = _before_extensions(assignment)
    original = (
        clock.limit_amount if clock.limit_unit == "wd" else max(1, working_between(clock.started_at, clock.due_at))
    )
    return min(most, original)


def _before_extensions(assignment: Assignment) -> TicketClock:
    """The limit that the running one was made longer from; a clock that an extension ends is superseded."""
    clock, *older = assignment.clocks.filter(kind=ClockKind.HANDLE).order_by("-generation", "-pk")
    for before in older:
        if before.outcome != Clock.Outcome.SUPERSEDED:
            break
        clock = before
    return clock


def extended_due(asked: ExtensionRequest, clock: TicketClock) -> datetime:
    """When the matter would be due: the days run from the limit as it is (tickets.services.extensions)."""
    return add_working(clock.due_at, asked.days)


def grant_refusal(asked: ExtensionRequest, clock: TicketClock) -> str:
    """Why the county cannot give these days now: it has none left of its own. Empty when it can, and for the city."""
    if asked.assignment.parent is None:
        return ""
    above = handle_clock(asked.assignment.parent)
    if above is None or extended_due(asked, clock) > above.due_at:
        return "延期后会超过本中心自己的办理时限，请先向市中心申请延期。"
    return ""


def may_be_handler(user: User) -> bool:
    """Whether the person could be the named handler of a lead part (赣市改字〔2025〕10号 第8条)."""
    own_staff = {User.Employment.STAFF}
    if user.unit is not None and user.unit.kind == Unit.Kind.ENTERPRISE:
        own_staff.add(User.Employment.REGULAR)
    return user.employment in own_staff


def why_not_handler(person: User, assignment: Assignment) -> str:
    """Why the person cannot be the named handler of this part; empty when they can."""
    if person.unit_id != assignment.unit_id or not person.is_active:
        return "经办人须是本单位在用的人员。"
    if assignment.role == AssignmentRole.LEAD:
        return why_not_lead_handler(person)
    return OUTSOURCED if person.employment == User.Employment.OUTSOURCED else ""


# 国办函〔2025〕66号（三）: 外包人员不得承担诉求办理的主体工作
OUTSOURCED = "外包人员不得作经办人。"


def why_not_lead_handler(person: User) -> str:
    """Why the person can handle no lead part of their own unit; empty when they can."""
    if person.employment == User.Employment.OUTSOURCED:
        return OUTSOURCED
    # 赣市改字〔2025〕10号 第8条: 主责单位要确保主责办理人员为在编人员
    if may_be_handler(person):
        return ""
    is_enterprise = person.unit is not None and person.unit.kind == Unit.Kind.ENTERPRISE
    return "主责办理人员须为企业自有员工。" if is_enterprise else "主责办理人员须为在编人员。"


@dataclass(frozen=True)
class Requirement:
    """One line of what a result needs; ``act`` is the code of the act that mends it."""

    met: bool
    sentence: str
    act: str


def requirements(assignment: Assignment, *, by: User, at: datetime) -> list[Requirement]:
    """What a result of this lead needs apart from its own words. Shown on the page, enforced by `submit_result`.

    Where the unit has named no handler, ``by`` who submits is it.
    """
    lines = []
    ticket = assignment.ticket
    if why_not_handler(assignment.handler or by, assignment):
        fit = "企业自有员工" if assignment.unit.kind == Unit.Kind.ENTERPRISE else "在编人员"
        lines.append(Requirement(met=False, sentence=f"主责办理人员（须为本单位{fit}）", act="handler"))
    if ticket.contactable:
        met = assignment.contacted_at is not None or contact_was_tried(ticket, at=at)
        lines.append(Requirement(met, "联系反映人", "contact"))
    if assignment.item is not None and assignment.item.onsite_required:
        lines += _onsite_requirements(ticket, at=at)
    return lines


def contact_was_tried(ticket: Ticket, *, at: datetime, trying: bool = False) -> bool:
    """Whether those who have the matter in hand called in vain in enough different half-days of this round.

    What another unit had tried, and what was tried before the round began, counts for nothing. With ``trying`` a call now is counted.
    """
    calls = ticket.events.filter(act="record_contact", data__reached=False, data__round=ticket.round)
    tries = calls.filter(assignment__role=AssignmentRole.LEAD).exclude(assignment__state__in=ENDED_ASSIGNMENT_STATES)
    moments = [local(moment) for moment in (*tries.values_list("at", flat=True), *([at] if trying else []))]
    half_days = {(moment.date(), moment.hour < NOON) for moment in moments}
    return len(half_days) >= parameters.integer("first_contact_tries", at=at)


def _onsite_requirements(ticket: Ticket, *, at: datetime) -> list[Requirement]:
    least = parameters.integer("onsite_photos_min", at=at)
    visits = OnSiteRecord.objects.of_live_leads().filter(ticket=ticket, round=ticket.round)
    photos = ticket.attachments.filter(PICTURE, event__onsite__in=visits).count()
    return [
        Requirement(visits.exists(), "到过现场", "onsite"),
        Requirement(photos >= least, f"现场照片至少 {least} 张，已有 {photos} 张", "onsite"),
    ]


def silent_co_units(ticket: Ticket) -> list[Assignment]:
    """Co-units and superiors that have not reported yet."""
    return list(
        Assignment.objects.filter(
            ticket=ticket,
            role__in=[AssignmentRole.CO, AssignmentRole.SUPERIOR],
            state__in=[AssignmentState.PENDING_SIGN, AssignmentState.SIGNED, AssignmentState.RETURN_REQUESTED],
        )
        .select_related("unit")
        .order_by("pk")
    )


def reasons_owed(*, resolved: str, claim: str, standard_met: bool, silent: Iterable[Assignment]) -> dict[str, str]:
    """Which reasons a result that falls short must give: argument of `submit_result` → the sentence that asks for it."""
    owed = {}
    if resolved != Resolved.YES:
        owed["unresolved_reason"] = "没有全部解决的，请写明原因。"
    if claim in DENIED:
        owed["internal_text"] = f"{Claim(claim).label}的，请在办理情况里写明核查的依据。"
    if not standard_met:
        owed["standard_note"] = "未达到办结标准的，请写明原因。"
    names = "、".join(part.unit.short_name for part in silent)
    if names:
        owed["missing_co_reason"] = f"{names}还没有反馈，请写明为何不等。"
    return owed
