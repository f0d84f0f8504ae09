"""Matters that the petition office has too: the list, one pair with its two sides, and what is decided about it."""

from django import forms
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from channels_merge import rights
from channels_merge.forms import WordsForm
from channels_merge.selectors import petition as reads
from channels_merge.services import petition
from channels_merge.views.sheets import sheet_page
from hotline import parameters
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act
from hotline.views.gate import needs
from tickets.selectors.lists import Key, take

NEWEST_FIRST = frozenset({"confirmed"})


@needs(rights.VIEW_PETITIONS)
@require_safe
def petitions(request):
    at = timezone.now()
    tab = asked(request, "tab")
    tab = tab if tab in reads.TABS else ""
    after = Key.parse(asked(request, "after"))
    found = reads.petition_tab(request.user, tab, at=at)
    page = take(reads.with_both_sides(found), by="both_since", pk="id", after=after, newest=tab in NEWEST_FIRST)
    here = urlencode({"tab": tab})
    context = {
        "rows": [(match, reads.ticket_of_match(match), (at - match.both_since).days) for match in page.rows],
        "tab": tab,
        "tabs": reads.tabs_with_counts(request.user, at=at),
        "days": parameters.integer("petition_unsettled_days", at=at),
        "first_url": f"?{here}" if after else "",
        "next_url": f"?{here}&after={page.next_key}" if page.next_key else "",
        "may_import": has_right(request.user, rights.MANAGE_PETITIONS, at),
        "opens_tickets": has_right(request.user, rights.VIEW_ALL, at),
        "at": at,
    }
    if page.rows:
        context |= _pair(page.rows[0], request.user, at)
    return render(request, "channels_merge/petition_list.html", context)


def _pair(match, user, at):
    """What the peek shows."""
    return {"pair": reads.both_sides(match, user, at=at), "at": at}


def _match(request, match_id, at):
    """404 for what the person may not see, as for what does not exist."""
    return get_object_or_404(reads.with_both_sides(reads.matches_for(request.user, at)), pk=match_id)


@needs(rights.VIEW_PETITIONS)
@require_safe
def peek(request, match_id):
    at = timezone.now()
    match = _match(request, match_id, at)
    return render(request, "channels_merge/partials/petition_peek.html", _pair(match, request.user, at))


ACTS = {
    "confirm": ("是同一件", "核对为同一件", "核对过两边的内容，是同一个人反映的同一件事。"),
    "refuse": ("不是同一件", "核对为不是同一件", ""),
    "supervise": ("联合督导", "开始联合督导", "工单在解除以前不能办结，时限照走；督办和信访一侧都会看到。"),
    "lift": ("解除联合督导", "解除", "解除以后工单可以办结。"),
}
WORDS = {"refuse": "为何不是同一件", "supervise": "督导事由", "lift": "解除理由"}
SERVICES = {
    "confirm": petition.confirm_match,
    "refuse": petition.refuse_match,
    "supervise": petition.start_joint_supervision,
    "lift": petition.lift_joint_supervision,
}


@needs(rights.DECIDE_PETITION_MATCH)
@require_http_methods(["GET", "POST"])
def act(request, match_id, code):
    if code not in ACTS:
        raise Http404
    match = _match(request, match_id, timezone.now())
    label, verb, hint = ACTS[code]
    data = request.POST if request.method == "POST" else None
    words = WORDS.get(code)
    form = WordsForm(data, label=words, required=True, missing=f"请写{words}。") if words else forms.Form(data)

    def do(typed):
        reason = {"reason": typed["text"]} if words else {}
        SERVICES[code](match_id=match.pk, by=request.user, at=timezone.now(), **reason)
        return f"{match.matter.number} 与 {match.appeal.number}：{label}。"

    return run_act(
        request,
        title=f"{label} {match.matter.number}",
        form=form,
        verb=verb,
        hint=hint,
        service=do,
        done=f"{reverse('channels_merge:petitions')}?tab={AFTERWARDS[code]}",
    )


# Where the next one to be looked at stands.
AFTERWARDS = {"confirm": "proposed", "refuse": "proposed", "supervise": "joint", "lift": "joint"}


@needs(rights.MANAGE_PETITIONS)
@require_http_methods(["GET", "POST"])
def import_sheet(request):
    return sheet_page(
        request,
        title="导入信访事项",
        about="信访部门定期给的表格。同一信访编号只留一件，再导入时更新状态；更新时间早于现有的不改。",
        columns=petition.COLUMNS,
        needed=petition.NEEDED,
        take=lambda name, content: petition.import_petitions(
            name=name, content=content, by=request.user, at=timezone.now()
        ),
        back=(reverse("channels_merge:petitions"), "回到信访"),
        also="电话和证件号只用来比对是不是同一个人，不保存原号；正文里的号码会隐去中间位。导入后一分钟内与诉求比对，可能是同一件的列在“待核对”。",
    )
