"""An unclear matter becomes an item: first handler, objection, written opinion, definition of the duty, ruling, proposal, draft."""

import pytest
import time_machine

from hotline import calendar, parameters
from responsibility import services as duties
from responsibility.models import Category, DutyItem, ItemProposal
from tests.browser.conftest import PHONE, arrived, caret_in
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.tickets import NOW, approve_all, at, fresh, make_city, make_item, register, signed, submit
from tickets import services
from tickets.models import DutyQuestion, Ruling, Statement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WORDS = "高架桥下的路灯全灭，附近居民夜里不敢走。"


@pytest.fixture
def city(transactional_db):
    with time_machine.travel(NOW, tick=True) as clock:
        load_rules()
        made = make_city()
        made.clock = clock
        made.officer = UserFactory(name="宋宁", unit=made.enterprise, roles=["staffing_reviewer"])
        made.administrator = UserFactory(name="谢敏", unit=made.centre, roles=["administrator"])
        made.item = make_item("CG-01", title="路灯不亮", words=["路灯"], level="city", belongs="城市道路的路灯。")
        above = made.item.category
        for code, level in (("0101", 2), ("010101", 3)):
            above = Category.objects.create(code=code, name="路灯", level=level, parent=above)
        yield made
    calendar.forget_calendar()
    parameters.forget_parameters()


def act(page, key, **typed):
    # Once all is loaded the keys are heard and a button opens the dialog instead of its page.
    page.wait_for_load_state("networkidle")
    page.keyboard.press(key)
    page.wait_for_selector("#act[open] form")
    for name, text in typed.items():
        field = page.locator(f"#act [name={name}]").first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(text)
        elif field.get_attribute("type") == "radio":
            page.check(f"#act [name={name}][value={text}]")
        else:
            field.fill(text)
    # What an earlier act said may still stand there: the page comes anew.
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says .note-done")


