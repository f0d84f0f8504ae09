"""What leaves the house: rows written with the act they tell of, sent after it, once in effect.

- Nothing is sent inside the transaction of an act. A row is claimed, sent, and settled, each by itself.
- Every try carries the same message id; who is killed between sending and settling sends again, and the receiver knows it.
- One matter's messages reach a line in their order. A recipient that fails rests for the rest of the run.
- A growing pause between tries, a most of tries, then dead: somebody looks and sends again.
"""

import json
import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from channels_merge import rights, selectors
from channels_merge.models import Appeal, AppealEvent, AppealLink, Line, LineReturn, OutboxMessage, Transfer
from channels_merge.services.partners import NoAnswer, Partners
from channels_merge.states import PLATFORM_KINDS, AppealState, MessageKind
from hotline import crypto, masking, parameters, signing
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import User
from hotline.selectors import people_with_right
from hotline.services import notify
from tickets.models import Reply, TicketEvent
from tickets.timeline import ACTS

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
"""For so long, and at least twice as long as an answer may take, a claimed row is left to whoever claimed it."""
MOST_READ: Final = 4096
"""Bytes of an answer that says no: a sentence of it is kept."""
RUN_SECONDS: Final = 45
NEVER: Final = frozenset({400, 413, 415, 422})
"""The receiver says that this content will not do: another try changes nothing."""


# --- what is written


_APPEAL_STATUS: Final = {
    "register": ("registered", "12345 已登记"),
    "accept": ("accepted", "12345 已签收受理"),
    "ask_information": ("need_info", "请补充情况"),
    "transfer": ("transferred", "已转紧急热线"),
    "take_back": ("received", "对方没有接走，12345 继续办理"),
    "hand_to_police": ("handed_over", "已按规定移交"),
    "withdraw": ("withdrawn", "已撤回"),
}
_APPEAL_RESULT: Final = {"answer": "answered", "explain": "explained", "redirect": "redirected"}


def report_act(event: AppealEvent) -> None:
    """Write what a line is told of an act on an appeal that it sent. In the act's transaction; others cost no query."""
    appeal = event.appeal
    if appeal.channel.kind not in PLATFORM_KINDS or not appeal.source_number:
        return
    known = event.act in _APPEAL_STATUS or event.act in _APPEAL_RESULT or event.act == "send_back"
    line = line_to_tell(appeal) if known else None
    if line is None:
        return
    dedupe = f"event:{event.pk}"
    if event.act == "send_back":
        reason = LineReturn.objects.values_list("reason", flat=True).get(pk=event.data["return"])
        _write(appeal, line, MessageKind.RETURN, {"reason": reason}, dedupe=dedupe, at=event.at)
    elif event.act in _APPEAL_RESULT:
        told = {"status": _APPEAL_RESULT[event.act], "text": masking.redact_answer(appeal.told)}
        _write(appeal, line, MessageKind.RESULT, told, dedupe=dedupe, at=event.at)
    else:
        status, sentence = _APPEAL_STATUS[event.act]
        asked = masking.redact_answer(appeal.told) if event.act == "ask_information" else ""
        told = {"status": status, "status_name": sentence, "text": asked}
        _write(appeal, line, MessageKind.STATUS, told, dedupe=dedupe, at=event.at)


def line_to_tell(appeal: Appeal) -> Line | None:
    return Line.objects.filter(channel=appeal.channel_id).exclude(push_url="").first()


# Acts of a ticket that is merged into another.
EVENTS_A_PAGE: Final = 500
TOLD_ACTS: Final = frozenset(act for act, said in ACTS.items() if said.public)


def report_ticket_event(*, event_id: int) -> int:
    """Write what lines are told of an act on a ticket, for each appeal of theirs that it carries. May run twice.

    What was done before the ticket carried the appeal is not news of it, however late this runs.
    """
    event = TicketEvent.objects.select_related("ticket", "unit", "note").get(pk=event_id)
    if event.act not in TOLD_ACTS:
        return 0
    since = selectors.carried_since([event.ticket_id])
    there = [appeal for (_, appeal), came in since.items() if came <= event.at]
    sent = Appeal.objects.filter(pk__in=there).live().filter(channel__kind__in=sorted(PLATFORM_KINDS))
    written = 0
    for appeal in sent.exclude(source_number="").select_related("channel").order_by("pk"):
        line = line_to_tell(appeal)
        if line is not None:
            kind, told = _told_of(event, appeal)
            written += _write(appeal, line, kind, told, dedupe=f"ticket:{event.pk}:{appeal.pk}", at=event.at)
    return written


