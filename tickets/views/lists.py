"""The list of every ticket a person may see, filtered and paged by key."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from hotline.client_address import client_address
from hotline.dates import local
from hotline.errors import DomainError
from hotline.fields import words_field
from hotline.models import Unit, User
from hotline.rights import has_right
from hotline.views.files import answer_with_bytes
from hotline.views.gate import holds_any, opens_with
from responsibility.models import Category
from tickets.fields import say_plainly
from tickets.selectors import lists
from tickets.services.exporting import EXPORT, export_tickets
from tickets.states import STATE_TONE, Kind, TicketState
from tickets.views.answers import after, paged
from tickets.views.mediations import why_no_mediations

ORDERS = [("", "新受理的在前"), ("due", "先到期的在前")]


class LongSelect(forms.Select):
    """A thousand options without a template for each: that alone would take longer than the rest of the page."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        options = "".join(
            f'<option value="{escape(key)}"{" selected" if key in chosen else ""}>{escape(label)}</option>'
            for key, label in self.choices
        )
        own = flatatt({**self.build_attrs(self.attrs, attrs), "name": name})
        return mark_safe(f"<select{own}>{options}</select>")  # noqa: S308 -- every piece is escaped above


class CodesAndLabels(ModelChoiceIterator):
    """A thousand rows are read as they lie, without an object for each, and put in order here.

    In order of their codes the database would fetch each alone.
    """

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield "", str(self.field.empty_label)
        yield from sorted(self.field.labelled(self.queryset.order_by()))


class LongChoice(forms.ModelChoiceField):
    """Chosen by code; ``labelled`` gives the codes and labels of rows."""

    iterator = CodesAndLabels
    widget = LongSelect

    def __init__(self, *, labelled: Callable[[QuerySet[Any]], Iterable[tuple[str, str]]], **kwargs: Any) -> None:
        self.labelled = labelled
        super().__init__(to_field_name="code", **kwargs)


def _categories(rows: QuerySet[Category]) -> Iterable[tuple[str, str]]:
    columns = rows.values_list("code", "level", "name")
    return ((code, f"{'　' * (level - 1)}{name}") for code, level, name in columns)


def _units(rows: QuerySet[Unit]) -> Iterable[tuple[str, str]]:
    return rows.values_list("code", "short_name")


class FilterForm(forms.Form):
    """GET and forgiving: a field that is not understood says so and filters nothing."""

    use_required_attribute = False

    state = forms.ChoiceField(label="状态", choices=[("", "全部状态"), *TicketState.choices], required=False)
    kind = forms.ChoiceField(label="类型", choices=[("", "全部类型"), *Kind.choices], required=False)
    category = LongChoice(
        label="分类",
        labelled=_categories,
        queryset=Category.objects.all(),
        required=False,
        empty_label="全部分类",
    )
    unit = LongChoice(
        label="单位", labelled=_units, queryset=Unit.objects.none(), required=False, empty_label="全部单位"
    )
    first_day = forms.DateField(label="受理起", required=False, widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(label="止", required=False, widget=forms.DateInput({"type": "date"}))
    overdue = forms.BooleanField(label="已超期", required=False)
    order = forms.ChoiceField(label="排序", choices=ORDERS, required=False)
    granted = forms.BooleanField(label="授权给我的", required=False)

    def __init__(self, *args: Any, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = lists.units_to_filter_by(user, at)
        if not lists.may_filter_by_unit(user, at):
            del self.fields["unit"]
        if not lists.has_grants(user, at):
            del self.fields["granted"]
        for field in self.fields.values():
            say_plainly(field)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", "止日早于起日，没有按日期筛选。")
            data["first_day"] = data["last_day"] = None
        return data

    def in_words(self) -> list[str]:
        """What the list is narrowed by, as the page of the list says it."""
        said = []
        for name, value in self.cleaned_data.items():
            if value and name != "order":
                shown = (
                    dict(getattr(self.fields[name], "choices", ())).get(value, value)
                    if isinstance(value, str)
                    else value
                )
                said.append(self.fields[name].label if value is True else f"{self.fields[name].label}：{shown}")
        return said

    def wanted(self) -> lists.Wanted:
        self.is_valid()
        data = {name: value for name, value in self.cleaned_data.items() if value and name != "order"}
        return lists.Wanted(**data, by_due=self.cleaned_data.get("order") == "due")


class ExportForm(forms.Form):
    use_required_attribute = False
    reason = words_field("导出的用途", 200, rows=3, help_text="和导出的条件、件数一起记入安全日志。")


def _why_no_list(user: User, at: datetime) -> str:
    if lists.may_list(user, at):
        return ""
    return "您的岗位不能浏览工单。话务员按编号或电话查进度，请用“受理”和上方的查找；领导看“统计”和“督办”。"


@require_safe
@opens_with(_why_no_list)
def ticket_list(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    form = FilterForm(request.GET, user=request.user, at=at)
    wanted = form.wanted()
    page = lists.ticket_page(request.user, wanted, after=after(request), at=at)
    context = paged(request, page) | {
        "at": at,
        "form": form,
        "wanted": wanted,
        "is_filtered": wanted != lists.Wanted(),
        "list_url": reverse("tickets:ticket-list"),
        "export_url": _export_url(request, at),
        "sees_mediations": not why_no_mediations(request.user, at),
        "rows": [(ticket, STATE_TONE[ticket.state]) for ticket in page.rows],
    }
    return render(request, "tickets/ticket_list.html", context)


def _export_url(request: HttpRequest, at: datetime) -> str:
    if not has_right(request.user, EXPORT, at):
        return ""
    narrowed = {name: value for name, value in request.GET.items() if value and name != "after"}
    return f"{reverse('tickets:export')}?{urlencode(narrowed)}"


@require_http_methods(["GET", "POST"])
@opens_with(holds_any(EXPORT, else_say="您的岗位不导出工单。"))
def export(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, taken away as a sheet."""
    at = timezone.now()
    filters = FilterForm(request.GET, user=request.user, at=at)
    wanted = filters.wanted()
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            content = export_tickets(
                wanted=wanted,
                narrowed="；".join(filters.in_words()),
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=at,
                address=client_address(request),
            )
        except DomainError as why:
            form.add_error(None, str(why))
        else:
            return answer_with_bytes(f"工单 {local(at):%Y-%m-%d %H%M}.xlsx", content)
    context = {
        "form": form,
        "said": filters.in_words(),
        "back": f"{reverse('tickets:ticket-list')}?{request.GET.urlencode()}",
    }
    return render(request, "tickets/export.html", context, status=422 if form.errors else 200)
