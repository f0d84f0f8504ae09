"""Returns, rulings, approvals, extensions and the ticket list: rows, order, filters, pages, batches, cost."""

import re

import pytest
from bs4 import BeautifulSoup

from responsibility.models import Category
from tests.factories.hotline import TownshipFactory, UserFactory
from tests.factories.pictures import jpeg, kept, scene
from tests.factories.tickets import (
    NOW,
    REPLY,
    acts,
    approve_all,
    at,
    closed,
    contacted,
    dispatched,
    fresh,
    passed_down,
    pending_approval,
    register,
    signed,
    submitted,
)
from tests.tickets_pages.cases import HTMX, REASON, ask_for_time, disputed, give_back, looked_at
from tests.tickets_pages.reading import cells, ids, segments, words_of
from tickets import services
from tickets.models import Approval, Ticket

# --- what the lists share

LISTS = {
    "dispatch": ("/dispatch/", "dispatcher", lambda city: register()),
    "inbox": ("/inbox/", "handler", signed),
    "returns": ("/returns/", "dispatcher", give_back),
    "rulings": ("/rulings/", "reviewer", disputed),
    "approvals": ("/approvals/", "head", submitted),
    "extensions": ("/approvals/?s=extensions", "reviewer", ask_for_time),
    "tickets": ("/tickets/", "dispatcher", lambda city: register()),
    "tickets of a unit": ("/tickets/", "handler", signed),
    "tickets by due date": ("/tickets/?order=due", "reviewer", signed),
}
QUERIES = {
    "dispatch": 10,
    "inbox": 12,
    "returns": 7,
    "rulings": 9,
    "approvals": 11,
    "extensions": 10,
    "tickets": 7,
    "tickets of a unit": 8,
    "tickets by due date": 7,
}


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_one_row_and_three(city, log_in, django_assert_num_queries, name, number):
    url, who, make = LISTS[name]
    for _ in range(number):
        make(city)
    Ticket.objects.update(region=city.region)
    client = log_in(getattr(city, who))
    client.get(url)

    with django_assert_num_queries(QUERIES[name]):
        response = client.get(url)

    assert len(ids(response)) == number


@pytest.mark.parametrize("name", LISTS)
def test_pages_follow_each_other_by_key(city, log_in, monkeypatch, name):
    """Five rows on pages of two; the keys of all rows are equal, so the ids alone tell them apart."""
    monkeypatch.setattr("tickets.selectors.lists.PAGE_ROWS", 2)
    url, who, make = LISTS[name]
    for _ in range(5):
        make(city)
    client = log_in(getattr(city, who))
    pages, address = [], url
    while address:
        response = client.get(address)
        pages.append(ids(response))
        address = response.context["next_url"]

    newest_first = name in {"tickets", "tickets of a unit"}
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row for page in pages for row in page] == sorted(
        (row for page in pages for row in page), key=_number, reverse=newest_first
    )
    assert len({row for page in pages for row in page}) == 5
    assert response.context["first_url"] == url


def _number(row):
    return int(row.removeprefix("GZ"))


@pytest.mark.parametrize(
    ("url", "who", "says"),
    [
        ("/inbox/", "handler", "没有在办的工单"),
        ("/inbox/?s=over", "handler", "这一栏没有工单"),
        ("/returns/", "dispatcher", "没有等决定的退单"),
        ("/rulings/", "reviewer", "没有等裁定的工单"),
        ("/approvals/", "head", "没有等审核的结果"),
        ("/approvals/?s=extensions", "reviewer", "没有等审批的延期"),
        ("/tickets/", "dispatcher", "还没有工单"),
        ("/tickets/?state=voided", "dispatcher", "没有符合条件的工单"),
    ],
)
def test_an_empty_list_says_what_will_come(city, log_in, url, who, says):
    assert f"<b>{says}</b>" in log_in(getattr(city, who)).get(url).content.decode()


