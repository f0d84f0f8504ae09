"""Pages of first handlers' disputes and of what units return."""

import re

import pytest
from bs4 import BeautifulSoup
from django.contrib.messages import get_messages

from hotline.services import set_parameter
from responsibility.models import RoutingExample
from tests.factories.hotline import UserFactory
from tests.factories.tickets import NOW, at, dispatched, fresh, make_item, register, signed
from tests.tickets_pages.cases import objected, ruled
from tests.tickets_pages.reading import cells
from tickets import services
from tickets.models import DutyQuestion, Objection, ReturnRequest, Ruling, Statement, Ticket
from tickets.selectors.precedents import precedents_for
from tickets.selectors.queues import nearest_function

REASON = "该路段由市住建局管护，附移交单。"
NOISE = "锦江花园东侧工地每晚十一点后仍在施工，施工噪声大，希望停止。"


def asked(city):
    """An objection about which a unit and an office are asked."""
    ticket = objected(city)
    words = {"objection_id": Objection.objects.get(ticket=ticket).pk, "by": city.reviewer, "at": NOW}
    services.ask_statements(units=[city.third], question="该路段由谁管护？", **words)
    services.ask_definition(office="staffing", question="路肩管护归谁？", **words)
    return ticket


def give_back(city, ticket, by, moment, **fields):
    """A return and the request of it."""
    services.request_return(
        assignment_id=fresh(ticket).lead_id, ground="not_our_duty", reason=REASON, by=by, at=moment, **fields
    )
    return ReturnRequest.objects.get(assignment=fresh(ticket).lead, decision="pending")


def grant(city, ticket, by, moment):
    request = give_back(city, ticket, by, moment)
    services.grant_return(request_id=request.pk, reason="", by=city.dispatcher, at=moment)


@pytest.fixture
def officer(city):
    return UserFactory(name="宋宁", unit=city.enterprise, roles=["staffing_reviewer"])


# --- lists cost the same for one row and three

LISTS = {
    "/rulings/objections/": ("reviewer", asked, 7),
    "/rulings/precedents/?q=施工": ("reviewer", ruled, 6),
    "/inbox/statements/": ("third_handler", asked, 4),
    "/definitions/": ("officer", asked, 5),
    "/returns/table/rows/": ("dispatcher", lambda city: give_back(city, signed(city), city.handler, NOW), 5),
    "/returns/table/": ("dispatcher", lambda city: passed(city), 11),
}


def passed(city):
    ticket = signed(city)
    grant(city, ticket, city.handler, NOW)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.other, item=None, by=city.dispatcher, at=NOW)
    return fresh(ticket)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("address", LISTS)
def test_a_list_costs_the_same_for_one_row_and_three(
    city, officer, log_in, django_assert_num_queries, address, number
):
    city.officer = officer
    who, make, queries = LISTS[address]
    for _ in range(number):
        make(city)
    client = log_in(getattr(city, who))
    client.get(address)

    with django_assert_num_queries(queries):
        page = client.get(address)

    assert page.status_code == 200
    assert page.content.decode().count("data-id=") == (0 if address == "/returns/table/" else number)


@pytest.mark.parametrize(
    "address", ["/rulings/objections/", "/inbox/statements/", "/definitions/", "/rulings/precedents/"]
)
def test_pages_follow_each_other_by_key(city, officer, log_in, monkeypatch, address):
    monkeypatch.setattr("tickets.selectors.lists.PAGE_ROWS", 2)
    city.officer = officer
    for _ in range(3):
        asked(city)
    client = log_in(
        getattr(city, {"/inbox/statements/": "third_handler", "/definitions/": "officer"}.get(address, "reviewer"))
    )

    first = client.get(address)
    second = client.get(first.context["next_url"])

    found = [*first.context["rows"], *second.context["rows"]]
    assert (len(first.context["rows"]), len(second.context["rows"]), second.context["next_url"]) == (2, 1, "")
    assert len({row.clock.pk if hasattr(row, "clock") else row.pk for row in found}) == 3


# --- the centre


