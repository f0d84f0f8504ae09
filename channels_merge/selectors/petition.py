"""Petition matters beside our appeals: who has both, since when, how alike, and how much of it a person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from channels_merge import rights
from channels_merge.identity import PhoneNotUnderstood, normal_phone
from channels_merge.matching import Message, Profiles, explain, probabilities
from channels_merge.models import Appeal, AppealLink, Contact, JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.selectors.finding import background, candidates, message_of, region_code
from channels_merge.states import OPEN_PETITION_STATES, AppealState, MatchGround, MatchState
from hotline import crypto, parameters
from hotline.dates import local_day
from hotline.masking import find_identifiers, redact
from hotline.models import Region, Unit, User
from hotline.rights import has_right
from responsibility import selectors as responsibility
from tickets.models import Ticket
from tickets.states import Secrecy

MOST_COMPARED: Final = 300
MOST_OF_A_PERSON: Final = 20
MOST_ALIKE: Final = 20


def county_of(region: Region | None) -> Region | None:
    """The county or zone that a region is or lies in by its code; None for the city as a whole."""
    if region is None or region.level == Region.Level.CITY:
        return None
    return region.parent if region.level == Region.Level.TOWNSHIP else region


def _in_county_of(region: Region | None, *, at: datetime) -> Q:
    """Petition matters of the county or zone that a region is or lies in, by its code or by who governs it; else none."""
    county = county_of(region)
    if region is None or county is None:
        return Q(pk__in=[])
    on = local_day(at)
    zone = responsibility.zone_that_governs(region.code, on=on)
    zones = [zone] if zone else []
    places = responsibility.places_governed_by([county.code, *zones], on=on)
    also = list(Region.objects.filter(code__in=[*zones, *places]).values_list("pk", flat=True))
    return Q(county=county) | Q(county__in=also) | Q(region__in=also)


# --- who has both


@dataclass(frozen=True)
class Pair:
    matter: PetitionMatter
    appeal: Appeal
    ground: MatchGround
    percent: int

    @property
    def both_since(self) -> datetime:
        return max(self.matter.received_at, self.appeal.received_at)


def pairs_of_matter(matter: PetitionMatter, *, at: datetime) -> list[Pair]:
    """Our appeals that may be the petition matter: of the same person, or telling the same in the same county."""
    since = at - timedelta(days=parameters.integer("petition_window_days", at=at))
    known = Q(pk__in=[])
    if matter.id_index:
        known |= Q(contact__id_index=matter.id_index) | Q(contact__story_id_index=matter.id_index)
    if matter.phone_index:
        known |= Q(contact__phone_index=matter.phone_index)
    theirs = _comparable().filter(known, received_at__gte=since).order_by("-received_at", "-pk")
    found = set(theirs.values_list("pk", flat=True)[:MOST_OF_A_PERSON])
    if matter.county is not None:
        found |= {alike.appeal_id for alike in candidates(_message(matter), at=at, limit=MOST_ALIKE)}
    appeals = _comparable().filter(pk__in=found).order_by("pk")
    return _worth_looking_at([(matter, appeal) for appeal in appeals], at=at)


def pairs_of_appeal(appeal: Appeal, *, at: datetime) -> list[Pair]:
    """Petition matters that may be the appeal, the same two ways."""
    return _worth_looking_at([(matter, appeal) for matter in _matters_near(appeal, at=at)], at=at)


def _comparable() -> QuerySet[Appeal]:
    """No secret, not withdrawn, not answered on the spot: what somebody still has in hand or had."""
    states = [AppealState.RECEIVED, AppealState.NEED_INFO, AppealState.ACCEPTED]
    return Appeal.objects.filter(secrecy=Secrecy.OPEN, state__in=states).select_related(
        "contact", "region", "category"
    )


def _matters_near(appeal: Appeal, *, at: datetime) -> list[PetitionMatter]:
    open_ones = PetitionMatter.objects.filter(state__in=sorted(OPEN_PETITION_STATES)).select_related("region")
    found = {matter.pk: matter for matter in _of_person(open_ones, appeal.contact)}
    since = at - timedelta(days=parameters.integer("petition_window_days", at=at))
    near = open_ones.filter(_in_county_of(appeal.region, at=at), received_at__gte=since).order_by("-received_at")
    found |= {matter.pk: matter for matter in near[:MOST_COMPARED]}
    return list(found.values())


def _of_person(matters: QuerySet[PetitionMatter], contact: Contact | None) -> Sequence[PetitionMatter]:
    if contact is None:
        return []
    id_index = contact.id_index or contact.story_id_index
    if not (contact.phone_index or id_index):
        return []
    same = Q(pk__in=[])
    if contact.phone_index:
        same |= Q(phone_index=contact.phone_index)
    if id_index:
        same |= Q(id_index=id_index)
    return list(matters.filter(same).order_by("-received_at", "-pk")[:MOST_OF_A_PERSON])


def appeals_of_petitioners(*, since: datetime) -> list[int]:
    """Appeals since then of people who have an open matter at the petition office."""
    open_ones = PetitionMatter.objects.filter(state__in=sorted(OPEN_PETITION_STATES))
    phones = open_ones.exclude(phone_index="").values("phone_index")
    numbers = open_ones.exclude(id_index="").values("id_index")
    theirs = _comparable().filter(
        Q(contact__phone_index__in=phones) | Q(contact__id_index__in=numbers) | Q(contact__story_id_index__in=numbers)
    )
    return list(theirs.filter(received_at__gte=since).order_by("pk").values_list("pk", flat=True))


def _worth_looking_at(pairs: list[tuple[PetitionMatter, Appeal]], *, at: datetime) -> list[Pair]:
    """The same person needs fewer common words than two people do, but some: one person may have two troubles."""
    same_person = parameters.integer("petition_match_same_person", at=at)
    text_alone = parameters.integer("petition_match_text", at=at)
    found = []
    percents = _percents([(_message(matter), message_of(appeal)) for matter, appeal in pairs])
    for (matter, appeal), percent in zip(pairs, percents, strict=True):
        ground = _ground(matter, appeal)
        if percent >= (text_alone if ground == MatchGround.TEXT else same_person):
            found.append(Pair(matter, appeal, ground, percent))
    return sorted(found, key=lambda pair: (-pair.percent, pair.matter.pk, pair.appeal.pk))


def _ground(matter: PetitionMatter, appeal: Appeal) -> MatchGround:
    contact = appeal.contact
    if contact is None:
        return MatchGround.TEXT
    if matter.id_index and matter.id_index == contact.id_index:
        return MatchGround.ID
    if matter.phone_index and matter.phone_index == contact.phone_index:
        return MatchGround.PHONE
    if matter.id_index and matter.id_index == contact.story_id_index:
        return MatchGround.STORY_ID
    return MatchGround.TEXT


def _percents(pairs: Sequence[tuple[Message, Message]]) -> list[int]:
    if not pairs:
        return []
    messages = [message for pair in pairs for message in pair]
    left = np.arange(0, len(messages), 2, dtype=np.int64)
    return [round(100 * chance) for chance in probabilities(Profiles.of(messages, background()), left, left + 1)]


def _message(matter: PetitionMatter) -> Message:
    region = region_code(matter.region, at=matter.received_at)
    return Message(matter.title, matter.text, matter.received_at, region, caller=matter.phone_index)


# --- at intake


@dataclass(frozen=True)
class InPetition:
    """What an agent is told: that there is one, its number and state. Never its words."""

    matter: PetitionMatter
    ground: MatchGround
    percent: int


def in_petition_as_typed(*, phone: str, title: str, text: str, at: datetime) -> list[InPetition]:
    """Open petition matters of whoever is on the line, the most alike first: of the number that is being typed, once it is
    complete, and of id numbers in the words.
    """
    phones = {crypto.blind_index(digits, "phone") for digits in [_complete(phone)] if digits}
    ids = {crypto.blind_index(found.value, "id") for found in find_identifiers(text) if found.kind == "id_number"}
    if not (phones or ids):
        return []
    open_ones = PetitionMatter.objects.filter(state__in=sorted(OPEN_PETITION_STATES)).select_related("region")
    same = Q(phone_index__in=phones) | Q(id_index__in=ids)
    theirs = list(open_ones.filter(same).order_by("-received_at", "-pk")[:MOST_OF_A_PERSON])
    typed = Message(title, redact(text), at)
    percents = _percents([(_message(matter), typed) for matter in theirs]) if text.strip() else [0] * len(theirs)
    found = [
        InPetition(matter, MatchGround.PHONE if matter.phone_index in phones else MatchGround.STORY_ID, percent)
        for matter, percent in zip(theirs, percents, strict=True)
    ]
    return sorted(found, key=lambda one: -one.percent)[:3]


def _complete(phone: str) -> str:
    try:
        return normal_phone(phone)
    except PhoneNotUnderstood:
        return ""


def already_in_petition(found: Sequence[InPetition], *, at: datetime) -> InPetition | None:
    """The one that is so much alike that its legal route is proposed before anything else."""
    least = parameters.integer("petition_match_same_person", at=at)
    return next((one for one in found if one.percent >= least), None)


def in_petition(appeal: Appeal) -> list[InPetition]:
    """The open petition matters that an appeal was found to be, without those that somebody looked at and refused."""
    matches = (
        PetitionMatch.objects.filter(appeal=appeal, matter__state__in=sorted(OPEN_PETITION_STATES))
        .exclude(state=MatchState.REFUSED)
        .select_related("matter")
        .order_by("-percent", "pk")[:3]
    )
    return [InPetition(match.matter, MatchGround(match.ground), match.percent) for match in matches]


# --- the list


TABS: Final = {
    "": "久拖未决",
    "proposed": "待核对",
    "joint": "联合督导",
    "confirmed": "两边都有",
}


def matters_for(user: User, at: datetime) -> QuerySet[PetitionMatter]:
    """Those of the whole city for the centre and the city's petition office; a county's office has its county's."""
    matters = PetitionMatter.objects.all()
    unit = user.unit
    if unit is None or not has_right(user, rights.VIEW_PETITIONS, at):
        return matters.none()
    if unit.kind in {Unit.Kind.COUNTY_CENTRE, Unit.Kind.COUNTY_DEPARTMENT, Unit.Kind.TOWNSHIP}:
        return matters.filter(_in_county_of(unit.region, at=at))
    return matters


