"""What leaves: written with the act, sent after it to a real partner that is down, slow, broken or forgetful."""

import json
import resource
import time
from datetime import timedelta

import pytest

from channels_merge import services
from channels_merge.models import Appeal, Line, OutboxMessage, Transfer
from channels_merge.services import outbox
from hotline.models import Notice
from tests.channels_merge.lines.conftest import SECRET, later, message
from tests.factories.channels_merge import NOON, PHONE, make_accepted, make_appeal, ticket_of
from tests.factories.tickets import REPLY
from tests.factories.tickets import at as day
from tests.fakes.running import RunningPartner
from tickets import services as tickets
from tickets.models import TicketEvent

HOUR = timedelta(hours=1)


@pytest.fixture
def line(plug, partner):
    line = plug("province")
    give_secret(line, push_url=f"{partner.url}/inbox")
    return line


def give_secret(line, **fields):
    """The secret that the partner knows."""
    line.secret_cipher = outbox.crypto.encrypt(SECRET, line.aad)
    for name, value in fields.items():
        setattr(line, name, value)
    line.save()


@pytest.fixture
def appeal(line, came):
    came(line, message(number="JX-1"))
    return Appeal.objects.get()


def waiting():
    return OutboxMessage.objects.filter(line__isnull=False, sent_at=None, dead_at=None)


def test_each_act_is_told_signed_and_in_order(line, partner, appeal):
    services.need_info(appeal_id=appeal.pk, told="是哪一栋？", by=None, at=later(minutes=5))
    services.supplement_appeal(appeal_id=appeal.pk, channel=line.channel, text="3 栋。", by=None, at=later(minutes=9))
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=later(minutes=10))

    run = services.send_due(at=later(minutes=11))

    assert (run.sent, run.failed) == (3, 0)
    told = partner.arrived
    assert [(one["event"], one["data"]["status"], one["data"].get("text")) for one in told] == [
        ("status", "registered", None),
        ("status", "need_info", "是哪一栋？"),
        ("status", "accepted", None),
    ]
    assert {(one["number"], one["our_number"]) for one in told} == {("JX-1", appeal.number)}
    assert partner.state["wrong_signatures"] == 0
    assert services.send_due(at=later(minutes=12)).sent == 0
    line.refresh_from_db()
    assert (line.last_out_at, line.failing_since) == (later(minutes=11), None)


def test_a_direct_answer_is_a_result(line, partner, appeal, world):
    services.answer_appeal(
        appeal_id=appeal.pk, category=world.category, told=f"已停工，有事打 {PHONE}。", by=None, at=NOON
    )
    services.send_due(at=NOON)

    result = partner.arrived[-1]
    assert (result["event"], result["data"]) == (
        "result",
        {"status": "answered", "text": "已停工，有事打 138****2231。"},
    )


def test_nothing_is_written_for_lines_without_an_address_and_for_other_channels(plug, came):
    came(plug("12328"), message())
    make_appeal()

    assert OutboxMessage.objects.filter(line__isnull=False).count() == 0


def test_what_is_told_of_a_refused_act_is_rolled_back_with_it(line, appeal):
    before = waiting().count()
    with pytest.raises(services.AppealRefused):
        services.return_to_line(appeal_id=appeal.pk, reason="", by=None, at=NOON)

    assert waiting().count() == before


# ---- a partner that misbehaves


def test_an_hour_of_silence_loses_and_doubles_nothing(line, partner, appeal):
    """The partner's process is gone for an hour; the clock is ours."""
    partner.stop()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=later(minutes=1))
    tries = [services.send_due(at=later(minutes=minute)).failed for minute in range(60)]
    line.refresh_from_db()
    assert (line.failing_since, line.last_error) == (NOON, "连不上对方。")
    assert sum(tries) == 6  # after 1, 2, 4, 8, 16, 32 minutes and a little: the second message waits behind the first

    partner.start()
    sent = sum(services.send_due(at=later(minutes=60 + minute)).sent for minute in range(0, 120, 5))

    assert (sent, [one["data"]["status"] for one in partner.arrived], partner.state["copies"]) == (
        2,
        ["registered", "accepted"],
        0,
    )
    line.refresh_from_db()
    assert (line.failing_since, line.last_error) == (None, "")


