"""首办负责 (赣市改字〔2025〕10号 第8条): what was ruled, who objects to it, and how the centre settles that beside the handling."""

from django.db import models
from django.db.models import Q

from hotline.models import Breach, Clock
from responsibility.states import Office
from tickets.models.words import MaskedLine, MaskedText
from tickets.states import ObjectionState, RulingKind

OFFICE_NAMES = {Office.STAFFING: "编办", Office.LEGAL: "司法局"}


class Ruling(models.Model):
    """Who is the first handler of a matter, and on what grounds. In force (先例) until a later one of the ticket, or a recall, ends it."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="rulings")
    event = models.OneToOneField("tickets.TicketEvent", models.PROTECT, related_name="ruling")
    kind = models.CharField("裁定", max_length=8, choices=RulingKind.choices)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", verbose_name="首办单位")
    item = models.ForeignKey("responsibility.DutyItem", models.PROTECT, null=True, related_name="+")
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, related_name="+", db_index=False
    )
    grounds = MaskedText("裁定依据")
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("裁定时间")
    ended_at = models.DateTimeField("失效时间", null=True)
    proposed_at = models.DateTimeField("提请纳入清单时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "裁定"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(ended_at__isnull=True), name="ruling_one_in_force_per_ticket"
            ),
            models.CheckConstraint(name="ruling_kind_is_known", condition=Q(kind__in=RulingKind.values)),
            models.CheckConstraint(name="ruling_says_why", condition=~Q(grounds="")),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], condition=Q(ended_at__isnull=True), name="ruling_precedents"),
            models.Index(fields=["category", "-at"], condition=Q(ended_at__isnull=True), name="ruling_category"),
            models.Index(
                fields=["ticket"],
                condition=Q(ended_at__isnull=True, proposed_at__isnull=True),
                name="ruling_not_proposed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Objection(models.Model):
    """异议: the first handler goes on working and says that the matter is not its own. At most one open per ticket."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="objections")
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, related_name="objections", db_index=False)
    ruling = models.ForeignKey(Ruling, models.PROTECT, related_name="objections", db_index=False)
    reason = MaskedText("异议理由")
    suggested_unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    raised_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    raised_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=10, choices=ObjectionState.choices, default=ObjectionState.OPEN)
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "异议"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(state=ObjectionState.OPEN), name="objection_one_open_per_ticket"
            ),
            models.CheckConstraint(
                name="objection_ended_says_when",
                condition=Q(state=ObjectionState.OPEN, ended_at__isnull=True)
                | (~Q(state=ObjectionState.OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(name="objection_state_is_known", condition=Q(state__in=ObjectionState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"


class Statement(models.Model):
    """What a unit concerned says in writing, asked by the centre. Whether it has a part in the ticket or not."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="statements", db_index=False)
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", db_index=False)
    question = MaskedText("请说明什么")
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField("征求时间")
    text = MaskedText("书面意见", blank=True)
    given_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    given_at = models.DateTimeField("提交时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "书面意见"
        constraints = [
            models.UniqueConstraint(fields=["objection", "unit"], name="statement_once_per_unit"),
            models.CheckConstraint(
                name="statement_given_has_words",
                condition=Q(given_at__isnull=True, text="") | (Q(given_at__isnull=False) & ~Q(text="")),
            ),
        ]
        indexes = [models.Index(fields=["unit"], condition=Q(given_at__isnull=True), name="statement_awaited")]

    def __str__(self) -> str:
        return f"{self.objection_id} {self.unit_id}"


class Meeting(models.Model):
    """会商记录. Its papers are attachments of its event."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="meetings")
    event = models.OneToOneField("tickets.TicketEvent", models.PROTECT, related_name="meeting")
    held_at = models.DateTimeField("会商时间")
    attended = MaskedLine("参加单位和人员", max_length=400)
    text = MaskedText("会商情况")

    class Meta:
        verbose_name = verbose_name_plural = "会商记录"

    def __str__(self) -> str:
        return f"{self.objection_id} {self.held_at:%F %R}"


class DutyQuestion(models.Model):
    """提请职责界定: 编办 or 司法局 says whose duty it is (国办函〔2025〕66号（五）)."""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="duty_questions")
    office = models.CharField("提请", max_length=10, choices=Office.choices)
    question = MaskedText("请界定什么")
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField("提请时间")
    answer = MaskedText("界定意见", blank=True)
    unit = models.ForeignKey(
        "hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="应由哪个单位负责"
    )
    answered_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "职责界定"
        constraints = [
            models.UniqueConstraint(
                fields=["objection", "office"],
                condition=Q(answered_at__isnull=True),
                name="dutyquestion_one_open_per_office",
            ),
            models.CheckConstraint(
                name="dutyquestion_answered_has_words",
                condition=Q(answered_at__isnull=True, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
            ),
            models.CheckConstraint(name="dutyquestion_office_is_known", condition=Q(office__in=Office.values)),
        ]

    def __str__(self) -> str:
        return f"{self.objection_id} {self.office}"

    @property
    def office_name(self) -> str:
        return OFFICE_NAMES[Office(self.office)]


class ObjectionClock(Clock):
    """A limit of the settling, on the objection, one statement or one question: none of them is the ticket's or the citizen's."""

    COORDINATION, STATEMENT, DEFINITION = "coordination", "statement", "definition"
    KINDS = {COORDINATION: "协调", STATEMENT: "书面意见", DEFINITION: "职责界定"}

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="clocks")
    statement = models.ForeignKey(Statement, models.PROTECT, null=True, related_name="clocks", db_index=False)
    duty_question = models.ForeignKey(DutyQuestion, models.PROTECT, null=True, related_name="clocks", db_index=False)

    class Meta(Clock.Meta):
        verbose_name = verbose_name_plural = "异议时钟"
        constraints = [
            *Clock.Meta.constraints,
            models.UniqueConstraint(
                fields=["objection"],
                condition=Q(kind="coordination", stopped_at__isnull=True),
                name="objectionclock_one_running_per_objection",
            ),
            models.UniqueConstraint(
                fields=["statement"],
                condition=Q(statement__isnull=False, stopped_at__isnull=True),
                name="objectionclock_one_running_per_statement",
            ),
            models.UniqueConstraint(
                fields=["duty_question"],
                condition=Q(duty_question__isnull=False, stopped_at__isnull=True),
                name="objectionclock_one_running_per_question",
            ),
            models.CheckConstraint(
                name="objectionclock_kind_has_its_subject",
                condition=Q(kind="coordination", statement__isnull=True, duty_question__isnull=True)
                | Q(kind="statement", statement__isnull=False, duty_question__isnull=True)
                | Q(kind="definition", statement__isnull=True, duty_question__isnull=False),
            ),
        ]
        indexes = [
            *Clock.Meta.indexes,
            models.Index(
                fields=["kind", "due_at", "id"], condition=Q(stopped_at__isnull=True), name="objectionclock_queue"
            ),
        ]


class ObjectionBreach(Breach):
    clock = models.ForeignKey(ObjectionClock, models.PROTECT, related_name="breaches", db_index=False)

    class Meta(Breach.Meta):
        verbose_name = verbose_name_plural = "异议时钟节点"

    def __str__(self) -> str:
        return f"{self.clock_id} {self.threshold}"
