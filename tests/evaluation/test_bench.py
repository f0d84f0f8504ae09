"""The workbench of who calls back and who decides: what is to be done now, by its limit, and nobody else's."""

import pytest

from tests.factories.evaluation import call, complain, replied


def bench(page):
    return [
        (row.select("td")[1].get_text(), row["data-id"], row.select_one(".go").get_text())
        for row in page.select("table[data-rows] tbody tr")
    ]


def test_who_calls_back_sees_whom_to_call_now(city, page_of, time_machine_at):
    case = replied(city)
    assert bench(page_of(city.caller, "/")) == [("回访", case.appeals[0].number, "回访")]

    time_machine_at("11-11 13:00")
    assert bench(page_of(city.caller, "/")) == []
    time_machine_at("11-11 15:00")
    call(city, case.follow_ups[0], result="no_answer")
    assert bench(page_of(city.caller, "/")) == [("回访", case.appeals[0].number, "回访")]


def test_who_decides_sees_the_dissatisfied(city, page_of):
    case = replied(city)
    complain(city, case.follow_ups[0])

    rows = page_of(city.reviewer, "/")
    assert bench(rows) == [("复核", case.ticket.number, "复核")]
    for other in (city.dispatcher, city.caller, city.head, city.leader):
        assert ("复核", case.ticket.number, "复核") not in bench(page_of(other, "/"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_bench_asks_the_same_questions_for_one_and_three(city, log_in, count, django_assert_num_queries):
    for _ in range(count):
        replied(city)
    client = log_in(city.caller)
    client.get("/")

    with django_assert_num_queries(QUERIES):
        answer = client.get("/")

    assert answer.content.count(b'class="go"') == count


QUERIES = 6
