"""The same matter told twice: what the system proposes, what was brought together and apart, who comes again."""

from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.models.channel import Channel


class ProposalKind(models.TextChoices):
    MERGE = "merge", "并单"
    # The other one is closed: opening it again is proposed, not merging.
    REPEAT = "repeat", "重开"


class ProposalState(models.TextChoices):
    OPEN = "open", "待核对"
    CONFIRMED = "confirmed", "是同一件"
    REFUSED = "refused", "不是同一件"
    # Nothing is left to decide: joined otherwise, withdrawn, closed, secret.
    LAPSED = "lapsed", "已失效"


class UndoneAs(models.TextChoices):
    # Within half a minute, by whoever did it.
    SLIP = "slip", "当场撤回"
    WRONG = "wrong", "本来不是同一件"
    SPLIT = "split", "现在分开办"


class ThresholdState(models.TextChoices):
    OPEN = "open", "待决定"
    ADOPTED = "adopted", "已采用"
    DECLINED = "declined", "不采用"


class MergeLook(models.Model):
    """That an appeal was held against the pool. Who has none was missed, and is looked at by the next run."""

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="+")
    at = models.DateTimeField("比对时间")

    class Meta:
        verbose_name = verbose_name_plural = "并单比对"

    def __str__(self):
        return str(self.appeal_id)


class MergeProposal(models.Model):
    """Two appeals that may tell of one matter. `appeal` came later; `words` say why, without personal data.

    `by` is empty where the system linked by itself.
    """

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="+", verbose_name="后来的诉求", db_index=False)
    other = models.ForeignKey(Appeal, models.PROTECT, related_name="+", verbose_name="先来的诉求")
    kind = models.CharField("种类", max_length=8, choices=ProposalKind, default=ProposalKind.MERGE)
    probability = models.FloatField("可能性")
    words = models.CharField("依据", max_length=300)
    found_at = models.DateTimeField("发现时间")
    # When it was last looked at whether anything is left to decide.
    checked_at = models.DateTimeField("复核时间")
    # The worklist's order: what is put off goes to the end.
    sort_at = models.DateTimeField("排队时间")
    state = models.CharField("状态", max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("核对时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "并单提议"
        permissions = [("review_merges", "核对并单提议"), ("manage_merging", "管理并单规则")]
        constraints = [
            models.UniqueConstraint("appeal", "other", name="mergeproposal_once_per_pair"),
            models.CheckConstraint(condition=~Q(appeal=F("other")), name="mergeproposal_two_appeals"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="mergeproposal_probability_is_one"
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.OPEN, by=None, at=None)
                | Q(state=ProposalState.REFUSED, by__isnull=False, at__isnull=False)
                | Q(state=ProposalState.LAPSED, by=None, at__isnull=False)
                | Q(state=ProposalState.CONFIRMED, at__isnull=False),
                name="mergeproposal_settled_says_when_and_who",
            ),
        ]
        indexes = [
            models.Index("sort_at", "id", condition=Q(state=ProposalState.OPEN), name="mergeproposal_worklist"),
            models.Index("checked_at", "id", condition=Q(state=ProposalState.OPEN), name="mergeproposal_to_check"),
            models.Index(F("at").desc(), condition=Q(at__isnull=False), name="mergeproposal_settled"),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.other_id}"

    @property
    def percent(self):
        return int(100 * self.probability)


class MergeRecord(models.Model):
    """One act of bringing together: an appeal that joined a ticket, or a ticket that went into another.

    `undone_as` tells a mistake (it was never one matter) from a matter that is handled apart now.
    """

    appeal = models.ForeignKey(Appeal, models.PROTECT, null=True, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, null=True, related_name="+")
    into = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+")
    proposal = models.ForeignKey(MergeProposal, models.PROTECT, null=True, related_name="records")
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("并单时间")
    undone_at = models.DateTimeField("分开时间", null=True)
    undone_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    undone_as = models.CharField("为何分开", max_length=8, choices=UndoneAs, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "并单记录"
        constraints = [
            models.CheckConstraint(
                condition=Q(appeal=None, ticket__isnull=False) | Q(appeal__isnull=False, ticket=None),
                name="mergerecord_appeal_or_ticket",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_as="")
                | (Q(undone_at__isnull=False) & ~Q(undone_as="")),
                name="mergerecord_undone_says_why",
            ),
        ]
        indexes = [models.Index("at", name="mergerecord_at")]

    def __str__(self):
        return f"{self.appeal_id or self.ticket_id} → {self.into_id}"


class MergeSwitch(models.Model):
    """Where the system may link by itself: appeals of one channel, or of one category. Nowhere unless switched on."""

    channel = models.ForeignKey(Channel, models.PROTECT, null=True, related_name="+", db_index=False)
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, related_name="+", db_index=False
    )
    on_at = models.DateTimeField("开启时间")
    on_by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    off_at = models.DateTimeField("关闭时间", null=True)
    # Empty where it switched itself off, because of too many wrong merges.
    off_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "自动并单开关"
        constraints = [
            models.CheckConstraint(
                condition=Q(channel=None, category__isnull=False) | Q(channel__isnull=False, category=None),
                name="mergeswitch_channel_or_category",
            ),
            models.CheckConstraint(
                condition=Q(off_at=None, off_by=None) | Q(off_at__isnull=False), name="mergeswitch_off_has_time"
            ),
            models.UniqueConstraint("channel", condition=Q(off_at=None), name="mergeswitch_one_on_per_channel"),
            models.UniqueConstraint("category", condition=Q(off_at=None), name="mergeswitch_one_on_per_category"),
        ]

    def __str__(self):
        return f"{self.channel_id or self.category_id}"


