"""Every act for everybody who may stand beside a ticket: allowed, or the exact refusal and nothing written.

The ticket's lead is a department of a county, so that there is a parent: the county's centre, which the city gave it to.
The people of units are their heads, who hold every permission that a unit's people can hold: where they are refused,
it is for want of standing. `outsourced` is such a head of the lead, but outsourced.
"""

import inspect
from types import SimpleNamespace

import pytest
from django.db import transaction

from hotline.errors import DomainError
from responsibility.models import Resource
from tests.factories.hotline import CountyDepartmentFactory, UserFactory
from tests.factories.resources import make_resource
from tests.factories.tickets import REPLY, at, fresh, part_of, pending_approval, register, submit
from tickets import services
from tickets.models import (
    DutyQuestion,
    ExtensionRequest,
    Mediation,
    Objection,
    ReturnRequest,
    Statement,
    TicketEvent,
    TicketHold,
)

LATER = at("11-10 15:00")

TABLE = """
act                                    lead  co    parent copy  other dispatcher reviewer outsourced

sign_assignment                        yes   part  part   part  part  post       post     out
name_handler                           yes   part  part   part  part  post       post     out
record_contact                         yes   part  part   part  part  post       post     out
record_onsite                          yes   part  part   part  part  post       post     out
ask_mediation                          yes   part  part   part  part  post       post     out
ask_mediation/of_the_co_unit           lead  lead  lead   lead  lead  post       post     out
record_mediation                       yes   calm  yes    calm  calm  post       post     out
request_extension                      yes   part  part   part  part  post       post     out
request_return                         yes   part  part   part  part  post       post     out
pass_down                              part  part  yes    part  part  post       post     out
take_back_child                        part  part  yes    part  part  post       post     out
submit_result                          yes   part  part   part  part  post       post     out
report_as_co                           part  yes   part   part  part  post       post     out
report_as_co/of_the_lead               side  side  side   side  side  post       post     out
sign_assignment/of_the_co_unit         part  yes   part   part  part  post       post     out
request_return/of_the_co_unit          part  yes   part   part  part  post       post     out
record_contact/of_the_co_unit          lead  lead  lead   lead  lead  post       post     out
sign_assignment/of_the_copy            read  read  read   read  read  post       post     out
request_return/of_the_copy             read  read  read   read  read  post       post     out

grant_extension                        post  post  yes    post  post  post       above    post
refuse_extension                       post  post  yes    post  post  post       above    post
grant_return                           post  post  yes    post  post  above      above    post
refuse_return                          post  post  yes    post  post  above      above    post
grant_return/to_the_city               post  post  asker  post  post  yes        yes      post
refuse_return/to_the_city              post  post  asker  post  post  yes        yes      post
dispute_return                         post  post  asker  post  post  yes        yes      post

approve/of_the_unit                    yes   step  step   step  step  post       post     out
approve/of_the_parent                  step  step  yes    step  step  post       post     out
approve/of_the_city                    post  post  post   post  post  post       yes      post
send_back/of_the_unit                  yes   step  step   step  step  post       post     out
send_back/of_the_parent                step  step  yes    step  step  post       post     out
send_back/of_the_city                  post  post  post   post  post  post       yes      post

revise_ticket                          post  post  post   post  post  yes        post     post
dispatch_ticket                        post  post  post   post  post  yes        post     post
ask_information                        post  post  post   post  post  yes        post     post
give_information                       yes   yes   yes    yes   part  yes        post     yes
answer_by_centre                       post  post  post   post  post  yes        post     post
refer_to_ruling                        post  post  post   post  post  yes        post     post
recall_ticket                          post  post  post   post  post  yes        yes      post
add_co_unit                            own   adds  own    adds  adds  yes        post     out
add_co_unit/of_the_county              own   adds  yes    adds  adds  through    post     out
rule_first_handler                     post  post  post   post  post  post       yes      post
raise_objection                        part  part  yes    part  part  post       post     out
withdraw_objection                     part  part  yes    part  part  post       post     out
ask_statements                         post  post  post   post  post  post       yes      post
give_statement                         ask   yes   ask    ask   ask   post       post     out
record_meeting                         post  post  post   post  post  post       yes      post
ask_definition                         post  post  post   post  post  post       yes      post
answer_definition                      post  post  post   post  post  post       post     post
rule_objection                         post  post  post   post  post  post       yes      post
rule_not_government                    post  post  post   post  post  post       yes      post
merge_ticket                           post  post  post   post  post  yes        yes      post
unmerge_ticket                         post  post  post   post  post  yes        yes      post
void_ticket                            post  post  post   post  post  yes        yes      post
restore_ticket                         post  post  post   post  post  yes        yes      post
defer_ticket                           post  post  post   post  post  post       yes      post
keep_deferred                          post  post  post   post  post  post       yes      post
conclude_deferred                      post  post  post   post  post  post       yes      post
resume_ticket                          post  post  post   post  post  post       yes      post
place_hold                             post  post  post   post  post  post       yes      post
release_hold                           post  post  post   post  post  post       yes      post
restrict_ticket                        post  post  post   post  post  post       yes      post
lift_restriction                       post  post  post   post  post  post       yes      post
grant_access                           post  post  post   post  post  post       yes      post
close_ticket                           post  post  post   post  post  post       yes      post
close_as_withdrawn                     post  post  post   post  post  post       yes      post
redo_ticket                            post  post  post   post  post  post       yes      post
reopen_ticket                          post  post  post   post  post  post       yes      post

add_note                               yes   yes   yes    yes   part  yes        yes      out
instruct_ticket                        yes   yes   yes    yes   part  post       yes      out
hand_over                              post  post  yes    post  post  post       yes      post
hand_over_part                         post  post  yes    post  post  post       yes      post
"""

