"""Search for appeals of the same matter: how quickly, how surely, and what it takes to keep the index.

The pool is made here: appeals put together from clauses of the demonstration's, generated names and the city's own towns, spread
over the window. Into it go messages of which people said that they tell of one matter; every pair asks with its later message.
`--texts` and `--pairs` give real ones: then half of the pool is put together from the clauses of the other messages of that file,
so that what is asked for does not stand out by its words alone. Without them the pairs are tellings of our own.

The county of a real message is the one it names, if it names one; each pair is asked with it and again without.
"""

import csv
import io
import multiprocessing
import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.core.cache import cache as shared_cache
from django.db import connection, transaction
from django.utils import timezone

from benchmarks import crowd, databases, stories
from benchmarks.measure import Times, machine, percentile, say, server_seconds, table, write_results
from channels_merge import services
from channels_merge.matching import Message, explain
from channels_merge.matching.names import districts
from channels_merge.models import Appeal, AppealLink, Channel, FreshPosting, Posting, PostingSegment
from channels_merge.selectors import finding
from channels_merge.services import postings
from hotline.models import Region
from tickets.models import Ticket

SIZES, SHORT_SIZES = (10_000, 100_000, 1_000_000), (10_000, 100_000)
DAYS = 85
"""The pool is no older: all of it is inside the window."""
UNKNOWN_REGION = 0.15
NAMES = 20_000
HARD = 0.5
"""Share of the pool that is made of the clauses of `--texts`."""
FIRST = 50
OWN_PAIRS, KEPT, WARM = 300, 0.7, 40
SEARCH_MS, RECALL, ADD_MS = 50, 0.95, 2
_CLAUSES = re.compile(r"[，。；！？,;!?\s]+")


@dataclass(frozen=True)
class Telling:
    key: str
    title: str
    text: str
    county: str = ""


@dataclass(frozen=True)
class Held:
    """Messages to be planted, and the pairs of them that tell of one matter: (earlier, later, part)."""

    tellings: list[Telling]
    pairs: list[tuple[str, str, str]]

    @property
    def partners(self) -> dict[str, set[str]]:
        """All messages that are known to tell of the same matter, directly or through others."""
        groups = {telling.key: {telling.key} for telling in self.tellings}
        for a, b, _ in self.pairs:
            if groups[a] is not groups[b]:
                groups[a] |= groups[b]
                for key in groups[b]:
                    groups[key] = groups[a]
        return groups


def run(*, short: bool, pairs: Path | None = None, texts: Path | None = None) -> None:
    counties = _counties()
    held = _given(pairs, texts, counties) if pairs and texts else _our_own(counties)
    others = _clauses_of_others(held) if texts else []
    found = {}
    for size in SHORT_SIZES if short else SIZES:
        name = f"merge_{size}{'_given' if texts else ''}"
        databases.made(name, lambda size=size: _in_a_child(lambda: fill(size, held, others)))
        databases.use_copy(name)
        found[size] = measure(held)
        print(report({size: found[size]}), flush=True)
    print(report(found))
    if not short:
        content = {"machine": machine(), "pairs": "given" if texts else "own", **{str(n): f for n, f in found.items()}}
        say(f"written to {write_results('merge_given' if texts else 'merge', content)}")


# --- what is planted


def _regions(level: str) -> list[dict[str, str]]:
    with (stories.APPEALS.parents[2] / "hotline/reference/regions.csv").open(encoding="utf-8", newline="") as source:
        return [row for row in csv.DictReader(source) if row["level"] == level]


def _counties() -> list[str]:
    return [row["code"] for row in _regions("county")]


@cache
def _names() -> list[str]:
    """Streets and estates: so many that each stands in some fifty of a million appeals, as a city's do."""
    dice = random.Random(5)
    syllables = sorted({letter for row in _regions("township") for letter in row["name"][:2]})
    return ["".join(dice.choices(syllables, k=2)) + dice.choice(stories.KIND) for _ in range(NAMES)]


def _given(pairs: Path, texts: Path, counties: list[str]) -> Held:
    with texts.open(encoding="utf-8-sig", newline="") as source:
        rows = list(csv.DictReader(source))
    rows.sort(key=lambda row: row["time"])
    place = {row["id"]: number for number, row in enumerate(rows)}
    with pairs.open(encoding="utf-8", newline="") as source:
        same = [
            (*sorted((row["a"], row["b"]), key=place.__getitem__), row["part"])
            for row in csv.DictReader(source)
            if row["same"] == "1"
        ]
    return Held(
        [Telling(row["id"], row["topic"], row["text"], _mined(row, counties)) for row in rows],
        same,
    )


