"""Every address with every role: who gets in, who is refused, who is told that there is no such thing.

`access.txt` is the table: method, address, then one status for each column. A dot is 404: the row does not exist for
this person. 302 of a visitor leads to the log-in. Statuses of posts that get in are those of an empty form.
"""

import copy
import json
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import URLResolver, get_resolver, resolve

from channels_merge import services as channels
from channels_merge.models import (
    Appeal,
    AppealFile,
    Channel,
    CodeMap,
    FrequentCaller,
    GridCheck,
    InboundMessage,
    Interaction,
    Line,
    LineMilestone,
    MergeProposal,
    MergeSwitch,
    MissedCall,
    OutboxMessage,
    PetitionMatch,
    ThresholdProposal,
    Transfer,
)
from channels_merge.services import grid, inbound, petition
from hotline.services import store_file
from hotline.services.sheets import Page, workbook
from responsibility import services as duties
from responsibility.models import RoutingModel
from tests.factories.channels_merge import make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import WEDNESDAY, add_callers, complain, replied
from tests.factories.hotline import UnitFactory, UserFactory, load_rules
from tests.factories.resources import make_resource
from tests.factories.responsibility import DutyItemFactory
from tests.factories.tickets import fresh, make_city, submit
from tickets import services
from tickets.models import Approval, Attachment, AutomaticDispatch, Objection, ReturnRequest

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TABLE = Path(__file__).with_name("access.txt")
PEOPLE = {
    "visitor": None,
    "agent": "agent",
    "dispatch": "dispatcher",
    "reviewer": "reviewer",
    "chief": "centre_head",
    "caller": "caller",
    "leader": "leader",
    "admin": "administrator",
    "security": "security_administrator",
    "audit": "audit_administrator",
    "county": "county_clerk",
    "handler": "handler",
    "liaison": "liaison",
    "head": "head",
    "other": "other_handler",
    "manager": "channel_manager",
    "petition": "petition_officer",
    "worker": "grid_worker",
    "legal": "legal_reviewer",
    "staffing": "staffing_reviewer",
}
"""Column → whose it is in the city of the factories. `handler`, `liaison`, `head`: of the unit that has the matters.

`worker`: whom a township sent to look at one of them."""


PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40

RAILS = {
    "agent": "工作台 受理 漏接 来件",
    "dispatch": "工作台 来件 并单 派单 工单 退单 信访 网格 统计 督办 清单 试验",
    "reviewer": "工作台 并单 工单 退单 裁定 审核 信访 复核 统计 督办 联督 清单",
    "chief": "工作台 工单 审核 统计 督办 清单",
    "caller": "工作台 工单 回访",
    "leader": "工作台 统计 督办 渠道",
    "admin": "工作台 清单 资源 试验 管理",
    "security": "工作台 管理",
    "audit": "工作台 管理",
    "county": "工作台 收件 工单 退单 审核 网格 统计 本县 督办 清单 资源 渠道",
    "handler": "工作台 收件 工单",
    "liaison": "工作台 收件 工单 督办 清单 渠道",
    "head": "工作台 收件 工单 审核 统计 督办 清单 渠道",
    "other": "工作台 收件 工单",
    "manager": "工作台 漏接 信访 网格 渠道 接入",
    "petition": "工作台 信访",
    "worker": "工作台 核查",
    "legal": "工作台 界定 清单",
    "staffing": "工作台 界定 清单",
}


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    load_rules()
    city = add_callers(make_city())
    city.centre_head = UserFactory(name="曹建", unit=city.centre, roles=("centre_head",))
    city.administrator = UserFactory(name="谢敏", unit=city.centre, roles=("administrator",))
    city.security_administrator = UserFactory(name="温丽", unit=city.centre, roles=("security_administrator",))
    city.audit_administrator = UserFactory(name="朱明", unit=city.centre, roles=("audit_administrator",))
    city.channel_manager = UserFactory(name="邱红", unit=city.centre, roles=("channel_manager",))
    office = UnitFactory(short_name="市信访局", function="petition")
    city.petition_officer = UserFactory(name="钟平", unit=office, roles=("petition_officer",))
    city.grid_worker = UserFactory(name="钟文", unit=city.township, roles=("grid_worker",))
    city.legal_reviewer = UserFactory(name="罗洁", unit=office, roles=("legal_reviewer",))
    city.staffing_reviewer = UserFactory(name="宋宁", unit=office, roles=("staffing_reviewer",))
    return city


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


