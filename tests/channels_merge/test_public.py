"""Pages for citizens: no script, no log-in; limits per number and per address, each apart."""

import re

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from channels_merge import services
from channels_merge.models import Appeal, AppealFile, Contact, Interaction
from hotline.models import StoredFile
from tests.factories.channels_merge import NOON, PHONE, STORY, make_accepted, make_appeal, ticket_of

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64
TYPED = {
    "token": "7d3f0a52-5a3f-4f6e-9b0e-0f4c8f2d9a11",
    "text": STORY,
    "region": "360702",
    "place": "锦江花园 7 栋",
    "phone": PHONE,
    "name": "王丽",
    "hide": "on",
}


@pytest.fixture(autouse=True)
def at_noon(world):
    with time_machine.travel(NOON, tick=False):
        yield


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def words(answer):
    return re.sub(r"\s+", " ", soup(answer).get_text(" "))


def track(client, appeal, code=None):
    return client.post("/p/track/", {"number": appeal.number, "code": code or appeal.code})


def test_a_citizen_submits_and_reads_number_and_code(client, world):
    answer = client.post("/p/", TYPED)
    page = client.get(answer.headers["Location"])

    appeal = Appeal.objects.get()
    assert (appeal.channel.code, appeal.state, appeal.region, appeal.place) == (
        "web",
        "received",
        world.county,
        "锦江花园 7 栋",
    )
    assert (appeal.contact.phone, appeal.contact.name, appeal.contact.hide_from_unit) == (PHONE, "王丽", True)
    assert f"编号 {appeal.number}" in words(page)
    assert f"查询码 {appeal.code}" in words(page)


@pytest.mark.parametrize("path", ["/p/", "/p/track/"])
def test_the_pages_work_without_scripts(client, path):
    page = soup(client.get(path))

    assert page.find_all("script") == []
    assert [form["method"] for form in page.find_all("form")] == ["post"]
    assert page.find("meta", {"name": "viewport"})["content"] == "width=device-width, initial-scale=1"


def test_sending_the_page_twice_submits_once(client):
    client.post("/p/", TYPED)
    client.post("/p/", TYPED)

    assert Appeal.objects.count() == 1


def test_the_same_words_after_back_lead_to_the_number_they_have(client):
    """Back draws the page anew, with another token; the browser fills the words in again."""
    client.post("/p/", TYPED)
    first = Appeal.objects.get()
    track(client, make_appeal(at=NOON))

    again = client.post("/p/", {**TYPED, "token": "1d3f0a52-5a3f-4f6e-9b0e-0f4c8f2d9a12"})

    assert Appeal.objects.count() == 2
    assert f"编号 {first.number}" in words(client.get(again.headers["Location"]))


@pytest.mark.parametrize("more", [{"text": f"{STORY}还有一件。"}, {"photo": SimpleUploadedFile("a.png", PNG)}])
def test_other_words_or_a_photo_after_back_are_another_matter(client, settings, tmp_path, more):
    settings.MEDIA_ROOT = tmp_path
    client.post("/p/", TYPED)

    client.post("/p/", {**TYPED, "token": "1d3f0a52-5a3f-4f6e-9b0e-0f4c8f2d9a12", **more})

    assert Appeal.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"text": ""}, "text", "请写什么事。"),
        ({"text": "坏了"}, "text", "什么事至少写 5 个字。"),
        ({"text": "😡😡😡😡😡😡"}, "text", "什么事至少写 5 个字。"),
        ({"text": "坏了！！！！"}, "text", "什么事至少写 5 个字。"),
        ({"text": "长" * 5001}, "text", "什么事最多写 5000 个字。"),
        ({"region": ""}, "region", "请选县（市、区）。"),
        ({"region": "999999"}, "region", "没有这个地区。"),
        ({"place": ""}, "place", "请写路名、小区、门牌或附近标志。"),
        ({"phone": ""}, "phone", "请写手机号，用来告诉您结果。"),
        ({"phone": "1380797"}, "phone", "电话号码不对：手机号是 11 位数字，座机请带区号，例如 0797-8391111。"),
    ],
)
def test_what_is_to_be_mended_is_said_and_nothing_typed_is_lost(client, change, field, sentence):
    typed = {**TYPED, **change}
    answer = client.post("/p/", typed)

    page = soup(answer)
    assert (answer.status_code, Appeal.objects.count(), Contact.objects.count()) == (422, 0, 0)
    assert sentence in [error.get_text() for error in page.select(".err")]
    assert page.find("textarea", {"name": "text"}).get_text() == typed["text"]
    assert [page.find("input", {"name": name})["value"] for name in ("place", "phone", "name", "token")] == [
        typed[name] for name in ("place", "phone", "name", "token")
    ]
    assert page.find("input", {"name": "hide"}).has_attr("checked")


