"""Platforms that are plugged in: how each of them is, what came and could not be taken in, what their codes mean."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_merge import rights, selectors, services
from channels_merge.forms import (
    CodeForm,
    FolderForm,
    LineForm,
    LineLimitForm,
    PullForm,
    ReasonForm,
    SourceForm,
    WordsForm,
)
from channels_merge.models import CodeMap, InboundMessage, Line, OutboxMessage
from channels_merge.states import LINE_LIMITS, CodeKind, Door, InboundState, ParkedFor
from channels_merge.views.secrets import secret_dialog, secret_shown
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.typed import clean
from hotline.views.dialogs import act_dialog, asked, run_act
from hotline.views.files import answer_with_bytes
from hotline.views.gate import needs
from tickets.selectors.lists import PAGE_ROWS, Key, take

STATES = (
    ("parked", "搁置的"),
    ("waiting", "等着处理"),
    ("done", "已入池"),
    ("dismissed", "不再处理"),
    ("all", "全部"),
)


def lines_badge(user):
    """The number at 接入 in the rail."""
    return selectors.trouble_count()


def _query(**values):
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


def _take(rows):
    """(rows of the page, key of the next page or "") of a list in the order of its ids."""
    shown = list(rows[: PAGE_ROWS + 1])
    return shown[:PAGE_ROWS], str(shown[PAGE_ROWS - 1].pk) if len(shown) > PAGE_ROWS else ""


def _after(request):
    return key_of(asked(request, "after"))


def _line(code):
    return get_object_or_404(Line.objects.select_related("channel"), channel__code=code)


@needs(rights.MANAGE_LINES)
@require_GET
def lines(request):
    now = timezone.now()
    return render(
        request,
        "channels_merge/lines.html",
        {
            "now": now,
            "health": selectors.lines_health(at=now, silent=services.silent_lines(at=now)),
            "unsettled": selectors.codes_of(line=None, is_settled=False)[:100].count(),
        },
    )


@needs(rights.MANAGE_LINES)
@require_GET
def line(request, code):
    now, one = timezone.now(), _line(code)
    state = asked(request, "state") or "parked"
    rows = selectors.messages_of(one, state=state)
    after = _after(request)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    shown, next_key = _take(rows)
    silent = services.silent_lines(at=now)
    return render(
        request,
        "channels_merge/line.html",
        {
            "now": now,
            "line": one,
            "health": next(row for row in selectors.lines_health(at=now, silent=silent) if row.line.pk == one.pk),
            "sources": one.sources.order_by("door"),
            "limits": selectors.line_limits(one, at=now),
            "acts": [
                (reverse(f"channels_merge:{name}", args=[code, *rest]), key, label)
                for name, rest, key, label in (
                    ("line-change", (), "e", "设置"),
                    ("line-limit", (), "l", "时限"),
                    ("line-secret", (), "s", "发放密钥"),
                    ("line-source", ("pull",), "t", "定时去取"),
                    ("line-source", ("folder",), "f", "交换文件夹"),
                )
            ],
            "rows": shown,
            "state": state,
            "states": STATES,
            "first_url": _query(state=state) if after is not None else "",
            "next_url": _query(state=state, after=next_key) if next_key else "",
        },
    )


# --- how a line is plugged in


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def secret(request, code):
    one = _line(code)
    title = f"发放密钥 {one.channel.name}"
    if request.method == "POST":
        shown = services.issue_line_secret(line_id=one.pk, by=request.user, at=timezone.now())
        return secret_shown(
            request,
            title=title,
            code=("平台代码", code),
            secret=shown,
            how=("算法", one.get_algorithm_display()),
            back=reverse("channels_merge:line", args=[code]),
        )
    return secret_dialog(request, title=title, is_renewed=bool(one.secret_issued_at))


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def change(request, code):
    one = _line(code)
    initial = {"is_open": one.is_open, "algorithm": one.algorithm, "push_url": one.push_url}
    return run_act(
        request,
        title=f"接入设置 {one.channel.name}",
        form=LineForm(request.POST or None, initial=initial),
        verb="保存",
        service=lambda typed: _said(
            services.change_line(line_id=one.pk, by=request.user, at=timezone.now(), **typed), "设置已保存。"
        ),
        done=reverse("channels_merge:line", args=[code]),
    )


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def limit(request, code):
    one = _line(code)

    def service(typed):
        laid_down = services.set_line_limit(line_id=one.pk, by=request.user, at=timezone.now(), **typed)
        return f"{LINE_LIMITS[typed['what']]}：{laid_down}，从现在起。"

    return run_act(
        request,
        title=f"时限 {one.channel.name}",
        form=LineLimitForm(request.POST or None),
        verb="保存",
        hint="从现在起算，以前受理的按原来的办。没有定的照本市的时限。",
        service=service,
        done=reverse("channels_merge:line", args=[code]),
    )


SOURCES = {"pull": (Door.PULL, PullForm), "folder": (Door.FOLDER, FolderForm)}
HINTS = {
    "pull": "按间隔到对方接口去取，从上次取到的地方接着取。",
    "folder": "对方把 CSV 或 XLSX 放进 drop/{code}/，读完即删，内容加密保存；读不出的整份搁置在来件里并写明原因。右边写列名。",
}


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def source(request, code, door):
    if door not in SOURCES:
        raise Http404
    one = _line(code)
    kind, form_class = SOURCES[door]
    there = one.sources.filter(door=kind).first()
    form = form_class(request.POST or None, initial=_initial(there, form_class))

    def service(typed):
        fields = typed.pop("fields_text")
        given = services.Source(door=kind, fields=fields, **typed)
        return _said(
            services.set_source(line_id=one.pk, source=given, by=request.user, at=timezone.now()), "取件方式已保存。"
        )

    return run_act(
        request,
        title=f"{kind.label} {one.channel.name}",
        form=form,
        verb="保存",
        hint=HINTS[door].format(code=code),
        service=service,
        done=reverse("channels_merge:line", args=[code]),
    )


def _initial(there, form_class):
    if there is None:
        return {
            "is_open": True,
            "fields_text": "message_id = id\nnumber = id\ndata.text = content\ndata.phone = phone",
        }
    named = [name for name in form_class.base_fields if name not in {"fields_text", "header_value"}]
    return {"fields_text": SourceForm.as_text(there.fields), **{name: getattr(there, name) for name in named}}


def _said(_done, sentence):
    return sentence


# --- what came


@needs(rights.MANAGE_LINES)
@require_GET
def message(request, message_id):
    row = get_object_or_404(InboundMessage.objects.select_related("line__channel", "appeal"), pk=message_id)
    return render(
        request,
        "channels_merge/partials/line_message.html",
        {"row": row, "now": timezone.now(), "body": selectors.shown_body(row)},
    )


def _back_to(row):
    return f"{reverse('channels_merge:line', args=[row.line.channel.code])}?state=parked"


@needs(rights.MANAGE_LINES)
@require_POST
def retry(request, message_id):
    row = get_object_or_404(InboundMessage.objects.select_related("line__channel"), pk=message_id)
    try:
        tried = services.retry_message(inbound_id=row.pk, by=request.user, at=timezone.now())
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        _say_what_became(request, tried)
    return redirect(_back_to(row))


def _say_what_became(request, row):
    if row.state == InboundState.DONE:
        messages.success(request, f"{row.shown_id} 已入池，诉求 {row.appeal.number}。")
    elif row.state == InboundState.WAITING:
        messages.info(request, f"{row.shown_id} 在等它的原诉求。")
    else:
        messages.error(request, f"{row.shown_id} 还是不行：{row.reason}")


@require_http_methods(["GET", "POST"])
def sheet(request, message_id):
    """A sheet that could not be read, as it came, after a reason. To everybody else there is no such address."""
    now = timezone.now()
    if not has_right(request.user, rights.MANAGE_LINES, now):
        raise Http404
    row = get_object_or_404(InboundMessage, pk=message_id, parked_for=ParkedFor.SHEET)
    form = WordsForm(request.POST if request.method == "POST" else None, label="为什么要下载")
    if request.method == "POST" and form.is_valid():
        try:
            name, content = services.hand_out_sheet(
                inbound_id=row.pk,
                reason=form.cleaned_data["text"],
                by=request.user,
                at=now,
                address=client_address(request),
            )
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return answer_with_bytes(name, content)
    return act_dialog(
        request,
        title="下载原件",
        form=form,
        verb="下载",
        hint="里面有姓名和电话，下载一次记一次。看完请删除；改好的表格由对方重新放进文件夹。",
        is_download=True,
        status=422 if form.errors else 200,
    )


@needs(rights.MANAGE_LINES)
@require_POST
def retry_all(request, code):
    one = _line(code)
    tried, done = services.retry_all(line_id=one.pk, by=request.user, at=timezone.now())
    messages.success(request, f"重试了 {tried} 条，{done} 条已处理，{tried - done} 条还在搁置。")
    return redirect(f"{reverse('channels_merge:line', args=[code])}?state=parked")


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def dismiss(request, message_id):
    row = get_object_or_404(InboundMessage.objects.select_related("line__channel"), pk=message_id)

    def service(typed):
        services.dismiss_message(inbound_id=row.pk, reason=typed["text"], by=request.user, at=timezone.now())
        return f"{row.shown_id} 不再处理，留在记录里。"

    return run_act(
        request,
        title=f"不再处理 {row.shown_id[:30]}",
        form=ReasonForm(request.POST or None, label="为什么不再处理"),
        verb="不再处理",
        hint="从搁置的里面拿走，内容和原因留着可查。",
        service=service,
        done=_back_to(row),
    )


# --- codes


@needs(rights.MANAGE_LINES)
@require_GET
def codes(request):
    tab = "settled" if asked(request, "tab") == "settled" else ""
    one = Line.objects.filter(channel__code=asked(request, "line")).first()
    rows = selectors.codes_of(line=one, is_settled=tab == "settled")
    after = _after(request)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    shown, next_key = _take(rows)
    counts = selectors.count_codes(shown)
    kept = {"tab": tab, "line": asked(request, "line") if one else ""}
    return render(
        request,
        "channels_merge/line_codes.html",
        {
            "now": timezone.now(),
            "rows": [(row, counts[row.pk]) for row in shown],
            "tab": tab,
            "lines": Line.objects.select_related("channel").order_by("channel__name"),
            "chosen": kept["line"],
            "first_url": _query(**kept) or "?" if after is not None else "",
            "next_url": _query(**kept, after=next_key) if next_key else "",
        },
    )


@needs(rights.MANAGE_LINES)
@require_http_methods(["GET", "POST"])
def code(request, code_id):
    row = get_object_or_404(CodeMap.objects.select_related("line__channel", "category", "region"), pk=code_id)
    form = CodeForm(request.POST or None, kind=row.kind, initial=_settled_as(row))

    def service(typed):
        name = "category" if row.kind == CodeKind.CATEGORY else "region"
        filled = services.settle_code(
            code_id=row.pk, by=request.user, at=timezone.now(), **{name: typed["target"]} if typed["target"] else {}
        )
        also = f"，{filled} 件等着受理的已补上" if filled else ""
        return f"{row.code} {'对应到 ' + typed['target'].name if typed['target'] else '记为没有对应'}{also}。"

    return run_act(
        request,
        title=f"{row.get_kind_display()}代码 {row.code} {row.name}"[:60],
        form=form,
        verb="保存",
        hint=f"{row.line.channel.name}的代码。等着受理的来件会照这里补上，已经受理的不动。",
        service=service,
        done=reverse("channels_merge:line-codes"),
    )


def _settled_as(row):
    target = row.category or row.region
    return {"target": target.code if target else None, "nothing": bool(row.settled_at and not target)}


# --- what leaves


@needs(rights.MANAGE_LINES)
@require_GET
def outbox(request):
    now = timezone.now()
    dead = asked(request, "tab") != "waiting"
    to = asked(request, "to")
    one = Line.objects.filter(channel__code=to).first()
    rows = selectors.outbox(dead=dead, line=one, to_phones=to == "phones")
    # Dead ones, the latest first; waiting ones, the longest waiting first.
    after = Key.parse(asked(request, "after"))
    page = take(rows, by="dead_at" if dead else "created_at", pk="id", after=after, newest=dead)
    kept = {"tab": "" if dead else "waiting", "to": to}
    return render(
        request,
        "channels_merge/outbox.html",
        {
            "now": now,
            "rows": page.rows,
            "dead": dead,
            "to": to,
            "has_gateway": services.has_gateway(),
            "lines": Line.objects.select_related("channel").order_by("channel__name"),
            "first_url": _query(**kept) or "?" if after is not None else "",
            "next_url": _query(**kept, after=page.next_key) if page.next_key else "",
        },
    )


@needs(rights.MANAGE_LINES)
@require_POST
def send_again(request, message_id):
    row = get_object_or_404(OutboxMessage.objects.select_related("line__channel"), pk=message_id)
    try:
        services.send_again(message_id=row.pk, by=request.user, at=timezone.now())
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已排上，一分钟内再发。")
    return redirect("channels_merge:outbox")


@needs(rights.MANAGE_LINES)
@require_POST
def send_all_again(request):
    to = clean(request.POST.get("to", ""))
    line_id = None if to == "phones" else _line(to).pk
    count = services.send_all_again(line_id=line_id, by=request.user, at=timezone.now())
    messages.success(request, f"{count} 条已排上，一分钟内开始再发。")
    return redirect(f"{reverse('channels_merge:outbox')}{_query(to=to)}")
