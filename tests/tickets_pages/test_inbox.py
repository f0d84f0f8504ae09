"""The inbox of a unit: what is next, what is missing, its segments, a batch signed, and a ticket beside it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hotline.models import StoredFile
from tests.factories.hotline import UserFactory
from tests.factories.tickets import (
    NOW,
    approve_all,
    approver_of,
    at,
    contacted,
    dispatched,
    fresh,
    make_item,
    part_of,
    passed_down,
    register,
    signed,
    state_of,
    submit,
    submitted,
)
from tests.plans import loops_on
from tests.tickets_pages.cases import ask_for_time, give_back
from tests.tickets_pages.reading import cells, ids, segments
from tickets import services
from tickets.models import Approval, Ticket, TicketScope


def test_the_inbox_says_for_each_part_what_is_next_or_who_has_it(city, log_in):
    handler = {"handler": city.handler, "by": city.handler}
    waiting = dispatched(city, title="待签收的", at=at("11-10 09:00"))
    called = signed(city, title="待联系的", at=at("11-10 09:01"))
    working = contacted(city, title="办理中的", at=at("11-10 09:02"))
    services.name_handler(assignment_id=working.lead_id, at=NOW, **handler)
    back = give_back(city)
    done = submitted(city, title="已提交的", at=at("11-10 09:03"))
    asking = ask_for_time(city)

    rows = {row[3]: row[4:] for row in cells(log_in(city.handler).get("/inbox/"))}

    assert rows == {
        waiting.number: ["待签收的", "—", "", "求助", "待签收", "—", "签收"],
        called.number: ["待联系的", "—", "", "求助", "已签收", "—", "首次联系"],
        working.number: ["办理中的", "—", "", "求助", "办理中", "张*", "填写结果"],
        back.number: ["工地夜间施工", "—", "", "求助", "退单待审", "—", "等市中心"],
        done.number: ["已提交的", "—", "", "求助", "待审签", "张*", "等负责人"],
        asking.number: ["工地夜间施工", "—", "", "求助", "延期审批", "—", "首次联系"],
    }


def test_the_inbox_begins_with_what_burns(city, log_in):
    later = signed(city, at=at("11-10 09:30"))
    late = signed(city, at=at("11-09 09:00"))
    first = dispatched(city, urgency="critical")
    TicketScope.objects.filter(ticket=late).update(sort_at=at("11-10 09:00"))

    assert ids(log_in(city.handler).get("/inbox/")) == [late.number, first.number, later.number]


def test_a_county_sees_whom_it_gave_it_and_its_department_acts(city, log_in):
    ticket = passed_down(city)

    county = cells(log_in(city.county_clerk).get("/inbox/"))
    department = cells(log_in(city.county_handler).get("/inbox/"))

    assert [row[3:] for row in county] == [
        [ticket.number, "工地夜间施工", "—", "", "求助", "已转派", "—", city.county_department.short_name]
    ]
    assert [row[3:] for row in department] == [
        [ticket.number, "工地夜间施工", "—", "", "求助", "已签收", "—", "首次联系"]
    ]


def test_a_county_sees_who_reads_the_result_of_what_it_passed_down(city, log_in):
    ticket = submitted(city, county=True)

    def waits():
        at_county, below = (cells(log_in(who).get("/inbox/"))[0] for who in (city.county_clerk, city.county_handler))
        return at_county[8::2], below[8::2]

    by_step = [waits()]
    while (approval := Approval.objects.filter(ticket=ticket, state="pending").first()) is not None:
        services.approve(approval_id=approval.pk, by=approver_of(city, approval), at=NOW)
        by_step.append(waits())

    assert by_step[:2] == [
        (["待审签", "等下级"], ["待审签", "等负责人"]),
        (["待审核", "等本中心"], ["待审核", "等上级中心"]),
    ]


def test_the_inbox_of_a_co_unit(city, log_in):
    ticket = signed(city, co_units=[city.other])
    part = part_of(ticket, city.other)
    client = log_in(city.other_handler)

    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["待签收", "—", "签收"]]
    services.sign_assignment(assignment_id=part.pk, handler=city.other_handler, by=city.other_handler, at=NOW)
    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["协办", "赵*", "协办意见"]]
    services.report_as_co(assignment_id=part.pk, text="已核查施工许可，过期。", by=city.other_handler, at=NOW)
    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["已反馈", "赵*", "等主办"]]


def in_return_review(city):
    ticket = contacted(city, co_units=[city.other])
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_duty", reason="不归我们管。", by=city.handler, at=NOW
    )
    return fresh(ticket)


def in_completion_review(city):
    return submitted(city, co_units=[city.other], result={"missing_co_reason": "来不及等。"})


@pytest.mark.parametrize("make", [in_return_review, in_completion_review])
def test_a_co_unit_works_on_while_the_lead_waits_for_a_decision(city, log_in, make):
    """Its limits run on: red cards would come for what no page let it do."""
    ticket = make(city)
    part = part_of(ticket, city.other)
    client = log_in(city.other_handler)
    act = f"/tickets/{ticket.number}/acts/"

    assert {clock.kind for clock in part.clocks.filter(stopped_at=None)} == {"sign", "handle"}
    assert ids(client.get("/inbox/?s=sign")) == [ticket.number]
    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["待签收", "—", "签收"]]
    assert client.post(f"{act}sign/", {"handler": city.other_handler.pk}).status_code == 302
    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["协办", "赵*", "协办意见"]]
    assert client.get(f"{act}onsite/").status_code == 409
    assert client.post(f"{act}report/", {"text": "已核查施工许可，过期。"}).status_code == 302
    assert (state_of(ticket), fresh(part).state) == (ticket.state, "accepted")
    assert not part.clocks.filter(stopped_at=None).exists()


def test_a_unit_that_is_only_told_reads_it_and_has_nothing_to_do(city, log_in):
    ticket = register()
    typed = {"unit": city.department.name, "copies": f"{city.other.name}、{city.third.name}"}
    log_in(city.dispatcher).post(f"/tickets/{ticket.number}/acts/dispatch/", typed)
    client = log_in(city.other_handler)

    part = part_of(ticket, city.other)
    assert (part.role, part.clocks.count()) == ("copy", 0)
    assert [row[8:] for row in cells(client.get("/inbox/"))] == [["知会", "—", "只看"]]
    assert client.get(f"/tickets/{ticket.number}/").status_code == 200
    assert client.post(f"/tickets/{ticket.number}/acts/sign/").status_code == 409


def test_the_inbox_asks_for_a_visit_in_each_round_where_the_item_does(city, log_in):
    item = make_item(onsite_required=True)
    plain = contacted(city, item=make_item(code="CG-02"), title="不要求到场")
    fresh_one, seen = contacted(city, item=item, title="没有人到过"), contacted(city, item=item, title="到过")
    again = contacted(city, item=item, title="上一轮到过")
    for ticket in (seen, again):
        go_there(ticket.holder, city.handler)
    submit(city, again)
    approve_all(city, again)
    services.redo_ticket(ticket_id=again.pk, reason="恢复经营。", by=city.reviewer, at=NOW)
    services.record_contact(assignment_id=again.lead_id, reached=True, by=city.handler, at=NOW)
    client = log_in(city.handler)

    assert next_acts(client) == {
        plain.number: "填写结果",
        fresh_one.number: "现场核实",
        seen.number: "填写结果",
        again.number: "现场核实",
    }
    go_there(again.holder, city.handler)
    assert next_acts(client)[again.number] == "填写结果"


def test_visits_count_in_the_inbox_if_their_part_is_a_live_lead(city, log_in):
    """The county's own stays good for the department; a co-unit's proves nothing, nor one of a part taken back."""
    item = make_item(onsite_required=True)
    chain = signed(city, unit=city.county)
    go_there(chain.lead, city.county_clerk)
    services.pass_down(
        assignment_id=chain.lead_id, unit=city.county_department, item=item, by=city.county_clerk, at=NOW
    )
    work_on_it(chain, city.county_handler)
    given_twice = contacted(city, item=item, county=True)
    go_there(given_twice.holder, city.county_handler)
    with_co = contacted(city, item=item, co_units=[city.other])
    co_part = part_of(with_co, city.other)
    services.sign_assignment(assignment_id=co_part.pk, by=city.other_handler, at=NOW)
    go_there(co_part, city.other_handler)
    department = log_in(city.county_handler)

    assert next_acts(department) == {chain.number: "填写结果", given_twice.number: "填写结果"}
    assert next_acts(log_in(city.handler)) == {with_co.number: "现场核实"}

    services.take_back_child(assignment_id=given_twice.holder_id, reason="另派。", by=city.county_clerk, at=NOW)
    services.pass_down(
        assignment_id=given_twice.lead_id, unit=city.county_department, item=item, by=city.county_clerk, at=NOW
    )
    work_on_it(given_twice, city.county_handler)
    assert next_acts(log_in(city.county_handler))[given_twice.number] == "现场核实"


def test_the_inbox_reads_no_part_to_count_its_own_visits(city, log_in):
    item = make_item(onsite_required=True)
    for _ in range(3):
        go_there(contacted(city, item=item).holder, city.handler)
    client = log_in(city.handler)

    with CaptureQueriesContext(connection) as queries:
        assert set(next_acts(client).values()) == {"填写结果"}
        (statement,) = (query["sql"] for query in queries if "tickets_onsiterecord" in query["sql"])

    assert loops_on("tickets_assignment", statement) == [1, 0]


def work_on_it(ticket, by):
    part = fresh(ticket).holder
    services.sign_assignment(assignment_id=part.pk, by=by, at=NOW)
    services.record_contact(assignment_id=part.pk, reached=True, by=by, at=NOW)


def go_there(part, by):
    photos = [
        StoredFile.objects.create(
            sha256=f"{StoredFile.objects.count():064}", size=1, content_type="image/png", name="x.png", uploaded_at=NOW
        )
        for _ in range(2)
    ]
    services.record_onsite(assignment_id=part.pk, found="现场已清理。", visited_at=NOW, before=photos, by=by, at=NOW)


def next_acts(client):
    return {row[3]: row[-1] for row in cells(client.get("/inbox/"))}


def test_segments_of_the_inbox_hold_exactly_what_they_count(city, log_in):
    to_sign, to_contact, working = dispatched(city), signed(city), contacted(city)
    gone = give_back(city)
    late, today, tomorrow = contacted(city), contacted(city), contacted(city)
    for ticket, due in ((late, "11-10 09:59"), (today, "11-10 10:01"), (tomorrow, "11-11 10:00")):
        TicketScope.objects.filter(ticket=ticket).update(sort_at=at(due))
    TicketScope.objects.filter(ticket__in=[to_sign, to_contact, working, gone]).update(sort_at=at("11-13 10:00"))
    Ticket.objects.filter(pk=working.pk).update(round=2)
    assert services.check_scopes([working.pk]) == [working.pk]
    client = log_in(city.handler)

    page = client.get("/inbox/")

    assert segments(page) == {
        "全部": 7,
        "超期": 1,
        "今日到期": 1,
        "明日到期": 1,
        "待签收": 1,
        "待联系": 1,
        "重办": 1,
        "等别人": 1,
    }
    assert {
        code: ids(client.get("/inbox/", {"s": code}))
        for code in ("over", "today", "tomorrow", "sign", "contact", "redo", "others")
    } == {
        "over": [late.number],
        "today": [today.number],
        "tomorrow": [tomorrow.number],
        "sign": [to_sign.number],
        "contact": [to_contact.number],
        "redo": [working.number],
        "others": [gone.number],
    }


def test_the_inbox_of_one_handler(city, log_in):
    mine, other = signed(city), signed(city)
    for ticket, person in ((mine, city.handler), (other, city.handler2)):
        services.name_handler(assignment_id=ticket.lead_id, handler=person, by=city.handler, at=NOW)
    client = log_in(city.handler)

    assert ids(client.get("/inbox/", {"handler": city.handler2.pk})) == [other.number]
    assert set(ids(client.get("/inbox/", {"handler": "谁"}))) == {mine.number, other.number}
    assert set(ids(client.get("/inbox/", {"handler": "9" * 30}))) == {mine.number, other.number}


def test_signing_a_batch_says_what_became_of_each(city, log_in):
    first, second = dispatched(city), dispatched(city)
    done, strange = signed(city), dispatched(city, unit=city.other)

    response = log_in(city.handler).post(
        "/inbox/sign/",
        {"ticket": [first.number, done.number, strange.number, "胡\0乱", second.number], "handler": city.handler2.pk},
    )

    assert [(line.number, line.done, line.words) for line in response.context["lines"]] == [
        (done.number, False, "本单位的承办当前为“已签收”，不能执行该操作。"),
        (strange.number, False, "本单位没有承办这一件。"),
        ("胡乱", False, "本单位没有承办这一件。"),
        (first.number, True, "已签收，经办人刘*。"),
        (second.number, True, "已签收，经办人刘*。"),
    ]
    assert [fresh(ticket).lead.handler for ticket in (first, second)] == [city.handler2, city.handler2]
    assert [state_of(ticket) for ticket in (first, second, strange)] == ["in_progress", "in_progress", "pending_sign"]


def test_a_batch_cannot_be_signed_for_who_may_not_lead(city, log_in):
    contract = UserFactory(name="钟鸣", unit=city.department, employment="contract", roles=["handler"])
    ticket = dispatched(city)
    client = log_in(city.handler)

    page = client.get("/inbox/").content.decode()
    said = client.post("/inbox/sign/", {"ticket": [ticket.number], "handler": contract.pk}).context["lines"]

    assert f'<option value="{contract.pk}" disabled>钟* 聘用 主责办理人员须为在编人员。</option>' in page
    assert [(line.done, line.words) for line in said] == [(False, "主责办理人员须为在编人员。")]
    assert state_of(ticket) == "pending_sign"


@pytest.mark.parametrize("number", [1, 3])
def test_the_peek_of_a_ticket_costs_the_same_for_one_part_and_three(city, log_in, django_assert_num_queries, number):
    ticket = signed(city, co_units=[city.other, city.third][: number - 1])
    client = log_in(city.handler)
    client.get(f"/tickets/{ticket.number}/peek/")

    with django_assert_num_queries(17):
        response = client.get(f"/tickets/{ticket.number}/peek/")

    assert len(response.context["parts"]) == number


def test_the_peek_shows_what_runs_and_what_can_be_done(city, log_in):
    ticket = signed(city)

    page = log_in(city.handler).get(f"/tickets/{ticket.number}/peek/")

    assert [(label, clock.due_at) for label, clock in page.context["clocks"]] == [
        ("首次联系", at("11-11 10:00")),
        ("办理", at("11-19 17:30")),
    ]
    assert [(act.code, act.key, act.main, act.why) for act in page.context["acts"]] == [
        ("submit", "r", False, "还缺：联系反映人。"),
        ("contact", "c", True, ""),
        ("onsite", "s", False, ""),
        ("extend", "e", False, ""),
        ("return", "t", False, ""),
        ("handler", "h", False, ""),
        ("note", "n", False, ""),
    ]
    assert '<p class="s m mt" id="why-submit">填写结果：还缺：联系反映人。</p>' in page.content.decode()


def test_the_peek_is_not_found_by_others(city, log_in):
    assert log_in(city.other_handler).get(f"/tickets/{signed(city).number}/peek/").status_code == 404
