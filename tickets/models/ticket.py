"""The ticket and its machine. A state changes only by a ``@transition`` called from ``tickets.services``."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django_fsm import RETURN_VALUE, transition

from hotline.fsm import StateField, StateModel
from hotline.rights import has_right
from tickets import guards, rights
from tickets.models.scope import NOTHING_BURNS, TicketScope
from tickets.models.words import MaskedLine, MaskedText
from tickets.states import (
    BEFORE_RESULT_STATES,
    OPEN_STATES,
    WITH_LEAD_STATES,
    ClosingKind,
    Kind,
    Secrecy,
    TicketState,
    Urgency,
)


class TicketQuerySet(models.QuerySet["Ticket"]):
    def update(self, **changes: object) -> int:
        """Refuses the machine's column: a state changes by a transition."""
        if "state" in changes:
            raise TypeError("A ticket's state changes by a transition, not by update().")
        return super().update(**changes)

    def visible_to(self, user, at: datetime | None = None) -> "TicketQuerySet":
        """The one gate: what ``user`` may open. Reads ``secrecy`` and ``TicketScope`` only.

        ``at`` decides whether temporary grants still hold; without it those that have an end are left out.
        """
        # EXISTS and not IN: of one ticket its own scope rows are read, not everything that the unit ever had.
        own = TicketScope.objects.filter(ticket=OuterRef("pk"))
        granted = Exists(own.current(at).filter(user=user))
        if has_right(user, "tickets.view_all_tickets", at):
            return self.filter(Q(secrecy=Secrecy.OPEN) | granted)
        mine = Q(Exists(own.of_unit(user, at)), secrecy=Secrecy.OPEN)
        if has_right(user, "tickets.view_followup_tickets", at):
            mine |= Q(state=TicketState.PENDING_FOLLOWUP, secrecy=Secrecy.OPEN)
        return self.filter(mine | Q(granted))


