"""The follow-up agents' page: who is to be called now, what is written down, what is refused. Days as in test_follow_up."""

import pytest
from bs4 import BeautifulSoup

from channels_merge import services as services_of_appeals
from evaluation import services
from evaluation.models import FollowUp, FollowUpAttempt, ReviewDecision
from hotline.models import SecurityLog
from tests.factories.evaluation import answer, call, complain, decide, replied
from tests.factories.tickets import at, fresh, state_of
from tickets.models import Ticket

LIST = "/follow-ups/"


def soup(response):
    return BeautifulSoup(response.content.decode(), "html.parser")


def numbers(page):
    return [cell.get_text(strip=True) for cell in page.select("table[data-rows] td.no")]


def tabs(page):
    return {link.contents[0]: link.b.get_text() for link in page.select(".seg a")}


def post(client, follow_up, **fields):
    """The number is asked for, called, and the result written down."""
    client.post(f"{LIST}{follow_up.pk}/number/")
    return write(client, follow_up, **fields)


def write(client, follow_up, **fields):
    return client.post(f"{LIST}{follow_up.pk}/attempt/", fields)


def errors(page):
    return [node.get_text(strip=True) for node in page.select(".case-call .err, .case-call .note-over")]


def checked(page):
    return {box["name"]: box["value"] for box in page.select(".case-call input[type=radio][checked]")}


def test_the_nearest_limit_is_on_top_and_its_case_is_ready(city, page_of):
    later = replied(city, start=at("11-10 10:00"), answered=at("11-10 17:00"))
    sooner = replied(city, start=at("11-09 10:00"), answered=at("11-09 16:00"))

    page = page_of(city.caller, LIST)

    assert numbers(page) == [sooner.appeals[0].number, later.appeals[0].number]
    assert page.select_one("tr[aria-selected=true]")["data-id"] == str(sooner.follow_ups[0].pk)
    case = page.select_one("#peek")
    assert case.select_one("form")["action"] == f"{LIST}{sooner.follow_ups[0].pk}/attempt/"
    assert case.select_one(".caller").get_text(" ", strip=True).startswith("王* 138****2231")
    assert "第 1 次，共可拨 3 次。" in case.get_text()


def test_the_caller_before_the_call_has_what_was_said_after_the_reply(city, page_of):
    matter = replied(city)
    appeal = matter.appeals[0]
    for words in ("", "昨晚又施工了。"):
        services_of_appeals.urge_appeal(
            appeal_id=appeal.pk, channel=appeal.channel, text=words, by=None, at=at("11-12 08:00")
        )

    said = [row.get_text(" ", strip=True) for row in page_of(city.caller, LIST).select("#peek .story ~ p")]
    assert [row.split(" ", 2)[2] for row in said] == ["催单", "催单：昨晚又施工了。"]


def test_on_the_day_of_the_reply_nobody_is_to_be_called_yet(city, page_of, time_machine_at):
    case = replied(city)
    time_machine_at("11-10 17:00")

    now = page_of(city.caller, LIST)

    assert (numbers(now), tabs(now)) == ([], {"现在可拨": "0", "稍后再拨": "1", "全部": "1"})
    assert "现在没有要拨的" in now.get_text()
    assert numbers(page_of(city.caller, LIST, tab="later")) == [case.appeals[0].number]


def test_outside_the_calling_hours_the_page_says_so(city, page_of, time_machine_at):
    replied(city)
    time_machine_at("11-11 13:00")

    page = page_of(city.caller, LIST)

    assert tabs(page) == {"现在可拨": "0", "稍后再拨": "1", "全部": "1"}
    assert "现在不是回访时间，09:00–12:00、14:30–20:00 可以拨打。" in page.get_text()
    case = page_of(city.caller, LIST, tab="all").select_one("#peek")
    assert case.select_one("button[type=submit]")["aria-disabled"] == "true"
    assert case.select_one("#why-not").get_text() == "现在不是回访时间，09:00–12:00、14:30–20:00 可以拨打。"