@pytest.mark.parametrize(
    ("url", "who", "why"),
    [
        ("/dispatch/", "handler", "您的岗位没有这项权限。"),
        ("/inbox/", "dispatcher", "收件是承办单位的页面，您不在承办单位。"),
        ("/returns/", "handler", "退单由市热线中心和县级热线中心审核。"),
        ("/rulings/", "dispatcher", "您的岗位没有这项权限。"),
        ("/approvals/", "handler", "结果由单位负责人、县级热线中心和市热线中心审核，延期由派单的一方审批。"),
        ("/tickets/", "agent", "您的岗位不能浏览工单。话务员按编号或电话查进度"),
    ],
)
def test_a_list_that_is_not_for_this_post_says_why(city, log_in, url, who, why):
    response = log_in(getattr(city, who)).get(url)

    assert response.status_code == 403
    assert why in response.content.decode()


# --- what comes back


def test_returns_show_who_gives_back_and_why(city, log_in):
    ticket = dispatched(city, title="路灯不亮")
    services.request_return(
        assignment_id=ticket.lead_id,
        ground="not_our_duty",
        reason=REASON,
        suggested_unit=city.third,
        by=city.handler,
        at=NOW,
    )
    client = log_in(city.dispatcher)

    page = client.get("/returns/")
    asked = ticket.lead.returnrequests.get()
    peek = client.get(f"/returns/{asked.pk}/", **HTMX).content.decode()

    assert cells(page) == [["余4时", ticket.number, "路灯不亮", "—", "市城管局", "不属本单位职责", "市住建局"]]
    assert REASON in peek
    assert f"建议派给{city.third.name}。" in peek
    assert re.findall(r'data-key="(\w)"', peek) == ["y", "b", "l"]


def test_a_county_decides_its_own_returns_and_the_city_its_own(city, log_in):
    of_city = give_back(city)
    below = passed_down(city)
    services.request_return(
        assignment_id=below.holder_id, ground="not_our_duty", reason=REASON, by=city.county_handler, at=NOW
    )
    asked = below.holder.returnrequests.get()

    assert [row[1] for row in cells(log_in(city.dispatcher).get("/returns/"))] == [of_city.number]
    assert log_in(city.dispatcher).get(f"/returns/{asked.pk}/").status_code == 404
    county = log_in(city.county_clerk)
    assert [row[1] for row in cells(county.get("/returns/"))] == [below.number]
    assert re.findall(r'data-key="(\w)"', county.get(f"/returns/{asked.pk}/").content.decode()) == ["y", "b"]


def test_rulings_show_who_gave_back_last(city, log_in):
    plain = disputed(city)
    ticket = give_back(city)
    services.dispute_return(
        request_id=ticket.lead.returnrequests.get().pk, reason="两家都有依据。", by=city.dispatcher, at=NOW
    )
    client = log_in(city.reviewer)

    rows = cells(client.get("/rulings/"))
    peek = client.get(f"/rulings/{ticket.number}/", **HTMX).content.decode()

    assert rows == [
        ["余1日5时", plain.number, "工地夜间施工", "求助", "—", "", "—", "派单员提请"],
        ["余1日5时", ticket.number, "工地夜间施工", "求助", "—", "1", "市城管局", "不属本单位职责"],
    ]
    assert "11-10 10:00 · 提交裁定" in peek.replace("今天", "11-10")
    assert "中心：两家都有依据。" in peek
    assert re.findall(r'data-key="(\w)"', peek) == ["y", "b", "m", "n"]


# --- approvals


def test_approvals_put_the_result_before_the_signer(city, log_in):
    ticket = submitted(city, result={"resolved": "partly", "unresolved_reason": "还有两处。"})
    client = log_in(city.head)

    rows = cells(client.get("/approvals/"))
    step = pending_approval(ticket)
    page = client.get(f"/approvals/{step.pk}/", **HTMX)

    assert rows[0][1:8] == ["余1日5时", ticket.number, "工地夜间施工", "市城管局", "单位审签", "部分解决", REPLY]
    assert [(check.met, check.words) for check in page.context["case"].checks] == [
        (False, "部分解决：还有两处。"),
        (True, "11月10日 10:00 提交，在时限内"),
        (True, "11月10日 10:00 联系过反映人"),
        (True, "达到办结标准"),
    ]
    assert re.findall(r'data-key="(\w)"', page.content.decode()) == ["o", "y", "b"]