def report_follow_up(
    appeal: Appeal, *, follow_up: int, outcome: str, said: Mapping[str, str], round_number: int, at: datetime
) -> None:
    """What came of our call, to the line that sent the appeal; others cost no query.

    In the transaction of the call; `follow_up` is the key that makes it one message. `said` are the fields of docs/lines.md,
    as far as something was said.
    """
    line = line_to_tell(appeal) if appeal.channel.kind in PLATFORM_KINDS and appeal.source_number else None
    if line is not None:
        told = {"status": outcome, **said, "round": round_number}
        _write(appeal, line, MessageKind.RATING, told, dedupe=f"follow-up:{follow_up}", at=at)


def _told_of(event: TicketEvent, appeal: Appeal) -> tuple[MessageKind, dict[str, Any]]:
    unit = event.unit.name if event.unit else ""
    told = {"status": event.act, "status_name": ACTS[event.act].public.format(unit=unit or "承办单位"), "unit": unit}
    if event.act != "publish_reply":
        return MessageKind.STATUS, told | {"text": selectors.words_of_act(event, appeal)}
    reply = Reply.objects.filter(ticket=event.ticket_id).published(until=event.at).first()
    words = (
        {"text": masking.redact_answer(reply.public_text), "resolved": reply.resolved, "round": reply.round}
        if reply
        else {}
    )
    return MessageKind.RESULT, told | words


def reconcile_reports(*, since: datetime) -> int:
    """Acts whose message a lost task left unwritten; returns how many rows were missing.

    A page of events costs the same few questions, whether one row is missing or none.
    """
    of_lines = _told_links().filter(until=None)
    carried = of_lines.filter(Q(ticket=OuterRef("ticket")) | Q(ticket__merged_into=OuterRef("ticket")))
    events = TicketEvent.objects.filter(Exists(carried), at__gte=since, act__in=sorted(TOLD_ACTS)).order_by("pk")
    written, last = 0, 0
    while page := list(events.filter(pk__gt=last).values_list("pk", "ticket", "at")[:EVENTS_A_PAGE]):
        written += sum(report_ticket_event(event_id=pk) for pk in _left_unwritten(page))
        last = page[-1][0]
    return written


def _told_links() -> QuerySet[AppealLink]:
    """Links of appeals whose line has an address to be told at."""
    links = AppealLink.objects.filter(appeal__channel__line__push_url__gt="", appeal__source_number__gt="")
    return links.filter(appeal__channel__kind__in=sorted(PLATFORM_KINDS)).exclude(appeal__state=AppealState.WITHDRAWN)


def _left_unwritten(page: Sequence[tuple[int, int, datetime]]) -> list[int]:
    """Of events (id, ticket, when): those that miss the message of an appeal that the ticket carries (report_ticket_event)."""
    since = selectors.carried_since({ticket for _, ticket, _ in page}, links=_told_links())
    carried = defaultdict(list)
    for (ticket, appeal), came in since.items():
        carried[ticket].append((appeal, came))
    keys = {f"ticket:{pk}:{appeal}": pk for pk, ticket, at in page for appeal, came in carried[ticket] if came <= at}
    there = set(OutboxMessage.objects.filter(dedupe__in=keys).values_list("dedupe", flat=True))
    return sorted({pk for key, pk in keys.items() if key not in there})


def send_transfer(transfer: Transfer, *, at: datetime) -> None:
    """The whole matter to an emergency line that is plugged in, with who called: it has to act now."""
    line = Line.objects.select_related("channel").filter(channel__code=transfer.line).exclude(push_url="").first()
    if line is None:
        return
    appeal = transfer.appeal
    contact = appeal.contact
    told = {
        "title": appeal.title,
        "text": appeal.text,
        "place": appeal.place,
        "urgency": appeal.urgency,
        "region_code": appeal.region.code if appeal.region else "",
        "name": contact.name if contact else "",
        "phone": contact.phone if contact else "",
        "note": transfer.note,
        "three_party": transfer.three_party,
    }
    _write(appeal, line, MessageKind.TRANSFER, told, dedupe=f"transfer:{transfer.pk}", at=at)


