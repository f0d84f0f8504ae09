"""A matter that one of a county's resources is asked to settle between people, beside its handling."""

from django.db import models
from django.db.models import Q

from tickets.models.words import MaskedLine, MaskedText
from tickets.states import MediationOutcome


class Mediation(models.Model):
    """调解. The unit stays answerable and every clock runs on; the outcome comes back as a record."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="mediations")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, related_name="+", verbose_name="提出的承办")
    resource = models.ForeignKey("responsibility.Resource", models.PROTECT, related_name="+", db_index=False)
    asked = MaskedText("请它做什么")
    consent = MaskedLine("群众怎么同意的", max_length=200)
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField("提出时间")
    remind_at = models.DateTimeField("下次提醒")
    reminded = models.PositiveSmallIntegerField("提醒次数", default=0)
    outcome = models.CharField("结果", max_length=10, choices=MediationOutcome.choices, blank=True)
    held_on = models.DateField("调解日期", null=True)
    mediator = MaskedLine("调解人", max_length=40, blank=True)
    words = MaskedText("调解记录", blank=True)
    recorded_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField("记录时间", null=True)
    # The act that recorded the outcome; its attachments are the record's files.
    event = models.OneToOneField("tickets.TicketEvent", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "调解"
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(outcome=""), name="mediation_one_open_per_ticket"),
            models.CheckConstraint(name="mediation_has_consent", condition=~Q(consent="")),
            models.CheckConstraint(
                name="mediation_ended_says_when",
                condition=Q(outcome="", recorded_at__isnull=True) | (~Q(outcome="") & Q(recorded_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="mediation_record_is_whole",
                condition=~Q(outcome__in=[MediationOutcome.AGREED, MediationOutcome.FAILED])
                | (Q(held_on__isnull=False) & ~Q(mediator="") & ~Q(words="")),
            ),
        ]
        indexes = [
            models.Index(fields=["resource", "-id"], name="mediation_of_resource"),
            models.Index(fields=["remind_at"], condition=Q(outcome=""), name="mediation_to_remind"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.outcome}"
