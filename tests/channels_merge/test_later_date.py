"""Callers hear what changes for them while they wait: a question, a later date, that it is put off."""

import pytest
import time_machine

from channels_merge import selectors
from channels_merge.models import OutboxMessage
from channels_merge.services import withdraw_appeal
from tests.factories.channels_merge import PhoneChannelFactory, make_accepted, ticket_of
from tests.factories.evaluation import TUESDAY
from tests.factories.tickets import approve_all, at, fresh, submit
from tickets import services
from tickets.models import ExtensionRequest

ASKED, GRANTED = at("11-12 09:30"), at("11-12 10:00")
WHY = "需邻市配合取证，请打 13807970009 问进展。"


def said(appeal, kind):
    return [row.body for row in OutboxMessage.objects.filter(appeal=appeal, kind=kind).order_by("pk")]


def head(appeal):
    return f"【赣州12345】您反映的事（编号 {appeal.number}）"


def tail(appeal):
    return f"凭查询码 {appeal.code} 在网页查看经过。"


@pytest.fixture
def two(city):
    """Callers of one matter that waits for dispatch."""
    first = make_accepted(at=TUESDAY, phone="13807970001")
    return first, make_accepted(at=TUESDAY, phone="13807970002", ticket_id=ticket_of(first).pk)


@pytest.fixture
def callers(city):
    """Two of one matter, one by telephone; a department has signed it."""
    first = make_accepted(at=TUESDAY, phone="13807970001", channel=PhoneChannelFactory())
    ticket = ticket_of(first)
    second = make_accepted(at=TUESDAY, phone="13807970002", ticket_id=ticket.pk)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=TUESDAY)
    services.sign_assignment(assignment_id=fresh(ticket).lead_id, by=city.handler, at=TUESDAY)
    return first, second


@pytest.fixture
def extended(city, callers):
    """Three working days more than the first of December."""
    lead = fresh(ticket_of(callers[0])).lead
    services.request_extension(assignment_id=lead.pk, days=3, reason=WHY, by=city.handler, at=ASKED)
    request = ExtensionRequest.objects.get(assignment=lead)
    services.grant_extension(request_id=request.pk, reason="同意。", by=city.reviewer, at=GRANTED)
    return callers


def test_each_caller_is_told_the_later_date_and_why(extended):
    why = "需邻市配合取证，请打 138****0009 问进展。"
    words = f"新的期限是2026年12月4日。原因：{why}"

    for appeal in extended:
        assert said(appeal, "extended") == [f"{head(appeal)}要多办几天。{words} {tail(appeal)}"]
        steps = selectors.progress_of(fresh(appeal)).steps
        assert [(step.title, step.text) for step in steps if "期限" in step.title] == [("办理期限延长", words)]


def test_the_page_of_the_query_code_says_the_later_date_and_keeps_the_first(extended, client):
    appeal = extended[0]
    client.post("/p/track/", {"number": appeal.number, "code": appeal.code})
    page = client.get("/p/track/").content.decode()

    progress = selectors.progress_of(fresh(appeal))
    assert (progress.clock.due_at, progress.promised_at) == (at("12-01 17:30"), at("12-04 17:30"))
    assert "为什么是 12月4日" in page
    assert "原来最晚 12月1日，经 12345 同意延长" in page


def test_a_new_round_has_its_own_date(city, extended):
    ticket = fresh(ticket_of(extended[0]))
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=GRANTED)
    submit(city, ticket, by=city.handler, at=GRANTED)
    approve_all(city, fresh(ticket), at=GRANTED)
    services.redo_ticket(ticket_id=ticket.pk, reason="没有办。", by=city.reviewer, at=GRANTED)

    assert selectors.progress_of(fresh(extended[0])).extended_to is None


def test_callers_hear_that_it_is_put_off_and_why(city, callers):
    ticket = ticket_of(callers[0])
    services.defer_ticket(ticket_id=ticket.pk, reason="列入明年改造计划。", by=city.reviewer, at=GRANTED)

    for appeal in callers:
        assert said(appeal, "deferred") == [
            f"{head(appeal)}一时办不了，已登记在册，定期复查。原因：列入明年改造计划。 {tail(appeal)}"
        ]


def test_what_is_done_again_says_by_when_and_not_that_it_is_late(city, callers, client):
    """Promised for the first of December; sent back on the second with three working days more."""
    appeal, sent_back = callers[0], at("12-02 10:00")
    ticket = ticket_of(appeal)
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=GRANTED)
    submit(city, fresh(ticket), by=city.handler, at=GRANTED)
    approve_all(city, fresh(ticket), at=GRANTED)
    services.redo_ticket(ticket_id=ticket.pk, reason="没有办。", by=city.reviewer, at=sent_back)

    with time_machine.travel(sent_back, tick=False):
        client.post("/p/track/", {"number": appeal.number, "code": appeal.code})
        page = client.get("/p/track/").content.decode()

    assert "原来答应 <b>12月1日</b> 前办完；现在重新办理，最晚 <b>12月7日 17:30</b> 再报结果。" in page
    assert "已经晚了" not in page


def test_what_is_put_off_promises_no_date_any_more(city, callers, client):
    """The citizen's clock runs on and is judged; the page, the desk and who reads it out name the day of the review."""
    appeal = callers[0]
    services.defer_ticket(ticket_id=ticket_of(appeal).pk, reason="列入明年改造计划。", by=city.reviewer, at=GRANTED)
    client.post("/p/track/", {"number": appeal.number, "code": appeal.code})
    page = client.get("/p/track/").content.decode()

    progress = selectors.progress_of(fresh(appeal))
    assert (progress.label, progress.sentence) == (
        "暂时办不了",
        "一时办不了，已登记在册，最晚2027年2月10日复查。",
    )
    assert progress.sentence in page
    assert "原来答应 <b>12月1日</b> 前办完，现在办不到，原因见下面。" in page
    assert "最晚 <b>" not in page
    assert "为什么是" not in page


def test_who_is_asked_for_more_hears_the_question_and_nobody_else(city, two):
    first, second = two
    services.ask_information(ticket_id=ticket_of(first).pk, question="是三栋几单元？", by=city.dispatcher, at=ASKED)

    assert said(first, "need_info") == [
        f"{head(first)}还需要补充：是三栋几单元？ 请回电 12345 或凭查询码 {first.code} 在网页补充。"
    ]
    assert said(second, "need_info") == []


def test_nobody_waits_in_vain_for_one_who_has_withdrawn(city, two):
    """The question went to the first caller alone, who hears nothing any more."""
    first, second = two
    ticket = ticket_of(first)
    withdraw_appeal(appeal_id=first.pk, channel=first.channel, reason="已解决。", by=None, at=ASKED)
    services.ask_information(ticket_id=ticket.pk, question="是三栋几单元？", by=city.dispatcher, at=GRANTED)

    assert said(first, "need_info") == []
    assert said(second, "need_info") == [
        f"{head(second)}还需要补充：是三栋几单元？ 请回电 12345 或凭查询码 {second.code} 在网页补充。"
    ]


def test_a_question_stays_with_who_was_asked_when_they_withdraw(city, two):
    first, second = two
    services.ask_information(
        ticket_id=ticket_of(first).pk, question="您家是三栋几单元？", by=city.dispatcher, at=ASKED
    )
    withdraw_appeal(appeal_id=first.pk, channel=first.channel, reason="已解决。", by=None, at=GRANTED)

    assert [step.text for step in selectors.progress_of(fresh(second)).steps if step.text] == []
