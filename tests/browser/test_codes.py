"""便民码 in a real browser: scanned on a small phone without scripts, followed, counted; and pictures of the pages."""

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import Appeal, CodeScan
from hotline import calendar, parameters
from tests.browser.conftest import DESKTOP, PHONE, SHOTS
from tests.factories.channels_merge import NOON, STORY
from tests.factories.channels_merge import PHONE as NUMBER
from tests.factories.hotline import TownshipFactory, UserFactory, load_rules
from tests.factories.tickets import make_city

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def town(transactional_db):
    load_rules()
    city = make_city()
    services.sync_channels(at=NOON)
    city.manager = UserFactory(name="邱红", unit=city.centre, roles=("channel_manager",))
    city.street = TownshipFactory()
    city.lift = make(city, "锦江花园 3 栋 2 单元电梯")
    with time_machine.travel(NOON, tick=True):
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()


def make(city, name, **fields):
    words = {"kind": "lift", "region": city.street, "place": "文清路 18 号", "unit": city.department}
    return services.make_code(name=name, by=city.manager, at=NOON, **(words | fields))


def test_a_code_is_scanned_and_followed_without_scripts(town, open_page, shots):
    """Slow: a browser."""
    page = open_page(PHONE, java_script_enabled=False)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{page.base}/q/{town.lift.token}")
    shots(page, "q", sizes=(PHONE,), full=True)
    assert len(requests) <= 3
    width = page.locator("body").bounding_box()["width"]
    assert width <= 360

    page.fill("[name=text]", "坏了")
    page.click("button.pbtn")
    page.fill("[name=text]", STORY)
    page.fill("[name=phone]", "138")
    page.click("button.pbtn")
    page.wait_for_selector(".err")
    shots(page, "q-wrong", sizes=(PHONE,), full=True)
    assert page.input_value("[name=text]") == STORY
    page.fill("[name=phone]", NUMBER)
    page.click("button.pbtn")
    page.wait_for_url("**/p/done/")
    shots(page, "q-done", sizes=(PHONE,), full=True)
    page.click("text=看办到哪一步")
    page.wait_for_url("**/p/track/")
    shots(page, "q-track", sizes=(PHONE,), full=True)

    appeal = Appeal.objects.get()
    assert (appeal.place_code, appeal.channel.code, CodeScan.objects.get().count) == (town.lift, "qr", 1)


def test_pictures_of_the_pages_of_codes(town, log_in, open_page, shots):
    """Slow: a browser."""
    new = make(town, "新电梯")
    old = make(town, "旧站牌", kind="bus")
    services.move_code(code_id=town.lift.pk, token=new.token, reason="重新印制。", by=town.manager, at=NOON)
    services.revoke_code(code_id=old.pk, reason="站台已撤销，请到对面站台扫码。", by=town.manager, at=NOON)
    sheet = "种类,名称,地区,详细地点\n" + "".join(
        f"电梯,锦江花园 {n + 4} 栋 1 单元电梯,章贡区/解放街道,文清路 18 号锦江花园小区\n" for n in range(7)
    )
    batch, _ = services.import_codes(name="码.csv", content=sheet.encode(), by=town.manager, at=NOON)
    phone = open_page(PHONE, java_script_enabled=False)
    for name, token in (("q-moved", town.lift.token), ("q-revoked", old.token), ("q-unknown", "zzzzzzzzzz")):
        phone.goto(f"{phone.base}/q/{token}")
        shots(phone, name, sizes=(PHONE,), full=True)
    phone.goto(phone.base + "/p/")
    shots(phone, "p", sizes=(PHONE,), full=True)

    page = log_in(town.manager)
    for name, address in (
        ("codes", "/codes/"),
        ("codes-none", "/codes/?tab=moved&kind=bus"),
        ("code", f"/codes/{new.token}/"),
        ("code-ended", f"/codes/{old.token}/"),
        ("code-import", "/codes/import/"),
    ):
        page.goto(page.base + address)
        shots(page, name, sizes=(DESKTOP,))
    page.goto(f"{page.base}/codes/sheets/?token={new.token}&size=large")
    shots(page, "code-large", sizes=(DESKTOP,), full=True)
    assert page.locator(".qrc").count() == 1
    if SHOTS:
        for name, query in (("large", f"token={new.token}&size=large"), ("six", f"batch={batch}")):
            page.goto(f"{page.base}/codes/sheets/?{query}")
            page.pdf(path=f"{SHOTS}/code-{name}.pdf", format="A4", prefer_css_page_size=True)
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 688, "height": 1017})  # A4 within its margins
            page.screenshot(path=f"{SHOTS}/code-{name}-print.png", full_page=True)
            page.emulate_media(media="screen")
