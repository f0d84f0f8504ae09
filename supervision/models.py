"""What follows when a clock of a ticket passes a threshold: reminders and cards, once each."""

from django.db import models
from django.db.models import Q

from supervision.states import CardKind
from tickets.states import ClockKind


class Card(models.Model):
    """One breach, one card. Written at once; its unit is told when the night is over."""

    kind = models.CharField("种类", max_length=10, choices=CardKind)
    breach = models.OneToOneField("tickets.TicketClockBreach", models.PROTECT, related_name="card")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False)
    clock_kind = models.CharField("环节", max_length=24, choices=ClockKind)
    overdue_days = models.PositiveSmallIntegerField("超期工作日", default=0)
    at = models.DateTimeField("节点时间")
    tell_after = models.DateTimeField("不早于")
    told_at = models.DateTimeField("通知时间", null=True)
    told_count = models.PositiveSmallIntegerField("通知人数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "催办与督办牌"
        permissions = [("view_wall", "查看督办墙")]
        constraints = [
            models.CheckConstraint(name="card_kind_is_known", condition=Q(kind__in=CardKind.values)),
            models.CheckConstraint(
                name="card_overdue_says_how_many_days",
                condition=Q(kind=CardKind.OVERDUE, overdue_days__gte=1)
                | (~Q(kind=CardKind.OVERDUE) & Q(overdue_days=0)),
            ),
            models.CheckConstraint(
                name="card_told_after_it_may_be",
                condition=Q(told_at__isnull=True) | Q(told_at__gte=models.F("tell_after")),
            ),
        ]
        indexes = [
            models.Index(fields=["tell_after", "id"], condition=Q(told_at__isnull=True), name="card_untold"),
            models.Index(fields=["ticket", "unit"], name="card_of_ticket"),
            models.Index(fields=["unit", "-at"], name="card_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"
