"""The telephone in a real browser: a ring pops with its history, is taken over and saved; a missed call is called back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_merge import services
from channels_merge.models import Appeal, Draft, Interaction, MissedCall, PhoneCall
from hotline.embedded.isolation import free_port
from tests.browser.conftest import answered
from tests.factories.channels_merge import PHONE, STORY, make_accepted
from tests.factories.evaluation import add_callers
from tests.factories.hotline import load_rules
from tests.factories.tickets import make_city
from tests.fakes.call_platform import CallPlatform
from tests.platform.push import Push

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SECRET = "what-the-platform-signs-with"
LAPTOP = ({"width": 1366, "height": 768},)


@pytest.fixture
def push(settings):
    running = Push()
    settings.HOTLINE_PUSH_PORT = running.port
    yield running.process
    running.stop()


@pytest.fixture
def platform(live_server, settings):
    settings.HOTLINE_TELEPHONE_SECRET = SECRET
    return CallPlatform(live_server.url, SECRET)


@pytest.fixture
def desk(as_role):
    load_rules()
    city = add_callers(make_city())
    page = as_role("agent", unit=city.centre)
    at = timezone.now()
    services.set_seat(user=page.user, extension="8001", skills=["normal", "enterprise"], by=None, at=at)
    services.sync_channels(at=at)
    make_accepted(phone=PHONE, at=at - timedelta(days=3))
    yield page
    if not page.is_closed():
        page.goto(page.base + "/notices/")
        page.wait_for_load_state("networkidle")


def listening(page):
    """The desk with its stream open: it asks once when that is so."""
    with page.expect_response("**/desk/calls/"):
        page.goto(page.base + "/desk/")
    page.wait_for_selector("[data-ring-line][hidden]", state="attached")


def test_a_ring_pops_with_its_history_is_taken_over_and_saved(push, desk, platform, shots):
    """Slow: a browser, the push process and a whole call."""
    listening(desk)
    platform.ring("c-1", PHONE, extension="8001", queue="enterprise")
    desk.wait_for_selector(".ring")

    assert "138****2231" in desk.locator(".ring").inner_text()
    assert "涉企专席" in desk.locator(".ring").inner_text()
    desk.wait_for_selector("[data-pane=caller] [data-id]")
    shots(desk, "desk-ring", LAPTOP)
    desk.keyboard.press("Alt+j")
    desk.wait_for_url("**/desk/?ring=**")
    assert desk.locator("[name=phone]").input_value() == PHONE
    assert desk.locator("[name=enterprise]").is_checked()
    assert desk.locator(".ring").count() == 0
    platform.answer("c-1", extension="8001", recording="https://records/1.wav")

    desk.keyboard.type(STORY)
    desk.keyboard.press("Alt+3")
    answered(desk, "章贡区锦江花园")
    shots(desk, "desk-taken", LAPTOP)
    desk.keyboard.press("F8")
    desk.wait_for_url("**/desk/done/**")

    appeal = Appeal.objects.latest("pk")
    call = PhoneCall.objects.get()
    assert (Interaction.objects.get(appeal=appeal).call, appeal.is_enterprise, appeal.contact.phone) == (
        call, True, PHONE,
    )  # fmt: skip
    assert call.recording == "https://records/1.wav"


def test_a_call_in_hand_is_never_overwritten(push, desk, platform, shots):
    """Slow: a browser and the push process."""
    listening(desk)
    desk.keyboard.type("前一通电话正在记的内容，还没有写完")
    platform.ring("c-2", PHONE, extension="8001")
    platform.answer("c-2", extension="8001")
    desk.wait_for_selector(".ring[data-answered]")

    assert desk.locator("[name=text]").input_value() == "前一通电话正在记的内容，还没有写完"
    assert desk.locator("[data-pane=caller] [data-id]").count() == 0
    shots(desk, "desk-waiting", LAPTOP)
    desk.keyboard.press("Alt+j")
    desk.wait_for_url("**/desk/?ring=**")
    assert desk.locator("[name=phone]").input_value() == PHONE
    assert [draft.content["text"] for draft in Draft.objects.all()] == ["前一通电话正在记的内容，还没有写完"]


def test_an_answered_call_comes_into_an_empty_form_by_itself(push, desk, platform):
    """Slow: a browser and the push process."""
    listening(desk)
    platform.ring("c-3", PHONE, extension="8001")
    desk.wait_for_selector(".ring")
    platform.answer("c-3", extension="8001")

    desk.wait_for_url("**/desk/?ring=**")
    assert desk.locator("[name=phone]").input_value() == PHONE


def test_without_the_stream_the_desk_asks_and_says_so(desk, platform, settings, shots):
    """Slow: a browser that waits for what is not there."""
    settings.HOTLINE_PUSH_PORT = free_port(None)
    desk.goto(desk.base + "/desk/")
    desk.wait_for_selector("[data-ring-line]:not([hidden])")

    assert desk.locator("[data-ring-line]").inner_text() == "来电提醒断了，改为每 3 秒查一次"
    platform.ring("c-4", PHONE, extension="8001")
    desk.wait_for_selector(".ring")
    shots(desk, "desk-polling", LAPTOP)


def test_a_stream_that_ends_comes_back(push, desk, platform):
    """Slow: the push process is ended and its worker comes again."""
    listening(desk)
    push.send_signal(1)  # HUP: a new worker, the old one lets go of its lines
    desk.wait_for_selector("[data-ring-line]:not([hidden])")
    desk.wait_for_selector("[data-ring-line][hidden]", state="attached")

    platform.ring("c-5", PHONE, extension="8001")
    desk.wait_for_selector(".ring")


def test_a_missed_call_is_called_back_and_written_down(desk, platform, shots):
    """Slow: a browser and a whole call."""
    platform.ring("c-6", PHONE, extension="8001", queue="enterprise")
    platform.miss("c-6", PHONE)
    platform.miss("c-7", "13979700123")
    platform.miss("c-8", "13979700124")
    platform.ring("c-9", "13979700124", extension="8001")
    platform.answer("c-9", extension="8001")
    desk.goto(desk.base + "/missed-calls/")

    assert desk.locator("[data-rows] tbody tr").count() == 2  # the third one was answered a moment later
    shots(desk, "missed-calls", LAPTOP)
    desk.keyboard.press("c")
    desk.wait_for_selector("#peek a[href^='tel:']")
    assert desk.locator("#peek .pk").inner_text() == PHONE
    shots(desk, "missed-calls-number", LAPTOP)
    desk.keyboard.press("1")
    desk.wait_for_url("**/desk/?missed=**")
    assert desk.locator("[name=phone]").input_value() == PHONE
    assert list(MissedCall.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "reached", "", "called_again",
    ]  # fmt: skip
