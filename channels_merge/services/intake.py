"""From the first ring to a decision.

- An appeal is written once: the same number of the same channel gives the row that is already there.
- Phones and id numbers found in the story are moved into `Contact`; the text keeps their masks.
- Whoever leaves `received` stops the accept clock; whoever comes back to it starts the next one.
- Only `accept_appeal` makes a ticket or hangs the appeal on one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from channels_merge import rights, selectors
from channels_merge.kinds import guess_kind, make_title
from channels_merge.models import (
    Appeal,
    AppealEvent,
    AppealFile,
    AppealLink,
    Channel,
    Contact,
    Interaction,
    PhoneCall,
    PlaceCode,
    Transfer,
)
from channels_merge.services import clocks, merge_records, messages, outbox
from channels_merge.services.contacts import (
    Person,
    create_contact,
    keep_identifiers,
    move_identifiers_out,
    move_out_of,
)
from channels_merge.services.indexing import write_search_entry
from channels_merge.services.moves import AppealRefused, locked, move, record
from channels_merge.states import (
    HEARD_STATES,
    PLATFORM_KINDS,
    ChannelState,
    EmergencyLine,
    ExplainGround,
    InteractionKind,
    LegalRoute,
    MessageKind,
)
from hotline import crypto, masking
from hotline.dates import local_day, may_have_been
from hotline.models import Region, StoredFile, User
from hotline.numbers import next_number
from hotline.typed import clean, needed
from responsibility.models import Category
from tickets import services as tickets
from tickets.models import Ticket
from tickets.states import Kind, Secrecy, Urgency

WORDS = {"title": 100, "place": 200, "subject": 100}
NAMES = {"title": "标题", "place": "地点", "subject": "涉事主体"}
LONGEST_TEXT = 10_000
SHORTEST_TEXT = 5
JUST_CHANGED = "并单关系刚被改动，请再办一次。"


class SourceNumberTaken(AppealRefused):
    """The channel used one number for two different matters; `number` is the appeal that has it."""

    def __init__(self, source_number: str, number: str) -> None:
        super().__init__(f"来源编号 {source_number} 已登记过另一件诉求（{number}），内容不同。")
        self.number = number


@dataclass(frozen=True)
class Matter:
    """What it is about, as typed. What is left empty is proposed from the text."""

    text: str
    title: str = ""
    kind: str = ""
    urgency: str = Urgency.NORMAL
    secrecy: str = Secrecy.OPEN
    category: Category | None = None
    region: Region | None = None
    place: str = ""
    point: tuple[Decimal, Decimal] | None = None
    """Longitude and latitude, where the sender knows them."""
    subject: str = ""
    is_enterprise: bool = False
    wants_follow_up: bool = True


@dataclass(frozen=True)
class Registered:
    appeal: Appeal
    code: str
    is_new: bool = True
    # Masks of the numbers that were moved out of the story.
    moved_out: tuple[str, ...] = field(default=())


@transaction.atomic
def register_appeal(
    *,
    channel: Channel,
    matter: Matter,
    person: Person | None = None,
    contact: Contact | None = None,
    source_number: str = "",
    source_at: datetime | None = None,
    files: Sequence[StoredFile] = (),
    phone_call: PhoneCall | None = None,
    place_code: PlaceCode | None = None,
    by: User | None,
    at: datetime,
) -> Registered:
    """Write one appeal as `received`, with its clock, search words and message to the citizen.

    Idempotent by `source_number` within the channel: a repeat with the same text gives the first row back, with
    another text raises `SourceNumberTaken`. `contact` is given for a further matter of the same call.
    """
    rights.require(by, rights.USE_DESK, at)
    if channel.state not in HEARD_STATES:
        raise AppealRefused(f"渠道“{channel.name}”还没有启用，不能登记。")
    if source_at is not None and not may_have_been(source_at, at):
        said = source_at.replace(tzinfo=None).isoformat(" ", "minutes")
        raise AppealRefused(f"来源时间“{said}”不可能，没有时间的请留空。")
    story = _checked_story(matter, is_typed=by is not None)
    before = _already_there(channel, source_number, story.text)
    if before:
        return before
    appeal = Appeal(
        number=_next_appeal_number(contact, at),
        channel=channel,
        source_number=source_number,
        source_at=source_at,
        after_cancellation=channel.state == ChannelState.CANCELLED,
        place_code=place_code,
        title=story.title,
        text=story.text,
        kind=matter.kind or guess_kind(title=story.title, text=story.text),
        urgency=matter.urgency,
        secrecy=matter.secrecy,
        category=matter.category,
        region=matter.region,
        place=story.place,
        longitude=matter.point[0] if matter.point else None,
        latitude=matter.point[1] if matter.point else None,
        subject=story.subject,
        is_enterprise=matter.is_enterprise,
        wants_follow_up=matter.wants_follow_up,
        received_at=at,
        received_by=by,
    )
    code = f"{secrets.randbelow(1_000_000):06}"
    appeal.code_cipher = crypto.encrypt(code, f"appeal.code:{appeal.number}")
    try:
        # The same message may come twice at the same moment: of the second not even its person is written.
        with transaction.atomic():
            appeal.contact = _who_speaks(person, contact, story, at=at)
            appeal.contactable = appeal.contact is not None and bool(appeal.contact.phone_cipher)
            appeal.save(force_insert=True)
    except IntegrityError:
        before = _already_there(channel, source_number, story.text)
        if before is None:
            raise
        return before
    Interaction.objects.create(appeal=appeal, kind=InteractionKind.NEW, channel=channel, call=phone_call, by=by, at=at)
    clocks.start_accept_clock(appeal, at=at)
    add_files(appeal, files, at=at)
    write_search_entry(appeal)
    messages.tell_citizen(appeal, MessageKind.REGISTERED, at=at)
    record(appeal, act="register", source="", by=by, at=at, data={"channel": channel.code})
    return Registered(appeal, code, moved_out=story.masks)


def _who_speaks(person: Person | None, contact: Contact | None, story: "_Story", *, at: datetime) -> Contact | None:
    """Who called with a further matter is who called before. Nobody, where neither a person nor a number was given."""
    if contact is not None:
        keep_identifiers(contact.pk, story.values)
        return contact
    if story.values or (person and person.says_something):
        return create_contact(person or Person(is_anonymous=True), moved_out=story.values, at=at)
    return None


def add_files(appeal: Appeal, files: Sequence[StoredFile], *, at: datetime) -> None:
    AppealFile.objects.bulk_create(
        [AppealFile(appeal=appeal, file=file, at=at) for file in files], ignore_conflicts=True
    )


@dataclass(frozen=True)
class _Story:
    title: str
    text: str
    place: str
    subject: str
    values: tuple[str, ...]
    masks: tuple[str, ...]


def _checked_story(matter: Matter, *, is_typed: bool) -> _Story:
    """What a person typed is refused where it is too long; what a machine sent is kept, in the story."""
    text = clean(matter.text)
    if len(text) < SHORTEST_TEXT:
        raise AppealRefused(f"诉求内容至少写 {SHORTEST_TEXT} 个字。")
    if len(text) > LONGEST_TEXT:
        raise AppealRefused(f"诉求内容最多 {LONGEST_TEXT} 个字，现在有 {len(text)} 个字。")
    for value, choices, name in (
        (matter.kind or Kind.HELP, Kind, "诉求类型"),
        (matter.urgency, Urgency, "紧急程度"),
        (matter.secrecy, Secrecy, "保密"),
    ):
        if value not in choices.values:
            raise AppealRefused(f"{name}“{value}”不在可选范围内：{'、'.join(choices.values)}。")
    short = {name: move_identifiers_out(clean(getattr(matter, name))) for name in WORDS}
    for name, most in WORDS.items():
        said = short[name].text
        if len(said) > most:
            if is_typed:
                raise AppealRefused(_too_long(name, said))
            text = f"{text}\n{NAMES[name]}：{said}"
            short[name] = replace(short[name], text=f"{said[: most - 1]}…")
    parts = [short["title"], move_identifiers_out(text), short["place"], short["subject"]]
    values = tuple(dict.fromkeys(value for part in parts for value in part.values))
    masks = tuple(dict.fromkeys(mask for part in parts for mask in part.masks))
    title = parts[0].text or make_title(parts[1].text)
    return _Story(title, parts[1].text, parts[2].text, parts[3].text, values, masks)


def _too_long(name: str, value: str) -> str:
    return f"{NAMES[name]}最多 {WORDS[name]} 个字，现在有 {len(value)} 个字。"


def _already_there(channel: Channel, source_number: str, text: str) -> Registered | None:
    if not source_number:
        return None
    there = Appeal.objects.filter(channel=channel, source_number=source_number).values_list("pk", flat=True).first()
    if there is None:
        return None
    appeal = Appeal.objects.get(pk=there)
    if appeal.text != text:
        raise SourceNumberTaken(source_number, appeal.number)
    return Registered(appeal, appeal.code, is_new=False)


def _next_appeal_number(contact: Contact | None, at: datetime) -> str:
    """S + yymmdd + sequence; a further matter of the same call is -02, -03."""
    if contact is not None:
        # Two matters of one call saved at once must not take the same suffix.
        Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        first = contact.appeals.order_by("pk").first()
        if first is not None:
            return f"{first.number}-{contact.appeals.count() + 1:02}"
    return next_number("S", local_day(at))


def revise_matter(appeal: Appeal, changes: dict[str, Any], *, at: datetime) -> tuple[str, ...]:
    """Set what the agent corrected on a locked appeal; returns the names of the fields that changed."""
    changed = []
    for name, value in changes.items():
        if name in WORDS:
            value = move_out_of(appeal, value, at=at)
            if len(value) > WORDS[name]:
                raise AppealRefused(_too_long(name, value))
        if name == "title" and not value:
            continue
        if getattr(appeal, name) != value:
            setattr(appeal, name, value)
            changed.append(name)
    return tuple(changed)


REVISABLE = frozenset({*WORDS, "kind", "urgency", "category", "region", "is_enterprise"})


@transaction.atomic
def accept_appeal(
    *,
    appeal_id: int,
    ticket_id: int | None = None,
    reason: str = "",
    by: User | None,
    at: datetime,
    **corrections: Any,
) -> AppealEvent:
    """Accept; make a ticket, or hang the appeal on `ticket_id` with its own number, clock and follow-up.

    `corrections` are fields of `REVISABLE` that the agent changed while reading.
    """
    rights.require_any(by, (rights.ACCEPT, rights.USE_DESK), at)
    if not corrections.keys() <= REVISABLE:
        raise TypeError(f"not revisable: {sorted(corrections.keys() - REVISABLE)}")
    appeal = locked(appeal_id)
    changed = revise_matter(appeal, corrections, at=at)
    return accept_held(appeal, ticket_id=ticket_id, reason=reason, changed=changed, by=by, at=at)


def accept_held(
    appeal: Appeal,
    *,
    ticket_id: int | None = None,
    reason: str = "",
    changed: tuple[str, ...] = (),
    by: User | None,
    at: datetime,
) -> AppealEvent:
    """`accept_appeal` of an appeal that is locked, or was written in this transaction and is seen by nobody else.

    The caller checks the right; `changed` names the fields it set before.
    """
    if appeal.kind not in Kind.values or appeal.urgency not in Urgency.values:
        raise AppealRefused("请选择诉求类型和紧急程度。")
    event = move(
        appeal,
        Appeal.accept,
        by=by,
        at=at,
        also=changed,
        accepted_at=at,
        accepted_by=by,
        data={"changed": sorted(changed)},
    )
    clocks.leave_pool(appeal, at=at)
    clocks.start_citizen_clock(appeal, at=at)
    if ticket_id is None:
        ticket = open_ticket(appeal, by=by, at=at)
        AppealLink.objects.create(appeal=appeal, ticket=ticket, since=at, by=by, reason=clean(reason)[:200])
    else:
        ticket = lock_open_ticket(ticket_id, secrecy=appeal.secrecy)
        AppealLink.objects.create(
            appeal=appeal, ticket=ticket, since=at, by=by, reason=clean(reason)[:200] or "同一件事"
        )
        tell_ticket(ticket.pk, appeals=1)
        merge_records.joined(appeal, ticket, by=by, at=at)
    if changed or ticket_id is not None:
        # No unit sees a ticket that was just opened: the words written at registration stand.
        write_search_entry(appeal, ticket=ticket)
    return event


def open_ticket(appeal: Appeal, *, by: User | None, at: datetime) -> Ticket:
    """A ticket of its own for an accepted appeal; it keeps the appeal's acceptance time."""
    return tickets.register_ticket(
        title=appeal.title,
        text=appeal.text,
        kind=appeal.kind,
        urgency=appeal.urgency,
        secrecy=appeal.secrecy,
        category=appeal.category,
        region=appeal.region,
        place=appeal.place,
        point=None if appeal.longitude is None or appeal.latitude is None else (appeal.longitude, appeal.latitude),
        is_enterprise=appeal.is_enterprise,
        contactable=appeal.contactable,
        first_channel=appeal.channel.name[:40],
        line_code=appeal.channel.code if appeal.channel.kind in PLATFORM_KINDS else "",
        given_due_at=selectors.given_due_at(appeal),
        accepted_at=appeal.accepted_at,
        by=by,
        at=at,
    )


