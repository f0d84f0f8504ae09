from datetime import timedelta

import pytest

from channels_merge import services
from channels_merge.models import Appeal, AppealClock, AppealEvent, Contact, Interaction, OutboxMessage, Transfer
from channels_merge.services import Matter, Person
from tests.factories.channels_merge import (
    NOON,
    PHONE,
    STORY,
    ChannelFactory,
    PhoneChannelFactory,
    make_appeal,
    ticket_of,
)
from tickets.models import Ticket
from tickets.states import Kind


def acts(appeal):
    return list(AppealEvent.objects.filter(appeal=appeal).order_by("id").values_list("act", "source", "target"))


def running(appeal, kind):
    return AppealClock.objects.filter(appeal=appeal, kind=kind, stopped_at=None)


def test_a_registered_appeal_waits_with_number_code_clock_and_message(world):
    registered = services.register_appeal(
        channel=ChannelFactory(),
        matter=Matter(text=STORY, region=world.county, place="锦江花园"),
        person=Person(name="王丽", phone="138 0797 2231"),
        by=None,
        at=NOON,
    )

    appeal = registered.appeal
    assert (appeal.number, appeal.state, appeal.kind, appeal.contactable) == (
        "S261110000001",
        "received",
        "complaint",
        True,
    )
    assert (len(registered.code), registered.code, registered.is_new) == (6, appeal.code, True)
    assert appeal.title == "锦江花园东侧工地近一周每晚11点以后仍在浇筑混凝土"
    assert appeal.contact.masked_phone == "138****2231"
    assert running(appeal, "accept").get().due_at == NOON + timedelta(hours=2)
    message = OutboxMessage.objects.get()
    assert (
        message.body
        == f"【赣州12345】您反映的事已登记，编号 S261110000001，查询码 {registered.code}。凭编号和查询码可查进度、补充情况。"
    )
    assert (message.not_before, message.next_try_at) == (NOON, NOON)
    assert Interaction.objects.get().kind == "new"
    assert acts(appeal) == [("register", "", "received")]


def test_no_identifier_stands_readable_in_any_column(world):
    appeal = make_appeal(text=f"{STORY}我的电话{PHONE}，身份证360702199003071234。", person_account="wx-wangli")

    row = Contact.objects.filter(pk=appeal.contact_id).values().get()
    stored = " ".join(str(value) for value in row.values()) + str(Appeal.objects.filter(pk=appeal.pk).values().get())
    stored += str(OutboxMessage.objects.values().get())
    for secret in (PHONE, "王丽", "wx-wangli", appeal.code, PHONE[-4:] + "0"):
        assert secret not in stored
    assert (appeal.contact.name, appeal.contact.phone, appeal.contact.account) == ("王丽", PHONE, "wx-wangli")


def test_numbers_in_the_story_move_to_the_contact_and_leave_their_masks(world):
    registered = services.register_appeal(
        channel=ChannelFactory(),
        matter=Matter(text="店家电话13979712345不接，我的号码13807972231，请处理。"),
        person=Person(name="王丽", phone=PHONE),
        by=None,
        at=NOON,
    )

    assert registered.appeal.text == "店家电话139****2345不接，我的号码138****2231，请处理。"
    assert registered.moved_out == ("139****2345", "138****2231")
    assert registered.appeal.contact.moved_out == ["13979712345"]


def test_the_same_source_number_is_registered_once(world):
    first = make_appeal(source_number="A-1")
    again = services.register_appeal(
        channel=ChannelFactory(), matter=Matter(text=STORY), source_number="A-1", by=None, at=NOON + timedelta(days=1)
    )

    assert (again.appeal, again.is_new) == (first, False)
    assert Appeal.objects.count() == 1
    with pytest.raises(
        services.SourceNumberTaken, match="来源编号 A-1 已登记过另一件诉求（S261110000001），内容不同。"
    ):
        make_appeal(source_number="A-1", text="完全不同的另一件事情。")
    assert Appeal.objects.count() == 1


