"""Who sees a caller's name and phone: rules, reasons, and the line in the security log."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_merge import services
from channels_merge.models import AppealFile, ContactRecord
from hotline.models import SecurityLog
from hotline.services import store_file
from tests.channels_merge.petition.factories import ID_NUMBER
from tests.factories.channels_merge import PHONE, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import answer
from tests.factories.hotline import UnitFactory, UserFactory
from tests.factories.tickets import NOW, fresh
from tickets import services as tickets

LATER = NOW + timedelta(hours=2)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64


def in_work(city, *, unit=None, handler=None, co_units=(), **fields):
    appeal = make_accepted(**fields)
    ticket = ticket_of(appeal)
    unit = unit or city.department
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=None, co_units=co_units, by=city.dispatcher, at=NOW)
    lead = fresh(ticket).lead_id
    signer = city.county_clerk if unit == city.county else city.handler
    tickets.sign_assignment(assignment_id=lead, handler=handler, by=signer, at=NOW)
    return appeal


def log():
    rows = SecurityLog.objects.filter(kind="reveal").order_by("pk")
    return list(rows.values_list("user", "subject", "outcome", "reason"))


def reveal(appeal, by, reason=""):
    return services.reveal_contact(appeal_id=appeal.pk, reason=reason, by=by, at=LATER, address="10.1.2.3")


def test_the_lead_handler_of_an_open_ticket_needs_no_words(city):
    appeal = in_work(city, handler=city.handler, person_hide_from_unit=False)
    shown = reveal(appeal, city.handler)

    assert (shown.name, shown.phone) == ("王丽", PHONE)
    assert log() == [(city.handler.pk, appeal.number, "done", "主办经办人联系诉求人")]
    assert str(SecurityLog.objects.get(kind="reveal").address) == "10.1.2.3"


@pytest.mark.parametrize("who", ["handler2", "head", "dispatcher", "reviewer"])
def test_everybody_else_with_a_standing_says_why(city, who):
    appeal = in_work(city, handler=city.handler, person_hide_from_unit=False)
    by = getattr(city, who)

    with pytest.raises(services.AppealRefused, match="查看姓名电话须写明理由，至少 4 个字。"):
        reveal(appeal, by, "看看")
    assert reveal(appeal, by, "核对地址后回电").phone == PHONE

    assert [(row[0], row[2], row[3]) for row in log()] == [
        (by.pk, "refused", "查看姓名电话须写明理由，至少 4 个字。"),
        (by.pk, "done", "核对地址后回电"),
    ]


def test_the_authority_above_the_hotline_is_a_unit_and_not_the_centre(city):
    """市行政审批局 handles what it is given like any department: of others' callers it sees none, of its own as they ask."""
    authority = UnitFactory(short_name="市行政审批局", kind="authority")
    handler = UserFactory(unit=authority, roles=["handler", "unit_head"])
    hidden = make_accepted(person_hide_from_unit=True)
    tickets.dispatch_ticket(ticket_id=ticket_of(hidden).pk, unit=authority, item=None, by=city.dispatcher, at=NOW)
    lead = ticket_of(hidden).lead_id
    tickets.sign_assignment(assignment_id=lead, handler=handler, by=handler, at=NOW)

    with pytest.raises(services.AppealRefused, match="诉求人要求对承办单位隐去姓名电话"):
        reveal(hidden, handler, "要上门核实")
    with pytest.raises(services.AppealRefused, match="没有找到这件诉求。"):
        reveal(make_accepted(phone="13807970022"), handler, "想知道是谁")

    assert ticket_of(hidden).lead.unit == authority


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("other_handler", "只有主办单位能看姓名和电话，协办单位请通过主办单位联系。"),
        ("third_handler", "没有找到这件诉求。"),
        ("township_head", "没有找到这件诉求。"),
    ],
)
def test_co_units_and_strangers_never_see_it(city, who, sentence):
    appeal = in_work(city, co_units=[city.other], person_hide_from_unit=False)

    with pytest.raises(services.AppealRefused, match=sentence):
        reveal(appeal, getattr(city, who), "核对地址后回电")

    assert log() == [(getattr(city, who).pk, appeal.number, "refused", sentence)]


