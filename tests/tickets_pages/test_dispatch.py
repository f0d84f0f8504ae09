"""The dispatch queue: order, segments, ticks, one by one, in a batch, undone, and somebody was faster."""

import pytest
from django.urls import reverse

from hotline import services as hotline
from responsibility.learning import Example
from responsibility.models import DutyList, RoutingExample, RoutingModel, RoutingModelEvent
from responsibility.services import learn_model
from supervision.models import Card
from tests.factories.tickets import NOW, acts, at, dispatched, fresh, make_item, register, state_of
from tests.tickets_pages.cases import HTMX
from tests.tickets_pages.reading import segments
from tickets import services
from tickets.models import Ticket
from tickets.selectors.queues import dispatch_segments

NOISE = {"title": "夜间施工噪声大", "text": "锦江花园东侧夜间施工，施工噪声大，整夜睡不着。", "kind": "complaint"}
SCHOOL = {"title": "学校收费不合理", "text": "学校收费没有公示，食堂收费也涨了。", "kind": "complaint"}
QUEUE = "/dispatch/"


def noise(city, **fields):
    return register(region=city.region, **(NOISE | fields))


def numbers(response):
    return [row.ticket.number for row in response.context["rows"]]


def test_what_burns_first_is_first(duty, log_in):
    later = noise(duty, at=at("11-10 09:30"))
    urgent = noise(duty, at=at("11-10 09:50"), urgency="urgent")
    first = noise(duty, at=at("11-10 09:00"))

    page = log_in(duty.dispatcher).get(QUEUE)

    assert numbers(page) == [urgent.number, first.number, later.number]


def test_a_row_says_why_and_is_ticked_when_the_router_is_sure(duty, log_in):
    sure = noise(duty)
    Ticket.objects.filter(pk=sure.pk).update(proposed_score=90)
    unsure = noise(duty, at=at("11-10 10:00"))
    Ticket.objects.filter(pk=unsure.pk).update(proposed_score=89)
    nobody = register(title="想说几句", text="今天天气不错。")
    urgent = noise(duty, urgency="urgent")
    Ticket.objects.filter(pk=urgent.pk).update(proposed_score=99)

    rows = {row.ticket.number: row for row in log_in(duty.dispatcher).get(QUEUE).context["rows"]}

    assert {number: (row.ground, row.ticked) for number, row in rows.items()} == {
        sure.number: ("事项 属地", True),
        unsure.number: ("把握不足", False),
        nobody.number: ("无相近事项", False),
        urgent.number: ("事项 属地", False),
    }


def test_what_nobody_wants_any_more_is_not_sent_with_the_others(duty, log_in):
    """Every caller has withdrawn: a reviewer decides whether it is closed."""
    gone = noise(duty)
    Ticket.objects.filter(pk=gone.pk).update(proposed_score=99, withdrawal_proposed=True)
    client = log_in(duty.dispatcher)

    (row,) = client.get(QUEUE).context["rows"]
    peek = client.get(f"/dispatch/{gone.number}/", **HTMX).content.decode()

    assert (row.ground, row.ticked) == ("都已撤回", False)
    assert [(each.code, each.count) for each in dispatch_segments(duty.dispatcher, NOW)][:3] == [
        ("", 1),
        ("look", 1),
        ("sure", 0),
    ]
    assert "反映人都已撤回，建议按撤诉办结；由审核员决定。" in peek


def test_segments_count_and_hold_exactly_their_tickets(duty, log_in):
    sure, urgent, back = [noise(duty) for _ in range(3)], noise(duty, urgency="urgent"), noise(duty)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in sure]).update(proposed_score=95)
    Ticket.objects.filter(pk=urgent.pk).update(proposed_score=40)
    Ticket.objects.filter(pk=back.pk).update(proposed_score=97, return_count=2, needs_ruling=True)
    client = log_in(duty.dispatcher)

    page = client.get(QUEUE)

    assert segments(page) == {"全部": 5, "要人看": 2, "高把握": 3, "紧急": 1, "退回重派": 1, "须裁定": 1, "待补充": 0}
    assert {
        code: set(numbers(client.get(QUEUE, {"s": code}))) for code in ("look", "sure", "urgent", "again", "ruling")
    } == {
        "look": {urgent.number, back.number},
        "sure": {ticket.number for ticket in sure},
        "urgent": {urgent.number},
        "again": {back.number},
        "ruling": {back.number},
    }


