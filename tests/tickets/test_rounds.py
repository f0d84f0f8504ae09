"""After the result: sent back, redo, close, reopen; out of sight and back: void, defer; withdrawn."""

from datetime import datetime

import pytest

from hotline.dates import SHANGHAI
from hotline.models import StoredFile, Unit
from tests.factories.tickets import (
    REPLY,
    acts,
    approve_all,
    at,
    clocks,
    closed,
    contacted,
    dispatched,
    followed_up,
    fresh,
    make_item,
    part_of,
    pending_approval,
    register,
    running,
    signed,
    submit,
    submitted,
)
from tickets import services
from tickets.models import TicketHold, TicketScope
from tickets.selectors.acts import situation
from tickets.selectors.page import ticket_page, timeline
from tickets.selectors.readiness import requirements


def send_back(city, ticket, by, moment):
    services.send_back(approval_id=pending_approval(ticket).pk, reason="照片看不清。", by=by, at=moment)
    return fresh(ticket)


def test_sent_back_runs_on_with_what_remained(city):
    """Due on Thursday the 19th. Submitted on Monday the 16th, three whole days are left (17, 18, 19).

    Sent back on Thursday the 19th, they are the 20th, 23rd and 24th: the review is not charged.
    """
    ticket = contacted(city)
    submit(city, ticket, at=at("11-16 16:00"))

    ticket = send_back(city, ticket, city.head, at("11-19 16:00"))

    assert (ticket.state, ticket.lead.state, ticket.lead.submitted_at) == ("in_progress", "signed", None)
    clock = ticket.clocks.get(kind="handle", stopped_at=None)
    assert (clock.generation, clock.limit_amount, clock.due_at) == (2, 3, at("11-24 17:30"))
    assert ticket.due_at == at("11-24 17:30")
    assert clocks(ticket, kind="approval") == [("approval", "", "met")]


def test_sent_back_after_it_was_due_leaves_one_day(city):
    ticket = contacted(city)
    submit(city, ticket, at=at("11-20 09:00"))

    ticket = send_back(city, ticket, city.head, at("11-20 10:00"))

    assert ticket.clocks.get(kind="handle", stopped_at=None).due_at == at("11-23 17:30")


def test_sent_back_by_the_countys_head_does_not_touch_the_county(city):
    ticket = submitted(city, county=True)

    ticket = send_back(city, ticket, city.county_head, at("11-10 11:00"))

    assert (ticket.lead.state, ticket.holder.state) == ("signed", "signed")
    assert running(ticket) == [("handle", "章贡热线中心", ""), ("handle", "章贡城管局", "")]
    assert [clock.generation for clock in ticket.clocks.filter(kind="handle", stopped_at=None).order_by("pk")] == [
        1,
        2,
    ]


def test_sent_back_by_the_city_goes_to_the_whole_chain(city):
    ticket = submitted(city, county=True, urgency="urgent")
    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-10 11:00"))
    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_clerk, at=at("11-10 11:10"))

    ticket = send_back(city, ticket, city.reviewer, at("11-10 11:20"))

    assert (ticket.state, ticket.lead.state, ticket.holder.state) == ("in_progress", "signed", "signed")
    assert running(ticket) == [("handle", "章贡热线中心", ""), ("handle", "章贡城管局", "")]
    submit(city, ticket, at=at("11-10 11:30"))
    assert pending_approval(ticket).step == "unit_head"


def test_sent_back_in_the_second_round_runs_on_with_what_remained_of_that_round(city):
    """Sent back twice in the first round. Redo on the 13th is due on the 18th; submitted that day, two days are left."""
    ticket = submitted(city)
    for _ in range(2):
        send_back(city, ticket, city.head, at("11-10 11:00"))
        submit(city, fresh(ticket), at=at("11-10 11:10"))
    ticket = approve_all(city, ticket, at=at("11-10 11:20"))
    services.redo_ticket(ticket_id=ticket.pk, reason="未解决。", by=city.reviewer, at=at("11-13 10:00"))
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-16 10:00"))
    submit(city, fresh(ticket), at=at("11-16 10:00"))

    ticket = send_back(city, ticket, city.head, at("11-17 10:00"))

    clock = ticket.clocks.get(kind="handle", stopped_at=None)
    assert (clock.limit_amount, clock.due_at, ticket.due_at) == (2, at("11-19 17:30"), at("11-19 17:30"))


