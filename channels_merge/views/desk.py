"""The desk: one call, by keyboard. The page, its suggestions, its draft, and what is said before hanging up."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_merge import rights, selectors, services
from channels_merge.forms import DeskForm
from channels_merge.identity import PhoneNotUnderstood, normal_phone
from channels_merge.models import Appeal, Channel, Skill
from channels_merge.states import EmergencyLine, ExplainGround, LegalRoute
from hotline import parameters
from hotline.dates import local
from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.typed import clean
from hotline.views.dialogs import asked
from hotline.views.gate import needs
from tickets.states import Kind, Secrecy, Urgency

# What is said for each branch (国办函〔2025〕66号 二); the agent changes it to fit the call.
ROUTES = {
    LegalRoute.LITIGATION: "这件事法院已经受理或者应当由法院处理，12345 不能代替审判。请按诉讼程序办，需要法律咨询可以拨 12348。",
    LegalRoute.ARBITRATION: "这件事按约定或者法律规定走仲裁，请向仲裁委员会申请，需要法律咨询可以拨 12348。",
    LegalRoute.RECONSIDERATION: "对行政行为不服的，可以申请行政复议，请向作出决定的机关的本级政府提出，决定书上写有期限。",
    LegalRoute.DISCIPLINE: "反映党员干部违纪违法的，由纪检监察机关受理，请拨 12388 或者到信访接待场所当面反映。",
    LegalRoute.DISCLOSURE: "申请政府信息公开的，请向掌握信息的机关提出书面申请，网站上有申请表。",
    LegalRoute.PETITION: "这件事已经进入信访程序，由承办的信访单位答复，请凭信访查询码查看，12345 不重复受理。",
}
GROUNDS = {
    ExplainGround.AGAINST_LAW: "您要求的做法不符合法律法规，我们不能受理，请您理解。",
    ExplainGround.STATE_SECRET: "这件事涉及国家秘密，电话里不能受理，也请您不要在电话里说具体内容。",
    ExplainGround.TRADE_SECRET: "这件事涉及商业秘密，我们不能受理和提供。",
    ExplainGround.PRIVACY: "这件事涉及他人隐私，我们不能受理和提供。",
    ExplainGround.PUBLIC_MORALS: "您要求的做法违背公序良俗，我们不能受理，请您理解。",
}


@never_cache  # going back opens a new form: the old one would write over its own draft
@needs(rights.USE_DESK)
@require_http_methods(["GET", "POST"])
def desk(request):
    if request.method == "POST":
        return _decide(request)
    now = timezone.now()
    key = asked(request, "draft")
    typed = services.restore_draft(key=key, by=request.user, at=now) if key else {}
    if key and not typed:
        days = parameters.integer("draft_days", at=now)
        messages.warning(request, f"这份草稿已经登记，或者超过 {days} 天已删除。")
    first = _first_of_call(asked(request, "call"), request.user)
    draft = key if typed else f"desk-{uuid.uuid4().hex}"
    form = DeskForm(
        initial={
            "urgency": Urgency.NORMAL,
            **_of_ring(selectors.call_of(request.user, asked(request, "ring")), now),
            **_number_of(selectors.called_back(request.user, asked(request, "missed"), at=now)),
            **typed,
            "draft": draft,
            "call": first.number if first else typed.get("call", ""),
        }
    )
    return _page(request, form, dict(form.initial), first)


def _of_ring(call, now):
    """What a call that was taken over fills in: the number, its queue, and since when it is spoken."""
    if call is None:
        return {}
    return {
        "phone_call": str(call.token),
        "started": (call.answered_at or now).isoformat(),
        **_number_of(call),
    }


def _number_of(call):
    """A number of a kind that appeals keep (a short or foreign one has to be asked for), and what its queue says."""
    if call is None:
        return {}
    try:
        found = {"phone": normal_phone(call.number)}
    except PhoneNotUnderstood:
        found = {}
    return {**found, "enterprise": "on"} if call.queue == Skill.ENTERPRISE else found


def _first_of_call(number, user):
    """The appeal this call began with; only the person who took it goes on with it."""
    if not number:
        return None
    return Appeal.objects.select_related("contact").filter(number=number, received_by=user).first()


STILL_ON_THE_LINE = timedelta(hours=1)
"""Opened later, the page is read by somebody who completes the record, not spoken to the caller."""
LONGEST_CALL = timedelta(hours=12)
"""A call that is said to have begun earlier was not; the time shown begins anew."""


def _started_at(typed, now):
    """When the page of this call was opened: refused and sent again it is still the same call."""
    try:
        started = parse_datetime(typed.get("started", "")) or now
    except ValueError:
        return now
    return started if is_aware(started) and now - LONGEST_CALL <= started <= now else now


def _page(request, form, typed, first, status=200):
    now = timezone.now()
    seat = selectors.seat_of(request.user)
    midnight = local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "form": form,
        "typed": typed,
        "first": first,
        "now": now,
        "started_at": _started_at(typed, now),
        "kinds": Kind.choices,
        "urgencies": Urgency.choices,
        "lines": EmergencyLine.choices,
        "routes": [(route.value, route.label, ROUTES[route]) for route in LegalRoute],
        "grounds": [(ground.value, ground.label, GROUNDS[ground]) for ground in ExplainGround],
        "regions": selectors.region_groups(),
        "categories": selectors.category_groups(),
        "drafts": [draft for draft in selectors.drafts_of(request.user, at=now) if draft.key != typed.get("draft")][
            :5
        ],
        "today": Appeal.objects.filter(received_by=request.user, received_at__gte=midnight).count(),
        "open_dialog": _dialog_of(form),
        **selectors.desk_panes(_as_asked(typed), at=now),
        "petition_says": ROUTES[LegalRoute.PETITION],
        "seat": seat,
        "phone_call": selectors.call_of(request.user, typed.get("phone_call", "")),
        "push_url": _push_url(request),
        "calls": selectors.calls_at_desk(request.user, at=now) if seat else [],
    }
    answer = render(request, "channels_merge/desk.html", context, status=status)
    if seat and settings.HOTLINE_PUSH_PORT:
        answer._csp_update = {"connect-src": context["push_url"].removesuffix(PUSH_PATH)}
    return answer


def _as_asked(typed):
    """Without what the page filled in by itself: sent back, it would prove itself (desk.js leaves it out as well)."""
    by_itself = typed.get("filled", "").split()
    return {name: value for name, value in typed.items() if name not in by_itself}


PUSH_PATH = "/push/desk"


def _push_url(request):
    """Behind a proxy the same address; without one the same host on the port of the push process (docs/running.md)."""
    if not settings.HOTLINE_PUSH_PORT:
        return PUSH_PATH
    host, _ = split_domain_port(request.get_host())
    return f"{request.scheme}://{host}:{settings.HOTLINE_PUSH_PORT}{PUSH_PATH}"


def _dialog_of(form):
    act = form.data.get("act", "") if form.is_bound else ""
    return act if act in {"answer", "transfer", "redirect", "explain", "police"} else ""


def _decide(request):
    form = DeskForm(_with_story(request.POST))
    first = _first_of_call(clean(request.POST.get("call", "")), request.user)
    if form.is_valid():
        try:
            registered = _take(request, form, first)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("channels_merge:desk-done", number=registered.appeal.number)
    return _page(request, form, request.POST.dict(), first, status=422)


def _with_story(typed):
    """An emergency is put through first; when nothing was written yet, the record says at least that.

    Without a line as well: then the line is what is asked for, not the words behind the dialog.
    """
    if typed.get("act") != "transfer" or typed.get("text", "").strip():
        return typed
    line = typed.get("line", "")
    said = EmergencyLine(line).label if line in EmergencyLine.values else "紧急热线"
    return {**typed.dict(), "text": f"紧急来电，已转{said}，情况待补记。"}


def _take(request, form, first):
    typed = form.cleaned_data
    act, _, ticket = typed["act"].partition(":")
    told, choice = {
        "answer": (typed["answer_told"], ""),
        "transfer": (typed["line_note"], typed["line"]),
        "redirect": (typed["route_told"], typed["route"]),
        "explain": (typed["ground_told"], typed["ground"]),
        "police": (typed["police_told"], ""),
    }.get(act, ("", ""))
    return services.take_call(
        channel=Channel.objects.get(code="phone"),
        matter=services.Matter(
            **form.matter_fields(), secrecy=Secrecy.RESTRICTED if typed["restricted"] else Secrecy.OPEN
        ),
        person=services.Person(
            name=typed["name"],
            phone=typed["phone"],
            gender=typed["gender"],
            preferred_time=typed["preferred_time"],
            hide_from_unit=typed["hide"],
            is_anonymous=typed["anonymous"],
        ),
        contact=first.contact if first else None,
        phone_call=selectors.call_of_appeal(first) if first else selectors.call_of(request.user, typed["phone_call"]),
        decision=services.Decision(
            act=act,
            told=told,
            choice=choice,
            ticket_id=key_of(ticket),
            three_party=typed["three_party"],
        ),
        draft_key=typed["draft"],
        by=request.user,
        at=timezone.now(),
    )


@needs(rights.USE_DESK)
@require_POST
def suggest(request):
    """All panes at once, 400 ms after the last key."""
    typed = request.POST.dict()
    return render(
        request,
        "channels_merge/partials/desk_panes.html",
        {
            "typed": typed,
            "now": timezone.now(),
            "petition_says": ROUTES[LegalRoute.PETITION],
            **selectors.desk_panes(typed, at=timezone.now()),
        },
    )


KEPT = [
    "filled",
    "text",
    "title",
    "place",
    "region",
    "category",
    "kind",
    "urgency",
    "enterprise",
    "call",
    "phone_call",
    "name",
    "phone",
    "gender",
    "preferred_time",
    "hide",
    "anonymous",
    "restricted",
    "answer_told",
    "line",
    "line_note",
    "three_party",
    "route",
    "route_told",
    "ground",
    "ground_told",
    "police_told",
]


@needs(rights.USE_DESK)
@require_POST
def save_draft(request):
    now = timezone.now()
    content = {name: request.POST[name] for name in KEPT if request.POST.get(name)}
    try:
        draft = services.save_draft(key=request.POST.get("draft", ""), content=content, by=request.user, at=now)
    except DomainError as refused:
        return JsonResponse({"message": str(refused)}, status=400)
    return JsonResponse({"draft": draft.key, "saved_at": f"{local(now):%H:%M:%S}"})


@needs(rights.USE_DESK)
@require_POST
def discard_draft(request):
    services.discard_draft(key=clean(request.POST.get("draft", "")), by=request.user)
    return redirect("channels_merge:desk")


@needs(rights.USE_DESK)
@require_GET
def done(request, number):
    """What to say before hanging up: number, code, who will call by when. Days later, what was registered."""
    appeal = get_object_or_404(
        Appeal.objects.select_related("contact", "channel", "category"), number=number, received_by=request.user
    )
    now = timezone.now()
    return render(
        request,
        "channels_merge/desk_done.html",
        {
            "appeal": appeal,
            "now": now,
            "promise": selectors.promise_of(appeal),
            "ticket": selectors.ticket_of(appeal),
            "transfer": appeal.transfers.filter(outcome="").first(),
            "on_the_line": now - appeal.received_at < STILL_ON_THE_LINE,
            "spaced_code": " ".join(appeal.code),
        },
    )
