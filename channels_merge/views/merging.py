"""并单: pairs settled by keyboard, matters that many report, who comes again, and how well it goes."""

from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_merge import rights
from channels_merge.forms import MergeSwitchForm, ReasonForm
from channels_merge.models import FrequentCaller, MergeProposal, MergeSwitch, ThresholdProposal
from channels_merge.selectors import merge_figures, merging, repeats
from channels_merge.services import merging as services
from channels_merge.services import repeats as repeat_services
from hotline import parameters
from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act
from hotline.views.gate import needs
from tickets.selectors.lists import Key, take
from tickets.states import Secrecy

READERS = (rights.REVIEW_MERGES, rights.MANAGE_MERGING)
SAME = "same"


def merging_badge(user):
    """Pairs that wait, for who settles them; numbers that came too often, for who looks at them."""
    at = timezone.now()
    if has_right(user, rights.REVIEW_MERGES, at):
        return merging.waiting_count(), False
    return (repeats.unseen_callers().count(), False) if has_right(user, rights.MANAGE_MERGING, at) else (0, False)


def _nav(request, here):
    return {
        "here": here,
        "waiting": merging.waiting_count(),
        "manages": has_right(request.user, rights.MANAGE_MERGING, timezone.now()),
    }


# --- the worklist


@needs(*READERS)
@require_safe
def worklist(request):
    at = timezone.now()
    found = merging.worklist().select_related("appeal__channel")
    page = take(found, by="sort_at", pk="id", after=Key.parse(asked(request, "after")))
    wanted = asked(request, "at")
    chosen = next((row for row in page.rows if str(row.pk) == wanted), page.rows[0] if page.rows else None)
    context = {
        "rows": page.rows,
        "first_url": "?" if asked(request, "after") else "",
        "next_url": f"?after={page.next_key}" if page.next_key else "",
        "chosen": chosen,
        "at": at,
    }
    if chosen is not None:
        context |= _case(request, _proposal(chosen.pk), at)
    return render(request, "channels_merge/merging.html", context | _nav(request, "worklist"))


def _case(request, proposal, at):
    return {
        "case": merging.case_of(proposal),
        "proposal": proposal,
        "may_settle": has_right(request.user, rights.REVIEW_MERGES, at),
        "at": at,
    }


def _proposal(proposal_id):
    """404 for a pair with a secret side, as for one that does not exist."""
    open_sides = MergeProposal.objects.filter(appeal__secrecy=Secrecy.OPEN, other__secrecy=Secrecy.OPEN)
    return get_object_or_404(merging.with_sides(open_sides), pk=proposal_id)


@needs(*READERS)
@require_safe
def peek(request, proposal_id):
    at = timezone.now()
    return render(request, "channels_merge/partials/merging_peek.html", _case(request, _proposal(proposal_id), at))


SETTLE = {
    SAME: services.confirm_proposal,
    "other": services.refuse_proposal,
    "later": services.put_off_proposal,
}


@needs(rights.REVIEW_MERGES)
@require_POST
def act(request, proposal_id, code):
    """Settle one pair; the answer is the next one of the list as the person has it before them."""
    if code not in SETTLE:
        raise Http404
    _proposal(proposal_id)
    at = timezone.now()
    shown = {"how": request.POST.get("how", "")} if code == SAME else {}
    try:
        settled = SETTLE[code](proposal_id=proposal_id, by=request.user, at=at, **shown)
    except DomainError as refused:
        return _refused(request, str(refused))
    undo = "" if code == "later" else f"undo={reverse('channels_merge:merging-undo', args=[proposal_id])}"
    messages.success(request, settled.sentence, extra_tags=undo)
    return _list_anew(request) if code == "later" else _next_case(request, proposal_id, at)


def _refused(request, sentence):
    if request.htmx:
        return HttpResponse(sentence, status=409, content_type="text/plain; charset=utf-8")
    messages.error(request, sentence)
    return redirect("channels_merge:merging")