def test_an_answer_of_500_is_tried_again_and_says_what_was_answered(line, partner, appeal):
    partner.behave(status=500)
    services.send_due(at=NOON)

    row = waiting().get()
    assert (row.attempts, row.last_error) == (1, '对方答复 500：{"message": "内部错误，电话 138****2231"}')
    assert NOON + timedelta(minutes=1) <= row.next_try_at <= NOON + timedelta(minutes=1, seconds=12)

    partner.behave(status=200)
    assert services.send_due(at=later(minutes=2)).sent == 1


def test_one_that_cannot_be_read_is_its_own_failure_and_ends_no_run(line, partner, came, appeal, set_parameter):
    """Its key is lost, say: the run ended there, every two minutes anew, and the message never died."""
    set_parameter("outbox_tries", "2")
    came(line, message(message_id="m2", number="JX-2"))
    waiting().filter(appeal=appeal).update(body_cipher="没有这把钥匙")

    first = services.send_due(at=NOON)
    again = services.send_due(at=later(minutes=10))

    assert [(run.sent, run.failed, run.resting - {None}) for run in (first, again)] == [(1, 1, set()), (0, 1, set())]
    assert [one["number"] for one in partner.arrived] == ["JX-2"]
    row = OutboxMessage.objects.get(appeal=appeal, line=line)
    assert (row.attempts, row.dead_at) == (2, later(minutes=10))
    assert row.last_error == "本系统没能发出（CannotDecrypt），请联系运行维护人员。"
    line.refresh_from_db()
    assert (line.failing_since, line.last_error) == (None, "")


def test_a_slow_partner_is_left_after_a_while(line, partner, appeal, set_parameter):
    set_parameter("outbox_answer_seconds", "1")
    partner.behave(pause=1.5)
    services.send_due(at=NOON)

    assert waiting().get().last_error == "对方 1 秒里没有答复完：超时。"


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_drips_is_left_as_a_whole_and_not_byte_by_byte(line, partner, appeal, set_parameter, status):
    """A byte every tenth of a second: no read waits for long, and all of it takes twenty. The lease was over by then."""
    set_parameter("outbox_answer_seconds", "1")
    partner.behave(drip=0.1, flood=100, status=status)
    began = time.monotonic()
    services.send_due(at=NOON)

    assert (time.monotonic() - began < 10, waiting().get().last_error) == (True, "对方 1 秒里没有答复完：超时。")


def test_an_answer_without_end_is_read_no_further_than_its_first_words(line, partner, appeal):
    """It is a yes: nobody wants its body. It is a no: its beginning is kept."""
    partner.behave(flood=300_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert services.send_due(at=NOON).sent == 1

    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    partner.behave(status=503)
    services.send_due(at=NOON)

    assert waiting().get().last_error == '对方答复 503：{"message": "内部错误，电话 138****2231"}'
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_claimed_row_is_left_for_longer_than_any_answer_may_take(line, appeal, monkeypatch, set_parameter):
    set_parameter("outbox_answer_seconds", "300")
    left = []

    def gone(partners, row, *, at):
        left.append(row.next_try_at - at)
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "_deliver", gone)
    with pytest.raises(KeyboardInterrupt):
        services.send_due(at=NOON)

    assert left == [timedelta(seconds=600)]


