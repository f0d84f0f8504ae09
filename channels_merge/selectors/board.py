"""The board of the five lines: what the order asks, what is done, and how each line's appeals fare month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMonth

from channels_merge.models import Appeal, AppealClock, AppealLink, Channel, LineMilestone, OutboxMessage
from channels_merge.states import AppealState, MessageKind
from hotline.dates import SHANGHAI, add_months, local_day
from hotline.models import Clock
from tickets.models import Assignment

MONTHS: Final = 6


@dataclass(frozen=True, slots=True)
class LineMonth:
    """A line's appeals that came in a month. Shares are None where there is nothing to divide by."""

    month: date
    volume: int = 0
    """Withdrawn ones are not counted."""
    dispatched: int = 0
    """Of them, those whose ticket was given to a unit through the pool."""
    concluded: int = 0
    """Of `volume`, those whose citizen has an answer, a way or a reply."""
    returned: int = 0
    """Of them, those whose result arrived at the line."""
    accept_limits: int = 0
    """Limits of acceptance (12315: by statute) that ended, or ran out."""
    accept_kept: int = 0
    limits: int = 0
    """Citizen limits that ended, or ran out."""
    kept: int = 0

    @property
    def through_pool(self) -> float | None:
        return _share(self.dispatched, self.volume)

    @property
    def fed_back(self) -> float | None:
        return _share(self.returned, self.concluded)

    @property
    def accepted_in_time(self) -> float | None:
        return _share(self.accept_kept, self.accept_limits)

    @property
    def limits_kept(self) -> float | None:
        return _share(self.kept, self.limits)


@dataclass(frozen=True, slots=True)
class BoardLine:
    channel: Channel
    milestones: Sequence[LineMilestone]
    months: Sequence[LineMonth]
    """The newest last."""


def _share(part: int, whole: int) -> float | None:
    return None if whole == 0 else 100 * part / whole


def line_board(*, at: datetime) -> list[BoardLine]:
    """Three queries, however many appeals a line has: each line's are one range of an index."""
    asked: dict[int, list[LineMilestone]] = {}
    for row in LineMilestone.objects.select_related("file", "recorded_by").order_by("pk"):
        asked.setdefault(row.channel_id, []).append(row)
    channels = Channel.objects.filter(pk__in=asked).select_related("owner").order_by("pk")
    first = local_day(at).replace(day=1)
    months = [add_months(first, -back) for back in reversed(range(MONTHS))]
    figures = line_figures(list(asked), since=months[0], at=at)
    return [
        BoardLine(
            channel,
            asked[channel.pk],
            [figures.get((channel.pk, month), LineMonth(month)) for month in months],
        )
        for channel in channels
    ]


_CONCLUDED: Final = Q(state__in=[AppealState.ANSWERED, AppealState.REDIRECTED, AppealState.EXPLAINED])


def line_figures(channel_ids: Sequence[int], *, since: date, at: datetime) -> dict[tuple[int, date], LineMonth]:
    """(channel, month in which it came) → figures."""
    begins = datetime(since.year, since.month, since.day, tzinfo=SHANGHAI)
    links = AppealLink.objects.filter(appeal=OuterRef("pk"), until=None)
    given = Exists(links.filter(Exists(Assignment.objects.filter(ticket=OuterRef("ticket")))))
    clocks = AppealClock.objects.filter(appeal=OuterRef("pk"), kind=AppealClock.CITIZEN)
    replied = Exists(clocks.filter(outcome=Clock.Outcome.MET))
    sent = OutboxMessage.objects.filter(
        appeal=OuterRef("pk"), line__isnull=False, kind=MessageKind.RESULT, sent_at__isnull=False
    )
    concluded = _CONCLUDED | Q(replied)
    ended = _ended(clocks, at)
    kept = clocks.filter(outcome=Clock.Outcome.MET, stopped_at__lte=F("due_at"))
    accepted = _ended(AppealClock.objects.filter(appeal=OuterRef("pk"), kind=AppealClock.ACCEPT), at)
    # One that waited again for the citizen's words has several: each was kept, or the limit was not.
    accepted_late = accepted.filter(Q(stopped_at=None) | Q(stopped_at__gt=F("due_at")))
    rows = (
        Appeal.objects.filter(channel__in=channel_ids, received_at__gte=begins, received_at__lte=at)
        .exclude(state=AppealState.WITHDRAWN)
        .annotate(month=TruncMonth("received_at", tzinfo=SHANGHAI))
        .order_by()
        .values("channel", "month")
        .annotate(
            volume=Count("pk"),
            dispatched=Count("pk", filter=given),
            concluded=Count("pk", filter=concluded),
            returned=Count("pk", filter=concluded & Q(Exists(sent))),
            accept_limits=Count("pk", filter=Exists(accepted)),
            accept_kept=Count("pk", filter=Exists(accepted) & ~Q(Exists(accepted_late))),
            limits=Count("pk", filter=Exists(ended)),
            kept=Count("pk", filter=Exists(kept) & ~Q(Exists(ended.filter(stopped_at=None)))),
        )
    )
    return {
        (row.pop("channel"), month): LineMonth(month=month, **row)
        for row in rows
        for month in [row.pop("month").astimezone(SHANGHAI).date()]
    }


def _ended(clocks: QuerySet[AppealClock], at: datetime) -> QuerySet[AppealClock]:
    """Those that were met or ran out."""
    return clocks.filter(Q(outcome=Clock.Outcome.MET) | Q(stopped_at=None, due_at__lte=at))