def _list_anew(request):
    """What is put off still waits: the list is read again, with that pair at its end and the next one chosen."""
    following = key_of(request.POST.get("next", ""))
    url = reverse("channels_merge:merging") + (f"?at={following}" if following else "")
    return HttpResponse(headers={"HX-Redirect": url}) if request.htmx else redirect(url)


def _next_case(request, gone, at):
    if not request.htmx:
        return redirect("channels_merge:merging")
    following = merging.with_sides(merging.worklist()).filter(pk=key_of(request.POST.get("next", ""))).first()
    if following is None:
        return HttpResponse(headers={"HX-Redirect": reverse("channels_merge:merging")})
    context = _case(request, following, at) | {"gone": gone, "waiting": merging.waiting_count()}
    return render(request, "channels_merge/partials/merging_done.html", context)


@needs(rights.REVIEW_MERGES)
@require_POST
def undo(request, proposal_id):
    _proposal(proposal_id)
    try:
        settled = services.undo_proposal(proposal_id=proposal_id, by=request.user, at=timezone.now())
    except DomainError as refused:
        return _refused(request, str(refused))
    messages.success(request, settled.sentence)
    return redirect(f"{reverse('channels_merge:merging')}?at={proposal_id}")


# --- matters that many report


@needs(*READERS)
@require_safe
def matters(request):
    at = timezone.now()
    found = merge_figures.big_matters(at=at).select_related("holder__unit", "region")
    page = take(found, by="joined_at", pk="pk", after=Key.parse(asked(request, "after")), newest=True)
    context = {
        "rows": merge_figures.described(page.rows, at=at),
        "first_url": "?" if asked(request, "after") else "",
        "next_url": f"?after={page.next_key}" if page.next_key else "",
        "least": parameters.integer("matter_many_appeals", at=at),
        "mass": parameters.integer("mass_matter_appeals", at=at),
        "at": at,
    }
    return render(request, "channels_merge/merging_matters.html", context | _nav(request, "matters"))


# --- who comes again


@needs(rights.MANAGE_MERGING)
@require_safe
def callers(request):
    at = timezone.now()
    page = take(repeats.unseen_callers(), by="last_at", pk="id", after=Key.parse(asked(request, "after")))
    context = {
        "rows": page.rows,
        "first_url": "?" if asked(request, "after") else "",
        "next_url": f"?after={page.next_key}" if page.next_key else "",
        "flag": parameters.integer("malicious_call_flag", at=at),
        "at": at,
    }
    return render(request, "channels_merge/merging_callers.html", context | _nav(request, "callers"))


@needs(rights.MANAGE_MERGING)
@require_safe
def repeated(request):
    """The same person with the same matter, over and over: whoever came last stands first."""
    at = timezone.now()
    found = repeats.repeated_matters(at=at)
    page = take(found, by="last_at", pk="first", after=Key.parse(asked(request, "after")), newest=True)
    context = {
        "rows": repeats.described([row.first for row in page.rows], at=at),
        "first_url": "?" if asked(request, "after") else "",
        "next_url": f"?after={page.next_key}" if page.next_key else "",
        "threshold": parameters.integer("repeat_threshold", at=at),
        "days": parameters.integer("repeat_window_days", at=at),
        "at": at,
    }
    return render(request, "channels_merge/merging_repeats.html", context | _nav(request, "repeats"))


@needs(rights.MANAGE_MERGING)
@require_http_methods(["GET", "POST"])
def caller_seen(request, caller_id):
    caller = get_object_or_404(FrequentCaller.objects.select_related("latest__contact"), pk=caller_id)
    form = ReasonForm(_posted(request), label="处理意见", missing="请写处理意见。")

    def do(typed):
        repeat_services.note_caller_seen(caller_id=caller.pk, said=typed["text"], by=request.user, at=timezone.now())
        return "已记下处理意见。"

    return run_act(
        request,
        title=f"{caller.latest.contact.masked_phone} 一天内来电 {caller.count} 次",
        form=form,
        verb="记下",
        hint="只作记录，不拦截来电；确属恶意滋扰的，在来件中移交公安。",
        service=do,
        done=reverse("channels_merge:merging-callers"),
    )


