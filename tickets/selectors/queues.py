"""What waits at the centre: tickets to dispatch, returns to decide, disputes to rule. Ordered by what burns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict, TypeVar

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, prefetch_related_objects

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.models import Unit, User
from hotline.rights import has_right
from responsibility import selectors as responsibility
from responsibility.models import DutyItem
from responsibility.selectors import Candidate, ItemRecord
from responsibility.states import Level, Route, TownshipRole
from tickets import deadlines, rights
from tickets.models import Assignment, Attachment, ExtensionRequest, Note, ReturnRequest, Ticket, TicketClock
from tickets.rights import Actor, Right
from tickets.selectors.lists import Key, Page, queue, secret_to, sees_work, take
from tickets.selectors.precedents import Precedent, precedents_for
from tickets.states import AttachmentKind, ClockKind, EndedAs, NoteKind, TicketState, Urgency

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True)
class Segment:
    """One choice of the bar above a list. `tone`: red or yel where the number is a warning."""

    code: str
    label: str
    count: int | None = None
    tone: str = ""


def running_clocks(tickets: Sequence[Ticket], kind: str) -> dict[int, TicketClock]:
    """The ticket's own running clock of a kind, by ticket."""
    clocks = TicketClock.objects.filter(
        ticket__in=[ticket.pk for ticket in tickets], assignment__isnull=True, kind=kind, stopped_at__isnull=True
    )
    return {clock.ticket_id: clock for clock in clocks.defer("explanation")}


# --- dispatch

ASKED = "info"
"""The segment of what waits for a citizen's words."""
SURE_KEY = "dispatch_sure_score"


def sure_score(at: datetime) -> int:
    """From this score on a proposal is ticked beforehand; a person still sends it."""
    return parameters.integer(SURE_KEY, at=at)


def dispatch_queue(user: User, at: datetime) -> QuerySet[Ticket]:
    return queue(TicketState.PENDING_DISPATCH, user, at)


def information_queue(user: User, at: datetime) -> QuerySet[Ticket]:
    """What waits for a citizen's words; after `need_info_limit` the dispatcher goes on with what there is."""
    return queue(TicketState.PENDING_INFO, user, at)


def _is_sure(at: datetime) -> Q:
    """What came back from a unit is looked at by a person, however sure the words are."""
    return Q(
        proposed_score__gte=sure_score(at),
        proposed_unit__isnull=False,
        return_count=0,
        needs_ruling=False,
        withdrawal_proposed=False,
    )


def _dispatch_filters(at: datetime) -> dict[str, tuple[str, Q]]:
    sure = _is_sure(at)
    return {
        "": ("全部", Q()),
        "look": ("要人看", ~sure),
        "sure": ("高把握", sure),
        "urgent": ("紧急", ~Q(urgency=Urgency.NORMAL)),
        "again": ("退回重派", Q(return_count__gt=0)),
        "ruling": ("须裁定", Q(needs_ruling=True)),
    }


def dispatch_segments(user: User, at: datetime) -> list[Segment]:
    filters = _dispatch_filters(at)
    counts = dispatch_queue(user, at).aggregate(
        **{code or "all": Count("pk", filter=condition) for code, (_, condition) in filters.items() if code},
        all=Count("pk"),
    )
    segments = [Segment(code, label, counts[code or "all"]) for code, (label, _) in filters.items()]
    asked = information_queue(user, at).aggregate(all=Count("pk"), over=Count("pk", filter=Q(sort_at__lt=at)))
    return [*segments, Segment(ASKED, "待补充", asked["all"], "red" if asked["over"] else "")]


@dataclass(frozen=True)
class DispatchRow:
    ticket: Ticket
    clock: TicketClock | None
    ground: str
    """Why this unit, or why a person must look, in a word or two."""
    ticked: bool


