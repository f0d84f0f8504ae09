"""People behind appeals: written encrypted, shown masked, opened with a ground and a line in the security log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from channels_merge import rights, selectors
from channels_merge.identity import normal_phone
from channels_merge.models import Appeal, Contact, ContactRecord
from channels_merge.services.moves import AppealRefused, locked
from channels_merge.states import ContactWay
from hotline import crypto, masking
from hotline.models import User
from hotline.rights import has_right
from hotline.services import log_reveal
from hotline.typed import clean
from tickets import services as tickets
from tickets.models import Assignment, Ticket
from tickets.rights import at_the_centre
from tickets.states import LIVE_ASSIGNMENT_STATES, AssignmentRole, AssignmentState, Secrecy

CALL_AT_HAND = timedelta(hours=1)
SHORTEST_REASON = 4


@dataclass(frozen=True)
class Person:
    """Who speaks, as typed."""

    name: str = ""
    phone: str = ""
    id_number: str = ""
    account: str = ""
    gender: str = ""
    preferred_time: str = ""
    hide_from_unit: bool = True
    is_anonymous: bool = False

    @property
    def says_something(self) -> bool:
        return bool(self.name or self.phone or self.id_number or self.account)


@dataclass(frozen=True)
class Cleaned:
    """A text without the identifiers found in it; each is replaced by its mask."""

    text: str
    values: tuple[str, ...]
    masks: tuple[str, ...]


@dataclass(frozen=True)
class Revealed:
    name: str
    phone: str
    id_number: str
    account: str
    moved_out: tuple[str, ...]
    preferred_time: str


def move_identifiers_out(text: str) -> Cleaned:
    found = masking.find_identifiers(text)
    if not found:
        return Cleaned(text, (), ())
    values = tuple(dict.fromkeys(identifier.value for identifier in found))
    return Cleaned(masking.redact(text), values, tuple(masking.redact(value) for value in values))


def create_contact(person: Person, *, moved_out: tuple[str, ...] = (), at: datetime) -> Contact:
    """Anonymous people keep their phone if they gave one, and nothing else."""
    phone = normal_phone(person.phone)
    if person.is_anonymous:
        person = replace(person, name="", id_number="", account="")
    contact = Contact(
        gender=person.gender,
        preferred_time=masking.redact(clean(person.preferred_time))[:40],
        hide_from_unit=person.hide_from_unit,
        is_anonymous=person.is_anonymous,
        created_at=at,
    )
    _seal(contact, "name", clean(person.name)[:40])
    _seal(contact, "phone", phone)
    _seal(contact, "id", clean(person.id_number).upper()[:18])
    _seal(contact, "account", clean(person.account)[:80])
    if phone:
        contact.phone_index = crypto.blind_index(phone, "phone")
        contact.phone_tail_index = crypto.blind_index(phone[-4:], "phone-tail")
    if contact.id_cipher:
        contact.id_index = crypto.blind_index(clean(person.id_number).upper()[:18], "id")
    if contact.account_cipher:
        contact.account_index = crypto.blind_index(clean(person.account)[:80], "account")
    _keep_moved_out(contact, [value for value in moved_out if value != phone])
    contact.save(force_insert=True)
    return contact


def move_out_of(appeal: Appeal, typed: str, *, at: datetime, own_words: bool = True) -> str:
    """What was added to a locked appeal, without the identifiers in it; they join those of its person.

    Not the person's own words: an id number in them may be the other side's, so nobody is found by it.
    """
    cleaned = move_identifiers_out(clean(typed))
    if cleaned.values and appeal.contact_id is None:
        appeal.contact = create_contact(Person(is_anonymous=True), moved_out=cleaned.values, at=at)
        appeal.save(update_fields=["contact"])
    elif appeal.contact_id is not None:
        keep_identifiers(appeal.contact_id, cleaned.values, own_words=own_words)
    return cleaned.text


def keep_identifiers(contact_id: int, values: tuple[str, ...], *, own_words: bool = True) -> None:
    """Add to what was moved out of the words of this person; the own phone is not among it."""
    if not values:
        return
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    known = dict.fromkeys([*contact.moved_out, *values])
    known.pop(contact.phone, None)
    found_by = contact.story_id_index
    _keep_moved_out(contact, list(known))
    if not own_words:
        contact.story_id_index = found_by
    contact.save(update_fields=["moved_out_cipher", "story_id_index"])


def _keep_moved_out(contact: Contact, values: Sequence[str]) -> None:
    """A single id number may be that of whoever speaks and finds petition matters; of two nobody knows whose they are.

    Not for a person who gave an id number, and not for one who asked to stay unknown.
    """
    _seal(contact, "moved_out", "\n".join(values))
    ids = [value for value in values if masking.is_id_number(value)]
    may_be_own = len(ids) == 1 and not contact.id_index and not contact.is_anonymous
    contact.story_id_index = crypto.blind_index(ids[0], "id") if may_be_own else ""


def _seal(contact: Contact, field: str, plain: str) -> None:
    setattr(contact, f"{field}_cipher", crypto.encrypt(plain, contact.aad(field)) if plain else "")


def reveal_contact(
    *, appeal_id: int, reason: str, by: User, at: datetime, address: str = "", at_hand: bool = False
) -> Revealed:
    """Name and phone in clear, with a line in the security log; a refusal is logged too (PIPL 第51条).

    The lead handler of an open ticket needs no words; everybody else says why. Somebody who asked to stay unknown to
    the unit is opened to the centre only. `at_hand`: the room that asks has checked that `by` is making this very
    call; then no standing is needed beside it.
    """
    appeal = Appeal.objects.select_related("contact").get(pk=appeal_id)
    refusal, reason = _why_not_reveal(appeal, clean(reason), by, at, at_hand=at_hand)
    log_reveal(subject=appeal.number, refusal=refusal, reason=reason, by=by, at=at, address=address)
    if refusal:
        raise AppealRefused(refusal)
    contact = appeal.contact
    return Revealed(
        name=contact.name,
        phone=contact.phone,
        id_number=contact.id_number,
        account=contact.account,
        moved_out=tuple(contact.moved_out),
        preferred_time=contact.preferred_time,
    )


def _why_not_reveal(appeal: Appeal, reason: str, by: User, at: datetime, *, at_hand: bool) -> tuple[str, str]:
    """(refusal, reason to log)."""
    if appeal.contact is None:
        return "这件诉求没有留下姓名和电话。", reason
    is_centre = not at_the_centre(appeal, by)
    if is_centre and appeal.secrecy != Secrecy.OPEN and not _is_granted(appeal, by, at):
        return "没有找到这件诉求。", reason
    if at_hand:
        return "", reason
    refusal, ground = ("", "") if is_centre else _standing_of_unit(appeal, by, at)
    if refusal or ground:
        return refusal, reason or ground
    if not has_right(by, rights.REVEAL, at):
        return "您的岗位没有这项权限。", reason
    if appeal.received_by_id == by.pk and at - appeal.received_at < CALL_AT_HAND:
        return "", reason or "本人登记的这次来电"
    if len(reason) < SHORTEST_REASON:
        return f"查看姓名电话须写明理由，至少 {SHORTEST_REASON} 个字。", reason
    return "", reason


def _is_granted(appeal: Appeal, by: User, at: datetime) -> bool:
    ticket = selectors.ticket_of(appeal)
    return ticket is not None and Ticket.objects.visible_to(by, at).filter(pk=ticket.pk).exists()


def _standing_of_unit(appeal: Appeal, by: User, at: datetime) -> tuple[str, str]:
    """(refusal, ground that needs no words) of somebody outside the centre."""
    ticket = selectors.ticket_of(appeal)
    if ticket is None or not Ticket.objects.visible_to(by, at).filter(pk=ticket.pk).exists():
        return "没有找到这件诉求。", ""
    parts = Assignment.objects.filter(ticket=ticket, unit_id=by.unit_id, role=AssignmentRole.LEAD)
    leads = parts.filter(state__in=LIVE_ASSIGNMENT_STATES)
    if not leads:
        if parts.filter(state=AssignmentState.ACCEPTED).exists():
            return "本单位的办理已经结束，还要联系诉求人的，请拨 12345 由中心转接。", ""
        return "只有主办单位能看姓名和电话，协办单位请通过主办单位联系。", ""
    if appeal.contact is not None and appeal.contact.hide_from_unit:
        return "诉求人要求对承办单位隐去姓名电话，请拨 12345 由中心转接。", ""
    if ticket.is_open and any(lead.handler_id == by.pk for lead in leads):
        return "", "主办经办人联系诉求人"
    return "", ""


@transaction.atomic
def record_contact(
    *, appeal_id: int, assignment_id: int, way: str, reached: bool, summary: str, by: User, at: datetime
) -> ContactRecord:
    """Who spoke with the citizen, how, and what was said; the ticket room stops its first-contact clock.

    Numbers in what was said join those moved out of the citizen's own words.
    """
    summary = clean(summary)
    if way not in ContactWay.values:
        raise AppealRefused("请选择联系方式。")
    if reached and not summary:
        raise AppealRefused("已联系上的，须写明联系情况。")
    assignment = Assignment.objects.select_related("ticket").get(pk=assignment_id)
    appeal = locked(appeal_id)
    if not selectors.carried_by(assignment.ticket_id).filter(pk=appeal.pk).exists():
        raise AppealRefused("这件诉求不在这张工单上。")
    summary = move_out_of(appeal, summary, at=at, own_words=False)
    tickets.record_contact(assignment_id=assignment_id, by=by, at=at, reached=reached)
    row = ContactRecord(
        appeal=appeal,
        ticket=assignment.ticket,
        assignment=assignment,
        way=way,
        reached=reached,
        by=by,
        unit_id=by.unit_id,
        at=at,
    )
    if summary:
        row.summary_cipher = crypto.encrypt(summary, f"contactrecord:{row.token}")
    row.save(force_insert=True)
    return row