def _write(appeal: Appeal, line: Line, kind: str, told: dict[str, Any], *, dedupe: str, at: datetime) -> bool:
    """Whether the row was not there yet."""
    if OutboxMessage.objects.filter(dedupe=dedupe).exists():
        return False
    row = OutboxMessage(
        appeal=appeal, line=line, kind=kind, dedupe=dedupe, created_at=at, not_before=at, next_try_at=at
    )
    body = {
        "message_id": str(row.token),
        "event": str(kind),
        "number": appeal.source_number if appeal.channel_id == line.channel_id else "",
        "our_number": appeal.number,
        "at": at.isoformat(),
        "data": {name: value for name, value in told.items() if value != ""},
    }
    row.body_cipher = crypto.encrypt(json.dumps(body, ensure_ascii=False), f"outbox:{row.token}")
    OutboxMessage.objects.bulk_create([row], ignore_conflicts=True)
    return True


# --- what is sent


class NotDelivered(Exception):
    """It did not arrive. `final`: another try would change nothing. `ours`: it says nothing of the recipient."""

    def __init__(self, sentence: str, *, final: bool = False, ours: bool = False) -> None:
        super().__init__(sentence)
        self.final = final
        self.tells_of_them = not (final or ours)


@dataclass
class Run:
    sent: int = 0
    failed: int = 0
    # Lines that failed in this run; None is the gateway to phones.
    resting: set[int | None] = field(default_factory=set)


def has_gateway() -> bool:
    """Whether messages to citizens' phones have somewhere to go."""
    return bool(settings.HOTLINE_SMS_URL)


def send_due(*, at: datetime, most: int = 500) -> Run:
    """Send what is due, oldest first, until nothing is, `most` are tried or the run has lasted long enough."""
    run, began = Run(), time.monotonic()
    if not has_gateway():
        run.resting.add(None)
    seconds = parameters.integer("outbox_answer_seconds", at=at)
    with Partners(seconds=seconds) as partners:
        while run.sent + run.failed < most and time.monotonic() - began < RUN_SECONDS:
            now = at + timedelta(seconds=time.monotonic() - began)
            row = _claim(at=at, until=now + max(LEASE, timedelta(seconds=2 * seconds)), resting=run.resting)
            if row is None:
                break
            failure = _try(partners, row, at=now)
            if failure is None:
                run.sent += 1
                _settle_success(row, at=at)
                continue
            run.failed += 1
            if failure.tells_of_them:
                run.resting.add(row.line_id)
            _settle_failure(row, failure, at=at)
    return run


def _try(partners: Partners, row: OutboxMessage, *, at: datetime) -> NotDelivered | None:
    """Why it did not arrive. A fault of ours (a key that is lost, say) is that message's: the others are sent."""
    try:
        _deliver(partners, row, at=at)
    except NotDelivered as exc:
        return exc
    except Exception as exc:
        logger.exception("outbox message %s could not be sent", row.pk)
        return NotDelivered(f"本系统没能发出（{type(exc).__name__}），请联系运行维护人员。", ours=True)
    return None


@transaction.atomic
def _claim(*, at: datetime, until: datetime, resting: Iterable[int | None]) -> OutboxMessage | None:
    """The next due row whose recipient does not rest, ours until then."""
    earlier = OutboxMessage.objects.filter(
        appeal=OuterRef("appeal"), line=OuterRef("line"), pk__lt=OuterRef("pk"), sent_at=None, dead_at=None
    )
    waiting = OutboxMessage.objects.filter(~Exists(earlier), sent_at=None, dead_at=None, next_try_at__lte=at)
    waiting = waiting.filter(Q(line=None) | Q(line__is_open=True)).exclude(line__in=[pk for pk in resting if pk])
    if None in resting:
        waiting = waiting.filter(line__isnull=False)
    row = (
        waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("line__channel", "appeal__contact")
        .order_by("next_try_at", "pk")
        .first()
    )
    if row is not None:
        row.attempts += 1
        row.next_try_at = until
        row.save(update_fields=["attempts", "next_try_at"])
    return row


def _deliver(partners: Partners, row: OutboxMessage, *, at: datetime) -> None:
    if row.line is not None:
        _post(partners, row, url=row.line.push_url, secret=row.line.secret, algorithm=row.line.algorithm, at=at)
        return
    phone = row.appeal.contact.phone if row.appeal.contact else ""
    if not phone:
        raise NotDelivered("已没有可以发送的号码。", final=True)
    body = {"message_id": str(row.token), "phone": phone, "text": row.body}
    _post(
        partners,
        row,
        url=settings.HOTLINE_SMS_URL,
        secret=settings.HOTLINE_SMS_SECRET,
        algorithm="HMAC-SHA256",
        at=at,
        body=json.dumps(body, ensure_ascii=False),
    )


