"""Matters of the petition office: taken in by file or interface, held against our appeals, supervised together.

赣市改字〔2025〕10号 3: 对 12345 热线和信访平台均有反映且诉求难以化解的，可联合开展督导.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from channels_merge import rights, selectors
from channels_merge.identity import normal_phone
from channels_merge.models import Appeal, JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.selectors import petition as reads
from channels_merge.services.contacts import move_identifiers_out
from channels_merge.services.moves import AppealRefused
from channels_merge.services.sheets import Imported, RowRefused, moment_of, take_rows
from channels_merge.states import MatchState, PetitionState
from hotline import crypto, masking
from hotline.dates import may_have_been
from hotline.models import Region, User
from hotline.services import one_by_one
from hotline.services.sheets import read_sheet
from hotline.typed import clean, needed
from tickets import services as tickets
from tickets.models import TicketHold

HOLD_SOURCE: Final = "联合督导"
LONGEST_TEXT: Final = 10_000


@dataclass(frozen=True)
class Petition:
    """A matter as the petition office sends it."""

    number: str
    title: str
    text: str
    received_at: datetime
    state: str
    name: str = ""
    phone: str = ""
    id_number: str = ""
    region: Region | None = None
    unit_name: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Kept:
    matter: PetitionMatter
    outcome: str
    """new, changed or same."""


@transaction.atomic
def take_in_petition(*, petition: Petition, by: User | None, at: datetime) -> Kept:
    """Keep a matter under its number, or bring it up to date. What is older than what we have changes nothing."""
    rights.require(by, rights.MANAGE_PETITIONS, at)
    number = clean(petition.number)
    there = PetitionMatter.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
    matter = there or PetitionMatter(number=number, taken_in_at=at)
    changed_at = petition.changed_at or at
    if there is not None and changed_at < there.changed_at:
        return Kept(there, "same")
    before = _facts(matter) if there else None
    _write(matter, petition, at=at)
    matter.changed_at = changed_at
    if there is not None and _facts(matter) == before:
        matter.save(update_fields=["changed_at"])
        return Kept(matter, "same")
    matter.matched_at = None
    try:
        with transaction.atomic():
            matter.save()
    except IntegrityError:
        if there is not None:
            raise
        # The same number came twice at the same moment; the other one was first.
        return take_in_petition(petition=petition, by=by, at=at)
    return Kept(matter, "changed" if there else "new")


def _write(matter: PetitionMatter, petition: Petition, *, at: datetime) -> None:
    _check(matter.number, petition, at)
    title = masking.redact(clean(petition.title))[:100]
    text = move_identifiers_out(clean(petition.text)).text
    matter.title = title or text[:40]
    _seal(matter, "text", text)
    _seal(matter, "name", clean(petition.name)[:40])
    phone, id_number = normal_phone(petition.phone), clean(petition.id_number).upper()
    matter.phone_index = crypto.blind_index(phone, "phone") if phone else ""
    matter.id_index = crypto.blind_index(id_number, "id") if id_number else ""
    matter.region, matter.county = petition.region, reads.county_of(petition.region)
    matter.unit_name = clean(petition.unit_name)[:80]
    matter.received_at, matter.state = petition.received_at, petition.state


def _seal(matter: PetitionMatter, field: str, plain: str) -> None:
    """A text that did not change keeps its ciphertext: two of the same text are never equal."""
    cipher = getattr(matter, f"{field}_cipher")
    if cipher and crypto.decrypt(cipher, matter.aad(field)) == plain:
        return
    setattr(matter, f"{field}_cipher", crypto.encrypt(plain, matter.aad(field)) if plain else "")


def _check(number: str, petition: Petition, at: datetime) -> None:
    if not number or len(number) > 60:
        raise RowRefused("信访编号须填写，最多 60 个字。")
    text = clean(petition.text)
    if len(text) < 5:
        raise RowRefused("内容至少写 5 个字。")
    if len(text) > LONGEST_TEXT:
        raise RowRefused(f"内容最多 {LONGEST_TEXT} 个字，现在有 {len(text)} 个字。")
    if petition.state not in PetitionState.values:
        raise RowRefused(f"没有状态“{petition.state}”。可以用：{'、'.join(PetitionState.labels)}。")
    _check_times(petition, at)
    id_number = clean(petition.id_number).upper()
    if id_number and not masking.is_id_number(id_number):
        raise RowRefused("证件号不对：须是 18 位居民身份证号。表格里的证件号请按文本保存。")


def _check_times(petition: Petition, at: datetime) -> None:
    if petition.received_at > at + timedelta(days=1):
        raise RowRefused("登记时间在将来。")
    for what, moment in (("登记时间", petition.received_at), ("更新时间", petition.changed_at)):
        if moment is not None and not may_have_been(moment, at):
            said = moment.replace(tzinfo=None).isoformat(" ", "minutes")
            raise RowRefused(f"{what}“{said}”不可能。")


_FACTS: Final = (
    "name_cipher",
    "phone_index",
    "id_index",
    "title",
    "text_cipher",
    "region_id",
    "unit_name",
    "received_at",
    "state",
)


def _facts(matter: PetitionMatter) -> tuple[object, ...]:
    return tuple(getattr(matter, name) for name in _FACTS)


COLUMNS: Final = {
    "number": "信访编号",
    "received_at": "登记时间",
    "state": "状态",
    "title": "标题",
    "text": "内容",
    "name": "姓名",
    "phone": "电话",
    "id_number": "证件号",
    "region": "地区",
    "unit_name": "承办单位",
    "changed_at": "更新时间",
}
NEEDED: Final = ("number", "received_at", "state", "text")


def import_petitions(*, name: str, content: bytes, by: User | None, at: datetime) -> Imported:
    """A sheet of the petition office; each row by itself. Raises SheetUnreadable for the file as a whole."""
    rights.require(by, rights.MANAGE_PETITIONS, at)
    regions = RegionNames()
    states = {label: value for value, label in PetitionState.choices}

    def take(row: Mapping[str, str]) -> str:
        received_at = moment_of(row["received_at"], what="登记时间")
        if received_at is None:
            raise RowRefused("登记时间须填写。")
        texts = {key: row[key] for key in ("number", "title", "text", "name", "phone", "id_number", "unit_name")}
        petition = Petition(
            **texts,
            received_at=received_at,
            state=states.get(row["state"], row["state"]),
            region=regions.find(row["region"]),
            changed_at=moment_of(row["changed_at"], what="更新时间"),
        )
        return take_in_petition(petition=petition, by=by, at=at).outcome

    return take_rows(read_sheet(name=name, content=content, columns=COLUMNS, needed=NEEDED), take, number="number")


class RegionNames:
    """Regions by code or name, read once for a sheet. A township's name alone may stand for several."""

    def __init__(self) -> None:
        self._found: dict[str, list[Region]] = {}
        for region in Region.objects.select_related("parent"):
            county = region.parent.name if region.level == Region.Level.TOWNSHIP and region.parent else ""
            for name in {region.code, region.name, f"{county}{region.name}"}:
                self._found.setdefault(name, []).append(region)

    def find(self, text: str) -> Region | None:
        """None for nothing. Raises RowRefused for a name that is none or several."""
        text = text.replace(" ", "").removeprefix("赣州市") or text
        if not text:
            return None
        found = self._found.get(text, [])
        if len(found) > 1:
            raise RowRefused(f"叫“{text}”的地区有 {len(found)} 个，请写上县（市、区）或写区划代码。")
        if not found:
            raise RowRefused(f"没有地区“{text}”。请写区划代码或全称。")
        return found[0]


