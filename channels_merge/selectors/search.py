"""Finding tickets and appeals by number, phone, last four digits or words.

Words are asked in two legs. Leg 1 walks the newest rows the user may see and stops when the page is full: quick for
common words. Leg 2 asks the GIN index, and reads texts from the newest match on until the page is full: quick for rarer
ones. `visible_to` decides in both; there are no totals.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, Subquery

from channels_merge import rights
from channels_merge.identity import normal_phone
from channels_merge.models import Appeal, AppealLink, AppealQuerySet
from hotline import bigrams, crypto
from hotline.errors import DomainError
from hotline.models import User
from hotline.remembering import count
from hotline.rights import has_right
from tickets.models import Ticket
from tickets.selectors.lists import Key
from tickets.states import Secrecy

PAGE = 25
WALK = 3000
# A row of a unit costs three look-ups more; its scope token makes the second leg short.
WALK_OF_UNIT = 600
TAIL_TRIES_AN_HOUR = 20


class SearchRefused(DomainError):
    """`how` as in `Result`, when people were looked for."""

    def __init__(self, message: str, how: str = "") -> None:
        super().__init__(message)
        self.how = how


@dataclass(frozen=True)
class Found:
    """One row of the result: an appeal with the ticket that carries it, if any."""

    appeal: Appeal
    ticket: Ticket | None
    may_open: bool


@dataclass(frozen=True)
class Result:
    how: str  # number, phone, tail or words
    rows: tuple[Found, ...]
    next_before: str = ""
    """The key to ask the next page with, empty on the last one."""
    words: tuple[str, ...] = ()


def search(query: str, *, by: User, at: datetime, before: Key | None = None) -> Result:
    """What `by` may see; agents see number, title, state and public progress of any open-secrecy matter, follow-up
    agents what waits for a follow-up.
    """
    query = query.strip()
    compact = re.sub(r"[\s\-]", "", query).upper()
    if re.fullmatch(r"(?:GZ|S)\d{6,14}", compact):
        return _paged("number", _by_number(compact), by=by, at=at, before=before)
    if re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6}", compact):
        if not has_right(by, rights.SEARCH_PEOPLE, at):
            raise SearchRefused("您的岗位不能按电话查找，请写编号或两个字以上的词。", "phone")
        people = Appeal.objects.filter(contact__phone_index=crypto.blind_index(normal_phone(compact), "phone"))
        return _paged("phone", people, by=by, at=at, before=before)
    if re.fullmatch(r"\d{4}", compact):
        _allow_tail(by, at)
        people = Appeal.objects.filter(contact__phone_tail_index=crypto.blind_index(compact, "phone-tail"))
        return _paged("tail", people, by=by, at=at, before=before)
    words = tuple(dict.fromkeys(run for run in bigrams.runs(query) if len(run) >= 2))
    if not words:
        raise SearchRefused("请写编号、完整电话、电话后四位，或两个字以上的词。")
    return _by_words(words, by=by, at=at, before=before)


def _allow_tail(by: User, at: datetime) -> None:
    """Ten thousand tries would list everybody: the last four digits are asked for seldom."""
    if not has_right(by, rights.SEARCH_TAIL, at):
        raise SearchRefused("您的岗位不能按电话后四位查找，请写完整电话或编号。", "tail")
    if count(f"search-tail:{by.pk}:{at.timestamp() // 3600:.0f}", seconds=3600) > TAIL_TRIES_AN_HOUR:
        raise SearchRefused(f"按后四位查找每小时最多 {TAIL_TRIES_AN_HOUR} 次，已用完，请写完整电话或编号。", "tail")


def _by_number(number: str) -> AppealQuerySet:
    """The beginning of a number is enough; a call's further matters come with its first."""
    if number.startswith("S"):
        return Appeal.objects.filter(number__startswith=number[:13])
    links = AppealLink.objects.filter(ticket__number__startswith=number, until=None)
    return Appeal.objects.filter(pk__in=links.values("appeal"))


def _paged(how: str, appeals: AppealQuerySet, *, by: User, at: datetime, before: Key | None) -> Result:
    """Newest first, a page by key. What `by` may not see leaves its page shorter."""
    if before is not None:
        appeals = appeals.filter(received_at__lte=before.at).filter(Q(received_at__lt=before.at) | Q(pk__lt=before.id))
    found = list(appeals.order_by("-received_at", "-pk").values_list("received_at", "pk")[: PAGE + 1])
    rows = _page([pk for _, pk in found[:PAGE]], by, at)
    return Result(how, rows, next_before=_key_after(found))


def _key_after(found: Sequence[tuple[datetime, int]]) -> str:
    return str(Key(*found[PAGE - 1])) if len(found) > PAGE else ""


def _sees_all(by: User, at: datetime) -> bool:
    return has_right(by, rights.VIEW_ALL, at) or has_right(by, rights.PUBLIC_PROGRESS, at)


