"""Which version of a duty list decides at a moment."""

from datetime import datetime

from django.db.models import QuerySet

from hotline.models import Unit
from responsibility.models import DutyItem, DutyList


def current_list(at: datetime, *, scope: Unit | None = None) -> DutyList | None:
    """The version in force at a moment: the city's, or that of `scope`. The later effective day wins."""
    lists = DutyList.objects.in_force(at)
    lists = lists.filter(scope=scope) if scope else lists.filter(scope__kind=Unit.Kind.CENTRE)
    return lists.order_by("-effective_from", "-version").first()


def items_in_force(at: datetime, *, scope: Unit | None = None) -> QuerySet[DutyItem]:
    """Items of the list that decides at a moment: that of the centre `scope` if it has one, otherwise the city's."""
    duty_list = deciding_list(at, scope)
    return DutyItem.objects.filter(duty_list=duty_list).order_by("code") if duty_list else DutyItem.objects.none()


def deciding_list(at: datetime, scope: Unit | None) -> DutyList | None:
    """The list of the centre `scope` if it has one in force, otherwise the city's."""
    return (current_list(at, scope=scope) if scope else None) or current_list(at)