# --- the same on both sides


def match_petition(*, matter_id: int, at: datetime) -> int:
    """Hold a petition matter against our appeals; returns how many new pairs were found. May run again."""
    matter = PetitionMatter.objects.select_related("region", "county").get(pk=matter_id)
    found = reads.pairs_of_matter(matter, at=at) if matter.is_open else []
    with transaction.atomic():
        new = _propose(found, at=at)
        # Not what was changed meanwhile: that is compared again.
        PetitionMatter.objects.filter(pk=matter.pk, changed_at=matter.changed_at).update(matched_at=at)
    return new


def match_appeal(*, appeal_id: int, at: datetime) -> int:
    """Hold one of our appeals against the petition matters. May run again."""
    appeal = Appeal.objects.select_related("contact", "region__parent", "category").get(pk=appeal_id)
    if appeal.secrecy != "open":
        return 0
    return _propose(reads.pairs_of_appeal(appeal, at=at), at=at)


def _propose(pairs: Iterable[reads.Pair], *, at: datetime) -> int:
    rows = [
        PetitionMatch(
            matter=pair.matter,
            appeal=pair.appeal,
            ground=pair.ground,
            percent=pair.percent,
            both_since=pair.both_since,
            found_at=at,
        )
        for pair in pairs
    ]
    before = PetitionMatch.objects.filter(
        matter__in=[row.matter_id for row in rows], appeal__in=[row.appeal_id for row in rows]
    )
    known = set(before.values_list("matter_id", "appeal_id"))
    new = [row for row in rows if (row.matter_id, row.appeal_id) not in known]
    PetitionMatch.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def match_waiting(*, at: datetime, most: int = 500) -> int:
    """Matters that have not been compared yet, or were changed since; returns how many gave a new pair."""
    waiting = PetitionMatter.objects.filter(matched_at=None).order_by("pk").values_list("pk", flat=True)
    return len(one_by_one(lambda pk: match_petition(matter_id=pk, at=at), list(waiting[:most])))