def _mined(row: dict[str, str], counties: list[str]) -> str:
    """A county for the first district that a message names; the same one for the same name."""
    named = sorted(districts(f"{row['topic']}\n{row['text'][:200]}"))
    return counties[random.Random(named[0]).randrange(len(counties))] if named else ""


def _our_own(counties: list[str]) -> Held:
    """Two people tell of one matter: the same place, some half of their clauses in common, two of another matter."""
    dice = random.Random(17)
    rows = [row for row in stories.demo_rows() if len(_clauses(row["text"])) >= 4]
    tellings, pairs = [], []
    for number in range(OWN_PAIRS):
        row, name, county = rows[number % len(rows)], dice.choice(_names()), dice.choice(counties)
        for turn in "ab":
            clauses = [clause for clause in _clauses(row["text"]) if dice.random() < KEPT] or [row["title"]]
            own = dice.sample(_clauses(dice.choice(rows)["text"]), 2)
            dice.shuffle(clauses)
            title = f"{name}{row['title'] if turn == 'a' else clauses[0]}"[:40]
            tellings.append(
                Telling(f"{number}{turn}", title, f"{own[0]}，{name}{'，'.join(clauses)}，{own[1]}。", county)
            )
        pairs.append((f"{number}a", f"{number}b", "own"))
    return Held(tellings, pairs)


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSES.split(text) if 3 < len(clause) < 60]


def _clauses_of_others(held: Held) -> list[Telling]:
    members = {key for a, b, _ in held.pairs for key in (a, b)}
    return [telling for telling in held.tellings if telling.key not in members]


# --- the pool


def _made_up(count: int, others: list[Telling]) -> Iterator[tuple[str, str]]:
    """Title and text of appeals that nobody wrote."""
    dice = random.Random(7)
    rows = stories.demo_rows()
    ours = sorted({clause for row in rows for clause in _clauses(row["text"])}), sorted({row["title"] for row in rows})
    theirs = (
        sorted({clause for each in others for clause in _clauses(each.text)}),
        sorted({each.title for each in others}),
    )
    towns = [row["name"] for row in _regions("township")]
    for _ in range(count):
        clauses, titles = theirs if others and dice.random() < HARD else ours
        name = dice.choice(_names())
        yield (
            f"{name}{dice.choice(titles)}"[:50],
            dice.choice(towns) + name + "，".join(dice.choices(clauses, k=dice.randint(3, 12))),
        )


