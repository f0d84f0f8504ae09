"""Texts whose right proposal people know, and what a version makes of them."""

from django.db import models
from django.db.models import Q

from responsibility.models.lists import Category, DutyList


class RoutingCase(models.Model):
    """A text without personal data, and what is to be proposed for it. One that is over stays to be read."""

    text = models.TextField("内容（已去除个人信息）")
    region = models.ForeignKey("hotline.Region", models.PROTECT, null=True, verbose_name="地方", related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, null=True, verbose_name="分类", related_name="+")
    kind = models.CharField("类型", max_length=10, blank=True)
    hour = models.PositiveSmallIntegerField("钟点", null=True, help_text="文中没有写钟点的，按它算。")
    # By its code: the case holds whatever the version.
    item_code = models.CharField("应当是哪个事项", max_length=20, blank=True, help_text="空着表示不应有建议。")
    unit = models.ForeignKey(
        "hotline.Unit",
        models.PROTECT,
        null=True,
        verbose_name="应当由谁办",
        related_name="+",
        help_text="县（市、区）的事写县级部门或乡镇。空着表示只看事项。",
    )
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("最后修改")
    retired_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    retired_at = models.DateTimeField("停用时间", null=True)
    retired_why = models.CharField("停用理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "派单用例"
        constraints = [
            models.CheckConstraint(name="routing_case_has_a_text", condition=~Q(text="")),
            models.CheckConstraint(name="routing_case_unit_has_an_item", condition=Q(unit=None) | ~Q(item_code="")),
            models.CheckConstraint(name="routing_case_hour_is_one", condition=Q(hour=None) | Q(hour__lt=24)),
            models.CheckConstraint(
                name="routing_case_over_says_why",
                condition=Q(retired_at=None, retired_why="") | (Q(retired_at__isnull=False) & ~Q(retired_why="")),
            ),
        ]
        indexes = [models.Index("id", condition=Q(retired_at=None), name="routing_case_in_use")]

    def __str__(self) -> str:
        return self.text[:20]


class CaseRun(models.Model):
    """What one version made of the cases when it was last held against them."""

    duty_list = models.OneToOneField(DutyList, models.PROTECT, related_name="case_run")
    ran_at = models.DateTimeField("什么时候")
    changed_at = models.DateTimeField("清单当时的最后修改")
    passed = models.PositiveIntegerField("通过")
    failed = models.JSONField("不通过", default=dict)
    """Key of the case → what was proposed instead."""

    class Meta:
        verbose_name = verbose_name_plural = "用例结果"

    def __str__(self) -> str:
        return f"{self.duty_list_id} {self.ran_at:%Y-%m-%d %H:%M}"
