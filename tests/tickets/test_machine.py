"""The machines of ticket and assignment; what the database refuses whoever writes."""

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet
from django_fsm import can_proceed

from hotline.models import StoredFile
from tests.factories.resources import make_resource
from tests.factories.tickets import (
    at,
    closed,
    contacted,
    dispatched,
    fresh,
    make_item,
    part_of,
    pending_approval,
    register,
    signed,
    submitted,
)
from tickets import services
from tickets.guards import why_refused
from tickets.models import (
    Assignment,
    Attachment,
    AutomaticDispatch,
    DutyQuestion,
    EarlierUse,
    ExtensionRequest,
    Mediation,
    Objection,
    ObjectionBreach,
    Reply,
    ReturnRequest,
    Ruling,
    Statement,
    Ticket,
    TicketClockBreach,
    TicketEvent,
    TicketHold,
    TicketScope,
)
from tickets.states import TicketState

# --- the machines

TICKET = """
pending_dispatch   dispatch             pending_sign
pending_dispatch   ask_information      pending_info
pending_dispatch   answer_by_centre     pending_followup
pending_dispatch   refer_to_ruling      pending_ruling

pending_info       give_information     pending_dispatch

pending_sign       sign                 in_progress
pending_sign       request_return       return_review
pending_sign       recall               pending_dispatch
pending_sign       change_first_handler pending_sign

return_review      refuse_return        pending_sign in_progress
return_review      grant_return         pending_dispatch
return_review      dispute_return       pending_ruling

pending_ruling     rule_first_handler   pending_sign
pending_ruling     rule_not_government  completion_review

in_progress        submit_result        completion_review
in_progress        request_return       return_review
in_progress        defer                deferred
in_progress        recall               pending_dispatch
in_progress        change_first_handler pending_sign

completion_review  pass_review          pending_followup
completion_review  send_back            in_progress pending_ruling

pending_followup   close                closed
pending_followup   redo                 in_progress pending_dispatch

deferred           resume               in_progress
deferred           conclude_deferred    pending_followup

closed             reopen               in_progress pending_dispatch
"""

OPEN = {
    "pending_dispatch",
    "pending_info",
    "pending_sign",
    "return_review",
    "pending_ruling",
    "in_progress",
    "completion_review",
    "pending_followup",
    "deferred",
}
BEFORE_A_RESULT = OPEN - {"completion_review", "pending_followup", "deferred"}

ASSIGNMENT = """
pending_sign       sign                 signed
pending_sign       request_return       return_requested
signed             request_return       return_requested
return_requested   refuse_return        pending_sign signed
signed             submit               submitted
submitted          accept               accepted
submitted          work_again           signed
accepted           work_again           signed
"""
IN_HAND = {"pending_sign", "signed", "return_requested", "submitted"}


def table(text):
    lines = [line.split() for line in text.splitlines() if line]
    return {(source, act, frozenset(targets)) for source, act, *targets in lines}


def machine(model):
    steps = model._meta.get_field("state").get_all_transitions(model)
    return {
        (step.source, step.name, frozenset(getattr(step.target, "allowed_states", [step.target]))) for step in steps
    }


def test_machine_of_the_ticket():
    anywhere = (
        {(state, "merge", frozenset({"merged"})) for state in OPEN}
        | {("merged", "unmerge", frozenset(OPEN))}
        | {(state, "void", frozenset({"voided"})) for state in BEFORE_A_RESULT}
        | {("voided", "restore", frozenset(BEFORE_A_RESULT))}
        | {(state, "close_as_withdrawn", frozenset({"closed"})) for state in BEFORE_A_RESULT}
    )

    assert machine(Ticket) == table(TICKET) | anywhere


def test_machine_of_the_assignment():
    ends = {(state, "take_back", frozenset({"taken_back"})) for state in {*IN_HAND, "accepted"}} | {
        (state, "hand_over", frozenset({"handed_over"})) for state in IN_HAND
    }

    assert machine(Assignment) == table(ASSIGNMENT) | ends