@pytest.mark.parametrize(
    "address",
    [
        "/inbox/市民诉求?来源=赣州&x=a b",
        "/inbox/%E5%B8%82%E6%B0%91?a=%e5%b8%82",
        "/inbox?q=%7Ea~(1)!*'\"<>",
        "/inbox?",
        "",
    ],
)
def test_what_is_signed_is_what_is_sent(line, partner, appeal, address):
    """An address with Chinese in it was signed as it was written, and sent as its escapes."""
    give_secret(line, push_url=f"{partner.url}{address}")
    services.send_due(at=NOON)

    assert (len(partner.arrived), partner.state["wrong_signatures"]) == (1, 0)


def test_an_answer_with_what_no_table_takes_is_noted_all_the_same(line, partner, appeal):
    partner.behave(status=500, words="bad\0one\xff")
    services.send_due(at=NOON)

    assert waiting().get().last_error == "对方答复 500：badone\ufffd"


def test_taken_but_not_said_so_arrives_once(line, partner, appeal):
    """The partner took it and broke off: we cannot know, send again under the same id, and it knows."""
    partner.behave(cut=True)
    services.send_due(at=NOON)
    assert waiting().get().last_error == "对方中途断开。"

    partner.behave(cut=False)
    services.send_due(at=later(minutes=2))

    assert (len(partner.arrived), partner.state["copies"], waiting().count()) == (1, 1, 0)


def test_who_dies_between_sending_and_noting_it_sends_again_after_the_lease(line, partner, appeal):
    row = outbox._claim(at=NOON, until=NOON + outbox.LEASE, resting=[None])
    assert services.send_due(at=later(minutes=1)).sent == 0

    assert services.send_due(at=later(minutes=2)).sent == 1
    row.refresh_from_db()
    assert (row.attempts, row.sent_at) == (2, later(minutes=2))


@pytest.mark.parametrize("final", [True, False])
def test_who_fails_after_the_lease_undoes_nothing_of_who_sent_meanwhile(line, partner, appeal, person, final):
    """The lease ran out under a stopped machine: the late failure broke a constraint, and with it the whole run."""
    person("channel_manager")
    late = outbox._claim(at=NOON, until=NOON + outbox.LEASE, resting=[None])
    services.send_due(at=later(minutes=2))

    outbox._settle_failure(late, outbox.NotDelivered("对方没有答复。", final=final), at=later(minutes=3))

    late.refresh_from_db()
    line.refresh_from_db()
    assert (late.sent_at, late.dead_at, late.last_error) == (later(minutes=2), None, "")
    assert (line.failing_since, Notice.objects.filter(kind="outbox_dead").count()) == (None, 0)


def test_who_fails_after_the_lease_says_nothing_of_the_try_that_is_under_way(line, appeal):
    late = outbox._claim(at=NOON, until=NOON + outbox.LEASE, resting=[None])
    outbox._claim(at=later(minutes=2), until=later(minutes=4), resting=[None])

    outbox._settle_failure(late, outbox.NotDelivered("对方没有答复。"), at=later(minutes=3))

    late.refresh_from_db()
    assert (late.attempts, late.next_try_at, late.last_error) == (2, later(minutes=4), "")


def test_what_arrived_after_the_lease_is_sent_though_it_was_given_up_meanwhile(line, partner, appeal):
    late = outbox._claim(at=NOON, until=NOON + outbox.LEASE, resting=[None])
    partner.behave(status=422)
    services.send_due(at=later(minutes=2))

    outbox._settle_success(late, at=later(minutes=3))

    late.refresh_from_db()
    assert (late.sent_at, late.dead_at, late.next_try_at, late.last_error) == (later(minutes=3), None, None, "")


def test_a_content_that_will_not_do_is_dead_at_once_and_the_next_goes_on(line, partner, appeal):
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    partner.behave(status=422)
    run = services.send_due(at=NOON)

    assert (run.failed, OutboxMessage.objects.filter(dead_at=NOON).count()) == (2, 2)
    line.refresh_from_db()
    assert line.failing_since is None