def test_an_unclear_matter_becomes_an_item(city, log_in, shots):
    ticket = register(title="高架桥下路灯不亮", text=WORDS)
    services.refer_to_ruling(ticket_id=ticket.pk, reason="两家都不认。", by=city.dispatcher, at=NOW)

    reviewer = log_in(city.reviewer)
    reviewer.goto(f"{reviewer.base}/rulings/")
    reviewer.wait_for_selector("#peek [data-peek-of]")
    shots(reviewer, "rulings")
    reviewer.set_viewport_size({"width": 1366, "height": 768})
    reviewer.keyboard.press("y")
    reviewer.wait_for_selector("#act[open] form")
    assert "系统没有把握，分最高的是市城管局，得 " in reviewer.inner_text("#act")
    reviewer.fill("#act [name=unit]", "赣州市城管局")
    reviewer.fill("#act [name=item]", "CG-01 路灯不亮")
    reviewer.fill("#act [name=reason]", "清单写明由城管部门管护。")
    shots(reviewer, "rule-form")
    reviewer.set_viewport_size({"width": 1366, "height": 768})
    reviewer.keyboard.press("Control+Enter")
    reviewer.wait_for_selector("#says .note-done")

    handler = log_in(city.liaison)
    handler.goto(f"{handler.base}/tickets/{ticket.number}/")
    act(handler, "g", reason="桥下设施由市住建局管护。", suggested_unit="赣州市住建局")
    assert fresh(ticket).has_objection

    reviewer.goto(f"{reviewer.base}/rulings/objections/")
    reviewer.wait_for_selector("#peek [data-peek-of]")
    act(reviewer, "q", units="赣州市住建局", question="桥下路灯由谁管护？")
    reviewer.wait_for_selector("#peek [data-peek-of]")
    act(reviewer, "d", office="staffing", question="桥下路灯的管护职责归谁？")

    asked = log_in(city.third_head)
    asked.goto(f"{asked.base}/inbox/")
    shots(asked, "inbox-asked")
    asked.click("text=书面意见")
    shots(asked, "statements")
    asked.set_viewport_size({"width": 1366, "height": 768})
    arrived(asked, "[data-rows] tr[aria-selected=true]")
    asked.keyboard.press("Enter")
    arrived(asked, "textarea[name=text]")
    asked.fill("[name=text]", "桥体由我局管护，路灯未移交。")
    shots(asked, "statement")
    asked.keyboard.press("Control+Enter")
    asked.wait_for_selector("#says .note-done")
    assert Statement.objects.get().given_at

    officer = log_in(city.officer)
    officer.goto(f"{officer.base}/definitions/")
    shots(officer, "definitions")
    officer.goto(f"{officer.base}/definitions/{ticket.number}/")
    caret_in(officer, "text")
    officer.fill("[name=text]", "按三定，桥梁附属设施由市住建局负责。")
    officer.fill("[name=unit]", "赣州市住建局")
    shots(officer, "definition")
    officer.keyboard.press("Control+Enter")
    officer.wait_for_selector("#says .note-done")
    assert DutyQuestion.objects.get().unit == city.third

    reviewer.goto(f"{reviewer.base}/rulings/objections/")
    reviewer.wait_for_selector("#peek [data-peek-of]")
    shots(reviewer, "objections")
    reviewer.set_viewport_size({"width": 1366, "height": 768})
    act(reviewer, "c", held_at=f"{NOW:%Y-%m-%dT%H:%M}", attended="市城管局、市住建局", text="由市住建局先修。")
    reviewer.wait_for_selector("#peek [data-peek-of]")
    act(reviewer, "y", unit="赣州市住建局", reason="三定写明，编办界定一致。")
    assert Ruling.objects.get(ended_at=None).unit == city.third
    shots(reviewer, "objections-none")
    phone = log_in(city.reviewer2, PHONE)
    phone.goto(f"{phone.base}/rulings/objections/{ticket.number}/")
    shots(phone, "objection-ruled")

    # Handled, closed, and after the window proposed: the administrator makes an item of it.
    moved = fresh(ticket)
    services.sign_assignment(assignment_id=moved.lead_id, by=city.third_handler, at=at("11-10 14:30"))
    services.record_contact(assignment_id=moved.lead_id, reached=True, by=city.third_handler, at=at("11-10 14:30"))
    submit(city, fresh(ticket), by=city.third_handler, at=at("11-10 15:00"))
    approve_all(city, fresh(ticket), at=at("11-10 16:00"))
    services.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=at("11-10 17:00"))
    assert services.propose_items(at=at("11-18 08:30")) == [ticket.pk]
    draft = duties.draft_list(scope=city.centre, reason="纳入裁定。", by=city.administrator, at=at("11-18 09:00"))

    admin = log_in(city.administrator)
    admin.goto(f"{admin.base}/duty-lists/")
    admin.wait_for_load_state("networkidle")
    admin.keyboard.press("c")
    admin.wait_for_selector("text=新增事项")
    shots(admin, "proposals")
    admin.set_viewport_size({"width": 1366, "height": 768})
    admin.click("text=新增事项")
    arrived(admin, "form.edit")
    shots(admin, "proposal-item")
    admin.set_viewport_size({"width": 1366, "height": 768})
    for name, typed in {
        "code": "ZJ-01",
        "words": "桥下路灯",
        "completion_standard": "修复路灯并告知。",
        "reply_template": "您反映的路灯已修复。",
    }.items():
        admin.fill(f"[name={name}]", typed)
    admin.select_option("[name=category]", "010101")
    admin.keyboard.press("Control+Enter")
    admin.wait_for_selector("#says .note-done")
    assert DutyItem.objects.get(duty_list=draft, code="ZJ-01").city_function == "housing"
    assert ItemProposal.objects.get().state == "taken"

    # The next of the kind: the dispatcher is shown the ruling.
    like = register(title="高架桥下路灯又灭了", text=WORDS)
    dispatcher = log_in(city.dispatcher)
    dispatcher.goto(f"{dispatcher.base}/dispatch/?at={like.number}")
    dispatcher.wait_for_selector(f"text=先例：{ticket.number} 裁定由市住建局首办")
    shots(dispatcher, "dispatch-precedent")
    dispatcher.goto(f"{dispatcher.base}/rulings/precedents/")
    shots(dispatcher, "precedents")


def test_who_returns_what_is_read_from_the_rail(city, log_in, shots):
    ticket = signed(city, item=city.item)
    for by, unit, moment in (
        (city.handler, city.other, "11-10 10:10"),
        (city.other_handler, city.third, "11-10 10:20"),
    ):
        services.request_return(
            assignment_id=fresh(ticket).lead_id, ground="not_our_duty", reason="不归我局。", by=by, at=at(moment)
        )
        request = fresh(ticket).lead.returnrequests.get()
        services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=at(moment))
        if unit is city.other:
            services.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=None, by=city.dispatcher, at=at(moment))
    city.clock.move_to(at("11-10 10:30"))

    page = log_in(city.dispatcher)
    page.goto(f"{page.base}/")
    page.click("nav >> text=退单")
    arrived(page, "text=退单台账")
    shots(page, "returns")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.keyboard.press("t")
    page.wait_for_selector("text=按单位")
    page.wait_for_selector("text=市城管局 → 市教育局")
    shots(page, "returns-table")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("table >> nth=0 >> tbody a >> nth=0")
    page.wait_for_selector("tbody tr")
    shots(page, "returns-rows")
