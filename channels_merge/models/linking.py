"""How appeals hang on tickets, and what their people add."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.models.channel import Channel
from channels_merge.models.telephone import PhoneCall
from channels_merge.states import (
    InteractionKind,
)


class AppealLink(models.Model):
    """并单: which ticket carries the appeal, since when, and why. At most one open per appeal."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="links", db_index=False)
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.CharField("理由", max_length=200, blank=True)
    ended_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    end_reason = models.CharField("拆单理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "并单"
        constraints = [
            models.UniqueConstraint("appeal", condition=Q(until=None), name="appeallink_one_open_per_appeal"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="appeallink_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(until=None, end_reason="", ended_by=None) | (Q(until__isnull=False) & ~Q(end_reason="")),
                name="appeallink_end_has_reason",
            ),
        ]
        indexes = [
            models.Index("appeal", "since", name="appeallink_appeal"),
            models.Index("ticket", "appeal", condition=Q(until=None), name="appeallink_open_of_ticket"),
        ]

    def __str__(self):
        return f"{self.appeal_id} → {self.ticket_id}"


class Interaction(models.Model):
    """来电记录: one call, visit or message about an appeal."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="interactions", db_index=False)
    kind = models.CharField("种类", max_length=20, choices=InteractionKind)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_index=False)
    # The telephone call in which it was said, with its number and recording.
    call = models.ForeignKey(PhoneCall, models.PROTECT, null=True, related_name="interactions", db_index=False)
    text = models.TextField("内容", blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "来电记录"
        indexes = [
            models.Index("appeal", "at", name="interaction_appeal"),
            models.Index("call", condition=Q(call__isnull=False), name="interaction_call"),
            # Who came many times within a day. Rows are written in the order of time: a few pages of index do.
            BrinIndex(fields=["at"], name="interaction_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=InteractionKind.SUPPLEMENT) | ~Q(text=""), name="interaction_supplement_has_text"
            ),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.kind}"
