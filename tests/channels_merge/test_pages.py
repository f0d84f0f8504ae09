"""Staff pages of this room, through the client: who may open them, what they show, what they keep when refused."""

import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.urls import reverse

from channels_merge import services
from channels_merge.models import Appeal, Interaction, Transfer
from hotline.services import notify
from tests.factories.channels_merge import NOON, PHONE, STORY, make_accepted, make_appeal, ticket_of
from tickets import services as tickets
from tickets.models import Ticket


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def as_(client, person):
    def log_in(role, unit=None):
        user = person(role, unit)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        client.user = user
        return client

    return log_in


def text_of(answer):
    return re.sub(r"\s+", " ", BeautifulSoup(answer.content.decode(), "html.parser").get_text(" "))


PAGES = {
    "/": {"agent", "dispatcher", "handler", "leader", "unit_head", "administrator"},
    "/desk/": {"agent"},
    "/intake/": {"agent", "dispatcher"},
    "/search/": {"agent", "dispatcher", "handler", "leader", "unit_head", "administrator"},
}


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("role", ["agent", "dispatcher", "handler", "leader", "unit_head", "administrator"])
def test_who_opens_which_page(as_, url, role):
    assert as_(role).get(url).status_code == (200 if role in PAGES[url] else 403)


def test_strangers_are_sent_to_log_in(client, world):
    for url in PAGES:
        assert client.get(url).status_code == 302


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


def test_a_call_becomes_a_ticket_and_the_agent_reads_out_number_and_code(as_):
    client = as_("agent")
    answer = client.post("/desk/", CALL)

    appeal, ticket = Appeal.objects.get(), Ticket.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/done/{appeal.number}/")
    assert (ticket.region.code, appeal.received_by, appeal.channel.code) == ("360702", client.user, "phone")
    said = text_of(client.get(answer.headers["Location"]))
    assert f"您的编号是 {appeal.number} ，查询码 {' '.join(appeal.code)} 。" in said
    assert "办理单位会在 11月11日 10:00前 给您打电话， 12月1日前 办结，之后我们再回访您。" in said


def test_pressing_twice_registers_once(as_):
    client = as_("agent")
    client.post("/desk/", CALL)
    client.post("/desk/", CALL)

    assert (Appeal.objects.count(), Ticket.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": "短"}, "什么事至少写 5 个字。"),
        ({"place": "", "region": ""}, "请写在哪里：选县区，或写路名、小区。"),
        ({"phone": "12ab"}, "电话号码不对"),
        ({"act": "answer", "answer_told": "不得施工"}, "直接答复须选择事项。"),
        ({"act": "redirect", "route": "", "route_told": "去法院"}, "请选择法定途径。"),
        ({"act": "attach:999999"}, "没有能挂接的这张工单。"),
        ({"act": "fly"}, "请选择去向。"),
        ({"title": "标" * 101}, "标题最多写 100 个字，现在有 101 个字。"),
        ({"place": "锦江花园" * 51}, "详细地点最多写 200 个字，现在有 204 个字。"),
    ],
)
def test_bad_input_is_said_and_nothing_typed_is_lost(as_, change, sentence):
    answer = as_("agent").post("/desk/", {**CALL, "name": "王丽丽", **change})

    page = BeautifulSoup(answer.content.decode(), "html.parser")
    assert (answer.status_code, Appeal.objects.count()) == (422, 0)
    assert sentence in page.get_text()
    assert page.find("input", {"name": "name"})["value"] == "王丽丽"
    assert page.find("textarea", {"name": "text"}).get_text() == {**CALL, **change}["text"]
    assert page.find("input", {"name": "draft"})["value"] == "desk-1"
    for name in {"title", "place"} & change.keys():
        assert page.find("input", {"name": name})["value"] == change[name]