def test_who_signs_sees_what_the_citizen_will_read(city, log_in):
    submitted(city, result={"public_text": f"{REPLY}联系人何主任，手机13807971234。"})
    submitted(city, result={"public_text": f"{REPLY}联系人何主任，电话0797-8391111。"})
    client = log_in(city.head)

    pages = [client.get(f"/approvals/{step.pk}/", **HTMX).content.decode() for step in Approval.objects.order_by("pk")]

    assert f"<b>群众读到的：</b>{REPLY}联系人何主任，手机138****1234。" in pages[0]
    assert "群众读到的" not in pages[1]


def test_a_signature_passes_the_result_on(city, log_in):
    ticket = looked_at(city)
    client = log_in(city.head)

    response = client.post(f"/approvals/{pending_approval(ticket).pk}/")

    assert response["Location"] == "/approvals/"
    assert acts(ticket)[-2:] == ["approve", "await_review"]
    assert pending_approval(ticket).step == "city"
    assert f"{ticket.number} 审核通过。" in client.get("/approvals/").content.decode()


def test_a_signature_that_came_too_late_says_who_was_faster(city, log_in):
    ticket = looked_at(city)
    step = pending_approval(ticket)
    services.approve(approval_id=step.pk, by=city.head2, at=NOW)
    before = acts(ticket)
    client = log_in(city.head)

    response = client.post(f"/approvals/{step.pk}/", **HTMX)

    assert response.status_code == 409
    assert "胡*已于 10:00 执行“提交审核”。" in response.content.decode()
    assert client.get(f"/approvals/{step.pk}/").status_code == 404
    assert "这一审核已有人处理，或不由您审核。" in client.get(f"/approvals/{step.pk}/", **HTMX).content.decode()
    assert acts(ticket) == before


def test_who_submitted_does_not_sign_and_reads_why(city, log_in):
    ticket = contacted(city)
    services.submit_result(
        assignment_id=ticket.lead_id, resolved="yes", public_text=REPLY, standard_met=True, by=city.head, at=NOW
    )
    step = pending_approval(ticket)
    client = log_in(city.head)

    page = client.get(f"/approvals/{step.pk}/", **HTMX).content.decode()

    assert "提交人不能审核自己的结果，请由其他负责人审签。" in page
    assert 'data-key="y"' not in page
    assert client.post(f"/approvals/{step.pk}/", **HTMX).status_code == 409
    assert fresh(step).state == "pending"


def test_a_batch_of_signatures_passes_what_it_can(city, log_in):
    first, second, gone, strange = looked_at(city), looked_at(city), looked_at(city), submitted(city, unit=city.other)
    steps = [pending_approval(ticket).pk for ticket in (first, second, gone, strange)]
    services.approve(approval_id=steps[2], by=city.head2, at=NOW)

    response = log_in(city.head).post("/approvals/batch/", {"approval": [*map(str, steps), "x", "9" * 17, "9" * 40]})

    assert [(line.number, line.done, line.words) for line in response.context["lines"]] == [
        (gone.number, False, "胡*已于 10:00 执行“提交审核”。这一审核已处理：通过。"),
        (str(steps[3]), False, "没有这一审核，或不由您审核。"),
        ("9" * 17, False, "没有这一审核，或不由您审核。"),
        (first.number, True, "审核通过。"),
        (second.number, True, "审核通过。"),
    ]
    assert list(Approval.objects.filter(pk__in=steps).order_by("pk").values_list("state", flat=True)) == [
        "approved",
        "approved",
        "approved",
        "pending",
    ]


