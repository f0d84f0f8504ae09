"""先办后议: the first handler objects, the centre settles it beside the handling (赣市改字〔2025〕10号 第8条).

No clock of the ticket or of a citizen stops for it. Whoever is asked has a limit of their own; when it has passed, the
ruling is given without them. What was ruled is final for the ticket, and a precedent for others.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from hotline import services as hotline
from hotline.models import Clock, StoredFile, Unit, User
from hotline.selectors import people_with_right
from responsibility import services as responsibility
from responsibility.models import DutyItem
from responsibility.rights import OPINIONS
from responsibility.states import Office, Outcome
from tickets import deadlines, rights
from tickets.models import (
    Assignment,
    Attachment,
    DutyQuestion,
    Meeting,
    Objection,
    ObjectionClock,
    Ruling,
    Statement,
    Ticket,
    TicketEvent,
)
from tickets.selectors.objections import (
    awaited_refusal,
    objection_deadline,
    objection_refusal,
    ruling_in_force,
)
from tickets.services import dispatch, parts, rulings
from tickets.services.act import Act, InputRefused, require_text
from tickets.services.holding import HANDLING_KINDS
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    HELD_STATES,
    AttachmentKind,
    ClosingKind,
    EndedAs,
    ObjectionState,
    RulingKind,
    Secrecy,
    TicketState,
)

TOLD_STATEMENT, TOLD_DEFINITION = "statement_asked", "definition_asked"
"""Kinds of the notices to whoever is asked."""
NOT_IN_WRITING = "保密工单不能书面征求意见，请当面会商，并写会商记录。"


@transaction.atomic
def raise_objection(
    *, assignment_id: int, reason: str, by: User, at: datetime, suggested_unit: Unit | None = None
) -> TicketEvent:
    """The first handler says that the matter is not its own. It goes on handling it, and its limits run."""
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.OBJECT, assignment)
    ruling = None if assignment.objectable else ruling_in_force(act.ticket)
    why = objection_refusal(act.ticket, ruling, at=at)
    if why:
        act.refuse(why)
    if suggested_unit == assignment.unit:
        raise InputRefused("建议负责的单位不能是本单位。", field="suggested_unit")
    objection = Objection.objects.create(
        ticket=act.ticket,
        assignment=assignment,
        ruling=ruling,
        reason=require_text(reason, "请写明异议的理由和依据。"),
        suggested_unit=suggested_unit,
        raised_by=by,
        raised_at=at,
    )
    act.ticket.has_objection = True
    _start(objection, ObjectionClock.COORDINATION, "objection_limit", "异议协调", at)
    return act.record("raise_objection", assignment=assignment, reason=reason.strip())


def _start(objection: Objection, kind: str, key: str, why: str, at: datetime, **subject: Any) -> None:
    rule = deadlines.plain_rule(key, why, at)
    hotline.start_clock(
        ObjectionClock,
        kind=kind,
        started_at=at,
        limit=rule.limit,
        explanation={"rule": rule.why},
        objection=objection,
        **subject,
    )


def _open(objection_id: int, *, by: User | None, at: datetime) -> tuple[Act, Objection]:
    ticket_id = Objection.objects.values_list("ticket_id", flat=True).get(pk=objection_id)
    act = Act.on_ticket(ticket_id, by=by, at=at)
    objection = Objection.objects.select_related("assignment__unit", "ruling__unit").get(pk=objection_id)
    objection.ticket = act.ticket
    return act, objection


def _refuse_ended(act: Act, objection: Objection) -> None:
    if objection.state != ObjectionState.OPEN:
        act.refuse(f"这一异议{objection.get_state_display()}。")


def _at_the_centre(objection_id: int, *, by: User, at: datetime) -> tuple[Act, Objection]:
    act, objection = _open(objection_id, by=by, at=at)
    act.require(rights.RULE)
    _refuse_ended(act, objection)
    return act, objection


@transaction.atomic
def withdraw_objection(*, objection_id: int, reason: str, by: User, at: datetime) -> TicketEvent:
    """The unit keeps the matter after all; while the window lasts it may object again."""
    act, objection = _open(objection_id, by=by, at=at)
    act.require(rights.OBJECT, objection.assignment)
    _refuse_ended(act, objection)
    reason = require_text(reason, "请写明为何撤回。")
    rulings.end_objection(act, objection, ObjectionState.WITHDRAWN)
    return act.record("withdraw_objection", assignment=objection.assignment, reason=reason)


@transaction.atomic
def ask_statements(*, objection_id: int, units: Sequence[Unit], question: str, by: User, at: datetime) -> TicketEvent:
    """Ask each unit concerned for its opinion in writing, with a limit. A unit is asked once."""
    act, objection = _at_the_centre(objection_id, by=by, at=at)
    question = require_text(question, "请写明要说明什么。")
    if act.ticket.secrecy != Secrecy.OPEN:
        act.refuse(NOT_IN_WRITING)
    if not units:
        raise InputRefused("请写明向哪些单位征求意见。")
    asked = set(objection.statements.values_list("unit_id", flat=True))
    for unit in units:
        _refuse_to_ask(unit, at)
        if unit.pk in asked:
            raise InputRefused(f"已经向{unit.name}征求过意见。")
        asked.add(unit.pk)
    for unit in units:
        statement = Statement.objects.create(
            objection=objection, unit=unit, question=question, asked_by=by, asked_at=at
        )
        _start(objection, ObjectionClock.STATEMENT, "statement_limit", "书面意见", at, statement=statement)
        _tell(TOLD_STATEMENT, people_with_right("tickets.pass_down_ticket", [unit], at=at), statement, act)
    return act.record("ask_statements", reason=question, data={"units": [unit.pk for unit in units]})


def _refuse_to_ask(unit: Unit, at: datetime) -> None:
    """A ruling waits for whom it asks: not for a unit that handles nothing, nor for one where nobody can answer."""
    if not unit.is_valid(at) or unit.kind not in HANDLING_KINDS:
        raise InputRefused(f"{unit.name}不是在用的承办单位，不能向它征求意见。")
    if not dispatch.can_sign(unit, at):
        raise InputRefused(f"{unit.name}还没有能答复的人员，不能向它征求意见。")


def _tell(kind: str, people: Iterable[User], asked: Statement | DutyQuestion, act: Act) -> None:
    hotline.notify(users=people, kind=kind, number=act.ticket.number, at=act.at, dedupe=f"{kind}:{asked.pk}")


@transaction.atomic
def give_statement(*, statement_id: int, text: str, by: User, at: datetime) -> TicketEvent:
    """The unit's opinion in writing, once; also late, as long as nobody has ruled."""
    objection_id = Statement.objects.values_list("objection_id", flat=True).get(pk=statement_id)
    act, objection = _open(objection_id, by=by, at=at)
    statement = Statement.objects.select_related("unit").get(pk=statement_id)
    act.require(rights.STATE, statement)
    _refuse_ended(act, objection)
    if act.ticket.secrecy != Secrecy.OPEN:
        act.refuse(NOT_IN_WRITING)
    if statement.given_at is not None:
        act.refuse("本单位的书面意见已经提交。")
    statement.text = require_text(text, "请写明本单位的意见和依据。")
    statement.given_by, statement.given_at = by, at
    statement.save(update_fields=["text", "given_by", "given_at"])
    hotline.stop_clocks(statement.clocks.all(), at=at, outcome=Clock.Outcome.MET)
    return act.record("give_statement", unit=statement.unit, data={"statement": statement.pk})


