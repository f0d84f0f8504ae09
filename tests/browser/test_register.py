"""The register of channels in a real browser: filed, approved, opened, ended and cancelled by keys; and pictures."""

from datetime import date, timedelta

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import Channel, ChannelFiling, LineMilestone
from hotline import calendar, parameters
from hotline.models import Unit
from tests.browser.conftest import DESKTOP, arrived
from tests.factories.channels_merge import NOON, make_accepted, make_appeal
from tests.factories.hotline import UnitFactory, UserFactory, load_rules
from tests.factories.tickets import make_city

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

GROUND = "《道路运输条例》第六十七条：应当公布举报电话"
REASON = "客运投诉须当场核对车辆定位，12345 转办来不及核对。"


@pytest.fixture
def city(transactional_db):
    load_rules()
    city = make_city()
    UnitFactory(code="CITY-JTYS", name="赣州市交通运输局", short_name="市交通运输局")
    services.sync_channels(at=NOON)
    city.manager = UserFactory(name="邱红", unit=city.centre, roles=("channel_manager",))
    with time_machine.travel(NOON, tick=True):
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()


def old(city, name, kind, address, day, *, unit=None):
    channel = services.propose_channel(
        owner=unit or city.department,
        name=name,
        kind=kind,
        way="typed",
        ground="设立时的内部通知",
        address=address,
        announced="局网站、办事大厅",
        maintainer="办公室 0797-8000002",
        existed=services.Existed(date(2019, 4, 1), "2019 年局务会纪要。", day),
        by=None,
        at=NOON,
    )
    services.approve_filing(channel_id=channel.pk, by=city.manager, at=NOON)


def fill(city):
    """A register as it looks in the middle of the work."""
    for n, (name, kind, address) in enumerate(
        [
            ("城管投诉电话", "phone", "0797-8000001"),
            ("局长信箱", "mailbox", "cgj.example.gov.cn/xx"),
            ("办事大厅意见窗口", "window", "长征大道 1 号大厅 6 号窗"),
            ("城管微信留言", "mini_program", "赣州城管公众号"),
        ]
    ):
        old(city, name, kind, address, date(2026, 12, 1) + timedelta(days=20 * n))
    window = Channel.objects.get(name="办事大厅意见窗口")
    services.cancel_channel(channel_id=window.pk, reason="改用 12345。", by=city.manager, at=NOON)
    make_appeal(channel=Channel.objects.get(pk=window.pk), at=NOON)
    for code in ("12328", "12328", "12315"):
        make_accepted(channel=Channel.objects.get(code=code), at=NOON, by=city.agent)
    for number, purpose, checked in (
        ("0797-8000001", "市容投诉", "ok"),
        ("0797-8000003", "燃气安全举报", "wrong"),
        ("0797-8000005", "园林绿化咨询", ""),
    ):
        phone = services.add_phone(
            owner=city.department,
            number=number,
            purpose=purpose,
            announced="局网站首页、办事大厅公示牌、小区宣传单",
            maintainer="办公室 0797-8000002",
            by=city.liaison,
            at=NOON,
        )
        if checked:
            services.check_phone(
                phone_id=phone.pk,
                is_right=checked == "ok",
                note="" if checked == "ok" else "空号。",
                by=city.manager,
                at=NOON,
            )
    services.change_phone(phone_id=phone.pk, number="0797-8000006", reason="装机搬迁。", by=city.liaison, at=NOON)
    for row in LineMilestone.objects.filter(channel__code="12328"):
        services.record_milestone(
            milestone_id=row.pk,
            evidence="市交通运输局、市行政审批局联合通知，双号并行已测试。",
            done_on=date(2026, 6, 20),
            by=city.manager,
            at=NOON,
        )


def press(page, key):
    page.wait_for_load_state("networkidle")
    page.keyboard.press(key)


def send(page):
    page.keyboard.press("Control+Enter")


def test_a_channel_is_filed_approved_opened_and_cancelled(city, log_in, shots):
    """Slow: a browser, two people."""
    unit = log_in(city.liaison)
    unit.goto(unit.base + "/channels/")
    press(unit, "n")
    unit.fill("#act [name=name]", "城管夜间噪声专线")
    unit.select_option("#act [name=kind]", "phone")
    unit.select_option("#act [name=way]", "typed")
    unit.fill("#act [name=maintainer]", "执法大队 0797-8000009")
    shots(unit, "channel-enter")
    send(unit)
    unit.wait_for_selector("#act >> text=请写号码或网址。")
    assert unit.input_value("#act [name=name]") == "城管夜间噪声专线"
    unit.fill("#act [name=address]", "0797-8000010")
    unit.fill("#act [name=ground]", GROUND)
    send(unit)
    unit.wait_for_url("**/channels/q*/")
    press(unit, "f")
    unit.wait_for_selector("#act [name=words]")
    unit.fill("#act [name=words]", REASON)
    send(unit)
    unit.wait_for_selector("text=新增备案等待决定")
    address = unit.url

    centre = log_in(city.manager)
    centre.goto(centre.base + "/channels/?tab=waiting")
    press(centre, "Enter")
    centre.wait_for_url("**/channels/q*/")
    shots(centre, "channel-waiting")
    press(centre, "y")
    centre.wait_for_selector("#act [name=words]")
    send(centre)
    centre.wait_for_selector(".thead .st >> text=已核准")

    unit.goto(address)
    press(unit, "o")
    unit.wait_for_selector("#act [name=words]")
    send(unit)
    unit.wait_for_selector(".thead .st >> text=启用")
    press(unit, "e")
    unit.wait_for_selector("#act [name=day]")
    unit.fill("#act [name=words]", "已由 12345 受理。")
    unit.fill("#act [name=day]", "2026-12-31")
    send(unit)
    unit.wait_for_selector(".thead .st >> text=待撤销")

    services.look_after_channels(at=NOON.replace(month=12, day=31))
    unit.goto(address)
    shots(unit, "channel-cancelled")
    unit.wait_for_selector(".thead .st >> text=已撤销")
    channel = Channel.objects.get(name="城管夜间噪声专线")
    assert (channel.state, str(channel.ends_on), ChannelFiling.objects.get(channel=channel).outcome) == (
        "cancelled",
        "2026-12-31",
        "approved",
    )


def test_the_page_below_a_key_that_was_issued_says_so(city, log_in):
    """Slow: a browser."""
    page = log_in(city.manager)
    page.goto(page.base + "/channels/12328/")
    page.wait_for_selector("text=没有发放")
    press(page, "s")
    page.wait_for_selector("#act [data-act-form]")
    send(page)
    page.wait_for_selector("#act #secret")
    page.keyboard.press("Escape")
    arrived(page, "[data-key=r] >> text=收回密钥")
    assert page.locator("#act[open]").count() == 0


def test_pictures_of_the_register_the_numbers_and_the_board(city, log_in, shots):
    """Slow: a browser."""
    page = log_in(city.manager)
    page.set_viewport_size(DESKTOP)
    page.goto(page.base + "/channels/phones/")
    shots(page, "phones-empty")
    fill(city)
    for name, address in (
        ("channels", "/channels/"),
        ("channels-none", "/channels/?tab=overdue"),
        ("phones", "/channels/phones/"),
        ("line-board", "/channels/lines/"),
    ):
        page.goto(page.base + address)
        shots(page, name)
    leader = log_in(city.leader)
    leader.goto(leader.base + "/channels/lines/")
    shots(leader, "line-board-leader")
    assert Unit.objects.count() > 1
