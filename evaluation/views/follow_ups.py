"""The follow-up agents' worklist: call, write down, the next case is ready."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from evaluation import calling_hours, rights, selectors, services
from evaluation.forms import AttemptForm
from evaluation.states import CallResult, FollowUpState
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.views.gate import needs
from tickets.rights import Actor
from tickets.selectors.lists import Key

CALL = "evaluation.follow_up"
COUNTED = 100
TABS = {"now": "现在可拨", "later": "稍后再拨", "all": "全部"}


@require_safe
@needs(CALL)
def follow_ups(request: HttpRequest) -> HttpResponse:
    return _list(request, request.GET.get("tab", "now"), request.GET.get("after", ""))


def _list(request, tab, key, *, follow_up=None, form=None, missed=None, status=200) -> HttpResponse:
    at = timezone.now()
    waiting = selectors.follow_ups_waiting(request.user, at=at)
    tabs = {
        "now": selectors.callable_now(waiting, at=at),
        "later": selectors.callable_later(waiting, at=at),
        "all": waiting,
    }
    tab = tab if tab in tabs else "now"
    page = selectors.follow_up_page(tabs[tab], after=Key.parse(key))
    rows = list(page.rows)
    if follow_up is not None and follow_up.pk not in {row.pk for row in rows}:
        rows.insert(0, follow_up)
    calling = {row.pk for row in rows if row.caller_id and at - row.called_at < services.CALL_LASTS}
    free = [row for row in rows if row.pk not in calling or row.caller_id == request.user.pk]
    chosen = follow_up or next(iter(free or rows), None)
    url = reverse("evaluation:follow-ups")
    context = {
        "tabs": [(code, TABS[code], _capped(tabs[code]), f"{url}?tab={code}") for code in TABS],
        "tab": tab,
        "rows": rows,
        "calling": calling,
        "chosen": chosen.pk if chosen else 0,
        "at": at,
        "hours": calling_hours.in_words(at),
        "is_calling_time": bool(calling_hours.half_day(at)),
        "missed": missed,
        "words": request.POST.get("words", "") if missed else "",
        "first_url": f"{url}?tab={tab}" if key else "",
        "next_url": f"{url}?tab={tab}&after={page.next_key}" if page.next_key else "",
        **(_peek_context(request, chosen, at, form) if chosen else {}),
    }
    return render(request, "evaluation/follow_up_list.html", context, status=status)


def _capped(rows) -> str:
    count = rows[:COUNTED].count()
    return "99+" if count == COUNTED else str(count)


def _peek_context(request, follow_up, at, form=None) -> dict:
    return {
        "case": selectors.follow_up_case(follow_up, at=at),
        "form": form or AttemptForm(),
        "at": at,
        "why_not": _why_not_now(request, follow_up, at),
        "opened": _opened(request, follow_up, at) if form else None,
    }


def _opened(request, follow_up, at):
    """The number on a page that is refused: the call that it was opened and logged for goes on."""
    is_theirs = follow_up.caller_id == request.user.pk and at - follow_up.called_at < services.CALL_LASTS
    return follow_up.appeal.contact if is_theirs else None


def _why_not_now(request, follow_up, at) -> str:
    """Why the call cannot be made now, said beside the greyed number."""
    why = rights.FOLLOW_UP.refusal(follow_up, Actor(request.user, at))
    if why:
        return why
    if follow_up.state != FollowUpState.WAITING:
        return f"这一件已是“{follow_up.get_state_display()}”。"
    if at < follow_up.not_before:
        return "答复审定的次日起才能回访。"
    return "" if calling_hours.half_day(at) else f"现在不是回访时间，{calling_hours.in_words(at)} 可以拨打。"


def _mine(request, pk, at):
    """The follow-up, if its ticket is one the person sees; else 404."""
    return get_object_or_404(selectors.follow_ups_waiting(request.user, at=at), pk=pk)


@require_safe
@needs(CALL)
def peek(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    context = {"tab": request.GET.get("tab", ""), **_peek_context(request, _mine(request, pk, at), at)}
    return render(request, "evaluation/partials/follow_up_case.html", context)


@require_POST
@needs(CALL)
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Name and phone of the call at hand; the log says who looked."""
    at = timezone.now()
    missed = selectors.follow_ups_ended(request.user, at=at).filter(pk=pk).first()
    if missed is not None:
        return HttpResponse(_how_it_ended(missed), content_type="text/plain", status=409)
    context = {"follow_up": _mine(request, pk, at)}
    try:
        context["revealed"] = services.take_number(
            follow_up_id=pk, by=request.user, at=at, address=client_address(request)
        )
    except DomainError as refused:
        context["refused"] = str(refused)
    return render(request, "evaluation/partials/number.html", context, status=422 if "refused" in context else 200)


@require_POST
@needs(CALL)
def attempt(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    missed = selectors.follow_ups_ended(request.user, at=at).filter(pk=pk).first()
    if missed is not None:
        return _list(request, request.POST.get("tab", "now"), "", missed=_how_it_ended(missed), status=409)
    follow_up = _mine(request, pk, at)
    form = AttemptForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            done = services.record_attempt(follow_up_id=pk, by=request.user, at=at, **form.cleaned_data)
        except services.FollowUpInputRefused as refused:
            form.add_error(None, str(refused))
        except DomainError as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, _said(done))
            tab = request.POST.get("tab", "")
            return redirect(f"{reverse('evaluation:follow-ups')}?tab={tab if tab in TABS else 'now'}")
    return _list(request, request.POST.get("tab", "now"), "", follow_up=follow_up, form=form, status=status)


def _how_it_ended(follow_up) -> str:
    """To whoever was slower."""
    number = follow_up.appeal.number
    if follow_up.state == FollowUpState.VOID:
        return f"{number} 已不再回访这一轮：工单转到了别处，或者反映人撤回了。没有记录。"
    who = follow_up.concluded_by.masked_name if follow_up.concluded_by else "系统"
    return f"{who}已于 {timezone.localtime(follow_up.concluded_at):%m-%d %H:%M} 回访完 {number}，没有重复记录。"


def _said(done) -> str:
    number = done.appeal.number
    if done.state == FollowUpState.WAITING:
        last = done.attempts.order_by("-at", "-pk").first()
        return f"{number} {CallResult(last.result).label}，已记第 {done.attempt_count} 次，换一个半天再拨。"
    if hasattr(done, "decision"):
        return f"{number} {done.get_satisfaction_display()}，{done.decision.get_ground_display()}，已交复核。"
    if done.resolved:
        return f"{number} {done.get_resolved_display()}，{done.get_satisfaction_display()}。"
    return f"{number} {done.get_why_not_display()}，记为未评价。"
