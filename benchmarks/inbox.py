"""Whole requests of the pages that people look at all day, at two sizes of the city: do they stay as quick?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count
from django.test import Client, RequestFactory
from django.utils import timezone

from benchmarks import databases, stories
from benchmarks.measure import Times, buffers_of, machine, recorded_queries, say, table, write_results
from channels_merge.models import Appeal
from channels_merge.selectors import city_now, waiting_appeals
from hotline.context import shell
from hotline.models import Unit, User
from hotline.selectors import clock_models
from hotline.services import sweep_clocks
from tickets.models import Ticket, TicketScope
from tickets.selectors.lists import Wanted, ticket_page

SIZES, SHORT_SIZES = (10_000, 300_000), (2_000, 20_000)
RUNS, SHORT_RUNS = 20, 8
P95_MS, FACTOR, MORE_MS, BUFFERS = 150, 1.5, 20, 400
EMPTY_SWEEP_MS, MS_PER_CLOCK, COUNTERS_MS, TYPING_MS, MONTH_MS = 5, 1, 20, 100, 1000
WORDS = {"rare": stories.RARE, "middling": stories.MIDDLING, "common": stories.COMMON}


@dataclass(frozen=True)
class Page:
    who: str
    name: str
    addresses: Sequence[str]
    """Asked in turn."""
    is_list: bool = False
    typed: Sequence[dict[str, str]] = ()
    """What is posted, for the desk."""
    most_ms: int = P95_MS
    grows: bool = False
    """Its work is the month's rows, so it may take longer in a larger city."""


def run(*, short: bool) -> None:
    sizes = SHORT_SIZES if short else SIZES
    names = databases.filled(*sizes, passes=1 if short else 2)
    found: list[dict[str, Any]] = []
    people: dict[str, str] = {}
    for name in names:
        databases.use(name)
        know_every_table()
        people = people or the_people()
        say(f"measuring in {name}")
        found.append(
            {
                "tickets": Ticket.objects.count(),
                "open": Ticket.objects.filter(is_open=True).count(),
                "appeals": Appeal.objects.count(),
                "pages": measure_pages(people, runs=SHORT_RUNS if short else RUNS),
                "counters": measure_counters(people),
                "sweep": measure_sweep(),
            }
        )
    content = {"machine": machine(), "sizes": found}
    print(report(*found))
    if not short:
        say(f"written to {write_results('inbox', content)}")


