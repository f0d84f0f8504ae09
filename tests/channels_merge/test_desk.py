"""The desk through the client: what it proposes, what it keeps, and calls that make no new appeal."""

import re

import pytest
import time_machine
from bs4 import BeautifulSoup

from channels_merge import services
from channels_merge.models import Appeal, Contact, Draft, Interaction, Transfer
from hotline.models import Notice, User
from hotline.services import set_parameter
from responsibility.models import DutyItem
from tests.factories.channels_merge import NOON, PHONE, STORY, make_accepted, make_appeal, ticket_of
from tests.factories.responsibility import DutyListFactory
from tickets import services as tickets
from tickets.models import Ticket

CALL = {
    "draft": "desk-1",
    "text": STORY,
    "place": "锦江花园",
    "region": "360702",
    "kind": "complaint",
    "urgency": "normal",
    "name": "王丽",
    "phone": PHONE,
    "act": "accept",
}
AT_DESK = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/?call=S1"}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def agent(client, person):
    user = person("agent")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def panes(answer):
    return {
        pane["data-pane"]: re.sub(r"\s+", " ", pane.get_text(" ")).strip()
        for pane in soup(answer).find_all(attrs={"data-pane": True})
    }


def fills(answer):
    return {fill["data-fill"]: fill["data-value"] for fill in soup(answer).find_all(attrs={"data-fill": True})}


@pytest.fixture
def item(world):
    return DutyItem.objects.create(
        duty_list=DutyListFactory(scope=world.centre),
        code="CG-01",
        title="夜间施工噪声",
        category=world.category,
        words=["施工噪声", "浇筑混凝土", "夜间施工"],
        belongs="建筑工地夜间施工噪声扰民。",
        level="county",
        city_function="urban_management",
        county_function="urban_management",
        kinds=["help", "complaint"],
        completion_standard="现场核实，停止施工，告知反映人。",
        reply_template="经核实……",
        mark="示例，待核",
    )


def test_the_answer_to_typing_fills_every_slot_of_the_page(agent, item):
    page, answer = soup(agent.get("/desk/")), agent.post("/desk/suggest/", CALL)

    slots = {pane["data-pane"] for pane in page.find_all(attrs={"data-pane": True})}
    filled = {field["data-filled"] for field in page.find_all(attrs={"data-filled": True})}
    assert (set(panes(answer)), set(fills(answer))) == (slots, filled)


def test_an_empty_form_still_answers_every_slot_so_that_nothing_stale_stays(agent, item):
    answer = agent.post("/desk/suggest/", {})

    assert len(panes(answer)) == 10
    assert fills(answer) == {"title": "", "region": "", "category": ""}


def test_who_is_responsible_and_why(agent, item):
    answer = agent.post("/desk/suggest/", {"text": STORY, "place": "章贡区锦江花园"})

    who = soup(answer).select_one('[data-pane="who"] [data-id="CG-01"]')
    assert "命中的词" in who.get_text()
    assert who.select_one("[data-do]")["data-set"] == '{"category": "010101"}'
    assert fills(answer)["category"] == "010101"


LAMP = "路口的路灯不亮三天了，晚上漆黑一片，希望尽快修好。"


def test_what_the_page_filled_by_itself_proves_nothing_when_it_comes_back_refused(agent, item):
    """The agent has never chosen the category: words of another matter are not for the unit of the first."""
    by_itself = {**CALL, "text": LAMP, "phone": "138", "category": "010101", "filled": "title category"}
    refused = agent.post("/desk/", by_itself)
    chosen = agent.post("/desk/", {**by_itself, "filled": "title"})

    assert (refused.status_code, chosen.status_code) == (422, 422)
    assert soup(refused).select('[data-pane="who"] [data-id]') == []
    assert len(soup(chosen).select('[data-pane="who"] [data-id="CG-01"]')) == 1
    assert soup(refused).select_one("[name=filled]")["value"] == "title category"


def test_a_draft_knows_what_the_page_filled_by_itself(agent, item):
    agent.post("/desk/draft/", {**CALL, "text": LAMP, "category": "010101", "filled": "category"})

    page = soup(agent.get("/desk/?draft=desk-1"))

    assert page.select_one("[name=filled]")["value"] == "category"
    assert page.select('[data-pane="who"] [data-id]') == []


def test_the_place_is_read_when_the_call_is_sent_before_the_panes_answer(agent, item):
    agent.post("/desk/", {**CALL, "place": "章贡区锦江花园", "region": ""})

    assert Appeal.objects.get().region.code == "360702"


def test_a_refused_way_puts_the_caret_where_it_was_refused(agent):
    refused = agent.post("/desk/", {**CALL, "act": "police"})

    assert soup(refused).select_one("[autofocus]")["name"] == "police_told"


