"""The reviewers' page: the evidence, two questions, a sentence; redo with its own limit, once. Days as in test_follow_up."""

import pytest
from bs4 import BeautifulSoup

from channels_merge import services as channels
from channels_merge.models import Channel
from evaluation import services
from evaluation.models import DecisionClock, FollowUp, ReviewDecision
from hotline.limits import Limit
from tests.factories.evaluation import ANSWERED_AT, answer, complain, decide, replied
from tests.factories.hotline import UserFactory
from tests.factories.tickets import REPLY, at, fresh, state_of
from tickets import services as tickets
from tickets.models import Ticket

LIST = "/reviews/"
SENTENCE = "照片是白天拍的，夜里没有去。"
REDO = {"is_reasonable": "yes", "duty_done": "no", "verdict": "redo", "sentence": SENTENCE}
CLOSE = {"is_reasonable": "yes", "duty_done": "yes", "verdict": "close", "sentence": "现场已经办好，气味来自别处。"}


def soup(response):
    return BeautifulSoup(response.content.decode(), "html.parser")


def titles(page):
    return [cell["title"] for cell in page.select("table[data-rows] td.ti-t")]


def post(client, decision, **fields):
    return client.post(f"{LIST}{decision.pk}/decide/", fields)


def errors(page):
    return [node.get_text(strip=True) for node in page.select(".case-call .err, .case-call .note-over")]


@pytest.fixture
def decision(city):
    return complain(city, replied(city).follow_ups[0])


def test_the_nearest_limit_is_on_top_and_its_evidence_on_one_screen(city, page_of, time_machine_at):
    case = replied(city)
    tickets.place_hold(ticket_id=case.ticket.pk, source="督办", reason="核查现场", by=city.reviewer, at=ANSWERED_AT)
    late = complain(city, replied(city, title="路灯不亮").follow_ups[0], at=at("11-11 11:00"))
    complain(city, case.follow_ups[0], at=at("11-11 10:00"))
    ReviewDecision.objects.filter(pk=late.pk).update(due_at=at("11-13 17:30"))

    page = page_of(city.reviewer, LIST)

    assert titles(page) == [case.ticket.title, late.ticket.title]
    evidence = page.select_one("#peek").get_text(" ", strip=True)
    for words in (
        case.ticket.number,
        "没有人来",
        "回访：未解决，不满意。",
        "“没人来过。”",
        "钟* 今天 10:00 回访",
        case.appeals[0].text,
        "市城管局 · 11-10 16:00 提交",
        REPLY,
        "已约谈项目部，收回夜间施工许可。",
        "没有到场记录。",
    ):
        assert words in evidence


def test_redo_goes_back_with_three_working_days(city, log_in, decision):
    client = log_in(city.reviewer)
    answered = post(client, decision, **REDO)

    assert (answered.status_code, answered["Location"]) == (302, LIST)
    assert f"{decision.ticket.number} 已发回重办。" in soup(client.get(LIST)).get_text()
    ticket = fresh(decision.ticket)
    assert (ticket.state, ticket.round) == ("in_progress", 2)
    clock = ticket.clocks.get(kind="handle", stopped_at=None)
    assert (clock.limit, clock.due_at) == (Limit(3, "wd"), at("11-16 17:30"))
    row = fresh(decision)
    assert (row.state, row.is_reasonable, row.duty_done, row.sentence, row.decided_by) == (
        "redo",
        True,
        False,
        SENTENCE,
        city.reviewer,
    )
    assert DecisionClock.objects.get().outcome == "met"


def test_close_ends_the_ticket(city, log_in, decision):
    client = log_in(city.reviewer)

    answered = post(client, decision, **CLOSE)

    page = soup(client.get(answered["Location"]))
    assert f"{decision.ticket.number} 不再重办。" in page.get_text()
    assert "没有要复核的" in page.get_text()
    ticket = fresh(decision.ticket)
    assert (ticket.state, ticket.closing_kind) == ("closed", "explained")


