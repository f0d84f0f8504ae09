"""The door of every act on a ticket: GET draws its form, POST makes one service call."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from hotline import masking
from hotline.addresses import page_of_ours
from hotline.errors import DomainError
from hotline.selectors import people_with_right
from hotline.services import CHOOSE_AGAIN, PICTURES, FileRefused, store_file
from tickets import forms, services
from tickets.models import Ticket
from tickets.selectors.acts import ActButton, Situation, acts_of, situation
from tickets.selectors.lists import day_bounds
from tickets.selectors.mediations import open_mediation
from tickets.services import InputRefused

Call = Callable[[Situation, dict[str, Any]], Any]


@dataclass(frozen=True)
class Page:
    """How one act is asked for. ``done`` is what the person is told; {number} and {unit} are filled in."""

    form: type[forms.ActForm]
    call: Call
    done: str
    hint: str = ""
    verb: str = ""
    """The word on the button that sends it, where the act's name does not say it."""
    undo: str = ""
    """Address that takes this one back for half a minute."""


def _files(found: Situation, data: dict[str, Any], field: str = "files", *, only: str = "") -> list:
    try:
        return [store_file(upload=upload, by=found.user, at=found.at, only=only) for upload in data[field]]
    except FileRefused as refused:
        raise InputRefused(str(refused), field=field) from refused


def _on_ticket(service: Callable[..., Any], *names: str) -> Call:
    """A service that takes the ticket and the named fields of the form."""
    return lambda found, data: service(
        ticket_id=found.ticket.pk, by=found.user, at=found.at, **{name: data[name] for name in names}
    )


def _on_own(service: Callable[..., Any], *names: str) -> Call:
    """A service that takes the part of the person's own unit."""
    return lambda found, data: service(
        assignment_id=found.own.pk, by=found.user, at=found.at, **{name: data[name] for name in names}
    )


def _on_return(service: Callable[..., Any]) -> Call:
    return lambda found, data: service(
        request_id=found.return_request.pk, reason=data["reason"], by=found.user, at=found.at
    )


def _on_extension(service: Callable[..., Any]) -> Call:
    return lambda found, data: service(
        request_id=found.extension_request.pk, reason=data["reason"], by=found.user, at=found.at
    )


def _submit(found: Situation, data: dict[str, Any]) -> Any:
    return services.submit_result(assignment_id=found.own.pk, by=found.user, at=found.at, **data)


def _return(found: Situation, data: dict[str, Any]) -> Any:
    data |= {"files": _files(found, data)}
    return services.request_return(assignment_id=found.own.pk, by=found.user, at=found.at, **data)


def _mediation_result(found: Situation, data: dict[str, Any]) -> Any:
    return services.record_mediation(
        mediation_id=open_mediation(found.ticket).pk,
        outcome=data["outcome"],
        held_on=data["held_on"],
        mediator=data["mediator"],
        words=data["text"],
        files=_files(found, data),
        by=found.user,
        at=found.at,
    )


def _onsite(found: Situation, data: dict[str, Any]) -> Any:
    return services.record_onsite(
        assignment_id=found.own.pk,
        found=data["found_there"],
        place=data["place"],
        visited_at=data["visited_at"],
        before=_files(found, data, "before", only=PICTURES),
        after=_files(found, data, "after", only=PICTURES),
        by=found.user,
        at=found.at,
    )


def _approve(found: Situation, _data: dict[str, Any]) -> Any:
    return services.approve(approval_id=found.approval.pk, by=found.user, at=found.at)


def _send_back(found: Situation, data: dict[str, Any]) -> Any:
    return services.send_back(approval_id=found.approval.pk, reason=data["reason"], by=found.user, at=found.at)


def _merge(found: Situation, data: dict[str, Any]) -> Any:
    into = Ticket.objects.visible_to(found.user, found.at).filter(number=data["into"].strip().upper()).first()
    if into is None:
        raise InputRefused(f"找不到编号为 {data['into']} 的工单。", field="into")
    return services.merge_ticket(
        ticket_id=found.ticket.pk, into_id=into.pk, reason=data["reason"], by=found.user, at=found.at
    )


