"""The register of channels: what is there, who may do what with it now, and why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.dateparse import parse_date

from channels_merge import rights
from channels_merge.models import Appeal, Channel, ChannelFiling
from channels_merge.models.channel import BEFORE
from channels_merge.states import ChannelState, FilingOutcome
from hotline import parameters
from hotline.dates import add_months, local_day
from hotline.models import Unit, User
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.selectors import people_with_right, subtree_ids
from tickets.guards import why_refused
from tickets.selectors.lists import PAGE_ROWS

VOLUME_DAYS: Final = 30
# The number that everything is taken in under is not one that can be ended.
POOL: Final = "phone"
# What was filed is what was approved: only where it is found and who looks after it may change later.
AFTERWARDS: Final = frozenset({"address", "announced", "maintainer"})


def next_review(day: date, *, at: datetime) -> date:
    """By when a channel approved on `day` is filed again: parameter channel_filing_review, in months."""
    return add_months(day, parameters.integer("channel_filing_review", at=at))


def why_not_since(day: date) -> str:
    """Why a channel set up on `day` is none that was there before the order; empty when it is one."""
    return "" if day < BEFORE else f"{BEFORE:%Y-%m-%d} 以前设立的才是早已设立；以后的请按拟新增报备。"


def why_not_end(day: date, *, at: datetime) -> str:
    """Why a channel cannot be given `day` as its last; empty when it can."""
    today = local_day(at)
    most = today + timedelta(days=parameters.integer("channel_end_at_most", at=at))
    if day <= today:
        return "撤销日期须在今天以后；今天就撤销的，由渠道管理员“现在撤销”。"
    return f"撤销日期最晚写 {most:%Y-%m-%d}；要长期保留的，请申请保留并写明理由。" if day > most else ""


def who_hears_for(owner: Unit, *, at: datetime) -> QuerySet[User]:
    """Liaison and head of the unit, or of the one that took its place, and who stands in for them.

    What is the centre's own, or was a unit's that nobody followed, is the business of the managers.
    """
    heir = owner
    while not heir.is_valid(at) and heir.successor is not None:
        heir = heir.successor
    if heir.kind == Unit.Kind.CENTRE or not heir.is_valid(at):
        return people_with_right(rights.MANAGE_CHANNELS, at=at)
    return people_with_right(rights.PROPOSE_CHANNEL, [heir], at=at)


# --- who may do what


def is_manager(user: User, at: datetime) -> bool:
    return has_right(user, rights.MANAGE_CHANNELS, at)


def may_act_for(user: User, unit_id: int, at: datetime) -> bool:
    """For one's own unit; the manager at the centre for every unit."""
    if is_manager(user, at):
        return True
    return user.unit_id == unit_id and has_right(user, rights.PROPOSE_CHANNEL, at)


def open_filing(channel: Channel) -> ChannelFiling | None:
    return channel.filings.filter(outcome=FilingOutcome.OPEN).first()


@dataclass(frozen=True)
class Standing:
    """A channel as one person stands to it at a moment. `user` None: the system, which has every right."""

    channel: Channel
    filing: ChannelFiling | None
    """The one that waits for a decision."""
    user: User | None
    at: datetime


def _of_its_unit(standing: Standing) -> str:
    if standing.user is None or may_act_for(standing.user, standing.channel.owner_id, standing.at):
        return ""
    return "只有开办单位的联络员、负责人和渠道管理员可以操作。"


def _of_the_manager(standing: Standing) -> str:
    return "" if standing.user is None or is_manager(standing.user, standing.at) else "由市热线中心渠道管理员操作。"


def _waits(standing: Standing) -> str:
    if standing.filing is None:
        return "没有等待决定的备案。"
    if standing.user is not None and standing.filing.filed_by_id == standing.user.pk:
        return "报备人不能自己决定，请另一位渠道管理员决定。"
    return ""


def _nothing_waits(standing: Standing) -> str:
    if standing.filing is None:
        return ""
    return f"“{standing.filing.get_kind_display()}”备案正在等市热线中心决定。"


def _can(move: Callable[..., Any]) -> Callable[[Standing], str]:
    return lambda standing: why_refused(standing.channel, move)


def _is(state: ChannelState) -> Callable[[Standing], str]:
    def check(standing: Standing) -> str:
        channel = standing.channel
        return "" if channel.state == state else f"当前为“{channel.get_state_display()}”，不是“{state.label}”。"

    return check


def _may_end(standing: Standing) -> str:
    return "12345 是统一受理的号码，不能撤销。" if standing.channel.code == POOL else ""


def _approved(standing: Standing) -> str:
    before = {ChannelState.PROPOSED, ChannelState.FILED, ChannelState.REFUSED}
    return "市热线中心核准以后才能启用。" if standing.channel.state in before else ""