def test_the_page_that_answers_a_batch_counts_what_is_left(city, log_in):
    steps = [pending_approval(looked_at(city)).pk for _ in range(2)]
    client = log_in(city.head)
    client.get("/approvals/")

    answer = client.post("/approvals/batch/", {"approval": steps[:1]})

    [entry] = [entry for entry in answer.context["shell"].rail if entry["queue"] == "approvals"]
    assert entry["count"] == 1


def test_the_signature_of_another_unit_is_not_found(city, log_in):
    step = pending_approval(submitted(city))

    response = log_in(city.other_head).post(f"/approvals/{step.pk}/")

    assert response.status_code == 404
    assert fresh(step).state == "pending"


def test_extensions_show_the_old_and_the_new_date(city, log_in):
    ticket = ask_for_time(city)
    asked = ticket.lead.extensionrequests.get()
    client = log_in(city.reviewer)

    rows = cells(client.get("/approvals/?s=extensions"))
    page = client.get(f"/approvals/extensions/{asked.pk}/", **HTMX).content.decode()

    assert [row[1:] for row in rows] == [
        [ticket.number, "工地夜间施工", "市城管局", "2工作日", "11-1917:30", "等检测报告。"]
    ]
    assert "<dt>原期限</dt><dd>11月19日 17:30</dd><dt>同意后</dt><dd>11月23日 17:30</dd>" in page


def test_granting_an_extension_moves_the_date_once(city, log_in):
    ticket = ask_for_time(city)
    asked = ticket.lead.extensionrequests.get()
    client = log_in(city.reviewer)

    response = client.post(f"/approvals/extensions/{asked.pk}/")
    again = client.post(f"/approvals/extensions/{asked.pk}/", **HTMX)

    assert response["Location"] == "/approvals/?s=extensions"
    assert again.status_code == 409
    assert acts(ticket)[-1] == "grant_extension"
    assert fresh(ticket).due_at == at("11-23 17:30")


def test_an_extension_is_not_for_who_does_not_decide_it(city, log_in):
    ticket = ask_for_time(city)
    asked = ticket.lead.extensionrequests.get()

    assert log_in(city.head).get("/approvals/?s=extensions").context["rows"] == []
    assert log_in(city.head).get(f"/approvals/extensions/{asked.pk}/").status_code == 404
    assert log_in(city.county_clerk).post(f"/approvals/extensions/{asked.pk}/").status_code == 404


def test_a_second_extension_waits_for_the_head_of_the_centre_alone(city, log_in):
    chief = UserFactory(unit=city.centre, roles=("centre_head",))
    ticket = ask_for_time(city)
    services.grant_extension(request_id=ticket.lead.extensionrequests.get().pk, reason="", by=city.reviewer, at=NOW)
    form = log_in(city.handler).get(f"/tickets/{ticket.number}/acts/extend/", **HTMX).context["form"]
    log_in(city.handler).post(f"/tickets/{ticket.number}/acts/extend/", {"days": 7, "reason": "配件未到。"}, **HTMX)
    asked = ticket.lead.extensionrequests.get(decision="pending")
    address = f"/approvals/extensions/{asked.pk}/"

    assert form.fields["days"].help_text == "这是再次延期，由市热线中心负责人审批，最多 7 个工作日。"
    reviewer = log_in(city.reviewer)
    assert segments(reviewer.get("/approvals/?s=extensions")) == {"办理结果": 0, "延期申请": 0}
    assert (reviewer.get(address).status_code, reviewer.post(address).status_code) == (404, 403)

    client = log_in(chief)
    page = client.get("/approvals/")
    assert (segments(page), [row.pk for row, _ in page.context["rows"]]) == ({"延期申请": 1}, [asked.pk])
    rail = {entry["label"]: entry["count"] for entry in page.context["shell"].rail}
    assert rail["审核"] == 1
    peek = BeautifulSoup(client.get(address, **HTMX).content, "html.parser").get_text()
    assert "市城管局申请再次延长 7 个工作日" in peek
    assert "已延期今天 10:00 同意 2 个工作日" in peek
    assert client.post(address)["Location"] == "/approvals/?s=extensions"
    assert fresh(ticket).due_at == at("12-02 17:30")


