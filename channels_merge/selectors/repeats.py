"""Who came again: how often, when, whether after the matter was closed. For the ticket page and for supervision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
    return _grouped(Repeat.objects.filter(first__in=firsts))


def repeated_matters(*, at: datetime) -> list[Repeated]:
    """Matters of one person that reached `repeat_threshold` times within `repeat_window_days`, for supervision."""
    since = at - timedelta(days=parameters.integer("repeat_window_days", at=at))
    least = parameters.integer("repeat_threshold", at=at)
    often = Repeat.objects.filter(at__gte=since, at__lte=at).values("first").annotate(n=Count("pk"))
    firsts = often.filter(n__gte=least - 1).values("first")
    return [one for one in _grouped(Repeat.objects.filter(first__in=firsts, at__gte=since)) if one.times >= least]


def _grouped(repeats: QuerySet[Repeat]) -> list[Repeated]:
    shown = repeats.filter(appeal__secrecy=Secrecy.OPEN, first__secrecy=Secrecy.OPEN)
    found: dict[int, list[Repeat]] = {}
    for repeat in shown.select_related("first__contact", "appeal").order_by("at", "pk"):
        found.setdefault(repeat.first_id, []).append(repeat)
    grouped = [Repeated(rows[0].first, rows) for rows in found.values()]
    return sorted(grouped, key=lambda one: (-one.times, one.first.pk))


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
