"""A unit's inbox: what it has in hand, signing in a batch, and the peek that every list of tickets shares."""

from datetime import datetime

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from hotline.models import Unit, User
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.gate import opens_with
from tickets import services
from tickets.models import Assignment, Ticket
from tickets.selectors import inbox as selectors
from tickets.selectors.acts import acts_of, situation
from tickets.selectors.objections import awaited_statements
from tickets.selectors.readiness import why_not_lead_handler
from tickets.services import InputRefused
from tickets.states import STATE_TONE, AssignmentState, ClockKind
from tickets.views.answers import address, after, batch_result, each_of, paged, ticked, with_addresses


def _why_no_inbox(user: User, at: datetime) -> str:
    if user.unit is None or user.unit.kind in {Unit.Kind.CENTRE, Unit.Kind.OVERSIGHT}:
        return "收件是承办单位的页面，您不在承办单位。"
    if not any(has_right(user, right, at) for right in ("tickets.sign_ticket", "tickets.handle_ticket")):
        return "您的岗位不签收、不办理工单。"
    return ""


handlers = opens_with(_why_no_inbox)


@require_safe
@handlers
def inbox(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    segment = request.GET.get("s", "")
    handler_id = key_of(request.GET.get("handler", ""))
    page = selectors.inbox_page(request.user, segment=segment, handler_id=handler_id, after=after(request), at=at)
    segments = selectors.inbox_segments(request.user, at)
    asked = awaited_statements(request.user, at).aggregate(all=Count("pk"), over=Count("pk", filter=Q(due_at__lt=at)))
    context = {
        "at": at,
        "segment": segment,
        "segments": with_addresses(request, segments),
        "in_hand": segments[0].count,
        "handlers": selectors.handlers_of(request.user, at),
        "handler_id": handler_id,
        "all_url": address(request, s="", handler=""),
        "signers": [(person, why_not_lead_handler(person)) for person in selectors.signers(request.user)],
        "signs_for": None if why_not_lead_handler(request.user) else request.user.pk,
        "statements": asked["all"],
        "statements_late": asked["over"],
        "sees_mediations": has_right(request.user, "tickets.handle_ticket", at),
        "may_sign": has_right(request.user, "tickets.sign_ticket", at),
    }
    return render(request, "tickets/inbox.html", context | paged(request, page))


@require_POST
@handlers
def sign_batch(request: HttpRequest) -> HttpResponse:
    """Sign every ticked ticket for the unit, with one handler for all or none yet."""
    at = timezone.now()
    numbers = ticked(request, "ticket")
    handler = next(
        (each for each in selectors.signers(request.user) if str(each.pk) == request.POST.get("handler", "")), None
    )
    tickets = {
        ticket.number: ticket for ticket in Ticket.objects.visible_to(request.user, at).filter(number__in=numbers)
    }
    parts = {
        part.ticket_id: part
        for part in Assignment.objects.filter(ticket__in=tickets.values(), unit=request.user.unit_id).exclude(
            state__in=[AssignmentState.TAKEN_BACK, AssignmentState.HANDED_OVER]
        )
    }

    def sign(number: str) -> str:
        ticket = tickets.get(number)
        part = parts.get(ticket.pk) if ticket is not None else None
        if part is None:
            raise InputRefused("本单位没有承办这一件。")
        services.sign_assignment(assignment_id=part.pk, handler=handler, by=request.user, at=at)
        return f"已签收，经办人{handler.masked_name}。" if handler else "已签收，经办人待定。"

    lines = each_of(numbers, sign, subjects=tickets)
    return batch_result(request, lines, verb="签收", back_url=reverse("tickets:inbox"))


@require_safe
def ticket_peek(request: HttpRequest, number: str) -> HttpResponse:
    """A visible ticket beside any list: how it stands, what runs, what this person can do now."""
    at = timezone.now()
    ticket = get_object_or_404(
        Ticket.objects.visible_to(request.user, at).select_related(
            "region__parent", "category", "lead__unit", "holder__unit", "item", "proposed_unit", "proposed_item"
        ),
        number=number,
    )
    found = situation(ticket, request.user, at)
    # The rare ones have no key; they are on the ticket's own page.
    acts = [act for act in acts_of(found) if act.key or act.main]
    context = {
        "at": at,
        "ticket": ticket,
        "tone": STATE_TONE[ticket.state],
        "own": found.own,
        "parts": selectors.parts_of(ticket),
        "clocks": [(ClockKind(clock.kind).label, clock) for clock in selectors.clocks_on(ticket, found.own)],
        "acts": acts,
        "whys": [act for act in acts if act.why],
    }
    return render(request, "tickets/partials/ticket_peek.html", context)
