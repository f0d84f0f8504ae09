"""The life of a channel: proposed, filed, approved, in use, ended, cancelled.

Each act locks the channel, asks the same rule that greys its button, changes the state, and writes what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from channels_merge import rights, selectors
from channels_merge.models import Appeal, Channel, ChannelEvent, ChannelFiling
from channels_merge.selectors.register import AFTERWARDS, CHANNEL_ACTS, Standing
from channels_merge.services.phones import remind_of_republications
from channels_merge.states import ChannelKind, ChannelState, FilingKind, FilingOutcome, IntakeWay
from hotline import parameters
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import Unit, User
from hotline.numbers import next_number
from hotline.selectors import people_with_right
from hotline.services import notify, one_by_one, step_by_step
from hotline.typed import clean, needed

LONGEST = {"name": 60, "address": 200, "ground": 300, "announced": 200, "maintainer": 80}
LABELS = {
    "name": "名称",
    "address": "号码或网址",
    "ground": "开办依据",
    "announced": "在哪里公布",
    "maintainer": "维护人",
}


class ChannelRefused(DomainError):
    pass


@dataclass(frozen=True)
class Existed:
    """What a unit claims of a channel that was there before the order: since when, by what, and when it ends."""

    since: date
    evidence: str
    until: date


def record(channel: Channel, act: str, *, source: str, words: str = "", by: User | None, at: datetime) -> ChannelEvent:
    return ChannelEvent.objects.create(
        channel=channel, act=act, source=source, target=channel.state, words=words[:500], by=by, at=at
    )


@transaction.atomic
def propose_channel(
    *,
    owner: Unit,
    name: str,
    kind: str,
    way: str,
    ground: str,
    address: str = "",
    announced: str = "",
    maintainer: str = "",
    existed: Existed | None = None,
    by: User | None,
    at: datetime,
) -> Channel:
    """Enter a channel. A new one is 拟设. One that was there before the order is filed with its evidence at once:

    only when the manager has confirmed it does it take appeals, and it ends on its day unless it is kept. The order
    gives 2025-12-31 for what existed; a day later than `channel_end_at_most` days from now is refused.
    """
    if by is not None and not selectors.may_act_for(by, owner.pk, at):
        raise rights.NotPermitted("只能登记本单位的渠道。")
    if kind not in ChannelKind.values or way not in IntakeWay.values:
        raise ChannelRefused("请选择种类和诉求怎么进来。")
    words = {"name": name, "address": address, "ground": ground, "announced": announced, "maintainer": maintainer}
    words = _checked_words(words)
    evidence = _checked_claim(existed, words["ground"], at) if existed else ""
    channel = Channel.objects.create(
        code=next_number("Q", local_day(at)).lower(),
        owner=owner,
        kind=kind,
        way=way,
        is_machine=way != IntakeWay.DESK,
        **words,
    )
    if existed is None:
        record(channel, "propose", source="", by=by, at=at)
        return channel
    days = f"{existed.since:%Y-%m-%d} 设立，拟 {existed.until:%Y-%m-%d} 撤销。"
    _move(channel, Channel.file, act="enter", words=days + evidence, by=by, at=at)
    _filed(channel, FilingKind.EXISTING, evidence, existed_since=existed.since, ends_on=existed.until, by=by, at=at)
    return channel


def _checked_claim(existed: Existed, ground: str, at: datetime) -> str:
    if why := selectors.why_not_since(existed.since):
        raise ChannelRefused(why)
    if not ground:
        raise ChannelRefused("早已设立的，请写开办依据。")
    _check_end(existed.until, at)
    return _said(existed.evidence, "早已设立的证据")


def _checked_words(words: dict[str, str]) -> dict[str, str]:
    words = {name: clean(value) for name, value in words.items()}
    for name, value in words.items():
        if len(value) > LONGEST[name]:
            raise ChannelRefused(f"{LABELS[name]}最多写 {LONGEST[name]} 个字。")
    if "name" in words and not words["name"]:
        raise ChannelRefused("请写渠道名称。")
    return words


def _check_end(day: date, at: datetime) -> None:
    if why := selectors.why_not_end(day, at=at):
        raise ChannelRefused(why)


def _standing(channel_id: int, act: str, *, by: User | None, at: datetime) -> Standing:
    """The locked channel, once the act is allowed. Raises ChannelRefused with the sentence of the greyed button."""
    channel = Channel.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=channel_id)
    standing = Standing(channel, selectors.open_filing(channel), by, at)
    rule = CHANNEL_ACTS[act]
    if why := rule.whose(standing):
        raise rights.NotPermitted(why)
    if why := rule.refusal(standing):
        raise ChannelRefused(why)
    return standing


def _move(
    channel: Channel,
    transition: Callable[..., None],
    *,
    act: str,
    words: str = "",
    by: User | None,
    at: datetime,
    **changes: Any,
) -> ChannelEvent:
    source = channel.state
    transition(channel, **changes)
    channel.save(update_fields=["state", *changes])
    return record(channel, act, source=source, words=words, by=by, at=at)


def _said(text: str, name: str) -> str:
    return needed(text, name, 500, ChannelRefused)


@transaction.atomic
def revise_channel(*, channel_id: int, changes: dict[str, str], by: User | None, at: datetime) -> Channel:
    """Correct what is written about a channel; after approval only `AFTERWARDS`."""
    channel = _standing(channel_id, "revise", by=by, at=at).channel
    words = _checked_words(changes)
    changed = {name: value for name, value in words.items() if getattr(channel, name) != value}
    if channel.state not in {ChannelState.PROPOSED, ChannelState.REFUSED} and changed.keys() - AFTERWARDS:
        raise ChannelRefused("报备以后只能改号码或网址、公布位置和维护人。")
    if not changed:
        raise ChannelRefused("没有改动。")
    said = "；".join(
        f"{LABELS[name]}：{getattr(channel, name) or '（空）'} → {value}" for name, value in changed.items()
    )
    for name, value in changed.items():
        setattr(channel, name, value)
    channel.save(update_fields=list(changed))
    record(channel, "revise", source=channel.state, words=said, by=by, at=at)
    return channel


@transaction.atomic
def file_channel(*, channel_id: int, reason: str, by: User | None, at: datetime) -> ChannelFiling:
    """Ask the hotline centre for a new channel (赣市改字〔2025〕10号 2: 确需新增的，报备案)."""
    channel = _standing(channel_id, "file", by=by, at=at).channel
    if not channel.ground:
        raise ChannelRefused("请先补上开办依据，再报备。")
    reason = _said(reason, "新增的理由")
    _move(channel, Channel.file, act="file", words=reason, by=by, at=at)
    return _filed(channel, FilingKind.NEW, reason, by=by, at=at)


@transaction.atomic
def file_yearly(*, channel_id: int, reason: str, by: User | None, at: datetime) -> ChannelFiling:
    """What is kept is filed again each year: parameter channel_filing_review."""
    channel = _standing(channel_id, "yearly", by=by, at=at).channel
    reason = _said(reason, "继续保留的理由")
    record(channel, "yearly", source=channel.state, words=reason, by=by, at=at)
    return _filed(channel, FilingKind.YEARLY, reason, by=by, at=at)


@transaction.atomic
def file_to_keep(*, channel_id: int, reason: str, by: User | None, at: datetime) -> ChannelFiling:
    """Ask that a channel which is to end be kept (赣市改字〔2025〕10号 2: 确需保留的，报备案)."""
    channel = _standing(channel_id, "keep", by=by, at=at).channel
    reason = _said(reason, "保留的理由")
    record(channel, "keep", source=channel.state, words=reason, by=by, at=at)
    return _filed(channel, FilingKind.KEEP, reason, by=by, at=at)


def _filed(channel: Channel, kind: str, reason: str, *, by: User | None, at: datetime, **days: date) -> ChannelFiling:
    filing = ChannelFiling.objects.create(channel=channel, kind=kind, reason=reason, filed_by=by, filed_at=at, **days)
    notify(
        users=people_with_right(rights.MANAGE_CHANNELS, at=at),
        kind="channel_filed",
        number=channel.code,
        at=at,
        dedupe=f"channel-filed:{filing.pk}",
    )
    return filing


@transaction.atomic
def approve_filing(*, channel_id: int, opinion: str = "", by: User | None, at: datetime) -> ChannelFiling:
    """Agree with the filing that waits: a new channel may be opened, an ending one stays, a kept one gets its next year.

    One that was there before the order takes appeals from now on and ends on the day that was filed.
    """
    standing = _standing(channel_id, "approve", by=by, at=at)
    channel, filing = standing.channel, standing.filing
    opinion = clean(opinion)[:500]
    today = local_day(at)
    due = selectors.next_review(today, at=at)
    source = channel.state
    if filing.kind == FilingKind.NEW:
        channel.approve(approved_on=today, review_due_on=due)
    elif filing.kind == FilingKind.EXISTING:
        channel.confirm(ends_on=filing.ends_on)
    elif filing.kind == FilingKind.KEEP:
        channel.keep(approved_on=today, review_due_on=due)
    else:
        channel.approved_on, channel.review_due_on = today, due
    channel.save(update_fields=["state", "approved_on", "review_due_on", "ends_on"])
    record(channel, "approve", source=source, words=opinion, by=by, at=at)
    return _decided(filing, FilingOutcome.APPROVED, opinion, by=by, at=at)


@transaction.atomic
def refuse_filing(
    *, channel_id: int, opinion: str, ends_on: date | None = None, by: User | None, at: datetime
) -> ChannelFiling:
    """Disagree with reasons. What is in use and not kept another year ends on `ends_on`."""
    standing = _standing(channel_id, "refuse", by=by, at=at)
    channel, filing = standing.channel, standing.filing
    opinion = _said(opinion, "不同意的理由")
    if filing.kind in {FilingKind.NEW, FilingKind.EXISTING}:
        _move(channel, Channel.refuse, act="refuse", words=opinion, by=by, at=at)
    elif filing.kind == FilingKind.YEARLY:
        if ends_on is None:
            raise ChannelRefused("不同意继续保留的，请定撤销日期。")
        _check_end(ends_on, at)
        _move(channel, Channel.end, act="refuse", words=opinion, by=by, at=at, ends_on=ends_on)
    else:
        record(channel, "refuse", source=channel.state, words=opinion, by=by, at=at)
    return _decided(filing, FilingOutcome.REFUSED, opinion, by=by, at=at)


def _decided(filing: ChannelFiling, outcome: str, opinion: str, *, by: User | None, at: datetime) -> ChannelFiling:
    filing.outcome, filing.opinion, filing.decided_by, filing.decided_at = outcome, opinion, by, at
    filing.save(update_fields=["outcome", "opinion", "decided_by", "decided_at"])
    _tell_owner(filing.channel, "channel_decided", at=at, dedupe=f"channel-decided:{filing.pk}")
    return filing


def _tell_owner(channel: Channel, kind: str, *, at: datetime, dedupe: str) -> int:
    people = selectors.who_hears_for(channel.owner, at=at)
    return notify(users=people, kind=kind, number=channel.code, at=at, dedupe=dedupe)


@transaction.atomic
def open_channel(*, channel_id: int, note: str = "", by: User | None, at: datetime) -> ChannelEvent:
    """Put an approved channel in use."""
    channel = _standing(channel_id, "open", by=by, at=at).channel
    return _move(channel, Channel.put_in_use, act="open", words=clean(note), by=by, at=at)


@transaction.atomic
def end_channel(*, channel_id: int, ends_on: date, reason: str, by: User | None, at: datetime) -> ChannelEvent:
    """Set the day on which a channel is cancelled. A day that was set may come nearer; only the manager puts it off."""
    channel = _standing(channel_id, "end", by=by, at=at).channel
    _check_end(ends_on, at)
    is_later = channel.ends_on is not None and ends_on > channel.ends_on
    if is_later and by is not None and not selectors.is_manager(by, at):
        raise ChannelRefused(
            f"撤销日期已定为 {channel.ends_on:%Y-%m-%d}，只能提前；要推后的，请申请保留或由渠道管理员改定。"
        )
    words = f"{ends_on:%Y-%m-%d} 撤销。{_said(reason, '理由')}"
    return _move(channel, Channel.end, act="end", words=words, by=by, at=at, ends_on=ends_on)


@transaction.atomic
def cancel_channel(*, channel_id: int, reason: str, by: User | None, at: datetime) -> ChannelEvent:
    """Cancel before the day. Its appeals are taken in from now on as those of a cancelled channel."""
    channel = _standing(channel_id, "cancel", by=by, at=at).channel
    event = _move(
        channel, Channel.cancel, act="cancel", words=_said(reason, "理由"), by=by, at=at, ends_on=local_day(at)
    )
    _tell_owner(channel, "channel_cancelled", at=at, dedupe=f"channel-cancelled:{channel.pk}")
    return event


def look_after_channels(*, at: datetime) -> dict[str, int]:
    """Once a day, and safe to run again: cancel those whose day has come, remind of days that come, tell of what came.

    Nobody is told the same twice on one day. What fails holds up none of the others.
    """
    return step_by_step(
        {
            "cancelled": lambda: _cancel_due(at=at),
            "reminded": lambda: _remind(at=at),
            "told": lambda: _tell_of_appeals_afterwards(at=at),
            "numbers": lambda: remind_of_republications(at=at),
        }
    )


def _cancel_due(*, at: datetime) -> int:
    due = selectors.due_for_cancelling(at=at).values_list("pk", flat=True)
    return len(one_by_one(lambda channel_id: _cancel(channel_id, at), due))


@transaction.atomic
def _cancel(channel_id: int, at: datetime) -> bool:
    """False where somebody has kept it, or a filing came in, since it was found."""
    channel = Channel.objects.select_for_update(of=("self",), no_key=True).get(pk=channel_id)
    if not selectors.due_for_cancelling(at=at).filter(pk=channel_id).exists():
        return False
    words = f"撤销日期 {channel.ends_on:%Y-%m-%d} 已到。"
    _move(channel, Channel.cancel, act="cancel", words=words, by=None, at=at, ends_on=channel.ends_on)
    _tell_owner(channel, "channel_cancelled", at=at, dedupe=f"channel-cancelled:{channel.pk}")
    return True


def _remind(*, at: datetime) -> int:
    """Once when a day comes near; once a month while a yearly filing is overdue, and then the manager as well."""
    today = local_day(at)
    soon = today + timedelta(days=parameters.integer("channel_remind_before", at=at))
    count = 0
    active = Channel.objects.filter(state=ChannelState.ACTIVE, review_due_on__lte=soon)
    for channel in active.exclude(filings__outcome=FilingOutcome.OPEN).select_related("owner").order_by("pk"):
        is_late = channel.review_due_on < today
        stage = f"{today:%Y-%m}" if is_late else "soon"
        kind = "channel_review_late" if is_late else "channel_review"
        dedupe = f"channel-review:{channel.pk}:{channel.review_due_on}:{stage}"
        count += _tell_owner(channel, kind, at=at, dedupe=dedupe)
        if is_late:
            managers = people_with_right(rights.MANAGE_CHANNELS, at=at)
            count += notify(users=managers, kind=kind, number=channel.code, at=at, dedupe=dedupe)
    ending = Channel.objects.filter(state=ChannelState.ENDING, ends_on__lte=soon, ends_on__gt=today)
    for channel in ending.select_related("owner").order_by("pk"):
        dedupe = f"channel-ends:{channel.pk}:{channel.ends_on}"
        count += _tell_owner(channel, "channel_ends", at=at, dedupe=dedupe)
    return count


def _tell_of_appeals_afterwards(*, at: datetime) -> int:
    """The unit that closed a channel hears that people still use it: it is announced somewhere yet."""
    since = at - timedelta(days=1)
    came = Appeal.objects.filter(after_cancellation=True, received_at__gt=since, received_at__lte=at)
    channels = Channel.objects.filter(pk__in=came.values("channel")).select_related("owner").order_by("pk")
    return sum(
        _tell_owner(channel, "channel_still_used", at=at, dedupe=f"channel-still-used:{channel.pk}:{local_day(at)}")
        for channel in channels
    )
