"""Grid events in, by interface and by sheet; what became of them, back."""

import json
from datetime import timedelta

import pytest
import time_machine

from channels_merge.models import Appeal, GridEvent, OutboxMessage
from channels_merge.services import (
    accept_appeal,
    change_line,
    grid,
    issue_channel_key,
    issue_line_secret,
    sync_lines,
)
from hotline.models import User
from tests.factories.channels_merge import NOON, ChannelFactory, ticket_of
from tests.factories.tickets import REPLY, fresh
from tickets import services as tickets

HOLE = {
    "number": "WG-1",
    "class_code": "SZ-01",
    "text": "红旗大道与文清路口东侧人行道塌陷，约半米见方，晚上没有围挡。",
    "cell": "360702001001",
    "place": "红旗大道与文清路口",
    "longitude": "114.9351",
    "latitude": "25.8312",
    "found_at": NOON.isoformat(),
    "reporter": "钟文",
    "reporter_phone": "13807970001",
}


@pytest.fixture
def key(city):
    return issue_channel_key(channel_id=city.channel.pk, by=None, at=NOON)


@pytest.fixture
def send(client, key):
    def post(**fields):
        body = {name: value for name, value in (HOLE | fields).items() if value is not None}
        with time_machine.travel(NOON + timedelta(hours=1), tick=False):
            return client.post(
                "/api/v1/grid/events", body, content_type="application/json", headers={"X-Channel-Key": key}
            )

    return post


@pytest.fixture
def ask(client, key):
    def get(number):
        return client.get(f"/api/v1/grid/events/{number}", headers={"X-Channel-Key": key})

    return get


def said(answer):
    return answer.status_code, answer.json()["message"]


def test_an_event_becomes_an_appeal_of_the_grid_channel_with_its_cell(city, send):
    answer = send()

    assert answer.status_code == 201
    appeal = Appeal.objects.get(number=answer.json()["number"])
    assert (appeal.channel.code, appeal.source_number, appeal.state) == ("grid", "WG-1", "received")
    assert (appeal.kind, appeal.urgency, appeal.region.name) == ("help", "urgent", "解放街道")
    assert (appeal.contact.masked_name, appeal.contact.masked_phone) == ("钟*", "138****0001")
    assert appeal.wants_follow_up is False
    event = appeal.grid_event
    assert (event.event_class.code, event.cell.code, float(appeal.longitude), float(appeal.latitude)) == (
        "SZ-01",
        "360702001001",
        114.9351,
        25.8312,
    )