def _page(appeal_ids: Sequence[int], by: User, at: datetime) -> tuple[Found, ...]:
    """The gate: in the order given, what the user may see of these, at most one page."""
    carriers = AppealLink.objects.filter(appeal=OuterRef("pk"), until=None).values("ticket")
    appeals = (
        Appeal.objects.select_related("region")
        .only("number", "title", "state", "secrecy", "received_at", "region__name")
        .annotate(carrier=Subquery(carriers))
        .in_bulk(appeal_ids)
    )
    opened = Ticket.objects.visible_to(by, at).filter(pk=OuterRef("pk"))
    tickets = (
        Ticket.objects.select_related("holder__unit")
        .only("number", "state", "secrecy", "holder__state", "holder__unit__short_name")
        .annotate(may_open=Exists(opened))
        .in_bulk([appeal.carrier for appeal in appeals.values() if appeal.carrier is not None])
    )
    sees_all, sees_progress = _sees_all(by, at), has_right(by, rights.PUBLIC_PROGRESS, at)
    rows = []
    for appeal_id in appeal_ids:
        appeal = appeals.get(appeal_id)
        if appeal is None:
            continue
        ticket = tickets.get(appeal.carrier)
        if ticket is None:
            allowed = sees_all and appeal.secrecy == Secrecy.OPEN
        else:
            allowed = ticket.may_open or (sees_progress and ticket.secrecy == Secrecy.OPEN)
        if allowed:
            rows.append(Found(appeal, ticket, may_open=ticket is not None and ticket.may_open))
    return tuple(rows)


_LEG_1_CITY = """
SELECT e.at, e.appeal_id FROM (
    SELECT at, appeal_id, codes FROM channels_merge_searchentry
    WHERE (%(at)s::timestamptz IS NULL OR (at, appeal_id) < (%(at)s, %(id)s))
    ORDER BY at DESC, appeal_id DESC LIMIT %(walk)s
) e JOIN channels_merge_appeal a ON a.id = e.appeal_id
WHERE e.codes @> %(codes)s::int[] AND {match} AND {among}
ORDER BY e.at DESC, e.appeal_id DESC LIMIT %(limit)s
"""
_LEG_1_UNIT = """
SELECT e.at, e.appeal_id FROM (
    SELECT ticket_id FROM tickets_ticketscope
    WHERE unit_id = %(unit)s AND created_at <= COALESCE(%(at)s::timestamptz, 'infinity') + interval '1 day'
    ORDER BY created_at DESC, ticket_id DESC LIMIT %(walk)s
) s
JOIN channels_merge_appeallink l ON l.ticket_id = s.ticket_id AND l.until IS NULL
JOIN channels_merge_searchentry e ON e.appeal_id = l.appeal_id
JOIN channels_merge_appeal a ON a.id = e.appeal_id
WHERE e.codes @> %(codes)s::int[] AND {match}
    AND (%(at)s::timestamptz IS NULL OR (e.at, e.appeal_id) < (%(at)s, %(id)s))
ORDER BY e.at DESC, e.appeal_id DESC LIMIT %(limit)s
"""
_LEG_2 = """
WITH m AS MATERIALIZED (
    SELECT e.at, e.appeal_id FROM channels_merge_searchentry e
    WHERE e.codes @> %(narrow)s::int[] AND {among}
        AND (%(at)s::timestamptz IS NULL OR (e.at, e.appeal_id) < (%(at)s, %(id)s))
)
SELECT n.at, n.appeal_id FROM (SELECT at, appeal_id FROM m ORDER BY at DESC, appeal_id DESC OFFSET 0) n
WHERE (SELECT {match} FROM channels_merge_appeal a WHERE a.id = n.appeal_id)
ORDER BY n.at DESC, n.appeal_id DESC LIMIT %(limit)s
"""
"""Sorted before a text is read (OFFSET 0 keeps the order of the two), so that the limit ends the reading."""


_WAITS_FOR_FOLLOW_UP = """e.appeal_id IN (
    SELECT f.appeal_id FROM channels_merge_appeallink f JOIN tickets_ticket t ON t.id = f.ticket_id
    WHERE f.until IS NULL AND t.state = 'pending_followup'
)"""
"""What `Ticket.visible_to` lets a follow-up agent see, said to the legs so that pages are full."""


def _by_words(words: tuple[str, ...], *, by: User, at: datetime, before: Key | None) -> Result:
    codes = bigrams.codes(" ".join(words))
    follows_up = not _sees_all(by, at) and has_right(by, rights.VIEW_FOLLOWUP, at)
    narrow = not _sees_all(by, at) and not follows_up
    if narrow and by.unit_id is None:
        return Result("words", (), words=words)
    long_words = [word for word in words if len(word) > 2]
    # Bigrams of a longer word may lie apart in the text: look at the words themselves.
    match = " AND ".join(
        f"position(%(w{n})s IN lower(normalize(a.title || ' ' || a.text || ' ' || a.place || ' ' || a.subject, NFKC))) > 0"
        for n in range(len(long_words))
    )
    conditions = {"match": match or "true", "among": _WAITS_FOR_FOLLOW_UP if follows_up else "true"}
    values: dict[str, Any] = {
        "codes": codes,
        "narrow": [*codes, bigrams.scope_token(by.unit_id)] if narrow else codes,
        "unit": by.unit_id,
        "at": before.at if before else None,
        "id": before.id if before else None,
        "walk": WALK_OF_UNIT if narrow else WALK,
        "limit": PAGE + 1,
        **{f"w{n}": word for n, word in enumerate(long_words)},
    }
    with connection.cursor() as cursor:
        cursor.execute((_LEG_1_UNIT if narrow else _LEG_1_CITY).format(**conditions), values)
        found = cursor.fetchall()
        if len(found) <= PAGE:
            cursor.execute(_LEG_2.format(**conditions), values)
            found = cursor.fetchall()
    rows = _page([appeal_id for _, appeal_id in found[:PAGE]], by, at)
    return Result("words", rows, next_before=_key_after(found), words=words)
