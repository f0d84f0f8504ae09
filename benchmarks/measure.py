"""Times, counts and tables."""

import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

BEGAN = time.monotonic()
RESULTS = Path(__file__).resolve().parent / "results"


def say(text: str) -> None:
    print(f"[{time.monotonic() - BEGAN:5.0f} s] {text}", file=sys.stderr, flush=True)


def percentile(times: Sequence[float], share: float) -> float:
    """The smallest of `times` that at least `share` of them do not exceed."""
    ordered = sorted(times)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass
class Times:
    """Milliseconds of one thing, measured many times."""

    values: list[float] = field(default_factory=list)

    def take(self, do: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = do()
        self.values.append((time.perf_counter() - began) * 1000)
        return result

    @property
    def p50(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return percentile(self.values, 0.95)

    def as_json(self) -> dict[str, float]:
        return {"p50_ms": round(self.p50, 2), "p95_ms": round(self.p95, 2), "runs": len(self.values)}


@contextmanager
def recorded_queries():
    """The statements with their parameters, without what opens and closes a transaction."""
    found: list[tuple[str, Any]] = []

    def record(execute, sql, params, many, context):
        if not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield found


def buffers_of(sql: str, params: Any) -> int:
    """Pages that a SELECT touches: a figure that does not depend on how busy the machine is."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def server_seconds() -> float:
    """Processor time that the server has spent for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / 100


def machine() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory),
        "postgresql": server.split()[0],
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown; numbers with a point are written with one digit after it."""
    lines = [[*headings], ["---"] * len(headings), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def write_results(name: str, content: dict[str, Any]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    return path
