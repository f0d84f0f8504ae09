"""Random walks through the services: whoever does what when, a ticket is never left half done or forgotten.

Two tickets, one with two callers and one with one, who add, withdraw and are moved between them. After every step everybody who waits has a
limit, an answer or a word, and every open ticket has something that somebody must do next.
"""

from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_merge import services as channels
from channels_merge.models import Appeal, AppealClock, AppealLink, Channel, OutboxMessage
from evaluation import services as evaluation
from evaluation.models import FollowUp, ReviewDecision
from hotline import services as hotline
from hotline.errors import DomainError
from tests.factories.channels_merge import make_accepted, ticket_of
from tests.factories.evaluation import add_callers
from tests.factories.tickets import NOW, REPLY, make_item
from tickets import services
from tickets.models import (
    Approval,
    Assignment,
    ExtensionRequest,
    Note,
    Objection,
    OnSiteRecord,
    Reply,
    ReturnRequest,
    Ticket,
    TicketClock,
    TicketEvent,
    TicketHold,
)

LIVE = {"pending_sign", "signed", "return_requested", "submitted"}
GONE = {"taken_back", "handed_over"}
OUT_OF_SIGHT = {"closed", "merged", "voided"}
AT_THE_CENTRE = {"pending_dispatch", "pending_info", "pending_ruling"}
# Here the limits of the rooms above run: of the follow-up, and of the reviewer's decision.
TIMED_ABOVE = {"pending_followup"}
MODELS = (
    Ticket,
    Assignment,
    TicketClock,
    TicketEvent,
    Reply,
    ReturnRequest,
    ExtensionRequest,
    Approval,
    TicketHold,
    Note,
    OnSiteRecord,
    Objection,
    Appeal,
    AppealLink,
    AppealClock,
    FollowUp,
    ReviewDecision,
    OutboxMessage,
)


def picture():
    """Every row that an act may change: model → key → its columns."""
    return {model: {row["id"]: row for row in model.objects.order_by("pk").values()} for model in MODELS}


# --- what could be done next


class Move(NamedTuple):
    act: str
    by: str
    """Whose act it is. Now and then somebody else tries."""
    words: dict


WHY = {"reason": "经核。"}
RESULT = {"resolved": "yes", "public_text": REPLY, "standard_met": True, "missing_co_reason": "来不及。"}
HANDLERS = ("handler", "other_handler", "third_handler", "enterprise_handler", "county_clerk", "county_handler")
HEADS = ("head", "other_head", "third_head", "county_clerk2", "county_head", "reviewer2")
OF_A_STATE = {
    "pending_info": [Move("give_information", "agent", {"information": "东门。"})],
    "pending_sign": [Move("recall_ticket", "dispatcher", WHY)],
    "return_review": [],
    "in_progress": [Move("defer_ticket", "reviewer", WHY), Move("recall_ticket", "dispatcher", WHY)],
    "completion_review": [],
    "pending_followup": [
        Move("close_ticket", "reviewer", {"closing_kind": "resolved"}),
        Move("redo_ticket", "reviewer", WHY),
    ],
    "deferred": [
        Move("keep_deferred", "reviewer", WHY),
        Move("resume_ticket", "reviewer", WHY),
        Move("conclude_deferred", "reviewer", {"public_text": REPLY, **WHY}),
    ],
    "closed": [Move("reopen_ticket", "reviewer", {"same_unit": same, **WHY}) for same in (True, False)],
    "merged": [Move("unmerge_ticket", "dispatcher", WHY)],
    "voided": [Move("restore_ticket", "dispatcher", WHY)],
}
ASIDE = [
    Move("give_information", "agent", {"information": "东门。"}),
    Move("add_note", "dispatcher", {"text": "已了解。"}),
    Move("place_hold", "reviewer", {"source": "督办", **WHY}),
    Move("void_ticket", "dispatcher", WHY),
    Move("close_as_withdrawn", "reviewer", WHY),
]
DECISIONS = {
    ReturnRequest: ("grant_return", "refuse_return", "dispute_return"),
    ExtensionRequest: ("grant_extension", "refuse_extension"),
}


