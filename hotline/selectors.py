"""Reads of this room that pages and higher rooms share."""

from collections.abc import Iterable
from datetime import datetime

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from hotline.models import Clock, Notice, Picture, Unit, User
from hotline.pictures import BANDS, bits_apart


def clock_models() -> list[type[Clock]]:
    """Every concrete clock class of the installed rooms, in a fixed order."""
    found = [model for model in apps.get_models() if issubclass(model, Clock)]
    return sorted(found, key=lambda model: model._meta.label)


def notices_for(user: User) -> QuerySet[Notice]:
    """All notices of a person, newest first."""
    return Notice.objects.filter(recipient=user).order_by("-at", "-id")


def unread_notices(user: User) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=user, read_at__isnull=True).order_by("-id")


UNREAD_SHOWN = 100


def unread_state(user: User) -> tuple[int, int]:
    """How many notices are unread (at most 100 are counted) and the newest one's id (0 for none)."""
    ids = list(unread_notices(user).values_list("id", flat=True)[:UNREAD_SHOWN])
    return len(ids), ids[0] if ids else 0


def subtree_ids(unit: Unit) -> list[int]:
    """The unit and everything below it. Two queries: the tree is three deep."""
    children = list(Unit.objects.filter(parent=unit).values_list("id", flat=True))
    return [unit.pk, *children, *Unit.objects.filter(parent__in=children).values_list("id", flat=True)]


def people_with_right(
    permission: str, units: Iterable[Unit] | None = None, *, at: datetime | None = None
) -> QuerySet[User]:
    """Active people who hold a permission through a role, within `units` if given.

    With `at`, to tell them something, also those who stand in for whoever of them is away then.
    """
    app, _, codename = permission.partition(".")
    holders = User.objects.filter(
        is_active=True,
        groups__permissions__codename=codename,
        groups__permissions__content_type__app_label=app,
    )
    if units is not None:
        holders = holders.filter(unit__in=list(units))
    if at is None:
        return holders.distinct().order_by("pk")
    away = holders.filter(Q(away_until__isnull=True) | Q(away_until__gt=at), away_from__lte=at, is_staff=False)
    stands_in = Q(Exists(away.filter(deputy=OuterRef("pk"), unit=OuterRef("unit"))), is_staff=False)
    return User.objects.filter(Q(pk__in=holders.values("pk")) | stands_in, is_active=True).order_by("pk")


def with_stand_ins(people: Iterable[User], *, at: datetime) -> list[User]:
    """People who are to be told something by name, and whoever stands in for those of them who are away."""
    named = list(people)
    return [*named, *(deputy for deputy in (person.stand_in(at) for person in named) if deputy is not None)]


PER_BAND = 200
"""So many of the newest pictures that share a band are compared, whatever the store holds."""


def pictures_like(picture: Picture, *, bits: int) -> dict[int, int]:
    """Earlier files whose picture differs in at most ``bits`` of 64, with in how many. One query over four short index walks.

    Pairs at most three bits apart are always among those compared; of those further apart, the ones that share a band.
    """
    if not picture.bands:
        return {}
    walks = [
        Picture.objects.filter(**{f"band{turn}": picture.bands[turn]}, file__lt=picture.file_id)
        .order_by("-file")
        .values_list("file", "band0", "band1", "band2", "band3")[:PER_BAND]
        for turn in range(BANDS)
    ]
    found = ((file, bits_apart(bands, picture.bands)) for file, *bands in walks[0].union(*walks[1:]))
    return {file: apart for file, apart in found if apart <= bits}