def reconcile_petitions(*, since: datetime, at: datetime) -> int:
    """Appeals of people who have an open petition matter, and whose comparison a lost message left out.

    Returns how many pairs were missing. Words alone are not compared again: that would take as long as the two days did.
    """
    return sum(match_appeal(appeal_id=pk, at=at) for pk in reads.appeals_of_petitioners(since=since))


@transaction.atomic
def confirm_match(*, match_id: int, by: User, at: datetime) -> PetitionMatch:
    """Somebody who may read both sides says that it is the same matter."""
    return _decide(match_id, MatchState.CONFIRMED, "", by=by, at=at)


@transaction.atomic
def refuse_match(*, match_id: int, reason: str, by: User, at: datetime) -> PetitionMatch:
    reason = _said(reason, "为何不是同一件", 200)
    return _decide(match_id, MatchState.REFUSED, reason, by=by, at=at)


def _decide(match_id: int, state: MatchState, reason: str, *, by: User, at: datetime) -> PetitionMatch:
    match = _standing(match_id, by, at)
    if match.state != MatchState.PROPOSED:
        raise AppealRefused(f"已核对为“{match.get_state_display()}”。")
    match.state, match.reason, match.decided_by, match.decided_at = state, reason, by, at
    match.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return match


def _standing(match_id: int, by: User, at: datetime) -> PetitionMatch:
    rights.require(by, rights.DECIDE_PETITION_MATCH, at)
    match = (
        PetitionMatch.objects.select_for_update(of=("self",), no_key=True)
        .select_related("matter", "appeal")
        .filter(pk__in=reads.matches_for(by, at).filter(pk=match_id).values("pk"))
        .first()
    )
    if match is None:
        raise AppealRefused("没有找到这一对。")
    return match


@transaction.atomic
def start_joint_supervision(*, match_id: int, reason: str, by: User, at: datetime) -> JointSupervision:
    """联合督导: the ticket stays open until it is lifted; its clocks run on."""
    match = _standing(match_id, by, at)
    reason = _said(reason, "督导事由", 300)
    if match.state != MatchState.CONFIRMED:
        raise AppealRefused("先核对是不是同一件，再联合督导。")
    if not match.matter.is_open:
        raise AppealRefused(f"信访一侧已是“{match.matter.get_state_display()}”，不用联合督导。")
    ticket = selectors.ticket_of(match.appeal)
    if ticket is None:
        raise AppealRefused("12345 一侧还没有工单，受理以后才能联合督导。")
    if JointSupervision.objects.filter(ticket=ticket, lifted_at=None).exists():
        raise AppealRefused(f"工单 {ticket.number} 已在联合督导。")
    tickets.place_hold(ticket_id=ticket.pk, source=HOLD_SOURCE, reason=reason, by=by, at=at)
    hold = TicketHold.objects.get(ticket=ticket, source=HOLD_SOURCE, released_at=None)
    return JointSupervision.objects.create(
        match=match, ticket=ticket, hold=hold, reason=reason, started_by=by, started_at=at
    )


@transaction.atomic
def lift_joint_supervision(*, match_id: int, reason: str, by: User, at: datetime) -> JointSupervision:
    """The hold goes with it, unless it was released on the ticket already."""
    match = _standing(match_id, by, at)
    reason = _said(reason, "解除理由", 300)
    row = match.supervisions.select_related("hold").filter(lifted_at=None).first()
    if row is None:
        raise AppealRefused("没有正在进行的联合督导。")
    if row.hold.released_at is None:
        tickets.release_hold(hold_id=row.hold_id, reason=reason, by=by, at=at)
    row.lifted_by, row.lifted_at, row.lift_reason = by, at, reason
    row.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
    return row


def _said(text: str, name: str, most: int) -> str:
    return masking.redact(needed(text, name, most, AppealRefused))