def waiting(rows, column):
    return [row for row in rows.values() if row[column] == "pending"]


class World:
    def __init__(self, city):
        self.city = city
        self.people = [name for name, value in vars(city).items() if hasattr(value, "employment")]
        self.at = NOW
        self.item = make_item(township_role="lead")
        add_callers(city)
        self.phone = Channel.objects.get(code="phone")
        first = make_accepted(at=NOW, phone="13807970001")
        second = make_accepted(at=NOW, phone="", urgency="urgent")
        self.tickets = [ticket_of(first).pk, ticket_of(second).pk]
        also = make_accepted(at=NOW, phone="13807970010", ticket_id=self.tickets[0])
        self.appeals = [first.pk, second.pk, also.pk]

    def one_of(self, names, unit_id):
        return next((name for name in names if getattr(self.city, name).unit_id == unit_id), names[0])

    def road(self, seen):
        """What moves a ticket on, by those whose turn it is."""
        for pk, ticket in seen[Ticket].items():
            yield from self.of_ticket({"ticket_id": pk}, ticket["state"])
        for pk, part in seen[Assignment].items():
            hidden = seen[Ticket][part["ticket_id"]]["state"] in OUT_OF_SIGHT
            if part["state"] in LIVE and not hidden:
                yield from self.of_a_part({"assignment_id": pk}, part)
        for model, acts in DECISIONS.items():
            for request in waiting(seen[model], "decision"):
                yield from self.of_a_request(acts, request, seen[Assignment][request["assignment_id"]])
        for approval in waiting(seen[Approval], "state"):
            yield from self.of_an_approval({"approval_id": approval["id"]}, approval)

    def of_ticket(self, key, state):
        city = self.city
        moves = OF_A_STATE.get(state, [])
        if state == "pending_dispatch":
            helped = {"item": self.item, "co_units": [city.third], "superior": city.enterprise}
            moves = [
                Move("dispatch_ticket", "dispatcher", {"unit": city.department, "item": None}),
                Move("dispatch_ticket", "dispatcher", {"unit": city.county, **helped}),
                Move("dispatch_ticket", "dispatcher", {"unit": city.other, **helped}),
                Move("ask_information", "dispatcher", {"question": "门牌？"}),
                Move("revise_ticket", "dispatcher", {"changes": {"urgency": "urgent"}}),
                Move("answer_by_centre", "dispatcher", {"public_text": REPLY}),
                Move("refer_to_ruling", "dispatcher", WHY),
            ]
        elif state == "pending_ruling":
            moves = [
                Move("rule_first_handler", "reviewer", {"unit": city.third, "item": None, **WHY}),
                Move("rule_not_government", "reviewer", {"public_text": REPLY, **WHY}),
            ]
        return [move._replace(words={**key, **move.words}) for move in moves]

    def of_a_part(self, key, part):
        by = self.one_of(HANDLERS, part["unit_id"])
        if part["role"] == "copy":
            return
        if part["state"] == "pending_sign":
            yield from [Move("sign_assignment", by, key)] * 3
        yield Move("request_return", by, {"ground": "not_our_duty", **key, **WHY})
        if not part["objectable"]:
            yield from [Move("raise_objection", by, {**key, **WHY})] * 2
        if part["state"] == "signed" and part["role"] == "lead":
            yield from [Move("submit_result", by, {**key, **RESULT})] * 2
            yield Move("request_extension", by, {"days": 1, **key, **WHY})
            if part["contacted_at"] is None:
                yield from [Move("record_contact", by, {"reached": True, **key})] * 2
            if part["unit_id"] == self.city.county.pk:
                down = {"unit": self.city.county_department, "item": self.item, "co_units": [self.city.township]}
                yield Move("pass_down", by, {**key, **down})
            there = {"found": "已清理。", "place": "东门", "visited_at": self.at}
            yield Move("record_onsite", by, {**key, **there})
            yield Move("name_handler", by, {**key, "handler": getattr(self.city, by)})
        elif part["state"] == "signed":
            yield Move("report_as_co", by, {"text": "校方已配合，提供了照片。", **key})

    def of_a_request(self, acts, request, part):
        decider = "county_clerk2" if part["parent_id"] else "reviewer"
        return [Move(act, decider, {"request_id": request["id"], **WHY}) for act in acts]

    def of_an_approval(self, key, approval):
        by = self.one_of(HEADS, approval["unit_id"])
        return [Move("approve", by, key), Move("approve", by, key), Move("send_back", by, {**key, **WHY})]

    def aside(self, seen):
        """What crosses the road, in season and out."""
        for pk, other in zip(self.tickets, reversed(self.tickets), strict=True):
            yield Move("merge_ticket", "dispatcher", {"ticket_id": pk, "into_id": other, **WHY})
            yield Move("recall_ticket", "dispatcher", {"ticket_id": pk, **WHY})
            yield Move("add_co_unit", "dispatcher", {"ticket_id": pk, "unit": self.city.other, "task": "断电。"})
            yield from (move._replace(words={"ticket_id": pk, **move.words}) for move in ASIDE)
        for pk, part in seen[Assignment].items():
            if part["parent_id"]:
                yield Move("take_back_child", "county_clerk", {"assignment_id": pk, **WHY})
            if part["state"] in LIVE:
                heir = self.city.township if part["parent_id"] else self.city.third
                yield Move("hand_over_part", "reviewer", {"assignment_id": pk, "unit_to": heir, **WHY})
        yield from self.of_the_callers(seen)
        for pk, objection in seen[Objection].items():
            if objection["state"] == "open":
                ruled = {"unit": self.city.other, "item": None, **WHY}
                yield from [Move("rule_objection", "reviewer2", {"objection_id": pk, **ruled})] * 5
        for pk in seen[TicketHold]:
            yield from [Move("release_hold", "reviewer", {"hold_id": pk, **WHY})] * 3

    def of_the_callers(self, seen):
        for pk in self.appeals:
            key = {"appeal_id": pk}
            yield from [Move("withdraw_appeal", "agent", {**key, "channel": self.phone, "reason": "不用了。"})] * 4
            yield Move("supplement_appeal", "agent", {**key, "channel": self.phone, "text": "东门。"})
            yield Move("unlink_appeal", "dispatcher", {**key, **WHY})
            yield from [Move("link_appeal", "dispatcher", {**key, "ticket_id": to, **WHY}) for to in self.tickets]
        for pk, decision in seen[ReviewDecision].items():
            if decision["state"] == "pending":
                words = {"decision_id": pk, "verdict": "close", "sentence": "都撤回了。"}
                yield from [Move("decide", "reviewer2", words)] * 5

    def settle(self):
        """What tasks do after the commit of an act."""
        for pk in Ticket.objects.order_by("pk").values_list("pk", flat=True):
            evaluation.settle_ticket(ticket_id=pk, at=self.at)
            channels.settle_citizen_clocks(ticket_id=pk, at=self.at)


