"""Which items the system may dispatch by itself."""

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from hotline.remembering import Remembered
from responsibility.models import DutyItem, ItemSwitch
from responsibility.selectors.browsing import PAGE_ROWS
from responsibility.selectors.versions import items_in_force


def switch_of(code: str) -> ItemSwitch | None:
    """The one that is on."""
    return ItemSwitch.objects.filter(code=code, off_at=None).first()


def _any_on() -> bool:
    return ItemSwitch.objects.filter(off_at=None).exists()


something_is_switched_on: Final = Remembered(_any_on)
"""Whether any item is: asked at every registration, so a few seconds old at most."""


def switches_on() -> QuerySet[ItemSwitch]:
    return ItemSwitch.objects.filter(off_at=None).order_by("pk")


def switch_page(*, before: int | None) -> tuple[list[ItemSwitch], str]:
    """Every switch that was ever on, the newest first, and the key of the next page, "" on the last."""
    switches = ItemSwitch.objects.all() if before is None else ItemSwitch.objects.filter(pk__lt=before)
    found = list(switches.select_related("on_by", "off_by").order_by("-pk")[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], str(found[PAGE_ROWS - 1].pk) if len(found) > PAGE_ROWS else ""


def titles_in_force(codes: set[str], *, at: datetime) -> dict[str, str]:
    """Code → title in the city's version in force; what that no longer has is missing."""
    return dict(items_in_force(at).filter(code__in=codes).values_list("code", "title"))


def item_in_force(code: str, *, at: datetime) -> DutyItem | None:
    return items_in_force(at).filter(code=code).first()
