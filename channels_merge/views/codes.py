"""便民码: the page that a code opens for citizens, and the pages of those who make, print and stop codes."""

import csv
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from channels_merge import rights, selectors, services
from channels_merge.forms import ChannelWordsForm, CodePageForm, CorrectCodeForm, MakeCodeForm, MoveCodeForm
from channels_merge.services.codes import COLUMNS, NEEDED
from channels_merge.states import CodeState, PlaceKind
from channels_merge.views.public import send, stored_photos
from channels_merge.views.register import READ
from channels_merge.views.sheets import sheet_page
from hotline.client_address import client_address
from hotline.fields import words_field
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, refused, run_act
from hotline.views.gate import needs

SEEN_SECONDS = 3600
MOST_PRINTED = 300
CORRECTIONS = 30


# --- for citizens


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def code_page(request, token):
    """Place and unit are filled; three fields and a photo. A code that ended says so, a replaced one leads on."""
    code = selectors.code_of(token)
    if code is None:
        return render(request, "channels_merge/code_unknown.html", status=404)
    leads_to = selectors.where_it_leads(code)
    if request.method == "POST":
        return _submit(request, leads_to)
    if leads_to.state == CodeState.REVOKED:
        answer = render(request, "channels_merge/code_ended.html", {"code": leads_to}, status=410)
    elif leads_to != code:
        answer = render(request, "channels_merge/code_ended.html", {"code": code, "leads_to": leads_to})
    else:
        answer = _page(request, code, {"hide": "on", "token": uuid.uuid4()})
    _count_once(request, answer, code)
    return answer


@login_not_required
@require_safe
def mistyped_code(request, token=""):
    """The address of a code, typed by hand with a slash too many or without its code."""
    if token:
        return redirect("channels_merge:code-page", token=token)
    return render(request, "channels_merge/code_unknown.html", status=404)