def test_a_unit_that_is_done_is_told_so_and_not_that_it_is_no_lead(city):
    appeal = in_work(city, handler=city.handler, person_hide_from_unit=False)
    answer(city, fresh(ticket_of(appeal)), at=NOW)

    with pytest.raises(
        services.AppealRefused, match="本单位的办理已经结束，还要联系诉求人的，请拨 12345 由中心转接。"
    ):
        reveal(appeal, city.handler, "再问一下地址")


def test_a_person_hidden_from_the_unit_is_opened_to_the_centre_only(city):
    appeal = in_work(city, handler=city.handler)

    with pytest.raises(services.AppealRefused, match="请拨 12345 由中心转接。"):
        reveal(appeal, city.handler, "要上门核实")
    assert reveal(appeal, city.dispatcher, "要转接电话").phone == PHONE


@pytest.mark.parametrize("role", ["leader", "administrator", "follow_up_agent"])
def test_leaders_and_administrators_see_nobody_nor_follow_up_agents_beyond_their_call(city, role):
    appeal = make_accepted()

    with pytest.raises(services.AppealRefused, match="您的岗位没有这项权限。"):
        reveal(appeal, UserFactory(unit=city.centre, roles=(role,)), "想知道是谁")

    assert [row[2] for row in log()] == ["refused"]


def test_the_agent_of_the_call_needs_no_words_for_an_hour(city):
    appeal = make_appeal(by=city.agent, at=LATER - timedelta(minutes=59))
    assert reveal(appeal, city.agent).phone == PHONE

    old = make_appeal(by=city.agent, at=LATER - timedelta(minutes=60), phone="13900000001")
    with pytest.raises(services.AppealRefused, match="至少 4 个字"):
        reveal(old, city.agent)


def test_a_restricted_person_is_opened_only_with_a_personal_grant(city):
    appeal = make_accepted(secrecy="restricted")
    with pytest.raises(services.AppealRefused, match="没有找到这件诉求。"):
        reveal(appeal, city.dispatcher, "要核实线索")

    tickets.grant_scope(ticket_id=ticket_of(appeal).pk, user=city.dispatcher, until=None)
    assert reveal(appeal, city.dispatcher, "要核实线索").phone == PHONE


def test_nobody_is_behind_an_appeal_without_a_contact(city):
    with pytest.raises(services.AppealRefused, match="这件诉求没有留下姓名和电话。"):
        reveal(make_accepted(name="", phone=""), city.dispatcher, "要核实线索")


