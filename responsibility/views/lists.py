"""The centres' lists, one version as tree and table, and the acts on a version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from hotline.dates import local_day
from hotline.limits import Limit
from hotline.models import Unit
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, refused, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import DraftForm, DutiesForm, OpinionForm, PublishForm, WordsForm
from responsibility.models import DutyItem, DutyList
from responsibility.states import FUNCTIONS, UNPUBLISHED, AppealKind, Office, TownshipRole

EVENTS = 30
TONES = {"approve": "done", "publish": "done", "send_back": "over", "call_off": "over", "drop": "over"}
ACT_WORDS = {
    "draft": "起草",
    "submit": "送审",
    "agree": "出具意见",
    "send_back": "退回修改",
    "approve": "审定",
    "publish": "发布",
    "call_off": "取消发布",
    "drop": "作废",
    "comment": "意见",
    "sheet": "导入表格",
}


def version_of(pk: int) -> DutyList:
    return get_object_or_404(DutyList.objects.select_related("scope", "base"), pk=pk)


def _address(**values: str) -> str:
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


@needs(rights.VIEW)
@require_GET
def duty_lists(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    centres = list(selectors.centres_with_lists(now))
    code = asked(request, "centre")
    centre = next((each for each in centres if each.code == code), centres[0] if centres else None)
    after = asked(request, "after")
    found = list(selectors.versions_of(centre, before=key_of(after))[: selectors.PAGE_ROWS + 1]) if centre else []
    rows, more = found[: selectors.PAGE_ROWS], len(found) > selectors.PAGE_ROWS
    here = centre.code if centre else ""
    return render(
        request,
        "responsibility/duty_lists.html",
        {
            "centres": centres,
            "centre": centre,
            "rows": rows,
            "today": local_day(now),
            "proposals": selectors.pending_proposals(),
            "may_draft": has_right(request.user, rights.EDIT, now),
            "sees_quality": has_right(request.user, rights.VIEW_ROUTING, now),
            "draft_url": f"{reverse('responsibility:duty-list-draft')}{_address(scope=here)}",
            "first_url": _address(centre=here) if after else "",
            "next_url": _address(centre=here, after=str(rows[-1].version)) if more else "",
        },
    )


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    made: dict[str, DutyList] = {}

    def service(typed: dict[str, Any]) -> str:
        made["list"] = services.draft_list(
            scope=typed["scope"], reason=typed["reason"], by=request.user, at=timezone.now()
        )
        return f"已起草《{made['list']}》。"

    return run_act(
        request,
        title="起草下一版",
        form=DraftForm(sent(request), initial={"scope": asked(request, "scope")}),
        verb="起草",
        hint="新的一版从最近发布的一版抄来，改好以后送司法局和编办出具意见。县级清单只写与市级不同的和本县增加的，其余照市级清单。",
        service=service,
        done=lambda: reverse("responsibility:duty-list", args=[made["list"].pk]),
    )


@dataclass(frozen=True)
class Row:
    """An item in the table, beside what the base says where that differs."""

    item: DutyItem
    city: str
    county: str
    limit: str
    was: Mapping[str, str]


def _limit(item: DutyItem) -> str:
    limit = item.limits.get(AppealKind.COMPLAINT.value)
    return "通用" if limit is None else limit.removesuffix("wd") if limit.endswith("wd") else str(Limit.parse(limit))


def _cells(item: DutyItem, units: Mapping[str, Unit]) -> dict[str, str]:
    unit = item.lead_unit or units.get(item.city_function)
    return {
        "title": item.title,
        "city": unit.short_name if unit else FUNCTIONS.get(item.city_function, item.city_function),
        "county": FUNCTIONS.get(item.county_function, item.county_function),
        "township": item.get_township_role_display(),
        "limit": _limit(item),
    }


def _row(item: DutyItem, before: DutyItem | None, units: Mapping[str, Unit]) -> Row:
    """`before`: what the item is held against, the city's of a county's, otherwise that of the base."""
    cells = _cells(item, units)
    was = _cells(before, units) if before is not None else cells
    return Row(item, cells["city"], cells["county"], cells["limit"], {k: v for k, v in was.items() if v != cells[k]})


@needs(rights.VIEW)
@require_GET
def duty_list(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    version = version_of(pk)
    if version.scope.kind == Unit.Kind.TOWNSHIP:
        return _township_list(request, version, now)
    kept = {name: asked(request, name) for name in ("q", "category", "only")}
    city = selectors.inherited_list(version, now)
    compared = selectors.compared_items(version, city)
    found = selectors.found_items(compared, words=kept["q"], category=kept["category"], only=kept["only"])
    after = asked(request, "after")
    items, next_key = selectors.item_page(found, after=after)
    units = selectors.city_units(now)
    before = selectors.items_by_code(city or version.base, [item.code for item in items])
    chosen = asked(request, "item")
    buttons = selectors.list_buttons(selectors.Standing(version, request.user, now))
    may_try = any(has_right(request.user, right, now) for right in rights.JUDGE)
    events = list(version.events.select_related("by__unit").order_by("-pk")[:EVENTS])
    return render(
        request,
        "responsibility/duty_list.html",
        {
            "duty_list": version,
            "city": city,
            "tree": selectors.tree_of(compared),
            "rows": [_row(item, before.get(item.code), units) for item in items],
            **kept,
            "everything": _address(**kept | {"category": ""}),
            "by_category": f"{_address(**kept | {'category': ''})}&category=",
            "toggle": _address(**kept | {"only": "" if kept["only"] else "local" if city else "diff"}),
            "different": _address(**kept | {"only": "diff"}),
            "chosen": chosen if any(item.code == chosen for item in items) else "",
            "first_url": _address(**kept) if after else "",
            "next_url": _address(**kept, after=next_key) if next_key else "",
            "buttons": buttons,
            "forbidden": [button for button in buttons if button.why],
            "may_edit": version.is_editable and has_right(request.user, rights.EDIT, now),
            "may_try": may_try,
            "report": selectors.case_report(version, most=3) if may_try and version.state in UNPUBLISHED else None,
            "happened": [_happened(event) for event in events],
            "at": now,
            "today": local_day(now),
        },
    )


def _township_list(request: HttpRequest, version: DutyList, now: datetime) -> HttpResponse:
    """What the items in force give to townships, and what of it this version names as its own."""
    words, after = asked(request, "q"), asked(request, "after")
    listed = selectors.listed_items(version, now)
    found = listed.filter(Q(title__icontains=words) | Q(code__istartswith=words)) if words else listed
    rows, next_key = selectors.item_page(found, after=after)
    buttons = selectors.list_buttons(selectors.Standing(version, request.user, now))
    events = list(version.events.select_related("by__unit").order_by("-pk")[:EVENTS])
    history = version.item_events.select_related("by__unit").order_by("-pk")[:EVENTS]
    return render(
        request,
        "responsibility/township_list.html",
        {
            "duty_list": version,
            "rows": [
                (item, selectors.most_a_township_is(item), item.listed or "none", item.before or "none")
                for item in rows
            ],
            "ended": []
            if after or words
            else list(selectors.duties_out_of_force(version, now)[: selectors.PAGE_ROWS]),
            "counts": dict(version.duties.values_list("role").annotate(Count("pk"))),
            "problems": selectors.problems(version, at=now),
            "q": words,
            "first_url": _address(q=words) if after else "",
            "next_url": _address(q=words, after=next_key) if next_key else "",
            "buttons": buttons,
            "forbidden": [button for button in buttons if button.why],
            "may_edit": version.is_editable and has_right(request.user, rights.EDIT, now),
            "happened": [_happened(event) for event in events],
            "changed": [_duty_changed(event) for event in history],
            "at": now,
        },
    )


def _duty_changed(event: Any) -> dict[str, Any]:
    before, after = (TownshipRole(each).label for each in event.changes["township_role"])
    return {
        "at": event.at,
        "act": f"{event.code} {before} → {after}",
        "who": f"{event.by.masked_name} · {event.by.unit.short_name}" if event.by else "系统",
        "say": event.reason,
        "tone": "",
    }


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def duties(request: HttpRequest, pk: int) -> HttpResponse:
    """The role of a township in the items that were ticked."""
    version = version_of(pk)
    back = reverse("responsibility:duty-list", args=[pk])
    codes = [code.replace("\x00", "") for code in request.GET.getlist("code")]
    if not codes or not version.is_editable or version.scope.kind != Unit.Kind.TOWNSHIP:
        return refused(request, "没有勾选事项，或者这一版不是履职事项清单的草稿。", back)

    def service(typed: dict[str, Any]) -> str:
        changed = services.set_duties(list_id=pk, codes=codes, by=request.user, at=timezone.now(), **typed)
        return f"已改好 {len(changed)} 项。" if changed else "这些事项本来就是这样写的，没有改动。"

    return run_act(
        request,
        title=f"{len(codes)} 个事项在本乡镇（街道）",
        form=DutiesForm(sent(request)),
        verb="收下",
        hint="、".join(codes[:10]),
        service=service,
        done=lambda: back,
    )


def _happened(event: Any) -> dict[str, Any]:
    return {
        "at": event.at,
        "act": ACT_WORDS[event.act],
        "who": f"{event.by.masked_name} · {event.by.unit.short_name}" if event.by else "系统",
        "say": event.words,
        "tone": TONES.get(event.act, ""),
    }


# --- acts


@needs(rights.VIEW)
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    now = timezone.now()
    if act not in selectors.LIST_ACTS:
        raise Http404
    rule, version = selectors.LIST_ACTS[act], version_of(pk)
    standing = selectors.Standing(version, request.user, now)
    back = reverse("responsibility:duty-list", args=[pk])
    if not standing.may(rule.right):
        raise PermissionDenied(rights.NotPermitted.message)
    if request.method == "GET" and (why := rule.refusal(standing)):
        return refused(request, why, back)
    way = WAYS[act]

    def service(typed: dict[str, Any]) -> str:
        way.call(typed, {"list_id": pk, "by": request.user, "at": timezone.now()})
        return f"《{version}》{way.said}。"

    return run_act(
        request,
        title=f"{rule.label} {version}",
        form=way.form(sent(request)),
        verb=way.verb or rule.label,
        hint=way.hint + (_failing(version) if act == "submit" else ""),
        service=service,
        done=lambda: back,
    )


def _failing(version: DutyList) -> str:
    """Cases warn and do not stop: whether the list is wrong or the case is old, people see."""
    report = selectors.case_report(version)
    if report is None or not report.failed_count:
        return ""
    one = report.failed[0]
    return (
        f"派单用例有 {report.failed_count} 条不通过，如“{one.case.text[:20]}”来的是 {one.came}；不妨碍送审，请先看过。"
    )


@dataclass(frozen=True)
class Way:
    """How one act is asked for and called, and what is said when it is done."""

    form: Callable[[Any], forms.Form]
    call: Callable[[dict[str, Any], dict[str, Any]], Any]
    said: str
    hint: str = ""
    verb: str = ""


def _words(label: str, *, required: bool = True) -> Callable[[Any], forms.Form]:
    return lambda data: WordsForm(data, label=label, required=required)


def _reason(service: Callable[..., Any]) -> Callable[[dict[str, Any], dict[str, Any]], Any]:
    return lambda typed, common: service(reason=typed["words"], **common)


def _opinion(office: Office, hint: str) -> Way:
    return Way(
        OpinionForm,
        lambda typed, common: services.give_opinion(
            office=office, agrees=typed["agrees"], words=typed["words"], **common
        ),
        f"的{office.label}已出具",
        hint,
        "出具",
    )


WAYS = {
    "submit": Way(
        _words("", required=False),
        lambda _, common: services.submit_list(**common),
        "已送审",
        "送司法局和编办各出具意见，审核期间不能再改。",
    ),
    "legal": _opinion(Office.LEGAL, "清单是否合法、依据是否有效。编办也同意的，这一版即审定。"),
    "staffing": _opinion(Office.STAFFING, "职责是否与各单位“三定”规定一致。司法局也同意的，这一版即审定。"),
    "send_back": Way(
        _words("退回理由"),
        _reason(services.send_list_back),
        "已退回修改",
        "再送审时，司法局和编办重新出具意见。",
        "退回",
    ),
    "publish": Way(
        PublishForm,
        lambda typed, common: services.publish_list(effective_from=typed["day"], **common),
        "已发布",
        "发布以后不能再改；在办的仍按原来的一版办。",
    ),
    "call_off": Way(
        _words("取消理由"), _reason(services.call_publication_off), "已取消发布", "上一版继续执行。", "取消发布"
    ),
    "drop": Way(_words("作废理由"), _reason(services.drop_draft), "已作废", "作废的草稿只能查看。"),
    "comment": Way(
        _words("意见"),
        lambda typed, common: services.comment_on_list(words=typed["words"], **common),
        "的意见已记下",
        verb="记下",
    ),
}
