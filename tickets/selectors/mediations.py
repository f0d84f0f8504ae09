"""What is asked of the county's resources, and what came of it."""

from datetime import datetime

from django.db.models import Q, QuerySet

from hotline.models import User
from hotline.numbers import key_of
from tickets.models import Attachment, Mediation, Ticket
from tickets.selectors.lists import PAGE_ROWS

NOT_IF_RESTRICTED = "保密工单不能请外面的人调解。"
SEGMENTS = {"": "等结果", "late": "久等", "ended": "有结果"}


def open_mediation(ticket: Ticket) -> Mediation:
    """The one that waits for its outcome; only for a ticket that is ``in_mediation``."""
    return Mediation.objects.select_related("resource", "assignment").get(ticket=ticket, outcome="")


def mediations_of(ticket: Ticket) -> list[Mediation]:
    """All of a ticket, the latest first, with the files of their records. Two queries."""
    found = list(
        ticket.mediations.select_related("resource", "assignment__unit", "asked_by", "recorded_by").order_by("-pk")
    )
    files = Attachment.objects.filter(event__in=[each.event_id for each in found if each.event_id])
    by_event: dict[int | None, list[Attachment]] = {}
    for file in files.select_related("file").order_by("pk"):
        by_event.setdefault(file.event_id, []).append(file)
    for each in found:
        each.files = by_event.get(each.event_id, [])  # type: ignore[attr-defined]  # shown beside the record
    return found


def mediations_seen(user: User, *, segment: str, at: datetime) -> QuerySet[Mediation]:
    """Those of the unit's own and, for a county centre, what its resources were asked; the latest first.

    Only of tickets that the person may open. 久等: a reminder went out and there is still no outcome.
    """
    rows = Mediation.objects.filter(ticket__in=Ticket.objects.visible_to(user, at)).order_by("-pk")
    if user.unit is not None and user.unit.kind != "centre":
        rows = rows.filter(Q(resource__centre=user.unit_id) | Q(assignment__unit=user.unit_id))
    waiting = Q(outcome="")
    wanted = {"": waiting, "late": waiting & Q(reminded__gt=0), "ended": ~waiting}[segment]
    return rows.filter(wanted).select_related("ticket__region", "resource", "assignment__unit")


def mediation_page(rows: QuerySet[Mediation], *, after: str) -> tuple[list[Mediation], str]:
    """One page and the key of the next, empty at the end."""
    key = key_of(after)
    if key is not None:
        rows = rows.filter(pk__lt=key)
    found = list(rows[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], str(found[PAGE_ROWS - 1].pk) if len(found) > PAGE_ROWS else ""