def lock_open_ticket(ticket_id: int, *, secrecy: str) -> Ticket:
    """The open ticket that carries the matter: the lead when `ticket_id` was merged into another.

    To whoever brings an open appeal a restricted ticket is one that does not exist.
    """
    found = locked_with_leads(ticket_id)
    ticket = found.get(ticket_id)
    if ticket is None or (ticket.secrecy == Secrecy.RESTRICTED and secrecy == Secrecy.OPEN):
        raise AppealRefused("没有能挂接的这张工单。")
    if ticket.merged_into_id:
        ticket = found.get(ticket.merged_into_id)
    if ticket is None:
        raise AppealRefused(JUST_CHANGED)
    if not ticket.is_open:
        raise AppealRefused(f"工单 {ticket.number} 是“{ticket.get_state_display()}”，不能再挂接，请另建工单。")
    if ticket.secrecy != secrecy:
        raise AppealRefused(f"工单 {ticket.number} 的保密级别与这件诉求不同，不能并在一起。")
    return ticket


def locked_with_leads(*ticket_ids: int) -> dict[int, Ticket]:
    """Tickets and those they are merged into, locked in one order for everybody: no two acts wait for each other."""
    leads = Ticket.objects.filter(pk__in=ticket_ids).values("merged_into")
    found = (
        Ticket.objects.select_for_update(of=("self",), no_key=True)
        .select_related("holder__handler", "holder__unit")
        .filter(Q(pk__in=ticket_ids) | Q(pk__in=leads))
        .order_by("pk")
    )
    return {ticket.pk: ticket for ticket in found}