def at_work(city, *, contacted=True):
    """A matter that the department has signed."""
    ticket = ticket_of(make_accepted(at=WEDNESDAY, by=city.agent))
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=WEDNESDAY)
    ticket = fresh(ticket)
    services.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=WEDNESDAY)
    if contacted:
        services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=WEDNESDAY)
    return fresh(ticket)


def returned(city):
    ticket = at_work(city)
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_duty", reason="属市教育局。", by=city.liaison, at=WEDNESDAY
    )
    return ReturnRequest.objects.get(assignment__ticket=ticket)


def objected(city):
    """A ruling that its first handler objects to; a unit and both offices are asked. What was ruled is proposed to the list."""
    ticket = at_work(city, contacted=False)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错。", by=city.dispatcher, at=WEDNESDAY)
    services.refer_to_ruling(ticket_id=ticket.pk, reason="无人认领。", by=city.dispatcher, at=WEDNESDAY)
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason="相近。", by=city.reviewer, at=WEDNESDAY
    )
    ticket = fresh(ticket)
    services.raise_objection(assignment_id=ticket.lead_id, reason="不归我局。", by=city.liaison, at=WEDNESDAY)
    words = {"objection_id": Objection.objects.get(ticket=ticket).pk, "by": city.reviewer, "at": WEDNESDAY}
    services.ask_statements(units=[city.other], question="归谁管？", **words)
    for office in ("legal", "staffing"):
        services.ask_definition(office=office, question="归谁管？", **words)
    proposal = duties.propose_item(
        ticket_number=ticket.number,
        title=ticket.title,
        text=ticket.text,
        kind=ticket.kind,
        category=None,
        unit=city.department,
        item=None,
        grounds="相近。",
        at=WEDNESDAY,
    )
    return {"objected": ticket.number, "proposal": proposal.pk}


def of_the_register(city, photo):
    """A channel and a number of the department, and what the order asks of a line, with its evidence."""
    words = {
        "owner": city.department,
        "announced": "官网",
        "maintainer": "办公室",
        "by": city.liaison,
        "at": WEDNESDAY,
    }
    channel = channels.propose_channel(name="投诉电话", kind="phone", way="typed", ground="文件", **words)
    phone = channels.add_phone(number="0797-8000001", purpose="投诉", **words)
    milestone = LineMilestone.objects.first()
    channels.record_milestone(
        milestone_id=milestone.pk, evidence="已测试。", file=photo, by=city.channel_manager, at=WEDNESDAY
    )
    code = channels.make_code(
        kind="lift",
        name="一号电梯",
        region=city.region,
        unit=city.department,
        by=city.channel_manager,
        at=WEDNESDAY,
    )
    kept = channels.propose_channel(name="意见箱", kind="mailbox", way="typed", ground="文件", **words)
    channels.file_channel(channel_id=kept.pk, reason="窗口要用。", by=city.liaison, at=WEDNESDAY)
    filing = channels.approve_filing(channel_id=kept.pk, by=city.channel_manager, at=WEDNESDAY)
    return {
        "channel": channel.code,
        "phone": phone.pk,
        "milestone": milestone.pk,
        "place": code.token,
        "kept": kept.code,
        "filing": filing.pk,
    }


