"""A township sends a grid worker to look; what is found lands on the ticket."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_merge import rights, services
from channels_merge.models import GridCheck
from channels_merge.selectors import grid as reads
from channels_merge.services import grid
from hotline import services as hotline
from hotline.models import Notice, StoredFile
from tests.factories.channels_merge import NOON
from tests.factories.hotline import TownshipFactory, TownshipUnitFactory, UserFactory
from tests.factories.tickets import acts, fresh, submit
from tickets import services as tickets
from tickets.models import Attachment, OnSiteRecord

AFTERNOON = NOON + timedelta(hours=5)
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def sent(city, handed, **fields):
    words = {
        "worker": city.worker,
        "what": "看工地晚上是不是还在施工",
        "place": "锦江花园东侧",
        "by": city.township_handler,
    }
    return grid.send_grid_check(assignment_id=handed.part.pk, at=NOON, **(words | fields))


def login(client, who):
    client.force_login(who, "django.contrib.auth.backends.ModelBackend")


def photo(name="a.png", extra=b""):
    return SimpleUploadedFile(name, PIXEL + extra, "image/png")


def report(client, check, at=AFTERNOON, **fields):
    typed = {"found": "yes", "words": "泵车还在浇筑，现场有十来个人。", "visited_at": "2026-11-10T14:30"}
    with time_machine.travel(at, tick=False):
        return client.post(f"/grid/checks/{check.pk}/", typed | fields)


def test_the_worker_is_told_and_has_until_the_limit(city, handed):
    check = sent(city, handed)

    assert (check.state, check.due_at) == ("open", NOON + timedelta(days=1, hours=7, minutes=30))
    assert list(Notice.objects.filter(recipient=city.worker).values_list("kind", "number")) == [
        ("grid_check", str(check.pk))
    ]
    assert acts(handed.ticket) == ["register", "dispatch", "sign", "pass_down", "sign"]


def test_what_is_found_lands_on_the_ticket_with_its_photos(city, handed, client):
    check = sent(city, handed)
    login(client, city.worker)

    answer = report(client, check, photos=[photo(), photo("b.png", b"1")])

    assert (answer.status_code, answer.headers["Location"]) == (303, "/grid/checks/")
    record = OnSiteRecord.objects.get()
    assert (record.ticket, record.assignment, record.by) == (handed.ticket, handed.part, city.worker)
    assert record.found == "网格员现场核查，属实：泵车还在浇筑，现场有十来个人。"
    assert Attachment.objects.filter(event=record.event, kind="before").count() == 2
    check.refresh_from_db()
    assert (check.state, check.found, check.event, check.ended_at) == ("done", "yes", record.event, AFTERNOON)
    assert list(
        Notice.objects.filter(recipient=city.township_handler, kind="grid_check_done").values_list("number")
    ) == [(handed.ticket.number,)]
    login(client, city.township_handler)
    page = client.get(f"/tickets/{handed.ticket.number}/").content.decode()
    assert "网格员现场核查，属实：泵车还在浇筑" in page


def test_the_same_report_again_is_written_once(city, handed, client):
    check = sent(city, handed)
    login(client, city.worker)

    statuses = [report(client, check, photos=[photo()]).status_code for _ in range(2)]

    assert statuses == [303, 303]
    assert (OnSiteRecord.objects.count(), Attachment.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"found": ""}, "请选择是否属实。"),
        ({"words": "有"}, "请写看到什么，至少 4 个字。"),
        ({"words": ""}, "请写看到什么。"),
        ({"visited_at": "2026-11-10T16:30"}, "到场时间须在派单之后、现在之前。"),
        ({"visited_at": "昨天"}, "到场时间看不懂。"),
        ({"photos": [photo()], "visited_at": "2026-11-10T16:30"}, "到场时间须在派单之后、现在之前。"),
        ({"photos": [photo(f"{n}.png", bytes([n])) for n in range(7)]}, "照片最多 6 张，选了 7 张。"),
        ({"photos": [SimpleUploadedFile("a.png", b"GIF89a nothing")]}, "“a.png”的内容不是可以上传的类型。"),
        (
            {"photos": [SimpleUploadedFile("a.pdf", b"%PDF-1.7 no picture")]},
            "“a.pdf”的内容不是可以上传的类型。可以上传：jpg、png、webp、heic 图片。",
        ),
    ],
)
def test_what_is_refused_comes_back_with_what_was_typed(city, handed, client, fields, why):
    check = sent(city, handed)
    login(client, city.worker)

    answer = report(client, check, **fields)

    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert ("文件要重新选一次，其他内容都还在。" in answer.content.decode()) is ("photos" in fields)
    check.refresh_from_db()
    assert check.state == "open"
    assert not OnSiteRecord.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_worker_sees_what_and_where_and_neither_ticket_nor_caller(city, handed, client):
    check = sent(city, handed)
    login(client, city.worker)

    with time_machine.travel(AFTERNOON, tick=False):
        pages = [client.get(address).content.decode() for address in ("/grid/checks/", f"/grid/checks/{check.pk}/")]
        closed = [
            client.get(address).status_code
            for address in (f"/tickets/{handed.ticket.number}/", "/tickets/", "/inbox/", "/grid/events/")
        ]

    assert all("锦江花园东侧" in page and handed.ticket.number not in page for page in pages)
    assert not any("138" in page and "王*" in page for page in pages)
    assert closed == [404, 403, 403, 403]


def test_another_worker_and_another_township_do_not_get_at_it(city, handed, client):
    check = sent(city, handed)
    login(client, city.worker2)

    assert client.get(f"/grid/checks/{check.pk}/").status_code == 404
    assert report(client, check).status_code == 404
    with pytest.raises(rights.NotPermitted, match="这项核查派给了别人。"):
        grid.report_check(
            check_id=check.pk, found="yes", words="都看到了。", visited_at=NOON, by=city.worker2, at=AFTERNOON
        )
    assert not OnSiteRecord.objects.exists()


def test_who_may_send_and_whom(city, handed, client):
    stranger = UserFactory(
        unit=TownshipUnitFactory(region=TownshipFactory(code="360702002", name="赣江街道"), parent=city.county),
        roles=("grid_worker",),
    )

    for who in (city.county_clerk, city.dispatcher, city.worker, city.handler):
        with pytest.raises(rights.NotPermitted):
            sent(city, handed, by=who)
    with pytest.raises(services.AppealRefused, match="请选择本乡镇（街道）的网格员。"):
        sent(city, handed, worker=stranger)
    with pytest.raises(services.AppealRefused, match="请写明去看什么、在哪里。"):
        sent(city, handed, place=" ")
    sent(city, handed)
    with pytest.raises(services.AppealRefused, match="钟文已经有这一件的核查任务，还没有上报。"):
        sent(city, handed)
    assert GridCheck.objects.count() == 1


def test_numbers_of_people_do_not_travel_with_the_errand(city, handed):
    check = sent(city, handed, what="先打 13807972231 问在不在家")

    assert check.what == "先打 138****2231 问在不在家"


def test_a_check_is_called_off_by_the_township(city, handed, client):
    check = sent(city, handed)
    login(client, city.township_handler)

    with time_machine.travel(AFTERNOON, tick=False):
        assert client.get(f"/grid/checks/{check.pk}/call-off/").status_code == 200
        assert client.post(f"/grid/checks/{check.pk}/call-off/").status_code == 303
        assert client.post(f"/grid/checks/{check.pk}/call-off/").status_code == 422

    login(client, city.worker)
    assert "不用去了" in client.get(f"/grid/checks/{check.pk}/").content.decode()
    assert report(client, check).status_code == 422
    assert list(reads.waiting_checks(city.worker)) == []
    assert not OnSiteRecord.objects.exists()


def test_a_colleague_goes_where_a_worker_who_leaves_was_sent(city, handed):
    check = sent(city, handed)
    assert hotline.in_hand(city.worker) == ["没有上报的现场核查 1 项。"]

    for heir in (None, city.township_handler):
        with pytest.raises(
            services.AppealRefused, match="钟文还有 1 项现场核查没有上报，请指定接手的网格员后再停用。"
        ):
            hotline.deactivate_person(user=city.worker, heir=heir, by=None, at=AFTERNOON)
    hotline.deactivate_person(user=city.worker, heir=city.worker2, by=None, at=AFTERNOON)

    assert list(reads.waiting_checks(city.worker2)) == [check]
    assert Notice.objects.filter(recipient=city.worker2, kind="grid_check", number=str(check.pk)).count() == 1


def test_where_both_were_sent_one_report_is_enough(city, handed):
    check, other = sent(city, handed), sent(city, handed, worker=city.worker2)

    hotline.deactivate_person(user=city.worker, heir=city.worker2, by=None, at=AFTERNOON)

    check.refresh_from_db()
    assert (check.state, list(reads.waiting_checks(city.worker2))) == ("called_off", [other])


def test_what_nobody_waits_for_any_more_leaves_the_list(city, handed, client):
    check = sent(city, handed)
    ticket = fresh(handed.ticket)
    tickets.record_contact(assignment_id=handed.part.pk, reached=True, by=city.township_handler, at=NOON)
    submit(city, ticket, by=city.township_handler, at=AFTERNOON)
    login(client, city.worker)

    assert list(reads.waiting_checks(city.worker)) == []
    assert reads.check_count(city.worker, at=AFTERNOON) == (0, False)
    page = client.get(f"/grid/checks/{check.pk}/").content.decode()
    assert "不用去了" in page
    assert "工单当前为“待审核”，不能执行该操作。" in report(client, check).content.decode()


def test_the_township_sends_from_the_ticket(city, handed, client):
    login(client, city.township_handler)
    address = f"/grid/tickets/{handed.ticket.number}/send/"

    with time_machine.travel(AFTERNOON, tick=False):
        page = client.get(f"/tickets/{handed.ticket.number}/").content.decode()
        form = client.get(address)
        wrong = client.post(address, {"what": "", "place": "锦江花园"})
        done = client.post(address, {"worker": city.worker.pk, "what": "看有没有停工", "place": "锦江花园"})
        after = client.get(f"/tickets/{handed.ticket.number}/").content.decode()

    assert address in page
    assert (form.status_code, wrong.status_code, done.status_code) == (200, 422, 303)
    assert "等待核查" in after or "钟*" in after
    login(client, city.county_clerk)
    assert client.get(address).status_code == 404


def test_the_pictures_are_shown_to_the_worker_who_took_them(city, handed, client):
    check = sent(city, handed)
    login(client, city.worker)
    report(client, check, photos=[photo()])
    picture = Attachment.objects.get()

    with time_machine.travel(AFTERNOON, tick=False):
        answer = client.get(f"/grid/checks/{check.pk}/files/{picture.pk}/")
        done = client.get(f"/grid/checks/{check.pk}/").content.decode()

        assert (answer.status_code, answer.getvalue()[:8]) == (200, PIXEL[:8])
        assert "已上报：属实" in done
        assert f"/grid/checks/{check.pk}/files/{picture.pk}/" in done
        assert client.get(f"/grid/checks/{check.pk}/files/{picture.pk + 1}/").status_code == 404
        login(client, city.worker2)
        assert client.get(f"/grid/checks/{check.pk}/files/{picture.pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_checks_costs_the_same_for_one_and_three(city, handed, client, django_assert_num_queries, count):
    sent(city, handed)
    first = GridCheck.objects.get()
    for number in range(count - 1):
        GridCheck.objects.create(
            assignment=handed.part,
            worker=UserFactory(),
            what=f"{number}",
            place="文清路",
            asked_by=first.asked_by,
            asked_at=NOON,
            due_at=first.due_at,
        )
    GridCheck.objects.exclude(pk=first.pk).update(state="called_off", ended_at=NOON)
    GridCheck.objects.update(worker=city.worker)
    login(client, city.worker)

    client.get("/grid/checks/")
    with django_assert_num_queries(4):
        answer = client.get("/grid/checks/")
    assert len(answer.context["rows"]) == 1
    with django_assert_num_queries(4):
        done = client.get("/grid/checks/?tab=done")
    assert len(done.context["rows"]) == count - 1