@pytest.mark.parametrize(
    "fields",
    [{}, {"needs_ruling": True}, {"open_hold_count": 1}, {"merged_count": 1}],
    ids=lambda fields: next(iter(fields), "free"),
)
def test_why_refused_agrees_with_the_library(fields):
    """`why_refused` reads a private table of django-fsm-2; `can_proceed` is its public answer without the sentence."""
    acts = sorted({step.name for step in Ticket._meta.get_field("state").get_all_transitions(Ticket)})

    for state in TicketState.values:
        ticket = Ticket(state=state, **fields)
        for act in acts:
            may = why_refused(ticket, getattr(Ticket, act)) == ""
            assert may is can_proceed(getattr(ticket, act)), (state, act)


@pytest.mark.parametrize(
    "state, fields, act, sentence",
    [
        ("closed", {}, "dispatch", "当前为“已办结”，不能执行该操作。"),
        ("pending_dispatch", {"needs_ruling": True}, "dispatch", "退单次数已满，须由中心裁定首办单位，不能再派。"),
        ("pending_followup", {"open_hold_count": 1}, "close", "本工单被督办、核查等事项保留，解除后才能办结。"),
        ("in_progress", {"merged_count": 1}, "void", "本工单下还有并入的工单，须先拆回，才能作废或并入其他工单。"),
        ("in_progress", {}, "submit_result", ""),
    ],
)
def test_why_refused_says(state, fields, act, sentence):
    assert why_refused(Ticket(state=state, **fields), getattr(Ticket, act)) == sentence


def test_state_is_not_assigned(city):
    ticket = signed(city)
    for row in (ticket, ticket.lead):
        with pytest.raises(AttributeError, match="state 只能经由流转动作修改。"):
            row.state = "closed"
    with pytest.raises(TypeError, match="A ticket's state changes by a transition"):
        Ticket.objects.filter(pk=ticket.pk).update(state="closed")

    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead.state) == ("in_progress", "signed")


# --- what the database refuses


def change(row, **columns):
    """Past every guard of ours, as somebody at the database's own prompt would."""
    QuerySet(type(row)).filter(pk=row.pk).update(**columns)


def again(row, **columns):
    row = fresh(row)
    row.pk = None
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def with_request(city, kind):
    ticket = contacted(city)
    common = {"assignment_id": ticket.lead_id, "reason": "理由。", "by": city.handler, "at": at("11-10 11:00")}
    if kind is ReturnRequest:
        services.request_return(ground="not_our_duty", **common)
    else:
        services.request_extension(days=2, **common)
    return kind.objects.get(assignment=ticket.lead)


def held(city):
    ticket = register()
    services.place_hold(ticket_id=ticket.pk, source="督办", reason="督办。", by=None, at=at("11-10 11:00"))
    return TicketHold.objects.get(ticket=ticket)


def scope(city):
    return TicketScope.objects.get(ticket=dispatched(city))


def reply(city):
    return Reply.objects.get(ticket=submitted(city))


def attachment(city):
    ticket = register()
    file = StoredFile.objects.create(
        sha256="0" * 64, size=1, content_type="image/png", name="a.png", path="a", uploaded_at=NOON
    )
    return Attachment.objects.create(ticket=ticket, file=file, kind="citizen")


def mediation(city):
    services.ask_mediation(
        assignment_id=signed(city).lead_id,
        resource=make_resource(),
        asked="协商。",
        consent="同意。",
        by=city.handler,
        at=NOON,
    )
    return Mediation.objects.get()


def visit(city):
    event = services.record_onsite(
        assignment_id=signed(city).lead_id, found="已停工。", visited_at=NOON, by=city.handler, at=NOON
    )
    return event.onsite


def earlier_use(city):
    return EarlierUse.objects.create(attachment=attachment(city), earlier=attachment(city), bits=0, same_bytes=True)


def by_itself(city):
    item = make_item()
    ticket = dispatched(city, item=item)
    return AutomaticDispatch.objects.create(
        ticket=ticket,
        event=ticket.events.get(act="dispatch"),
        assignment=ticket.lead,
        item_code=item.code,
        duty_list=item.duty_list,
        model="试",
        confidence=0.97,
        margin=0.9,
        at=NOON,
    )