def of_the_duty_list(city):
    """The next version of the city's list, and an item of it."""
    draft = duties.draft_list(scope=city.centre, reason="年度修订。", by=city.administrator, at=WEDNESDAY)
    sheet = duties.hand_in_sheet(
        list_id=draft.pk, upload=one_wrong_row(), drops_missing=False, by=city.administrator, at=WEDNESDAY
    )
    duties.compare_sheet(sheet_id=sheet.pk, at=WEDNESDAY)
    item = DutyItemFactory(duty_list=draft)
    model = RoutingModel.objects.create(
        name="派单经验", version=1, made_at=WEDNESDAY, made_by="夜间任务", rows=2, labels=[item.code, "CG-99"]
    )
    case = duties.save_case(values={"text": "路灯不亮。", "item_code": item.code}, by=city.administrator, at=WEDNESDAY)
    return {
        "duty_list": draft.pk,
        "duty_item": item.code,
        "duty_sheet": sheet.pk,
        "routing_model": model.pk,
        "case": case.pk,
        **by_itself(city),
    }


def by_itself(city):
    """An item that is switched on, and what was dispatched by itself the week before."""
    item = DutyItemFactory(duty_list__scope=city.centre, duty_list__version=9)
    switch = duties.switch_item_on(code=item.code, reason="准。", by=city.administrator, at=WEDNESDAY)
    ticket = at_work(city)
    sent = AutomaticDispatch.objects.create(
        ticket=ticket,
        event=ticket.events.get(act="dispatch"),
        assignment=ticket.lead,
        item_code=item.code,
        duty_list=item.duty_list,
        model="试",
        confidence=0.97,
        margin=0.9,
        at=WEDNESDAY - timedelta(days=7),
    )
    return {"switch_on": switch.pk, "automatic": sent.pk}


def one_wrong_row():
    content = workbook(Page("职责清单", {"代码": 10, "投诉限": 10}, [["CG-01", "很快"]]))
    return SimpleUploadedFile("清单.xlsx", content)


def from_the_grid():
    """An event of the county's streets."""
    grid.sync_grid_standard()
    grid.import_cells(
        name="a.csv", content="网格编码,网格名称,地区\nX1,一网格,360702\n".encode(), by=None, at=WEDNESDAY
    )
    where = {"cell": "X1", "place": "文清路", "longitude": "114.93", "latitude": "25.82"}
    event = grid.Event("W1", "SZ-01", "路口塌了一个坑。", found_at=WEDNESDAY, **where)
    channel = Channel.objects.get(code="grid")
    return grid.report_grid_event(event=event, channel=channel, by=None, at=WEDNESDAY).registered.appeal.number


def supervised(city):
    """A matter that the petition office and the reviewer look after together."""
    match = in_petition(Appeal.objects.get(links__ticket=at_work(city)))
    petition.confirm_match(match_id=match.pk, by=city.reviewer, at=WEDNESDAY)
    return petition.start_joint_supervision(match_id=match.pk, reason="一起上门。", by=city.reviewer, at=WEDNESDAY)


def of_a_line():
    """A message that could not be read, a code that nobody has settled, and what waits to be sent."""
    channels.sync_lines()
    line = Line.objects.get(channel__code="12328")
    sent = {"message_id": "1", "event": "appeal", "number": "1", "data": {"text": "路灯不亮。", "category_code": "A"}}
    channels.store_message(line=line, body=json.dumps(sent).encode(), at=WEDNESDAY)
    parked = channels.store_message(line=line, body=b"{", at=WEDNESDAY).message
    channels.take_in_due(at=WEDNESDAY)
    inbound.park_sheet(line=line, name="a.csv", content=b"\xff", reason="读不出。", at=WEDNESDAY)
    sheet = InboundMessage.objects.get(parked_for="sheet")
    return {
        "inbound": parked.pk,
        "sheet": sheet.pk,
        "code": CodeMap.objects.get().pk,
        "outbox": OutboxMessage.objects.latest("pk").pk,
    }


