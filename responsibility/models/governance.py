"""Who governs a place."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q


class GovernanceQuerySet(models.QuerySet["Governance"]):
    def in_force(self, on: date) -> Self:
        return self.filter(valid_from__lte=on).filter(Q(valid_until__isnull=True) | Q(valid_until__gt=on))


class Governance(models.Model):
    """Who governs a place from a day on. The router reads this and not the tree of regions.

    A region may have two rows at a time: the centre that answers for it (a county or zone centre) and, for a
    township, the township's own office.
    """

    region = models.ForeignKey("hotline.Region", models.PROTECT, related_name="governance", verbose_name="地方")
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="governance", verbose_name="管辖单位")
    valid_from = models.DateField("起始日期")
    valid_until = models.DateField("终止日期", null=True, blank=True, help_text="当天起不再适用。")
    source = models.CharField("来源", max_length=200)
    confirmed = models.BooleanField("已确认", default=True)

    objects = GovernanceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "管辖"
        constraints = [
            models.UniqueConstraint(fields=["region", "unit", "valid_from"], name="governance_row_is_unique"),
            models.UniqueConstraint(
                fields=["region", "unit"],
                condition=Q(valid_until__isnull=True),
                name="governance_of_a_unit_over_a_region_is_open_once",
            ),
            models.CheckConstraint(
                name="governance_ends_after_it_starts",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                violation_error_message="终止日期须晚于起始日期。",
            ),
            models.CheckConstraint(
                name="governance_names_its_source",
                condition=~Q(source=""),
                violation_error_message="管辖须写明来源。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region}由{self.unit}管辖"
