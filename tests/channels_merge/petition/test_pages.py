"""The list of both, one pair with what each may see, the sheet, and what an agent is told at intake."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_merge.models import Channel, JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.services import issue_channel_key, petition
from tests.channels_merge.petition.factories import ID_NUMBER, STORY, take_in
from tests.factories.channels_merge import NOON, ChannelFactory, make_accepted, make_appeal
from tickets.models import Ticket

LATER = NOON + timedelta(days=1)
LONG_AFTER = NOON + timedelta(days=40)


@pytest.fixture
def pairs(office):
    """`pairs(3)`: so many confirmed pairs of as many people, both sides open."""

    def make(count):
        for number in range(count):
            phone = f"1380797{2000 + number}"
            make_accepted(at=NOON, region=office.county, phone=phone)
            matter = take_in(office, number=f"XF{number:04}", phone=phone).matter
            petition.match_petition(matter_id=matter.pk, at=LATER)
        for match in PetitionMatch.objects.filter(ground="phone"):
            petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)

    return make


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_pair_and_three(office, pairs, client, django_assert_num_queries, count):
    pairs(count)
    client.force_login(office.reviewer, "django.contrib.auth.backends.ModelBackend")

    with time_machine.travel(LONG_AFTER, tick=False):
        client.get("/petitions/")
        with django_assert_num_queries(13):
            answer = client.get("/petitions/")

    assert len(answer.context["rows"]) == count


def test_the_list_pages_by_key(office, pairs, client):
    pairs(27)
    client.force_login(office.reviewer, "django.contrib.auth.backends.ModelBackend")

    with time_machine.travel(LONG_AFTER, tick=False):
        first = client.get("/petitions/")
        second = client.get(f"/petitions/{first.context['next_url']}")

    numbers = [match.matter.number for page in (first, second) for match, _, _ in page.context["rows"]]
    assert numbers == [f"XF{number:04}" for number in range(27)]
    assert second.context["next_url"] == ""


@pytest.mark.parametrize(
    ("who", "sees", "not_sees"),
    [
        ("reviewer", ("XF2026110001", "多次反映没有结果", "近一周每晚", "是同一件"), ()),
        ("dispatcher", ("XF2026110001", "近一周每晚"), ("多次反映没有结果", "王*", "都说到")),
        ("officer", ("XF2026110001", "多次反映没有结果", "王*"), ("近一周每晚", "都说到")),
        ("channel_manager", ("XF2026110001",), ("多次反映没有结果", "近一周每晚", "王*", "都说到")),
    ],
)
def test_neither_side_is_shown_more_than_its_right(office, both, client, who, sees, not_sees):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    client.force_login(getattr(office, who), "django.contrib.auth.backends.ModelBackend")

    with time_machine.travel(LATER, tick=False):
        page = client.get("/petitions/?tab=proposed").content.decode()

    assert [words for words in sees if words not in page] == []
    assert [words for words in not_sees if words in page] == []
    assert "13807972231" not in page


def test_a_county_office_gets_404_for_a_pair_of_another_county(office, both, client):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()

    def status(who):
        client.force_login(who, "django.contrib.auth.backends.ModelBackend")
        return client.get(f"/petitions/{match.pk}/").status_code

    assert [status(who) for who in (office.officer, office.county_officer, office.agent)] == [200, 404, 403]


def test_a_pair_is_confirmed_supervised_and_lifted_on_the_page(office, both, client):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()
    client.force_login(office.reviewer, "django.contrib.auth.backends.ModelBackend")

    def act(code, **typed):
        return client.post(f"/petitions/{match.pk}/acts/{code}/", typed).status_code

    with time_machine.travel(LONG_AFTER, tick=False):
        assert client.get(f"/petitions/{match.pk}/acts/supervise/").status_code == 200
        assert act("supervise", text="工地停了又开。") == 422
        assert act("confirm") == 303
        assert act("supervise", text="") == 422
        assert act("supervise", text="工地停了又开。") == 303
        assert "联合督导中" in client.get("/petitions/?tab=joint").content.decode()
        assert Ticket.objects.get(pk=both.ticket.pk).open_hold_count == 1
        assert act("lift", text="已停工整改。") == 303
        assert act("nothing") == 404

    assert JointSupervision.objects.get().lift_reason == "已停工整改。"


def test_a_sheet_is_handed_in_and_says_what_became_of_each_row(office, client):
    client.force_login(office.officer, "django.contrib.auth.backends.ModelBackend")
    sheet = f"信访编号,登记时间,状态,内容\nB1,2026-11-09,办理中,{STORY}\nB2,,办理中,{STORY}\n"

    with time_machine.travel(LATER, tick=False):
        empty = client.post("/petitions/import/", {})
        wrong = client.post("/petitions/import/", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
        done = client.post("/petitions/import/", {"file": SimpleUploadedFile("a.csv", sheet.encode())})

    assert (empty.status_code, wrong.status_code, done.status_code) == (422, 422, 200)
    assert "请选择文件。" in empty.content.decode()
    assert "第一行没有这几列：信访编号、登记时间、状态、内容。" in wrong.content.decode()
    assert "读 2 行：新增 1，更新 0，没有变化 0，没有收下 1。" in done.content.decode()
    assert "登记时间须填写。" in done.content.decode()
    assert list(PetitionMatter.objects.values_list("number", flat=True)) == ["B1"]


def test_the_desk_is_told_that_the_caller_is_in_petition_and_nothing_of_its_words(office, client):
    take_in(office, phone="13807972231")
    take_in(office, number="OVER", phone="13807972231", state="settled")
    client.force_login(office.agent, "django.contrib.auth.backends.ModelBackend")

    with time_machine.travel(LATER, tick=False):
        told = client.post("/desk/suggest/", {"phone": "13807972231", "text": "锦江花园工地夜间施工太吵"})
        not_told = client.post("/desk/suggest/", {"phone": "13807979999", "text": "锦江花园工地夜间施工太吵"})

    page = told.content.decode()
    assert [one.matter.number for one in told.context["in_petition"]] == ["XF2026110001"]
    assert "信访在办：" in page
    assert 'data-to-route="petition"' in page
    assert "多次反映没有结果" not in page
    assert not_told.context["in_petition"] == []


def test_at_the_desk_the_legal_route_comes_first_with_its_script_also_by_id_number(office, client):
    """An agent has the id number of a caller in the words that are being typed, or not at all."""
    take_in(office, phone="", id_number=ID_NUMBER)
    client.force_login(office.agent, "django.contrib.auth.backends.ModelBackend")

    def first(**typed):
        with time_machine.travel(LATER, tick=False):
            answer = client.post("/desk/suggest/", typed)
        row = BeautifulSoup(answer.content.decode(), "html.parser").select_one("[data-pane=who] li")
        return row and (row["data-id"], row.get("aria-selected")), row and row.get_text(" ", strip=True)

    told = f"{STORY}我的身份证号是{ID_NUMBER}。"
    chosen, words = first(phone="13900001111", text=told)
    assert chosen == ("petition", "true")
    assert "告知法定途径：信访" in words
    assert "XF2026110001 办理中，同正文中的证件号" in words
    assert "要说的话 这件事已经进入信访程序" in words
    # Another trouble of the same person is handled like anybody's.
    assert first(phone="13900001111", text=f"公交车到站不停，我身份证{ID_NUMBER}，等了两趟。")[0] != (
        "petition",
        "true",
    )
    assert first(phone="13900001111", text=STORY)[0] != ("petition", "true")


def test_at_intake_the_legal_route_is_proposed_with_its_script(office, client):
    take_in(office, phone="13807972231")
    appeal = make_appeal(at=LATER, region=office.township, channel=ChannelFactory())
    petition.match_appeal(appeal_id=appeal.pk, at=LATER)
    client.force_login(office.agent, "django.contrib.auth.backends.ModelBackend")

    with time_machine.travel(LATER, tick=False):
        peek = client.get(f"/intake/{appeal.number}/peek/").content.decode()
        form = client.get(f"/intake/{appeal.number}/acts/redirect/?route=petition").context["form"]
        done = client.post(
            f"/intake/{appeal.number}/acts/redirect/", {"choice": "petition", "told": form["told"].value()}
        )

    assert "已进入信访程序（同一号码）" in peek
    buttons = [one.get_text(" ", strip=True) for one in BeautifulSoup(peek, "html.parser").select(".btn-primary")]
    assert buttons == ["告知法定途径 l"]
    assert "说：“这件事已经进入信访程序" in peek
    assert "多次反映没有结果" not in peek
    assert form["choice"].value() == "petition"
    assert form["told"].value().startswith("这件事已经进入信访程序")
    appeal.refresh_from_db()
    assert (done.status_code, appeal.state, appeal.legal_route) == (303, "redirected", "petition")


@pytest.fixture
def key(office):
    return issue_channel_key(channel_id=Channel.objects.get(code="petition").pk, by=None, at=NOON)


def send(client, key, **fields):
    body = {
        "number": "API1",
        "received_at": NOON.isoformat(),
        "state": "handling",
        "text": STORY,
        "phone": "13807972231",
        "region": "360702",
    }
    return client.post(
        "/api/v1/petitions", body | fields, content_type="application/json", headers={"X-Channel-Key": key}
    )


def test_the_interface_keeps_a_matter_once_and_says_what_12345_has(office, both, client, key):
    new, again, changed = send(client, key), send(client, key), send(client, key, state="answered")

    assert (new.status_code, again.status_code, changed.status_code) == (201, 200, 200)
    assert PetitionMatter.objects.filter(number="API1").count() == 1
    assert changed.json()["state"] == "answered"
    petition.match_petition(matter_id=PetitionMatter.objects.get(number="API1").pk, at=LATER)
    match = PetitionMatch.objects.get(matter__number="API1")

    def told():
        return client.get("/api/v1/petitions/API1", headers={"X-Channel-Key": key}).json()["matches"]

    assert told() == []
    petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)
    assert told() == [{"number": both.ticket.number, "state_name": "待派单", "unit_name": ""}]


def test_the_interface_says_what_is_wrong(office, client, key):
    other = issue_channel_key(channel_id=ChannelFactory(code="12333").pk, by=None, at=NOON)

    def said(answer):
        return answer.status_code, answer.json()["message"]

    assert said(send(client, "wrong")) == (401, "接口密钥不对，或渠道已停用。")
    assert said(send(client, other)) == (403, "这把密钥不是信访渠道的。")
    assert said(send(client, key, colour="red")) == (400, "colour：没有这个字段。")
    assert said(send(client, key, id_number="1")) == (
        400,
        "证件号不对：须是 18 位居民身份证号。表格里的证件号请按文本保存。",
    )
    missing = client.get("/api/v1/petitions/NONE", headers={"X-Channel-Key": key})
    assert said(missing) == (404, "没有收到过编号为 NONE 的信访事项。")
    assert not PetitionMatter.objects.exists()