def test_a_restricted_number_is_answered_like_an_unknown_one(as_, person):
    secret = ticket_of(make_accepted())
    tickets.restrict_ticket(ticket_id=secret.pk, readers=[], reason="举报。", by=person("reviewer"), at=NOON)
    appeal = make_appeal(phone="13900000001")
    client = as_("agent")

    def told(number, key):
        page = client.post(f"/intake/{appeal.number}/acts/attach/?ticket={number}", {"text": "同一件"})
        call = client.post("/desk/", {**CALL, "act": f"attach:{key}"})
        assert (page.status_code, call.status_code) == (422, 422)
        return [
            BeautifulSoup(answer.content.decode(), "html.parser").find(class_="note-over").get_text().strip()
            for answer in (page, call)
        ]

    assert told(secret.number, secret.pk) == [f"工单 {secret.number} 已不在办，不能挂接。", "没有能挂接的这张工单。"]
    assert told("GZ000000000000", 999999) == ["工单 GZ000000000000 已不在办，不能挂接。", "没有能挂接的这张工单。"]
    assert not appeal.links.exists()


@pytest.mark.parametrize(
    ("started", "shown"),
    [
        ("2026-11-10T09:57:30+08:00", "2026-11-10T09:57:30+08:00"),
        ("2026-11-09T21:00:00+08:00", NOON.isoformat()),
        ("2026-11-10T13:00:00+08:00", NOON.isoformat()),
        ("2026-11-10T09:57:30", NOON.isoformat()),
        ("2026-13-10T09:57:30+08:00", NOON.isoformat()),
        ("x", NOON.isoformat()),
        ("", NOON.isoformat()),
    ],
)
def test_the_time_of_the_call_runs_on_when_something_is_missing(as_, started, shown):
    answer = as_("agent").post("/desk/", {**CALL, "text": "短", "started": started})

    page = BeautifulSoup(answer.content.decode(), "html.parser")
    assert answer.status_code == 422
    assert page.find(attrs={"data-call-time": True}) is None  # no telephone says when it began
    assert page.find("input", {"name": "started"})["value"] == shown


def test_what_is_missing_in_an_answer_is_said_in_its_dialog(as_, world):
    answer = as_("agent").post("/desk/", {**CALL, "act": "answer", "answer_told": " ", "category": "010101"})

    page = BeautifulSoup(answer.content.decode(), "html.parser")
    dialog = page.find(id="to-answer")
    assert (answer.status_code, dialog.has_attr("open")) == (422, True)
    assert [note.get_text().strip() for note in page.select(".note-over")] == ["请写答复内容。"]
    assert dialog.select_one(".act-says .note-over") is not None


def test_who_left_no_number_is_promised_no_call(as_):
    client = as_("agent")
    answer = client.post("/desk/", {**CALL, "name": "", "phone": ""})
    panes = text_of(client.post("/desk/suggest/", {**CALL, "phone": ""}))
    said = text_of(client.get(answer.headers["Location"]))

    for words in (panes, said):
        assert "办结。没有留回访号码，我们不能回电；凭编号和查询码拨 12345 或者上网查进度。" in words
        assert "回访您" not in words


def test_the_page_after_a_call_offers_only_the_keys_of_its_buttons(as_, world):
    client = as_("agent")
    client.post("/desk/", {**CALL, "act": "answer", "answer_told": "晚上十点后不得施工。", "category": "010101"})
    page = client.get(f"/desk/done/{Appeal.objects.get().number}/").content.decode()

    assert re.findall(r'data-key="(\w+)"', page) == ["n", "Enter"]
    assert "补记" not in page


def test_direct_answer_makes_no_ticket(as_, world):
    client = as_("agent")
    client.post("/desk/", {**CALL, "act": "answer", "answer_told": "晚上十点后不得施工。", "category": "010101"})

    appeal = Appeal.objects.get()
    assert (appeal.state, appeal.told, Ticket.objects.count()) == ("answered", "晚上十点后不得施工。", 0)


def test_attach_hangs_the_call_on_the_matter(as_):
    first = make_accepted()
    as_("agent").post("/desk/", {**CALL, "phone": "13900000001", "act": f"attach:{ticket_of(first).pk}"})

    assert (Appeal.objects.count(), Ticket.objects.get().appeal_count) == (2, 2)


