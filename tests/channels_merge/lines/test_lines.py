"""Codes, limits, silence and ratings of the platforms that are plugged in."""

from datetime import timedelta

import pytest

from channels_merge import selectors, services
from channels_merge.models import Appeal, AppealClock, AppealEvent, CodeMap, Interaction, Line
from hotline.errors import DomainError
from hotline.limits import Limit
from hotline.models import Notice, Parameter, SecurityLog
from tests.channels_merge.lines.conftest import later, message
from tests.factories.channels_merge import NOON
from tickets import deadlines
from tickets import services as tickets
from tickets.models import TicketClock

# ---- which lines there are


def test_every_platform_is_a_line_that_waits_for_its_secret(lines):
    assert services.sync_lines() == 0
    assert sorted(lines) == [
        "110", "12315", "12328", "12333", "12345-board", "12348", "967788", "grid", "message-board", "oversight",
        "petition", "province",
    ]  # fmt: skip
    assert {(line.is_open, line.secret) for line in lines.values()} == {(True, "")}


def test_a_secret_is_kept_encrypted_and_logged(lines, person):
    secret = services.issue_line_secret(line_id=lines["12315"].pk, by=person("channel_manager"), at=NOON)

    line = Line.objects.get(channel__code="12315")
    assert (line.secret, secret in line.secret_cipher, len(secret)) == (secret, False, 43)
    assert SecurityLog.objects.latest("pk").subject == "接入平台 12315"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"push_url": "ftp://x"}, "以 http:// 或 https:// 开头"),
        ({"algorithm": "MD5"}, "请选择签名算法"),
        ({"push_url": "https://x/"}, "请先发放密钥"),
    ],
)
def test_a_line_that_cannot_work_is_refused(lines, changes, sentence):
    given = {"is_open": True, "algorithm": "HMAC-SM3", "push_url": "", **changes}
    with pytest.raises(services.AppealRefused, match=sentence):
        services.change_line(line_id=lines["12315"].pk, by=None, at=NOON, **given)


@pytest.fixture
def added(person):
    """A hotline that a manager entered in the product: no parameter knows it."""
    channel = services.propose_channel(
        owner=person("channel_manager").unit,
        name="12350 安全热线",
        kind="hotline",
        way="push",
        ground="x",
        by=None,
        at=NOON,
    )
    assert services.watch_lines(at=NOON) == []
    return Line.objects.get(channel=channel)


def limited(line, what, amount, unit, by, at=NOON):
    return services.set_line_limit(line_id=line.pk, what=what, amount=amount, unit=unit, source="某办法", by=by, at=at)


def test_a_line_that_was_added_gets_limits_of_its_own(added, person):
    """No page could make them: a value was only ever added to a parameter that had one."""
    manager = person("channel_manager")
    assert [(name, str(limit)) for name, limit in selectors.line_limits(added, at=NOON)] == [
        ("没有来件提醒", "1 个工作日")
    ]

    limited(added, "silent", 5, "d", manager)
    limited(added, "accept", 3, "wd", manager)
    limited(added, "complaint", 30, "wd", manager)
    limited(added, "complaint", 45, "wd", manager, at=later(days=1))

    assert [str(limit) for _, limit in selectors.line_limits(added, at=NOON)] == [
        "5 天", "3 个工作日", "30 个工作日",
    ]  # fmt: skip
    assert [str(limit) for _, limit in selectors.line_limits(added, at=later(days=2))][-1] == "45 个工作日"
    code = added.channel.code
    assert deadlines.accept_rule(line=code, at=NOON).limit == Limit(3, "wd")
    assert set(Parameter.objects.filter(key__contains=code).values_list("key", "note")) == {
        (f"line_silent_after.{code}", "12350 安全热线：没有来件提醒"),
        (f"line_limit.{code}.accept", "12350 安全热线：法定受理"),
        (f"line_limit.{code}.complaint", "12350 安全热线：法定办理（投诉）"),
    }
    assert SecurityLog.objects.filter(kind=SecurityLog.Kind.PARAMETER, user=manager).count() == 4


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"what": "praise_"}, "请选择哪一项时限"),
        ({"amount": 0}, "数量须为正整数"),
        ({"unit": "y"}, "单位须为"),
        ({"source": " "}, "请写依据"),
    ],
)
def test_a_limit_that_is_none_is_refused(added, given, sentence):
    right = {"what": "silent", "amount": 1, "unit": "wd", "source": "自定"}
    with pytest.raises(DomainError, match=sentence):
        services.set_line_limit(line_id=added.pk, by=None, at=NOON, **{**right, **given})
    assert not Parameter.objects.filter(key__contains=added.channel.code).exists()


