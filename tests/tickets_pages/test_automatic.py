"""自动派单 on its pages: switched on and off with a reason, what came back, and the sample that is read."""

import copy
import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.urls import reverse

from responsibility import services as duties
from responsibility.models import ItemSwitch
from tests.factories.experience import NOW, SAID, lights, make_sure_city
from tests.factories.tickets import fresh
from tickets import services
from tickets.models import AutomaticDispatch

PAGE = reverse("tickets:automatic")
SAMPLE = reverse("tickets:automatic-sample")
NEXT_WEEK = NOW + timedelta(days=7)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sure_city_of_this_file(kept_for_this_file):
    return make_sure_city()


@pytest.fixture
def city(sure_city_of_this_file, db):
    return copy.deepcopy(sure_city_of_this_file)


@pytest.fixture(autouse=True)
def a_week_later():
    with time_machine.travel(NEXT_WEEK, tick=False):
        yield


@pytest.fixture
def as_(client):
    def log_in(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(found):
    return " ".join(found.get_text(" ").split())


def cells(answer):
    table = soup(answer).select_one("main .list table")
    return [[text_of(cell) for cell in row.select("td")] for row in table.select("tbody tr")] if table else []


def gone(city, count=1):
    tickets = [lights(city) for _ in range(count)]
    assert all(services.dispatch_by_itself(ticket_id=ticket.pk, unless=lambda: False, at=NOW) for ticket in tickets)
    return [fresh(ticket) for ticket in tickets]


def test_an_administrator_switches_on_and_off_with_a_reason(city, as_):
    client = as_(city.administrator)

    on = client.post(reverse("responsibility:switch-on"), {"code": "jy-01", "reason": "半年没有退单。"})
    refused = client.post(reverse("responsibility:switch-on"), {"code": "JY-01", "reason": "再来。"})
    off = client.post(reverse("responsibility:switch-off", args=[city.switch.pk]), {"words": "先停。"})
    rows = cells(client.get(PAGE))

    assert (on.status_code, on["Location"], off.status_code) == (303, PAGE, 303)
    assert "JY-01 的自动派单已经开启。" in refused.content.decode()
    assert [row[:2] for row in rows] == [["JY-01 校车", "开着"], ["CG-01 路灯", "已关"]]
    assert rows[0][2] == "今天 10:00 谢* 半年没有退单。"
    assert rows[1][3:7] == ["今天 10:00 谢* 先停。", "0", "0", "0.0%"]


def test_why_it_is_switched_off_is_no_longer_than_it_is_kept(city, as_):
    off = reverse("responsibility:switch-off", args=[city.switch.pk])

    answer = as_(city.administrator).post(off, {"words": "停" * 201})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"words": ["关闭理由最多写 200 个字，现在有 201 个字。"]}
    assert as_(city.administrator).post(off, {"words": "停" * 200}).status_code == 303


def test_figures_stand_beside_each_switch_and_each_week(city, as_):
    first, *_ = gone(city, 4)
    services.recall_ticket(ticket_id=first.pk, reason="派错了。", by=city.dispatcher, at=NOW)

    answer = as_(city.dispatcher).get(PAGE)

    assert cells(answer)[0][4:] == ["4", "1", "25.0%"]
    week = soup(answer).select_one("aside table tbody tr")
    assert text_of(week) == "11月9日—11月15日 4 0 0"
    assert week.select_one("a")["href"] == f"{SAMPLE}?week=2026-11-09"
    # The dispatcher reads the sample and switches nothing.
    assert soup(answer).select("[data-act]") == []


def test_the_sample_is_read_and_judged(city, as_):
    [ticket] = gone(city)
    client = as_(city.dispatcher)
    address = reverse("tickets:automatic-judge", args=[AutomaticDispatch.objects.get().pk])

    before = cells(client.get(SAMPLE))
    nothing = client.post(address, {"right": "no", "words": " "})
    wrong = client.post(address, {"right": "no", "words": "该派教育局。"})
    after = cells(client.get(wrong.url))
    client.post(address, {"right": "yes"})

    assert before[0][0].startswith(ticket.number)
    assert "CG-01 路灯，把握" in before[0][2]
    assert nothing.status_code == 400
    assert "派错的，请写明哪里不对、该派给谁。" in nothing.content.decode()
    assert (wrong.status_code, wrong.url) == (302, f"{SAMPLE}?week=2026-11-09")
    assert "派错了 该派教育局。 王* 今天 10:00" in after[0][3]
    assert AutomaticDispatch.objects.values_list("right", "words").get() == (True, "")