class ThresholdProposal(models.Model):
    """What the decisions of people say the threshold of linking by itself should be. A person adopts it or not."""

    value = models.DecimalField("门槛", max_digits=4, decimal_places=2)
    decisions = models.PositiveIntegerField("门槛以上核对过")
    confirmed = models.PositiveIntegerField("其中是同一件")
    found_at = models.DateTimeField("算出时间")
    state = models.CharField("状态", max_length=8, choices=ThresholdState, default=ThresholdState.OPEN)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("决定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "并单门槛建议"
        constraints = [
            models.UniqueConstraint("state", condition=Q(state=ThresholdState.OPEN), name="threshold_one_open"),
            models.CheckConstraint(
                condition=Q(value__gt=0, value__lt=1, confirmed__lte=F("decisions")), name="threshold_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(state=ThresholdState.OPEN, by=None, at=None)
                | Q(state__in=[ThresholdState.ADOPTED, ThresholdState.DECLINED], by__isnull=False, at__isnull=False),
                name="threshold_decided_says_who",
            ),
        ]

    def __str__(self):
        return str(self.value)


class Repeat(models.Model):
    """The same person with the same matter again. Urge, supplement and withdraw are none of it: they make no appeal."""

    appeal = models.OneToOneField(Appeal, models.PROTECT, related_name="+", verbose_name="再次反映")
    # The one with which it began; all that repeat it hang on it.
    first = models.ForeignKey(Appeal, models.PROTECT, related_name="+", verbose_name="首次反映")
    after_closing = models.BooleanField("办结后再反映")
    at = models.DateTimeField("再次反映时间")

    class Meta:
        verbose_name = verbose_name_plural = "重复反映"
        constraints = [
            models.CheckConstraint(condition=~Q(appeal=F("first")), name="repeat_of_another"),
        ]
        indexes = [models.Index("at", name="repeat_at")]

    def __str__(self):
        return f"{self.appeal_id} {self.first_id}"


class FrequentCaller(models.Model):
    """One number that came many times within a day and said nothing new: a supervisor looks. Nothing is blocked."""

    phone_index = models.CharField(max_length=64)
    # Read for the mask only; the number itself is opened on an appeal, with its ground and its line in the log.
    latest = models.ForeignKey(Appeal, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField("日期")
    count = models.PositiveIntegerField("次数")
    last_at = models.DateTimeField("最近一次")
    seen_at = models.DateTimeField("看过时间", null=True)
    seen_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    said = models.CharField("处理意见", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "频繁来电"
        constraints = [
            models.UniqueConstraint("phone_index", "day", name="frequentcaller_once_a_day"),
            models.CheckConstraint(
                condition=Q(seen_at=None, seen_by=None, said="")
                | (Q(seen_at__isnull=False, seen_by__isnull=False) & ~Q(said="")),
                name="frequentcaller_seen_says_what",
            ),
        ]
        indexes = [
            models.Index("last_at", "id", condition=Q(seen_at=None), name="frequentcaller_unseen"),
        ]

    def __str__(self):
        return f"{self.day} {self.count}"
