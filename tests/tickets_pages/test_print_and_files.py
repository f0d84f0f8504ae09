"""The 工单 on paper, and the files of a ticket."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hotline.models import SecurityLog
from hotline.services import store_file
from tests.factories.hotline import TownshipFactory
from tests.factories.tickets import NOW, contacted, dispatched, fresh, part_of, register, signed
from tests.tickets_pages.cases import PNG, REASON
from tickets import services
from tickets.models import Attachment

PDF = b"%PDF-1.4 test"
COURSE = (
    "2026年11月10日 10:00 建单 系统 "
    "2026年11月10日 10:00 派单 赣州市城管局 王* · 市热线中心 "
    "2026年11月10日 10:00 签收 张* · 市城管局 "
    "2026年11月10日 10:00 联系反映人 张* · 市城管局 "
    "2026年11月10日 10:00 内部批注 张* · 市城管局 工地负责人电话 139****0000。"
)


def printed(client, ticket):
    """The sheet as (name, words) pairs, in order."""
    response = client.get(f"/tickets/{ticket.number}/print/")
    sheet = re.search(r'<main class="sheet".*?</main>', response.content.decode(), re.DOTALL)[0]
    pairs = re.findall(r"<th>(.*?)</th><td[^>]*>(.*?)</td>", sheet, re.DOTALL)
    return [(name, " ".join(re.sub(r"<[^>]+>", " ", words).split())) for name, words in pairs], sheet


def test_the_sheet_has_all_that_a_signature_needs(duty, log_in):
    ticket = register(
        title="工地夜间施工",
        text="请回电 13807971234，每晚十一点后仍在施工。",
        region=TownshipFactory(),
        category=duty.noise.category,
        place="锦江花园 7 栋",
    )
    services.dispatch_ticket(
        ticket_id=ticket.pk,
        unit=duty.department,
        item=duty.noise,
        co_units=[duty.third],
        by=duty.dispatcher,
        at=NOW,
    )
    ticket = fresh(ticket)
    services.sign_assignment(assignment_id=ticket.lead_id, handler=duty.handler, by=duty.handler, at=NOW)
    services.record_contact(assignment_id=ticket.lead_id, reached=True, by=duty.handler, at=NOW)
    services.add_note(ticket_id=ticket.pk, text="工地负责人电话 13907970000。", by=duty.handler, at=NOW)
    client = log_in(duty.handler)

    pairs, sheet = printed(client, ticket)

    assert pairs == [
        ("标题", "工地夜间施工"),
        ("受理时间", "2026年11月10日 10:00"),
        ("办理时限", "2026年11月19日 17:30"),
        ("来源渠道", "phone"),
        ("诉求件数", "1 件，催 0 次"),
        ("属地", "章贡区 解放街道"),
        ("地点", "锦江花园 7 栋"),
        ("事项", "城市管理，CG-01 夜间施工噪声"),
        ("诉求内容", "请回电 138****1234，每晚十一点后仍在施工。"),
        ("承办单位", "主办 赣州市城管局 限 2026年11月19日 17:30 协办 赣州市住建局 限 2026年11月19日 17:30"),
        ("办结标准", "现场核实，停止施工，告知反映人。"),
        ("办理经过", COURSE),
        ("办理意见", ""),
        ("承办人", "年 月 日"),
        ("单位负责人", "年 月 日"),
    ]
    assert f"编号 {ticket.number}" in sheet
    assert "2026年11月10日 10:00 由张*打印。诉求人的姓名和电话不印在纸上" in sheet
    assert not re.search(r"1[3-9]\d{9}", sheet)


def test_every_print_is_logged(city, log_in):
    ticket = signed(city)

    printed(log_in(city.handler), ticket)

    log = SecurityLog.objects.get(kind="print")
    assert (log.user, log.subject, log.at) == (city.handler, ticket.number, NOW)


def test_a_co_unit_prints_only_its_part(city, log_in):
    ticket = contacted(city, co_units=[city.other])
    services.add_note(ticket_id=ticket.pk, text="内部的话。", by=city.handler, at=NOW)

    pairs, _ = printed(log_in(city.other_handler), ticket)

    assert "办理经过" not in dict(pairs)
    assert dict(pairs)["诉求内容"] == ticket.text


@pytest.mark.parametrize(("who", "status"), [("other_handler", 404), ("agent", 403), ("leader", 403)])
def test_who_may_not_print(city, log_in, who, status):
    ticket = signed(city)

    response = log_in(getattr(city, who)).get(f"/tickets/{ticket.number}/print/")

    assert response.status_code == status
    assert not SecurityLog.objects.filter(kind="print").exists()


# --- files


def docx():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return content.getvalue()


def attach(ticket, user, name, content):
    stored = store_file(upload=SimpleUploadedFile(name, content), by=user, at=NOW)
    return Attachment.objects.create(ticket=ticket, assignment=ticket.lead, file=stored, kind="evidence")


@pytest.mark.parametrize(
    ("name", "content", "content_type", "way"),
    [
        ("现场.png", PNG, "image/png", "inline"),
        ("移交单.pdf", PDF, "application/pdf", "inline"),
        (
            "移交单.docx",
            docx(),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "attachment",
        ),
        ("骗人的.html", PNG, "image/png", "inline"),
    ],
)
def test_a_file_is_given_as_what_it_is(city, log_in, name, content, content_type, way):
    ticket = signed(city)
    attachment = attach(ticket, city.handler, name, content)

    response = log_in(city.handler).get(f"/tickets/{ticket.number}/files/{attachment.pk}/")

    assert b"".join(response.streaming_content) == content
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith(f"{way}; filename*=UTF-8''%")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_is_not_found_by_others_nor_through_another_ticket(city, log_in):
    ticket, other = signed(city), signed(city, unit=city.other)
    attachment = attach(ticket, city.handler, "现场.png", PNG)

    assert log_in(city.other_handler).get(f"/tickets/{ticket.number}/files/{attachment.pk}/").status_code == 404
    assert log_in(city.other_handler).get(f"/tickets/{other.number}/files/{attachment.pk}/").status_code == 404
    assert log_in(city.agent).get(f"/tickets/{ticket.number}/files/{attachment.pk}/").status_code == 404
    assert log_in(city.handler).get(f"/tickets/{ticket.number}/files/{attachment.pk + 1}/").status_code == 404


def test_a_co_unit_opens_its_own_files_and_the_citizens(city, log_in):
    ticket = dispatched(city, co_units=[city.other])
    of_lead = attach(ticket, city.handler, "现场.png", PNG)
    of_citizen = attach(ticket, city.agent, "来件.png", PNG + b"1")
    Attachment.objects.filter(pk=of_citizen.pk).update(kind="citizen", assignment=None)
    of_own = attach(ticket, city.other_handler, "核查.png", PNG + b"2")
    Attachment.objects.filter(pk=of_own.pk).update(assignment=part_of(ticket, city.other))
    client = log_in(city.other_handler)

    of_lead, *open_to_it = [
        client.get(f"/tickets/{ticket.number}/files/{each.pk}/") for each in (of_lead, of_citizen, of_own)
    ]

    assert of_lead.status_code == 404
    assert [response.getvalue() for response in open_to_it] == [PNG + b"1", PNG + b"2"]


def test_evidence_of_a_return_is_read_by_who_decides(city, log_in):
    ticket = dispatched(city)
    log_in(city.handler).post(
        f"/tickets/{ticket.number}/acts/return/",
        {"ground": "not_our_duty", "reason": REASON, "files": SimpleUploadedFile("移交单.pdf", PDF)},
    )
    asked = ticket.lead.returnrequests.get()
    client = log_in(city.dispatcher)

    peek = client.get(f"/returns/{asked.pk}/").content.decode()
    link = re.search(r'href="([^"]+)"[^>]*>依据：移交单.pdf</a>', peek)[1]

    given = client.get(link)
    assert b"".join(given.streaming_content) == PDF


@pytest.mark.parametrize("path", ["peek/", "print/", "acts/sign/", "files/1/", ""])
def test_no_number_in_an_address_breaks_a_page(city, log_in, path):
    client = log_in(city.handler)

    assert client.get(f"/tickets/a%00b/{path}").status_code == 404
    assert client.get(f"/tickets/{'9' * 300}/{path}").status_code == 404
    assert client.get(f"/tickets/工单/{path}").status_code == 404
