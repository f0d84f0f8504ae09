"""The ticket page: head, content, appeals and acts in one answer. It lives here, in the lowest room that knows appeals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_merge import selectors, services
from channels_merge.models import Appeal
from channels_merge.selectors import grid
from channels_merge.selectors.repeats import repeats_of
from channels_merge.states import AppealState, ContactWay, InteractionKind
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.models import User
from hotline.rights import has_right
from hotline.templatetags.hotline import moment
from tickets.fields import picks, words
from tickets.forms import ActForm, typed_words
from tickets.models import Ticket
from tickets.rights import at_the_centre
from tickets.selectors.acts import Situation, acts_of, situation
from tickets.selectors.page import (
    FILTERS,
    Item,
    TicketPage,
    mediations_read,
    open_holds,
    road,
    ticket_page,
    timeline,
)
from tickets.services import ActNotAllowed, TransitionRefused
from tickets.services.presence import look
from tickets.states import STATE_TONE, ApprovalStep, AssignmentRole, ClockKind, TicketState

PEOPLE_ROLES = frozenset({AssignmentRole.LEAD})


def _visible(request: HttpRequest, number: str, at: datetime) -> Ticket:
    """404 for what the person may not see, as for what does not exist."""
    return get_object_or_404(
        Ticket.objects.visible_to(request.user, at).select_related(
            "category__parent__parent",
            "region__parent",
            "item__duty_list",
            "lead__unit",
            "holder__unit",
            "proposed_unit",
            "proposed_item",
            "merged_into",
        ),
        number=number,
    )


@require_safe
def page(request: HttpRequest, number: str) -> HttpResponse:
    at = timezone.now()
    ticket = _visible(request, number, at)
    found = situation(ticket, request.user, at)
    shown = ticket_page(found)
    people = sees_people(found, shown)
    appeals = selectors.appeals_of_ticket(ticket.pk)
    items = sorted(
        [
            *_without_doubles(timeline(found, sees_all=shown.sees_all), appeals, people=people),
            *_told_by_citizens(appeals, people=people),
        ],
        key=lambda item: item.at,
        reverse=True,
    )
    wanted = request.GET.get("show", "")
    wanted = wanted if wanted in FILTERS else ""
    holder = next((part.assignment for part in shown.parts if part.assignment.pk == ticket.holder_id), None)
    acting = found.own or holder
    buttons = acts_of(found)
    withdrawn = sum(appeal.state == AppealState.WITHDRAWN for appeal in appeals)
    return render(
        request,
        "channels_merge/ticket.html",
        {
            "ticket": ticket,
            "page": shown,
            "found": found,
            "appeals": appeals,
            "sees_people": people,
            "callers": len(appeals) - withdrawn,
            "withdrawn": withdrawn,
            "holds": open_holds(ticket),
            "repeated": repeats_of(appeals) if people else [],
            "promised": min((clock.due_at for clock in map(_citizen_clock, appeals) if clock), default=None),
            "buttons": buttons,
            "forbidden": [button for button in buttons if button.why],
            "items": [item for item in items if _in_filter(item, wanted)],
            "filters": [(key, label, sum(_in_filter(item, key) for item in items)) for key, label in FILTERS.items()],
            "wanted": wanted,
            "steps": road(shown, at=at, moment=moment),
            "tone": STATE_TONE[TicketState(ticket.state)],
            "unit_clock": shown.clock(ClockKind.HANDLE, acting) if acting else shown.clock(ClockKind.DISPATCH),
            "review_clock": shown.clock(ClockKind.DEFERRED_REVIEW) if ticket.state == TicketState.DEFERRED else None,
            "acting": acting,
            "turn": whose_turn(found),
            "mediations": mediations_read(found, sees_all=shown.sees_all),
            "grid_checks": grid.checks_of_ticket(ticket, request.user),
            "may_send_check": grid.part_to_check(ticket, request.user, at) is not None,
            "may_print": has_right(request.user, "tickets.print_ticket", at),
            "present": look(ticket=ticket, by=request.user, at=at),
            "at": at,
        },
    )


def _citizen_clock(appeal: Appeal):
    running = [clock for clock in appeal.clocks.all() if clock.outcome != "superseded"]
    return running[-1] if running else None


def sees_people(found: Situation, shown: TicketPage) -> bool:
    """Who sees that there are people behind it, masked: the centre and the lead chain; co-units never.

    Whoever calls back is given the one to call on the worklist.
    """
    if found.own is None or not at_the_centre(found.ticket, found.user):
        return shown.sees_all
    return found.own.role in PEOPLE_ROLES


def _without_doubles(items: list[Item], appeals: Sequence[Appeal], *, people: bool) -> list[Item]:
    """What the callers' own lines say needs no second line: an addition that was waited for, a record of contact."""
    told = {(said.at, said.text) for appeal in appeals for said in appeal.interactions.all()}
    return [
        item
        for item in items
        if not (people and item.code == "record_contact")
        and not (item.code == "give_information" and (item.at, item.say) in told)
    ]


