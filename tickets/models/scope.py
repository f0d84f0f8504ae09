"""Who may see a ticket, with the columns that lists sort and filter by."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q

from hotline.rights import has_right
from tickets.states import Kind, TicketState

NOTHING_BURNS = datetime(2999, 1, 1, tzinfo=UTC)
"""Sort key of what waits for nobody's clock, so that lists page by one column that is never null."""


class ScopeQuerySet(models.QuerySet["TicketScope"]):
    def current(self, at: datetime | None) -> "ScopeQuerySet":
        ends = Q(until__isnull=True)
        return self.filter(ends if at is None else ends | Q(until__gt=at))

    def of_unit(self, user, at: datetime | None) -> "ScopeQuerySet":
        """Rows of the unit of whoever handles there: what it was assigned; with the right to the subtree, also below, and
        what its resources were asked to settle.

        Leaders and administrators belong to units too, and see no matter by that. Rows of units have no end.
        """
        if user.unit_id is None or not has_right(user, "tickets.handle_ticket", at):
            return self.none()
        rows = self.filter(unit_id=user.unit_id)
        if not has_right(user, "tickets.view_subtree_tickets", at):
            rows = rows.filter(ground=TicketScope.Ground.ASSIGNED)
        return rows


class TicketScope(models.Model):
    """One row per ticket and unit (or user by grant). Written by services.access only."""

    class Ground(models.TextChoices):
        ASSIGNED = "assigned", "本单位承办"
        ANCESTOR = "ancestor", "下级单位承办"
        MEDIATION = "mediation", "本县资源调解"
        GRANT = "grant", "授权知悉"

    class Task(models.TextChoices):
        SIGN = "sign", "待签收"
        CONTACT = "contact", "待联系"
        WORK = "work", "待办理"

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="scopes")
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, related_name="+", db_index=False)
    user = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    ground = models.CharField("依据", max_length=10, choices=Ground.choices)
    until = models.DateTimeField("有效至", null=True, blank=True)
    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField("建单时间")
    category = models.ForeignKey(
        "responsibility.Category", models.PROTECT, null=True, related_name="+", db_index=False
    )
    kind = models.CharField("诉求类型", max_length=12, choices=Kind.choices)
    state = models.CharField("工单状态", max_length=20, choices=TicketState.choices)
    is_open = models.BooleanField("未办结")
    sort_at = models.DateTimeField("最近时限", default=NOTHING_BURNS)
    burning = models.CharField("最近时限的种类", max_length=20, blank=True)
    task = models.CharField("本单位该做的", max_length=8, choices=Task.choices, blank=True)
    """Empty when the unit waits for others."""
    is_redo = models.BooleanField("重办", default=False)

    objects = ScopeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "知悉范围"
        constraints = [
            models.UniqueConstraint(fields=["unit", "ticket"], name="scope_unit_once"),
            models.UniqueConstraint(fields=["user", "ticket"], name="scope_user_once"),
            models.CheckConstraint(
                name="scope_is_of_a_unit_or_a_user",
                condition=Q(unit__isnull=False, user__isnull=True) | Q(unit__isnull=True, user__isnull=False),
            ),
            models.CheckConstraint(
                name="scope_of_a_unit_has_no_end", condition=Q(unit__isnull=True) | Q(until__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-created_at", "-ticket"], name="scope_newest"),
            models.Index(fields=["unit", "category", "-created_at", "-ticket"], name="scope_category_newest"),
            models.Index(fields=["unit", "state", "-created_at", "-ticket"], name="scope_state_newest"),
            models.Index(fields=["unit", "kind", "-created_at", "-ticket"], name="scope_kind_newest"),
            models.Index(fields=["unit", "sort_at", "ticket"], condition=Q(is_open=True), name="scope_burns"),
            models.Index(fields=["unit", "state", "sort_at"], condition=Q(is_open=True), name="scope_queue"),
            # What a unit has in hand: its segments are counted and walked in here alone.
            models.Index(
                fields=["unit", "task", "sort_at", "ticket"],
                include=["is_redo"],
                condition=Q(is_open=True, ground="assigned"),
                name="scope_inbox",
            ),
            # What burns in the whole city, counted by unit.
            models.Index(
                fields=["sort_at", "unit", "ticket"],
                condition=Q(is_open=True, ground="assigned") & ~Q(burning=""),
                name="scope_wall",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.ground}"
