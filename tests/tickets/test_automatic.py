"""自动派单: what goes by itself and what never does, what stops it, and what people say of a sample."""

import copy
from datetime import timedelta

import pytest

from hotline.models import Notice
from hotline.rights import NotPermitted
from hotline.services import set_parameter
from responsibility import services as duties
from responsibility.models import ItemSwitch, RoutingExample
from responsibility.services import DutyRefused
from tests.factories.experience import NOW, SAID, lights, make_sure_city
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import at, fresh, make_item
from tickets import services
from tickets.models import AutomaticDispatch, Ticket
from tickets.selectors import automatic as reads
from tickets.services import automatic

pytestmark = pytest.mark.django_db

NIGHT = at("11-10 23:00")


@pytest.fixture(scope="module")
def city_of_this_file(kept_for_this_file):
    return make_sure_city()


@pytest.fixture
def city(city_of_this_file, db):
    return copy.deepcopy(city_of_this_file)


def sent(ticket, moment=NOW):
    return services.dispatch_by_itself(ticket_id=ticket.pk, unless=lambda: False, at=moment)


def test_it_goes_to_who_is_proposed_without_a_person_and_says_by_what(city):
    ticket = lights(city)
    event = sent(ticket)

    ticket = fresh(ticket)
    row = AutomaticDispatch.objects.get()
    assert (ticket.state, ticket.lead.unit, ticket.item) == ("pending_sign", city.county, city.lights)
    assert (event.act, event.actor, event.source, event.target) == (
        "dispatch", None, "pending_dispatch", "pending_sign",
    )  # fmt: skip
    assert event.data == {
        "unit": city.county.pk,
        "item": "CG-01",
        "score": ticket.proposed_score,
        "list": city.lights.duty_list_id,
        "model": str(city.model),
        "confidence": round(row.confidence, 4),
        "margin": round(row.margin, 4),
    }
    assert row.confidence >= 0.95
    assert row.margin >= 0.3
    assert (row.ticket, row.event, row.assignment, row.item_code, row.at) == (ticket, event, ticket.lead, "CG-01", NOW)
    assert not ticket.clocks.filter(kind="dispatch", outcome="").exists()
    # Nobody confirmed it: the router does not learn from it.
    assert RoutingExample.objects.get(ticket_number=ticket.number).outcome == "automatic"


def test_a_second_time_does_nothing(city):
    ticket = lights(city)

    assert sent(ticket) is not None
    assert sent(ticket) is None
    assert ticket.events.filter(act="dispatch").count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "report"},
        {"urgency": "urgent"},
        {"urgency": "critical"},
        {"secrecy": "restricted"},
        {"region": None},
        {"title": "说不清", "text": "请尽快处理一下，谢谢了。"},
        {"title": SAID[2], "text": f"{SAID[2]}，{SAID[2]}，请处理。"},
    ],
    ids=["report", "urgent", "critical", "restricted", "no place", "nothing said", "item not switched on"],
)
def test_what_is_left_to_people(city, fields):
    ticket = lights(city, **fields)

    assert sent(ticket) is None
    assert fresh(ticket).state == "pending_dispatch"
    assert [event.act for event in ticket.events.all()] == ["register"]
    assert not AutomaticDispatch.objects.exists()


def test_where_the_text_speaks_of_two_matters_nobody_is_sure(city):
    ticket = lights(city, text=f"{SAID[0]}，{SAID[2]}，{SAID[1]}，{SAID[3]}，请处理。", title="几件事")

    assert sent(ticket) is None


def test_what_comes_up_behind_the_lock_leaves_it_to_people(city):
    ticket = lights(city)

    assert services.dispatch_by_itself(ticket_id=ticket.pk, unless=lambda: True, at=NOW) is None
    assert fresh(ticket).state == "pending_dispatch"


@pytest.mark.parametrize("key", ["auto_dispatch_confidence", "auto_dispatch_margin"])
def test_the_thresholds_are_parameters(city, key):
    set_parameter(key=key, value="1.0", valid_from=NOW, source="试", by=None, at=NOW)

    assert sent(lights(city), NOW + timedelta(minutes=1)) is None


def test_without_a_model_in_service_nothing_goes(city):
    duties.stop_experience(reason="先停。", by=city.administrator, at=NOW)

    assert sent(lights(city)) is None


def test_a_township_never_leads_by_itself(city):
    GovernanceFactory(unit=city.township, region=city.township.region)
    type(city.lights).objects.filter(pk=city.lights.pk).update(township_role="lead")
    city.lights.duty_list.save()
    ticket = lights(city, region=city.township.region)

    assert ticket.proposed_unit == city.county
    assert sent(ticket) is None


def test_what_was_given_to_a_unit_before_is_for_people(city):
    ticket = lights(city)
    services.dispatch_ticket(ticket_id=ticket.pk, unit=city.county, item=city.lights, by=city.dispatcher, at=NOW)
    services.recall_ticket(ticket_id=ticket.pk, reason="再看看。", by=city.dispatcher, at=NOW)

    assert fresh(ticket).state == "pending_dispatch"
    assert sent(ticket) is None