def fill(size: int, held: Held, others: list[Telling]) -> None:
    """Appeals with their tickets, in order of time; then the index, as the product makes it."""
    began = time.monotonic()
    _stage(size, held, others)
    original = _original()
    with connection.cursor() as cursor:
        indexes = crowd.drop_indexes(cursor, [Appeal, Ticket, AppealLink])
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        for model in (Ticket, Appeal, AppealLink):
            _multiply(cursor, model, original)
            crowd.move_sequence(cursor, model)
        cursor.execute("RESET session_replication_role")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute("DROP TABLE made")
        cursor.execute("RESET ALL")
    rows = time.monotonic()
    say(f"{size} appeals written in {rows - began:.0f} s")
    postings.rebuild_postings(at=timezone.now())
    say(f"their index in {time.monotonic() - rows:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _stage(size: int, held: Held, others: list[Telling]) -> None:
    """Table `made`: what the copies differ in. The planted ones lie among the others in the order of their own time."""
    dice = random.Random(3)
    regions = dict(Region.objects.filter(level="county").values_list("code", "pk"))
    codes = sorted(regions)
    shares = [13 - 10 * number / (len(codes) - 1) for number in range(len(codes))]
    planted = dict(zip(sorted(dice.sample(range(size), len(held.tellings))), held.tellings, strict=True))
    made_up = _made_up(size - len(planted), others)
    lines = io.StringIO()
    for number in range(size):
        told = planted.get(number)
        title, text = (told.title, told.text) if told else next(made_up)
        code = told.county if told else "" if dice.random() < UNKNOWN_REGION else dice.choices(codes, shares)[0]
        row = (number + 1, told.key if told else "", title[:100], text[:10_000], str(regions.get(code, "\\N")))
        lines.write(
            "\t".join(str(part).replace("\t", " ").replace("\n", " ").replace("\r", " ") for part in row) + "\n"
        )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made (id int PRIMARY KEY, key text, title text, text text, region_id bigint)")
        cursor.copy_expert("COPY made FROM STDIN", lines)
        cursor.execute("CREATE TABLE planted AS SELECT id, key FROM made WHERE key <> ''")


def _original() -> dict[Any, int]:
    """One appeal made by the services; its rows are what all others are copies of. Goes by id below the copies."""
    at = timezone.now() - timedelta(days=DAYS)
    appeal = services.register_appeal(
        channel=Channel.objects.get(code="phone"),
        matter=services.Matter(text="这一件只是样子。"),
        person=services.Person(is_anonymous=True),
        by=None,
        at=at,
    ).appeal
    services.accept_appeal(appeal_id=appeal.pk, by=None, at=at)
    FreshPosting.objects.all().delete()
    link = AppealLink.objects.get(appeal=appeal)
    return {Appeal: appeal.pk, Ticket: link.ticket_id, AppealLink: link.pk}


AWAY = 1000
"""Ids of the copies begin after it."""


def _multiply(cursor: Any, model: Any, original: dict[Any, int]) -> None:
    at = f"now() - interval '{DAYS} days' * (1 - made.id / (SELECT max(id) FROM made)::float)"
    own = {
        "id": f"made.id + {AWAY}",
        "number": f"'{'GZ' if model is Ticket else 'S'}9' || lpad(made.id::text, 9, '0')",
        "title": "made.title",
        "text": "made.text",
        "region_id": "made.region_id",
        "appeal_id": f"made.id + {AWAY}",
        "ticket_id": f"made.id + {AWAY}",
        "received_at": at,
        "accepted_at": at,
        "since": at,
    }
    columns = [field.column for field in model._meta.concrete_fields]
    cursor.execute(
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)})'
        f" SELECT {', '.join(own.get(column, f'o.{column}') for column in columns)}"
        f' FROM made CROSS JOIN "{model._meta.db_table}" AS o WHERE o.id = %s ORDER BY made.id',
        [original[model]],
    )


def _in_a_child(do: Any) -> None:
    """What filling takes of memory is not what searching takes."""
    connection.close()
    shared_cache.close()
    child = multiprocessing.get_context("fork").Process(target=do)
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit("filling failed")


# --- measuring


@dataclass(frozen=True)
class Asked:
    """One search of a held-out pair."""

    part: str
    has_county: bool
    partner_in_first: bool
    any_in_first: bool
    any_in_ten: bool


def measure(held: Held) -> dict[str, Any]:
    at = timezone.now()
    ids = _planted_ids()
    tellings, partners = {telling.key: telling for telling in held.tellings}, held.partners
    _leave_some_fresh()
    before = _memory()
    for _, later, _ in held.pairs[:WARM]:
        _search(tellings[later], at=at, own=ids[later], with_county=True)
    wall, reasons, processor, asked = Times(), Times(), [], []
    server = server_seconds()
    for earlier, later, part in held.pairs:
        for with_county in (True, False):
            used = time.process_time()
            found = wall.take(
                lambda key=later, known=with_county: _search(tellings[key], at=at, own=ids[key], with_county=known)
            )
            processor.append((time.process_time() - used) * 1000)
            first = [one.appeal_id for one in found]
            mates = {ids[key] for key in partners[later] if key != later}
            asked.append(
                Asked(
                    part, with_county, ids[earlier] in first, bool(mates & set(first)), bool(mates & set(first[:10]))
                )
            )
    server = (server_seconds() - server) * 1000 / len(wall.values)
    for _, later, _ in held.pairs[:WARM]:
        reasons.take(lambda key=later: _with_reasons(tellings[key], at=at, own=ids[key]))
    return {
        "search": {
            **wall.as_json(),
            "processor_p50_ms": round(percentile(processor, 0.5), 1),
            "processor_p95_ms": round(percentile(processor, 0.95), 1),
            "server_ms": round(server, 1),
        },
        "with_reasons": reasons.as_json(),
        "recall": {
            f"{part}, {name}": _recall([one for one in asked if part in (one.part, "all") and one.has_county == known])
            for part in ["all", *sorted({one.part for one in asked} - {"own"})]
            for known, name in ((True, "county known"), (False, "unknown"))
        },
        "memory_mb": {"before": round(before, 1), "after": round(_memory(), 1)},
        "index": _index(),
        **_cost_of_adding(),
    }