def test_what_waits_for_a_citizens_words_is_seen_with_its_limit(duty, log_in, time_machine_at):
    """Asked on Tuesday the 10th, waited for until Friday the 13th; then the dispatcher goes on with what there is."""
    first, second, queued = noise(duty), noise(duty), noise(duty)
    for ticket, moment in ((second, "11-10 10:00"), (first, "11-11 10:00")):
        services.ask_information(ticket_id=ticket.pk, question="在几栋？", by=duty.dispatcher, at=at(moment))
    time_machine_at("11-12 10:00")
    client = log_in(duty.dispatcher)

    page = client.get(QUEUE, {"s": "info"})

    assert [(row.ticket.number, row.clock.due_at) for row in page.context["rows"]] == [
        (second.number, at("11-13 17:30")),
        (first.number, at("11-16 17:30")),
    ]
    assert numbers(client.get(QUEUE)) == [queued.number]
    [shown] = [segment for segment, _ in page.context["segments"] if segment.label == "待补充"]
    assert (shown.count, shown.tone) == (2, "")
    peek = client.get(reverse("tickets:dispatch-one", args=[second.number])).content.decode()
    assert "在几栋？" in peek

    shown = dispatch_segments(duty.dispatcher, at("11-13 17:31"))[-1]
    assert (shown.label, shown.count, shown.tone) == ("待补充", 2, "red")
    hotline.sweep_clocks(at=at("11-13 17:31"))
    card = Card.objects.get(ticket=second, clock_kind="information", kind="red")
    assert card.unit == duty.centre

    services.give_information(
        ticket_id=second.pk, information="没有补来，按现有内容办理。", by=duty.dispatcher, at=at("11-13 17:32")
    )
    assert second.clocks.get(kind="information").outcome == "met"
    assert state_of(second) == "pending_dispatch"


def test_pages_by_key_without_gap_or_double(duty, log_in):
    made = [noise(duty).number for _ in range(27)]
    client = log_in(duty.dispatcher)

    first = client.get(QUEUE)
    second = client.get(first.context["next_url"])

    assert len(numbers(first)) == 25
    assert numbers(first) + numbers(second) == sorted(made)
    assert second.context["next_url"] == ""


@pytest.mark.parametrize("key", ["", "x", "1-", "-1", "9" * 30 + "-1", "1-" + "9" * 30, "１-２"])
def test_a_key_that_is_none_begins_at_the_beginning(duty, log_in, key):
    ticket = noise(duty)

    page = log_in(duty.dispatcher).get(QUEUE, {"after": key})

    assert numbers(page) == [ticket.number]


def test_the_peek_shows_candidates_limits_and_the_words(duty, log_in):
    ticket = noise(duty)

    page = log_in(duty.dispatcher).get(f"/dispatch/{ticket.number}/").content.decode()

    assert "<mark>夜间施工</mark>" in page
    assert "预计由章贡区城市管理局办理" in page
    assert "派出后：签收 11-11 17:30 前，首次联系 11-11 10:00 前，办结 12-01 17:30 前。" in page
    assert f'name="unit" value="{duty.county.pk}"' in page
    assert f'name="item" value="{duty.noise.pk}"' in page


