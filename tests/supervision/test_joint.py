"""Joint supervision with the petition office: who sees the page, what stands in it, how one is lifted, in which order."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache

from channels_merge.models import JointSupervision, PetitionMatch
from channels_merge.services import petition
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.hotline import UnitFactory, UserFactory
from tests.factories.tickets import NOW, fresh
from tickets import services as tickets
from tickets.models import Ticket

URL = "/joint-supervision/"


def supervise(city, number, *, moment=NOW, dispatched=True):
    """The same matter at the petition office, confirmed and marked by the reviewer."""
    appeal = make_accepted(at=moment, by=city.agent, phone=f"1380797{2000 + number}", title=f"工地夜间施工{number}")
    told = petition.Petition(
        f"XF{number}", appeal.title, appeal.text, moment, "handling", phone=appeal.contact.phone, unit_name="区信访局"
    )
    matter = petition.take_in_petition(petition=told, by=None, at=moment).matter
    petition.match_petition(matter_id=matter.pk, at=moment)
    match = PetitionMatch.objects.get(matter=matter, appeal=appeal)
    if dispatched:
        ticket = ticket_of(appeal)
        tickets.dispatch_ticket(ticket_id=ticket.pk, unit=city.department, item=None, by=city.dispatcher, at=moment)
    petition.confirm_match(match_id=match.pk, by=city.reviewer, at=moment)
    return petition.start_joint_supervision(
        match_id=match.pk, reason=f"两边都没有办结，一起上门{number}。", by=city.reviewer, at=moment
    )


def page_of(client, url=URL):
    answer = client.get(url)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content.decode(), "html.parser")


def cells(page):
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("[data-rows] tbody tr")
    ]


def text_of(found):
    return " ".join(found.get_text(" ").split())


def test_the_list_says_who_marked_what_since_when_and_what_is_due(city, log_in):
    row = supervise(city, 1)

    page = page_of(log_in(city.reviewer))

    ticket = fresh(row.ticket)
    (line,) = cells(page)
    assert line[1:] == [
        "首次联系 11-11 10:00", ticket.number, "工地夜间施工1", "待签收", "市城管局", "今天 10:00", city.reviewer.masked_name,
    ]  # fmt: skip
    (opened,) = page.select("[data-rows] tbody tr")
    assert (opened["data-href"], opened["data-peek-url"]) == (f"/tickets/{ticket.number}/", f"{URL}{row.pk}/")
    peek = text_of(page.select_one("#peek"))
    assert "两边都没有办结，一起上门1。" in peek
    assert "XF1" in peek
    assert "办理中" in peek
    assert "区信访局" in peek
    assert text_of(page.select_one("#peek [data-act]")) == "解除联合督导 u"
    assert text_of(page_of(log_in(city.reviewer), f"{URL}{row.pk}/").select_one(".sec .read")) == row.reason


def test_a_matter_that_no_unit_has_yet_and_one_whose_hold_was_released(city, log_in):
    row = supervise(city, 1, dispatched=False)
    tickets.release_hold(hold_id=row.hold_id, reason="先放开。", by=city.reviewer, at=NOW)

    page = page_of(log_in(city.reviewer))

    assert cells(page)[0][5] == "—"
    assert "工单上的保留已解除。" in text_of(page.select_one("#peek"))


def test_it_is_lifted_with_a_reason_and_stands_under_lifted(city, log_in):
    row = supervise(city, 1)
    client = log_in(city.reviewer)
    url = f"{URL}{row.pk}/lift/"

    assert "解除以后工单可以办结" in client.get(url).content.decode()
    assert client.post(url, {"text": " "}).status_code == 422
    assert (JointSupervision.objects.get().lifted_at, Ticket.objects.get().open_hold_count) == (None, 1)
    answer = client.post(url, {"text": "已停工整改。"})

    assert (answer.status_code, answer.headers["Location"]) == (303, URL)
    row = JointSupervision.objects.get()
    assert (row.lifted_by, row.lifted_at, row.lift_reason) == (city.reviewer, NOW, "已停工整改。")
    assert Ticket.objects.get().open_hold_count == 0
    assert "没有正在联合督导的" in text_of(page_of(client).select_one(".list"))
    lifted = page_of(client, f"{URL}?tab=lifted")
    assert cells(lifted)[0][0] == "今天 10:00"
    assert "已停工整改。" in text_of(lifted.select_one("#peek"))
    assert lifted.select("#peek [data-act]") == []
    again = client.post(url, {"text": "再解除。"})
    assert (again.status_code, "没有正在进行的联合督导。" in again.content.decode()) == (422, True)


REFUSED = "您的岗位没有这项权限。"


@pytest.mark.parametrize(
    "who", ["agent", "dispatcher", "caller", "leader", "county_clerk", "handler", "liaison", "head"]
)
def test_others_are_refused_and_nothing_is_lifted(city, log_in, who):
    row = supervise(city, 1)
    client = log_in(getattr(city, who))

    answers = [client.get(URL), client.get(f"{URL}{row.pk}/"), client.post(f"{URL}{row.pk}/lift/", {"text": "解除。"})]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert {text_of(BeautifulSoup(one.content.decode(), "html.parser").select_one(".lead-in")) for one in answers} == {
        REFUSED
    }
    assert JointSupervision.objects.get().lifted_at is None


def test_the_petition_office_and_the_channel_manager_are_refused_too(city, log_in):
    supervise(city, 1)
    office = UserFactory(unit=UnitFactory(short_name="市信访局", function="petition"), roles=("petition_officer",))
    manager = UserFactory(unit=city.centre, roles=("channel_manager",))

    assert [log_in(user).get(URL).status_code for user in (office, manager)] == [403, 403]


def test_a_restricted_ticket_is_not_there_for_whoever_is_not_named(city, log_in):
    row = supervise(city, 1)
    Ticket.objects.filter(pk=row.ticket_id).update(secrecy="restricted")
    client = log_in(city.reviewer)

    assert cells(page_of(client)) == []
    assert [client.get(f"{URL}{row.pk}/").status_code, client.get(f"{URL}{row.pk}/lift/").status_code] == [404, 404]


def test_the_longest_supervised_is_on_top_and_the_list_pages_by_key(city, log_in, monkeypatch):
    monkeypatch.setattr("tickets.selectors.lists.PAGE_ROWS", 2)
    rows = [
        supervise(city, number, moment=NOW + timedelta(minutes=3 - number), dispatched=False) for number in range(3)
    ]
    client = log_in(city.reviewer)

    first = page_of(client)
    second = page_of(client, f"{URL}{first.select_one('.pager a')['href']}")

    shown = [line[2] for page in (first, second) for line in cells(page)]
    assert shown == [row.ticket.number for row in reversed(rows)]


@pytest.mark.parametrize("tab", ["", "lifted"])
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(city, log_in, django_assert_num_queries, count, tab):
    for number in range(count):
        row = supervise(city, number)
        if tab:
            petition.lift_joint_supervision(match_id=row.match_id, reason="办好了。", by=city.reviewer, at=NOW)
    client = log_in(city.reviewer)
    client.get(URL)

    with django_assert_num_queries(5):
        page = page_of(client, f"{URL}?tab={tab}")

    assert len(cells(page)) == count


def test_the_rail_counts_them_and_burns_when_a_hold_was_released(city, log_in):
    row = supervise(city, 1)
    assert rail(log_in(city.reviewer)) == (1, False)

    tickets.release_hold(hold_id=row.hold_id, reason="先放开。", by=city.reviewer, at=NOW)
    assert rail(log_in(city.reviewer)) == (1, True)


def rail(client):
    cache.clear()
    entry = next(one for one in client.get(URL).context["shell"].rail if one["url"] == URL)
    return entry["count"], entry["hot"]


def test_the_wall_counts_them_for_the_leader_and_leads_the_reviewer_there(city, log_in, time_machine_at):
    supervise(city, 1)
    time_machine_at("11-10 10:00")

    def joint_of(user):
        bar = page_of(log_in(user), "/supervision/").select_one(".bar")
        found = next(one for one in bar.select("span.m2") if "联合督导" in one.get_text())
        return text_of(found), found.a["href"] if found.a else ""

    assert joint_of(city.reviewer) == ("联合督导 1", URL)
    assert joint_of(city.leader) == ("联合督导 1", "")