def grant(city):
    return services.grant_scope(ticket_id=register().pk, user=city.handler, until=None)


def breach(city):
    clock = register().clocks.get()
    return TicketClockBreach.objects.create(clock=clock, threshold="due", at=clock.due_at, found_at=clock.due_at)


NOON = at("11-10 12:00")


def ruling(city):
    ticket = register()
    services.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=city.dispatcher, at=NOON)
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer, at=NOON
    )
    return Ruling.objects.get(ticket=ticket)


def objection(city):
    ticket = fresh(ruling(city).ticket)
    services.raise_objection(assignment_id=ticket.lead_id, reason="不归我局。", by=city.liaison, at=NOON)
    return Objection.objects.get(ticket=ticket)


def statement(city):
    found = objection(city)
    services.ask_statements(objection_id=found.pk, units=[city.other], question="归谁管？", by=city.reviewer, at=NOON)
    return Statement.objects.get(objection=found)


def question(city):
    found = objection(city)
    services.ask_definition(objection_id=found.pk, office="legal", question="归谁管？", by=city.reviewer, at=NOON)
    return DutyQuestion.objects.get(objection=found)


def late_objection(city):
    clock = objection(city).clocks.get()
    return ObjectionBreach.objects.create(clock=clock, threshold="due", at=clock.due_at, found_at=clock.due_at)


def second_ruling(city):
    first = ruling(city)
    event = TicketEvent.objects.filter(ticket=first.ticket).exclude(pk=first.event_id).first()
    again(first, event=event)


