"""The list of what was asked of the county's resources, and what a ticket and a reviewer show of it."""

import pytest

from tests.factories.hotline import CountyCentreFactory, UserFactory
from tests.factories.pictures import kept
from tests.factories.resources import make_resource
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import NOW, at, contacted, fresh, passed_down, pending_approval, signed, submit
from tests.tickets_pages.cases import HTMX
from tickets import services
from tickets.models import Attachment, Mediation


def asked(city, ticket, resource=None):
    services.ask_mediation(
        assignment_id=ticket.holder_id,
        resource=resource or make_resource(city.county, name=f"调解委员会{ticket.pk}"),
        asked="请主持协商。",
        consent="电话征得同意。",
        by=city.county_handler,
        at=NOW,
    )
    return Mediation.objects.get(ticket=ticket)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("who", ["county_clerk", "county_handler", "reviewer"])
def test_the_list_costs_the_same_for_one_and_three(city, log_in, django_assert_num_queries, who, number):
    for turn in range(number):
        asked(city, passed_down(city, title=f"第{turn}件"))
    client = log_in(getattr(city, who))
    client.get("/mediations/")

    with django_assert_num_queries(5):
        response = client.get("/mediations/")

    assert len(response.context["rows"]) == number


def test_pages_follow_each_other_by_key(city, log_in, monkeypatch):
    monkeypatch.setattr("tickets.selectors.mediations.PAGE_ROWS", 2)
    made = [asked(city, passed_down(city, title=f"第{turn}件")).pk for turn in range(3)]
    client = log_in(city.county_clerk)

    first = client.get("/mediations/")
    second = client.get(first.context["next_url"])

    assert [row.pk for page in (first, second) for row, _ in page.context["rows"]] == made[::-1]
    assert (second.context["first_url"], second.context["next_url"]) == ("/mediations/", "")


def test_who_records_is_led_to_the_form_and_who_only_reads_is_not(city, log_in):
    ticket = passed_down(city)
    asked(city, ticket)

    urls = {
        who: [url for _, url in log_in(getattr(city, who)).get("/mediations/").context["rows"]]
        for who in ("county_clerk", "county_handler", "reviewer")
    }

    form = f"/tickets/{ticket.number}/acts/mediation-result/"
    assert urls == {"county_clerk": [form], "county_handler": [form], "reviewer": [""]}
    assert log_in(city.county_clerk).get(form).status_code == 200


@pytest.mark.parametrize("who", ["liaison", "handler", "head", "dispatcher", "reviewer", "county_clerk"])
def test_whoever_may_open_the_list_is_led_to_it(city, log_in, who):
    client = log_in(getattr(city, who))
    pages = ["/tickets/"] if who in {"dispatcher", "reviewer"} else ["/tickets/", "/inbox/"]

    assert [client.get(page).content.decode().count('href="/mediations/"') for page in pages] == [1] * len(pages)
    assert client.get("/mediations/").status_code == 200


def test_who_may_not_open_it_is_not_led_there(city, log_in):
    client = log_in(UserFactory(unit=city.centre, roles=("follow_up_agent",)))

    assert 'href="/mediations/"' not in client.get("/tickets/").content.decode()
    assert client.get("/mediations/").status_code == 403


def test_who_signs_sees_that_it_waits(city, log_in):
    ticket = contacted(city, county=True)
    asked(city, ticket)
    submit(city, fresh(ticket), at=at("11-10 10:00"))

    page = log_in(city.county_head).get(f"/approvals/{pending_approval(ticket).pk}/", **HTMX).content.decode()

    assert "等结果" in page
    assert "请主持协商。" in page


def test_a_citys_department_offers_what_answers_for_the_place_and_no_other_countys(city, log_in):
    other = CountyCentreFactory(code="NK-12345", name="南康区热线中心", short_name="南康热线中心")
    GovernanceFactory(unit=city.county, region=city.region)
    for centre, name in ((other, "南康的"), (city.county, "本地的"), (None, "全市的")):
        make_resource(centre, name=name)
    placed, placeless = signed(city, region=city.region), signed(city)

    offered = {
        ticket.region is not None: [
            resource.name
            for resource in log_in(city.handler)
            .get(f"/tickets/{ticket.number}/acts/mediate/")
            .context["form"]
            .fields["resource"]
            .queryset
        ]
        for ticket in (placed, placeless)
    }

    assert offered == {True: ["全市的", "本地的"], False: ["全市的"]}


def asked_by_department(city, ticket):
    services.ask_mediation(
        assignment_id=ticket.lead_id, resource=make_resource(city.county), asked="请主持协商。",
        consent="电话征得同意。", by=city.handler, at=NOW,
    )  # fmt: skip
    return Mediation.objects.get(ticket=ticket)


def test_the_centre_of_the_place_opens_the_ticket_and_the_form_and_no_other_act(city, log_in):
    GovernanceFactory(unit=city.county, region=city.region)
    ticket = signed(city, region=city.region)
    asked_by_department(city, ticket)
    client = log_in(city.county_clerk)

    opened = [
        client.get(f"/tickets/{ticket.number}/{act}").status_code
        for act in ("", "acts/mediation-result/", "acts/pass-down/", "acts/mediate/")
    ]

    assert opened == [200, 200, 409, 409]


def test_the_centre_of_the_place_reads_what_was_asked_of_it_and_nothing_internal(city, log_in):
    """It was taken for a unit above: it read every note, every unit's files and who had called."""
    GovernanceFactory(unit=city.county, region=city.region)
    ticket = signed(city, region=city.region)
    services.add_note(ticket_id=ticket.pk, text="内部研究，先不外传。", by=city.handler, at=NOW)
    mediation = asked_by_department(city, ticket)
    papers = {name: kept(f"%PDF-1.7 {name}".encode(), at=NOW, name=f"{name}.pdf") for name in ("协议书", "内部材料")}
    services.record_mediation(
        mediation_id=mediation.pk, outcome="declined", words="双方没有到场。", files=[papers["协议书"]],
        by=city.county_clerk, at=at("11-10 12:00"),
    )  # fmt: skip
    record = Attachment.objects.get(file=papers["协议书"])
    internal = Attachment.objects.create(
        ticket=ticket,
        assignment=ticket.lead,
        event=ticket.events.get(act="note"),
        file=papers["内部材料"],
        kind="evidence",
    )
    client = log_in(city.county_clerk)

    page = client.get(f"/tickets/{ticket.number}/")
    files = [client.get(f"/tickets/{ticket.number}/files/{each.pk}/") for each in (record, internal)]

    text = page.content.decode()
    assert "内部研究" not in text
    assert "双方没有到场。" in text
    assert page.context["sees_people"] is False
    assert [row.pk for row in page.context["mediations"]] == [mediation.pk]
    assert [answer.status_code for answer in files] == [200, 404]
    files[0].getvalue()
