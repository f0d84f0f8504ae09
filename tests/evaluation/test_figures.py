"""Figures of two units and one month, counted by hand; each figure opens to exactly its tickets.

November 2026, seen on Monday 30 November at 18:00. 求助: seven working days; 重办: three.

市城管局
  A  answered on the 10th, in time. Two callers: solved and satisfied; not reached.
  B  answered on the 10th, in time. One caller: not solved, dissatisfied; sent back on the 11th, answered again on the 12th,
     in time. Then partly solved, basically satisfied. So two parts, one redo.
  C  given on the 10th, due on the 19th, answered on the 23rd: late, in November. One caller who will not judge.
  D  given on the 12th, due on the 23rd, never answered: late.
  E  given on the 27th, due in December: not yet.
  F  answered on 30 October: not of this month; its caller was asked in November.
章贡热线中心 and 章贡城管局
  G  answered on the 13th, in time: a part of each. One caller: solved, satisfied.
"""

import copy
from datetime import date

import pytest
from bs4 import BeautifulSoup

from evaluation import selectors, services
from evaluation.models import FollowUp
from tests.factories.evaluation import answer, call, complain, decide, replied
from tests.factories.responsibility import CategoryFactory
from tests.factories.tickets import at, fresh, signed
from tickets.models import Ticket

NOVEMBER = date(2026, 11, 1)
EVENING = at("11-30 18:00")
FIGURES = "/figures/"
BEHIND = "/figures/tickets/"
HELP = {"kind": "help"}


@pytest.fixture(scope="module")
def november_of_this_file(city_of_this_file):
    city = city_of_this_file
    a = replied(city, callers=2, title="A", **HELP)
    call(city, a.follow_ups[0])
    for moment in ("11-11 10:00", "11-11 15:00", "11-12 10:00"):
        call(city, a.follow_ups[1], result="no_answer", at=at(moment))
    b = replied(city, title="B", **HELP)
    decide(city, complain(city, b.follow_ups[0]))
    answer(city, fresh(b.ticket), at=at("11-12 10:00"))
    services.settle_ticket(ticket_id=b.ticket.pk, at=at("11-12 10:00"))
    call(
        city,
        FollowUp.objects.get(ticket=b.ticket, round=2),
        at=at("11-13 10:00"),
        resolved="partly",
        satisfaction="basically",
    )
    c = replied(city, title="C", answered=at("11-23 10:00"), **HELP)
    call(city, c.follow_ups[0], at=at("11-24 10:00"), satisfaction="not_rated")
    d = signed(city, title="D", at=at("11-12 10:00"))
    e = signed(city, title="E", at=at("11-27 10:00"))
    f = replied(city, title="F", start=at("10-28 10:00"), answered=at("10-30 10:00"), **HELP)
    call(city, f.follow_ups[0], at=at("11-02 10:00"))
    g = replied(city, title="G", unit=city.county, child=city.county_department, answered=at("11-13 16:00"), **HELP)
    call(city, g.follow_ups[0], at=at("11-16 10:00"))
    city.tickets = {"A": a.ticket, "B": b.ticket, "C": c.ticket, "D": d, "E": e, "F": f.ticket, "G": g.ticket}
    return city


@pytest.fixture
def november(november_of_this_file, db):
    return copy.deepcopy(november_of_this_file)


def figures(user, **kwargs):
    """unit → (办件, 诉求, 按时, 重办, 回访完成, 答了解决与否, 已解决, 参评, 满意)."""
    lines = selectors.unit_figures(user, month=NOVEMBER, at=EVENING, **kwargs)
    return {
        line.unit.short_name: (
            line.parts,
            line.appeals,
            line.on_time,
            line.redo,
            line.asked,
            line.rated,
            line.resolved,
            line.evaluated,
            line.satisfied,
        )
        for line in lines
    }


def titles(user, unit, figure, month=NOVEMBER):
    rows = selectors.figure_rows(user, unit=unit, month=month, figure=figure, at=EVENING)
    return [row.ticket.title for row in rows]


def test_volume_on_time_resolved_and_satisfied_by_hand(november):
    assert figures(november.reviewer) == {
        # A, B, B again, C, D; A has two callers.
        "市城管局": (5, 6, 3, 1, 5, 4, 2, 3, 2),
        "章贡热线中心": (1, 1, 1, 0, 1, 1, 1, 1, 1),
        "章贡城管局": (1, 1, 1, 0, 1, 1, 1, 1, 1),
    }


def test_rates_before_and_after_exclusion(november):
    line = selectors.unit_figures(november.reviewer, month=NOVEMBER, at=EVENING)[0]

    assert (line.unit, line.late, line.dissatisfied, line.unrated) == (november.department, 2, 1, 2)
    assert [
        line.on_time_rate,
        line.resolution_rate_before,
        line.resolution_rate,
        line.satisfaction_rate_before,
        line.satisfaction_rate,
    ] == [60.0, 40.0, 50.0, 40.0, pytest.approx(66.67, abs=0.01)]


def test_each_figure_opens_to_exactly_its_tickets(november):
    found = {figure: "".join(titles(november.reviewer, november.department, figure)) for figure in selectors.FIGURES}

    assert found == {
        "parts": "DCBBA",
        "appeals": "DCBBA",
        "on_time": "BBA",
        "late": "DC",
        "redo": "B",
        "asked": "CBBA",
        "resolved": "CA",
        "unresolved": "BB",
        "satisfied": "BA",
        "dissatisfied": "B",
        "unrated": "CA",
    }


