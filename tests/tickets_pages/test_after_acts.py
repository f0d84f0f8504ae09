"""What follows an act on its form: what is kept, what whoever did it is told, who was faster, where it leads."""

import re

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories.hotline import UnitFactory
from tests.factories.tickets import (
    NOW,
    REPLY,
    acts,
    dispatched,
    fresh,
    pending_approval,
    register,
    signed,
)
from tests.tickets_pages.cases import CASES, HTMX, PNG, REASON, give_back, looked_at, url
from tickets import services
from tickets.models import Attachment


def test_numbers_of_persons_in_a_note_are_masked_and_the_writer_is_told(city, log_in):
    ticket = signed(city)
    typed = "王科长 13800001111，证件 11010519491231002X，办公室 0797-8391234。"

    response = log_in(city.handler).post(url(ticket, "note"), {"text": typed}, **HTMX)

    [told] = get_messages(response.wsgi_request)
    assert ticket.notes.get().text == "王科长 138****1111，证件 1101**********002X，办公室 0797-8391234。"
    assert str(told) == (
        f"{ticket.number} 的批注已存。手机号、证件号不存在这里，写的已改为 138****1111、1101**********002X；"
        "要留在反映人名下的，请写在诉求的补充或联系记录里。"
    )


def test_files_hang_on_the_event_by_kind(city, log_in):
    ticket = signed(city)

    log_in(city.handler).post(
        url(ticket, "onsite"),
        {
            "visited_at": "2026-11-10T10:00",
            "place": "锦江花园东门",
            "found_there": "仍在施工。",
            "before": [SimpleUploadedFile("一.png", PNG), SimpleUploadedFile("二.png", PNG + b"2")],
            "after": SimpleUploadedFile("三.png", PNG + b"3"),
        },
    )

    event = ticket.events.get(act="record_onsite")
    assert list(Attachment.objects.filter(event=event).order_by("pk").values_list("kind", "file__name")) == [
        ("before", "一.png"),
        ("before", "二.png"),
        ("after", "三.png"),
    ]


def test_one_visit_sent_from_two_windows_is_one_record_with_the_pictures_of_both(city, log_in):
    ticket = signed(city)
    client = log_in(city.handler)
    visit = {"visited_at": "2026-11-10T10:00", "place": "锦江花园东门", "found_there": "仍在施工。"}

    for picture in (PNG, PNG, PNG + b"2"):
        client.post(url(ticket, "onsite"), {**visit, "before": SimpleUploadedFile("一.png", picture)})
    client.post(url(ticket, "onsite"), {**visit, "found_there": "已停工。"})

    assert acts(ticket) == ["register", "dispatch", "sign", "record_onsite", "record_onsite"]
    assert list(ticket.onsite_records.order_by("pk").values_list("found", "event__attachments__kind")) == [
        ("仍在施工。", "before"),
        ("仍在施工。", "before"),
        ("已停工。", None),
    ]


def test_evidence_of_a_return_is_kept(city, log_in):
    ticket = dispatched(city)

    log_in(city.handler).post(
        url(ticket, "return"),
        {"ground": "not_our_duty", "reason": REASON, "files": SimpleUploadedFile("移交单.pdf", b"%PDF-1.4 ...")},
    )

    assert list(Attachment.objects.filter(ticket=ticket).values_list("kind", "file__name")) == [
        ("evidence", "移交单.pdf")
    ]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("0797-8391111", ""),
        ("13807971234", "答复里的手机号、证件号不给群众看，群众读到的是 138****1234；要留电话的请写办公座机。"),
    ],
)
def test_who_writes_a_personal_number_to_the_citizen_is_told(city, log_in, number, told):
    ticket = CASES["submit"].make(city)
    typed = {"resolved": "yes", "public_text": f"{REPLY}联系电话{number}。", "standard_met": "on"}

    response = log_in(city.handler).post(url(ticket, "submit"), typed)

    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert said == [f"{ticket.number} 的结果已交本单位负责人审签。{told}"]