def _before_its_day(standing: Standing) -> str:
    ends_on = standing.channel.ends_on
    passed = ends_on is not None and ends_on <= local_day(standing.at)
    return f"撤销日期 {ends_on:%Y-%m-%d} 已到，不能再申请保留。" if passed else ""


def _has_its_day(standing: Standing) -> str:
    return "先定撤销日期。" if standing.channel.state == ChannelState.ACTIVE else ""


def _may_be_revised(standing: Standing) -> str:
    if standing.channel.state == ChannelState.FILED:
        return "已报备，等市热线中心决定，现在不能改。填错了的，请渠道管理员不同意，退回以后改好再报。"
    if standing.channel.state == ChannelState.CANCELLED:
        return f"当前为“{standing.channel.get_state_display()}”，不能修改。"
    return ""


@dataclass(frozen=True)
class ChannelAct:
    code: str
    label: str
    key: str
    whose: Callable[[Standing], str]
    checks: tuple[Callable[[Standing], str], ...]
    shown_in: frozenset[ChannelState] = frozenset(ChannelState)
    """Where the button stands, greyed when something else forbids it; none: while a filing waits."""

    def refusal(self, standing: Standing) -> str:
        return next((why for check in (self.whose, *self.checks) if (why := check(standing))), "")


_S = ChannelState
CHANNEL_ACTS: Final = {
    act.code: act
    for act in (
        ChannelAct("approve", "同意", "y", _of_the_manager, (_waits,), frozenset()),
        ChannelAct("refuse", "不同意", "n", _of_the_manager, (_waits,), frozenset()),
        ChannelAct(
            "file",
            "报备",
            "f",
            _of_its_unit,
            (_can(Channel.file), _nothing_waits),
            frozenset({_S.PROPOSED, _S.REFUSED}),
        ),
        ChannelAct(
            "open",
            "启用",
            "o",
            _of_its_unit,
            (_approved, _can(Channel.put_in_use)),
            frozenset({_S.PROPOSED, _S.FILED, _S.REFUSED, _S.APPROVED}),
        ),
        ChannelAct("yearly", "年度备案", "b", _of_its_unit, (_is(_S.ACTIVE), _nothing_waits), frozenset({_S.ACTIVE})),
        ChannelAct(
            "keep",
            "申请保留",
            "l",
            _of_its_unit,
            (_is(_S.ENDING), _nothing_waits, _before_its_day),
            frozenset({_S.ENDING}),
        ),
        ChannelAct(
            "end",
            "定撤销日期",
            "e",
            _of_its_unit,
            (_can(Channel.end), _may_end, _nothing_waits),
            frozenset({_S.APPROVED, _S.ACTIVE, _S.ENDING}),
        ),
        ChannelAct(
            "cancel",
            "现在撤销",
            "c",
            _of_the_manager,
            (_may_end, _has_its_day, _can(Channel.cancel), _nothing_waits),
            frozenset({_S.ACTIVE, _S.ENDING}),
        ),
        ChannelAct("revise", "修改", "m", _of_its_unit, (_may_be_revised,), frozenset(set(_S) - {_S.CANCELLED})),
    )
}


@dataclass(frozen=True)
class ChannelButton:
    code: str
    label: str
    key: str
    url: str
    why: str
    main: bool = False


def channel_buttons(standing: Standing) -> list[ChannelButton]:
    """What the person's post may do; an act that only the moment forbids stays, with its reason."""
    found = []
    for act in CHANNEL_ACTS.values():
        if act.whose(standing) or not _stands(act, standing):
            continue
        url = reverse("channels_merge:channel-act", args=[standing.channel.code, act.code])
        found.append(ChannelButton(act.code, act.label, act.key, url, act.refusal(standing)))
    first = next((button for button in found if not button.why and button.code in MAIN_ACTS), None)
    return [replace(button, main=button is first) for button in found]


def _stands(act: ChannelAct, standing: Standing) -> bool:
    return standing.channel.state in act.shown_in if act.shown_in else standing.filing is not None


MAIN_ACTS: Final = frozenset({"approve", "file", "open", "yearly", "keep"})


# --- the list


def channels_seen(user: User, at: datetime) -> QuerySet[Channel]:
    """The whole register for the centre and leaders; a unit sees its own and those of the units below it."""
    if has_right(user, rights.VIEW_REGISTER, at):
        return Channel.objects.all()
    return Channel.objects.filter(owner__in=subtree_ids(user.unit) if user.unit else [])


