"""What a unit does with its part: sign, pass down, contact, go there, ask for time, note, report."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from hotline import parameters
from hotline import services as hotline
from hotline.models import StoredFile, Unit, User
from responsibility import selectors as responsibility
from responsibility.models import DutyItem
from tickets import rights
from tickets.models import Assignment, Attachment, OnSiteRecord, Ticket, TicketEvent
from tickets.selectors.readiness import contact_was_tried, why_not_handler
from tickets.services import access, parts, photos
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    HELD_STATES,
    LIVE_ASSIGNMENT_STATES,
    UNIT_STATES,
    AssignmentRole,
    AssignmentState,
    AttachmentKind,
    ClockKind,
    EndedAs,
    NoteKind,
    TicketState,
)

WORKING_STATES = (TicketState.IN_PROGRESS,)


@transaction.atomic
def sign_assignment(*, assignment_id: int, by: User, at: datetime, handler: User | None = None) -> TicketEvent:
    """The unit takes note and names who handles it. The city's lead signing moves the ticket to in progress."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.SIGN, assignment)
    act.require_state(*_states_of(assignment))
    if handler is not None:
        refuse_handler(handler, assignment)
    act.move_assignment(assignment, Assignment.sign, handler=handler, at=at)
    if act.ticket.lead_id == assignment.pk:
        act.move(Ticket.sign)
    act.stop_clocks(ClockKind.SIGN, assignment=assignment)
    return act.record("sign", assignment=assignment, data={"handler": handler.pk if handler else None})


def _states_of(assignment: Assignment) -> tuple[TicketState, ...]:
    return HELD_STATES if assignment.role == AssignmentRole.LEAD else UNIT_STATES


def refuse_handler(handler: User, assignment: Assignment) -> None:
    """Raise unless ``handler`` may be the named handler of this part."""
    why = why_not_handler(handler, assignment)
    if why:
        raise InputRefused(why, field="handler")


