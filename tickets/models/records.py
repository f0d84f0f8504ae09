"""What happened (events), in whose words (notes, replies), with what evidence, and what holds a ticket open."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from tickets.models.words import MaskedLine, MaskedText
from tickets.states import DENIED, ENDED_ASSIGNMENT_STATES, AssignmentRole, AttachmentKind, Claim, NoteKind, Resolved


class TicketEvent(models.Model):
    """Append-only by trigger. Codes and ids only: words live in rows that retention may blank."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="events", db_index=False)
    act = models.CharField("动作", max_length=40)
    source = models.CharField("原状态", max_length=20)
    target = models.CharField("新状态", max_length=20)
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="+", db_index=False)
    actor = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")
    data = models.JSONField("数据", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "工单事件"
        indexes = [models.Index(fields=["ticket", "id"], name="ticketevent_timeline")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.act}"


class Note(models.Model):
    """The words of an act or a remark. ``public`` ones the citizen sees too."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="notes")
    event = models.OneToOneField(TicketEvent, models.PROTECT, related_name="note")
    assignment = models.ForeignKey(
        "tickets.Assignment", models.PROTECT, null=True, related_name="notes", db_index=False
    )
    author = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    kind = models.CharField("种类", max_length=12, choices=NoteKind.choices)
    text = MaskedText("内容")
    public = models.BooleanField("群众可见", default=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "批注"

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class ReplyQuerySet(models.QuerySet["Reply"]):
    def published(self, *, until: datetime | None = None) -> Self:
        """What was approved for citizens to read (until then), the last one first."""
        told = Q(published_at__isnull=False) if until is None else Q(published_at__lte=until)
        return self.filter(told).order_by("-round", "-pk")


class Reply(models.Model):
    """A unit's result, or the centre's own answer: internal handling apart from what the citizen is told."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="replies")
    event = models.OneToOneField(TicketEvent, models.PROTECT, related_name="reply")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="replies")
    round = models.PositiveSmallIntegerField("轮次")
    resolved = models.CharField("是否解决", max_length=8, choices=Resolved.choices)
    # Empty where nothing is to be checked: a question, a proposal, thanks; what the centre itself answers.
    claim = models.CharField("核查情况", max_length=12, choices=Claim.choices, blank=True)
    unresolved_reason = MaskedText("未解决原因", blank=True)
    internal_text = MaskedText("办理情况（内部）", blank=True)
    public_text = models.TextField("公开答复")
    standard_met = models.BooleanField("达到办结标准", default=False)
    standard_note = MaskedText("未达标准的说明", blank=True)
    missing_co_reason = MaskedText("协办未反馈的说明", blank=True)
    submitted_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField("提交时间")
    published_at = models.DateTimeField("审定时间", null=True, blank=True)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "办理结果"
        constraints = [
            models.CheckConstraint(
                name="reply_not_resolved_says_why", condition=Q(resolved=Resolved.YES) | ~Q(unresolved_reason="")
            ),
            models.CheckConstraint(
                name="reply_denied_says_by_what", condition=~Q(claim__in=sorted(DENIED)) | ~Q(internal_text="")
            ),
            models.CheckConstraint(
                name="reply_standard_met_or_explained", condition=Q(standard_met=True) | ~Q(standard_note="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.round}"


class OnSiteQuerySet(models.QuerySet["OnSiteRecord"]):
    def of_live_leads(self) -> Self:
        """Those that count for a result: of a lead whose part has not been taken back or handed over."""
        return self.filter(assignment__role=AssignmentRole.LEAD).exclude(assignment__state__in=ENDED_ASSIGNMENT_STATES)


class OnSiteRecord(models.Model):
    """Somebody of the unit stood there (职责清单“需现场处置”)."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="onsite_records", db_index=False)
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, related_name="onsite_records")
    event = models.OneToOneField(TicketEvent, models.PROTECT, related_name="onsite")
    round = models.PositiveSmallIntegerField("轮次")
    place = MaskedLine("到场地点", max_length=200)
    found = MaskedText("现场情况")
    visited_at = models.DateTimeField("到场时间")
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+")

    objects = OnSiteQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "现场记录"
        # An inbox asks for every row in which round somebody of its lead stood there.
        indexes = [models.Index(fields=["ticket", "round"], include=["assignment"], name="onsite_rounds")]
        constraints = [models.CheckConstraint(name="onsite_says_where", condition=~Q(place=""))]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.visited_at:%F %R}"


class Attachment(models.Model):
    """A stored file that belongs to a ticket; seen by whoever sees the ticket."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="attachments")
    event = models.ForeignKey(TicketEvent, models.PROTECT, null=True, related_name="attachments")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="+", db_index=False)
    file = models.ForeignKey("hotline.StoredFile", models.PROTECT, related_name="+")
    kind = models.CharField("种类", max_length=12, choices=AttachmentKind.choices)

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        constraints = [models.UniqueConstraint(fields=["ticket", "file", "kind"], name="attachment_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


PICTURE = Q(kind__in=[AttachmentKind.BEFORE, AttachmentKind.AFTER], file__content_type__startswith="image/")
"""Attachments that are pictures of a visit; a film or a sheet is evidence too, but no photo."""


class EarlierUse(models.Model):
    """A picture of a visit that was handed in before, as it is or stored anew. Found when it came in; people judge."""

    attachment = models.ForeignKey(Attachment, models.CASCADE, related_name="earlier_uses", db_index=False)
    earlier = models.ForeignKey(Attachment, models.CASCADE, related_name="+", db_index=False)
    bits = models.PositiveSmallIntegerField("感知散列相差位数")
    same_bytes = models.BooleanField("同一文件")

    class Meta:
        verbose_name = verbose_name_plural = "照片曾用"
        constraints = [models.UniqueConstraint(fields=["attachment", "earlier"], name="earlier_use_once")]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.earlier_id}"


class TicketHold(models.Model):
    """Placed by a higher room: the ticket cannot close while one is open. It never pauses a clock."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="holds")
    source = MaskedLine("来源", max_length=40)
    placed_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+")
    placed_at = models.DateTimeField("保留时间")
    released_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField("解除时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "保留"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "source"],
                condition=Q(released_at__isnull=True),
                name="tickethold_one_open_per_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.source}"
