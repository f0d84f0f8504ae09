"""A city's worth of tickets, in minutes: some hundred matters made by the services, then multiplied by INSERT … SELECT.

Every row that hangs on a matter is copied with it: assignments, scope rows, clocks, breaches, events, approvals, replies,
notes, appeals, links, contacts, messages, search words, follow-ups, decisions, cards. A copy differs from its original in
ids, numbers, phone, dates and the words of its appeal. Which columns are keys and which are dates is read from the models,
so a table that a room gains later is copied as well.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from django.utils import timezone
from psycopg2.extras import execute_values

from benchmarks import stories
from channels_merge.models import (
    Appeal,
    Channel,
    ChannelEvent,
    ChannelFiling,
    Contact,
    Draft,
    FreshPosting,
    GramBackground,
    GridEventClass,
    Line,
    LineMilestone,
    OutboxMessage,
    Posting,
    PostingSegment,
    SearchEntry,
)
from channels_merge.services import rebuild_postings
from config.celery import app
from config.demo.people import People
from config.demo.roads import BRANCHES, Roads
from config.management.commands.load_demo import make_people
from hotline import bigrams
from hotline.models import Region
from hotline.services import sweep_clocks
from responsibility.models import RoutingExample
from tickets.models import Ticket

ROOMS = ("tickets", "channels_merge", "evaluation", "supervision")
REFERENCE = {Channel, ChannelEvent, ChannelFiling, GridEventClass, Line, LineMilestone}
# The index of candidates is made anew from the appeals.
INDEX = {FreshPosting, GramBackground, Posting, PostingSegment}
NOT_COPIED = {*REFERENCE, *INDEX, Draft}
ENDED_ROADS = {"closed", "urgent_done", "voided", *BRANCHES}
# Matters that the demonstration leaves half-way; here they are also brought to their end.
ENDED_TOO = {"working", "late", "onsite", "passed"}
YEARS = 3
OPEN_SHARE = 0.03
POOL = 20_000
"""Different texts; at 300 thousand tickets each stands in some fifteen appeals, its clauses in thousands."""
END_OF_TIME = "2900-01-01"


@dataclass(frozen=True)
class Mark:
    """The highest id of every copied table at one moment."""

    ids: dict[type[models.Model], int]

    @classmethod
    def now(cls) -> "Mark":
        return cls({model: _highest(model) for model in copied_models()})


def copied_models() -> list[type[models.Model]]:
    found = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    return [model for model in [*found, RoutingExample] if model not in NOT_COPIED]


def _highest(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(models.Max("pk"))["pk__max"] or 0


# --- the originals


def make_originals(*, passes: int) -> tuple[Mark, Mark]:
    """People and some hundred matters, made by the services. Returns where the ended ones stop and where the open ones do."""
    now = timezone.now()
    people = People("benchmarks-only", now)
    make_people(people)
    # What follows an act after its commit is done at once: no worker runs here.
    app.conf.task_always_eager = True
    roads = Roads(people, now=now)
    rows = stories.demo_rows()
    ended = [row if row["road"] in ENDED_ROADS else row | {"road": "closed"} for row in rows if _is_ended(row)]
    _walk(roads, _moved(ended, passes), first=0)
    sweep_clocks(at=now, batch=5000)
    mark = Mark.now()
    _walk(roads, _moved([row for row in rows if row["road"] not in ENDED_ROADS], passes), first=10_000)
    sweep_clocks(at=now, batch=5000)
    app.conf.task_always_eager = False
    _make_pool()
    return mark, Mark.now()


def _is_ended(row: dict[str, str]) -> bool:
    return row["road"] in ENDED_ROADS | ENDED_TOO


def _walk(roads: Roads, rows: Iterable[dict[str, str]], *, first: int) -> None:
    for index, row in enumerate(rows, start=first):
        roads.walk(index, row)


def _moved(rows: list[dict[str, str]], passes: int) -> Iterable[dict[str, str]]:
    """The rows so many times, each time in other counties: no unit has more in hand than a busy one really has."""
    counties = list(Region.objects.filter(level__in=["county", "zone"]).order_by("code"))
    townships = {county.pk: list(county.children.order_by("code")) for county in counties}
    for index, row in enumerate(rows * passes):
        county = counties[(index * 7) % len(counties)]
        inside = townships[county.pk]
        yield row | {"county": county.name, "township": inside[index % len(inside)].name if inside else ""}


# --- the copies


def multiply(until_ended: Mark, until_open: Mark, *, tickets: int) -> None:
    """Fill the database up to about `tickets` tickets: the ended ones over three years, the open ones over some days."""
    nothing = Mark(dict.fromkeys(copied_models(), 0))
    ended = Ticket.objects.filter(pk__lte=until_ended.ids[Ticket]).count()
    still_open = Ticket.objects.count() - ended
    first_open = math.ceil(tickets * (1 - OPEN_SHARE) / ended)
    end = first_open + math.ceil(tickets * OPEN_SHARE / still_open)
    # Between the ids of one copy and the next: more than the originals have in any table.
    stride = max(until_open.ids.values()) + 1
    with connection.cursor() as cursor:
        indexes = drop_indexes(cursor, copied_models())
        # The originals' keys were checked and the copies' differ by an offset: no triggers.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        for model in copied_models():
            _copy(cursor, model, nothing, until_ended, range(1, first_open), days=YEARS * 365, stride=stride)
            _copy(cursor, model, until_ended, until_open, range(first_open, end), days=5, stride=stride)
        cursor.execute("RESET session_replication_role")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("DROP TABLE pool")
        for model in copied_models():
            move_sequence(cursor, model)
            cursor.execute(f'VACUUM ANALYZE "{model._meta.db_table}"')
        cursor.execute("RESET ALL")
    rebuild_postings(at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f'VACUUM ANALYZE "{Posting._meta.db_table}"')


def _copy(cursor, model, low: Mark, high: Mark, copies: range, *, days: int, stride: int) -> None:
    """Copy number `k` of every original of `model`; the later the copy, the nearer to now. Rows come in order of time."""
    fields, pk = model._meta.concrete_fields, model._meta.pk.column
    words = WORDS.format(pk=pk) if model in (Appeal, SearchEntry) else ""
    cursor.execute(
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(_quoted(field) for field in fields)})'
        f" SELECT {', '.join(_value(model, field) for field in fields)}"
        f" FROM generate_series({copies.start}, {copies.stop - 1}) AS k CROSS JOIN LATERAL"
        f" (SELECT k * {stride} AS away, date_trunc('day', interval '{days} days' * {copies.stop - 1} / {len(copies)}"
        f" - interval '{days} days' * k / {len(copies)}) AS ago) AS moved"
        f' CROSS JOIN "{model._meta.db_table}" AS o {words}'
        f" WHERE o.{pk} > {low.ids[model]} AND o.{pk} <= {high.ids[model]} ORDER BY k, o.{pk}"
    )


def _quoted(field: models.Field) -> str:
    return f'"{field.column}"'


def _value(model: type[models.Model], field: models.Field) -> str:
    name = f"o.{_quoted(field)}"
    if (model, field.name) in SPECIAL:
        return SPECIAL[model, field.name]
    if field.is_relation and field.related_model not in copied_models():
        return name
    if field.is_relation or field.primary_key:
        return f"{name} + away"
    if isinstance(field, models.DateTimeField):
        return f"CASE WHEN {name} < '{END_OF_TIME}' THEN {name} - ago ELSE {name} END"
    return name


# Eight digits after the day: no number that the system itself gives.
NUMBER = "'{prefix}' || to_char(o.{moment} - ago, 'YYMMDD') || lpad((o.id + away)::text, 8, '0')"
WORDS = f"JOIN pool ON pool.id = (hashint8(o.{{pk}} + away) & 2147483647) % {POOL}"
FIRST_TOKEN, AFTER_TOKENS = bigrams.scope_token(0), bigrams.scope_token(0) + 0x1900 * 0x10000
SPECIAL: dict[tuple[type[models.Model], str], str] = {
    (Ticket, "number"): NUMBER.format(prefix="GZ", moment="accepted_at"),
    (Appeal, "number"): NUMBER.format(prefix="S", moment="received_at"),
    (Appeal, "source_number"): "CASE o.source_number WHEN '' THEN '' ELSE o.source_number || '-' || k END",
    (Appeal, "title"): "pool.title",
    (Appeal, "text"): "pool.text",
    (Appeal, "place"): "pool.place",
    (SearchEntry, "codes"): "pool.codes || ARRAY(SELECT code FROM unnest(o.codes) AS code"
    f" WHERE code >= {FIRST_TOKEN} AND code < {AFTER_TOKENS})",
    (OutboxMessage, "dedupe"): "o.dedupe || '-' || k",
    # About three calls of each phone; ten thousand last four digits.
    (
        Contact,
        "phone_index",
    ): "CASE o.phone_index WHEN '' THEN '' ELSE md5(o.phone_index || k / 3) || md5('phone') END",
    (Contact, "phone_tail_index"): "CASE o.phone_index WHEN '' THEN ''"
    " ELSE md5((hashint8(o.id + away) % 10000)::text) || md5('tail') END",
}


def _make_pool() -> None:
    """The texts that copies of appeals take their words from; gone when a database is filled."""
    rows = [
        (number, each.title, each.text, each.place, bigrams.codes(f"{each.title}\n{each.text}\n{each.place}"))
        for number, each in enumerate(stories.stories(POOL, seed=1))
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pool (id int PRIMARY KEY, title text, text text, place text, codes int[])")
        execute_values(cursor, "INSERT INTO pool VALUES %s", rows, page_size=1000)


def drop_indexes(cursor, chosen: Iterable[type[models.Model]]) -> list[str]:
    """Indexes of these that back no constraint; returns how to make them again."""
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid::regclass::text = ANY(%s)"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = c.oid) ORDER BY c.relname",
        [[model._meta.db_table for model in chosen]],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def move_sequence(cursor, model: type[models.Model]) -> None:
    table, pk = model._meta.db_table, model._meta.pk.column
    cursor.execute(f'SELECT setval(pg_get_serial_sequence(%s, %s), max({pk})) FROM "{table}"', [table, pk])