def test_when_nobody_proposes_a_unit_there_is_nothing_to_do(city):
    ticket = lights(city)
    Ticket.objects.filter(pk=ticket.pk).update(proposed_unit=None)

    assert sent(ticket) is None


def test_a_proposal_that_is_another_now_is_for_people(city):
    ticket = lights(city)
    Ticket.objects.filter(pk=ticket.pk).update(proposed_unit=city.department)

    assert sent(ticket) is None


@pytest.mark.parametrize(
    ("hours", "phone", "moment", "goes"),
    [
        ("", "", NOW, True),
        ("", "", NIGHT, False),
        ("24小时", "", NIGHT, False),
        ("24小时", "0797-1", NIGHT, True),
        ("08:00-22:00", "0797-1", NIGHT, False),
        ("20:00—次日", "0797-1", NIGHT, False),
        ("8:00-12:00，20:00至8:00", "0797-1", NIGHT, True),
        ("8:00-24:00", "0797-1", NIGHT, True),
        # A Saturday morning.
        ("", "", at("11-14 10:00"), False),
        ("08:00-22:00", "0797-1", at("11-14 10:00"), True),
    ],
)
def test_outside_working_hours_only_to_a_duty_seat(city, hours, phone, moment, goes):
    type(city.county).objects.filter(pk=city.county.pk).update(duty_hours=hours, duty_phone=phone)

    assert (sent(lights(city, at=moment), moment) is not None) == goes


# --- the switch


def test_only_an_administrator_switches_and_says_why(city):
    for person in (city.dispatcher, city.reviewer, city.agent):
        with pytest.raises(NotPermitted):
            duties.switch_item_on(code="JY-01", reason="准。", by=person, at=NOW)
        with pytest.raises(NotPermitted):
            duties.switch_item_off(switch_id=city.switch.pk, reason="不准。", by=person, at=NOW)
    with pytest.raises(DutyRefused, match="请写明为什么开启。"):
        switched(city, "JY-01", reason=" ")
    assert list(ItemSwitch.objects.values_list("code", flat=True)) == ["CG-01"]


def switched(city, code, reason="准。", moment=NOW):
    return duties.switch_item_on(code=code, reason=reason, by=city.administrator, at=moment)


def test_what_cannot_be_switched_on(city):
    make_item("FL-01", title="判决执行", route="legal_route")
    make_item("XZ-01", title="村务公开", township_role="lead")

    for code, sentence in (
        ("CG-01", "CG-01 的自动派单已经开启。"),
        ("XX-99", "现行市级清单里没有事项 XX-99。"),
        ("FL-01", "“判决执行”告知法定途径，不派单。"),
        ("XZ-01", "“村务公开”由乡镇（街道）主责，只由人派。"),
    ):
        with pytest.raises(DutyRefused, match=sentence):
            switched(city, code)
    assert ItemSwitch.objects.count() == 1


def test_switched_off_it_goes_no_more_and_on_again_it_does(city):
    duties.switch_item_off(switch_id=city.switch.pk, reason="先停。", by=city.administrator, at=NOW)
    ticket = lights(city)
    assert sent(ticket) is None
    with pytest.raises(DutyRefused, match="CG-01 的自动派单已经关闭。"):
        duties.switch_item_off(switch_id=city.switch.pk, reason="再停。", by=city.administrator, at=NOW)

    switched(city, " cg-01 ")

    assert sent(ticket) is not None
    assert list(ItemSwitch.objects.order_by("pk").values_list("code", "on_reason", "off_reason")) == [
        ("CG-01", "三个月没有退单。", "先停。"),
        ("CG-01", "准。", ""),
    ]


def test_the_switch_outlives_a_version(city):
    draft = duties.draft_list(scope=city.centre, reason="年度修订。", by=city.administrator, at=NOW)
    duties.submit_list(list_id=draft.pk, by=city.administrator, at=NOW)
    for office in ("legal", "staffing"):
        duties.give_opinion(list_id=draft.pk, office=office, agrees=True, by=None, at=NOW)
    tomorrow = NOW + timedelta(days=1)
    duties.publish_list(list_id=draft.pk, effective_from=tomorrow.date(), by=city.administrator, at=NOW)

    event = sent(lights(city, at=tomorrow), tomorrow)

    assert event.data["list"] == draft.pk


# --- too much comes back


def gone(city, count, moment=NOW):
    tickets = [lights(city, at=moment) for _ in range(count)]
    assert all(sent(ticket, moment) for ticket in tickets)
    return [fresh(ticket) for ticket in tickets]


def come_back(city, ticket, moment=NOW):
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_duty", reason="属市教育局。", by=city.county_clerk, at=moment
    )
    request = ticket.lead.returnrequests.get()
    services.grant_return(request_id=request.pk, reason="属实。", by=city.dispatcher, at=moment)