def beside_the_photos(answer):
    return [error.get_text() for error in soup(answer).find("input", {"name": "photo"}).parent.select(".err")]


def test_photos_are_kept_and_too_many_or_other_things_are_refused(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path

    def photo(n):
        return SimpleUploadedFile(f"{n}.png", PNG, "image/png")

    client.post("/p/", {**TYPED, "photo": [photo(1), photo(2)]})
    many = client.post("/p/", {**TYPED, "token": "", "photo": [photo(n) for n in range(7)]})
    other = client.post("/p/", {**TYPED, "token": "", "photo": [SimpleUploadedFile("a.png", b"MZ not a picture")]})

    assert (Appeal.objects.count(), AppealFile.objects.count()) == (1, 2)
    assert (many.status_code, other.status_code) == (422, 422)
    again = "照片要重新选一次，其他内容都还在。"
    kinds = "可以上传：jpg、png、webp、heic 图片。"
    assert beside_the_photos(many) == ["照片最多 6 张，这次选了 7 张。", again]
    assert beside_the_photos(other) == [f"“a.png”的内容不是可以上传的类型。{kinds}", again]


def test_what_is_no_picture_is_no_photo_of_a_citizen(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    answer = client.post("/p/", {**TYPED, "photo": SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF")})

    assert (answer.status_code, Appeal.objects.count(), StoredFile.objects.count()) == (422, 0, 0)
    assert beside_the_photos(answer)[0] == "“a.pdf”的内容不是可以上传的类型。可以上传：jpg、png、webp、heic 图片。"


def test_a_program_is_told_that_all_went_well_and_nothing_is_written(client):
    answer = client.post("/p/", {**TYPED, "website": "http://spam"})

    assert (answer.status_code, Appeal.objects.count()) == (200, 0)


def test_ten_an_hour_from_one_phone_whatever_the_address(client):
    answers = [
        client.post("/p/", {**TYPED, "token": "", "text": f"{STORY}{n}"}, REMOTE_ADDR=f"10.0.0.{n}").status_code
        for n in range(11)
    ]

    assert answers == [302] * 10 + [429]
    other = client.post("/p/", {**TYPED, "token": "", "phone": "13900000001"}, REMOTE_ADDR="10.0.0.1")
    assert (other.status_code, Appeal.objects.count()) == (302, 11)


def test_fifty_an_hour_from_one_address_whatever_the_phone(client):
    for n in range(50):
        services.count_submission(phone=f"139{n:08}", address="10.0.0.1", at=NOON)
    refused = client.post("/p/", TYPED, REMOTE_ADDR="10.0.0.1")

    assert (refused.status_code, Appeal.objects.count()) == (429, 0)
    assert "这个网络一小时内提交太多，请稍后再试，或拨 12345。" in refused.content.decode()
    assert soup(refused).find("textarea", {"name": "text"}).get_text() == STORY
    assert client.post("/p/", TYPED, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_an_hour_later_it_may_be_tried_again(client):
    appeal = make_appeal()
    for _ in range(5):
        track(client, appeal, "000000" if appeal.code != "000000" else "111111")
    assert track(client, appeal).status_code == 429

    with time_machine.travel(NOON.replace(hour=11), tick=False):
        assert track(client, appeal).status_code == 302


def test_wrong_codes_of_one_number_are_limited_and_leave_others_alone(client):
    mine, other = make_appeal(), make_appeal(phone="13900000001", source_number="2")
    wrong = "000000" if mine.code != "000000" else "111111"
    answers = [track(client, mine, wrong) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "编号和查询码对不上，请核对提交时的页面。" in answers[0].content.decode()
    assert "编号和查询码一小时内最多试 5 次" in answers[5].content.decode()
    assert soup(answers[0]).find("input", {"name": "number"})["value"] == mine.number
    assert track(client, mine).status_code == 429  # the right code too, lest guessing go on unseen
    assert track(client, other).status_code == 302


def test_wrong_codes_from_one_address_are_limited_whatever_the_number(client):
    appeal = make_appeal()
    for n in range(25):
        services.count_query(number=f"S{n:012}", address="10.0.0.1", at=NOON)

    assert (
        client.post("/p/track/", {"number": appeal.number, "code": appeal.code}, REMOTE_ADDR="10.0.0.1").status_code
        == 429
    )
    assert (
        client.post("/p/track/", {"number": appeal.number, "code": appeal.code}, REMOTE_ADDR="10.0.0.2").status_code
        == 302
    )


def test_a_code_may_be_typed_as_it_was_read_out_and_what_is_none_is_no_guess(client):
    appeal = make_appeal()
    answers = [track(client, appeal, code) for code in ["8 2 5", "12345x", "1234567"] * 2]
    spaced = client.post("/p/track/", {"number": f" {appeal.number} ", "code": " ".join(appeal.code)})

    assert [answer.status_code for answer in answers] == [422] * 6
    assert "查询码是 6 位数字。" in answers[0].content.decode()
    assert int(soup(answers[0]).find("input", {"name": "code"})["maxlength"]) >= len(" ".join(appeal.code))
    assert spaced.status_code == 302


@pytest.mark.parametrize("gateway", ["", "https://sms.example/send"])
def test_a_message_is_promised_only_where_one_can_be_sent(client, settings, gateway):
    settings.HOTLINE_SMS_URL = gateway
    appeal = make_appeal()
    asked = words(client.get("/p/track/"))
    track(client, appeal)
    done = words(client.get("/p/done/"))
    wrong = words(track(client, appeal, "000000" if appeal.code != "000000" else "111111"))

    assert [("短信" in asked), ("发到您的手机" in done), ("短信" in wrong)] == [bool(gateway)] * 3


def test_a_dispatch_that_was_a_slip_is_no_news_for_the_citizen(client, world):
    from datetime import timedelta

    from tickets import services as tickets

    appeal = make_accepted()
    ticket = ticket_of(appeal)
    for seconds in (0, 100):
        at = NOON + timedelta(seconds=seconds)
        tickets.dispatch_ticket(ticket_id=ticket.pk, unit=world.department, item=None, by=None, at=at)
        late = timedelta(seconds=30 if not seconds else 31)
        tickets.recall_ticket(ticket_id=ticket.pk, reason="派错", by=None, at=at + late)
    track(client, appeal)

    said = words(client.get("/p/track/"))
    assert (said.count("派给市城市管理局"), said.count("12345 收回，重新确定办理单位")) == (1, 1)


def test_a_void_matter_says_so_among_its_steps(client, world, person):
    from tickets import services as tickets

    appeal = make_accepted()
    tickets.void_ticket(ticket_id=ticket_of(appeal).pk, reason="测试单", by=person("dispatcher"), at=NOON)
    track(client, appeal)

    assert soup(client.get("/p/track/")).select_one(".ptl").get_text(" ", strip=True).count("这张单作废") == 1


def test_right_codes_are_not_counted(client):
    appeal = make_appeal()

    assert [track(client, appeal).status_code for _ in range(8)] == [302] * 8


def test_an_unknown_number_is_answered_like_a_wrong_code(client):
    appeal = make_appeal()
    unknown = client.post("/p/track/", {"number": "S261110999999", "code": "123456"})
    wrong = track(client, appeal, "000000" if appeal.code != "000000" else "111111")

    assert (unknown.status_code, wrong.status_code) == (422, 422)
    assert [soup(answer).select_one(".note-over").get_text() for answer in (unknown, wrong)] == [
        "编号和查询码对不上，请核对提交时的页面。忘了可以拨 12345。"
    ] * 2


def test_the_code_stands_in_no_address(client):
    appeal = make_appeal()
    answer = track(client, appeal)

    assert answer.headers["Location"] == "/p/track/"
    assert appeal.title in words(client.get("/p/track/"))
    assert "S 开头" in str(soup(Client().get("/p/track/")))


def test_progress_is_told_in_plain_words_without_names_and_numbers(client, world):
    from tests.factories.tickets import fresh
    from tickets import services as tickets

    appeal = make_accepted()
    ticket = ticket_of(appeal)
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=world.department, item=None, by=None, at=NOON)
    tickets.sign_assignment(assignment_id=fresh(ticket).lead_id, by=None, at=NOON)
    track(client, appeal)
    said = words(client.get("/p/track/"))

    assert "市城市管理局 正在办。" in said
    assert "最晚 12月1日 17:30 办完，还有 15 个工作日。" in said
    for hidden in (ticket.number, "王丽", PHONE, "承办单位", "工单", "流转"):
        assert hidden not in said


def test_an_answered_matter_promises_no_date(client, world):
    from tickets import services as tickets

    appeal = make_accepted()
    ticket = ticket_of(appeal)
    answer = "您反映的工地已核实，夜间施工许可已收回，今后夜间不再施工，欢迎继续监督，再出现请拨打0797-8391111。"
    tickets.answer_by_centre(ticket_id=ticket.pk, public_text=answer, by=None, at=NOON)
    services.settle_citizen_clocks(ticket_id=ticket.pk, at=NOON)
    track(client, appeal)

    said = words(client.get("/p/track/"))

    assert answer in said
    assert "最晚" not in said
    assert "为什么是" not in said


def test_a_late_matter_says_so(client):
    appeal = make_accepted()
    with time_machine.travel(NOON.replace(month=12, day=20), tick=False):
        track(client, appeal)
        said = words(client.get("/p/track/"))

    assert "本该 12月1日 17:30 前办完，已经晚了，正在催办。" in said


@pytest.mark.parametrize(
    ("code", "typed", "said", "kind"),
    [
        ("urge", {}, "已转告办理单位。", "urge"),
        ("supplement", {"text": "东门那边也有"}, "补充的内容已记下，办理单位看得到。", "supplement"),
        ("withdraw", {"text": "已经停工了"}, "已撤回。", "withdraw"),
    ],
)
def test_what_a_citizen_adds_on_the_page(client, world, code, typed, said, kind):
    appeal = make_accepted()
    in_hand(appeal, world)
    track(client, appeal)
    answer = client.post(f"/p/track/{code}/", typed)

    assert (answer.status_code, soup(answer).select_one(".note-done").get_text()) == (200, said)
    assert Interaction.objects.exclude(kind="new").get().kind == kind
    assert Appeal.objects.count() == 1


def in_hand(appeal, world):
    from tickets import services as tickets

    tickets.dispatch_ticket(ticket_id=ticket_of(appeal).pk, unit=world.department, item=None, by=None, at=NOON)


@pytest.mark.parametrize(
    ("make", "code", "said"),
    [
        (make_appeal, "supplement", "补充的内容已记下，12345 会一起看。"),
        (make_accepted, "supplement", "补充的内容已记下，12345 会一起看。"),
        (make_accepted, "urge", "已记下，12345 会一起看。"),
    ],
)
def test_before_a_unit_has_it_nobody_is_said_to_have_been_told(client, make, code, said):
    track(client, make())
    answer = client.post(f"/p/track/{code}/", {"text": "东门那边也有"})

    assert soup(answer).select_one(".note-done").get_text() == said
    assert "办理单位" not in soup(answer).select_one(".ptl").get_text()


def test_who_says_after_the_result_that_it_is_not_solved_is_heard_by_whoever_calls(client, world, person):
    from hotline.models import Notice
    from tickets import services as tickets

    appeal = make_accepted()
    person("liaison", world.department)
    in_hand(appeal, world)
    tickets.recall_ticket(ticket_id=ticket_of(appeal).pk, reason="派错", by=None, at=NOON)
    answer = "您反映的工地已核实，夜间施工许可已收回，今后夜间不再施工，欢迎继续监督，再出现请拨打0797-8391111。"
    tickets.answer_by_centre(ticket_id=ticket_of(appeal).pk, public_text=answer, by=None, at=NOON)
    track(client, appeal)
    assert "还没解决，告诉 12345" in words(client.get("/p/track/"))
    said = client.post("/p/track/urge/", {"text": "昨晚又施工了"})

    assert soup(said).select_one(".note-done").get_text() == "已记下，12345 回访您以前会先看。"
    assert Notice.objects.filter(kind="urge").count() == 0


def test_photos_may_be_added_later(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    appeal = make_accepted()
    track(client, appeal)
    client.post("/p/track/supplement/", {"text": "见照片", "photo": SimpleUploadedFile("1.png", PNG)})

    assert AppealFile.objects.get().appeal == appeal


def test_no_photo_is_kept_of_what_was_refused(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    good, bad = SimpleUploadedFile("1.png", PNG), SimpleUploadedFile("2.png", b"MZ not a picture")
    assert client.post("/p/", {**TYPED, "photo": [good, bad]}).status_code == 422
    track(client, make_appeal())
    refused = client.post("/p/track/supplement/", {"text": "", "photo": SimpleUploadedFile("1.png", PNG)})

    assert (refused.status_code, StoredFile.objects.count()) == (422, 0)


@pytest.mark.parametrize("code", ["urge", "supplement", "withdraw"])
def test_nothing_is_added_without_number_and_code(client, code):
    make_accepted()
    answer = client.post(f"/p/track/{code}/", {"text": "随便写写"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/p/track/")
    assert Interaction.objects.count() == 1


def test_a_refused_addition_leaves_its_part_open(client):
    track(client, make_appeal())
    answer = client.post("/p/track/supplement/", {"text": " "})

    assert answer.status_code == 422
    assert [part.summary.get_text() for part in soup(answer).select("details[open]")] == ["补充情况或照片"]


def test_the_page_of_progress_has_a_heading_and_names_its_fields(client):
    page = soup(client.get("/p/track/"))

    assert page.h1.get_text() == "查进度"
    assert [label.span.get_text() for label in page.select("main form label")] == ["编号", "查询码"]


def test_a_refused_addition_keeps_the_words(client):
    appeal = make_appeal()
    track(client, appeal)
    answer = client.post("/p/track/urge/", {"text": "快一点"})

    assert (answer.status_code, Interaction.objects.count()) == (422, 1)
    assert "没有在办的工单可催。" in answer.content.decode()


def test_too_many_additions_are_stopped_and_the_words_kept(client):
    appeal = make_accepted()
    track(client, appeal)
    answers = [client.post("/p/track/supplement/", {"text": f"补充第 {n} 次"}) for n in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "这件诉求一小时内已催办、补充 10 次，请稍后再试，或拨 12345。" in answers[10].content.decode()
    assert soup(answers[10]).find("textarea").get_text() == "补充第 10 次"
    assert Interaction.objects.filter(kind="supplement").count() == 10


def test_a_form_whose_token_is_gone_shows_a_citizen_the_way_back_and_staff_theirs(world, client, person):
    client.handler.enforce_csrf_checks = True
    nobody = client.post("/p/", {"text": STORY})
    client.force_login(person("agent"), "django.contrib.auth.backends.ModelBackend")
    agent = client.post("/desk/", {"text": STORY})

    ways = [re.findall(r'<li><a href="([^"]+)"', page.content.decode()) for page in (nobody, agent)]
    assert (nobody.status_code, agent.status_code) == (403, 403)
    assert ways == [["/p/", "/p/track/?new=1", "/"], ["/"]]
