"""A text tried on the bench, kept as a case, failing in a draft; an item that goes by itself and its sample.

Slow, as everything here is: a browser.
"""

from datetime import timedelta

import pytest
import time_machine

from hotline import calendar, parameters
from responsibility import services as duties
from responsibility.models import RoutingCase
from tests.browser.conftest import arrived, caret_in
from tests.factories.experience import NOW, SAID, lights, make_sure_city
from tickets.models import AutomaticDispatch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AFTER_A_WEEK = NOW + timedelta(days=7)
RULES = [
    {"when": {"place": ["村里", "屋场"]}, "county_function": "agriculture"},
    {"when": {"words": [SAID[0]], "hour": [20, 6]}, "township_role": "assist", "note": "夜间由乡镇协助。"},
]


@pytest.fixture
def city(transactional_db):
    with time_machine.travel(AFTER_A_WEEK, tick=True):
        city = make_sure_city()
        city.lights.conditions, city.lights.excluded_words = RULES, ["景观灯"]
        city.lights.save()
        city.lights.duty_list.save()
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()


def test_a_text_is_tried_kept_and_held_against_a_draft(city, log_in, shots):
    page = log_in(city.dispatcher)
    page.goto(page.base + "/routing/bench/")
    shots(page, "bench-empty")
    page.keyboard.press("Control+Enter")  # nothing is written and the caret is nowhere
    arrived(page, ".try .err")
    caret_in(page, "text")
    page.fill("[name=text]", f"文清路{SAID[0]}，不是景观灯，{SAID[0]}，打13979700123。")
    page.select_option("[name=region]", city.region.code)
    page.select_option("[name=hour]", "21")
    page.keyboard.press("Control+Enter")
    arrived(page, ".rules")
    shots(page, "bench")
    page.fill("[name=note]", "老是问。")
    page.click("button[name=keep]")
    page.wait_for_url("**/routing/cases/")

    assert "139****0123" in RoutingCase.objects.get().text
    draft = duties.draft_list(scope=city.centre, reason="年度修订。", by=city.administrator, at=AFTER_A_WEEK)
    duties.change_item(
        list_id=draft.pk,
        code="CG-01",
        values={"words": ["灯杆"], "title": "灯杆"},
        reason="试。",
        by=city.administrator,
        at=AFTER_A_WEEK,
    )
    draft.items.exclude(code="CG-01").update(township_role="none")
    duties.stop_experience(reason="先看清单。", by=city.administrator, at=AFTER_A_WEEK)
    duties.run_stale_cases(at=AFTER_A_WEEK + timedelta(minutes=5))

    page = log_in(city.administrator)
    page.goto(page.base + "/routing/cases/")
    shots(page, "cases")
    page.goto(f"{page.base}/duty-lists/{draft.pk}/")
    page.wait_for_selector(".fails")
    shots(page, "draft-with-cases")
    page.goto(f"{page.base}/duty-lists/{draft.pk}/trial/")
    shots(page, "trial-with-cases")


def test_what_went_by_itself_is_switched_and_read(city, log_in, shots):
    # A worker dispatches them on the commit.
    with time_machine.travel(NOW, tick=True):
        for _ in range(3):
            lights(city)

    page = log_in(city.administrator)
    page.goto(page.base + "/routing/automatic/")
    page.keyboard.press("n")
    page.wait_for_selector("#act[open] form")
    page.fill("#act [name=code]", "JY-01")
    page.fill("#act [name=reason]", "半年没有退单。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#says .note-done")
    shots(page, "automatic")

    page = log_in(city.dispatcher)
    page.goto(page.base + "/routing/automatic/sample/")
    page.click("button[value=yes] >> nth=0")
    page.wait_for_selector("#says .note-done")
    shots(page, "automatic-sample")
    assert AutomaticDispatch.objects.filter(right=True).count() == 1
