"""A version as a sheet to take away, and a sheet into a draft: handed in, its differences read, confirmed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.queue import enqueue
from hotline.views.dialogs import asked, refused, run_act, sent
from hotline.views.files import answer_with_bytes
from hotline.views.gate import needs
from responsibility import rights, selectors, services, tasks
from responsibility.forms import SheetForm, WhyForm
from responsibility.models import DutyItem, DutySheet, DutySheetRow
from responsibility.states import ItemAct
from responsibility.views import words
from responsibility.views.lists import version_of

RECENT = 10
SHOWN_OF_NEW = ("category", "level", "city_function", "county_function", "words")
MARKS = {ItemAct.ADD: selectors.ADDED, ItemAct.CHANGE: selectors.CHANGED, ItemAct.REMOVE: selectors.REMOVED}


@needs(rights.VIEW)
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:
    version = version_of(pk)
    return answer_with_bytes(
        f"{version.scope.short_name}{version}.xlsx", services.sheet_of(version, at=timezone.now())
    )


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def hand_in(request: HttpRequest, pk: int) -> HttpResponse:
    version = version_of(pk)
    back = reverse("responsibility:duty-list", args=[pk])
    if request.method == "GET" and not version.is_editable:
        return refused(request, f"《{version}》当前为“{version.get_state_display()}”，只有草稿能改。", back)
    form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
    if request.method == "POST" and form.is_valid():
        try:
            sheet = services.hand_in_sheet(
                list_id=pk,
                upload=form.cleaned_data["file"],
                drops_missing=form.cleaned_data["missing"] == "drop",
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as why:
            form.add_error("file", str(why))
        else:
            enqueue(tasks.compare_sheet, sheet_id=sheet.pk)
            return redirect("responsibility:duty-sheet", pk, sheet.pk)
    recent = version.sheets.select_related("file", "handed_in_by").order_by("-pk")[:RECENT]
    return render(
        request,
        "responsibility/sheets.html",
        {"duty_list": version, "form": form, "recent": recent, "at": timezone.now()},
        status=422 if form.errors else 200,
    )


def _sheet(pk: int, sheet_id: int) -> DutySheet:
    sheets = DutySheet.objects.select_related("duty_list__scope", "duty_list__base", "file", "handed_in_by__unit")
    return get_object_or_404(sheets, pk=sheet_id, duty_list=pk)


TABS = {
    "add": ("新增", ItemAct.ADD),
    "change": ("修改", ItemAct.CHANGE),
    "remove": ("删除", ItemAct.REMOVE),
    "wrong": ("有错", ""),
}


@needs(rights.EDIT)
@require_GET
def preview(request: HttpRequest, pk: int, sheet_id: int) -> HttpResponse:
    sheet = _sheet(pk, sheet_id)
    tab = _tab(request, sheet)
    after = asked(request, "after")
    found = sheet.rows.filter(act=TABS[tab][1], pk__gt=key_of(after) or 0).order_by("pk")[: selectors.PAGE_ROWS + 1]
    rows = list(found)[: selectors.PAGE_ROWS]
    here, now = {"tab": tab}, timezone.now()
    version = sheet.duty_list
    return render(
        request,
        "responsibility/sheet.html",
        {
            "duty_list": version,
            "sheet": sheet,
            "waits": sheet.waits,
            "is_left": services.is_left(sheet, at=now),
            "done": services.rows_written(sheet) if sheet.waits == "write" else (sheet.lines_done, sheet.lines),
            "tab": tab,
            "tabs": [(code, label, sheet.counts.get(code, 0)) for code, (label, _) in TABS.items()],
            "rows": _told(sheet, rows),
            "unused": services.unused_headings(sheet),
            "why_not": services.why_not_confirmed(sheet),
            "moved": "" if sheet.written_at else services.what_moved_since(sheet, at=now),
            "first_url": f"?{urlencode(here)}" if after else "",
            "next_url": f"?{urlencode(here | {'after': rows[-1].pk})}" if len(found) > len(rows) else "",
            "at": now,
        },
    )


def _tab(request: HttpRequest, sheet: DutySheet) -> str:
    """The one that was asked for, or the first with anything in it: what is wrong before what is right."""
    tab = asked(request, "tab")
    return tab if tab in TABS else next((code for code in reversed(TABS) if sheet.counts.get(code)), "change")


def _told(sheet: DutySheet, rows: list[DutySheetRow]) -> list[dict[str, Any]]:
    titles = dict(
        DutyItem.objects.filter(duty_list=sheet.duty_list_id, code__in=[row.code for row in rows]).values_list(
            "code", "title"
        )
    )
    shown = [_shown(row) for row in rows]
    names = words.names_in({name: pair[i] for name, pair in each.items()} for each in shown for i in (0, 1))
    return [
        {
            "line": row.line,
            "code": row.code,
            "mark": MARKS.get(row.act, ""),
            "title": row.changes["title"][1] if row.act == ItemAct.ADD else titles.get(row.code, ""),
            "differences": words.differences(each, names),
            "why": row.why,
        }
        for row, each in zip(rows, shown, strict=True)
    ]


def _shown(row: DutySheetRow) -> dict[str, Any]:
    """Of what changes all, of what is new what tells it from others, of what goes nothing."""
    if row.act == ItemAct.CHANGE:
        return row.changes
    return {name: row.changes[name] for name in SHOWN_OF_NEW} if row.act == ItemAct.ADD else {}


def _sheet_url(sheet: DutySheet) -> str:
    return reverse("responsibility:duty-sheet", args=[sheet.duty_list_id, sheet.pk])


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, pk: int, sheet_id: int) -> HttpResponse:
    sheet = _sheet(pk, sheet_id)
    if request.method == "GET" and (why := services.why_not_confirmed(sheet)):
        return refused(request, why, _sheet_url(sheet))

    def service(typed: dict[str, Any]) -> str:
        services.confirm_sheet(sheet_id=sheet_id, by=request.user, at=timezone.now(), **typed)
        enqueue(tasks.write_sheet, sheet_id=sheet_id)
        return "已确认，正在写入。"

    counts = "、".join(
        f"{label} {sheet.counts[code]} 项" for code, (label, _) in TABS.items() if sheet.counts.get(code)
    )
    left = "有错的行不写入。" if sheet.counts.get("wrong") else ""
    return run_act(
        request,
        title=f"写入 {sheet.duty_list}",
        form=WhyForm(sent(request)),
        verb="写入",
        hint=f"{counts}。{left}每一项的经过里都写上这个理由。",
        service=service,
        done=lambda: _sheet_url(sheet),
    )


@needs(rights.EDIT)
@require_POST
def compare_again(request: HttpRequest, pk: int, sheet_id: int) -> HttpResponse:
    sheet = _sheet(pk, sheet_id)
    try:
        again = services.compare_sheet_again(sheet_id=sheet.pk, by=request.user, at=timezone.now())
    except DomainError as why:
        return refused(request, str(why), _sheet_url(sheet))
    enqueue(tasks.compare_sheet, sheet_id=again.pk)
    return redirect(_sheet_url(again))


@needs(rights.EDIT)
@require_GET
def errors(request: HttpRequest, pk: int, sheet_id: int) -> HttpResponse:
    """The rows that were not taken, to be mended and handed in again."""
    sheet = _sheet(pk, sheet_id)
    if not sheet.counts.get("wrong"):
        raise Http404
    name = sheet.file.name.rpartition(".")[0] or sheet.file.name
    return answer_with_bytes(f"{name}-要改的行.xlsx", services.error_sheet(sheet))
