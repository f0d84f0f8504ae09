"""An appeal's way through the whole chain, beside hand-written SQL that writes the same rows.

The chain is what happens when an agent saves a call: similar open matters are looked for, then `take_call` checks the
form, moves numbers out of the text, encrypts the caller, writes appeal, clocks, events, message and search words, lets the
router propose the item (so the category) and the unit, and opens the ticket with its clock. All writing is one transaction.

The floor is the least that any program would do for the same rows: one INSERT for each table that the chain was recorded
to insert into, with the very values that a chain left there, in one transaction over the same connection. Keys, numbers and
whatever must be unique are given anew. It checks nothing and encrypts nothing. Of what the chain reads it asks the three
queries that find similar matters, timed apart: the ratio is taken with them and, for the rows alone, without.
"""

import multiprocessing
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from benchmarks import crowd, databases, stories
from benchmarks.measure import Times, machine, percentile, recorded_queries, say, table, write_results
from channels_merge import services
from channels_merge.models import Appeal, Channel, FreshPosting
from channels_merge.selectors import similar_matters
from hotline.models import Region, User
from hotline.numbers import next_number
from tickets.models import Ticket

TICKETS, SHORT_TICKETS = 10_000, 2_000
ROUNDS, SHORT_ROUNDS, EACH = 10, 4, 25
SECONDS, SHORT_SECONDS = 20, 5
FACTOR, P95_MS, PER_SECOND, TYPING_MS = 4, 250, 30, 100


def run(*, short: bool) -> None:
    (name,) = databases.filled(SHORT_TICKETS if short else TICKETS, passes=1 if short else 2)
    databases.use_copy(name)
    desk = Desk.open(seed=11)
    for _ in range(EACH):
        desk.take_call()
    floor = Floor.of(desk)
    say("alternating chain and floor")
    rounds = [Round().take(desk, floor) for _ in range(SHORT_ROUNDS if short else ROUNDS)]
    seconds = SHORT_SECONDS if short else SECONDS
    found = {
        "tickets": Ticket.objects.count(),
        "rows": floor.count_by_table(),
        **{
            part: Times([value for each in rounds for value in getattr(each, part).values]).as_json()
            for part in ("chain", "looking", "writing", "asking")
        },
        "ratio": round(statistics.median(each.ratio for each in rounds), 2),
        "ratio_of_writing": round(statistics.median(each.ratio_of_writing for each in rounds), 2),
        "queries": desk.count_queries(),
        "typing": measure_typing(desk).as_json(),
    }
    say("as fast as it goes, one client and two")
    for clients in (1, 2):
        for kind in ("chain", "floor"):
            found[f"{kind}_{clients}"] = sustain(kind, clients, seconds, floor)
    print(report(found))
    if not short:
        say(f"written to {write_results('intake', {'machine': machine(), **found})}")


@dataclass
class Round:
    """Chain and floor in turn; `looking` is the part of the chain that `asking` is of the floor."""

    chain: Times = field(default_factory=Times)
    looking: Times = field(default_factory=Times)
    writing: Times = field(default_factory=Times)
    asking: Times = field(default_factory=Times)

    def take(self, desk: "Desk", floor: "Floor") -> "Round":
        for _ in range(EACH):
            self.chain.take(lambda: desk.take_call(self.looking))
            self.writing.take(floor.write)
            self.asking.take(floor.ask)
        return self

    @property
    def ratio(self) -> float:
        return self.chain.p50 / (self.writing.p50 + self.asking.p50)

    @property
    def ratio_of_writing(self) -> float:
        return (self.chain.p50 - self.looking.p50) / self.writing.p50


# --- the chain


