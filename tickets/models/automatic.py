"""What the system dispatched by itself, and what people who read a sample of it said."""

from django.db import models
from django.db.models import Q

from tickets.models.words import MaskedLine


class AutomaticDispatch(models.Model):
    """A ticket is dispatched by itself once at most: what comes back is for people."""

    ticket = models.OneToOneField("tickets.Ticket", models.PROTECT, related_name="automatic_dispatch")
    event = models.OneToOneField("tickets.TicketEvent", models.PROTECT, related_name="+")
    assignment = models.OneToOneField("tickets.Assignment", models.PROTECT, related_name="+")
    item_code = models.CharField("事项代码", max_length=20)
    duty_list = models.ForeignKey("responsibility.DutyList", models.PROTECT, related_name="+", db_index=False)
    model = models.CharField("派单模型", max_length=80)
    confidence = models.FloatField("把握")
    margin = models.FloatField("领先")
    at = models.DateTimeField("派单时间")
    # Empty until somebody read it.
    right = models.BooleanField("派对了", null=True)
    words = MaskedLine("哪里不对", max_length=200, blank=True)
    read_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    read_at = models.DateTimeField("阅看时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "自动派单"
        constraints = [
            models.CheckConstraint(
                name="automatic_dispatch_read_says_who",
                condition=Q(right=None, read_by=None, read_at=None, words="")
                | Q(right__isnull=False, read_by__isnull=False, read_at__isnull=False),
            ),
            models.CheckConstraint(name="automatic_dispatch_wrong_says_why", condition=~Q(right=False, words="")),
        ]
        indexes = [
            models.Index(fields=["item_code", "at"], name="automatic_dispatch_item"),
            models.Index(fields=["at", "id"], name="automatic_dispatch_at"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.item_code}"
