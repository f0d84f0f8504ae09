"""/missed-calls/ and the seats: who sees what, what a key does, what it costs."""

import re

import pytest
import time_machine
from bs4 import BeautifulSoup

from channels_merge import services
from channels_merge.models import AgentSeat, CallBack, Interaction, MissedCall
from hotline.models import SecurityLog
from tests.channels_merge.telephone.conftest import after, hear, miss
from tests.factories.channels_merge import NOON, PHONE, make_appeal

OTHER = "13979700123"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(after(minutes=1), tick=False):
        yield


@pytest.fixture
def as_(client):
    def log_in(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def words(found):
    return re.sub(r"\s+", " ", found.get_text(" ", strip=True))


def test_missed_numbers_in_the_order_in_which_they_are_due(as_, seat):
    browser = as_(seat("8001", "normal", "hakka"))
    miss(at=after(seconds=30), number=OTHER)
    miss(queue="hakka")
    miss(queue="enterprise", number="13507971111")

    answer = browser.get("/missed-calls/")

    rows = [words(row) for row in soup(answer).select("[data-rows] tbody tr")]
    assert rows == [
        "余 29分 138****2231 客家话 1 次 今天 10:00 没有回拨过",
        "余 29分 139****0123 普通 1 次 今天 10:00 没有回拨过",
    ]
    assert PHONE not in answer.content.decode()
    assert "135****1111" not in words(soup(answer))
    rail = soup(browser.get("/missed-calls/")).select_one("nav a[href='/missed-calls/']")
    assert words(rail) == "漏接 等办 2"


def test_the_number_then_the_outcome(as_, seat):
    agent = seat("8001")
    browser = as_(agent)
    make_appeal(phone=PHONE)
    miss()
    row = MissedCall.objects.get()

    early = browser.post(f"/missed-calls/{row.pk}/outcome/", {"outcome": "reached"}, follow=True)
    assert "先看号码回拨，再记结果。" in words(soup(early))
    shown = browser.post(f"/missed-calls/{row.pk}/number/")
    assert (shown.status_code, PHONE in shown.content.decode()) == (200, True)
    assert [button["value"] for button in soup(shown).select("button[name=outcome]")] == [
        "reached", "no_answer", "empty", "refused",
    ]  # fmt: skip
    assert not soup(shown).select("[aria-disabled]")
    assert SecurityLog.objects.filter(kind=SecurityLog.Kind.REVEAL, user=agent).count() == 1
    first = browser.post(f"/missed-calls/{row.pk}/outcome/", {"outcome": "no_answer"}, follow=True)
    assert "138****2231 已记一次，还可以回拨 2 次。" in words(soup(first))
    browser.post(f"/missed-calls/{row.pk}/number/")
    done = browser.post(f"/missed-calls/{row.pk}/outcome/", {"outcome": "reached"})
    assert (done.status_code, done["Location"]) == (302, f"/desk/?missed={row.pk}")
    assert list(CallBack.objects.order_by("pk").values_list("outcome", flat=True)) == ["no_answer", "reached"]
    closed = browser.get("/missed-calls/?tab=closed")
    assert "已回拨接通 138****2231" in words(soup(closed).select_one("[data-rows] tbody tr"))


def test_somebody_else_is_on_the_telephone(as_, seat):
    first, second = seat("8001"), seat("8002")
    miss()
    row = MissedCall.objects.get()
    services.take_missed_call(missed_call_id=row.pk, by=first, at=NOON)

    answer = as_(second).post(f"/missed-calls/{row.pk}/number/")

    assert (answer.status_code, answer.content.decode()) == (409, "陈*正在回拨这个号码。")


def test_a_queue_that_is_not_ones_own_is_not_found(as_, seat):
    browser = as_(seat("8001"))
    miss(queue="enterprise")
    row = MissedCall.objects.get()

    assert [browser.get(f"/missed-calls/{row.pk}/").status_code,
            browser.post(f"/missed-calls/{row.pk}/number/").status_code,
            browser.post(f"/missed-calls/{row.pk}/outcome/", {"outcome": "empty"}).status_code] == [404, 404, 404]  # fmt: skip
    assert (SecurityLog.objects.filter(kind=SecurityLog.Kind.REVEAL).exists(), CallBack.objects.exists()) == (
        False, False,
    )  # fmt: skip


def test_a_notice_leads_to_its_number(as_, person):
    browser = as_(person("channel_manager"))
    miss(number=OTHER)
    miss()
    row = MissedCall.objects.latest("pk")

    page = soup(browser.get(f"/missed-calls/{row.pk}/"))

    assert page.select_one("tr[aria-selected=true]")["data-id"] == str(row.pk)
    assert "138****2231" in words(page.select_one("#peek"))
    assert browser.get("/missed-calls/999999999999999999999/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("tab", ["open", "closed"])
def test_the_list_costs_the_same_however_long(as_, seat, django_assert_num_queries, tab, rows):
    agent = seat("8001")
    browser = as_(agent)
    for index in range(rows):
        miss(number=f"1397970012{index}")
    for row in MissedCall.objects.all():
        services.take_missed_call(missed_call_id=row.pk, by=agent, at=NOON)
        outcome = "empty" if tab == "closed" else "no_answer"
        services.record_call_back(missed_call_id=row.pk, outcome=outcome, by=agent, at=NOON)
    browser.get(f"/missed-calls/?tab={tab}")

    # Person, rights and deputies, seats, how many, how many without a number, rows with tries; of the first one its tries,
    # whether it is ours to say what came of it, and what its number reported.
    with django_assert_num_queries({"open": 14, "closed": 10}[tab]):
        assert len(soup(browser.get(f"/missed-calls/?tab={tab}")).select("[data-rows] tbody tr")) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_calls_that_showed_no_number_are_counted_and_listed(as_, seat, django_assert_num_queries, rows):
    browser = as_(seat("8001"))
    assert "没有未显示号码的漏接" in words(soup(browser.get("/missed-calls/?tab=withheld")))
    for index in range(rows):
        miss(at=after(seconds=index), number="", extension="8001")

    tab = soup(browser.get("/missed-calls/")).select_one("a[href='?tab=withheld']")
    with django_assert_num_queries(10):
        page = soup(browser.get("/missed-calls/?tab=withheld"))

    assert words(tab) == f"未显示号码 {rows}"
    assert "不能回拨，只能等对方再打来" in words(page.select_one(".note"))
    assert words(page.select_one("[data-rows] tbody tr")) == "今天 10:00 未显示号码 普通 8001"
    assert len(page.select("[data-rows] tbody tr")) == rows
    assert not page.select("[data-rows] form")


def test_calls_without_a_number_go_on_by_key(as_, person):
    browser = as_(person("channel_manager"))
    for index in range(27):
        miss(number="", at=after(seconds=index))

    first = soup(browser.get("/missed-calls/?tab=withheld"))
    rest = soup(browser.get("/missed-calls/" + first.select_one("a[href*=after]")["href"]))

    assert (len(first.select("[data-rows] tbody tr")), len(rest.select("[data-rows] tbody tr"))) == (25, 2)


def test_pages_go_on_by_key(as_, person):
    browser = as_(person("channel_manager"))
    for index in range(27):
        miss(number=f"139797001{index:02}", at=after(seconds=index))

    first = soup(browser.get("/missed-calls/"))
    rest = soup(browser.get("/missed-calls/" + first.select_one("a[href*=after]")["href"]))

    assert (len(first.select("[data-rows] tbody tr")), len(rest.select("[data-rows] tbody tr"))) == (25, 2)


def test_empty_says_what_will_come(as_, seat):
    assert "没有要回拨的" in words(soup(as_(seat("8001")).get("/missed-calls/")))


# ---- seats


def test_a_manager_seats_an_agent_and_takes_the_seat_away(as_, person):
    browser, agent = as_(person("channel_manager")), person("agent")
    typed = {"user": agent.username, "extension": "8001", "skills": ["normal", "enterprise"]}

    refused = browser.post("/missed-calls/seats/set/", {**typed, "extension": "八零零一"})
    assert (refused.status_code, AgentSeat.objects.exists()) == (422, False)
    assert browser.post("/missed-calls/seats/set/", typed).status_code == 303
    seat = AgentSeat.objects.get()
    assert (seat.user, seat.skills) == (agent, ["normal", "enterprise"])
    assert words(soup(browser.get("/missed-calls/seats/")).select_one("[data-rows] tbody tr")).startswith(
        f"8001 陈敏 {agent.username} 普通 涉企专席"
    )
    changed = browser.get(f"/missed-calls/seats/set/?seat={seat.pk}")
    assert [box["value"] for box in soup(changed).select("[name=skills][checked]")] == ["normal", "enterprise"]
    browser.post(f"/missed-calls/seats/{seat.pk}/end/")
    browser.post(f"/missed-calls/seats/{seat.pk}/end/")
    assert "还没有安排坐席" in words(soup(browser.get("/missed-calls/seats/")))


@pytest.mark.parametrize("rows", [1, 3])
def test_seats_cost_the_same_however_many(as_, person, seat, django_assert_num_queries, rows):
    for index in range(rows):
        seat(f"800{index}")
    manager = person("channel_manager")
    browser = as_(manager)
    browser.get("/missed-calls/seats/")

    with django_assert_num_queries(5):
        assert len(soup(browser.get("/missed-calls/seats/")).select("[data-rows] tbody tr")) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_unknown_extensions_stand_beside_the_seats(as_, person, seat, django_assert_num_queries, rows):
    seat("8001")
    browser = as_(person("channel_manager"))
    assert "没有未知分机" in words(soup(browser.get("/missed-calls/seats/?tab=unknown")))
    for index in range(rows):
        hear("ringing", extension=f"899{index}")

    assert words(soup(browser.get("/missed-calls/seats/")).select_one("a[href='?tab=unknown']")) == f"未知分机 {rows}"
    with django_assert_num_queries(5):
        page = soup(browser.get("/missed-calls/seats/?tab=unknown"))
    assert words(page.select_one("[data-rows] tbody tr")) == "8990 1 通 今天 10:00 安排坐席"
    assert len(page.select("[data-rows] tbody tr")) == rows
    dialog = soup(browser.get(page.select_one("[data-rows] a")["href"]))
    assert dialog.select_one("[name=extension]")["value"] == "8990"


def test_unknown_extensions_go_on_by_key(as_, person):
    browser = as_(person("channel_manager"))
    for index in range(27):
        hear("ringing", extension=f"9{index:03}")

    first = soup(browser.get("/missed-calls/seats/?tab=unknown"))
    rest = soup(browser.get("/missed-calls/seats/" + first.select_one("a[href*=after]")["href"]))

    assert [words(row)[:4] for row in rest.select("[data-rows] tbody tr")] == ["9025", "9026"]


# ---- the recording


def test_the_recording_is_shown_to_who_may(as_, person, seat):
    agent = seat("8001")
    call = hear("ended", extension="8001", recording="https://records/1.wav")
    appeal = make_appeal(by=agent)
    Interaction.objects.filter(appeal=appeal).update(call=call)
    address = f"/appeals/{appeal.number}/recording/"

    seen_by_agent = as_(agent).get(f"/appeals/{appeal.number}/")
    assert call.call_id in words(soup(seen_by_agent))
    assert not soup(seen_by_agent).select(f"[hx-get='{address}']")
    assert as_(agent).post(address, {"text": "核对登记内容"}).status_code == 403
    reviewer = as_(person("reviewer"))
    assert soup(reviewer.get(f"/appeals/{appeal.number}/")).select_one(f"[hx-get='{address}']")
    assert reviewer.post(address, {"text": ""}).status_code == 422
    assert not SecurityLog.objects.filter(outcome="done", subject=f"录音 {call.call_id}").exists()
    answer = reviewer.post(address, {"text": "核对登记内容"})
    assert (answer.status_code, "https://records/1.wav" in words(soup(answer))) == (200, True)
    assert SecurityLog.objects.get(outcome="done", subject=f"录音 {call.call_id}").reason == "核对登记内容"
    assert reviewer.get(f"/appeals/{make_appeal().number}/recording/").status_code == 404
