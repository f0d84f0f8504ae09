"""Whom a unit can ask to help settle a matter."""

from datetime import datetime

from django.db.models import Q, QuerySet

from hotline.dates import local_day
from hotline.models import Region, Unit, User
from responsibility.models import Resource
from responsibility.selectors.suggesting import centre_of

RESOURCE_ROWS = 30


def county_of(unit: Unit) -> Unit | None:
    """The county centre that a unit is, or belongs to; none for a city's unit."""
    above = [unit, *unit.ancestors_below_centre()]
    return next((each for each in above if each.kind == Unit.Kind.COUNTY_CENTRE), None)


def resources_for(unit: Unit, region: Region | None, at: datetime) -> QuerySet[Resource]:
    """Those in use that the unit may ask about a matter there: its own county's, or for a unit of the city those of the county
    that answers for the place; and the city's.
    """
    shared = Q(centre__isnull=True)
    county = county_of(unit) or (centre_of(region, at) if region is not None else None)
    near = shared | Q(centre=county) if county is not None else shared
    return Resource.objects.on(local_day(at)).filter(near).order_by("kind", "name", "pk")


def resources_seen(user: User, *, kind: str = "", ended: bool = False, at: datetime) -> QuerySet[Resource]:
    """The register as a person reads it, the latest row first: a county's people see their county's and the city's."""
    rows = Resource.objects.select_related("centre").order_by("-pk")
    county = county_of(user.unit) if user.unit is not None else None
    if county is not None:
        rows = rows.filter(Q(centre=county) | Q(centre__isnull=True))
    if kind:
        rows = rows.filter(kind=kind)
    in_use = Resource.objects.on(local_day(at)).values("pk")
    return rows.exclude(pk__in=in_use) if ended else rows.filter(pk__in=in_use)


def may_change(resource: Resource, user: User) -> bool:
    """Of two who hold the right: the city's administrator any row, a county's centre its own county's."""
    if user.unit is not None and user.unit.kind == Unit.Kind.CENTRE:
        return True
    return resource.centre_id is not None and resource.centre_id == user.unit_id
