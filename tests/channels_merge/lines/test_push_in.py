"""Messages that other platforms push: stored first, taken in once, parked with a reason."""

import pytest

from channels_merge import services
from channels_merge.models import Appeal, AppealClock, InboundMessage, Interaction, LineMatter, LineSource
from channels_merge.services import inbound
from hotline import signing
from tests.channels_merge.lines.conftest import later, message, said
from tests.factories.channels_merge import NOON, PHONE, STORY
from tickets import services as tickets

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def line(plug):
    return plug("12315")


# ---- the door


def test_a_pushed_matter_is_kept_then_taken_in_and_can_be_asked_about(line, send, committing):
    with committing():
        first = send(line, message(kind="投诉", due_at="2026-11-20 17:30", first_called="them"))
    again = send(line, message(kind="投诉", due_at="2026-11-20 17:30", first_called="them"))

    appeal = Appeal.objects.get()
    assert (first.status_code, said(first)) == (
        202,
        {
            "message_id": "appeal-XF-1", "state": "waiting", "state_name": "等着处理", "reason": "",
            "our_number": "", "our_state": "",
        },
    )  # fmt: skip
    assert (again.status_code, said(again)["state"], said(again)["our_number"]) == (200, "done", appeal.number)
    assert (appeal.channel.code, appeal.source_number, appeal.kind, appeal.contact.phone, appeal.state) == (
        "12315", "XF-1", "complaint", PHONE, "received",
    )  # fmt: skip
    matter = LineMatter.objects.get()
    assert (matter.appeal, f"{matter.due_at:%m-%d %H:%M}", matter.first_called) == (appeal, "11-20 09:30", "them")
    asked = send(line, None, path="/api/v1/lines/12315/messages/appeal-XF-1", method="get")
    assert (asked.status_code, said(asked)["our_state"]) == (200, "received")


def test_the_body_is_not_readable_in_the_table(line, send):
    send(line, message())

    row = InboundMessage.objects.values().get()
    assert PHONE not in str(row)
    assert "锦江" not in str(row)


def test_sm3_signs_as_well(line, send):
    line.algorithm = "HMAC-SM3"
    line.save()

    assert send(line, message()).status_code == 202
    assert send(line, message(), algorithm="HMAC-SHA256").status_code == 401


def test_what_is_asked_for_is_signed_as_it_was_sent(line, client, came):
    """`(` may be sent as it is or as its escape. The web server hands on what came; we had written it anew."""
    came(line, message(message_id="消息(1)"))
    sent = "/api/v1/lines/12315/messages/%E6%B6%88%E6%81%AF%281%29"
    timestamp = f"{NOON.timestamp():.0f}"
    signature = signing.sign(
        secret=line.secret, algorithm=line.algorithm, method="GET", path=sent, timestamp=timestamp, body=b""
    )
    headers = {"X-Timestamp": timestamp, "X-Signature": signature}

    assert said(client.get(sent, headers=headers, RAW_URI=sent))["state"] == "done"
    assert client.get(sent, headers=headers, RAW_URI=f"{sent}?").status_code == 401


@pytest.mark.parametrize(
    ("spoil", "status", "sentence"),
    [
        ({"X-Signature": "0" * 64}, 401, "签名不对。"),
        ({"X-Signature": ""}, 401, "身份认证信息未提供。"),
        ({"X-Timestamp": "1"}, 401, f"X-Timestamp 与本机时间相差超过 5 分钟。本机现在是 {NOON.timestamp():.0f}。"),
    ],
)
def test_who_does_not_sign_is_not_heard(line, send, spoil, status, sentence):
    answer = send(line, message(), **spoil)

    assert (answer.status_code, said(answer)) == (status, {"message": sentence})
    assert InboundMessage.objects.count() == 0


def test_one_lines_secret_does_not_open_another_lines_door(plug, send):
    first, second = plug("12315"), plug("12328")
    second.secret_cipher = ""
    answer = send(first, message(), path="/api/v1/lines/12328/messages")
    unknown = send(first, message(), path="/api/v1/lines/nobody/messages")
    without = send(first, message(), path="/api/v1/lines/12333/messages")

    assert [one.status_code for one in (answer, unknown, without)] == [401, 401, 401]
    assert {said(one)["message"] for one in (answer, unknown, without)} == {"签名不对。"}


def test_a_guesser_is_stopped(line, send):
    for _ in range(30):
        send(line, message(), **{"X-Signature": "0" * 64})

    assert send(line, message(), **{"X-Signature": "0" * 64}).status_code == 429


def test_a_stopped_line_is_told_so(line, send):
    services.change_line(line_id=line.pk, is_open=False, algorithm=line.algorithm, push_url="", by=None, at=NOON)
    answer = send(line, message())

    assert (answer.status_code, said(answer)["message"]) == (403, "这个平台的接入已停用。")


def test_a_new_secret_ends_the_old_one(line, send):
    services.issue_line_secret(line_id=line.pk, by=None, at=NOON)

    assert send(line, message()).status_code == 401


