"""The roads, by the word in appeals.csv: what happens to a matter after it came in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from channels_merge import services as channels
from evaluation import services as evaluation
from evaluation.models import ReviewDecision
from tickets import services as tickets
from tickets.models import Assignment, ReturnRequest, Ticket

if TYPE_CHECKING:
    from datetime import datetime

    from config.demo.roads import Moment, Roads


def queue(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """It waits for the dispatcher."""


def sent(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.dispatch(ticket, moment)


def working(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.work(ticket, appeal, moment)


def onsite(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.visit(roads.work(ticket, appeal, moment), moment)


def passed(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    roads.sign(lead, moment)
    below = roads.receiver(lead)
    if below is not None:
        roads.pass_down(lead, below, moment)


def urged(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.work(ticket, appeal, moment)
    channels.urge_appeal(
        appeal_id=appeal.pk,
        channel=roads.channels["phone"],
        text="来电催问，路上还是有石子，问什么时候有人管。",
        by=roads.agent,
        at=moment.after(20),
    )


def returned(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    roads.refuse(lead, f"经核对权责清单，“{ticket.title}”的办理权限不在本县（市、区），申请退回重派。", moment)


def refused_return(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    request = roads.refuse(lead, "林权纠纷要先由村里调解，没有调解过的不受理，申请退回。", moment)
    tickets.refuse_return(
        request_id=request.pk,
        reason="先受理，再由你们组织调解；清单写明由林业部门牵头。",
        by=roads.dispatcher,
        at=moment.after(2),
    )
    roads.sign(lead, moment)


def bounced(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """From the county to the power supplier and from there to whoever will be ruled."""
    first = roads.dispatch(ticket, moment)
    _grant(roads, roads.refuse(first, "设施由供电公司建、供电公司管，县里没有职责。", moment), moment)
    second = roads.give(ticket, "ENT-GD", moment)
    _grant(roads, roads.refuse(second, "产权分界点以下归业主，不在本公司管护范围，附产权协议。", moment), moment)
    tickets.refer_to_ruling(
        ticket_id=ticket.pk, reason="退了两次，供电和物业都不认。", by=roads.dispatcher, at=moment.after(1)
    )


def _grant(roads: Roads, request: ReturnRequest, moment: Moment) -> None:
    tickets.grant_return(request_id=request.pk, reason="理由成立，另派。", by=roads.dispatcher, at=moment.after(1))


def taken_back(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """After the window for returns: counted apart."""
    lead = roads.dispatch(ticket, moment)
    roads.sign(lead, moment)
    late = roads.refuse(lead, "到现场看过，是交警划的临时泊位，要交警撤线。", moment, hours=96)
    _grant(roads, late, moment)
    roads.sign(roads.give(ticket, "CITY-JJZD", moment), moment)


def child_return(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    roads.sign(lead, moment)
    below = roads.receiver(lead)
    if below is not None:
        child = roads.pass_down(lead, below, moment)
        tickets.request_return(
            assignment_id=child.pk,
            ground="not_our_duty",
            reason="水渠因道路施工受损，应由施工的责任单位修复，申请退回县中心另派。",
            by=roads.people.of(below)["liaison"],
            at=moment.after(1),
        )


def _disputed(roads: Roads, ticket: Ticket, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    request = roads.refuse(lead, "职责清单没有写明由本单位负责，申请退回。", moment)
    tickets.dispute_return(
        request_id=request.pk, reason="两家各执一词，提交裁定。", by=roads.dispatcher, at=moment.after(1)
    )


def ruling(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    _disputed(roads, ticket, moment)


def first_handler(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> Assignment:
    _disputed(roads, ticket, moment)
    event = tickets.rule_first_handler(
        ticket_id=ticket.pk,
        unit=roads.centre_of(ticket.region),
        item=ticket.proposed_item,
        reason="职能最相近，先行办理；办结后无异议的纳入清单。",
        by=roads.reviewer,
        at=moment.after(3),
    )
    roads.sign(event.assignment, moment)
    return event.assignment


def first_closed(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """Whoever was named did it, and nobody objected."""
    part = first_handler(roads, ticket, appeal, moment)
    roads.contact(part, appeal, moment)
    roads.submit(ticket, part, moment)
    roads.approve(ticket, moment)
    roads.call_back(ticket, moment, resolved="yes", satisfaction="satisfied")


def extension(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """Asked just now: what nobody decides within hours is refused."""
    part = roads.work(ticket, appeal, moment)
    _ask_for_time(roads, part, "需与第三方协商配件到货时间，预计三个工作日内可以完成。", moment.now)


def extended_again(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """By the county, whose department works on it; the second time is for the head of the centre."""
    roads.work(ticket, appeal, moment)
    lead = Ticket.objects.select_related("lead__unit").get(pk=ticket.pk).lead
    _ask_for_time(roads, lead, "要与自然资源部门联合踏勘，本周排不开。", moment.after(1))
    asked = lead.extensionrequests.get()
    tickets.grant_extension(request_id=asked.pk, reason="", by=roads.reviewer, at=moment.after(1))
    _ask_for_time(roads, lead, "联合踏勘已做，测绘结果还要等三天。", moment.now)


def _ask_for_time(roads: Roads, part: Assignment, reason: str, at: datetime) -> None:
    tickets.request_extension(
        assignment_id=part.pk, days=3, reason=reason, by=roads.people.of(part.unit)["handler"], at=at
    )


def unit_review(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.submit(ticket, roads.work(ticket, appeal, moment), moment)


def old_photo(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    """What the unit shows as done it has shown before, of another place."""
    part = roads.work(ticket, appeal, moment)
    roads.visit(part, moment, after=roads.shown.get(part.unit_id, 0))
    roads.submit(ticket, part, moment)


def county_review(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    unit_review(roads, ticket, appeal, moment)
    roads.approve(ticket, moment, until="parent")


def city_review(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.submit(ticket, roads.work(ticket, appeal, moment), moment, resolved="partly")
    roads.approve(ticket, moment, until="city")


def followup(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.finish(ticket, appeal, moment)


def closed(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.finish(ticket, appeal, moment)
    level = "basically" if ticket.pk % 3 == 0 else "satisfied"
    roads.call_back(ticket, moment, resolved="yes", satisfaction=level)


def dissatisfied(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.dissatisfied(ticket, appeal, moment)


def redo(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.dissatisfied(ticket, appeal, moment)
    decision = ReviewDecision.objects.get(ticket=ticket, state="pending")
    evaluation.decide(
        decision_id=decision.pk,
        verdict="redo",
        sentence="现场恢复经营，与答复不符，发回重办。",
        is_reasonable=True,
        duty_done=False,
        by=roads.reviewer,
        at=moment.after(3),
    )


def deferred(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.work(ticket, appeal, moment)
    tickets.defer_ticket(
        ticket_id=ticket.pk,
        reason="需列入年度管网改造计划，预计明年汛期前完工，期间每季度告知进展。",
        by=roads.reviewer,
        at=moment.after(24),
    )


def asked(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    tickets.ask_information(
        ticket_id=ticket.pk,
        question="请说明是哪个小区、哪一栋，从什么时候开始的，方便派到负责的单位。",
        by=roads.dispatcher,
        at=moment.after(0.2),
    )


def recalled(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    lead = roads.dispatch(ticket, moment)
    tickets.recall_ticket(
        ticket_id=ticket.pk,
        reason=f"来电人补充说不在{lead.unit.short_name}的地界，撤回核对后再派。",
        by=roads.dispatcher,
        at=moment.after(0.1),
    )


def merged(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    tickets.merge_ticket(
        ticket_id=ticket.pk,
        into_id=roads.before.pk,
        reason="同一工地夜间施工，一起办。",
        by=roads.dispatcher,
        at=moment.after(0.3),
    )


def voided(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    tickets.void_ticket(ticket_id=ticket.pk, reason="重复登记，作废。", by=roads.dispatcher, at=moment.after(0.5))


def withdrawn(roads: Roads, ticket: Ticket, appeal, moment: Moment) -> None:
    roads.work(ticket, appeal, moment)
    channels.withdraw_appeal(
        appeal_id=appeal.pk,
        channel=roads.channels["phone"],
        reason="护栏已经有人来修好了，不用办了。",
        by=roads.agent,
        at=moment.after(20),
    )


ROADS: dict[str, Callable[[Roads, Ticket, object, Moment], object]] = {
    "queue": queue,
    "sent": sent,
    "working": working,
    "late": working,
    "onsite": onsite,
    "passed": passed,
    "urged": urged,
    "returned": returned,
    "child_return": child_return,
    "refused_return": refused_return,
    "bounced": bounced,
    "taken_back": taken_back,
    "ruling": ruling,
    "first_handler": first_handler,
    "first_closed": first_closed,
    "extension": extension,
    "extended_again": extended_again,
    "unit_review": unit_review,
    "old_photo": old_photo,
    "county_review": county_review,
    "city_review": city_review,
    "followup": followup,
    "urgent_done": closed,
    "closed": closed,
    "dissatisfied": dissatisfied,
    "redo": redo,
    "deferred": deferred,
    "asked": asked,
    "recalled": recalled,
    "merged": merged,
    "voided": voided,
    "withdrawn": withdrawn,
}
