"""Pages of codes: for citizens without script, for those who make and print them."""

import csv
import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_merge import services
from channels_merge.models import Appeal, AppealFile, CodeCorrection, CodeScan, PlaceCode
from channels_merge.views import codes as views
from hotline.parameters import forget_parameters
from tests.channels_merge.codes.conftest import make
from tests.channels_merge.codes.test_codes import SHEET, through
from tests.factories.channels_merge import NOON, PHONE, STORY
from tests.factories.hotline import UserFactory

pytestmark = pytest.mark.django_db

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(found):
    return re.sub(r"\s+", " ", found.get_text(" ")).strip()


def staff(user):
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def url_of(code):
    return f"/q/{code.token}"


# --- for citizens


def test_a_code_opens_with_place_and_unit_filled_and_three_fields(client, lift):
    answer = client.get(url_of(lift))
    page = soup(answer)

    assert answer.status_code == 200
    assert text_of(page.select_one(".at")) == (
        "锦江花园 3 栋 2 单元电梯 章贡区解放街道 文清路 18 号 管理单位：赣州市市场监督管理局"
    )
    asked = [
        one["name"]
        for one in page.select("form textarea, form input")
        if one.get("type") not in {"hidden", "checkbox"}
    ]
    assert asked == ["website", "text", "photo", "phone", "name"]
    assert page.select("script") == []


def test_the_page_is_light_enough_for_a_slow_phone(client, lift):
    """One sheet and no script: what a phone loads, before it is compressed."""
    page = client.get(url_of(lift))
    sheets = [one["href"] for one in soup(page).select("link[rel=stylesheet]")]
    files = [finders.find(href.removeprefix("/static/")) for href in sheets]

    assert len(files) == 1
    with open(files[0], "rb") as sheet:
        weight = len(page.content) + len(sheet.read())
    assert weight < 10_000


def test_what_is_sent_becomes_an_appeal_with_photo_and_can_be_followed(client, lift):
    photo = SimpleUploadedFile("电梯.png", PIXEL, "image/png")
    answer = client.post(url_of(lift), {"text": STORY, "phone": PHONE, "name": "王丽", "hide": "on", "photo": photo})

    appeal = Appeal.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/p/done/")
    assert (appeal.place_code, appeal.channel.code, AppealFile.objects.get().appeal) == (lift, "qr", appeal)
    assert appeal.number in text_of(soup(client.get("/p/done/")))
    assert appeal.title in text_of(soup(client.get("/p/track/")))


def test_nothing_typed_is_lost_when_something_is_missing(client, lift):
    answer = client.post(url_of(lift), {"text": STORY, "phone": "123", "name": "王丽"})
    page = soup(answer)

    assert answer.status_code == 422
    assert (page.select_one("textarea").text, page.select_one("[name=phone]")["value"]) == (STORY, "123")
    assert page.select_one("[name=name]")["value"] == "王丽"
    assert not page.select_one("[name=hide]").has_attr("checked")
    assert page.select(".err")
    assert not Appeal.objects.exists()


def test_the_same_page_sent_twice_is_one_appeal(client, lift):
    token = soup(client.get(url_of(lift))).select_one("[name=token]")["value"]
    for _ in range(2):
        assert client.post(url_of(lift), {"text": STORY, "phone": PHONE, "token": token}).status_code == 302

    assert Appeal.objects.count() == 1


def test_a_program_is_told_that_all_went_well(client, lift):
    answer = client.post(url_of(lift), {"text": STORY, "phone": PHONE, "website": "x"})

    assert (answer.status_code, Appeal.objects.count()) == (200, 0)


def test_too_many_keep_what_was_typed(client, lift):
    for _ in range(10):
        services.count_code_submission(lift, phone=PHONE, address="203.0.113.9", at=NOON)

    answer = client.post(url_of(lift), {"text": STORY, "phone": PHONE})

    assert (answer.status_code, soup(answer).select_one("textarea").text) == (429, STORY)
    assert not Appeal.objects.exists()


def test_an_unknown_code_is_answered_in_chinese(client, lift):
    answer = client.get("/q/zzzzzzzzzz")

    assert (answer.status_code, "没有这张码" in text_of(soup(answer))) == (404, True)


def test_a_slash_too_many_leads_to_the_code_and_no_code_to_the_page_of_citizens(client, lift):
    none = client.get("/q/")

    assert client.get(f"/q/{lift.token}/").headers["Location"] == f"/q/{lift.token}"
    assert (none.status_code, "没有这张码" in none.content.decode()) == (404, True)


