"""What the order asks of the five lines that are merged into 12345 (赣市改字〔2025〕10号 1)."""

from django.db import models
from django.db.models import Q

from channels_merge.models.channel import Channel
from channels_merge.states import MilestoneKind


class LineMilestone(models.Model):
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="milestones", db_index=False)
    kind = models.CharField("要求", max_length=12, choices=MilestoneKind)
    # What comes after the order's own three, in the manager's words.
    text = models.CharField("内容", max_length=100, blank=True)
    due_on = models.DateField("期限")
    # The units as the order names them, which are not all units of the hotline.
    responsible = models.CharField("责任单位", max_length=100)
    evidence = models.CharField("佐证", max_length=500, blank=True)
    file = models.ForeignKey(
        "hotline.StoredFile", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="佐证文件"
    )
    done_on = models.DateField("完成日期", null=True)
    recorded_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField("记录时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "热线并入要求"
        constraints = [
            models.UniqueConstraint("channel", "kind", condition=Q(text=""), name="linemilestone_once_per_line"),
            models.CheckConstraint(
                condition=~Q(kind=MilestoneKind.OTHER) | ~Q(text=""), name="linemilestone_other_says_what"
            ),
            models.CheckConstraint(
                condition=Q(done_on=None) | ~Q(evidence=""), name="linemilestone_done_has_evidence"
            ),
            models.CheckConstraint(
                condition=Q(recorded_at=None, recorded_by=None)
                | Q(recorded_at__isnull=False, recorded_by__isnull=False),
                name="linemilestone_recorded_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.channel_id} {self.kind}"