SENTENCES = {
    "post": "您的岗位没有这项权限。",
    "part": "本单位没有承办这一件。",
    "lead": "只有主办单位可以操作。",
    "side": "只有协办、督导单位填写意见。",
    "read": "知会单位只能查看。",
    "calm": "由提出调解的单位或管这家资源的县（市、区）中心记结果。",
    "above": "由交办它的上级单位决定。",
    "ask": "没有向本单位征求意见。",
    "asker": "申请人不能自己审批。",
    "step": "不由本单位审核。",
    "adds": "只有市中心或主办的县（市、区）中心可以加派协办。",
    "own": "县（市、区）中心只能加派本县（市、区）的单位。",
    "through": "不能直接派给乡镇（街道），请派给县（市、区）中心，由其按履职事项清单转派。",
    "out": "外包人员不得办理、审核诉求。",
}

OF_THE_ROOM_ABOVE = {
    # The room that keeps appeals has checked who may accept one, and counts who has withdrawn.
    "register_ticket",
    "propose_withdrawal",
}

WHO, *LINES = [line.split() for line in TABLE.splitlines() if line]
ROWS = {line[0]: dict(zip(WHO[1:], line[1:], strict=True)) for line in LINES}


# --- where the ticket stands before the act


def at_work(city, **fields):
    """The county's department has signed and called; a co-unit and a copy stand beside it."""
    s = given(city, **fields)
    services.sign_assignment(assignment_id=s.child.pk, by=s.people["lead"], at=s.at)
    services.sign_assignment(assignment_id=s.co.pk, by=s.people["co"], at=s.at)
    services.record_contact(assignment_id=s.child.pk, reached=True, by=s.people["lead"], at=s.at)
    return renewed(s)


def given(city, **fields):
    """Given to the county, and by it to its department, which has not signed."""
    s = with_the_county(city, **fields)
    services.pass_down(
        assignment_id=s.ticket.lead_id, unit=city.county_department, item=None, by=s.people["parent"], at=s.at
    )
    s = renewed(s)
    s.child = s.ticket.holder
    return s