def know_every_table() -> None:
    """A living server has counted its small tables too; here that would depend on how long the filling took."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# --- who asks for what


def the_people() -> dict[str, str]:
    """Role → account. Of handlers and county centres, those whose unit has most in hand."""
    fixed = {
        "agent": "agent1",
        "dispatcher": "dispatcher1",
        "reader": "reviewer1",
        "caller": "followup1",
        "leader": "leader1",
    }
    return {
        "handler": _busiest("handler", Unit.Kind.COUNTY_DEPARTMENT),
        "county": _busiest("county_centre", Unit.Kind.COUNTY_CENTRE),
        **fixed,
    }


def _busiest(role: str, kind: str) -> str:
    unit = (
        TicketScope.objects.filter(is_open=True, unit__kind=kind, unit__users__groups__name=role)
        .values("unit")
        .annotate(open=Count("ticket", distinct=True))
        .order_by("-open", "unit")[0]["unit"]
    )
    return User.objects.filter(unit=unit, groups__name=role).order_by("pk")[0].username


def pages_of(who: str, user: User) -> list[Page]:
    at = timezone.now()
    lists = [Page(who, f"search, {kind} word", [f"/search/?q={word}"]) for kind, word in WORDS.items()]
    if who == "agent":
        typed = [
            {"text": story.text[: 20 + 5 * step], "place": story.place, "phone": f"1397970{step:04d}"}
            for step, story in enumerate(stories.stories(20, seed=3))
        ]
        typing = Page(who, "desk, panes while typing", ["/desk/suggest/"], typed=typed, most_ms=TYPING_MS)
        return [typing, Page(who, "desk", ["/desk/"]), *lists]
    if who == "caller":
        return [
            Page(who, "follow-ups", ["/follow-ups/?tab=all"], is_list=True),
            Page(who, "ticket list", ["/tickets/"], is_list=True),
        ]
    if who == "leader":
        return [Page(who, "wall", ["/supervision/"], is_list=True), _figures(who, at)]
    lists += [Page(who, "workbench", ["/"]), *_ticket_lists(who, user, at)]
    numbers = [ticket.number for ticket in ticket_page(user, Wanted(), after=None, at=at).rows]
    numbers += [ticket.number for ticket in ticket_page(user, Wanted(by_due=True), after=None, at=at).rows]
    lists.append(Page(who, "ticket page", [f"/tickets/{number}/" for number in numbers[::3]]))
    lists.append(Page(who, "ticket beside a list", [f"/tickets/{number}/peek/" for number in numbers[::3]]))
    return lists + OWN[who](who, at)


def _ticket_lists(who: str, user: User, at: datetime) -> list[Page]:
    category = _category_in_the_middle(user, at)
    third = ticket_page(user, Wanted(), after=None, at=at)
    filters = {
        "all": "",
        "next page": f"after={third.next_key}",
        "closed": "state=closed",
        "voided": "state=voided",
        "closed, category, quarter of last year": f"state=closed&category={category}&{_days(at, 460, 370)}",
        "category": f"category={category}",
        "kind": "kind=suggest",
        "overdue": "overdue=on&order=due",
        "by due": "order=due",
    }
    return [
        Page(who, f"tickets: {name}", [f"/tickets/?{query}"], is_list=True)
        for name, query in filters.items()
        if name != "next page" or third.next_key
    ]


def _category_in_the_middle(user: User, at: datetime) -> str:
    """Code of a category that is neither the commonest nor the rarest among the open tickets that the person sees."""
    counted = (
        Ticket.objects.visible_to(user, at)
        .filter(is_open=True, category__isnull=False)
        .values("category__code")
        .annotate(n=Count("pk"))
        .order_by("-n", "category__code")
    )
    codes = [row["category__code"] for row in counted]
    return codes[len(codes) // 2]


def _days(at, first: int, last: int) -> str:
    day = timezone.localdate(at)
    return "&".join(
        f"{name}={day - timedelta(days=ago):%Y-%m-%d}" for name, ago in (("first_day", first), ("last_day", last))
    )


def _figures(who: str, at: datetime) -> Page:
    month = (timezone.localdate(at).replace(day=1) - timedelta(days=1)).replace(day=1)
    return Page(who, "figures of a month", [f"/figures/?month={month:%Y-%m}"], most_ms=MONTH_MS, grows=True)


def _own_of_handler(who: str, at: datetime) -> list[Page]:
    return [
        Page(who, "inbox", ["/inbox/"], is_list=True),
        Page(who, "inbox: overdue", ["/inbox/?s=over"], is_list=True),
        Page(who, "inbox: to sign", ["/inbox/?s=sign"], is_list=True),
    ]


def _own_of_county(who: str, at: datetime) -> list[Page]:
    return [
        *_own_of_handler(who, at),
        Page(who, "approvals", ["/approvals/"], is_list=True),
        Page(who, "returns", ["/returns/"], is_list=True),
        Page(who, "wall", ["/supervision/"], is_list=True),
        _figures(who, at),
    ]


def _own_of_dispatcher(who: str, at: datetime) -> list[Page]:
    unit = Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE).order_by("code")[0].code
    waiting = Ticket.objects.filter(state="pending_dispatch", is_open=True).order_by("sort_at", "pk")[:10]
    came = waiting_appeals().filter(secrecy="open", state="received")[:10]
    return [
        Page(who, "dispatch queue", ["/dispatch/"], is_list=True),
        Page(who, "dispatch: one case", [f"/dispatch/{ticket.number}/" for ticket in waiting]),
        Page(who, "returns", ["/returns/"], is_list=True),
        Page(who, "intake", ["/intake/"], is_list=True),
        Page(who, "intake: one case", [f"/intake/{appeal.number}/peek/" for appeal in came]),
        Page(who, "tickets: one county", [f"/tickets/?unit={unit}"], is_list=True),
        Page(who, "tickets: closed in one county", [f"/tickets/?unit={unit}&state=closed"], is_list=True),
    ]


def _own_of_reader(who: str, at: datetime) -> list[Page]:
    return [
        Page(who, "approvals", ["/approvals/"], is_list=True),
        Page(who, "rulings", ["/rulings/"], is_list=True),
        Page(who, "decisions", ["/reviews/"], is_list=True),
        Page(who, "wall", ["/supervision/"], is_list=True),
        _figures(who, at),
    ]


OWN: dict[str, Callable[..., list[Page]]] = {
    "handler": _own_of_handler,
    "county": _own_of_county,
    "dispatcher": _own_of_dispatcher,
    "reader": _own_of_reader,
}


# --- measuring


def measure_pages(people: dict[str, str], *, runs: int) -> list[dict[str, Any]]:
    found = []
    for who, username in people.items():
        user = User.objects.select_related("unit").get(username=username)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        found += [_measure(client, page, runs) for page in pages_of(who, user)]
    return found


def _measure(client: Client, page: Page, runs: int) -> dict[str, Any]:
    """Every address once before the watch runs: the caches of a working day are warm, and so are these."""
    for index in range(max(len(page.addresses), 2)):
        _ask(client, page, index)
    times = Times()
    for index in range(runs):
        times.take(lambda index=index: _ask(client, page, index))
    # The shorter of two: once in 20 s a page reads the rail's counters anew, once in 30 s it writes the session.
    queries = min((_recorded(client, page) for _ in range(2)), key=len)
    reads = [(sql, params) for sql, params in queries if sql.lstrip().startswith(("SELECT", "WITH"))]
    return {
        "who": page.who,
        "page": page.name,
        "is_list": page.is_list,
        "most_ms": page.most_ms,
        "grows": page.grows,
        **times.as_json(),
        "queries": len(queries),
        "buffers": sum(buffers_of(sql, params) for sql, params in reads),
    }


def _recorded(client: Client, page: Page) -> list[tuple[str, Any]]:
    with recorded_queries() as queries:
        _ask(client, page, 0)
    return queries


def _ask(client: Client, page: Page, index: int) -> None:
    address = page.addresses[index % len(page.addresses)]
    answer = client.post(address, page.typed[index % len(page.typed)]) if page.typed else client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{page.who} {address}: {answer.status_code}")


def measure_counters(people: dict[str, str]) -> dict[str, dict[str, float]]:
    """The numbers of the rail and of the workbench's city line, read anew each time: pages keep them for 20 s."""
    request = RequestFactory().get("/")
    found = {}
    for who, username in people.items():
        request.user = User.objects.select_related("unit").get(username=username)
        times = Times()
        for _ in range(RUNS):
            cache.clear()
            times.take(lambda: shell(request)["shell"].rail)
        found[who] = times.as_json()
    times = Times()
    for _ in range(RUNS):
        cache.clear()
        times.take(lambda: city_now(at=timezone.now()))
    return found | {"city line": times.as_json()}


