"""Calls at the desk page: shown with their history, taken into the form, saved with the appeal."""

import json

import pytest
import time_machine
from bs4 import BeautifulSoup

from channels_merge import selectors, services
from channels_merge.models import Appeal, Interaction, PhoneCall
from hotline.models import SecurityLog
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, PHONE, STORY, make_accepted, make_appeal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def desk(client, seat):
    """`desk("8001", "normal")`: the browser of an agent at that seat."""

    def open_desk(*about):
        client.user = seat(*about)
        client.force_login(client.user, "django.contrib.auth.backends.ModelBackend")
        return client

    return open_desk


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def words(answer):
    return soup(answer).get_text(" ", strip=True)


FORM = {"draft": "desk-1", "text": STORY, "place": "锦江花园", "urgency": "normal", "act": "accept", "phone": PHONE}


def test_a_ring_comes_masked_with_the_history_of_its_number(desk):
    browser = desk("8001")
    appeal = make_accepted(phone=PHONE)
    hear("ringing", extension="8001", queue="enterprise")

    answer = browser.get("/desk/calls/")

    assert answer.status_code == 200
    page = soup(answer)
    ring = page.select_one(".ring").get_text(" ", strip=True)
    assert ring == "来电 138****2231 涉企专席 王*，90 天内 1 件诉求 接入表单 Alt J 不用登记"
    assert appeal.number in page.select_one("[data-pane=caller]").get_text()
    assert PHONE not in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_strip_costs_the_same_however_many_wait(desk, django_assert_num_queries, rows):
    browser = desk("8001")
    for index in range(rows):
        make_accepted(phone=f"1387970012{index}")
        hear("ringing", extension="8001", number=f"1387970012{index}")
    browser.get("/desk/calls/")

    # Person, roles, seat, calls; of the first number its appeals and their tickets.
    with django_assert_num_queries(6):
        assert len(soup(browser.get("/desk/calls/")).select(".ring")) == rows


def test_its_own_answered_call_and_special_queues_stand_before_what_rings_everywhere(desk):
    browser = desk("8001", "normal", "hakka")
    for minute in range(6):
        hear("ringing", queue="normal", at=after(seconds=minute - 60))
    hakka = hear("ringing", queue="hakka", at=after(seconds=-10))
    answered = hear("answered", extension="8001", at=NOON)

    shown = selectors.calls_at_desk(browser.user, at=NOON)

    assert [call.call_id for call in shown[:2]] == [answered.call_id, hakka.call_id]
    assert len(shown) == 5


def test_asking_for_calls_keeps_no_session_awake(desk):
    browser = desk("8001")
    browser.get("/desk/")
    with time_machine.travel(after(minutes=29), tick=False):
        assert browser.get("/desk/calls/", headers={"X-Requested-With": "fetch"}).status_code == 200
    with time_machine.travel(after(minutes=31), tick=False):
        assert browser.get("/desk/calls/", headers={"X-Requested-With": "fetch"}).status_code == 423


def test_without_a_seat_the_desk_listens_to_nothing(client, person):
    client.force_login(person("agent"), "django.contrib.auth.backends.ModelBackend")

    page = soup(client.get("/desk/"))

    assert page.select("[data-rings]") == []
    assert not [script for script in page.select("script") if "ring.js" in script["src"]]


def policy(response):
    """The directives of its content security policy, whose order is left to chance."""
    return response.headers["Content-Security-Policy"].split("; ")


def test_where_the_desk_listens_and_that_the_policy_lets_it(desk, settings):
    browser = desk("8001")
    behind_a_proxy = browser.get("/desk/")
    settings.HOTLINE_PUSH_PORT = 8001
    beside = browser.get("/desk/")

    assert soup(behind_a_proxy).select_one("[data-rings]")["data-push-url"] == "/push/desk"
    assert "connect-src 'self'" in policy(behind_a_proxy)
    assert soup(beside).select_one("[data-rings]")["data-push-url"] == "http://testserver:8001/push/desk"
    assert "connect-src 'self' http://testserver:8001" in policy(beside)
    assert "8001" not in browser.get("/intake/").headers["Content-Security-Policy"]


def test_taken_over_and_saved_the_appeal_has_its_call(desk):
    browser = desk("8001", "normal", "enterprise")
    make_accepted(phone=PHONE)
    call = hear("ringing", extension="8001", queue="enterprise")

    taken = browser.post(f"/desk/calls/{call.token}/take/")
    url = json.loads(taken.content)["url"]
    page = soup(browser.get(url))

    assert (taken.status_code, url) == (200, f"/desk/?ring={call.token}")
    assert page.select_one("[name=phone]")["value"] == PHONE
    assert page.select_one("[name=phone_call]")["value"] == str(call.token)
    assert page.select_one("[name=enterprise]").has_attr("checked")
    assert page.select(".ring") == []
    assert "90 天内 1 件" in page.select_one("[data-pane=caller]").get_text()

    saved = browser.post("/desk/", {**FORM, "phone_call": str(call.token), "enterprise": "on"})
    appeal = Appeal.objects.latest("pk")
    assert saved.status_code == 302
    assert (Interaction.objects.get(appeal=appeal).call, appeal.is_enterprise) == (call, True)
    more = browser.post("/desk/", {**FORM, "draft": "desk-2", "call": appeal.number, "text": STORY + "还有路灯不亮。"})
    assert more.status_code == 302
    assert Interaction.objects.latest("pk").call == call