def test_called_in_vain_it_comes_back_in_the_next_half_day(city, log_in, page_of, time_machine_at):
    case = replied(city)
    client = log_in(city.caller)
    answered = post(client, case.follow_ups[0], result="no_answer")

    assert (answered.status_code, answered["Location"]) == (302, f"{LIST}?tab=now")
    page = soup(client.get(LIST))
    assert tabs(page) == {"现在可拨": "0", "稍后再拨": "1", "全部": "1"}
    assert f"{case.appeals[0].number} 无人接听，已记第 1 次，换一个半天再拨。" in page.get_text()

    time_machine_at("11-11 14:30")
    page = page_of(city.caller, LIST)
    assert numbers(page) == [case.appeals[0].number]
    assert "11-11 10:00 无人接听（钟*）" in page.get_text().replace("今天 10:00", "11-11 10:00")


def test_three_half_days_in_vain_are_no_rating_and_never_satisfied(city, log_in, time_machine_at):
    case = replied(city)
    for moment in ("11-11 10:00", "11-11 15:00", "11-12 10:00"):
        time_machine_at(moment)
        answered = post(
            log_in(city.caller), case.follow_ups[0], result="no_answer", resolved="yes", satisfaction="satisfied"
        )
        assert answered.status_code == 302

    row = fresh(case.follow_ups[0])
    assert (row.outcome, row.satisfaction, row.resolved, row.attempt_count) == ("unreachable", "not_rated", "", 3)
    assert fresh(case.ticket).closing_kind == "unreachable"


def test_an_answer_is_written_down_and_the_next_case_is_ready(city, log_in):
    first, second = replied(city), replied(city)

    client = log_in(city.caller)
    answered = post(
        client,
        first.follow_ups[0],
        result="answered",
        resolved="yes",
        satisfaction="basically",
        words="来得晚了点",
    )

    assert answered.status_code == 302
    row = fresh(first.follow_ups[0])
    assert (row.outcome, row.resolved, row.satisfaction, row.words, row.concluded_by) == (
        "rated",
        "yes",
        "basically",
        "来得晚了点",
        city.caller,
    )
    page = soup(client.get(answered["Location"]))
    assert f"{first.appeals[0].number} 已解决，基本满意。" in page.get_text()
    assert page.select_one("tr[aria-selected=true]")["data-id"] == str(second.follow_ups[0].pk)


def test_the_agent_stays_in_the_list_that_was_open(city, log_in, time_machine_at):
    case = replied(city, callers=2)
    client = log_in(city.caller)
    row = soup(client.get(LIST, {"tab": "all"})).select("table[data-rows] tbody tr")[1]
    form = soup(client.get(row["data-peek-url"])).select_one("form")

    answered = post(client, case.follow_ups[1], tab=form.select_one("[name=tab]")["value"], result="no_answer")

    assert (form["action"], answered["Location"]) == (
        f"{LIST}{case.follow_ups[1].pk}/attempt/",
        f"{LIST}?tab=all",
    )


def test_a_dissatisfied_caller_goes_to_the_reviewers(city, log_in):
    case = replied(city)
    client = log_in(city.caller)

    answered = post(
        client,
        case.follow_ups[0],
        result="answered",
        resolved="no",
        satisfaction="dissatisfied",
        ground="nobody_came",
    )

    page = soup(client.get(answered["Location"]))
    assert f"{case.appeals[0].number} 不满意，没有人来，已交复核。" in page.get_text()
    assert ReviewDecision.objects.get().follow_up == case.follow_ups[0]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "请选择接通情况。"),
        ({"result": "maybe"}, "请选择接通情况。"),
        ({"result": "answered"}, "请选择是否解决。"),
        ({"result": "answered", "resolved": "perhaps"}, "请选择是否解决。"),
        ({"result": "answered", "resolved": "yes"}, "请选择是否满意；对方不肯评价的，选“未评价”。"),
        ({"result": "answered", "resolved": "no", "satisfaction": "dissatisfied"}, "不满意的，请选择原因。"),
        (
            {"result": "answered", "resolved": "yes", "satisfaction": "satisfied", "words": "啊" * 501},
            "原话最多 500 个字，现在有 501 个字。",
        ),
    ],
)
def test_bad_input_is_said_and_what_was_typed_is_kept(city, log_in, typed, sentence):
    case = replied(city)
    words = typed.get("words", "他说再等等")

    answered = post(log_in(city.caller), case.follow_ups[0], **{"words": words, **typed})

    assert answered.status_code == 422
    page = soup(answered)
    assert errors(page) == [sentence]
    assert page.select_one(".case-call textarea").get_text().strip() == words
    kept = {name: value for name, value in typed.items() if name != "words" and value not in {"maybe", "perhaps"}}
    assert checked(page) == kept
    assert (FollowUpAttempt.objects.count(), fresh(case.follow_ups[0]).state) == (0, "waiting")


