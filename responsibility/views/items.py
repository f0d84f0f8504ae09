"""One item of a version: beside the table, on a page of its own, and the acts on it; many items at once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from hotline.errors import DomainError
from hotline.models import Unit
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import acted, asked, refused, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import BulkForm, ItemForm, WhyForm, WordsForm
from responsibility.models import DutyItem, DutyList, ItemProposal
from responsibility.services import ItemWrong
from responsibility.services.items import LABELS, item_values
from responsibility.states import ItemAct, Level
from responsibility.views import words
from responsibility.views.lists import version_of

HISTORY = 20
MOST_AT_ONCE = 200
_HISTORY_TONES = {ItemAct.ADD: "done", ItemAct.REMOVE: "over"}


def _sides(version: DutyList, code: str) -> selectors.ItemSides:
    sides = selectors.item_of(version, code, selectors.inherited_list(version, timezone.now()))
    if sides.effective is None and sides.base is None:
        raise Http404
    return sides


def _beside(request: HttpRequest, version: DutyList, code: str, *, with_fields: bool = False) -> dict[str, Any]:
    """What stands beside an item: how it differs from the base and from the city's, what happened to it, what can be
    done.
    """
    now = timezone.now()
    sides = _sides(version, code)
    shown_item = sides.effective or sides.base
    history = selectors.item_history(version, code, HISTORY)
    changes = words.changes_between(sides.base, sides.own)
    local = words.changes_between(sides.city, sides.own)
    shown = item_values(shown_item) if with_fields else {}
    both = [
        {name: pair[i] for name, pair in each.items()}
        for each in (changes, local, *(e.changes for e in history))
        for i in (0, 1)
    ]
    names = words.names_in([*both, shown])
    return {
        "duty_list": version,
        "item": shown_item,
        "sides": sides,
        "is_gone": sides.effective is None,
        "is_new": sides.base is None and version.base_id is not None,
        "is_local": version.scope.kind == Unit.Kind.COUNTY_CENTRE,
        "differences": words.differences(changes, names),
        "local_differences": words.differences(local, names),
        "history": [_told(event, names) for event in history],
        "fields": [(LABELS[name], words.said(words.read(name, raw, names))) for name, raw in shown.items()],
        "may_edit": version.is_editable and has_right(request.user, rights.EDIT, now),
        "is_the_citys": _is_the_citys(sides),
        "at": now,
    }


def _is_the_citys(sides: selectors.ItemSides) -> bool:
    """A city unit leads it: a county's list says nothing of it."""
    return sides.own is None and sides.city is not None and sides.city.level == Level.CITY


def _told(event: Any, names: words.Names) -> dict[str, Any]:
    about = f"第{event.duty_list.version}版"
    if event.ticket_number:
        about += f" · 来自工单 {event.ticket_number} 的裁定"
    changed = words.differences(event.changes, names) if event.act == ItemAct.CHANGE else []
    return {
        "at": event.at,
        "act": event.get_act_display(),
        "about": about,
        "who": f"{event.by.masked_name} · {event.by.unit.short_name}" if event.by else "系统",
        "say": event.reason,
        "tone": _HISTORY_TONES.get(event.act, ""),
        "changed": changed,
    }


