"""Reads over other platforms: what they sent, what waits for them, how each of them is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet

from channels_merge.models import (
    Appeal,
    CodeMap,
    InboundMessage,
    Line,
    LineMatter,
    OutboxMessage,
)
from channels_merge.states import LINE_LIMITS, PLATFORM_KINDS, CodeKind, InboundState
from hotline import masking, parameters
from hotline.dates import local
from hotline.limits import Limit
from tickets import deadlines


def given_due_at(appeal: Appeal) -> datetime | None:
    """The date that the platform set which sent the appeal. No query for what no platform sent."""
    if appeal.channel.kind not in PLATFORM_KINDS:
        return None
    return LineMatter.objects.filter(appeal=appeal).values_list("due_at", flat=True).first()


def line_matter(appeal: Appeal) -> LineMatter | None:
    """What the platform said with an appeal, and whether it can be given back (`line.push_url`)."""
    if appeal.channel.kind not in PLATFORM_KINDS:
        return None
    return LineMatter.objects.select_related("line").filter(appeal=appeal).first()


def line_limit_key(line: Line, what: str) -> str:
    """The parameter of a limit of `LINE_LIMITS`."""
    code = line.channel.code
    return f"line_silent_after.{code}" if what == "silent" else deadlines.line_limit_key(code, what)


def line_limits(line: Line, *, at: datetime) -> list[tuple[str, Limit]]:
    """(name, limit) of what is laid down for this line; the general one of silence where it has none of its own."""
    own = {what: parameters.limit_if_any(line_limit_key(line, what), at=at) for what in LINE_LIMITS}
    own["silent"] = own["silent"] or parameters.limit("line_silent_after", at=at)
    return [(LINE_LIMITS[what], limit) for what, limit in own.items() if limit is not None]


def line_of_code(code: str) -> Line | None:
    return Line.objects.select_related("channel").filter(channel__code=code).first()


def message_of_line(line: Line, message_id: str) -> InboundMessage | None:
    return InboundMessage.objects.select_related("appeal").filter(line=line, message_id=message_id).first()


@dataclass(frozen=True)
class LineHealth:
    """One line on the page of lines."""

    line: Line
    # The last 24 hours.
    came: int
    sent: int
    waiting_in: int
    oldest_in: datetime | None
    parked: int
    waiting_out: int
    oldest_out: datetime | None
    dead: int
    silent_since: datetime | None

    @property
    def tone(self) -> str:
        if not self.line.is_open or not self.line.secret_issued_at:
            return "wait"
        if self.line.failing_since or self.dead:
            return "over"
        if self.silent_since or self.parked:
            return "due"
        return "done" if self.line.last_in_at else "wait"

    @property
    def label(self) -> str:
        if not self.line.is_open:
            return "停用"
        if not self.line.secret_issued_at:
            return "没有接通"
        if self.line.failing_since:
            return "送不出"
        if self.dead:
            return "有放弃的"
        if self.silent_since:
            return "没有动静"
        if self.parked:
            return "有搁置的"
        return "正常" if self.line.last_in_at else "等第一件"

    @property
    def note(self) -> str:
        """What a person should know of it, in a few words."""
        if self.line.failing_since:
            return f"{_moment(self.line.failing_since)} 起送不出：{self.line.last_error}"
        if not self.line.is_open:
            return "停用中，不收也不送"
        if self.silent_since:
            return f"{_moment(self.silent_since)} 以后没有来件"
        return ""


def _moment(at: datetime) -> str:
    here = local(at)
    return f"{here.month}月{here.day}日 {here:%H:%M}"


def lines_health(*, at: datetime, silent: Mapping[str, datetime]) -> list[LineHealth]:
    """Every line, worst first. Five queries however many they are. `silent`: code → since when."""
    since = at - timedelta(days=1)
    came = _counts(InboundMessage.objects.filter(received_at__gte=since))
    sent = _counts(OutboxMessage.objects.filter(line__isnull=False, sent_at__gte=since))
    waiting = InboundMessage.objects.filter(state__in=[InboundState.WAITING, InboundState.PARKED])
    inbound: dict[int, Mapping[str, Any]] = {
        row["line"]: row
        for row in waiting.values("line").annotate(
            waiting=Count("pk", filter=Q(state=InboundState.WAITING)),
            oldest=Min("received_at", filter=Q(state=InboundState.WAITING)),
            parked=Count("pk", filter=Q(state=InboundState.PARKED)),
        )
    }
    outbound: dict[int, Mapping[str, Any]] = {
        row["line"]: row
        for row in OutboxMessage.objects.filter(line__isnull=False, sent_at=None)
        .values("line")
        .annotate(
            waiting=Count("pk", filter=Q(dead_at=None)),
            oldest=Min("created_at", filter=Q(dead_at=None)),
            dead=Count("pk", filter=Q(dead_at__isnull=False)),
        )
    }
    found = []
    for line in Line.objects.select_related("channel").order_by("channel__name", "pk"):
        coming, going = inbound.get(line.pk, {}), outbound.get(line.pk, {})
        found.append(
            LineHealth(
                line=line,
                came=came.get(line.pk, 0),
                sent=sent.get(line.pk, 0),
                waiting_in=coming.get("waiting", 0),
                oldest_in=coming.get("oldest"),
                parked=coming.get("parked", 0),
                waiting_out=going.get("waiting", 0),
                oldest_out=going.get("oldest"),
                dead=going.get("dead", 0),
                silent_since=silent.get(line.channel.code),
            )
        )
    worst = {"over": 0, "due": 1, "done": 2, "wait": 3}
    return sorted(found, key=lambda one: worst[one.tone])


def _counts(rows: QuerySet) -> dict[int, int]:
    return dict(rows.order_by().values_list("line").annotate(many=Count("pk")))


def messages_of(line: Line, *, state: str) -> QuerySet[InboundMessage]:
    """Newest first, of one state or of all."""
    rows = InboundMessage.objects.filter(line=line).select_related("appeal").order_by("-pk")
    return rows.filter(state=state) if state in InboundState.values else rows


SHOWN = 2000
# A number with a wrong digit is somebody's all the same: what stands in these fields is masked whatever it looks like.
_PERSONAL: Final[dict[str, Callable[[str], str]]] = {
    "phone": masking.mask_phone,
    "name": masking.mask_name,
    "id_number": masking.mask_id_number,
    "account": lambda value: f"{value[:1]}****",
}


def shown_body(message: InboundMessage) -> str:
    """What came, for whoever has to mend it: indented where it is JSON, without the person in it."""
    raw = message.body
    try:
        read = json.loads(raw)
        data = read.get("data") if isinstance(read, dict) else None
        for name, mask in _PERSONAL.items() if isinstance(data, dict) else ():
            if data.get(name):
                data[name] = mask(str(data[name]))
        if isinstance(read, dict) and "base64" in read:
            # A sheet that could not be read: names stand in it anywhere.
            read["base64"] = "（已加密保存，不显示）"
        shown = json.dumps(read, ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        shown = raw
    # Half a character can be read, and not sent to a browser.
    return masking.redact(shown[:SHOWN].encode(errors="replace").decode())


def codes_of(*, line: Line | None, is_settled: bool) -> QuerySet[CodeMap]:
    """Codes in the order in which they were first seen; `count_codes` says how often."""
    rows = CodeMap.objects.filter(settled_at__isnull=not is_settled).order_by("pk")
    rows = rows.select_related("line__channel", "category__parent__parent", "region__parent", "settled_by")
    return rows.filter(line=line) if line is not None else rows


def count_codes(codes: Sequence[CodeMap]) -> dict[int, int]:
    """How many messages came with each of these codes. Two queries."""
    counts: dict[tuple[int, str, str], int] = {}
    for kind, column in ((CodeKind.CATEGORY, "category_code"), (CodeKind.REGION, "region_code")):
        named = [code for code in codes if code.kind == kind]
        sent = InboundMessage.objects.filter(
            **{f"{column}__in": {code.code for code in named}}, line__in={code.line_id for code in named}
        )
        for line, value, many in sent.order_by().values_list("line", column).annotate(many=Count("pk")):
            counts[line, kind, value] = many
    return {code.pk: counts.get((code.line_id, code.kind, code.code), 0) for code in codes}


def outbox(*, dead: bool, line: Line | None, to_phones: bool) -> QuerySet[OutboxMessage]:
    """Dead ones or waiting ones: to a line, to phones, or to all."""
    rows = OutboxMessage.objects.select_related("appeal", "line__channel", "revived_by")
    rows = rows.filter(line=line) if line is not None else rows.filter(line=None) if to_phones else rows
    return rows.filter(dead_at__isnull=False) if dead else rows.filter(sent_at=None, dead_at=None)


def trouble_count() -> tuple[int, bool]:
    """For the rail: dead messages and parked ones, and whether a line cannot be reached."""
    dead = OutboxMessage.objects.filter(dead_at__isnull=False)[:100].count()
    parked = InboundMessage.objects.filter(state=InboundState.PARKED)[:100].count()
    return dead + parked, Line.objects.filter(is_open=True, failing_since__isnull=False).exists()
