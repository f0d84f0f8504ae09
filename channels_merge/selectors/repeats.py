"""Who came again: how often, when, whether after the matter was closed. For the ticket page and for supervision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from channels_merge.models import Appeal, FrequentCaller, Interaction, Repeat
from channels_merge.states import InteractionKind
from hotline import parameters
from tickets.states import Secrecy


@dataclass(frozen=True)
class Repeated:
    """One person and one matter. `times` counts the first time too."""

    first: Appeal
    again: Sequence[Repeat]

    @property
    def times(self) -> int:
        return 1 + len(self.again)

    @property
    def dates(self) -> list[datetime]:
        return [self.first.received_at, *(one.at for one in self.again)]

    @property
    def after_closing(self) -> int:
        return sum(one.after_closing for one in self.again)


def repeats_of(appeals: Iterable[Appeal]) -> list[Repeated]:
    """Whoever among the people of these appeals came more than once, the most often first. Nothing secret."""
    ids = [appeal.pk for appeal in appeals]
    firsts = Repeat.objects.filter(Q(appeal__in=ids) | Q(first__in=ids)).values("first")
    return sorted(_grouped(_shown().filter(first__in=firsts)), key=lambda one: (-one.times, one.first.pk))


def repeated_matters(*, at: datetime) -> QuerySet[Repeat, Any]:
    """Matters of one person that reached `repeat_threshold` times within `repeat_window_days`, for supervision: rows of
    `first`, the id of the appeal with which it began, and `last_at`, when the person came last. Counted by the database.
    """
    least = parameters.integer("repeat_threshold", at=at)
    often = _within_window(at).values("first").annotate(last_at=Max("at"), again=Count("pk"))
    return often.filter(again__gte=least - 1).values_list("first", "last_at", named=True)


def described(firsts: Sequence[int], *, at: datetime) -> list[Repeated]:
    """What a page shows of rows of `repeated_matters`, in their order."""
    found = {one.first.pk: one for one in _grouped(_within_window(at).filter(first__in=firsts))}
    return [found[first] for first in firsts]


def _within_window(at: datetime) -> QuerySet[Repeat]:
    since = at - timedelta(days=parameters.integer("repeat_window_days", at=at))
    return _shown().filter(at__gte=since, at__lte=at)


def _shown() -> QuerySet[Repeat]:
    return Repeat.objects.filter(appeal__secrecy=Secrecy.OPEN, first__secrecy=Secrecy.OPEN)


def _grouped(repeats: QuerySet[Repeat]) -> list[Repeated]:
    found: dict[int, list[Repeat]] = {}
    for repeat in repeats.select_related("first__contact").order_by("at", "pk"):
        found.setdefault(repeat.first_id, []).append(repeat)
    return [Repeated(rows[0].first, rows) for rows in found.values()]


@dataclass(frozen=True)
class Frequent:
    phone_index: str
    count: int
    last_at: datetime
    latest_id: int


def frequent_callers(*, since: datetime, at: datetime) -> list[Frequent]:
    """Numbers with `malicious_call_flag` contacts that brought nothing new: urges without words, progress asked, repeats."""
    repeated = Repeat.objects.filter(appeal=OuterRef("appeal"))
    nothing_new = (
        Q(kind=InteractionKind.PROGRESS)
        | Q(kind=InteractionKind.URGE, text="")
        | Q(Exists(repeated), kind=InteractionKind.NEW)
    )
    rows = (
        Interaction.objects.filter(nothing_new, at__gt=since, at__lte=at, appeal__secrecy=Secrecy.OPEN)
        .exclude(appeal__contact__phone_index="")
        .filter(appeal__contact__isnull=False)
        .values("appeal__contact__phone_index")
        .annotate(n=Count("pk"), last_at=Max("at"), latest=Max("appeal"))
        .filter(n__gte=parameters.integer("malicious_call_flag", at=at))
        .order_by("-n", "appeal__contact__phone_index")
    )
    return [Frequent(row["appeal__contact__phone_index"], row["n"], row["last_at"], row["latest"]) for row in rows]


def unseen_callers() -> QuerySet[FrequentCaller]:
    """Those that no supervisor has looked at, the oldest first."""
    return FrequentCaller.objects.filter(seen_at=None, latest__secrecy=Secrecy.OPEN).select_related(
        "latest__contact", "latest__channel"
    )
