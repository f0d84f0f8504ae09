from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Prefetch, Q, QuerySet

from channels_merge.identity import normal_phone
from channels_merge.models import (
    Appeal,
    AppealClock,
    AppealLink,
    AppealQuerySet,
    Channel,
    ContactRecord,
    Draft,
    Interaction,
)
from channels_merge.states import HEARD_STATES
from hotline import crypto
from hotline.models import Region, User
from tickets.models import Ticket, TicketEvent
from tickets.states import Secrecy

HISTORY_DAYS = 90
HISTORY_ROWS = 20


def channel_of_key(key: str) -> Channel | None:
    """The channel that holds this API key and is or was in use: what a cancelled one sends is not lost."""
    if not key:
        return None
    heard = Channel.objects.filter(state__in=sorted(HEARD_STATES))
    return heard.filter(key_hash=crypto.blind_index(key, "channel-key")).first()


def carried_by(*ticket_ids: int) -> AppealQuerySet:
    """Appeals that tickets carry now, those of the tickets merged into them included."""
    # The tickets first: an OR across the join would read every link that there is.
    tickets = Ticket.objects.filter(Q(pk__in=ticket_ids) | Q(merged_into__in=ticket_ids))
    links = AppealLink.objects.filter(until=None, ticket__in=tickets.values("pk"))
    return Appeal.objects.filter(pk__in=links.values("appeal"))


def carried_since(
    ticket_ids: Iterable[int], *, links: QuerySet[AppealLink] | None = None
) -> dict[tuple[int, int], datetime]:
    """(ticket, appeal) → when the appeal came to the ticket that carries it now: linked to it, or with one that was merged
    into it, the last time if it was taken apart meanwhile. Of `links` only, if given. Two queries.
    """
    wanted = set(ticket_ids)
    tickets = Ticket.objects.filter(Q(pk__in=wanted) | Q(merged_into__in=wanted))
    links = AppealLink.objects.all() if links is None else links
    links = links.filter(until=None, ticket__in=tickets.values("pk"))
    came = TicketEvent.objects.filter(ticket__merged_into__in=wanted, act__in=["merge", "move_along"])
    merged = dict(came.order_by().values_list("ticket").annotate(last=Max("at")))
    found = {}
    for own, lead, appeal, since in links.values_list("ticket", "ticket__merged_into", "appeal", "since"):
        if own in wanted:
            found[own, appeal] = since
        if lead in wanted:
            found[lead, appeal] = max(since, merged.get(own, since))
    return found


def ticket_of(appeal: Appeal) -> Ticket | None:
    """The ticket that works on the appeal now: the lead when the linked one was merged into it."""
    link = AppealLink.objects.select_related("ticket__merged_into").filter(appeal=appeal, until=None).first()
    return None if link is None else link.ticket.merged_into or link.ticket


def appeals_of_ticket(ticket_id: int) -> Sequence[Appeal]:
    """Every appeal of a ticket, first come first, with person, channel, words, contacts, files and citizen clock."""
    return list(
        carried_by(ticket_id)
        .select_related("contact", "channel", "region", "place_code__unit")
        .prefetch_related(
            Prefetch("interactions", Interaction.objects.select_related("channel", "by").order_by("at", "pk")),
            Prefetch("contact_records", ContactRecord.objects.select_related("by", "unit").order_by("at", "pk")),
            Prefetch("clocks", AppealClock.objects.filter(kind=AppealClock.CITIZEN).order_by("generation")),
            "files__file",
        )
        .order_by("received_at", "pk")
    )


def _with_ticket() -> Prefetch:
    return Prefetch(
        "links",
        AppealLink.objects.filter(until=None).select_related("ticket__merged_into", "ticket__holder__unit"),
        to_attr="open_links",
    )


def caller_history(phone: str) -> list[Appeal]:
    """Newest appeals of a phone number; `open_links` holds the ticket of each. Two queries whatever their number.

    Restricted ones are not among them: whoever takes a call has no grant for them.
    """
    phone = normal_phone(phone)
    if not phone:
        return []
    appeals = Appeal.objects.filter(contact__phone_index=crypto.blind_index(phone, "phone"), secrecy=Secrecy.OPEN)
    return list(
        appeals.select_related("channel", "contact")
        .prefetch_related(_with_ticket())
        .order_by("-received_at", "-pk")[:HISTORY_ROWS]
    )


def recent(appeals: Sequence[Appeal], *, at: datetime) -> list[Appeal]:
    return [appeal for appeal in appeals if appeal.received_at >= at - timedelta(days=HISTORY_DAYS)]


def waiting_appeals() -> AppealQuerySet:
    """Machine appeals that nobody has decided on, as lists show them, first come first; `running_accept` is the time limit."""
    # One of the two runs: until somebody decides, or until the citizen's words are no longer waited for.
    of_intake = AppealClock.objects.filter(kind__in=[AppealClock.ACCEPT, AppealClock.INFORMATION])
    clocks = of_intake.filter(stopped_at=None).defer("explanation")
    return (
        Appeal.objects.waiting()
        .select_related("channel", "region__parent")
        .defer("text", "told")
        .prefetch_related(Prefetch("clocks", clocks, to_attr="running_accept"))
        .order_by("received_at", "pk")
    )


def waiting_in_full() -> AppealQuerySet:
    """The same, each with what decides on it: the words, who says it, files, the code it came by."""
    found = Appeal.objects.waiting().select_related(
        "channel", "contact", "region__parent", "category", "place_code__unit"
    )
    return found.prefetch_related("files__file")


def drafts_of(user: User, *, at: datetime) -> Sequence[Draft]:
    return list(Draft.objects.filter(owner=user, expires_at__gt=at).order_by("-saved_at", "-pk")[:20])


def region_by_code(code: str) -> Region | None:
    return Region.objects.select_related("parent").filter(code=code).first() if code else None


def open_ticket_id(number: str) -> int | None:
    """Of an open matter that is no secret: whether there is a restricted one is for those who may see it."""
    found = Ticket.objects.filter(number=number, is_open=True, secrecy=Secrecy.OPEN)
    return found.values_list("pk", flat=True).first()