@pytest.mark.parametrize(
    ("changed", "status", "sentences"),
    [
        ({"sentence": ""}, 422, ["请写明复核意见。"]),
        ({"sentence": "不行"}, 422, ["请写明复核意见，至少 4 个字。"]),
        ({"sentence": "啊" * 501}, 422, ["复核意见最多 500 个字，现在有 501 个字。"]),
        ({"verdict": ""}, 422, ["请选择发回重办或不再重办。"]),
        ({"verdict": "later"}, 422, ["请选择发回重办或不再重办。"]),
        ({"is_reasonable": ""}, 422, ["请回答诉求是否合理。"]),
        (
            {"is_reasonable": "", "duty_done": "", "sentence": "", "verdict": ""},
            422,
            ["请回答诉求是否合理。", "请回答单位是否尽责。", "请写明复核意见。", "请选择发回重办或不再重办。"],
        ),
        ({"duty_done": "perhaps"}, 422, ["请选择是或否。"]),
        ({"duty_done": "yes"}, 409, ["诉求合理而单位没有尽责的才发回重办，请核对两个问题的回答。"]),
        ({"verdict": "close"}, 409, ["诉求合理而单位没有尽责的，首次须发回重办。"]),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(city, log_in, decision, changed, status, sentences):
    typed = {**REDO, **changed}

    answered = post(log_in(city.reviewer), decision, **typed)

    assert answered.status_code == status
    page = soup(answered)
    assert errors(page) == sentences
    assert page.select_one(".case-call textarea").get_text().strip() == typed["sentence"]
    boxes = {box["name"]: box["value"] for box in page.select(".case-call input[type=radio][checked]")}
    shown = {"yes", "no", "redo", "close"}
    assert boxes == {name: value for name, value in typed.items() if name != "sentence" and value in shown}
    assert (fresh(decision).state, state_of(decision.ticket)) == ("pending", "pending_followup")


def test_the_second_time_the_page_says_why_it_cannot_go_back(city, log_in, page_of, time_machine_at):
    case = replied(city)
    decide(city, complain(city, case.follow_ups[0]))
    answer(city, fresh(case.ticket), at=at("11-12 10:00"))
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-12 10:00"))
    again = complain(city, FollowUp.objects.get(round=2), at=at("11-13 10:00"))
    time_machine_at("11-13 11:00")
    why = "这一件已重办 1 次，不再发回；仍须解决的，报督办。"

    page = page_of(city.reviewer, LIST).get_text()
    assert why in page
    assert "第 1 轮回访（11月11日）：未解决，不满意，没有人来。“没人来过。”" in page
    refused = post(log_in(city.reviewer), again, **REDO)

    assert (refused.status_code, errors(soup(refused))) == (409, [why])
    assert (fresh(again).state, fresh(case.ticket).round) == ("pending", 2)


def test_somebody_was_faster_says_who_and_keeps_the_words(city, log_in, decision):
    decide(city, decision, verdict="close", by=city.reviewer2)

    answered = post(log_in(city.reviewer), decision, **REDO)

    assert answered.status_code == 409
    page = soup(answered)
    assert errors(page) == ["吴*已于 11-11 10:00 决定：不再重办。没有重复决定。"]
    assert page.select_one(".case-call textarea").get_text().strip() == SENTENCE
    assert fresh(decision).decided_by == city.reviewer2


def test_whoever_asked_does_not_decide(city, log_in, page_of):
    both = UserFactory(name="兼岗", unit=city.centre, roles=("follow_up_agent", "reviewer"))
    decision = complain(city, replied(city).follow_ups[0], by=both)

    page = page_of(both, LIST)

    assert page.select_one("#why-not").get_text() == "回访这一件的人不能再作复核决定。"
    assert page.select_one("#peek button[type=submit]")["aria-disabled"] == "true"
    refused = post(log_in(both), decision, **REDO)
    assert (refused.status_code, fresh(decision).state) == (409, "pending")


def test_others_are_refused(city, log_in, decision):
    for who in ("agent", "dispatcher", "caller", "leader", "handler", "head", "county_clerk"):
        client = log_in(getattr(city, who))
        assert [
            client.get(LIST).status_code,
            client.get(f"{LIST}{decision.pk}/").status_code,
            post(client, decision, **REDO).status_code,
        ] == [403, 403, 403]

    assert fresh(decision).state == "pending"


def test_what_is_kept_secret_is_not_found(city, log_in, page_of, decision):
    Ticket.objects.filter(pk=decision.ticket_id).update(secrecy="restricted")
    client = log_in(city.reviewer)

    assert titles(page_of(city.reviewer, LIST)) == []
    assert [
        client.get(f"{LIST}{decision.pk}/").status_code,
        post(client, decision, **REDO).status_code,
        post(client, ReviewDecision(pk=0), **REDO).status_code,
    ] == [404, 404, 404]
    assert fresh(decision).state == "pending"


def test_when_all_withdrew_only_closing_is_offered(city, log_in, page_of):
    case = replied(city)
    channels.withdraw_appeal(
        appeal_id=case.appeals[0].pk,
        channel=Channel.objects.get(code="phone"),
        reason="不用办了",
        by=None,
        at=at("11-11 09:00"),
    )
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-11 09:00"))
    decision = ReviewDecision.objects.get()

    page = page_of(city.reviewer, LIST)
    assert [label.get_text(" ", strip=True) for label in page.select(".case-call .pick label")] == ["按撤诉办结 e"]
    assert "反映人都已撤回。" in page.select_one("#peek").get_text()
    client = log_in(city.reviewer)
    refused = post(client, decision, verdict="redo", sentence="再办一次试试。")
    assert (refused.status_code, fresh(decision).state) == (422, "pending")
    answered = post(client, decision, verdict="close", sentence="反映人撤回，同意办结。")

    assert f"{case.ticket.number} 已按撤诉办结。" in soup(client.get(answered["Location"])).get_text()
    assert (state_of(case.ticket), fresh(case.ticket).closing_kind) == ("closed", "withdrawn")


@pytest.mark.usefixtures("everybody_is_called")
def test_pages_by_key_without_gap_or_double(city, page_of, log_in):
    case = replied(city, callers=27)
    made = [complain(city, row) for row in case.follow_ups]

    first = page_of(city.reviewer, LIST)
    second = soup(log_in(city.reviewer).get(first.find("a", rel="next")["href"]))

    ids = [[row["data-id"] for row in page.select("table[data-rows] tbody tr")] for page in (first, second)]
    assert ids == [[str(row.pk) for row in made[:25]], [str(row.pk) for row in made[25:]]]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_questions_for_one_and_three(city, log_in, count, django_assert_num_queries):
    for _ in range(count):
        complain(city, replied(city).follow_ups[0])
    client = log_in(city.reviewer)
    client.get(LIST)

    with django_assert_num_queries(19):
        client.get(LIST)