# --- what holds after every step


def check(seen):
    for ticket in seen[Ticket].values():
        of_it = {
            model: [row for row in seen[model].values() if row.get("ticket_id") == ticket["id"]] for model in MODELS
        }
        parts = {row["id"]: row for row in of_it[Assignment]}
        running = [row for row in of_it[TicketClock] if row["stopped_at"] is None]
        check_events(ticket, of_it[TicketEvent])
        if ticket["is_open"]:
            check_open(ticket, parts, running, of_it)
        else:
            assert ticket["state"] in OUT_OF_SIGHT
            assert running == []
        assert {parts[clock["assignment_id"]]["state"] for clock in running if clock["assignment_id"]} <= LIVE
        assert ticket["open_hold_count"] == sum(hold["released_at"] is None for hold in of_it[TicketHold])
        assert ticket["has_objection"] is any(row["state"] == "open" for row in of_it[Objection])
        assert ticket["merged_count"] == sum(row["merged_into_id"] == ticket["id"] for row in seen[Ticket].values())
    check_callers(seen)
    for model in DECISIONS:
        asking = [request["assignment_id"] for request in waiting(seen[model], "decision")]
        assert {seen[Assignment][pk]["state"] for pk in asking} <= LIVE


def check_events(ticket, events):
    assert [event["source"] for event in events[1:]] == [event["target"] for event in events[:-1]]
    assert events[-1]["target"] == ticket["state"]


