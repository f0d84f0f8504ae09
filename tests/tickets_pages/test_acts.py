"""The form of every act: what it asks for, what it writes, what it says to nonsense and to strangers."""

import copy
import re
from types import SimpleNamespace

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from hotline.models import StoredFile
from hotline.services import set_parameter
from tests.factories.hotline import UserFactory
from tests.factories.tickets import (
    NOW,
    REPLY,
    acts,
    at,
    contacted,
    dispatched,
    fresh,
    make_item,
    part_of,
    signed,
)
from tests.tickets_pages.cases import CASES, HTMX, PNG, REASON, doer, looked_at, url
from tickets import services
from tickets.forms import ReleaseForm
from tickets.selectors.acts import situation
from tickets.views.acts import PAGES

WITH_WORDS = sorted(set(CASES) - {"approve"})
CODES = [*WITH_WORDS, "approve"]
"""审核通过, which has nothing to fill in, is the last: so pytest keeps the tests of each act together."""


def errors(response):
    """Every sentence that the form says, by field."""
    return {name: list(said) for name, said in response.context["form"].errors.items()}


def words_of(response):
    return {name: response.context["form"][name].value() for name in response.context["form"].fields}


def test_every_act_has_its_case():
    assert set(CASES) == set(PAGES)


@pytest.fixture(scope="module", params=CODES)
def matter_of_this_act(request, city_of_this_file, django_db_blocker):
    """Made once for all tests of the act: what leads to it takes as long as the act and the page together."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        city = copy.deepcopy(city_of_this_file)
        case = CASES[request.param]
        yield SimpleNamespace(code=request.param, case=case, city=city, ticket=case.make(city))
        transaction.set_rollback(True)


@pytest.fixture
def matter(matter_of_this_act, db):
    """`.ticket` in the state that the act `.code` wants, `.doer` who does it."""
    code, case = matter_of_this_act.code, matter_of_this_act.case
    city, ticket = copy.deepcopy((matter_of_this_act.city, matter_of_this_act.ticket))
    return SimpleNamespace(
        code=code, case=case, city=city, ticket=ticket, url=url(ticket, code), doer=doer(city, case)
    )


def test_a_form_asks_for_exactly_what_the_act_needs(matter, log_in):
    response = log_in(matter.doer).get(matter.url, **HTMX)

    assert response.status_code == 200
    assert list(response.context["form"].fields) == matter.case.fields
    assert f'hx-post="{matter.url}"' in response.content.decode()


def test_an_act_writes_its_event_and_leads_back_to_the_ticket(matter, log_in):
    case, ticket = matter.case, matter.ticket
    before = acts(ticket)
    data = case.data(matter.city, ticket)

    response = log_in(matter.doer).post(matter.url, data)

    assert (response.status_code, response["Location"]) == (302, f"/tickets/{ticket.number}/")
    assert acts(ticket) == before + case.events
    written = ticket.events.filter(act__in=case.events).order_by("-pk")[: len(case.events)]
    assert [event.actor for event in written][-1] == matter.doer


def test_an_act_is_not_found_by_a_unit_without_a_part(matter, log_in):
    before = acts(matter.ticket)
    client = log_in(matter.city.enterprise_handler)

    assert client.get(matter.url).status_code == 404
    assert client.post(matter.url, matter.case.data(matter.city, matter.ticket)).status_code == 404
    assert acts(matter.ticket) == before


# --- nonsense

NONSENSE = {
    "nothing at all": lambda name: "",
    "a word": lambda name: "胡乱写的",
    "an id of nobody": lambda name: "999999999999999999999",
    "too long": lambda name: "长" * 6000,
    "only separators": lambda name: " 、，, ",
    "a null character": lambda name: "a\0b",
}
# Right for some: words where only words are asked for, nothing where nothing is required.
ANY_WORDS = {"a word", "an id of nobody", "only separators"}
HARMLESS = {
    code: ANY_WORDS
    for code, case in CASES.items()
    if set(case.fields) <= {"reason", "text", "question", "information", "source"}
} | {
    "sign": {"nothing at all"},
    "object": {"only separators"},
    "grant-return": {"nothing at all", *ANY_WORDS},
    "grant-extension": {"nothing at all", *ANY_WORDS},
}


@pytest.mark.parametrize("matter_of_this_act", WITH_WORDS, indirect=True)
def test_nonsense_is_refused_in_a_sentence_and_stays_in_the_form(matter, log_in):
    code, case = matter.code, matter.case
    before = acts(matter.ticket)
    client = log_in(matter.doer)

    for what in sorted(set(NONSENSE) - HARMLESS.get(code, set())):
        typed = {name: NONSENSE[what](name) for name in case.fields if name not in {"before", "after", "files"}}
        response = client.post(matter.url, typed, **HTMX)

        assert response.status_code == 422, what
        is_refused_plainly(response, typed)
    assert acts(matter.ticket) == before


def is_refused_plainly(response, typed):
    said = [sentence for each in errors(response).values() for sentence in each]
    assert said
    for sentence in said:
        assert re.fullmatch(r"[^。]*[一-鿿][^。]*。", sentence.replace("。请", "，请")), sentence
        assert sentence in response.content.decode()
    kept = words_of(response)
    boxes = {"standard_met", "is_enterprise"}
    assert {name: str(kept[name]) for name in typed if name not in boxes} == {
        name: typed[name] for name in typed if name not in boxes
    }


@pytest.mark.parametrize(
    ("visited_at", "said"),
    [
        ("2026-11-10T10:01", "到场时间须在派单之后、现在之前。"),
        ("2026-11-09T10:00", "到场时间须在派单之后、现在之前。"),
        ("0001-01-01T00:00", "到场时间须在派单之后、现在之前。"),
        ("9999-12-31T23:59", "到场时间须在派单之后、现在之前。"),
        ("2026-02-30T10:00", "时间不对，写成 2026-11-10 09:30 这样。"),
        ("", "请填写到场时间。"),
    ],
)
def test_a_visit_at_an_impossible_time(city, log_in, visited_at, said):
    ticket = signed(city)
    before = acts(ticket)

    response = log_in(city.handler).post(
        url(ticket, "onsite"), {"visited_at": visited_at, "place": "东门", "found_there": "仍在施工。"}, **HTMX
    )

    assert response.status_code == 422
    assert [sentence for each in errors(response).values() for sentence in each] == [said]
    assert words_of(response)["found_there"] == "仍在施工。"
    assert acts(ticket) == before


@pytest.mark.parametrize(("days", "said"), [("0", "不能少于 1。"), ("31", "不能多于 30。"), ("一", "请填写整数。")])
def test_an_extension_of_an_impossible_length(city, log_in, days, said):
    ticket = signed(city)

    response = log_in(city.handler).post(url(ticket, "extend"), {"days": days, "reason": REASON}, **HTMX)

    assert (response.status_code, errors(response)) == (422, {"days": [said]})
    assert words_of(response) == {"days": days, "reason": REASON}


def test_an_extension_longer_than_the_rule_is_refused_by_the_service(city, log_in):
    ticket = signed(city)

    response = log_in(city.handler).post(url(ticket, "extend"), {"days": "30", "reason": REASON}, **HTMX)

    assert response.status_code == 422
    assert errors(response) == {"days": ["延长天数须在 1 至 7 个工作日之间。"]}
    assert acts(ticket) == ["register", "dispatch", "sign"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("现场.png", b"", "所选的文件是空的，请重新选择。"),
        ("现场.png", b"MZ\x90\x00 a program", "“现场.png”的内容不是可以上传的类型。"),
        (
            "现场.pdf",
            b"%PDF-1.7 no picture",
            "“现场.pdf”的内容不是可以上传的类型。可以上传：jpg、png、webp、heic 图片。",
        ),
        ("现场.png", PNG + b"\0" * 1024 * 1024, "“现场.png”超过 1 兆字节，未上传。请压缩后再试。"),
    ],
)
def test_a_file_that_cannot_be_kept(city, log_in, name, content, said):
    set_parameter(key="upload_max_mb", value="1", valid_from=NOW, source="测试", by=None, at=NOW)
    ticket = signed(city)
    before = acts(ticket)

    response = log_in(city.handler).post(
        url(ticket, "onsite"),
        {
            "visited_at": "2026-11-10T10:00",
            "place": "锦江花园东门",
            "found_there": "仍在施工。",
            "before": [SimpleUploadedFile("好的.png", PNG), SimpleUploadedFile(name, content)],
        },
        **HTMX,
    )

    assert response.status_code == 422
    refused, again = errors(response)["before"]
    assert refused.startswith(said)
    assert again == "文件要重新选一次，其他内容都还在。"
    assert words_of(response)["found_there"] == "仍在施工。"
    assert acts(ticket) == before
    assert not StoredFile.objects.exists()


def wrong_fields(response):
    """(name, sentence beside it) of each field that is marked; what is said at the top comes without a name."""
    page = BeautifulSoup(response.content, "html.parser")
    marked = [field.find_parent(class_="f") for field in page.select(".is-miss")]
    top = [("", note.get_text(strip=True)) for note in page.select(".note-over")]
    return top + [(field.select_one("[name]")["name"], field.select_one(".err").get_text()) for field in marked]


def test_what_the_service_refuses_is_said_at_its_field(city, log_in):
    ticket = contacted(city)
    typed = {"resolved": "no", "public_text": "经核实，工地夜间施工已责令停止，十一月十五日以前复查并电话告知您。"}
    client = log_in(city.handler)

    unsolved = client.post(url(ticket, "submit"), typed, **HTMX)
    at_the_wrong_time = client.post(
        url(ticket, "onsite"),
        {"visited_at": "2027-01-01T10:00", "place": "东门", "found_there": "仍在施工。"},
        **HTMX,
    )

    assert wrong_fields(unsolved) == [
        ("unresolved_reason", "没有全部解决的，请写明原因。"),
        ("standard_note", "未达到办结标准的，请写明原因。"),
    ]
    assert wrong_fields(at_the_wrong_time) == [("visited_at", "到场时间须在派单之后、现在之前。")]


def test_a_pick_that_was_not_made_is_marked(city, log_in):
    """The script puts the caret where the mark is: a row of picks had none, and the caret went to the first field."""
    ticket = contacted(city)

    response = log_in(city.handler).post(url(ticket, "submit"), {"public_text": ""}, **HTMX)

    assert wrong_fields(response)[:2] == [("resolved", "请选择是否解决。"), ("public_text", "请填写给群众的答复。")]


def test_an_act_on_a_page_of_its_own_comes_back_whole(city, log_in):
    """Its answer is not meant for the dialog, which is closed on that page."""
    ticket = signed(city)
    client = log_in(city.handler)

    page = BeautifulSoup(client.get(url(ticket, "note")).content, "html.parser")
    back = client.post(url(ticket, "note"), {"text": ""})

    form = page.select_one(".act-page form")
    assert [form.has_attr(name) for name in ("hx-post", "data-ctrl-enter", "data-unsaved")] == [False, True, True]
    assert (back.status_code, wrong_fields(back)) == (422, [("text", "请填写批注内容。")])
    assert BeautifulSoup(back.content, "html.parser").select_one(".act-page form [name=text]") is not None


@pytest.mark.parametrize("code", ["sign", "handler"])
def test_who_may_not_be_the_lead_handler_cannot_be_chosen(city, log_in, code):
    contract = UserFactory(name="钟鸣", unit=city.department, employment="contract", roles=["handler"])
    ticket = CASES[code].make(city)
    client = log_in(city.liaison)

    page = BeautifulSoup(client.get(url(ticket, code), **HTMX).content, "html.parser")
    said = client.post(url(ticket, code), {"handler": contract.pk}, **HTMX)

    options = {each.get_text(): each.has_attr("disabled") for each in page.select("select[name=handler] option")}
    assert options["钟鸣（聘用）　主责办理人员须为在编人员。"] is True
    assert options["张伟（在编）"] is False
    assert (said.status_code, errors(said)) == (422, {"handler": ["主责办理人员须为在编人员。"]})
    assert fresh(ticket).lead.handler is None


def test_signing_proposes_oneself_and_handing_on_proposes_nobody(city, log_in):
    client = log_in(city.handler)
    to_sign, in_hand = dispatched(city), signed(city)

    chosen = [
        client.get(f"/tickets/{ticket.number}/acts/{code}/").context["form"]["handler"].value()
        for ticket, code in ((to_sign, "sign"), (in_hand, "handler"))
    ]

    assert chosen == [city.handler.pk, None]


def test_a_co_unit_may_name_who_is_not_on_the_staff(city, log_in):
    contract = UserFactory(name="钟鸣", unit=city.other, employment="contract", roles=["handler"])
    ticket = dispatched(city, co_units=[city.other])

    client = log_in(city.other_handler)
    page = BeautifulSoup(client.get(url(ticket, "sign"), **HTMX).content, "html.parser")
    client.post(url(ticket, "sign"), {"handler": contract.pk}, **HTMX)

    assert page.select("select[name=handler] option[disabled]") == []
    assert part_of(ticket, city.other).handler == contract


@pytest.mark.parametrize(
    ("code", "field", "said"),
    [
        ("submit", "public_text", "至少 30 个字。写明何时受理、与谁联系、做了什么、何时解决。"),
        ("answer", "public_text", "至少 30 个字。"),
        ("rule-out", "public_text", "至少 30 个字。"),
        ("conclude-deferred", "public_text", "至少 30 个字。"),
        ("report", "text", "至少 10 个字。"),
    ],
)
def test_how_much_must_be_written_is_said_beforehand(city, log_in, code, field, said):
    case = CASES[code]
    ticket = case.make(city)

    form = log_in(getattr(city, case.who)).get(url(ticket, code), **HTMX).context["form"]

    assert form.fields[field].help_text == said
    assert form[field].errors == []


def test_whose_number_is_filled_in_before_a_ticket_is_restricted(city, log_in):
    ticket = signed(city)
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler2, by=city.liaison, at=NOW)

    form = log_in(city.reviewer).get(url(ticket, "restrict"), **HTMX).context["form"]

    assert form["readers"].value() == city.handler2.username
    assert (
        form.fields["readers"].help_text
        == "填工号，多人用顿号隔开。办完还要回访，请写上一位没有经办这一件的回访员。已填的是承办的刘*。"
    )


def test_everything_that_is_missing_is_said_at_once_each_at_its_field(city, log_in):
    ticket = CASES["submit"].make(city)

    response = log_in(city.handler).post(url(ticket, "submit"), {"public_text": "好的"}, **HTMX)

    assert errors(response) == {
        "resolved": ["请选择是否解决。"],
        "public_text": ["给群众的答复至少 30 个字。"],
        "standard_note": ["未达到办结标准的，请写明原因。"],
    }


def test_every_reason_that_a_result_owes_is_asked_for_at_once(city, log_in):
    ticket = contacted(city, co_units=[city.other])
    typed = {"resolved": "no", "public_text": REPLY}

    response = log_in(city.handler).post(url(ticket, "submit"), typed, **HTMX)

    assert errors(response) == {
        "unresolved_reason": ["没有全部解决的，请写明原因。"],
        "standard_note": ["未达到办结标准的，请写明原因。"],
        "missing_co_reason": ["市教育局还没有反馈，请写明为何不等。"],
    }
    told = dict.fromkeys(errors(response), "写明了。")
    assert log_in(city.handler).post(url(ticket, "submit"), typed | told, **HTMX).status_code == 200


def test_what_is_said_to_be_untrue_needs_its_ground_and_is_shown_to_who_signs(city, log_in):
    ticket = CASES["submit"].make(city)
    typed = {"resolved": "no", "unresolved_reason": "没有这回事。", "public_text": REPLY, "standard_met": "on"}

    response = log_in(city.handler).post(url(ticket, "submit"), typed | {"claim": "untrue"}, **HTMX)
    assert errors(response) == {"internal_text": ["不属实的，请在办理情况里写明核查的依据。"]}
    told = typed | {"claim": "untrue", "internal_text": "两次到场，没有施工。"}
    assert log_in(city.handler).post(url(ticket, "submit"), told, **HTMX).status_code == 200

    assert ticket.replies.get().claim == "untrue"
    step = ticket.approvals.get()
    assert "核查：不属实" in log_in(city.head).get(f"/approvals/{step.pk}/").content.decode()
    assert "不属实，未解决。" in log_in(city.head).get(f"/tickets/{ticket.number}/").content.decode()


@pytest.mark.parametrize(("kind", "kept"), [("complaint", "true"), ("consult", "")])
def test_only_where_somebody_says_that_something_is_so_it_is_asked_whether_it_is(city, log_in, kind, kept):
    ticket = contacted(city, kind=kind)
    client = log_in(city.handler)

    assert ('name="claim"' in client.get(url(ticket, "submit")).content.decode()) is bool(kept)
    client.post(url(ticket, "submit"), {"resolved": "yes", "public_text": REPLY, "standard_met": "on"})

    assert ticket.replies.get().claim == kept


def test_what_the_service_misses_is_said_and_the_words_stay(city, log_in):
    ticket = CASES["submit"].make(city)
    typed = {"resolved": "partly", "public_text": REPLY, "internal_text": "约谈过。", "standard_met": "on"}

    response = log_in(city.handler).post(url(ticket, "submit"), typed, **HTMX)

    assert response.status_code == 422
    assert errors(response) == {"unresolved_reason": ["没有全部解决的，请写明原因。"]}
    assert words_of(response) == {
        "resolved": "partly",
        "claim": None,
        "public_text": REPLY,
        "internal_text": "约谈过。",
        "unresolved_reason": None,
        "standard_met": True,
        "standard_note": None,
    }
    assert acts(ticket)[-1] == "record_contact"


def test_without_scripts_the_form_is_a_page_that_keeps_the_words(city, log_in):
    ticket = signed(city)

    response = log_in(city.handler).post(url(ticket, "return"), {"reason": REASON})

    page = response.content.decode()
    assert response.status_code == 422
    assert errors(response) == {"ground": ["请选择退单事由。"]}
    assert '<h1>退单<small id="page-hint">' in page
    assert f"{REASON}</textarea>" in page
    assert f'<a href="/tickets/{ticket.number}/">回到工单</a>' in page


def test_a_blank_that_the_ticket_does_not_answer_does_not_go_to_a_citizen(city, log_in):
    template = "您反映的{地点}问题，{单位}于{日期}已{处理}，{地点}将每日巡查。"
    ticket = contacted(city, item=make_item(reply_template=template), place="锦江花园东门")
    client = log_in(city.handler)
    text = client.get(url(ticket, "submit"), **HTMX).context["form"]["public_text"].value()
    assert text == f"您反映的锦江花园东门问题，{city.department.name}于{{日期}}已{{处理}}，锦江花园东门将每日巡查。"

    response = client.post(
        url(ticket, "submit"), {"resolved": "yes", "public_text": text, "standard_met": "on"}, **HTMX
    )

    assert (response.status_code, errors(response)) == (422, {"public_text": ["还没有填：{日期}、{处理}。"]})
    assert acts(ticket)[-1] == "record_contact"


def test_an_act_that_only_the_moment_forbids_says_why(city, log_in):
    ticket = signed(city)

    response = log_in(city.handler).get(url(ticket, "submit"), **HTMX)

    assert response.status_code == 409
    assert "还缺：联系反映人。" in response.content.decode()


def test_an_unknown_act_is_not_found(city, log_in):
    assert log_in(city.handler).get(url(signed(city), "explode")).status_code == 404


def test_an_act_of_another_state_is_greyed_with_a_whole_sentence(city, log_in):
    ticket = looked_at(city)

    peek = log_in(city.reviewer).get(f"/tickets/{ticket.number}/acts/void/", **HTMX)

    assert peek.status_code == 409
    assert "工单当前为“待审核”，不能执行该操作。" in peek.content.decode()


def test_a_county_finds_its_own_department_named_by_the_duty_list(duty, log_in):
    ticket = signed(duty, unit=duty.county, item=duty.noise)

    drawn = log_in(duty.county_clerk).get(url(ticket, "pass-down"), **HTMX)
    left_empty = log_in(duty.county_clerk).post(url(ticket, "pass-down"), {"unit": ""}, **HTMX)

    assert words_of(drawn)["unit"] == duty.county_department.name
    assert (left_empty.status_code, errors(left_empty)) == (422, {"unit": ["请选择承办单位。"]})


def test_the_day_of_a_hold_is_a_day_of_ganzhou(city):
    """Until eight in the morning it is still yesterday in Greenwich."""
    ticket = signed(city)
    services.place_hold(
        ticket_id=ticket.pk, source="督办", reason="群众多次反映。", by=city.reviewer, at=at("11-11 00:30")
    )

    form = ReleaseForm(None, found=situation(fresh(ticket), city.reviewer, at("11-11 09:00")))

    assert [label for _, label in form.fields["hold"].choices] == ["督办，11-11起"]