def tell_ticket(ticket_id: int, *, appeals: int = 0, urges: int = 0) -> int:
    """Bring the counters of a locked ticket up to date; returns how many live appeals it carries."""
    live = selectors.carried_by(ticket_id).live().count()
    tickets.count_appeals(ticket_id=ticket_id, appeals=appeals, urges=urges, live=live)
    return live


@transaction.atomic
def answer_appeal(*, appeal_id: int, category: Category, told: str, by: User | None, at: datetime) -> AppealEvent:
    """Answered at once: an appeal without a ticket, counted apart."""
    appeal = _deciding(appeal_id, by, at)
    told = _said(told, "答复内容")
    event = move(appeal, Appeal.answer, by=by, at=at, told=told, category=category, concluded_at=at)
    clocks.leave_pool(appeal, at=at)
    _tell_sender(appeal, MessageKind.ANSWERED, at=at)
    return event


@transaction.atomic
def transfer_appeal(
    *, appeal_id: int, line: str, note: str = "", three_party: bool = False, by: User | None, at: datetime
) -> Transfer:
    """Hand an emergency to the line that answers it; `returning.conclude_transfer` says whether they took it.

    A line that is plugged in gets the matter with its person through the outbox as well.
    """
    appeal = _deciding(appeal_id, by, at)
    if line not in EmergencyLine.values:
        raise AppealRefused("请选择要转的紧急热线。")
    move(appeal, Appeal.transfer, by=by, at=at, concluded_at=at, data={"line": line})
    clocks.leave_pool(appeal, at=at)
    note = move_out_of(appeal, note, at=at)[:200]
    row = Transfer.objects.create(appeal=appeal, line=line, by=by, at=at, note=note, three_party=three_party)
    outbox.send_transfer(row, at=at)
    return row


