"""A duty list of five thousand matters, in the city and in twenty counties: its pages, and a sheet of all of it handed in."""

import gc
import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from benchmarks import databases
from benchmarks.measure import Times, buffers_of, machine, recorded_queries, say, server_seconds, table, write_results
from hotline.models import Unit, User
from hotline.services import appoint_administrator
from responsibility import selectors, services
from responsibility.models import DutyItem, DutyList, DutySheet, RoutingExample
from responsibility.services.loading import FIRST_DAY
from responsibility.states import Level, ListState, Outcome

ITEMS, SHORT_ITEMS = 5_000, 500
COUNTIES, SHORT_COUNTIES = 20, 2
RUNS, SHORT_RUNS = 20, 5
DIFFERENT, EXAMPLES = 200, 20_000
P95_MS, SECONDS = 300, 30
ADMINISTRATOR = "benchmark"
TEXT = "小区旁边的工地半夜还在打桩，吵得老人孩子睡不着，找过物业没有用。"


@dataclass(frozen=True)
class Page:
    name: str
    address: str


def run(*, short: bool) -> None:
    items, counties = (SHORT_ITEMS, SHORT_COUNTIES) if short else (ITEMS, COUNTIES)
    name = f"duty_{items}"
    databases.made(name, lambda: fill(items, counties))
    databases.use_copy(name)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    admin = User.objects.get(username=ADMINISTRATOR)
    # First, while the process has read nothing else.
    proposals = measure_proposals(SHORT_RUNS if short else RUNS)
    sheets = [measure_sheet(draft, admin) for draft in DutyList.objects.filter(state=ListState.DRAFT).order_by("pk")]
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    pages = [measure_page(client, page, SHORT_RUNS if short else RUNS) for page in pages_of()]
    print(report(pages, sheets, proposals))
    if not short:
        content = {
            "machine": machine(),
            "items": items,
            "counties": counties,
            "pages": pages,
            "sheets": sheets,
            "proposals": proposals,
        }
        say(f"written: {write_results('duty', content)}")


# --- what is measured on


