"""What this room puts on the workbench: whom to call, what to decide, which restricted matter nobody may call about yet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from channels_merge.selectors import Work, work_of
from evaluation import rights
from evaluation.models import FollowUp
from evaluation.selectors.worklists import callable_now, decisions_pending, follow_ups_waiting
from evaluation.states import FollowUpState
from hotline.models import Unit, User
from hotline.rights import has_right
from hotline.selectors import people_with_right
from tickets.models import Assignment, Ticket, TicketScope
from tickets.rights import KEEP_SECRET
from tickets.states import Secrecy

EACH: Final = 25


def follow_ups_to_make(user: User, at: datetime) -> Iterator[Work]:
    if not has_right(user, rights.FOLLOW_UP.permission, at):
        return
    waiting = callable_now(follow_ups_waiting(user, at=at), at=at)
    for row in waiting.select_related(None).select_related("appeal__region")[:EACH]:
        url = reverse("evaluation:follow-ups")
        yield work_of("回访", row.appeal, "回访", due_at=row.due_at, limit_unit="wd", url=url)


def decisions_to_make(user: User, at: datetime) -> Iterator[Work]:
    if not has_right(user, rights.DECIDE.permission, at):
        return
    # Whoever asked the caller does not decide.
    for decision in decisions_pending(user, at=at).exclude(follow_up__concluded_by=user)[:EACH]:
        yield work_of(
            "复核", decision.ticket, "复核", due_at=decision.due_at, url=reverse("evaluation:review-decisions")
        )


def without_a_caller(*, at: datetime) -> QuerySet[Ticket]:
    """Restricted tickets in follow-up, of which nobody who may call back was given to know."""
    callers = people_with_right(rights.FOLLOW_UP.permission, at=at).filter(unit__kind=Unit.Kind.CENTRE)
    handled = Assignment.objects.filter(ticket=OuterRef("ticket"), handler=OuterRef("user"))
    named = TicketScope.objects.current(at).filter(~Exists(handled), ticket=OuterRef("pk"), user__in=callers)
    waiting = FollowUp.objects.filter(state=FollowUpState.WAITING).values("ticket")
    return Ticket.objects.filter(~Exists(named), pk__in=waiting, secrecy=Secrecy.RESTRICTED).order_by("pk")


def callers_to_name(user: User, at: datetime) -> Iterable[Work]:
    if not has_right(user, KEEP_SECRET.permission, at):
        return
    seen = without_a_caller(at=at).filter(pk__in=Ticket.objects.visible_to(user, at).values("pk"))
    for ticket in seen.select_related("region")[:EACH]:
        yield work_of("保密回访", ticket, "授权回访员")