@transaction.atomic
def redirect_appeal(*, appeal_id: int, legal_route: str, told: str, by: User | None, at: datetime) -> AppealEvent:
    # 国办函〔2025〕66号（二）: 诉讼、仲裁、纪检监察、行政复议、信息公开和已进入信访程序的，告知法定途径
    appeal = _deciding(appeal_id, by, at)
    if legal_route not in LegalRoute.values:
        raise AppealRefused("请选择法定途径。")
    event = move(
        appeal, Appeal.redirect, by=by, at=at, told=_said(told, "告知内容"), legal_route=legal_route, concluded_at=at
    )
    clocks.leave_pool(appeal, at=at)
    _tell_sender(appeal, MessageKind.REDIRECTED, at=at)
    return event


@transaction.atomic
def explain_appeal(*, appeal_id: int, ground: str, told: str, by: User | None, at: datetime) -> AppealEvent:
    appeal = _deciding(appeal_id, by, at)
    if ground not in ExplainGround.values:
        raise AppealRefused("请选择不受理的事由。")
    event = move(
        appeal, Appeal.explain, by=by, at=at, told=_said(told, "解释内容"), explain_ground=ground, concluded_at=at
    )
    clocks.leave_pool(appeal, at=at)
    _tell_sender(appeal, MessageKind.EXPLAINED, at=at)
    return event