def test_a_normal_call_ticks_nothing(desk):
    browser = desk("8001")
    call = hear("answered", extension="8001")

    page = soup(browser.get(f"/desk/?ring={call.token}"))

    assert not page.select_one("[name=enterprise]").has_attr("checked")


def test_refused_the_form_keeps_its_call(desk):
    browser = desk("8001")
    call = hear("answered", extension="8001")

    page = soup(browser.post("/desk/", {**FORM, "text": "", "phone_call": str(call.token)}))

    assert page.select_one("[name=phone_call]")["value"] == str(call.token)


def test_somebody_elses_call_is_no_call(desk, seat):
    browser = desk("8001")
    seat("8002")
    call = hear("ringing", extension="8002")

    refused = browser.post(f"/desk/calls/{call.token}/take/")
    page = soup(browser.get(f"/desk/?ring={call.token}"))
    browser.post("/desk/", {**FORM, "phone_call": str(call.token)})

    assert (refused.status_code, refused.content.decode()) == (409, "这通电话不在您的坐席上，或者已由别人接入。")
    assert (page.select_one("[name=phone]")["value"], PhoneCall.objects.get().taken_at) == ("", None)
    assert Interaction.objects.get().call is None
    assert browser.get("/desk/?ring=nonsense").status_code == 200


def test_a_foreign_number_is_asked_for(desk):
    browser = desk("8001")
    call = hear("answered", extension="8001", number="+85291234567")

    page = browser.get(f"/desk/?ring={call.token}")

    assert soup(page).select_one("[name=phone]")["value"] == ""
    assert "不能作回访号码，请另问一个" in words(page)


def test_put_aside_it_is_gone(desk):
    browser = desk("8001")
    call = hear("answered", extension="8001")

    answer = browser.post(f"/desk/calls/{call.token}/aside/")

    assert (answer.status_code, soup(answer).select(".ring")) == (200, [])
    assert PhoneCall.objects.get().taken_at == NOON


def test_what_a_caller_adds_to_an_old_matter_has_its_call_too(desk):
    browser = desk("8001")
    appeal = make_accepted(phone=PHONE)
    call = hear("answered", extension="8001")

    services.urge_appeal(appeal_id=appeal.pk, channel=appeal.channel, text="", by=browser.user, at=NOON)
    services.sync_channels(at=NOON)
    from channels_merge.models import Channel

    services.supplement_appeal(
        appeal_id=appeal.pk, channel=Channel.objects.get(code="phone"), text="昨晚又施工。", by=browser.user, at=NOON
    )

    assert list(Interaction.objects.filter(appeal=appeal).order_by("pk").values_list("kind", "call")) == [
        ("new", None), ("urge", None), ("supplement", call.pk),
    ]  # fmt: skip


def test_a_missed_caller_who_was_reached_stands_in_the_form(desk):
    from channels_merge.models import MissedCall

    browser = desk("8001", "enterprise")
    miss(queue="enterprise")
    row = MissedCall.objects.get()
    before = soup(browser.get(f"/desk/?missed={row.pk}"))
    services.take_missed_call(missed_call_id=row.pk, by=browser.user, at=NOON)
    services.record_call_back(missed_call_id=row.pk, outcome="reached", by=browser.user, at=NOON)

    page = soup(browser.get(f"/desk/?missed={row.pk}"))

    assert (before.select_one("[name=phone]")["value"], page.select_one("[name=phone]")["value"]) == ("", PHONE)
    assert page.select_one("[name=enterprise]").has_attr("checked")


def test_a_missed_call_is_work_though_it_is_on_nobodys_bench(desk):
    browser = desk("8001")
    miss()
    page = soup(browser.get("/"))

    assert page.select_one(".sum p").get_text() == "1 件在队列里等办。先看 漏接。"
    assert page.select_one(".sum .btn")["href"] == "/missed-calls/"
    assert "没有等您办的" not in page.get_text()


# ---- the recording


def test_the_recording_is_opened_with_a_reason_and_logged(person):
    call = hear("ended", recording="https://records/1.wav")
    reviewer, agent = person("reviewer"), person("agent")

    def hear_it(user, reason):
        return services.hear_recording(call=call, reason=reason, by=user, at=NOON)

    with pytest.raises(services.CallNotYours, match="岗位"):
        hear_it(agent, "核对登记内容")
    with pytest.raises(services.CallNotYours, match="理由"):
        hear_it(reviewer, "")
    assert hear_it(reviewer, "核对登记内容") == "https://records/1.wav"
    log = SecurityLog.objects.filter(kind=SecurityLog.Kind.REVEAL).order_by("pk")
    assert [(row.user, row.outcome) for row in log] == [(agent, "refused"), (reviewer, "refused"), (reviewer, "done")]


def test_a_caller_whose_last_appeal_nobody_has_decided(desk):
    browser = desk("8001")
    appeal = make_appeal(phone=PHONE)
    hear("ringing", extension="8001")

    pane = soup(browser.get("/desk/calls/")).select_one("[data-pane=caller]").get_text(" ", strip=True)

    assert ("待受理" in pane, appeal.number in pane) == (True, True)