def measure_sweep() -> dict[str, float]:
    """One sweep when nothing is due, and what each due clock costs; undone afterwards."""
    sweep_clocks(at=timezone.now(), batch=5000)
    empty = Times()
    for _ in range(RUNS):
        at = timezone.now()
        empty.take(lambda at=at: sweep_clocks(at=at))
    moments = sorted(
        moment
        for model in clock_models()
        for moment in model._default_manager.filter(stopped_at=None, sweep_at__isnull=False)
        .order_by("sweep_at")
        .values_list("sweep_at", flat=True)[:400]
    )
    at = moments[min(400, len(moments)) - 1]
    due = sum(model._default_manager.filter(stopped_at=None, sweep_at__lte=at).count() for model in clock_models())
    full = Times()
    with transaction.atomic():
        full.take(lambda: sweep_clocks(at=at))
        transaction.set_rollback(True)
    return {**empty.as_json(), "due": due, "ms_per_due_clock": round(full.p50 / due, 3)}


# --- telling


def report(small: dict[str, Any], large: dict[str, Any]) -> str:
    sizes = [f"{found['tickets']} tickets ({found['open']} open)" for found in (small, large)]
    pages = table(
        ["who", "page", "p50 ms", "p95", f"p50 at {large['tickets']}", "p95", "queries", "buffers", "bar"],
        [_line(one, other) for one, other in zip(small["pages"], large["pages"], strict=True)],
    )
    counters = table(
        ["counters of", "p50 ms", "p95", f"p50 at {large['tickets']}", "p95", "bar"],
        [
            [who, one["p50_ms"], one["p95_ms"], other["p50_ms"], other["p95_ms"], _said(other["p50_ms"] > COUNTERS_MS)]
            for (who, one), other in zip(small["counters"].items(), large["counters"].values(), strict=True)
        ],
    )
    sweep = table(
        ["sweep", "nothing due, p50 ms", "due", "ms per due clock", "bar"],
        [
            [
                found["tickets"],
                found["sweep"]["p50_ms"],
                found["sweep"]["due"],
                f"{found['sweep']['ms_per_due_clock']:.2f}",
                _said(found["sweep"]["p50_ms"] > EMPTY_SWEEP_MS, found["sweep"]["ms_per_due_clock"] > MS_PER_CLOCK),
            ]
            for found in (small, large)
        ],
    )
    return "\n\n".join([" and ".join(sizes), pages, counters, sweep])


def _line(small: dict[str, Any], large: dict[str, Any]) -> list[object]:
    same = small["queries"] == large["queries"]
    return [
        small["who"],
        small["page"],
        small["p50_ms"],
        small["p95_ms"],
        large["p50_ms"],
        large["p95_ms"],
        small["queries"] if same else f"{small['queries']} → {large['queries']}",
        f"{small['buffers']} → {large['buffers']}",
        ", ".join(_missed(small, large)) or "ok",
    ]


def _missed(small: dict[str, Any], large: dict[str, Any]) -> list[str]:
    """Growth is judged by the medians: on a machine that others use as well two p95 of twenty runs say little."""
    grown = large["p50_ms"] > max(small["p50_ms"] * FACTOR, small["p50_ms"] + MORE_MS)
    return [
        words
        for words, is_missed in (
            ("p95", large["p95_ms"] > large["most_ms"]),
            ("growth", grown and not large["grows"]),
            ("buffers", large["is_list"] and large["buffers"] > BUFFERS),
            ("queries", large["queries"] > small["queries"]),
        )
        if is_missed
    ]


def _said(*missed: bool) -> str:
    return "missed" if any(missed) else "ok"