def test_a_county_without_days_of_its_own_is_led_to_ask_the_city(city, log_in):
    """It has passed the matter on, and can still ask; the department's request waits, and nothing is a dead end."""
    ticket = passed_down(city)
    services.request_extension(
        assignment_id=ticket.holder_id, days=2, reason="需会商。", by=city.county_handler, at=NOW
    )
    asked = ticket.holder.extensionrequests.get()
    client = log_in(city.county_clerk)

    page = client.get(f"/approvals/extensions/{asked.pk}/", **HTMX).content.decode()
    response = client.post(f"/approvals/extensions/{asked.pk}/")
    acts_of = {act.code: act.why for act in client.get(f"/tickets/{ticket.number}/peek/").context["acts"]}

    beyond = "延期后会超过本中心自己的办理时限，请先向市中心申请延期。"
    assert beyond in page
    assert f'href="/tickets/{ticket.number}/acts/extend/?next=/approvals/%3Fs%3Dextensions"' in page
    assert "同意延期" not in page
    assert (response.status_code, response.context["text"]) == (409, beyond)
    assert response.context["back_url"] == "/approvals/?s=extensions"
    assert (acts_of["extend"], acts_of["grant-extension"]) == ("", beyond)
    assert fresh(ticket).due_at == at("11-19 17:30")


# --- the list of all tickets


def numbers(client, **filters):
    return [ticket.number for ticket, _ in client.get("/tickets/", filters).context["rows"]]


def test_the_list_shows_where_each_ticket_stands(city, log_in):
    waiting = register(title="新来的", at=at("11-10 09:00"))
    working = signed(city, title="在办的", at=at("11-10 09:10"), region=TownshipFactory())
    done = closed(city, title="办完的", at=at("11-10 09:20"), kind="complaint")

    assert cells(log_in(city.dispatcher).get("/tickets/")) == [
        ["—", done.number, "办完的", "投诉", "—", "", "已办结", "市城管局", "今天09:20"],
        ["余7日5时", working.number, "在办的", "求助", "解放街道", "", "办理中", "市城管局", "今天09:10"],
        ["—", waiting.number, "新来的", "求助", "—", "", "待派单", "—", "今天09:00"],
    ]


def test_what_is_put_off_shows_how_long_until_its_review(city, log_in):
    ticket = signed(city)
    services.defer_ticket(ticket_id=ticket.pk, reason="列入明年改造计划。", by=city.reviewer, at=NOW)
    [row] = cells(log_in(city.dispatcher).get("/tickets/?state=deferred"))

    assert row[0] == "余90天"


def test_filters_narrow_the_list(city, duty, log_in):
    noise = register(category=duty.noise.category, kind="complaint", at=at("11-09 23:59"))
    school = register(category=duty.schools.category, at=at("11-10 00:00"))
    late = signed(city, at=at("11-10 09:00"))
    Ticket.objects.filter(pk=late.pk).update(sort_at=at("11-10 09:59"))
    other = signed(city, unit=city.other, at=at("11-10 09:30"))
    client = log_in(city.dispatcher)

    assert numbers(client, state="in_progress") == [other.number, late.number]
    assert numbers(client, kind="complaint") == [noise.number]
    assert numbers(client, category=duty.schools.category.code) == [school.number]
    assert numbers(client, unit=city.other.code) == [other.number]
    assert numbers(client, first_day="2026-11-10") == [other.number, late.number, school.number]
    assert numbers(client, last_day="2026-11-09") == [noise.number]
    assert numbers(client, first_day="2026-11-10", last_day="9999-12-31") == [other.number, late.number, school.number]
    assert numbers(client, overdue="on") == [late.number]
    assert numbers(client, order="due")[0] == late.number
    assert numbers(client, state="in_progress", unit=city.other.code, kind="help") == [other.number]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"state": "胡乱"}, "状态：须从所给的选项中选择。"),
        ({"category": "zz"}, "分类：须从所给的选项中选择。"),
        ({"unit": "zz"}, "单位：须从所给的选项中选择。"),
        ({"first_day": "昨天"}, "受理起：日期不对，写成 2026-11-10 这样。"),
        ({"first_day": "2026-11-10", "last_day": "2026-11-09"}, "止：止日早于起日，没有按日期筛选。"),
    ],
)
def test_a_filter_that_is_not_understood_says_so_and_filters_nothing(city, log_in, query, said):
    ticket = register()

    page = log_in(city.dispatcher).get("/tickets/", query)

    assert page.status_code == 200
    assert [found.number for found, _ in page.context["rows"]] == [ticket.number]
    assert said.replace(" ", "") in words_of(page.content.decode())


