from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from responsibility import rights
from responsibility.models import Category, DutyItem, DutyList, Governance
from responsibility.states import FUNCTIONS


class ReadOnly(admin.ModelAdmin):
    """Shown to whoever reads duty lists. They are changed on pages of their own, which write down why."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(rights.VIEW)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(rights.VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DutyList)
class DutyListAdmin(ReadOnly):
    list_display = ("title", "version", "scope", "state", "effective_from", "effective_until", "item_count")
    list_filter = ("state",)
    list_select_related = ("scope",)
    ordering = ("scope__code", "-version")

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
class DutyItemAdmin(ReadOnly):
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
    ordering = ("duty_list", "code")

    @admin.display(description="市级职能", ordering="city_function")
    def of_city(self, obj: DutyItem) -> str:
        return FUNCTIONS[obj.city_function]

    @admin.display(description="县级职能", ordering="county_function")
    def of_county(self, obj: DutyItem) -> str:
        return FUNCTIONS[obj.county_function] if obj.county_function else ""


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