def _unmerge(found: Situation, data: dict[str, Any]) -> Any:
    return services.unmerge_ticket(
        ticket_id=found.ticket.pk,
        reason=data["reason"],
        never_same=data["apart"] == "wrong",
        by=found.user,
        at=found.at,
    )


def _reopen(found: Situation, data: dict[str, Any]) -> Any:
    return services.reopen_ticket(
        ticket_id=found.ticket.pk,
        same_unit=data["same_unit"] == "yes",
        reason=data["reason"],
        by=found.user,
        at=found.at,
    )


def _revise(found: Situation, data: dict[str, Any]) -> Any:
    return services.revise_ticket(ticket_id=found.ticket.pk, changes=data, by=found.user, at=found.at)


def _release(found: Situation, data: dict[str, Any]) -> Any:
    return services.release_hold(hold_id=data["hold"].pk, reason=data["reason"], by=found.user, at=found.at)


def _take_back_child(found: Situation, data: dict[str, Any]) -> Any:
    return services.take_back_child(
        assignment_id=data["assignment"].pk, reason=data["reason"], by=found.user, at=found.at
    )


def _hand_over(found: Situation, data: dict[str, Any]) -> Any:
    return services.hand_over_part(
        assignment_id=data["assignment"].pk,
        unit_to=data["unit"],
        reason=data["reason"],
        by=found.user,
        at=found.at,
    )


def _grant_access(found: Situation, data: dict[str, Any]) -> Any:
    _, until = day_bounds(None, data["last_day"])
    words = {"until": until, "reason": data["reason"], "by": found.user, "at": found.at}
    with transaction.atomic():
        return [services.grant_access(ticket_id=found.ticket.pk, reader=reader, **words) for reader in data["readers"]]


def _object(found: Situation, data: dict[str, Any]) -> Any:
    return services.raise_objection(assignment_id=found.ticket.lead_id, by=found.user, at=found.at, **data)


def _on_objection(service: Callable[..., Any]) -> Call:
    return lambda found, data: service(objection_id=found.objection.pk, by=found.user, at=found.at, **data)


def _meeting(found: Situation, data: dict[str, Any]) -> Any:
    data |= {"files": _files(found, data)}
    return services.record_meeting(objection_id=found.objection.pk, by=found.user, at=found.at, **data)


