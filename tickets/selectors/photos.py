"""What the pictures of a visit say beside what was claimed: for whoever signs the result. Nothing here refuses."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse

from hotline import parameters
from hotline.dates import local
from hotline.models import Picture, StoredFile, User
from tickets.models import Attachment, EarlierUse, OnSiteRecord, Ticket
from tickets.states import AttachmentKind

EARTH_METRES = 6_371_000
ALMOST_THE_SAME = 3
"""Bits of 64 by which one picture stored twice commonly differs from itself."""


@dataclass(frozen=True)
class Finding:
    """One sentence about a picture; ``asks`` is true where somebody should look twice."""

    words: str
    asks: bool = False
    url: str = ""


@dataclass(frozen=True)
class Photo:
    """``is_picture`` is false of a film or a sheet: it is named, and has no time and place of its own."""

    name: str
    url: str
    is_picture: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Visit:
    record: OnSiteRecord
    photos: tuple[Photo, ...]


def visits_that_count(ticket: Ticket) -> QuerySet[OnSiteRecord]:
    """Those of the present round that a result may rest on."""
    return OnSiteRecord.objects.of_live_leads().filter(ticket=ticket, round=ticket.round)


def visits_of(ticket: Ticket, records: QuerySet[OnSiteRecord], user: User, at: datetime) -> list[Visit]:
    """These visits to the ticket's place, with what their pictures say. Four queries at most.

    An earlier ticket is named to whoever may open it; others are told that there is one.
    """
    found = list(records.select_related("by", "assignment__unit").order_by("visited_at", "pk"))
    attachments = list(
        Attachment.objects.filter(event__onsite__in=found, kind__in=[AttachmentKind.BEFORE, AttachmentKind.AFTER])
        .select_related("file__picture")
        .order_by("pk")
    )
    uses = _uses(attachments, ticket, user, at)
    tolerance = Tolerance.at(at)
    photos: dict[int, list[Photo]] = defaultdict(list)
    record_of = {record.event_id: record for record in found}
    for each in attachments:
        record = record_of[each.event_id or 0]
        findings = (
            *_own_facts(each.file, record, ticket, tolerance),
            *uses.get(each.pk, (Finding("没有查到以前用过"),)),
        )
        url = reverse("tickets:file", args=[ticket.number, each.pk])
        name = f"{each.get_kind_display()} {each.file.name}"
        photos[record.pk].append(Photo(name, url, each.file.is_picture, findings))
    return [Visit(record, tuple(photos[record.pk])) for record in found]


@dataclass(frozen=True)
class Tolerance:
    time: timedelta
    metres: int

    @classmethod
    def at(cls, at: datetime) -> "Tolerance":
        return cls(
            timedelta(minutes=parameters.integer("photo_time_tolerance_min", at=at)),
            parameters.integer("photo_place_tolerance_m", at=at),
        )


def _own_facts(file: StoredFile, record: OnSiteRecord, ticket: Ticket, tolerance: Tolerance) -> tuple[Finding, ...]:
    picture = getattr(file, "picture", None)
    if picture is None:
        return ()
    return _when(file, record, ticket, tolerance), _where(picture, ticket, tolerance)


def _when(file: StoredFile, record: OnSiteRecord, ticket: Ticket, tolerance: Tolerance) -> Finding:
    taken_at = file.picture.taken_at
    if taken_at is None:
        return Finding("照片里没有拍摄时间")
    words = f"拍摄于 {_moment(taken_at)}"
    if taken_at < ticket.accepted_at:
        return Finding(f"{words}，早于受理（{_moment(ticket.accepted_at)}）", asks=True)
    if taken_at < record.visited_at - tolerance.time:
        return Finding(f"{words}，早于到场（{_moment(record.visited_at)}）", asks=True)
    if taken_at > file.uploaded_at + tolerance.time:
        return Finding(f"{words}，晚于上传（{_moment(file.uploaded_at)}），相机的时钟可能不准", asks=True)
    return Finding(words)


def _where(picture: Picture, ticket: Ticket, tolerance: Tolerance) -> Finding:
    if picture.longitude is None or picture.latitude is None:
        return Finding("照片里没有位置")
    if ticket.longitude is None or ticket.latitude is None:
        return Finding("照片有位置，诉求没有坐标，不能比较")
    metres = metres_between((picture.longitude, picture.latitude), (ticket.longitude, ticket.latitude))
    return Finding(f"离诉求地点约 {_rounded(metres)}", asks=metres > tolerance.metres)


def metres_between(one: tuple[Decimal, Decimal], other: tuple[Decimal, Decimal]) -> float:
    """Along the ground between two points of longitude and latitude."""
    east1, north1, east2, north2 = (math.radians(degrees) for degrees in (*one, *other))
    bow = math.sin((north2 - north1) / 2) ** 2
    bow += math.cos(north1) * math.cos(north2) * math.sin((east2 - east1) / 2) ** 2
    return 2 * EARTH_METRES * math.asin(math.sqrt(bow))


def _rounded(metres: float) -> str:
    if metres < 1000:
        return f"{max(10, round(metres / 10) * 10)} 米"
    return f"{metres / 1000:.1f} 公里"


def _uses(attachments: list[Attachment], ticket: Ticket, user: User, at: datetime) -> dict[int, tuple[Finding, ...]]:
    if not attachments:
        return {}
    uses = (
        EarlierUse.objects.filter(attachment__in=attachments)
        .select_related("earlier__ticket", "earlier__event", "earlier__file")
        .order_by("-same_bytes", "bits", "-earlier")
    )
    found = defaultdict(list)
    for use in uses:
        found[use.attachment_id].append(use)
    elsewhere = {use.earlier.ticket_id for each in found.values() for use in each}
    known = set(
        Ticket.objects.visible_to(user, at).filter(pk__in=elsewhere).values_list("pk", flat=True) if elsewhere else ()
    )
    return {pk: tuple(_used(use, ticket, known) for use in each) for pk, each in found.items()}


def _used(use: EarlierUse, ticket: Ticket, known: set[int]) -> Finding:
    alike = "相同" if use.same_bytes else "几乎一样" if use.bits <= ALMOST_THE_SAME else "很像"
    earlier, uploaded = use.earlier, _moment(use.earlier.file.uploaded_at)
    if earlier.ticket_id == ticket.pk:
        of_citizen = earlier.kind == AttachmentKind.CITIZEN
        whose = "群众上传的" if of_citizen else f"本件 {uploaded} 的{earlier.get_kind_display()}"
        return Finding(f"与{whose}照片{alike}", asks=True)
    if earlier.ticket_id in known:
        number = earlier.ticket.number
        return Finding(
            f"与 {number} 的照片{alike}（{uploaded}）", asks=True, url=reverse("tickets:ticket", args=[number])
        )
    return Finding(f"与别的工单的照片{alike}（{uploaded}）", asks=True)


def _moment(at: datetime) -> str:
    here = local(at)
    return f"{here.month}月{here.day}日 {here:%H:%M}"
