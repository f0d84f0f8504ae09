"""The workbench: from every queue, what this person must do first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Q
from django.urls import reverse

from channels_merge import rights
from channels_merge.models import Appeal, AppealClock, Transfer
from channels_merge.selectors.appeals import waiting_appeals
from channels_merge.states import AppealState
from hotline.dates import local
from hotline.masking import redact
from hotline.models import Clock, User
from hotline.rights import has_right
from responsibility.selectors import lists_to_judge
from tickets.models import ObjectionClock, Ticket
from tickets.rights import DEFER, Actor
from tickets.selectors import lists
from tickets.selectors.approvals import approval_page
from tickets.selectors.inbox import inbox_page
from tickets.selectors.objections import awaited_definitions, awaited_statements
from tickets.selectors.queues import dispatch_page, extension_page, return_page, ruling_page
from tickets.states import Secrecy, TicketState

EACH = 25
SHOWN = 14
CITY_SECONDS = 20
REVIEWED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Work:
    """One thing to do. `due_at` None sorts last."""

    queue: str
    due_at: datetime | None
    limit_unit: str
    soon_at: datetime | None
    number: str
    title: str
    region: str
    verb: str
    url: str

    def is_over(self, at: datetime) -> bool:
        return self.due_at is not None and self.due_at < at

    def is_today(self, at: datetime) -> bool:
        return self.due_at is not None and not self.is_over(at) and local(self.due_at).date() == local(at).date()


Provider = Callable[[User, datetime], Iterable[Work]]
_providers: list[Provider] = []


def provide_work(provider: Provider) -> None:
    """For rooms above: call from `ready`. At most `EACH` rows, only what the person may do."""
    _providers.append(provider)


@dataclass(frozen=True)
class Bench:
    rows: tuple[Work, ...]
    over: int
    today: int
    more: bool

    @property
    def first(self) -> Work | None:
        return self.rows[0] if self.rows else None


def workbench(user: User, *, at: datetime) -> Bench:
    work = [row for provider in (*_OWN, *_providers) for row in provider(user, at)]
    work.sort(key=lambda row: (row.due_at is None, row.due_at or at, row.number))
    return Bench(
        tuple(work[:SHOWN]),
        over=sum(row.is_over(at) for row in work),
        today=sum(row.is_today(at) for row in work),
        more=len(work) > SHOWN,
    )


def work_of(
    queue: str,
    matter: Ticket | Appeal,
    verb: str,
    *,
    clock: Clock | None = None,
    due_at: datetime | None = None,
    limit_unit: str = "wh",
    title: str = "",
    url: str = "",
) -> Work:
    """A ticket leads to its page where `url` names no other; an appeal has none to lead to."""
    return Work(
        queue=queue,
        due_at=clock.due_at if clock else due_at,
        limit_unit=clock.limit_unit if clock else limit_unit,
        soon_at=clock.soon_at if clock else None,
        number=matter.number,
        title=title or matter.title,
        region=matter.region.name if matter.region else "",
        verb=verb,
        url=url or reverse("tickets:ticket", args=[matter.number]),
    )


def _intake(user: User, at: datetime) -> Iterable[Work]:
    if not has_right(user, rights.ACCEPT, at):
        return
    for appeal in waiting_appeals().filter(secrecy=Secrecy.OPEN, state=AppealState.RECEIVED)[:EACH]:
        clock = appeal.running_accept[0] if appeal.running_accept else None
        yield work_of("来件", appeal, "受理", clock=clock, url=reverse("channels_merge:intake"))


def _transfers(user: User, at: datetime) -> Iterable[Work]:
    """Who takes calls has their own; who accepts what comes by machine and takes none has everybody's, whoever went home."""
    if not has_right(user, rights.ACCEPT, at):
        return
    mine = Q(by=user) if has_right(user, rights.USE_DESK, at) else Q(appeal__secrecy=Secrecy.OPEN)
    for transfer in Transfer.objects.filter(mine, outcome="").select_related("appeal__region").order_by("at")[:EACH]:
        appeal = transfer.appeal
        page = "channels_merge:desk-done" if appeal.received_by_id == user.pk else "channels_merge:progress"
        title = f"{transfer.get_line_display()}：{appeal.title}"
        url = reverse(page, args=[appeal.number])
        yield work_of("转接", appeal, "记结果", due_at=transfer.at, limit_unit="h", title=title, url=url)


def _dispatch(user: User, at: datetime) -> Iterable[Work]:
    if has_right(user, "tickets.dispatch_ticket", at):
        for row in dispatch_page(user, segment="", after=None, at=at).rows[:EACH]:
            yield work_of("派单", row.ticket, "派单", clock=row.clock)


def _inbox(user: User, at: datetime) -> Iterable[Work]:
    if not (has_right(user, "tickets.sign_ticket", at) or has_right(user, "tickets.handle_ticket", at)):
        return
    for row in inbox_page(user, segment="", handler_id=None, after=None, at=at).rows[:EACH]:
        if row.standing.verb:
            yield work_of("收件", row.ticket, row.standing.verb, clock=row.clock)