class Ticket(StateModel):
    """One matter to be handled (工单). It carries one or many appeals."""

    number = models.CharField("工单编号", max_length=20, unique=True)
    title = MaskedLine("标题", max_length=120)
    text = MaskedText("诉求内容")
    kind = models.CharField("诉求类型", max_length=12, choices=Kind.choices)
    urgency = models.CharField("紧急程度", max_length=12, choices=Urgency.choices, default=Urgency.NORMAL)
    secrecy = models.CharField("保密", max_length=12, choices=Secrecy.choices, default=Secrecy.OPEN)
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, blank=True, verbose_name="事项分类", db_index=False
    )
    region = models.ForeignKey("hotline.Region", models.PROTECT, null=True, blank=True, verbose_name="属地")
    place = MaskedLine("地点", max_length=200, blank=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    is_enterprise = models.BooleanField("涉企", default=False)
    contactable = models.BooleanField("可联系", default=True)

    state = StateField("状态", choices=TicketState.choices, default=TicketState.PENDING_DISPATCH, protected=True)
    is_open = models.BooleanField("未办结", default=True)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    accepted_at = models.DateTimeField("受理时间")
    created_at = models.DateTimeField("建单时间")
    due_at = models.DateTimeField("办理时限", null=True, blank=True)
    sort_at = models.DateTimeField("最近时限", default=NOTHING_BURNS)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closing_kind = models.CharField("办结方式", max_length=20, choices=ClosingKind.choices, blank=True)

    item = models.ForeignKey(
        "responsibility.DutyItem", models.PROTECT, null=True, blank=True, verbose_name="职责清单事项", related_name="+"
    )
    lead = models.ForeignKey(
        "Assignment", models.PROTECT, null=True, blank=True, verbose_name="主办", related_name="+", db_index=False
    )
    holder = models.ForeignKey(
        "Assignment", models.PROTECT, null=True, blank=True, verbose_name="现承办", related_name="+", db_index=False
    )

    proposed_item = models.ForeignKey(
        "responsibility.DutyItem", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    proposed_unit = models.ForeignKey(
        "hotline.Unit", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    proposed_score = models.PositiveSmallIntegerField("把握", default=0)
    proposal_note = models.CharField("建议依据", max_length=200, blank=True)

    appeal_count = models.PositiveIntegerField("诉求件数", default=0)
    urge_count = models.PositiveIntegerField("催单次数", default=0)
    first_channel = models.CharField("首个渠道", max_length=40, blank=True)
    # Of a matter that another platform sent: whose limits apply, and the date that it set (docs/clocks.md 5).
    line_code = models.CharField("来件平台代码", max_length=40, blank=True)
    given_due_at = models.DateTimeField("来件平台限期", null=True)
    return_count = models.PositiveSmallIntegerField("退单次数", default=0)
    needs_ruling = models.BooleanField("须裁定", default=False)
    has_objection = models.BooleanField("首办异议协调中", default=False)
    withdrawal_proposed = models.BooleanField("建议按撤诉办结", default=False)
    mediation_count = models.PositiveSmallIntegerField("调解次数", default=0)
    in_mediation = models.BooleanField("调解中", default=False)
    open_hold_count = models.PositiveSmallIntegerField("保留数", default=0)
    merged_count = models.PositiveSmallIntegerField("并入工单数", default=0)
    returned_from = models.CharField("退单前状态", max_length=20, choices=TicketState.choices, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="并入", related_name="merged_tickets"
    )
    merged_from_state = models.CharField("并单前状态", max_length=20, choices=TicketState.choices, blank=True)
    voided_from_state = models.CharField("作废前状态", max_length=20, choices=TicketState.choices, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "工单"
        permissions = [
            ("dispatch_ticket", "派单"),
            ("give_information", "补充情况"),
            ("recall_ticket", "撤回派单"),
            ("sign_ticket", "签收"),
            ("pass_down_ticket", "转派下级"),
            ("handle_ticket", "办理"),
            ("visit_onsite", "到场核实"),
            ("approve_result", "审签结果"),
            ("review_completion", "审核办结"),
            ("decide_return", "审核退单"),
            ("rule_dispute", "裁定首办"),
            ("decide_extension", "审批延期"),
            ("extend_again", "审批再次延期"),
            ("close_ticket", "办结与重开"),
            ("void_ticket", "作废与恢复"),
            ("merge_ticket", "并单与拆回"),
            ("remark_ticket", "批注"),
            ("instruct_ticket", "批示"),
            ("hold_ticket", "保留与解除"),
            ("restrict_ticket", "保密与授权知悉"),
            ("hand_over", "移交"),
            ("view_all_tickets", "查看全部工单"),
            ("view_subtree_tickets", "查看下级工单"),
            ("view_public_progress", "查看公开进度"),
            ("view_followup_tickets", "查看回访工单"),
            ("print_ticket", "打印工单"),
            ("export_tickets", "导出工单清单"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ticket_is_open_follows_state",
                condition=Q(is_open=True, state__in=sorted(OPEN_STATES))
                | Q(is_open=False, state__in=sorted(set(TicketState) - OPEN_STATES)),
            ),
            models.CheckConstraint(
                name="ticket_with_a_unit_has_its_lead",
                condition=~Q(state__in=sorted(WITH_LEAD_STATES)) | Q(lead__isnull=False, holder__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_awaiting_dispatch_has_no_lead",
                condition=~Q(state=TicketState.PENDING_DISPATCH) | Q(lead__isnull=True, holder__isnull=True),
            ),
            models.CheckConstraint(
                name="ticket_closed_says_when_and_how",
                condition=(Q(state=TicketState.CLOSED, closed_at__isnull=False) & ~Q(closing_kind=""))
                | (~Q(state=TicketState.CLOSED) & Q(closed_at__isnull=True, closing_kind="")),
            ),
            models.CheckConstraint(
                name="ticket_merged_says_into_what_and_whence",
                condition=(Q(state=TicketState.MERGED, merged_into__isnull=False) & ~Q(merged_from_state=""))
                | (~Q(state=TicketState.MERGED) & Q(merged_into__isnull=True, merged_from_state="")),
            ),
            models.CheckConstraint(
                name="ticket_return_review_knows_where_it_came_from",
                condition=(Q(state=TicketState.RETURN_REVIEW) & ~Q(returned_from=""))
                | Q(state__in=[TicketState.MERGED, TicketState.VOIDED])
                | (
                    ~Q(state__in=[TicketState.RETURN_REVIEW, TicketState.MERGED, TicketState.VOIDED])
                    & Q(returned_from="")
                ),
            ),
            models.CheckConstraint(
                name="ticket_voided_knows_where_it_came_from",
                condition=(Q(state=TicketState.VOIDED) & ~Q(voided_from_state=""))
                | (~Q(state=TicketState.VOIDED) & Q(voided_from_state="")),
            ),
            models.CheckConstraint(
                name="ticket_is_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
            models.CheckConstraint(name="ticket_round_from_one", condition=Q(round__gte=1)),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="ticket_newest"),
            models.Index(fields=["category", "-created_at", "-id"], name="ticket_category_newest"),
            models.Index(fields=["state", "-created_at", "-id"], name="ticket_state_newest"),
            models.Index(fields=["kind", "-created_at", "-id"], name="ticket_kind_newest"),
            models.Index(fields=["sort_at", "id"], condition=Q(is_open=True), name="ticket_burns"),
            models.Index(fields=["state", "sort_at", "id"], condition=Q(is_open=True), name="ticket_queue"),
            # What the segments of the dispatch queue are counted by, so that no ticket is read for it.
            models.Index(
                fields=["sort_at", "id"],
                include=[
                    "urgency",
                    "proposed_score",
                    "proposed_unit",
                    "return_count",
                    "needs_ruling",
                    "withdrawal_proposed",
                ],
                condition=Q(state=TicketState.PENDING_DISPATCH, is_open=True),
                name="ticket_to_dispatch",
            ),
            # The few that a scope row alone does not open.
            models.Index(fields=["id"], condition=~Q(secrecy=Secrecy.OPEN), name="ticket_secret"),
        ]

    def __str__(self) -> str:
        return self.number

    def _give_to(self, lead: models.Model) -> None:
        self.lead = self.holder = lead
        self.item_id = lead.item_id

    def _leave_units(self) -> None:
        self.lead = self.holder = None
        self.due_at = None

    # --- before a unit has it

    @transition(state, TicketState.PENDING_DISPATCH, TicketState.PENDING_INFO, permission=rights.DISPATCH)
    def ask_information(self) -> None:
        pass

    @transition(state, TicketState.PENDING_INFO, TicketState.PENDING_DISPATCH, permission=rights.INFORM)
    def give_information(self) -> None:
        pass

    @transition(
        state,
        TicketState.PENDING_DISPATCH,
        TicketState.PENDING_SIGN,
        conditions=[guards.may_still_be_dispatched],
        permission=rights.DISPATCH,
    )
    def dispatch(self, *, lead: models.Model) -> None:
        self._give_to(lead)

    @transition(state, TicketState.PENDING_DISPATCH, TicketState.PENDING_FOLLOWUP, permission=rights.DISPATCH)
    def answer_by_centre(self) -> None:
        pass

    @transition(state, TicketState.PENDING_DISPATCH, TicketState.PENDING_RULING, permission=rights.DISPATCH)
    def refer_to_ruling(self) -> None:
        pass

    # --- a unit has it

    @transition(state, TicketState.PENDING_SIGN, TicketState.IN_PROGRESS, permission=rights.SIGN)
    def sign(self) -> None:
        pass

    @transition(
        state,
        [TicketState.PENDING_SIGN, TicketState.IN_PROGRESS],
        TicketState.PENDING_DISPATCH,
        permission=rights.RECALL,
    )
    def recall(self, *, needs_ruling: bool) -> None:
        self.needs_ruling = needs_ruling
        self._leave_units()

    @transition(
        state,
        [TicketState.PENDING_SIGN, TicketState.IN_PROGRESS],
        TicketState.RETURN_REVIEW,
        permission=rights.ASK_RETURN,
    )
    def request_return(self) -> None:
        self.returned_from = self.state

    @transition(
        state,
        TicketState.RETURN_REVIEW,
        RETURN_VALUE(TicketState.PENDING_SIGN, TicketState.IN_PROGRESS),
        permission=rights.DECIDE_RETURN,
    )
    def refuse_return(self) -> str:
        back_to, self.returned_from = self.returned_from, ""
        return back_to

    @transition(state, TicketState.RETURN_REVIEW, TicketState.PENDING_DISPATCH, permission=rights.DECIDE_RETURN)
    def grant_return(self, *, counted: bool, needs_ruling: bool) -> None:
        self.returned_from = ""
        self.return_count += counted
        self.needs_ruling = needs_ruling
        self._leave_units()

    @transition(state, TicketState.RETURN_REVIEW, TicketState.PENDING_RULING, permission=rights.DECIDE_RETURN)
    def dispute_return(self, *, counted: bool) -> None:
        self.returned_from = ""
        self.return_count += counted
        self._leave_units()

    @transition(state, TicketState.PENDING_RULING, TicketState.PENDING_SIGN, permission=rights.RULE)
    def rule_first_handler(self, *, lead: models.Model) -> None:
        self.needs_ruling = False
        self._give_to(lead)

    @transition(
        state,
        [TicketState.PENDING_SIGN, TicketState.IN_PROGRESS],
        TicketState.PENDING_SIGN,
        permission=rights.RULE,
    )
    def change_first_handler(self, *, lead: models.Model) -> None:
        """先办后议: the objection was right. What is not handled yet goes on with the unit that the ruling names."""
        self._give_to(lead)

    @transition(state, TicketState.PENDING_RULING, TicketState.COMPLETION_REVIEW, permission=rights.RULE)
    def rule_not_government(self) -> None:
        self.needs_ruling = False

    @transition(state, TicketState.IN_PROGRESS, TicketState.COMPLETION_REVIEW, permission=rights.SUBMIT)
    def submit_result(self) -> None:
        pass

    @transition(state, TicketState.COMPLETION_REVIEW, TicketState.PENDING_FOLLOWUP, permission=rights.APPROVE)
    def pass_review(self) -> None:
        pass

    @transition(
        state,
        TicketState.COMPLETION_REVIEW,
        RETURN_VALUE(TicketState.IN_PROGRESS, TicketState.PENDING_RULING),
        permission=rights.APPROVE,
    )
    def send_back(self) -> str:
        """A ruling without a unit goes back to the ruling, a unit's result to the unit."""
        return TicketState.IN_PROGRESS if self.lead_id else TicketState.PENDING_RULING

    @transition(state, TicketState.IN_PROGRESS, TicketState.DEFERRED, permission=rights.DEFER)
    def defer(self) -> None:
        pass

    @transition(state, TicketState.DEFERRED, TicketState.IN_PROGRESS, permission=rights.DEFER)
    def resume(self) -> None:
        pass

    @transition(state, TicketState.DEFERRED, TicketState.PENDING_FOLLOWUP, permission=rights.DEFER)
    def conclude_deferred(self) -> None:
        pass

    # --- after the result

    @transition(
        state,
        TicketState.PENDING_FOLLOWUP,
        RETURN_VALUE(TicketState.IN_PROGRESS, TicketState.PENDING_DISPATCH),
        permission=rights.CLOSE,
    )
    def redo(self, *, same_unit: bool) -> str:
        """A new round for the same unit; what the centre had answered itself goes to the dispatcher."""
        self.round += 1
        if same_unit:
            return TicketState.IN_PROGRESS
        self._leave_units()
        return TicketState.PENDING_DISPATCH

    @transition(
        state,
        TicketState.PENDING_FOLLOWUP,
        TicketState.CLOSED,
        conditions=[guards.has_no_open_hold],
        permission=rights.CLOSE,
    )
    def close(self, *, closing_kind: str, at: datetime) -> None:
        self.closing_kind, self.closed_at = closing_kind, at
        self.withdrawal_proposed = False

    @transition(
        state,
        sorted(BEFORE_RESULT_STATES),
        TicketState.CLOSED,
        conditions=[guards.has_no_open_hold, guards.carries_no_merged_ticket],
        permission=rights.CLOSE,
    )
    def close_as_withdrawn(self, *, at: datetime) -> None:
        self.closing_kind, self.closed_at = ClosingKind.WITHDRAWN, at
        self.returned_from = ""
        self.withdrawal_proposed = False

    @transition(
        state,
        TicketState.CLOSED,
        RETURN_VALUE(TicketState.IN_PROGRESS, TicketState.PENDING_DISPATCH),
        permission=rights.CLOSE,
    )
    def reopen(self, *, same_unit: bool) -> str:
        self.round += 1
        self.closing_kind, self.closed_at = "", None
        if same_unit:
            return TicketState.IN_PROGRESS
        self._leave_units()
        return TicketState.PENDING_DISPATCH

    @transition(
        state,
        sorted(OPEN_STATES),
        TicketState.MERGED,
        conditions=[guards.has_no_open_hold],
        permission=rights.MERGE,
    )
    def merge(self, *, into: "Ticket") -> None:
        """The units keep their parts as they are, out of sight, so that the ticket can come back as it was."""
        self.merged_from_state, self.merged_into = self.state, into

    @transition(state, TicketState.MERGED, RETURN_VALUE(*sorted(OPEN_STATES)), permission=rights.MERGE)
    def unmerge(self, *, lead_is_open: bool) -> str:
        """Back to where it was; to the dispatcher if the matter it was part of is already closed."""
        back_to = self.merged_from_state
        self.merged_into, self.merged_from_state = None, ""
        if lead_is_open:
            return back_to
        self.returned_from = ""
        self._leave_units()
        return TicketState.PENDING_DISPATCH

    @transition(
        state,
        sorted(BEFORE_RESULT_STATES),
        TicketState.VOIDED,
        conditions=[guards.carries_no_merged_ticket, guards.has_no_open_hold],
        permission=rights.VOID,
    )
    def void(self) -> None:
        self.voided_from_state = self.state

    @transition(state, TicketState.VOIDED, RETURN_VALUE(*sorted(BEFORE_RESULT_STATES)), permission=rights.VOID)
    def restore(self) -> str:
        back_to, self.voided_from_state = self.voided_from_state, ""
        return back_to