@transaction.atomic
def record_meeting(
    *,
    objection_id: int,
    held_at: datetime,
    attended: str,
    text: str,
    by: User,
    at: datetime,
    files: Sequence[StoredFile] = (),
) -> TicketEvent:
    """What was said when the units sat together."""
    act, objection = _at_the_centre(objection_id, by=by, at=at)
    attended = require_text(attended, "请写明哪些单位、什么人参加。")
    text = require_text(text, "请写明会商的情况。")
    # A form says the minute.
    if not objection.raised_at.replace(second=0, microsecond=0) <= held_at <= at:
        raise InputRefused("会商时间须在提出异议以后，并且不晚于现在。", field="held_at")
    event = act.write_event("record_meeting")
    Meeting.objects.create(objection=objection, event=event, held_at=held_at, attended=attended, text=text)
    Attachment.objects.bulk_create(
        [Attachment(ticket=act.ticket, event=event, file=file, kind=AttachmentKind.EVIDENCE) for file in files],
        ignore_conflicts=True,
    )
    act.announce()
    return event


@transaction.atomic
def ask_definition(*, objection_id: int, office: str, question: str, by: User, at: datetime) -> TicketEvent:
    """Let 编办 or 司法局 say whose duty it is; each has one question at a time."""
    act, objection = _at_the_centre(objection_id, by=by, at=at)
    question = require_text(question, "请写明请对方界定什么。")
    if office not in Office.values:
        raise InputRefused("请选择提请哪个部门界定。")
    if act.ticket.secrecy != Secrecy.OPEN:
        act.refuse(NOT_IN_WRITING)
    if objection.duty_questions.filter(office=office, answered_at__isnull=True).exists():
        act.refuse("已经提请，对方还没有答复。")
    asked = DutyQuestion.objects.create(
        objection=objection, office=office, question=question, asked_by=by, asked_at=at
    )
    _start(objection, ObjectionClock.DEFINITION, "definition_limit", "职责界定", at, duty_question=asked)
    _tell(TOLD_DEFINITION, people_with_right(OPINIONS[Office(office)], at=at), asked, act)
    return act.record("ask_definition", reason=question, data={"office": office})


