"""Calls as the call platform tells of them, the seats they ring at, and those that nobody answered."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hotline import crypto, masking


class Skill(models.TextChoices):
    """Queues of the call platform; a seat serves those it has the skill for (国办函〔2025〕66号 四)."""

    NORMAL = "normal", "普通"
    ENTERPRISE = "enterprise", "涉企专席"
    HAKKA = "hakka", "客家话"


class CallEvent(models.TextChoices):
    RINGING = "ringing", "振铃"
    ANSWERED = "answered", "接通"
    ENDED = "ended", "结束"
    MISSED = "missed", "漏接"


class CallBackOutcome(models.TextChoices):
    REACHED = "reached", "接通"
    NO_ANSWER = "no_answer", "无人接"
    EMPTY = "empty", "空号"
    REFUSED = "refused", "拒接"


class MissedEnd(models.TextChoices):
    REACHED = "reached", "已回拨接通"
    CALLED_AGAIN = "called_again", "又打来，已接"
    EMPTY = "empty", "空号"
    GIVEN_UP = "given_up", "多次回拨没有接通"
    ANSWERED = "answered", "当时已接通"


class AgentSeat(models.Model):
    """坐席: at which extension somebody sits, and which queues they serve. One of each is open at a time."""

    user = models.ForeignKey("hotline.User", models.PROTECT, related_name="seats", db_index=False, verbose_name="人员")
    extension = models.CharField("分机", max_length=20)
    skills = ArrayField(models.CharField(max_length=12, choices=Skill), verbose_name="技能")
    since = models.DateTimeField("起")
    until = models.DateTimeField("止", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "坐席"
        permissions = [("manage_seats", "管理坐席，查看全部漏接电话")]
        constraints = [
            models.UniqueConstraint("user", condition=Q(until=None), name="agentseat_one_open_per_user"),
            models.UniqueConstraint("extension", condition=Q(until=None), name="agentseat_one_open_per_extension"),
            models.CheckConstraint(condition=~Q(extension=""), name="agentseat_has_extension"),
            models.CheckConstraint(
                condition=Q(skills__contained_by=Skill.values) & ~Q(skills=[]), name="agentseat_skills_are_known"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="agentseat_ends_after_it_began"
            ),
        ]

    def __str__(self):
        return f"{self.extension} {self.user_id}"

    @property
    def skill_names(self):
        return [Skill(skill).label for skill in self.skills]


class NumberedModel(models.Model):
    """A telephone number, encrypted and found by the same blind index as that of `Contact`; empty if withheld."""

    token = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    number_cipher = models.TextField("号码（密文）", blank=True)
    number_index = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True

    @property
    def aad(self):
        return f"{self._meta.model_name}.number:{self.token}"

    @property
    def number(self):
        return crypto.decrypt(self.number_cipher, self.aad) if self.number_cipher else ""

    @property
    def masked_number(self):
        return masking.mask_phone(self.number) if self.number_cipher else "未显示号码"

    def seal_number(self, number):
        self.number_cipher = crypto.encrypt(number, self.aad)
        self.number_index = crypto.blind_index(number, "phone")


class MissedCall(NumberedModel):
    """漏接: a number that is to be called back. One row while it is open, however often it rang."""

    queue = models.CharField("队列", max_length=12, choices=Skill, default=Skill.NORMAL)
    count = models.PositiveSmallIntegerField("漏接次数")
    first_at = models.DateTimeField("首次漏接")
    last_at = models.DateTimeField("最近漏接")
    due_at = models.DateTimeField("回拨时限")
    tries = models.PositiveSmallIntegerField("已回拨次数", default=0)
    # Who has the number before them and calls; nobody else is given it meanwhile.
    holder = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    held_at = models.DateTimeField("查看号码时间", null=True)
    # Everybody who was given the number and has not said yet what came of it: a call may outlast the five minutes.
    callers = models.ManyToManyField("hotline.User", related_name="+", verbose_name="正在回拨的人")
    # When people were told that nobody had called back in time.
    told_at = models.DateTimeField("超时提醒时间", null=True)
    closed_at = models.DateTimeField("了结时间", null=True)
    closed_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField("结果", max_length=16, choices=MissedEnd, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "漏接电话"
        constraints = [
            models.UniqueConstraint(
                "number_index", condition=Q(closed_at=None), name="missedcall_one_open_per_number"
            ),
            models.CheckConstraint(
                condition=~Q(number_cipher="") & ~Q(number_index=""), name="missedcall_can_be_called_back"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="", closed_by=None, count__gte=1)
                | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="missedcall_closed_says_how",
            ),
            models.CheckConstraint(
                condition=Q(holder=None, held_at=None) | Q(holder__isnull=False, held_at__isnull=False),
                name="missedcall_held_since",
            ),
            models.CheckConstraint(
                condition=Q(last_at__gte=F("first_at"), due_at__gt=F("first_at")), name="missedcall_times_in_order"
            ),
        ]
        indexes = [
            models.Index("due_at", "id", condition=Q(closed_at=None), name="missedcall_open"),
            models.Index(F("closed_at").desc(), F("id").desc(), name="missedcall_closed"),
            models.Index("due_at", condition=Q(closed_at=None, told_at=None), name="missedcall_not_told"),
        ]

    def __str__(self):
        return self.masked_number


class CallBack(models.Model):
    """回拨: one try."""

    missed_call = models.ForeignKey(MissedCall, models.PROTECT, related_name="call_backs")
    by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField("时间")
    outcome = models.CharField("结果", max_length=10, choices=CallBackOutcome)

    class Meta:
        verbose_name = verbose_name_plural = "回拨"

    def __str__(self):
        return f"{self.missed_call_id} {self.outcome}"


class PhoneCall(NumberedModel):
    """One call, put together from what the platform says of it in whatever order. Times are the platform's."""

    call_id = models.CharField("通话编号", max_length=80, unique=True)
    queue = models.CharField("队列", max_length=12, choices=Skill, default=Skill.NORMAL)
    extension = models.CharField("分机", max_length=20, blank=True)
    # Whose seat the extension was; empty while it rings at every seat of its queue.
    user = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    rang_at = models.DateTimeField("振铃", null=True)
    answered_at = models.DateTimeField("接通", null=True)
    ended_at = models.DateTimeField("结束", null=True)
    missed_at = models.DateTimeField("漏接", null=True)
    # The event whose extension stands: a later ring moves the call, an answer keeps it.
    placed_at = models.DateTimeField(null=True, editable=False)
    recording_cipher = models.TextField("录音地址（密文）", blank=True)
    heard_at = models.DateTimeField("首次收到")
    # Its agent took it into the form, or put it aside.
    taken_at = models.DateTimeField("接入表单", null=True)
    # What it means for missed calls has been worked out.
    is_settled = models.BooleanField(default=False)
    missed_call = models.ForeignKey(MissedCall, models.PROTECT, null=True, related_name="calls", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "通话"
        permissions = [("hear_recording", "查看通话录音地址")]
        constraints = [
            models.CheckConstraint(
                condition=Q(number_cipher="", number_index="") | (~Q(number_cipher="") & ~Q(number_index="")),
                name="phonecall_number_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(rang_at__isnull=False)
                | Q(answered_at__isnull=False)
                | Q(ended_at__isnull=False)
                | Q(missed_at__isnull=False),
                name="phonecall_something_happened",
            ),
            models.CheckConstraint(
                condition=Q(missed_call=None) | Q(missed_at__isnull=False), name="phonecall_missed_has_time"
            ),
        ]
        indexes = [
            models.Index("user", "heard_at", condition=Q(taken_at=None), name="phonecall_at_seat"),
            models.Index("queue", "heard_at", condition=Q(user=None, taken_at=None), name="phonecall_at_queue"),
            models.Index("number_index", "answered_at", condition=~Q(number_index=""), name="phonecall_number"),
            models.Index("missed_call", condition=Q(missed_call__isnull=False), name="phonecall_missed"),
            models.Index("id", condition=Q(is_settled=False), name="phonecall_unsettled"),
            models.Index(
                F("missed_at").desc(),
                F("id").desc(),
                condition=Q(number_index="", missed_at__isnull=False, answered_at=None),
                name="phonecall_withheld",
            ),
            models.Index("heard_at", condition=Q(user=None) & ~Q(extension=""), name="phonecall_unseated"),
        ]

    def __str__(self):
        return self.call_id

    @property
    def was_missed(self):
        """An answer counts, whenever we hear of it."""
        return self.missed_at is not None and self.answered_at is None

    @property
    def recording(self):
        return (
            crypto.decrypt(self.recording_cipher, f"phonecall.recording:{self.token}") if self.recording_cipher else ""
        )

    def seal_recording(self, address):
        self.recording_cipher = crypto.encrypt(address, f"phonecall.recording:{self.token}")