def _post(
    partners: Partners,
    row: OutboxMessage,
    *,
    url: str,
    secret: str,
    algorithm: str,
    at: datetime,
    body: str | None = None,
) -> None:
    """Signed like what comes in (hotline.signing). Raises NotDelivered for everything but an answer of 2xx."""
    content = (row.body if body is None else body).encode()
    timestamp = f"{at.timestamp():.0f}"
    try:
        request = partners.request("POST", url, content=content)
        # Signed is what goes over the wire: an address with Chinese in it is sent as its escapes.
        path = request.url.raw_path.decode("ascii")
        signature = signing.sign(
            secret=secret, algorithm=algorithm, method="POST", path=path, timestamp=timestamp, body=content
        )
        request.headers["Content-Type"] = "application/json"
        request.headers["X-Message-Id"] = str(row.token)
        request.headers["X-Timestamp"] = timestamp
        request.headers["X-Signature"] = signature
        answer = partners.ask(request, most=MOST_READ, reads_success=False)
    except NoAnswer as exc:
        raise NotDelivered(str(exc)) from exc
    if not answer.is_success:
        said = masking.redact(" ".join(answer.content.decode(errors="replace")[:120].replace("\0", "").split()))
        raise NotDelivered(f"对方答复 {answer.status}：{said}"[:200], final=answer.status in NEVER)


@transaction.atomic
def _settle_success(row: OutboxMessage, *, at: datetime) -> None:
    OutboxMessage.objects.filter(pk=row.pk).update(sent_at=at, dead_at=None, next_try_at=None, last_error="")
    if row.line_id is not None:
        # To the minute, as with what comes in.
        news = Q(last_out_at=None) | Q(last_out_at__lt=at - timedelta(minutes=1)) | Q(failing_since__isnull=False)
        Line.objects.filter(news, pk=row.line_id).update(last_out_at=at, failing_since=None, last_error="")


@transaction.atomic
def _settle_failure(row: OutboxMessage, failure: NotDelivered, *, at: datetime) -> None:
    """Of the try that `row` was claimed for: one whose lease ran out says nothing of a later try."""
    is_last = failure.final or row.attempts >= parameters.integer("outbox_tries", at=at)
    next_try_at = None if is_last else at + pause(row.attempts, at=at)
    mine = OutboxMessage.objects.filter(pk=row.pk, attempts=row.attempts, sent_at=None, dead_at=None)
    if not mine.update(last_error=str(failure)[:200], dead_at=at if is_last else None, next_try_at=next_try_at):
        return
    if is_last:
        _tell_managers(row, at=at)
    if row.line_id is not None and failure.tells_of_them:
        Line.objects.filter(pk=row.line_id).update(
            failing_since=Coalesce("failing_since", at), last_error=str(failure)[:200]
        )


def pause(attempts: int, *, at: datetime) -> timedelta:
    """Doubled after each try up to a most, and up to a fifth longer, so that not all come back in the same second."""
    first, most = parameters.limit("outbox_pause", at=at).elapsed, parameters.limit("outbox_pause_max", at=at).elapsed
    waited = min(first * 2 ** min(attempts - 1, 20), most)
    return waited * (1 + random.random() / 5)  # noqa: S311 -- spreads load, hides nothing


def _tell_managers(row: OutboxMessage, *, at: datetime) -> None:
    """Once a day for each recipient."""
    who = row.line.channel.code if row.line else "sms"
    notify(
        users=people_with_right(rights.MANAGE_LINES, at=at),
        kind="outbox_dead",
        number=who,
        at=at,
        dedupe=f"outbox-dead:{who}:{local_day(at)}",
    )


class NotDead(DomainError):
    message = "这条消息没有放弃，可能刚被别人重新发送。"


@transaction.atomic
def send_again(*, message_id: int, by: User, at: datetime) -> OutboxMessage:
    """A dead message waits to be sent again, with all its tries."""
    rights.require(by, rights.MANAGE_LINES, at)
    row = OutboxMessage.objects.select_for_update(of=("self",), no_key=True).filter(pk=message_id).first()
    if row is None or row.dead_at is None:
        raise NotDead
    row.dead_at, row.next_try_at, row.attempts, row.revived_at, row.revived_by = None, at, 0, at, by
    row.save()
    return row


def send_all_again(*, line_id: int | None, by: User, at: datetime) -> int:
    """Every dead message of a line (None: to phones); returns how many."""
    rights.require(by, rights.MANAGE_LINES, at)
    return OutboxMessage.objects.filter(line=line_id, dead_at__isnull=False).update(
        dead_at=None, next_try_at=at, attempts=0, revived_at=at, revived_by=by
    )
