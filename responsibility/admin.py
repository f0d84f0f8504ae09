"""Categories and who governs a place. Duty lists have pages of their own, which write down who changed what and why."""

from django.contrib import admin

from responsibility.models import Category, Governance


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