def with_the_county(city, **fields):
    s = registered(city, **fields)
    services.dispatch_ticket(
        ticket_id=s.ticket.pk,
        unit=city.county,
        item=None,
        co_units=[city.other],
        copies=[city.third],
        by=city.dispatcher,
        at=s.at,
    )
    s = renewed(s)
    services.sign_assignment(assignment_id=s.ticket.lead_id, by=s.people["parent"], at=s.at)
    s.co, s.copy = part_of(s.ticket, city.other), part_of(s.ticket, city.third)
    return renewed(s)


def registered(city, **fields):
    moment = at("11-10 10:00")
    return SimpleNamespace(city=city, at=moment, people=people_of(city), ticket=register(at=moment, **fields))


def people_of(city):
    return {
        "lead": city.county_head,
        "co": city.other_head,
        "parent": city.county_clerk,
        "copy": city.third_head,
        "other": UserFactory(name="郑强", unit=city.enterprise, roles=["unit_head"]),
        "dispatcher": city.dispatcher,
        "reviewer": city.reviewer,
        "outsourced": UserFactory(
            name="冯军", unit=city.county_department, roles=["unit_head"], employment="outsourced"
        ),
    }


def renewed(s):
    s.ticket = fresh(s.ticket)
    return s


def in_mediation(city):
    s = at_work(city)
    services.ask_mediation(assignment_id=s.child.pk, by=city.county_handler, at=s.at, **mediator(s))
    s.mediation = Mediation.objects.get()
    return renewed(s)


def after(stage, act, **data):
    """The stage after an act of somebody who stands outside the table, so that nobody in it is asker or submitter."""

    def further(city):
        s = stage(city)
        words = {name: value(s) if callable(value) else value for name, value in data.items()}
        getattr(services, act)(at=s.at, **words)
        return renewed(s)

    return further


def asked(model, stage, part, by, **data):
    """The stage with a request of the part; `request` is what waits for a decision."""
    act = "request_return" if model is ReturnRequest else "request_extension"

    def further(city):
        s = stage(city)
        getattr(services, act)(assignment_id=part(s).pk, by=by(s), at=s.at, reason="不归我们管。", **data)
        s.request = model.objects.get(decision="pending", assignment=part(s))
        return renewed(s)

    return further


def in_review(steps, **fields):
    """The result has passed so many steps; a colleague outside the table submitted it and decided on it."""

    def further(city):
        s = at_work(city, **fields)
        submit(city, s.ticket, by=city.county_handler, at=s.at, missing_co_reason="来不及。")
        for by in (city.county_head, city.county_clerk2)[:steps]:
            services.approve(approval_id=pending_approval(s.ticket).pk, by=by, at=s.at)
        s.approval = pending_approval(s.ticket)
        return renewed(s)

    return further


def followed_up(city):
    s = in_review(2, urgency="urgent")(city)
    services.approve(approval_id=s.approval.pk, by=city.reviewer2, at=s.at)
    return renewed(s)


def merged(city):
    s = at_work(city)
    services.merge_ticket(ticket_id=s.ticket.pk, into_id=register().pk, reason="同一件。", by=None, at=s.at)
    return renewed(s)


def all_withdrawn(city):
    s = at_work(city)
    services.count_appeals(ticket_id=s.ticket.pk, live=0)
    return renewed(s)


def held(city):
    s = after(at_work, "place_hold", ticket_id=ticket_of, source="督办", reason="督办。", by=None)(city)
    s.hold = TicketHold.objects.get(ticket=s.ticket)
    return s


def secret(city):
    s = at_work(city)
    services.restrict_ticket(ticket_id=s.ticket.pk, readers=(), reason="举报。", by=city.reviewer, at=s.at)
    return renewed(s)


def ticket_of(s):
    return s.ticket.pk