def with_volumes(channels: QuerySet[Channel], *, at: datetime) -> QuerySet[Channel]:
    """`waiting_filing`, and `volume` and `after_end` of the last 30 days: one index range for each row shown."""
    lately = Appeal.objects.filter(channel=OuterRef("pk"), received_at__gte=at - timedelta(days=VOLUME_DAYS))
    return channels.select_related("owner").annotate(
        waiting_filing=Exists(ChannelFiling.objects.filter(channel=OuterRef("pk"), outcome=FilingOutcome.OPEN)),
        volume=_count(lately),
        after_end=_count(Appeal.objects.filter(channel=OuterRef("pk"), after_cancellation=True)),
    )


def _count(appeals: QuerySet[Appeal]) -> Coalesce:
    counted = appeals.order_by().values("channel").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@dataclass(frozen=True)
class RegisterTab:
    code: str
    name: str
    rows: Q
    by: str = "id"
    """The column that orders the tab: the nearest day on top where there is one."""


def register_tabs(*, at: datetime) -> list[RegisterTab]:
    today = local_day(at)
    soon = today + timedelta(days=parameters.integer("channel_remind_before", at=at))
    waiting = Exists(ChannelFiling.objects.filter(channel=OuterRef("pk"), outcome=FilingOutcome.OPEN))
    return [
        RegisterTab("", "全部", Q()),
        RegisterTab("waiting", "等待决定", Q(waiting)),
        RegisterTab("proposed", "拟设", Q(state__in=_BEFORE_USE)),
        RegisterTab("active", "启用", Q(state=ChannelState.ACTIVE)),
        RegisterTab("overdue", "备案超期", Q(state=ChannelState.ACTIVE, review_due_on__lt=today), "review_due_on"),
        RegisterTab(
            "review",
            "备案快到期",
            Q(state=ChannelState.ACTIVE, review_due_on__gte=today, review_due_on__lte=soon),
            "review_due_on",
        ),
        RegisterTab("ending", "待撤销", Q(state=ChannelState.ENDING), "ends_on"),
        RegisterTab("cancelled", "已撤销", Q(state=ChannelState.CANCELLED)),
    ]


_BEFORE_USE: Final = (ChannelState.PROPOSED, ChannelState.FILED, ChannelState.APPROVED, ChannelState.REFUSED)


def tab_counts(channels: QuerySet[Channel], tabs: Sequence[RegisterTab]) -> dict[str, int]:
    """One query: the register holds hundreds of rows, not millions."""
    return channels.order_by().aggregate(**{f"n_{tab.code}": Count("pk", filter=tab.rows) for tab in tabs})


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        # 2026-02-30: written like a day and none.
        return None


@dataclass(frozen=True)
class RegisterPage:
    rows: Sequence[Any]
    next_key: str


def take_rows(rows: QuerySet[Any], *, by: str, after: str) -> RegisterPage:
    """One page by key. `by` is the id or a day; a key that makes no sense gives the first page."""
    day, _, pk = after.rpartition("_")
    last_id = key_of(pk)
    if last_id is not None and (by == "id") == (day == ""):
        beyond = Q(pk__gt=last_id)
        if by != "id":
            since = _day(day)
            beyond = Q(**{f"{by}__gt": since}) | Q(**{by: since}) & beyond if since else Q()
        rows = rows.filter(beyond)
    found = list(rows.order_by(*dict.fromkeys((by, "id")))[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    if len(found) <= PAGE_ROWS:
        return RegisterPage(shown, "")
    last = shown[-1]
    return RegisterPage(shown, str(last.pk) if by == "id" else f"{getattr(last, by)}_{last.pk}")


# --- what the day asks


def due_for_cancelling(*, at: datetime) -> QuerySet[Channel]:
    """Their day has come, and nothing that would keep them waits for a decision."""
    waiting = ChannelFiling.objects.filter(channel=OuterRef("pk"), outcome=FilingOutcome.OPEN)
    return Channel.objects.filter(~Exists(waiting), state=ChannelState.ENDING, ends_on__lte=local_day(at))


def register_badge(user: User, at: datetime) -> tuple[int, bool]:
    """For the rail: filings that wait for the manager; for a unit, what it must file again, overdue or soon."""
    if is_manager(user, at):
        waiting = ChannelFiling.objects.filter(outcome=FilingOutcome.OPEN).count()
        return waiting, False
    if not has_right(user, rights.PROPOSE_CHANNEL, at):
        return 0, False
    today = local_day(at)
    soon = today + timedelta(days=parameters.integer("channel_remind_before", at=at))
    due = list(
        Channel.objects.filter(owner=user.unit_id, state=ChannelState.ACTIVE, review_due_on__lte=soon)
        .exclude(filings__outcome=FilingOutcome.OPEN)
        .values_list("review_due_on", flat=True)
    )
    return len(due), any(day < today for day in due)
