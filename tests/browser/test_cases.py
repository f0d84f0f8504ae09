"""Follow-ups and reviews in a real browser: digits choose, Enter sends, the next case is ready; and their pictures."""

from datetime import timedelta

import pytest
import time_machine

from evaluation.models import FollowUp, ReviewDecision
from hotline import calendar, parameters
from hotline import services as hotline
from tests.browser.conftest import DESKTOP, PHONE, arrived, covered_by_what_is_said, drawn
from tests.factories.channels_merge import STORY
from tests.factories.evaluation import WEDNESDAY, add_callers, complain, replied
from tests.factories.hotline import load_rules
from tests.factories.tickets import at, contacted, fresh, make_city, passed_down
from tickets import services as tickets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TITLES = (
    "锦江花园东侧工地夜间施工噪声扰民",
    "红旗大道农贸市场后门占道摆摊堵塞通道",
    "文清路广告灯箱松动，有坠落危险",
    "健康路公厕停水两天未恢复",
    "登峰大道渣土车沿路撒漏，晚上更多",
)


@pytest.fixture
def city(transactional_db):
    """Five callers wait, two complained; every unit has something that burns."""
    load_rules()
    city = add_callers(make_city())
    with time_machine.travel(WEDNESDAY, tick=True):
        city.cases = [replied(city, title=title, start=at(f"11-0{9 - n % 4} 10:00")) for n, title in enumerate(TITLES)]
        for n, title in enumerate(TITLES[:2]):
            case = replied(city, title=title, callers=2, start=at(f"11-09 1{n}:00"))
            city.decision = complain(city, case.follow_ups[0], ground=("nobody_came", "not_true")[n])
        for n, title in enumerate(TITLES * 3):
            (passed_down, contacted)[n % 2](city, title=title, at=at(f"11-0{n % 5 + 1} 1{n % 5}:05"))
        hotline.sweep_clocks(at=WEDNESDAY - timedelta(hours=1))
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()


def ready(page):
    """Key of the case whose form is before the agent."""
    arrived(page, "#peek form[data-call]")
    return int(page.get_attribute("#peek form[data-call]", "action").split("/")[-3])


def chosen(page):
    return page.eval_on_selector_all("#peek :checked", "boxes => boxes.map(box => box.value)")


def test_calling_by_keys(city, log_in, shots):
    """Slow: a browser and some twenty tickets."""
    page = log_in(city.caller)
    page.goto(page.base + "/follow-ups/")
    first = ready(page)
    shots(page, "follow-ups", (DESKTOP,))
    page.keyboard.press("Enter")  # nothing is chosen: nothing is sent, and the ticket is not opened
    page.wait_for_selector("#says >> text=还什么都没有选")
    assert (ready(page), page.url) == (first, page.base + "/follow-ups/")
    page.keyboard.press("c")
    page.wait_for_selector(".caller .big")
    page.keyboard.press("q")
    assert chosen(page) == ["answered", "yes"]  # whoever says whether it is solved was reached
    page.keyboard.press("a")
    shots(page, "follow-ups-said", (DESKTOP,))
    page.keyboard.press("Enter")
    arrived(page, "#says .note-done")
    shots(page, "follow-ups-done", (DESKTOP, PHONE))
    page.set_viewport_size(DESKTOP)
    assert covered_by_what_is_said(page) == []
    assert (fresh(FollowUp(pk=first)).satisfaction, fresh(FollowUp(pk=first)).concluded_by) == (
        "satisfied",
        city.caller,
    )

    second = ready(page)
    assert second != first
    page.keyboard.press("c")
    page.wait_for_selector(".caller .big")
    for key in "1ed":
        page.keyboard.press(key)
    page.keyboard.press("Enter")  # dissatisfied without a reason
    arrived(page, "#peek .note-over")
    assert ready(page) == second
    assert chosen(page) == ["answered", "no", "dissatisfied"]
    assert page.locator(".caller .big").count() == 1
    assert page.url == page.base + "/follow-ups/"
    page.keyboard.press("8")
    page.keyboard.press("o")
    page.keyboard.type("没有人来过")
    shots(page, "follow-ups-refused", (DESKTOP, PHONE))
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says .note-done")
    row = fresh(FollowUp(pk=second))
    assert (row.satisfaction, row.ground, row.words) == ("dissatisfied", "nobody_came", "没有人来过")


def test_what_was_typed_stays_with_its_case(city, log_in):
    """Slow: a browser and some twenty tickets."""
    page = log_in(city.caller)
    page.goto(page.base + "/follow-ups/")
    first = ready(page)
    page.keyboard.press("w")
    page.keyboard.press("o")
    page.keyboard.type("还差一点")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.wait_for_selector(f'#peek form[data-call]:not([action*="/{first}/"])')
    assert chosen(page) == []
    page.keyboard.press("k")
    page.wait_for_selector(f'#peek form[data-call][action*="/{first}/"]')
    assert chosen(page) == ["answered", "partly"]
    assert page.input_value("#peek textarea") == "还差一点"
    page.keyboard.press("c")
    page.wait_for_selector(".caller .big")


def test_a_button_is_not_pressed_in_vain_before_htmx_has_seen_it(city, log_in):
    """Slow: a browser and some twenty tickets."""
    page = log_in(city.caller)
    page.goto(page.base + "/follow-ups/")
    first = ready(page)

    drawn(page, "j", f'#peek form[data-call]:not([action*="/{first}/"])')
    page.keyboard.press("c")

    page.wait_for_selector(".caller .big")


def test_deciding_by_keys(city, log_in, shots):
    """Slow: a browser and some twenty tickets."""
    page = log_in(city.reviewer)
    page.goto(page.base + "/reviews/")
    first = ready(page)
    shots(page, "reviews", (DESKTOP,))
    page.keyboard.press("1")
    page.keyboard.press("4")
    assert chosen(page) == ["yes", "no", "redo"]  # the two answers lead to the verdict
    page.keyboard.press("Enter")  # without a sentence
    arrived(page, "#peek em.err")
    shots(page, "reviews-refused", (DESKTOP,))
    page.keyboard.press("o")
    page.keyboard.type("照片是白天拍的，夜里没有去。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says .note-done")
    assert fresh(ReviewDecision(pk=first)).state == "redo"
    assert ready(page) != first


def test_the_wall_and_the_figures(city, log_in, shots):
    """Slow: a browser and some twenty tickets."""
    tickets.submit_result(
        assignment_id=contacted(city, at=at("11-02 10:00")).lead_id,
        resolved="yes",
        public_text=STORY,
        standard_met=True,
        by=city.handler,
        at=WEDNESDAY,
    )
    for person in (city.reviewer, city.head, city.leader):
        page = log_in(person)
        page.goto(page.base + "/supervision/")
        shots(page, f"wall-{person.username}", (DESKTOP, PHONE))
        page.goto(page.base + "/figures/")
        shots(page, f"figures-{person.username}", (DESKTOP, PHONE))
    page = log_in(city.reviewer)
    page.goto(page.base + "/figures/")
    page.keyboard.press("h")
    page.wait_for_selector("#how[open]")
    shots(page, "figures-how", (DESKTOP,))
    page.keyboard.press("Escape")
    page.click("table.figures tbody tr td a")
    page.wait_for_selector("table[data-rows]")
    shots(page, "figure-tickets", (DESKTOP,))