def test_tries_end_and_the_managers_are_told_once_a_day(line, partner, appeal, person):
    manager = person("channel_manager")
    partner.stop()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    at = NOON
    for _ in range(28):
        services.send_due(at=at)
        at += timedelta(hours=8)

    dead = OutboxMessage.objects.filter(dead_at__isnull=False).order_by("pk")
    assert [row.attempts for row in dead] == [14, 14]
    notices = Notice.objects.filter(recipient=manager, kind="outbox_dead")
    assert [(notice.number, notice.dedupe_key[:20]) for notice in notices.order_by("pk")] == [
        ("province", "outbox-dead:province")
    ] * 2


def test_dead_ones_are_sent_again_by_a_person_only(line, partner, appeal, person):
    manager = person("channel_manager")
    partner.behave(status=422)
    services.send_due(at=NOON)
    row = OutboxMessage.objects.get(line=line)
    partner.behave(status=200)
    assert services.send_due(at=later(days=1)).sent == 0

    services.send_again(message_id=row.pk, by=manager, at=later(days=1))
    assert services.send_due(at=later(days=1)).sent == 1
    row.refresh_from_db()
    assert (row.revived_by, row.attempts, row.dead_at, row.last_error) == (manager, 1, None, "")
    with pytest.raises(services.NotDead):
        services.send_again(message_id=row.pk, by=manager, at=later(days=1))


def test_all_dead_ones_of_a_line_go_again_and_no_others(line, partner, appeal, person):
    manager = person("channel_manager")
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    partner.behave(status=422)
    services.send_due(at=NOON)

    assert services.send_all_again(line_id=None, by=manager, at=NOON) == 0
    assert services.send_all_again(line_id=line.pk, by=manager, at=NOON) == 2
    with pytest.raises(Exception, match="没有这项权限"):
        services.send_all_again(line_id=line.pk, by=person("agent"), at=NOON)


def test_a_broken_line_does_not_hold_up_another(line, partner, appeal, plug, came):
    healthy = RunningPartner(SECRET).start()
    try:
        other = plug("12328")
        give_secret(other, push_url=f"{healthy.url}/inbox?from=12345")
        came(other, message(number="JT-1"))
        partner.behave(status=503)

        run = services.send_due(at=NOON)

        assert (run.sent, run.failed, len(healthy.arrived)) == (1, 1, 1)
        assert healthy.state["wrong_signatures"] == 0
    finally:
        healthy.stop()


def test_a_stopped_line_keeps_its_messages(line, partner, appeal):
    Line.objects.filter(pk=line.pk).update(is_open=False)
    assert services.send_due(at=NOON).sent == 0

    Line.objects.filter(pk=line.pk).update(is_open=True)
    assert services.send_due(at=NOON).sent == 1


def test_the_pause_doubles_up_to_a_most_and_is_not_the_same_for_all(world):
    pauses = [outbox.pause(attempt, at=NOON) for attempt in (1, 2, 3, 8, 40)]
    least = [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=128), 6 * HOUR]

    assert [low <= pause <= low * 1.2 for pause, low in zip(pauses, least, strict=True)] == [True] * 5
    assert len({outbox.pause(1, at=NOON) for _ in range(20)}) > 1


# ---- to citizens


def test_messages_to_citizens_wait_without_a_gateway_and_go_by_it(world, partner, settings):
    appeal = make_appeal()
    assert services.send_due(at=NOON).sent == 0
    assert OutboxMessage.objects.get().attempts == 0

    settings.HOTLINE_SMS_URL, settings.HOTLINE_SMS_SECRET = f"{partner.url}/inbox", SECRET
    services.send_due(at=NOON)

    row = OutboxMessage.objects.get()
    assert partner.arrived == [
        {
            "message_id": str(row.token),
            "phone": PHONE,
            "text": f"【赣州12345】您反映的事已登记，编号 {appeal.number}，查询码 {appeal.code}。"
            "凭编号和查询码可查进度、补充情况。",
        }
    ]
    assert row.sent_at == NOON


