"""The ticket page: two clocks, the road, whose turn, the acts, the people behind it, what happened; and its cost."""

import copy
import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from channels_merge import services as intake
from channels_merge.models import Appeal, Channel
from channels_merge.selectors import appeals_of_ticket
from channels_merge.services import sync_channels
from hotline import calendar, parameters
from hotline.services import set_parameter, store_file
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.hotline import load_rules
from tests.factories.tickets import (
    NOW,
    REPLY,
    acts,
    approve_all,
    at,
    dispatched,
    fresh,
    make_city,
    make_item,
    part_of,
    passed_down,
    register,
    signed,
    submit,
    submitted,
)
from tickets import services

HTMX = {"HTTP_HX_REQUEST": "true"}
MATTER = {
    "title": "工地夜间施工",
    "text": "锦江花园东侧工地每晚十一点后仍在浇筑，噪声大，希望停止夜间施工。",
    "kind": "help",
}


@pytest.fixture(autouse=True)
def that_morning():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
    calendar.forget_calendar()
    parameters.forget_parameters()


@pytest.fixture(scope="module")
def city_of_this_file(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        load_rules()
        city = make_city()
        sync_channels(at=NOW)
        yield city
        transaction.set_rollback(True)


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


@pytest.fixture
def open_as(client):
    def open_it(user, ticket, **query):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client.get(f"/tickets/{ticket.number}/", query)

    return open_it


def reported(*, times=1, **person):
    """A ticket with so many callers, each of whom left a number."""
    phone = Channel.objects.get(code="phone")
    first = make_accepted(at=NOW, channel=phone, phone="13800000001", **MATTER, **person)
    ticket = ticket_of(first)
    for number in range(2, times + 1):
        make_accepted(at=NOW, channel=phone, phone=f"1380000000{number}", ticket_id=ticket.pk, **MATTER)
    return fresh(ticket)


def given(city, ticket, *, item=None, moment=NOW, **fields):
    services.dispatch_ticket(
        ticket_id=ticket.pk, unit=city.department, item=item, by=city.dispatcher, at=moment, **fields
    )
    ticket = fresh(ticket)
    services.sign_assignment(assignment_id=ticket.lead_id, handler=city.handler, by=city.handler, at=moment)
    return fresh(ticket)


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def buttons(page):
    return [(b.code, b.key, b.main, b.why) for b in page.context["buttons"]]


def test_two_clocks_and_how_the_date_came_about(city, open_as, that_morning):
    ticket = given(city, reported())
    that_morning.move_to(at("11-12 09:30"))

    page = open_as(city.handler, ticket)

    words = text_of(page)
    assert "群众已等 1 天 23 时 不停表" in words
    assert "市城管局办理 余 5 日 5 时 截止 11月19日 17:30 怎么算的" in words
    assert "为什么是 11月19日 17:30 7 个工作日" in words
    assert page.content.decode().count('<a href="#why">怎么算的</a>') == 1
    tape = re.search(r'<ol class="tape.*?</ol>', page.content.decode(), re.DOTALL)[0]
    assert re.findall(r"<b>(.*?)</b>", tape) == ["收", "1", "2", "3", "休", "休", "4", "5", "6", "7"]


def test_the_road_shows_what_is_done_and_where_it_is(city, open_as):
    ticket = given(city, reported())

    steps = open_as(city.handler, ticket).context["steps"]

    assert [(step.name, step.state, step.note) for step in steps] == [
        ("受理", "done", "今天 10:00"),
        ("派单", "done", "今天 10:00"),
        ("签收", "done", "今天 10:00"),
        ("首次联系", "", "限 11-11 10:00"),
        ("办理", "now", "限 11-19 17:30"),
        ("审核", "", "限 1 个工作日"),
        ("回访", "", "次日，逐人"),
        ("办结", "", ""),
    ]
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=NOW)
    assert on_the_road(open_as, city.handler, ticket)["首次联系"] == ("done", "今天 10:00")


def test_the_road_names_the_limit_of_the_review_as_it_is_laid_down(city, open_as):
    ticket = given(city, reported())
    set_parameter(key="completion_review_limit", value="2wd", valid_from=NOW, source="测试", by=None, at=NOW)

    assert on_the_road(open_as, city.handler, ticket)["审核"] == ("", "限 2 个工作日")


