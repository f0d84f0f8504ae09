"""先办后议: first handlers that object, units and offices that were asked, and what was ruled. Once, through the services."""

from datetime import datetime

from django.db import transaction

from config.demo.roads import HOUR, Roads
from hotline.models import Unit
from responsibility.states import Office
from tickets import services as tickets
from tickets.models import DutyQuestion, Objection, Statement, Ticket
from tickets.states import RulingKind, TicketState


@transaction.atomic
def object_to_rulings(roads: Roads) -> None:
    """Nothing when it has been done."""
    if Objection.objects.exists():
        return
    now, units = (
        roads.now,
        {unit.code: unit for unit in Unit.objects.filter(code__in=("CITY-SLJ", "CITY-JJZD", "ENT-CT"))},
    )
    zhanggong = Unit.objects.get(kind=Unit.Kind.COUNTY_CENTRE, region__name="章贡区")
    bin_station, bank, bridge = Ticket.objects.filter(
        rulings__kind=RulingKind.FIRST, rulings__ended_at=None, state=TicketState.IN_PROGRESS
    ).order_by("pk")
    _kept(roads, bin_station, now)
    _waits(roads, bank, (units["CITY-SLJ"], zhanggong), now)
    _ready(roads, bridge, (units["CITY-JJZD"], units["ENT-CT"]), now)
    tickets.propose_items(at=now)


def _object(roads: Roads, ticket: Ticket, reason: str, at: datetime, suggested: Unit | None = None) -> Objection:
    lead = ticket.lead
    tickets.raise_objection(
        assignment_id=lead.pk, reason=reason, suggested_unit=suggested, by=roads.people.of(lead.unit)["liaison"], at=at
    )
    return Objection.objects.get(ticket=ticket)


def _ask(roads: Roads, objection: Objection, units: tuple[Unit, ...], question: str, at: datetime) -> list[Statement]:
    for unit in units:
        # Only a unit with somebody who can answer is asked.
        roads.people.of(unit)
    tickets.ask_statements(objection_id=objection.pk, units=units, question=question, by=roads.reviewer, at=at)
    return list(Statement.objects.filter(objection=objection).select_related("unit").order_by("pk"))


def _say(roads: Roads, statement: Statement, text: str, at: datetime) -> None:
    liaison = roads.people.of(statement.unit)["liaison"]
    tickets.give_statement(statement_id=statement.pk, text=text, by=liaison, at=at)


def _kept(roads: Roads, ticket: Ticket, now: datetime) -> None:
    objection = _object(
        roads, ticket, "中转站由镇里建、镇里管，县中心没有专门力量，请改由主管部门首办。", now - 40 * HOUR
    )
    tickets.rule_objection(
        objection_id=objection.pk,
        unit=ticket.lead.unit,
        item=ticket.item,
        reason="县中心可以转镇里办，中转站搬迁也要县里统筹，仍由县里首办。",
        by=roads.second_reviewer,
        at=now - 26 * HOUR,
    )


def _waits(roads: Roads, ticket: Ticket, asked: tuple[Unit, ...], now: datetime) -> None:
    """One unit has answered, the other and both offices have not."""
    objection = _object(
        roads, ticket, "步道是章贡区去年修的，图纸和合同都在章贡区，请改由章贡区首办。", now - 20 * HOUR, asked[1]
    )
    answered, _ = _ask(roads, objection, asked, "请说明这段步道由谁建设、谁管护，依据是什么。", now - 19 * HOUR)
    _say(
        roads,
        answered,
        "河堤本体由市水利局管，步道是附属的游憩设施，建成后没有办移交，按建设单位管护的惯例由建设的区负责。",
        now - 3 * HOUR,
    )
    for office in (Office.STAFFING, Office.LEGAL):
        tickets.ask_definition(
            objection_id=objection.pk,
            office=office,
            question="跨县（市、区）的河堤步道建成后没有移交的，管护职责归谁？",
            by=roads.reviewer,
            at=now - 2 * HOUR,
        )


def _ready(roads: Roads, ticket: Ticket, asked: tuple[Unit, ...], now: datetime) -> None:
    """Everybody was heard; the ruling is due."""
    objection = _object(
        roads, ticket, "桥下空间的使用权在城投，僵尸车的清理要交警认定，区里两样都没有。", now - 50 * HOUR, asked[0]
    )
    police, owner = _ask(roads, objection, asked, "请说明桥下停放的旧车由谁认定、由谁清走。", now - 48 * HOUR)
    _say(roads, police, "长期停放、没有号牌的，由交警查明车主并认定；场地清理由场地的管理单位负责。", now - 30 * HOUR)
    _say(roads, owner, "桥下空间已委托区里做停车场，委托合同没有终止，场地由区里管。", now - 27 * HOUR)
    tickets.record_meeting(
        objection_id=objection.pk,
        held_at=now - 8 * HOUR,
        attended="市热线中心、章贡区热线中心、市交警支队、赣州城投",
        text="三家到现场看过。交警同意三天内查完车主；对场地由谁清，区里和城投没有谈拢。",
        by=roads.reviewer,
        at=now - 7 * HOUR,
    )
    tickets.ask_definition(
        objection_id=objection.pk,
        office=Office.STAFFING,
        question="桥下空间委托给区里以后，场地的日常管理归委托方还是受托方？",
        by=roads.reviewer,
        at=now - 6 * HOUR,
    )
    tickets.answer_definition(
        duty_question_id=DutyQuestion.objects.get(objection=objection).pk,
        answer="委托没有终止的，日常管理由受托方负责，委托方监督。",
        unit=ticket.lead.unit,
        by=roads.staffing,
        at=now - HOUR,
    )
