"""The ledger of announced numbers: which are wrong, not checked for long, or still announced under the old number."""

from datetime import date, datetime, timedelta

from django.db.models import F, Prefetch, Q, QuerySet

from channels_merge import rights
from channels_merge.models import PublicPhone, Republication
from channels_merge.selectors.register import RegisterTab
from channels_merge.states import PhoneStatus
from hotline import parameters
from hotline.dates import local_day
from hotline.models import User
from hotline.rights import has_right
from hotline.selectors import subtree_ids


def phones_seen(user: User, at: datetime) -> QuerySet[PublicPhone]:
    """The whole ledger for the centre and leaders; a unit sees its own and those of the units below it."""
    if has_right(user, rights.VIEW_REGISTER, at):
        return PublicPhone.objects.all()
    return PublicPhone.objects.filter(owner__in=subtree_ids(user.unit) if user.unit else [])


def with_tasks(phones: QuerySet[PublicPhone]) -> QuerySet[PublicPhone]:
    """`open_tasks` on each: what is to be announced anew."""
    tasks = Republication.objects.filter(done_at=None)
    return phones.select_related("owner").prefetch_related(Prefetch("republications", tasks, to_attr="open_tasks"))


def unchecked_since(*, at: datetime) -> date:
    """A number checked before this day must be rung again: parameter phone_check_days."""
    return local_day(at) - timedelta(days=parameters.integer("phone_check_days", at=at))


def unchecked(*, at: datetime) -> Q:
    """Never checked, or not since `unchecked_since`; a number that stopped need not be rung."""
    long_ago = Q(checked_on=None) | Q(checked_on__lt=unchecked_since(at=at))
    return long_ago & ~Q(status=PhoneStatus.STOPPED)


def phone_tabs(*, at: datetime) -> list[RegisterTab]:
    waiting = Q(pk__in=Republication.objects.filter(done_at=None).values("phone"))
    late = Q(pk__in=Republication.objects.filter(done_at=None, due_on__lt=local_day(at)).values("phone"))
    return [
        RegisterTab("", "全部", Q()),
        RegisterTab("unchecked", "该核对", unchecked(at=at)),
        RegisterTab("wrong", "核对有误", Q(status=PhoneStatus.WRONG)),
        RegisterTab("republish", "等重新公布", waiting),
        RegisterTab("late", "公布超期", late),
        RegisterTab("stopped", "停用", Q(status=PhoneStatus.STOPPED)),
    ]


def late_republications(*, at: datetime) -> QuerySet[Republication]:
    return (
        Republication.objects.filter(done_at=None, due_on__lt=local_day(at))
        .select_related("phone__owner")
        .order_by(F("due_on"), "pk")
    )
