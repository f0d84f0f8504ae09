"""A county's resource is asked to settle a matter; the unit stays answerable and every clock runs on."""

from datetime import date, timedelta

import pytest

from hotline.models import Notice
from tests.factories.hotline import CountyCentreFactory, UserFactory
from tests.factories.pictures import kept
from tests.factories.resources import make_resource
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import acts, at, contacted, fresh, passed_down, running, signed, submit
from tickets import services
from tickets.models import Mediation, Ticket
from tickets.selectors.mediations import mediations_of, mediations_seen

ASKED = {"asked": "工地与东侧住户为夜间施工和赔偿争执，请主持协商。", "consent": "11月10日电话征得反映人同意。"}
RECORD = {"outcome": "agreed", "held_on": date(2026, 11, 12), "mediator": "钟敏", "words": "双方同意 22 时停工。"}


def asked(city, ticket, *, resource=None, by=None, when="11-10 11:00", part=None):
    event = services.ask_mediation(
        assignment_id=part or fresh(ticket).holder_id,
        resource=resource or make_resource(city.county),
        by=by or city.county_handler,
        at=at(when),
        **ASKED,
    )
    return Mediation.objects.get(pk=event.data["mediation"])


def recorded(city, mediation, *, by=None, when="11-13 09:00", **words):
    return services.record_mediation(
        mediation_id=mediation.pk, by=by or city.county_clerk, at=at(when), **(RECORD | words)
    )


def told(kind):
    return sorted(Notice.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def test_an_agreement_comes_back_with_its_record_while_the_clock_runs(city):
    ticket = passed_down(city)
    clocks = set(running(ticket))
    paper = kept(b"%PDF-1.7\n" + b"\x00" * 64, at=at("11-13 09:00"), name="协议书.pdf")

    mediation = asked(city, ticket)
    during = fresh(ticket)
    recorded(city, mediation, files=[paper])

    assert (during.in_mediation, during.mediation_count, set(running(ticket))) == (True, 1, clocks)
    assert (fresh(ticket).in_mediation, fresh(ticket).state) == (False, "in_progress")
    assert acts(ticket)[-2:] == ["ask_mediation", "record_mediation"]
    [shown] = mediations_of(ticket)
    assert (shown.outcome, shown.held_on, shown.mediator, shown.words) == (
        "agreed",
        date(2026, 11, 12),
        "钟敏",
        "双方同意 22 时停工。",
    )
    assert [file.file.name for file in shown.files] == ["协议书.pdf"]
    assert told("mediation_asked") == ["罗平", "郭芳"]
    assert told("mediation_recorded") == ["谢斌"]


def test_the_asker_records_it_as_well_and_only_once(city):
    mediation = asked(city, passed_down(city))

    recorded(city, mediation, by=city.county_handler, outcome="failed", words="一方要求赔偿，没有谈成。")

    with pytest.raises(services.TransitionRefused, match="这一调解已记结果：未达成协议。"):
        recorded(city, mediation)
    assert told("mediation_recorded") == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"outcome": "cancelled"}, "请选择调解的结果。"),
        ({"words": " "}, "请写调解记录。"),
        ({"mediator": ""}, "请写调解人。"),
        ({"held_on": None}, "调解日期须在提出之后、今天以前（含当天）。"),
        ({"held_on": date(2026, 11, 9)}, "调解日期须在提出之后、今天以前（含当天）。"),
        ({"held_on": date(2026, 11, 14)}, "调解日期须在提出之后、今天以前（含当天）。"),
    ],
)
def test_a_record_that_lacks_something(city, words, why):
    mediation = asked(city, passed_down(city))

    with pytest.raises(services.InputRefused, match=why):
        recorded(city, mediation, **words)

    assert Mediation.objects.get(pk=mediation.pk).outcome == ""


def test_what_was_not_taken_on_needs_neither_date_nor_mediator(city):
    mediation = asked(city, passed_down(city))

    recorded(city, mediation, outcome="declined", held_on=None, mediator="", words="已在法院起诉。")

    assert Mediation.objects.get(pk=mediation.pk).outcome == "declined"