# ---- codes


def test_an_unknown_code_holds_up_nobody_and_is_listed_with_its_count(plug, came, world):
    line = plug("12328")
    came(line, message("1", category_code="A01", category_name="出租车"), message("2", category_code="A01"))
    came(line, message("3", region_code="GZ-ZG"))

    assert (Appeal.objects.count(), set(Appeal.objects.values_list("category", flat=True))) == (3, {None})
    codes = list(selectors.codes_of(line=None, is_settled=False))
    counts = selectors.count_codes(codes)
    assert [(code.kind, code.code, code.name, counts[code.pk]) for code in codes] == [
        ("category", "A01", "出租车", 2),
        ("region", "GZ-ZG", "", 1),
    ]


def test_settling_a_code_fills_in_what_still_waits_and_what_comes(plug, came, world, person):
    line, manager = plug("12328"), person("channel_manager")
    for number in ("1", "2", "3"):
        came(line, message(number, category_code="A01"))
    first, second, third = Appeal.objects.order_by("pk")
    services.accept_appeal(appeal_id=second.pk, by=None, at=NOON)
    services.accept_appeal(appeal_id=third.pk, by=None, at=NOON, category=world.category)
    code = CodeMap.objects.get()

    filled = services.settle_code(code_id=code.pk, category=world.category, by=manager, at=later(hours=1))
    came(line, message("4", category_code="A01"))

    assert filled == 1
    assert list(Appeal.objects.order_by("pk").values_list("category__name", flat=True)) == [
        "夜间施工噪声", None, "夜间施工噪声", "夜间施工噪声",
    ]  # fmt: skip
    event = AppealEvent.objects.get(act="settle_code")
    assert (event.appeal, event.actor, event.data) == (first, manager, {"code": code.pk})


def test_a_code_may_mean_nothing_here_and_another_line_has_its_own(plug, came, world, person):
    manager = person("channel_manager")
    came(plug("12328"), message("1", category_code="A01"))
    code = CodeMap.objects.get()
    assert services.settle_code(code_id=code.pk, by=manager, at=NOON) == 0
    came(plug("12315"), message("1", category_code="A01"))

    assert [c.line.channel.code for c in selectors.codes_of(line=None, is_settled=False)] == ["12315"]
    with pytest.raises(services.AppealRefused, match="地区代码对应地区"):
        services.settle_code(code_id=code.pk, region=world.county, by=manager, at=NOON)
    with pytest.raises(Exception, match="没有这项权限"):
        services.settle_code(code_id=code.pk, category=world.category, by=person("agent"), at=NOON)


def test_national_region_codes_need_no_map(plug, came, world):
    came(plug("12328"), message(region_code="360702"))

    assert (Appeal.objects.get().region, CodeMap.objects.get().region) == (world.county, world.county)


# ---- limits


def due(appeal):
    clock = AppealClock.objects.get(appeal=appeal, kind="citizen")
    return f"{clock.limit_amount}{clock.limit_unit}", clock.explanation["rule"]


def test_12315_has_its_statute_on_the_citizens_clock_and_the_units(plug, came, world, person):
    came(plug("12315"), message(kind="complaint"))
    appeal = Appeal.objects.get()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    ticket = appeal.links.get().ticket
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=world.department, item=None, by=person("dispatcher"), at=NOON)

    assert due(appeal) == ("60d", "法定时限（12315 转来的投诉）")
    clock = TicketClock.objects.get(ticket=ticket, kind="handle")
    assert (clock.limit_amount, clock.limit_unit, clock.explanation["rule"]) == (
        60, "d", "法定时限（12315 转来的投诉）",
    )  # fmt: skip


