"""The caller told another platform: the follow-up is concluded with what was said there."""

import json

import pytest

from channels_merge import services as channels
from channels_merge.models import Channel, Line, OutboxMessage
from channels_merge.services.inbound import as_body
from evaluation import services
from evaluation.models import FollowUp, ReviewDecision
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, TUESDAY, WEDNESDAY, call, replied, work_on
from tests.factories.tickets import at, fresh
from tickets.models import Ticket


@pytest.fixture
def line(city):
    channels.sync_lines()
    return Line.objects.get(channel__code="province")


def answered(city, number, **kwargs):
    """The follow-up of a matter of the province that has been answered."""
    appeal = make_accepted(at=TUESDAY, channel=Channel.objects.get(code="province"), source_number=number, **kwargs)
    work_on(city, ticket_of(appeal))
    services.settle_ticket(ticket_id=ticket_of(appeal).pk, at=ANSWERED_AT)
    return FollowUp.objects.get(appeal=appeal)


@pytest.fixture
def follow_up(city, line):
    return answered(city, "JX-1")


def rate(line, *, at=WEDNESDAY, message_id="r1", number="JX-1", **data):
    sent = {"message_id": message_id, "event": "rating", "number": number, "data": data}
    channels.store_message(line=line, body=as_body(sent), at=at)
    channels.take_in_due(at=at)


def test_a_good_rating_concludes_and_closes(line, follow_up, committing):
    with committing():
        rate(line, satisfaction="satisfied", resolved="yes", text="很好。")

    follow_up.refresh_from_db()
    assert (follow_up.outcome, follow_up.satisfaction, follow_up.words, follow_up.concluded_by) == (
        "rated", "satisfied", "很好。", None,
    )  # fmt: skip
    assert fresh(follow_up.ticket).state == "closed"


def test_a_serious_ground_comes_before_a_reviewer(line, follow_up, committing):
    with committing():
        rate(line, satisfaction="dissatisfied", resolved="no", ground="not_done")

    assert ReviewDecision.objects.get().ground == "not_done"
    assert fresh(follow_up.ticket).state == "pending_followup"


def test_a_ground_of_their_own_is_another(line, follow_up, committing):
    with committing():
        rate(line, satisfaction="dissatisfied", resolved="partly", ground="态度生硬")

    follow_up.refresh_from_db()
    assert (follow_up.satisfaction, follow_up.ground) == ("dissatisfied", "other")


def test_a_lost_message_is_made_good_and_nothing_is_taken_twice(line, follow_up):
    rate(line, satisfaction="basically", resolved="yes")
    follow_up.refresh_from_db()
    assert follow_up.state == "waiting"

    assert services.take_missed_ratings(at=WEDNESDAY) == 1
    assert services.take_missed_ratings(at=WEDNESDAY) == 0
    follow_up.refresh_from_db()
    assert follow_up.satisfaction == "basically"


def test_what_was_said_before_the_reply_or_says_nothing_leaves_the_call_to_us(line, follow_up):
    rate(line, satisfaction="dissatisfied", resolved="no", at=TUESDAY)
    rate(line, satisfaction="not_rated", resolved="yes", message_id="r2")

    assert services.take_missed_ratings(at=WEDNESDAY) == 0
    follow_up.refresh_from_db()
    assert follow_up.state == "waiting"


def test_what_was_said_of_an_earlier_round_keeps_no_other_waiting(city, line, follow_up):
    """Told by message, then done again: the rating came too late, and stays without an answer for ever."""
    other = answered(city, "JX-2", phone="13900000002")
    rate(line, satisfaction="satisfied", resolved="yes")
    FollowUp.objects.filter(pk=follow_up.pk).update(
        state="concluded", outcome="exempt", why_not="by_message", satisfaction="not_rated", concluded_at=ANSWERED_AT
    )
    Ticket.objects.filter(pk=follow_up.ticket_id).update(round=2)
    rate(line, satisfaction="satisfied", resolved="yes", message_id="r2", number="JX-2")

    assert services.take_missed_ratings(at=WEDNESDAY, most=1) == 1
    other.refresh_from_db()
    assert other.satisfaction == "satisfied"


# --- what our call got goes back to the line


def sent_back():
    return [json.loads(row.body) for row in OutboxMessage.objects.filter(kind="rating").order_by("pk")]


@pytest.fixture
def told(line):
    """The line has an address to be told at."""
    channels.issue_line_secret(line_id=line.pk, by=None, at=TUESDAY)
    Line.objects.filter(pk=line.pk).update(push_url="https://province.example/inbox")


@pytest.mark.usefixtures("told")
def test_what_the_caller_told_us_goes_back_to_the_line_that_sent_the_matter(city, follow_up):
    call(
        city,
        follow_up,
        resolved="no",
        satisfaction="dissatisfied",
        ground="nobody_came",
        words="没人来，拨 13912345678。",
    )

    [message] = sent_back()
    assert (message["event"], message["number"], message["our_number"]) == ("rating", "JX-1", follow_up.appeal.number)
    assert message["data"] == {
        "status": "rated",
        "resolved": "no",
        "satisfaction": "dissatisfied",
        "ground": "nobody_came",
        "text": "没人来，拨 139****5678。",
        "round": 1,
    }


@pytest.mark.usefixtures("told")
def test_whom_we_did_not_reach_is_said_when_trying_is_over_and_not_before(city, follow_up):
    for moment in ("11-11 10:00", "11-11 15:00"):
        call(city, follow_up, result="no_answer", at=at(moment))
    assert sent_back() == []
    call(city, follow_up, result="no_answer", at=at("11-12 10:00"))

    [message] = sent_back()
    assert message["data"] == {
        "status": "unreachable",
        "satisfaction": "not_rated",
        "why_not": "attempts_used",
        "round": 1,
    }


@pytest.mark.usefixtures("told")
def test_a_line_is_not_told_what_it_told_us_nor_of_appeals_of_others(city, line, follow_up, committing):
    own = replied(city).follow_ups[0]
    call(city, own)
    with committing():
        rate(line, satisfaction="satisfied", resolved="yes")

    assert fresh(follow_up).state == "concluded"
    assert sent_back() == []


def test_a_line_without_an_address_is_told_nothing(city, follow_up):
    call(city, follow_up)

    assert sent_back() == []
