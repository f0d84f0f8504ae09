"""What rulings propose to the list: taken into the draft with an item that names the ticket, or dismissed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import WordsForm
from responsibility.models import ItemProposal
from responsibility.states import ProposalState


@needs(rights.VIEW)
@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """One state at a time, the newest first; paged by the key of the last row."""
    state = asked(request, "s")
    state = state if state in ProposalState.values else ProposalState.PENDING.value
    after = key_of(asked(request, "after"))
    found = selectors.proposals(state, after=after)
    rows, more = found[: selectors.PAGE_ROWS], len(found) > selectors.PAGE_ROWS
    return render(
        request,
        "responsibility/proposals.html",
        {
            "rows": rows,
            "state": state,
            "states": [(code, label, f"?{urlencode({'s': code})}") for code, label in ProposalState.choices],
            "waiting": selectors.pending_proposals(),
            "draft": selectors.draft_of_the_city(),
            "may_edit": has_right(request.user, rights.EDIT, timezone.now()),
            "sees_tickets": has_right(request.user, "tickets.view_all_tickets", timezone.now()),
            "first_url": f"?{urlencode({'s': state})}" if after else "",
            "next_url": f"?{urlencode({'s': state, 'after': rows[-1].pk})}" if more else "",
            "at": timezone.now(),
        },
    )


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    proposal = get_object_or_404(ItemProposal, pk=pk)

    def service(typed: dict[str, Any]) -> str:
        services.dismiss_proposal(proposal_id=pk, reason=typed["words"], by=request.user, at=timezone.now())
        return f"{proposal.ticket_number} 的提请不纳入清单。"

    return run_act(
        request,
        title=f"不纳入 {proposal.ticket_number}",
        form=WordsForm(sent(request), label="理由"),
        verb="不纳入",
        hint="裁定照样是先例，以后同类工单仍会引用。",
        service=service,
        done=lambda: reverse("responsibility:proposals"),
    )