@transaction.atomic
def name_handler(*, assignment_id: int, handler: User, by: User, at: datetime) -> TicketEvent:
    """Another person of the unit handles it from now on."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.SIGN, assignment)
    act.require_state(*_states_of(assignment))
    if assignment.state != AssignmentState.SIGNED:
        act.refuse("签收后、提交前才能更换经办人。")
    refuse_handler(handler, assignment)
    assignment.handler = handler
    assignment.save(update_fields=["handler"])
    return act.record("name_handler", assignment=assignment, data={"handler": handler.pk})


@transaction.atomic
def pass_down(
    *,
    assignment_id: int,
    unit: Unit,
    item: DutyItem | None,
    by: User,
    at: datetime,
    co_units: Sequence[Unit] = (),
) -> TicketEvent:
    """A county centre gives the matter to its department or township and stays answerable with its own clocks."""
    unit, *co_units = hotline.lock_units([unit, *co_units])
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.PASS_DOWN, assignment)
    act.require_state(*WORKING_STATES)
    if assignment.state != AssignmentState.SIGNED:
        act.refuse("签收以后才能转派。")
    if act.ticket.holder_id != assignment.pk:
        act.refuse("已转派下级单位，须先收回，才能再转派。")
    for receiver in (unit, *co_units):
        refuse_receiver(receiver, giver=assignment.unit, at=at)
        parts.refuse_second_part(act, receiver)
    if item and not responsibility.items_in_force(at, scope=assignment.unit).filter(pk=item.pk).exists():
        raise InputRefused("这一事项不在本县现行的清单里，请重新选择。", field="item")
    refuse_township(unit, item=item, ticket=act.ticket, at=at)
    if unit in co_units:
        raise InputRefused("同一单位不能既主办又协办。")
    child = parts.give_lead(act, unit=unit, item=item, objectable=True, parent=assignment)
    act.ticket.holder = child
    if item is not None and not _is_routed_by(act.ticket, item):
        act.ticket.item = item
    for other in co_units:
        parts.give_side_part(act, unit=other, role=AssignmentRole.CO, item=item, parent=assignment)
    return act.record("pass_down", assignment=child, data={"unit": unit.pk, "item": item.code if item else ""})


def _is_routed_by(ticket: Ticket, item: DutyItem) -> bool:
    """A later version of the item that the ticket was routed by: the ticket keeps the version of its day."""
    by = ticket.item
    return by is not None and (by.code, by.duty_list.scope_id) == (item.code, item.duty_list.scope_id)


def refuse_receiver(unit: Unit, *, giver: Unit, at: datetime) -> None:
    if unit.parent_id != giver.pk:
        raise InputRefused(f"{unit.name}不是本中心的下级单位。")
    if not unit.is_valid(at):
        raise InputRefused(f"{unit.name}已停用，请选择承接单位。")


def refuse_township(unit: Unit, *, item: DutyItem | None, ticket: Ticket, at: datetime) -> None:
    """国办函〔2025〕66号（五）: a department's matter goes to a township only when the item says that it leads, and its own
    list of duties, if it has one.
    """
    if unit.kind != Unit.Kind.TOWNSHIP:
        return
    text = f"{ticket.title}\n{ticket.text}"
    why = (
        responsibility.why_township_not_lead(township=unit, item=item, text=text, at=at)
        if item
        else "没有选清单事项，看不出是不是乡镇（街道）的履职事项。"
    )
    if why:
        raise InputRefused(f"{why}不能交乡镇（街道）主办；需要配合的，请加派协办。", field="unit")


@transaction.atomic
def take_back_child(*, assignment_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The county corrects itself: the child's part ends and the county has it in hand again."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    reason = require_text(reason, "请写明收回的原因。")
    if assignment.parent is None:
        act.refuse("市中心派出的件由市中心撤回。")
    act.require(rights.PASS_DOWN, assignment.parent)
    act.require_state(*WORKING_STATES)
    if assignment.state not in LIVE_ASSIGNMENT_STATES:
        act.refuse(f"下级单位的承办已是“{assignment.get_state_display()}”，不能收回。")
    taken = parts.with_those_below(assignment)
    parts.take_back(act, taken, ended_as=EndedAs.TAKEN_BACK)
    if act.ticket.holder_id in {part.pk for part in taken}:
        act.ticket.holder = assignment.parent
    return act.record("take_back_child", assignment=assignment, reason=reason)


@transaction.atomic
def record_contact(*, assignment_id: int, reached: bool, by: User, at: datetime) -> TicketEvent:
    """The citizen was called. Reaching them is the first contact of every lead, above and below.

    Who tried in vain in enough half-days is not late either. The room that keeps contacts stores whom and what was
    said; here stands only that it happened.
    """
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.CONTACT, assignment)
    act.require_state(*WORKING_STATES)
    if assignment.state != AssignmentState.SIGNED:
        act.refuse("签收以后才能记联系。")
    leads = act.ticket.assignments.filter(role=AssignmentRole.LEAD).exclude(state__in=ENDED_ASSIGNMENT_STATES)
    if reached:
        leads.filter(contacted_at__isnull=True).update(contacted_at=at)
    if reached or contact_was_tried(act.ticket, at=at, trying=True):
        for part in leads.order_by("pk"):
            act.stop_clocks(ClockKind.CONTACT, assignment=part)
    return act.record("record_contact", assignment=assignment, data={"reached": reached, "round": act.ticket.round})


@transaction.atomic
def record_onsite(
    *,
    assignment_id: int,
    found: str,
    visited_at: datetime,
    by: User,
    at: datetime,
    place: str = "",
    before: Sequence[StoredFile] = (),
    after: Sequence[StoredFile] = (),
) -> TicketEvent:
    """Somebody stood there (article 8: 需现场处置的事项要第一时间赴现场核实处置); at the matter's place unless ``place`` says where.

    The same words of the same visit sent again (a second window, a lost answer) are written once; pictures that came
    with them only now are added.
    """
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.VISIT, assignment)
    act.require_state(*WORKING_STATES)
    if assignment.state != AssignmentState.SIGNED:
        act.refuse("签收以后才能填现场记录。")
    found = require_text(found, "请写明现场看到的情况。")
    place = require_text(place or act.ticket.place, "请写明到场地点。", field="place")[:200]
    if not assignment.given_at - timedelta(minutes=1) <= visited_at <= at:
        raise InputRefused("到场时间须在派单之后、现在之前。", field="visited_at")
    visit = {
        "ticket": act.ticket,
        "assignment": assignment,
        "round": act.ticket.round,
        "found": found,
        "visited_at": visited_at,
        "by": by,
    }
    there = OnSiteRecord.objects.filter(**visit).select_related("event").first()
    if there is not None:
        event = there.event
    else:
        event = act.record("record_onsite", assignment=assignment, data={"before": len(before), "after": len(after)})
        OnSiteRecord.objects.create(event=event, place=place, **visit)
    _add_pictures(event, assignment, {AttachmentKind.BEFORE: before, AttachmentKind.AFTER: after}, at=at)
    return event


def _add_pictures(
    event: TicketEvent, assignment: Assignment, pictures: Mapping[str, Sequence[StoredFile]], *, at: datetime
) -> None:
    """Those that the visit does not have yet, each once."""
    kept = set(event.attachments.values_list("kind", "file__sha256"))
    new = {(kind, file.sha256): file for kind, files in pictures.items() for file in files}
    added = Attachment.objects.bulk_create(
        Attachment(ticket=assignment.ticket, event=event, assignment=assignment, file=file, kind=kind)
        for (kind, digest), file in new.items()
        if (kind, digest) not in kept
    )
    photos.find_earlier_uses(added, at=at)


@transaction.atomic
def add_note(*, ticket_id: int, text: str, by: User, at: datetime) -> TicketEvent:
    """An internal remark of a unit that has a part in the ticket, or of the centre."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    text = require_text(text, "请写批注内容。")
    act.require(rights.REMARK)
    own = (
        Assignment.objects.filter(ticket=act.ticket, unit_id=by.unit_id, state__in=access.SEEN_STATES)
        .select_related("unit")
        .order_by("-pk")
        .first()
    )
    return act.record("note", assignment=own, unit=by.unit, reason=text, note_kind=NoteKind.NOTE)