def check_open(ticket, parts, running, of_it):
    state = ticket["state"]
    if ticket["lead_id"] is None:
        answered_by_the_centre = any(reply["assignment_id"] is None for reply in of_it[Reply])
        assert state in AT_THE_CENTRE or answered_by_the_centre
        assert ticket["holder_id"] is None
    else:
        assert state not in AT_THE_CENTRE
        chain = [parts[ticket["holder_id"]]]
        while chain[-1]["parent_id"]:
            chain.append(parts[chain[-1]["parent_id"]])
        assert chain[-1]["id"] == ticket["lead_id"]
        assert GONE.isdisjoint(part["state"] for part in chain)
        assert (state == "return_review") is (chain[-1]["state"] == "return_requested")
    assert running != [] or state in TIMED_ABOVE
    if state == "pending_followup":
        called = [row for row in of_it[FollowUp] if row["state"] == "waiting" and row["round"] == ticket["round"]]
        decided = [row for row in of_it[ReviewDecision] if row["state"] == "pending"]
        assert called or decided or ticket["open_hold_count"]
    in_review = [row for row in of_it[Approval] if row["state"] == "pending"]
    assert len(in_review) == (state == "completion_review")


def check_callers(seen):
    """Nobody who still waits is left without a limit, an answer or a word; a ticket knows whether anybody does."""
    live = dict.fromkeys(seen[Ticket], 0)
    timed = {row["appeal_id"] for row in seen[AppealClock].values() if row["stopped_at"] is None}
    told = {row["appeal_id"] for row in seen[OutboxMessage].values() if row["kind"] == "voided"}
    for link in seen[AppealLink].values():
        appeal = seen[Appeal][link["appeal_id"]]
        if link["until"] is not None or appeal["state"] == "withdrawn":
            continue
        ticket = seen[Ticket][link["ticket_id"]]
        carrier = seen[Ticket][ticket["merged_into_id"] or ticket["id"]]
        for pk in {ticket["id"], carrier["id"]}:
            live[pk] += 1
        answered = carrier["state"] in {"pending_followup", "closed"}
        # Whoever left no number reads it on the page of the query code.
        is_told = appeal["id"] in told or not appeal["contactable"]
        assert appeal["id"] in timed or answered or (carrier["state"] == "voided" and is_told)
    for pk, ticket in seen[Ticket].items():
        if ticket["is_open"]:
            assert ticket["withdrawal_proposed"] is (live[pk] == 0)


def act_of(name):
    return next(getattr(room, name) for room in (services, channels, evaluation) if hasattr(room, name))


# --- the walk

STEPS = st.lists(
    st.tuples(st.integers(0, 9999), st.integers(0, 199), st.sampled_from([1, 1, 1, 20, 20, 120, 1440])),
    min_size=20,
    max_size=36,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_walk(city, steps):
    """Each step: which of the moves, who tries it instead of whose turn it is (mostly nobody), minutes later."""
    with transaction.atomic():
        world, seen = World(city), picture()
        for which, who, minutes in steps:
            world.at += timedelta(minutes=minutes)
            seen = step(world, seen, which, who)
        transaction.set_rollback(True)


def step(world, seen, which, who):
    moves = list(world.road(seen) if which % 5 else world.aside(seen))
    if not moves:
        return seen
    move = moves[which % len(moves)]
    by = getattr(world.city, world.people[who] if who < len(world.people) else move.by)
    try:
        # Without a savepoint around it: what a refused act had written would be seen.
        act_of(move.act)(by=by, at=world.at, **move.words)
    except DomainError:
        assert picture() == seen
        return seen
    world.settle()
    hotline.sweep_clocks(at=world.at)
    services.lapse_extensions(at=world.at)
    now = picture()
    check(now)
    changed = [pk for pk, row in now[Ticket].items() if row != seen[Ticket].get(pk)]
    assert services.check_scopes(changed) == []
    return now