@transaction.atomic
def answer_definition(
    *, duty_question_id: int, answer: str, by: User, at: datetime, unit: Unit | None = None
) -> TicketEvent:
    """What the office says, and the unit that it names, if it names one. The centre still rules."""
    objection_id = DutyQuestion.objects.values_list("objection_id", flat=True).get(pk=duty_question_id)
    act, objection = _open(objection_id, by=by, at=at)
    asked = DutyQuestion.objects.get(pk=duty_question_id)
    act.require(rights.DEFINE[Office(asked.office)], asked)
    _refuse_ended(act, objection)
    if act.ticket.secrecy != Secrecy.OPEN:
        act.refuse(NOT_IN_WRITING)
    if asked.answered_at is not None:
        act.refuse("这一提请已经答复。")
    asked.answer = require_text(answer, "请写明界定的意见和依据。")
    asked.unit, asked.answered_by, asked.answered_at = unit, by, at
    asked.save(update_fields=["answer", "unit", "answered_by", "answered_at"])
    hotline.stop_clocks(asked.clocks.all(), at=at, outcome=Clock.Outcome.MET)
    return act.record("answer_definition", data={"question": asked.pk} | ({"named": unit.pk} if unit else {}))


@transaction.atomic
def rule_objection(
    *, objection_id: int, unit: Unit, item: DutyItem | None, reason: str, by: User, at: datetime
) -> TicketEvent:
    """The first handler keeps the matter, or another unit is named.

    What is still in hand changes hands and the new unit gets a full limit; what was reported already stays with the
    unit that did it, and the ruling is for the next matter of the kind. The citizen's clock knows nothing of it.
    """
    [unit] = hotline.lock_units([unit])
    act, objection = _at_the_centre(objection_id, by=by, at=at)
    reason = require_text(reason, "请写明裁定的依据。")
    dispatch.refuse_unit(unit, at=at)
    why = awaited_refusal(objection, at=at)
    if why:
        act.refuse(why)
    rulings.end_objection(act, objection, ObjectionState.RULED)
    first = objection.assignment.unit
    # Whoever handles it, the matter is what it was: a like one finds the ruling by its item.
    matter = item or objection.ruling.item
    if unit == first:
        event = act.record("keep_first_handler", unit=unit, reason=reason, data={"unit": unit.pk})
        rulings.give_ruling(act, event, RulingKind.KEPT, unit=unit, item=matter, grounds=reason)
        return event
    if act.ticket.state in HELD_STATES:
        lead = _change_hands(act, unit, item)
        event = act.record("change_first_handler", assignment=lead, reason=reason, data={"unit": unit.pk})
    else:
        event = act.record("name_next_handler", unit=unit, reason=reason, data={"unit": unit.pk})
    rulings.give_ruling(act, event, RulingKind.MOVED, unit=unit, item=matter, grounds=reason)
    dispatch.remember_outcome(act.ticket, unit=unit, item=item, outcome=Outcome.RULED, at=at)
    return event


def _change_hands(act: Act, unit: Unit, item: DutyItem | None) -> Assignment:
    """The lead's chain ends and the named unit leads; co-units of the centre stay beside it."""
    ended = parts.with_those_below(act.ticket.lead)
    beside = act.ticket.assignments.filter(unit=unit).exclude(state__in=ENDED_ASSIGNMENT_STATES)
    parts.take_back(act, [*ended, *(part for part in beside if part not in ended)], ended_as=EndedAs.RULED)
    lead = parts.give_lead(act, unit=unit, item=item, objectable=False)
    act.move(Ticket.change_first_handler, lead=lead)
    return lead


def propose_items(*, at: datetime) -> list[int]:
    """办结完毕没有异议的，纳入清单管理: propose to the list what was ruled, is closed, and nobody objects to any more.

    Returns the tickets that were proposed. Safe to run twice.
    """
    tickets = _unproposed().order_by("pk").values_list("ticket_id", flat=True)
    return hotline.one_by_one(lambda ticket_id: _propose(ticket_id, at), list(tickets))


def _unproposed() -> QuerySet[Ruling]:
    return Ruling.objects.filter(
        ended_at__isnull=True,
        proposed_at__isnull=True,
        ticket__state=TicketState.CLOSED,
        ticket__secrecy=Secrecy.OPEN,
        ticket__has_objection=False,
    ).exclude(ticket__closing_kind=ClosingKind.WITHDRAWN)


@transaction.atomic
def _propose(ticket_id: int, at: datetime) -> bool:
    act = Act.on_ticket(ticket_id, by=None, at=at)
    ticket, deadline = act.ticket, objection_deadline(act.ticket, at=at)
    # Looked for again behind the lock: it may have been opened, objected to or made secret meanwhile.
    ruling = _unproposed().filter(ticket=ticket).select_related("unit", "item", "category").first()
    if ruling is None or deadline is None or at <= deadline:
        return False
    responsibility.propose_item(
        ticket_number=ticket.number,
        title=ticket.title,
        text=ticket.text,
        kind=ticket.kind,
        category=ruling.category,
        unit=ruling.unit,
        item=ruling.item,
        grounds=ruling.grounds,
        at=at,
    )
    ruling.proposed_at = at
    ruling.save(update_fields=["proposed_at"])
    act.record("propose_item", unit=ruling.unit)
    return True