def dispatch_page(user: User, *, segment: str, after: Key | None, at: datetime) -> Page[DispatchRow]:
    """The queue, the clock that ends first in front: that of the dispatch, or of the wait for a citizen's words."""
    filters = _dispatch_filters(at)
    _, condition = filters.get(segment, filters[""])
    found = information_queue(user, at) if segment == ASKED else dispatch_queue(user, at).filter(condition)
    page = take(found.defer("text"), by="sort_at", pk="id", after=after)
    prefetch_related_objects(page.rows, "region__parent", "proposed_unit", "proposed_item")
    clocks = running_clocks(page.rows, ClockKind.INFORMATION if segment == ASKED else ClockKind.DISPATCH)
    were_out = set(Assignment.objects.filter(ticket__in=page.rows).values_list("ticket_id", flat=True))
    sure = sure_score(at)
    rows = [_dispatch_row(ticket, clocks.get(ticket.pk), sure, was_out=ticket.pk in were_out) for ticket in page.rows]
    return Page(rows, page.next_key)


def _dispatch_row(ticket: Ticket, clock: TicketClock | None, sure: int, *, was_out: bool) -> DispatchRow:
    """``was_out``: a unit had it before."""
    # Urgent ones are sent one by one, at once; what was out before has a story.
    ticked = _is_ripe(ticket, sure) and ticket.urgency == Urgency.NORMAL and not was_out
    if ticket.state == TicketState.PENDING_INFO:
        return DispatchRow(ticket, clock, "等补充", ticked=False)
    return DispatchRow(ticket, clock, _ground(ticket, sure, was_out=was_out), ticked=ticked)


def _is_ripe(ticket: Ticket, sure: int) -> bool:
    return (
        ticket.proposed_score >= sure
        and ticket.proposed_unit_id is not None
        and not ticket.needs_ruling
        and not ticket.withdrawal_proposed
    )


def _ground(ticket: Ticket, sure: int, *, was_out: bool) -> str:
    return _past(ticket, was_out=was_out) or _proposal_in_words(ticket, sure)


def _past(ticket: Ticket, *, was_out: bool) -> str:
    """What has happened to it and makes a person look, however sure the words are."""
    if ticket.withdrawal_proposed:
        return "都已撤回"
    if ticket.needs_ruling:
        return "须裁定"
    if ticket.return_count:
        return f"退回 {ticket.return_count} 次"
    return "撤回过" if was_out else ""


def _proposal_in_words(ticket: Ticket, sure: int) -> str:
    if ticket.proposed_item is None:
        return "无相近事项"
    if ticket.proposed_unit_id is None:
        return _why_no_unit(ticket.proposed_item)
    if ticket.proposed_score < sure:
        return "把握不足"
    if ticket.proposed_item.township_role == TownshipRole.LEAD:
        return "履职事项"
    return "事项 属地" if ticket.proposed_item.level == Level.COUNTY else "市级事项"


def _why_no_unit(item: DutyItem) -> str:
    if item.route == Route.LEGAL:
        return "法定途径"
    return "地点不明" if item.level == Level.COUNTY else "无此单位"


@dataclass(frozen=True)
class Asked:
    """What a citizen was asked, and until when the answer is waited for."""

    question: Note | None
    clock: TicketClock | None


def question_asked(ticket: Ticket) -> Asked:
    question = ticket.notes.filter(kind=NoteKind.QUESTION).order_by("-pk").first()
    return Asked(question, running_clocks([ticket], ClockKind.INFORMATION).get(ticket.pk))


@dataclass(frozen=True)
class Choice:
    """A candidate and the key that chooses it, 0 when it cannot be chosen."""

    candidate: Candidate
    number: int


@dataclass(frozen=True)
class Promise:
    """A limit that will run once the ticket is dispatched."""

    label: str
    due_at: datetime


@dataclass(frozen=True)
class DispatchCase:
    """One ticket as the dispatcher must see it to decide."""

    ticket: Ticket
    clock: TicketClock | None
    choices: tuple[Choice, ...]
    why_none: str
    sure: int
    promises: tuple[Promise, ...]
    record: ItemRecord | None
    returns: tuple[ReturnRequest, ...]
    precedents: tuple[Precedent, ...]

    @property
    def first(self) -> Choice | None:
        return next((choice for choice in self.choices if choice.number == 1), None)

    @property
    def words(self) -> list[str]:
        """The words of the text that speak for the first candidate."""
        best = self.first or next(iter(self.choices), None)
        return list(best.candidate.matched_words) if best else []

    @property
    def others(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.number > 1]


