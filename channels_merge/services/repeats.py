"""The same person again: with the same matter (for supervision), or many times a day with nothing new (a supervisor looks).

国办函〔2025〕66号（五）: 重复诉求. Urge, supplement and withdraw make no appeal, so they are never a repeat.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from channels_merge import rights
from channels_merge.models import Appeal, FrequentCaller, MergeProposal, Repeat
from channels_merge.selectors import merging as reads
from channels_merge.selectors import repeats as counts
from channels_merge.selectors.appeals import carried_by
from channels_merge.services.moves import AppealRefused
from hotline import masking
from hotline.dates import local_day
from hotline.models import User
from hotline.selectors import people_with_right
from hotline.services import notify, one_by_one
from hotline.typed import clean


def note_repeats(appeal: Appeal, near: Iterable[reads.Near]) -> None:
    """Write down who has come again: `near` is what was found like `appeal`; what shares a ticket with either is the same, also
    where a neighbour's words are more alike than what the caller said before.
    """
    caller = appeal.contact.phone_index if appeal.contact else ""
    if not caller:
        return
    same = {ticket.pk for ticket in (reads.carrier(appeal), *(one.ticket for one in near)) if ticket is not None}
    waiting = [one.appeal.pk for one in near if one.ticket is None]
    told = Appeal.objects.filter(Q(pk__in=carried_by(*same).values("pk")) | Q(pk__in=waiting))
    found = list(reads.with_carrier(told.filter(contact__phone_index=caller).exclude(pk=appeal.pk)))
    before = [other for other in found if _order(other) < _order(appeal)]
    if before:
        _note(appeal, before)
    for other in found:
        if _order(other) > _order(appeal):
            _note(other, [appeal])


def _order(appeal: Appeal) -> tuple[datetime, int]:
    return appeal.received_at, appeal.pk


def _note(appeal: Appeal, before: list[Appeal]) -> None:
    """`before` came earlier, of the same person and matter: the first of them, or what it repeats itself, is the root."""
    earliest = min(before, key=_order)
    root = Repeat.objects.filter(appeal=earliest).select_related("first").first()
    Repeat.objects.get_or_create(
        appeal=appeal,
        defaults={
            "first": root.first if root else earliest,
            "after_closing": any(_closed_by(one, appeal.received_at) for one in before),
            "at": appeal.received_at,
        },
    )


def _closed_by(appeal: Appeal, at: datetime) -> bool:
    ticket = reads.carrier(appeal)
    return ticket is not None and ticket.closed_at is not None and ticket.closed_at <= at


def forget_repeat(appeal: Appeal, other: Appeal) -> None:
    """Somebody who read both says that they are two matters."""
    root = Repeat.objects.filter(appeal=other).values_list("first", flat=True).first()
    Repeat.objects.filter(appeal=appeal, first__in=[other.pk, root or other.pk]).delete()


def note_again(proposal: MergeProposal) -> None:
    """The refusal was a slip."""
    mine, theirs = (one.contact.phone_index if one.contact else "" for one in (proposal.appeal, proposal.other))
    if mine and mine == theirs:
        _note(proposal.appeal, [proposal.other])


def find_frequent_callers(*, at: datetime) -> int:
    """Numbers that came `malicious_call_flag` times within 24 hours and said nothing new; returns how many are news.

    Nothing is blocked. The supervisors hear of each number once a day.
    """
    found = counts.frequent_callers(since=at - timedelta(hours=24), at=at)
    return len(one_by_one(lambda caller: _list_caller(caller, at), found))


@transaction.atomic
def _list_caller(caller: counts.Frequent, at: datetime) -> bool:
    if FrequentCaller.objects.filter(phone_index=caller.phone_index, last_at__gte=caller.last_at).exists():
        return False
    row, is_new = FrequentCaller.objects.get_or_create(
        phone_index=caller.phone_index,
        day=local_day(at),
        defaults={"latest_id": caller.latest_id, "count": caller.count, "last_at": caller.last_at},
    )
    if not is_new:
        row.latest_id, row.count, row.last_at = caller.latest_id, caller.count, caller.last_at
        row.save(update_fields=["latest", "count", "last_at"])
        return False
    notify(
        users=people_with_right(rights.MANAGE_MERGING, at=at),
        kind="frequent_caller",
        number="",
        at=at,
        dedupe=f"frequent:{row.pk}",
    )
    return True


@transaction.atomic
def note_caller_seen(*, caller_id: int, said: str, by: User, at: datetime) -> FrequentCaller:
    """A supervisor has looked, and says what is to be done. The number can go on calling."""
    rights.require(by, rights.MANAGE_MERGING, at)
    said = masking.redact(clean(said))[:200]
    if not said:
        raise AppealRefused("请写处理意见。")
    row = FrequentCaller.objects.select_for_update(of=("self",), no_key=True).get(pk=caller_id)
    if row.seen_at is not None:
        raise AppealRefused(f"{row.seen_by.masked_name}已看过这个号码。")
    row.seen_at, row.seen_by, row.said = at, by, said
    row.save(update_fields=["seen_at", "seen_by", "said"])
    return row