def test_a_further_matter_of_the_call_goes_to_the_same_person(as_):
    client = as_("agent")
    client.post("/desk/", CALL)
    first = Appeal.objects.get()
    page = client.get(f"/desk/?call={first.number}")
    assert f"与 {first.number} 同一来电人，不用再写。" in text_of(page)
    client.post(
        "/desk/", {**CALL, "draft": "desk-2", "text": "另外电梯坏了三天没人修。", "call": first.number, "phone": ""}
    )

    second = Appeal.objects.exclude(pk=first.pk).get()
    assert (second.number, second.contact) == (f"{first.number}-02", first.contact)


def test_suggestions_answer_all_panes(as_, world):
    make_accepted(region=world.county, text="锦江花园东侧工地每晚11点浇筑混凝土，噪声很大，无法休息。")
    answer = as_("agent").post("/desk/suggest/", {**CALL, "text": STORY + f"我电话{PHONE}"})

    page = BeautifulSoup(answer.content.decode(), "html.parser")
    panes = {
        pane["data-pane"]: re.sub(r"\s+", " ", pane.get_text(" ")) for pane in page.find_all(attrs={"data-pane": True})
    }
    assert set(panes) == {"line", "caller", "similar", "who", "say", "heard", "ask", "place", "kind", "attach"}
    assert "锦江花园" in panes["similar"]
    assert "90 天内 1 件" in panes["caller"]
    assert "时间 每晚11点以后" in panes["heard"]
    assert "138****2231" in panes["ask"]
    assert PHONE not in answer.content.decode()
    assert page.find(attrs={"data-fill": "title"})["data-value"].startswith("锦江花园东侧工地")


def test_suggestions_for_nothing_typed_are_empty_not_wrong(as_, world):
    answer = as_("agent").post("/desk/suggest/", {"phone": "abc", "region": "nowhere", "category": "x", "kind": "x"})

    assert answer.status_code == 200
    assert "写下什么事以后" in text_of(answer)


def test_the_draft_comes_back_and_is_encrypted(as_):
    client = as_("agent")
    saved = client.post("/desk/draft/", {**CALL, "csrfmiddlewaretoken": "x"})

    assert saved.json() == {"draft": "desk-1", "saved_at": "10:00:00"}
    from channels_merge.models import Draft

    assert PHONE not in str(Draft.objects.values().get())
    page = BeautifulSoup(client.get("/desk/?draft=desk-1").content.decode(), "html.parser")
    assert page.find("input", {"name": "phone"})["value"] == PHONE
    assert page.find("textarea", {"name": "text"}).get_text() == STORY
    assert as_("agent").get("/desk/?draft=desk-1").context["typed"].get("text") is None


