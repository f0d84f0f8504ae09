"""The wall of what burns: whose rows, in which order, how many; leaders see it without words.

The clock stands on Thursday 2026-11-19, 10:00. 求助 of Tuesday the 10th is due that day at 17:30; of the 9th, it was due
on the 18th; of the 11th, it is due on the 20th, the next working day; of the 12th, later than that.
"""

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache

from hotline import services as hotline
from supervision import services
from tests.factories.responsibility import CategoryFactory
from tests.factories.tickets import at, contacted, passed_down, signed
from tickets import services as tickets
from tickets.models import Ticket

WALL = "/supervision/"
TODAY = "11-19 10:00"


@pytest.fixture
def wall(log_in, time_machine_at):
    """`wall(person, tab="overdue")` → the page."""
    time_machine_at(TODAY)

    def open_wall(person, **query):
        answer = log_in(person).get(WALL, query)
        assert answer.status_code == 200
        return BeautifulSoup(answer.content.decode(), "html.parser")

    return open_wall


def numbers(page):
    return [cell.get_text(strip=True) for cell in page.select("table.stack td.no")]


def cells(row):
    return [cell.get_text(" ", strip=True) for cell in row.select("td")]


def heat(page):
    """unit → [overdue, today, soon, yellow, red] of the table of units."""
    return {cells(row)[0]: [int(number) for number in cells(row)[1:]] for row in page.select("table.heat tbody tr")}


def tabs(page):
    return {link.contents[0]: int(link.b.get_text()) for link in page.select(".seg a")}


@pytest.fixture
def burning(city):
    """Of the department: overdue, today, soon, not yet; of another one: today; of the county and its department: overdue."""
    city.overdue = contacted(city, at=at("11-09 10:00"), title="路灯成片不亮")
    city.today = contacted(city, at=at("11-10 10:00"), title="井盖异响")
    city.soon = contacted(city, at=at("11-11 10:00"), title="流动摊贩")
    city.later = contacted(city, at=at("11-12 10:00"), title="还早的")
    city.foreign = contacted(city, unit=city.other, at=at("11-10 09:00"), title="教育局的")
    city.of_county = contacted(city, county=True, at=at("11-09 09:00"), title="县里的")
    hotline.sweep_clocks(at=at("11-18 17:30"))
    hotline.sweep_clocks(at=at("11-19 09:00"))
    return city


def test_a_unit_sees_its_own_and_what_burns_first_is_on_top(burning, wall):
    page = wall(burning.head)

    assert numbers(page) == [burning.overdue.number, burning.today.number, burning.soon.number]
    assert tabs(page) == {"全部": 3, "超期": 1, "今天到期": 1, "临期": 1}
    assert page.select("table.heat") == []
    assert [cells(row) for row in page.select("table.stack tbody tr")] == [
        ["超 16时30分", "11-18 17:30", burning.overdue.number, "路灯成片不亮", "办理", "红牌", "—"],
        ["余 5时", "今天 17:30", burning.today.number, "井盖异响", "办理", "黄牌", "—"],
        ["余 1日5时", "11-20 17:30", burning.soon.number, "流动摊贩", "办理", "", "—"],
    ]


@pytest.mark.parametrize(
    ("tab", "names"),
    [
        ("", ["overdue", "today", "soon"]),
        ("overdue", ["overdue"]),
        ("today", ["today"]),
        ("soon", ["soon"]),
        ("nonsense", ["overdue", "today", "soon"]),
    ],
)
def test_each_number_opens_exactly_its_tickets(burning, wall, tab, names):
    assert numbers(wall(burning.liaison, tab=tab)) == [getattr(burning, name).number for name in names]


def test_the_county_sees_itself_and_its_units_apart(burning, wall):
    page = wall(burning.county_clerk)

    assert numbers(page) == [burning.of_county.number] * 2
    assert heat(page) == {"章贡热线中心": [1, 0, 0, 0, 1], "章贡城管局": [1, 0, 0, 0, 1]}
    assert numbers(wall(burning.county_clerk, unit=burning.county_department.pk)) == [burning.of_county.number]
    assert tabs(wall(burning.county_clerk, unit=burning.county_department.pk)) == {
        "全部": 1,
        "超期": 1,
        "今天到期": 0,
        "临期": 0,
    }


def test_the_centre_sees_every_unit_the_hottest_on_top(burning, wall):
    page = wall(burning.reviewer)

    assert list(heat(page).items()) == [
        ("市城管局", [1, 1, 1, 1, 1]),
        ("章贡城管局", [1, 0, 0, 0, 1]),
        ("章贡热线中心", [1, 0, 0, 0, 1]),
        ("市教育局", [0, 1, 0, 1, 0]),
    ]
    assert sorted(numbers(page)) == sorted(
        ticket.number
        for ticket in (
            burning.overdue,
            burning.today,
            burning.soon,
            burning.foreign,
            burning.of_county,
            burning.of_county,
        )
    )