def fill(items: int, counties: int) -> None:
    """The city's list, a draft that differs from it in some matters, a list of each county, and an empty draft of one."""
    at = timezone.now()
    appoint_administrator(username=ADMINISTRATOR, name="谢敏", at=at)
    User.objects.filter(username=ADMINISTRATOR).update(must_change_password=False)
    admin = User.objects.get(username=ADMINISTRATOR)
    city = DutyList.objects.get()
    shipped = list(city.items.order_by("code"))
    city.items.all().delete()
    write_items(city, shipped, items)
    centres = list(Unit.objects.filter(kind=Unit.Kind.COUNTY_CENTRE).order_by("code"))
    for scope in centres[:counties]:
        say(f"the list of {scope.short_name}")
        write_items(county_list(scope), shipped, items)
    draft = services.draft_list(scope=city.scope, reason="年度修订。", by=admin, at=at)
    codes = list(draft.items.order_by("code").values_list("code", flat=True)[:: items // DIFFERENT])
    limits = {"complaint": "3wd"}
    services.change_items(list_id=draft.pk, codes=codes, values={}, limits=limits, reason="统一。", by=admin, at=at)
    # As a county begins: with nothing of its own.
    services.draft_list(scope=centres[0], reason="重新编制。", by=admin, at=at).items.all().delete()
    remember(city)


def county_list(scope: Unit) -> DutyList:
    return DutyList.objects.create(
        version=1, scope=scope, title=f"{scope.short_name}清单", state=ListState.PUBLISHED, effective_from=FIRST_DAY
    )


def write_items(duty_list: DutyList, shipped: Sequence[DutyItem], items: int) -> None:
    """The items that ship, over and over, each with a code, a name and a word of its own: in every list the same codes."""
    made = []
    for at in range(items):
        n, item = at // len(shipped) + 1, shipped[at % len(shipped)]
        copy = DutyItem(**{field.attname: getattr(item, field.attname) for field in DutyItem._meta.concrete_fields})
        copy.pk, copy.duty_list = None, duty_list
        copy.code, copy.title, copy.words = f"{item.code}-{n:03}", f"{item.title}{n}"[:60], [*item.words, f"第{n}类"]
        # Only such matters are a county's to say; so are those of the city here, that one sheet serves both.
        copy.level, copy.county_function = Level.COUNTY, item.county_function or item.city_function
        made.append(copy)
    DutyItem.objects.bulk_create(made, batch_size=1000)


def remember(duty_list: DutyList) -> None:
    """Dispatches by every other item, over two years."""
    now, items = timezone.now(), list(duty_list.items.order_by("code").values_list("pk", flat=True)[::2])
    RoutingExample.objects.bulk_create(
        [
            RoutingExample(
                ticket_number=f"GZ{n}",
                text="路灯不亮。",
                final_item_id=items[n % len(items)],
                outcome=Outcome.DISPATCHED,
                at=now - timedelta(days=730 * n / EXAMPLES),
            )
            for n in range(EXAMPLES)
        ],
        batch_size=1000,
    )


# --- measuring


def measure_proposals(runs: int) -> dict[str, Any]:
    """A matter through the city's list and through that of every county in turn, with all of them compiled in the process."""
    at, before = timezone.now(), _resident_mb()
    counties = [
        each.scope
        for each in DutyList.objects.filter(scope__kind=Unit.Kind.COUNTY_CENTRE, state=ListState.PUBLISHED)
        .select_related("scope__region")
        .order_by("scope__code")
    ]

    def ask(centre: Unit | None) -> None:
        if centre is None:
            selectors.suggest(text=TEXT, at=at)
        else:
            selectors.county_candidates(item=None, text=TEXT, region=centre.region, centre=centre, at=at)

    first, again = Times(), Times()
    began = time.process_time()
    for centre in (None, *counties):
        first.take(lambda centre=centre: ask(centre))
    compiling = (time.process_time() - began) / (len(counties) + 1)
    gc.collect()
    live = _resident_mb()
    began = time.process_time()
    for _ in range(runs):
        for centre in counties:
            again.take(lambda centre=centre: ask(centre))
    return {
        "lists": len(counties) + 1,
        "compiling": first.as_json() | {"processor_ms": round(compiling * 1000)},
        "a_proposal": again.as_json()
        | {"processor_ms": round((time.process_time() - began) * 1000 / len(again.values), 1)},
        "process_mb": {"before": before, "all_lists": live, "a_list": round((live - before) / (len(counties) + 1))},
    }


def _resident_mb() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(line.split()[1] for line in status if line.startswith("VmRSS"))) / 1024)


def pages_of() -> list[Page]:
    city = DutyList.objects.get(scope__kind=Unit.Kind.CENTRE, state=ListState.PUBLISHED)
    county = DutyList.objects.filter(scope__kind=Unit.Kind.COUNTY_CENTRE, state=ListState.PUBLISHED).order_by("pk")[0]
    draft = DutyList.objects.get(base=city)
    sheet = DutySheet.objects.filter(duty_list=draft).order_by("pk")[0]
    code = draft.items.order_by("code")[0].code
    here, base, theirs = (reverse("responsibility:duty-list", args=[one.pk]) for one in (draft, city, county))
    return [
        Page("centres and versions", reverse("responsibility:duty-lists")),
        Page("a version in force", base),
        Page("a county's version in force", theirs),
        Page("a draft beside its base", here),
        Page("only what differs", f"{here}?only=diff"),
        Page("a category", f"{here}?category=0102"),
        Page("the last page", f"{here}?after=Y"),
        Page("words that are looked for", f"{here}?q=路灯"),
        Page("an item", f"{here}items/{code}/"),
        Page("an item beside the table", f"{here}items/{code}/beside/"),
        Page("trial and problems", f"{here}trial/"),
        Page("preview of a sheet", reverse("responsibility:duty-sheet", args=[draft.pk, sheet.pk])),
    ]


def measure_page(client: Client, page: Page, runs: int) -> dict[str, Any]:
    for _ in range(2):
        _ask(client, page)
    times = Times()
    began, server = time.process_time(), server_seconds()
    for _ in range(runs):
        times.take(lambda: _ask(client, page))
    processor = (time.process_time() - began) * 1000 / runs
    of_server = (server_seconds() - server) * 1000 / runs
    with recorded_queries() as queries:
        _ask(client, page)
    reads = [(sql, params) for sql, params in queries if sql.lstrip().startswith(("SELECT", "WITH"))]
    return {
        "page": page.name,
        **times.as_json(),
        "processor_ms": round(processor),
        "of_server_ms": round(of_server),
        "queries": len(queries),
        "buffers": sum(buffers_of(sql, params) for sql, params in reads),
    }


