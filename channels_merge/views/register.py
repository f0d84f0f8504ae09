"""The register of channels: the list, one channel with its filings, the acts on it, and the key of its interface."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from channels_merge import rights, selectors, services
from channels_merge.forms import ChannelForm, ChannelWordsForm, ReviseChannelForm
from channels_merge.selectors.register import AFTERWARDS, CHANNEL_ACTS
from channels_merge.states import ChannelKind, ChannelState, FilingKind, FilingOutcome, IntakeWay
from channels_merge.views.secrets import secret_dialog, secret_shown
from hotline.dates import local_day
from hotline.models import Unit
from hotline.rights import has_right
from hotline.views.dialogs import asked, refused, run_act, sent
from hotline.views.gate import needs

READ = (rights.VIEW_REGISTER, rights.PROPOSE_CHANNEL)
ENTER = (rights.PROPOSE_CHANNEL, rights.MANAGE_CHANNELS)


def tabs_of(request, rows, tabs):
    """(tab, how many, address) for each, and the one that is asked for."""
    code = asked(request, "tab")
    chosen = next((tab for tab in tabs if tab.code == code), tabs[0])
    counts = selectors.tab_counts(rows, tabs)
    kept = {name: asked(request, name) for name in ("kind", "owner")}
    return chosen, [(tab, counts[f"n_{tab.code}"], _address(tab=tab.code, **kept)) for tab in tabs]


def _address(**values):
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


def paged(request, page):
    kept = {name: asked(request, name) for name in ("tab", "kind", "owner")}
    return {
        "rows": page.rows,
        "first_url": _address(**kept) if asked(request, "after") else "",
        "next_url": _address(**kept, after=page.next_key) if page.next_key else "",
    }


def owners_of(rows):
    return Unit.objects.filter(pk__in=rows.order_by().values("owner")).order_by("code")


def filtered(request, rows):
    kind, owner = asked(request, "kind"), asked(request, "owner")
    if kind in ChannelKind.values:
        rows = rows.filter(kind=kind)
    if owner:
        rows = rows.filter(owner__code=owner)
    return rows


@needs(*READ)
@require_GET
def register(request):
    now = timezone.now()
    seen = selectors.channels_seen(request.user, now)
    rows = filtered(request, seen)
    tab, tabs = tabs_of(request, rows, selectors.register_tabs(at=now))
    page = selectors.take_rows(
        selectors.with_volumes(rows.filter(tab.rows), at=now), by=tab.by, after=asked(request, "after")
    )
    return render(
        request,
        "channels_merge/register.html",
        {
            **paged(request, page),
            "tab": tab,
            "tabs": tabs,
            "kinds": ChannelKind.choices,
            "kind": asked(request, "kind"),
            "owners": owners_of(seen),
            "owner": asked(request, "owner"),
            "today": local_day(now),
            "may_enter": any(has_right(request.user, right, now) for right in ENTER),
        },
    )


ACT_WORDS = {
    "ship": "系统自带，按文件启用",
    "propose": "登记为拟设",
    "enter": "登记为早已设立",
    "file": "报备新增",
    "yearly": "年度备案",
    "keep": "申请保留",
    "approve": "同意",
    "refuse": "不同意",
    "open": "启用",
    "end": "定撤销日期",
    "cancel": "撤销",
    "revise": "修改",
}


@needs(*READ)
@require_GET
def channel(request, code):
    now = timezone.now()
    seen = selectors.channels_seen(request.user, now)
    row = get_object_or_404(selectors.with_volumes(seen, at=now), code=code)
    filings = list(row.filings.select_related("filed_by__unit", "decided_by").order_by("-pk")[:FILINGS])
    waiting = next((filing for filing in filings if not filing.outcome), None)
    buttons = selectors.channel_buttons(selectors.Standing(row, waiting, request.user, now))
    events = row.events.select_related("by__unit").order_by("-pk")[:EVENTS]
    return render(
        request,
        "channels_merge/channel.html",
        {
            "channel": row,
            "filings": filings,
            "waiting": waiting,
            "buttons": buttons,
            "forbidden": [button for button in buttons if button.why],
            "key_acts": _key_acts(row, request.user, now),
            "items": [
                {
                    "at": event.at,
                    "act": ACT_WORDS[event.act],
                    "who": f"{event.by.masked_name} · {event.by.unit.short_name}" if event.by else "系统",
                    "say": event.words,
                    "tone": {"approve": "done", "refuse": "over", "cancel": "over"}.get(event.act, ""),
                }
                for event in events
            ],
            "at": now,
            "today": local_day(now),
        },
    )


FILINGS = 10
EVENTS = 30


def _has_key(row):
    """Whether its operator sends by the interface, or has a key from when it did."""
    return row.way == IntakeWay.PUSH or bool(row.key_hash)


def _key_acts(row, user, at):
    """(address, key, label) of what this person may do with the channel's key."""
    if not _has_key(row) or not has_right(user, rights.ISSUE_KEY, at):
        return []
    names = [("channel-key", "s", "换发密钥" if row.key_hash else "发放密钥")]
    if row.key_hash:
        names.append(("channel-key-revoke", "r", "收回密钥"))
    return [(reverse(f"channels_merge:{name}", args=[row.code]), key, label) for name, key, label in names]


