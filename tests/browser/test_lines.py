"""A matter that another hotline sends and two others know too: one piece of work, three people asked, one result sent back.

Slow, as everything here is: a browser, and the other hotline as a process of its own.
"""

import time
import urllib.request
from datetime import timedelta

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import Appeal, Line, MergeProposal, OutboxMessage
from channels_merge.services.inbound import as_body
from evaluation.models import FollowUp
from hotline import calendar, parameters, signing
from tests.channels_merge.merging.factories import NOISE, NOISE_AGAIN, by_machine, by_phone
from tests.factories.channels_merge import ticket_of
from tests.factories.evaluation import WEDNESDAY, add_callers, work_on
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.tickets import NOW, REPLY, fresh, make_city
from tests.fakes.running import RunningPartner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SOON = NOW + timedelta(minutes=30)
DISPATCHED = NOW + timedelta(hours=1)
NUMBER = "SC-2026-11-0042"
SENT = {
    "message_id": "m-1",
    "event": "appeal",
    "number": NUMBER,
    "data": {"text": f"{NOISE}来电人说已经向工地提过两次。", "name": "李芳", "phone": "13607970003", "kind": "投诉"},
}


@pytest.fixture
def city(transactional_db):
    with time_machine.travel(SOON, tick=True):
        load_rules()
        city = add_callers(make_city())
        city.manager = UserFactory(name="邱红", unit=city.centre, roles=("channel_manager",))
        services.sync_lines()
        yield city
    calendar.forget_calendar()
    parameters.forget_parameters()


@pytest.fixture
def hotline_12315(city):
    """The other side: it has the secret that the manager handed over, and an address that takes our messages."""
    line = Line.objects.get(channel__code="12315")
    partner = RunningPartner(services.issue_line_secret(line_id=line.pk, by=city.manager, at=NOW)).start()
    services.change_line(
        line_id=line.pk,
        is_open=True,
        algorithm="HMAC-SHA256",
        push_url=f"{partner.url}/inbox",
        by=city.manager,
        at=NOW,
    )
    yield partner
    partner.stop()


def push(base, secret, message):
    """As the other hotline's program does it; the status of the answer."""
    path, body, now = "/api/v1/lines/12315/messages", as_body(message), f"{time.time():.0f}"
    signature = signing.sign(
        secret=secret, algorithm="HMAC-SHA256", method="POST", path=path, timestamp=now, body=body
    )
    headers = {"Content-Type": "application/json", "X-Timestamp": now, "X-Signature": signature}
    request = urllib.request.Request(f"{base}{path}", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status


def test_a_lines_matter_is_merged_handled_once_three_are_asked_and_the_line_gets_the_result(
    city, hotline_12315, log_in, live_server, shots
):
    first = by_phone(at=NOW)
    assert push(live_server.url, hotline_12315.secret, SENT) == 202
    assert push(live_server.url, hotline_12315.secret, SENT) == 200
    sent = Appeal.objects.get(source_number=NUMBER)
    third = by_machine(NOISE_AGAIN, at=SOON)

    page = log_in(city.dispatcher)
    page.goto(page.base + "/merging/")
    for left in (1, 0):
        page.wait_for_selector("#peek [data-peek-of]")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=没有等着核对的" if left == 0 else "#waiting >> text=1")
    ticket = ticket_of(first)
    assert [ticket_of(appeal) for appeal in (sent, third)] == [ticket, ticket]
    assert sorted(MergeProposal.objects.values_list("state", flat=True)) == ["confirmed", "confirmed"]

    ticket = work_on(city, ticket, start=DISPATCHED, answered=DISPATCHED + timedelta(hours=2))
    asked = FollowUp.objects.filter(ticket=ticket).order_by("appeal")
    assert [row.appeal for row in asked] == [first, sent, third]
    with time_machine.travel(WEDNESDAY, tick=True):
        page = log_in(city.caller)
        page.goto(page.base + "/follow-ups/")
        for _ in asked:
            page.keyboard.press("c")
            page.wait_for_selector(".caller .big")
            for key in ("1", "q", "a"):
                page.keyboard.press(key)
            with page.expect_navigation():
                page.keyboard.press("Control+Enter")
        assert {row.satisfaction for row in FollowUp.objects.all()} == {"satisfied"}
        assert (fresh(ticket).state, fresh(ticket).appeal_count) == ("closed", 3)

        services.send_due(at=WEDNESDAY + timedelta(minutes=10))
        assert OutboxMessage.objects.filter(line__isnull=False, sent_at=None).count() == 0
        told = hotline_12315.arrived
        assert {(one["number"], one["our_number"]) for one in told} == {(NUMBER, sent.number)}
        assert [(one["event"], one["data"]["status"]) for one in told] == [
            ("status", "registered"),
            ("status", "accepted"),
            ("status", "dispatch"),
            ("status", "sign"),
            ("status", "record_contact"),
            ("status", "submit_result"),
            ("result", "publish_reply"),
            ("rating", "rated"),
            ("status", "close"),
        ]
        [result] = [one["data"] for one in told if one["event"] == "result"]
        assert (result["text"], result["resolved"], result["unit"]) == (REPLY, "yes", "赣州市城管局")
        assert hotline_12315.state["wrong_signatures"] == 0

        page = log_in(city.manager)
        page.goto(page.base + "/lines/12315/?state=done")
        shots(page, "line-12315")
        [row] = page.locator("[data-rows] tbody tr").all_inner_texts()
        assert (NUMBER in row, sent.number in row) == (True, True)