MOST_CHOICES = 5


def choices_for(ticket: Ticket, at: datetime) -> tuple[Choice, ...]:
    """Ranked candidates; those that can be dispatched to are numbered from 1, a refused township comes last.

    Where the law lays down another way, that is the one proposal: no key sends the ticket to the next best unit.
    """
    candidates = responsibility.suggest(
        text=f"{ticket.title}\n{ticket.text}",
        category=ticket.category,
        region=ticket.region,
        kind=ticket.kind,
        at=at,
    )
    if candidates and candidates[0].is_legal_route:
        candidates = candidates[:1]
    choices, number = [], 0
    for candidate in candidates:
        can_have_it = candidate.unit is not None and not candidate.refused and number < MOST_CHOICES
        number += can_have_it
        choices.append(Choice(candidate, number if can_have_it else 0))
    return tuple(choices)


def dispatch_case(ticket: Ticket, *, at: datetime) -> DispatchCase:
    choices = choices_for(ticket, at)
    first = next((choice.candidate for choice in choices if choice.number == 1), None)
    return DispatchCase(
        ticket=ticket,
        clock=running_clocks([ticket], ClockKind.DISPATCH).get(ticket.pk),
        choices=choices,
        why_none="" if choices else responsibility.why_none(text=f"{ticket.title}\n{ticket.text}", at=at),
        sure=sure_score(at),
        promises=promises(ticket, item=first.item if first else None, at=at),
        record=responsibility.item_record(item=first.item, at=at) if first else None,
        returns=past_returns(ticket),
        precedents=_precedents(ticket, choices, at),
    )


def _precedents(ticket: Ticket, choices: Sequence[Choice], at: datetime) -> tuple[Precedent, ...]:
    return precedents_for(ticket, [choice.candidate.item for choice in choices], at=at)


def promises(ticket: Ticket, *, item: DutyItem | None, at: datetime) -> tuple[Promise, ...]:
    """What the lead's limits would be if the ticket were dispatched now."""
    calendar = load_calendar()
    rules = [("签收", deadlines.sign_rule(urgency=ticket.urgency, at=at))]
    if ticket.contactable:
        rules.append(("首次联系", deadlines.contact_rule(urgency=ticket.urgency, at=at)))
    rules.append(("办结", deadlines.handle_rule_of(ticket, item=item, at=at)))
    return tuple(Promise(label, calendar.add_working(at, rule.limit)) for label, rule in rules)


# --- what units give back


def past_returns(ticket: Ticket) -> tuple[ReturnRequest, ...]:
    """Every return asked for on the ticket, the newest first."""
    return tuple(
        ReturnRequest.objects.filter(assignment__ticket=ticket)
        .select_related("assignment__unit", "suggested_unit", "requested_by", "decided_by")
        .order_by("-requested_at", "-pk")
    )


def _asked_of(user: User) -> Q:
    """Requests that the person's unit decides: the centre those of units it dispatched to, a county its own units'."""
    if not rights.at_the_centre(None, user):
        return Q(decider__isnull=True)
    return Q(decider=user.unit_id)


Request = TypeVar("Request", ReturnRequest, ExtensionRequest)


def _waiting(requests: QuerySet[Request], user: User, at: datetime) -> QuerySet[Request]:
    """Requests that wait for the person's unit, from their index alone."""
    if not sees_work(user, at):
        return requests.none()
    secret = Assignment.objects.filter(ticket__in=secret_to(user, at))
    return requests.filter(_asked_of(user), due_at__isnull=False).exclude(assignment__in=secret.values("pk"))


def waiting_returns(user: User, at: datetime) -> QuerySet[ReturnRequest]:
    """Returns that wait for the person's unit, to count and to page by ``due_at``."""
    return _waiting(ReturnRequest.objects.all(), user, at)


def waiting_extensions(user: User, at: datetime) -> QuerySet[ExtensionRequest]:
    """Requests for more time that wait for the person's unit and post, to count and to page by ``due_at``."""
    return _waiting(ExtensionRequest.objects.filter(is_again__in=_extends(user, at)), user, at)