def _channel_with_key(request, code):
    row = get_object_or_404(selectors.channels_seen(request.user, timezone.now()), code=code)
    if not _has_key(row):
        raise Http404
    return row


@needs(rights.ISSUE_KEY)
@require_http_methods(["GET", "POST"])
def key(request, code):
    """A key for /api/v1/: shown in the answer to the post, and never again."""
    row = _channel_with_key(request, code)
    title = f"发放密钥 {row.name}"
    if request.method == "POST":
        return secret_shown(
            request,
            title=title,
            code=("渠道代码", row.code),
            secret=services.issue_channel_key(channel_id=row.pk, by=request.user, at=timezone.now()),
            how=("用法", "放在请求头 X-Channel-Key 里，渠道启用以后有效"),
            back=reverse("channels_merge:channel", args=[row.code]),
        )
    return secret_dialog(request, title=title, is_renewed=bool(row.key_hash))


@needs(rights.ISSUE_KEY)
@require_http_methods(["GET", "POST"])
def revoke_key(request, code):
    row = _channel_with_key(request, code)

    def service(_):
        services.revoke_channel_key(channel_id=row.pk, by=request.user, at=timezone.now())
        return f"“{row.name}”的接口密钥已收回。"

    return run_act(
        request,
        title=f"收回密钥 {row.name}",
        form=forms.Form(sent(request)),
        verb="收回",
        hint="从现在起，对方凭这个密钥送来的一律不收；要再送，重新发放。",
        service=service,
        done=reverse("channels_merge:channel", args=[row.code]),
    )


@needs(*READ)
@require_safe
def receipt(request, code, filing_id):
    """The 备案回执 on paper for a filing that was agreed to, to whoever reads the channel."""
    now = timezone.now()
    row = get_object_or_404(selectors.channels_seen(request.user, now).select_related("owner"), code=code)
    filings = row.filings.select_related("filed_by__unit", "decided_by__unit")
    filing = get_object_or_404(filings, pk=filing_id, outcome=FilingOutcome.APPROVED)
    return render(
        request,
        "channels_merge/channel_receipt.html",
        {
            "channel": row,
            "filing": filing,
            "number": f"{row.code.upper()}-{row.filings.filter(pk__lte=filing.pk).count()}",
            "review_due_on": selectors.next_review(local_day(filing.decided_at), at=filing.decided_at),
            "at": now,
        },
    )


@needs(*ENTER)
@require_http_methods(["GET", "POST"])
def enter(request):
    """A new channel, or one that was there before the order."""
    now = timezone.now()
    own = None if selectors.is_manager(request.user, now) else request.user.unit
    form = ChannelForm(request.POST or None, own=own, at=now)
    made = {}

    def service(typed):
        made["channel"] = services.propose_channel(
            owner=form.owner,
            **{name: typed[name] for name in ("name", "kind", "way", "address", "ground", "announced", "maintainer")},
            existed=services.Existed(typed["since"], typed["evidence"], typed["ends_on"])
            if typed["existed"] == "old"
            else None,
            by=request.user,
            at=timezone.now(),
        )
        return f"已登记“{made['channel'].name}”，{made['channel'].get_state_display()}。"

    return run_act(
        request,
        title="登记渠道",
        form=form,
        verb="登记",
        hint="除国家有明确要求外，原则上不再新增渠道；确需新增和保留的，报市热线中心备案。",
        service=service,
        done=lambda: reverse("channels_merge:channel", args=[made["channel"].code]),
    )