def test_the_queue_says_who_is_waited_for_and_turns_red(city, log_in, time_machine_at):
    ticket = asked(city)
    client = log_in(city.reviewer)

    [row] = cells(client.get("/rulings/objections/"))

    assert (row[1], row[5], row[7]) == (ticket.number, "市城管局", "市住建局、编办")
    time_machine_at("11-18 08:30")
    page = log_in(city.reviewer2).get("/rulings/objections/")
    [row] = cells(page)
    assert row[7] == "市住建局已超时、编办已超时"
    assert [(segment.label, segment.count, segment.tone) for segment, _ in page.context["segments"]] == [
        ("待裁定", 0, ""),
        ("首办异议", 1, "red"),
        ("先例", None, ""),
    ]


def test_the_case_shows_what_units_said_what_was_met_about_and_what_the_office_answered(city, officer, log_in):
    ticket = asked(city)
    services.give_statement(
        statement_id=Statement.objects.get().pk, text="不在我局管护范围。", by=city.third_handler, at=NOW
    )
    services.answer_definition(
        duty_question_id=DutyQuestion.objects.get().pk, answer="路肩属附属设施。", unit=city.third, by=officer, at=NOW
    )
    services.record_meeting(
        objection_id=Objection.objects.get().pk,
        held_at=NOW,
        attended="市城管局、市住建局",
        text="由市住建局先修。",
        by=city.reviewer,
        at=NOW,
    )

    page = log_in(city.reviewer).get(f"/rulings/objections/{ticket.number}/")

    body = page.content.decode()
    for said in (REASON, "不在我局管护范围。", "市城管局、市住建局", "由市住建局先修。", "路肩属附属设施。"):
        assert said in body
    assert [act.code for act in page.context["acts"]] == [
        "rule-objection",
        "ask-statements",
        "meeting",
        "ask-definition",
        "note",
    ]


def test_a_ruling_that_waits_for_an_opinion_is_greyed_with_the_reason(city, log_in):
    ticket = asked(city)

    page = log_in(city.reviewer).get(f"/rulings/objections/{ticket.number}/")

    assert "还在等市住建局、编办，交来或到时限以后才能裁定。" in page.content.decode()


def test_the_form_of_a_ruling_begins_with_the_nearest_function_and_why(duty, log_in):
    ticket = register(text=NOISE, region=duty.region)
    services.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=duty.dispatcher, at=NOW)

    form = log_in(duty.reviewer).get(f"/tickets/{ticket.number}/acts/rule/").context["form"]

    assert (form.initial["unit"], form.initial["item"]) == (duty.county, duty.noise)
    # Nobody can give it back afterwards: the grounds are written by who rules.
    assert "reason" not in form.initial
    assert form.fields["reason"].help_text.startswith(
        f"系统看，{duty.county.short_name}的职能与本件最相近，得 {ticket.proposed_score} 分：清单 CG-01 夜间施工噪声（"
    )


def test_whoever_ruled_may_take_the_ruling_back(duty, log_in):
    ticket = register(text=NOISE, region=duty.region)
    services.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=duty.dispatcher, at=NOW)
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=duty.department, item=None, reason="谁许可谁监管。", by=duty.reviewer, at=NOW
    )

    answer = log_in(duty.reviewer).post(f"/tickets/{ticket.number}/acts/recall/", {"reason": "裁错了单位。"})

    assert answer.status_code == 302
    assert Ruling.objects.get(ticket=ticket).ended_at == NOW


def test_whoever_gave_it_back_is_not_proposed_while_another_is_near(duty):
    ticket = register(text=f"{NOISE}学校收费也不合理。", region=duty.region)
    first = nearest_function(ticket, NOW).unit
    services.dispatch_ticket(ticket_id=ticket.pk, unit=first, item=None, by=duty.dispatcher, at=NOW)
    by = duty.county_clerk if first == duty.county else duty.other_handler
    grant(duty, ticket, by, NOW)

    next_best = nearest_function(fresh(ticket), NOW)
    assert (next_best.unit != first, next_best.is_sure) == (True, False)
    assert next_best.grounds.endswith(f"。{first.short_name}得 {ticket.proposed_score} 分，已退回过。")


