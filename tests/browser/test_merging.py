"""并单 in a real browser: thirty pairs by keyboard, two callers of one matter followed up, a wrong merge undone after closing.

Slow, as everything here is: a browser.
"""

from datetime import timedelta
from statistics import median

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import MergeProposal, MergeRecord
from channels_merge.services import merging, repeats
from evaluation.models import FollowUp
from hotline import calendar, parameters
from tests.browser.conftest import arrived
from tests.channels_merge.merging.factories import (
    LAMPS,
    LAMPS_AGAIN,
    NOISE,
    NOISE_AGAIN,
    TEMPLATE,
    TEMPLATE_ELSEWHERE,
    by_machine,
    by_phone,
    look,
)
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.evaluation import WEDNESDAY, add_callers, call, work_on
from tests.factories.hotline import load_rules
from tests.factories.tickets import NOW, fresh, make_city
from tickets import services as tickets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SOON = NOW + timedelta(minutes=30)
FROM_KEY_TO_PAIR = """
    let pressed = 0;
    addEventListener("keydown", () => { pressed = performance.now(); }, true);
    addEventListener("htmx:afterSwap", () => { if (pressed) took(performance.now() - pressed); pressed = 0; });
"""
AS_LONG_AS_A_LOAD = 2
"""What a key may take, in loads of the whole page beside it: 0.5 on a quiet machine, up to 1.2 on one with four times too much to do."""


@pytest.fixture
def city(transactional_db):
    with time_machine.travel(SOON, tick=True):
        load_rules()
        yield add_callers(make_city())
    calendar.forget_calendar()
    parameters.forget_parameters()


def thirty_pairs():
    """Thirty that came by machine beside three matters of the desk; every third is another matter's template."""
    for text in (NOISE, LAMPS, TEMPLATE):
        by_phone(text, at=NOW)
    for number in range(30):
        text = (NOISE_AGAIN, LAMPS_AGAIN, TEMPLATE_ELSEWHERE)[number % 3]
        look(by_machine(text, at=NOW + timedelta(minutes=number % 20), phone=f"1390000{number:04}"), SOON)
    return list(MergeProposal.objects.order_by("sort_at", "pk"))


def peeked(page, proposal):
    page.wait_for_selector(f'#peek [data-peek-of="{proposal.pk}"]')


def test_thirty_pairs_are_settled_by_keyboard(city, log_in, shots):
    """Thirty in five minutes, ten seconds for each, are a person's if the machine takes no longer than for a page."""
    pairs = thirty_pairs()
    assert len(pairs) == 30
    keys, loads = [], []
    page = log_in(city.dispatcher)
    page.expose_function("took", lambda took: keys.append(took))
    page.add_init_script(FROM_KEY_TO_PAIR)
    page.goto(page.base + "/merging/")
    assert page.inner_text("#waiting") == "30"
    shots(page, "merging")
    page.set_viewport_size({"width": 1366, "height": 768})
    beside = page.context.new_page()
    for place, pair in enumerate(pairs):
        peeked(page, pair)
        if place % 5 == 0:
            beside.goto(page.base + "/merging/")
            loads.append(beside.evaluate("performance.getEntriesByType('navigation')[0].duration"))
        page.keyboard.press("n" if pair.other.text == TEMPLATE else "Enter")
    page.wait_for_selector("text=没有等着核对的")

    states = dict.fromkeys(MergeProposal.objects.values_list("pk", "state"), None)
    assert sorted({state for _, state in states}) == ["confirmed", "refused"]
    assert (MergeRecord.objects.count(), MergeProposal.objects.filter(state="refused").count()) == (20, 10)
    assert median(keys) <= AS_LONG_AS_A_LOAD * median(loads), (keys, loads)