def test_the_same_event_again_is_the_same_appeal_and_another_under_its_number_is_refused(city, send):
    first, again, other = send(), send(), send(text="这是另一件事情，编号用错了。")

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["number"] == again.json()["number"]
    assert (Appeal.objects.count(), GridEvent.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"cell": None, "longitude": None, "latitude": None}, "“路面塌陷破损”还须填写：网格编码、经纬度。"),
        ({"place": " "}, "“路面塌陷破损”还须填写：详细地点。"),
        ({"class_code": "XX-99"}, "采集标准里没有类别“XX-99”。"),
        ({"cell": "1"}, "没有网格“1”，请先导入网格。"),
        ({"longitude": "25.83", "latitude": "114.93"}, "经纬度不在赣州一带，看看是不是写反了。"),
        ({"longitude": "东经114度"}, "经度、纬度须都是数字，如 114.935、25.831。"),
        ({"latitude": "NaN"}, "经纬度不在赣州一带，看看是不是写反了。"),
        ({"people": "三个"}, "涉及人数须是整数。"),
        ({"reporter_phone": "123"}, "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"),
        ({"colour": "red"}, "colour：没有这个字段。"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence(city, send, fields, why):
    assert said(send(**fields)) == (400, why)
    assert not Appeal.objects.exists()


def test_only_the_key_of_a_grid_channel_opens_the_door(city, client):
    other = issue_channel_key(channel_id=ChannelFactory(code="12333").pk, by=None, at=NOON)

    def post(key):
        return client.post(
            "/api/v1/grid/events", HOLE, content_type="application/json", headers={"X-Channel-Key": key}
        )

    assert said(post(other)) == (403, "这把密钥不是网格渠道的。")
    assert said(post("wrong")) == (401, "接口密钥不对，或渠道已停用。")
    assert not Appeal.objects.exists()


def handled(city):
    """From accepted to an approved public reply."""
    appeal = Appeal.objects.get()
    accept_appeal(appeal_id=appeal.pk, by=None, at=NOON + timedelta(hours=2))
    ticket = ticket_of(appeal)
    tickets.answer_by_centre(ticket_id=ticket.pk, public_text=REPLY, by=city.dispatcher, at=LATER)
    return fresh(ticket)


LATER = NOON + timedelta(hours=3)


def test_the_platform_asks_by_its_own_number_and_is_told_state_and_reply(city, send, ask):
    send()
    waits = ask("WG-1").json()
    assert (waits["source_number"], waits["state"], waits["state_name"], waits["class_code"], waits["cell"]) == (
        "WG-1",
        "received",
        "待受理",
        "SZ-01",
        "360702001001",
    )

    handled(city)

    told = ask("WG-1").json()
    assert (told["state_name"], told["reply"]) == ("已有结果", REPLY)
    assert said(ask("WG-2")) == (404, "没有收到过编号为 WG-2 的网格事件。")


def test_two_grid_platforms_may_number_alike(city, send, ask):
    other = ChannelFactory(code="grid-county", name="县网格平台", kind="grid")
    words = {name: value for name, value in HOLE.items() if name != "found_at"}
    grid.report_grid_event(event=grid.Event(**words, found_at=NOON), channel=other, by=None, at=NOON)
    assert said(ask("WG-1")) == (404, "没有收到过编号为 WG-1 的网格事件。")

    number = send().json()["number"]

    assert ask("WG-1").json()["number"] == number


def test_results_go_back_through_the_outbox_where_the_platform_is_plugged_in(city, send, committing):
    sync_lines()
    city.channel.refresh_from_db()
    line = city.channel.line
    issue_line_secret(line_id=line.pk, by=None, at=NOON)
    change_line(
        line_id=line.pk,
        is_open=True,
        algorithm="HMAC-SM3",
        push_url="http://127.0.0.1:9/grid",
        by=None,
        at=NOON,
    )

    send()
    with committing():
        handled(city)

    told = [
        (message.kind, json.loads(message.body)) for message in OutboxMessage.objects.filter(line=line).order_by("pk")
    ]
    assert [kind for kind, _ in told] == ["status", "status", "status", "result", "status"]
    assert [(body["number"], body["data"]["text"]) for kind, body in told if kind == "result"] == [("WG-1", REPLY)]


SHEET = """事件编号,类别代码,内容,网格编码,详细地点,发现时间,涉及人数
WG-7,SR-01,文清路菜市场后门垃圾堆了三天没有清,360702001002,文清路菜市场,2026-11-10 08:30,
WG-8,AQ-04,老供销社宿舍外墙开裂有砖掉落,360702001002,老供销社宿舍,,
WG-9,SR-01,短,360702001002,文清路,,
"""


def test_a_sheet_of_events_is_taken_in_with_reasons_for_what_is_not(city):
    found = grid.import_events(name="a.csv", content=SHEET.encode(), by=city.manager, at=NOON)
    again = grid.import_events(name="a.csv", content=SHEET.encode(), by=city.manager, at=NOON)

    assert (found.new, [(one.number, one.why) for one in found.rejects]) == (
        1,
        [("WG-8", "“房屋险情”还须填写：涉及人数。"), ("WG-9", "诉求内容至少写 5 个字。")],
    )
    assert (again.new, again.same) == (0, 1)
    assert Appeal.objects.get().source_number == "WG-7"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_events_costs_the_same_for_one_and_three(city, client, django_assert_num_queries, count):
    for number in range(count):
        event = grid.Event(**(HOLE | {"number": f"WG-{number}", "found_at": None}))
        grid.report_grid_event(event=event, channel=city.channel, by=None, at=NOON)
        accept_appeal(appeal_id=Appeal.objects.get(source_number=f"WG-{number}").pk, by=None, at=NOON)
    client.force_login(User.objects.get(pk=city.dispatcher.pk), "django.contrib.auth.backends.ModelBackend")

    client.get("/grid/events/")
    with django_assert_num_queries(6):
        answer = client.get("/grid/events/")

    assert len(answer.context["rows"]) == count