def test_a_second_matter_of_the_same_call_shares_the_person_and_the_number(world):
    first = make_appeal(channel=PhoneChannelFactory())
    second = services.register_appeal(
        channel=PhoneChannelFactory(),
        matter=Matter(text="另外小区电梯坏了三天没人修。"),
        contact=first.contact,
        by=None,
        at=NOON,
    ).appeal

    assert (second.number, second.contact) == ("S261110000001-02", first.contact)
    assert second.code != first.code or second.code_cipher != first.code_cipher


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "太短"}, "诉求内容至少写 5 个字。"),
        ({"text": "长" * 10_001}, "诉求内容最多 10000 个字，现在有 10001 个字。"),
        (
            {"kind": "nonsense"},
            "诉求类型“nonsense”不在可选范围内：consult、help、complaint、report、suggest、praise。",
        ),
        ({"phone": "12345abc"}, "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_writes_nothing(world, fields, sentence):
    with pytest.raises(services.AppealRefused.__mro__[1]) as refused:
        make_appeal(**fields)

    assert str(refused.value) == sentence
    assert (Appeal.objects.count(), Contact.objects.count()) == (0, 0)


def test_who_left_no_name_is_not_called_anonymous(world):
    assert make_appeal(name="").contact.masked_name == "未留姓名"


def test_an_anonymous_person_keeps_only_the_phone(world):
    appeal = make_appeal(person_is_anonymous=True)

    assert (appeal.contact.name_cipher, appeal.contact.masked_name, appeal.contact.phone) == ("", "匿名", PHONE)


def test_without_a_number_there_is_nobody_to_contact(world):
    appeal = make_appeal(name="", phone="")

    assert (appeal.contact, appeal.contactable, OutboxMessage.objects.count()) == (None, False, 0)


def test_a_message_written_at_night_waits_for_the_morning(world):
    night = NOON.replace(hour=23)
    make_appeal(at=night)

    assert OutboxMessage.objects.get().not_before == (NOON + timedelta(days=1)).replace(hour=8)


def test_accepting_makes_a_ticket_with_the_citizens_clock(world, person):
    agent = person("agent")
    appeal = make_appeal(region=world.county)
    services.accept_appeal(appeal_id=appeal.pk, kind=Kind.HELP, by=agent, at=NOON + timedelta(minutes=5))

    appeal.refresh_from_db()
    ticket = ticket_of(appeal)
    assert (appeal.state, appeal.accepted_by, appeal.kind) == ("accepted", agent, "help")
    assert (ticket.kind, ticket.appeal_count, ticket.first_channel, ticket.accepted_at) == (
        "help",
        1,
        "网页",
        appeal.accepted_at,
    )
    accept = AppealClock.objects.get(appeal=appeal, kind="accept")
    assert (accept.outcome, accept.stopped_at) == ("met", NOON + timedelta(minutes=5))
    citizen = running(appeal, "citizen").get()
    assert (citizen.limit_amount, citizen.limit_unit, citizen.explanation["rule"]) == (7, "wd", "求助类诉求")
    assert citizen.due_at == NOON.replace(day=19, hour=17, minute=30)


def test_attaching_to_an_open_ticket_counts_there_and_makes_no_ticket(world):
    first = make_appeal()
    services.accept_appeal(appeal_id=first.pk, by=None, at=NOON)
    second = make_appeal(phone="13900000001")
    services.accept_appeal(appeal_id=second.pk, ticket_id=ticket_of(first).pk, by=None, at=NOON)

    ticket = Ticket.objects.get()
    assert (ticket.appeal_count, ticket_of(second)) == (2, ticket)
    assert running(second, "citizen").count() == 1


def test_attaching_to_a_void_ticket_is_refused_and_changes_nothing(world, person):
    from tickets import services as tickets

    first = make_appeal()
    services.accept_appeal(appeal_id=first.pk, by=None, at=NOON)
    ticket = ticket_of(first)
    tickets.void_ticket(ticket_id=ticket.pk, reason="测试件", by=person("dispatcher"), at=NOON)
    second = make_appeal(phone="13900000001")

    with pytest.raises(services.AppealRefused, match=f"工单 {ticket.number} 是“已作废”，不能再挂接，请另建工单。"):
        services.accept_appeal(appeal_id=second.pk, ticket_id=ticket.pk, by=None, at=NOON)

    second.refresh_from_db()
    assert (second.state, running(second, "accept").count()) == ("received", 1)


BRANCHES = {
    "answered": (services.answer_appeal, lambda world: {"category": world.category, "told": "晚上十点后不得施工。"}),
    "redirected": (services.redirect_appeal, lambda world: {"legal_route": "litigation", "told": "请向法院起诉。"}),
    "explained": (services.explain_appeal, lambda world: {"ground": "privacy", "told": "涉及他人隐私，不能告知。"}),
    "malicious": (services.hand_to_police, lambda world: {"told": "24 小时内来电 40 次辱骂。"}),
    "transferred": (services.transfer_appeal, lambda world: {"line": "119"}),
}


@pytest.mark.parametrize("state", BRANCHES)
def test_each_branch_ends_the_wait_without_a_ticket(world, person, state):
    service, arguments = BRANCHES[state]
    appeal = make_appeal()
    service(appeal_id=appeal.pk, by=person("agent"), at=NOON, **arguments(world))

    appeal.refresh_from_db()
    assert (appeal.state, appeal.concluded_at, Ticket.objects.count()) == (state, NOON, 0)
    assert AppealClock.objects.get(appeal=appeal).outcome == "met"


@pytest.mark.parametrize(
    ("state", "empty", "sentence"),
    [
        ("answered", {"told": " "}, "请写答复内容。"),
        ("redirected", {"legal_route": ""}, "请选择法定途径。"),
        ("explained", {"ground": "x"}, "请选择不受理的事由。"),
        ("malicious", {"told": ""}, "请写恶意滋扰的事实。"),
        ("transferred", {"line": "999"}, "请选择要转的紧急热线。"),
    ],
)
def test_a_branch_without_what_it_needs_is_refused(world, state, empty, sentence):
    service, arguments = BRANCHES[state]
    appeal = make_appeal()

    with pytest.raises(services.AppealRefused) as refused:
        service(appeal_id=appeal.pk, by=None, at=NOON, **{**arguments(world), **empty})

    appeal.refresh_from_db()
    assert (str(refused.value), appeal.state, acts(appeal)) == (sentence, "received", [("register", "", "received")])


def test_a_declined_transfer_comes_back_with_a_new_clock_and_can_be_tried_again(world):
    appeal = make_appeal()
    transfer = services.transfer_appeal(appeal_id=appeal.pk, line="119", by=None, at=NOON)
    with pytest.raises(services.AppealRefused, match="对方没有接走的，须写明原因。"):
        services.conclude_transfer(transfer_id=transfer.pk, outcome="declined", by=None, at=NOON)
    later = NOON + timedelta(minutes=10)
    services.conclude_transfer(transfer_id=transfer.pk, outcome="declined", note="不属火警", by=None, at=later)

    appeal.refresh_from_db()
    assert (appeal.state, appeal.concluded_at) == ("received", None)
    clock = running(appeal, "accept").get()
    assert (clock.generation, clock.started_at) == (2, later)
    services.transfer_appeal(appeal_id=appeal.pk, line="110", by=None, at=later)
    assert list(Transfer.objects.order_by("pk").values_list("line", "outcome")) == [("119", "declined"), ("110", "")]
    with pytest.raises(services.AppealRefused, match="这次转接已记为“未接走”。"):
        services.conclude_transfer(transfer_id=transfer.pk, outcome="taken", by=None, at=later)


def test_asking_for_information_and_getting_it(world):
    appeal = make_appeal()
    services.need_info(appeal_id=appeal.pk, told="哪一栋楼？", by=None, at=NOON)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.told, running(appeal, "accept").count()) == ("need_info", "哪一栋楼？", 0)
    assert (
        OutboxMessage.objects.filter(kind="need_info")
        .get()
        .body.startswith("【赣州12345】您反映的事（编号 S261110000001）还需要补充：哪一栋楼？")
    )

    services.give_info(appeal_id=appeal.pk, text="7栋，电话13979712345", channel=ChannelFactory(), by=None, at=NOON)

    appeal.refresh_from_db()
    assert (appeal.state, running(appeal, "accept").count()) == ("received", 1)
    assert Interaction.objects.get(kind="supplement").text == "7栋，电话139****2345"