def test_the_peek_says_what_the_past_knows_and_how_sure_that_is(duty, log_in):
    said = [
        Example("夜间施工", f"夜间施工噪声大，{chr(0x5000 + n)}{chr(0x5100 + n)}", duty.noise.code, f"GZ{n}")
        for n in range(20)
    ]
    other = [
        Example("学校收费", f"学校收费没有公示，{chr(0x5200 + n)}{chr(0x5300 + n)}", "JY-99", f"GZ{20 + n}")
        for n in range(20)
    ]
    model = learn_model(name="派单经验", examples=said + other, by="root", at=NOW)
    mix = {"evidence": 1, "experience": 1, "none": -3, "most": 0.98}
    RoutingModel.objects.filter(pk=model.pk).update(mixing=mix)
    RoutingModelEvent.objects.create(model=model, act="adopt", words="不比原来差。", at=NOW)
    ticket = noise(duty)

    page = log_in(duty.dispatcher).get(f"/dispatch/{ticket.number}/").content.decode()

    assert "件先例有 10 件归，没有退回，如 GZ" in page
    assert "，按没有学过的工单校准（派单经验第1版）" in page


def test_the_township_is_shown_as_refused(duty, log_in):
    ticket = register(region=duty.township.region, **NOISE)

    page = log_in(duty.dispatcher).get(f"/dispatch/{ticket.number}/").content.decode()

    assert "不能派" in page
    assert "没有列入乡镇（街道）履职事项，部门的事不下派。" in page


def test_dispatching_one_answers_with_the_next(duty, log_in):
    ticket, following = noise(duty), register(**SCHOOL)

    response = log_in(duty.dispatcher).post(
        f"/dispatch/{ticket.number}/",
        {"unit": duty.county.pk, "item": duty.noise.pk, "next": following.number},
        **HTMX,
    )

    page = response.content.decode()
    assert state_of(ticket) == "pending_sign"
    assert fresh(ticket).lead.unit == duty.county
    assert fresh(ticket).item == duty.noise
    assert f'data-peek-of="{following.number}"' in page
    assert f'<div id="row-{ticket.number}" hx-swap-oob="delete"></div>' in page
    assert f"已派给章贡区12345政务服务便民热线中心（{ticket.number}）。签收限 11月11日 17:30。" in page
    assert f'action="/dispatch/{ticket.number}/undo/"' in page
    assert "<b>1</b>" in page


@pytest.mark.parametrize("following", ["", "GZ000000000000"])
def test_without_a_next_row_the_list_is_read_anew(duty, log_in, following):
    ticket = noise(duty)

    response = log_in(duty.dispatcher).post(
        f"/dispatch/{ticket.number}/", {"unit": duty.county.pk, "next": following, "s": "sure"}, **HTMX
    )

    assert response["HX-Redirect"] == "/dispatch/?s=sure"
    assert state_of(ticket) == "pending_sign"


def test_without_scripts_dispatching_leads_back_to_the_queue(duty, log_in):
    ticket = noise(duty)

    response = log_in(duty.dispatcher).post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk})

    assert (response.status_code, response["Location"]) == (302, "/dispatch/")


def test_a_township_is_refused_and_nothing_changes(duty, log_in):
    ticket = noise(duty)

    response = log_in(duty.dispatcher).post(f"/dispatch/{ticket.number}/", {"unit": duty.township.pk}, **HTMX)

    assert response.status_code == 400
    assert "不能直接派给乡镇（街道）" in response.content.decode()
    assert acts(ticket) == ["register"]


def test_a_unit_that_is_none_is_refused(duty, log_in):
    ticket = noise(duty)

    response = log_in(duty.dispatcher).post(f"/dispatch/{ticket.number}/", {"unit": "999999"}, **HTMX)

    assert response.status_code == 400
    assert acts(ticket) == ["register"]


