"""Calls at the desk, and those that nobody answered."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels_merge import rights, selectors, services
from channels_merge.forms import WordsForm
from channels_merge.models import Appeal, CallBackOutcome, MissedEnd, Skill
from channels_merge.selectors.appeals import recent
from hotline import parameters
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.models import User
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.selectors import people_with_right
from hotline.typed import clean
from hotline.views.dialogs import act_dialog, asked, run_act
from hotline.views.gate import needs
from tickets.selectors.lists import PAGE_ROWS, Key
from tickets.selectors.lists import take as take_page
from tickets.states import Secrecy


@needs(rights.USE_DESK)
@require_safe
def calls(request):
    """What rings at this desk, with the history of the first: asked for at every push, or every few seconds without one."""
    return _calls(request)


def _calls(request, status=200):
    return render(
        request, "channels_merge/partials/desk_calls.html", at_desk(request.user, timezone.now()), status=status
    )


def at_desk(user, now):
    """Context of `partials/desk_calls.html`."""
    waiting = selectors.calls_at_desk(user, at=now)
    history = selectors.history_of(waiting[0]) if waiting else None
    return {
        "calls": waiting,
        "now": now,
        "typed": {"phone": waiting[0].number if waiting else ""},
        "history": history,
        "history_recent": recent(history or [], at=now),
        "caller_is_new": history == [],
    }


@needs(rights.USE_DESK)
@require_POST
def take(request, token):
    """The page goes where the answer says; what was typed there is kept as a draft by the page itself."""
    try:
        call = services.take_phone_call(token=str(token), by=request.user, at=timezone.now())
    except DomainError as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return JsonResponse({"url": f"{reverse('channels_merge:desk')}?ring={call.token}"})


@needs(rights.USE_DESK)
@require_POST
def aside(request, token):
    try:
        services.take_phone_call(token=str(token), by=request.user, at=timezone.now())
    except DomainError as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return _calls(request)


# ---- calling back

MISSED = (rights.USE_DESK, rights.MANAGE_SEATS)
OUTCOMES = [(str(key), value, label) for key, (value, label) in enumerate(CallBackOutcome.choices, start=1)]


@needs(*MISSED)
@require_safe
def missed(request):
    return _missed(request)


TABS = ("open", "closed", "withheld")


def _missed(request, *, chosen=None, status=200):
    now, user = timezone.now(), request.user
    tab = asked(request, "tab") if chosen is None else ""
    tab = tab if tab in TABS else "open"
    after = Key.parse(asked(request, "after"))
    if tab == "open":
        page = take_page(selectors.open_missed_calls(user, at=now), by="due_at", pk="pk", after=after)
    elif tab == "closed":
        page = take_page(
            selectors.closed_missed_calls(user, at=now), by="closed_at", pk="pk", after=after, newest=True
        )
    else:
        page = take_page(selectors.withheld_calls(user, at=now), by="missed_at", pk="pk", after=after, newest=True)
    first = chosen or (page.rows[0] if page.rows and tab == "open" else None)
    return render(
        request,
        "channels_merge/missed_calls.html",
        {
            "now": now,
            "tab": tab,
            "rows": page.rows,
            "count": selectors.count_open_missed(user, at=now),
            "withheld": selectors.count_withheld(user, at=now),
            "first_url": f"?tab={tab}" if after else "",
            "next_url": f"?tab={tab}&after={page.next_key}" if page.next_key else "",
            "may_seat": has_right(user, rights.MANAGE_SEATS, now),
            **(_case(user, first, now) if first else {"case": None}),
        },
        status=status,
    )


def _case(user, row, now, number=""):
    return {
        "case": row,
        "now": now,
        "number": number,
        "is_mine": row.callers.filter(pk=user.pk).exists(),
        "tries": row.call_backs.select_related("by").order_by("at", "pk"),
        "tries_allowed": parameters.integer("missed_call_tries", at=now),
        "history": selectors.history_of(row),
        "outcomes": OUTCOMES,
    }


def _seen(request, pk):
    rows = selectors.missed_calls_seen(request.user, at=timezone.now())
    return get_object_or_404(rows.select_related("holder", "closed_by"), pk=pk)


@needs(*MISSED)
@require_safe
def missed_call(request, pk):
    """Beside the list, or the list with this one chosen (a notice leads here)."""
    row = _seen(request, pk)
    if request.headers.get("HX-Request"):
        return render(request, PANE, _case(request.user, row, timezone.now()))
    return _missed(request, chosen=row)


PANE = "channels_merge/partials/missed_call.html"


@needs(*MISSED)
@require_POST
def missed_number(request, pk):
    """The number in clear, for the call that is made now."""
    _seen(request, pk)
    now = timezone.now()
    try:
        number = services.take_missed_call(
            missed_call_id=pk, by=request.user, at=now, address=client_address(request) or ""
        )
    except DomainError as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return render(request, PANE, _case(request.user, _seen(request, pk), now, number))


@needs(*MISSED)
@require_POST
def missed_outcome(request, pk):
    """What came of the call. Whoever was reached goes into the form at once."""
    now = timezone.now()
    row = _seen(request, pk)
    try:
        row = services.record_call_back(
            missed_call_id=row.pk, outcome=clean(request.POST.get("outcome", "")), by=request.user, at=now
        )
    except DomainError as refused:
        messages.warning(request, str(refused))
        return redirect("channels_merge:missed-calls")
    if row.outcome == MissedEnd.REACHED and has_right(request.user, rights.USE_DESK, now):
        messages.success(request, f"{row.masked_number} 已回拨接通，请登记。")
        return redirect(f"{reverse('channels_merge:desk')}?missed={row.pk}")
    left = parameters.integer("missed_call_tries", at=now) - row.tries
    ended = f"已了结：{row.get_outcome_display()}。" if row.closed_at else f"已记一次，还可以回拨 {left} 次。"
    messages.success(request, f"{row.masked_number} {ended}")
    return redirect("channels_merge:missed-calls")


def missed_badge(user):
    """The number at 漏接 in the rail."""
    return selectors.missed_badge(user, at=timezone.now())


# ---- seats


class SeatForm(forms.Form):
    user = forms.ModelChoiceField(
        User.objects.none(),
        label="话务员",
        to_field_name="username",
        empty_label="请选择",
        error_messages={"required": "请选话务员。", "invalid_choice": "没有这个话务员。"},
    )
    extension = forms.CharField(label="分机", max_length=20, error_messages={"required": "请写分机。"})
    skills = forms.MultipleChoiceField(
        label="技能",
        choices=Skill.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "至少选一项技能。", "invalid_choice": "没有这项技能。"},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people_with_right(rights.USE_DESK)
        self.fields["user"].label_from_instance = lambda user: f"{user.name}（{user.username}）"


@needs(rights.MANAGE_SEATS)
@require_safe
def seats(request):
    """Who sits where, or the extensions at which calls come and nobody sits."""
    now, after = timezone.now(), asked(request, "after")
    unknown = selectors.unknown_extensions(at=now)
    tab = "unknown" if asked(request, "tab") == "unknown" else ""
    rows = unknown if tab else selectors.seats()
    found = list((rows.filter(extension__gt=after) if after else rows)[: PAGE_ROWS + 1])
    shown, kept = found[:PAGE_ROWS], {"tab": tab} if tab else {}
    last = shown[-1]["extension"] if tab and shown else shown[-1].extension if shown else ""
    return render(
        request,
        "channels_merge/seats.html",
        {
            "rows": shown,
            "tab": tab,
            "unknown": len(unknown[:100]),
            "now": now,
            "first_url": f"?{urlencode(kept)}" if after else "",
            "next_url": f"?{urlencode({**kept, 'after': last})}" if len(found) > PAGE_ROWS else "",
        },
    )


@needs(rights.MANAGE_SEATS)
@require_http_methods(["GET", "POST"])
def set_seat(request):
    seat = selectors.seats().filter(pk=key_of(asked(request, "seat"))).first()
    before = {"extension": asked(request, "extension"), "skills": [Skill.NORMAL]}
    if seat:
        before = {"user": seat.user.username, "extension": seat.extension, "skills": seat.skills}

    def service(typed):
        made = services.set_seat(**typed, by=request.user, at=timezone.now())
        return f"{typed['user'].name}坐在 {made.extension}：{'、'.join(made.skill_names)}。"

    return run_act(
        request,
        title="安排坐席",
        form=SeatForm(request.POST or None, initial=before),
        verb="安排",
        hint="一个分机一个人；原来坐在这里的人、这个人原来的分机，同时撤下。",
        service=service,
        done=reverse("channels_merge:seats"),
    )


@needs(rights.MANAGE_SEATS)
@require_POST
def end_seat(request, seat_id):
    seat = get_object_or_404(selectors.seats(), pk=seat_id)
    services.end_seat(seat_id=seat.pk, by=request.user, at=timezone.now())
    messages.success(request, f"分机 {seat.extension} 已撤下。")
    return redirect("channels_merge:seats")


# ---- the recording


@needs(rights.HEAR_RECORDING)
@require_http_methods(["GET", "POST"])
def recording(request, number):
    """Where the recording of an appeal's call lies, after a reason, logged."""
    appeal = get_object_or_404(Appeal.objects.filter(secrecy=Secrecy.OPEN), number=number)
    call = selectors.call_of_appeal(appeal)
    if call is None:
        raise Http404
    title = f"通话录音 {appeal.number}"
    form = WordsForm(request.POST if request.method == "POST" else None, label="为什么要听")
    if request.method == "POST" and form.is_valid():
        try:
            address = services.hear_recording(
                call=call,
                reason=form.cleaned_data["text"],
                by=request.user,
                at=timezone.now(),
                address=client_address(request) or "",
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return render(request, "channels_merge/recording.html", {"title": title, "call": call, "address": address})
    return act_dialog(
        request, title=title, form=form, verb="查看", hint="看一次记一次。", status=422 if form.errors else 200
    )
