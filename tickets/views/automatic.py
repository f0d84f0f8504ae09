"""自动派单 on its pages: which items, what came back of them, and the weekly sample that people read."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from hotline import parameters
from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.gate import needs
from responsibility import rights as duty_rights
from responsibility import selectors as responsibility
from tickets import rights
from tickets.models import AutomaticDispatch, Ticket
from tickets.selectors import automatic as reads
from tickets.services import automatic as services
from tickets.views.answers import refused
from tickets.views.queues import dispatchers


@require_safe
@needs(duty_rights.AUTOMATE, rights.DISPATCH.permission)
def switches(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    after = request.GET.get("after", "")
    rows, next_key = responsibility.switch_page(before=key_of(after))
    records = reads.record_of(rows, at=at)
    titles = responsibility.titles_in_force({row.code for row in rows}, at=at)
    return render(
        request,
        "tickets/automatic.html",
        {
            "rows": [(row, titles.get(row.code, ""), records[row.pk]) for row in rows],
            "weeks": reads.weeks(at=at),
            "first_url": "?" if after else "",
            "next_url": f"?after={next_key}" if next_key else "",
            "here": "automatic",
            "may_try": True,
            "may_switch": has_right(request.user, duty_rights.AUTOMATE, at),
            "may_read": has_right(request.user, rights.DISPATCH.permission, at),
            "share": parameters.number("auto_dispatch_returns", at=at),
            "days": parameters.integer("auto_dispatch_returns_days", at=at),
            "confidence": parameters.number("auto_dispatch_confidence", at=at),
            "margin": parameters.number("auto_dispatch_margin", at=at),
            "at": at,
        },
    )


@require_safe
@dispatchers
def sample(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    monday = _monday(request.GET.get("week", ""), reads.week_of(at) - reads.WEEK)
    rows = reads.sampled(monday, request.user, at=at)
    context = {"rows": rows, "monday": monday, "weeks": reads.weeks(at=at), "at": at}
    return render(request, "tickets/automatic_sample.html", context | {"here": "automatic", "may_try": True})


def _monday(text: str, otherwise: date) -> date:
    if not text:
        return otherwise
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise Http404 from wrong
    if day.weekday():
        raise Http404
    return day


@require_POST
@dispatchers
def judge(request: HttpRequest, dispatch_id: int) -> HttpResponse:
    at = timezone.now()
    row = get_object_or_404(
        AutomaticDispatch.objects.filter(ticket__in=Ticket.objects.visible_to(request.user, at)), pk=dispatch_id
    )
    right = request.POST.get("right") == "yes"
    words = request.POST.get("words", "").replace("\0", "")
    try:
        services.judge_automatic(dispatch_id=row.pk, right=right, words=words, by=request.user, at=at)
    except DomainError as error:
        return refused(request, "没有记下。", error)
    messages.success(request, f"已记为{'派对了' if right else '派错了'}。")
    return redirect(f"{reverse('tickets:automatic-sample')}?week={reads.week_of(row.at)}")