def test_it_goes_off_by_itself_when_more_than_a_share_comes_back(city):
    first, second, *_ = gone(city, 4)
    come_back(city, first)
    assert automatic.watch_switches(at=NOW) == 0

    services.recall_ticket(ticket_id=second.pk, reason="派错了。", by=city.dispatcher, at=NOW)
    waiting = lights(city)
    # Even before the clock has looked.
    assert sent(waiting) is None
    assert automatic.watch_switches(at=NOW) == 1
    assert automatic.watch_switches(at=NOW) == 0

    switch = ItemSwitch.objects.get()
    assert (switch.off_at, switch.off_by, switch.off_reason) == (
        NOW, None, "自动派出 4 件，退回 2 件，超过比例。",
    )  # fmt: skip
    assert list(Notice.objects.filter(kind="auto_dispatch_off").values_list("recipient", "number")) == [
        (city.administrator.pk, "CG-01")
    ]


def test_what_is_taken_back_late_came_back_too(city):
    (ticket,) = gone(city, 1)
    later = NOW + timedelta(days=7)

    come_back(city, ticket, later)

    assert ticket.lead.returnrequests.get().is_take_back
    assert reads.record_of([city.switch], at=later)[city.switch.pk] == reads.Record(1, 1)


def test_as_few_as_the_share_allows_do_not_stop_it(city):
    set_parameter(key="auto_dispatch_returns", value="0.5", valid_from=NOW, source="试", by=None, at=NOW)
    first, second, *_ = gone(city, 4)
    for ticket in (first, second):
        come_back(city, ticket)

    assert automatic.watch_switches(at=NOW) == 0
    assert reads.record_of([city.switch], at=NOW)[city.switch.pk] == reads.Record(4, 2)


def test_only_the_window_counts_and_a_new_switch_begins_anew(city):
    later = NOW + timedelta(days=35)
    for ticket in gone(city, 2):
        come_back(city, ticket)
    assert automatic.watch_switches(at=later) == 0
    assert automatic.watch_switches(at=NOW + timedelta(days=20)) == 1

    again = switched(city, "CG-01", moment=NOW + timedelta(days=21))

    assert automatic.watch_switches(at=NOW + timedelta(days=21)) == 0
    assert sent(lights(city, at=later), later) is not None
    old = ItemSwitch.objects.get(pk=city.switch.pk)
    # What went off is shown as it was when it went off.
    assert reads.record_of([old, again], at=later) == {old.pk: reads.Record(2, 2), again.pk: reads.Record(1, 0)}


# --- the weekly sample


NEXT_WEEK = NOW + timedelta(days=7)
MONDAY = reads.week_of(NOW)


def test_the_sample_is_the_same_for_everybody_and_of_a_week_that_is_over(city):
    set_parameter(key="auto_dispatch_sample", value="2", valid_from=NOW, source="试", by=None, at=NOW)
    tickets = gone(city, 5)

    drawn = reads.sample_of(MONDAY, at=NEXT_WEEK)

    assert len(drawn) == 2
    assert set(drawn) <= set(AutomaticDispatch.objects.filter(ticket__in=tickets).values_list("pk", flat=True))
    assert reads.sample_of(MONDAY, at=NEXT_WEEK + timedelta(days=3)) == drawn
    assert reads.sample_of(MONDAY, at=NOW + timedelta(days=2)) == []
    assert [row.pk for row in reads.sampled(MONDAY, city.dispatcher, at=NEXT_WEEK)] == drawn


def test_who_read_it_says_right_or_what_was_wrong_and_the_figures_follow(city):
    gone(city, 3)
    one, two, three = reads.sample_of(MONDAY, at=NEXT_WEEK)

    automatic.judge_automatic(dispatch_id=one, right=True, words="多余", by=city.dispatcher, at=NEXT_WEEK)
    automatic.judge_automatic(dispatch_id=two, right=False, words="该派教育局。", by=city.dispatcher, at=NEXT_WEEK)
    with pytest.raises(services.InputRefused, match="派错的，请写明哪里不对、该派给谁。"):
        automatic.judge_automatic(dispatch_id=three, right=False, by=city.dispatcher, at=NEXT_WEEK)
    with pytest.raises(NotPermitted):
        automatic.judge_automatic(dispatch_id=three, right=True, by=city.reviewer, at=NEXT_WEEK)
    with pytest.raises(services.InputRefused, match="这一件不在那一周的抽样里。"):
        automatic.judge_automatic(dispatch_id=three, right=True, by=city.dispatcher, at=NOW)

    assert list(AutomaticDispatch.objects.order_by("pk").values_list("right", "words", "read_by", "read_at")) == [
        (True, "", city.dispatcher.pk, NEXT_WEEK),
        (False, "该派教育局。", city.dispatcher.pk, NEXT_WEEK),
        (None, "", None, None),
    ]
    week, *before = reads.weeks(at=NEXT_WEEK)
    assert week == reads.Week(MONDAY, 3, 1, 1)
    assert (len(before), {row.dispatched for row in before}) == (11, {0})


def test_what_was_restricted_since_is_not_in_the_sample_that_is_read(city):
    [ticket] = gone(city, 1)
    services.restrict_ticket(ticket_id=ticket.pk, readers=[], reason="涉密。", by=city.reviewer, at=NOW)

    assert reads.sampled(MONDAY, city.dispatcher, at=NEXT_WEEK) == []
    assert len(reads.sample_of(MONDAY, at=NEXT_WEEK)) == 1