def test_a_number_that_is_gone_is_not_tried_for_ever(world, partner, settings):
    settings.HOTLINE_SMS_URL = f"{partner.url}/inbox"
    appeal = make_appeal()
    contact = appeal.contact
    contact.phone_cipher = contact.phone_index = contact.phone_tail_index = ""
    contact.save()

    services.send_due(at=NOON)

    assert OutboxMessage.objects.get().last_error == "已没有可以发送的号码。"


# ---- back to the line, and 110


def test_a_matter_goes_back_to_its_line_and_is_taken(line, partner, appeal, came):
    services.return_to_line(appeal_id=appeal.pk, reason="不在赣州市，属吉安市。", by=None, at=NOON)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.concluded_at, appeal.clocks.get().outcome) == ("returned", NOON, "met")
    services.send_due(at=NOON)
    assert (partner.arrived[-1]["event"], partner.arrived[-1]["data"]) == (
        "return",
        {"reason": "不在赣州市，属吉安市。"},
    )

    row = came(line, message(number="JX-1", event="outcome", outcome="taken"))

    appeal.refresh_from_db()
    assert (row.state, appeal.state, appeal.line_returns.get().outcome) == ("done", "returned", "taken")

    again = came(line, message("JX-1", "outcome", "again", outcome="declined", text="归你们。"), at=later(hours=1))

    assert (again.parked_for, again.reason, again.attempts) == ("refused", "这次退回已记为“已接走”。", 0)
    assert appeal.line_returns.get().outcome == "taken"


def test_a_line_may_decline_and_the_matter_is_ours_again(line, appeal, came):
    services.return_to_line(appeal_id=appeal.pk, reason="不在赣州市。", by=None, at=NOON)
    without = came(line, message("JX-1", "outcome", "first", outcome="declined"))
    assert (without.state, without.reason) == ("parked", "对方没有接走的，须写明原因。")

    came(line, message("JX-1", "outcome", "second", outcome="未接走", text="地点在章贡区。"), at=later(hours=1))

    appeal.refresh_from_db()
    assert (appeal.state, appeal.concluded_at, appeal.line_returns.get().note) == ("received", None, "地点在章贡区。")
    assert list(appeal.clocks.order_by("pk").values_list("generation", "outcome")) == [(1, "met"), (2, "")]


def test_a_matter_that_is_withdrawn_meanwhile_waits_for_no_answer(line, appeal, came):
    services.return_to_line(appeal_id=appeal.pk, reason="不在赣州市。", by=None, at=NOON)
    came(line, message("JX-1", "withdraw"), at=later(minutes=5))
    late = came(line, message("JX-1", "outcome", outcome="declined", text="归你们。"), at=later(hours=1))

    appeal.refresh_from_db()
    assert (appeal.state, appeal.line_returns.get().note, late.parked_for) == ("withdrawn", "诉求人撤回", "refused")


def test_where_the_person_rang_us_first_we_register(line, came):
    came(line, message(number="JX-2", first_called="us"))
    appeal = Appeal.objects.get()

    with pytest.raises(services.AppealRefused, match="先接到的登记受理"):
        services.return_to_line(appeal_id=appeal.pk, reason="不归我们。", by=None, at=NOON)
    appeal.refresh_from_db()
    assert appeal.state == "received"


def test_nothing_goes_back_to_who_cannot_be_reached(world, plug, came):
    came(plug("12328"), message())

    with pytest.raises(services.AppealRefused, match="没有接通推送"):
        services.return_to_line(appeal_id=Appeal.objects.get().pk, reason="不归我们。", by=None, at=NOON)


