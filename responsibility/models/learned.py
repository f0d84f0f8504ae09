"""What was learned from history, by name; which of it the router asks; how the router did."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from responsibility.states import ModelAct


class RoutingModel(models.Model):
    """One version of a named model: learning again under the name adds the next version. A row does not change, except that an
    old version of what is learned every night loses its weights.
    """

    name = models.CharField("名称", max_length=40)
    version = models.PositiveIntegerField("版本")
    made_at = models.DateTimeField("学习时间")
    made_by = models.CharField("谁学的", max_length=80, help_text="执行命令的系统账号，不是本系统的用户。")
    rows = models.PositiveIntegerField("行数")
    labels = ArrayField(models.CharField(max_length=200), verbose_name="分类")
    weights = models.BinaryField("权重", null=True)
    newest = models.DateTimeField("学到何时的派单", null=True)
    mixing = models.JSONField("怎样与清单合算", default=dict)
    """As responsibility.learning.Mix says it; empty where nothing was kept out to calibrate by."""
    report = models.JSONField("在留出的工单上", default=dict)
    """As responsibility.selectors.Judged says it."""

    class Meta:
        verbose_name = verbose_name_plural = "派单模型"
        permissions = [("view_routing", "查看派单质量"), ("choose_routing_model", "决定用哪个派单模型")]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="routing_model_version_is_unique_in_its_name"),
            models.CheckConstraint(name="routing_model_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(name="routing_model_knows_two_labels", condition=Q(labels__len__gte=2)),
        ]

    def __str__(self) -> str:
        return f"{self.name}第{self.version}版"


class RoutingModelEvent(models.Model):
    """Which model the router asks from a moment on, and why; never changed. The newest that is no refusal holds."""

    model = models.ForeignKey(RoutingModel, models.PROTECT, related_name="events", verbose_name="模型")
    act = models.CharField("动作", max_length=8, choices=ModelAct)
    words = models.CharField("理由", max_length=500)
    rows = models.PositiveIntegerField("留出几件", null=True)
    accuracy = models.FloatField("新的对多少", null=True)
    accuracy_before = models.FloatField("原来的对多少", null=True)
    stays = models.BooleanField("不自动换用新版", default=False)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "派单模型经过"
        constraints = [
            models.CheckConstraint(condition=Q(act__in=ModelAct.values), name="routing_model_event_act_is_known"),
            models.CheckConstraint(condition=~Q(words=""), name="routing_model_event_says_why"),
            models.CheckConstraint(
                condition=Q(by=None) | Q(act__in=(ModelAct.CHOOSE, ModelAct.STOP)),
                name="routing_model_event_of_a_person_is_a_choice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.get_act_display()}"


class RoutingFigure(models.Model):
    """Tickets first dispatched in a month, by whom to, what was proposed and what it came to. Counted anew every night."""

    month = models.DateField("月份")
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False, verbose_name="首次派往")
    proposed = models.CharField("建议事项", max_length=20, blank=True)
    final = models.CharField("最终事项", max_length=20, blank=True)
    tickets = models.PositiveIntegerField("工单")
    came_back = models.PositiveIntegerField("退回、收回或改裁")

    class Meta:
        verbose_name = verbose_name_plural = "派单统计"
        constraints = [
            models.UniqueConstraint(fields=["month", "unit", "proposed", "final"], name="routing_figure_is_unique"),
            models.CheckConstraint(
                condition=Q(came_back__lte=models.F("tickets")), name="routing_figure_came_back_is_a_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.final}"
