"""Channels, the people behind appeals, the appeals themselves and how they hang on tickets.

An appeal is one person, one channel, one matter. Direct identifiers live in `Contact` (encrypted), in `ContactRecord`
and in `Draft`; nowhere else.
"""

import json
import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from channels_merge.states import (
    BRANCH_STATES,
    UNDECIDED_STATES,
    AppealState,
    ChannelKind,
    ContactWay,
    EmergencyLine,
    ExplainGround,
    Gender,
    InteractionKind,
    LegalRoute,
    MessageKind,
    TransferOutcome,
)
from hotline import crypto, masking
from hotline.fsm import StateField, StateModel
from hotline.models import Breach, Clock
from tickets.states import Kind, Secrecy, Urgency


class Channel(models.Model):
    """One way in. A channel with a key may file appeals through the API."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("种类", max_length=20, choices=ChannelKind)
    # Appeals of a machine channel wait at /intake/; the others are decided while the caller is on the line.
    is_machine = models.BooleanField("机器来件", default=True)
    is_active = models.BooleanField("启用", default=True)
    # HMAC-SM3 of a random 256-bit key: the key itself is shown once and kept nowhere.
    key_hash = models.CharField("接口密钥摘要", max_length=64, blank=True, editable=False)
    key_issued_at = models.DateTimeField("密钥发放时间", null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "渠道"
        constraints = [
            models.UniqueConstraint("key_hash", condition=~Q(key_hash=""), name="channel_key_is_unique"),
            models.CheckConstraint(
                condition=Q(key_hash="", key_issued_at=None) | (~Q(key_hash="") & Q(key_issued_at__isnull=False)),
                name="channel_key_has_its_date",
            ),
        ]
        permissions = [("issue_channel_key", "发放渠道接口密钥")]

    def __str__(self):
        return self.name


class Contact(models.Model):
    """诉求人 of one call or message: direct identifiers, encrypted, found by blind index.

    Written once by `services.contacts`; several appeals of the same call share it.
    """

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    name_cipher = models.TextField("姓名（密文）", blank=True)
    phone_cipher = models.TextField("电话（密文）", blank=True)
    phone_index = models.CharField(max_length=64, blank=True)
    phone_tail_index = models.CharField(max_length=64, blank=True)
    id_cipher = models.TextField("证件号（密文）", blank=True)
    id_index = models.CharField(max_length=64, blank=True)
    account_cipher = models.TextField("账号（密文）", blank=True)
    account_index = models.CharField(max_length=64, blank=True)
    # Identifiers moved out of the story at intake: phones and numbers of whomever they belong to.
    moved_out_cipher = models.TextField("正文移出的号码（密文）", blank=True)
    gender = models.CharField("性别", max_length=10, choices=Gender, blank=True)
    preferred_time = models.CharField("方便接听", max_length=40, blank=True)
    hide_from_unit = models.BooleanField("对承办单位隐去", default=True)
    is_anonymous = models.BooleanField("匿名", default=False)
    created_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "诉求人"
        permissions = [("reveal_contact", "查看诉求人姓名和电话")]
        constraints = [
            models.CheckConstraint(
                condition=Q(phone_cipher="", phone_index="", phone_tail_index="")
                | (~Q(phone_cipher="") & ~Q(phone_index="") & ~Q(phone_tail_index="")),
                name="contact_phone_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(id_cipher="", id_index="") | (~Q(id_cipher="") & ~Q(id_index="")),
                name="contact_id_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(account_cipher="", account_index="") | (~Q(account_cipher="") & ~Q(account_index="")),
                name="contact_account_can_be_found",
            ),
            models.CheckConstraint(
                condition=Q(is_anonymous=False) | Q(name_cipher="", id_cipher="", account_cipher=""),
                name="contact_anonymous_has_no_name",
            ),
        ]
        indexes = [
            models.Index("phone_index", F("created_at").desc(), condition=~Q(phone_index=""), name="contact_phone"),
            models.Index(
                "phone_tail_index", F("created_at").desc(), condition=~Q(phone_tail_index=""), name="contact_tail"
            ),
            models.Index("id_index", condition=~Q(id_index=""), name="contact_id"),
            models.Index("account_index", condition=~Q(account_index=""), name="contact_account"),
        ]

    def __str__(self):
        return self.masked_name

    def aad(self, field):
        """Ties a ciphertext to this person and field: moved elsewhere, it no longer opens."""
        return f"contact.{field}:{self.token}"

    def _open(self, field):
        cipher = getattr(self, f"{field}_cipher")
        return crypto.decrypt(cipher, self.aad(field)) if cipher else ""

    @property
    def name(self):
        return self._open("name")

    @property
    def phone(self):
        return self._open("phone")

    @property
    def id_number(self):
        return self._open("id")

    @property
    def account(self):
        return self._open("account")

    @property
    def moved_out(self):
        return self._open("moved_out").split("\n") if self.moved_out_cipher else []

    @property
    def masked_name(self):
        if self.is_anonymous or not self.name_cipher:
            return "匿名"
        return masking.mask_name(self.name)

    @property
    def masked_phone(self):
        return masking.mask_phone(self.phone) if self.phone_cipher else "未留电话"


class AppealQuerySet(models.QuerySet):
    def update(self, **kwargs):
        if "state" in kwargs:
            raise TypeError("诉求状态只能经由流转动作修改。")
        return super().update(**kwargs)

    def live(self):
        return self.exclude(state=AppealState.WITHDRAWN)

    def waiting(self):
        """What /intake/ shows. The states are spelled out so that the partial index matches."""
        return self.filter(state__in=[AppealState.RECEIVED, AppealState.NEED_INFO])


_NOT_DECIDED = Q(state__in=sorted(UNDECIDED_STATES))
_KINDS_NEEDING_TEXT = (AppealState.ANSWERED, AppealState.EXPLAINED, AppealState.REDIRECTED, AppealState.MALICIOUS)


class Appeal(StateModel):
    """诉求: one person, one channel, one matter."""

    number = models.CharField("编号", max_length=20, unique=True)
    code_cipher = models.TextField("查询码（密文）")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, verbose_name="诉求人", related_name="appeals")
    channel = models.ForeignKey(Channel, models.PROTECT, verbose_name="来源渠道", related_name="+", db_index=False)
    source_number = models.CharField("来源编号", max_length=80, blank=True)
    source_at = models.DateTimeField("来源时间", null=True)

    title = models.CharField("标题", max_length=100)
    text = models.TextField("诉求内容", max_length=10_000)
    kind = models.CharField("诉求类型", max_length=20, choices=Kind)
    urgency = models.CharField("紧急程度", max_length=20, choices=Urgency, default=Urgency.NORMAL)
    secrecy = models.CharField("保密", max_length=20, choices=Secrecy, default=Secrecy.OPEN)
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, verbose_name="事项", related_name="+"
    )
    region = models.ForeignKey("hotline.Region", models.PROTECT, null=True, verbose_name="地区", related_name="+")
    place = models.CharField("详细地点", max_length=200, blank=True)
    subject = models.CharField("涉事主体", max_length=100, blank=True)
    is_enterprise = models.BooleanField("涉企", default=False)
    # Anonymous without a number: no contact and no follow-up clock (the reason is this column).
    contactable = models.BooleanField("可以联系")
    wants_follow_up = models.BooleanField("愿意接受回访", default=True)

    state = StateField("状态", max_length=20, choices=AppealState, default=AppealState.RECEIVED, protected=True)
    received_at = models.DateTimeField("登记时间")
    received_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, verbose_name="登记人", related_name="+")
    accepted_at = models.DateTimeField("受理时间", null=True)
    accepted_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, verbose_name="受理人", related_name="+")
    # When it left the pool without a ticket, or was withdrawn.
    concluded_at = models.DateTimeField("去向时间", null=True)
    legal_route = models.CharField("法定途径", max_length=20, choices=LegalRoute, blank=True)
    explain_ground = models.CharField("解释事由", max_length=20, choices=ExplainGround, blank=True)
    # The answer given, the script read out, what was asked for, or why it was handed to the police.
    told = models.TextField("答复或告知", blank=True)
    # Kept apart from `told`: an accepted appeal keeps what was said while it waited.
    withdrawn_because = models.CharField("撤回原因", max_length=200, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "诉求"
        permissions = [
            ("use_desk", "接听并登记诉求"),
            ("accept_appeal", "受理诉求"),
            ("read_progress", "查看任一工单的公开进展"),
            ("link_appeal", "并单与拆单"),
            ("search_people", "按电话查找"),
            ("search_tail", "按电话后四位查找"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=AppealState.values), name="appeal_state_is_known"),
            models.UniqueConstraint(
                "channel", "source_number", condition=~Q(source_number=""), name="appeal_once_per_source_number"
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="appeal_has_title_and_text"),
            models.CheckConstraint(
                condition=_NOT_DECIDED & Q(accepted_at=None, concluded_at=None)
                | Q(state=AppealState.ACCEPTED, accepted_at__isnull=False, concluded_at=None)
                | Q(state__in=sorted(BRANCH_STATES), accepted_at=None, concluded_at__isnull=False)
                | Q(state=AppealState.WITHDRAWN, concluded_at__isnull=False),
                name="appeal_state_has_its_times",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=False) | Q(accepted_by=None), name="appeal_accepted_by_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state=AppealState.ANSWERED) | Q(category__isnull=False),
                name="appeal_answered_has_category",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[*_KINDS_NEEDING_TEXT, AppealState.NEED_INFO]) | ~Q(told=""),
                name="appeal_branch_says_what_was_told",
            ),
            models.CheckConstraint(
                condition=Q(state=AppealState.REDIRECTED, legal_route__in=LegalRoute.values)
                | (~Q(state=AppealState.REDIRECTED) & (Q(legal_route="") | Q(state=AppealState.WITHDRAWN))),
                name="appeal_redirected_has_route",
            ),
            models.CheckConstraint(
                condition=Q(state=AppealState.EXPLAINED, explain_ground__in=ExplainGround.values)
                | (~Q(state=AppealState.EXPLAINED) & (Q(explain_ground="") | Q(state=AppealState.WITHDRAWN))),
                name="appeal_explained_has_ground",
            ),
            models.CheckConstraint(
                condition=Q(state=AppealState.WITHDRAWN) & ~Q(withdrawn_because="")
                | (~Q(state=AppealState.WITHDRAWN) & Q(withdrawn_because="")),
                name="appeal_withdrawn_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(contactable=False) | Q(contact__isnull=False), name="appeal_contactable_has_contact"
            ),
        ]
        indexes = [
            models.Index(
                "received_at",
                "id",
                condition=Q(state__in=[AppealState.RECEIVED, AppealState.NEED_INFO]),
                name="appeal_waiting",
            ),
            models.Index("received_at", name="appeal_received_at"),
        ]

    def __str__(self):
        return self.number

    @property
    def code(self):
        """The query code, told to the citizen with the number."""
        return crypto.decrypt(self.code_cipher, f"appeal.code:{self.number}")

    @transition(state, source=AppealState.RECEIVED, target=AppealState.NEED_INFO)
    def ask_information(self, *, told):
        self.told = told

    @transition(state, source=AppealState.NEED_INFO, target=AppealState.RECEIVED)
    def give_information(self):
        pass

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.ANSWERED)
    def answer(self, *, told, category, concluded_at):
        self.told, self.category, self.concluded_at = told, category, concluded_at

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.TRANSFERRED)
    def transfer(self, *, concluded_at):
        self.concluded_at = concluded_at

    @transition(state, source=AppealState.TRANSFERRED, target=AppealState.RECEIVED)
    def take_back(self):
        """The emergency line declined; the appeal waits for us again."""
        self.concluded_at = None

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.REDIRECTED)
    def redirect(self, *, told, legal_route, concluded_at):
        self.told, self.legal_route, self.concluded_at = told, legal_route, concluded_at

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.EXPLAINED)
    def explain(self, *, told, explain_ground, concluded_at):
        self.told, self.explain_ground, self.concluded_at = told, explain_ground, concluded_at

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.MALICIOUS)
    def hand_to_police(self, *, told, concluded_at):
        self.told, self.concluded_at = told, concluded_at

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.ACCEPTED)
    def accept(self, *, accepted_at, accepted_by):
        self.accepted_at, self.accepted_by = accepted_at, accepted_by

    @transition(
        state,
        source=[state.value for state in AppealState if state != AppealState.WITHDRAWN],
        target=AppealState.WITHDRAWN,
    )
    def withdraw(self, *, withdrawn_because, concluded_at):
        self.withdrawn_because, self.concluded_at = withdrawn_because, concluded_at


class AppealEvent(models.Model):
    """What happened to an appeal. Append-only by trigger; codes and ids, never words or personal data."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="events", db_index=False)
    act = models.CharField(max_length=40)
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20)
    actor = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "诉求事件"
        indexes = [models.Index("appeal", "id", name="appealevent_appeal")]

    def __str__(self):
        return f"{self.appeal_id} {self.act}"