def on_the_road(open_as, user, ticket):
    """Name of each step → its state and note."""
    return {step.name: (step.state, step.note) for step in open_as(user, ticket).context["steps"]}


def test_a_first_contact_that_is_overdue_says_so_on_the_road(city, open_as, that_morning):
    ticket = given(city, reported())
    that_morning.move_to(at("11-12 09:30"))

    step = next(step for step in open_as(city.handler, ticket).context["steps"] if step.name == "首次联系")

    assert (step.state, step.note, step.late) == ("", "限 11-11 10:00", True)


def test_who_was_never_reached_is_not_shown_as_called(city, open_as):
    ticket = given(city, reported())
    for moment in ("11-10 10:30", "11-10 15:00"):
        services.record_contact(assignment_id=ticket.lead_id, reached=False, by=city.handler, at=at(moment))
    assert on_the_road(open_as, city.handler, ticket)["首次联系"] == ("", "还没有联系上")

    submit(city, ticket, at=at("11-10 16:00"))

    assert on_the_road(open_as, city.handler, ticket)["首次联系"] == ("skipped", "没有联系上")


def test_steps_that_never_came_are_not_shown_as_done(city, open_as):
    answered, withdrawn = reported(), given(city, reported())
    services.answer_by_centre(ticket_id=answered.pk, public_text=REPLY, by=city.dispatcher, at=NOW)
    services.count_appeals(ticket_id=withdrawn.pk, live=0)
    services.propose_withdrawal(ticket_id=withdrawn.pk, by=None, at=NOW)
    services.close_as_withdrawn(ticket_id=withdrawn.pk, reason="已撤回。", by=city.reviewer, at=NOW)

    assert on_the_road(open_as, city.dispatcher, answered) == {
        "受理": ("done", "今天 10:00"),
        "派单": ("skipped", "未做"),
        "签收": ("skipped", "未做"),
        "首次联系": ("skipped", "未做"),
        "办理": ("skipped", "未做"),
        "审核": ("skipped", "未做"),
        "回访": ("now", ""),
        "办结": ("", ""),
    }
    assert on_the_road(open_as, city.dispatcher, withdrawn) == {
        "受理": ("done", "今天 10:00"),
        "派单": ("done", "今天 10:00"),
        "签收": ("done", "今天 10:00"),
        "首次联系": ("skipped", "未做"),
        "办理": ("skipped", "未做"),
        "审核": ("skipped", "未做"),
        "回访": ("skipped", "未做"),
        "办结": ("done", "今天 10:00"),
    }


def test_what_is_missing_comes_before_the_result(city, open_as):
    item = make_item(onsite_required=True)
    ticket = given(city, reported(), item=item)

    page = open_as(city.handler, ticket)

    assert page.context["turn"] == "轮到您：张*"
    assert [(line.met, line.sentence) for line in page.context["found"].requirements] == [
        (False, "联系反映人"),
        (False, "到过现场"),
        (False, "现场照片至少 2 张，已有 0 张"),
    ]
    missing = "还缺：联系反映人；到过现场；现场照片至少 2 张，已有 0 张。"
    assert buttons(page) == [
        ("submit", "r", False, missing),
        ("contact", "c", True, ""),
        ("onsite", "s", False, ""),
        ("mediate", "", False, ""),
        ("extend", "e", False, ""),
        ("return", "t", False, ""),
        ("handler", "h", False, ""),
        ("note", "n", False, ""),
    ]
    html = page.content.decode()
    assert 'aria-disabled="true" aria-describedby="why-submit" data-key="r"' in html
    assert f'id="why-submit">填写结果：{missing}</p>' in html
    assert re.findall(r'<a class="btn btn-primary" href="([^"]+)"', html) == [
        f"/tickets/{ticket.number}/acts/contact/"
    ]
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=NOW)
    assert [button.code for button in open_as(city.handler, ticket).context["buttons"] if button.main] == ["onsite"]


def test_the_main_act_is_the_result_once_nothing_is_missing(city, open_as):
    ticket = given(city, reported())
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=NOW)

    page = open_as(city.handler, ticket)

    assert [button.code for button in page.context["buttons"] if button.main] == ["submit"]