def on_the_telephone(city):
    """A call that rings at every seat, one that nobody answered, a seat, and an appeal that was written down in a call."""

    def hear(call_id, event, **more):
        told = channels.PhoneEvent(call_id=call_id, event=event, at=WEDNESDAY, **more)
        call = channels.store_phone_event(event=told, at=WEDNESDAY)
        channels.settle_call(call_id=call.pk, at=WEDNESDAY)
        return call

    seat = channels.set_seat(
        user=city.agent, extension="8001", skills=["normal"], by=city.channel_manager, at=WEDNESDAY
    )
    called = make_appeal(at=WEDNESDAY)
    call = hear("c-1", "ended", extension="8001", recording="https://records/1.wav")
    Interaction.objects.filter(appeal=called).update(call=call)
    hear("c-2", "missed", number="13979700123")
    return {
        "phone_call": hear("c-3", "ringing", number="13979700124").token,
        "missed": MissedCall.objects.get().pk,
        "seat": seat.pk,
        "called": called.number,
    }


def in_petition(appeal):
    """The same matter at the petition office."""
    matter = petition.Petition(f"XF{appeal.pk}", appeal.title, appeal.text, WEDNESDAY, "handling", phone="13807972231")
    kept = petition.take_in_petition(petition=matter, by=None, at=WEDNESDAY).matter
    petition.match_petition(matter_id=kept.pk, at=WEDNESDAY)
    return PetitionMatch.objects.get(matter=kept, appeal=appeal)


def sent_to_look(city, ticket):
    """An errand of the grid worker."""
    return GridCheck.objects.create(
        assignment=ticket.lead,
        worker=city.grid_worker,
        what="看有没有停工",
        place="锦江花园",
        asked_by=city.handler,
        asked_at=WEDNESDAY,
        due_at=WEDNESDAY,
    )


def to_merge(city):
    """Two appeals that may be one matter, a number that came too often, a switch and a threshold to decide on."""
    earlier, later = make_accepted(at=WEDNESDAY), make_appeal(at=WEDNESDAY)
    pair = MergeProposal.objects.create(
        appeal=later,
        other=earlier,
        probability=0.9,
        words="都说到",
        found_at=WEDNESDAY,
        checked_at=WEDNESDAY,
        sort_at=WEDNESDAY,
    )
    frequent = FrequentCaller.objects.create(
        phone_index=later.contact.phone_index, latest=later, day=WEDNESDAY.date(), count=10, last_at=WEDNESDAY
    )
    switch = MergeSwitch.objects.create(channel=later.channel, on_at=WEDNESDAY, on_by=city.reviewer)
    threshold = ThresholdProposal.objects.create(value="0.9", decisions=20, confirmed=20, found_at=WEDNESDAY)
    return {"pair": pair.pk, "frequent": frequent.pk, "switch": switch.pk, "threshold": threshold.pk}


