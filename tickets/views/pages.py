"""Pages of one ticket that need nothing above this room: its files, the printed 工单, who has it open."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hotline.models import SecurityLog
from hotline.services import log_security
from hotline.views.files import answer_with_file
from hotline.views.gate import holds_any, opens_with
from tickets.models import Attachment, Ticket
from tickets.selectors.acts import situation
from tickets.selectors.page import sees_file, ticket_page, timeline
from tickets.services.presence import look


@require_safe
def file(request: HttpRequest, number: str, attachment_id: int) -> FileResponse:
    """A file of a ticket, to whoever may see the ticket; what other units wrote, to the centre and the lead chain."""
    at = timezone.now()
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user, at), number=number)
    attachment = get_object_or_404(Attachment.objects.select_related("file"), pk=attachment_id, ticket=ticket)
    if not sees_file(situation(ticket, request.user, at), attachment):
        raise Http404
    return answer_with_file(attachment.file)


@require_safe
def present(request: HttpRequest, number: str) -> HttpResponse:
    """Who of the person's own unit has the ticket open as well; asked by the page of the ticket while it is looked at."""
    at = timezone.now()
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user, at).only("pk", "state"), number=number)
    context = {"present": look(ticket=ticket, by=request.user, at=at)}
    return render(request, "tickets/partials/present.html", context)


@require_safe
@opens_with(holds_any("tickets.print_ticket", else_say="您的岗位不打印工单。"))
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The 工单 on paper for signature; no name and no telephone of a citizen on it."""
    at = timezone.now()
    ticket = get_object_or_404(
        Ticket.objects.visible_to(request.user, at).select_related(
            "category__parent__parent", "region__parent", "item"
        ),
        number=number,
    )
    found = situation(ticket, request.user, at)
    page = ticket_page(found)
    log_security(kind=SecurityLog.Kind.PRINT, user=request.user, subject=ticket.number, at=at)
    context = {
        "ticket": ticket,
        "page": page,
        "items": timeline(found, sees_all=page.sees_all)[::-1],
        "at": at,
    }
    return render(request, "tickets/ticket_print.html", context)
