"""Who else of a county helps to settle a matter (赣市改字〔2025〕10号 第5条)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q

from responsibility.states import ResourceKind


class ResourceQuerySet(models.QuerySet["Resource"]):
    def on(self, day: date) -> Self:
        return self.filter(valid_from__lte=day).filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day))


class Resource(models.Model):
    """综治中心, 人民调解, 社会工作 …: what it takes on and how to reach it. It has no account: its county's centre speaks for it."""

    kind = models.CharField("类别", max_length=12, choices=ResourceKind.choices)
    centre = models.ForeignKey(
        "hotline.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="县（市、区）中心",
        help_text="留空为全市共用，由提出的单位自己记结果。",
    )
    name = models.CharField("名称", max_length=80)
    contact = models.CharField("联系人", max_length=40)
    phone = models.CharField("办公电话", max_length=40)
    hours = models.CharField("服务时间", max_length=80)
    takes = models.CharField("受理什么", max_length=400)
    valid_from = models.DateField("起用日期")
    valid_until = models.DateField("停用日期", null=True, blank=True, help_text="当天起不再选得到。")
    changed_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    changed_at = models.DateTimeField("最近修改")

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "化解资源"
        permissions = [("manage_resources", "维护本县（市、区）的化解资源")]
        constraints = [
            models.CheckConstraint(
                name="resource_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.UniqueConstraint(
                fields=["centre", "name"], condition=Q(valid_until__isnull=True), name="resource_once_in_a_county"
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(centre__isnull=True, valid_until__isnull=True),
                name="resource_once_in_the_city",
            ),
        ]

    def __str__(self) -> str:
        return self.name