class AppealClock(Clock):
    """`accept`: until somebody decides what becomes of it. `citizen`: from acceptance to the approved public reply."""

    ACCEPT, CITIZEN = "accept", "citizen"

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="clocks", db_index=False)

    class Meta(Clock.Meta):
        verbose_name = verbose_name_plural = "诉求时钟"
        constraints = [
            *Clock.Meta.constraints,
            models.UniqueConstraint("appeal", "kind", "generation", name="appealclock_one_per_generation"),
            models.UniqueConstraint(
                "appeal", "kind", condition=Q(stopped_at=None), name="appealclock_one_running_per_kind"
            ),
        ]


class AppealBreach(Breach):
    clock = models.ForeignKey(AppealClock, models.PROTECT, related_name="breaches", db_index=False)

    class Meta(Breach.Meta):
        verbose_name = verbose_name_plural = "诉求时钟越线"


class Transfer(models.Model):
    """One try to hand an emergency to the line that answers it."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="transfers")
    line = models.CharField("紧急热线", max_length=10, choices=EmergencyLine)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("转接时间")
    outcome = models.CharField("结果", max_length=10, choices=TransferOutcome, blank=True)
    concluded_at = models.DateTimeField("结果时间", null=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "紧急转接"
        constraints = [
            models.UniqueConstraint("appeal", condition=Q(outcome=""), name="transfer_one_open_per_appeal"),
            models.CheckConstraint(
                condition=Q(outcome="", concluded_at=None) | (~Q(outcome="") & Q(concluded_at__isnull=False)),
                name="transfer_outcome_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=TransferOutcome.DECLINED) | ~Q(note=""), name="transfer_declined_says_why"
            ),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.line}"


class Interaction(models.Model):
    """来电记录: one call, visit or message about an appeal."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="interactions", db_index=False)
    kind = models.CharField("种类", max_length=20, choices=InteractionKind)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_index=False)
    text = models.TextField("内容", blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "来电记录"
        indexes = [models.Index("appeal", "at", name="interaction_appeal")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=InteractionKind.SUPPLEMENT) | ~Q(text=""), name="interaction_supplement_has_text"
            ),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.kind}"


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