def test_the_second_try_of_a_half_day_is_refused_and_the_words_stay(city, log_in, time_machine_at):
    case = replied(city)
    call(city, case.follow_ups[0], result="busy")
    time_machine_at("11-11 11:00")

    answered = post(log_in(city.caller), case.follow_ups[0], result="no_answer", words="响了很久")

    assert answered.status_code == 409
    page = soup(answered)
    assert errors(page) == ["这半天已拨过一次没有接通，请换一个半天再拨。"]
    assert page.select_one(".case-call textarea").get_text().strip() == "响了很久"
    assert FollowUpAttempt.objects.count() == 1


def test_whose_number_was_not_asked_for_is_not_written_down_and_the_words_stay(city, log_in):
    case = replied(city)

    answered = write(
        log_in(city.caller),
        case.follow_ups[0],
        result="answered",
        resolved="yes",
        satisfaction="satisfied",
        words="都好",
    )

    assert answered.status_code == 409
    page = soup(answered)
    assert errors(page) == ["先看号码拨打，再记结果。"]
    assert page.select_one(".case-call textarea").get_text().strip() == "都好"
    assert (FollowUpAttempt.objects.count(), fresh(case.follow_ups[0]).state) == (0, "waiting")


def test_somebody_was_faster_says_who_and_keeps_the_words(city, log_in, time_machine_at):
    case = replied(city)
    next_one = replied(city)
    call(city, case.follow_ups[0], by=city.caller2)
    assert state_of(case.ticket) == "closed"
    time_machine_at("11-11 10:05")

    answered = post(
        log_in(city.caller),
        case.follow_ups[0],
        result="answered",
        resolved="no",
        satisfaction="dissatisfied",
        ground="slow",
        words="等了三天",
    )

    assert answered.status_code == 409
    page = soup(answered)
    assert page.select_one(".note-due").get_text(strip=True) == (
        f"廖*已于 11-11 10:00 回访完 {case.appeals[0].number}，没有重复记录。您写的：“等了三天”"
    )
    assert page.select_one("tr[aria-selected=true]")["data-id"] == str(next_one.follow_ups[0].pk)
    assert fresh(case.follow_ups[0]).satisfaction == "satisfied"
    number = log_in(city.caller).post(f"{LIST}{case.follow_ups[0].pk}/number/")
    assert (number.status_code, number.content.decode()[:3]) == (409, "廖*已")


def test_withdrawn_meanwhile_is_said(city, log_in):
    case = replied(city)
    FollowUp.objects.filter(pk=case.follow_ups[0].pk).update(state="void")

    answered = post(log_in(city.caller), case.follow_ups[0], result="no_answer")

    assert answered.status_code == 409
    assert "已不再回访这一轮" in soup(answered).select_one(".note-due").get_text()


def test_what_is_refused_leaves_the_number_of_the_call_open_and_logs_it_once(city, log_in):
    case = replied(city)
    refused = post(
        log_in(city.caller), case.follow_ups[0], result="answered", resolved="no", satisfaction="dissatisfied"
    )

    assert (refused.status_code, errors(soup(refused))) == (422, ["不满意的，请选择原因。"])
    assert soup(refused).select_one(".caller .big").get_text() == "13807972231"
    assert SecurityLog.objects.filter(kind="reveal").count() == 1
    elsewhere = write(log_in(city.caller2), case.follow_ups[0], result="answered")
    assert "13807972231" not in elsewhere.content.decode()


def test_the_number_is_masked_until_it_is_asked_for(city, log_in, page_of):
    case = replied(city)
    assert "13807972231" not in str(page_of(city.caller, LIST))

    answered = log_in(city.caller).post(f"{LIST}{case.follow_ups[0].pk}/number/")

    assert answered.status_code == 200
    assert soup(answered).select_one(".big").get_text() == "13807972231"
    assert SecurityLog.objects.filter(kind="reveal").count() == 1
    other = log_in(city.caller2).post(f"{LIST}{case.follow_ups[0].pk}/number/")
    assert other.status_code == 422
    assert "钟*正在拨打这一件，请办下一件。" in other.content.decode()
    assert "13807972231" not in other.content.decode()