RETURN = {"ground": "not_our_duty"}
to_the_county = asked(ReturnRequest, at_work, lambda s: s.child, lambda s: s.city.county_handler, **RETURN)
to_the_city = asked(ReturnRequest, with_the_county, lambda s: s.ticket.lead, lambda s: s.city.county_clerk, **RETURN)


def with_more_time_above(city):
    """The county has two days more than its department."""
    s = asked(ExtensionRequest, at_work, lambda s: s.ticket.lead, lambda s: s.city.county_clerk2, days=2)(city)
    services.grant_extension(request_id=s.request.pk, reason="", by=city.reviewer2, at=s.at)
    return renewed(s)


more_time = asked(ExtensionRequest, with_more_time_above, lambda s: s.child, lambda s: s.city.county_handler, days=2)
waiting_for_words = after(
    registered, "ask_information", ticket_id=ticket_of, question="门牌？", by=lambda s: s.city.dispatcher2
)
in_ruling = after(registered, "refer_to_ruling", ticket_id=ticket_of, reason="争议。", by=lambda s: s.city.dispatcher2)
ruled = after(
    in_ruling,
    "rule_first_handler",
    ticket_id=ticket_of,
    unit=lambda s: s.city.county,
    item=None,
    reason="相近。",
    by=lambda s: s.city.reviewer2,
)


def objected(city):
    """The county is the first handler and objects; a unit and an office are asked."""
    s = ruled(city)
    words = {"by": city.reviewer2, "at": s.at}
    services.raise_objection(assignment_id=s.ticket.lead_id, reason="不归我们管。", by=city.county_clerk2, at=s.at)
    s.objection = Objection.objects.get(ticket=s.ticket)
    services.ask_statements(objection_id=s.objection.pk, units=[city.other], question="归谁管？", **words)
    services.ask_definition(objection_id=s.objection.pk, office="legal", question="归谁管？", **words)
    s.statement, s.question = Statement.objects.get(), DutyQuestion.objects.get()
    return renewed(s)


def heard(city):
    """Nobody is waited for."""
    s = ruled(city)
    services.raise_objection(assignment_id=s.ticket.lead_id, reason="不归我们管。", by=city.county_clerk2, at=s.at)
    s.objection = Objection.objects.get(ticket=s.ticket)
    return renewed(s)


deferred = after(at_work, "defer_ticket", ticket_id=ticket_of, reason="列入计划。", by=lambda s: s.city.reviewer2)
voided = after(at_work, "void_ticket", ticket_id=ticket_of, reason="误登。", by=lambda s: s.city.dispatcher2)
closed = after(followed_up, "close_ticket", ticket_id=ticket_of, closing_kind="resolved", by=None)


# --- what is done to it


def on_ticket(**words):
    return lambda s: {"ticket_id": s.ticket.pk, **words}


def on_part(part, **words):
    return lambda s: {"assignment_id": part(s).pk, **words}


def child(s):
    return s.child


def co_unit(s):
    return s.co


def copied(s):
    return s.copy


def top(s):
    return s.ticket.lead


def on_objection(**words):
    return lambda s: {"objection_id": s.objection.pk, **words}


def on_request(s):
    return {"request_id": s.request.pk, "reason": "经核。"}


def on_approval(s):
    return {"approval_id": s.approval.pk}


def to_send_back(s):
    return {"approval_id": s.approval.pk, "reason": "照片看不清。"}


def mediator(s):
    return {
        "resource": make_resource(s.city.county, name=f"第{Resource.objects.count()}家"),
        "asked": "请主持协商。",
        "consent": "电话征得同意。",
    }


def another_department(s):
    return CountyDepartmentFactory(parent=s.city.county, function="housing", short_name="章贡住建局")


WHY = {"reason": "经核。"}
GOES = {"ground": "not_our_duty", "reason": "不归我们管。"}
THERE = {"found": "工地已停工。", "visited_at": at("11-10 14:40")}
CO_REPORT = {"text": "校方已配合，提供了照片。"}
FAILED = {"outcome": "declined", "words": "已在法院起诉。"}
RESULT = {"resolved": "yes", "public_text": REPLY, "standard_met": True, "missing_co_reason": "来不及。"}