def _search(told: Telling, *, at: datetime, own: int, with_county: bool) -> list[finding.Candidate]:
    message = Message(told.title, told.text, at, told.county if with_county else "")
    return finding.candidates(message, at=at, limit=FIRST, leave_out=own)


def _with_reasons(told: Telling, *, at: datetime, own: int) -> list[str]:
    found = finding.best_of_each_ticket(_search(told, at=at, own=own, with_county=True))[:4]
    ground, message = finding.background(), Message(told.title, told.text, at, told.county)
    return [explain(message, one.message, ground).words for one in found]


def _recall(asked: list[Asked]) -> dict[str, float]:
    def share(values: Iterable[bool]) -> float:
        return round(sum(values) / len(asked), 3)

    return {
        "searches": len(asked),
        "a_partner_in_50": share(one.any_in_first for one in asked),
        "this_partner_in_50": share(one.partner_in_first for one in asked),
        "a_partner_in_10": share(one.any_in_ten for one in asked),
    }


def _planted_ids() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, id + %s FROM planted", [AWAY])
        return dict(cursor.fetchall())


def _leave_some_fresh() -> None:
    """As many new appeals as there may be between two runs of the task, beside their rows: the dearest case."""
    for appeal in Appeal.objects.select_related("region").order_by("-pk")[: postings.ENOUGH_FRESH - 1]:
        postings.add_posting(appeal)


def _index() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_total_relation_size('{Posting._meta.db_table}')")
        (size,) = cursor.fetchone()
    return {"mb": round(size / 1024**2), "segments": PostingSegment.objects.count(), "rows": Posting.objects.count()}


def _cost_of_adding() -> dict[str, Any]:
    """The row that a new appeal gets; and the task that turns a few hundred of them into posting rows."""
    add, merge = Times(), Times()
    for round_ in range(3):
        appeals = list(
            Appeal.objects.select_related("region").order_by("-pk")[round_ * 600 + 600 : round_ * 600 + 1100]
        )
        for appeal in appeals:
            with transaction.atomic():
                add.take(lambda each=appeal: postings.add_posting(each))
        waiting = FreshPosting.objects.count()
        merge.take(lambda: postings.merge_postings(at=timezone.now()))
        say(f"{waiting} new appeals written into rows in {merge.values[-1]:.0f} ms")
    return {"add": add.as_json(), "merge": merge.as_json()}


def _memory() -> float:
    """Of this process, in MB."""
    with Path("/proc/self/status").open() as source:
        return next(int(line.split()[1]) / 1024 for line in source if line.startswith("VmRSS"))


# --- telling


def report(found: dict[int, dict[str, Any]]) -> str:
    costs = table(
        [
            *[
                "appeals",
                "search p50 ms",
                "p95",
                "bar",
                "of it processor p50",
                "p95",
                "of the server",
                "with reasons p95",
            ],
            *["index MB", "segments", "memory MB", "add one p50", "p95", "bar"],
        ],
        [
            [
                size,
                each["search"]["p50_ms"],
                each["search"]["p95_ms"],
                _bar(each["search"]["p95_ms"], SEARCH_MS),
                each["search"]["processor_p50_ms"],
                each["search"]["processor_p95_ms"],
                each["search"]["server_ms"],
                each["with_reasons"]["p95_ms"],
                each["index"]["mb"],
                each["index"]["segments"],
                f"{each['memory_mb']['before']:.0f} → {each['memory_mb']['after']:.0f}",
                each["add"]["p50_ms"],
                each["add"]["p95_ms"],
                _bar(each["add"]["p95_ms"], ADD_MS),
            ]
            for size, each in found.items()
        ],
    )
    recall = table(
        ["appeals", "pairs", "searches", "a partner in 50", "bar", "this partner in 50", "a partner in 10"],
        [
            [
                size,
                name,
                each["searches"],
                f"{each['a_partner_in_50']:.3f}",
                _bar(RECALL, each["a_partner_in_50"]),
                f"{each['this_partner_in_50']:.3f}",
                f"{each['a_partner_in_10']:.3f}",
            ]
            for size, sizes in found.items()
            for name, each in sizes["recall"].items()
        ],
    )
    return f"{costs}\n\n{recall}\n"


def _bar(less: float, more: float) -> str:
    return "ok" if less <= more else "missed"