@pytest.fixture
def as_(client):
    def log_in(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    with time_machine.travel(LATER, tick=False):
        yield log_in


def test_the_dialog_shows_the_phone_after_a_reason(city, as_):
    appeal = make_appeal()
    client = as_(city.agent)
    url = f"/appeals/{appeal.number}/reveal/"
    htmx = {"HX-Request": "true"}
    asked = client.get(url, headers=htmx)
    refused = client.post(url, {"text": "看"}, headers=htmx)
    shown = client.post(url, {"text": "回电问地址"}, headers=htmx)

    assert (asked.status_code, refused.status_code, shown.status_code) == (200, 422, 200)
    assert [PHONE in answer.content.decode() for answer in (asked, refused, shown)] == [False, False, True]
    assert [(row[2], row[3]) for row in log()] == [
        ("refused", "查看姓名电话须写明理由，至少 4 个字。"),
        ("done", "回电问地址"),
    ]


@pytest.mark.parametrize("who", ["leader", "third_handler"])
def test_who_may_not_reveal_gets_no_phone(city, as_, who):
    appeal = make_appeal()
    answer = as_(getattr(city, who)).post(f"/appeals/{appeal.number}/reveal/", {"text": "想知道是谁"})

    assert answer.status_code in {403, 422}
    assert PHONE not in answer.content.decode()


def test_a_restricted_appeal_is_not_found_by_its_number(city, as_):
    appeal = make_accepted(secrecy="restricted")
    client = as_(city.agent)

    for path in ("", "reveal/", "acts/urge/"):
        assert client.get(f"/appeals/{appeal.number}/{path}").status_code == 404


def test_a_contact_is_recorded_encrypted_and_meets_the_units_clock(city):
    appeal = in_work(city, handler=city.handler)
    assignment = fresh(ticket_of(appeal)).lead
    services.record_contact(
        appeal_id=appeal.pk,
        assignment_id=assignment.pk,
        way="phone",
        reached=True,
        summary="约好今晚八点到现场看。",
        by=city.handler,
        at=LATER,
    )

    record = ContactRecord.objects.get()
    assert (record.summary, record.unit, record.by, record.reached) == (
        "约好今晚八点到现场看。",
        city.department,
        city.handler,
        True,
    )
    assert "今晚八点" not in record.summary_cipher
    assert assignment.clocks.get(kind="contact").stopped_at == LATER


def test_a_number_in_a_record_of_contact_joins_those_of_the_person(city):
    """It stayed readable on the ticket for everybody who sees the people behind it."""
    appeal = in_work(city, handler=city.handler)
    services.record_contact(
        appeal_id=appeal.pk,
        assignment_id=fresh(ticket_of(appeal)).lead_id,
        way="phone",
        reached=True,
        summary=f"白天请打 13800001111。对方是 {ID_NUMBER}。",
        by=city.handler,
        at=LATER,
    )

    assert ContactRecord.objects.get().summary.startswith("白天请打 138****1111。")
    contact = fresh(appeal).contact
    # Whose id number a unit writes down nobody knows: no petition matter is found by it.
    assert (contact.moved_out, contact.story_id_index) == (["13800001111", ID_NUMBER], "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"way": "pigeon"}, "请选择联系方式。"),
        ({"summary": " "}, "已联系上的，须写明联系情况。"),
    ],
)
def test_a_contact_that_says_nothing_is_refused(city, change, sentence):
    appeal = in_work(city, handler=city.handler)
    words = {"way": "phone", "reached": True, "summary": "约好时间"} | change

    with pytest.raises(services.AppealRefused, match=sentence):
        services.record_contact(
            appeal_id=appeal.pk,
            assignment_id=fresh(ticket_of(appeal)).lead_id,
            by=city.handler,
            at=LATER,
            **words,
        )

    assert ContactRecord.objects.count() == 0


def test_a_contact_with_somebody_of_another_ticket_is_refused(city):
    appeal, other = in_work(city, handler=city.handler), make_accepted(phone="13900000001")

    with pytest.raises(services.AppealRefused, match="这件诉求不在这张工单上。"):
        services.record_contact(
            appeal_id=other.pk,
            assignment_id=fresh(ticket_of(appeal)).lead_id,
            way="phone",
            reached=False,
            summary="",
            by=city.handler,
            at=LATER,
        )

    assert ContactRecord.objects.count() == 0


def test_a_citizens_photo_is_for_those_who_see_the_appeal(city, as_, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    file = store_file(upload=SimpleUploadedFile("一.png", PNG), by=None, at=NOW)
    appeal = make_appeal()
    row = AppealFile.objects.create(appeal=appeal, file=file, at=NOW)
    url = f"/appeals/{appeal.number}/files/{row.pk}/"

    def status(who):
        answer = as_(who).get(url)
        if answer.status_code == 200:
            assert b"".join(answer.streaming_content) == PNG
        return answer.status_code

    assert [status(who) for who in (city.agent, city.third_handler)] == [200, 404]
    services.accept_appeal(appeal_id=appeal.pk, by=city.agent, at=LATER)
    assert [status(who) for who in (city.dispatcher, city.third_handler)] == [200, 404]