def test_the_filters_offer_categories_by_level_and_units_in_order_of_their_codes(city, log_in):
    top = Category.objects.create(code="02", name="水 & 电", level=1)
    below = Category.objects.create(code="0201", name="<停水>", level=2, parent=top)
    Category.objects.create(code="01", name="城管", level=1)

    page = log_in(city.county_clerk).get("/tickets/", {"category": below.code}).content.decode()

    assert options(page, "category") == [
        '<option value="">全部分类</option>',
        '<option value="01">城管</option>',
        '<option value="02">水 &amp; 电</option>',
        '<option value="0201" selected>　&lt;停水&gt;</option>',
    ]
    below_it = sorted((unit.code, unit.short_name) for unit in (city.county_department, city.township))
    assert options(page, "unit") == [
        '<option value="" selected>全部单位</option>',
        *(f'<option value="{code}">{name}</option>' for code, name in below_it),
    ]


def options(page, name):
    select = next(each for each in re.findall(r"<select.*?</select>", page, re.DOTALL) if f'name="{name}"' in each)
    return re.findall(r"<option.*?</option>", select)


def test_each_sees_their_own_part_of_the_list(city, log_in):
    own, other = signed(city), signed(city, unit=city.other)
    below = passed_down(city)
    secret = signed(city, secrecy="restricted")
    follow = approve_all(city, submitted(city, unit=city.third))

    assert set(numbers(log_in(city.handler))) == {own.number}
    assert set(numbers(log_in(city.county_clerk))) == {below.number}
    assert set(numbers(log_in(city.county_handler))) == {below.number}
    assert set(numbers(log_in(city.dispatcher))) == {own.number, other.number, below.number, follow.number}
    services.grant_scope(ticket_id=secret.pk, user=city.handler, until=None)
    assert set(numbers(log_in(city.handler))) == {own.number, secret.number}
    assert numbers(log_in(city.handler), granted="on") == [secret.number]


def test_what_the_pictures_say_stands_beside_them_for_who_signs(city, log_in):
    ticket = contacted(city, at=at("11-10 09:00"))
    photo = kept(jpeg(scene(1), taken="2026:11:09 16:00:00"), by=city.handler, at=NOW, name="东门.jpg")
    services.record_onsite(
        assignment_id=ticket.lead_id, found="已停工。", visited_at=NOW, before=[photo], by=city.handler, at=NOW
    )
    services.submit_result(
        assignment_id=ticket.lead_id, resolved="yes", public_text=REPLY, standard_met=True, by=city.handler, at=NOW
    )

    page = log_in(city.head).get(f"/approvals/{pending_approval(ticket).pk}/", **HTMX)

    shot = BeautifulSoup(page.content, "html.parser").select_one(".shot")
    attachment = ticket.attachments.get()
    assert shot.img["src"] == f"/tickets/{ticket.number}/files/{attachment.pk}/"
    assert [(each.get_text(), each.get("class")) for each in shot.select("li")] == [
        ("注意拍摄于 11月9日 16:00，早于受理（11月10日 09:00）", ["n"]),
        ("照片里没有位置", None),
        ("没有查到以前用过", None),
    ]
