"""Search by number, phone, last four digits and words, and what each person may find."""

import re

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_merge import services
from channels_merge.selectors import search
from hotline.models import Region, SecurityLog
from tests.factories.channels_merge import NOON, PHONE, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import work_on
from tests.factories.tickets import fresh
from tests.plans import loops_on
from tickets import services as tickets


@pytest.fixture
def city(city):
    with time_machine.travel(NOON, tick=False):
        yield city


@pytest.fixture
def find(client, city):
    def ask(query, *, by="agent", url="/search/", **extra):
        client.force_login(getattr(city, by), "django.contrib.auth.backends.ModelBackend")
        answer = client.get(url, {"q": query, **extra} if query is not None else {})
        return answer, [row["data-id"] for row in soup(answer).select("table[data-rows] tbody tr")]

    return ask


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def dispatch(city, appeal, unit):
    tickets.dispatch_ticket(ticket_id=ticket_of(appeal).pk, unit=unit, item=None, by=city.dispatcher, at=NOON)


def test_by_number_whole_or_begun_with_or_without_spaces(find):
    first, second = make_accepted(), make_accepted(phone="13900000001")

    for query in (first.number, first.number.lower(), "S2611 1000 0001", ticket_of(first).number):
        assert find(query)[1] == [first.number]
    for query in ("S261110", "GZ261110"):
        assert find(query)[1] == [second.number, first.number]
    assert find("S999999999999")[1] == []


def test_by_number_the_further_matters_of_a_call_come_with_it(find):
    first = make_appeal()
    make_appeal(text="另外小区电梯坏了三天没人修。", source_number="2", phone="13900000001")

    assert find(f"{first.number}-02")[1] == [first.number]


@pytest.mark.parametrize("typed", [PHONE, "138 0797 2231", "138-0797-2231"])
def test_by_phone(find, typed):
    mine = make_appeal()
    make_appeal(phone="13900000001")

    assert find(typed)[1] == [mine.number]


def test_by_a_landline_with_and_without_its_area_code(find):
    mine = make_appeal(phone="0797-8391111")

    assert [find(typed)[1] for typed in ("07978391111", "8391111")] == [[mine.number], [mine.number]]


def test_by_the_last_four_digits(find):
    mine, other = make_appeal(), make_appeal(phone="13900002231", name="李强")

    assert find("2231")[1] == [other.number, mine.number]
    assert find("2232")[1] == []


def test_people_looked_for_are_logged_without_the_number(find, city):
    make_appeal()
    find(PHONE)
    find("2231")

    rows = SecurityLog.objects.filter(kind="search").order_by("pk")
    assert list(rows.values_list("user", "subject", "outcome", "reason")) == [
        (city.agent.pk, "电话", "done", "找到 1 件"),
        (city.agent.pk, "后四位", "done", "找到 1 件"),
    ]
    assert PHONE[-4:] not in str(list(rows.values()))


def test_last_four_digits_are_asked_for_seldom(find):
    make_appeal()
    answers = [find("2231")[0].status_code for _ in range(21)]
    refused, rows = find("2231")

    assert answers == [200] * 20 + [422]
    assert rows == []
    assert "按后四位查找每小时最多 20 次，已用完，请写完整电话或编号。" in refused.content.decode()
    assert SecurityLog.objects.filter(kind="search", outcome="refused").count() == 2
    assert find(PHONE)[0].status_code == 200


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (PHONE, "您的岗位不能按电话查找，请写编号或两个字以上的词。"),
        ("2231", "您的岗位不能按电话后四位查找，请写完整电话或编号。"),
    ],
)
def test_units_do_not_look_for_people(find, query, sentence):
    make_accepted()
    answer, rows = find(query, by="handler")

    assert (answer.status_code, rows, sentence in answer.content.decode()) == (422, [], True)
    assert SecurityLog.objects.get(kind="search").outcome == "refused"


@pytest.mark.parametrize("query", ["的", "！！", "1", "a"])
def test_too_little_to_go_by_is_said_and_stays_in_the_field(find, query):
    answer, _ = find(query)

    assert answer.status_code == 422
    assert "请写编号、完整电话、电话后四位，或两个字以上的词。" in answer.content.decode()
    assert soup(answer).select_one(".find input")["value"] == query


def test_by_words_all_of_them_must_be_there(find):
    mine = make_accepted()
    make_accepted(text="锦江花园的路灯坏了三天没人修。", phone="13900000001")

    assert find("锦江花园 混凝土")[1] == [mine.number]
    assert find("锦江花园 混凝土 路灯")[1] == []
    assert len(find("锦江花园")[1]) == 2
    assert "<mark>锦江花园</mark>" in find("锦江花园")[0].content.decode()


def test_bigrams_that_lie_apart_do_not_make_a_word(find):
    make_accepted(text="花园里锦江边江花开，花园锦江路。")

    assert find("锦江花园")[1] == []


def test_a_unit_finds_only_its_own(find, city):
    mine, other = make_accepted(), make_accepted(phone="13900000001")
    dispatch(city, mine, city.department)
    dispatch(city, other, city.other)
    services.reconcile(at=NOON)

    assert find("锦江花园", by="handler")[1] == [mine.number]
    assert find(other.number, by="handler")[1] == []
    assert find("锦江花园", by="dispatcher")[1] == [other.number, mine.number]


def test_a_follow_up_agent_finds_what_waits_for_a_follow_up_and_no_more(find, city):
    mine, other = make_accepted(), make_accepted(phone="13900000001")
    make_appeal(phone="13900000002")
    work_on(city, ticket_of(mine))

    assert find("锦江花园", by="caller")[1] == [mine.number]
    assert find("锦江花园 混凝土", by="caller")[1] == [mine.number]
    assert [find(one.number, by="caller")[1] for one in (mine, other)] == [[mine.number], []]
    assert find(PHONE, by="caller")[0].status_code == 422


