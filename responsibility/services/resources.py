"""The register of those who help to settle matters, kept by each county's centre and by the administrator."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from hotline.errors import DomainError
from hotline.models import Unit, User
from responsibility import rights
from responsibility.models import Resource


class ResourceRefused(DomainError):
    pass


@transaction.atomic
def save_resource(
    *,
    pk: int | None,
    kind: str,
    centre: Unit | None,
    name: str,
    contact: str,
    phone: str,
    hours: str,
    takes: str,
    valid_from: date,
    valid_until: date | None,
    by: User,
    at: datetime,
) -> Resource:
    """A new row without ``pk``, else that row changed. A county's centre keeps its own county's and no other."""
    rights.require(by, rights.MANAGE_RESOURCES, at)
    resource = Resource.objects.select_for_update(of=("self",)).get(pk=pk) if pk is not None else Resource()
    for county in {centre, resource.centre} if pk is not None else {centre}:
        _refuse_other_county(county, by)
    if centre is not None and centre.kind != Unit.Kind.COUNTY_CENTRE:
        raise ResourceRefused("请选择县（市、区）中心，或留空为全市共用。")
    if valid_until is not None and valid_until <= valid_from:
        raise ResourceRefused("停用日期须晚于起用日期。")
    resource.kind, resource.centre, resource.name, resource.contact = kind, centre, name, contact
    resource.phone, resource.hours, resource.takes = phone, hours, takes
    resource.valid_from, resource.valid_until = valid_from, valid_until
    resource.changed_by, resource.changed_at = by, at
    try:
        with transaction.atomic():
            resource.save()
    except IntegrityError as taken:
        raise ResourceRefused(f"名录里已有在用的“{name}”。") from taken
    return resource


def _refuse_other_county(centre: Unit | None, by: User) -> None:
    if by.unit is not None and by.unit.kind == Unit.Kind.CENTRE:
        return
    if centre is None or centre.pk != by.unit_id:
        raise ResourceRefused("只能维护本县（市、区）的资源；全市共用的由管理员维护。")