ACTS = {
    "sign_assignment": (given, on_part(child)),
    "name_handler": (at_work, lambda s: {"assignment_id": s.child.pk, "handler": s.city.county_handler}),
    "record_contact": (at_work, on_part(child, reached=True)),
    "record_onsite": (at_work, on_part(child, **THERE)),
    "ask_mediation": (at_work, lambda s: {"assignment_id": s.child.pk, **mediator(s)}),
    "ask_mediation/of_the_co_unit": (at_work, lambda s: {"assignment_id": s.co.pk, **mediator(s)}),
    "record_mediation": (in_mediation, lambda s: {"mediation_id": s.mediation.pk, **FAILED}),
    "request_extension": (at_work, on_part(child, days=2, reason="会商。")),
    "request_return": (at_work, on_part(child, **GOES)),
    "pass_down": (
        with_the_county,
        lambda s: {"assignment_id": s.ticket.lead_id, "unit": s.city.county_department, "item": None},
    ),
    "take_back_child": (at_work, on_part(child, **WHY)),
    "submit_result": (at_work, on_part(child, **RESULT)),
    "report_as_co": (at_work, on_part(co_unit, **CO_REPORT)),
    "report_as_co/of_the_lead": (at_work, on_part(child, **CO_REPORT)),
    "sign_assignment/of_the_co_unit": (given, on_part(co_unit)),
    "request_return/of_the_co_unit": (at_work, on_part(co_unit, **GOES)),
    "record_contact/of_the_co_unit": (at_work, on_part(co_unit, reached=True)),
    "sign_assignment/of_the_copy": (given, on_part(copied)),
    "request_return/of_the_copy": (at_work, on_part(copied, **GOES)),
    "grant_extension": (more_time, on_request),
    "refuse_extension": (more_time, on_request),
    "grant_return": (to_the_county, on_request),
    "refuse_return": (to_the_county, on_request),
    "grant_return/to_the_city": (to_the_city, on_request),
    "refuse_return/to_the_city": (to_the_city, on_request),
    "dispute_return": (to_the_city, on_request),
    "approve/of_the_unit": (in_review(0), on_approval),
    "approve/of_the_parent": (in_review(1), on_approval),
    "approve/of_the_city": (in_review(2, urgency="urgent"), on_approval),
    "send_back/of_the_unit": (in_review(0), to_send_back),
    "send_back/of_the_parent": (in_review(1), to_send_back),
    "send_back/of_the_city": (in_review(2, urgency="urgent"), to_send_back),
    "revise_ticket": (registered, on_ticket(changes={"place": "锦江花园东门"})),
    "dispatch_ticket": (registered, lambda s: {"ticket_id": s.ticket.pk, "unit": s.city.department, "item": None}),
    "ask_information": (registered, on_ticket(question="门牌？")),
    "give_information": (at_work, on_ticket(information="东门。")),
    "answer_by_centre": (registered, on_ticket(public_text=REPLY)),
    "refer_to_ruling": (registered, on_ticket(**WHY)),
    "recall_ticket": (at_work, on_ticket(**WHY)),
    "add_co_unit": (at_work, lambda s: {"ticket_id": s.ticket.pk, "unit": s.city.enterprise, "task": "断电。"}),
    "add_co_unit/of_the_county": (
        at_work,
        lambda s: {"ticket_id": s.ticket.pk, "unit": s.city.township, "task": "引路。"},
    ),
    "rule_first_handler": (
        in_ruling,
        lambda s: {"ticket_id": s.ticket.pk, "unit": s.city.department, "item": None, **WHY},
    ),
    "raise_objection": (ruled, on_part(top, **WHY)),
    "withdraw_objection": (objected, on_objection(**WHY)),
    "ask_statements": (
        objected,
        lambda s: {"objection_id": s.objection.pk, "units": [s.city.third], "question": "归谁管？"},
    ),
    "give_statement": (objected, lambda s: {"statement_id": s.statement.pk, "text": "不归我们管。"}),
    "record_meeting": (objected, on_objection(held_at=LATER, attended="两家。", text="没有谈拢。")),
    "ask_definition": (objected, on_objection(office="staffing", question="归谁管？")),
    "answer_definition": (objected, lambda s: {"duty_question_id": s.question.pk, "answer": "归县里。"}),
    "rule_objection": (
        heard,
        lambda s: {"objection_id": s.objection.pk, "unit": s.city.department, "item": None, **WHY},
    ),
    "rule_not_government": (in_ruling, on_ticket(public_text=REPLY, **WHY)),
    "merge_ticket": (at_work, lambda s: {"ticket_id": s.ticket.pk, "into_id": register().pk, **WHY}),
    "unmerge_ticket": (merged, on_ticket(**WHY)),
    "void_ticket": (at_work, on_ticket(**WHY)),
    "restore_ticket": (voided, on_ticket(**WHY)),
    "defer_ticket": (at_work, on_ticket(**WHY)),
    "keep_deferred": (deferred, on_ticket(**WHY)),
    "conclude_deferred": (deferred, on_ticket(public_text=REPLY, **WHY)),
    "resume_ticket": (deferred, on_ticket(**WHY)),
    "place_hold": (at_work, on_ticket(source="督办", **WHY)),
    "release_hold": (held, lambda s: {"hold_id": s.hold.pk, **WHY}),
    "restrict_ticket": (at_work, on_ticket(readers=[], **WHY)),
    "lift_restriction": (secret, on_ticket(**WHY)),
    "grant_access": (secret, lambda s: {"ticket_id": s.ticket.pk, "reader": s.city.handler, "until": None, **WHY}),
    "close_ticket": (followed_up, on_ticket(closing_kind="resolved")),
    "close_as_withdrawn": (all_withdrawn, on_ticket(**WHY)),
    "redo_ticket": (followed_up, on_ticket(**WHY)),
    "reopen_ticket": (closed, on_ticket(same_unit=True, **WHY)),
    "add_note": (at_work, on_ticket(text="已电话了解。")),
    "instruct_ticket": (at_work, on_ticket(text="请速办。")),
    "hand_over_part": (
        at_work,
        lambda s: {"assignment_id": s.child.pk, "unit_to": another_department(s), "reason": "职能划转。"},
    ),
    "hand_over": (
        at_work,
        lambda s: {"unit_from": s.city.county_department, "unit_to": another_department(s), "reason": "职能划转。"},
    ),
}


def outcome(act, words, *, by):
    """What `by` is told, "yes" when it was done. Whatever was written is undone, for the next to find the same."""
    before = TicketEvent.objects.count()
    with transaction.atomic():
        try:
            with transaction.atomic():
                act(by=by, at=LATER, **words)
        except DomainError as refused:
            answer = str(refused)
            assert TicketEvent.objects.count() == before
        else:
            answer = "yes"
            assert TicketEvent.objects.filter(actor=by, at=LATER).exists()
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("row", ROWS)
def test_who_may(city, row):
    stage, words = ACTS[row]
    s = stage(city)
    found = {
        who: outcome(getattr(services, row.split("/")[0]), words(s), by=person) for who, person in s.people.items()
    }

    assert found == {who: SENTENCES.get(word, word) for who, word in ROWS[row].items()}


def test_every_act_of_a_person_is_in_the_table():
    public = {name: getattr(services, name) for name in services.__all__}
    of_people = {
        name for name, act in public.items() if inspect.isfunction(act) and "by" in inspect.signature(act).parameters
    }

    assert {row.split("/")[0] for row in ROWS} == of_people - OF_THE_ROOM_ABOVE
    assert set(ACTS) == set(ROWS)