def test_redo_is_a_new_round_of_three_working_days_for_the_same_units(city):
    ticket = followed_up(city, county=True)

    services.redo_ticket(ticket_id=ticket.pk, reason="群众反映无人到场。", by=city.reviewer, at=at("11-13 10:00"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.round, ticket.lead.state, ticket.holder.unit) == (
        "in_progress",
        2,
        "signed",
        city.county_department,
    )
    assert running(ticket) == [("handle", "章贡热线中心", ""), ("handle", "章贡城管局", "")]
    assert ticket.due_at == at("11-18 17:30")
    with pytest.raises(services.TransitionRefused, match="不能退单"):
        services.request_return(
            assignment_id=ticket.holder_id,
            ground="not_our_duty",
            reason="不归我们管。",
            by=city.county_handler,
            at=at("11-13 11:00"),
        )
    services.record_contact(assignment_id=ticket.holder_id, reached=True, by=city.county_handler, at=at("11-13 11:00"))
    submit(city, fresh(ticket), at=at("11-13 11:00"))
    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_head, at=at("11-13 11:00"))
    services.approve(approval_id=pending_approval(ticket).pk, by=city.county_clerk, at=at("11-13 11:00"))
    assert pending_approval(ticket).why == "重办件"


def test_what_was_done_in_the_round_before_proves_nothing_in_the_next(city):
    item = make_item(onsite_required=True)
    ticket = contacted(city, item=item)
    visit(city, ticket, at("11-10 10:30"), "a")
    submit(city, ticket, at=at("11-10 11:00"))
    approve_all(city, ticket, at=at("11-10 11:10"))
    services.redo_ticket(ticket_id=ticket.pk, reason="恢复经营。", by=city.reviewer, at=at("11-13 10:00"))

    with pytest.raises(services.InputRefused) as refused:
        submit(city, fresh(ticket), at=at("11-13 11:00"))

    assert str(refused.value) == "还不能提交，缺：联系反映人；到过现场；现场照片至少 2 张，已有 0 张。"
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=at("11-13 11:10"))
    visit(city, ticket, at("11-13 11:20"), "b")
    submit(city, fresh(ticket), at=at("11-13 11:30"))
    assert fresh(ticket).state == "completion_review"


def visit(city, ticket, when, seed):
    before, after = (
        StoredFile.objects.create(
            sha256=seed * 63 + turn, size=1, content_type="image/png", name="x.png", path=seed + turn, uploaded_at=when
        )
        for turn in "12"
    )
    services.record_onsite(
        assignment_id=ticket.lead_id,
        found="现场已清理。",
        visited_at=when,
        before=[before],
        after=[after],
        by=city.handler,
        at=when,
    )


def test_calls_in_vain_of_another_round_or_unit_prove_nothing(city):
    """Five half-days in vain let the first round be reported; the second, and the next unit, must call themselves."""
    ticket = signed(city, at=at("11-10 09:00"))
    for moment in ("11-10 10:10", "11-10 15:00", "11-11 10:00", "11-11 15:00", "11-12 10:00"):
        services.record_contact(assignment_id=ticket.lead_id, reached=False, by=city.handler, at=at(moment))
    submit(city, fresh(ticket), at=at("11-12 10:30"))
    ticket = approve_all(city, fresh(ticket), at=at("11-12 11:00"))
    services.redo_ticket(ticket_id=ticket.pk, reason="没有人来过。", by=None, at=at("11-13 10:00"))

    with pytest.raises(services.InputRefused, match="还不能提交，缺：联系反映人。"):
        submit(city, fresh(ticket), at=at("11-13 10:02"))
    services.recall_ticket(ticket_id=ticket.pk, reason="另派。", by=city.dispatcher, at=at("11-13 11:00"))
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.other, item=None, by=city.dispatcher, at=at("11-13 11:10"))
    lead = fresh(ticket).lead
    services.sign_assignment(assignment_id=lead.pk, by=city.other_handler, at=at("11-13 11:20"))

    with pytest.raises(services.InputRefused, match="还不能提交，缺：联系反映人。"):
        submit(city, fresh(ticket), at=at("11-13 11:30"))