def test_one_id_for_two_messages_is_a_conflict(line, send):
    send(line, message())
    answer = send(line, message(text="完全不同的另一件事情。"))

    assert (answer.status_code, said(answer)["message"]) == (409, "消息编号 appeal-XF-1 已收到过，内容不同。")
    assert InboundMessage.objects.count() == 1


# ---- garbage


@pytest.mark.parametrize(
    ("body", "why", "reason"),
    [
        (b"{", "not_read", "内容不是正确的 JSON。"),
        (b"\xff\xfe\x00", "not_read", "内容不是正确的 JSON。"),
        (b"[" * 5000, "not_read", "内容不是正确的 JSON。"),
        (b"[1]", "not_read", "内容不是 JSON 对象。"),
        (b'"' + b"x" * 200_000 + b'"', "not_read", "内容有 200002 个字节，最多 200000 个。"),
        (b"{}", "not_complete", "缺少 message_id。"),
        (b'{"message_id":"1","event":"dance","number":"1"}', "not_complete", "event“dance”不在可选范围内"),
        (b'{"message_id":"1","event":"appeal","number":"1","colour":1}', "not_complete", "没有这个字段：colour。"),
        (b'{"message_id":"1","event":"appeal","number":"1","data":[]}', "not_complete", "data 应为 JSON 对象。"),
    ],
)
def test_what_cannot_be_read_is_kept_and_parked(line, send, body, why, reason):
    answer = send(line, None, body=body)
    again = send(line, None, body=body)

    row = InboundMessage.objects.get()
    assert (answer.status_code, again.status_code, said(answer)["state"]) == (202, 200, "parked")
    assert (row.state, row.parked_for, row.reason.startswith(reason)) == ("parked", why, True)
    assert services.take_in_due(at=NOON) == 0
    assert Appeal.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "why", "reason"),
    [
        ({"text": ""}, "not_complete", "缺少 text。"),
        ({"text": ["a"]}, "not_complete", "text 应为文字。"),
        ({"text": "短"}, "refused", "诉求内容至少写 5 个字。"),
        ({"phone": "abc"}, "not_complete", "电话号码不对"),
        ({"kind": "吵架"}, "not_complete", "kind“吵架”不在可选范围内"),
        ({"is_enterprise": "也许"}, "not_complete", "is_enterprise“也许”应为 true 或 false。"),
        ({"occurred_at": "昨天"}, "not_complete", "occurred_at“昨天”不是时间"),
        ({"due_at": "9999-99-99"}, "not_complete", "due_at“9999-99-99”不是时间"),
        ({"colour": "红"}, "not_complete", "没有这个字段：colour。"),
        ({"title": "长" * 101}, "not_complete", "title 最多 100 个字，现在有 101 个。"),
    ],
)
def test_a_field_that_is_wrong_parks_the_matter_with_its_name(line, came, data, why, reason):
    row = came(line, message(**data))

    assert (row.state, row.parked_for, row.reason.startswith(reason)) == ("parked", why, True)
    assert Appeal.objects.count() == 0


def test_characters_that_no_table_takes_do_no_harm(line, came):
    row = came(line, message(number="A\x00B", message_id="m\x001", text=f"{STORY}\x00"))

    assert (row.state, Appeal.objects.get().source_number) == ("done", "AB")


def test_numbers_that_are_no_text_are_read_as_text(line, came):
    sent = message(phone=int(PHONE), kind="求助", is_enterprise="是")
    sent["number"] = 20261110
    row = came(line, sent)

    appeal = Appeal.objects.get()
    assert (row.state, appeal.source_number, appeal.contact.phone, appeal.is_enterprise) == (
        "done", "20261110", PHONE, True,
    )  # fmt: skip


def test_one_number_with_two_stories_is_parked_as_a_conflict(line, came):
    row = came(line, message(), message(message_id="second", text="完全不同的另一件事情。"))

    assert (row.state, row.parked_for) == ("parked", "conflict")
    assert Appeal.objects.count() == 1


# ---- what else may come


def test_supplement_urge_and_withdrawal_come_by_the_same_door(line, came):
    came(line, message())
    appeal = Appeal.objects.get()
    came(line, message(event="supplement", text="昨晚又施工到凌晨三点。"), message(event="urge", text="请快一点。"))

    assert list(Interaction.objects.filter(appeal=appeal).order_by("pk").values_list("kind", "text")) == [
        ("new", ""),
        ("supplement", "昨晚又施工到凌晨三点。"),
        ("urge", "请快一点。"),
    ]
    row = came(line, message(event="withdraw", text="已经自行解决。"))
    appeal.refresh_from_db()
    assert (row.state, appeal.state, appeal.withdrawn_because) == ("done", "withdrawn", "已经自行解决。")


def test_an_accepted_matter_is_urged_on_its_ticket(line, came):
    came(line, message())
    appeal = Appeal.objects.get()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    came(line, message(event="urge"))

    assert appeal.links.get().ticket.urge_count == 1


