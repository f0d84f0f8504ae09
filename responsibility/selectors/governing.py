"""Where the government of places departs from the tree of regions: townships of a county that a zone governs."""

from collections.abc import Container
from datetime import date
from typing import Final

from django.db.models import F

from hotline.models import Unit
from hotline.remembering import Remembered
from responsibility.models import Governance

_Row = tuple[str, date, date | None]


def _read() -> dict[str, list[_Row]]:
    """Place → code of whoever governs it, from, until."""
    centres = Governance.objects.filter(unit__kind=Unit.Kind.COUNTY_CENTRE)
    rows = centres.exclude(unit__region=F("region")).exclude(unit__region=F("region__parent"))
    found: dict[str, list[_Row]] = {}
    for row in rows.select_related("region", "unit__region").order_by("valid_from", "pk"):
        if row.unit.region is not None:
            found.setdefault(row.region.code, []).append((row.unit.region.code, row.valid_from, row.valid_until))
    return found


governed_elsewhere: Final = Remembered(_read)


def zone_that_governs(code: str, *, on: date) -> str:
    """The code of the county or zone whose centre governs the place, where its own code names another; else "".

    A few seconds old at most.
    """
    rows = governed_elsewhere().get(code, ())
    return next((zone for zone, since, until in reversed(rows) if since <= on and (until is None or on < until)), "")


def places_governed_by(codes: Container[str], *, on: date) -> list[str]:
    """Codes of the places that one of these counties or zones governs and that lie in another by their own code."""
    return [place for place in governed_elsewhere() if zone_that_governs(place, on=on) in codes]