def _told_by_citizens(appeals: Sequence[Appeal], *, people: bool) -> list[Item]:
    """Who joined the first caller, urges and additions, as lines of the timeline."""
    lines = []
    for place, appeal in enumerate(appeals):
        for said in appeal.interactions.all():
            if said.kind == InteractionKind.PROGRESS or (said.kind == InteractionKind.NEW and not place):
                continue
            lines.append(
                Item(
                    at=said.at,
                    act={
                        "new": "又有人反映",
                        "urge": "催单",
                        "supplement": "补充情况",
                        "withdraw": "撤回诉求",
                        "rating": "评价",
                        "asked": "请反映人补充",
                    }[said.kind],
                    about=f"{appeal.number}，{said.channel.name}",
                    who=said.by.masked_name if said.by else "",
                    say=said.text,
                    tone="due" if said.kind == InteractionKind.URGE else "work",
                    public=said.kind != InteractionKind.NEW,
                    group="contact",
                )
            )
        if people:
            lines += [
                Item(
                    at=record.at,
                    act="联系反映人",
                    about=f"{appeal.number}，{record.get_way_display()}联系{'' if record.reached else '，没有接通'}",
                    who=f"{record.by.masked_name} · {record.unit.short_name}"
                    if record.unit
                    else record.by.masked_name,
                    say=record.summary,
                    tone="work" if record.reached else "",
                    public=record.reached,
                    group="contact",
                )
                for record in appeal.contact_records.all()
            ]
    return lines


def _in_filter(item: Item, wanted: str) -> bool:
    if not wanted:
        return True
    return item.public if wanted == "public" else item.group == wanted


WAITS_FOR = {
    TicketState.PENDING_DISPATCH: "等市中心派单",
    TicketState.RETURN_REVIEW: "退单等市中心审核",
    TicketState.PENDING_RULING: "等市中心裁定首办单位",
    TicketState.PENDING_FOLLOWUP: "等 12345 回访反映人",
    TicketState.DEFERRED: "挂账，等市中心复核",
}


def whose_turn(found: Situation) -> str:
    """One sentence: who has to do what now."""
    ticket = found.ticket
    if ticket.state in WAITS_FOR:
        return WAITS_FOR[ticket.state]
    if ticket.state == TicketState.COMPLETION_REVIEW and found.approval is not None:
        by_head = found.approval.step == ApprovalStep.UNIT_HEAD
        return f"等{found.approval.unit.short_name}{'负责人审签' if by_head else '审核'}"
    if ticket.state == TicketState.MERGED:
        return f"已并入 {ticket.merged_into.number}，在那一件里办"
    if not ticket.is_open:
        return ticket.get_closing_kind_display() or ticket.get_state_display()
    return _holder_turn(found)


def _holder_turn(found: Situation) -> str:
    holder = found.ticket.holder
    if holder is None:
        return found.ticket.get_state_display()
    if found.own is not None and found.own.pk == holder.pk:
        return f"轮到您：{found.user.masked_name}" if holder.handler_id in {None, found.user.pk} else "本单位在办"
    return f"{holder.unit.name}在办"


