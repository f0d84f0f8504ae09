"""The pages of the person who looks after what is plugged in."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from channels_merge import services
from channels_merge.models import Appeal, CodeMap, InboundMessage, Line, LineSource, OutboxMessage
from channels_merge.services import inbound
from hotline.models import SecurityLog
from tests.channels_merge.lines.conftest import message
from tests.factories.channels_merge import NOON, PHONE, make_appeal


@pytest.fixture
def manager(client, person):
    with time_machine.travel(NOON, tick=False):
        user = person("channel_manager")
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        yield user


def soup(answer):
    assert answer.status_code == 200, answer.content.decode()[:300]
    return BeautifulSoup(answer.content, "html.parser")


def cells(answer):
    return [
        [" ".join(cell.get_text(" ", strip=True).split()) for cell in row.find_all("td")]
        for row in soup(answer).select("[data-rows] tbody tr")
    ]


def said(client, answer):
    return [
        note.get_text(" ", strip=True)
        for note in soup(client.get(answer.headers["Location"])).select("[data-say] > span")
    ]


# ---- lines


def test_the_list_of_lines_says_how_each_is(client, manager, plug, came):
    line = plug("12315")
    came(line, message("1"), message("2", text="短"), message("3", event="urge"))
    rows = cells(client.get("/lines/"))

    assert len(rows) == 12
    assert rows[0] == ["有搁置的", "12315 消费热线", "今天 10:00", "3", "1 件 最早 0 分", "1", "—", "0", "0", "0", ""]
    assert rows[1][0] == "没有接通"


def test_the_page_of_a_line_shows_what_is_parked_first(client, manager, plug, came):
    line = plug("12315")
    came(line, message("1"), message("2", text="短"), message("3", event="urge"))

    assert cells(client.get("/lines/12315/")) == [
        ["今天 10:00", "新诉求", "2", "不能办理", "诉求内容至少写 5 个字。", "—"]
    ]
    assert cells(client.get("/lines/12315/?state=waiting")) == [["今天 10:00", "催单", "3", "等原诉求", "—", "—"]]
    assert [row[3] for row in cells(client.get("/lines/12315/?state=all"))] == ["等着处理", "搁置", "已入池"]
    assert cells(client.get("/lines/12315/?state=done"))[0][-1] == Appeal.objects.get().number
    assert client.get("/lines/nobody/").status_code == 404


def test_the_limits_of_a_line_are_laid_down_on_its_page(client, manager, plug):
    plug("12328")
    typed = {"what": "accept", "amount": "5", "unit": "wd", "source": "某办法第三条"}

    assert client.post("/lines/12328/limit/", {**typed, "amount": "五"}).status_code == 422
    answer = client.post("/lines/12328/limit/", typed)

    assert said(client, answer) == ["法定受理：5 个工作日，从现在起。"]
    page = soup(client.get("/lines/12328/")).select_one("aside .kv").get_text(" ", strip=True)
    assert "时限 没有来件提醒 1 个工作日；法定受理 5 个工作日" in page


def test_what_came_without_an_id_says_so(client, manager, plug, came):
    row = came(plug("12315"), b"{")

    page = soup(client.get(f"/lines/messages/{row.pk}/"))

    assert page.select_one(".brk").get_text() == "没有消息编号"


def test_what_came_is_shown_without_the_person(client, manager, plug, came):
    row = came(plug("12315"), message("1", text="短", id_number="360702199001011234", account="wx-wang"))
    page = client.get(f"/lines/messages/{row.pk}/").content.decode()

    for hidden in (PHONE, "王丽", "360702199001011234", "wx-wang"):
        assert hidden not in page
    assert "138****2231" in page
    garbage = came(plug("12315"), f"<xml>{PHONE}</xml>".encode())
    page = client.get(f"/lines/messages/{garbage.pk}/").content.decode()
    assert (PHONE in page, "&lt;xml&gt;138****2231" in page) == (False, True)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_line_asks_as_often_whatever_it_holds(
    client, manager, plug, came, count, django_assert_num_queries
):
    line = plug("12315")
    came(line, *(message(str(number), text="短") for number in range(count)))
    client.get("/lines/12315/")

    with django_assert_num_queries(12):
        assert len(cells(client.get("/lines/12315/"))) == count


def test_messages_page_by_key(client, manager, plug, came):
    line = plug("12315")
    came(line, *(message(str(number), text="短") for number in range(26)))
    first = client.get("/lines/12315/")
    link = soup(first).select_one("a[rel=next]")["href"]
    second = client.get(f"/lines/12315/{link}")

    assert (len(cells(first)), cells(first)[0][2]) == (25, "25")
    assert [row[2] for row in cells(second)] == ["0"]


def test_retry_and_dismiss_from_the_page(client, manager, plug, came):
    line = plug("12315")
    row = came(line, message("2", text="短"))
    answer = client.post(f"/lines/messages/{row.pk}/retry/")
    assert said(client, answer) == ["appeal-2 还是不行：诉求内容至少写 5 个字。"]

    missing = client.post(f"/lines/messages/{row.pk}/dismiss/", {"text": ""})
    assert (missing.status_code, "请写明理由。" in missing.content.decode()) == (
        422,
        True,
    )
    client.post(f"/lines/messages/{row.pk}/dismiss/", {"text": "测试数据。"})
    row.refresh_from_db()
    assert (row.state, row.settled_by) == ("dismissed", manager)
    answer = client.post(f"/lines/messages/{row.pk}/retry/")
    assert said(client, answer)[-1] == "这条消息已不在搁置的里面，可能刚被别人处理过。"


def test_retry_all(client, manager, plug, came):
    line = plug("12315")
    came(line, message("1"), message("1", "rating", satisfaction="satisfied", resolved="yes"), message("2", text="短"))
    services.accept_appeal(appeal_id=Appeal.objects.get().pk, by=None, at=NOON)
    answer = client.post("/lines/12315/retry/")

    assert said(client, answer) == ["重试了 2 条，1 条已处理，1 条还在搁置。"]


SHEET = "姓名,电话\n王丽,13807972231\n".encode("gb18030")


def unread(line):
    inbound.park_sheet(line=line, name="十一月.csv", content=SHEET, reason="没有列。", at=NOON)
    return InboundMessage.objects.get(parked_for="sheet")


def test_a_sheet_that_cannot_be_read_is_downloaded_as_it_came_with_a_reason_on_record(client, manager, plug):
    row = unread(plug("12315"))
    address = f"/lines/messages/{row.pk}/sheet/"
    assert soup(client.get(f"/lines/messages/{row.pk}/")).select_one("[data-key=o]")["href"] == address
    dialog = soup(client.get(address, headers={"HX-Request": "true"})).form
    assert (dialog["action"], dialog.get("hx-post")) == (address, None)

    refused = client.post(address, {"text": "看"})
    answer = client.post(address, {"text": "对方说列名没错，核对一下"}, REMOTE_ADDR="10.1.2.3")

    assert (refused.status_code, "下载原件须写明理由，至少 4 个字。" in refused.content.decode()) == (422, True)
    assert (answer.status_code, answer.content) == (200, SHEET)
    assert answer.headers["Content-Disposition"] == ("attachment; filename*=UTF-8''%E5%8D%81%E4%B8%80%E6%9C%88.csv")
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    log = SecurityLog.objects.filter(kind="reveal").order_by("pk")
    assert list(log.values_list("subject", "user", "outcome", "reason", "address")) == [
        (f"来件表格 12315 {row.pk}", manager.pk, "refused", "下载原件须写明理由，至少 4 个字。", "127.0.0.1"),
        (f"来件表格 12315 {row.pk}", manager.pk, "done", "对方说列名没错，核对一下", "10.1.2.3"),
    ]
    client.post(f"/lines/messages/{row.pk}/dismiss/", {"text": "已重发。"})
    assert client.get(address).status_code == 200


def test_only_a_sheet_has_an_original_to_download(client, manager, plug, came):
    row = came(plug("12315"), message("1", text="短"))

    assert client.get(f"/lines/messages/{row.pk}/sheet/").status_code == 404
    assert "下载原件" not in client.get(f"/lines/messages/{row.pk}/").content.decode()


# ---- plugging in


def test_the_secret_is_shown_once(client, manager, lines):
    page = soup(client.post("/lines/12315/secret/"))
    shown = page.select_one("#secret").text

    assert page.select_one("main [data-home]")["href"] == "/lines/12315/"
    assert Line.objects.get(channel__code="12315").secret == shown
    assert shown not in client.get("/lines/12315/").content.decode()
    assert shown not in client.get("/lines/12315/secret/").content.decode()


def test_settings_of_a_line(client, manager, plug):
    plug("12315")
    wrong = client.post("/lines/12315/change/", {"algorithm": "HMAC-SM3", "push_url": "nonsense space"})
    assert (wrong.status_code, "推送地址不对" in wrong.content.decode()) == (422, True)
    client.post(
        "/lines/12315/change/", {"algorithm": "HMAC-SM3", "push_url": "https://12315.example/in", "is_open": "on"}
    )

    line = Line.objects.get(channel__code="12315")
    assert (line.algorithm, line.push_url, line.is_open) == ("HMAC-SM3", "https://12315.example/in", True)
    assert "https://12315.example/in" in client.get("/lines/12315/").content.decode()


PULL = {
    "is_open": "on", "url": "https://12315.example/items", "fields_text": "number = id\ndata.text = content.text\n",
    "header_name": "Authorization", "header_value": "Bearer abc", "list_path": "data", "page_size": "50",
    "every_minutes": "10",
}  # fmt: skip


def test_a_source_is_laid_down_and_its_value_is_not_shown_again(client, manager, plug):
    plug("12315")
    client.post("/lines/12315/sources/pull/", PULL)

    source = LineSource.objects.get()
    assert (source.fields, source.header_value, source.page_size, source.every_minutes) == (
        {"number": "id", "data.text": "content.text"}, "Bearer abc", 50, 10,
    )  # fmt: skip
    page = client.get("/lines/12315/sources/pull/").content.decode()
    assert ("data.text = content.text" in page, "Bearer abc" in page) == (True, False)
    client.post("/lines/12315/sources/pull/", PULL | {"header_value": "", "page_size": "60"})
    source.refresh_from_db()
    assert (source.header_value, source.page_size) == ("Bearer abc", 60)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fields_text": "number"}, "这一行看不懂：number。"),
        ({"fields_text": "number = id"}, "还没有对应 data.text"),
        ({"url": ""}, "请写取数地址。"),
    ],
)
def test_a_source_that_cannot_work_comes_back_with_what_was_typed(client, manager, plug, changes, sentence):
    plug("12315")
    answer = client.post("/lines/12315/sources/pull/", PULL | changes)

    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert LineSource.objects.count() == 0
    assert client.get("/lines/12315/sources/post/").status_code == 404


def test_a_folder_is_laid_down(client, manager, plug):
    plug("12345-board")
    typed = {
        "is_open": "on",
        "fields_text": "number = 编号\ndata.text = 内容\ndata.kind = =求助",
        "every_minutes": "30",
    }
    client.post("/lines/12345-board/sources/folder/", typed)

    source = LineSource.objects.get()
    assert (source.door, source.fields["data.kind"], source.every_minutes) == ("folder", "=求助", 30)
    assert "drop/12345-board/" in client.get("/lines/12345-board/sources/folder/").content.decode()


# ---- codes


def test_codes_are_settled_from_the_page(client, manager, plug, came, world):
    came(plug("12328"), message("1", category_code="A01", category_name="出租车"), message("2", category_code="A01"))
    assert cells(client.get("/lines/codes/")) == [
        ["12328 交通热线", "事项", "A01", "出租车", "2", "今天 10:00", "还没有对应", "对应"]
    ]

    code = CodeMap.objects.get()
    client.post(f"/lines/codes/{code.pk}/", {"target": world.category.code})

    assert set(Appeal.objects.values_list("category", flat=True)) == {world.category.pk}
    assert cells(client.get("/lines/codes/?tab=settled"))[0][-2:] == ["城市管理 / 噪声 / 夜间施工噪声", "修改"]
    assert cells(client.get("/lines/codes/?tab=settled&line=12315")) == []
    for undecided in ({"target": ""}, {"target": world.category.code, "nothing": "on"}):
        answer = client.post(f"/lines/codes/{code.pk}/", undecided)
        assert (answer.status_code, "请选择对应到什么" in answer.content.decode()) == (422, True)
    client.post(f"/lines/codes/{code.pk}/", {"nothing": "on"})
    assert cells(client.get("/lines/codes/?tab=settled"))[0][-2] == "没有对应，由人判断"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_codes_asks_as_often_whatever_it_holds(
    client, manager, plug, came, count, django_assert_num_queries
):
    line = plug("12328")
    came(line, *(message(str(n), category_code=f"A{n}", region_code=f"R{n}") for n in range(count)))
    client.get("/lines/codes/")

    with django_assert_num_queries(8):
        assert len(cells(client.get("/lines/codes/"))) == 2 * count


# ---- outbox


def test_the_outbox_shows_what_waits_and_what_is_dead_and_sends_again(client, manager, plug, came):
    line = plug("province", push_url="https://province.example/in")
    came(line, message("1", phone=""))
    make_appeal()
    assert [row[1:3] for row in cells(client.get("/outbox/?tab=waiting"))] == [
        ["省平台", "进展"],
        ["群众手机", "登记告知"],
    ]
    assert cells(client.get("/outbox/")) == []
    OutboxMessage.objects.update(dead_at=NOON, next_try_at=None, last_error="对方答复 422：少字段", attempts=1)

    dead = cells(client.get("/outbox/?to=province"))
    assert [row[1:2] + row[4:] for row in dead] == [["省平台", "1", "对方答复 422：少字段", "再发"]]
    row = OutboxMessage.objects.get(line=line)
    assert said(client, client.post(f"/outbox/{row.pk}/again/")) == ["已排上，一分钟内再发。"]
    assert said(client, client.post(f"/outbox/{row.pk}/again/")) == ["这条消息没有放弃，可能刚被别人重新发送。"]
    assert client.post("/outbox/again/", {"to": "\0"}).status_code == 404
    client.post("/outbox/again/", {"to": "phones"})
    assert OutboxMessage.objects.filter(dead_at=None, revived_by=manager).count() == 2


@pytest.mark.parametrize("count", [1, 3])
def test_the_outbox_asks_as_often_whatever_it_holds(client, manager, world, count, django_assert_num_queries):
    for _ in range(count):
        make_appeal()
    client.get("/outbox/")

    with django_assert_num_queries(6):
        assert len(cells(client.get("/outbox/?tab=waiting"))) == count


def test_no_dead_message_is_lost_between_two_pages(client, manager, world):
    """What was given up later is shown first, whichever was written first."""
    for _ in range(30):
        make_appeal()
    written = list(OutboxMessage.objects.order_by("pk").values_list("pk", flat=True))
    for place, pk in enumerate(written):
        given_up = NOON + timedelta(minutes=place if place % 2 else -place)
        OutboxMessage.objects.filter(pk=pk).update(dead_at=given_up, next_try_at=None, last_error="超时")

    first = client.get("/outbox/")
    second = client.get(f"/outbox/{first.context['next_url']}")
    assert second.context["next_url"] == ""
    shown = [row.pk for page in (first, second) for row in page.context["rows"]]
    assert shown == list(OutboxMessage.objects.order_by("-dead_at", "-pk").values_list("pk", flat=True))


def test_every_page_of_it_marks_its_entry_in_the_rail(client, manager, world):
    marked = {
        address: [entry["label"] for entry in client.get(address).context["shell"].rail if entry["current"]]
        for address in ("/lines/", "/lines/codes/", "/outbox/", "/grid/cells/", "/grid/standard/", "/grid/events/")
    }
    assert marked == {
        "/lines/": ["接入"],
        "/lines/codes/": ["接入"],
        "/outbox/": ["接入"],
        "/grid/cells/": ["网格"],
        "/grid/standard/": ["网格"],
        "/grid/events/": ["网格"],
    }


def test_the_rail_counts_what_needs_a_person(client, manager, plug, came):
    came(plug("12315"), message("1", text="短"))
    rail = {entry["label"]: (entry["count"], entry["hot"]) for entry in client.get("/lines/").context["shell"].rail}

    assert rail["接入"] == (1, False)


def test_who_has_no_right_sees_none_of_it(client, person, plug, came):
    row = came(plug("12315"), message("1", text="短"))
    with time_machine.travel(NOON, tick=False):
        client.force_login(person("dispatcher"), "django.contrib.auth.backends.ModelBackend")
        answers = [
            client.get("/lines/"),
            client.get("/lines/12315/"),
            client.get(f"/lines/messages/{row.pk}/"),
            client.post(f"/lines/messages/{row.pk}/retry/"),
            client.post("/lines/12315/secret/"),
            client.get("/lines/codes/"),
            client.get("/outbox/"),
        ]

    assert {answer.status_code for answer in answers} == {403}
    assert InboundMessage.objects.get().attempts == 0


# ---- at intake


@pytest.fixture
def agent(client, person):
    with time_machine.travel(NOON, tick=False):
        user = person("agent")
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        yield user


def test_intake_shows_what_the_platform_said_and_gives_a_matter_back(client, agent, plug, came):
    came(
        plug("province", push_url="https://province.example/in"),
        message("JX-1", due_at="2026-11-13 17:30", first_called="them", three_party=True),
    )
    appeal = Appeal.objects.get()
    page = soup(client.get(f"/intake/{appeal.number}/peek/"))
    assert "平台限期 11月13日 17:30 来电 先打对方，三方通话过" in " ".join(page.get_text(" ", strip=True).split())
    assert page.select_one('[data-key="b"]').get_text(" ", strip=True) == "退回平台 b"

    client.post(f"/intake/{appeal.number}/acts/return/", {"text": "属吉安市。"})

    appeal.refresh_from_db()
    assert (appeal.state, appeal.line_returns.get().by) == ("returned", agent)


def test_a_matter_of_somebody_who_rang_us_first_has_no_way_back(client, agent, plug, came):
    came(plug("110", push_url="https://110.example/in"), message("1", first_called="us"))
    appeal = Appeal.objects.get()

    assert soup(client.get(f"/intake/{appeal.number}/peek/")).select_one('[data-key="b"]') is None
    answer = client.post(f"/intake/{appeal.number}/acts/return/", {"text": "属 110。"})
    assert (answer.status_code, "先接到的登记受理" in answer.content.decode()) == (422, True)


def test_a_call_of_three_is_noted_with_the_transfer(client, agent, plug, came):
    came(plug("12328"), message("1"))
    appeal = Appeal.objects.get()
    client.post(f"/intake/{appeal.number}/acts/transfer/", {"choice": "110", "told": "有人打架", "three_party": "on"})

    transfer = appeal.transfers.get()
    assert (transfer.line, transfer.note, transfer.three_party) == ("110", "有人打架", True)


def test_the_desk_notes_a_call_of_three(client, agent, world):
    typed = {
        "draft": "call-1", "act": "transfer", "line": "110", "line_note": "有人打架", "three_party": "on",
        "text": "楼下有人打架，已经动手了。", "region": "360702",
    }  # fmt: skip
    client.post("/desk/", typed)

    transfer = Appeal.objects.get().transfers.get()
    assert (transfer.line, transfer.note, transfer.three_party) == ("110", "有人打架", True)