def test_whoever_gives_a_matter_to_a_unit_without_people_is_told_so(city, log_in):
    nobody = UnitFactory(name="赣州市邮政管理局", short_name="市邮政管理局")
    tickets = {unit: register() for unit in (nobody, city.department)}

    def told(unit):
        url = f"/tickets/{tickets[unit].number}/acts/dispatch/"
        page = log_in(city.dispatcher).post(url, {"unit": unit.name}, follow=True).content.decode()
        return "还没有能签收的人员" in page

    assert (told(nobody), told(city.department)) == (True, False)


# --- somebody was faster

TOO_LATE = {
    "sign": (
        dispatched,
        lambda city, ticket: services.recall_ticket(
            ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=NOW
        ),
        "handler",
        404,
    ),
    "dispatch": (
        lambda city: register(),
        lambda city, ticket: services.dispatch_ticket(
            ticket_id=ticket.pk, unit=city.other, item=None, by=city.dispatcher2, at=NOW
        ),
        "dispatcher",
        409,
    ),
    "send-back": (
        looked_at,
        lambda city, ticket: services.approve(approval_id=pending_approval(ticket).pk, by=city.head2, at=NOW),
        "head",
        409,
    ),
    "refuse-return": (
        give_back,
        lambda city, ticket: services.grant_return(
            request_id=ticket.lead.returnrequests.get().pk, reason="", by=city.dispatcher2, at=NOW
        ),
        "dispatcher",
        409,
    ),
    "note": (
        signed,
        lambda city, ticket: services.recall_ticket(
            ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=NOW
        ),
        "handler",
        404,
    ),
}


@pytest.mark.parametrize("code", TOO_LATE)
def test_the_slower_of_two_learns_who_was_faster(city, log_in, code):
    make, faster, who, status = TOO_LATE[code]
    ticket = make(city)
    client = log_in(getattr(city, who))
    client.get(url(ticket, code))
    faster(city, ticket)
    after = acts(ticket)

    response = client.post(url(ticket, code), CASES[code].data(city, ticket) | {"reason": REASON}, **HTMX)

    assert response.status_code == status
    assert acts(ticket) == after
    if status == 409:
        last = ticket.events.select_related("actor").order_by("-pk").first()
        assert f"最近由{last.actor.masked_name}于 11-10 10:00 办理" in response.content.decode()


def test_a_page_of_its_own_gives_back_what_was_typed(city, log_in):
    ticket = looked_at(city)
    services.approve(approval_id=pending_approval(ticket).pk, by=city.head2, at=NOW)

    response = log_in(city.head).post(url(ticket, "send-back"), {"reason": REASON})

    page = response.content.decode()
    assert response.status_code == 409
    assert "工单当前为“待审核”，最近由胡*于 11-10 10:00 办理；您现在不能办这一步。" in page
    assert f"readonly>{REASON}</textarea>" in page


# --- where it leads


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("?next=/inbox/", "/inbox/"),
        ("?next=/approvals/%3Fs%3Dextensions", "/approvals/?s=extensions"),
        ("?next=https://elsewhere.example/", "ticket"),
        ("?next=//elsewhere.example/", "ticket"),
        ("", "ticket"),
    ],
)
def test_an_act_leads_back_to_the_list_and_nowhere_else(city, log_in, query, target):
    ticket = signed(city)

    response = log_in(city.handler).post(url(ticket, "note") + query, {"text": "记一笔。"})

    assert response["Location"] == (f"/tickets/{ticket.number}/" if target == "ticket" else target)


def test_in_the_dialog_the_list_is_drawn_anew(city, log_in):
    ticket = signed(city)

    response = log_in(city.handler).post(
        url(ticket, "note"),
        {"text": "记一笔。"},
        HTTP_HX_CURRENT_URL="http://testserver/inbox/?s=today",
        **HTMX,
    )

    assert (response["HX-Redirect"], response["HX-Trigger"]) == ("/inbox/?s=today", "act-done")


def test_a_dispatch_from_the_form_can_be_taken_back(city, log_in):
    ticket = register()
    client = log_in(city.dispatcher)
    page = client.post(url(ticket, "dispatch"), {"unit": city.department.name}, follow=True).content.decode()
    undo = re.search(r'action="([^"]+)/undo/"', page)

    assert f"{ticket.number} 已派给{city.department.name}。" in page
    client.post(f"{undo[1]}/undo/")

    assert acts(ticket) == ["register", "dispatch", "recall"]
    assert fresh(ticket).state == "pending_dispatch"
