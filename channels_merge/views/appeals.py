"""Acts on one appeal, each in a dialog: what a caller adds, which ticket carries it. And its public progress."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_merge import rights, selectors, services
from channels_merge.forms import LinkForm, ReasonForm, UnlinkForm, WordsForm
from channels_merge.models import Appeal, Channel, Transfer
from hotline.addresses import page_of_ours
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.rights import has_right
from hotline.templatetags.hotline import date_cn
from hotline.views.dialogs import act_dialog, run_act
from hotline.views.gate import needs
from tickets.models import Ticket
from tickets.states import Secrecy


def _appeal(number):
    """Agents act on any appeal of open secrecy; restricted ones are not found."""
    return get_object_or_404(
        Appeal.objects.select_related("contact", "channel").filter(secrecy=Secrecy.OPEN), number=number
    )


def _back(request, otherwise="/desk/"):
    """Back to the page the dialog was opened on."""
    url = request.headers.get("HX-Current-URL", "") or request.headers.get("Referer", "")
    return page_of_ours(request, url) or otherwise


ACTS = {
    "urge": ("催单", "记催单", "催过了", "来电人还说了什么，没有就空着。"),
    "supplement": ("补充", "记补充", "补充已记下", "补充的内容会转给承办单位。"),
    "withdraw": ("撤单", "撤回这件诉求", "已撤回", "撤回后不再回访这一件；同一工单上其他人的诉求照办。"),
    "progress": ("进展", "已告知，记一次", "已记下一次问进度", ""),
    "unlink": ("拆出", "另建工单", "已拆出", "拆出后另建一张工单，受理时间和群众期限不变。"),
    "link": ("改挂", "改挂到这张工单", "已改挂", "改挂到同一件事的另一张在办工单。"),
}
FORMS = {
    "urge": lambda data: WordsForm(data, label="来电人还说"),
    "supplement": lambda data: WordsForm(data, label="补充什么", required=True, missing="请写补充的内容。"),
    "withdraw": lambda data: ReasonForm(data, label="为什么撤回", missing="请写为什么撤回。"),
    "progress": forms.Form,
    "unlink": UnlinkForm,
    "link": LinkForm,
}


@require_http_methods(["GET", "POST"])
@needs(rights.USE_DESK, rights.LINK)
def act(request, number, code):
    if code not in ACTS:
        raise Http404
    appeal = _appeal(number)
    label, verb, done, hint = ACTS[code]

    def do(typed):
        SERVICES[code](typed, request.user, {"appeal_id": appeal.pk, "by": request.user, "at": timezone.now()})
        return f"{appeal.number} {done}。"

    return run_act(
        request,
        title=f"{label} {appeal.number} {appeal.title[:14]}",
        form=FORMS[code](request.POST if request.method == "POST" else None),
        verb=verb,
        hint=hint or _to_read_out(selectors.progress_of(appeal), timezone.now()),
        service=do,
        done=_back(request),
    )


def _to_read_out(progress, now):
    due = ""
    if progress.is_promised:
        due = f"最晚 {date_cn(progress.promised_at, now)} 办结。"
        if progress.promised_at < now and progress.again_by and progress.again_by >= now:
            due = f"现在重新办理，最晚 {date_cn(progress.again_by, now)} 再报结果。"
    reply = f"答复：{progress.reply}" if progress.reply else ""
    return f"{progress.unit_name}{progress.sentence}{due}{reply}"


def _phone():
    return Channel.objects.get(code="phone")


def _link(typed, user, common):
    ticket = Ticket.objects.visible_to(user, common["at"]).filter(number=typed["ticket"]).first()
    if ticket is None:
        raise services.AppealRefused(f"没有找到工单 {typed['ticket']}。")
    services.link_appeal(ticket_id=ticket.pk, reason=typed["reason"], **common)


SERVICES = {
    "urge": lambda typed, _, common: services.urge_appeal(text=typed["text"], channel=_phone(), **common),
    "supplement": lambda typed, _, common: services.supplement_appeal(text=typed["text"], channel=_phone(), **common),
    "withdraw": lambda typed, _, common: services.withdraw_appeal(reason=typed["text"], channel=_phone(), **common),
    "progress": lambda _typed, _, common: services.record_progress_asked(channel=_phone(), **common),
    "unlink": lambda typed, _, common: services.unlink_appeal(
        reason=typed["text"], never_same=typed["apart"] == "wrong", **common
    ),
    "link": _link,
}


@require_http_methods(["GET", "POST"])
@needs(rights.USE_DESK, rights.ACCEPT, rights.VIEW_ALL)
def reveal(request, number):
    """Name and phone in clear after a reason, logged. For the centre; a unit looks on its ticket's page."""
    appeal = _appeal(number)
    title = f"查看姓名电话 {appeal.number}"
    form = WordsForm(request.POST if request.method == "POST" else None, label="为什么要看")
    if request.method == "POST" and form.is_valid():
        try:
            revealed = services.reveal_contact(
                appeal_id=appeal.pk,
                reason=form.cleaned_data["text"],
                by=request.user,
                at=timezone.now(),
                address=client_address(request),
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return render(request, "channels_merge/contact.html", {"title": title, "revealed": revealed})
    hint = "看一次记一次。本人刚登记的来电可以不写理由。"
    return act_dialog(request, title=title, form=form, verb="查看", hint=hint, status=422 if form.errors else 200)


@require_GET
@needs(rights.READ_PROGRESS, rights.PUBLIC_PROGRESS, rights.VIEW_ALL)
def progress(request, number):
    """What the citizen may be told, to be read out; asking for it is an interaction."""
    appeal = _appeal(number)
    now = timezone.now()
    shown = selectors.progress_of(appeal)
    ticket = shown.ticket
    may_add = has_right(request.user, rights.USE_DESK, now) or has_right(request.user, rights.ACCEPT, now)
    may_open = ticket is not None and Ticket.objects.visible_to(request.user, now).filter(pk=ticket.pk).exists()
    return render(
        request,
        "channels_merge/progress.html",
        {
            "appeal": appeal,
            "progress": shown,
            "now": now,
            "may_open": may_open,
            "may_add": may_add,
            "transfer": appeal.transfers.filter(outcome="").first() if may_add else None,
            "call": selectors.call_of_appeal(appeal),
        },
    )


@require_POST
@needs(rights.USE_DESK, rights.ACCEPT)
def conclude_transfer(request, transfer_id):
    get_object_or_404(Transfer, pk=transfer_id)
    try:
        transfer = services.conclude_transfer(
            transfer_id=transfer_id,
            outcome=request.POST.get("outcome", ""),
            note=request.POST.get("note", ""),
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, f"{transfer.appeal.number}：{transfer.get_line_display()}{transfer.get_outcome_display()}。"
        )
    return redirect(_back(request))
