"""Appeals and what happens to them. An appeal is one person, one channel, one matter."""

import uuid

from django.db import models
from django.db.models import Q
from django_fsm import transition

from channels_merge.models.channel import Channel
from channels_merge.models.contact import Contact
from channels_merge.states import (
    BRANCH_STATES,
    UNDECIDED_STATES,
    AppealState,
    ContactWay,
    EmergencyLine,
    ExplainGround,
    LegalRoute,
    TransferOutcome,
)
from hotline import crypto
from hotline.fsm import StateField, StateModel
from hotline.models import Breach, Clock
from tickets.states import Kind, Secrecy, Urgency


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
    # Through a way in that was closed: taken in all the same, counted, and its unit is told.
    after_cancellation = models.BooleanField("渠道撤销后来件", default=False)

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
    # Where its sender knows it: a grid event, the place of a 便民码.
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    subject = models.CharField("涉事主体", max_length=100, blank=True)
    place_code = models.ForeignKey(
        "PlaceCode", models.PROTECT, null=True, verbose_name="便民码", related_name="+", db_index=False
    )
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
                condition=Q(longitude=None, latitude=None) | Q(longitude__isnull=False, latitude__isnull=False),
                name="appeal_point_is_whole",
            ),
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
            models.Index(
                "place_code", "received_at", condition=Q(place_code__isnull=False), name="appeal_by_place_code"
            ),
            # The few that are left out of every count.
            models.Index(fields=["id"], condition=~Q(secrecy=Secrecy.OPEN), name="appeal_secret"),
            # Volumes of a channel: the register and the board of the lines.
            models.Index("channel", "received_at", name="appeal_by_channel"),
            models.Index(
                "channel", "received_at", condition=Q(after_cancellation=True), name="appeal_after_cancellation"
            ),
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

    @transition(state, source=sorted(UNDECIDED_STATES), target=AppealState.RETURNED)
    def send_back(self, *, concluded_at):
        """Not a matter of this city, or one that the line itself has to register."""
        self.concluded_at = concluded_at

    @transition(state, source=[AppealState.TRANSFERRED, AppealState.RETURNED], target=AppealState.RECEIVED)
    def take_back(self):
        """The emergency line, or the line that sent it, declined; the appeal waits for us again."""
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
    """`accept`: until somebody decides what becomes of it. `information`: how long the citizen's words are waited for.
    `citizen`: from acceptance to the approved public reply.
    """

    ACCEPT, INFORMATION, CITIZEN = "accept", "information", "citizen"
    KINDS = {ACCEPT: "受理", INFORMATION: "待补充", CITIZEN: "群众时限"}

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
        indexes = [
            *Clock.Meta.indexes,
            models.Index(
                fields=["kind", "due_at", "id"],
                include=["appeal"],
                condition=Q(stopped_at=None),
                name="appealclock_burning",
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
    # 国办发〔2022〕12号: where the boundary is not clear, caller and both platforms talk at once.
    three_party = models.BooleanField("三方通话", default=False)
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
        # What waits to be written down, the longest in front, among all that ever was.
        indexes = [models.Index(fields=["at"], condition=Q(outcome=""), name="transfer_open")]

    def __str__(self):
        return f"{self.appeal_id} {self.line}"


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
