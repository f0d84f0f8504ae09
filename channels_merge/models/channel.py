"""Ways in, and their filing with the city hotline centre (赣市改字〔2025〕10号 2)."""

from datetime import date
from typing import Final

from django.db import models
from django.db.models import Q
from django_fsm import transition

from channels_merge.states import (
    ChannelKind,
    ChannelState,
    FilingKind,
    FilingOutcome,
    IntakeWay,
)
from hotline.fsm import StateField, StateModel

# The day of the order: only what was there before it may be entered as 早已设立.
BEFORE: Final = date(2025, 10, 15)
_NOT_APPROVED = (ChannelState.PROPOSED, ChannelState.FILED, ChannelState.REFUSED)
_APPROVED = (ChannelState.APPROVED, ChannelState.ACTIVE)


class ChannelQuerySet(models.QuerySet):
    def update(self, **kwargs):
        if "state" in kwargs:
            raise TypeError("渠道状态只能经由流转动作修改。")
        return super().update(**kwargs)


class Channel(StateModel):
    """One way in. A channel with a key may file appeals through the API."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("种类", max_length=20, choices=ChannelKind)
    owner = models.ForeignKey("hotline.Unit", models.PROTECT, verbose_name="开办单位", related_name="+")
    address = models.CharField("号码或网址", max_length=200, blank=True)
    ground = models.CharField("开办依据", max_length=300, blank=True)
    announced = models.CharField("在哪里公布", max_length=200, blank=True)
    maintainer = models.CharField("维护人", max_length=80, blank=True)
    way = models.CharField("诉求怎么进来", max_length=10, choices=IntakeWay, default=IntakeWay.PUSH)
    # Appeals of a machine channel wait at /intake/; the others are decided while the caller is on the line.
    is_machine = models.BooleanField("机器来件", default=True)

    state = StateField("状态", max_length=12, choices=ChannelState, default=ChannelState.PROPOSED, protected=True)
    approved_on = models.DateField("核准日期", null=True)
    # Whatever is kept is filed again by this day.
    review_due_on = models.DateField("下次备案截止", null=True)
    ends_on = models.DateField("撤销日期", null=True)

    # HMAC-SM3 of a random 256-bit key: the key itself is shown once and kept nowhere.
    key_hash = models.CharField("接口密钥摘要", max_length=64, blank=True, editable=False)
    key_issued_at = models.DateTimeField("密钥发放时间", null=True, editable=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "渠道"
        constraints = [
            models.CheckConstraint(
                condition=Q(way=IntakeWay.DESK, is_machine=False) | (~Q(way=IntakeWay.DESK) & Q(is_machine=True)),
                name="channel_machine_is_what_no_agent_hears",
            ),
            # None new without filing: nothing is approved or in use that has no day of approval. Another state is none.
            models.CheckConstraint(
                condition=Q(state__in=_NOT_APPROVED, approved_on=None, review_due_on=None, ends_on=None)
                | Q(state__in=_APPROVED, approved_on__isnull=False, review_due_on__isnull=False, ends_on=None)
                | Q(state__in=[ChannelState.ENDING, ChannelState.CANCELLED], ends_on__isnull=False),
                name="channel_state_has_its_dates",
            ),
            models.CheckConstraint(
                condition=Q(state=ChannelState.PROPOSED) | ~Q(ground=""),
                name="channel_filed_has_its_ground",
            ),
            models.UniqueConstraint("key_hash", condition=~Q(key_hash=""), name="channel_key_is_unique"),
            models.CheckConstraint(
                condition=Q(key_hash="", key_issued_at=None) | (~Q(key_hash="") & Q(key_issued_at__isnull=False)),
                name="channel_key_has_its_date",
            ),
        ]
        permissions = [
            ("issue_channel_key", "发放渠道接口密钥"),
            ("view_register", "查看渠道总表"),
            ("propose_channel", "申报本单位渠道"),
            ("manage_channels", "管理渠道备案"),
        ]

    def __str__(self):
        return self.name

    @transition(state, source=[ChannelState.PROPOSED, ChannelState.REFUSED], target=ChannelState.FILED)
    def file(self):
        pass

    @transition(state, source=ChannelState.FILED, target=ChannelState.APPROVED)
    def approve(self, *, approved_on, review_due_on):
        self.approved_on, self.review_due_on = approved_on, review_due_on

    @transition(state, source=ChannelState.FILED, target=ChannelState.ENDING)
    def confirm(self, *, ends_on):
        """It was there before the order, as was claimed: it ends, unless it is kept."""
        self.ends_on = ends_on

    @transition(state, source=ChannelState.FILED, target=ChannelState.REFUSED)
    def refuse(self):
        pass

    @transition(state, source=ChannelState.APPROVED, target=ChannelState.ACTIVE)
    def put_in_use(self):
        pass

    @transition(state, source=ChannelState.ENDING, target=ChannelState.ACTIVE)
    def keep(self, *, approved_on, review_due_on):
        """Kept with reasons: the end is lifted."""
        self.approved_on, self.review_due_on, self.ends_on = approved_on, review_due_on, None

    @transition(
        state, source=[ChannelState.APPROVED, ChannelState.ACTIVE, ChannelState.ENDING], target=ChannelState.ENDING
    )
    def end(self, *, ends_on):
        self.ends_on = ends_on

    @transition(state, source=ChannelState.ENDING, target=ChannelState.CANCELLED)
    def cancel(self, *, ends_on):
        self.ends_on = ends_on


class ChannelFiling(models.Model):
    """What a unit asked of the hotline centre for a channel, and what was decided."""

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="filings", db_index=False)
    kind = models.CharField("种类", max_length=10, choices=FilingKind)
    reason = models.CharField("理由", max_length=500)
    # What is claimed of a channel that was there before the order; its reason is the evidence.
    existed_since = models.DateField("设立日期", null=True)
    ends_on = models.DateField("拟撤销日期", null=True)
    filed_by = models.ForeignKey(
        "hotline.User", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="报备人"
    )
    filed_at = models.DateTimeField("报备时间")
    outcome = models.CharField("结果", max_length=10, choices=FilingOutcome, blank=True)
    decided_by = models.ForeignKey(
        "hotline.User", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    opinion = models.CharField("意见", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "渠道备案"
        constraints = [
            models.UniqueConstraint("channel", condition=Q(outcome=""), name="channelfiling_one_open_per_channel"),
            models.CheckConstraint(condition=~Q(reason=""), name="channelfiling_says_why"),
            models.CheckConstraint(
                condition=Q(kind=FilingKind.EXISTING, existed_since__lt=BEFORE, ends_on__isnull=False)
                | (~Q(kind=FilingKind.EXISTING) & Q(existed_since=None, ends_on=None)),
                name="channelfiling_existing_has_its_days",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None, decided_by=None)
                | (~Q(outcome="") & Q(decided_at__isnull=False)),
                name="channelfiling_outcome_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=FilingOutcome.REFUSED) | ~Q(opinion=""), name="channelfiling_refused_says_why"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(filed_by=None) | ~Q(decided_by=models.F("filed_by")),
                name="channelfiling_filer_does_not_decide",
            ),
        ]
        indexes = [models.Index("channel", "id", name="channelfiling_channel")]

    def __str__(self):
        return f"{self.channel_id} {self.kind}"


class ChannelEvent(models.Model):
    """What happened to a channel: append-only by trigger. The words are those of the office, no citizen's."""

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="events", db_index=False)
    act = models.CharField(max_length=20)
    source = models.CharField(max_length=12, blank=True)
    target = models.CharField(max_length=12)
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "渠道事件"
        indexes = [models.Index("channel", "id", name="channelevent_channel")]

    def __str__(self):
        return f"{self.channel_id} {self.act}"