def test_a_matter_with_another_lawful_way_is_shown_and_sent_to_nobody(duty, log_in):
    make_item(
        "FL-01",
        title="涉法涉诉（告知法定途径）",
        words=["法院判决", "强制执行"],
        level="city",
        city_function="education",
        county_function="",
        route="legal_route",
        reply_template="您反映的事项由法院依法处理。",
    )
    told = noise(duty, title="法院判决不执行", text="法院判决一年，申请强制执行没有结果；夜间施工的事也没人管。")
    client = log_in(duty.dispatcher)

    queue = client.get(QUEUE)
    peek = client.get(f"/dispatch/{told.number}/").content.decode()
    batch = client.post("/dispatch/batch/", {"ticket": [told.number]})

    row = queue.context["rows"][0]
    assert (row.ticket.proposed_unit, row.ground, row.ticked) == (None, "法定途径", False)
    assert '<td title="" data-label="建议派给">告知法定途径</td>' in queue.content.decode()
    assert "<b>告知法定途径</b>" in peek
    assert "您反映的事项由法院依法处理。" in peek
    assert "应告知法定途径，按 f 答复；要派单的按 u 选单位。" in peek
    assert 'name="unit"' not in peek
    assert [(line.number, line.done) for line in batch.context["lines"]] == [(told.number, False)]
    assert acts(told) == ["register"]


@pytest.mark.parametrize("state", ["draft", "published"])
def test_an_item_of_a_draft_or_of_a_county_is_refused(duty, log_in, state):
    ticket = noise(duty)
    scope = duty.centre if state == "draft" else duty.county
    day = "2026-01-01" if state == "published" else None
    other = DutyList.objects.create(version=2, scope=scope, title="另一份", state=state, effective_from=day)
    item = copy_of(duty.noise, duty_list=other, code="CG-99")

    client = log_in(duty.dispatcher)
    response = client.post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk, "item": item.pk}, **HTMX)
    drawn = client.get(f"/tickets/{ticket.number}/acts/dispatch/", **HTMX).content.decode()

    assert response.status_code == 400
    assert acts(ticket) == ["register"]
    assert "CG-01 夜间施工噪声" in drawn
    assert "CG-99" not in drawn


def copy_of(item, **changes):
    item = type(item).objects.get(pk=item.pk)
    item.pk = None
    for name, value in changes.items():
        setattr(item, name, value)
    item.save()
    return item


def test_somebody_was_faster(duty, log_in):
    ticket, following = noise(duty), noise(duty)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=duty.other, item=None, by=duty.dispatcher2, at=NOW)
    client = log_in(duty.dispatcher)

    response = client.post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk, "next": following.number}, **HTMX)
    plain = client.post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk})

    said = response.content.decode()
    assert f"{ticket.number} 没有派出。李*已于 10:00 执行“派单”。" in said
    assert f'<div id="row-{ticket.number}" hx-swap-oob="delete"></div>' in said
    assert f'data-peek-of="{following.number}"' in said
    assert plain.status_code == 409
    assert acts(ticket) == ["register", "dispatch"]


def test_the_peek_of_one_that_is_gone_says_who_and_when(duty, log_in):
    ticket = noise(duty)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=duty.other, item=None, by=duty.dispatcher2, at=NOW)

    page = log_in(duty.dispatcher).get(f"/dispatch/{ticket.number}/").content.decode()

    assert "李*于 今天 10:00 执行“派单”。当前为“待签收”。" in page
    assert 'data-key="Enter"' not in page


def test_undo_takes_back_what_was_just_sent(duty, log_in):
    ticket = noise(duty)
    client = log_in(duty.dispatcher)
    client.post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk})

    response = client.post(f"/dispatch/{ticket.number}/undo/")

    assert response["Location"] == f"/dispatch/?at={ticket.number}"
    assert acts(ticket) == ["register", "dispatch", "recall"]
    assert ticket.notes.get().text == "派出后立即撤回"
    assert fresh(ticket).return_count == 0
    assert list(RoutingExample.objects.order_by("pk").values_list("outcome", flat=True)) == ["dispatched", "recalled"]
    row = client.get(response["Location"]).context["rows"][0]
    assert (row.ground, row.ticked) == ("撤回过", False)