def test_a_county_passes_on_and_may_add_a_co_unit(city, open_as):
    ticket = signed(city, unit=city.county)

    shown = {code: (key, main) for code, key, main, _ in buttons(open_as(city.county_clerk, ticket))}

    assert shown["pass-down"] == ("d", True)
    assert shown["co-unit"] == ("a", False)


@pytest.mark.parametrize(
    ("make", "who", "turn"),
    [
        (lambda city: register(), "dispatcher", "等市中心派单"),
        (dispatched, "dispatcher", "赣州市城管局在办"),
        (lambda city: passed_down(city), "county_clerk", "章贡区城管局在办"),
    ],
)
def test_whose_turn_it_is(city, open_as, make, who, turn):
    ticket = make(city)
    expected = turn if who != "county_clerk" else f"{city.county_department.name}在办"

    assert open_as(getattr(city, who), ticket).context["turn"] == expected


def test_whose_turn_it_is_while_a_result_is_approved(city, open_as):
    ticket = submitted(city)

    assert open_as(city.handler, ticket).context["turn"] == f"等{city.department.short_name}负责人审签"


def test_people_are_masked_and_each_has_a_number(city, open_as):
    ticket = given(city, reported(times=3))

    words = text_of(open_as(city.handler, ticket))

    assert "反映人 3 件诉求并为一件，各自编号、各自回访" in words
    assert re.findall(r"138\*\*\*\*\d{4}", words) == ["138****0001", "138****0002", "138****0003"]
    assert not re.search(r"1380000000\d", words)
    assert "王丽" not in words


def test_co_units_see_no_people_and_no_internal_words(city, open_as):
    ticket = given(city, reported(), co_units=[city.other])
    services.add_note(ticket_id=ticket.pk, text="夜里去看。", by=city.handler, at=NOW)

    words = text_of(open_as(city.other_handler, ticket))

    assert "反映人" not in words.split("经过")[0]
    assert "138****0001" not in words
    assert "夜里去看。" not in words
    assert "夜里去看。" in text_of(open_as(city.handler, ticket))


def test_a_co_unit_is_not_asked_to_call_whom_it_does_not_see(city, client, open_as):
    ticket = given(city, reported(), co_units=[city.other])
    services.sign_assignment(assignment_id=part_of(ticket, city.other).pk, by=city.other_handler, at=NOW)

    page = open_as(city.other_handler, ticket)
    form = client.get(f"/tickets/{ticket.number}/acts/contact/")

    assert [button.code for button in page.context["buttons"]] == ["report", "onsite", "return", "handler", "note"]
    assert form.status_code == 409
    assert "138****0001" not in text_of(form)


def test_who_joins_the_first_caller_is_a_line_of_what_happened(city, open_as):
    first = make_accepted(at=NOW)
    ticket = ticket_of(first)
    second = make_accepted(at=at("11-10 10:05"), ticket_id=ticket.pk)

    items = open_as(city.reviewer, ticket).context["items"]

    assert [(item.act, item.about, item.public) for item in items] == [
        ("又有人反映", f"{second.number}，{second.channel.name}", False),
        ("建单", "", False),
    ]


def test_a_void_matter_has_no_clock_of_a_unit(city, open_as):
    ticket = register(**MATTER)
    services.void_ticket(ticket_id=ticket.pk, reason="测试单。", by=city.dispatcher, at=NOW)

    page = text_of(open_as(city.reviewer, ticket))

    assert "提前" not in page
    assert "为什么是" not in page


def test_what_is_put_off_says_when_it_is_looked_at_again_and_asks_nothing_of_the_unit(city, open_as):
    ticket = signed(city)
    services.defer_ticket(ticket_id=ticket.pk, reason="列入明年改造计划。", by=city.reviewer, at=NOW)

    words = text_of(open_as(city.handler, ticket))
    assert "挂账复核 余 90 天 最晚 2027年2月8日 10:00 复核，各单位停表" in words
    assert "下一步 挂账，等市中心复核 批注" in words
    assert "提前" not in words
    assert "为什么是" not in words


def test_what_holds_a_matter_open_is_said_on_its_page(city, open_as):
    ticket = given(city, reported(), moment=at("11-10 10:01"))
    services.place_hold(
        ticket_id=ticket.pk, source="督办", reason="等用地手续。", by=city.reviewer, at=at("11-10 10:02")
    )

    page = text_of(open_as(city.handler, ticket))

    assert "保留：督办。" in page
    assert "解除以前不能办结，时限照走。" in page


