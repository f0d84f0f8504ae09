"""自动派单 in figures: what came back of each item, and the weekly sample that people read."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, DateField, Q, QuerySet
from django.db.models.functions import TruncWeek

from hotline import parameters
from hotline.dates import SHANGHAI, local_day
from hotline.models import User
from responsibility.models import ItemSwitch
from tickets.models import AutomaticDispatch, Ticket
from tickets.states import EndedAs

CAME_BACK: Final = (EndedAs.RETURNED, EndedAs.TAKEN_BACK, EndedAs.RECALLED, EndedAs.RULED)
WEEK: Final = timedelta(days=7)
WEEKS_SHOWN: Final = 12


@dataclass(frozen=True)
class Record:
    """What was dispatched by itself under one switch within the window, and what of it came back."""

    dispatched: int = 0
    came_back: int = 0

    @property
    def share(self) -> float:
        return self.came_back / self.dispatched if self.dispatched else 0.0


def record_of(switches: Sequence[ItemSwitch], *, at: datetime) -> dict[int, Record]:
    """Key of each switch → its record in the `auto_dispatch_returns_days` before now or before it went off, and no earlier
    than it was switched on. One query.
    """
    if not switches:
        return {}
    window = timedelta(days=parameters.integer("auto_dispatch_returns_days", at=at))
    under = {switch.pk: _under(switch, switch.off_at or at, window) for switch in switches}
    back = Q(assignment__ended_as__in=CAME_BACK)
    codes = {switch.code for switch in switches}
    counts = AutomaticDispatch.objects.filter(item_code__in=codes).aggregate(
        **{f"all_{pk}": Count("pk", filter=which) for pk, which in under.items()},
        **{f"back_{pk}": Count("pk", filter=which & back) for pk, which in under.items()},
    )
    return {pk: Record(counts[f"all_{pk}"], counts[f"back_{pk}"]) for pk in under}


def _under(switch: ItemSwitch, until: datetime, window: timedelta) -> Q:
    return Q(item_code=switch.code, at__gte=max(switch.on_at, until - window), at__lte=until)


def too_many_came_back(switch: ItemSwitch, *, at: datetime) -> bool:
    """More than `auto_dispatch_returns`, and not only one or two that may be chance."""
    record = record_of([switch], at=at)[switch.pk]
    least = parameters.integer("auto_dispatch_returns_least", at=at)
    return record.came_back >= least and record.share > float(parameters.number("auto_dispatch_returns", at=at))


# --- the weekly sample


def week_of(at: datetime) -> date:
    """Its Monday."""
    day = local_day(at)
    return day - timedelta(days=day.weekday())


def _of_week(monday: date) -> QuerySet[AutomaticDispatch]:
    start = datetime.combine(monday, time(), SHANGHAI)
    return AutomaticDispatch.objects.filter(at__gte=start, at__lt=start + WEEK)


def sample_of(monday: date, *, at: datetime) -> list[int]:
    """Keys of the week's sample; none before the week is over. The same whenever and by whomever it is drawn."""
    if week_of(at) <= monday:
        return []
    most = parameters.integer("auto_dispatch_sample", at=datetime.combine(monday, time(), SHANGHAI) + WEEK)
    drawn = sorted(
        _of_week(monday).values_list("pk", "ticket__number"),
        key=lambda row: hashlib.sha256(f"{monday}:{row[1]}".encode()).digest(),
    )
    return sorted(pk for pk, _ in drawn[:most])


def sampled(monday: date, user: User, *, at: datetime) -> list[AutomaticDispatch]:
    """The sample as whoever reads it sees it; a ticket that was restricted since is left out."""
    rows = AutomaticDispatch.objects.filter(pk__in=sample_of(monday, at=at))
    return list(
        rows.filter(ticket__in=Ticket.objects.visible_to(user, at))
        .select_related("ticket__region", "assignment__unit", "assignment__item", "read_by")
        .order_by("pk")
    )


@dataclass(frozen=True)
class Week:
    monday: date
    dispatched: int
    right: int
    wrong: int

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def weeks(*, at: datetime) -> list[Week]:
    """The last weeks that are over, the newest first, with what was read of them. One query."""
    mondays = [week_of(at) - n * WEEK for n in range(1, WEEKS_SHOWN + 1)]
    first, last = (datetime.combine(day, time(), SHANGHAI) for day in (mondays[-1], mondays[0] + WEEK))
    rows = (
        AutomaticDispatch.objects.filter(at__gte=first, at__lt=last)
        .annotate(monday=TruncWeek("at", tzinfo=SHANGHAI, output_field=DateField()))
        .values("monday")
        .annotate(all=Count("pk"), good=Count("pk", filter=Q(right=True)), bad=Count("pk", filter=Q(right=False)))
    )
    found = {row["monday"]: (row["all"], row["good"], row["bad"]) for row in rows}
    return [Week(monday, *found.get(monday, (0, 0, 0))) for monday in mondays]
