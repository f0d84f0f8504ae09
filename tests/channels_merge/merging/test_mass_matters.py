"""A matter of very many: one message to all for each reply, calls by sample, and a rating on the web."""

from datetime import timedelta

import pytest

from channels_merge import selectors, services
from channels_merge.models import OutboxMessage
from channels_merge.services import mass
from evaluation import services as evaluation
from evaluation.models import FollowUp
from tests.channels_merge.merging.factories import LAMPS
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, TUESDAY, WEDNESDAY, call, work_on
from tests.factories.tickets import REPLY, fresh
from tickets import services as tickets

LATER = WEDNESDAY + timedelta(hours=1)
PHONES = [f"1380797{number:04}" for number in range(1, 7)]


@pytest.fixture
def many(city, rule):
    """Six callers of one matter where more than four are many; one left a landline. Half are called."""
    rule("mass_matter_appeals", "4")
    rule("mass_followup_sample", "0.5")
    first = make_accepted(at=TUESDAY, phone=PHONES[0])
    for phone in [*PHONES[1:5], "07978123456"]:
        make_accepted(at=TUESDAY, phone=phone, ticket_id=ticket_of(first).pk)
    work_on(city, ticket_of(first))
    return ticket_of(first)


def told(ticket):
    event = ticket.events.get(act="publish_reply")
    return mass.tell_callers(event_id=event.pk)


def test_all_mobiles_get_one_message_for_the_reply(many):
    OutboxMessage.objects.filter(kind="mass_reply").delete()
    assert (told(many), told(many)) == (5, 0)

    rows = OutboxMessage.objects.filter(kind="mass_reply")
    assert {row.appeal.contact.phone for row in rows} == set(PHONES[:5])
    assert REPLY in rows[0].body
    assert rows[0].appeal.number in rows[0].body


def test_a_matter_of_few_gets_none(city, rule):
    first = make_accepted(at=TUESDAY)
    work_on(city, ticket_of(first))

    assert told(ticket_of(first)) == 0
    assert not selectors.is_mass(ticket_of(first).pk, at=ANSWERED_AT)


def test_what_a_lost_task_left_out_is_told_by_the_clock(many):
    OutboxMessage.objects.filter(kind="mass_reply").delete()

    assert mass.tell_missed_callers(since=TUESDAY) == 1
    assert mass.tell_missed_callers(since=TUESDAY) == 0
    assert OutboxMessage.objects.filter(kind="mass_reply").count() == 5


def test_who_was_told_is_called_by_sample_only(many):
    by_message = selectors.not_called(many.pk, round_number=1, at=ANSWERED_AT)
    assert by_message == selectors.not_called(many.pk, round_number=1, at=WEDNESDAY)

    rows = FollowUp.objects.filter(ticket=many)
    exempt = set(rows.filter(why_not="by_message", outcome="exempt").values_list("appeal", flat=True))
    waiting = set(rows.filter(state="waiting").values_list("appeal", flat=True))
    assert (exempt, exempt & waiting, len(exempt | waiting)) == (by_message, set(), 6)
    landline = next(row.appeal_id for row in rows if not row.appeal.contact.phone.startswith("1"))
    assert landline in waiting


def test_of_nobody_sampled_only_the_landline_is_called_and_the_ticket_closes(city, rule):
    rule("mass_matter_appeals", "1")
    rule("mass_followup_sample", "0")
    first = make_accepted(at=TUESDAY, phone=PHONES[0])
    make_accepted(at=TUESDAY, phone="07978123456", ticket_id=ticket_of(first).pk)
    work_on(city, ticket_of(first))
    ticket = ticket_of(first)
    [waiting] = FollowUp.objects.filter(ticket=ticket, state="waiting")
    call(city, waiting, at=WEDNESDAY)

    assert (fresh(ticket).state, fresh(ticket).closing_kind) == ("closed", "resolved")


@pytest.fixture
def rated_by_web(city, rule):
    rule("mass_matter_appeals", "1")
    rule("mass_followup_sample", "0")
    first = make_accepted(at=TUESDAY, phone=PHONES[0])
    make_accepted(at=TUESDAY, phone="07978123456", ticket_id=ticket_of(first).pk)
    work_on(city, ticket_of(first))
    return first