def test_what_happened_is_told_newest_first_and_can_be_narrowed(city, open_as):
    phone = Channel.objects.get(code="phone")
    ticket = given(city, reported(), moment=at("11-10 10:01"))
    appeal = _appeal_of(ticket)
    intake.record_contact(
        appeal_id=appeal.pk,
        assignment_id=ticket.lead_id,
        way="phone",
        reached=True,
        summary="23 点以后最吵。",
        by=city.handler,
        at=at("11-10 10:02"),
    )
    services.request_extension(
        assignment_id=ticket.lead_id, days=2, reason="等检测。", by=city.handler, at=at("11-10 10:03")
    )
    intake.urge_appeal(appeal_id=appeal.pk, channel=phone, text="还在吵。", by=None, at=at("11-10 10:04"))

    page = open_as(city.handler, ticket)

    assert [item.act for item in page.context["items"]] == ["催单", "申请延期", "联系反映人", "签收", "派单", "建单"]
    assert page.context["items"][2].about == f"{appeal.number}，电话联系"
    assert [item.say for item in page.context["items"]][:3] == ["还在吵。", "等检测。", "23 点以后最吵。"]
    assert [(label, count) for _, label, count in page.context["filters"]] == [
        ("全部", 6),
        ("群众可见", 4),
        ("时限", 1),
        ("与群众往来", 2),
    ]
    assert [item.act for item in open_as(city.handler, ticket, show="clock").context["items"]] == ["申请延期"]
    assert len(open_as(city.handler, ticket, show="胡乱").context["items"]) == 6


def test_what_was_corrected_and_why_it_was_given_back_are_named(city, open_as):
    ticket = reported()
    changes = {"place": "锦江花园西侧工地", "urgency": "urgent"}
    services.revise_ticket(ticket_id=ticket.pk, changes=changes, by=city.dispatcher, at=NOW)
    ticket = given(city, ticket)
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_place", reason="在南康区。", by=city.handler, at=NOW
    )

    items = open_as(city.reviewer, ticket).context["items"]

    assert {item.code: item.about for item in items if item.code in {"revise", "request_return"}} == {
        "revise": "地点、紧急程度",
        "request_return": "不属本单位管辖区域",
    }


def _appeal_of(ticket):
    return appeals_of_ticket(ticket.pk)[0]


def test_pictures_are_shown_and_other_files_named(city, open_as):
    ticket = given(city, reported())
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
    files = [
        store_file(upload=SimpleUploadedFile(name, content), by=city.handler, at=NOW)
        for name, content in (("现场.png", png), ("移交单.pdf", b"%PDF-1.4 test"))
    ]
    services.record_onsite(
        assignment_id=ticket.lead_id,
        found="仍在施工。",
        place="东门",
        visited_at=NOW,
        before=files,
        by=city.handler,
        at=NOW,
    )

    html = open_as(city.handler, ticket).content.decode()

    shots = re.search(r'<div class="shots">(.*?)</div>', html, re.DOTALL)[1]
    assert re.findall(r'alt="([^"]+)"', shots) == ["处置前 现场.png"]
    assert re.findall(r">([^<>]+)</a>", shots) == ["处置前 移交单.pdf"]


def test_the_units_stand_in_their_chain(city, open_as):
    ticket = passed_down(city)

    parts = open_as(city.dispatcher, ticket).context["page"].parts

    assert [(part.assignment.unit, part.indent) for part in parts] == [
        (city.county, False),
        (city.county_department, True),
    ]


def test_the_page_is_not_found_by_a_unit_without_a_part(city, open_as):
    ticket = signed(city)

    assert open_as(city.other_handler, ticket).status_code == 404
    assert open_as(city.agent, ticket).status_code == 404


def test_a_restricted_ticket_is_not_found_without_a_grant(city, open_as):
    ticket = signed(city, secrecy="restricted")
    assert open_as(city.dispatcher, ticket).status_code == 404

    services.grant_scope(ticket_id=ticket.pk, user=city.dispatcher, until=None)

    assert open_as(city.dispatcher, ticket).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_caller_and_three(city, client, open_as, django_assert_num_queries, number):
    ticket = given(city, reported(times=number), co_units=[city.other, city.third][: number - 1])
    for _ in range(number):
        services.add_note(ticket_id=ticket.pk, text="一句批注。", by=city.handler, at=NOW)
    open_as(city.handler, ticket)

    with django_assert_num_queries(26):
        page = client.get(f"/tickets/{ticket.number}/")

    assert len(page.context["appeals"]) == number


