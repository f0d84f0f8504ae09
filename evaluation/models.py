"""回访: what each caller says of the result, and what a reviewer decides when they say it is not done."""

from django.db import models
from django.db.models import Q

from evaluation.states import (
    MISSED,
    CallResult,
    DecisionState,
    FollowUpState,
    Ground,
    Outcome,
    Satisfaction,
    WhyNot,
)
from hotline.models import Breach, Clock
from tickets.states import Resolved

_ANSWERED = Q(outcome=Outcome.RATED)


class FollowUp(models.Model):
    """One caller asked about one round of one ticket. No answer is never 'satisfied'."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    appeal = models.ForeignKey("channels_merge.Appeal", models.PROTECT, related_name="follow_ups")
    round = models.PositiveSmallIntegerField("轮次")
    reply = models.ForeignKey("tickets.Reply", models.PROTECT, null=True, related_name="+", db_index=False)
    # When the reply was approved, or when the caller joined a matter that was answered already.
    opened_at = models.DateTimeField("开始回访时间")
    not_before = models.DateTimeField("最早可拨")
    due_at = models.DateTimeField("回访期限")
    state = models.CharField("状态", max_length=12, choices=FollowUpState, default=FollowUpState.WAITING)
    attempt_count = models.PositiveSmallIntegerField("已拨次数", default=0)
    # Who has the number on the screen now, so that nobody is called twice at once.
    caller = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    called_at = models.DateTimeField("取号时间", null=True)

    outcome = models.CharField("结果", max_length=12, choices=Outcome, blank=True)
    why_not = models.CharField("未评价原因", max_length=16, choices=WhyNot, blank=True)
    resolved = models.CharField("是否解决", max_length=8, choices=Resolved, blank=True)
    satisfaction = models.CharField("满意度", max_length=12, choices=Satisfaction, blank=True)
    ground = models.CharField("不满意原因", max_length=12, choices=Ground, blank=True)
    words = models.TextField("原话", blank=True)
    concluded_at = models.DateTimeField("回访完成时间", null=True)
    concluded_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "回访"
        permissions = [("follow_up", "回访"), ("view_figures", "查看统计")]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "round", "appeal"], name="followup_once_per_caller_and_round"),
            models.CheckConstraint(name="followup_state_is_known", condition=Q(state__in=FollowUpState.values)),
            models.CheckConstraint(
                name="followup_concluded_says_when_and_how",
                condition=Q(state=FollowUpState.CONCLUDED, concluded_at__isnull=False, outcome__in=Outcome.values)
                | (
                    ~Q(state=FollowUpState.CONCLUDED)
                    & Q(concluded_at__isnull=True, concluded_by__isnull=True, outcome="", why_not="", satisfaction="")
                ),
            ),
            models.CheckConstraint(
                name="followup_answer_only_of_who_was_reached",
                condition=(
                    _ANSWERED & Q(why_not="", resolved__in=Resolved.values, satisfaction__in=Satisfaction.values)
                )
                | (
                    Q(outcome__in=[Outcome.UNREACHABLE, Outcome.EXEMPT], satisfaction=Satisfaction.NOT_RATED)
                    & Q(resolved="", ground="", why_not__in=WhyNot.values)
                )
                | Q(outcome="", resolved="", ground=""),
            ),
            models.CheckConstraint(
                name="followup_dissatisfied_says_why",
                condition=~Q(satisfaction=Satisfaction.DISSATISFIED) | ~Q(ground=""),
            ),
            models.CheckConstraint(
                name="followup_caller_with_its_time",
                condition=Q(caller__isnull=True, called_at__isnull=True)
                | Q(caller__isnull=False, called_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state=FollowUpState.WAITING), name="followup_worklist"),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id} 第{self.round}轮"


class FollowUpAttempt(models.Model):
    """One call. Calls in vain lie in different half-days."""

    follow_up = models.ForeignKey(FollowUp, models.PROTECT, related_name="attempts", db_index=False)
    at = models.DateTimeField("时间")
    by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    result = models.CharField("接通情况", max_length=16, choices=CallResult)
    half_day = models.CharField("半天", max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "回访拨打"
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up", "half_day"],
                condition=Q(result__in=sorted(MISSED)),
                name="followupattempt_one_in_vain_per_half_day",
            ),
        ]
        indexes = [models.Index(fields=["follow_up", "at"], name="followupattempt_in_order")]

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.result}"


class ReviewDecision(models.Model):
    """复核: a caller says it was not done; or every caller withdrew while the ticket waited for follow-up."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField("轮次")
    follow_up = models.OneToOneField(FollowUp, models.PROTECT, null=True, related_name="decision")
    ground = models.CharField("事由", max_length=12, choices=Ground)
    state = models.CharField("状态", max_length=12, choices=DecisionState, default=DecisionState.PENDING)
    is_reasonable = models.BooleanField("诉求合理", null=True)
    duty_done = models.BooleanField("单位尽责", null=True)
    sentence = models.TextField("复核意见", blank=True)
    created_at = models.DateTimeField("提交时间")
    due_at = models.DateTimeField("复核期限")
    decided_at = models.DateTimeField("复核时间", null=True)
    decided_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "不满意件复核"
        permissions = [("decide_review", "复核不满意件")]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "round"],
                condition=Q(follow_up__isnull=True),
                name="reviewdecision_one_of_withdrawal",
            ),
            models.CheckConstraint(
                name="reviewdecision_about_somebody_or_nobody_left",
                condition=Q(follow_up__isnull=True, ground=Ground.WITHDRAWN)
                | (Q(follow_up__isnull=False) & ~Q(ground=Ground.WITHDRAWN)),
            ),
            models.CheckConstraint(
                name="reviewdecision_decided_says_when_who_and_why",
                condition=Q(state=DecisionState.PENDING, decided_at__isnull=True, decided_by__isnull=True)
                | Q(state=DecisionState.MOOT, decided_at__isnull=False)
                | (
                    Q(state__in=[DecisionState.REDO, DecisionState.CLOSE])
                    & Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(sentence="")
                ),
            ),
            models.CheckConstraint(
                name="reviewdecision_redo_is_reasonable_and_not_done",
                condition=~Q(state=DecisionState.REDO) | Q(is_reasonable=True, duty_done=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state=DecisionState.PENDING), name="reviewdecision_worklist"
            ),
            models.Index(fields=["ticket", "round"], name="reviewdecision_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.ground}"


class DecisionClock(Clock):
    """The reviewer's own limit (parameter review_decision_limit). The citizen clock and the units' are others."""

    KINDS = {"decision": "复核"}

    decision = models.ForeignKey(ReviewDecision, models.PROTECT, related_name="clocks", db_index=False)

    class Meta(Clock.Meta):
        verbose_name = verbose_name_plural = "复核时钟"
        constraints = [
            *Clock.Meta.constraints,
            models.UniqueConstraint(
                fields=["decision"], condition=Q(stopped_at__isnull=True), name="decisionclock_one_running"
            ),
        ]
        indexes = [*Clock.Meta.indexes, models.Index(fields=["decision"], name="decisionclock_decision")]


class DecisionBreach(Breach):
    clock = models.ForeignKey(DecisionClock, models.PROTECT, related_name="breaches", db_index=False)

    class Meta(Breach.Meta):
        verbose_name = verbose_name_plural = "复核时钟节点"
