"""Tickets that wait for follow-up, with the people who called about them; made through the services."""

from types import SimpleNamespace

import pytest

from channels_merge.services import sync_channels
from evaluation import services
from evaluation.calling_hours import half_day
from evaluation.models import FollowUp, FollowUpAttempt, ReviewDecision
from tests.factories.channels_merge import make_accepted
from tests.factories.hotline import UserFactory
from tests.factories.tickets import REPLY, approve_all, at, fresh, somebody_of
from tickets import services as tickets
from tickets.models import Ticket

TUESDAY = at("11-10 10:00")
"""Registered, handled and answered on this day; callers may be called from Wednesday 09:00, until Friday 17:30."""
ANSWERED_AT = at("11-10 16:00")
WEDNESDAY = at("11-11 10:00")


def add_callers(city):
    """Two follow-up agents, one of them outsourced."""
    sync_channels(at=TUESDAY)
    city.caller = UserFactory(name="钟慧", unit=city.centre, roles=("follow_up_agent",))
    city.caller2 = UserFactory(name="廖云", unit=city.centre, roles=("follow_up_agent",), employment="outsourced")
    return city


def take_appeal(*, at=TUESDAY, ticket=None, **fields):
    return make_accepted(at=at, ticket_id=ticket.pk if ticket else None, **fields)


def work_on(city, ticket, *, unit=None, start=TUESDAY, answered=ANSWERED_AT, resolved="yes", child=None, item=None):
    """Dispatched, signed, contacted, submitted at `answered` and approved to the end in the same moment."""
    unit = unit or city.department
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=item, by=city.dispatcher, at=start)
    ticket = fresh(ticket)
    tickets.sign_assignment(assignment_id=ticket.lead_id, handler=None, by=somebody_of(city, unit), at=start)
    if child is not None:
        tickets.pass_down(assignment_id=ticket.lead_id, unit=child, item=item, by=city.county_clerk, at=start)
        ticket = fresh(ticket)
        tickets.sign_assignment(assignment_id=ticket.holder_id, by=somebody_of(city, child), at=start)
    return answer(city, fresh(ticket), at=answered, resolved=resolved)


def answer(city, ticket, *, at, resolved="yes"):
    """The holder hands in its result and everybody above approves it."""
    by = somebody_of(city, ticket.holder.unit)
    if ticket.contactable and ticket.holder.contacted_at is None:
        tickets.record_contact(assignment_id=ticket.holder_id, reached=True, by=by, at=at)
    tickets.submit_result(
        assignment_id=ticket.holder_id,
        resolved=resolved,
        unresolved_reason="" if resolved == "yes" else "须等管网改造。",
        public_text=REPLY,
        internal_text="已约谈项目部，收回夜间施工许可。",
        standard_met=True,
        by=by,
        at=at,
    )
    return approve_all(city, fresh(ticket), at=at)


def replied(city, *, callers=1, resolved="yes", settle=True, **fields):
    """A ticket whose reply was published on Tuesday 16:00: `.ticket`, `.appeals`, `.follow_ups` in the order of calling."""
    where = {name: fields.pop(name) for name in ("unit", "child", "start", "answered") if name in fields}
    start = where.get("start", TUESDAY)
    phones = iter(f"1380797{number:04}" for number in range(2231, 2299))
    first = take_appeal(at=start, **({"phone": next(phones)} | fields))
    ticket = Ticket.objects.get(number__isnull=False, pk=first.links.get(until=None).ticket_id)
    others = [take_appeal(at=start, ticket=ticket, **({"phone": next(phones)} | fields)) for _ in range(callers - 1)]
    ticket = work_on(city, ticket, resolved=resolved, **where)
    if settle:
        services.settle_ticket(ticket_id=ticket.pk, at=where.get("answered", ANSWERED_AT))
    found = list(FollowUp.objects.filter(ticket=ticket).order_by("appeal"))
    return SimpleNamespace(ticket=fresh(ticket), appeals=[first, *others], follow_ups=found)


def call(city, follow_up, *, at=WEDNESDAY, by=None, result="answered", **said):
    """One call, the number opened for it; without words the caller is satisfied and it is resolved."""
    by = by or city.caller
    if not follow_up.attempts.filter(half_day=half_day(at)).exists():
        services.take_number(follow_up_id=follow_up.pk, by=by, at=at)
    if result == "answered":
        said = {"resolved": "yes", "satisfaction": "satisfied"} | said
    return services.record_attempt(follow_up_id=follow_up.pk, result=result, by=by, at=at, **said)


def complain(city, follow_up, *, ground="nobody_came", at=WEDNESDAY, by=None):
    """The caller says it was not done; gives the decision that a reviewer must make."""
    call(city, follow_up, at=at, by=by, resolved="no", satisfaction="dissatisfied", ground=ground, words="没人来过。")
    return ReviewDecision.objects.get(follow_up=follow_up)


def decide(city, decision, *, verdict="redo", at=WEDNESDAY, by=None, **said):
    said = {"is_reasonable": True, "duty_done": verdict == "close"} | said
    return services.decide(
        decision_id=decision.pk,
        verdict=verdict,
        sentence="照片是白天拍的，夜里没有去。",
        by=by or city.reviewer,
        at=at,
        **said,
    )


def said(follow_up):
    row = fresh(follow_up)
    return row.state, row.outcome, row.why_not, row.resolved, row.satisfaction


def refused(city, follow_up, **kwargs):
    """The sentence of the refusal, after which nothing has changed."""
    before = fresh(follow_up)
    attempts = FollowUpAttempt.objects.count()
    with pytest.raises((services.FollowUpRefused, services.FollowUpInputRefused)) as refusal:
        call(city, follow_up, **kwargs)
    after = fresh(follow_up)
    assert (after.state, after.attempt_count, after.outcome) == (before.state, before.attempt_count, before.outcome)
    assert FollowUpAttempt.objects.count() == attempts
    return str(refusal.value)
