from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from responsibility.models import Category, DutyItem, DutyList, Governance
from responsibility.states import FUNCTIONS, AppealKind, ListState

EDIT = "responsibility.edit_duty_list"


class DraftsOnly(admin.ModelAdmin):
    """Drafts are edited by those who may; what has been published is shown and never changed."""

    def draft_of(self, obj: Any) -> DutyList:
        raise NotImplementedError

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(EDIT) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(EDIT)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(EDIT) and (obj is None or self.draft_of(obj).is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and self.has_change_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No bulk acts: the bulk delete does not ask row by row whether the list is still a draft."""
        return {}


@admin.register(DutyList)
class DutyListAdmin(DraftsOnly):
    list_display = ("title", "version", "scope", "state", "effective_from", "effective_until", "item_count")
    list_filter = ("state",)
    list_select_related = ("scope",)
    readonly_fields = ("state", "effective_from", "effective_until", "changed_at")
    ordering = ("scope__code", "-version")

    def draft_of(self, obj: DutyList) -> DutyList:
        return obj

    def get_queryset(self, request: HttpRequest) -> QuerySet[DutyList]:
        return super().get_queryset(request).with_item_count()

    @admin.display(description="事项数")
    def item_count(self, obj: DutyList) -> int:
        return obj.item_count  # type: ignore[attr-defined]  # annotated by the queryset


class CityFunctionFilter(admin.SimpleListFilter):
    title = "市级职能"
    parameter_name = "city_function"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(FUNCTIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[DutyItem]) -> QuerySet[DutyItem]:
        return queryset.filter(city_function=self.value()) if self.value() else queryset


@admin.register(DutyItem)
class DutyItemAdmin(DraftsOnly):
    list_display = (
        "code",
        "title",
        "duty_list",
        "route",
        "level",
        "of_city",
        "of_county",
        "township_role",
        "mark",
    )
    list_filter = ("duty_list", "route", "level", "township_role", CityFunctionFilter, "mark")
    list_select_related = ("duty_list",)
    search_fields = ("code", "title", "belongs")
    autocomplete_fields = ("category", "co_units")
    ordering = ("duty_list", "code")

    def draft_of(self, obj: DutyItem) -> DutyList:
        return obj.duty_list

    @admin.display(description="市级职能", ordering="city_function")
    def of_city(self, obj: DutyItem) -> str:
        return FUNCTIONS[obj.city_function]

    @admin.display(description="县级职能", ordering="county_function")
    def of_county(self, obj: DutyItem) -> str:
        return FUNCTIONS[obj.county_function] if obj.county_function else ""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Codes are chosen by their Chinese names."""
        shown = {"label": db_field.verbose_name, "required": not db_field.blank, "help_text": db_field.help_text}
        match db_field.name:
            case "city_function" | "county_function":
                return forms.ChoiceField(choices=[("", "—"), *FUNCTIONS.items()], **shown)
            case "co_functions":
                return forms.MultipleChoiceField(choices=list(FUNCTIONS.items()), **shown)
            case "kinds":
                boxes = forms.CheckboxSelectMultiple
                return forms.MultipleChoiceField(choices=AppealKind.choices, widget=boxes, **shown)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "duty_list":
            kwargs["queryset"] = DutyList.objects.filter(state=ListState.DRAFT).order_by("scope__code", "-version")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "level", "parent")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("code",)


@admin.register(Governance)
class GovernanceAdmin(admin.ModelAdmin):
    list_display = ("region", "unit", "valid_from", "valid_until", "confirmed", "source")
    list_filter = ("confirmed",)
    list_select_related = ("region", "unit")
    search_fields = ("region__name", "unit__name")
    raw_id_fields = ("region", "unit")
    ordering = ("region__code", "valid_from", "pk")