def test_the_callers_behind_add_up_to_the_figure(november):
    line = selectors.unit_figures(november.reviewer, month=NOVEMBER, at=EVENING)[0]

    added = {
        figure: sum(
            row.said
            for row in selectors.figure_rows(
                november.reviewer, unit=november.department, month=NOVEMBER, figure=figure, at=EVENING
            )
        )
        for figure in selectors.OF_CALLERS
    }

    assert added == {
        "appeals": line.appeals,
        "asked": line.asked,
        "resolved": line.resolved,
        "unresolved": line.rated - line.resolved,
        "satisfied": line.satisfied,
        "dissatisfied": line.dissatisfied,
        "unrated": line.unrated,
    }


def test_of_a_part_passed_on_each_unit_has_its_own(november):
    assert [titles(november.reviewer, unit, "parts") for unit in (november.county, november.county_department)] == [
        ["G"],
        ["G"],
    ]


def test_of_october_only_what_ended_in_october(november):
    lines = selectors.unit_figures(november.reviewer, month=date(2026, 10, 1), at=EVENING)

    assert [(line.unit, line.parts, line.asked, line.satisfied) for line in lines] == [(november.department, 1, 1, 1)]
    assert titles(november.reviewer, november.department, "parts", month=date(2026, 10, 1)) == ["F"]


def test_who_sees_whose_figures(november):
    people = ("reviewer", "leader", "county_clerk", "head", "county_head", "third_head")

    assert {who: set(figures(getattr(november, who))) for who in people} == {
        "reviewer": {"市城管局", "章贡热线中心", "章贡城管局"},
        "leader": {"市城管局", "章贡热线中心", "章贡城管局"},
        "county_clerk": {"章贡热线中心", "章贡城管局"},
        "head": {"市城管局"},
        "county_head": {"章贡城管局"},
        "third_head": set(),
    }


# --- the page


@pytest.fixture
def page(page_of, time_machine_at):
    time_machine_at("11-30 18:00")
    return page_of


def cells(row):
    return [cell.get_text(strip=True) for cell in row.select("td")]


def test_the_table_shows_every_figure_and_both_rates(november, page):
    table = page(november.reviewer, FIGURES, month="2026-11").select("table.figures tbody tr")

    assert [cells(row) for row in table] == [
        ["市城管局", "5", "6", "3", "2", "60.0%", "1", "5", "2", "40.0%", "50.0%", "2", "1", "2", "40.0%", "66.7%"],
        [
            "章贡城管局",
            "1",
            "1",
            "1",
            "0",
            "100.0%",
            "0",
            "1",
            "1",
            "100.0%",
            "100.0%",
            "1",
            "0",
            "0",
            "100.0%",
            "100.0%",
        ],
        [
            "章贡热线中心",
            "1",
            "1",
            "1",
            "0",
            "100.0%",
            "0",
            "1",
            "1",
            "100.0%",
            "100.0%",
            "1",
            "0",
            "0",
            "100.0%",
            "100.0%",
        ],
    ]


def test_every_link_of_the_table_opens_as_many_rows_as_it_says(november, page, client):
    links = page(november.reviewer, FIGURES).select("table.figures tbody td a")
    for link in links:
        opened = BeautifulSoup(client.get(link["href"]).content.decode(), "html.parser")
        figure = link["href"].rpartition("figure=")[2]
        rows = opened.select("table[data-rows] tbody tr")
        said = sum(int(cells(row)[8].split()[0]) for row in rows) if figure in selectors.OF_CALLERS else len(rows)
        assert (link["href"], said) == (link["href"], int(link.get_text()))
    assert len(links) == 10 + 2 * 6


def test_a_group_of_units_alone(november, page):
    def units(group):
        return [
            cells(row)[0] for row in page(november.reviewer, FIGURES, group=group).select("table.figures tbody tr")
        ]

    assert {group: units(group) for group in ("city", "county", "department", "township")} == {
        "city": ["市城管局"],
        "county": ["章贡热线中心"],
        "department": ["章贡城管局"],
        "township": [],
    }


def test_a_leader_opens_each_figure_to_its_tickets_and_reads_no_word(november, page, client):
    links = page(november.leader, FIGURES).select("table.figures tbody td a")

    for link in links:
        opened = BeautifulSoup(client.get(link["href"]).content.decode(), "html.parser")
        rows = opened.select("table.stack tbody tr")
        figure = link["href"].rpartition("figure=")[2]
        said = sum(int(cells(row)[8].split()[0]) for row in rows) if figure in selectors.OF_CALLERS else len(rows)
        assert (link["href"], said) == (link["href"], int(link.get_text()))
        assert opened.select("table a, [data-href]") == []
        assert "您的岗位看有哪些件，不看内容。" in opened.get_text()
        assert {cells(row)[4] for row in rows} == {"未分类"}
    assert len(links) == 10 + 2 * 6


def test_what_is_restricted_is_in_no_list_of_a_leader(november, page):
    Ticket.objects.filter(pk=november.tickets["D"].pk).update(secrecy="restricted")
    Ticket.objects.filter(pk=november.tickets["C"].pk).update(category=CategoryFactory())

    shown = page(november.leader, BEHIND, unit=november.department.pk, month="2026-11", figure="late")

    assert [cells(row)[3:5] for row in shown.select("table.stack tbody tr")] == [
        [november.tickets["C"].number, "路灯"]
    ]
    assert "保密件不列出" in shown.get_text()


def test_a_ticket_kept_secret_is_counted_and_not_listed(november, page):
    Ticket.objects.filter(pk=november.tickets["D"].pk).update(secrecy="restricted")

    assert figures(november.head)["市城管局"][0] == 5
    shown = page(november.head, BEHIND, unit=november.department.pk, month="2026-11", figure="late")
    assert [cells(row)[4] for row in shown.select("table[data-rows] tbody tr")] == ["C"]
    assert "保密件不列出" in shown.get_text()
