"""What is to leave for the world outside."""

import uuid

from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.models.lines import Line
from channels_merge.states import (
    MessageKind,
)
from hotline import crypto


class OutboxMessage(models.Model):
    """A message to a citizen's phone or, with `line`, to another platform, until it has arrived or is given up.

    The phone is read from the contact when it is sent. `token` goes with every try: the receiver knows a second one by it.
    """

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="messages")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField("种类", max_length=20, choices=MessageKind)
    dedupe = models.CharField(max_length=60, unique=True)
    body_cipher = models.TextField("内容（密文）")
    created_at = models.DateTimeField("写入时间")
    not_before = models.DateTimeField("不早于")
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    next_try_at = models.DateTimeField("下次发送", null=True)
    sent_at = models.DateTimeField("发出时间", null=True)
    dead_at = models.DateTimeField("放弃时间", null=True)
    last_error = models.CharField("最近错误", max_length=200, blank=True)
    # The line says that the message has arrived in its own work.
    acknowledged_at = models.DateTimeField("对方回执", null=True)
    revived_at = models.DateTimeField("重新发送", null=True)
    revived_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "待发消息"
        constraints = [
            models.CheckConstraint(condition=Q(sent_at=None) | Q(dead_at=None), name="outbox_sent_or_dead"),
            models.CheckConstraint(
                condition=Q(next_try_at__isnull=False, sent_at=None, dead_at=None)
                | Q(next_try_at=None, sent_at__isnull=False)
                | Q(next_try_at=None, dead_at__isnull=False),
                name="outbox_waits_until_it_ends",
            ),
            models.CheckConstraint(condition=Q(dead_at=None) | ~Q(last_error=""), name="outbox_dead_says_why"),
            models.CheckConstraint(
                condition=Q(revived_at=None, revived_by=None) | Q(revived_at__isnull=False, revived_by__isnull=False),
                name="outbox_revived_says_by_whom",
            ),
        ]
        indexes = [
            models.Index("next_try_at", condition=Q(sent_at=None, dead_at=None), name="outbox_due"),
            models.Index("appeal", "id", condition=Q(sent_at=None, dead_at=None), name="outbox_in_order"),
            models.Index(F("dead_at").desc(), F("id").desc(), condition=Q(dead_at__isnull=False), name="outbox_dead"),
            models.Index("line", F("id").desc(), condition=Q(line__isnull=False), name="outbox_of_line"),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.kind}"

    @property
    def body(self):
        return crypto.decrypt(self.body_cipher, f"outbox:{self.token}")