PAGES: dict[str, Page] = {
    "sign": Page(forms.SignForm, _on_own(services.sign_assignment, "handler"), "已签收 {number}。"),
    "handler": Page(forms.HandlerForm, _on_own(services.name_handler, "handler"), "{number} 已换经办人。"),
    "submit": Page(forms.ResultForm, _submit, "{number} 的结果已交本单位负责人审签。", verb="提交审签"),
    "report": Page(forms.CoReportForm, _on_own(services.report_as_co, "text"), "{number} 的协办意见已交主办单位。"),
    "pass-down": Page(
        forms.PassDownForm,
        _on_own(services.pass_down, "unit", "item", "co_units"),
        "{number} 已转派给{unit}。",
        "转派后本中心仍对结果负责，自己的时限照走。",
    ),
    "take-back-child": Page(forms.ChildForm, _take_back_child, "{number} 已从下级单位收回。"),
    "onsite": Page(forms.OnSiteForm, _onsite, "{number} 的现场记录已存。", verb="存现场记录"),
    "mediate": Page(
        forms.MediateForm,
        _on_own(services.ask_mediation, "resource", "asked", "consent"),
        "{number} 已提出调解。",
        "调解期间办理时限照走，本单位仍对结果负责。",
    ),
    "mediation-result": Page(
        forms.MediationResultForm, _mediation_result, "{number} 的调解结果已记。", verb="记调解结果"
    ),
    "extend": Page(
        forms.ExtensionForm, _on_own(services.request_extension, "days", "reason"), "{number} 的延期申请已提交。"
    ),
    "return": Page(
        forms.ReturnForm,
        _return,
        "{number} 的申请已提交。",
        "审核期间时限照走。一件申请一次，须写明理由和依据。过了退单期限再提的是申请收回，另外统计。",
    ),
    "approve": Page(forms.ConfirmForm, _approve, "{number} 审核通过。"),
    "send-back": Page(forms.ReasonForm, _send_back, "{number} 已退回再办。"),
    "grant-return": Page(forms.OptionalReasonForm, _on_return(services.grant_return), "已同意 {number} 退单。"),
    "refuse-return": Page(forms.ReasonForm, _on_return(services.refuse_return), "已不同意 {number} 退单。"),
    "dispute-return": Page(forms.ReasonForm, _on_return(services.dispute_return), "{number} 已提交裁定。"),
    "grant-extension": Page(
        forms.OptionalReasonForm, _on_extension(services.grant_extension), "已同意 {number} 延期。"
    ),
    "refuse-extension": Page(forms.ReasonForm, _on_extension(services.refuse_extension), "已不同意 {number} 延期。"),
    "dispatch": Page(
        forms.DispatchForm,
        _on_ticket(services.dispatch_ticket, "unit", "item", "co_units", "superior", "copies"),
        "{number} 已派给{unit}。",
        verb="派单",
        undo="tickets:dispatch-undo",
    ),
    "ask-information": Page(
        forms.QuestionForm, _on_ticket(services.ask_information, "question"), "{number} 已退回补充。"
    ),
    "information": Page(
        forms.InformationForm, _on_ticket(services.give_information, "information"), "{number} 的补充已记入。"
    ),
    "answer": Page(
        forms.AnswerForm,
        _on_ticket(services.answer_by_centre, "public_text"),
        "{number} 已由中心答复，等回访。",
        "由中心直接答复，不派单位；办完照样回访。",
    ),
    "refer": Page(forms.ReasonForm, _on_ticket(services.refer_to_ruling, "reason"), "{number} 已提交裁定。"),
    "revise": Page(forms.ReviseForm, _revise, "{number} 已更正。"),
    "rule": Page(
        forms.RuleForm, _on_ticket(services.rule_first_handler, "unit", "item", "reason"), "{number} 由{unit}首办。"
    ),
    "rule-out": Page(
        forms.RuleOutForm,
        _on_ticket(services.rule_not_government, "public_text", "reason"),
        "{number} 已提交市中心审核。",
    ),
    "object": Page(
        forms.ObjectForm,
        _object,
        "{number} 的异议已提交市热线中心协调。",
        "先办后议：本件继续办，时限照走。中心会征求有关单位意见后裁定。",
    ),
    "withdraw-objection": Page(
        forms.ReasonForm, _on_objection(services.withdraw_objection), "{number} 的异议已撤回。"
    ),
    "ask-statements": Page(
        forms.StatementsForm,
        _on_objection(services.ask_statements),
        "{number} 已征求书面意见。",
        "被征求的单位能看到事由、内容和异议理由，看不到反映人。",
    ),
    "meeting": Page(forms.MeetingForm, _meeting, "{number} 的会商已记下。", verb="存会商记录"),
    "ask-definition": Page(forms.DefinitionForm, _on_objection(services.ask_definition), "{number} 已提请职责界定。"),
    "rule-objection": Page(
        forms.RuleObjectionForm,
        _on_objection(services.rule_objection),
        "{number} 的异议已裁定，由{unit}负责。",
        "裁定后不再受理异议。还在办的换手后按新单位的完整时限走；已交结果的由原单位办完，裁定管以后的同类。群众的时限不变。",
    ),
    "co-unit": Page(forms.CoUnitForm, _on_ticket(services.add_co_unit, "unit", "task"), "{number} 已加派{unit}协办。"),
    "recall": Page(
        forms.ReasonForm,
        _on_ticket(services.recall_ticket, "reason"),
        "{number} 已撤回，重新待派。",
        "撤回不算退单。承办单位已做的记录保留。",
    ),
    "merge": Page(
        forms.MergeForm, _merge, "{number} 已并单。", "并单后每位反映人的编号、期限和回访都不变，可以拆回。"
    ),
    "unmerge": Page(forms.UnmergeForm, _unmerge, "{number} 已拆回。", "并错的会计入并错数，用来校准系统的并单提议。"),
    "defer": Page(
        forms.ReasonForm,
        _on_ticket(services.defer_ticket, "reason"),
        "{number} 已挂账。",
        "挂账以后定期复核，群众能看到理由。",
    ),
    "conclude-deferred": Page(
        forms.ConcludeForm,
        _on_ticket(services.conclude_deferred, "public_text", "reason"),
        "{number} 已办结挂账，等回访。",
        "办不了的，向群众说明理由后办结；照样回访。",
    ),
    "keep-deferred": Page(
        forms.ReasonForm,
        _on_ticket(services.keep_deferred, "reason"),
        "{number} 已复核，继续挂账。",
        "写明复核的情况和下一步计划，群众能看到。",
    ),
    "resume": Page(forms.ReasonForm, _on_ticket(services.resume_ticket, "reason"), "{number} 已恢复办理。"),
    "hold": Page(
        forms.HoldForm,
        _on_ticket(services.place_hold, "source", "reason"),
        "{number} 已保留。",
        "保留期间不能办结，时限照走。",
    ),
    "hand-over": Page(forms.HandOverForm, _hand_over, "{number} 已移交{unit}。"),
    "restrict": Page(
        forms.RestrictForm,
        _on_ticket(services.restrict_ticket, "readers", "reason"),
        "{number} 已设为保密。",
        "设为保密后，只有您和写在这里的人能看到；承办人不写在内就办不了。",
    ),
    "grant-access": Page(forms.GrantForm, _grant_access, "{number} 已授权。"),
    "lift-restriction": Page(
        forms.ReasonForm, _on_ticket(services.lift_restriction, "reason"), "{number} 已解除保密。"
    ),
    "release": Page(forms.ReleaseForm, _release, "{number} 已解除保留。"),
    "close-withdrawn": Page(
        forms.WithdrawnForm, _on_ticket(services.close_as_withdrawn, "reason"), "{number} 已按撤诉办结。"
    ),
    "reopen": Page(forms.ReopenForm, _reopen, "{number} 已重新打开。"),
    "void": Page(
        forms.ReasonForm,
        _on_ticket(services.void_ticket, "reason"),
        "{number} 已作废，可以恢复。",
        "登记错的才作废。不再办理和回访，反映人查进度时看到这张单已作废；可以恢复。",
    ),
    "restore": Page(forms.ReasonForm, _on_ticket(services.restore_ticket, "reason"), "{number} 已恢复。"),
    "note": Page(forms.NoteForm, _on_ticket(services.add_note, "text"), "{number} 的批注已存。", verb="存批注"),
    "instruct": Page(forms.InstructForm, _on_ticket(services.instruct_ticket, "text"), "{number} 的批示已存。"),
}
"""Code of tickets.selectors.acts → its form and service. `contact` is served by the room that keeps contacts."""


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, code: str) -> HttpResponse:
    at = timezone.now()
    ticket = get_object_or_404(
        Ticket.objects.visible_to(request.user, at).select_related(
            "lead__unit", "holder__unit", "proposed_unit", "proposed_item", "item", "region", "category"
        ),
        number=number,
    )
    page = PAGES.get(code)
    if page is None:
        raise Http404
    found = situation(ticket, request.user, at)
    button = next((each for each in acts_of(found) if each.code == code), None)
    if button is None:
        return _refused(request, ticket, page, "没有办成。", _not_offered(ticket))
    if button.why:
        return _refused(request, ticket, page, "现在不能办这一步。", button.why)
    if request.method == "GET":
        return _draw(request, found, button, page, page.form(found=found))
    return _do(request, found, button, page)