def _ask(client: Client, page: Page) -> None:
    answer = client.get(page.address)
    if answer.status_code != 200:
        raise SystemExit(f"{page.address}: {answer.status_code}")


def measure_sheet(draft: DutyList, admin: User) -> dict[str, Any]:
    """The city's list as a sheet, into its own draft with every row changed, into a county's with every row new."""
    at, steps = timezone.now(), {}

    def timed(step: str, do: Any) -> Any:
        began, processor = time.perf_counter(), time.process_time() + server_seconds()
        result = do()
        steps[step] = round(time.perf_counter() - began, 1)
        steps[f"{step}, processor"] = round(time.process_time() + server_seconds() - processor, 1)
        return result

    say(f"a sheet into {draft}")
    city = DutyList.objects.get(scope__kind=Unit.Kind.CENTRE, state=ListState.PUBLISHED)
    content = timed("taking away", lambda: services.sheet_of(city, at=at))
    upload = SimpleUploadedFile("清单.xlsx", changed(content))
    given = {"upload": upload, "drops_missing": False, "by": admin, "at": at}
    sheet = services.hand_in_sheet(list_id=draft.pk, **given)
    timed("comparing", lambda: services.compare_sheet(sheet_id=sheet.pk, at=at))
    sheet.refresh_from_db()
    services.confirm_sheet(sheet_id=sheet.pk, reason="统一。", by=admin, at=at)
    timed("writing", lambda: services.write_sheet(sheet_id=sheet.pk, at=at))
    # Another one, not written: its preview is one of the pages.
    again = services.hand_in_sheet(list_id=draft.pk, **given | {"upload": SimpleUploadedFile("清单.xlsx", content)})
    services.compare_sheet(sheet_id=again.pk, at=at)
    return {"into": str(draft), "counts": sheet.counts, **steps}


def changed(content: bytes) -> bytes:
    """The same sheet with another limit and another word in every row."""
    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    column = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column["投诉限"], "4")
        words = sheet.cell(row, column["群众怎么说"])
        words.value = f"{words.value}、新说法"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- telling


def report(
    pages: Sequence[dict[str, Any]], sheets: Sequence[dict[str, Any]], proposals: Mapping[str, dict[str, Any]]
) -> str:
    first = table(
        ["page", "p50 ms", "p95 ms", "processor ms", "of the server", "queries", "buffers", "bar"],
        [
            [
                page["page"],
                page["p50_ms"],
                page["p95_ms"],
                page["processor_ms"],
                page["of_server_ms"],
                page["queries"],
                page["buffers"],
                "missed" if page["p95_ms"] > P95_MS else "ok",
            ]
            for page in pages
        ],
    )
    steps = ("taking away", "comparing", "writing")
    second = table(
        ["a sheet", "new", "changed", *(f"{step} s (processor)" for step in steps), "bar"],
        [
            [
                sheet["into"],
                sheet["counts"].get("add", 0),
                sheet["counts"].get("change", 0),
                *(f"{sheet[step]} ({sheet[f'{step}, processor']})" for step in steps),
                "missed" if sheet["comparing"] + sheet["writing"] > SECONDS else "ok",
            ]
            for sheet in sheets
        ],
    )
    third = table(
        [
            "lists compiled",
            "compiling p50 ms (processor)",
            "a proposal p50 ms",
            "p95 ms",
            "processor ms",
            "process MB",
            "a list MB",
        ],
        [
            [
                proposals["lists"],
                f"{proposals['compiling']['p50_ms']} ({proposals['compiling']['processor_ms']})",
                proposals["a_proposal"]["p50_ms"],
                proposals["a_proposal"]["p95_ms"],
                proposals["a_proposal"]["processor_ms"],
                f"{proposals['process_mb']['before']} → {proposals['process_mb']['all_lists']}",
                proposals["process_mb"]["a_list"],
            ]
        ],
    )
    return f"{first}\n\n{second}\n\n{third}"
