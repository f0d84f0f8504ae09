"""What may be one matter: the pairs worth a look, what confirming one would do, two texts side by side, the worklist."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, TextChoices

from channels_merge.matching import Background, Explanation, explain
from channels_merge.matching.explaining import said_in, stretches
from channels_merge.matching.names import named, telling
from channels_merge.matching.scoring import TELLING
from channels_merge.models import Appeal, AppealLink, MergeProposal, ProposalKind, ProposalState
from channels_merge.selectors.finding import background, candidates, message_of
from channels_merge.states import AppealState
from hotline import bigrams, parameters
from tickets.models import Ticket
from tickets.states import Secrecy, TicketState

COMPARED_STATES: Final = (AppealState.RECEIVED, AppealState.NEED_INFO, AppealState.ACCEPTED)
UNSAID: Final = "未写"
# No unit has it in hand yet: it is the one that goes.
BEFORE_A_UNIT: Final = frozenset({TicketState.PENDING_DISPATCH, TicketState.PENDING_INFO})


def with_carrier(appeals: QuerySet[Appeal]) -> QuerySet[Appeal]:
    """With what is compared and shown, and the link that says who works on it. Two queries whatever their number."""
    links = AppealLink.objects.filter(until=None).select_related("ticket__merged_into", "ticket__holder__unit")
    return appeals.select_related("channel", "contact", "region__parent", "category").prefetch_related(
        Prefetch("links", links)
    )


def carrier(appeal: Appeal) -> Ticket | None:
    """The ticket that works on an appeal from `with_carrier`: the lead when the linked one was merged into it."""
    link = next((link for link in appeal.links.all() if link.until is None), None)
    return None if link is None else link.ticket.merged_into or link.ticket


# --- which pairs


@dataclass(frozen=True)
class Near:
    """Another appeal that may tell of the same matter; `ticket` works on it, if any does."""

    appeal: Appeal
    ticket: Ticket | None
    probability: float
    explanation: Explanation

    @property
    def kind(self) -> ProposalKind:
        is_closed = self.ticket is not None and self.ticket.state == TicketState.CLOSED
        return ProposalKind.REPEAT if is_closed else ProposalKind.MERGE


def nearest(appeal: Appeal, *, at: datetime) -> list[Near]:
    """One for each other matter that is like `appeal` (from `with_carrier`) enough to be proposed, the likeliest first.

    Open ones and those closed within `repeat_window_days`. Nothing secret on either side.
    """
    if appeal.secrecy != Secrecy.OPEN:
        return []
    least = float(parameters.number("merge_propose", at=at))
    message, ground = message_of(appeal), background()
    alike = candidates(message, at=at, leave_out=appeal.pk, ground=ground)
    chances = {one.appeal_id: one.probability for one in alike if one.probability >= least}
    own = carrier(appeal)
    found: dict[int, tuple[Appeal, Ticket | None]] = {}
    for other in with_carrier(Appeal.objects.filter(pk__in=chances)).order_by("pk"):
        ticket = carrier(other)
        if ticket is not None and own is not None and ticket.pk == own.pk:
            continue
        matter = ticket.pk if ticket else -other.pk
        if matter not in found or chances[other.pk] > chances[found[matter][0].pk]:
            found[matter] = (other, ticket)
    near = [
        Near(other, ticket, chances[other.pk], explain(message, message_of(other), ground))
        for other, ticket in found.values()
    ]
    return sorted(near, key=lambda one: (-one.probability, one.appeal.pk))


# --- what confirming a pair would do


class How(TextChoices):
    ACCEPT = "accept", "受理并挂接"
    MERGE = "merge", "并单"
    REOPEN = "reopen", "提请重开"
    # Neither has been accepted: there is no ticket to carry them yet.
    WAIT = "wait", "等受理"
    LAPSED = "lapsed", "不用再核对"


@dataclass(frozen=True)
class Plan:
    """`goes` joins `stays`. `why` is the sentence for a pair about which nothing is left to decide."""

    how: How
    goes: Appeal
    stays: Appeal
    ticket: Ticket | None = None
    why: str = ""

    @property
    def leaves(self) -> Ticket | None:
        """The ticket that goes into the other."""
        return carrier(self.goes)


def plan_of(proposal: MergeProposal) -> Plan:
    """What is to be done if the pair is one matter, as both stand now. Both appeals come from `with_carrier`."""
    later, earlier = proposal.appeal, proposal.other
    mine, theirs = carrier(later), carrier(earlier)
    why = _why_over(later, earlier, mine, theirs)
    if why:
        return Plan(How.LAPSED, later, earlier, why=why)
    if mine is None and theirs is None:
        return Plan(How.WAIT, later, earlier, why="两件都还没有受理，受理一件以后再核对。")
    if mine is None or theirs is None:
        goes, stays, ticket = (later, earlier, theirs) if mine is None else (earlier, later, mine)
        return Plan(How.ACCEPT if ticket.is_open else How.REOPEN, goes, stays, ticket)
    if mine.is_open and theirs.is_open:
        goes, stays, ticket = (later, earlier, theirs) if _stays(theirs, mine) else (earlier, later, mine)
        return Plan(How.MERGE, goes, stays, ticket)
    goes, stays, ticket = (later, earlier, theirs) if mine.is_open else (earlier, later, mine)
    return Plan(How.REOPEN, goes, stays, ticket)


def _why_over(later: Appeal, earlier: Appeal, mine: Ticket | None, theirs: Ticket | None) -> str:
    for appeal in (later, earlier):
        if appeal.state not in COMPARED_STATES:
            return f"诉求 {appeal.number} 已是“{appeal.get_state_display()}”，不用并单。"
    for ticket in filter(None, (mine, theirs)):
        if ticket.secrecy != Secrecy.OPEN:
            return "其中一件已不在能核对的范围。"
        if not ticket.is_open and ticket.state != TicketState.CLOSED:
            return f"工单 {ticket.number} 已是“{ticket.get_state_display()}”，不用并单。"
    return _why_over_by_tickets(mine, theirs) if mine is not None and theirs is not None else ""


def _why_over_by_tickets(mine: Ticket, theirs: Ticket) -> str:
    if mine.pk == theirs.pk:
        return f"两件诉求已在同一张工单 {mine.number} 上。"
    if not mine.is_open and not theirs.is_open:
        return f"工单 {mine.number} 和 {theirs.number} 都已办结。"
    return ""


def _stays(one: Ticket, other: Ticket) -> bool:
    """Whether `one` is the ticket that the other goes into: what a unit has in hand, then what was accepted first."""
    ours, theirs = one.state in BEFORE_A_UNIT, other.state in BEFORE_A_UNIT
    if ours != theirs:
        return theirs
    return (one.accepted_at, one.pk) <= (other.accepted_at, other.pk)


# --- two texts side by side

_OF_THE_NAME: Final = frozenset("新老")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text. `mark` is same, apart or empty."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Fact:
    """What one side says of one thing. `mark` is same or apart where both sides say something."""

    name: str
    value: str
    mark: str = ""


@dataclass(frozen=True)
class Side:
    appeal: Appeal
    ticket: Ticket | None
    title: Sequence[Piece]
    text: Sequence[Piece]
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Case:
    """One pair as the reviewer sees it: the one that came first on the left."""

    proposal: MergeProposal
    plan: Plan
    sides: tuple[Side, Side]


def case_of(proposal: MergeProposal) -> Case:
    earlier, later = proposal.other, proposal.appeal
    ground = background()
    facts = _facts(earlier, later)
    left = _side(earlier, later, [Fact(name, mine, mark) for name, mine, _, mark in facts], ground)
    right = _side(later, earlier, [Fact(name, theirs, mark) for name, _, theirs, mark in facts], ground)
    return Case(proposal, plan_of(proposal), (left, right))


def _side(appeal: Appeal, other: Appeal, facts: Sequence[Fact], ground: Background) -> Side:
    words, theirs = message_of(appeal), message_of(other)
    apart = set(telling(sorted(named(words.opening)), ground)) - named(theirs.words)
    return Side(
        appeal,
        carrier(appeal),
        pieces(appeal.title, theirs.words, apart, ground),
        pieces(appeal.text, theirs.words, apart, ground),
        facts,
    )


def _facts(left: Appeal, right: Appeal) -> list[tuple[str, str, str, str]]:
    """(name, left, right, mark) of what at least one of them says."""
    found = [
        ("地区", *_both(left.region.name if left.region else "", right.region.name if right.region else "")),
        ("地点", *_both(left.place, right.place, exact=False)),
        (
            "事项",
            *_both(left.category.name if left.category else "", right.category.name if right.category else ""),
        ),
        ("类型", *_both(left.get_kind_display(), right.get_kind_display())),
        ("诉求人", _person(left), _person(right), _same_caller(left, right)),
    ]
    return [fact for fact in found if (fact[1], fact[2]) != (UNSAID, UNSAID)]


def _person(appeal: Appeal) -> str:
    contact = appeal.contact
    return f"{contact.masked_name} {contact.masked_phone}".strip() if contact else "匿名"


def _same_caller(left: Appeal, right: Appeal) -> str:
    """Nothing where one of them left no number."""
    mine, theirs = (one.contact.phone_index if one.contact else "" for one in (left, right))
    if not mine or not theirs:
        return ""
    return "same" if mine == theirs else "apart"


def _both(left: str, right: str, *, exact: bool = True) -> tuple[str, str, str]:
    if not left or not right:
        return left or UNSAID, right or UNSAID, ""
    if left == right:
        return left, right, "same"
    alike = not exact and set(bigrams.codes(left)) & set(bigrams.codes(right))
    return left, right, "" if alike else "apart"


def pieces(text: str, theirs: str, apart: Iterable[str], ground: Background) -> list[Piece]:
    """`text` cut where what the other text says too begins and ends, and where it names what the other does not."""
    folded = "".join(_fold(char) for char in text)
    marks = [""] * len(text)
    for name in apart:
        start = folded.find(name)
        while start >= 0:
            # A name is known by two characters and its ending: 新赣州大道 is not half marked.
            first = start - 1 if start and folded[start - 1] in _OF_THE_NAME else start
            marks[first : start + len(name)] = ["apart"] * (start + len(name) - first)
            start = folded.find(name, start + 1)
    for start, end in _shared(folded, theirs, ground):
        marks[start:end] = ["same"] * (end - start)
    found: list[Piece] = []
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or marks[i] != marks[start]:
            found.append(Piece(text[start:i], marks[start]))
            start = i
    return found


def _fold(char: str) -> str:
    """Like `bigrams.normalise`, one character for one: what becomes several (㎡, ℃, ⑩) parts the words."""
    folded = unicodedata.normalize("NFKC", char).lower()
    return folded if len(folded) == 1 else " "


def _shared(folded: str, theirs: str, ground: Background) -> Iterable[tuple[int, int]]:
    """(start, end) of the stretches that the other text has too and that say something."""
    said, at = said_in(theirs), 0
    for run in bigrams.runs(folded):
        at = folded.index(run, at)
        yield from ((at + start, at + end) for start, end, weight in stretches(run, said, ground) if weight > TELLING)
        at += len(run)


# --- the worklist


def worklist() -> QuerySet[MergeProposal]:
    """Pairs that wait for a person, the oldest first. None that is secret, none of which no ticket exists yet."""
    links = AppealLink.objects.filter(until=None)
    carried = links.filter(Q(appeal=OuterRef("appeal")) | Q(appeal=OuterRef("other")))
    secret = carried.exclude(ticket__secrecy=Secrecy.OPEN)
    return MergeProposal.objects.filter(
        Exists(carried),
        ~Exists(secret),
        state=ProposalState.OPEN,
        appeal__secrecy=Secrecy.OPEN,
        other__secrecy=Secrecy.OPEN,
    ).order_by("sort_at", "id")


def with_sides(proposals: QuerySet[MergeProposal]) -> QuerySet[MergeProposal]:
    sides = [Prefetch(name, with_carrier(Appeal.objects.all())) for name in ("appeal", "other")]
    return proposals.select_related("by").prefetch_related(*sides)


def waiting_count(*, most: int = 100) -> int:
    return len(worklist().values_list("pk", flat=True)[:most])


def proposals_between(mine: Iterable[int], theirs: Iterable[int]) -> QuerySet[MergeProposal]:
    """Pairs of one of these appeals with one of those that somebody refused or is still to look at."""
    mine, theirs = list(mine), list(theirs)
    pairs = Q(appeal__in=mine, other__in=theirs) | Q(appeal__in=theirs, other__in=mine)
    return MergeProposal.objects.filter(pairs, state__in=[ProposalState.OPEN, ProposalState.REFUSED])