def _do(request: HttpRequest, found: Situation, button: ActButton, page: Page) -> HttpResponse:
    form = page.form(request.POST, request.FILES, found=found)
    if not form.is_valid():
        return _draw_again(request, found, button, page, form)
    try:
        with transaction.atomic():  # files are kept with the act or not at all
            page.call(found, dict(form.cleaned_data))
    except InputRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return _draw_again(request, found, button, page, form)
    except DomainError as refused:
        return _refused(request, found.ticket, page, "没有办成。", str(refused))
    return _done(request, found.ticket, page, form)


def _draw_again(
    request: HttpRequest, found: Situation, button: ActButton, page: Page, form: forms.ActForm
) -> HttpResponse:
    """A browser fills in the words again, and never a file."""
    for name in request.FILES.keys() & form.fields.keys():
        form.add_error(name, CHOOSE_AGAIN)
    return _draw(request, found, button, page, form, status=422)


def _not_offered(ticket: Ticket) -> str:
    last = ticket.events.select_related("actor").order_by("-id").first()
    state = f"工单当前为“{ticket.get_state_display()}”"
    if last is None or last.actor is None:
        return f"{state}，您的岗位不办这一步。"
    when = timezone.localtime(last.at)
    return f"{state}，最近由{last.actor.masked_name}于 {when:%m-%d %H:%M} 办理；您现在不能办这一步。"