def matches_for(user: User, at: datetime) -> QuerySet[PetitionMatch]:
    """Without those whose appeal or ticket is restricted: that there is one is for whoever is named."""
    secret = AppealLink.objects.filter(
        appeal=OuterRef("appeal"), until=None, ticket__secrecy=Secrecy.RESTRICTED
    ).values("pk")
    return PetitionMatch.objects.filter(
        ~Exists(secret), appeal__secrecy=Secrecy.OPEN, matter__in=matters_for(user, at)
    )


def petition_tab(user: User, tab: str, *, at: datetime) -> QuerySet[PetitionMatch]:
    matches = matches_for(user, at)
    if tab == "proposed":
        return matches.filter(state=MatchState.PROPOSED)
    if tab == "joint":
        return matches.filter(Exists(JointSupervision.objects.filter(match=OuterRef("pk"), lifted_at=None)))
    matches = matches.filter(state=MatchState.CONFIRMED)
    return matches if tab == "confirmed" else unsettled(matches, at=at)


def unsettled(matches: QuerySet[PetitionMatch], *, at: datetime) -> QuerySet[PetitionMatch]:
    """Both sides have had it for `petition_unsettled_days`, and neither has settled it (赣市改字〔2025〕10号 3)."""
    before = at - timedelta(days=parameters.integer("petition_unsettled_days", at=at))
    works = AppealLink.objects.filter(appeal=OuterRef("appeal"), until=None)
    is_open = works.filter(Q(ticket__is_open=True) | Q(ticket__merged_into__is_open=True))
    return matches.filter(Exists(is_open), matter__state__in=sorted(OPEN_PETITION_STATES), both_since__lte=before)