@pytest.mark.parametrize("event", ["supplement", "urge", "withdraw"])
def test_what_comes_before_its_matter_waits_for_it(line, came, event):
    early = came(line, message(event=event, text="先到的一句。"))
    assert (early.state, early.next_try_at, Interaction.objects.count()) == ("waiting", None, 0)

    came(line, message())

    early.refresh_from_db()
    assert (early.state, early.appeal, Interaction.objects.exclude(kind="new").get().text) == (
        "done", Appeal.objects.get(), "先到的一句。",
    )  # fmt: skip


def test_what_began_to_wait_as_its_matter_came_is_found(line, came):
    came(line, message())
    early = services.store_message(line=line, body=inbound.as_body(message(event="urge")), at=NOON).message
    InboundMessage.objects.filter(pk=early.pk).update(next_try_at=None)

    services.take_in_due(at=later(minutes=1))

    early.refresh_from_db()
    assert early.state == "done"


def test_what_waits_in_vain_is_parked_and_can_wait_again(line, came):
    early = came(line, message(event="urge"))
    services.take_in_due(at=later(days=3))
    early.refresh_from_db()
    assert early.state == "waiting"

    services.take_in_due(at=later(days=3, minutes=1))
    early.refresh_from_db()
    assert (early.state, early.parked_for) == ("parked", "no_appeal")
    assert early.reason == "等了 3 天，这个来源编号的诉求一直没有到。"

    services.retry_message(inbound_id=early.pk, by=None, at=later(days=4))
    services.take_in_due(at=later(days=4, minutes=1))
    early.refresh_from_db()
    assert early.state == "waiting"


def test_the_same_number_of_two_lines_is_two_matters(plug, came):
    came(plug("12315"), message())
    came(plug("12328"), message())

    assert sorted(Appeal.objects.values_list("channel__code", "source_number")) == [
        ("12315", "XF-1"),
        ("12328", "XF-1"),
    ]


# ---- retrying, giving up, faults


def test_a_parked_message_is_tried_again_after_mending(line, came, person):
    taken = came(line, message(), message(event="urge"))
    services.accept_appeal(appeal_id=taken.appeal_id, by=None, at=NOON)
    ticket = Appeal.objects.get().links.get().ticket
    tickets.void_ticket(ticket_id=ticket.pk, reason="误建。", by=person("dispatcher"), at=NOON)
    row = came(line, message(event="urge", message_id="late"))
    assert (row.state, row.parked_for, "作废" in row.reason) == ("parked", "refused", True)

    tickets.restore_ticket(ticket_id=ticket.pk, reason="误作废。", by=person("dispatcher"), at=NOON)
    row = services.retry_message(inbound_id=row.pk, by=None, at=later(hours=1))

    assert (row.state, row.parked_for, row.reason, row.appeal) == ("done", "", "", Appeal.objects.get())
    with pytest.raises(services.AppealRefused, match="已不在搁置的里面"):
        services.retry_message(inbound_id=row.pk, by=None, at=later(hours=1))


def test_retrying_a_matter_brings_what_waited_for_it(line, came):
    row = came(line, message(event="urge"), message(text="短"))
    urge = InboundMessage.objects.get(event="urge")
    assert (row.state, urge.state) == ("parked", "waiting")

    came(line, message(message_id="right"))

    urge.refresh_from_db()
    assert urge.state == "done"


def test_what_is_dismissed_says_why_and_stays(line, came, person):
    manager = person("channel_manager")
    row = came(line, b"{")
    with pytest.raises(services.AppealRefused, match="请写明"):
        services.dismiss_message(inbound_id=row.pk, reason=" ", by=manager, at=NOON)
    row = services.dismiss_message(inbound_id=row.pk, reason="测试数据。", by=manager, at=NOON)

    assert (row.state, row.reason, row.settled_by) == (
        "dismissed", "内容不是正确的 JSON。；不再处理：测试数据。", manager,
    )  # fmt: skip


def test_who_has_no_right_changes_nothing(line, came, person):
    row = came(line, b"{")
    agent = person("agent")

    for act in (
        lambda: services.retry_message(inbound_id=row.pk, by=agent, at=NOON),
        lambda: services.dismiss_message(inbound_id=row.pk, reason="不要了。", by=agent, at=NOON),
        lambda: services.issue_line_secret(line_id=line.pk, by=agent, at=NOON),
        lambda: services.set_source(line_id=line.pk, source=services.Source("pull", {}), by=agent, at=NOON),
    ):
        with pytest.raises(Exception, match="没有这项权限"):
            act()
    row.refresh_from_db()
    assert (row.state, LineSource.objects.count()) == ("parked", 0)


def test_the_accept_clock_has_the_statute_of_the_line(plug, came):
    came(plug("12315"), message())
    came(plug("12328"), message(number="JT-1"))

    clocks = AppealClock.objects.order_by("pk").values_list("limit_amount", "limit_unit", "explanation__rule")
    assert list(clocks) == [(7, "wd", "法定时限（12315 受理）"), (2, "h", "受理")]