def _draw(
    request: HttpRequest, found: Situation, button: ActButton, page: Page, form: forms.ActForm, *, status: int = 200
) -> HttpResponse:
    template = "components/act_form.html" if request.htmx else "tickets/act_page.html"
    context = {
        "ticket": found.ticket,
        "title": f"{button.label} {found.ticket.number}",
        "form": form,
        "url": request.get_full_path(),
        "name": button.label,
        "verb": page.verb or button.label,
        "hint": page.hint,
        "back": reverse("tickets:ticket", args=[found.ticket.number]),
    }
    return render(request, template, context, status=status)


def _refused(request: HttpRequest, ticket: Ticket, page: Page, head: str, text: str) -> HttpResponse:
    """The dialog keeps its form; a page of its own gives back what was typed."""
    context = {
        "head": head,
        "text": text,
        "ticket": ticket,
        "faster": True,
        "typed": forms.typed_words(page.form, request.POST),
    }
    template = "components/refused.html" if request.htmx else "tickets/refused_page.html"
    return render(request, template, context, status=409)


def _done(request: HttpRequest, ticket: Ticket, page: Page, form: forms.ActForm) -> HttpResponse:
    data = form.cleaned_data
    unit = data.get("unit")
    undo = f"undo={reverse(page.undo, args=[ticket.number])}" if page.undo else ""
    words = page.done.format(number=ticket.number, unit=unit.name if unit else "")
    hidden = masking.hidden_in_answer(data.get("public_text", ""))
    if hidden:
        words += f"答复里的手机号、证件号不给群众看，群众读到的是 {'、'.join(hidden)}；要留电话的请写办公座机。"
    words += forms.about_hidden(form.hidden)
    messages.success(request, words, extra_tags=undo)
    if unit and not people_with_right("tickets.sign_ticket", [unit], at=timezone.now()).exists():
        messages.warning(
            request, f"{unit.name}还没有能签收的人员，请系统管理员增加人员、安全管理员给角色，不然没有人办。"
        )
    target = _where_to(request, ticket)
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": target, "HX-Trigger": "act-done"})
    return redirect(target)


def _where_to(request: HttpRequest, ticket: Ticket) -> str:
    """Back to the list the person works through, if they came from one; else the ticket if they still see it."""
    for named in (request.GET.get("next", ""), request.htmx.current_url or ""):
        if target := page_of_ours(request, named):
            return target
    return reverse("tickets:ticket", args=[ticket.number])
