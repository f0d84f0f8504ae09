"""The centre's queues: dispatch, returns (a county's too), rulings."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hotline.errors import DomainError
from hotline.models import Unit, User
from hotline.numbers import key_of
from hotline.templatetags.hotline import date_cn
from hotline.views.gate import holds_any, opens_with
from responsibility import selectors as responsibility
from responsibility.models import DutyItem
from tickets import rights, services
from tickets.models import ReturnRequest, Ticket, TicketEvent
from tickets.selectors import queues
from tickets.selectors.acts import ActButton, available_acts
from tickets.selectors.objections import running_objections
from tickets.selectors.queues import Segment
from tickets.services import InputRefused
from tickets.states import TicketState
from tickets.timeline import ACTS
from tickets.views.answers import (
    after,
    batch_result,
    each_of,
    paged,
    refused,
    ticked,
    with_addresses,
)

UNDO = timedelta(seconds=40)
"""The page offers 撤回 for 30 seconds; the rest is the way of the request."""
LAST_BATCH = "last_dispatch_batch"
DISPATCH_KEYS = {"dispatch": "u", "refer": "l", "merge": "m", "ask-information": "b", "answer": "f", "revise": "v"}
ASKED_KEYS = {"information": "i", "revise": "v"}

dispatchers = opens_with(lambda user, at: queues.refusal_of(rights.DISPATCH, None, user, at))
return_deciders = opens_with(holds_any("tickets.decide_return", else_say="退单由市热线中心和县级热线中心审核。"))
rulers = opens_with(lambda user, at: queues.refusal_of(rights.RULE, None, user, at))


def acts_by_code(ticket: Ticket, user: User, at: Any, codes: Any) -> list[ActButton]:
    found = {button.code: button for button in available_acts(ticket, user, at)}
    return [found[code] for code in codes if code in found]


def visible(user: User, at: Any, number: str) -> Ticket:
    return get_object_or_404(
        Ticket.objects.visible_to(user, at).select_related(
            "region__parent", "category", "proposed_unit", "proposed_item", "lead__unit", "holder__unit"
        ),
        number=number,
    )


# --- dispatch


@require_safe
@dispatchers
def dispatch_queue(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    segment = request.GET.get("s", "")
    page = queues.dispatch_page(request.user, segment=segment, after=after(request), at=at)
    chosen = next((row.ticket.number for row in page.rows if row.ticket.number == request.GET.get("at")), "")
    context = _dispatch_context(request, segment, at) | paged(request, page)
    context |= {"chosen_row": chosen, "undo": _unsigned_of_last_batch(request)}
    if chosen:
        context |= _case_context(request, visible(request.user, at, chosen), at)
    return render(request, "tickets/dispatch_queue.html", context)


def _dispatch_context(request: HttpRequest, segment: str, at: Any) -> dict[str, Any]:
    segments = queues.dispatch_segments(request.user, at)
    return {
        "at": at,
        "segment": segment,
        "segments": with_addresses(request, segments),
        "waiting": segments[0].count,
        "sure": queues.sure_score(at),
    }


def _case_context(request: HttpRequest, ticket: Ticket, at: Any) -> dict[str, Any]:
    if ticket.state == TicketState.PENDING_INFO:
        acts = acts_by_code(ticket, request.user, at, ASKED_KEYS)
        return {
            "ticket": ticket,
            "asked": queues.question_asked(ticket),
            "acts": [(act, act.label, ASKED_KEYS[act.code]) for act in acts],
            "at": at,
        }
    if ticket.state != TicketState.PENDING_DISPATCH:
        last = ticket.events.select_related("actor", "unit").order_by("-id").first()
        return {"ticket": ticket, "last": last, "last_act": ACTS[last.act].label, "at": at}
    acts = acts_by_code(ticket, request.user, at, DISPATCH_KEYS)
    return {
        "ticket": ticket,
        "case": queues.dispatch_case(ticket, at=at),
        "acts": [(act, act.label, DISPATCH_KEYS[act.code]) for act in acts],
        "at": at,
    }


class ChoiceForm(forms.Form):
    """The unit and item of a candidate's button."""

    unit = forms.ModelChoiceField(queryset=Unit.objects.all())
    item = forms.ModelChoiceField(queryset=DutyItem.objects.none(), required=False)

    def __init__(self, *args, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = responsibility.items_in_force(at)


@require_http_methods(["GET", "POST"])
@dispatchers
def dispatch_one(request: HttpRequest, number: str) -> HttpResponse:
    """GET the peek of a waiting ticket; POST gives it to the chosen unit and answers with the next one."""
    at = timezone.now()
    ticket = visible(request.user, at, number)
    if request.method == "GET":
        return render(request, "tickets/partials/dispatch_peek.html", _case_context(request, ticket, at))
    form = ChoiceForm(request.POST, at=at)
    if not form.is_valid():
        return refused(request, "没有派出。", InputRefused("没有这个单位或事项，请用“选单位派单”重新选择。"))
    unit, item = form.cleaned_data["unit"], form.cleaned_data["item"]
    try:
        services.dispatch_ticket(ticket_id=ticket.pk, unit=unit, item=item, by=request.user, at=at)
    except DomainError as error:
        if request.htmx and not queues.dispatch_queue(request.user, at).filter(pk=ticket.pk).exists():
            # Somebody was faster: the row is nothing to decide on any more, the next one is.
            messages.warning(request, f"{number} 没有派出。{error}")
            return _next_case(request, number, at)
        return refused(request, f"{number} 没有派出。", error)
    sign_by = next(promise.due_at for promise in queues.promises(ticket, item=item, at=at))
    undo = f"undo={reverse('tickets:dispatch-undo', args=[number])}"
    messages.success(request, f"已派给{unit.name}（{number}）。签收限 {date_cn(sign_by, at)}。", extra_tags=undo)
    return _next_case(request, number, at)


def _next_case(request: HttpRequest, number: str, at: Any) -> HttpResponse:
    """The next row of the list as the person has it before them; the list anew when there is none or it is gone."""
    back = _back_to_queue(request)
    next_number = request.POST.get("next", "").replace("\0", "")
    following = queues.dispatch_queue(request.user, at).filter(number=next_number).exists()
    if not request.htmx:
        return redirect(back)
    if not following:
        return HttpResponse(headers={"HX-Redirect": back})
    ticket = visible(request.user, at, next_number)
    segment = request.POST.get("s", "")
    context = _dispatch_context(request, segment, at) | _case_context(request, ticket, at)
    context |= {"gone": number, "segments": _queue_segments(context["segments"])}
    return render(request, "tickets/partials/dispatch_done.html", context)


def _queue_segments(segments: list[Any]) -> list[Any]:
    queue = reverse("tickets:dispatch-queue")
    return [(segment, f"{queue}?s={segment.code}" if segment.code else queue) for segment, _ in segments]


def _back_to_queue(request: HttpRequest, at: str = "") -> str:
    query = [f"s={request.POST['s']}"] if request.POST.get("s", "").isalpha() else []
    query += [f"at={at}"] if at else []
    return reverse("tickets:dispatch-queue") + (f"?{'&'.join(query)}" if query else "")


@require_POST
@dispatchers
def dispatch_undo(request: HttpRequest, number: str) -> HttpResponse:
    """Take back what the same person has just dispatched and nobody signed, without having to say why."""
    at = timezone.now()
    ticket = visible(request.user, at, number)
    last = ticket.events.filter(act="dispatch").order_by("-id").first()
    if last is None or last.actor_id != request.user.pk or at - last.at > UNDO:
        return refused(request, "没有撤回。", "已过 30 秒。要撤回请在工单页用“撤回派单”，并写明原因。")
    try:
        # What the unit has signed meanwhile is its act, and no slip of this person's any more.
        services.recall_ticket(
            ticket_id=ticket.pk,
            reason="派出后立即撤回",
            unsigned_part=last.assignment_id,
            by=request.user,
            at=at,
        )
    except DomainError as error:
        return refused(request, f"{number} 没有撤回。", error)
    messages.success(request, f"{number} 已撤回，重新待派；不计退单。")
    return redirect(_back_to_queue(request, at=number))


@require_POST
@dispatchers
def dispatch_batch(request: HttpRequest) -> HttpResponse:
    """Each ticked ticket to the unit proposed for it."""
    at = timezone.now()
    numbers = ticked(request, "ticket")
    tickets = {
        ticket.number: ticket
        for ticket in Ticket.objects.visible_to(request.user, at)
        .filter(number__in=numbers)
        .select_related("proposed_unit", "proposed_item")
    }

    sent: list[int] = []

    def send(number: str) -> str:
        ticket = tickets.get(number)
        if ticket is None:
            raise InputRefused("没有这一件，或不在您能看到的范围。")
        if ticket.proposed_unit is None and ticket.state == TicketState.PENDING_DISPATCH:
            raise InputRefused(f"没有建议单位，请逐件选择。{ticket.proposal_note}")
        event = services.dispatch_ticket(
            ticket_id=ticket.pk, unit=ticket.proposed_unit, item=ticket.proposed_item, by=request.user, at=at
        )
        sent.append(event.pk)
        return f"已派给{ticket.proposed_unit.name}"

    lines = each_of(numbers, send, subjects=tickets)
    if sent:
        request.session[LAST_BATCH] = sent
    return batch_result(request, lines, verb="派单", back_url=_back_to_queue(request), undo=sent)


def _unsigned_of_last_batch(request: HttpRequest) -> list[int]:
    """Dispatches of the person's last batch that can still be taken back; forgotten once there are none."""
    sent = request.session.get(LAST_BATCH)
    if not sent:
        return []
    waiting = TicketEvent.objects.filter(
        pk__in=sent, ticket__state=TicketState.PENDING_SIGN, ticket__lead=F("assignment")
    )
    unsigned = list(waiting.order_by("pk").values_list("pk", flat=True))
    if not unsigned:
        del request.session[LAST_BATCH]
    return unsigned


@require_POST
@dispatchers
def dispatch_batch_undo(request: HttpRequest) -> HttpResponse:
    """Take back what the same person dispatched together, as far as no unit has signed it."""
    at = timezone.now()
    ids = [value for value in ticked(request, "dispatch") if key_of(value) is not None]
    sent = {
        str(event.pk): event
        for event in TicketEvent.objects.filter(
            pk__in=ids,
            act="dispatch",
            actor=request.user,
            ticket__in=Ticket.objects.visible_to(request.user, at),
        ).select_related("ticket")
    }

    def take_back(event_id: str) -> str:
        event = sent.get(event_id)
        if event is None:
            raise InputRefused("没有这一件，或不是您派出的。")
        services.recall_ticket(
            ticket_id=event.ticket_id,
            reason="成批派出后撤回",
            unsigned_part=event.assignment_id,
            by=request.user,
            at=at,
        )
        return "已撤回，重新待派；不计退单"

    lines = each_of(ids, take_back, subjects={event_id: event.ticket for event_id, event in sent.items()})
    return batch_result(request, lines, verb="撤回", back_url=_back_to_queue(request))


# --- what units give back

RETURN_LABELS = {"grant-return": "同意", "refuse-return": "不同意", "dispute-return": "提交裁定"}


@require_safe
@return_deciders
def returns(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    page = queues.return_page(request.user, after=after(request), at=at)
    context = {"at": at, "has_table": not rights.at_the_centre(None, request.user)}
    return render(request, "tickets/returns.html", context | paged(request, page))


@require_safe
@return_deciders
def return_peek(request: HttpRequest, request_id: int) -> HttpResponse:
    at = timezone.now()
    asked: ReturnRequest = get_object_or_404(
        queues.pending_returns(request.user, at).select_related(
            "assignment__ticket__region__parent", "assignment__item", "assignment__ticket__lead"
        ),
        pk=request_id,
    )
    case = queues.return_case(asked, request.user, at=at)
    acts = acts_by_code(case.ticket, request.user, at, RETURN_LABELS)
    context = {"case": case, "ticket": case.ticket, "acts": [(act, RETURN_LABELS[act.code]) for act in acts]}
    return render(request, "tickets/partials/return_peek.html", context | {"at": at})


# --- rulings

RULING_ACTS = ("rule", "rule-out", "merge", "note")


@require_safe
@rulers
def rulings(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    page = queues.ruling_page(request.user, after=after(request), at=at)
    context = {"at": at, "segment": "", "segments": ruling_segments(request.user, at)}
    return render(request, "tickets/rulings.html", context | paged(request, page))


def ruling_segments(user: User, at: Any) -> list[tuple[Segment, str]]:
    """Tabs of whoever rules: what waits for a ruling, what is objected to one, and what was ruled."""
    waiting = queues.ruling_queue(user, at).aggregate(all=Count("pk"), over=Count("pk", filter=Q(sort_at__lt=at)))
    objected = running_objections(user, at).aggregate(all=Count("pk"), over=Count("pk", filter=Q(due_at__lt=at)))
    return [
        (Segment("", "待裁定", waiting["all"], "red" if waiting["over"] else ""), reverse("tickets:rulings")),
        (
            Segment("objections", "首办异议", objected["all"], "red" if objected["over"] else ""),
            reverse("tickets:objections"),
        ),
        (Segment("precedents", "先例"), reverse("tickets:precedents")),
    ]


@require_safe
@rulers
def ruling_peek(request: HttpRequest, number: str) -> HttpResponse:
    at = timezone.now()
    ticket = visible(request.user, at, number)
    context = {
        "ticket": ticket,
        "case": queues.ruling_case(ticket, at=at),
        "acts": acts_by_code(ticket, request.user, at, RULING_ACTS),
        "at": at,
    }
    return render(request, "tickets/partials/ruling_peek.html", context)
