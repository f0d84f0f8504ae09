"""Pages of first handlers' disputes: the centre's objections and precedents, and what units and offices were asked."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from hotline.errors import DomainError
from hotline.models import Unit, User
from hotline.views.gate import holds_any, opens_with
from responsibility.rights import OPINIONS
from tickets import rights, services
from tickets.fields import UnitField, say_plainly, words
from tickets.forms import about_hidden, masks_in, units_that_handle
from tickets.models import DutyQuestion, Statement
from tickets.selectors import objections as selectors
from tickets.selectors import precedents as rulings
from tickets.selectors import queues
from tickets.views.answers import after, paged
from tickets.views.inbox import handlers
from tickets.views.queues import acts_by_code, rulers, ruling_segments, visible

SETTLING = ("rule-objection", "ask-statements", "meeting", "ask-definition", "note")
MOST_WORDS = 5


def _why_no_precedents(user: User, at: datetime) -> str:
    may_rule = queues.refusal_of(rights.RULE, None, user, at)
    return may_rule and queues.refusal_of(rights.DISPATCH, None, user, at)


definers = opens_with(holds_any(*OPINIONS.values(), else_say="职责界定由编办和司法局答复。"))


@require_safe
@rulers
def objections(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    page = selectors.objection_page(request.user, after=after(request), at=at)
    context = {"at": at, "segment": "objections", "segments": ruling_segments(request.user, at)}
    return render(request, "tickets/objections.html", context | paged(request, page))


@require_safe
@rulers
def objection(request: HttpRequest, number: str) -> HttpResponse:
    """Everything that the centre rules by, beside the list or on a page of its own."""
    at = timezone.now()
    ticket = visible(request.user, at, number)
    case = selectors.objection_case(ticket)
    if case is None:
        raise Http404
    context = {
        "ticket": ticket,
        "case": case,
        "acts": acts_by_code(ticket, request.user, at, SETTLING),
        "at": at,
    }
    template = "tickets/partials/objection_peek.html" if request.htmx else "tickets/objection.html"
    return render(request, template, context)


@require_safe
@opens_with(_why_no_precedents)
def precedents(request: HttpRequest) -> HttpResponse:
    """What was ruled, to be searched by words."""
    at = timezone.now()
    asked = request.GET.get("q", "").replace("\0", "").strip()[:100]
    page = rulings.precedent_page(request.user, words=asked.split()[:MOST_WORDS], after=after(request), at=at)
    may_rule = not queues.refusal_of(rights.RULE, None, request.user, at)
    context = {
        "at": at,
        "q": asked,
        "segment": "precedents",
        "segments": ruling_segments(request.user, at) if may_rule else [],
    }
    return render(request, "tickets/precedents.html", context | paged(request, page))


# --- whoever was asked


class StatementForm(forms.Form):
    use_required_attribute = False
    text = words("本单位的意见和依据", rows=6, help_text="写明是否属于本单位职责、依据哪条规定、应由谁负责。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            say_plainly(field)


class AnswerForm(StatementForm):
    text = words("界定意见和依据", rows=6)
    unit = UnitField(label="应由哪个单位负责", units=Unit.objects.none(), required=False)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].units = units_that_handle(at)


@require_safe
@handlers
def statements(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    page = selectors.statement_page(request.user, after=after(request), at=at)
    return render(request, "tickets/statements.html", {"at": at} | paged(request, page))


@require_http_methods(["GET", "POST"])
@handlers
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """What the person's unit was asked about a matter, to read and to answer in writing."""
    at = timezone.now()
    found = selectors.statements_of(request.user, at).filter(objection__ticket__number=number).order_by("-pk").first()
    if found is None:
        raise Http404
    form = StatementForm(request.POST if request.method == "POST" else None)

    def give(typed: dict[str, Any]) -> str:
        services.give_statement(statement_id=found.pk, text=typed["text"], by=request.user, at=at)
        return f"{number} 的书面意见已交市热线中心。"

    page = {"answered_at": found.given_at, "back": reverse("tickets:statements"), "at": at}
    return _answer(request, "tickets/statement.html", page, found, form, give)


@require_safe
@definers
def definitions(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    page = selectors.definition_page(request.user, after=after(request), at=at)
    return render(request, "tickets/definitions.html", {"at": at} | paged(request, page))


@require_http_methods(["GET", "POST"])
@definers
def definition(request: HttpRequest, number: str) -> HttpResponse:
    """The question put to the person's office, with what units have said, to read and to answer."""
    at = timezone.now()
    found = selectors.definitions_of(request.user, at).filter(objection__ticket__number=number).order_by("-pk").first()
    if found is None:
        raise Http404
    form = AnswerForm(request.POST if request.method == "POST" else None, at=at)

    def answer(typed: dict[str, Any]) -> str:
        services.answer_definition(
            duty_question_id=found.pk, answer=typed["text"], unit=typed["unit"], by=request.user, at=at
        )
        return f"{number} 的职责界定已答复市热线中心。"

    page = {"answered_at": found.answered_at, "back": reverse("tickets:definitions"), "at": at}
    return _answer(request, "tickets/definition.html", page, found, form, answer)


def _answer(
    request: HttpRequest,
    template: str,
    page: dict[str, Any],
    asked: Statement | DutyQuestion,
    form: forms.Form,
    service: Callable[[dict[str, Any]], str],
) -> HttpResponse:
    """What was asked; once typed and taken, ``service`` says so in a sentence and the list comes back."""
    if request.method == "POST" and form.is_valid():
        try:
            said = service(form.cleaned_data)
        except DomainError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, said + about_hidden(masks_in(form.cleaned_data.values())))
            return redirect(page["back"])
    context = page | {
        "asked": asked,
        "matter": selectors.asked_matter(asked),
        "clock": asked.clocks.order_by("-pk").first(),
        "is_open": selectors.is_open(asked.objection) and page["answered_at"] is None,
        "form": form,
    }
    return render(request, template, context, status=422 if form.errors else 200)
