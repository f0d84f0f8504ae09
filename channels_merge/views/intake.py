"""Everything that came by machine and waits for a person: list, peek, accept, answer, branches."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from channels_merge import rights, selectors, services
from channels_merge.forms import AcceptForm, AnswerForm, ChoiceAndWordsForm, ReasonForm, TransferForm, WordsForm
from channels_merge.models import Appeal, Channel, GridEvent
from channels_merge.selectors.petition import in_petition
from channels_merge.states import AppealState, ExplainGround, LegalRoute
from channels_merge.views.desk import ROUTES
from hotline.views.dialogs import asked, run_act
from hotline.views.gate import needs
from responsibility import selectors as responsibility
from tickets.selectors.lists import Key, take
from tickets.states import Secrecy


@needs(rights.ACCEPT)
@require_GET
def intake(request):
    now = timezone.now()
    rows = selectors.waiting_appeals().filter(secrecy=Secrecy.OPEN)
    channels = Channel.objects.filter(is_machine=True).order_by("name")
    channel = asked(request, "channel")
    if channel:
        rows = rows.filter(channel__code=channel)
    state = AppealState.NEED_INFO if asked(request, "state") == AppealState.NEED_INFO else ""
    rows = rows.filter(state=state or AppealState.RECEIVED)
    page = take(rows, by="received_at", pk="pk", after=Key.parse(asked(request, "after")))
    return render(
        request,
        "channels_merge/intake.html",
        {
            "rows": page.rows,
            "now": now,
            "channels": channels,
            "channel": channel,
            "state": state,
            "filters": _query(channel=channel, state=state),
            "first_url": f"?{_query(channel=channel, state=state)}" if asked(request, "after") else "",
            "next_url": f"?{_query(channel=channel, state=state, after=page.next_key)}" if page.next_key else "",
        },
    )


def _query(**values):
    return urlencode({name: value for name, value in values.items() if value})


def _waiting(number):
    return get_object_or_404(selectors.waiting_in_full().filter(secrecy=Secrecy.OPEN), number=number)


def _similar_to(appeal, region, now):
    return selectors.similar_matters(
        text=appeal.text,
        title=appeal.title,
        place=appeal.place,
        region=region,
        category=appeal.category,
        caller=appeal.contact.phone_index if appeal.contact else "",
        at=now,
        limit=3,
        leave_out=appeal.pk,
    )


def _peek_context(appeal, now):
    candidates = responsibility.suggest(
        text=f"{appeal.title}\n{appeal.text}\n{appeal.place}",
        category=appeal.category,
        region=appeal.region,
        kind=appeal.kind,
        at=now,
    )
    found = appeal.region or selectors.region_by_code(candidates[0].region_code if candidates else "")
    return {
        "appeal": appeal,
        "candidates": candidates[:2],
        "found_region": found,
        "similar": _similar_to(appeal, found, now),
        "in_petition": in_petition(appeal),
        "petition_says": ROUTES[LegalRoute.PETITION],
        "grid_event": GridEvent.objects.filter(appeal=appeal).select_related("event_class", "cell").first(),
        "interactions": appeal.interactions.select_related("channel").order_by("at", "pk"),
        "given": selectors.line_matter(appeal),
    }


@needs(rights.ACCEPT)
@require_GET
def peek(request, number):
    now = timezone.now()
    return render(
        request, "channels_merge/partials/intake_peek.html", {"now": now, **_peek_context(_waiting(number), now)}
    )


ACTS = {
    "accept": ("受理", "受理，进入派单"),
    "attach": ("挂接", "受理并挂接"),
    "answer": ("直接答复", "已答复"),
    "need-info": ("请补充", "请对方补充"),
    "give-info": ("补充", "记补充"),
    "transfer": ("转紧急热线", "记为已转"),
    "redirect": ("告知法定途径", "已告知"),
    "explain": ("解释不能受理", "已解释"),
    "police": ("移交公安", "移交公安"),
    "return": ("退回来件平台", "退回"),
}


@needs(rights.ACCEPT)
@require_http_methods(["GET", "POST"])
def act(request, number, code):
    if code not in ACTS:
        raise Http404
    appeal = get_object_or_404(
        Appeal.objects.select_related("contact", "channel", "region", "category"), number=number, secrecy=Secrecy.OPEN
    )
    now = timezone.now()
    label, verb = ACTS[code]

    def do(typed):
        common = {"appeal_id": appeal.pk, "by": request.user, "at": timezone.now()}
        SERVICES[code](typed, common, request)
        return f"{appeal.number} {Appeal.objects.get(pk=appeal.pk).get_state_display()}。"

    return run_act(
        request,
        title=f"{label} {appeal.number} {appeal.title[:14]}",
        form=_form(code, appeal, request, now),
        verb=verb,
        hint=HINTS.get(code, ""),
        service=do,
        done=reverse("channels_merge:intake"),
    )


HINTS = {
    "attach": "挂接后单独编号、单独回访；工单一起办。",
    "need-info": "短信请对方补充，补来后回到待受理，受理时限重新起算。",
    "transfer": "生命财产正受威胁时用。先转接，再补记。",
    "redirect": "诉讼、仲裁、纪检监察、行政复议、信息公开和已进入信访程序的，告知按那条路办。",
    "police": "写明次数、时间和原话，移交后不派单，照样统计。",
    "return": "不归本市的，连同理由退给转来的平台；对方不接的，回到待受理。群众先打 12345 的不能退。",
}


def _form(code, appeal, request, now):
    data = request.POST if request.method == "POST" else None
    if code == "transfer":
        return TransferForm(data)
    if code in CHOICES:
        choices, label, told, required = CHOICES[code]
        route = asked(request, "route")
        initial = {"choice": route, "told": ROUTES[route]} if code == "redirect" and route in ROUTES else {}
        return ChoiceAndWordsForm(
            data, choices=choices, label=label, told_label=told, told_required=required, initial=initial
        )
    if code == "accept":
        return AcceptForm(data, initial=_initial(appeal, now))
    if code == "answer":
        return AnswerForm(data, initial={"category": appeal.category.code if appeal.category else None})
    words = {"label": WORDS[code], "missing": f"请写{WORDS[code]}。"}
    return ReasonForm(data, **words) if code in REASONS else WordsForm(data, required=True, **words)


CHOICES = {
    "redirect": (LegalRoute.choices, "法定途径", "告知的话", True),
    "explain": (ExplainGround.choices, "事由", "解释的话", True),
}
REASONS = {"attach", "return"}
WORDS = {
    "attach": "为何是同一件事",
    "need-info": "请对方补充什么",
    "give-info": "补充什么",
    "police": "恶意滋扰的事实",
    "return": "为什么不归本市",
}


def _initial(appeal, now):
    found = _peek_context(appeal, now)
    best = found["candidates"][0] if found["candidates"] else None
    category = appeal.category or (best.item.category if best and best.score >= selectors.SURE_ENOUGH else None)
    return {
        "title": appeal.title,
        "kind": appeal.kind,
        "urgency": appeal.urgency,
        "region": found["found_region"].code if found["found_region"] else None,
        "place": appeal.place,
        "category": category.code if category else None,
        "is_enterprise": appeal.is_enterprise,
    }


def _attach(typed, common, request):
    number = asked(request, "ticket")
    ticket_id = selectors.open_ticket_id(number)
    if ticket_id is None:
        raise services.AppealRefused(f"工单 {number} 已不在办，不能挂接。")
    services.accept_appeal(ticket_id=ticket_id, reason=typed["text"], **common)


def _give_info(typed, common, _request):
    services.give_info(text=typed["text"], channel=Channel.objects.get(code="phone"), **common)


SERVICES = {
    "accept": lambda typed, common, _: services.accept_appeal(**typed, **common),
    "attach": _attach,
    "answer": lambda typed, common, _: services.answer_appeal(**typed, **common),
    "need-info": lambda typed, common, _: services.need_info(told=typed["text"], **common),
    "give-info": _give_info,
    "transfer": lambda typed, common, _: services.transfer_appeal(
        line=typed["choice"], note=typed["told"], three_party=typed["three_party"], **common
    ),
    "redirect": lambda typed, common, _: services.redirect_appeal(
        legal_route=typed["choice"], told=typed["told"], **common
    ),
    "explain": lambda typed, common, _: services.explain_appeal(ground=typed["choice"], told=typed["told"], **common),
    "police": lambda typed, common, _: services.hand_to_police(told=typed["text"], **common),
    "return": lambda typed, common, _: services.return_to_line(reason=typed["text"], **common),
}
