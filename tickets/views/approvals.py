"""Signing results and deciding extensions, at a desk or standing with a phone."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.gate import holds_any, opens_with
from tickets import rights, services
from tickets.selectors import approvals as selectors
from tickets.selectors import queues
from tickets.selectors.acts import act_url
from tickets.selectors.mediations import mediations_of
from tickets.selectors.photos import visits_of, visits_that_count
from tickets.selectors.queues import Segment
from tickets.selectors.readiness import extended_due, grant_refusal, handle_clock
from tickets.services import InputRefused
from tickets.states import Decision
from tickets.views.answers import (
    after,
    batch_result,
    each_of,
    paged,
    refused,
    ticked,
    with_addresses,
)

SIGNING = ("tickets.approve_result", "tickets.review_completion")

signers = opens_with(
    holds_any(
        *SIGNING,
        "tickets.decide_extension",
        "tickets.extend_again",
        else_say="结果由单位负责人、县级热线中心和市热线中心审核，延期由派单的一方审批。",
    )
)


@require_safe
@signers
def approvals(request: HttpRequest) -> HttpResponse:
    """Results, or with ?s=extensions the requests for more time; those first for who signs no results."""
    at = timezone.now()
    results, extensions = selectors.waiting_approvals(request.user, at), queues.waiting_extensions(request.user, at)
    segments = [Segment("extensions", "延期申请", extensions.count())]
    if any(has_right(request.user, right, at) for right in SIGNING):
        segments.insert(0, Segment("", "办理结果", results.count()))
    segment = request.GET.get("s", segments[0].code)
    context: dict[str, Any] = {"at": at, "segment": segment, "segments": with_addresses(request, segments)}
    if segment == "extensions":
        page = queues.extension_page(request.user, after=after(request), at=at)
        rows = [(row, _why_not(request, row, at)) for row in page.rows]
        return render(request, "tickets/approvals_extensions.html", context | paged(request, page) | {"rows": rows})
    page = selectors.approval_page(request.user, after=after(request), at=at)
    cases = [selectors.approval_case(approval, request.user) for approval in page.rows]
    return render(request, "tickets/approvals.html", context | paged(request, page) | {"rows": cases})


def _why_not(request: HttpRequest, asked: Any, at: Any) -> str:
    return queues.refusal_of(rights.of_extension(asked), asked, request.user, at)


@require_http_methods(["GET", "POST"])
@signers
def approval(request: HttpRequest, approval_id: int) -> HttpResponse:
    """One result: its peek, its page on a phone; POST passes it. Sending back is an act of the ticket."""
    at = timezone.now()
    if request.method == "POST":
        return _approve(request, approval_id, at)
    found = selectors.pending_approvals(request.user, at).filter(pk=approval_id).order_by("pk").first()
    if found is None:
        return _gone(request, "这一审核已有人处理，或不由您审核。")
    context = {
        "case": selectors.approval_case(found, request.user),
        "visits": visits_of(found.ticket, visits_that_count(found.ticket), request.user, at),
        "mediations": mediations_of(found.ticket) if found.ticket.mediation_count else [],
        "send_back": act_url(found.ticket, "send-back"),
        "at": at,
    }
    template = "tickets/partials/approval_peek.html" if request.htmx else "tickets/approval.html"
    return render(request, template, context)


def _gone(request: HttpRequest, words: str) -> HttpResponse:
    template = "tickets/partials/gone.html" if request.htmx else "tickets/list_refused.html"
    context = {"head": words, "text": "", "faster": True, "back_url": reverse("tickets:approvals")}
    return render(request, template, context, status=200 if request.htmx else 404)


def _approve(request: HttpRequest, approval_id: int, at: Any) -> HttpResponse:
    found = get_object_or_404(selectors.approvals_seen(request.user, at), pk=approval_id)
    try:
        services.approve(approval_id=approval_id, by=request.user, at=at)
    except DomainError as error:
        return refused(request, f"{found.ticket.number} 没有通过。", error, back_url=reverse("tickets:approvals"))
    messages.success(request, f"{found.ticket.number} 审核通过。")
    return redirect("tickets:approvals")


@require_POST
@signers
def approve_batch(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    ids = [value for value in ticked(request, "approval") if key_of(value) is not None]
    seen = selectors.approvals_seen(request.user, at).filter(pk__in=[int(value) for value in ids])
    found = {str(each.pk): each.ticket for each in seen}

    def pass_it(value: str) -> str:
        if value not in found:
            raise InputRefused("没有这一审核，或不由您审核。")
        services.approve(approval_id=int(value), by=request.user, at=at)
        return "审核通过。"

    lines = each_of(ids, pass_it, subjects=found)
    return batch_result(request, lines, verb="审核", back_url=reverse("tickets:approvals"))


@require_http_methods(["GET", "POST"])
@signers
def extension(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request for more time: its peek or page; POST grants it. Refusing is an act of the ticket."""
    at = timezone.now()
    if request.method == "POST":
        return _grant_extension(request, request_id, at)
    asked = (
        queues.pending_extensions(request.user, at)
        .select_related("assignment__handler")
        .filter(pk=request_id)
        .order_by("pk")
        .first()
    )
    if asked is None:
        return _gone(request, "这一延期申请已有人处理，或不由您审批。")
    clock = handle_clock(asked.assignment)
    context = {
        "asked": asked,
        "ticket": asked.assignment.ticket,
        "clock": clock,
        "earlier": asked.assignment.extensionrequests.filter(decision=Decision.GRANTED).order_by("pk"),
        "would_be": extended_due(asked, clock) if clock is not None else None,
        "why_not": _why_not(request, asked, at),
        "beyond": grant_refusal(asked, clock) if clock is not None else "",
        "refuse": act_url(asked.assignment.ticket, "refuse-extension"),
        "extend": act_url(asked.assignment.ticket, "extend"),
        "at": at,
    }
    template = "tickets/partials/extension_peek.html" if request.htmx else "tickets/extension.html"
    return render(request, template, context)


def _grant_extension(request: HttpRequest, request_id: int, at: Any) -> HttpResponse:
    asked = get_object_or_404(queues.extensions_seen(request.user, at), pk=request_id)
    number = asked.assignment.ticket.number
    back_url = f"{reverse('tickets:approvals')}?s=extensions"
    try:
        services.grant_extension(request_id=request_id, reason="", by=request.user, at=at)
    except DomainError as error:
        return refused(request, f"没有同意 {number} 延期。", error, back_url=back_url)
    messages.success(request, f"已同意 {number} 延期 {asked.days} 个工作日。")
    return redirect(back_url)
