"""办结完毕没有异议的，纳入清单管理 (赣市改字〔2025〕10号 第8条): what first handlers did without objection, proposed to the list."""

from django.db import models
from django.db.models import Q

from responsibility.models.lists import Category, DutyItem, DutyList
from responsibility.states import AppealKind, ProposalState


class ItemProposal(models.Model):
    """One ruled and closed matter that asks for a place in the list. The ticket is named, not linked; words are redacted."""

    ticket_number = models.CharField("依据工单", max_length=20, unique=True)
    title = models.CharField("事由", max_length=120)
    text = models.TextField("内容（已去除个人信息）", blank=True)
    kind = models.CharField("类型", max_length=10, choices=AppealKind.choices)
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(DutyItem, models.PROTECT, null=True, related_name="+", db_index=False)
    """What the ruling named as the nearest item, if it named one."""
    grounds = models.TextField("裁定依据")
    proposed_at = models.DateTimeField("提请时间")
    state = models.CharField("状态", max_length=10, choices=ProposalState, default=ProposalState.PENDING)
    duty_list = models.ForeignKey(DutyList, models.PROTECT, null=True, related_name="+", db_index=False)
    """The version that took it up."""
    decided_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField("决定时间", null=True)
    decision_reason = models.CharField("决定理由", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "纳入清单的提请"
        constraints = [
            models.CheckConstraint(name="item_proposal_state_is_known", condition=Q(state__in=ProposalState.values)),
            models.CheckConstraint(
                name="item_proposal_decided_says_when_and_where",
                condition=Q(state=ProposalState.PENDING, decided_at=None, duty_list=None)
                | Q(state=ProposalState.TAKEN, decided_at__isnull=False, duty_list__isnull=False)
                | (Q(state=ProposalState.DISMISSED, decided_at__isnull=False) & ~Q(decision_reason="")),
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="item_proposal_queue")]

    def __str__(self) -> str:
        return f"{self.ticket_number} {self.get_state_display()}"