def test_the_case_that_is_ready_is_not_one_that_a_colleague_is_calling(city, page_of, time_machine_at):
    first, second = replied(city), replied(city)
    services.take_number(follow_up_id=first.follow_ups[0].pk, by=city.caller2, at=at("11-11 10:00"))

    def ready(who):
        page = page_of(who, LIST)
        states = [row.select("td")[-1].get_text(strip=True) for row in page.select("table[data-rows] tbody tr")]
        return int(page.select_one("tr[aria-selected=true]")["data-id"]), states

    assert ready(city.caller) == (second.follow_ups[0].pk, ["拨打中", ""])
    assert ready(city.caller2) == (first.follow_ups[0].pk, ["拨打中", ""])
    time_machine_at("11-11 10:10")
    assert ready(city.caller) == (first.follow_ups[0].pk, ["", ""])


def test_who_handled_it_does_not_ask(city, page_of):
    case = replied(city)
    case.ticket.assignments.update(handler=city.caller)

    page = page_of(city.caller, LIST)

    assert page.select_one("#why-not").get_text() == "办理或答复过这一件的人不能回访。"
    assert page.select_one("#peek button[type=submit]")["aria-disabled"] == "true"


def test_others_are_refused(city, log_in):
    case = replied(city)

    for who in ("agent", "dispatcher", "reviewer", "leader", "handler", "head", "county_clerk"):
        client = log_in(getattr(city, who))
        assert [
            client.get(LIST).status_code,
            client.get(f"{LIST}{case.follow_ups[0].pk}/").status_code,
            client.post(f"{LIST}{case.follow_ups[0].pk}/number/").status_code,
            post(client, case.follow_ups[0], result="no_answer").status_code,
        ] == [403, 403, 403, 403]

    assert (FollowUpAttempt.objects.count(), fresh(case.follow_ups[0]).caller) == (0, None)


def test_what_is_kept_secret_is_not_found(city, log_in, page_of):
    case = replied(city)
    Ticket.objects.filter(pk=case.ticket.pk).update(secrecy="restricted")
    client = log_in(city.caller)

    assert numbers(page_of(city.caller, LIST, tab="all")) == []
    assert [
        client.get(f"{LIST}{case.follow_ups[0].pk}/").status_code,
        client.post(f"{LIST}{case.follow_ups[0].pk}/number/").status_code,
        post(client, case.follow_ups[0], result="no_answer").status_code,
        post(client, FollowUp(pk=0), result="no_answer").status_code,
    ] == [404, 404, 404, 404]
    FollowUp.objects.update(state="void")
    assert post(client, case.follow_ups[0], result="no_answer").status_code == 404


@pytest.mark.usefixtures("everybody_is_called")
def test_pages_by_key_without_gap_or_double(city, page_of, log_in):
    case = replied(city, callers=27)

    first = page_of(city.caller, LIST)
    second = soup(log_in(city.caller).get(first.find("a", rel="next")["href"]))

    assert (len(numbers(first)), len(numbers(second))) == (25, 2)
    assert numbers(first) + numbers(second) == [appeal.number for appeal in case.appeals]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_questions_for_one_and_three(city, log_in, count, django_assert_num_queries):
    for _ in range(count):
        replied(city)
    client = log_in(city.caller)
    client.get(LIST)

    with django_assert_num_queries(20):
        client.get(LIST)


def test_after_a_redo_what_was_said_before_stands_beside_it(city, page_of, time_machine_at):
    case = replied(city)
    decide(city, complain(city, case.follow_ups[0], ground="not_done"))
    answer(city, fresh(case.ticket), at=at("11-12 10:00"))
    services.settle_ticket(ticket_id=case.ticket.pk, at=at("11-12 10:00"))
    time_machine_at("11-13 10:00")

    page = page_of(city.caller, LIST)

    assert page.select_one("#peek .note-due").get_text(strip=True) == (
        "第 1 轮回访（11月11日）：未解决，不满意，没有办。“没人来过。”"
    )