def test_undo_takes_back_no_signature_of_another(duty, log_in):
    ticket = noise(duty)
    client = log_in(duty.dispatcher)
    client.post(f"/dispatch/{ticket.number}/", {"unit": duty.other.pk})
    services.sign_assignment(assignment_id=fresh(ticket).lead_id, by=duty.other_handler, at=NOW)

    response = client.post(f"/dispatch/{ticket.number}/undo/", **HTMX)

    assert response.status_code == 409
    assert "工单当前为“办理中”，不能执行该操作。" in response.content.decode()
    assert acts(ticket) == ["register", "dispatch", "sign"]


@pytest.mark.parametrize(("who", "minutes"), [("dispatcher", 1), ("dispatcher2", 0)])
def test_undo_is_for_the_same_person_within_half_a_minute(duty, log_in, time_machine_at, who, minutes):
    ticket = dispatched(duty)
    time_machine_at(f"11-10 10:0{minutes}")

    response = log_in(getattr(duty, who)).post(f"/dispatch/{ticket.number}/undo/", **HTMX)

    assert response.status_code == 409
    assert "已过 30 秒" in response.content.decode()
    assert acts(ticket) == ["register", "dispatch"]


def test_a_batch_lists_what_became_of_each(duty, log_in):
    good, school = noise(duty), register(**SCHOOL)
    nobody = register(title="想说几句", text="今天天气不错。")
    gone = noise(duty)
    services.dispatch_ticket(ticket_id=gone.pk, unit=duty.other, item=None, by=duty.dispatcher2, at=NOW)

    page = log_in(duty.dispatcher).post(
        "/dispatch/batch/",
        {"ticket": [good.number, nobody.number, gone.number, "GZ000000000000", school.number, good.number]},
    )

    assert [(line.number, line.done, line.words) for line in page.context["lines"]] == [
        (nobody.number, False, "没有建议单位，请逐件选择。职责清单中没有相近事项，须人工判断"),
        (gone.number, False, "李*已于 10:00 执行“派单”。工单当前为“待签收”，不能执行该操作。"),
        ("GZ000000000000", False, "没有这一件，或不在您能看到的范围。"),
        (good.number, True, "已派给章贡区12345政务服务便民热线中心"),
        (school.number, True, f"已派给{duty.other.name}"),
    ]
    assert [state_of(ticket) for ticket in (good, school, nobody)] == [
        "pending_sign",
        "pending_sign",
        "pending_dispatch",
    ]
    assert "办成 2 件" in page.content.decode()


def test_a_batch_can_be_taken_back_as_far_as_nobody_has_signed(duty, log_in):
    first, second, third = noise(duty), noise(duty), register(**SCHOOL)
    client = log_in(duty.dispatcher)
    sent = client.post("/dispatch/batch/", {"ticket": [first.number, second.number, third.number], "s": "sure"})
    assert "撤回这一批（3 件未签收）" in sent.content.decode()
    services.sign_assignment(assignment_id=fresh(third).lead_id, by=duty.other_handler, at=NOW)
    queue = client.get(QUEUE)
    assert "撤回这一批（2 件未签收）" in queue.content.decode()
    assert len(queue.context["undo"]) == 2

    page = client.post("/dispatch/batch/undo/", {"dispatch": [*sent.context["undo"], "x", "9" * 30], "s": "sure"})

    assert [(line.number, line.done, line.words) for line in page.context["lines"]] == [
        (third.number, False, "赵*已于 10:00 执行“签收”。工单当前为“办理中”，不能执行该操作。"),
        (first.number, True, "已撤回，重新待派；不计退单"),
        (second.number, True, "已撤回，重新待派；不计退单"),
    ]
    assert page.context["back_url"] == "/dispatch/?s=sure"
    assert [state_of(ticket) for ticket in (first, second, third)] == [
        "pending_dispatch",
        "pending_dispatch",
        "in_progress",
    ]
    assert acts(first) == ["register", "dispatch", "recall"]
    assert first.notes.get().text == "成批派出后撤回"
    assert "撤回这一批" not in client.get(QUEUE).content.decode()