@dataclass
class Desk:
    agent: User
    phone: Channel
    regions: list[Region]
    dice: random.Random
    stories: list[stories.Story]

    @classmethod
    def open(cls, *, seed: int) -> "Desk":
        return cls(
            agent=User.objects.select_related("unit").get(username="agent1"),
            phone=Channel.objects.get(code="phone"),
            regions=list(Region.objects.filter(level="township").select_related("parent").order_by("code")),
            dice=random.Random(seed),
            stories=stories.stories(2_000, seed=seed),
        )

    def take_call(self, looking: Times | None = None) -> Appeal:
        """One call, from the finished text to the commit; `looking` keeps what the search for similar matters took."""
        at, story, region = timezone.now(), self.dice.choice(self.stories), self.dice.choice(self.regions)
        (looking or Times()).take(
            lambda: similar_matters(text=story.text, title=story.title, place=story.place, region=region, at=at)
        )
        return services.take_call(
            channel=self.phone,
            matter=services.Matter(
                text=story.text,
                title=story.title,
                region=region,
                place=story.place,
            ),
            person=services.Person(name="陈女士", phone=f"139{self.dice.randrange(10**8):08d}"),
            decision=services.Decision("accept"),
            draft_key=f"benchmark-{uuid.uuid4().hex}",
            by=self.agent,
            at=at,
        ).appeal

    def count_queries(self) -> int:
        with recorded_queries() as queries:
            self.take_call()
        return len(queries)


# --- the floor


@dataclass(frozen=True)
class Insert:
    model: type[models.Model]
    rows: int
    sql: str
    values: list[Any]
    """Of all its rows; a `Fresh` stands for what is given anew."""


@dataclass(frozen=True)
class Fresh:
    make: Callable[[dict[Any, Any]], Any]
    """From what this intake was given: keys by model, numbers by "S" and "GZ"."""


@dataclass(frozen=True)
class Sample:
    """What one recorded chain wrote, and what it asked to find similar matters."""

    inserts: list[Insert]
    reads: list[tuple[str, Any]]


ANEW: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "Appeal.number": lambda given: given["S"],
    "Ticket.number": lambda given: given["GZ"],
    "Appeal.source_number": lambda _given: uuid.uuid4().hex,
    "OutboxMessage.dedupe": lambda given: f"registered:{given['S']}",
    "Contact.token": lambda _given: uuid.uuid4(),
    "OutboxMessage.token": lambda _given: uuid.uuid4(),
}


@dataclass
class Floor:
    samples: list["Sample"]
    turn: Iterator[int]

    @classmethod
    def of(cls, desk: Desk, *, samples: int = 20) -> "Floor":
        return cls([record(desk) for _ in range(samples)], _turns(samples))

    def write(self) -> None:
        """The rows of one intake, in one transaction."""
        sample, given = self.samples[next(self.turn)], {}
        day = timezone.localdate()
        with transaction.atomic():
            cursor = connection.connection.cursor()
            for prefix in ("S", "GZ"):
                given[prefix] = next_number(prefix, day)
            for insert in sample.inserts:
                values = [value.make(given) if isinstance(value, Fresh) else value for value in insert.values]
                cursor.execute(insert.sql, values)
                (given[insert.model],) = cursor.fetchone()
            cursor.close()

    def ask(self) -> None:
        """What finds similar matters."""
        with connection.cursor() as cursor:
            for sql, values in self.samples[next(self.turn)].reads:
                cursor.execute(sql, values)
                cursor.fetchall()

    def count_by_table(self) -> dict[str, int]:
        """Of one intake; the two numbers are a row each that is brought up to date."""
        return {insert.model._meta.db_table: insert.rows for insert in self.samples[0].inserts}


def _turns(count: int) -> Iterator[int]:
    while True:
        yield from range(count)


def record(desk: Desk) -> Sample:
    """Take a call; then the rows that it left in the tables it was seen to insert into, as statements."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    before = {model: _highest(model) for model in [*crowd.copied_models(), FreshPosting]}
    with recorded_queries() as queries:
        desk.take_call()
    tables = dict.fromkeys(sql.split('"')[1] for sql, _ in queries if sql.startswith('INSERT INTO "'))
    written = [by_table[table] for table in tables]
    inserts = [
        _insert(model, list(model._default_manager.filter(pk__gt=before[model]).order_by("pk")), written)
        for model in written
    ]
    rows = next(number for number, (sql, _) in enumerate(queries) if sql.lstrip().startswith("WITH segment"))
    return Sample(inserts, queries[rows - 1 : rows + 2])


def _highest(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(models.Max("pk"))["pk__max"] or 0


def _insert(model: type[models.Model], rows: list[models.Model], written: list[type[models.Model]]) -> Insert:
    """A new key comes from the table's own sequence, unless it is the key of another row."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    line = f"({', '.join(['%s'] * len(fields))})"
    return Insert(
        model,
        len(rows),
        f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {", ".join([line] * len(rows))}'
        f' RETURNING "{model._meta.pk.column}"',
        [_value(field, row, written) for row in rows for field in fields],
    )