@pytest.mark.parametrize(
    ("code", "typed", "kind"),
    [
        ("urge", {"text": ""}, "urge"),
        ("supplement", {"text": "今晚还在施工"}, "supplement"),
        ("withdraw", {"text": "已经停工"}, "withdraw"),
    ],
)
def test_what_a_caller_adds_is_one_dialog(as_, code, typed, kind):
    appeal = make_accepted()
    client = as_("agent")
    url = f"/appeals/{appeal.number}/acts/{code}/"
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
    answer = client.post(url, typed, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/desk/")
    assert Interaction.objects.exclude(kind="new").get().kind == kind
    assert (Appeal.objects.count(), Ticket.objects.count()) == (1, 1)


def test_an_empty_supplement_is_422_in_the_dialog(as_):
    appeal = make_accepted()
    answer = as_("agent").post(
        f"/appeals/{appeal.number}/acts/supplement/", {"text": " "}, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert "请写补充的内容。" in answer.content.decode()


def test_progress_can_be_read_out_and_asking_is_recorded(as_):
    appeal = make_accepted()
    client = as_("agent")
    said = text_of(client.get(f"/appeals/{appeal.number}/"))
    assert "12345 正在确定由哪个单位办理。" in said
    client.post(f"/appeals/{appeal.number}/acts/progress/")
    assert Interaction.objects.filter(kind="progress").count() == 1


def test_a_withdrawn_appeal_is_shown_as_such_and_only_told_about(as_):
    first = make_accepted(phone="13900000001")
    appeal = make_accepted(ticket_id=ticket_of(first).pk)
    client = as_("agent")
    client.post(f"/appeals/{appeal.number}/acts/withdraw/", {"text": "已经停工"})

    panes = BeautifulSoup(client.post("/desk/suggest/", CALL).content.decode(), "html.parser")
    caller = panes.find(attrs={"data-pane": "caller"})
    page = client.get(f"/appeals/{appeal.number}/").content.decode()
    client = as_("reviewer")
    at_centre = client.get(f"/appeals/{appeal.number}/").content.decode()

    assert [chip.get_text() for chip in caller.select(".st")] == ["已撤回"]
    assert [button["data-key"] for button in caller.select("[data-key]")] == ["p"]
    assert re.findall(r'data-key="(\w)"', page) == ["p", "o"]
    assert re.findall(r"<kbd>(\w)</kbd> (?:催单|补充|撤单|记进展)", page) == ["p"]
    assert "改挂到另一张" not in at_centre
    assert "来电人要求" not in at_centre


def test_days_later_nobody_is_told_to_hold_the_line(as_):
    client = as_("agent")
    client.post("/desk/", {**CALL, "act": "transfer", "line": "119"})
    url = f"/desk/done/{Appeal.objects.get().number}/"
    at_once = text_of(client.get(url))
    Appeal.objects.update(received_at=NOON - timedelta(days=4))
    later = text_of(client.get(url))

    assert "已为您转接，请不要挂机。" in at_once
    assert "等下一通" in at_once
    assert "119 消防 接走了吗" in later
    assert "登记的内容" in later
    assert "请不要挂机" not in later
    assert "等下一通" not in later


def test_the_result_of_a_transfer_is_recorded(as_):
    client = as_("agent")
    client.post("/desk/", {**CALL, "act": "transfer", "line": "119"})
    transfer = Transfer.objects.get()
    assert "119 消防 接走了吗" in text_of(client.get(f"/desk/done/{transfer.appeal.number}/"))
    client.post(f"/transfers/{transfer.pk}/conclude/", {"outcome": "declined", "note": "不属火警"})

    assert Appeal.objects.get().state == "received"


@pytest.mark.parametrize(
    ("typed", "state"), [({"outcome": "taken"}, "transferred"), ({"outcome": "declined"}, "received")]
)
def test_the_result_of_a_transfer_from_intake_is_recorded_from_the_workbench(as_, typed, state):
    """Nobody was on the line: there is no page of a call. A dispatcher sees it too, when the agent has gone home."""
    appeal = make_appeal()
    page = f"/appeals/{appeal.number}/"
    client = as_("agent")
    client.post(f"/intake/{appeal.number}/acts/transfer/", {"choice": "119", "told": ""})

    for _ in range(2):
        bench = BeautifulSoup(client.get("/").content.decode(), "html.parser")
        assert [row["data-href"] for row in bench.select("tr[data-href]")] == [page]
        assert "119 消防 接走了吗" in text_of(client.get(page))
        client = as_("dispatcher")
    client.post(f"/transfers/{Transfer.objects.get().pk}/conclude/", {**typed, "note": "不属火警"})

    appeal.refresh_from_db()
    assert appeal.state == state
    assert "接走了吗" not in text_of(client.get(page))


def test_intake_lists_what_waits_first_come_first(as_):
    first, second = (
        make_appeal(text="第一件事情请处理一下。"),
        make_appeal(text="第二件事情请处理一下。", phone="13900000001"),
    )
    page = text_of(as_("agent").get("/intake/"))

    assert page.index(first.number) < page.index(second.number)
    assert "第一件事情请处理一下" in page
    make_accepted(text="已受理的不再列出来了。")
    assert "已受理的不再列出来了" not in text_of(as_("agent").get("/intake/"))


def test_intake_says_when_nothing_waits(as_):
    assert "没有等着受理的来件" in text_of(as_("agent").get("/intake/"))


@pytest.mark.parametrize(
    ("code", "typed", "state"),
    [
        ("accept", {"title": "改过的标题", "kind": "help", "urgency": "urgent", "place": "红旗大道"}, "accepted"),
        ("answer", {"category": "010101", "told": "晚上十点后不得施工。"}, "answered"),
        ("need-info", {"text": "哪一栋？"}, "need_info"),
        ("transfer", {"choice": "119", "told": ""}, "transferred"),
        ("redirect", {"choice": "litigation", "told": "请向法院起诉。"}, "redirected"),
        ("explain", {"choice": "privacy", "told": "涉及他人隐私。"}, "explained"),
        ("police", {"text": "24 小时来电 40 次辱骂。"}, "malicious"),
    ],
)
def test_every_act_of_intake(as_, code, typed, state):
    appeal = make_appeal()
    client = as_("agent")
    url = f"/intake/{appeal.number}/acts/{code}/"
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
    empty = client.post(url, {}, headers={"HX-Request": "true"})
    assert empty.status_code == 422
    answer = client.post(url, typed, headers={"HX-Request": "true"})

    appeal.refresh_from_db()
    assert (answer.status_code, appeal.state) == (200, state)


def test_intake_attaches_to_a_similar_matter(as_):
    ticket = ticket_of(make_accepted())
    appeal = make_appeal(phone="13900000001")
    client = as_("agent")
    peek = client.get(f"/intake/{appeal.number}/peek/").content.decode()
    assert f"/intake/{appeal.number}/acts/attach/?ticket={ticket.number}" in peek
    client.post(f"/intake/{appeal.number}/acts/attach/?ticket={ticket.number}", {"text": "同一工地"})

    assert ticket_of(appeal) == ticket


def test_every_act_of_intake_has_a_key_of_its_own(as_):
    appeal = make_appeal()

    peek = BeautifulSoup(as_("agent").get(f"/intake/{appeal.number}/peek/").content.decode(), "html.parser")

    acts = peek.select(".row0 [data-act]")
    assert [(act["data-key"], act.get_text(" ", strip=True)) for act in acts] == [
        ("y", "受理 y"),
        ("i", "请补充 i"),
        ("d", "直接答复 d"),
        ("t", "转紧急 t"),
        ("l", "法定途径 l"),
        ("e", "解释 e"),
        ("m", "移交公安 m"),
    ]


def test_an_act_of_another_person_first_is_told(as_):
    appeal = make_appeal()
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=NOON)
    answer = as_("agent").post(
        f"/intake/{appeal.number}/acts/police/", {"text": "辱骂"}, headers={"HX-Request": "true"}
    )

    assert answer.status_code == 422
    assert f"诉求 {appeal.number} 当前为“已受理”，不能执行该操作。" in answer.content.decode()


def test_intake_pages_by_key(as_, world):
    for n in range(27):
        make_appeal(text=f"第{n:02}件事情请处理一下。", phone="", name="")
    client = as_("agent")
    first = BeautifulSoup(client.get("/intake/").content.decode(), "html.parser")
    assert len(first.select("table[data-rows] tbody tr")) == 25
    second = BeautifulSoup(
        client.get("/intake/" + first.find("a", rel="next")["href"]).content.decode(), "html.parser"
    )
    assert [row["data-id"] for row in second.select("table[data-rows] tbody tr")] == ["S261110000026", "S261110000027"]
    assert client.get("/intake/?after=nonsense_x").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_intake_makes_the_same_queries_at_one_and_three_rows(as_, rows, django_assert_num_queries):
    for n in range(rows):
        make_appeal(source_number=str(n))
    client = as_("agent")
    client.get("/intake/")

    with django_assert_num_queries(INTAKE_QUERIES):
        answer = client.get("/intake/")

    assert answer.content.count(b"data-peek-url") == rows


INTAKE_QUERIES = 6


def test_what_waits_for_the_citizen_is_listed_apart(as_):
    waiting, asked = make_appeal(), make_appeal(phone="13900000001", source_number="2")
    services.need_info(appeal_id=asked.pk, told="哪一栋？", by=None, at=NOON)
    client = as_("agent")
    listed = [
        [
            row["data-id"]
            for row in BeautifulSoup(client.get(url).content.decode(), "html.parser").select("tr[data-id]")
        ]
        for url in ("/intake/", "/intake/?state=need_info", "/intake/?channel=12328")
    ]

    assert listed == [[waiting.number], [asked.number], []]


def test_the_workbench_says_what_to_do_first(as_):
    ticket = ticket_of(make_accepted())
    page = text_of(as_("dispatcher").get("/"))

    assert "先办 1 件： 没有超期，1 件今天到期。" in page
    assert ticket.number in page
    assert "此刻全市" in page


def test_the_workbench_of_somebody_with_nothing_to_do(as_, world):
    assert "现在没有等您办的。" in text_of(as_("handler", world.department).get("/"))


def test_a_notice_on_the_workbench_says_its_number_once(as_):
    client = as_("dispatcher")
    for kind in ("card_red", "urge"):
        notify(users=[client.user], kind=kind, number="GZ261126000085", at=NOON, dedupe=kind)

    found = BeautifulSoup(client.get("/").content.decode(), "html.parser")

    assert sorted(line.get_text() for line in found.select(".whole a")) == [
        "GZ261126000085 已到时限没有办完，红牌。",
        "反映人催办 GZ261126000085",
    ]


def test_the_name_of_a_region_stands_once_before_the_place(as_, world):
    client = as_("agent")
    place = {"region": world.county, "place": "章贡区锦江花园"}
    waiting, taken = make_appeal(**place), make_appeal(by=client.user, source_number="2", **place)

    for url in (f"/intake/{waiting.number}/peek/", reverse("channels_merge:desk-done", args=[taken.number])):
        assert "<dt>地点</dt><dd>章贡区 锦江花园</dd>" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("role", "shown", "sent", "why"),
    [
        ("handler", "/desk/", "/desk/", "您的岗位没有这项权限。"),
        (
            "agent",
            "/approvals/",
            "/approvals/batch/",
            "结果由单位负责人、县级热线中心和市热线中心审核，延期由派单的一方审批。",
        ),
    ],
)
def test_whoever_refuses_a_page_says_it_in_one_way(as_, role, shown, sent, why):
    client = as_(role)

    page, form, script = client.get(shown), client.post(sent), client.get(shown, headers={"HX-Request": "true"})

    assert (page.status_code, form.status_code, script.status_code) == (403, 403, 403)
    found = BeautifulSoup(page.content.decode(), "html.parser")
    assert found.select_one("nav.rail a") is not None
    assert [found.select_one(f"main .none {part}").get_text() for part in ("b", ".lead-in")] == ["没有打开。", why]
    found = BeautifulSoup(form.content.decode(), "html.parser")
    assert [found.select_one(f"main .none {part}").get_text() for part in ("b", ".lead-in")] == ["没有办成。", why]
    assert text_of(script).strip() == f"没有打开。 {why}"


def test_a_refusal_of_a_view_reaches_the_person_word_for_word(as_, world):
    channel = services.propose_channel(
        owner=world.centre, name="微信", kind="mini_program", way="push", ground="文件", by=None, at=NOON
    )
    leader = as_("leader")

    assert "只有开办单位的联络员、负责人和渠道管理员可以操作。" not in text_of(
        leader.get(f"/channels/{channel.code}/")
    )
    assert "只有开办单位的联络员、负责人和渠道管理员可以操作。" in text_of(
        leader.get(f"/channels/{channel.code}/acts/file/")
    )