@pytest.mark.parametrize(
    ("field", "why"), [("asked", "请写明要它调解什么。"), ("consent", "请写明群众怎么同意调解的")]
)
def test_no_mediation_without_words_and_consent(city, field, why):
    ticket = passed_down(city)

    with pytest.raises(services.InputRefused, match=why):
        services.ask_mediation(
            assignment_id=ticket.holder_id, resource=make_resource(city.county), by=city.county_handler,
            at=at("11-10 11:00"), **(ASKED | {field: "  "}),
        )  # fmt: skip

    assert (Mediation.objects.count(), fresh(ticket).in_mediation) == (0, False)


def test_only_the_own_countys_and_the_citys_resources_in_use(city):
    other = CountyCentreFactory(code="NK-12345", name="南康区热线中心", short_name="南康热线中心")
    ticket = passed_down(city)
    for resource in (
        make_resource(other, name="南康的"),
        make_resource(city.county, name="停了的", valid_until=date(2026, 11, 10)),
        make_resource(city.county, name="明天起的", valid_from=date(2026, 11, 11)),
    ):
        with pytest.raises(
            services.InputRefused, match=f"“{resource.name}”不是所在县（市、区）或全市共用、正在使用的资源。"
        ):
            asked(city, ticket, resource=resource)

    asked(city, ticket, resource=make_resource(None, name="市人民调解中心"))

    assert told("mediation_asked") == []


def test_a_citys_department_asks_the_citys_and_records_it_itself(city):
    ticket = signed(city)
    mediation = asked(city, ticket, resource=make_resource(None), by=city.handler)

    with pytest.raises(services.ActNotAllowed, match="由提出调解的单位或管这家资源的县（市、区）中心记结果。"):
        recorded(city, mediation)
    recorded(city, mediation, by=city.handler)

    assert fresh(ticket).in_mediation is False


def test_a_citys_department_asks_the_county_where_the_matter_is_and_its_centre_records_it(city):
    """The centre has no part: it sees the ticket since it was asked, may record what came of it and do nothing else."""
    GovernanceFactory(unit=city.county, region=city.region)
    ticket = signed(city, region=city.region)
    assert not Ticket.objects.visible_to(city.county_clerk, at("11-10 10:30")).filter(pk=ticket.pk).exists()
    mediation = asked(city, ticket, by=city.handler)

    rows = {(row.unit.short_name, row.ground, row.task) for row in ticket.scopes.select_related("unit")}

    assert told("mediation_asked") == ["罗平", "郭芳"]
    assert Ticket.objects.visible_to(city.county_clerk, at("11-10 12:00")).filter(pk=ticket.pk).exists()
    assert rows == {("市城管局", "assigned", "contact"), (city.county.short_name, "mediation", "")}
    assert [row.pk for row in mediations_seen(city.county_clerk, segment="", at=at("11-10 12:00"))] == [mediation.pk]
    assert not Ticket.objects.visible_to(city.county_handler, at("11-10 12:00")).filter(pk=ticket.pk).exists()
    recorded(city, mediation)
    assert [row.pk for row in mediations_seen(city.county_clerk, segment="ended", at=at("11-13 12:00"))] == [
        mediation.pk
    ]
    assert services.check_scopes([ticket.pk]) == []


def test_what_is_taken_from_the_department_is_the_countys_no_longer(city):
    GovernanceFactory(unit=city.county, region=city.region)
    ticket = signed(city, region=city.region)
    asked(city, ticket, by=city.handler)

    services.recall_ticket(ticket_id=ticket.pk, reason="派错。", by=city.dispatcher, at=at("11-10 14:40"))

    assert not ticket.scopes.exists()