def test_an_address_that_is_none_leads_citizens_to_their_own_pages(client):
    page = client.get("/queries/").content.decode()

    assert ('href="/p/"' in page, "工单" in page) == (True, False)


def test_a_revoked_code_says_why_and_where_to_go(client, town, lift):
    services.revoke_code(code_id=lift.pk, reason="电梯已拆除。", by=town.manager, at=NOON)

    answer = client.get(url_of(lift))

    assert answer.status_code == 410
    assert "“锦江花园 3 栋 2 单元电梯”：电梯已拆除。" in text_of(soup(answer))
    assert [one["href"] for one in soup(answer).select(".pas a")] == ["/p/", "tel:12345"]


def test_a_replaced_code_leads_to_the_new_one_and_takes_in_what_was_being_written(client, town, lift):
    new = make(town, name="新电梯")
    services.move_code(code_id=lift.pk, token=new.token, reason="重新印制。", by=town.manager, at=NOON)

    answer = client.get(url_of(lift))
    sent = client.post(url_of(lift), {"text": STORY, "phone": PHONE})

    assert (answer.status_code, soup(answer).select_one(".pas a")["href"]) == (200, url_of(new))
    assert (sent.status_code, Appeal.objects.get().place_code) == (302, new)


def test_what_was_being_written_when_a_code_was_stopped_is_not_lost(client, town, lift):
    services.revoke_code(code_id=lift.pk, reason="电梯已拆除。", by=town.manager, at=NOON)

    assert client.post(url_of(lift), {"text": STORY, "phone": PHONE}).status_code == 302
    assert Appeal.objects.get().place_code == lift


def test_a_page_loaded_again_within_the_hour_is_one_scan(client, town, lift, at_noon):
    other = make(town, name="另一部")
    for code in (lift, lift, other, lift):
        client.get(url_of(code))
    client.post(url_of(lift), {"text": "短"})
    Client().get(url_of(lift))
    assert dict(CodeScan.objects.values_list("code__name", "count")) == {lift.name: 2, "另一部": 1}

    at_noon.shift(timedelta(minutes=61))
    client.cookies.clear()
    client.get(url_of(lift))
    assert CodeScan.objects.get(code=lift).count == 3


# --- for staff


def table(answer):
    return [[text_of(cell) for cell in row.select("td")] for row in soup(answer).select("table[data-rows] tbody tr")]


def test_the_list_shows_how_much_a_code_is_used(town, lift):
    services.count_scan(lift, at=NOON)
    through(lift)
    make(town, name="文清路口站", kind="bus", place="", unit=None)

    assert table(staff(town.manager).get("/codes/")) == [
        ["在用", lift.token, lift.name, "电梯", "章贡区解放街道", "文清路 18 号", "市市场监管局", "1", "1", "1", ""],
        [
            "在用",
            PlaceCode.objects.latest("pk").token,
            "文清路口站",
            "公交",
            "章贡区解放街道",
            "",
            "—",
            "0",
            "0",
            "0",
            "",
        ],
    ]