def test_one_that_is_not_sure_is_not_called_the_nearest_and_a_unit_is_named_once(duty):
    """The county is a candidate by two items, and gave the matter back; what is left has a word or two of it."""
    make_item("CG-02", title="工地噪声", words=["夜间施工", "施工噪声"])
    ticket = register(text=f"{NOISE}学校收费也不合理。", region=duty.region)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=duty.county, item=None, by=duty.dispatcher, at=NOW)
    grant(duty, ticket, duty.county_clerk, NOW)

    left = nearest_function(fresh(ticket), NOW)
    assert left.unit != duty.county
    assert left.grounds.startswith(f"系统没有把握，没有退回过的单位里分最高的是{left.unit.short_name}，得 ")
    assert left.grounds.count(f"{duty.county.short_name}得 ") == 1


# --- precedents


def test_a_like_matter_of_the_same_item_cites_the_ruling(duty, log_in):
    old = register(title="工地夜间施工", text=NOISE, region=duty.region)
    services.refer_to_ruling(ticket_id=old.pk, reason="争议。", by=duty.dispatcher, at=NOW)
    services.rule_first_handler(
        ticket_id=old.pk, unit=duty.department, item=duty.noise, reason="谁许可谁监管。", by=duty.reviewer, at=NOW
    )
    new = register(title="工地夜间施工", text="锦江花园北侧工地夜里还在施工，施工噪声大。", region=duty.region)

    page = log_in(duty.dispatcher).get(f"/dispatch/{new.number}/")

    assert f"先例：{old.number} 裁定由市城管局首办" in page.content.decode()
    found = log_in(duty.dispatcher).get("/rulings/precedents/", {"q": old.number})
    assert [row[1] for row in cells(found)] == [old.number]

    [cited] = precedents_for(new, [duty.noise], at=NOW)
    assert round(cited.likeness, 2) == 0.72
    set_parameter(key="precedent_alike", value="0.9", valid_from=NOW, source="试", by=None, at=NOW)
    assert precedents_for(new, [duty.noise], at=NOW) == ()

    services.recall_ticket(ticket_id=old.pk, reason="选错单位。", by=duty.dispatcher, at=NOW)
    assert "先例" not in log_in(duty.dispatcher).get(f"/dispatch/{new.number}/").content.decode()


def test_another_matter_of_the_item_does_not_and_a_secret_one_never(duty, django_assert_num_queries):
    def rule(**words):
        ticket = register(region=duty.region, **words)
        services.refer_to_ruling(ticket_id=ticket.pk, reason="争议。", by=duty.dispatcher, at=NOW)
        services.rule_first_handler(
            ticket_id=ticket.pk, unit=duty.department, item=duty.noise, reason="相近。", by=duty.reviewer, at=NOW
        )
        return ticket

    rule(title="广场舞音响", text="中心广场清早跳舞放歌，吵得睡不着。")
    secret = rule(title="工地夜间施工", text=NOISE)
    services.restrict_ticket(ticket_id=secret.pk, readers=(), reason="举报。", by=duty.reviewer, at=NOW)
    new = register(title="工地夜间施工", text=NOISE, region=duty.region)

    with django_assert_num_queries(1):
        assert precedents_for(new, [duty.noise], at=NOW) == ()
    with django_assert_num_queries(0):
        assert precedents_for(new, [], at=NOW) == ()


# --- whoever was asked