def test_taking_a_batch_back_leaves_what_was_sent_elsewhere_since(duty, log_in):
    ticket, of_another = noise(duty), noise(duty)
    client = log_in(duty.dispatcher)
    sent = client.post("/dispatch/batch/", {"ticket": ticket.number}).context["undo"]
    services.recall_ticket(ticket_id=ticket.pk, reason="应派教育局。", by=duty.dispatcher, at=NOW)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=duty.other, item=None, by=duty.dispatcher, at=NOW)
    theirs = services.dispatch_ticket(ticket_id=of_another.pk, unit=duty.other, item=None, by=duty.dispatcher2, at=NOW)

    page = client.post("/dispatch/batch/undo/", {"dispatch": [*sent, theirs.pk]})

    assert [(line.number, line.done, line.words) for line in page.context["lines"]] == [
        (ticket.number, False, "已改派其他单位。"),
        (str(theirs.pk), False, "没有这一件，或不是您派出的。"),
    ]
    assert fresh(ticket).lead.unit == duty.other
    assert acts(of_another) == ["register", "dispatch"]


def test_an_empty_batch_changes_nothing(duty, log_in):
    page = log_in(duty.dispatcher).post("/dispatch/batch/")

    assert "没有勾选工单，什么都没有改动。" in page.content.decode()


def test_two_returns_ask_for_a_ruling(duty, log_in):
    ticket = noise(duty)
    Ticket.objects.filter(pk=ticket.pk).update(return_count=2, needs_ruling=True, proposed_score=99)
    client = log_in(duty.dispatcher)

    row = client.get(QUEUE).context["rows"][0]
    peek = client.get(f"/dispatch/{ticket.number}/").content.decode()

    assert (row.ground, row.ticked) == ("须裁定", False)
    assert f'action="/dispatch/{ticket.number}/"' not in peek
    assert "退单次数已满，须裁定首办，按 r。" in peek
    assert "选单位派单：退单次数已满，须由中心裁定首办单位，不能再派。" in peek
    assert "提交裁定" in peek


def test_a_restricted_ticket_is_not_in_the_queue_without_a_grant(duty, log_in):
    ticket = noise(duty, secrecy="restricted")
    client = log_in(duty.dispatcher)

    assert numbers(client.get(QUEUE)) == []
    assert client.get(f"/dispatch/{ticket.number}/").status_code == 404
    assert client.post(f"/dispatch/{ticket.number}/", {"unit": duty.county.pk}).status_code == 404

    services.grant_scope(ticket_id=ticket.pk, user=duty.dispatcher, until=None)

    assert numbers(client.get(QUEUE)) == [ticket.number]


def test_an_empty_queue_says_what_will_come(duty, log_in):
    page = log_in(duty.dispatcher).get(reverse("tickets:dispatch-queue")).content.decode()

    assert "没有待派的工单" in page


def test_every_number_of_the_page_follows_an_act_that_leaves_it_standing(duty, log_in):
    first, second = noise(duty), noise(duty)
    client = log_in(duty.dispatcher)
    before = client.get("/dispatch/").content.decode()

    sent = client.post(f"/dispatch/{first.number}/", {"unit": duty.county.pk, "next": second.number}, **HTMX)
    again = client.get("/dispatch/").content.decode()

    badge = '<span class="n" id="n-dispatch"><span class="sr">等办 </span>{}</span>'
    assert badge.format(2) in before
    assert (
        '<span id="n-dispatch" hx-swap-oob="innerHTML"><span class="sr">等办 </span>1</span>' in sent.content.decode()
    )
    assert '<small id="page-hint" hx-swap-oob="innerHTML">待派 1</small>' in sent.content.decode()
    assert badge.format(1) in again