def _extends(user: User, at: datetime) -> list[bool]:
    """Which requests for more time the person's post decides, by their `is_again`."""
    by_right = {False: rights.DECIDE_EXTENSION, True: rights.EXTEND_AGAIN}
    return [again for again, right in by_right.items() if has_right(user, right.permission, at)]


class Awaited(TypedDict):
    """The clock of whoever decides."""

    due_unit: str | None
    soon_at: datetime | None


def _with_clock(requests: QuerySet[Request], kind: str) -> QuerySet[Request]:
    """With `clock` to name columns of. Units and places are few and shared by the rows: read once, not joined to each."""
    runs = Q(assignment__clocks__kind=kind, assignment__clocks__stopped_at__isnull=True)
    return (
        requests.select_related("assignment__ticket")
        .defer("assignment__ticket__text")
        .prefetch_related("assignment__unit", "assignment__ticket__region")
        .annotate(clock=FilteredRelation("assignment__clocks", condition=runs))
    )


def _shown_returns(requests: QuerySet[ReturnRequest]) -> "QuerySet[WithAnnotations[ReturnRequest, Awaited]]":
    shown = _with_clock(requests, ClockKind.RETURN_REVIEW).prefetch_related("suggested_unit")
    return shown.annotate(due_unit=F("clock__limit_unit"), soon_at=F("clock__soon_at"))


def _shown_extensions(
    requests: QuerySet[ExtensionRequest],
) -> "QuerySet[WithAnnotations[ExtensionRequest, Awaited]]":
    shown = _with_clock(requests, ClockKind.EXTENSION)
    shown = shown.select_related("assignment__ticket", "assignment__parent", "requested_by")
    return shown.annotate(due_unit=F("clock__limit_unit"), soon_at=F("clock__soon_at"))


def pending_returns(user: User, at: datetime) -> "QuerySet[WithAnnotations[ReturnRequest, Awaited]]":
    """Returns that wait for the person's unit; who asked may not decide."""
    visible = Ticket.objects.visible_to(user, at)
    found = _shown_returns(waiting_returns(user, at)).filter(assignment__ticket__in=visible)
    return found.select_related("assignment__parent__unit", "requested_by")


def pending_extensions(user: User, at: datetime) -> "QuerySet[WithAnnotations[ExtensionRequest, Awaited]]":
    visible = Ticket.objects.visible_to(user, at)
    return _shown_extensions(waiting_extensions(user, at)).filter(assignment__ticket__in=visible)


def return_page(user: User, *, after: Key | None, at: datetime) -> "Page[WithAnnotations[ReturnRequest, Awaited]]":
    """Returns that wait, the limit that ends first in front."""
    shown = _shown_returns(ReturnRequest.objects.all())
    return take(shown, by="due_at", pk="id", after=after, out_of=waiting_returns(user, at))


def extension_page(
    user: User, *, after: Key | None, at: datetime
) -> "Page[WithAnnotations[ExtensionRequest, Awaited]]":
    """Requests for more time that wait, the limit that ends first in front."""
    shown = _shown_extensions(ExtensionRequest.objects.all())
    return take(shown, by="due_at", pk="id", after=after, out_of=waiting_extensions(user, at))


def extensions_seen(user: User, at: datetime) -> QuerySet[ExtensionRequest]:
    """The requests that the person's unit decides, whether or not somebody has decided since."""
    return (
        ExtensionRequest.objects.filter(_asked_of(user), assignment__ticket__in=Ticket.objects.visible_to(user, at))
        .select_related("assignment__ticket", "assignment__parent")
        .order_by("pk")
    )


@dataclass(frozen=True)
class ReturnCase:
    request: ReturnRequest
    ticket: Ticket
    evidence: tuple[Attachment, ...]
    item: DutyItem | None
    earlier: tuple[ReturnRequest, ...]
    why_not: str
    """Why this person cannot decide it."""