def _returns(user: User, at: datetime) -> Iterable[Work]:
    if has_right(user, "tickets.decide_return", at):
        for request in return_page(user, after=None, at=at).rows[:EACH]:
            yield work_of("退单", request.assignment.ticket, "裁决退单", due_at=request.due_at)


def _extensions(user: User, at: datetime) -> Iterable[Work]:
    for request in extension_page(user, after=None, at=at).rows[:EACH]:
        yield work_of("延期", request.assignment.ticket, "准或不准", due_at=request.due_at)


def _rulings(user: User, at: datetime) -> Iterable[Work]:
    if has_right(user, "tickets.rule_dispute", at):
        for row in ruling_page(user, after=None, at=at).rows[:EACH]:
            yield work_of("裁定", row.ticket, "定首办", clock=row.clock)


def _approvals(user: User, at: datetime) -> Iterable[Work]:
    for approval in approval_page(user, after=None, at=at).rows[:EACH]:
        yield work_of("审核", approval.ticket, "审办结", due_at=approval.due_at)


def _deferred(user: User, at: datetime) -> Iterable[Work]:
    """What is put off has no queue of its own: its review is work a week before it is due."""
    if DEFER(None, Actor(user, at)):
        rows = (
            lists.queue(TicketState.DEFERRED, user, at)
            .filter(sort_at__lt=at + REVIEWED_WITHIN)
            .select_related("region")
        )
        for ticket in rows.order_by("sort_at", "pk")[:EACH]:
            yield work_of("挂账", ticket, "复核", due_at=ticket.sort_at, limit_unit="d")


def _opinions(user: User, at: datetime) -> Iterable[Work]:
    """Written opinions that the unit was asked for, and duties that the office was asked to define."""
    asked = {
        ("书面意见", "写意见", "tickets:statement"): awaited_statements(user, at),
        ("职责界定", "写界定意见", "tickets:definition"): awaited_definitions(user, at),
    }
    for (queue, verb, url_name), clocks in asked.items():
        yield from (
            _opinion(clock, queue, verb, url_name)
            for clock in clocks.select_related("objection__ticket__region").order_by("due_at", "pk")[:EACH]
        )


def _opinion(clock: ObjectionClock, queue: str, verb: str, url_name: str) -> Work:
    ticket = clock.objection.ticket
    return Work(
        queue=queue,
        due_at=clock.due_at,
        limit_unit=clock.limit_unit,
        soon_at=clock.soon_at,
        number=ticket.number,
        # Whoever is asked has no part in the matter.
        title=redact(ticket.title),
        region=ticket.region.name if ticket.region else "",
        verb=verb,
        url=reverse(url_name, args=[ticket.number]),
    )


def _duty_lists(user: User, at: datetime) -> Iterable[Work]:
    for version in lists_to_judge(user, at)[:EACH]:
        yield Work(
            queue="清单送审",
            due_at=None,
            limit_unit="wd",
            soon_at=None,
            number=f"第{version.version}版",
            title=version.title,
            region=version.scope.short_name,
            verb="出意见",
            url=reverse("responsibility:duty-list", args=[version.pk]),
        )


_OWN: tuple[Provider, ...] = (
    _transfers,
    _intake,
    _dispatch,
    _inbox,
    _returns,
    _extensions,
    _rulings,
    _approvals,
    _deferred,
    _opinions,
    _duty_lists,
)


@dataclass(frozen=True)
class CityNow:
    received_today: int
    waiting: int
    open_tickets: int
    overdue: int


def city_now(*, at: datetime) -> CityNow:
    """Counted for everybody together and kept for 20 s."""
    return cache.get_or_set("city-now", lambda: _count_city(at), CITY_SECONDS)


def _count_city(at: datetime) -> CityNow:
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tickets = Ticket.objects.filter(is_open=True)
    return CityNow(
        received_today=Appeal.objects.filter(received_at__gte=midnight).count(),
        waiting=Appeal.objects.waiting().count(),
        open_tickets=tickets.count(),
        overdue=tickets.filter(sort_at__lt=at).count(),
    )


def intake_count(*, at: datetime) -> tuple[int, bool]:
    """How many machine appeals wait (at most 100 are counted), and whether one is late."""
    rows = list(
        Appeal.objects.waiting()
        .filter(secrecy=Secrecy.OPEN, state=AppealState.RECEIVED)
        .order_by("received_at")
        .values_list("pk", flat=True)[:100]
    )
    late = (
        bool(rows)
        and Appeal.objects.filter(
            pk__in=rows[:1], clocks__kind=AppealClock.ACCEPT, clocks__stopped_at=None, clocks__due_at__lt=at
        ).exists()
    )
    return len(rows), late
