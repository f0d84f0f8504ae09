"""The reviewers' worklist: two questions, a sentence, once more or enough."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluation import rights, selectors, services
from evaluation.forms import DecisionForm
from evaluation.states import DecisionState, Ground
from hotline.errors import DomainError
from hotline.views.gate import needs
from tickets.rights import Actor
from tickets.selectors.lists import Key
from tickets.timeline import ACTS

DECIDE = "evaluation.decide_review"


@require_safe
@needs(DECIDE)
def decisions(request: HttpRequest) -> HttpResponse:
    return _list(request, request.GET.get("after", ""))


def _list(request, key, *, decision=None, form=None, status=200) -> HttpResponse:
    at = timezone.now()
    page = selectors.decision_page(request.user, after=Key.parse(key), at=at)
    rows = list(page.rows)
    if decision is not None and decision.pk not in {row.pk for row in rows}:
        rows.insert(0, decision)
    chosen = decision or (rows[0] if rows else None)
    url = reverse("evaluation:review-decisions")
    context = {
        "rows": rows,
        "chosen": chosen.pk if chosen else 0,
        "at": at,
        "first_url": url if key else "",
        "next_url": f"{url}?after={page.next_key}" if page.next_key else "",
        **(_evidence_context(request, chosen, at, form) if chosen else {}),
    }
    return render(request, "evaluation/decision_list.html", context, status=status)


def _evidence_context(request, decision, at, form=None) -> dict:
    evidence = selectors.evidence_of(decision, by=request.user, at=at)
    return {
        "evidence": evidence,
        "form": form or DecisionForm(all_withdrew=decision.ground == Ground.WITHDRAWN),
        "at": at,
        "is_withdrawal": decision.ground == Ground.WITHDRAWN,
        "why_not": rights.DECIDE.refusal(decision, Actor(request.user, at)),
        "acts": [
            {"at": event.at, "label": ACTS[event.act].label, "tone": ACTS[event.act].tone, "unit": event.unit}
            for event in evidence.timeline
        ],
    }


@require_safe
@needs(DECIDE)
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    decision = get_object_or_404(selectors.decisions_pending(request.user, at=at), pk=pk)
    return render(request, "evaluation/partials/evidence.html", _evidence_context(request, decision, at))


@require_POST
@needs(DECIDE)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    decision = get_object_or_404(selectors.decisions(request.user, at=at), pk=pk)
    form = DecisionForm(request.POST, all_withdrew=decision.ground == Ground.WITHDRAWN)
    status = 422
    if form.is_valid():
        try:
            done = services.decide(
                decision_id=pk,
                verdict=form.cleaned_data["verdict"],
                sentence=form.cleaned_data["sentence"],
                is_reasonable=form.said("is_reasonable"),
                duty_done=form.said("duty_done"),
                by=request.user,
                at=at,
            )
        except services.FollowUpInputRefused as refused:
            form.add_error(None, str(refused))
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, f"{done.ticket.number} {_outcome(done)}。")
            return redirect("evaluation:review-decisions")
    return _list(request, "", decision=decision, form=form, status=status)


def _outcome(done) -> str:
    if done.state == DecisionState.REDO:
        return "已发回重办"
    return "已按撤诉办结" if done.ground == Ground.WITHDRAWN else "不再重办"