@transaction.atomic
def hand_to_police(*, appeal_id: int, told: str, by: User | None, at: datetime) -> AppealEvent:
    """Malicious disturbance, with the words and facts that show it."""
    appeal = _deciding(appeal_id, by, at)
    told = move_out_of(appeal, _said(told, "恶意滋扰的事实"), at=at)
    event = move(appeal, Appeal.hand_to_police, by=by, at=at, told=told, concluded_at=at)
    clocks.leave_pool(appeal, at=at)
    _tell_sender(appeal, MessageKind.HANDED_OVER, at=at)
    return event


@transaction.atomic
def need_info(*, appeal_id: int, told: str, by: User | None, at: datetime) -> AppealEvent:
    """Ask the citizen for what is missing. The accept clock is met: somebody looked; the answer starts the next.

    Not waited for for ever: the information clock says when somebody looks again (docs/clocks.md 5).
    """
    appeal = _deciding(appeal_id, by, at)
    if not appeal.contactable:
        raise AppealRefused("这件诉求没有留下电话，无法请对方补充，请按现有内容处理。")
    event = move(appeal, Appeal.ask_information, by=by, at=at, told=_said(told, "要补充什么"))
    # Kept with its moment: `told` says what was said last.
    asked = masking.redact_answer(appeal.told)
    Interaction.objects.create(
        appeal=appeal, kind=InteractionKind.ASKED, channel=appeal.channel, text=asked, by=by, at=at
    )
    clocks.leave_pool(appeal, at=at)
    clocks.start_information_clock(appeal, at=at)
    messages.tell_citizen(appeal, MessageKind.NEED_INFO, ordinal=event.pk, at=at)
    return event


@transaction.atomic
def give_info(*, appeal_id: int, text: str, channel: Channel, by: User | None, at: datetime) -> AppealEvent:
    """What was missing has come; the appeal waits for a decision again."""
    rights.require_any(by, (rights.ACCEPT, rights.USE_DESK), at)
    appeal = locked(appeal_id)
    text = move_out_of(appeal, _said(text, "补充内容"), at=at)
    event = move(appeal, Appeal.give_information, by=by, at=at)
    Interaction.objects.create(
        appeal=appeal, kind=InteractionKind.SUPPLEMENT, channel=channel, text=text, by=by, at=at
    )
    clocks.restart_accept_clock(appeal, at=at)
    return event


def _tell_sender(appeal: Appeal, kind: str, *, at: datetime) -> None:
    """Whoever spoke with an agent has heard it; who sent a message has not."""
    if appeal.channel.is_machine:
        messages.tell_citizen(appeal, kind, at=at)


def _deciding(appeal_id: int, by: User | None, at: datetime) -> Appeal:
    rights.require_any(by, (rights.ACCEPT, rights.USE_DESK), at)
    return locked(appeal_id)


def _said(text: str, name: str) -> str:
    return needed(text, name, LONGEST_TEXT, AppealRefused)
