"""A resource of the county is asked to settle a matter between people (赣市改字〔2025〕10号 第5条); the clocks run on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from hotline import parameters
from hotline import services as hotline
from hotline.calendar import add_working
from hotline.dates import local_day
from hotline.models import StoredFile, User
from hotline.selectors import people_with_right, with_stand_ins
from responsibility import selectors as responsibility
from responsibility.models import Resource
from tickets import rights
from tickets.models import Assignment, Attachment, Mediation, TicketEvent
from tickets.selectors.lists import who_may_know
from tickets.selectors.mediations import NOT_IF_RESTRICTED
from tickets.services.act import Act, InputRefused, require_text
from tickets.states import AssignmentState, AttachmentKind, MediationOutcome, NoteKind, Secrecy, TicketState

MANAGES = "responsibility.manage_resources"
HELD = (MediationOutcome.AGREED, MediationOutcome.FAILED)
RECORDED = (*HELD, MediationOutcome.DECLINED, MediationOutcome.WITHDRAWN)


@transaction.atomic
def ask_mediation(
    *, assignment_id: int, resource: Resource, asked: str, consent: str, by: User, at: datetime
) -> TicketEvent:
    """The lead asks one resource, with the citizen's consent: of its county, for a unit of the city of the county where the matter
    is, or of the whole city. That county's centre sees the ticket from then on. One at a time for a ticket.
    """
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    act.require(rights.MEDIATE, assignment)
    act.require_state(TicketState.IN_PROGRESS)
    if act.ticket.secrecy != Secrecy.OPEN:
        act.refuse(NOT_IF_RESTRICTED)
    if assignment.state != AssignmentState.SIGNED:
        act.refuse("签收后、提交前才能提出调解。")
    if act.ticket.in_mediation:
        act.refuse("这一件已有一个调解没有结果。")
    asked = require_text(asked, "请写明要它调解什么。")
    consent = require_text(consent, "请写明群众怎么同意调解的；没有同意的不能提出。")[:200]
    if not responsibility.resources_for(assignment.unit, act.ticket.region, at).filter(pk=resource.pk).exists():
        raise InputRefused(f"“{resource.name}”不是所在县（市、区）或全市共用、正在使用的资源。")
    mediation = Mediation.objects.create(
        ticket=act.ticket,
        assignment=assignment,
        resource=resource,
        asked=asked,
        consent=consent,
        asked_by=by,
        asked_at=at,
        remind_at=_next_reminder(at),
    )
    act.ticket.in_mediation = True
    act.ticket.mediation_count += 1
    act.shows_elsewhere()
    event = act.record(
        "ask_mediation",
        assignment=assignment,
        reason=asked,
        data={"mediation": mediation.pk, "note": resource.name},
    )
    if resource.centre_id is not None and resource.centre_id != by.unit_id:
        _tell(mediation, "mediation_asked", people_with_right(MANAGES, [resource.centre], at=at), at=at)
    return event


def _next_reminder(at: datetime) -> datetime:
    return add_working(at, parameters.limit("mediation_remind_after", at=at))


@transaction.atomic
def record_mediation(
    *,
    mediation_id: int,
    outcome: str,
    words: str,
    by: User,
    at: datetime,
    held_on: date | None = None,
    mediator: str = "",
    files: Sequence[StoredFile] = (),
) -> TicketEvent:
    """What came of it: an agreement or none, with date, mediator and record; or that it was not taken on. Once."""
    assignment_id = Mediation.objects.values_list("assignment_id", flat=True).get(pk=mediation_id)
    act, assignment = Act.on_assignment(assignment_id, by=by, at=at)
    mediation = Mediation.objects.select_related("resource", "assignment").get(pk=mediation_id)
    act.require(rights.RECORD_MEDIATION, mediation)
    if mediation.outcome:
        act.refuse(f"这一调解已记结果：{mediation.get_outcome_display()}。")
    if outcome not in RECORDED:
        raise InputRefused("请选择调解的结果。")
    words = require_text(words, "请写调解记录。")
    if outcome in HELD:
        mediator = require_text(mediator, "请写调解人。", field="mediator")
        if held_on is None or not local_day(mediation.asked_at) <= held_on <= local_day(at):
            raise InputRefused("调解日期须在提出之后、今天以前（含当天）。", field="held_on")
    mediation.outcome, mediation.words = outcome, words
    mediation.held_on, mediation.mediator = held_on, mediator.strip()[:40]
    mediation.recorded_by, mediation.recorded_at = by, at
    act.ticket.in_mediation = False
    event = act.record(
        "record_mediation",
        assignment=assignment,
        reason=words,
        note_kind=NoteKind.NOTE,
        data={"mediation": mediation.pk, "note": MediationOutcome(outcome).label},
    )
    mediation.event = event
    mediation.save()
    Attachment.objects.bulk_create(
        Attachment(ticket=act.ticket, event=event, assignment=assignment, file=file, kind=AttachmentKind.EVIDENCE)
        for file in files
    )
    asker = [person for person in _answerable(mediation) if person.pk != by.pk]
    _tell(mediation, "mediation_recorded", asker, at=at)
    return event


def _answerable(mediation: Mediation) -> list[User]:
    """Whoever waits for the outcome: the named handler of the part, else who asked."""
    return [mediation.assignment.handler or mediation.asked_by]


def _tell(mediation: Mediation, kind: str, people: Iterable[User], *, at: datetime) -> None:
    told = who_may_know(mediation.ticket, with_stand_ins(people, at=at), at)
    number = mediation.ticket.number
    dedupe = f"{kind}:{mediation.pk}:{mediation.remind_at:%Y%m%d%H%M}"
    hotline.notify(users=told, kind=kind, number=number, at=at, dedupe=dedupe)


def remind_mediations(*, at: datetime) -> int:
    """Tell the asker and the resource's centre of what has no outcome yet, again after each such time. Returns how many."""
    waiting = Mediation.objects.filter(outcome="", remind_at__lte=at, ticket__is_open=True)
    due = list(waiting.order_by("remind_at", "pk").values_list("pk", flat=True))
    return len(hotline.one_by_one(lambda pk: _remind(pk, at=at), due))


def _remind(pk: int, *, at: datetime) -> bool:
    with transaction.atomic():
        mediation = (
            Mediation.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("ticket", "assignment__handler", "asked_by", "resource__centre")
            .filter(pk=pk, outcome="", remind_at__lte=at)
            .first()
        )
        if mediation is None:
            return False
        centre = mediation.resource.centre
        people = _answerable(mediation)
        if centre is not None:
            people += list(people_with_right(MANAGES, [centre], at=at))
        _tell(mediation, "mediation_waits", people, at=at)
        mediation.remind_at = _next_reminder(at)
        mediation.reminded += 1
        mediation.save(update_fields=["remind_at", "reminded"])
        return True


def end_with_parts(act: Act, parts: Sequence[Assignment]) -> None:
    """The part that asked is over: nobody waits for the outcome any more."""
    if not act.ticket.in_mediation:
        return
    ended = Mediation.objects.filter(assignment__in=parts, outcome="").update(
        outcome=MediationOutcome.CANCELLED, recorded_at=act.at
    )
    act.ticket.in_mediation = not ended
