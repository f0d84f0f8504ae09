"""Messages of other platforms: stored as they came, then taken in.

- What came is stored before anything is made of it, once for each number of theirs; a second copy changes nothing.
- Taking in is one transaction: the message is done and its effect is there, or neither.
- What cannot be taken in is parked with its reason and can be tried again; nothing is thrown away.
- What belongs to an appeal that has not come yet waits for it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from channels_merge import rights
from channels_merge.models import (
    Appeal,
    InboundMessage,
    Interaction,
    Line,
    LineMatter,
    LineReturn,
    OutboxMessage,
    Transfer,
)
from channels_merge.models.lines import UNNUMBERED
from channels_merge.services import intake, linking
from channels_merge.services.codemaps import read_codes
from channels_merge.services.contacts import move_out_of
from channels_merge.services.line_reading import (
    CannotTakeIn,
    Envelope,
    open_envelope,
    peek,
    read_acknowledged,
    read_appeal,
    read_outcome,
    read_rating,
    read_words,
)
from channels_merge.services.moves import AppealRefused, locked, record
from channels_merge.services.returning import conclude_return, conclude_transfer
from channels_merge.states import (
    UNDECIDED_STATES,
    AppealState,
    Door,
    InboundState,
    InteractionKind,
    LineEvent,
    ParkedFor,
)
from hotline import crypto, parameters
from hotline.errors import DomainError
from hotline.models import User
from hotline.services import RowsFailed, log_reveal, one_by_one
from hotline.typed import clean

BATCH: Final = 500
HEARD_EVERY: Final = timedelta(minutes=1)
AFTER_A_FAULT: Final = timedelta(minutes=1)
SHORTEST_REASON: Final = 4


class NotHereYet(Exception):
    """The appeal that the message belongs to has not come."""


class SameIdOtherBody(DomainError):
    """The line used one message id for two different messages; the first one stands."""


@dataclass(frozen=True)
class Stored:
    message: InboundMessage
    is_new: bool


def store_message(*, line: Line, body: bytes, at: datetime) -> Stored:
    """Keep what a line pushed. Idempotent by its message id; raises SameIdOtherBody for another body under the same id."""
    row = _row(line, body, door=Door.PUSH, at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        there = InboundMessage.objects.get(line=line, message_id=row.message_id)
        if there.digest != row.digest:
            raise SameIdOtherBody(f"消息编号 {row.message_id} 已收到过，内容不同。") from None
        return Stored(there, is_new=False)
    _heard_from(line, at)
    return Stored(row, is_new=True)


@transaction.atomic
def store_messages(*, line: Line, bodies: Sequence[bytes], door: str, at: datetime) -> int:
    """Keep a page or a sheet of messages; returns how many are new.

    One that comes again with other words is kept beside the first, so that somebody sees it: under its id and digest.
    """
    rows = {(row.message_id, row.digest): row for row in (_row(line, body, door=door, at=at) for body in bodies)}
    there = dict(
        InboundMessage.objects.filter(line=line, message_id__in=[key for key, _ in rows]).values_list(
            "message_id", "digest"
        )
    )
    for (message_id, digest), row in rows.items():
        if there.setdefault(message_id, digest) != digest:
            row.message_id = f"{message_id}#{digest[:12]}"
    before = InboundMessage.objects.filter(line=line, message_id__in=[row.message_id for row in rows.values()]).count()
    InboundMessage.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=BATCH)
    _heard_from(line, at)
    return len({row.message_id for row in rows.values()}) - before


def park_sheet(*, line: Line, name: str, content: bytes, reason: str, at: datetime) -> None:
    """Keep a sheet that cannot be read, whole and encrypted, where somebody sees it. The same one again changes nothing."""
    body = as_body({"sheet": name, "bytes": len(content), "base64": b64encode(content).decode()})
    row = _row(line, body, door=Door.FOLDER, at=at)
    _park(row, ParkedFor.SHEET, f"表格“{name}”没有读：{reason}", at=at)
    InboundMessage.objects.bulk_create([row], ignore_conflicts=True)
    _heard_from(line, at)


def _row(line: Line, body: bytes, *, door: str, at: datetime) -> InboundMessage:
    seen = peek(body)
    digest = crypto.blind_index(body.hex(), "inbound")
    row = InboundMessage(
        line=line,
        message_id=clean(seen["message_id"]) or f"{UNNUMBERED}{digest[:40]}",
        door=door,
        event=seen["event"],
        number=clean(seen["number"]),
        category_code=clean(seen["category_code"]),
        region_code=clean(seen["region_code"]),
        digest=digest,
        received_at=at,
        waiting_since=at,
        next_try_at=at,
    )
    # Bytes that are no text are kept as their escapes.
    row.body_cipher = crypto.encrypt(body.decode("utf-8", errors="backslashreplace"), row.aad)
    try:
        open_envelope(body)
    except CannotTakeIn as exc:
        _park(row, exc.why, str(exc), at=at)
    return row


def _heard_from(line: Line, at: datetime) -> None:
    """To the minute: a burst of messages must not queue for the row of its line."""
    Line.objects.filter(Q(last_in_at=None) | Q(last_in_at__lt=at - HEARD_EVERY), pk=line.pk).update(last_in_at=at)


def take_in_due(*, at: datetime, most: int = BATCH) -> int:
    """Take in what waits, first come first; returns how many had something done. Safe beside others."""
    release_waiting(at=at)
    give_up_waiting(at=at)
    due = (
        InboundMessage.objects.filter(state=InboundState.WAITING, next_try_at__lte=at)
        .order_by("next_try_at", "pk")
        .values_list("pk", flat=True)
    )
    return len(one_by_one(lambda pk: take_in(inbound_id=pk, at=at), list(due[:most])))


def take_in(*, inbound_id: int, at: datetime) -> bool:
    """Make of a message what it says. False when it is settled or in somebody else's hands.

    A fault of ours is counted, pushes the message back and is raised again; after `inbound_tries` it is parked.
    """
    try:
        followers = _take_in(inbound_id, at=at)
    except Exception:
        _count_fault(inbound_id, at=at)
        raise
    for follower in followers or ():
        take_in(inbound_id=follower, at=at)
    return followers is not None


@transaction.atomic
def _take_in(inbound_id: int, *, at: datetime) -> list[int] | None:
    """What waited for this message, or None when there was nothing to do."""
    message = (
        InboundMessage.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("line__channel")
        .filter(pk=inbound_id, state=InboundState.WAITING)
        .first()
    )
    if message is None:
        return None
    try:
        with transaction.atomic():
            message.appeal = _act_on(message, at)
    except NotHereYet:
        message.next_try_at = None
        message.save(update_fields=["next_try_at"])
        return []
    except DomainError as exc:
        _park(message, _why(exc), str(exc), at=at)
        message.save()
        return []
    message.state, message.settled_at, message.next_try_at = InboundState.DONE, at, None
    message.save(update_fields=["state", "settled_at", "next_try_at", "appeal"])
    if message.event != LineEvent.APPEAL:
        return []
    waiting = InboundMessage.objects.filter(line=message.line, number=message.number, state=InboundState.WAITING)
    waiting.filter(next_try_at=None).update(next_try_at=at)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _why(exc: DomainError) -> ParkedFor:
    if isinstance(exc, CannotTakeIn):
        return exc.why
    return ParkedFor.CONFLICT if isinstance(exc, intake.SourceNumberTaken) else ParkedFor.REFUSED


def _park(row: InboundMessage, why: str, sentence: str, *, at: datetime) -> None:
    # The sentence may quote what was sent, with what no table takes.
    row.state, row.parked_for, row.reason = InboundState.PARKED, why, clean(sentence)[:300]
    row.next_try_at, row.settled_at = None, at


def _count_fault(inbound_id: int, *, at: datetime) -> None:
    waiting = InboundMessage.objects.filter(pk=inbound_id, state=InboundState.WAITING)
    waiting.update(attempts=F("attempts") + 1, next_try_at=at + AFTER_A_FAULT)
    waiting.filter(attempts__gte=parameters.integer("inbound_tries", at=at)).update(
        state=InboundState.PARKED,
        parked_for=ParkedFor.FAULT,
        reason="系统处理时出错，已多次重试。请联系运行维护人员，改好后重试。",
        settled_at=at,
        next_try_at=None,
    )


def release_waiting(*, at: datetime) -> int:
    """What began to wait in the moment in which its appeal came; returns how many."""
    came = Appeal.objects.filter(channel=OuterRef("line__channel"), source_number=OuterRef("number"))
    return InboundMessage.objects.filter(Exists(came), state=InboundState.WAITING, next_try_at=None).update(
        next_try_at=at
    )


def give_up_waiting(*, at: datetime) -> int:
    """Park what has waited longer than `inbound_wait` for an appeal that never came; returns how many."""
    longest = parameters.limit("inbound_wait", at=at)
    return InboundMessage.objects.filter(
        state=InboundState.WAITING, next_try_at=None, waiting_since__lt=at - longest.elapsed
    ).update(
        state=InboundState.PARKED,
        parked_for=ParkedFor.NO_APPEAL,
        reason=f"等了 {longest}，这个来源编号的诉求一直没有到。",
        settled_at=at,
    )


@transaction.atomic
def retry_message(*, inbound_id: int, by: User | None, at: datetime) -> InboundMessage:
    """Try a parked message again; the answer says what became of it. A sheet is read from its folder alone."""
    rights.require(by, rights.MANAGE_LINES, at)
    row = _parked(inbound_id)
    if row.parked_for == ParkedFor.SHEET:
        raise AppealRefused("整份表格不能重试，请对方改好以后重新放进文件夹。")
    _wait_again([inbound_id], at=at)
    for follower in _take_in(inbound_id, at=at) or ():
        _take_in(follower, at=at)
    row.refresh_from_db()
    return row


def retry_all(*, line_id: int, by: User | None, at: datetime) -> tuple[int, int]:
    """Try every parked message of a line again, the oldest first, sheets apart; (tried, no longer parked)."""
    rights.require(by, rights.MANAGE_LINES, at)
    parked = InboundMessage.objects.filter(line=line_id, state=InboundState.PARKED).order_by("pk")
    parked = parked.exclude(parked_for=ParkedFor.SHEET)
    ids = list(parked.values_list("pk", flat=True)[:BATCH])
    _wait_again(ids, at=at)
    # One that fails by a fault of ours is logged, holds up none of the others and is tried again by the clock.
    with suppress(RowsFailed):
        one_by_one(lambda pk: take_in(inbound_id=pk, at=at), ids)
    return len(ids), InboundMessage.objects.filter(pk__in=ids).exclude(state=InboundState.PARKED).count()


def _wait_again(ids: Sequence[int], *, at: datetime) -> None:
    InboundMessage.objects.filter(pk__in=ids, state=InboundState.PARKED).update(
        state=InboundState.WAITING,
        parked_for=ParkedFor.NONE,
        reason="",
        settled_at=None,
        attempts=0,
        next_try_at=at,
        waiting_since=at,
    )


@transaction.atomic
def dismiss_message(*, inbound_id: int, reason: str, by: User, at: datetime) -> InboundMessage:
    """Nothing can be made of it: it leaves the list of parked messages and stays on record."""
    rights.require(by, rights.MANAGE_LINES, at)
    reason = clean(reason)[:200]
    if not reason:
        raise AppealRefused("请写明为什么不再处理。")
    row = _parked(inbound_id)
    row.state, row.reason = InboundState.DISMISSED, f"{row.reason[:90]}；不再处理：{reason}"
    row.settled_at, row.settled_by = at, by
    row.save()
    return row


def hand_out_sheet(*, inbound_id: int, reason: str, by: User, at: datetime, address: str = "") -> tuple[str, bytes]:
    """Name and bytes of a sheet that could not be read, as it came, with a line in the security log; a refusal too."""
    rights.require(by, rights.MANAGE_LINES, at)
    row = InboundMessage.objects.select_related("line__channel").get(pk=inbound_id, parked_for=ParkedFor.SHEET)
    reason = clean(reason)
    refusal = "" if len(reason) >= SHORTEST_REASON else f"下载原件须写明理由，至少 {SHORTEST_REASON} 个字。"
    log_reveal(
        subject=f"来件表格 {row.line.channel.code} {row.pk}",
        refusal=refusal,
        reason=reason,
        by=by,
        at=at,
        address=address,
    )
    if refusal:
        raise AppealRefused(refusal)
    kept = json.loads(row.body)
    return kept["sheet"], b64decode(kept["base64"])


def _parked(inbound_id: int) -> InboundMessage:
    row = InboundMessage.objects.select_for_update(of=("self",), no_key=True).filter(pk=inbound_id).first()
    if row is None or row.state != InboundState.PARKED:
        raise AppealRefused("这条消息已不在搁置的里面，可能刚被别人处理过。")
    return row


# --- what each kind of message does


def _act_on(message: InboundMessage, at: datetime) -> Appeal | None:
    envelope = open_envelope(message.body.encode())
    return _ACTS[LineEvent(envelope.event)](message.line, envelope, at)


def _register(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    sent = read_appeal(envelope)
    codes = read_codes(line, sent, at=at)
    registered = intake.register_appeal(
        channel=line.channel,
        matter=intake.Matter(
            text=sent.text,
            title=sent.title,
            kind=sent.kind,
            urgency=sent.urgency,
            category=codes.category,
            region=codes.region,
            place=sent.place,
            subject=sent.subject,
            is_enterprise=sent.is_enterprise,
            wants_follow_up=sent.wants_follow_up,
        ),
        person=sent.person,
        source_number=envelope.number,
        source_at=sent.occurred_at or envelope.sent_at,
        by=None,
        at=at,
    )
    if registered.is_new:
        LineMatter.objects.create(
            appeal=registered.appeal,
            line=line,
            due_at=sent.due_at,
            first_called=sent.first_called,
            three_party=sent.three_party,
        )
    return registered.appeal


def _supplement(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    words = read_words(envelope, required=True)
    appeal = _about(line, envelope)
    linking.supplement_appeal(appeal_id=appeal.pk, channel=line.channel, text=words, by=None, at=at)
    return appeal


def _urge(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    words = read_words(envelope, required=False)
    appeal = _about(line, envelope)
    if appeal.state in UNDECIDED_STATES:
        # Nobody has it in hand yet whom one could urge: it stands with the appeal for whoever decides.
        interact(appeal.pk, InteractionKind.URGE, line, words, at=at)
    else:
        linking.urge_appeal(appeal_id=appeal.pk, channel=line.channel, text=words, by=None, at=at)
    return appeal


def _withdraw(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    words = read_words(envelope, required=False)
    appeal = _about(line, envelope)
    linking.withdraw_appeal(
        appeal_id=appeal.pk, channel=line.channel, reason=words or f"{line.channel.name}转来撤回", by=None, at=at
    )
    return appeal


def _rate(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    """What the caller told the line of the result. The room above concludes the follow-up with it."""
    rating = read_rating(envelope)
    appeal = _about(line, envelope)
    if appeal.state != AppealState.ACCEPTED:
        raise AppealRefused(f"诉求 {appeal.number} 是“{appeal.get_state_display()}”，没有可以评价的办理结果。")
    said = {"satisfaction": rating.satisfaction, "resolved": rating.resolved, "ground": rating.ground}
    interact(appeal.pk, InteractionKind.RATING, line, rating.words, at=at, data=said)
    return appeal


def interact(
    appeal_id: int, kind: str, line: Line, words: str, *, at: datetime, data: dict[str, Any] | None = None
) -> Interaction:
    appeal = locked(appeal_id)
    words = move_out_of(appeal, words, at=at)
    row = Interaction.objects.create(appeal=appeal, kind=kind, channel=line.channel, text=words, by=None, at=at)
    record(
        appeal,
        act=kind,
        source=appeal.state,
        by=None,
        at=at,
        data={"channel": line.channel.code, "interaction": row.pk, **(data or {})},
    )
    return row


def _conclude(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    """The line takes a matter that we gave to it, or back to it; or it declines, and the matter is ours again."""
    outcome, note = read_outcome(envelope)
    appeal = _about(line, envelope, given=True)
    if appeal.state == AppealState.RETURNED:
        # The last try: one that was concluded already refuses a second answer.
        returned = LineReturn.objects.filter(appeal=appeal).latest("pk")
        conclude_return(return_id=returned.pk, outcome=outcome, note=note, by=None, at=at)
        return appeal
    transfer = Transfer.objects.filter(appeal=appeal, line=line.channel.code, outcome="").first()
    if transfer is None:
        raise AppealRefused(f"诉求 {appeal.number} 没有等着对方接应的转接或退回。")
    conclude_transfer(transfer_id=transfer.pk, outcome=outcome, note=note, by=None, at=at)
    return appeal


def _acknowledge(line: Line, envelope: Envelope, at: datetime) -> Appeal:
    token = read_acknowledged(envelope)
    found = OutboxMessage.objects.select_related("appeal").filter(line=line, token__in=_uuids(token)).first()
    if found is None:
        raise AppealRefused(f"没有发过编号为 {token} 的消息。")
    OutboxMessage.objects.filter(pk=found.pk, acknowledged_at=None).update(acknowledged_at=at)
    return found.appeal


def _uuids(token: str) -> list[str]:
    digits = token.replace("-", "").lower()
    return [digits] if len(digits) == 32 and all(digit in "0123456789abcdef" for digit in digits) else []


def _about(line: Line, envelope: Envelope, *, given: bool = False) -> Appeal:
    """The appeal that the message is about, by the line's number; with `given`, also by ours of one that we gave to it."""
    number = envelope.number
    found = Appeal.objects.filter(channel=line.channel, source_number=number).first()
    if found is None and given:
        found = Appeal.objects.filter(number=number, transfers__line=line.channel.code).first()
        if found is None:
            raise AppealRefused(f"没有转给{line.channel.name}、编号为 {number} 的诉求。")
    if found is None:
        raise NotHereYet(number)
    return found


_ACTS: Final[dict[LineEvent, Callable[[Line, Envelope, datetime], Appeal]]] = {
    LineEvent.APPEAL: _register,
    LineEvent.SUPPLEMENT: _supplement,
    LineEvent.URGE: _urge,
    LineEvent.WITHDRAW: _withdraw,
    LineEvent.RATING: _rate,
    LineEvent.OUTCOME: _conclude,
    LineEvent.ACKNOWLEDGE: _acknowledge,
}


def as_body(message: dict[str, Any]) -> bytes:
    """A message as its line would have pushed it. Half a character, which UTF-8 does not know, is left as its escape."""
    return json.dumps(message, ensure_ascii=False, sort_keys=True, default=str).encode(errors="backslashreplace")
