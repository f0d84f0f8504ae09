"""What was proposed and what people decided."""

from django.db import models
from django.db.models import Q

from responsibility.models.lists import Category, DutyItem
from responsibility.states import Outcome


class RoutingExample(models.Model):
    """What the router proposed and what people decided. Text is redacted; the ticket is named, not linked."""

    ticket_number = models.CharField("工单编号", max_length=20, db_index=True)
    text = models.TextField("内容（已去除个人信息）")
    category = models.ForeignKey(Category, models.PROTECT, null=True, verbose_name="分类", related_name="+")
    region = models.ForeignKey("hotline.Region", models.PROTECT, null=True, verbose_name="地方", related_name="+")
    kind = models.CharField("类型", max_length=10, blank=True)
    proposed_item = models.ForeignKey(
        DutyItem, models.PROTECT, null=True, verbose_name="建议事项", related_name="proposed_examples"
    )
    proposed_unit = models.ForeignKey(
        "hotline.Unit", models.PROTECT, null=True, verbose_name="建议单位", related_name="+"
    )
    final_item = models.ForeignKey(
        DutyItem, models.PROTECT, null=True, verbose_name="最终事项", related_name="final_examples"
    )
    final_unit = models.ForeignKey(
        "hotline.Unit", models.PROTECT, null=True, verbose_name="最终单位", related_name="+"
    )
    outcome = models.CharField("结果", max_length=10, choices=Outcome)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "派单记忆"
        constraints = [
            models.CheckConstraint(name="routing_outcome_is_known", condition=Q(outcome__in=Outcome.values))
        ]
        indexes = [
            models.Index(fields=["final_item", "at"], name="routing_item_at"),
            models.Index(fields=["at"], name="routing_at"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_number} {self.get_outcome_display()}"