# --- recording a contact


def contact(client, user, ticket, data, **headers):
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client.post(f"/tickets/{ticket.number}/acts/contact/", data, **headers)


def test_who_withdrew_is_counted_and_called_no_more(city, client, open_as):
    ticket = given(city, reported(times=3))
    first, *others = Appeal.objects.order_by("pk")
    intake.withdraw_appeal(
        appeal_id=first.pk, channel=Channel.objects.get(code="phone"), reason="已解决", by=None, at=NOW
    )

    page = text_of(open_as(city.handler, ticket))
    form = client.get(f"/tickets/{ticket.number}/acts/contact/").context["form"]

    assert "2 件诉求并为一件，各自编号、各自回访，另有 1 件已撤回" in page
    assert list(form.fields["appeal"].queryset) == others


def test_a_contact_stops_the_clock_and_is_told_once(city, client, open_as):
    ticket = given(city, reported())
    appeal = _appeal_of(ticket)
    open_as(city.handler, ticket)
    form = client.get(f"/tickets/{ticket.number}/acts/contact/").context["form"]

    response = contact(
        client,
        city.handler,
        ticket,
        {"appeal": appeal.pk, "reached": "yes", "way": "phone", "summary": "今晚去看。"},
    )

    assert list(form.fields) == ["appeal", "reached", "way", "summary"]
    assert response["Location"] == f"/tickets/{ticket.number}/"
    assert acts(ticket)[-1] == "record_contact"
    assert appeal.contact_records.get().summary == "今晚去看。"
    assert ticket.clocks.get(kind="contact").outcome == "met"


@pytest.mark.parametrize(
    "typed",
    [
        {"appeal": "", "reached": "", "way": "", "summary": "说过了"},
        {"appeal": "999999999999999999999", "reached": "也许", "way": "飞鸽", "summary": "说过了"},
        {"appeal": "", "reached": "yes", "way": "phone", "summary": "长" * 3000},
    ],
)
def test_a_nonsense_contact_is_refused_and_its_words_stay(city, client, typed):
    ticket = given(city, reported())
    before = acts(ticket)

    response = contact(client, city.handler, ticket, typed, **HTMX)

    assert response.status_code == 422
    assert response.context["form"]["summary"].value() == typed["summary"]
    assert response.context["form"].errors["appeal"]
    assert acts(ticket) == before


def test_reached_without_a_word_is_refused(city, client):
    ticket = given(city, reported())
    data = {"appeal": _appeal_of(ticket).pk, "reached": "yes", "way": "phone", "summary": ""}

    response = contact(client, city.handler, ticket, data, **HTMX)

    assert response.status_code == 422
    assert dict(response.context["form"].errors) == {"summary": ["已联系上的，须写明联系情况。"]}


def test_an_addition_that_was_waited_for_is_told_once(city, open_as):
    ticket = reported()
    services.ask_information(ticket_id=ticket.pk, question="在几栋？", by=city.dispatcher, at=NOW)
    phone = Channel.objects.get(code="phone")
    intake.supplement_appeal(appeal_id=_appeal_of(ticket).pk, channel=phone, text="在七栋。", by=city.agent, at=NOW)

    page = open_as(city.dispatcher, ticket)

    assert [item.act for item in page.context["items"] if item.say == "在七栋。"] == ["补充情况"]


def test_a_contact_after_the_result_gives_the_words_back(city, client):
    ticket = given(city, reported())
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=city.handler, at=NOW)
    services.submit_result(
        assignment_id=ticket.lead_id, resolved="yes", public_text=REPLY, standard_met=True, by=city.handler, at=NOW
    )
    approve_all(city, ticket)
    before = acts(ticket)
    data = {"appeal": _appeal_of(ticket).pk, "reached": "yes", "way": "phone", "summary": "今晚去看。"}

    response = contact(client, city.handler2, ticket, data)

    assert response.status_code == 409
    assert "签收以后，由主办单位记联系。" in response.content.decode()
    assert "readonly>今晚去看。</textarea>" in response.content.decode()
    assert acts(ticket) == before
