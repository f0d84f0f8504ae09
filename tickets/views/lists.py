"""The list of every ticket a person may see, filtered and paged by key."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from hotline.models import Unit, User
from hotline.views.gate import opens_with
from responsibility.models import Category
from tickets.forms import say_plainly
from tickets.selectors import lists
from tickets.states import STATE_TONE, Kind, TicketState
from tickets.views.answers import after, paged

ORDERS = [("", "新受理的在前"), ("due", "先到期的在前")]


class LongSelect(forms.Select):
    """A thousand options without a template for each: that alone would take longer than the rest of the page."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        options = [
            format_html('<option value="{}"{}>{}</option>', key, SELECTED if str(key) in chosen else "", label)
            for key, label in self.choices
        ]
        own = flatatt({**self.build_attrs(self.attrs, attrs), "name": name})
        return format_html("<select{}>{}</select>", own, format_html_join("", "{}", ((each,) for each in options)))


SELECTED = mark_safe(" selected")


class UnitChoices(ModelChoiceIterator):
    """A thousand units are read as they lie and put in order here: in order of their codes each would be fetched alone."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        yield "", str(self.field.empty_label)
        yield from map(self.choice, sorted(self.queryset.order_by(), key=lambda unit: unit.code))


class UnitFilter(forms.ModelChoiceField):
    iterator = UnitChoices


class FilterForm(forms.Form):
    """GET and forgiving: a field that is not understood says so and filters nothing."""

    use_required_attribute = False

    state = forms.ChoiceField(label="状态", choices=[("", "全部状态"), *TicketState.choices], required=False)
    kind = forms.ChoiceField(label="类型", choices=[("", "全部类型"), *Kind.choices], required=False)
    category = forms.ModelChoiceField(
        label="分类",
        queryset=Category.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="全部分类",
        widget=LongSelect,
    )
    unit = UnitFilter(
        label="单位",
        queryset=Unit.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="全部单位",
        widget=LongSelect,
    )
    first_day = forms.DateField(label="受理起", required=False, widget=forms.DateInput({"type": "date"}))
    last_day = forms.DateField(label="止", required=False, widget=forms.DateInput({"type": "date"}))
    overdue = forms.BooleanField(label="已超期", required=False)
    order = forms.ChoiceField(label="排序", choices=ORDERS, required=False)
    granted = forms.BooleanField(label="授权给我的", required=False)

    def __init__(self, *args: Any, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = Category.objects.order_by("code")
        self.fields["category"].label_from_instance = lambda node: f"{'　' * (node.level - 1)}{node.name}"
        self.fields["unit"].queryset = lists.units_to_filter_by(user, at)
        self.fields["unit"].label_from_instance = lambda unit: unit.short_name
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

    def wanted(self) -> lists.Wanted:
        self.is_valid()
        data = {name: value for name, value in self.cleaned_data.items() if value and name != "order"}
        return lists.Wanted(**data, by_due=self.cleaned_data.get("order") == "due")


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
        "rows": [(ticket, STATE_TONE[ticket.state]) for ticket in page.rows],
    }
    return render(request, "tickets/ticket_list.html", context)