class ContactForm(ActForm):
    appeal = forms.ModelChoiceField(label="联系的是谁", queryset=Appeal.objects.none(), empty_label=None)
    reached = picks("联系上了吗", [("yes", "联系上了"), ("no", "没有接通")], initial="yes")
    way = picks("怎样联系", ContactWay.choices, initial=ContactWay.PHONE)
    summary = words(
        "说了什么", required=False, help_text="联系上的必须写。写了号码、证件号的，移到反映人名下，这里只留掩码。"
    )
    as_typed = frozenset({"summary"})

    def prepare(self) -> None:
        field = self.fields["appeal"]
        carried = selectors.carried_by(self.found.ticket.pk)
        # Who withdrew is not called any more; only where all did, one of them is.
        callers = carried.live() if carried.live().exists() else carried
        field.queryset = callers.select_related("contact").order_by("received_at", "pk")
        field.label_from_instance = _appeal_label

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("reached") == "yes" and not typed.get("summary", "").strip():
            self.add_error("summary", "已联系上的，须写明联系情况。")
        return typed


def _appeal_label(appeal: Appeal) -> str:
    if appeal.contact is None:
        return f"{appeal.number}（没有留下电话）"
    return f"{appeal.number} {appeal.contact.masked_name} {appeal.contact.masked_phone}"


@require_http_methods(["GET", "POST"])
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Record that the citizen was called; the ticket room stops the first-contact clock."""
    at = timezone.now()
    ticket = _visible(request, number, at)
    found = situation(ticket, request.user, at)
    if not any(button.code == "contact" for button in acts_of(found)):
        return _not_recorded(request, ticket, "签收以后，由主办单位记联系。")
    form = ContactForm(request.POST or None, found=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_contact(
                appeal_id=form.cleaned_data["appeal"].pk,
                assignment_id=found.own.pk,
                way=form.cleaned_data["way"],
                reached=form.cleaned_data["reached"] == "yes",
                summary=form.cleaned_data["summary"],
                by=request.user,
                at=at,
            )
        except (TransitionRefused, ActNotAllowed) as refused:
            return _not_recorded(request, ticket, str(refused))
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{ticket.number} 的联系已记下。")
            target = reverse("tickets:ticket", args=[ticket.number])
            if request.htmx:
                return HttpResponse(headers={"HX-Redirect": target, "HX-Trigger": "act-done"})
            return redirect(target)
    template = "components/act_form.html" if request.htmx else "tickets/act_page.html"
    context = {
        "ticket": ticket,
        "form": form,
        "url": request.path,
        "title": f"记联系 {ticket.number}",
        "name": "记联系",
        "verb": "记联系",
    }
    context["back"] = reverse("tickets:ticket", args=[ticket.number])
    return render(request, template, context, status=422 if form.errors else 200)


def _not_recorded(request: HttpRequest, ticket: Ticket, why: str) -> HttpResponse:
    typed = typed_words(ContactForm, request.POST)
    context = {"head": "没有记下。", "text": why, "ticket": ticket, "faster": True, "typed": typed}
    template = "components/refused.html" if request.htmx else "tickets/refused_page.html"
    return render(request, template, context, status=409)


@require_POST
def reveal(request: HttpRequest, number: str, appeal_number: str) -> HttpResponse:
    """One caller's name and phone in clear, logged; the row is redrawn with them."""
    at = timezone.now()
    ticket = _visible(request, number, at)
    appeal = get_object_or_404(selectors.carried_by(ticket.pk), number=appeal_number)
    context = {"appeal": appeal, "ticket": ticket}
    try:
        context["revealed"] = services.reveal_contact(
            appeal_id=appeal.pk,
            reason=request.htmx.prompt or request.POST.get("reason", ""),
            by=_user(request),
            at=at,
            address=client_address(request),
        )
    except DomainError as refused:
        context["refused"] = str(refused)
        return render(request, "channels_merge/partials/revealed.html", context, status=422)
    return render(request, "channels_merge/partials/revealed.html", context)


def _user(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]
