"""From the ring to the closed ticket, through pages and keys only, with the reference data that ships."""

import base64
import re
from datetime import datetime

import pytest
import time_machine
from django.utils import timezone

from channels_merge.models import Appeal
from channels_merge.services import sync_channels
from hotline.dates import SHANGHAI
from hotline.models import Region, Unit
from hotline.services import load_reference
from responsibility.models import DutyItemEvent, DutyList, ItemProposal
from responsibility.services import load_duty_list
from tests.browser.conftest import PHONE, arrived
from tests.factories.hotline import UserFactory
from tickets.models import Approval, Ticket
from tickets.tasks import propose_items

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MORNING = datetime(2026, 11, 10, 9, 0, tzinfo=SHANGHAI)
NEXT_DAY = datetime(2026, 11, 11, 9, 30, tzinfo=SHANGHAI)
AFTER_OBJECTIONS = datetime(2026, 11, 19, 9, 30, tzinfo=SHANGHAI)
"""Closed on the 11th; objections are heard for five working days."""
STREET = "章江街道锦江花园北门口人行道每天早上有十几个流动摊贩占道经营，老人小孩走不过去，希望城管来管一管。"
UNOWNED = "老机械厂宿舍后面的化粪池盖板塌了一块，厂子早就没有了，问了几家都说不归自己管，晚上走路怕掉下去。"
FIELD = "沙石镇埠上村田里连着三天傍晚有人露天焚烧秸秆，烟飘到村口居民楼，老人咳得睡不着，希望有人来制止。"
NEW_ITEM = {
    "code": "ZJ-09-901",
    "words": "化粪池盖板、化粪池塌",
    "completion_standard": "已更换盖板。",
    "reply_template": "{地点}的盖板已更换。",
}
REPLY = (
    "您反映的问题已于11月10日受理，我们当天与您电话联系。经现场核实情况属实，已责令商户清理并恢复通道，列入每日巡查。"
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Stage:
    """People of the centre, of 章贡区 and of its 沙石镇, each with a window of their own; and the clock on the wall."""

    def __init__(self, log_in, wall):
        load_reference(at=timezone.now())
        load_duty_list()
        sync_channels(at=timezone.now())
        self.log_in = log_in
        self.wall = wall
        self.windows = {}
        centre = Unit.objects.get(kind="centre")
        zhanggong = Region.objects.get(name="章贡区")
        town = Region.objects.get(name="沙石镇", parent=zhanggong)
        self.county = Unit.objects.get(kind="county_centre", region=zhanggong)
        self.urban = Unit.objects.get(kind="county_department", parent=self.county, function="urban_management")
        self.town = Unit.objects.get(kind="township", region=town)
        self.housing = Unit.objects.get(code="CITY-ZJJ")
        self.streets = Unit.objects.get(code="CITY-CGJ")
        justice, staffing = (Unit.objects.get(code=code) for code in ("CITY-SFJ", "CITY-BB"))
        self.people = {
            "agent": UserFactory(name="陈敏", unit=centre, roles=("agent",)),
            "dispatcher": UserFactory(name="周敏", unit=centre, roles=("dispatcher",)),
            "reviewer": UserFactory(name="吴洁", unit=centre, roles=("reviewer",)),
            "caller": UserFactory(name="钟慧", unit=centre, roles=("follow_up_agent",)),
            "county": UserFactory(name="郭芳", unit=self.county, roles=("county_centre",)),
            "county head": UserFactory(name="罗平", unit=self.county, roles=("unit_head",)),
            "handler": UserFactory(name="李强", unit=self.urban, roles=("handler", "liaison")),
            "head": UserFactory(name="陈刚", unit=self.urban, roles=("unit_head",)),
            "town": UserFactory(name="曾丽", unit=self.town, roles=("handler", "liaison")),
            "town head": UserFactory(name="彭涛", unit=self.town, roles=("unit_head",)),
            "housing": UserFactory(name="钟建", unit=self.housing, roles=("handler", "liaison")),
            "housing head": UserFactory(name="邱平", unit=self.housing, roles=("unit_head",)),
            "streets": UserFactory(name="温亮", unit=self.streets, roles=("handler", "liaison")),
            "administrator": UserFactory(name="赖宁", unit=centre, roles=("administrator",)),
            "legal": UserFactory(name="谢芸", unit=justice, roles=("legal_reviewer",)),
            "staffing": UserFactory(name="肖岚", unit=staffing, roles=("staffing_reviewer",)),
        }

    def at(self, who, path, **kwargs):
        """The window of somebody, at a page."""
        page = self.windows.get(who)
        if page is None:
            page = self.windows[who] = self.log_in(self.people[who], **kwargs)
        page.goto(page.base + path)
        return page

    def tomorrow(self, moment):
        """Everybody went home; the idle lock would ask for passwords."""
        self.wall.move_to(moment)
        for page in self.windows.values():
            page.context.close()
        self.windows.clear()

    def act(self, who, number, key, **fields):
        """Somebody's act on a ticket's page: its key, its fields, Ctrl+Enter."""
        page = self.at(who, f"/tickets/{number}/")
        page.keyboard.press(key)
        fill(page.wait_for_selector("#act [data-act-form]"), fields)
        page.keyboard.press("Control+Enter")
        arrived(page, "#says .note-done, #act .err, #act .note-over, #act .act-says:not(:empty)")
        assert not page.query_selector("#act[open]"), page.inner_text("#act")
        return page

    def of_list(self, who, path, key, **fields):
        """Somebody's act on a version of the duty list, by the key of its page."""
        page = self.at(who, path)
        page.keyboard.press(key)
        fill(page.wait_for_selector("#act[open] form"), fields)
        page.keyboard.press("Control+Enter")
        arrived(page, "#says .note-done")
        return page

    def draft(self, reason):
        """The administrator's draft of the next version, and its path."""
        self.of_list("administrator", "/duty-lists/", "n", reason=reason)
        draft = DutyList.objects.get(state="draft")
        return draft, f"/duty-lists/{draft.pk}/"

    def take_call(self, text, *, phone, place="锦江花园北门", kind="complaint"):
        """An agent takes a call by keys; the number of the appeal."""
        page = self.at("agent", "/desk/")
        page.keyboard.press("Alt+1")
        page.keyboard.type("王丽")
        page.keyboard.press("Tab")
        page.keyboard.type(phone)
        page.keyboard.press("F2")
        page.keyboard.type(text)
        page.keyboard.press("Alt+3")
        page.keyboard.type(place)
        page.check(f"input[name=kind][value={kind}]")
        with page.expect_navigation(url=re.compile("/desk/done/")):
            page.keyboard.press("F8")
        return page.url.rstrip("/").rsplit("/", 1)[1]

    def dispatch(self, number):
        """The dispatcher confirms the proposal with Enter."""
        page = self.at("dispatcher", "/dispatch/")
        page.wait_for_selector(f'#peek [data-peek-of="{number}"]')
        page.keyboard.press("Enter")
        page.wait_for_selector(f'tr[data-id="{number}"]', state="detached")

    def approve(self, number, *steps):
        for who in steps:
            self.act(who, number, "y")

    def follow_up(self, *answers, words=""):
        """The follow-up agent notes what the person says by the keys beside the choices."""
        page = self.at("caller", "/follow-ups/")
        page.keyboard.press("c")
        page.wait_for_selector(".caller .big")
        for key in answers:
            page.keyboard.press(key)
        if words:
            page.fill("[name=words]", words)
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        return page


def fill(form, fields):
    for name, value in fields.items():
        first = form.query_selector(f"[name={name}]")
        if isinstance(value, list):
            files = [
                {"name": f"{each}.png", "mimeType": "image/png", "buffer": PIXEL + each.encode()} for each in value
            ]
            first.set_input_files(files)
        elif first.get_attribute("type") in {"radio", "checkbox"}:
            form.query_selector(f"[name={name}]" + (f"[value={value}]" if isinstance(value, str) else "")).check()
        elif first.evaluate("field => field.tagName") == "SELECT":
            first.select_option(label=value)
        else:
            first.fill(value)


@pytest.fixture
def stage(transactional_db, log_in):
    with time_machine.travel(MORNING, tick=True) as wall:
        yield Stage(log_in, wall)


def ticket_of(appeal_number):
    return Appeal.objects.get(number=appeal_number).links.get(until=None).ticket


def now(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def handled(stage, number, who, *heads):
    """Contact by phone, the place looked at, the result; then up the chain."""
    stage.act(who, number, "c", reached="yes", way="phone", summary="说明了办理安排。")
    stage.act(who, number, "s", found_there="摊贩已劝离，通道恢复。", before=["before"], after=["after"])
    stage.act(who, number, "r", resolved="yes", public_text=REPLY, standard_met=True)
    stage.approve(number, *heads)


def reviewed(stage, ticket):
    """The centre's step, where the sample or a rule asks for it."""
    if Approval.objects.filter(ticket=ticket, state="pending", step="city").exists():
        stage.approve(ticket.number, "reviewer")
    assert now(ticket).state == "pending_followup"


def test_one_call_from_the_ring_through_city_county_and_township_to_closed(stage):
    number = stage.take_call(FIELD, phone="13807972231", place="埠上村口")
    ticket = ticket_of(number)
    stage.dispatch(ticket.number)
    assert now(ticket).lead.unit == stage.county

    stage.act("county", ticket.number, "q", handler="郭芳（在编）")
    stage.act("county", ticket.number, "d", unit=stage.town.name)
    stage.act("town", ticket.number, "q", handler="曾丽（在编）")
    handled(stage, ticket.number, "town", "town head", "county head")
    reviewed(stage, ticket)
    stage.tomorrow(NEXT_DAY)
    stage.follow_up("1", "q", "a")

    closed = now(ticket)
    assert (closed.state, closed.closing_kind) == ("closed", "resolved")
    assert [event.act for event in closed.events.order_by("pk") if event.source != event.target] == [
        "dispatch",
        "sign",
        "submit_result",
        "publish_reply",
        "close",
    ]


def test_a_return_is_disputed_and_ruled_to_a_first_handler(stage):
    ticket = ticket_of(stage.take_call(STREET, phone="13807972231"))
    stage.act("dispatcher", ticket.number, "u", unit=stage.housing.name, item="")
    stage.act(
        "housing",
        ticket.number,
        "t",
        ground="not_our_duty",
        reason="人行道经营秩序不在本局三定职责内，附三定规定第三条。",
        suggested_unit=stage.county.name,
    )
    assert now(ticket).state == "return_review"

    stage.act("reviewer", ticket.number, "l", reason="两家说法都有依据，须裁定。")
    stage.act("reviewer", ticket.number, "y", unit=stage.county.name, reason="占道经营由属地城管负责。")

    first = now(ticket).lead
    assert (now(ticket).state, first.unit, first.objectable) == ("pending_sign", stage.county, False)
    assert_greyed(stage.at("county", f"/tickets/{ticket.number}/"), "t", "return", "退单")
    stage.act("county", ticket.number, "q", handler="郭芳（在编）")
    assert now(ticket).state == "in_progress"


def assert_greyed(page, key, act, label):
    """The key opens nothing: the act stays in its place and cannot be done."""
    page.keyboard.press(key)
    assert page.inner_text(f"[aria-disabled=true][href*='/acts/{act}/']").startswith(label)
    assert not page.query_selector("#act[open]")


def test_two_returns_and_then_whoever_is_named_cannot_return_it(stage):
    ticket = ticket_of(stage.take_call(STREET, phone="13807972231"))
    for who, unit in (("housing", stage.housing), ("streets", stage.streets)):
        stage.act("dispatcher", ticket.number, "u", unit=unit.name, item="")
        stage.act(who, ticket.number, "t", ground="not_our_duty", reason="不在本局三定职责内，附三定规定第三条。")
        stage.act("reviewer", ticket.number, "y")
    assert (now(ticket).state, now(ticket).return_count) == ("pending_dispatch", 2)

    assert_greyed(stage.at("dispatcher", f"/tickets/{ticket.number}/"), "u", "dispatch", "选单位派单")
    stage.act("dispatcher", ticket.number, "l", reason="两家都退了单。")
    stage.act("reviewer", ticket.number, "y", unit=stage.county.name, reason="占道经营由属地城管负责。")

    assert (now(ticket).state, now(ticket).lead.unit) == ("pending_sign", stage.county)
    assert_greyed(stage.at("county", f"/tickets/{ticket.number}/"), "t", "return", "退单")
    stage.act("county", ticket.number, "q", handler="郭芳（在编）")
    assert_greyed(stage.at("county", f"/tickets/{ticket.number}/"), "t", "return", "退单")
    assert (now(ticket).state, now(ticket).return_count) == ("in_progress", 2)


def test_what_nobody_owned_is_handled_first_disputed_ruled_and_becomes_an_item(stage):
    ticket = ticket_of(stage.take_call(UNOWNED, phone="13807972231", place="老机械厂宿舍"))
    stage.act("dispatcher", ticket.number, "l", reason="清单没有写，几家都不承认。")
    stage.act("reviewer", ticket.number, "y", unit=stage.streets.name, item="", reason="职能相近，先办。")
    stage.act("streets", ticket.number, "g", reason="属住宅配套设施。", suggested_unit=stage.housing.name)
    assert (now(ticket).state, now(ticket).lead.unit, now(ticket).has_objection) == (
        "pending_sign",
        stage.streets,
        True,
    )

    stage.act("reviewer", ticket.number, "y", unit=stage.housing.name, item="", reason="属失管住宅的共用设施。")
    assert (now(ticket).lead.unit, now(ticket).has_objection) == (stage.housing, False)
    stage.act("housing", ticket.number, "q", handler="钟建（在编）")
    handled(stage, ticket.number, "housing", "housing head")
    reviewed(stage, ticket)
    stage.tomorrow(NEXT_DAY)
    stage.follow_up("1", "q", "a")
    assert now(ticket).state == "closed"

    stage.tomorrow(AFTER_OBJECTIONS)
    assert propose_items() == 1
    draft, path = stage.draft("纳入裁定过的事项。")
    page = stage.at("administrator", "/duty-lists/proposals/")
    page.click(f"tr:has-text('{ticket.number}') >> text=新增事项")
    page.wait_for_url("**/new-item/**")
    page.select_option("[name=category]", "010101")
    for name, text in NEW_ITEM.items():
        page.fill(f"[name={name}]", text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"#says >> text=已新增 {NEW_ITEM['code']}")

    item = draft.items.get(code=NEW_ITEM["code"])
    assert (item.city_function, DutyItemEvent.objects.get(code=item.code).ticket_number) == ("housing", ticket.number)
    assert (ItemProposal.objects.get().state, ItemProposal.objects.get().duty_list) == ("taken", draft)
    page = stage.at("administrator", f"{path}items/{item.code}/")
    assert f"来自工单 {ticket.number} 的裁定" in page.inner_text("aside.dif")


def test_a_changed_list_is_tried_and_published_and_decides_from_tomorrow(stage):
    before = ticket_of(stage.take_call(STREET, phone="13807972231"))
    stage.dispatch(before.number)
    assert (now(before).lead.unit, routed_by(before)) == (stage.county, (1, "CG-01-001"))

    _, path = stage.draft("占道经营收归市级。")
    page = stage.at("administrator", f"{path}items/CG-01-001/")
    page.select_option("[name=level]", "city")
    page.select_option("[name=county_function]", "")
    page.fill("[name=reason]", "占道经营收归市级。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says >> text=已改好 CG-01-001")
    page = stage.at("administrator", f"{path}trial/")
    page.keyboard.press("w")
    page.wait_for_selector("aside >> text=派法不变")
    assert page.locator("main table tbody tr").all_inner_texts()[0].split("\t")[:3] == [
        stage.urban.name,
        stage.streets.name,
        "1",
    ]
    assert before.number in page.inner_text("main table tbody")

    stage.of_list("administrator", path, "s")
    stage.of_list("legal", path, "l", agrees="yes")
    stage.of_list("staffing", path, "b", agrees="yes")
    stage.of_list("administrator", path, "f", day=f"{NEXT_DAY:%Y-%m-%d}")
    stage.tomorrow(NEXT_DAY)
    after = ticket_of(stage.take_call(STREET, phone="13907972299"))
    stage.dispatch(after.number)
    stage.act("county", before.number, "q", handler="郭芳（在编）")

    assert (now(after).lead.unit, routed_by(after)) == (stage.streets, (2, "CG-01-001"))
    assert (now(before).lead.unit, routed_by(before)) == (stage.county, (1, "CG-01-001"))


def routed_by(ticket):
    item = now(ticket).lead.item
    return item.duty_list.version, item.code


def test_a_wrong_dispatch_is_recalled_and_nobody_is_blamed(stage):
    ticket = ticket_of(stage.take_call(STREET, phone="13807972231"))
    stage.act("dispatcher", ticket.number, "u", unit=stage.housing.name, item="")

    stage.act("dispatcher", ticket.number, "w", reason="派错单位，应派属地。")

    assert (now(ticket).state, now(ticket).return_count) == ("pending_dispatch", 0)
    stage.dispatch(ticket.number)
    assert now(ticket).lead.unit == stage.county


def test_somebody_unhappy_is_heard_and_the_matter_done_again(stage):
    ticket = ticket_of(stage.take_call(STREET, phone="13807972231"))
    stage.dispatch(ticket.number)
    stage.act("county", ticket.number, "q", handler="郭芳（在编）")
    stage.act("county", ticket.number, "d", unit=stage.urban.name)
    stage.act("handler", ticket.number, "q", handler="李强（在编）")
    handled(stage, ticket.number, "handler", "head", "county head")
    reviewed(stage, ticket)
    stage.tomorrow(NEXT_DAY)
    stage.follow_up("1", "e", "f", "6", words="没有人来过，摊贩还在。")

    page = stage.at("reviewer", "/reviews/")
    page.keyboard.press("1")
    page.keyboard.press("4")
    page.fill("[name=sentence]", "现场照片拍的是别处，须重办。")
    page.click("text=复核意见", force=True)
    page.check("input[name=verdict][value=redo]")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    again = now(ticket)
    assert (again.state, again.round) == ("in_progress", 2)

    handled(stage, ticket.number, "handler", "head", "county head")
    reviewed(stage, ticket)
    stage.tomorrow(NEXT_DAY.replace(day=12))
    stage.follow_up("1", "q", "a")
    assert (now(ticket).state, now(ticket).closing_kind) == ("closed", "resolved")


def test_two_callers_of_one_matter_of_whom_one_withdraws_and_one_urges(stage):
    first = stage.take_call(STREET, phone="13807972231")
    ticket = ticket_of(first)
    stage.dispatch(ticket.number)
    page = stage.at("agent", "/desk/")
    page.keyboard.type(STREET.replace("老人小孩走不过去", "轮椅推不过去"))
    page.keyboard.press("Alt+1")
    page.keyboard.press("Tab")
    page.keyboard.type("13907972299")
    page.wait_for_selector(f'[data-pane="similar"] [data-id="{ticket.number}"]')
    page.keyboard.press("F3")
    with page.expect_navigation(url=re.compile("/desk/done/")):
        page.keyboard.press("Enter")
    second = page.url.rstrip("/").rsplit("/", 1)[1]
    assert (ticket_of(second), now(ticket).appeal_count) == (ticket, 2)

    of_caller(stage, "13807972231", "w", text="自己搬走了，不用管了。")
    of_caller(stage, "13907972299", "u", text="今天早上还在。")

    assert Appeal.objects.get(number=first).state == "withdrawn"
    assert (now(ticket).state, now(ticket).appeal_count, now(ticket).urge_count) == ("pending_sign", 1, 1)
    assert now(ticket).withdrawal_proposed is False


def of_caller(stage, phone, key, **fields):
    """The caller rings again: the number is typed, the history appears, one key each."""
    page = stage.at("agent", "/desk/")
    page.keyboard.press("Alt+1")
    page.keyboard.press("Tab")
    page.keyboard.type(phone)
    page.wait_for_selector('[data-pane="caller"] [data-id]')
    page.keyboard.press("F10")
    page.keyboard.press(key)
    fill(page.wait_for_selector("#act [data-act-form]"), fields)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#act:not([open])", state="attached")


def by_citizen(stage, open_page):
    """A citizen writes, an agent accepts, the dispatcher dispatches: the ticket, the number and the code."""
    phone = open_page(PHONE, java_script_enabled=False)
    phone.goto(phone.base + "/p/")
    phone.fill("[name=text]", STREET)
    phone.select_option("[name=region]", label="章江街道")
    phone.fill("[name=place]", "锦江花园北门")
    phone.fill("[name=phone]", "13807972231")
    with phone.expect_navigation():
        phone.click(".pbtn")
    number, code = (phone.inner_text(f"section.now p:nth-child({n}) b") for n in (1, 2))
    desk = stage.at("agent", "/intake/")
    desk.wait_for_selector("#peek [data-key=y]")
    desk.keyboard.press("y")
    desk.wait_for_selector("#act [data-act-form]")
    with desk.expect_navigation():
        desk.keyboard.press("Control+Enter")
    ticket = ticket_of(number)
    stage.dispatch(ticket.number)
    return ticket, number, code


def progress(open_page, number, code):
    """What the citizen sees by number and code."""
    phone = open_page(PHONE, java_script_enabled=False)
    phone.goto(phone.base + "/p/track/")
    phone.fill("[name=number]", number)
    phone.fill("[name=code]", code)
    with phone.expect_navigation():
        phone.click("button >> text=查")
    return phone


def test_a_county_gives_it_to_two_units_and_the_citizen_gets_one_answer(stage, open_page):
    ticket, number, code = by_citizen(stage, open_page)
    stage.act("county", ticket.number, "q", handler="郭芳（在编）")
    stage.act("county", ticket.number, "d", unit=stage.urban.name, co_units=stage.town.name)
    stage.act("town", ticket.number, "q", handler="曾丽（在编）")
    stage.act("handler", ticket.number, "q", handler="李强（在编）")

    stage.act("town", ticket.number, "r", text="已组织网格员劝导，引导摊贩进入镇便民市场。")
    handled(stage, ticket.number, "handler", "head", "county head")
    reviewed(stage, ticket)

    assert [(part.unit, part.role, part.state) for part in ticket.assignments.order_by("pk")] == [
        (stage.county, "lead", "accepted"),
        (stage.urban, "lead", "accepted"),
        (stage.town, "co", "accepted"),
    ]
    page = progress(open_page, number, code)
    assert page.locator("h2 >> text=答复").count() == 1
    text = page.inner_text("main")
    assert (text.count(REPLY), text.count("便民市场")) == (1, 0)


def test_a_citizen_submits_and_follows_it_without_scripts(stage, open_page):
    _, number, code = by_citizen(stage, open_page)

    other = progress(open_page, number, code)

    assert other.inner_text("h1") == Appeal.objects.get(number=number).title
    assert stage.county.name in other.inner_text("section.now")
    other.click("summary >> text=催一下")
    other.fill("details[open] [name=text]", "今天还在摆。")
    with other.expect_navigation():
        other.click("details[open] .pbtn")
    assert "已转告办理单位。" in other.inner_text("[role=status]")
    assert ticket_of(number).urge_count == 1


def test_another_units_handler_is_told_that_there_is_no_such_ticket(stage):
    ticket = ticket_of(stage.take_call(STREET, phone="13807972231"))
    stage.dispatch(ticket.number)

    page = stage.at("housing", f"/tickets/{ticket.number}/")

    assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 404
    assert STREET not in page.content()