def test_a_pair_is_put_off_and_a_slip_is_taken_back(city, log_in):
    first = by_phone(at=NOW)
    one = look(by_machine(at=NOW), SOON)[0]
    other = look(by_machine(LAMPS, at=NOW, phone="13900000009"), SOON)
    assert other == []
    page = log_in(city.dispatcher)
    page.goto(page.base + "/merging/")
    peeked(page, one)
    page.keyboard.press("Enter")
    arrived(page, "text=已受理，并入")
    page.keyboard.press("z")
    page.wait_for_selector("text=这一对重新待核对")
    peeked(page, one)

    assert (fresh(one).state, MergeRecord.objects.get().undone_as) == ("open", "slip")
    assert ticket_of(one.appeal) != ticket_of(first)


def test_a_machine_channels_appeal_is_merged_handled_once_and_both_are_asked(city, log_in):
    first = by_phone(at=NOW)
    second = by_machine(at=NOW)
    [pair] = look(second, SOON)
    page = log_in(city.dispatcher)
    page.goto(page.base + "/merging/")
    peeked(page, pair)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已受理，并入")
    ticket = work_on(city, ticket_of(first))
    asked = FollowUp.objects.filter(ticket=ticket).order_by("appeal")
    assert [row.appeal for row in asked] == [first, second]
    with time_machine.travel(WEDNESDAY, tick=True):
        for row in asked:
            call(city, row)

    assert (fresh(ticket).state, fresh(ticket).appeal_count) == ("closed", 2)
    assert {row.satisfaction for row in FollowUp.objects.all()} == {"satisfied"}


def test_a_wrong_merge_is_undone_after_closing(city, log_in, shots):
    first = by_phone(at=NOW)
    second = make_accepted(at=NOW, text=NOISE_AGAIN, phone="13900000002", ticket_id=ticket_of(first).pk)
    ticket = ticket_of(first)
    work_on(city, ticket)
    tickets.close_ticket(ticket_id=ticket.pk, closing_kind="resolved", by=None, at=SOON)
    page = log_in(city.dispatcher)
    page.goto(page.base + f"/appeals/{second.number}/")
    page.keyboard.press("s")
    page.wait_for_selector("dialog.act[open]")
    page.click("text=本来不是同一件")
    page.fill("dialog.act textarea", "两处工地")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=已拆出")

    own = ticket_of(second)
    assert (own.state, own.accepted_at, fresh(ticket).state) == ("pending_dispatch", NOW, "closed")
    assert MergeRecord.objects.get().undone_as == "wrong"
    merging.propose_threshold(at=SOON)
    page = log_in(city.reviewer)
    page.goto(page.base + "/merging/quality/")
    shots(page, "merging-quality")
    assert page.locator("td.red").first.inner_text() == "1"


def test_matters_of_many_and_callers_who_come_again(city, log_in, shots):
    first = by_phone(at=NOW, place="锦江花园东门", region=city.region)
    for number in range(25):
        at = NOW - timedelta(days=number % 9)
        make_accepted(
            at=at, text=NOISE, phone=f"1390001{number:04}", place="锦江花园东侧", ticket_id=ticket_of(first).pk
        )
    tickets.dispatch_ticket(
        ticket_id=ticket_of(first).pk, unit=city.department, item=None, by=city.dispatcher, at=SOON
    )
    again = by_machine(at=NOW, phone=first.contact.phone)
    look(again, SOON)
    look(by_machine(at=SOON, phone=first.contact.phone), SOON)
    for _ in range(10):
        services.record_progress_asked(appeal_id=first.pk, channel=first.channel, by=city.agent, at=SOON)
    repeats.find_frequent_callers(at=SOON)
    page = log_in(city.reviewer)
    page.goto(page.base + "/merging/matters/")
    assert page.inner_text("tbody tr td") == "26"
    shots(page, "merging-matters")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{ticket_of(first).number}/")
    shots(page, "merging-ticket")

    page.goto(page.base + "/merging/callers/")
    shots(page, "merging-callers")
    assert page.locator("text=138****0001").count() == 1
    page.keyboard.press(" ")
    page.wait_for_selector("dialog.act[open]")
    page.keyboard.type("已请受理组解释办理进度。")
    page.keyboard.press("Control+Enter")
    arrived(page, "text=已记下处理意见")
    assert page.locator("text=没有等着查看的号码").count() == 1
