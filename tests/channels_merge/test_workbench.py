"""`/`: what each person must do first, in the order of what burns."""

import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection

from channels_merge import services
from channels_merge.models import Transfer
from tests.factories.channels_merge import NOON, STORY, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import work_on
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.responsibility import DutyItemFactory
from tests.factories.tickets import fresh, submit, submitted
from tests.tickets_pages.cases import objected
from tickets import services as tickets
from tickets.models import Objection, Ticket


@pytest.fixture
def city(city):
    with time_machine.travel(NOON, tick=False):
        yield city


@pytest.fixture
def bench(client):
    def open_bench(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        page = BeautifulSoup(client.get("/").content.decode(), "html.parser")
        rows = [
            (row.select("td")[1].get_text(), row["data-id"], row.select_one(".go").get_text())
            for row in page.select("table[data-rows] tbody tr")
        ]
        return page, rows

    return open_bench


def dispatched(city, appeal, unit):
    tickets.dispatch_ticket(ticket_id=ticket_of(appeal).pk, unit=unit, item=None, by=city.dispatcher, at=NOON)
    return fresh(ticket_of(appeal))


def signed(city, appeal):
    ticket = dispatched(city, appeal, city.department)
    tickets.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.liaison, at=NOON)
    return fresh(ticket)


def test_each_role_sees_its_own_work(city, bench):
    waiting = make_appeal()
    to_dispatch = ticket_of(make_accepted(phone="13900000001"))
    to_sign = dispatched(city, make_accepted(phone="13900000002"), city.department)
    in_county = dispatched(city, make_accepted(phone="13900000003"), city.county)
    in_work = signed(city, make_accepted(phone="13900000004"))
    for_head = signed(city, make_accepted(phone="13900000005"))
    tickets.record_contact(assignment_id=for_head.lead_id, reached=True, by=city.handler, at=NOON)
    submit(city, fresh(for_head), at=NOON, by=city.handler)

    assert bench(city.agent)[1] == [("来件", waiting.number, "受理")]
    assert bench(city.dispatcher)[1] == [("派单", to_dispatch.number, "派单"), ("来件", waiting.number, "受理")]
    assert ("收件", to_sign.number, "签收") in bench(city.liaison)[1]
    assert ("收件", in_county.number, "签收") in bench(city.county_clerk)[1]
    assert {row[1] for row in bench(city.handler)[1]} == {to_sign.number, in_work.number}
    assert ("审核", for_head.number, "审办结") in bench(city.head)[1]
    for nobody in (city.other_handler, city.township_head, city.leader, city.caller):
        assert bench(nobody)[1] == []


@pytest.mark.parametrize("role", ["leader", "administrator", "follow_up_agent", "township_head"])
def test_who_has_nothing_to_do_is_told_so(city, bench, role):
    user = getattr(city, role) if hasattr(city, role) else UserFactory(unit=city.centre, roles=(role,))
    page, rows = bench(user)

    assert rows == []
    assert "现在没有等您办的。" in page.get_text()
    assert "各队列" not in page.get_text()


def test_who_only_looks_is_led_to_what_there_is_to_see(city, bench):
    page, _ = bench(city.leader)

    looks = {link.get_text(): link["href"] for link in page.select("main td a")}
    assert (looks["统计"], looks["督办"]) == ("/figures/", "/supervision/")


def test_an_emergency_that_nobody_has_taken_comes_first(city, bench):
    waiting = make_appeal(phone="13900000001")
    transferred = make_appeal(by=city.agent)
    services.transfer_appeal(appeal_id=transferred.pk, line="119", by=city.agent, at=NOON)

    assert bench(city.agent)[1] == [("转接", transferred.number, "记结果"), ("来件", waiting.number, "受理")]


def test_what_is_late_is_counted_and_stands_first(city, bench):
    late = make_accepted(at=NOON.replace(hour=9, minute=0), phone="13900000001")
    make_appeal()
    with time_machine.travel(NOON.replace(hour=11, minute=30), tick=False):
        page, rows = bench(city.dispatcher)

    assert rows[0][1] == ticket_of(late).number
    assert re.sub(r"\s+", "", page.select_one(".sum p").get_text()).startswith("先办2件：1件已超期，1件今天到期。")


