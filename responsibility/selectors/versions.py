"""Which versions of the duty lists decide at a moment."""

from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from hotline.dates import local_day
from hotline.models import Unit, User
from hotline.rights import has_right
from responsibility import rights
from responsibility.models import DutyItem, DutyList, DutyListOpinion
from responsibility.selectors.learned import key_in_service
from responsibility.states import ListState


def current_list(at: datetime, *, scope: Unit | None = None) -> DutyList | None:
    """The version in force at a moment: the city's, or that of `scope`. The later effective day wins.

    Its `routing_model` is the key of the model that the router asks at that moment.
    """
    lists = DutyList.objects.in_force(at)
    lists = lists.filter(scope=scope) if scope else lists.filter(scope__kind=Unit.Kind.CENTRE)
    return lists.annotate(routing_model=key_in_service(at)).order_by("-effective_from", "-version").first()


def lists_to_judge(user: User, at: datetime) -> QuerySet[DutyList]:
    """Versions under review of which the person's office (司法局, 编办) has not said what it thinks, the oldest first."""
    offices = [office for office, permission in rights.OPINIONS.items() if has_right(user, permission, at)]
    if not offices:
        return DutyList.objects.none()
    said = DutyListOpinion.objects.filter(duty_list=OuterRef("pk"), round=OuterRef("rounds"), office__in=offices)
    waiting = DutyList.objects.filter(~Exists(said), state=ListState.REVIEW)
    return waiting.select_related("scope").order_by("pk")


def deciding_lists(at: datetime, scope: Unit | None = None) -> tuple[DutyList, ...]:
    """The city's list, and over it that of the county centre `scope`, each if there is one in force."""
    city = current_list(at)
    county = current_list(at, scope=scope) if scope and scope.kind == Unit.Kind.COUNTY_CENTRE else None
    return tuple(each for each in (city, county) if each)


def items_of_lists(lists: tuple[DutyList, ...]) -> QuerySet[DutyItem]:
    """The items of the last list, and of those before it what it says nothing of: 一张清单 (赣市改字〔2025〕10号 5)."""
    if len(lists) < 2:
        return DutyItem.objects.filter(duty_list__in=lists)
    city, county = lists
    local = DutyItem.objects.filter(duty_list=county, code=OuterRef("code"))
    return DutyItem.objects.filter(Q(duty_list=county) | Q(duty_list=city) & ~Exists(local))


def items_in_force(at: datetime, *, scope: Unit | None = None) -> QuerySet[DutyItem]:
    """Items that decide at a moment: the city's, with what the county centre `scope` says otherwise or beside them."""
    return items_of_lists(deciding_lists(at, scope)).order_by("code")


def inherited_list(duty_list: DutyList, at: datetime) -> DutyList | None:
    """The city's list that a county's version stands on: today's, or that of the day when the version ended or begins."""
    if duty_list.scope.kind != Unit.Kind.COUNTY_CENTRE:
        return None
    day = local_day(at)
    if duty_list.effective_from and duty_list.effective_from > day:
        day = duty_list.effective_from
    elif duty_list.effective_until and duty_list.effective_until <= day:
        day = duty_list.effective_until - timedelta(days=1)
    return current_list(timezone.make_aware(datetime.combine(day, time())))