def _posted(request):
    return request.POST if request.method == "POST" else None


# --- how well it goes


@needs(*READERS)
@require_safe
def quality(request):
    at = timezone.now()
    context = {
        "months": merge_figures.merge_months(at=at),
        "bands": merge_figures.bands(at=at),
        "switches": merge_figures.switches().select_related("channel", "category", "on_by")[:30],
        "learned": merge_figures.waiting_threshold(),
        "in_force": parameters.number("merge_link_by_itself", at=at),
        "propose": parameters.number("merge_propose", at=at),
        "propose_steps": merge_figures.propose_steps(at=at),
        "propose_keep": parameters.number("merge_propose_keep", at=at),
        "precision": parameters.number("merge_precision", at=at),
        "wrong_share": parameters.number("merge_wrong_share", at=at),
        "last": parameters.integer("merge_learn_decisions", at=at),
        "at": at,
    }
    return render(request, "channels_merge/merging_quality.html", context | _nav(request, "quality"))


QUALITY = "channels_merge:merging-quality"


@needs(rights.MANAGE_MERGING)
@require_http_methods(["GET", "POST"])
def switch_on(request):
    def do(typed):
        services.switch_on(channel=typed["channel"], category=typed["category"], by=request.user, at=timezone.now())
        return "已开启自动并单。"

    return run_act(
        request,
        title="开启自动并单",
        form=MergeSwitchForm(_posted(request)),
        verb="开启",
        hint="只并还没有派给单位的；点名的地点或单位不同的、涉密的不自动并。并错超过比例会自动关闭。",
        service=do,
        done=reverse(QUALITY),
    )


@needs(rights.MANAGE_MERGING)
@require_http_methods(["GET", "POST"])
def switch_off(request, switch_id):
    get_object_or_404(MergeSwitch, pk=switch_id)

    def do(_typed):
        services.switch_off(switch_id=switch_id, by=request.user, at=timezone.now())
        return "已关闭自动并单。"

    form = forms.Form(_posted(request))
    return run_act(request, title="关闭自动并单", form=form, verb="关闭", service=do, done=reverse(QUALITY))


DECIDE = {
    "adopt": ("采用门槛", "采用", services.adopt_threshold, "已采用，从现在起生效。"),
    "decline": ("不采用门槛", "不采用", services.decline_threshold, "已记为不采用；数字变了会再提。"),
}


@needs(rights.MANAGE_MERGING)
@require_http_methods(["GET", "POST"])
def threshold(request, threshold_id, code):
    if code not in DECIDE:
        raise Http404
    row = get_object_or_404(ThresholdProposal, pk=threshold_id)
    title, verb, service, said = DECIDE[code]

    def do(_typed):
        service(threshold_id=row.pk, by=request.user, at=timezone.now())
        return said

    return run_act(
        request,
        title=f"{title} {row.value:.0%}",
        form=forms.Form(_posted(request)),
        verb=verb,
        hint=f"达到 {row.value:.0%} 的 {row.decisions} 对中，{row.confirmed} 对核对为同一件。",
        service=do,
        done=reverse(QUALITY),
    )


@needs(rights.MANAGE_MERGING)
@require_http_methods(["GET", "POST"])
def propose_from(request, hundredths):
    value = Decimal(hundredths) / 100
    step = next((one for one in merge_figures.propose_steps(at=timezone.now()) if one.value == value), None)
    if step is None:
        raise Http404

    def do(_typed):
        services.propose_from(value=value, by=request.user, at=timezone.now())
        return "已采用，从现在起按它提请核对。"

    return run_act(
        request,
        title=f"提请核对的门槛 {hundredths}%",
        form=forms.Form(_posted(request)),
        verb="采用",
        hint=f"达到它的 {step.proposed} 对中 {step.confirmed} 对是同一件；不到的 {step.missed} 对同一件以后不再提请。",
        service=do,
        done=reverse(QUALITY),
    )