@needs(*READ)
@require_http_methods(["GET", "POST"])
def act(request, code, act):
    now = timezone.now()
    if act not in CHANNEL_ACTS:
        raise Http404
    row = get_object_or_404(selectors.channels_seen(request.user, now).select_related("owner"), code=code)
    back = reverse("channels_merge:channel", args=[row.code])
    standing = selectors.Standing(row, selectors.open_filing(row), request.user, now)
    rule = CHANNEL_ACTS[act]
    if why := rule.whose(standing):
        raise PermissionDenied(why)
    if why := rule.refusal(standing):
        return refused(request, why, back)
    verb, said = VERBS[act]

    def service(typed):
        SERVICES[act](typed, {"channel_id": row.pk, "by": request.user, "at": timezone.now()})
        return f"“{row.name}”{said}。"

    return run_act(
        request,
        title=f"{rule.label} {row.name[:20]}",
        form=FORMS[act](request.POST or None, standing),
        verb=verb,
        hint=HINTS.get(act, ""),
        service=service,
        done=back,
    )


VERBS = {
    "approve": ("同意", "已同意"),
    "refuse": ("不同意", "没有同意"),
    "file": ("报备", "已报备，等市热线中心决定"),
    "open": ("启用", "已启用"),
    "yearly": ("报备", "已报年度备案，等市热线中心决定"),
    "keep": ("申请", "已申请保留，等市热线中心决定"),
    "end": ("定下", "的撤销日期已定"),
    "cancel": ("撤销", "已撤销"),
    "revise": ("保存", "已修改"),
}
HINTS = {
    "file": "市热线中心核准以后才能启用。",
    "open": "从现在起可以对外公布，诉求进入 12345。",
    "yearly": "写明过去一年受理多少、为什么还要保留。",
    "keep": "只有国家有明确要求或 12345 受理不了的，才保留。",
    "end": "到了这一天由系统撤销。撤销以后再来的诉求照样受理，并每天告知开办单位。",
    "cancel": "从现在起对外统一使用 12345；再来的诉求照样受理，并每天告知开办单位。",
}


def _words(label, *, required=True):
    return lambda data, _: ChannelWordsForm(data, label=label, required=required)


def _refuse_form(data, standing):
    """Whoever is in use and not kept another year needs a last day."""
    return ChannelWordsForm(
        data, label="不同意的理由", day=True if standing.filing.kind == FilingKind.YEARLY else None
    )


def _revise_form(data, standing):
    form = ReviseChannelForm(data, initial={name: getattr(standing.channel, name) for name in REVISED})
    if standing.channel.state not in {ChannelState.PROPOSED, ChannelState.REFUSED}:
        for name in REVISED - AFTERWARDS:
            form.fields[name].disabled = True
            form.fields[name].help_text = "报备以后不能改。"
    return form


REVISED = frozenset(ReviseChannelForm.base_fields)
FORMS = {
    "approve": _words("意见", required=False),
    "refuse": _refuse_form,
    "file": _words("新增的理由"),
    "open": _words("说明", required=False),
    "yearly": _words("继续保留的理由"),
    "keep": _words("保留的理由"),
    "end": lambda data, standing: ChannelWordsForm(data, day=True, initial={"day": standing.channel.ends_on}),
    "cancel": _words("理由"),
    "revise": _revise_form,
}
SERVICES = {
    "approve": lambda typed, common: services.approve_filing(opinion=typed["words"], **common),
    "refuse": lambda typed, common: services.refuse_filing(opinion=typed["words"], ends_on=typed.get("day"), **common),
    "file": lambda typed, common: services.file_channel(reason=typed["words"], **common),
    "open": lambda typed, common: services.open_channel(note=typed["words"], **common),
    "yearly": lambda typed, common: services.file_yearly(reason=typed["words"], **common),
    "keep": lambda typed, common: services.file_to_keep(reason=typed["words"], **common),
    "end": lambda typed, common: services.end_channel(ends_on=typed["day"], reason=typed["words"], **common),
    "cancel": lambda typed, common: services.cancel_channel(reason=typed["words"], **common),
    "revise": lambda typed, common: services.revise_channel(changes=typed, **common),
}


def register_badge(user):
    """The number at 渠道 in the rail."""
    return selectors.register_badge(user, timezone.now())