def return_case(request: ReturnRequest, user: User, *, at: datetime) -> ReturnCase:
    part = request.assignment
    evidence = Attachment.objects.filter(assignment=part, kind=AttachmentKind.EVIDENCE).select_related("file")
    return ReturnCase(
        request=request,
        ticket=part.ticket,
        evidence=tuple(evidence.order_by("pk")),
        item=part.item,
        earlier=tuple(each for each in past_returns(part.ticket) if each.pk != request.pk),
        why_not=refusal_of(rights.DECIDE_RETURN, request, user, at),
    )


def refusal_of(right: Right, subject: object, user: User, at: datetime) -> str:
    return right.refusal(subject, Actor(user, at))


# --- rulings


def ruling_queue(user: User, at: datetime) -> QuerySet[Ticket]:
    return queue(TicketState.PENDING_RULING, user, at)


@dataclass(frozen=True)
class RulingRow:
    ticket: Ticket
    clock: TicketClock | None
    last_return: ReturnRequest | None


def ruling_page(user: User, *, after: Key | None, at: datetime) -> Page[RulingRow]:
    page = take(ruling_queue(user, at).defer("text"), by="sort_at", pk="id", after=after)
    prefetch_related_objects(page.rows, "region")
    clocks = running_clocks(page.rows, ClockKind.RULING)
    asked = ReturnRequest.objects.filter(assignment__ticket__in=page.rows).select_related("assignment")
    asked = asked.prefetch_related("assignment__unit")
    last = {request.assignment.ticket_id: request for request in asked.order_by("requested_at", "pk")}
    return Page([RulingRow(ticket, clocks.get(ticket.pk), last.get(ticket.pk)) for ticket in page.rows], page.next_key)


@dataclass(frozen=True)
class RulingCase:
    ticket: Ticket
    clock: TicketClock | None
    returns: tuple[ReturnRequest, ...]
    choices: tuple[Choice, ...]
    sure: int
    precedents: tuple[Precedent, ...]


@dataclass(frozen=True)
class FirstHandler:
    """Whom the router would make the first handler, and why, for the reviewer to read."""

    unit: Unit
    item: DutyItem
    is_sure: bool
    """Sure enough to be filled in beforehand, and nobody with more points gave the matter back."""
    grounds: str


def nearest_function(ticket: Ticket, at: datetime) -> FirstHandler | None:
    """职能相近: the best candidate that has not given the matter back; the best of all when each of them has."""
    choices = [choice.candidate for choice in choices_for(ticket, at) if choice.number]
    gave_back = set(
        ticket.assignments.filter(ended_as__in=[EndedAs.RETURNED, EndedAs.TAKEN_BACK, EndedAs.RULED]).values_list(
            "unit_id", flat=True
        )
    )
    best = next((each for each in choices if each.unit.pk not in gave_back), next(iter(choices), None))
    if best is None:
        return None
    before = [each for each in choices[: choices.index(best)] if each.unit.pk in gave_back]
    points = "；".join(f"{part.label}：{part.text.rstrip('。')}" for part in best.parts if part.label != "事项")
    best_of: dict[str, int] = {}
    for each in before:  # a unit is a candidate by several items; its best is the first
        best_of.setdefault(each.unit.short_name, each.score)
    returned = "".join(f"{unit}得 {score} 分，已退回过。" for unit, score in best_of.items())
    is_near = best.score >= sure_score(at)
    name = best.unit.short_name
    others = "没有退回过的单位里" if gave_back and best.unit.pk not in gave_back else ""
    says = f"系统看，{name}的职能与本件最相近" if is_near else f"系统没有把握，{others}分最高的是{name}"
    return FirstHandler(
        best.unit,
        best.item,
        not before and is_near,
        f"{says}，得 {best.score} 分：清单 {best.item.code} {best.item.title}（{points}）。{returned}",
    )


def ruling_case(ticket: Ticket, *, at: datetime) -> RulingCase:
    return RulingCase(
        ticket=ticket,
        clock=running_clocks([ticket], ClockKind.RULING).get(ticket.pk),
        returns=past_returns(ticket),
        choices=(choices := choices_for(ticket, at)),
        sure=sure_score(at),
        precedents=_precedents(ticket, choices, at),
    )
