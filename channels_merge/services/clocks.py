"""The clocks of an appeal; docs/clocks.md 5.

The accept clock runs while the appeal waits for us to decide, the information clock while it waits for the citizen. The citizen clock runs from acceptance to the approved
public reply of the round that held; returns, disputes and holds never stop it.
"""

from datetime import datetime

from django.db.models import Max

from channels_merge import selectors
from channels_merge.models import Appeal, AppealClock
from hotline import parameters
from hotline import services as hotline
from hotline.limits import Limit
from hotline.services import start_clock
from tickets.deadlines import accept_rule, handle_rule


def start_accept_clock(appeal: Appeal, *, at: datetime, generation: int = 1) -> AppealClock:
    rule = accept_rule(line=appeal.channel.code, at=at)
    return start_clock(
        AppealClock,
        kind=AppealClock.ACCEPT,
        started_at=at,
        limit=rule.limit,
        explanation={"rule": rule.why},
        appeal=appeal,
        generation=generation,
    )


def restart_accept_clock(appeal: Appeal, *, at: datetime) -> AppealClock:
    """It waits for a decision again: what the citizen was asked for has come, or another line has declined it."""
    stop_clocks(appeal, AppealClock.INFORMATION, at=at, outcome=AppealClock.Outcome.MET)
    return start_accept_clock(appeal, at=at, generation=_next_generation(appeal, AppealClock.ACCEPT))


def start_information_clock(appeal: Appeal, *, at: datetime) -> AppealClock:
    """How long the citizen's words are waited for (parameter need_info_limit); then it is decided with what there is."""
    return start_clock(
        AppealClock,
        kind=AppealClock.INFORMATION,
        started_at=at,
        limit=parameters.limit("need_info_limit", at=at),
        explanation={"rule": "等群众补充"},
        appeal=appeal,
        generation=_next_generation(appeal, AppealClock.INFORMATION),
    )


def _next_generation(appeal: Appeal, kind: str) -> int:
    latest = AppealClock.objects.filter(appeal=appeal, kind=kind).aggregate(Max("generation"))
    return (latest["generation__max"] or 0) + 1


def leave_pool(appeal: Appeal, *, at: datetime) -> None:
    """Somebody has decided on it: nothing of intake runs any more."""
    stop_intake_clocks(appeal, at=at, outcome=AppealClock.Outcome.MET)


def stop_intake_clocks(appeal: Appeal, *, at: datetime, outcome: str) -> None:
    """Whichever of the two runs: one look for both."""
    clocks = AppealClock.objects.filter(appeal=appeal, kind__in=(AppealClock.ACCEPT, AppealClock.INFORMATION))
    hotline.stop_clocks(clocks.filter(started_at__lte=at), at=at, outcome=outcome)


def stop_clocks(appeal: Appeal, kind: str, *, at: datetime, outcome: str) -> None:
    clocks = AppealClock.objects.filter(appeal=appeal, kind=kind)
    stopped = hotline.stop_clocks(clocks.filter(started_at__lte=at), at=at, outcome=outcome)
    if kind == AppealClock.CITIZEN and not stopped:
        # Who joins a matter that was already answered has waited for nothing: his clock stops where it began.
        for clock in clocks.filter(stopped_at__isnull=True):
            hotline.stop_clock(clock, at=clock.started_at, outcome=outcome)


def start_citizen_clock(appeal: Appeal, *, at: datetime) -> AppealClock:
    """The limit promised to the citizen. No item of the duty list is settled yet: line, urgency, enterprise, kind decide."""
    rule = handle_rule(
        item=None,
        kind=appeal.kind,
        urgency=appeal.urgency,
        is_enterprise=appeal.is_enterprise,
        line=appeal.channel.code,
        given_due_at=selectors.given_due_at(appeal),
        at=at,
    )
    return start_clock(
        AppealClock,
        kind=AppealClock.CITIZEN,
        started_at=at,
        limit=rule.limit,
        explanation={"rule": rule.why},
        appeal=appeal,
    )


def resume_citizen_clock(appeal: Appeal) -> AppealClock | None:
    """The reply did not hold: the same limit counts again from acceptance, as the next generation.

    Nothing to do when a clock is running or none ever ran.
    """
    latest = AppealClock.objects.filter(appeal=appeal, kind=AppealClock.CITIZEN).order_by("-generation").first()
    if latest is None or latest.stopped_at is None:
        return None
    return start_clock(
        AppealClock,
        kind=AppealClock.CITIZEN,
        started_at=latest.started_at,
        limit=Limit(latest.limit_amount, latest.limit_unit),
        explanation=latest.explanation,
        appeal=appeal,
        generation=latest.generation + 1,
    )