def test_a_further_matter_of_a_call_asks_for_no_number(agent):
    first = agent.post("/desk/", CALL)["Location"].split("/")[-2]

    assert panes(agent.get(f"/desk/?call={first}"))["caller"] == f"这位来电人以前 同一通话，见 {first}"


def test_going_back_opens_a_new_form(agent):
    assert "no-store" in agent.get("/desk/")["Cache-Control"]


def test_what_cannot_be_seen_is_left_out_of_a_pasted_story(agent, item):
    answer = agent.post("/desk/", {**CALL, "text": f"{STORY}\x00\x07\u202e", "name": "王\x00丽"})

    assert answer.status_code == 302
    assert Appeal.objects.get().text == STORY


def test_the_agent_is_asked_whether_a_report_of_an_official_is_secret(agent):
    report = "举报城管局执法队员收红包，请不要让他知道是我，希望查处。"

    asked = panes(agent.post("/desk/suggest/", {"text": report, "region": "360702"}))["ask"]
    ticked = panes(agent.post("/desk/suggest/", {"text": report, "region": "360702", "restricted": "on"}))["ask"]

    assert asked == "保密吗 “举报城管局执法队员” 问要不要保密，要的在第 4 栏勾“保密”"
    assert ticked == "还要问 什么时候发生的，持续多久了？"


def test_where_the_law_lays_down_another_way_the_agent_reads_what_to_say(agent, item):
    item.route, item.reply_template = "legal_route", "您反映的事项由法院依法处理。"
    item.save()
    answer = agent.post("/desk/suggest/", {"text": STORY, "place": "章贡区锦江花园"})

    who = soup(answer).select_one('[data-pane="who"] [data-id="CG-01"]')
    assert who.select_one(".l1 b").get_text() == "告知法定途径"
    assert "要说的话 您反映的事项由法院依法处理。" in who.get_text()
    assert "依法有专门途径，不派单，由 12345 告知。按 F7 登记。" in who.get_text()
    assert "属地规则" not in who.get_text()


@pytest.mark.parametrize("rows", [1, 3])
def test_all_panes_cost_the_same_queries_whatever_they_show(agent, item, rows, django_assert_num_queries):
    for n in range(rows):
        make_accepted(text=STORY[: -n or None], source_number=str(n))
    agent.post("/desk/suggest/", CALL)  # what is remembered between calls is read once

    with django_assert_num_queries(SUGGEST_QUERIES):
        answer = agent.post("/desk/suggest/", CALL)

    shown = soup(answer)
    assert len(shown.select('[data-pane="caller"] li')) == rows
    assert len(shown.select('[data-pane="similar"] li')) == rows


SUGGEST_QUERIES = 14


def test_the_line_says_who_calls_by_mask(agent, world):
    make_accepted()
    known = panes(agent.post("/desk/suggest/", {"phone": PHONE}))["line"]
    new = panes(agent.post("/desk/suggest/", {"phone": "13900000001"}))["line"]
    half = panes(agent.post("/desk/suggest/", {"phone": "1380797"}))["line"]

    assert known == "138****2231 王*（上次所留） 90 天内 1 件诉求"
    assert new == "139****0001 第一次来电"
    assert half == "先写回访号码，就能看到以前的诉求"


def test_a_restricted_matter_shows_in_no_pane(agent, world):
    make_accepted(secrecy="restricted")
    answer = agent.post("/desk/suggest/", {**CALL, "name": ""})

    assert (panes(answer)["similar"].count("没有相像的事项。"), panes(answer)["line"]) == (
        1,
        "138****2231 第一次来电",
    )
    assert "S261110000001" not in answer.content.decode()


@pytest.mark.parametrize("code", ["urge", "supplement", "withdraw", "progress"])
def test_an_act_on_an_earlier_appeal_leaves_the_call_where_it_is(agent, world, code):
    appeal = make_accepted()
    url = f"/appeals/{appeal.number}/acts/{code}/"
    assert agent.get(url, headers=AT_DESK).status_code == 200
    answer = agent.post(url, {"text": "今晚还在施工"}, headers=AT_DESK)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["HX-Trigger"].startswith('{"act-done": {"said": "S261110000001 ')
    assert Interaction.objects.exclude(kind="new").get().kind == code
    assert (Appeal.objects.count(), Ticket.objects.count()) == (1, 1)


def test_progress_is_read_out_from_the_desk(agent, world):
    appeal = make_accepted()
    dialog = soup(agent.get(f"/appeals/{appeal.number}/acts/progress/", headers=AT_DESK)).get_text()

    assert "12345 正在确定由哪个单位办理。最晚 12月1日 17:30 办结。" in dialog


