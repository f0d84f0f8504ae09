"""Results that wait for a signature: the unit's head, the county's centre, the city's reviewers."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from hotline.dates import local
from hotline.models import User
from hotline.rights import has_right
from tickets import rights
from tickets.models import PICTURE, Approval, Attachment, OnSiteRecord, Reply, Ticket, TicketClock
from tickets.selectors.lists import Key, Page, secret_to, sees_work, take
from tickets.states import ApprovalStep, Claim, ClockKind, Resolved

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Soon(TypedDict):
    soon_at: datetime | None


class ToSign(Soon):
    """What `pending_approvals` reads beside the row."""

    was_onsite: bool
    photos: int


def waiting_approvals(user: User, at: datetime) -> QuerySet[Approval]:
    """Steps that the person's post signs, from their index alone: to count and to page by ``due_at``."""
    if not sees_work(user, at):
        return Approval.objects.none()
    return Approval.objects.filter(_signed_by(user, at), due_at__isnull=False).exclude(ticket__in=secret_to(user, at))


def approval_page(user: User, *, after: Key | None, at: datetime) -> "Page[WithAnnotations[Approval, Soon]]":
    """The steps that wait for the person's post, the limit that ends first in front; what is checked is not among it."""
    shown = (
        _with_clock(Approval.objects.all())
        .select_related("ticket")
        .defer("ticket__text")
        .prefetch_related(
            "ticket__region", Prefetch("reply", Reply.objects.defer("internal_text")), "reply__assignment__unit"
        )
    )
    return take(shown, by="due_at", pk="id", after=after, out_of=waiting_approvals(user, at))


def pending_approvals(user: User, at: datetime) -> "QuerySet[WithAnnotations[Approval, ToSign]]":
    """Steps that the person's post signs, with what the checklist reads."""
    visible = Ticket.objects.visible_to(user, at)
    return _with_checks(waiting_approvals(user, at)).filter(ticket__in=visible).select_related("reply__submitted_by")


def _with_clock(steps: QuerySet[Approval]) -> "QuerySet[WithAnnotations[Approval, Soon]]":
    clocks = TicketClock.objects.filter(
        ticket=OuterRef("ticket"), assignment__isnull=True, kind=ClockKind.APPROVAL, stopped_at__isnull=True
    )
    return steps.annotate(soon_at=Subquery(clocks.values("soon_at")[:1]))


def _with_checks(steps: QuerySet[Approval]) -> "QuerySet[WithAnnotations[Approval, ToSign]]":
    counted = OnSiteRecord.objects.of_live_leads()
    photos = (
        Attachment.objects.filter(
            PICTURE,
            ticket=OuterRef("ticket"),
            event__onsite__in=counted.filter(
                ticket=OuterRef(OuterRef("ticket")), round=OuterRef(OuterRef("ticket__round"))
            ),
        )
        .order_by()
        .values("ticket")
        .annotate(number=Count("pk"))
        .values("number")
    )
    visit = counted.filter(ticket=OuterRef("ticket"), round=OuterRef("ticket__round"))
    # Looked up only where the item asks for a visit.
    wants_visit = Q(reply__assignment__item__onsite_required=True)
    return (
        _with_clock(steps)
        .annotate(
            was_onsite=Case(When(wants_visit, then=Exists(visit)), default=Value(value=False)),
            photos=Case(When(wants_visit, then=Coalesce(Subquery(photos), 0)), default=Value(0)),
        )
        .select_related("ticket__region", "reply__assignment__unit", "reply__assignment__item")
    )


def approvals_seen(user: User, at: datetime) -> QuerySet[Approval]:
    """The same steps whether or not somebody has decided them since."""
    return (
        Approval.objects.filter(_signed_by(user, at), ticket__in=Ticket.objects.visible_to(user, at))
        .select_related("ticket")
        .order_by("pk")
    )


def _signed_by(user: User, at: datetime) -> Q:
    mine = Q(pk__in=[])
    if has_right(user, rights.REVIEW.permission, at) and not rights.at_the_centre(None, user):
        mine |= Q(step=ApprovalStep.CITY)
    if has_right(user, rights.APPROVE.permission, at) and user.unit_id is not None:
        mine |= Q(unit=user.unit_id) & ~Q(step=ApprovalStep.CITY)
    return mine


@dataclass(frozen=True)
class Check:
    met: bool
    words: str


@dataclass(frozen=True)
class ApprovalCase:
    """Of a row of `approval_page`; only one of `pending_approvals` knows its ``checks``."""

    approval: "WithAnnotations[Approval, ToSign]"
    why_not: str
    """Why this person cannot sign it."""

    @property
    def checks(self) -> "tuple[Check, ...]":
        return _checks(self.approval)

    @property
    def ticket(self) -> Ticket:
        return self.approval.ticket

    @property
    def from_unit(self) -> str:
        """Whose result it is; a ruling that it is no government matter comes from the centre itself."""
        part = self.approval.reply.assignment
        return part.unit.short_name if part is not None else "市中心裁定"

    @property
    def reason(self) -> str:
        """Why it is looked at: the rule that sent it here, or the step that everything passes."""
        return self.approval.why or self.approval.get_step_display()


def approval_case(approval: "WithAnnotations[Approval, ToSign]", user: User) -> ApprovalCase:
    """No query."""
    own = approval.reply.submitted_by_id == user.pk
    return ApprovalCase(
        approval=approval,
        why_not="提交人不能审核自己的结果，请由其他负责人审签。" if own else "",
    )


def _checks(approval: "WithAnnotations[Approval, ToSign]") -> tuple[Check, ...]:
    reply, ticket, part = approval.reply, approval.ticket, approval.reply.assignment
    checks = [
        Check(
            reply.resolved == Resolved.YES,
            reply.get_resolved_display() + (f"：{reply.unresolved_reason}" if reply.unresolved_reason else ""),
        )
    ]
    if reply.claim:
        checks.append(Check(reply.claim == Claim.TRUE, f"核查：{reply.get_claim_display()}"))
    if part is not None:
        in_time = ticket.due_at is None or reply.submitted_at <= ticket.due_at
        checks.append(Check(in_time, f"{_day(reply.submitted_at)} 提交，{'在时限内' if in_time else '已超时限'}"))
    if part is not None and ticket.contactable:
        reached = part.contacted_at
        checks.append(Check(reached is not None, f"{_day(reached)} 联系过反映人" if reached else "没有联系到反映人"))
    if part is not None and part.item is not None and part.item.onsite_required:
        checks.append(
            Check(approval.was_onsite, f"到过现场，照片 {approval.photos} 张" if approval.was_onsite else "没有到现场")
        )
    if part is not None:
        checks.append(
            Check(reply.standard_met, "达到办结标准" if reply.standard_met else f"未达办结标准：{reply.standard_note}")
        )
    if reply.missing_co_reason:
        checks.append(Check(met=False, words=f"协办未反馈：{reply.missing_co_reason}"))
    return tuple(checks)


def _day(at: datetime) -> str:
    here = local(at)
    return f"{here.month}月{here.day}日 {here:%H:%M}"