@transaction.atomic
def instruct_ticket(*, ticket_id: int, text: str, by: User, at: datetime) -> TicketEvent:
    """批示 of a leader: words that every unit of the ticket reads. It changes no state and no clock."""
    act = Act.on_ticket(ticket_id, by=by, at=at)
    act.require(rights.INSTRUCT)
    event = act.record("instruct", reason=require_text(text, "请写批示内容。"), note_kind=NoteKind.INSTRUCTION)
    parts.tell_units(act, event, "instructed", parts.live_parts(act))
    return event


@transaction.atomic
def report_as_co(*, assignment_id: int, text: str, by: User, at: datetime) -> TicketEvent:
    """A co-unit's or superior's finding, for the lead to use. It never moves the ticket."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.REPORT_AS_CO, assignment)
    act.require_state(*UNIT_STATES)
    least = parameters.integer("min_co_report_chars", at=at)
    text = require_text(text, "请写协办意见。")
    if len(text) < least:
        raise InputRefused(f"协办意见至少 {least} 个字。")
    act.move_assignment(assignment, Assignment.submit, at=at)
    act.move_assignment(assignment, Assignment.accept)
    act.stop_clocks(ClockKind.HANDLE, assignment=assignment)
    return act.record("report_as_co", assignment=assignment, reason=text, note_kind=NoteKind.CO_REPORT)