def rate(appeal, at=WEDNESDAY, **said):
    said = {"resolved": "no", "satisfaction": "dissatisfied", "ground": "not_done"} | said
    row = services.rate_appeal(appeal_id=appeal.pk, channel=appeal.channel, by=None, at=at, **said)
    event = appeal.events.get(act="rating", data__interaction=row.pk)
    return evaluation.take_rating(event_id=event.pk, at=at)


def test_whoever_was_told_may_rate_on_the_web_and_a_reviewer_hears_of_a_no(rated_by_web):
    assert rate(rated_by_web, text="夜里还在施工")

    row = FollowUp.objects.get(appeal=rated_by_web)
    assert (row.outcome, row.why_not, row.resolved, row.satisfaction, row.words) == (
        "rated", "", "no", "dissatisfied", "夜里还在施工",
    )  # fmt: skip
    assert row.decision.state == "pending"
    with pytest.raises(services.AppealRefused, match="已经评价过"):
        rate(rated_by_web)


def test_a_rating_on_a_closed_ticket_is_kept_and_reopens_nothing(city, rated_by_web):
    ticket = ticket_of(rated_by_web)
    call(city, FollowUp.objects.get(ticket=ticket, state="waiting"), at=WEDNESDAY)
    assert fresh(ticket).state == "closed"

    assert rate(rated_by_web)
    row = FollowUp.objects.get(appeal=rated_by_web)
    assert (row.outcome, row.satisfaction, hasattr(row, "decision")) == ("rated", "dissatisfied", False)
    assert fresh(ticket).state == "closed"


def test_a_rating_counts_once_also_when_its_appeal_is_moved_to_a_ticket_that_was_answered_earlier(city, rated_by_web):
    rate(rated_by_web, resolved="yes", satisfaction="satisfied", ground="")
    other = make_accepted(at=TUESDAY, text=LAMPS, phone="13800000077")
    work_on(city, ticket_of(other))
    services.link_appeal(
        appeal_id=rated_by_web.pk, ticket_id=ticket_of(other).pk, reason="同一件事", by=city.dispatcher, at=LATER
    )
    evaluation.settle_ticket(ticket_id=ticket_of(other).pk, at=LATER)

    assert evaluation.take_missed_ratings(at=LATER) == 0
    asked = FollowUp.objects.filter(appeal=rated_by_web).order_by("pk")
    assert [(row.outcome, row.state) for row in asked] == [("rated", "concluded"), ("", "waiting")]
    assert asked[1].opened_at == LATER


def test_nor_when_its_ticket_is_merged_into_one_that_was_answered_earlier(city, rated_by_web):
    rate(rated_by_web, resolved="yes", satisfaction="satisfied", ground="")
    other = make_accepted(at=TUESDAY, text=LAMPS, phone="13800000077")
    work_on(city, ticket_of(other))
    tickets.merge_ticket(
        ticket_id=ticket_of(rated_by_web).pk, into_id=ticket_of(other).pk, reason="同", by=city.dispatcher, at=LATER
    )
    evaluation.settle_ticket(ticket_id=ticket_of(other).pk, at=LATER)

    assert evaluation.take_missed_ratings(at=LATER) == 0
    asked = FollowUp.objects.filter(appeal=rated_by_web, ticket=ticket_of(other))
    assert [(row.state, row.opened_at) for row in asked] == [("waiting", LATER)]


def test_what_is_not_chosen_from_the_list_is_refused(rated_by_web):
    for said in ({"resolved": "x"}, {"satisfaction": "not_rated"}):
        with pytest.raises(services.AppealRefused, match="请选择解决了没有"):
            rate(rated_by_web, **said)


def test_the_citizens_page_asks_and_takes_the_rating(rated_by_web, client):
    appeal = rated_by_web
    client.post("/p/track/", {"number": appeal.number, "code": appeal.code})
    assert "解决了没有" in client.get("/p/track/").content.decode()

    answer = client.post("/p/track/rate/", {"resolved": "yes", "satisfaction": "satisfied"})
    assert "您的评价已记下，谢谢。" in answer.content.decode()
    assert appeal.events.filter(act="rating").count() == 1