def _count_once(request, answer, code):
    """A page that is loaded again within the hour is the same scan; the cookie says only that."""
    seen = f"q_{code.token}"
    if seen not in request.COOKIES:
        services.count_scan(code, at=timezone.now())
        answer.set_cookie(
            seen,
            "1",
            max_age=SEEN_SECONDS,
            path=reverse("channels_merge:code-page", args=[code.token]),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _page(request, code, typed, form=None, status=200):
    return render(
        request, "channels_merge/code_page.html", {"code": code, "typed": typed, "form": form}, status=status
    )


def _submit(request, code):
    if request.POST.get("website"):
        # A program: it is told that all went well and nothing is written.
        return render(request, "channels_merge/public_done.html", {"number": "", "code": ""})
    form = CodePageForm(request.POST)
    status = send(request, form, lambda: _register(request, code, form.cleaned_data), ("phone", "text"))
    if status == 302:
        return redirect("channels_merge:public-done")
    return _page(request, code, request.POST.dict(), form, status)


def _register(request, code, typed):
    now = timezone.now()
    services.count_code_submission(code, phone=typed["phone"], address=client_address(request), at=now)
    with transaction.atomic():  # photos are kept with the appeal or not at all
        return services.register_by_code(
            code=code,
            text=typed["text"],
            name=typed["name"],
            phone=typed["phone"],
            hide=typed["hide"],
            files=stored_photos(request, now),
            source_number=str(typed["token"] or uuid.uuid4()),
            at=now,
        )


# --- for staff


@needs(*READ, rights.MANAGE_CODES)
@require_GET
def codes(request):
    now = timezone.now()
    rows, wanted = _filtered(request, now)
    tabs = selectors.code_tabs()
    tab = _tab(request, tabs)
    counts = selectors.tab_counts(rows, tabs)
    kept = {"tab": tab.code, **wanted}
    page = selectors.take_rows(
        selectors.with_use(rows.filter(tab.rows), at=now), by=tab.by, after=asked(request, "after")
    )
    return render(
        request,
        "channels_merge/codes.html",
        {
            "rows": page.rows,
            **kept,
            "tab": tab,
            "tabs": [(one, counts[f"n_{one.code}"], address(**{**kept, "tab": one.code})) for one in tabs],
            "kinds": PlaceKind.choices,
            "print_url": address(**wanted) if counts["n_active"] else "",
            "list_url": address(**kept),
            "first_url": address(**kept) if asked(request, "after") else "",
            "next_url": address(**kept, after=page.next_key) if page.next_key else "",
            "may_manage": has_right(request.user, rights.MANAGE_CODES, now),
        },
    )


def _filtered(request, now):
    """The codes that this person sees and asks for, and what was asked."""
    rows = selectors.codes_seen(request.user, now)
    kind, batch, name = asked(request, "kind"), asked(request, "batch", 20), asked(request, "name", 60)
    if kind in PlaceKind.values:
        rows = rows.filter(kind=kind)
    if batch:
        rows = rows.filter(batch=batch)
    if name:
        rows = rows.filter(name__icontains=name)
    return rows, {"kind": kind, "batch": batch, "name": name}


def _tab(request, tabs):
    return next((one for one in tabs if one.code == asked(request, "tab")), tabs[0])


@needs(*READ, rights.MANAGE_CODES)
@require_safe
def as_csv(request):
    """The same list as a sheet, in the columns that make codes and with how much each is used."""
    now = timezone.now()
    rows, _ = _filtered(request, now)
    rows = selectors.with_use(rows.filter(_tab(request, selectors.code_tabs()).rows), at=now).order_by("pk")
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow([*COLUMNS.values(), "码", "状态", "近30天扫码", "近30天诉求", "诉求共", "批次"])
    for row in rows.iterator(chunk_size=500):
        region = f"{row.region.parent.name}/{row.region.name}" if row.region.parent else row.region.name
        words = [row.get_kind_display(), row.name, region, row.place, row.unit.name if row.unit else ""]
        words += [_plain(row.longitude), _plain(row.latitude), row.token]
        numbers = [row.scanned, row.appeals, row.appeals_ever]
        sheet.writerow([*map(_no_formula, words), row.get_state_display(), *numbers, row.batch])
    # The mark at the beginning tells spreadsheet programs that it is UTF-8.
    answer = HttpResponse(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('便民码')}.csv"
    return answer


def _plain(degrees):
    return "" if degrees is None else f"{degrees.normalize():f}"


def _no_formula(text):
    """A name that a spreadsheet program would compute is text to it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _code_seen(request, token):
    now = timezone.now()
    seen = selectors.codes_seen(request.user, now)
    return get_object_or_404(selectors.with_use(seen, at=now), token=token), now


@needs(*READ, rights.MANAGE_CODES)
@require_GET
def code(request, token):
    row, now = _code_seen(request, token)
    may = has_right(request.user, rights.MANAGE_CODES, now)
    return render(
        request,
        "channels_merge/code.html",
        {
            "code": row,
            "svg": svg(request, row),
            "url": public_url(request, row),
            "days": selectors.scans_by_day(row, at=now),
            "items": _history(row),
            "may_manage": may and row.state == CodeState.ACTIVE,
            "at": now,
        },
    )


def _history(row):
    """What happened to a code, the newest first."""
    found = [("更正", one.at, one.by, one.words) for one in row.corrections.select_related("by__unit").order_by("-pk")]
    found = [*found[:CORRECTIONS], ("建码", row.made_at, row.made_by, f"批次 {row.batch}" if row.batch else "")]
    if row.ended_at:
        moved = f"新码 {row.moved_to.token}。" if row.moved_to else ""
        act = ACTS["move" if row.moved_to else "revoke"].label
        found.insert(0, (act, row.ended_at, row.ended_by, f"{moved}{row.ended_because}"))
    return [
        {"act": act, "at": at, "who": f"{by.masked_name} · {by.unit.short_name}" if by else "系统", "say": words}
        for act, at, by, words in found
    ]


@needs(rights.MANAGE_CODES)
@require_http_methods(["GET", "POST"])
def make(request):
    made = {}

    def service(typed):
        made["code"] = services.make_code(**typed, by=request.user, at=timezone.now())
        return f"“{made['code'].name}”的便民码已建好。"

    return run_act(
        request,
        title="建便民码",
        form=MakeCodeForm(request.POST or None),
        verb="建码",
        service=service,
        done=lambda: reverse("channels_merge:code", args=[made["code"].token]),
    )


@needs(rights.MANAGE_CODES)
@require_http_methods(["GET", "POST"])
def import_codes(request):
    made = {}

    def take(name, content):
        made["batch"], made["result"] = services.import_codes(
            name=name, content=content, by=request.user, at=timezone.now()
        )
        return made["result"]

    answer = sheet_page(
        request,
        title="成批建便民码",
        about="每行一个码：种类写场所、单位、网格、工地项目、公交或电梯；地区写成“章贡区/章江街道”或区划代码。",
        also="管理单位写全称或简称。已有在用码的地方不会再建。一张表是一批，可以一起打印。",
        columns=COLUMNS,
        needed=NEEDED,
        take=take,
        back=(reverse("channels_merge:codes"), "回到便民码"),
    )
    if made and not made["result"].rejects:
        messages.success(request, f"新建 {made['result'].new} 个，已有 {made['result'].same} 个。")
        return redirect(f"{reverse('channels_merge:codes')}{address(batch=made['batch'])}")
    return answer


@needs(rights.MANAGE_CODES)
@require_http_methods(["GET", "POST"])
def act(request, token, act):
    if act not in ACTS:
        raise Http404
    row, _ = _code_seen(request, token)
    back = reverse("channels_merge:code", args=[row.token])
    if row.state != CodeState.ACTIVE:
        return refused(request, f"这张码{row.get_state_display()}。", back)
    rule = ACTS[act]

    def service(typed):
        rule.service(**typed, code_id=row.pk, by=request.user, at=timezone.now())
        return f"“{row.name}”的码{rule.said}。"

    return run_act(
        request,
        title=f"{rule.label} {row.name}",
        form=rule.form(request.POST or None, row),
        verb=rule.label,
        hint=rule.hint,
        service=service,
        done=back,
    )


def _correct_form(data, row):
    now = {"name": row.name, "region": row.region, "place": row.place, "unit": row.unit.name if row.unit else ""}
    now |= {"longitude": _plain(row.longitude), "latitude": _plain(row.latitude)}
    return CorrectCodeForm(data, initial=now)


def _revoke_form(data, _):
    form = ChannelWordsForm(data)
    form.fields["words"] = words_field("原因", 200, rows=2, help_text="扫码的人会看到。")
    return form


@dataclass(frozen=True)
class CodeAct:
    label: str
    said: str
    hint: str
    form: Callable
    service: Callable


ACTS = {
    "correct": CodeAct(
        "更正",
        "已更正",
        "码不变，扫码打开的就是新写的；以前来的诉求不改。名称和地点印在纸上的，改了要重新打印。",
        _correct_form,
        services.correct_code,
    ),
    "move": CodeAct(
        "换码",
        "已更换，扫旧码会转到新码",
        "换了地方或重新印的，先建新码，再在这里写新码。",
        lambda data, _: MoveCodeForm(data),
        services.move_code,
    ),
    "revoke": CodeAct(
        "停用",
        "已停用",
        "停用以后扫码的人会看到原因，并可以改在网页上反映。",
        _revoke_form,
        lambda *, words, **common: services.revoke_code(reason=words, **common),
    ),
}


# --- print


def address(**values):
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


def public_url(request, code):
    """What stands in the code. The address that citizens reach, which need not be the one that staff use."""
    path = reverse("channels_merge:code-page", args=[code.token])
    return f"{settings.HOTLINE_PUBLIC_URL}{path}" if settings.HOTLINE_PUBLIC_URL else request.build_absolute_uri(path)


def drawn(request, code):
    # Error correction Q: a quarter of it may be dirty or torn.
    return segno.make_qr(public_url(request, code), error="q")


def svg(request, code):
    """Ready for the page: no size of its own and no style, so the sheet decides."""
    return mark_safe(drawn(request, code).svg_inline(omitsize=True, border=2))  # noqa: S308 -- made here from a url


@needs(*READ, rights.MANAGE_CODES)
@require_safe
def picture(request, token, kind):
    if kind not in {"svg", "png"}:
        raise Http404
    row, _ = _code_seen(request, token)
    out = io.BytesIO()
    if kind == "svg":
        drawn(request, row).save(out, kind="svg", border=4, scale=8)
        content_type = "image/svg+xml"
    else:
        drawn(request, row).save(out, kind="png", border=4, scale=16)
        content_type = "image/png"
    answer = HttpResponse(out.getvalue(), content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.token}.{kind}"'
    return answer


@needs(*READ, rights.MANAGE_CODES)
@require_GET
def sheets(request):
    """A4 sheets of what the list shows, or one code: six on a sheet, or one large; so many at a time."""
    rows, wanted = _filtered(request, timezone.now())
    wanted["token"] = asked(request, "token", 10)
    after = key_of(asked(request, "after"))
    rows = rows.filter(state=CodeState.ACTIVE, pk__gt=after or 0).select_related("region", "unit")
    if wanted["token"]:
        rows = rows.filter(token=wanted["token"])
    found = list(rows.order_by("pk")[: MOST_PRINTED + 1])
    if not found:
        raise Http404("没有可以打印的码。")
    large = asked(request, "size") == "large"
    shown = found[:MOST_PRINTED]
    size = "large" if large else ""
    return render(
        request,
        "channels_merge/code_sheets.html",
        {
            "codes": [(row, svg(request, row)) for row in shown],
            "large": large,
            "other_url": address(**wanted, after=after, size="" if large else "large"),
            "next_url": address(**wanted, after=shown[-1].pk, size=size) if len(found) > MOST_PRINTED else "",
        },
    )