def test_filters_and_what_a_unit_sees(town, lift):
    other = make(town, name="校门口", kind="place", unit=town.other)
    client = staff(town.manager)

    def names(who, query=""):
        return [row[2] for row in table(who.get(f"/codes/{query}"))]

    assert names(client, "?kind=place") == ["校门口"]
    assert names(client, "?name=锦江") == [lift.name]
    services.revoke_code(code_id=other.pk, reason="拆除。", by=town.manager, at=NOON)
    assert names(client, "?tab=revoked") == ["校门口"]
    assert names(staff(town.liaison)) == [lift.name]
    assert staff(town.liaison).get(f"/codes/{other.token}/").status_code == 404
    assert staff(town.handler).get("/codes/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(town, django_assert_num_queries, count):
    for n in range(count):
        through(make(town, name=f"电梯{n}"))
    client = staff(town.manager)
    client.get("/codes/")

    forget_parameters()
    with django_assert_num_queries(5):
        client.get("/codes/")


def test_a_code_is_made_replaced_and_stopped_by_its_forms(town):
    client = staff(town.manager)
    form = {"kind": "lift", "name": "一号电梯", "region": town.street.code, "place": "", "unit": "市场局"}
    assert client.post("/codes/new/", form).status_code == 422
    assert client.post("/codes/new/", form | {"unit": "市市场监管局"}).status_code == 303
    code = PlaceCode.objects.get()
    assert code.unit == town.department
    page = client.get(f"/codes/{code.token}/")
    assert soup(page).select_one(".qr svg path") is not None
    assert soup(page).select("[style]") == []

    other = make(town, name="二号电梯")
    url = f"/codes/{code.token}/acts"
    assert client.post(f"{url}/move/", {"token": "nix", "reason": "换"}).status_code == 422
    assert client.post(f"{url}/move/", {"token": other.token, "reason": "换新"}).status_code == 303
    assert client.post(f"{url}/revoke/", {"words": "拆"}).status_code == 409
    assert client.post(f"/codes/{other.token}/acts/revoke/", {"words": "拆除"}).status_code == 303
    assert client.get(f"/codes/{other.token}/acts/fly/").status_code == 404
    assert sorted(PlaceCode.objects.values_list("name", "state")) == [("一号电梯", "moved"), ("二号电梯", "revoked")]


def test_a_code_is_corrected_by_its_form_and_the_page_keeps_what_it_said(town, lift):
    client = staff(town.manager)
    url = f"/codes/{lift.token}/acts/correct/"
    shown = soup(client.get(url))
    assert {one["name"]: one.get("value") for one in shown.select("main form input:not([type=hidden])")} == {
        "name": lift.name,
        "place": "文清路 18 号",
        "unit": "赣州市市场监督管理局",
        "longitude": None,
        "latitude": None,
    }

    form = {"name": lift.name, "region": town.street.code, "place": "文清路 20 号", "unit": "市教育局"}
    assert client.post(url, form | {"unit": "月亮局"}).status_code == 422
    assert client.post(url, form).status_code == 303
    assert client.post(url, form).status_code == 422

    page = soup(client.get(f"/codes/{lift.token}/"))
    assert [text_of(one) for one in page.select(".tl .what")] == ["更正 邱* · 市热线中心", "建码 邱* · 市热线中心"]
    assert text_of(page.select_one(".tl .say")) == (
        "详细地点：文清路 18 号 → 文清路 20 号；管理单位：市市场监管局 → 市教育局"
    )
    assert "文清路 20 号" in text_of(soup(Client().get(url_of(lift))).select_one(".at"))


def test_a_unit_reads_its_codes_and_takes_their_sheets_and_has_no_other_right(town, lift):
    head = UserFactory(name="吴敏", unit=town.department, roles=("unit_head",))
    make(town, name="校门口", kind="place", unit=town.other)
    services.count_scan(lift, at=NOON)
    through(lift)
    form = {"name": "改", "region": town.street.code, "place": "", "unit": ""}

    for user in (town.liaison, head):
        client = staff(user)
        listed = client.get("/codes/list.csv")
        rows = list(csv.reader(listed.content.decode("utf-8-sig").splitlines()))
        page = soup(client.get(f"/codes/{lift.token}/"))

        assert [row[7:10] for row in table(client.get("/codes/"))] == [["1", "1", "1"]]
        assert listed.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert rows == [
            [
                "种类",
                "名称",
                "地区",
                "详细地点",
                "管理单位",
                "经度",
                "纬度",
                "码",
                "状态",
                "近30天扫码",
                "近30天诉求",
                "诉求共",
                "批次",
            ],
            [
                "电梯",
                lift.name,
                "章贡区/解放街道",
                "文清路 18 号",
                "赣州市市场监督管理局",
                "",
                "",
                lift.token,
                "在用",
                "1",
                "1",
                "1",
                "",
            ],
        ]
        assert [text_of(one) for one in soup(client.get("/codes/sheets/")).select(".qn")] == [lift.name]
        assert [text_of(one) for one in page.select(".acts-row a")] == ["打印一张 P", "PNG", "SVG"]
        assert [client.post(f"/codes/{lift.token}/acts/{act}/", form).status_code for act in views.ACTS] == [403] * 3
        assert [client.post(url, form).status_code for url in ("/codes/new/", "/codes/import/")] == [403, 403]
    assert (staff(town.handler).get("/codes/list.csv").status_code, CodeCorrection.objects.count()) == (403, 0)


def test_a_name_that_a_spreadsheet_would_compute_is_text_in_the_list(town):
    make(town, name="=1+1", place="@家")

    rows = list(csv.reader(staff(town.manager).get("/codes/list.csv").content.decode("utf-8-sig").splitlines()))

    assert (rows[1][1], rows[1][3]) == ("'=1+1", "'@家")


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list_as_a_sheet(town, django_assert_num_queries, count):
    for n in range(count):
        through(make(town, name=f"电梯{n}"))
    client = staff(town.manager)
    client.get("/codes/list.csv")

    with django_assert_num_queries(3):
        client.get("/codes/list.csv")


def test_a_unit_without_codes_is_told_whom_to_ask(town):
    page = staff(town.liaison).get("/codes/")

    assert "请市热线中心渠道管理员建" in text_of(soup(page).select_one(".none"))


def test_a_sheet_through_its_page(town):
    client = staff(town.manager)
    good = "".join(SHEET.splitlines(keepends=True)[:3])

    shown = client.post("/codes/import/", {"file": SimpleUploadedFile("码.csv", SHEET.encode())})
    assert "没有叫“月亮区”的地区" in text_of(soup(shown))
    done = client.post("/codes/import/", {"file": SimpleUploadedFile("码.csv", good.encode())})

    assert (done.status_code, done.headers["Location"]) == (302, "/codes/?batch=BM261110000002")
    assert client.post("/codes/import/", {"file": SimpleUploadedFile("码.csv", b"x")}).status_code == 422


def test_pictures_hold_the_address_that_citizens_reach(town, lift, settings):
    client = staff(town.manager)
    settings.HOTLINE_PUBLIC_URL = "https://12345.example.gov.cn"

    picture = client.get(f"/codes/{lift.token}/picture.png")
    drawing = client.get(f"/codes/{lift.token}/picture.svg")

    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["Content-Disposition"] == f'attachment; filename="{lift.token}.png"'
    assert b"<svg" in drawing.content
    assert client.get(f"/codes/{lift.token}/picture.gif").status_code == 404
    assert f"https://12345.example.gov.cn/q/{lift.token}" in text_of(soup(client.get(f"/codes/{lift.token}/")))


def test_sheets_of_a_batch_name_each_place_and_leave_ended_ones_out(town, monkeypatch):
    batch, _ = services.import_codes(name="码.csv", content=SHEET.encode(), by=town.manager, at=NOON)
    gone = PlaceCode.objects.get(name="文清路口站")
    client = staff(town.manager)
    sheets = soup(client.get(f"/codes/sheets/?batch={batch}"))

    assert [text_of(one) for one in sheets.select(".qn")] == ["锦江花园 1 栋电梯", "文清路口站"]
    assert len(sheets.select(".qrc svg")) == 2
    services.revoke_code(code_id=gone.pk, reason="撤站。", by=town.manager, at=NOON)
    assert [text_of(one) for one in soup(client.get(f"/codes/sheets/?batch={batch}")).select(".qn")] == [
        "锦江花园 1 栋电梯"
    ]
    assert client.get(f"/codes/sheets/?token={gone.token}").status_code == 404
    assert client.get("/codes/sheets/?batch=BM0").status_code == 404
    monkeypatch.setattr(views, "MOST_PRINTED", 1)
    make(town)
    first = soup(client.get("/codes/sheets/?size=large"))
    second = soup(client.get(f"/codes/sheets/{first.select('.sheet-acts a')[1]['href']}"))
    assert [text_of(one) for page in (first, second) for one in page.select(".qn")] == [
        "锦江花园 1 栋电梯",
        "锦江花园 3 栋 2 单元电梯",
    ]
    assert (len(first.select(".qrs-1")), len(second.select(".qrs-1"))) == (1, 1)
    assert [text_of(one) for one in second.select(".sheet-acts a")] == ["一页 6 个"]


def test_the_ticket_and_the_intake_say_which_code(town, lift):
    through(lift)
    agent = UserFactory(unit=town.centre, roles=("agent",))
    appeal = Appeal.objects.get()
    peek = text_of(soup(staff(agent).get(f"/intake/{appeal.number}/peek/")))
    assert "便民码 锦江花园 3 栋 2 单元电梯，管理单位 市市场监管局" in peek

    services.accept_appeal(appeal_id=appeal.pk, by=agent, at=NOON)
    reviewer = UserFactory(unit=town.centre, roles=("reviewer",))
    number = appeal.links.get().ticket.number
    assert "码 锦江花园 3 栋 2 单元电梯" in text_of(soup(staff(reviewer).get(f"/tickets/{number}/")).select_one("#ap"))
