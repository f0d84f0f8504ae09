"""What a unit asks and who decides: returns, extensions, and the steps of approval."""

from django.db import models
from django.db.models import Q

from tickets.models.words import MaskedText
from tickets.states import ApprovalState, ApprovalStep, Decision, ReturnGround


def _waiting(name: str, *include: str) -> models.Index:
    """What waits for whom, the limit that ends first in front."""
    return models.Index(
        fields=["decider", "due_at", "id"], include=include, condition=Q(due_at__isnull=False), name=name
    )


class Request(models.Model):
    """Something a unit asks of whoever gave it the ticket. At most one of a kind is pending per assignment."""

    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, related_name="%(class)ss")
    reason = MaskedText("理由")
    requested_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField("申请时间")
    # Written by services.access only, from the part and the running clock, so that queues read their own rows.
    decider = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    """The unit that gave the part; null when the city centre did."""
    due_at = models.DateTimeField("决定时限", null=True)
    """Null when no clock runs: decided, or the ticket is laid aside."""
    decision = models.CharField("决定", max_length=10, choices=Decision.choices, default=Decision.PENDING)
    decision_reason = MaskedText("决定理由", blank=True)
    decided_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(decision=Decision.PENDING), name="%(class)s_one_pending"
            ),
            models.CheckConstraint(
                name="%(class)s_decided_says_when",
                condition=Q(decision=Decision.PENDING, decided_at__isnull=True)
                | (~Q(decision=Decision.PENDING) & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [_waiting("%(class)s_queue", "assignment")]


class ReturnRequest(Request):
    """退单, or a take-back asked after the window, which is counted apart."""

    ground = models.CharField("退单事由", max_length=20, choices=ReturnGround.choices)
    suggested_unit = models.ForeignKey(
        "hotline.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="建议承办单位"
    )
    is_take_back = models.BooleanField("逾期收回申请", default=False)

    class Meta(Request.Meta):
        verbose_name = verbose_name_plural = "退单申请"
        # What was given back in a month: the table of the centre.
        indexes = [*Request.Meta.indexes, models.Index(fields=["requested_at", "id"], name="returnrequest_asked")]

    def __str__(self) -> str:
        return f"{self.assignment_id} {self.ground}"


class ExtensionRequest(Request):
    days = models.PositiveSmallIntegerField("延长工作日")
    is_again = models.BooleanField("再次延期", default=False)
    """What the giver may grant is used up: the head of the city's centre decides."""

    class Meta(Request.Meta):
        verbose_name = verbose_name_plural = "延期申请"
        indexes = [_waiting("extensionrequest_queue", "assignment", "is_again")]

    def __str__(self) -> str:
        return f"{self.assignment_id} +{self.days}"


class Approval(models.Model):
    """One step of the way up: unit head, the parent's centre, the city centre."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="approvals")
    reply = models.ForeignKey("tickets.Reply", models.PROTECT, related_name="approvals")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="approvals")
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False)
    step = models.CharField("环节", max_length=12, choices=ApprovalStep.choices)
    why = models.CharField("为何要审", max_length=60, blank=True)
    state = models.CharField("状态", max_length=12, choices=ApprovalState.choices, default=ApprovalState.PENDING)
    created_at = models.DateTimeField("提交时间")
    # Of the running clock, null when none runs; written by services.access only.
    due_at = models.DateTimeField("审核时限", null=True)
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)
    decided_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "审核"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(state=ApprovalState.PENDING), name="approval_one_pending_per_ticket"
            ),
            models.CheckConstraint(
                name="approval_decided_says_when",
                condition=Q(state=ApprovalState.PENDING, decided_at__isnull=True)
                | (~Q(state=ApprovalState.PENDING) & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "due_at", "id"],
                include=["ticket", "step"],
                condition=Q(due_at__isnull=False),
                name="approval_queue",
            ),
            models.Index(
                fields=["due_at", "id"],
                include=["ticket"],
                condition=Q(due_at__isnull=False, step=ApprovalStep.CITY),
                name="approval_queue_of_the_city",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.step}"