def test_110_gets_the_matter_and_declines_it(plug, partner, came, world):
    police = plug("110")
    give_secret(police, push_url=f"{partner.url}/inbox")
    appeal = make_appeal()
    services.transfer_appeal(appeal_id=appeal.pk, line="110", note="有人打架", three_party=True, by=None, at=NOON)
    services.send_due(at=NOON)

    sent = partner.arrived[-1]
    assert (sent["event"], sent["number"], sent["our_number"]) == ("transfer", "", appeal.number)
    assert (sent["data"]["phone"], sent["data"]["note"], sent["data"]["three_party"]) == (PHONE, "有人打架", True)
    assert Transfer.objects.get().three_party

    row = came(police, message(appeal.number, "outcome", outcome="declined", text="没有人受伤，属噪声纠纷。"))

    appeal.refresh_from_db()
    assert (row.state, row.appeal, appeal.state) == ("done", appeal, "received")
    assert Transfer.objects.get().note == "没有人受伤，属噪声纠纷。"
    other = came(police, message("S1", "outcome", "other", outcome="taken"))
    assert (other.parked_for, other.reason) == ("refused", "没有转给110 非警务转来、编号为 S1 的诉求。")


def test_a_receipt_is_noted_once(line, partner, appeal, came):
    services.send_due(at=NOON)
    token = partner.arrived[-1]["message_id"]
    came(line, message("JX-1", "acknowledge") | {"data": {"message_id": token}})
    wrong = came(line, message("JX-1", "acknowledge", "wrong") | {"data": {"message_id": "x"}}, at=later(hours=1))

    assert OutboxMessage.objects.get(line=line).acknowledged_at == NOON
    assert (wrong.parked_for, wrong.reason) == ("refused", "没有发过编号为 x 的消息。")


# ---- acts on the ticket


def test_what_happens_on_the_ticket_is_told_and_the_reply_is_the_result(line, partner, appeal, world, person):
    other = make_accepted(phone="13907970000")
    services.accept_appeal(appeal_id=appeal.pk, ticket_id=other.links.get().ticket_id, by=None, at=NOON)
    ticket = other.links.get().ticket
    tickets.answer_by_centre(ticket_id=ticket.pk, public_text=REPLY, by=person("dispatcher"), at=later(hours=1))
    for event in TicketEvent.objects.order_by("pk"):
        services.report_ticket_event(event_id=event.pk)
        services.report_ticket_event(event_id=event.pk)
    services.send_due(at=later(hours=2))

    told = [(one["event"], one["data"]["status"]) for one in partner.arrived]
    assert told[:2] == [("status", "registered"), ("status", "accepted")]
    assert [status for _, status in told[2:]] == [
        event.act for event in TicketEvent.objects.order_by("pk") if event.act in services.TOLD_ACTS
    ]
    assert [one["data"]["text"] for one in partner.arrived if one["event"] == "result"] == [REPLY]


def test_what_a_lost_task_left_unsaid_is_found(line, appeal, world, person):
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    ticket = appeal.links.get().ticket
    tickets.dispatch_ticket(
        ticket_id=ticket.pk, unit=world.department, item=None, by=person("dispatcher"), at=later(minutes=3)
    )
    before = waiting().count()

    assert services.reconcile_reports(since=NOON) == 1
    assert services.reconcile_reports(since=NOON) == 0
    assert waiting().count() == before + 1


@pytest.mark.parametrize("matters", [1, 3])
def test_a_look_for_what_is_unsaid_asks_once_for_a_page(line, came, world, person, django_assert_num_queries, matters):
    """It asked four questions for each act of the last two days."""
    for number in range(matters):
        came(line, message(number=f"JX-{number}"))
    for appeal in Appeal.objects.order_by("pk"):
        services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
        dispatched(appeal, world, person, at=later(minutes=3))
    assert services.reconcile_reports(since=NOON) == matters

    with django_assert_num_queries(5):  # events, links, joins, messages that are there; no further page
        assert services.reconcile_reports(since=NOON) == 0


