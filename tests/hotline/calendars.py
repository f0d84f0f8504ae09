"""The announced years as a calendar that needs no database."""

import csv
from datetime import date, datetime, time
from pathlib import Path

from hotline.calendar import WorkCalendar
from hotline.dates import SHANGHAI

REFERENCE = Path(__file__).parent.parent.parent / "hotline" / "reference"
INTERVALS = ((time(8, 30), time(12, 0)), (time(14, 30), time(17, 30)))


def announced() -> list[dict[str, str]]:
    with (REFERENCE / "holidays.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def announced_calendar(*, until: int = 2026) -> WorkCalendar:
    rows = [row for row in announced() if int(row["year"]) <= until]
    return WorkCalendar(
        days={date.fromisoformat(row["date"]): (row["is_workday"] == "1", row["name"]) for row in rows},
        years={int(row["year"]): 1 for row in rows},
        intervals=[(date(2000, 1, 1), INTERVALS)],
    )


def at(text: str) -> datetime:
    """`2026-09-29 10:15` in Ganzhou."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