def test_what_is_due_later_is_not_called_first(city, bench):
    ticket = dispatched(city, make_accepted(), city.department)
    page, _ = bench(city.liaison)

    said = re.sub(r"\s+", "", page.select_one(".sum p").get_text())
    assert said == f"没有超期的，今天也没有到期的。最急的是{ticket.number}收件。"


def test_at_most_fourteen_are_shown_and_more_is_said(city, bench):
    for n in range(15):
        make_appeal(source_number=str(n))
    page, rows = bench(city.agent)

    assert len(rows) == 14
    assert "前 14 件" in page.get_text()


def test_a_draft_is_known_by_its_first_words(city, bench):
    services.save_draft(key="desk-1", content={"text": STORY}, by=city.agent, at=NOON)
    services.save_draft(key="desk-2", content={"phone": "13900000001"}, by=city.agent, at=NOON)
    services.save_draft(key="desk-3", content={"urgency": "normal"}, by=city.agent, at=NOON)
    page, _ = bench(city.agent)

    assert [link.get_text() for link in page.select("a[href*='draft=']")] == [
        "还没写内容",
        "139****0001",
        "锦江花园东侧工地近一周每晚11点以后",
    ]


def test_a_restricted_matter_is_on_nobodys_bench(city, bench):
    make_appeal(secrecy="restricted")
    make_accepted(secrecy="restricted", phone="13900000001")

    assert [bench(who)[1] for who in (city.agent, city.dispatcher)] == [[], []]


def test_whoever_was_asked_for_an_opinion_finds_it_there(city, bench):
    load_rules()
    ticket = objected(city)
    words = {"objection_id": Objection.objects.get(ticket=ticket).pk, "by": city.reviewer, "at": NOON}
    tickets.ask_statements(units=[city.third], question="该路段由谁管护？", **words)
    tickets.ask_definition(office="staffing", question="路肩管护归谁？", **words)
    version = DutyItemFactory(duty_list__state="review").duty_list
    office = UserFactory(unit=city.third, roles=["staffing_reviewer"])

    assert bench(city.third_handler)[1] == [("书面意见", ticket.number, "写意见")]
    assert bench(office)[1] == [
        ("职责界定", ticket.number, "写界定意见"),
        ("清单送审", f"第{version.version}版", "出意见"),
    ]


def test_open_transfers_are_found_without_reading_the_ended_ones(city):
    """At 300 thousand tickets a dispatcher's workbench read all that ever were."""
    appeal = make_appeal()
    ended = {"appeal": appeal, "line": "110", "by": city.agent, "at": NOON, "outcome": "taken", "concluded_at": NOON}
    Transfer.objects.bulk_create([Transfer(**ended) for _ in range(2000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_merge_transfer")

    assert "transfer_open" in Transfer.objects.filter(outcome="").order_by("at")[:25].explain()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_bench_makes_the_same_queries_at_one_and_three_rows(city, bench, client, rows, django_assert_num_queries):
    for n in range(rows):
        make_accepted(source_number=str(n))
        work_on(city, ticket_of(make_accepted(source_number=f"w{n}")))
    bench(city.dispatcher)

    with django_assert_num_queries(BENCH_QUERIES):
        answer = client.get("/")

    assert answer.content.count(b'class="go"') == rows


BENCH_QUERIES = 11  # one asks for all rows of dispatch which were out before


@pytest.mark.parametrize("rows", [1, 3])
def test_the_bench_of_whoever_signs_does_too(city, bench, client, rows, django_assert_num_queries):
    for _ in range(rows):
        submitted(city)
    Ticket.objects.update(region=city.region)
    bench(city.head)

    with django_assert_num_queries(17):
        answer = client.get("/")

    assert answer.content.count(b'class="go"') == rows


def test_the_review_of_what_is_put_off_is_work_in_its_last_week(city, bench):
    """Ninety days from 10 November end on 8 February."""
    ticket = signed(city, make_accepted(phone="13900000001"))
    tickets.defer_ticket(ticket_id=ticket.pk, reason="列入明年改造计划。", by=city.reviewer, at=NOON)
    with time_machine.travel(NOON + timedelta(days=82), tick=False):
        early = bench(city.reviewer)[1]
    with time_machine.travel(NOON + timedelta(days=84), tick=False):
        late, others = bench(city.reviewer)[1], bench(city.head)[1]

    assert (early, late, others) == ([], [("挂账", ticket.number, "复核")], [])