def test_a_refused_urge_is_said_above_what_was_typed(agent, world):
    appeal = make_appeal()
    answer = agent.post(f"/appeals/{appeal.number}/acts/urge/", {"text": "快一点"}, headers=AT_DESK)

    assert answer.status_code == 422
    assert "诉求 S261110000001 是“待受理”，没有在办的工单可催。" in answer.content.decode()
    assert soup(answer).find("textarea", {"name": "text"}).get_text().strip() == "快一点"
    assert Interaction.objects.count() == 1


def test_two_matters_of_one_call_are_one_person_and_two_numbers(agent, world):
    agent.post("/desk/", CALL)
    agent.post("/desk/", {**CALL, "draft": "desk-2", "text": "另外电梯坏了三天没人修。", "call": "S261110000001"})

    numbers = list(Appeal.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == ["S261110000001", "S261110000001-02"]
    assert (Contact.objects.count(), Ticket.objects.count()) == (1, 2)


def test_a_call_of_another_agent_is_not_gone_on_with(agent, world, person):
    first = make_appeal(by=person("agent"))
    agent.post("/desk/", {**CALL, "call": first.number})

    second = Appeal.objects.exclude(pk=first.pk).get()
    assert (second.number, second.contact == first.contact) == ("S261110000002", False)


def test_an_emergency_needs_no_words_to_be_put_through(agent, world):
    answer = agent.post("/desk/", {"draft": "desk-1", "act": "transfer", "line": "119", "text": ""})

    appeal = Appeal.objects.get()
    assert (answer.status_code, appeal.state, appeal.text) == (
        302,
        "transferred",
        "紧急来电，已转119 消防，情况待补记。",
    )
    assert Transfer.objects.get().by == agent.user


def test_after_an_emergency_the_one_main_act_is_whether_it_was_taken(agent):
    done = soup(agent.get(agent.post("/desk/", {"draft": "desk-1", "act": "transfer", "line": "119"})["Location"]))

    assert [act["data-key"] for act in done.select("main .btn-primary")] == ["y"]
    assert done.select_one("button[value=declined]")["data-key"] == "x"


@pytest.mark.parametrize("text", [STORY, ""])
def test_an_emergency_without_a_line_is_refused_and_nothing_is_written(agent, world, text):
    answer = agent.post("/desk/", {"draft": "desk-1", "act": "transfer", "line": "", "text": text})

    assert (answer.status_code, Appeal.objects.count()) == (422, 0)
    page = soup(answer)
    assert page.find("dialog", id="to-transfer").has_attr("open")
    assert page.select_one("#to-transfer .act-says").get_text(strip=True) == "请选择要转的紧急热线。"
    assert page.find("textarea", attrs={"name": "text"}).get_text(strip=True) == text
    assert "请写什么事。" not in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "state", "dialog"),
    [
        ({"act": "redirect", "route": "litigation", "route_told": "请按诉讼程序办。"}, "redirected", "to-other"),
        ({"act": "explain", "ground": "privacy", "ground_told": "涉及他人隐私。"}, "explained", "to-other"),
        ({"act": "police", "police_told": "第 12 次来电辱骂。"}, "malicious", "to-other"),
        ({"act": "answer", "answer_told": "十点后不得施工。", "category": "010101"}, "answered", "to-answer"),
        ({"act": "transfer", "line": "120"}, "transferred", "to-transfer"),
    ],
)
def test_each_branch_of_a_call(agent, world, typed, state, dialog):
    said = next((value for name, value in typed.items() if name.endswith("_told")), "")
    refused = agent.post("/desk/", {**CALL, **dict.fromkeys(typed, ""), "act": typed["act"]})
    assert (refused.status_code, Appeal.objects.count()) == (422, 0)
    assert soup(refused).find("dialog", id=dialog).has_attr("open")

    agent.post("/desk/", {**CALL, **typed})
    appeal = Appeal.objects.get()
    assert (appeal.state, appeal.told, Ticket.objects.count()) == (state, said, 0)


def test_every_branch_has_its_script(agent, world):
    page = soup(agent.get("/desk/"))

    scripts = [option["data-script"] for option in page.find_all(attrs={"data-script": True})]
    assert (len(scripts), len(set(scripts)), min(map(len, scripts)) > 15) == (11, 11, True)


def test_attaching_needs_no_place(agent, world):
    first = make_accepted()
    agent.post("/desk/", {**CALL, "place": "", "region": "", "act": f"attach:{ticket_of(first).pk}"})

    assert (Appeal.objects.count(), Ticket.objects.get().appeal_count) == (2, 2)


def test_sent_again_with_other_words_it_says_what_was_registered(agent, world):
    agent.post("/desk/", CALL)
    answer = agent.post("/desk/", {**CALL, "text": f"{STORY}还有灰尘。"})

    assert (answer.status_code, Appeal.objects.count()) == (422, 1)
    assert "这一通刚才已登记为 S261110000001，现在写的内容不同，没有再登记。" in answer.content.decode()
    assert soup(answer).find("textarea", {"name": "text"}).get_text() == f"{STORY}还有灰尘。"