def test_a_visit_of_another_unit_is_not_this_leads(city):
    item = make_item(onsite_required=True)
    ticket = contacted(city, item=item)
    services.record_onsite(
        assignment_id=ticket.lead_id,
        found="已停工。",
        visited_at=at("11-10 11:00"),
        by=city.handler,
        at=at("11-10 11:10"),
    )
    services.recall_ticket(ticket_id=ticket.pk, reason="另派。", by=city.dispatcher, at=at("11-10 14:40"))
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.other, item=item, by=city.dispatcher, at=at("11-10 15:00"))
    lead = fresh(ticket).lead
    services.sign_assignment(assignment_id=lead.pk, by=city.other_handler, at=at("11-10 15:10"))
    services.record_contact(assignment_id=lead.pk, reached=True, by=city.other_handler, at=at("11-10 15:20"))

    lead = fresh(ticket).lead
    missing = [line for line in requirements(lead, by=city.other_handler, at=at("11-10 15:30")) if not line.met]
    assert [line.act for line in missing] == ["onsite", "onsite"]


def test_redo_of_the_centres_own_answer_goes_to_the_dispatcher_and_may_be_returned(city):
    ticket = register()
    services.answer_by_centre(ticket_id=ticket.pk, public_text=REPLY, by=city.dispatcher, at=at("11-10 10:30"))
    assert (fresh(ticket).state, running(ticket)) == ("pending_followup", [])

    services.redo_ticket(ticket_id=ticket.pk, reason="群众不认可。", by=city.reviewer, at=at("11-11 10:00"))

    assert (fresh(ticket).state, running(ticket)) == ("pending_dispatch", [("dispatch", "", "")])
    services.dispatch_ticket(
        ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=at("11-11 10:10")
    )
    services.request_return(
        assignment_id=fresh(ticket).lead_id,
        ground="not_our_duty",
        reason="属市住建局。",
        by=city.handler,
        at=at("11-11 11:00"),
    )
    assert fresh(ticket).state == "return_review"


def test_redo_without_its_unit_goes_to_the_dispatcher(city):
    ticket = followed_up(city)
    Unit.objects.filter(pk=city.department.pk).update(valid_until=at("11-12 00:00").date())

    services.redo_ticket(ticket_id=ticket.pk, reason="未解决。", by=city.reviewer, at=at("11-13 10:00"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.lead, ticket.round) == ("pending_dispatch", None, 2)


def test_redo_without_the_department_stays_with_the_county(city):
    ticket = followed_up(city, county=True)
    Unit.objects.filter(pk=city.county_department.pk).update(valid_until=at("11-12 00:00").date())

    services.redo_ticket(ticket_id=ticket.pk, reason="未解决。", by=city.reviewer, at=at("11-13 10:00"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.holder, running(ticket)) == (
        "in_progress",
        ticket.lead,
        [("handle", "章贡热线中心", "")],
    )


@pytest.mark.parametrize("same_unit, state", [(True, "in_progress"), (False, "pending_dispatch")])
def test_reopened(city, same_unit, state):
    ticket = closed(city)

    services.reopen_ticket(
        ticket_id=ticket.pk, same_unit=same_unit, reason="评议认定未解决。", by=city.reviewer, at=at("12-01 10:00")
    )

    ticket = fresh(ticket)
    assert (ticket.state, ticket.round, ticket.closing_kind, ticket.closed_at, ticket.is_open) == (
        state,
        2,
        "",
        None,
        True,
    )
    assert (ticket.lead is None) is not same_unit
    if same_unit:
        assert ticket.due_at == at("12-04 17:30")
    else:
        assert running(ticket) == [("dispatch", "", "")]
        assert ticket.assignments.get().ended_as == "reopened"


def test_hold_keeps_it_open(city):
    ticket = followed_up(city)
    services.place_hold(ticket_id=ticket.pk, source="督办", reason="领导督办。", by=None, at=at("11-11 10:00"))
    with pytest.raises(services.TransitionRefused, match="已因“督办”保留。"):
        services.place_hold(ticket_id=ticket.pk, source="督办", reason="再次。", by=None, at=at("11-11 10:00"))

    with pytest.raises(services.TransitionRefused, match="本工单被督办、核查等事项保留，解除后才能办结。"):
        services.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=at("11-11 11:00"))

    hold = TicketHold.objects.get(ticket=ticket)
    services.release_hold(hold_id=hold.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))
    with pytest.raises(services.TransitionRefused, match="这一保留已解除。"):
        services.release_hold(hold_id=hold.pk, reason="", by=city.reviewer, at=at("11-12 10:00"))
    services.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=at("11-12 11:00"))
    assert fresh(ticket).state == "closed"