def test_a_follow_up_agent_reads_no_progress_and_opens_nobody(client, city, find):
    mine = make_accepted()
    work_on(city, ticket_of(mine))
    page = find(None, by="caller", url=f"/tickets/{ticket_of(mine).number}/")[0]

    assert page.status_code == 200
    assert soup(page).select_one(f"#phone-{mine.number} form") is None
    assert client.get(f"/appeals/{mine.number}/").status_code == 403
    assert client.get(f"/appeals/{mine.number}/reveal/").status_code == 403
    refused = client.post(f"/tickets/{ticket_of(mine).number}/appeals/{mine.number}/reveal/")
    assert "您的岗位没有这项权限。" in refused.content.decode()
    assert SecurityLog.objects.get(kind="reveal").outcome == "refused"


def test_a_restricted_matter_is_found_by_its_grant_only(find, city):
    secret = make_accepted(secrecy="restricted")
    for query in (secret.number, "锦江花园", PHONE, ticket_of(secret).number):
        assert find(query)[1] == []

    tickets.grant_scope(ticket_id=ticket_of(secret).pk, user=city.dispatcher, until=None)
    for query in (secret.number, PHONE, "锦江花园"):
        assert find(query, by="dispatcher")[1] == [secret.number]


def test_a_restricted_matter_is_found_by_its_grant_among_many_too(find, city, monkeypatch):
    monkeypatch.setitem(search.__globals__, "PAGE", 2)
    others = [make_accepted(phone=f"1390000000{turn}") for turn in range(3)]
    secret = make_accepted(secrecy="restricted")
    tickets.grant_scope(ticket_id=ticket_of(secret).pk, user=city.dispatcher, until=None)

    assert find("锦江花园", by="dispatcher")[1] == [secret.number, others[2].number]
    assert find("锦江花园")[1] == [others[2].number]


def test_an_agent_opens_progress_a_dispatcher_the_ticket(find):
    mine = make_accepted()
    links = [soup(find(mine.number, by=who)[0]).select_one("[data-open]")["href"] for who in ("agent", "dispatcher")]

    assert links == [f"/appeals/{mine.number}/", f"/tickets/{ticket_of(mine).number}/"]


@pytest.mark.parametrize("query", ["锦江花园", PHONE, "S261110"])
def test_a_page_is_left_by_key_and_nothing_is_shown_twice(find, query):
    numbers = [make_accepted(source_number=str(n), text=f"锦江花园第{n:02}件事情。").number for n in range(27)]
    answer, first = find(query)
    following = soup(answer).find("a", rel="next")["href"]
    _, second = find(None, url=f"/search/{following}")

    assert first + second == numbers[::-1]
    assert len(first) == 25


def test_beyond_the_newest_rows_texts_are_read_until_the_page_is_full(find, monkeypatch):
    monkeypatch.setitem(search.__globals__, "WALK", 1)
    numbers = [make_accepted(source_number=str(n), text=f"锦江花园第{n:02}件事情。").number for n in range(30)]
    make_accepted(text="花园里锦江边江花开，花园锦江路。", source_number="apart")
    find("锦江花园")

    with CaptureQueriesContext(connection) as queries:
        answer, first = find("锦江花园")
        (leg,) = (query["sql"] for query in queries if query["sql"].lstrip().startswith("WITH"))
    texts_read = loops_on("channels_merge_appeal", leg)
    _, second = find(None, url=f"/search/{soup(answer).find('a', rel='next')['href']}")

    assert first + second == numbers[::-1]
    assert texts_read == [27]


@pytest.mark.parametrize("before", ["nonsense", "2026-13-45T99:99_3", "_", "2026-11-10T10:00:00_3", "x_1"])
def test_a_key_that_makes_no_sense_is_the_first_page(find, before):
    mine = make_accepted()

    assert find("锦江花园", before=before)[1] == [mine.number]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("query", "queries"), [("锦江花园", 8), (PHONE, 8)])
def test_search_makes_the_same_queries_at_one_and_three_rows(
    find, client, rows, query, queries, django_assert_num_queries
):
    for n in range(rows):
        make_accepted(source_number=str(n))
    find(query)

    with django_assert_num_queries(queries):
        answer = client.get("/search/", {"q": query})

    assert len(soup(answer).select("table[data-rows] tbody tr")) == rows


def test_nothing_asked_nothing_searched(find):
    assert "要查什么" in re.sub(r"\s+", "", find(None)[0].content.decode())


def test_a_column_shows_the_short_name_of_a_zone_and_the_whole_one_on_hover(find, city):
    zone = Region.objects.create(
        code="360700-JK", name="赣州经济技术开发区", level="zone", parent=Region.objects.get(level="city")
    )
    mine = make_accepted(region=zone)

    for url, by in (("/search/", "dispatcher"), ("/tickets/", "dispatcher"), ("/dispatch/", "dispatcher")):
        answer, _ = find(mine.number if url == "/search/" else None, by=by, url=url)
        cells = [cell for cell in soup(answer).select("tbody td") if cell.get_text() == "经开区"]
        assert (url, [cell.get("title") for cell in cells]) == (url, ["赣州经济技术开发区"])


def test_a_ticket_follows_its_lead_into_the_list(find, city):
    first, second = make_accepted(), make_accepted(phone="13900000001")
    tickets.merge_ticket(
        ticket_id=ticket_of(second).pk,
        into_id=ticket_of(first).pk,
        reason="同一工地",
        by=city.dispatcher,
        at=NOON,
    )

    assert find(second.number)[1] == [second.number]
    assert fresh(ticket_of(second)).state == "merged"
