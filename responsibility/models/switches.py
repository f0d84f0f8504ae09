"""Which matters the system may dispatch by itself."""

from django.db import models
from django.db.models import Q


class ItemSwitch(models.Model):
    """From when until when an item of the city's list was dispatched without a dispatcher. Nowhere unless switched on.

    By the item's code, so that it outlives a version; versions that are published are read-only.
    """

    code = models.CharField("事项代码", max_length=20)
    on_at = models.DateTimeField("开启时间")
    on_by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    on_reason = models.CharField("开启理由", max_length=200)
    off_at = models.DateTimeField("关闭时间", null=True)
    # Empty where it switched itself off, because too many came back.
    off_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    off_reason = models.CharField("关闭理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "自动派单开关"
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(off_at=None), name="item_switch_one_on_per_item"),
            models.CheckConstraint(name="item_switch_says_why", condition=~Q(on_reason="")),
            models.CheckConstraint(
                name="item_switch_off_says_why",
                condition=Q(off_at=None, off_by=None, off_reason="") | (Q(off_at__isnull=False) & ~Q(off_reason="")),
            ),
        ]
        indexes = [models.Index(fields=["code", "-id"], name="item_switch_history")]

    def __str__(self) -> str:
        return self.code