def test_a_draft_survives_a_lost_session(agent, world):
    agent.post("/desk/draft/", CALL)
    agent.logout()
    lost = agent.post("/desk/draft/", {**CALL, "text": f"{STORY}还有"})
    assert lost.status_code == 302

    agent.force_login(User.objects.get(pk=agent.user.pk), "django.contrib.auth.backends.ModelBackend")
    link = soup(agent.get("/desk/")).select_one("a[href*='draft=']")["href"]
    page = soup(agent.get(link))
    assert page.find("textarea", {"name": "text"}).get_text() == STORY
    assert page.find("option", {"value": "360702"}).has_attr("selected")


def test_a_save_that_comes_after_the_call_was_registered_leaves_no_draft(agent, world):
    agent.post("/desk/draft/", CALL)
    agent.post("/desk/", CALL)
    late = agent.post("/desk/draft/", CALL)

    assert (late.status_code, late.json(), Draft.objects.count()) == (
        400,
        {"message": "这一通已经登记，不再存草稿。"},
        0,
    )


def test_a_draft_lives_seven_days(agent, world):
    agent.post("/desk/draft/", CALL)
    draft = {"key": "desk-1", "by": agent.user}
    before, after = NOON.replace(day=17, hour=9), NOON.replace(day=17, hour=11)

    assert services.restore_draft(**draft, at=before)["text"] == STORY
    assert services.restore_draft(**draft, at=after) == {}
    assert (services.expire_drafts(at=before), services.expire_drafts(at=after)) == (0, 1)
    assert Draft.objects.count() == 0


def test_a_draft_that_is_gone_is_said(agent, world):
    set_parameter(key="draft_days", value="5", valid_from=NOON, source="测试", by=None, at=NOON)

    page = agent.get("/desk/?draft=desk-1").content.decode()

    assert "这份草稿已经登记，或者超过 5 天已删除。" in page


def test_the_next_call_throws_the_empty_draft_away(agent, world):
    agent.post("/desk/draft/", {"draft": "desk-1", "phone": PHONE})
    answer = agent.post("/desk/draft/discard/", {"draft": "desk-1"})

    assert (answer.status_code, answer.headers["Location"], Draft.objects.count()) == (302, "/desk/", 0)


def test_a_draft_of_somebody_else_is_neither_read_nor_thrown_away(agent, world, person):
    services.save_draft(key="desk-9", content={"text": "别人的"}, by=person("agent"), at=NOON)

    assert "别人的" not in agent.get("/desk/?draft=desk-9").content.decode()
    agent.post("/desk/draft/discard/", {"draft": "desk-9"})
    assert Draft.objects.count() == 1


def test_only_who_took_the_call_reads_its_code(agent, world, person):
    appeal = make_appeal(by=person("agent"))

    assert agent.get(f"/desk/done/{appeal.number}/").status_code == 404


def test_a_report_against_an_official_is_secret_from_its_first_minute(agent, person):
    """Marked at the desk, it is the reviewers' who name others; the agent, the dispatcher and leaders do not see it."""
    reviewer, dispatcher, leader = (person(role) for role in ("reviewer", "dispatcher", "leader"))
    told = {"text": "举报某局科长张某收受好处，压下违建不查。", "kind": "report", "restricted": "on"}

    assert agent.post("/desk/", CALL | told | {"act": "police", "police_told": "占线。"}).status_code == 422
    done = agent.post("/desk/", CALL | told)

    appeal = Appeal.objects.get()
    ticket = ticket_of(appeal)
    assert (done.status_code, appeal.secrecy, ticket.secrecy) == (302, "restricted", "restricted")
    known = {"agent": agent.user, "reviewer": reviewer, "dispatcher": dispatcher, "leader": leader}
    seen = [role for role, who in known.items() if Ticket.objects.visible_to(who, NOON).exists()]
    assert seen == ["reviewer"]
    assert list(Notice.objects.filter(kind="secret_filed").values_list("recipient", "number")) == [
        (reviewer.pk, ticket.number)
    ]
    tickets.grant_access(ticket_id=ticket.pk, reader=dispatcher, until=None, reason="由其派单。", by=reviewer, at=NOON)
    assert Ticket.objects.visible_to(dispatcher, NOON).get() == ticket


def test_nothing_secret_is_taken_in_that_nobody_could_see(agent):
    answer = agent.post("/desk/", CALL | {"restricted": "on"})

    assert (answer.status_code, Appeal.objects.count()) == (422, 0)
    assert "现在没有审核员可以掌握保密件" in answer.content.decode()