def with_both_sides(matches: QuerySet[PetitionMatch]) -> QuerySet[PetitionMatch]:
    """What a row shows; `appeal.open_links` holds the ticket, `open_supervisions` what is supervised now."""
    links = AppealLink.objects.filter(until=None).select_related(
        "ticket__merged_into__holder__unit", "ticket__holder__unit"
    )
    return matches.select_related(
        "matter__county", "matter__region", "appeal__channel", "appeal__region", "appeal__category", "appeal__contact"
    ).prefetch_related(
        Prefetch("appeal__links", links, to_attr="open_links"),
        Prefetch(
            "supervisions",
            JointSupervision.objects.filter(lifted_at=None).select_related("started_by", "hold"),
            to_attr="open_supervisions",
        ),
    )


def tabs_with_counts(user: User, *, at: datetime) -> list[tuple[str, str, str]]:
    """(code, name, how many, empty for those that nobody waits for), counted to a hundred."""
    counts = {}
    for code in ("", "proposed", "joint"):
        found = len(petition_tab(user, code, at=at).values_list("pk", flat=True)[:100])
        counts[code] = "99+" if found > 99 else str(found or "")
    return [(code, name, counts.get(code, "")) for code, name in TABS.items()]


# --- one pair


@dataclass(frozen=True)
class BothSides:
    """A match as one person may see it: the words of a side only to who may read that side, why only to who may read both."""

    match: PetitionMatch
    ticket: Ticket | None
    reads_matter: bool
    reads_appeal: bool
    supervision: JointSupervision | None
    past: tuple[JointSupervision, ...]
    may_decide: bool
    why: str