def test_the_provinces_date_is_kept_and_counts(plug, came, world, person):
    came(plug("province"), message(kind="complaint", due_at="2026-11-13 17:30"))
    appeal = Appeal.objects.get()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=later(hours=1))
    ticket = appeal.links.get().ticket
    tickets.dispatch_ticket(
        ticket_id=ticket.pk, unit=world.department, item=None, by=person("dispatcher"), at=later(hours=2)
    )

    citizen = AppealClock.objects.get(appeal=appeal, kind="citizen")
    handle = TicketClock.objects.get(ticket=ticket, kind="handle")
    assert (citizen.due_at, handle.due_at) == (appeal.line_matter.due_at, appeal.line_matter.due_at)
    assert citizen.explanation["rule"] == "来件平台限期 2026-11-13 17:30"


# ---- silence


def test_a_silent_line_is_told_of_once_for_each_silence(plug, came, world, person):
    manager = person("channel_manager")
    line = plug("12328")
    came(line, message("1"))
    assert services.watch_lines(at=later(days=1)) == []

    at = later(days=1, hours=8)
    assert services.watch_lines(at=at) == ["12328"]
    assert services.watch_lines(at=at + timedelta(hours=1)) == ["12328"]
    assert list(Notice.objects.values_list("recipient", "kind", "number")) == [(manager.pk, "line_silent", "12328")]

    came(line, message("2"), at=at)
    assert services.watch_lines(at=at + timedelta(hours=1)) == []
    assert services.watch_lines(at=at + timedelta(days=3)) == ["12328"]
    assert Notice.objects.count() == 2


def test_the_silence_of_a_line_has_its_own_measure_and_a_stopped_one_is_not_missed(plug, lines, world):
    plug("110"), plug("province")
    assert services.watch_lines(at=later(days=1)) == ["province"]
    assert services.watch_lines(at=later(days=4)) == ["province", "110"]

    Line.objects.update(is_open=False)
    assert services.watch_lines(at=later(days=9)) == []


def test_health_says_what_is_wrong_worst_first(plug, came, world, django_assert_num_queries):
    fine, parked = plug("12328"), plug("12315")
    came(fine, message("1"))
    came(parked, message("1", text="短"), message("2", event="urge"))
    Line.objects.filter(channel__code="12348").update(
        secret_cipher="x", secret_issued_at=NOON, failing_since=NOON, last_error="连不上对方。"
    )

    with django_assert_num_queries(5):
        health = selectors.lines_health(at=later(hours=1), silent={"12328": NOON})

    shown = {one.line.channel.code: (one.label, one.came, one.waiting_in, one.parked) for one in health}
    assert shown["12348"] == ("送不出", 0, 0, 0)
    assert shown["12328"] == ("没有动静", 1, 0, 0)
    assert shown["12315"] == ("有搁置的", 2, 1, 1)
    assert shown["12333"] == ("没有接通", 0, 0, 0)
    assert health[0].line.channel.code == "12348"
    assert [one.note for one in health if one.note] == [
        "11月10日 10:00 起送不出：连不上对方。",
        "11月10日 10:00 以后没有来件",
    ]


# ---- ratings


def test_a_rating_stands_with_the_appeal(plug, came, world):
    line = plug("province")
    came(line, message("1"))
    early = came(line, message("1", "rating", satisfaction="satisfied", resolved="yes"))
    assert (early.state, early.parked_for) == ("parked", "refused")

    appeal = Appeal.objects.get()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    row = came(
        line, message("1", "rating", "r2", satisfaction="不满意", resolved="no", ground="not_done", text="还在施工。")
    )

    assert row.state == "done"
    assert Interaction.objects.get(kind="rating").text == "还在施工。"
    data = AppealEvent.objects.get(act="rating").data
    assert (data["satisfaction"], data["resolved"], data["ground"]) == ("dissatisfied", "no", "not_done")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"satisfaction": "好极了", "resolved": "yes"}, "satisfaction“好极了”不在可选范围内"),
        ({"satisfaction": "satisfied"}, "缺少 resolved。"),
    ],
)
def test_a_rating_that_says_nothing_is_parked(plug, came, data, reason):
    row = came(plug("province"), message("1"), message("1", "rating", **data))

    assert (row.state, row.reason.startswith(reason)) == ("parked", True)
