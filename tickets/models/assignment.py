"""One unit's part in a ticket, and the clocks that run on it or on the ticket."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Least
from django_fsm import RETURN_VALUE, transition

from hotline.fsm import StateField, StateModel
from hotline.models import Breach, Clock
from tickets import rights
from tickets.states import ENDED_ASSIGNMENT_STATES, AssignmentRole, AssignmentState, ClockKind, EndedAs

IN_HAND = [
    AssignmentState.PENDING_SIGN,
    AssignmentState.SIGNED,
    AssignmentState.RETURN_REQUESTED,
    AssignmentState.SUBMITTED,
]


class Assignment(StateModel):
    """承办. ``parent`` is null when the city centre gave it."""

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="assignments", verbose_name="工单")
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="+", verbose_name="承办单位", db_index=False)
    role = models.CharField("角色", max_length=10, choices=AssignmentRole.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级交办"
    )
    item = models.ForeignKey("responsibility.DutyItem", models.PROTECT, null=True, blank=True, related_name="+")
    state = StateField("状态", choices=AssignmentState.choices, default=AssignmentState.PENDING_SIGN, protected=True)
    handler = models.ForeignKey(
        "hotline.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    objectable = models.BooleanField("可退单", default=True)
    given_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", verbose_name="派单人")
    given_at = models.DateTimeField("派单时间")
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    contacted_at = models.DateTimeField("首次联系时间", null=True, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_as = models.CharField("结束方式", max_length=12, choices=EndedAs.choices, blank=True)
    # Of one that was handed over: whose it is now. What was suspended here runs on there.
    handed_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="taken_over", verbose_name="移交给"
    )

    class Meta:
        verbose_name = verbose_name_plural = "承办"
        constraints = [
            models.CheckConstraint(name="assignment_state_is_known", condition=Q(state__in=list(AssignmentState))),
            models.CheckConstraint(
                name="assignment_signed_says_when",
                condition=~Q(state__in=[AssignmentState.SIGNED, AssignmentState.SUBMITTED])
                | Q(signed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_submitted_says_when",
                condition=~Q(state=AssignmentState.SUBMITTED) | Q(submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_ended_says_when_and_how",
                condition=(Q(state__in=ENDED_ASSIGNMENT_STATES, ended_at__isnull=False) & ~Q(ended_as=""))
                | (~Q(state__in=ENDED_ASSIGNMENT_STATES) & Q(ended_at__isnull=True, ended_as="")),
            ),
            models.UniqueConstraint(
                fields=["ticket", "unit"],
                condition=~Q(state__in=ENDED_ASSIGNMENT_STATES),
                name="assignment_once_per_unit",
                violation_error_message="该单位已在承办这一件。",
            ),
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(role=AssignmentRole.LEAD, parent__isnull=True) & ~Q(state__in=ENDED_ASSIGNMENT_STATES),
                name="assignment_one_lead_from_the_city",
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "state", "handler"],
                condition=~Q(state__in=[AssignmentState.ACCEPTED, *ENDED_ASSIGNMENT_STATES]),
                name="assignment_queue",
            ),
            # What the city gave to leads in a month, counted by unit and by item.
            models.Index(
                fields=["given_at"],
                include=["unit", "item", "ticket"],
                condition=Q(role=AssignmentRole.LEAD, parent__isnull=True),
                name="assignment_dispatched",
            ),
            # What a unit got rid of in a month.
            models.Index(
                fields=["ended_at"],
                include=["ticket"],
                condition=Q(
                    role=AssignmentRole.LEAD,
                    parent__isnull=True,
                    ended_as__in=[EndedAs.RETURNED, EndedAs.TAKEN_BACK, EndedAs.RULED],
                ),
                name="assignment_given_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.unit_id}/{self.role}"

    @transition(state, AssignmentState.PENDING_SIGN, AssignmentState.SIGNED, permission=rights.SIGN)
    def sign(self, *, handler: models.Model | None, at: datetime) -> None:
        self.handler, self.signed_at = handler, at

    @transition(
        state,
        [AssignmentState.PENDING_SIGN, AssignmentState.SIGNED],
        AssignmentState.RETURN_REQUESTED,
        permission=rights.ASK_RETURN,
    )
    def request_return(self) -> None:
        pass

    @transition(
        state,
        AssignmentState.RETURN_REQUESTED,
        RETURN_VALUE(AssignmentState.PENDING_SIGN, AssignmentState.SIGNED),
        permission=rights.DECIDE_RETURN,
    )
    def refuse_return(self) -> str:
        return AssignmentState.SIGNED if self.signed_at else AssignmentState.PENDING_SIGN

    @transition(state, [*IN_HAND, AssignmentState.ACCEPTED], AssignmentState.TAKEN_BACK)
    def take_back(self, *, ended_as: str, at: datetime) -> None:
        self.ended_at, self.ended_as = at, ended_as

    @transition(state, AssignmentState.SIGNED, AssignmentState.SUBMITTED, permission=rights.HANDLE)
    def submit(self, *, at: datetime) -> None:
        self.submitted_at = at

    @transition(state, [AssignmentState.SUBMITTED, AssignmentState.ACCEPTED], AssignmentState.SIGNED)
    def work_again(self) -> None:
        """Sent back, a new round, or reopened: the unit has it in hand again."""
        self.submitted_at = None

    @transition(state, AssignmentState.SUBMITTED, AssignmentState.ACCEPTED)
    def accept(self) -> None:
        pass

    @transition(state, IN_HAND, AssignmentState.HANDED_OVER, permission=rights.HAND_OVER)
    def hand_over(self, *, at: datetime) -> None:
        self.ended_at, self.ended_as = at, EndedAs.HANDED_OVER


class TicketClock(Clock):
    """A limit that runs on a ticket or on one unit's part of it (docs/clocks.md)."""

    KINDS = dict(ClockKind.choices)

    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="clocks", db_index=False)
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="clocks", db_index=False)

    class Meta(Clock.Meta):
        verbose_name = verbose_name_plural = "工单时钟"
        constraints = [
            *Clock.Meta.constraints,
            models.UniqueConstraint(
                fields=["ticket", "kind"],
                condition=Q(assignment__isnull=True, stopped_at__isnull=True),
                name="ticketclock_one_running_per_ticket_and_kind",
            ),
            models.UniqueConstraint(
                fields=["assignment", "kind"],
                condition=Q(assignment__isnull=False, stopped_at__isnull=True),
                name="ticketclock_one_running_per_assignment",
            ),
        ]
        indexes = [
            *Clock.Meta.indexes,
            models.Index(fields=["ticket", "kind"], name="ticketclock_ticket"),
            models.Index(fields=["assignment", "kind"], name="ticketclock_assignment"),
            # When a part's handling ended, by completion or by its limit: the figures of a month.
            models.Index(
                Least("stopped_at", "due_at"), condition=Q(kind=ClockKind.HANDLE), name="ticketclock_handle_ended"
            ),
        ]


class ClockShift(models.Model):
    """A new work calendar moved a clock and its event is not written yet; the row goes when it is.

    Written with the move: the publication holds the clock and cannot wait for the ticket, and a message may be lost.
    """

    clock = models.ForeignKey(TicketClock, models.PROTECT, related_name="+")
    old_due_at = models.DateTimeField("原期限")
    new_due_at = models.DateTimeField("新期限")
    at = models.DateTimeField("校订时间")

    class Meta:
        verbose_name = verbose_name_plural = "待记的时限调整"

    def __str__(self) -> str:
        return f"{self.clock_id} {self.new_due_at}"


class TicketClockBreach(Breach):
    clock = models.ForeignKey(TicketClock, models.PROTECT, related_name="breaches")

    class Meta(Breach.Meta):
        verbose_name = verbose_name_plural = "工单时钟节点"

    def __str__(self) -> str:
        return f"{self.clock_id} {self.threshold}"