@needs(rights.VIEW)
@require_GET
def peek(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    return render(request, "responsibility/partials/item_beside.html", _beside(request, version_of(pk), code))


def _form_page(
    request: HttpRequest, template: str, form: forms.Form, context: dict[str, Any], status: int
) -> HttpResponse:
    return render(request, template, {"form": form, **context}, status=status)


def _other_rows(request: HttpRequest, form: ItemForm, context: dict[str, Any]) -> HttpResponse:
    """What was typed with a row more or less: the rows alone where htmx asks, the page otherwise. Nothing is judged."""
    if not request.headers.get("HX-Request"):
        return render(request, "responsibility/item.html", {"form": form, **context})
    asks = request.POST.get("add_row", request.POST.get("drop_row", ""))
    rows = next((rows for rows in form.rows if asks.startswith(rows.prefix)), form.conditions)
    return render(request, "responsibility/partials/item_rows.html", {"rows": rows})


def _asks_for_rows(request: HttpRequest) -> bool:
    return not {"add_row", "drop_row"}.isdisjoint(request.POST)


def _refuse(form: forms.Form, why: DomainError) -> None:
    """At the field where the sentence belongs to one, above the form otherwise."""
    fields = why.fields if isinstance(why, ItemWrong) else {"": str(why)}
    for name, text in fields.items():
        label = f"{LABELS[name]}：" if name in LABELS and name not in form.fields else ""
        form.add_error(name if name in form.fields else None, f"{label}{text}")


@needs(rights.VIEW)
@require_http_methods(["GET", "POST"])
def item(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """The form of an item in a draft for whoever edits it, and what it says for everybody else."""
    version = version_of(pk)
    sides = _sides(version, code)
    said = sides.effective
    edits = has_right(request.user, rights.EDIT, timezone.now())
    if request.method == "POST":
        if not edits:
            raise PermissionDenied(rights.NotPermitted.message)
        if said is None:
            return refused(request, f"《{version}》里没有事项 {code}。", _list_url(version))
        return _save(request, version, said)
    is_open = said is not None and edits and version.is_editable and not _is_the_citys(sides)
    form = ItemForm(item=said, initial=_proposed(request, selectors.reason_from)) if is_open else None
    context = _beside(request, version, code, with_fields=form is None)
    return render(request, "responsibility/item.html", {"form": form, **context})


def _save(request: HttpRequest, version: DutyList, own: DutyItem) -> HttpResponse:
    if _asks_for_rows(request):
        return _other_rows(
            request, ItemForm.with_other_row(request.POST, item=own), _beside(request, version, own.code)
        )
    form = ItemForm(request.POST, item=own)
    if form.is_valid():
        try:
            changed = services.change_item(code=own.code, **_written(request, version, form))
        except DomainError as why:
            _refuse(form, why)
        else:
            if changed:
                return acted(
                    request,
                    _list_url(version, form.cleaned_data["category"].code[:4], own.code),
                    f"已改好 {own.code}。",
                )
            form.add_error(None, "和现在写的一样，没有要改的。")
    return _form_page(request, "responsibility/item.html", form, _beside(request, version, own.code), 422)


def _written(request: HttpRequest, version: DutyList, form: ItemForm) -> dict[str, Any]:
    """What both services of an item take: of which version, what of it, why, who, when."""
    return {
        "list_id": version.pk,
        "values": form.values,
        "reason": form.cleaned_data["reason"],
        "ticket_number": form.cleaned_data["ticket_number"],
        "by": request.user,
        "at": timezone.now(),
    }


def _proposed(request: HttpRequest, values: Callable[[ItemProposal], dict[str, Any]]) -> dict[str, Any]:
    """What a form begins with that a ruling's proposal opened (`?proposal=`)."""
    proposal = ItemProposal.objects.filter(pk=key_of(asked(request, "proposal")) or -1).select_related(
        "unit", "category"
    )
    return next((values(each) for each in proposal), {})


def _list_url(version: DutyList, category: str = "", code: str = "") -> str:
    asks = urlencode({name: value for name, value in (("category", category), ("item", code)) if value})
    return reverse("responsibility:duty-list", args=[version.pk]) + (f"?{asks}" if asks else "")


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new item, or one of the base that the draft no longer has (`?code=`)."""
    version = version_of(pk)
    if request.method == "GET" and not version.is_editable:
        return refused(
            request, f"《{version}》当前为“{version.get_state_display()}”，只有草稿能改。", _list_url(version)
        )
    code = asked(request, "code")
    old = selectors.item_of(version, code).base if code else None
    here = {"duty_list": version, "is_adding": True}
    if _asks_for_rows(request):
        return _other_rows(request, ItemForm.with_other_row(request.POST, item=old, adding=True), here)
    form = ItemForm(sent(request), item=old, adding=True, initial=_proposed(request, selectors.item_from))
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_item(code=form.cleaned_data["code"], **_written(request, version, form))
        except DomainError as why:
            _refuse(form, why)
        else:
            return acted(request, _list_url(version, made.category.code[:4], made.code), f"已新增 {made}。")
    status = 422 if request.method == "POST" else 200
    return _form_page(request, "responsibility/item.html", form, here, status)


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def bulk(request: HttpRequest, pk: int) -> HttpResponse:
    """The same change to the rows that were ticked, all or none."""
    version = version_of(pk)
    codes = (request.POST if request.method == "POST" else request.GET).getlist("code")[:MOST_AT_ONCE]
    city = selectors.inherited_list(version, timezone.now())
    there = selectors.items_of_lists((city, version) if city else (version,))
    items = list(there.filter(code__in=[code.replace("\x00", "") for code in codes]).order_by("code"))
    if request.method == "GET" and (why := _why_not_bulk(version, items)):
        return refused(request, why, _list_url(version))
    form = BulkForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_items(
                list_id=version.pk,
                codes=codes,
                values=form.values,
                limits=form.limits,
                reason=form.cleaned_data["reason"],
                ticket_number=form.cleaned_data["ticket_number"],
                by=request.user,
                at=timezone.now(),
            )
        except DomainError as why_refused:
            form.add_error(None, str(why_refused))
        else:
            said = f"已改好 {len(changed)} 项。" if changed else "这些事项本来就是这样写的，没有改动。"
            return acted(request, _list_url(version), said)
    status = 422 if request.method == "POST" else 200
    return _form_page(request, "responsibility/bulk.html", form, {"duty_list": version, "items": items}, status)


def _why_not_bulk(version: DutyList, items: list[DutyItem]) -> str:
    if not version.is_editable:
        return f"《{version}》当前为“{version.get_state_display()}”，只有草稿能改。"
    return "" if items else "没有勾选事项。"


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    version = version_of(pk)
    sides = _sides(version, code)
    own, back = sides.own, _list_url(version)
    if own is None or not version.is_editable:
        why = f"《{version}》里没有事项 {code}。" if own is None else f"《{version}》不是草稿，不能改。"
        return refused(request, why, back)

    def service(typed: dict[str, Any]) -> str:
        asking = services.remove_item(list_id=pk, code=code, by=request.user, at=timezone.now(), **typed)
        said = f"{code} 已恢复照市级清单。" if sides.city else f"已删除 {own}。"
        return said + (f"{'、'.join(asking)} 的提请没有别的事项承接，重新等待决定。" if asking else "")

    return run_act(
        request,
        title=f"去掉本县对 {own} 的改动" if sides.city else f"删除 {own}",
        form=WhyForm(sent(request)),
        verb="去掉改动" if sides.city else "删除",
        hint="这一版执行以后，这一项照市级清单；已发布的各版照旧。"
        if sides.city
        else "这一版执行以后不再按它派单；已发布的各版照旧。",
        service=service,
        done=lambda: back,
    )


@needs(rights.VIEW)
@require_http_methods(["GET", "POST"])
def comment(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    version = version_of(pk)
    own = _sides(version, code).effective
    if own is None:
        return refused(request, f"《{version}》里没有事项 {code}。", _list_url(version))

    def service(typed: dict[str, Any]) -> str:
        services.comment_on_item(list_id=pk, code=code, words=typed["words"], by=request.user, at=timezone.now())
        return f"{code} 的意见已记下。"

    return run_act(
        request,
        title=f"意见 {own}",
        form=WordsForm(sent(request), label="意见"),
        verb="记下",
        service=service,
        done=lambda: _list_url(version, own.category.code[:4], code),
    )
