"""Pages of the register: what they show to whom, that nothing typed is lost, and how many queries they ask."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_merge import services
from channels_merge.models import Channel, ChannelFiling, LineMilestone, PublicPhone
from channels_merge.selectors.appeals import channel_of_key
from hotline.context import forget_shell
from hotline.models import SecurityLog, StoredFile
from hotline.parameters import forget_parameters
from tests.channels_merge.register.factories import REASON, active, approved, cancelled, ending, propose
from tests.channels_merge.register.test_phones import add
from tests.factories.channels_merge import NOON, make_appeal
from tests.factories.hotline import UserFactory

pytestmark = pytest.mark.django_db


YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def as_(client):
    def log_in(user):
        forget_shell(user)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(found):
    return re.sub(r"\s+", " ", found.get_text(" ")).strip()


def table(answer):
    return [[text_of(cell) for cell in row.select("td")] for row in soup(answer).select("table[data-rows] tbody tr")]


def test_the_register_shows_state_volume_and_what_came_after_the_end(desk, as_):
    active(desk)
    gone = cancelled(desk, name="旧信箱", kind="mailbox")
    make_appeal(channel=gone)

    rows = table(as_(desk.manager).get("/channels/"))

    assert rows == [
        ["启用", "客运投诉电话", "电话", "市交通运输局", "0797-8000001", "0", "—", "2027-11-10 前备案"],
        ["已撤销", "旧信箱", "信箱", "市交通运输局", "0797-8000001", "1", "1", "2026-11-10 已撤销"],
    ]


def test_filters_and_tabs(desk, as_):
    active(desk)
    ending(desk, name="旧信箱", kind="mailbox")
    waiting = propose(desk, name="新专线", by=desk.liaison)
    services.file_channel(channel_id=waiting.pk, reason=REASON, by=desk.liaison, at=NOON)
    propose(desk, name="教育信箱", kind="mailbox", owner=desk.other, by=desk.other_liaison)
    client = as_(desk.manager)

    def names(query):
        return [row[1] for row in table(client.get(f"/channels/{query}"))]

    assert names("?tab=waiting") == ["新专线 等待决定"]
    assert names("?tab=proposed") == ["新专线 等待决定", "教育信箱"]
    assert names("?tab=ending") == ["旧信箱"]
    assert names("?kind=mailbox") == ["旧信箱", "教育信箱"]
    assert names("?kind=mailbox&owner=CITY-JYJ") == ["教育信箱"]
    Channel.objects.filter(name="客运投诉电话").update(review_due_on=date(2026, 11, 9))
    assert names("?tab=overdue") == ["客运投诉电话"]
    assert text_of(soup(client.get("/channels/")).select_one(".seg b.red")) == "1"


def test_a_unit_sees_its_own_channels_only(desk, as_):
    mine = active(desk)
    theirs = propose(desk, owner=desk.other, by=desk.other_liaison)
    client = as_(desk.liaison)

    assert [row[1] for row in table(client.get("/channels/"))] == ["客运投诉电话"]
    assert client.get(f"/channels/{mine.code}/").status_code == 200
    assert client.get(f"/channels/{theirs.code}/").status_code == 404
    assert client.get(f"/channels/{theirs.code}/acts/file/").status_code == 404


def test_the_list_pages_by_key_also_by_day(desk, as_):
    for n in range(27):
        ending(desk, name=f"旧信箱{n:02}", ends_on=date(2026, 12, 31 - n))
    client = as_(desk.manager)

    for address, first in (("/channels/", "旧信箱00"), ("/channels/?tab=ending", "旧信箱26")):
        page = client.get(address)
        following = client.get("/channels/" + soup(page).select_one(".pager a[rel=next]")["href"])
        rows = [row[1] for row in table(page)] + [row[1] for row in table(following)]
        assert (rows[0], len(rows), len(set(rows))) == (first, 27, 27)
    assert table(client.get("/channels/?after=x_y"))[0][1] == "旧信箱00"
    for senseless in ("x_1", "2026-02-30_1"):
        assert table(client.get(f"/channels/?tab=ending&after={senseless}"))[0][1] == "旧信箱26"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_register(desk, as_, django_assert_num_queries, count):
    for n in range(count):
        make_appeal(channel=cancelled(desk, name=f"旧信箱{n}"), source_number=f"{n}")
    client = as_(desk.manager)
    client.get("/channels/")

    forget_parameters()
    with django_assert_num_queries(8):
        client.get("/channels/")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_ledger(desk, as_, django_assert_num_queries, count):
    for n in range(count):
        phone = add(desk, f"0797-800000{n}")
        services.change_phone(phone_id=phone.pk, number=f"0797-900000{n}", reason="搬迁。", by=None, at=NOON)
    client = as_(desk.manager)
    client.get("/channels/phones/")

    forget_parameters()
    with django_assert_num_queries(9):
        client.get("/channels/phones/")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_channel(desk, as_, django_assert_num_queries, count):
    channel = ending(desk)
    for _ in range(count):
        services.file_to_keep(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
        services.refuse_filing(channel_id=channel.pk, opinion="12345 可以受理。", by=desk.manager, at=NOON)
    client = as_(desk.manager)
    client.get(f"/channels/{channel.code}/")

    with django_assert_num_queries(6):
        client.get(f"/channels/{channel.code}/")


def test_the_page_of_a_channel_greys_what_the_moment_forbids(desk, as_):
    channel = propose(desk)
    page = soup(as_(desk.liaison).get(f"/channels/{channel.code}/"))
    buttons = {text_of(one): one.get("aria-disabled") for one in page.select(".acts-row .btn")}

    assert buttons == {"报备 f": None, "启用 o": "true", "修改 m": None}
    assert text_of(page.select_one("#why-open")) == "启用：市热线中心核准以后才能启用。"
    assert [text_of(one) for one in soup(as_(desk.leader).get(f"/channels/{channel.code}/")).select(".next p")] == [
        "您的岗位只能查看。"
    ]


def test_an_act_that_is_not_possible_is_refused_with_its_reason(desk, as_):
    channel = propose(desk)
    client = as_(desk.liaison)
    answer = client.get(f"/channels/{channel.code}/acts/open/")

    assert (answer.status_code, "市热线中心核准以后才能启用。" in text_of(soup(answer))) == (409, True)
    assert client.post(f"/channels/{channel.code}/acts/open/").status_code == 409
    assert client.get(f"/channels/{channel.code}/acts/approve/").status_code == 403
    assert client.get(f"/channels/{channel.code}/acts/fly/").status_code == 404
    assert Channel.objects.get().state == "proposed"


ENTRY = {
    "name": "客运投诉电话",
    "kind": "phone",
    "way": "typed",
    "address": "0797-8000001",
    "maintainer": "客运科",
    "existed": "old",
}


def test_entering_keeps_what_was_typed_and_leads_to_the_channel(desk, as_):
    client = as_(desk.liaison)
    wrong = client.post("/channels/new/", ENTRY)

    assert wrong.status_code == 422
    page = soup(wrong)
    assert page.select_one("[name=name]")["value"] == "客运投诉电话"
    for name in ("开办依据", "设立日期", "证据", "撤销日期"):
        assert f"早已设立的，请写{name}。" in text_of(page)
    assert not page.select("[name=unit]")

    days = client.post("/channels/new/", ENTRY | {"since": "2030-01-01", "ends_on": "2020-01-01"})
    assert days.status_code == 422
    for sentence in (
        "早已设立的，请写开办依据。",
        "2025-10-15 以前设立的才是早已设立；以后的请按拟新增报备。",
        "早已设立的，请写证据。",
        "撤销日期须在今天以后；今天就撤销的，由渠道管理员“现在撤销”。",
    ):
        assert text_of(soup(days)).count(sentence) == 1

    claim = {"since": "2019-04-01", "evidence": "局务会纪要。", "ground": "内部通知", "ends_on": "2026-12-31"}
    done = client.post("/channels/new/", ENTRY | claim)
    channel = Channel.objects.get()
    assert (done.status_code, done.headers["Location"]) == (303, f"/channels/{channel.code}/")
    assert (channel.state, channel.owner, channel.ends_on) == ("filed", desk.department, None)
    page = text_of(soup(as_(desk.manager).get(f"/channels/{channel.code}/")).select_one(".next"))
    assert "早已设立备案：局务会纪要。 2019-04-01 设立，拟 2026-12-31 撤销。" in page
    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)
    channel.refresh_from_db()
    assert (channel.state, channel.ends_on) == ("ending", date(2026, 12, 31))
    receipt = text_of(soup(client.get(receipt_of(ChannelFiling.objects.get()))))
    assert "设立日期 2019年4月1日 撤销日期 2026年12月31日" in receipt
    assert "重新备案" not in receipt


def test_the_manager_enters_for_a_unit_by_its_name(desk, as_):
    client = as_(desk.manager)
    wrong = client.post("/channels/new/", ENTRY | {"unit": "交通局", "existed": "new"})
    done = client.post("/channels/new/", ENTRY | {"unit": "市交通运输局", "existed": "new"})

    assert (wrong.status_code, "没有叫“交通局”的单位。" in text_of(soup(wrong))) == (422, True)
    assert (done.status_code, Channel.objects.get().owner) == (303, desk.department)


def test_every_act_through_its_form(desk, as_):
    """The whole life by forms: what each needs, and where it leads."""
    channel = propose(desk)
    url = f"/channels/{channel.code}/acts"

    def do(user, act, **typed):
        answer = as_(user).post(f"{url}/{act}/", typed)
        channel.refresh_from_db()
        return answer.status_code, channel.state

    assert do(desk.liaison, "revise", name="客运应急电话", address="12328", maintainer="客运科", ground="文件") == (
        303,
        "proposed",
    )
    assert do(desk.liaison, "file", words="") == (422, "proposed")
    assert do(desk.liaison, "file", words=REASON) == (303, "filed")
    assert do(desk.manager, "refuse", words="") == (422, "filed")
    assert do(desk.manager, "refuse", words="12345 可以受理。") == (303, "refused")
    assert do(desk.liaison, "file", words=REASON) == (303, "filed")
    assert do(desk.manager, "approve", words="") == (303, "approved")
    assert do(desk.head, "open", words="") == (303, "active")
    assert do(desk.liaison, "revise", address="12329", maintainer="客运科") == (303, "active")
    assert do(desk.liaison, "yearly", words="受理 320 件。") == (303, "active")
    assert do(desk.manager, "refuse", words="件数太少。") == (422, "active")
    assert do(desk.manager, "refuse", words="件数太少。", day="2026-12-31") == (303, "ending")
    assert do(desk.liaison, "keep", words="还有需要。") == (303, "ending")
    assert do(desk.manager, "approve", words="同意。") == (303, "active")
    assert do(desk.liaison, "end", words="并入。", day="2020-01-01") == (422, "active")
    assert do(desk.liaison, "end", words="并入。", day="2026-12-31") == (303, "ending")
    assert do(desk.liaison, "end", words="缓一缓。", day="2027-01-31") == (422, "ending")
    assert do(desk.manager, "end", words="移机中。", day="2027-01-31") == (303, "ending")
    assert do(desk.manager, "cancel", words="已并入。") == (303, "cancelled")
    assert (channel.name, channel.address) == ("客运应急电话", "12329")


def test_the_ledger_by_its_forms(desk, as_):
    client = as_(desk.liaison)
    entry = {"number": "0797-8000001", "purpose": "客运投诉", "announced": "局网站", "maintainer": "客运科"}
    assert client.post("/channels/phones/new/", entry | {"number": "?"}).status_code == 422
    assert client.post("/channels/phones/new/", entry).status_code == 303
    phone = PublicPhone.objects.get()

    def do(act, **typed):
        answer = client.post(f"/channels/phones/{phone.pk}/{act}/", typed)
        phone.refresh_from_db()
        return answer.status_code, phone.status, phone.number

    assert do("republished", words="网站") == (409, "used", "0797-8000001")
    assert do("check") == (422, "used", "0797-8000001")
    assert do("check", result="wrong", note="空号。") == (303, "wrong", "0797-8000001")
    assert do("change", number="0797-8000009", reason="搬迁。") == (303, "used", "0797-8000009")
    assert do("check", result="ok") == (303, "used", "0797-8000009")
    assert do("republished", words="局网站、客运站") == (303, "used", "0797-8000009")
    assert do("stop", words="并入 12345。") == (303, "stopped", "0797-8000009")
    assert do("fly")[0] == 404
    row = table(client.get("/channels/phones/"))[0]
    assert row[:2] + row[4:] == [
        "停用",
        "0797-8000009",
        "局网站、客运站",
        "客运科",
        "2026-11-10",
        "2026-11-24 前",
        "已公布",
    ]


def test_others_read_the_ledger_and_touch_nothing(desk, as_):
    phone = add(desk)

    rows = table(as_(desk.leader).get("/channels/phones/"))

    assert rows[0][1] == "0797-8000001"
    assert rows[0][-1] == ""
    assert as_(desk.leader).post(f"/channels/phones/{phone.pk}/stop/", {"words": "……"}).status_code == 403
    assert as_(desk.other_liaison).post(f"/channels/phones/{phone.pk}/stop/", {"words": "……"}).status_code == 404


def test_the_board_with_evidence_and_its_file(desk, as_):
    services.sync_channels(at=NOON)
    row = LineMilestone.objects.get(channel__code="12328", kind="dual")
    client = as_(desk.manager)
    url = f"/channels/lines/{row.pk}"
    upload = SimpleUploadedFile("通知.pdf", b"%PDF-1.4 " + b"0" * 100, "application/pdf")

    assert client.get(f"{url}/file/").status_code == 404
    assert client.post(f"{url}/record/", {"evidence": ""}).status_code == 422
    later = {
        "evidence": "联合通知。",
        "done_on": "2099-01-01",
        "file": SimpleUploadedFile("通知.pdf", b"%PDF-1.4 " + b"1" * 100),
    }
    assert client.post(f"{url}/record/", later).status_code == 422
    assert not StoredFile.objects.exists()
    done = client.post(f"{url}/record/", {"evidence": "联合通知。", "done_on": "2026-06-20", "file": upload})

    assert done.status_code == 303
    leader = as_(desk.leader)
    page = soup(leader.get("/channels/lines/"))
    assert "完成 1 / 15 项" in text_of(page)
    first = [text_of(cell) for cell in page.select("section[aria-label='12328 交通热线'] tbody tr")[0].select("td")]
    assert first == ["双号并行", "已完成", "2026-06-20", "市行政审批局、市交通运输局", "文件 联合通知。"]
    assert page.select_one("section[aria-label='12328 交通热线'] .h a")["href"] == "/channels/12328/"
    own = soup(as_(desk.liaison).get("/channels/lines/")).select("section .h a")
    assert [link["href"] for link in own] == ["/channels/12328/"]
    leader = as_(desk.leader)
    answer = leader.get(f"{url}/file/")
    assert answer.getvalue().startswith(b"%PDF-1.4 ")
    assert leader.get(f"{url}/record/").status_code == 403


def test_one_more_is_asked_of_a_line_on_its_board(desk, as_):
    services.sync_channels(at=NOON)
    client = as_(desk.manager)
    url = "/channels/lines/12315/milestones/new/"
    asked = {"kind": "other", "text": "夜间也有人接", "due_on": "2027-03-31"}

    assert client.post(url, asked | {"due_on": "2026-06-30"}).status_code == 422
    missing = soup(client.post(url, {"kind": "", "text": "", "due_on": ""}))
    assert [text_of(error) for error in missing.select("label em.err")] == ["请选择要求。", "请写内容。", "请写期限。"]
    assert client.post(url, asked).status_code == 303
    assert client.get("/channels/lines/phone/milestones/new/").status_code == 404
    page = soup(client.get("/channels/lines/"))
    last = [text_of(cell) for cell in page.select("section[aria-label='12315 消费热线'] tbody tr")[3].select("td")]
    assert last[:3] == ["其他 夜间也有人接", "未报", "2027-03-31"]
    assert as_(desk.leader).get(url).status_code == 403


def test_the_rail_counts_what_waits_for_whom(desk, as_):
    waiting = propose(desk)
    services.file_channel(channel_id=waiting.pk, reason=REASON, by=desk.liaison, at=NOON)
    late = active(desk, name="另一条")

    def count(user):
        shell = as_(user).get("/channels/").context["shell"]
        return next((one["count"], one["hot"]) for one in shell.rail if one["label"] == "渠道")

    assert (count(desk.manager), count(desk.liaison)) == ((1, False), (0, False))
    for day, expected in ((date(2026, 12, 10), (1, False)), (date(2026, 11, 9), (1, True))):
        Channel.objects.filter(pk=late.pk).update(review_due_on=day)
        assert count(desk.liaison) == expected


def test_somebody_without_a_right_is_refused(desk, as_):
    for user in (desk.handler, UserFactory(unit=desk.centre, roles=("agent",))):
        client = as_(user)
        assert [client.get(url).status_code for url in ("/channels/", "/channels/phones/", "/channels/lines/")] == [
            403
        ] * 3


def receipt_of(filing):
    return f"/channels/{filing.channel.code}/filings/{filing.pk}/receipt/"


def test_the_manager_gives_a_channel_its_key_and_takes_it_back(desk, as_):
    channel = active(desk, way="push")
    url = f"/channels/{channel.code}/"

    def offered():
        return [text_of(one) for one in soup(as_(desk.manager).get(url)).select("a[href*='/key/']")]

    def opens(key):
        return channel_of_key(key) == channel

    assert offered() == ["发放密钥 s"]
    assert as_(desk.manager).get(f"{url}key/").status_code == 200
    first = soup(as_(desk.manager).post(f"{url}key/")).select_one("#secret").text
    assert (opens(first), offered()) == (True, ["换发密钥 s", "收回密钥 r"])
    second = soup(as_(desk.manager).post(f"{url}key/")).select_one("#secret").text
    assert (opens(first), opens(second)) == (False, True)
    page = as_(desk.manager).get(url).content.decode()
    assert [key in page for key in (first, second)] == [False, False]

    taken = as_(desk.manager).post(f"{url}key/revoke/")
    again = as_(desk.manager).post(f"{url}key/revoke/")

    assert (taken.status_code, taken.headers["Location"], opens(second), offered()) == (
        303,
        url,
        False,
        ["发放密钥 s"],
    )
    assert (again.status_code, "没有发放过接口密钥，或已收回。" in text_of(soup(again))) == (422, True)
    logged = SecurityLog.objects.filter(kind="access").order_by("pk").values_list("subject", "reason", "user")
    assert list(logged) == [
        (f"渠道 {channel.code}", words, desk.manager.pk) for words in ("发放接口密钥", "发放接口密钥", "收回接口密钥")
    ]


def test_a_key_is_the_managers_and_only_for_what_is_sent_by_interface(desk, as_):
    pushed, typed = active(desk, way="push"), active(desk, name="信箱")

    def answers(who):
        return [as_(who).post(f"/channels/{channel.code}/key/").status_code for channel in (pushed, typed)]

    assert [answers(who) for who in (desk.liaison, desk.leader, desk.manager)] == [[403, 403], [403, 403], [200, 404]]
    for who in (desk.liaison, desk.leader):
        assert "接口密钥" not in text_of(soup(as_(who).get(f"/channels/{pushed.code}/")))
    # One that was given by command can be taken back whatever the way is now.
    services.issue_channel_key(channel_id=typed.pk, by=None, at=NOON)
    assert as_(desk.manager).post(f"/channels/{typed.code}/key/revoke/").status_code == 303


def test_an_agreed_filing_has_a_receipt_on_paper(desk, as_):
    channel = active(desk)
    first = ChannelFiling.objects.get()
    services.file_yearly(channel_id=channel.pk, reason="去年受理 40 件。", by=desk.liaison, at=NOON + YEAR)
    services.approve_filing(channel_id=channel.pk, opinion="同意保留。", by=desk.manager, at=NOON + YEAR)
    second = ChannelFiling.objects.latest("pk")
    unit = as_(desk.liaison)

    page = soup(unit.get(receipt_of(second)))
    links = soup(unit.get(f"/channels/{channel.code}/")).select("a[href$='/receipt/']")

    told = {text_of(cell): text_of(cell.find_next("td")) for cell in page.select("th")}
    assert text_of(page.select_one(".nos")) == f"编号 {channel.code.upper()}-2 年度备案 · 同意"
    assert (told["渠道名称"], told["开办单位"], told["报备理由"]) == (
        "客运投诉电话",
        "赣州市交通运输局",
        "去年受理 40 件。",
    )
    assert (told["报备"], told["决定"]) == ("市交通运输局 孙*", "同意，市热线中心 邱*")
    assert (told["意见"], told["下次备案"]) == ("同意保留。", "须在 2028年11月10日 前重新备案")
    assert [link["href"] for link in links] == [receipt_of(second), receipt_of(first)]
    assert "须在 2027年11月10日 前重新备案" in text_of(soup(unit.get(receipt_of(first))))


def test_only_what_was_agreed_and_only_who_reads_the_channel_has_a_receipt(desk, as_):
    waiting = propose(desk, name="新号码")
    services.file_channel(channel_id=waiting.pk, reason=REASON, by=desk.liaison, at=NOON)
    refused = propose(desk, name="另一个")
    services.file_channel(channel_id=refused.pk, reason=REASON, by=desk.liaison, at=NOON)
    services.refuse_filing(channel_id=refused.pk, opinion="用 12345。", by=desk.manager, at=NOON)
    channel = approved(desk)
    agreed = ChannelFiling.objects.get(channel=channel)
    address = receipt_of(agreed)

    assert [
        as_(desk.manager).get(receipt_of(filing)).status_code for filing in ChannelFiling.objects.order_by("pk")
    ] == [
        404,
        404,
        200,
    ]
    assert as_(desk.manager).get(address.replace(channel.code, waiting.code)).status_code == 404
    assert [as_(who).get(address).status_code for who in (desk.leader, desk.other_liaison, desk.handler)] == [
        200,
        404,
        403,
    ]
