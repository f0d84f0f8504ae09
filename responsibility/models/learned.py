"""What was learned from history, by name."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class RoutingModel(models.Model):
    """One version of a named model. A row never changes: learning again under the name adds the next version."""

    name = models.CharField("名称", max_length=40)
    version = models.PositiveIntegerField("版本")
    made_at = models.DateTimeField("学习时间")
    made_by = models.CharField("谁学的", max_length=80, help_text="执行命令的系统账号，不是本系统的用户。")
    rows = models.PositiveIntegerField("行数")
    labels = ArrayField(models.CharField(max_length=200), verbose_name="分类")
    weights = models.BinaryField("权重")

    class Meta:
        verbose_name = verbose_name_plural = "派单模型"
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="routing_model_version_is_unique_in_its_name"),
            models.CheckConstraint(name="routing_model_has_a_name", condition=~models.Q(name="")),
            models.CheckConstraint(name="routing_model_knows_two_labels", condition=models.Q(labels__len__gte=2)),
        ]

    def __str__(self) -> str:
        return f"{self.name} 第{self.version}版"
