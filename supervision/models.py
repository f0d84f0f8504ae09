"""What follows when a clock passes a threshold: cards for units, reminders for people, once each (docs/clocks.md 9)."""

from django.db import models
from django.db.models import Q

from supervision.states import CardKind, ReminderKind
from tickets.states import ClockKind


class Announcement(models.Model):
    """Of one breach. Written at once; people are told when the night is over."""

    tell_after = models.DateTimeField("不早于")
    told_at = models.DateTimeField("通知时间", null=True)
    told_count = models.PositiveSmallIntegerField("通知人数", default=0)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_told_after_it_may_be",
                condition=Q(told_at__isnull=True) | Q(told_at__gte=models.F("tell_after")),
            ),
        ]
        indexes = [
            models.Index(fields=["tell_after", "id"], condition=Q(told_at__isnull=True), name="%(class)s_untold"),
        ]


class Card(Announcement):
    """A limit of a unit's own: of its part in a ticket, or of a step that was its turn."""

    kind = models.CharField("种类", max_length=10, choices=CardKind)
    breach = models.OneToOneField("tickets.TicketClockBreach", models.PROTECT, related_name="card")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False)
    clock_kind = models.CharField("环节", max_length=24, choices=ClockKind)
    overdue_days = models.PositiveSmallIntegerField("超期工作日", default=0)
    at = models.DateTimeField("节点时间")

    class Meta(Announcement.Meta):
        verbose_name = verbose_name_plural = "催办与督办牌"
        permissions = [("view_wall", "查看督办墙"), ("view_joint", "查看联合督导")]
        constraints = [
            *Announcement.Meta.constraints,
            models.CheckConstraint(name="card_kind_is_known", condition=Q(kind__in=CardKind.values)),
            models.CheckConstraint(
                name="card_overdue_says_how_many_days",
                condition=Q(kind=CardKind.OVERDUE, overdue_days__gte=1)
                | (~Q(kind=CardKind.OVERDUE) & Q(overdue_days=0)),
            ),
        ]
        indexes = [
            *Announcement.Meta.indexes,
            models.Index(fields=["ticket", "unit"], name="card_of_ticket"),
            models.Index(fields=["unit", "-at"], name="card_of_unit"),
            # A month's cards by unit, counted in here alone.
            models.Index(
                fields=["at"],
                include=["unit", "kind"],
                condition=Q(kind__in=[CardKind.YELLOW, CardKind.RED]),
                name="card_of_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Reminder(Announcement):
    """A limit of the centre's own people or the one promised to a citizen: no unit gets a card for it."""

    kind = models.CharField("种类", max_length=16, choices=ReminderKind)
    appeal_breach = models.OneToOneField(
        "channels_merge.AppealBreach", models.PROTECT, null=True, related_name="reminder"
    )
    decision_breach = models.OneToOneField(
        "evaluation.DecisionBreach", models.PROTECT, null=True, related_name="reminder"
    )
    objection_breach = models.OneToOneField(
        "tickets.ObjectionBreach", models.PROTECT, null=True, related_name="reminder"
    )

    class Meta(Announcement.Meta):
        verbose_name = verbose_name_plural = "时限提醒"
        constraints = [
            *Announcement.Meta.constraints,
            models.CheckConstraint(name="reminder_kind_is_known", condition=Q(kind__in=ReminderKind.values)),
            models.CheckConstraint(
                name="reminder_of_one_breach",
                condition=Q(appeal_breach__isnull=False, decision_breach=None, objection_breach=None)
                | Q(appeal_breach=None, decision_breach__isnull=False, objection_breach=None)
                | Q(appeal_breach=None, decision_breach=None, objection_breach__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
