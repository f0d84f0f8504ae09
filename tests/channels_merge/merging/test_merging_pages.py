"""The pages of merging: what they show, what they cost, and what is told to whoever was slower."""

from datetime import timedelta

import pytest
import time_machine

from channels_merge.models import AppealLink, FrequentCaller, MergeProposal, MergeSwitch, Repeat, ThresholdProposal
from channels_merge.services import linking, merging
from hotline.dates import local_day
from responsibility.models import Category
from tests.channels_merge.merging.factories import FIRST_PHONE, LATER, NOISE, a_pair, by_machine, by_phone, look
from tests.factories.channels_merge import NOON, ChannelFactory, make_accepted, ticket_of
from tests.factories.tickets import fresh
from tickets.models import Ticket

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def as_user(client, city):
    def open_as(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    with time_machine.travel(LATER, tick=False):
        yield open_as


def act(client, proposal, code, *, next_id="", **posted):
    return client.post(f"/merging/{proposal.pk}/acts/{code}/", {"next": next_id, **posted}, **HTMX)


def test_the_worklist_shows_the_first_pair_side_by_side(city, as_user):
    proposal, first, second = a_pair()
    html = as_user(city.dispatcher).get("/merging/").content.decode()

    assert f'data-peek-of="{proposal.pk}"' in html
    assert f"是同一件，就受理 {second.number}，并入 {ticket_of(first).number}" in html
    assert "<mark>泵车噪声" in html
    assert "都说到" in html


def test_enter_settles_and_the_next_pair_is_in_the_answer(city, as_user):
    proposal, first, _ = a_pair()
    other = look(by_machine(phone="13800000005", text=NOISE))[0]
    answer = act(as_user(city.dispatcher), proposal, "same", next_id=other.pk, how="accept")

    html = answer.content.decode()
    assert (answer.status_code, fresh(proposal).state) == (200, "confirmed")
    assert f'data-peek-of="{other.pk}"' in html
    assert f'<div id="row-{proposal.pk}" hx-swap-oob="delete">' in html
    assert f"已受理，并入 {ticket_of(first).number}。" in html
    assert f'action="/merging/{proposal.pk}/undo/"' in html

    answer = act(as_user(city.dispatcher), other, "other")
    assert (answer["HX-Redirect"], fresh(other).state) == ("/merging/", "refused")
    assert as_user(city.dispatcher).post(f"/merging/{other.pk}/undo/")["Location"] == f"/merging/?at={other.pk}"
    assert fresh(other).state == "open"


def test_whoever_was_slower_is_told_in_a_sentence(city, as_user):
    proposal, _, _ = a_pair()
    merging.refuse_proposal(proposal_id=proposal.pk, by=city.dispatcher2, at=LATER)
    answer = act(as_user(city.dispatcher), proposal, "same", how="accept")

    assert (answer.status_code, answer.content.decode()) == (
        409, "李*已于 13:00 记为“不是同一件”，没有重复办理。",
    )  # fmt: skip


def test_without_scripts_the_same_works(city, as_user):
    proposal, _, _ = a_pair()
    client = as_user(city.dispatcher)
    assert client.post(f"/merging/{proposal.pk}/acts/later/")["Location"] == "/merging/"
    assert client.post(f"/merging/{proposal.pk}/acts/same/", {"how": "merge"})["Location"] == "/merging/"
    assert "这一对刚有变化，请看过再定。" in client.get("/merging/").content.decode()
    assert (client.post(f"/merging/{proposal.pk}/acts/none/").status_code, fresh(proposal).state) == (404, "open")


def test_what_is_put_off_stands_at_the_end_of_the_list(city, as_user):
    """It was said to be there, and the page had one pair less than its own count."""
    first, *_ = a_pair()
    other = look(by_machine(phone="13800000005", text=NOISE))[0]
    MergeProposal.objects.update(sort_at=NOON)
    client = as_user(city.dispatcher)

    answer = act(client, first, "later", next_id=other.pk)
    page = client.get(answer["HX-Redirect"])

    assert answer["HX-Redirect"] == f"/merging/?at={other.pk}"
    assert [row.pk for row in page.context["rows"]] == [other.pk, first.pk]
    assert page.context["proposal"].pk == other.pk


def test_the_reviewer_reads_and_settles_nothing(city, as_user):
    proposal, _, _ = a_pair()
    client = as_user(city.reviewer)

    page = client.get("/merging/").content.decode()
    assert "由派单员核对，您的岗位只看。" in page
    assert ("是同一件 <kbd>" in page, "以后再看" in page) == (False, False)
    assert act(client, proposal, "other").status_code == 403
    assert as_user(city.agent).get("/merging/").status_code == 403
    assert fresh(proposal).state == "open"


def pairs(number):
    by_phone()
    for i in range(number):
        look(by_machine(phone=f"1380000010{i}"))


@pytest.mark.parametrize("number", [1, 3])
def test_the_worklist_costs_the_same_for_one_pair_and_three(city, as_user, django_assert_num_queries, number):
    pairs(number)
    client = as_user(city.dispatcher)
    client.get("/merging/")

    with django_assert_num_queries(11):
        assert len(client.get("/merging/").context["rows"]) == number


def many(number, *, appeals=5):
    for i in range(number):
        first = make_accepted(phone=f"138001{i:05}", text=NOISE, place="锦江花园")
        for j in range(1, appeals):
            at = NOON - timedelta(days=j)
            make_accepted(phone=f"139{i:03}{j:05}", at=at, ticket_id=ticket_of(first).pk, place="锦江花园东门")


@pytest.mark.parametrize("number", [1, 3])
def test_matters_of_many_with_growth_and_places(city, as_user, django_assert_num_queries, number):
    many(number)
    client = as_user(city.dispatcher)
    client.get("/merging/matters/")

    with django_assert_num_queries(9):
        answer = client.get("/merging/matters/")
    rows = answer.context["rows"]
    assert [(one.appeals, one.today, one.week) for one in rows] == [(5, 1, 5)] * number
    assert rows[0].places == [("锦江花园东门", 4), ("锦江花园", 1)]
    assert 'aria-label="近 14 天每天新增 0、0、0、0、0、0、0、0、0、1、1、1、1、1"' in answer.content.decode()


def test_who_withdrew_is_counted_neither_for_the_list_nor_in_it(city, as_user):
    many(2, appeals=6)
    for ticket, gone in zip(Ticket.objects.order_by("pk"), (1, 3), strict=True):
        for link in AppealLink.objects.filter(ticket=ticket).order_by("pk")[:gone]:
            linking.withdraw_appeal(
                appeal_id=link.appeal_id, channel=link.appeal.channel, reason="好了", by=None, at=LATER
            )

    [row] = as_user(city.dispatcher).get("/merging/matters/").context["rows"]
    assert (row.ticket, row.appeals) == (Ticket.objects.order_by("pk")[0], 5)


def test_what_was_merged_in_counts_with_the_lead(city, as_user):
    many(2, appeals=4)
    assert as_user(city.dispatcher).get("/merging/matters/").context["rows"] == []
    first, second = Ticket.objects.order_by("pk")
    merging.tickets.merge_ticket(ticket_id=second.pk, into_id=first.pk, reason="同", by=city.dispatcher, at=LATER)

    [row] = as_user(city.dispatcher).get("/merging/matters/").context["rows"]
    assert (row.ticket, row.appeals) == (first, 8)


def test_a_number_that_came_too_often_is_looked_at_and_noted(city, as_user):
    appeal = by_phone(phone=FIRST_PHONE)
    row = FrequentCaller.objects.create(
        phone_index=appeal.contact.phone_index, latest=appeal, day=local_day(LATER), count=11, last_at=LATER
    )
    client = as_user(city.reviewer)
    html = client.get("/merging/callers/").content.decode()
    assert "138****0001" in html
    assert FIRST_PHONE not in html

    assert client.post(f"/merging/callers/{row.pk}/seen/", {}, **HTMX).status_code == 422
    client.post(f"/merging/callers/{row.pk}/seen/", {"text": "已电话沟通"}, **HTMX)
    assert (fresh(row).said, fresh(row).seen_by) == ("已电话沟通", city.reviewer)
    assert "138****0001" not in client.get("/merging/callers/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_callers_cost_the_same(city, as_user, django_assert_num_queries, number):
    for i in range(number):
        appeal = by_phone(phone=f"1380000020{i}")
        FrequentCaller.objects.create(
            phone_index=appeal.contact.phone_index, latest=appeal, day=local_day(LATER), count=10, last_at=LATER
        )
    client = as_user(city.reviewer)
    client.get("/merging/callers/")
    with django_assert_num_queries(5):
        assert len(client.get("/merging/callers/").context["rows"]) == number


def repeat(number):
    """So many people who told of one matter each, three times, the last ones a day later than those before."""
    for i in range(number):
        first, second, third = (by_phone(phone=f"1380000030{i}", at=NOON - timedelta(days=9 - i)) for _ in range(3))
        for one in (second, third):
            Repeat.objects.create(appeal=one, first=first, after_closing=one == third, at=one.received_at)


@pytest.mark.parametrize("number", [1, 3])
def test_repeats_cost_the_same(city, as_user, django_assert_num_queries, number):
    repeat(number)
    client = as_user(city.reviewer)
    client.get("/merging/repeats/")
    with django_assert_num_queries(6):
        rows = client.get("/merging/repeats/").context["rows"]
    assert [(one.times, one.after_closing) for one in rows] == [(3, 1)] * number


def test_repeats_go_on_by_key_from_page_to_page(city, as_user, monkeypatch):
    monkeypatch.setattr("tickets.selectors.lists.PAGE_ROWS", 2)
    repeat(3)
    client = as_user(city.reviewer)
    page = client.get("/merging/repeats/")
    following = client.get(f"/merging/repeats/{page.context['next_url']}")

    shown = [one.first.contact.phone[-1] for answer in (page, following) for one in answer.context["rows"]]
    assert (shown, following.context["next_url"]) == (["2", "1", "0"], "")
    assert as_user(city.dispatcher).get("/merging/repeats/").status_code == 403


@pytest.mark.parametrize("number", [1, 3])
def test_how_well_it_goes_costs_the_same(city, as_user, django_assert_num_queries, number):
    for i in range(number):
        top = Category.objects.create(code=f"9{i}", name="城市管理", level=1)
        merging.switch_on(category=top, by=city.reviewer, at=LATER)
    client = as_user(city.reviewer)
    client.get("/merging/quality/")
    with django_assert_num_queries(10):
        assert len(client.get("/merging/quality/").context["switches"]) == number


def test_switches_and_thresholds_are_set_on_the_page(city, as_user):
    client = as_user(city.reviewer)
    ChannelFactory()
    assert client.post("/merging/switches/new/", {}, **HTMX).status_code == 422
    client.post("/merging/switches/new/", {"channel": "web"}, **HTMX)
    switch = MergeSwitch.objects.get()
    assert (switch.channel.code, switch.off_at) == ("web", None)
    client.post(f"/merging/switches/{switch.pk}/off/", {}, **HTMX)
    assert fresh(switch).off_by == city.reviewer

    row = ThresholdProposal.objects.create(value="0.88", decisions=40, confirmed=39, found_at=LATER)
    assert "门槛建议改为" in client.get("/merging/quality/").content.decode()
    assert "采用门槛 88%" in client.get(f"/merging/thresholds/{row.pk}/adopt/", **HTMX).content.decode()
    client.post(f"/merging/thresholds/{row.pk}/adopt/", {}, **HTMX)
    page = client.get("/merging/quality/")
    assert (fresh(row).state, str(page.context["in_force"])) == ("adopted", "0.88")
    assert client.post(f"/merging/thresholds/{row.pk}/none/", {}, **HTMX).status_code == 404
    assert as_user(city.dispatcher).post("/merging/switches/new/", {"channel": "web"}).status_code == 403


def test_the_threshold_of_proposing_is_taken_from_its_table(city, as_user):
    client = as_user(city.reviewer)
    assert "提请核对的门槛" in client.get("/merging/quality/").content.decode()
    assert client.get("/merging/propose-from/51/").status_code == 404

    client.post("/merging/propose-from/60/", {}, **HTMX)

    page = client.get("/merging/quality/")
    assert str(page.context["propose_steps"][0].value) == "0.6"
    assert as_user(city.dispatcher).post("/merging/propose-from/70/").status_code == 403
