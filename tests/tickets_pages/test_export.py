"""The list taken away as a sheet: what is in it, what never is, and what is written down of it."""

import io

import pytest
from openpyxl import load_workbook

from hotline.models import SecurityLog
from hotline.services import set_parameter
from tests.factories.tickets import NOW, at, dispatched, register, signed
from tests.tickets_pages.cases import settled_by_the_county
from tickets import services
from tickets.models import Ticket
from tickets.selectors.acts import situation
from tickets.selectors.page import sees_whole_chain

WHY = {"reason": "月度分析会用。"}


def sheet_of(answer):
    rows = load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    headings = next(rows)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def test_a_dispatcher_takes_away_what_is_filtered_and_the_log_says_why(city, log_in):
    signed(city, at=at("11-09 09:00"))
    ticket = dispatched(city, title="请回电13979700123", at=NOW)
    client = log_in(city.dispatcher)
    page = client.get("/tickets/", {"state": "pending_sign", "after": "x"}).content.decode()
    assert 'href="/exports/tickets/?state=pending_sign" data-key="e"' in page
    assert "状态：待签收。" in client.get("/exports/tickets/?state=pending_sign").content.decode()

    answer = client.post("/exports/tickets/?state=pending_sign", WHY)

    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=UTF-8''%E5%B7%A5%E5%8D%95%202026-11-10%201000.xlsx"
    )
    [row] = sheet_of(answer)
    assert {name: row[name] for name in ("编号", "事由", "状态", "主办单位", "受理时间", "办结时间", "诉求件数")} == {
        "编号": ticket.number,
        "事由": "请回电139****0123",
        "状态": "待签收",
        "主办单位": city.department.name,
        "受理时间": "2026-11-10 10:00",
        "办结时间": None,
        "诉求件数": 1,
    }
    assert SecurityLog.objects.filter(kind="export").values_list("user", "subject", "reason").get() == (
        city.dispatcher.pk,
        "工单清单 1 件（状态：待签收）",
        "月度分析会用。",
    )


def test_a_unit_takes_away_its_own_and_nobody_what_is_restricted(city, log_in):
    own, secret, _ = signed(city), signed(city), signed(city, unit=city.other)
    services.restrict_ticket(ticket_id=secret.pk, readers=[city.handler], reason="举报。", by=city.reviewer, at=NOW)

    answer = log_in(city.handler).post("/exports/tickets/", WHY)

    assert [row["编号"] for row in sheet_of(answer)] == [own.number]


def test_without_a_reason_or_for_too_many_nothing_is_given_and_nothing_lost(city, log_in):
    set_parameter(key="export_rows_max", value="1", valid_from=NOW, source="试行", by=None, at=NOW)
    register()
    register()
    client = log_in(city.dispatcher)

    empty, many = client.post("/exports/tickets/", {"reason": " "}), client.post("/exports/tickets/", WHY)
    long = client.post("/exports/tickets/", {"reason": "用" * 201})

    assert (empty.status_code, many.status_code, long.status_code) == (422, 422, 422)
    assert "导出的用途最多写 200 个字，现在有 201 个字。" in long.content.decode()
    assert "请写导出的用途。" in empty.content.decode()
    assert "符合条件的超过 1 件，请缩小日期范围，分几次导出。" in many.content.decode()
    assert "月度分析会用。" in many.content.decode()
    assert not SecurityLog.objects.filter(kind="export").exists()


@pytest.mark.parametrize(
    ("who", "given_back"),
    [
        ("dispatcher", 1),
        ("handler", 1),
        ("other_handler", None),
        ("county_clerk", None),
    ],
)
def test_how_often_a_matter_was_given_back_goes_to_whoever_reads_its_chain(city, log_in, who, given_back):
    """A co-unit and a centre whose resource was asked read on the page what citizens read, and took more away."""
    ticket = settled_by_the_county(city)
    Ticket.objects.filter(pk=ticket.pk).update(return_count=1)
    user = getattr(city, who)

    [row] = sheet_of(log_in(user).post("/exports/tickets/", WHY))

    assert (row["编号"], row["退单次数"]) == (ticket.number, given_back)
    found = situation(ticket, user, NOW)
    assert sees_whole_chain(found, found.ticket.assignments.all()) is (given_back is not None)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_sheet_costs_the_same_for_one_row_and_three(city, log_in, django_assert_num_queries, rows):
    for _ in range(rows):
        signed(city)
    client = log_in(city.handler)
    client.get("/tickets/")

    with django_assert_num_queries(7):
        answer = client.post("/exports/tickets/", WHY)

    assert len(sheet_of(answer)) == rows