@pytest.fixture
def rows(city):
    """Every kind of row that an address names: word in braces in the table → number or key."""
    waiting = ticket_of(make_accepted(at=WEDNESDAY, by=city.agent))
    worked = at_work(city)
    photo = store_file(upload=SimpleUploadedFile("a.png", PIXEL, "image/png"), by=city.handler, at=WEDNESDAY)
    services.record_onsite(
        assignment_id=worked.lead_id,
        found="现场属实。",
        place="东门",
        visited_at=WEDNESDAY,
        before=[photo],
        by=city.handler,
        at=WEDNESDAY,
    )
    disputed = returned(city)
    services.dispute_return(request_id=disputed.pk, reason="两家都不认。", by=city.reviewer, at=WEDNESDAY)
    extended = at_work(city)
    services.request_extension(
        assignment_id=extended.lead_id, days=2, reason="等配件。", by=city.handler, at=WEDNESDAY
    )
    done = at_work(city)
    submit(city, done, by=city.handler, at=WEDNESDAY)
    urgent = make_appeal(at=WEDNESDAY)
    AppealFile.objects.create(appeal=urgent, file=photo, at=WEDNESDAY)
    channels.transfer_appeal(appeal_id=urgent.pk, line="110", note="", by=city.agent, at=WEDNESDAY)
    worked_appeal = Appeal.objects.get(links__ticket=worked)
    return {
        **to_merge(city),
        **objected(city),
        "received": make_appeal(at=WEDNESDAY).number,
        "match": in_petition(worked_appeal).pk,
        "joint": supervised(city).pk,
        "check": sent_to_look(city, worked).pk,
        "reported": from_the_grid(),
        **on_the_telephone(city),
        "waiting": waiting.number,
        "worked": worked.number,
        "resource": make_resource(city.county).pk,
        "appeal": worked_appeal.number,
        "urgent": urgent.number,
        "appeal_file": AppealFile.objects.get(appeal=urgent).pk,
        "transfer": Transfer.objects.get(appeal=urgent).pk,
        "photo": Attachment.objects.get(ticket=worked).pk,
        "return": returned(city).pk,
        "ruling": disputed.assignment.ticket.number,
        "extension": extended.lead.extensionrequests.get().pk,
        "approval": Approval.objects.get(ticket=done, state="pending").pk,
        "follow_up": replied(city).follow_ups[0].pk,
        "decision": complain(city, replied(city).follow_ups[0]).pk,
        "unit": city.department.pk,
        **of_a_line(),
        **of_the_register(city, photo),
        **of_the_duty_list(city),
    }


def table():
    """(method, address) → the statuses, in the order of the head line."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert lines[0] == ["method", "address", *PEOPLE]
    return {(method, address): statuses for method, address, *statuses in lines[1:]}


@pytest.fixture
def ask(client, settings):
    """`ask(person, method, address)`: the status of a request that leaves nothing behind, not even its session.

    Everybody logs in once. Sessions are rows alone here, so that what a request does to one is rolled back with the rest.
    """
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    logged_in = {None: SimpleCookie()}

    def cookies_of(person):
        if person not in logged_in:
            client.cookies = SimpleCookie()
            client.force_login(person, "django.contrib.auth.backends.ModelBackend")
            logged_in[person] = client.cookies
        return copy.deepcopy(logged_in[person])

    def ask(person, method, address):
        client.cookies = cookies_of(person)
        with transaction.atomic():
            answer = client.get(address) if method == "GET" else client.post(address)
            if answer.streaming:
                answer.getvalue()
            transaction.set_rollback(True)
        return "." if answer.status_code == 404 else str(answer.status_code)

    return ask


def test_everybody_gets_in_where_the_table_says_and_nowhere_else(city, rows, ask):
    """Slow: some four thousand requests."""
    expected = table()

    with time_machine.travel(WEDNESDAY, tick=False):
        found = {
            (method, address): [
                ask(getattr(city, who) if who else None, method, address.format(**rows)) for who in PEOPLE.values()
            ]
            for method, address in expected
        }

    assert found == expected


def test_no_address_is_missing_from_the_table(rows):
    routes = {resolve(address.format(**rows).partition("?")[0]).view_name for _, address in table()}

    assert routes == {name for name in names(get_resolver()) if not name.startswith("admin:")}


def test_the_rail_of_nobody_leads_to_a_closed_door(city, client):
    doors = {}
    with time_machine.travel(WEDNESDAY, tick=False):
        for column, who in PEOPLE.items():
            if who is not None:
                client.force_login(getattr(city, who), "django.contrib.auth.backends.ModelBackend")
                rail = client.get("/").context["shell"].rail
                doors[column] = [(entry["label"], client.get(entry["url"]).status_code) for entry in rail]

    assert {column: [label for label, status in rail if status != 200] for column, rail in doors.items()} == {
        column: [] for column in doors
    }
    assert {column: " ".join(label for label, _ in rail) for column, rail in doors.items()} == RAILS


def names(resolver, namespace=""):
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from names(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name}"