VIOLATIONS = {
    "ticket_is_open_follows_state": lambda city: change(register(), is_open=False),
    "ticket_with_a_unit_has_its_lead": lambda city: change(signed(city), lead=None),
    "ticket_awaiting_dispatch_has_no_lead": lambda city: change(signed(city), state="pending_dispatch"),
    "ticket_closed_says_when_and_how": lambda city: change(closed(city), closing_kind=""),
    "ticket_merged_says_into_what_and_whence": lambda city: change(register(), state="merged", is_open=False),
    "ticket_return_review_knows_where_it_came_from": lambda city: change(signed(city), state="return_review"),
    "ticket_voided_knows_where_it_came_from": lambda city: change(register(), state="voided", is_open=False),
    "ticket_is_not_merged_into_itself": lambda city: into_itself(register()),
    "ticket_round_from_one": lambda city: change(register(), round=0),
    "assignment_state_is_known": lambda city: change(signed(city).lead, state="lost"),
    "assignment_signed_says_when": lambda city: change(signed(city).lead, signed_at=None),
    "assignment_submitted_says_when": lambda city: change(submitted(city).lead, submitted_at=None),
    "assignment_ended_says_when_and_how": lambda city: change(signed(city).lead, ended_at=NOON),
    "assignment_once_per_unit": lambda city: again(part_of(dispatched(city, co_units=[city.other]), city.other)),
    "assignment_one_lead_from_the_city": lambda city: again(dispatched(city).lead, unit=city.other),
    "ticketclock_one_running_per_ticket_and_kind": lambda city: again(register().clocks.get()),
    "ticketclock_one_running_per_assignment": lambda city: again(dispatched(city).clocks.get(kind="handle")),
    "ruling_one_in_force_per_ticket": second_ruling,
    "ruling_kind_is_known": lambda city: change(ruling(city), kind="lost"),
    "ruling_says_why": lambda city: change(ruling(city), grounds=""),
    "objection_one_open_per_ticket": lambda city: again(objection(city)),
    "objection_ended_says_when": lambda city: change(objection(city), state="ruled"),
    "objection_state_is_known": lambda city: change(objection(city), state="lost", ended_at=NOON),
    "statement_once_per_unit": lambda city: again(statement(city)),
    "statement_given_has_words": lambda city: change(statement(city), given_at=NOON),
    "dutyquestion_one_open_per_office": lambda city: again(question(city)),
    "dutyquestion_answered_has_words": lambda city: change(question(city), answered_at=NOON),
    "dutyquestion_office_is_known": lambda city: change(question(city), office="lost"),
    "objectionclock_one_running_per_objection": lambda city: again(objection(city).clocks.get()),
    "objectionclock_one_running_per_statement": lambda city: again(statement(city).clocks.get()),
    "objectionclock_one_running_per_question": lambda city: again(question(city).clocks.get()),
    "objectionclock_kind_has_its_subject": lambda city: change(statement(city).clocks.get(), kind="definition"),
    "tickets_objectionbreach_once": lambda city: again(late_objection(city)),
    "returnrequest_one_pending": lambda city: again(with_request(city, ReturnRequest)),
    "returnrequest_decided_says_when": lambda city: change(with_request(city, ReturnRequest), decision="granted"),
    "extensionrequest_one_pending": lambda city: again(with_request(city, ExtensionRequest)),
    "extensionrequest_decided_says_when": lambda city: change(with_request(city, ExtensionRequest), decided_at=NOON),
    "approval_one_pending_per_ticket": lambda city: again(pending_approval(submitted(city))),
    "approval_decided_says_when": lambda city: change(pending_approval(submitted(city)), state="approved"),
    "reply_not_resolved_says_why": lambda city: change(reply(city), resolved="no"),
    "reply_denied_says_by_what": lambda city: change(reply(city), claim="untrue"),
    "reply_standard_met_or_explained": lambda city: change(reply(city), standard_met=False),
    "attachment_once": lambda city: again(attachment(city)),
    "mediation_one_open_per_ticket": lambda city: again(mediation(city)),
    "mediation_has_consent": lambda city: change(mediation(city), consent=""),
    "mediation_ended_says_when": lambda city: change(mediation(city), outcome="declined"),
    "mediation_record_is_whole": lambda city: change(mediation(city), outcome="agreed", recorded_at=NOON),
    "onsite_says_where": lambda city: change(visit(city), place=""),
    "earlier_use_once": lambda city: again(earlier_use(city)),
    "tickethold_one_open_per_source": lambda city: again(held(city)),
    "scope_unit_once": lambda city: again(scope(city)),
    "scope_user_once": lambda city: again(grant(city)),
    "scope_is_of_a_unit_or_a_user": lambda city: change(scope(city), unit=None),
    "scope_of_a_unit_has_no_end": lambda city: change(scope(city), until=NOON),
    "automatic_dispatch_read_says_who": lambda city: change(by_itself(city), right=True),
    "automatic_dispatch_wrong_says_why": lambda city: change(
        by_itself(city), right=False, read_by=city.dispatcher, read_at=NOON
    ),
    "tickets_ticketclockbreach_once": lambda city: again(breach(city)),
}


def into_itself(ticket):
    change(ticket, merged_into=ticket, merged_from_state="in_progress", state="merged", is_open=False)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_database_refuses(city, name):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        VIOLATIONS[name](city)

    assert caught.value.__cause__.diag.constraint_name == name


def test_every_constraint_of_the_room_is_violated_once():
    """Those of every clock are tested in the room that has the clocks."""
    of_the_room = {
        constraint.name
        for model in apps.get_app_config("tickets").get_models()
        for constraint in model._meta.constraints
    }
    of_every_clock = {
        name for name in of_the_room if name.startswith(("tickets_ticketclock_", "tickets_objectionclock_"))
    }

    assert set(VIOLATIONS) == of_the_room - of_every_clock
    assert len(of_every_clock) == 8


@pytest.mark.parametrize(
    "rewrite",
    [lambda rows: rows.update(act="close"), lambda rows: rows._raw_delete("default")],
    ids=["update", "delete"],
)
def test_events_are_not_rewritten(city, rewrite):
    ticket = register()
    before = list(TicketEvent.objects.filter(ticket=ticket).values())

    with pytest.raises(DatabaseError, match="tickets_ticketevent is append-only"), transaction.atomic():
        rewrite(TicketEvent.objects.filter(ticket=ticket))

    assert list(TicketEvent.objects.filter(ticket=ticket).values()) == before