def test_every_page_of_acts_is_looked_through(line, came, world, person, monkeypatch):
    monkeypatch.setattr(outbox, "EVENTS_A_PAGE", 2)
    for number in range(3):
        came(line, message(number=f"JX-{number}"))
    for appeal in Appeal.objects.order_by("pk"):
        services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
        dispatched(appeal, world, person, at=later(minutes=3))

    assert services.reconcile_reports(since=NOON) == 3
    assert services.reconcile_reports(since=NOON) == 0


def dispatched(appeal, world, person, *, at):
    ticket = ticket_of(appeal)
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=world.department, item=None, by=person("dispatcher"), at=at)
    return TicketEvent.objects.get(ticket=ticket, act="dispatch")


def test_a_lost_task_of_a_ticket_that_carries_a_merged_one_is_found_too(line, appeal, world, person):
    lead = make_accepted(phone="13907970000")
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    dispatched(lead, world, person, at=later(minutes=3))
    merge = {"into_id": ticket_of(lead).pk, "reason": "同一件事", "by": person("dispatcher"), "at": later(minutes=5)}
    tickets.merge_ticket(ticket_id=ticket_of(appeal).pk, **merge)
    tickets.sign_assignment(
        assignment_id=ticket_of(lead).lead_id,
        handler=None,
        by=person("liaison", world.department),
        at=later(minutes=9),
    )
    OutboxMessage.objects.filter(line__isnull=False).delete()

    assert services.reconcile_reports(since=NOON) == 1
    told = OutboxMessage.objects.filter(line__isnull=False).order_by("pk")
    assert [json.loads(row.body)["data"]["status"] for row in told] == ["sign"]


def test_what_was_done_while_the_two_were_apart_is_no_news_either(line, appeal, world, person):
    """Merged, taken apart and merged again: the act between stands before the last merge."""
    lead = make_accepted(phone="13907970000")
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    own, into = ticket_of(appeal).pk, ticket_of(lead).pk
    by = person("dispatcher")
    tickets.merge_ticket(ticket_id=own, into_id=into, reason="同一件事", by=by, at=later(minutes=1))
    tickets.unmerge_ticket(ticket_id=own, reason="先分开。", by=by, at=later(minutes=2))
    between = dispatched(lead, world, person, at=later(minutes=3))
    tickets.merge_ticket(ticket_id=own, into_id=into, reason="还是同一件事", by=by, at=later(minutes=4))
    OutboxMessage.objects.filter(line__isnull=False).delete()

    assert services.report_ticket_event(event_id=between.pk) == 0
    services.reconcile_reports(since=NOON)
    statuses = [json.loads(row.body)["data"]["status"] for row in OutboxMessage.objects.filter(line__isnull=False)]
    assert "dispatch" not in statuses


def test_what_was_done_before_the_appeal_was_linked_is_no_news_of_it(line, appeal, world, person):
    lead = make_accepted(phone="13907970000")
    event = dispatched(lead, world, person, at=later(minutes=3))
    services.accept_appeal(appeal_id=appeal.pk, ticket_id=ticket_of(lead).pk, by=None, at=later(minutes=9))
    before = waiting().count()

    assert services.report_ticket_event(event_id=event.pk) == 0
    assert services.reconcile_reports(since=NOON) == 0
    assert waiting().count() == before


def test_once_a_day_is_a_day_of_ganzhou(line, partner, appeal, person):
    """Until eight in the morning it is still yesterday in Greenwich."""
    manager = person("channel_manager")
    partner.behave(status=422)
    night, morning, next_night = day("11-11 00:30"), day("11-11 09:00"), day("11-12 00:30")
    services.need_info(appeal_id=appeal.pk, told="是哪一栋？", by=None, at=night)
    services.send_due(at=night)
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=morning)
    services.send_due(at=morning)
    services.withdraw_appeal(appeal_id=appeal.pk, channel=line.channel, reason="好了", by=None, at=next_night)
    services.send_due(at=next_night)

    notices = Notice.objects.filter(kind="outbox_dead", recipient=manager).order_by("pk")
    assert [notice.at for notice in notices] == [night, next_night]