def _value(field: models.Field, row: models.Model, written: list[type[models.Model]]) -> Any:
    value = getattr(row, field.attname)
    if field.is_relation and field.related_model in written and value is not None:
        return Fresh(itemgetter(field.related_model))
    name = f"{type(row).__name__}.{field.name}"
    return Fresh(ANEW[name]) if name in ANEW else field.get_db_prep_save(value, connection)


# --- as fast as it goes


def sustain(kind: str, clients: int, seconds: int, floor: Floor) -> dict[str, float]:
    """So many processes at once, each with a connection of its own, as long as given."""
    connection.close()
    cache.close()
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    processes = [
        context.Process(target=_client, args=(kind, 100 + number, seconds, floor, answers))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    times = [value for _ in processes for value in answers.get()]
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit(f"{kind}: a client failed")
    return {
        "per_second": round(len(times) / seconds, 1),
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(percentile(times, 0.95), 1),
    }


def _client(kind: str, seed: int, seconds: int, floor: Floor, answers: Any) -> None:
    times = Times()
    try:
        do = Desk.open(seed=seed).take_call if kind == "chain" else floor.write
        for _ in range(EACH):
            do()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            times.take(do)
    finally:
        connection.close()
        answers.put(times.values)


# --- the panes while typing


def measure_typing(desk: Desk) -> Times:
    """All panes of the desk, each time with a few more characters of the text."""
    client = Client()
    client.force_login(desk.agent, backend="django.contrib.auth.backends.ModelBackend")
    looks = [
        {"text": story.text[:length], "place": story.place, "phone": "13979701234", "draft": "benchmark"}
        for story in desk.stories[:40]
        for length in range(20, len(story.text), 20)
    ]
    client.post("/desk/suggest/", looks[0])  # reads the templates
    times = Times()
    for typed in looks:
        answer = times.take(lambda typed=typed: client.post("/desk/suggest/", typed))
        if answer.status_code != 200:
            raise SystemExit(f"/desk/suggest/: {answer.status_code}")
    return times


# --- telling


def report(found: dict[str, Any]) -> str:
    rows = sum(found["rows"].values())

    def line(name: str, part: str, bar: str = "") -> list[object]:
        return [name, found[part]["p50_ms"], found[part]["p95_ms"], bar]

    alternating = table(
        ["intake", "p50 ms", "p95", "bar"],
        [
            line(f"chain, {found['queries']} queries", "chain", _bar(found["chain"]["p95_ms"], P95_MS)),
            line("of it: looking for similar matters", "looking"),
            line(f"floor: {rows} rows by hand", "writing"),
            line("floor: the three queries for similar matters", "asking"),
            [f"chain ÷ floor, median of rounds: {found['ratio']}", "", "", _bar(found["ratio"], FACTOR)],
            [
                f"without looking and asking: {found['ratio_of_writing']}",
                "",
                "",
                _bar(found["ratio_of_writing"], FACTOR),
            ],
            line("panes while typing", "typing", _bar(found["typing"]["p95_ms"], TYPING_MS)),
        ],
    )
    sustained = table(
        ["clients", "chain per second", "p95 ms", "floor per second", "p95 ms", "bar"],
        [
            [
                clients,
                found[f"chain_{clients}"]["per_second"],
                found[f"chain_{clients}"]["p95_ms"],
                found[f"floor_{clients}"]["per_second"],
                found[f"floor_{clients}"]["p95_ms"],
                _bar(PER_SECOND, found[f"chain_{clients}"]["per_second"]),
            ]
            for clients in (1, 2)
        ],
    )
    return "\n\n".join([f"beside {found['tickets']} tickets", alternating, sustained])


def _bar(less: float, more: float) -> str:
    return "ok" if less <= more else "missed"