def test_one_at_a_time_and_again_after_it(city):
    ticket = passed_down(city)
    mediation = asked(city, ticket)

    with pytest.raises(services.TransitionRefused, match="这一件已有一个调解没有结果。"):
        asked(city, ticket, resource=make_resource(city.county, name="综治中心"))
    recorded(city, mediation, outcome="failed")
    asked(city, ticket, resource=make_resource(city.county, name="社会工作站"), when="11-13 10:00")

    assert fresh(ticket).mediation_count == 2


def test_none_of_a_restricted_matter(city):
    """Whoever helps to settle it would know of it, and has no account to be granted it."""
    ticket = passed_down(city)
    services.restrict_ticket(
        ticket_id=ticket.pk, readers=[city.county_handler], reason="涉及隐私。", by=city.reviewer, at=at("11-10 10:30")
    )

    with pytest.raises(services.TransitionRefused, match="保密工单不能请外面的人调解。"):
        asked(city, ticket)


def test_who_waits_is_reminded_every_so_often_and_once_each_time(city):
    """Five working days: asked on Tuesday the 10th, waiting since Wednesday the 18th."""
    ticket = passed_down(city)
    services.name_handler(
        assignment_id=ticket.holder_id, handler=city.county_handler, by=city.county_head, at=at("11-10 10:30")
    )
    mediation = asked(city, ticket, by=city.county_head)

    counts = [
        services.remind_mediations(at=moment) for moment in (at("11-16 10:00"), at("11-18 10:00"), at("11-18 10:05"))
    ]

    assert counts == [0, 1, 0]
    assert told("mediation_waits") == ["罗平", "谢斌", "郭芳"]
    assert [row.pk for row in mediations_seen(city.county_clerk, segment="late", at=at("11-18 11:00"))] == [
        mediation.pk
    ]
    assert services.remind_mediations(at=at("11-18 10:00") + timedelta(days=9)) == 1
    recorded(city, mediation, when="11-27 10:00", held_on=date(2026, 11, 26))
    assert services.remind_mediations(at=at("12-31 10:00")) == 0
    assert list(mediations_seen(city.county_clerk, segment="late", at=at("11-28 11:00"))) == []


def test_what_is_taken_back_asks_for_nothing_any_more(city):
    ticket = passed_down(city)
    mediation = asked(city, ticket)

    services.take_back_child(
        assignment_id=ticket.holder_id, reason="另派。", by=city.county_clerk, at=at("11-10 14:40")
    )

    assert Mediation.objects.get(pk=mediation.pk).outcome == "cancelled"
    assert fresh(ticket).in_mediation is False


def test_what_is_handed_over_goes_on_with_the_new_unit(city):
    ticket = signed(city)
    mediation = asked(city, ticket, resource=make_resource(None), by=city.handler)

    services.hand_over_part(
        assignment_id=ticket.lead_id, unit_to=city.other, reason="职能划转。", by=city.reviewer, at=at("11-10 14:40")
    )
    recorded(city, mediation, by=city.other_handler)

    assert Mediation.objects.get(pk=mediation.pk).assignment.unit == city.other


def test_a_result_may_be_handed_in_while_it_waits(city):
    """The clock of the unit does not stand still for it; who signs sees that there is no outcome."""
    ticket = contacted(city, county=True)
    asked(city, ticket)

    submit(city, fresh(ticket), at=at("11-10 15:00"))

    assert (fresh(ticket).state, fresh(ticket).in_mediation) == ("completion_review", True)


def test_who_sees_a_request(city):
    mediation = asked(city, passed_down(city))
    stranger = UserFactory(unit=CountyCentreFactory(code="NK-12345", name="南康区热线中心"), roles=["county_centre"])

    seen = {
        person.name: [row.pk for row in mediations_seen(person, segment="", at=at("11-10 12:00"))]
        for person in (city.county_clerk, city.county_handler, city.handler, city.reviewer)
    }

    assert seen == {"郭芳": [mediation.pk], "谢斌": [mediation.pk], "张伟": [], "周涛": [mediation.pk]}
    assert list(mediations_seen(stranger, segment="", at=at("11-10 12:00"))) == []