@pytest.mark.parametrize("week", ["gestern", "2026-11-10"])
def test_a_week_that_is_none_is_not_found(city, as_, week):
    assert as_(city.dispatcher).get(f"{SAMPLE}?week={week}").status_code == 404


@pytest.mark.parametrize("week", ["0001-01-01", "9999-12-27"])
def test_the_first_and_the_last_week_there_is_have_nothing_to_read(city, as_, week):
    page = as_(city.dispatcher).get(f"{SAMPLE}?week={week}")

    assert (page.status_code, page.context["rows"]) == (200, [])


def test_what_was_restricted_since_is_not_judged(city, as_):
    [ticket] = gone(city)
    services.restrict_ticket(ticket_id=ticket.pk, readers=[], reason="涉密。", by=city.reviewer, at=NOW)
    client = as_(city.dispatcher)

    assert cells(client.get(SAMPLE)) == []
    address = reverse("tickets:automatic-judge", args=[AutomaticDispatch.objects.get().pk])
    assert client.post(address, {"right": "yes"}).status_code == 404


def test_an_empty_page_says_how_it_begins(city, as_):
    ItemSwitch.objects.all().delete()

    assert "没有一个事项自动派单" in as_(city.administrator).get(PAGE).content.decode()


def test_the_timeline_says_by_what(city, as_):
    [ticket] = gone(city)

    page = as_(city.dispatcher).get(reverse("tickets:ticket", args=[ticket.number])).content.decode()

    confidence = AutomaticDispatch.objects.get().confidence
    assert f"自动派单：{city.model}，把握 {confidence:.0%}" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_ask_the_same_questions_for_one_and_three(city, as_, count, django_assert_num_queries):
    for number in range(1, count):
        item = city.buses
        item.pk, item.code = None, f"JY-0{number + 1}"
        item.save(force_insert=True)
        duties.switch_item_on(code=item.code, reason="准。", by=city.administrator, at=NOW)
    gone(city, count)
    client = as_(city.dispatcher)
    client.get(PAGE)

    with django_assert_num_queries(9):
        client.get(PAGE)
    with django_assert_num_queries(6):
        client.get(SAMPLE)


def test_the_switches_go_on_behind_the_first_page(city, as_):
    common = {"on_at": NOW, "on_by": city.administrator, "on_reason": "准。", "off_at": NOW, "off_reason": "停。"}
    ItemSwitch.objects.bulk_create(ItemSwitch(code=f"JY-{number}", **common) for number in range(26))
    client = as_(city.administrator)

    first = client.get(PAGE)
    second = client.get(PAGE + soup(first).select_one("[rel=next]")["href"])

    assert [len(cells(first)), len(cells(second))] == [25, 2]
    assert cells(second)[-1][0] == "CG-01 路灯"


def tried_on_the_bench(city, as_, text, **more):
    """What the page says of the same words under the list in force."""
    posted = {
        "text": text, "region": city.region.code, "kind": "help", "day": "2026-11-10", "hour": "10",
        "version": city.lights.duty_list_id,
    }  # fmt: skip
    page = soup(as_(city.dispatcher).post("/routing/bench/", posted | more))
    return [text_of(part) for part in page.select(".auto b, .auto li, .auto p")]


def test_the_bench_says_whether_a_text_would_go_and_why_not(city, as_):
    sure = f"晚上{SAID[0]}，{SAID[0]}，请处理。"

    assert tried_on_the_bench(city, as_, sure) == ["可以自动派单", "加急、保密、有同类在办的，由派单员派。"]
    assert tried_on_the_bench(city, as_, sure, kind="report", hour="3") == [
        "不会自动派单", "举报都由派单员派。", f"不在工作时间，{city.county.name}没有值班坐席。",
    ]  # fmt: skip
    assert tried_on_the_bench(city, as_, f"{SAID[2]}，{SAID[2]}，请处理。") == [
        "不会自动派单", "事项 JY-01 没有打开自动派单。",
    ]  # fmt: skip
    doubtful = tried_on_the_bench(city, as_, f"几件事：{SAID[0]}，{SAID[2]}，{SAID[1]}，{SAID[3]}，请处理。")
    assert [re.sub(r"[\d.]+", "n", reason) for reason in doubtful[-2:]] == [
        "把握 n%，不到 n%。", "比下一个只多 n 个百分点，不到 n 个。",
    ]  # fmt: skip