def both_sides(match: PetitionMatch, user: User, *, at: datetime) -> BothSides:
    ticket = ticket_of_match(match)
    reads_matter = has_right(user, rights.READ_PETITIONS, at)
    may_read = reads_appeal(match.appeal, ticket, user, at)
    why = ""
    if reads_matter and may_read:
        why = explain(_message(match.matter), message_of(match.appeal), background()).words
    supervisions = list(match.supervisions.select_related("started_by", "lifted_by", "hold").order_by("-pk"))
    return BothSides(
        match,
        ticket,
        reads_matter,
        may_read,
        next((one for one in supervisions if one.lifted_at is None), None),
        tuple(one for one in supervisions if one.lifted_at is not None),
        has_right(user, rights.DECIDE_PETITION_MATCH, at),
        why,
    )


def ticket_of_match(match: PetitionMatch) -> Ticket | None:
    link: AppealLink | None = next(iter(match.appeal.open_links), None)  # type: ignore[attr-defined]
    return None if link is None else link.ticket.merged_into or link.ticket


def reads_appeal(appeal: Appeal, ticket: Ticket | None, user: User, at: datetime) -> bool:
    """Whether a person may read the words of an appeal, by its ticket or while it waits for one."""
    if ticket is None:
        return has_right(user, rights.ACCEPT, at) or has_right(user, rights.VIEW_ALL, at)
    return Ticket.objects.visible_to(user, at).filter(pk=ticket.pk).exists()


def confirmed_of(matter: PetitionMatter) -> list[PetitionMatch]:
    """What the petition office is told of its matter: our appeals that somebody said are the same."""
    matches = with_both_sides(matter.matches.filter(state=MatchState.CONFIRMED, appeal__secrecy=Secrecy.OPEN))
    return list(matches.order_by("pk"))