def test_who_cannot_be_reached_is_not_asked(world):
    appeal = make_appeal(name="", phone="")

    with pytest.raises(services.AppealRefused, match="这件诉求没有留下电话，无法请对方补充，请按现有内容处理。"):
        services.need_info(appeal_id=appeal.pk, told="哪一栋楼？", by=None, at=NOON)


@pytest.mark.parametrize("role", ["handler", "unit_head", "leader", "administrator"])
def test_only_intake_roles_decide(world, person, role):
    appeal = make_appeal()

    with pytest.raises(Exception, match="您的岗位没有这项权限。"):
        services.accept_appeal(appeal_id=appeal.pk, by=person(role), at=NOON)

    appeal.refresh_from_db()
    assert appeal.state == "received"


def test_a_call_is_registered_and_decided_in_one_and_its_draft_goes(world, person):
    agent = person("agent")
    services.save_draft(key="desk-1", content={"text": STORY}, by=agent, at=NOON)
    arguments = {
        "channel": PhoneChannelFactory(),
        "matter": Matter(text=STORY, kind=Kind.COMPLAINT),
        "person": Person(phone=PHONE),
        "decision": services.Decision("accept"),
        "draft_key": "desk-1",
        "by": agent,
        "at": NOON,
    }
    registered = services.take_call(**arguments)
    again = services.take_call(**arguments)

    assert (registered.appeal.state, again.appeal, again.is_new) == ("accepted", registered.appeal, False)
    assert (Ticket.objects.count(), services.restore_draft(key="desk-1", by=agent, at=NOON)) == (1, {})


def test_a_refused_decision_registers_nothing(world, person):
    with pytest.raises(services.AppealRefused, match="直接答复须选择事项。"):
        services.take_call(
            channel=PhoneChannelFactory(),
            matter=Matter(text=STORY),
            person=Person(phone=PHONE),
            decision=services.Decision("answer", told="答"),
            by=person("agent"),
            at=NOON,
        )

    assert (Appeal.objects.count(), Contact.objects.count()) == (0, 0)
