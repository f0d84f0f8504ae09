"""Other platforms plugged in: how each comes and goes, what it sent, and what its codes mean here."""

import uuid

from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.models.channel import Channel
from channels_merge.states import (
    CodeKind,
    Door,
    FirstCalled,
    InboundState,
    LineEvent,
    ParkedFor,
    TransferOutcome,
)
from hotline import crypto


class Algorithm(models.TextChoices):
    SHA256 = "HMAC-SHA256", "HMAC-SHA256"
    SM3 = "HMAC-SM3", "HMAC-SM3（国密）"


class Line(models.Model):
    """A channel that another platform keeps: its secret, where its messages go, and how it has been lately."""

    channel = models.OneToOneField(Channel, models.PROTECT, related_name="line", verbose_name="渠道")
    is_open = models.BooleanField("接通", default=True)
    algorithm = models.CharField("签名算法", max_length=12, choices=Algorithm, default=Algorithm.SHA256)
    # Signs both ways. Shown once when it is made.
    secret_cipher = models.TextField("密钥（密文）", blank=True, editable=False)
    secret_issued_at = models.DateTimeField("密钥发放时间", null=True, editable=False)
    push_url = models.URLField("推送地址", max_length=300, blank=True)
    # Written once a minute at most: a burst of messages must not queue for this row.
    last_in_at = models.DateTimeField("最近来件", null=True, editable=False)
    last_out_at = models.DateTimeField("最近送达", null=True, editable=False)
    failing_since = models.DateTimeField("送不出起", null=True, editable=False)
    last_error = models.CharField("最近错误", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "接入平台"
        permissions = [("manage_lines", "管理接入平台和待发消息")]
        constraints = [
            models.CheckConstraint(
                condition=Q(secret_cipher="", secret_issued_at=None)
                | (~Q(secret_cipher="") & Q(secret_issued_at__isnull=False)),
                name="line_secret_has_its_date",
            ),
            models.CheckConstraint(condition=Q(push_url="") | ~Q(secret_cipher=""), name="line_pushes_with_a_secret"),
            models.CheckConstraint(
                condition=Q(failing_since=None) | ~Q(last_error=""), name="line_failing_says_what_happened"
            ),
        ]

    def __str__(self):
        return self.channel.name

    @property
    def aad(self):
        return f"line.secret:{self.channel_id}"

    @property
    def secret(self):
        return crypto.decrypt(self.secret_cipher, self.aad) if self.secret_cipher else ""


class LineSource(models.Model):
    """Where we fetch a line's messages ourselves, and which of its fields is which of ours.

    `fields`: our field (`message_id`, `number`, `event`, `data.text` …) → theirs, as a dotted path of JSON or the heading
    of a column; a value that starts with `=` is taken as it stands.
    """

    line = models.ForeignKey(Line, models.CASCADE, related_name="sources", db_index=False)
    door = models.CharField(
        "方式", max_length=10, choices=[(Door.PULL, Door.PULL.label), (Door.FOLDER, Door.FOLDER.label)]
    )
    is_open = models.BooleanField("启用", default=True)
    fields = models.JSONField("字段对应", default=dict)
    url = models.URLField("取数地址", max_length=300, blank=True)
    header_name = models.CharField("认证头", max_length=60, blank=True)
    header_cipher = models.TextField("认证值（密文）", blank=True, editable=False)
    list_path = models.CharField("列表位置", max_length=120, blank=True)
    # Where the last run ended: the value of `cursor_path` (of the answer, or of its last item if it starts with `item.`).
    cursor_param = models.CharField("断点参数", max_length=60, blank=True)
    cursor_path = models.CharField("断点取自", max_length=120, blank=True)
    cursor = models.CharField("断点", max_length=200, blank=True)
    page_param = models.CharField("页码参数", max_length=60, blank=True)
    size_param = models.CharField("每页参数", max_length=60, blank=True)
    page_size = models.PositiveSmallIntegerField("每页条数", default=100)
    every_minutes = models.PositiveSmallIntegerField("间隔分钟", default=5)
    next_at = models.DateTimeField("下次", null=True, editable=False)
    read_at = models.DateTimeField("最近读到", null=True, editable=False)
    failures = models.PositiveSmallIntegerField("连续失败", default=0, editable=False)
    last_error = models.CharField("最近错误", max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "取件方式"
        constraints = [
            models.UniqueConstraint("line", "door", name="linesource_one_of_each_door"),
            models.CheckConstraint(condition=~Q(door=Door.PULL) | ~Q(url=""), name="linesource_pull_has_address"),
            models.CheckConstraint(
                condition=Q(page_size__gte=1, every_minutes__gte=1), name="linesource_sizes_are_positive"
            ),
        ]

    def __str__(self):
        return f"{self.line_id} {self.door}"

    @property
    def aad(self):
        return f"linesource.header:{self.line_id}:{self.door}"

    @property
    def header_value(self):
        return crypto.decrypt(self.header_cipher, self.aad) if self.header_cipher else ""


UNNUMBERED = "unnumbered-"
"""Before the digest of a message that came without an id of its own."""


class InboundMessage(models.Model):
    """What a line sent, as it came (encrypted), before anything is made of it. One row for each number of theirs."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, models.PROTECT, related_name="+", db_index=False)
    message_id = models.CharField("消息编号", max_length=120)
    door = models.CharField("方式", max_length=10, choices=Door)
    event = models.CharField("种类", max_length=12, choices=LineEvent, blank=True)
    # Their number of the matter.
    number = models.CharField("来源编号", max_length=80, blank=True)
    category_code = models.CharField("来源事项代码", max_length=60, blank=True)
    region_code = models.CharField("来源地区代码", max_length=60, blank=True)
    # Keyed: equal bodies meet, nothing can be read from it.
    digest = models.CharField(max_length=64)
    body_cipher = models.TextField("内容（密文）")
    received_at = models.DateTimeField("收到时间")
    # How long it may wait for its appeal counts from here: from a retry anew.
    waiting_since = models.DateTimeField("等待起")
    state = models.CharField("状态", max_length=10, choices=InboundState, default=InboundState.WAITING)
    # Empty while it waits for the appeal that it belongs to.
    next_try_at = models.DateTimeField("下次处理", null=True)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    parked_for = models.CharField("搁置原因", max_length=16, choices=ParkedFor, blank=True)
    reason = models.CharField("说明", max_length=300, blank=True)
    settled_at = models.DateTimeField("处理时间", null=True)
    settled_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    appeal = models.ForeignKey(Appeal, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "平台来件"
        constraints = [
            models.UniqueConstraint("line", "message_id", name="inbound_once_per_message_id"),
            models.CheckConstraint(condition=Q(state__in=InboundState.values), name="inbound_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=InboundState.WAITING, settled_at=None)
                | (~Q(state=InboundState.WAITING) & Q(settled_at__isnull=False, next_try_at=None)),
                name="inbound_waits_until_it_is_settled",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[InboundState.PARKED, InboundState.DISMISSED])
                | (~Q(parked_for="") & ~Q(reason="")),
                name="inbound_parked_says_why",
            ),
        ]
        indexes = [
            models.Index(
                "next_try_at",
                "id",
                condition=Q(state=InboundState.WAITING, next_try_at__isnull=False),
                name="inbound_due",
            ),
            models.Index("line", "number", condition=Q(state=InboundState.WAITING), name="inbound_of_matter"),
            models.Index("line", F("id").desc(), name="inbound_of_line"),
            models.Index("line", F("id").desc(), condition=Q(state=InboundState.PARKED), name="inbound_parked"),
            models.Index("line", "category_code", condition=~Q(category_code=""), name="inbound_category"),
            models.Index("line", "region_code", condition=~Q(region_code=""), name="inbound_region"),
        ]

    def __str__(self):
        return self.message_id

    @property
    def shown_id(self):
        return "没有消息编号" if self.message_id.startswith(UNNUMBERED) else self.message_id

    @property
    def aad(self):
        return f"inbound:{self.token}"

    @property
    def body(self):
        return crypto.decrypt(self.body_cipher, self.aad)


class LineMatter(models.Model):
    """What a line said with an appeal that is not a part of the appeal itself."""

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="line_matter")
    line = models.ForeignKey(Line, models.PROTECT, related_name="+", db_index=False)
    due_at = models.DateTimeField("来件平台限期", null=True)
    first_called = models.CharField("先打给谁", max_length=4, choices=FirstCalled, blank=True)
    three_party = models.BooleanField("三方通话", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "来件约定"

    def __str__(self):
        return str(self.appeal_id)


class LineReturn(models.Model):
    """One try to give a matter back to the line that sent it."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="line_returns")
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("退回时间")
    reason = models.CharField("退回理由", max_length=200)
    outcome = models.CharField("结果", max_length=10, choices=TransferOutcome, blank=True)
    concluded_at = models.DateTimeField("结果时间", null=True)
    note = models.CharField("对方说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "退回来件"
        constraints = [
            models.UniqueConstraint("appeal", condition=Q(outcome=""), name="linereturn_one_open_per_appeal"),
            models.CheckConstraint(
                condition=Q(outcome="", concluded_at=None) | (~Q(outcome="") & Q(concluded_at__isnull=False)),
                name="linereturn_outcome_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=TransferOutcome.DECLINED) | ~Q(note=""), name="linereturn_declined_says_why"
            ),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.outcome}"


class CodeMap(models.Model):
    """What a code of a line means here. Not settled: nobody has said yet. Settled without a target: it means nothing here."""

    line = models.ForeignKey(Line, models.PROTECT, related_name="codes", db_index=False)
    kind = models.CharField("种类", max_length=10, choices=CodeKind)
    code = models.CharField("来源代码", max_length=60)
    name = models.CharField("来源名称", max_length=100, blank=True)
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="本市事项"
    )
    region = models.ForeignKey(
        "hotline.Region", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="本市地区"
    )
    first_seen_at = models.DateTimeField("首次见到")
    settled_at = models.DateTimeField("对应时间", null=True)
    settled_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "代码对应"
        constraints = [
            models.UniqueConstraint("line", "kind", "code", name="codemap_once_per_code"),
            models.CheckConstraint(
                condition=Q(kind=CodeKind.CATEGORY, region=None) | Q(kind=CodeKind.REGION, category=None),
                name="codemap_target_is_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=False) | Q(category=None, region=None, settled_by=None),
                name="codemap_target_has_its_time",
            ),
        ]
        indexes = [models.Index("id", condition=Q(settled_at=None), name="codemap_unsettled")]

    def __str__(self):
        return f"{self.kind} {self.code}"