class ContactRecord(models.Model):
    """A contact with the citizen during handling: who, when, how, reached or not, and the words (encrypted)."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="contact_records")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="+")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="+", db_index=False)
    way = models.CharField("方式", max_length=10, choices=ContactWay)
    reached = models.BooleanField("联系上")
    summary_cipher = models.TextField("联系情况（密文）", blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "联系记录"

    def __str__(self):
        return f"{self.appeal_id} {self.at:%Y-%m-%d %H:%M}"

    @property
    def summary(self):
        return crypto.decrypt(self.summary_cipher, f"contactrecord:{self.token}") if self.summary_cipher else ""


class AppealFile(models.Model):
    """A picture or paper that the citizen handed in."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="files")
    file = models.ForeignKey("hotline.StoredFile", models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "诉求附件"
        constraints = [models.UniqueConstraint("appeal", "file", name="appealfile_once_per_file")]

    def __str__(self):
        return f"{self.appeal_id} {self.file_id}"


class Draft(models.Model):
    """What somebody typed and has not sent; encrypted, kept for `draft_days`."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    owner = models.ForeignKey("hotline.User", models.CASCADE, related_name="+", db_index=False)
    # One call at the desk, chosen by the page: a reload of the same page finds its own draft again.
    key = models.CharField(max_length=60)
    content_cipher = models.TextField()
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "草稿"
        constraints = [models.UniqueConstraint("owner", "key", name="draft_one_per_owner_and_key")]
        indexes = [models.Index("expires_at", name="draft_expires_at")]

    def __str__(self):
        return self.key

    @property
    def aad(self):
        return f"draft:{self.token}"

    @property
    def content(self):
        return json.loads(crypto.decrypt(self.content_cipher, self.aad))

    @property
    def first_words(self):
        """By which its owner knows it again."""
        typed = self.content
        return typed.get("text", "")[:18] or masking.mask_phone(typed.get("phone", "")) or "还没写内容"


class OutboxMessage(models.Model):
    """A message for the citizen that waits for the gateway. The phone is read from the contact when it is sent."""

    token = models.UUIDField(default=uuid.uuid4, editable=False)
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="messages")
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
        ]
        indexes = [
            models.Index("next_try_at", condition=Q(sent_at=None, dead_at=None), name="outbox_due"),
        ]

    def __str__(self):
        return f"{self.appeal_id} {self.kind}"

    @property
    def body(self):
        return crypto.decrypt(self.body_cipher, f"outbox:{self.token}")


class SearchEntry(models.Model):
    """The words of an appeal as exact bigram codes, with one scope token per unit that may see its ticket.

    Apart from `Appeal` so that reading an appeal never drags the array along. It narrows; `visible_to` decides.
    """

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="search_entry")
    at = models.DateTimeField()
    codes = ArrayField(models.IntegerField())

    class Meta:
        verbose_name = verbose_name_plural = "检索词"
        indexes = [
            # A full pending list would be flushed inside some agent's save; flat latency is worth the slower insert.
            GinIndex(fields=["codes"], fastupdate=False, name="searchentry_codes"),
            models.Index(F("at").desc(), F("appeal").desc(), name="searchentry_newest"),
        ]

    def __str__(self):
        return str(self.appeal_id)