def test_hold_never_pauses_a_clock(city):
    ticket = contacted(city)

    services.place_hold(
        ticket_id=ticket.pk, source="督办", reason="领导督办。", by=city.reviewer, at=at("11-11 10:00")
    )

    assert running(ticket) == [("handle", "市城管局", "")]


def test_deferred_is_reviewed_after_90_days_and_runs_on_with_what_remained(city):
    """Deferred on Thursday 12 November with five days left (13, 16, 17, 18, 19); resumed on Tuesday the 24th."""
    ticket = contacted(city)

    services.defer_ticket(ticket_id=ticket.pk, reason="须列入明年计划。", by=city.reviewer, at=at("11-12 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, running(ticket)) == ("deferred", [("deferred_review", "", "")])
    assert ticket.sort_at.date().isoformat() == "2027-02-10"

    services.resume_ticket(ticket_id=ticket.pk, reason="计划提前。", by=city.reviewer, at=at("11-24 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, running(ticket)) == ("in_progress", [("handle", "市城管局", "")])
    assert ticket.due_at == at("12-01 17:30")
    submit(city, ticket, at=at("11-25 10:00"))
    services.approve(approval_id=pending_approval(ticket).pk, by=city.head, at=at("11-25 11:00"))
    assert pending_approval(ticket).why == "曾挂账"


def test_deferred_reviewed_and_kept_on_the_books(city):
    """Reviewed on Monday 8 February 2027: the next review is due 90 days later."""
    ticket = contacted(city)
    services.defer_ticket(ticket_id=ticket.pk, reason="须列入明年计划。", by=city.reviewer, at=at("11-12 10:00"))
    moment = datetime(2027, 2, 8, 10, 0, tzinfo=SHANGHAI)

    services.keep_deferred(ticket_id=ticket.pk, reason="已列入上半年计划。", by=city.reviewer, at=moment)

    ticket = fresh(ticket)
    assert (ticket.state, running(ticket)) == ("deferred", [("deferred_review", "", "")])
    assert ticket.sort_at == datetime(2027, 5, 9, 10, 0, tzinfo=SHANGHAI)
    event = ticket.events.order_by("-pk")[0]
    assert (event.act, event.note.text, event.note.public) == ("keep_deferred", "已列入上半年计划。", True)
    services.resume_ticket(ticket_id=ticket.pk, reason="开工。", by=city.reviewer, at=moment)
    assert running(ticket) == [("handle", "市城管局", "")]


def test_deferred_and_concluded_with_an_explanation(city):
    """The department had not even signed; the co-unit had not reported; the county had asked for more time."""
    ticket = signed(city, unit=city.county, co_units=[city.other])
    services.pass_down(
        assignment_id=ticket.lead_id,
        unit=city.county_department,
        item=None,
        by=city.county_clerk,
        at=at("11-10 10:10"),
    )
    services.request_extension(
        assignment_id=ticket.lead_id, days=2, reason="会商。", by=city.county_clerk, at=at("11-10 10:20")
    )
    services.defer_ticket(ticket_id=ticket.pk, reason="待明年计划。", by=city.reviewer, at=at("11-10 11:00"))

    services.conclude_deferred(
        ticket_id=ticket.pk, public_text=REPLY, reason="计划未获批准。", by=city.reviewer, at=at("11-12 10:00")
    )

    ticket = fresh(ticket)
    assert (ticket.state, ticket.holder, ticket.lead.state, running(ticket)) == (
        "pending_followup",
        ticket.lead,
        "accepted",
        [],
    )
    assert ticket.lead.extensionrequests.get().decision == "cancelled"
    assert [part_of(ticket, city.county)] == list(ticket.assignments.exclude(state="taken_back"))
    reply = ticket.replies.get()
    assert (reply.resolved, reply.unresolved_reason, reply.published_at) == (
        "no",
        "计划未获批准。",
        at("11-12 10:00"),
    )
    assert acts(ticket)[-2:] == ["conclude_deferred", "publish_reply"]
    services.redo_ticket(ticket_id=ticket.pk, reason="有经费了。", by=city.reviewer, at=at("11-13 10:00"))
    assert running(ticket) == [("handle", "章贡热线中心", "")]


def test_voided_and_restored_as_it_was(city):
    ticket = dispatched(city, co_units=[city.other])
    before = running(ticket)

    services.void_ticket(ticket_id=ticket.pk, reason="误登记。", by=city.dispatcher, at=at("11-10 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.is_open, ticket.voided_from_state, running(ticket)) == (
        "voided",
        False,
        "pending_sign",
        [],
    )

    services.restore_ticket(ticket_id=ticket.pk, reason="确有其事。", by=city.dispatcher, at=at("11-12 10:00"))
    ticket = fresh(ticket)
    assert (ticket.state, ticket.is_open, ticket.voided_from_state, running(ticket)) == (
        "pending_sign",
        True,
        "",
        before,
    )
    assert ticket.lead.state == "pending_sign"


def test_voided_in_return_review_comes_back_there(city):
    ticket = signed(city)
    services.request_return(
        assignment_id=ticket.lead_id, ground="duplicate", reason="重复。", by=city.handler, at=at("11-10 11:00")
    )
    services.void_ticket(ticket_id=ticket.pk, reason="误登记。", by=city.dispatcher, at=at("11-10 11:10"))

    services.restore_ticket(ticket_id=ticket.pk, reason="确有其事。", by=city.dispatcher, at=at("11-10 11:20"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.returned_from, ticket.lead.state) == (
        "return_review",
        "in_progress",
        "return_requested",
    )


def test_only_what_was_suspended_comes_back(city):
    """A part that was recalled at the very moment stays ended, with its clocks."""
    ticket = signed(city)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错。", by=city.dispatcher, at=at("11-10 11:00"))
    services.void_ticket(ticket_id=ticket.pk, reason="误登记。", by=city.dispatcher, at=at("11-10 11:00"))

    services.restore_ticket(ticket_id=ticket.pk, reason="确有其事。", by=city.dispatcher, at=at("11-10 11:00"))

    assert running(ticket) == [("dispatch", "", "")]


def test_withdrawn_only_when_every_caller_has_withdrawn(city):
    ticket = signed(city, co_units=[city.other])
    with pytest.raises(services.TransitionRefused, match="还有反映人没有撤回，不能按撤诉办结。"):
        services.close_as_withdrawn(ticket_id=ticket.pk, reason="已撤回。", by=city.reviewer, at=at("11-10 11:00"))
    services.count_appeals(ticket_id=ticket.pk, live=0)
    assert fresh(ticket).withdrawal_proposed
    services.propose_withdrawal(ticket_id=ticket.pk, by=None, at=at("11-10 11:00"))

    services.close_as_withdrawn(ticket_id=ticket.pk, reason="已撤回。", by=city.reviewer, at=at("11-10 11:10"))

    ticket = fresh(ticket)
    assert (ticket.state, ticket.closing_kind, running(ticket)) == ("closed", "withdrawn", [])
    assert set(ticket.assignments.values_list("state", "ended_as")) == {("taken_back", "withdrawn")}
    assert not TicketScope.objects.filter(ticket=ticket).exists()
    assert acts(ticket)[-2:] == ["propose_withdrawal", "close_as_withdrawn"]

    services.reopen_ticket(
        ticket_id=ticket.pk, same_unit=True, reason="又来电。", by=city.reviewer, at=at("11-12 10:00")
    )
    assert fresh(ticket).state == "pending_dispatch"


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"resolved": "partly"}, "没有全部解决的，请写明原因。"),
        ({"resolved": "no", "unresolved_reason": " "}, "没有全部解决的，请写明原因。"),
        ({"standard_met": False}, "未达到办结标准的，请写明原因。"),
    ],
)
def test_a_result_that_falls_short_says_why(city, result, why):
    ticket = contacted(city)

    with pytest.raises(services.InputRefused, match=why):
        submit(city, ticket, **result)

    assert fresh(ticket).state == "in_progress"


def test_silent_co_unit_must_be_explained_and_is_let_go_with_the_result(city):
    ticket = contacted(city, co_units=[city.other])
    with pytest.raises(services.InputRefused, match="市教育局还没有反馈，请写明为何不等。"):
        submit(city, ticket)

    submit(city, ticket, missing_co_reason="学校放假，无法核实。")
    part = part_of(ticket, city.other)
    assert ("handle", "市教育局", "") in running(ticket)
    approve_all(city, ticket, at=at("11-10 16:00"))

    part = fresh(part)
    assert (part.state, part.ended_as, running(ticket)) == ("taken_back", "taken_back", [])


def test_co_unit_reports_while_the_result_is_reviewed(city):
    ticket = contacted(city, co_units=[city.other], superior=city.third)
    submit(city, ticket, missing_co_reason="等不及。")
    part = part_of(ticket, city.other)

    services.sign_assignment(assignment_id=part.pk, by=city.other_handler, at=at("11-10 11:00"))
    services.report_as_co(
        assignment_id=part.pk, text="校方已配合，提供了照片。", by=city.other_handler, at=at("11-10 11:10")
    )

    assert (fresh(part).state, fresh(ticket).state) == ("accepted", "completion_review")


def test_instruction_is_read_by_every_unit_of_the_ticket(city):
    ticket = dispatched(city, co_units=[city.other])
    services.instruct_ticket(ticket_id=ticket.pk, text="今天务必到场。", by=city.reviewer, at=at("11-10 11:00"))
    services.add_note(ticket_id=ticket.pk, text="内部批注。", by=city.reviewer, at=at("11-10 11:00"))

    def read_by(person):
        found = situation(fresh(ticket), person, at("11-10 11:10"))
        lines = timeline(found, sees_all=ticket_page(found).sees_all)
        return [line.say for line in lines if line.code in {"instruct", "note"}]

    assert read_by(city.other_handler) == ["今天务必到场。"]
    assert read_by(city.handler) == ["内部批注。", "今天务必到场。"]


def test_the_course_is_told_by_when_it_happened_not_by_when_it_was_written(city):
    ticket = dispatched(city)
    services.instruct_ticket(ticket_id=ticket.pk, text="今天务必到场。", by=city.reviewer, at=at("11-10 11:00"))
    services.add_note(ticket_id=ticket.pk, text="先打过电话。", by=city.reviewer, at=at("11-10 10:50"))

    lines = timeline(situation(fresh(ticket), city.reviewer, at("11-10 11:10")), sees_all=True)

    assert [line.code for line in lines[:2]] == ["instruct", "note"]


def test_co_unit_of_an_earlier_round_may_help_again(city):
    ticket = contacted(city, co_units=[city.other])
    part = part_of(ticket, city.other)
    services.sign_assignment(assignment_id=part.pk, by=city.other_handler, at=at("11-10 11:00"))
    services.report_as_co(
        assignment_id=part.pk, text="校方已配合，提供了照片。", by=city.other_handler, at=at("11-10 11:10")
    )
    submit(city, fresh(ticket))
    approve_all(city, ticket)
    services.redo_ticket(ticket_id=ticket.pk, reason="未解决。", by=city.reviewer, at=at("11-12 10:00"))
    with pytest.raises(services.InputRefused, match="市城管局已在承办这一件。"):
        services.add_co_unit(
            ticket_id=ticket.pk, unit=city.department, task="核实", by=city.dispatcher, at=at("11-12 11:00")
        )

    services.add_co_unit(ticket_id=ticket.pk, unit=city.other, task="再核实", by=city.dispatcher, at=at("11-12 11:00"))

    assert part_of(ticket, city.other).state == "pending_sign"


def test_information_is_asked_and_given(city):
    ticket = register()
    services.ask_information(ticket_id=ticket.pk, question="请问具体门牌？", by=city.dispatcher, at=at("11-10 10:30"))
    assert (fresh(ticket).state, running(ticket)) == ("pending_info", [("information", "", "")])

    services.give_information(ticket_id=ticket.pk, information="锦江花园东门。", by=None, at=at("11-11 10:00"))

    assert (fresh(ticket).state, running(ticket)) == ("pending_dispatch", [("dispatch", "", "")])
    assert list(ticket.notes.order_by("pk").values_list("kind", "public")) == [
        ("question", True),
        ("information", True),
    ]


def test_revision_makes_the_proposal_and_the_limit_anew(city):
    ticket = register()

    services.revise_ticket(
        ticket_id=ticket.pk,
        changes={"urgency": "urgent", "place": "锦江花园"},
        by=city.dispatcher,
        at=at("11-10 10:30"),
    )

    assert fresh(ticket).urgency == "urgent"
    assert ticket.clocks.get(stopped_at=None).due_at == at("11-10 10:45")
    assert ticket.events.order_by("-pk")[0].data == {"fields": ["urgency"]}
    with pytest.raises(services.InputRefused, match="没有改动。"):
        services.revise_ticket(
            ticket_id=ticket.pk, changes={"urgency": "urgent"}, by=city.dispatcher, at=at("11-10 10:31")
        )