def test_a_unit_reads_the_matter_without_a_caller_and_answers_once(city, log_in):
    ticket = objected(city)
    services.ask_statements(
        objection_id=Objection.objects.get(ticket=ticket).pk,
        units=[city.third],
        question="电话 13807971234 说的路段由谁管护？",
        by=city.reviewer,
        at=NOW,
    )
    client = log_in(city.third_handler)
    assert client.get(f"/tickets/{ticket.number}/").status_code == 404
    inbox = client.get("/inbox/").content.decode()
    assert re.search(r"书面意见 <b>1</b>", inbox)
    address = f"/inbox/statements/{ticket.number}/"

    empty = client.post(address, {"text": " "})
    assert (empty.status_code, Statement.objects.get().given_at) == (422, None)
    answer = client.post(address, {"text": "不在我局管护范围。"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/inbox/statements/")
    assert (Statement.objects.get().text, Statement.objects.get().given_by) == (
        "不在我局管护范围。",
        city.third_handler,
    )
    again = client.post(address, {"text": "补充。"})
    assert again.status_code == 422
    assert "本单位的书面意见已经提交。" in str(again.context["form"].non_field_errors())
    assert "书面意见 <b>" not in client.get("/inbox/").content.decode()


def test_the_office_reads_what_units_said_and_names_a_unit(city, officer, log_in):
    ticket = asked(city)
    services.give_statement(
        statement_id=Statement.objects.get().pk, text="不在我局管护范围。", by=city.third_handler, at=NOW
    )
    client = log_in(officer)
    address = f"/definitions/{ticket.number}/"
    assert "不在我局管护范围。" in client.get(address).content.decode()

    answer = client.post(address, {"text": "属附属设施。", "unit": "市住建局"})

    assert (answer.status_code, DutyQuestion.objects.get().unit) == (302, city.third)
    assert "属附属设施。" in client.get(address).content.decode()


def test_a_number_in_an_opinion_leaves_its_mask_and_the_writer_is_told(city, officer, log_in):
    """These two forms are no act's form, and kept what was typed."""
    ticket = asked(city)
    told = "手机号、证件号不存在这里，写的已改为 138****0006；要留在反映人名下的，请写在诉求的补充或联系记录里。"

    log_in(city.third_handler).post(f"/inbox/statements/{ticket.number}/", {"text": "经问 13807970006，不归我局。"})
    answer = log_in(officer).post(f"/definitions/{ticket.number}/", {"text": "据 13807970006，属附属设施。"})

    assert (Statement.objects.get().text, DutyQuestion.objects.get().answer) == (
        "经问 138****0006，不归我局。",
        "据 138****0006，属附属设施。",
    )
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        f"{ticket.number} 的书面意见已交市热线中心。{told}",
        f"{ticket.number} 的职责界定已答复市热线中心。{told}",
    ]


def test_whoever_is_asked_reads_no_number_whoever_wrote_it(city, officer, log_in):
    """The citizen, the agent who took the place down, the first handler, the centre and a unit may each have written one."""
    ticket = objected(city)
    Ticket.objects.filter(pk=ticket.pk).update(text="工地很吵，打 13807970001。", place="锦江花园（联系 13807970002）")
    found = Objection.objects.get(ticket=ticket)
    Objection.objects.filter(pk=found.pk).update(reason="已联系 13807970003，不归我局。")
    words = {"objection_id": found.pk, "by": city.reviewer, "at": NOW}
    services.ask_statements(units=[city.third], question="13807970004 说的路段归谁？", **words)
    services.ask_definition(office="staffing", question="13807970005 说的路肩归谁？", **words)
    of_unit = log_in(city.third_handler).get(f"/inbox/statements/{ticket.number}/").content.decode()
    services.give_statement(
        statement_id=Statement.objects.get().pk, text="经问 13807970006，不归我局。", by=city.third_handler, at=NOW
    )
    pages = {
        "unit": of_unit,
        "office": log_in(officer).get(f"/definitions/{ticket.number}/").content.decode(),
        "list": log_in(officer).get("/definitions/").content.decode(),
    }

    assert {name: re.findall(r"1380797000\d", page) for name, page in pages.items()} == {
        "unit": [],
        "office": [],
        "list": [],
    }
    assert {name: sorted(set(re.findall(r"138\*+(\d{4})", page))) for name, page in pages.items()} == {
        "unit": ["0001", "0002", "0003", "0004"],
        "office": ["0001", "0002", "0003", "0005", "0006"],
        "list": ["0005"],
    }
    assert "锦江花园（联系 138****0002）" in pages["office"]


def test_what_became_secret_since_is_asked_of_nobody(city, officer, log_in):
    ticket = asked(city)
    services.restrict_ticket(ticket_id=ticket.pk, readers=(), reason="举报。", by=city.reviewer, at=NOW)

    for person, address in ((city.third_handler, "/inbox/statements/"), (officer, "/definitions/")):
        client = log_in(person)
        page = client.get(address)
        assert (page.status_code, list(page.context["rows"])) == (200, [])
        assert client.get(f"{address}{ticket.number}/").status_code == 404


# --- who returns what


def test_the_table_counts_by_unit_and_by_item_what_became_of_each_return(duty, log_in):
    city = duty
    grant(city, signed(city, item=city.noise), city.handler, NOW)
    refused = give_back(city, signed(city, item=city.noise), city.handler, NOW)
    services.refuse_return(request_id=refused.pk, reason="由你局主办。", by=city.dispatcher, at=NOW)
    disputed = give_back(city, signed(city), city.handler, NOW)
    services.dispute_return(request_id=disputed.pk, reason="争议。", by=city.dispatcher, at=NOW)
    give_back(city, signed(city), city.handler, NOW)
    dispatched(city)
    dispatched(city, unit=city.other)
    # Of October, which is another page.
    before = dispatched(city, at=at("10-28 10:00"))
    grant(city, before, city.handler, at("10-28 11:00"))

    page = log_in(city.dispatcher).get("/returns/table/")

    [line] = page.context["units"]
    assert (line.subject, line.dispatched, line.returned, line.share) == (city.department, 5, 4, 80.0)
    assert (line.granted, line.refused, line.disputed, line.open, line.late) == (1, 1, 1, 1, 0)
    assert [(each.subject, each.dispatched, each.returned) for each in page.context["items"]] == [
        (city.noise, 2, 2),
        (None, 4, 2),
    ]
    behind = {
        code: len(
            log_in(city.dispatcher).get(f"/returns/table/rows/?unit={city.department.pk}&as={code}").context["rows"]
        )
        for code in ("", "granted", "refused", "disputed", "open", "late")
    }
    assert behind == {"": 4, "granted": 1, "refused": 1, "disputed": 1, "open": 1, "late": 0}
    assert len(log_in(city.dispatcher).get("/returns/table/rows/?item=0").context["rows"]) == 2
    october = log_in(city.dispatcher).get("/returns/table/?month=2026-10")
    assert [(each.dispatched, each.granted) for each in october.context["units"]] == [(1, 1)]


def test_a_matter_passed_round_is_listed_with_its_road(city, log_in):
    ticket = passed(city)
    grant(city, ticket, city.other_handler, at("11-10 10:30"))
    services.refer_to_ruling(ticket_id=ticket.pk, reason="无人认领。", by=city.dispatcher, at=at("11-10 10:40"))
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.third, item=None, reason="相近。", by=city.reviewer, at=at("11-10 10:50")
    )
    twice = passed(city)
    kept = signed(city)
    secret = passed(city)
    services.restrict_ticket(ticket_id=secret.pk, readers=(), reason="举报。", by=city.reviewer, at=NOW)

    page = log_in(city.dispatcher).get("/returns/table/")

    assert [(each.ticket, each.units, each.road) for each in page.context["passed"]] == [
        (ticket, 3, "市城管局 → 市教育局 → 市住建局"),
        (twice, 2, "市城管局 → 市教育局"),
    ]
    assert page.context["index"] == 2.5
    assert kept.number not in page.content.decode()
    assert f"/tickets/{ticket.number}/" in page.content.decode()


@pytest.mark.parametrize("asked", ["2026-13", "2026-12", "x", "1999-01"])
def test_a_month_that_is_none_is_not_found(city, log_in, asked):
    assert log_in(city.dispatcher).get(f"/returns/table/?month={asked}").status_code == 404


def test_nothing_leads_to_the_month_before_the_first(city, log_in):
    page = BeautifulSoup(log_in(city.dispatcher).get("/returns/table/?month=2020-01").content, "html.parser")

    assert [link["href"] for link in page.select("a[data-key]")] == ["?month=2020-02"]


def test_the_memory_learns_from_the_ruling_of_an_objection(city, log_in):
    ticket = objected(city)

    log_in(city.reviewer).post(
        f"/tickets/{ticket.number}/acts/rule-objection/", {"unit": "市住建局", "reason": "三定写明。"}
    )

    last = RoutingExample.objects.latest("pk")
    assert (last.outcome, last.final_unit) == ("ruled", city.third)
