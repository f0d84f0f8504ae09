"""联合督导: what a reviewer supervises together with the petition office, and what was."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from channels_merge.forms import ReasonForm
from channels_merge.models import JointSupervision
from channels_merge.rights import DECIDE_PETITION_MATCH
from channels_merge.services import petition
from hotline.rights import has_right
from hotline.views.dialogs import run_act
from hotline.views.gate import needs
from supervision import selectors
from tickets.selectors.lists import Key, take

VIEW_JOINT = "supervision.view_joint"
TABS = {"": "督导中", "lifted": "已解除"}


@require_safe
@needs(VIEW_JOINT)
def joint(request: HttpRequest) -> HttpResponse:
    """The longest supervised on top; those lifted lately on top."""
    at = timezone.now()
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    key = Key.parse(request.GET.get("after", ""))
    found = selectors.joint(request.user, lifted=bool(tab), at=at)
    page = take(found, by="lifted_at" if tab else "started_at", pk="id", after=key, newest=bool(tab))
    due = selectors.due_of([row.ticket_id for row in page.rows])
    here = {"tab": tab} if tab else {}
    context = {
        "rows": [(row, next(iter(due.get(row.ticket_id, ())), None)) for row in page.rows],
        "tab": tab,
        "tabs": TABS.items(),
        "first_url": f"?{urlencode(here)}" if key else "",
        "next_url": f"?{urlencode(here | {'after': page.next_key})}" if page.next_key else "",
        "at": at,
    }
    if page.rows:
        context |= _one(request, page.rows[0], due)
    return render(request, "supervision/joint.html", context)


def _one(request: HttpRequest, row: JointSupervision, due: dict[int, list[selectors.Due]]) -> dict[str, Any]:
    """What the peek shows."""
    at = timezone.now()
    may_lift = row.lifted_at is None and has_right(request.user, DECIDE_PETITION_MATCH, at)
    return {"joint": row, "due": due.get(row.ticket_id, []), "may_lift": may_lift, "at": at}


def _seen(request: HttpRequest, joint_id: int) -> JointSupervision:
    """404 for what the person may not see, as for what does not exist."""
    return get_object_or_404(selectors.joint(request.user, lifted=None, at=timezone.now()), pk=joint_id)


@require_safe
@needs(VIEW_JOINT)
def peek(request: HttpRequest, joint_id: int) -> HttpResponse:
    row = _seen(request, joint_id)
    context = _one(request, row, selectors.due_of([row.ticket_id]))
    return render(request, "supervision/partials/joint_peek.html", context)


@require_http_methods(["GET", "POST"])
@needs(VIEW_JOINT)
@needs(DECIDE_PETITION_MATCH)
def lift(request: HttpRequest, joint_id: int) -> HttpResponse:
    row = _seen(request, joint_id)

    def service(typed: dict[str, str]) -> str:
        petition.lift_joint_supervision(
            match_id=row.match_id, reason=typed["text"], by=request.user, at=timezone.now()
        )
        return f"{row.ticket.number} 的联合督导已解除。"

    return run_act(
        request,
        title=f"解除联合督导 {row.ticket.number}",
        form=ReasonForm(request.POST or None, label="解除理由", missing="请写解除理由。"),
        verb="解除",
        hint="解除以后工单可以办结；理由留在已解除里。",
        service=service,
        done=reverse("supervision:joint"),
    )