def test_a_leader_sees_which_tickets_burn_and_no_word_of_a_matter(burning, wall):
    page = wall(burning.leader)

    assert {name: row[:3] for name, row in heat(page).items()} == {
        burning.department.short_name: [1, 1, 1],
        burning.county_department.short_name: [1, 0, 0],
        burning.county.short_name: [1, 0, 0],
        burning.other.short_name: [0, 1, 0],
    }
    assert numbers(page) == numbers(wall(burning.reviewer))
    assert "您的岗位看有哪些件，不看内容。" in page.get_text()
    for ticket in (burning.overdue, burning.today, burning.soon, burning.foreign, burning.of_county):
        assert ticket.title not in str(page)
    assert page.select("table.stack a, [data-href], [data-rows]") == []


def test_each_number_of_a_leader_opens_to_its_tickets_without_the_restricted(burning, wall):
    Ticket.objects.filter(pk=burning.today.pk).update(category=CategoryFactory())
    Ticket.objects.filter(pk=burning.overdue.pk).update(secrecy="restricted")

    page = wall(burning.leader, unit=burning.department.pk)

    assert [cells(row)[2:7] for row in page.select("table.stack tbody tr")] == [
        [burning.today.number, "路灯", "市城管局", "办理", "黄牌"],
        [burning.soon.number, "未分类", "市城管局", "办理", ""],
    ]
    assert tabs(page) == {"全部": 2, "超期": 0, "今天到期": 1, "临期": 1}


def test_a_foreign_unit_is_not_found(burning, log_in, time_machine_at):
    time_machine_at(TODAY)
    client = log_in(burning.head)

    for unit in (burning.other.pk, burning.county.pk, -1, "abc", "9" * 30):
        assert client.get(WALL, {"unit": unit}).status_code == 404
    assert client.get(WALL, {"unit": burning.department.pk}).status_code == 200


def test_a_unit_with_nothing_burning_is_found_and_empty(burning, wall):
    page = wall(burning.reviewer, unit=burning.third.pk)

    assert numbers(page) == []
    assert "这里没有在烧的" in page.get_text()


@pytest.mark.parametrize("who", ["handler", "agent", "caller"])
def test_without_the_right_it_is_refused(burning, log_in, time_machine_at, who):
    time_machine_at(TODAY)

    assert log_in(getattr(burning, who)).get(WALL).status_code == 403


def test_the_whole_city_is_counted_once_in_twenty_seconds(city, wall):
    def late():
        return {unit: counts[0] for unit, counts in heat(wall(city.leader)).items()}

    name = city.department.short_name
    contacted(city, at=at("11-09 10:00"))
    before = late()
    contacted(city, at=at("11-09 10:00"))
    unchanged = late()
    cache.clear()

    assert (before[name], unchanged[name], late()[name]) == (1, 1, 2)


def test_what_a_person_may_not_open_is_neither_listed_nor_counted(burning, wall):
    Ticket.objects.filter(pk=burning.overdue.pk).update(secrecy="restricted")

    page = wall(burning.head)

    assert numbers(page) == [burning.today.number, burning.soon.number]
    assert tabs(page) == {"全部": 2, "超期": 0, "今天到期": 1, "临期": 1}
    assert heat(wall(burning.leader))[burning.department.short_name][:3] == [0, 1, 1]


def test_what_is_done_burns_no_more(burning, wall):
    tickets.submit_result(
        assignment_id=burning.overdue.lead_id,
        resolved="yes",
        public_text="经现场核实，夜间施工已停止，责令工地限期整改，并安排夜间巡查，欢迎继续监督。",
        standard_met=True,
        by=burning.handler,
        at=at("11-19 09:30"),
    )

    assert numbers(wall(burning.head)) == [burning.today.number, burning.soon.number]


def test_the_nearest_of_its_limits_is_shown(city, wall):
    """Signed on Wednesday 10:00 and not contacted: 24 hours for that, until this moment."""
    ticket = signed(city, at=at("11-18 10:30"))

    page = wall(city.head)

    assert cells(page.select_one("table.stack tbody tr")) == [
        "余 30分",
        "今天 10:30",
        ticket.number,
        ticket.title,
        "首次联系",
        "",
        "—",
    ]


def test_empty_says_what_will_come(city, wall):
    assert "没有快到期和超期的" in wall(city.head).get_text()


def test_pages_by_key_without_gap_or_double(city, wall, log_in):
    made = [contacted(city, at=at(f"11-10 10:{minute:02}")).number for minute in range(27)]

    first = wall(city.head)
    second = BeautifulSoup(
        log_in(city.head).get(WALL + first.find("a", rel="next")["href"][len(WALL) :]).content.decode(), "html.parser"
    )

    assert numbers(first) + numbers(second) == made
    assert (len(numbers(first)), len(numbers(second))) == (25, 2)
    assert second.find("a", rel="next") is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_wall_asks_the_same_questions_for_one_and_three(city, wall, client, count, django_assert_num_queries):
    for _ in range(count):
        passed_down(city, at=at("11-09 09:00"))
    hotline.sweep_clocks(at=at("11-18 17:30"))
    services.tell_people(at=at("11-18 17:30"))
    wall(city.county_clerk)

    with django_assert_num_queries(15):
        assert client.get(WALL).status_code == 200
