"""便民码: the page that a code opens for citizens, and the pages of those who make, print and stop codes."""

import io
import uuid

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
from channels_merge.forms import ChannelWordsForm, CodePageForm, MakeCodeForm, MoveCodeForm, words_field
from channels_merge.services.codes import COLUMNS, NEEDED
from channels_merge.states import CodeState, PlaceKind
from channels_merge.views.dialogs import asked, run_act
from channels_merge.views.public import SESSION_KEY, stored_photos
from channels_merge.views.register import READ, refused
from channels_merge.views.sheets import sheet_page
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.rights import has_right
from hotline.views.gate import needs

SEEN_SECONDS = 3600
MOST_PRINTED = 300


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
    status = 422
    if form.is_valid():
        try:
            registered = _register(request, code, form.cleaned_data)
        except services.TooOften as too_often:
            form.add_error(None, str(too_often))
            status = 429
        except DomainError as wrong:
            form.add_error(None, str(wrong))
        else:
            request.session[SESSION_KEY] = [registered.appeal.number, registered.code]
            return redirect("channels_merge:public-done")
    if request.FILES:
        form.add_error(None, "照片要重新选一次，其他内容都还在。")
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
    seen = selectors.codes_seen(request.user, now)
    rows = seen
    kind, batch, name = asked(request, "kind"), asked(request, "batch", 20), asked(request, "name", 60)
    if kind in PlaceKind.values:
        rows = rows.filter(kind=kind)
    if batch:
        rows = rows.filter(batch=batch)
    if name:
        rows = rows.filter(name__icontains=name)
    tabs = selectors.code_tabs()
    tab = next((one for one in tabs if one.code == asked(request, "tab")), tabs[0])
    counts = selectors.tab_counts(rows, tabs)
    kept = {"tab": tab.code, "kind": kind, "batch": batch, "name": name}
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
            "print_url": address(**kept) if batch else "",
            "first_url": address(**kept) if asked(request, "after") else "",
            "next_url": address(**kept, after=page.next_key) if page.next_key else "",
            "may_manage": has_right(request.user, rights.MANAGE_CODES, now),
        },
    )


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
            "may_manage": may and row.state == CodeState.ACTIVE,
            "at": now,
        },
    )


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
    label, said, hint = ACTS[act]

    def service(typed):
        common = {"code_id": row.pk, "by": request.user, "at": timezone.now()}
        if act == "move":
            services.move_code(token=typed["token"], reason=typed["reason"], **common)
        else:
            services.revoke_code(reason=typed["words"], **common)
        return f"“{row.name}”的码{said}。"

    form = MoveCodeForm(request.POST or None) if act == "move" else ChannelWordsForm(request.POST or None)
    if act == "revoke":
        form.fields["words"] = words_field("原因", 200, rows=2, help_text="扫码的人会看到。")
    return run_act(request, title=f"{label} {row.name}", form=form, verb=label, hint=hint, service=service, done=back)


ACTS = {
    "move": ("换码", "已更换，扫旧码会转到新码", "换了地方或重新印的，先建新码，再在这里写新码。"),
    "revoke": ("停用", "已停用", "停用以后扫码的人会看到原因，并可以改在网页上反映。"),
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
    """A4 sheets of a batch, or one code: six on a sheet, or one large."""
    now = timezone.now()
    batch, token = asked(request, "batch", 20), asked(request, "token", 10)
    rows = selectors.codes_seen(request.user, now).filter(state=CodeState.ACTIVE).select_related("region", "unit")
    rows = rows.filter(batch=batch) if batch else rows.filter(token=token)
    found = list(rows.order_by("pk")[: MOST_PRINTED + 1])
    if not found or not (batch or token):
        raise Http404("没有可以打印的码。")
    large = asked(request, "size") == "large"
    return render(
        request,
        "channels_merge/code_sheets.html",
        {
            "codes": [(row, svg(request, row)) for row in found[:MOST_PRINTED]],
            "more": len(found) > MOST_PRINTED,
            "most": MOST_PRINTED,
            "large": large,
            "other_url": address(batch=batch, token=token, size="" if large else "large"),
        },
    )
