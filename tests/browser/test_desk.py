"""A call by keys alone, from the ring to the accepted appeal; and a closed tab whose draft comes back."""

import pytest
from django.utils import timezone

from channels_merge import services
from channels_merge.models import Appeal, Channel, Draft, Interaction, Transfer
from tests.browser.conftest import answered, caret_in
from tests.factories.channels_merge import PHONE, STORY
from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city, make_item
from tests.platform.system import wait_until
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def desk(as_role):
    load_rules()
    city = add_callers(make_city())
    make_item(words=["施工噪声", "浇筑混凝土", "夜间施工"])
    page = as_role("agent", unit=city.centre)
    page.goto(page.base + "/desk/")
    yield page
    if not page.is_closed():
        # A desk that is left sends its draft: let the server write it before the tables are emptied.
        page.goto(page.base + "/notices/")
        page.wait_for_load_state("networkidle")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def take(page, story=STORY, phone=PHONE, place="章贡区锦江花园"):
    page.keyboard.type(story)
    press(page, "Alt+1", "Tab")
    page.keyboard.type(phone)
    press(page, "Alt+3")
    answered(page, place)


def test_from_the_ring_to_accepted_by_keys(desk, shots):
    """Slow: a browser and a whole call."""
    press(desk, "F8")
    caret_in(desk, "text")  # what is missing is gone to, not scolded
    take(desk)
    shots(desk, "desk", ({"width": 1366, "height": 768},))
    press(desk, "F8")
    desk.wait_for_url("**/desk/done/**")

    appeal, ticket = Appeal.objects.get(), Ticket.objects.get()
    assert (appeal.state, appeal.region.code, appeal.contact.phone, ticket.state) == (
        "accepted",
        "360702",
        PHONE,
        "pending_dispatch",
    )
    assert appeal.number in desk.locator(".say").first.inner_text()
    press(desk, "n")
    desk.wait_for_url("**/desk/?call=**")
    take_again = "另外小区门口的路灯也坏了半个月"
    desk.keyboard.type(take_again)
    press(desk, "Alt+3")
    answered(desk, "小区门口")
    press(desk, "F8")
    desk.wait_for_url("**/desk/done/**")
    assert list(Appeal.objects.order_by("pk").values_list("number", flat=True)) == [
        appeal.number,
        f"{appeal.number}-02",
    ]
    press(desk, "Enter")
    desk.wait_for_url("**/desk/")


def test_going_back_brings_no_registered_call_back(desk):
    take(desk)
    press(desk, "F8")
    desk.wait_for_url("**/desk/done/**")
    desk.go_back()
    desk.wait_for_url("**/desk/")
    desk.wait_for_timeout(300)

    assert desk.input_value("[name=text]") == ""


def test_an_urge_by_keys_leaves_what_is_being_typed(desk):
    """Slow: a browser."""
    appeal = services.register_appeal(
        channel=Channel.objects.get(code="phone"),
        matter=services.Matter(text=STORY),
        person=services.Person(name="王丽", phone=PHONE),
        by=None,
        at=timezone.now(),
    ).appeal
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=timezone.now())

    desk.keyboard.type("今晚又在施工")
    press(desk, "Alt+1", "Tab")
    answered(desk, PHONE)
    press(desk, "F10", "u")
    desk.wait_for_selector("#act[open]")
    desk.keyboard.type("催一下")
    press(desk, "Control+Enter")
    desk.wait_for_selector("#act[open]", state="hidden")

    desk.get_by_text(f"{appeal.number} 催过了。").wait_for()
    assert desk.locator("[data-home]").input_value() == "今晚又在施工"
    assert (Interaction.objects.get(kind="urge").text, Appeal.objects.count()) == ("催一下", 1)


def test_an_emergency_takes_three_keys(desk):
    """Slow: a browser."""
    press(desk, "F6", "2", "Enter")
    desk.wait_for_url("**/desk/done/**")

    assert Transfer.objects.get().line == "119"


def test_another_way_by_digit_with_its_script(desk):
    """Slow: a browser."""
    desk.keyboard.type("要查邻居的工资和电话")
    press(desk, "F7", "Alt+2", "4", "Control+Enter")
    desk.wait_for_url("**/desk/done/**")

    appeal = Appeal.objects.get()
    assert (appeal.state, appeal.explain_ground, appeal.told) == (
        "explained",
        "privacy",
        "这件事涉及他人隐私，我们不能受理和提供。",
    )


def test_what_the_server_filled_in_does_not_bind_it(desk):
    """Slow: a browser. The region heard first must give way to the one said later."""
    answered(desk, "章贡区锦江花园东侧工地夜间施工浇筑混凝土")
    assert desk.locator("[name=region]").input_value() == "360702"
    press(desk, "Control+a")
    answered(desk, "东侧工地夜间施工浇筑混凝土，在哪个区还没有问到")

    assert desk.locator("[name=region]").input_value() == ""


def test_nor_after_a_refusal_whose_story_the_next_key_does_not_wipe(desk):
    """Slow: a browser. The title of the first words gives way to the one of the next."""
    take(desk, story="停电", phone="138")
    with desk.expect_navigation():
        press(desk, "F8")
    press(desk, "F2")
    at_the_end = desk.evaluate("[document.activeElement.selectionStart, document.activeElement.selectionEnd]")
    press(desk, "Control+a")
    answered(desk, "章贡区锦江花园东侧工地夜间施工浇筑混凝土")
    before = desk.locator("[name=title]").input_value()
    with desk.expect_navigation():
        press(desk, "F8")
    press(desk, "F2", "Control+a")
    answered(desk, "今天上午家里停电了，一直没有来电")

    assert at_the_end == [2, 2]
    assert [before[:5], desk.locator("[name=title]").input_value()[:4]] == ["章贡区锦江", "今天上午"]


PLACES = """() => [...document.querySelectorAll("fieldset[data-alt], .blk, .pick, .deskacts, .call")].map(el => {
    const box = el.getBoundingClientRect();
    return [box.x, box.y, box.width].map(Math.round).join(" ");
})"""


def test_nothing_jumps_when_the_answers_come(desk):
    """Slow: a browser."""
    for n in range(3):
        registered = services.register_appeal(
            channel=Channel.objects.get(code="phone"),
            matter=services.Matter(text=STORY),
            person=services.Person(name="王丽", phone=PHONE),
            source_number=str(n),
            by=None,
            at=timezone.now(),
        )
        services.accept_appeal(appeal_id=registered.appeal.pk, by=None, at=timezone.now())
    before = desk.evaluate(PLACES)
    take(desk)

    assert desk.locator('[data-pane="similar"] li').count() == 3
    assert desk.evaluate(PLACES) == before


def test_a_closed_tab_loses_nothing(desk):
    """Slow: a browser."""
    take(desk)
    context, base = desk.context, desk.base
    desk.close(run_before_unload=True)

    wait_until(Draft.objects.exists, 30)  # nothing on a closed page can be waited for
    page = context.new_page()
    page.goto(base + "/desk/")
    page.locator("a[href*='draft=']").first.press("Enter")
    page.wait_for_url("**draft=**")
    assert [page.locator(f"[name={name}]").input_value() for name in ("text", "phone", "place")] == [
        STORY,
        PHONE,
        "章贡区锦江花园",
    ]
