"""What was asked of the county's resources: waiting, waiting long, and what came of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from hotline.rights import has_right
from hotline.views.gate import holds_any, opens_with
from tickets.selectors import mediations as selectors
from tickets.selectors.acts import act_url
from tickets.views.answers import address

why_no_mediations = holds_any("tickets.view_all_tickets", "tickets.handle_ticket", else_say="您的岗位不办理调解请求。")


@require_safe
@opens_with(why_no_mediations)
def mediations(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    segment = request.GET.get("s", "")
    segment = segment if segment in selectors.SEGMENTS else ""
    key = request.GET.get("after", "")
    rows, next_key = selectors.mediation_page(
        selectors.mediations_seen(request.user, segment=segment, at=at), after=key
    )
    records = has_right(request.user, "tickets.handle_ticket", at)
    context = {
        "at": at,
        "rows": [
            (row, act_url(row.ticket, "mediation-result") if records and not row.outcome else "") for row in rows
        ],
        "records": records,
        "segment": segment,
        "segments": [(code, name, address(request, s=code)) for code, name in selectors.SEGMENTS.items()],
        "keeps_register": has_right(request.user, "responsibility.manage_resources", at),
        "first_url": address(request, s=segment) if key else "",
        "next_url": address(request, s=segment, after=next_key) if next_key else "",
    }
    return render(request, "tickets/mediations.html", context)
