"""Cells of the grid as a drawing: their outlines in the units of a page, north up. No tiles, no library."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, cos, radians
from typing import Any, Final

from channels_merge.models import GridCell

WIDE: Final = 1000
HIGH: Final = 800
EDGE: Final = 12
"""Units left free around the drawing."""
MOST_DRAWN: Final = 400
MOST_NAMED: Final = 20
SHADES: Final = 3

Corner = tuple[float, float]
Spot = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Shape:
    cell: GridCell
    path: str
    """For the `d` of an SVG path; holes are left out by the even-odd rule."""
    x: int
    y: int
    """Where its number stands."""
    events: int
    shade: int
    """0 for none, else 1 to `SHADES`: beside the cell with the most events."""


@dataclass(frozen=True)
class CellMap:
    wide: int
    high: int
    shapes: tuple[Shape, ...]
    spot: tuple[int, int] | None
    """Where it happened."""

    @property
    def events(self) -> int:
        return sum(shape.events for shape in self.shapes)

    @property
    def has_names(self) -> bool:
        return len(self.shapes) <= MOST_NAMED


def draw(
    cells: Sequence[GridCell], *, counts: Mapping[int, int] | None = None, spot: Spot | None = None
) -> CellMap | None:
    """The cells that have an outline; None when there is none to draw. `counts`: cell → events; `spot`: longitude, latitude."""
    outlines = [(cell, _rings(cell.outline)) for cell in cells if cell.outline]
    if not outlines:
        return None
    corners = [corner for _, rings in outlines for ring in rings for corner in ring]
    if spot is not None:
        corners.append((float(spot[0]), float(spot[1])))
    frame = _Frame.around(corners)
    counts = counts or {}
    most = max((counts.get(cell.pk, 0) for cell, _ in outlines), default=0)
    shapes = tuple(_shape(cell, rings, frame, counts.get(cell.pk, 0), most) for cell, rings in outlines)
    return CellMap(frame.wide, frame.high, shapes, frame.place((float(spot[0]), float(spot[1]))) if spot else None)


def _rings(outline: Mapping[str, Any]) -> list[list[Corner]]:
    polygons = outline["coordinates"] if outline["type"] == "MultiPolygon" else [outline["coordinates"]]
    return [[(float(corner[0]), float(corner[1])) for corner in ring] for polygon in polygons for ring in polygon]


@dataclass(frozen=True)
class _Frame:
    """Degrees → units. Within a city the world is flat: a degree of longitude is narrower, by the cosine of the latitude."""

    west: float
    north: float
    narrow: float
    scale: float
    wide: int
    high: int

    @classmethod
    def around(cls, corners: Sequence[Corner]) -> "_Frame":
        west, east = min(x for x, _ in corners), max(x for x, _ in corners)
        south, north = min(y for _, y in corners), max(y for _, y in corners)
        narrow = cos(radians((south + north) / 2))
        # A cell of no size is drawn as one of ten metres.
        width, height = max((east - west) * narrow, 1e-4), max(north - south, 1e-4)
        scale = min((WIDE - 2 * EDGE) / width, (HIGH - 2 * EDGE) / height)
        return cls(west, north, narrow, scale, ceil(width * scale) + 2 * EDGE, ceil(height * scale) + 2 * EDGE)

    def place(self, corner: Corner) -> tuple[int, int]:
        longitude, latitude = corner
        x = (longitude - self.west) * self.narrow * self.scale
        return EDGE + round(x), EDGE + round((self.north - latitude) * self.scale)


def _shape(cell: GridCell, rings: Sequence[Sequence[Corner]], frame: _Frame, events: int, most: int) -> Shape:
    drawn = [[frame.place(corner) for corner in ring] for ring in rings]
    x, y = _middle(max(drawn, key=lambda ring: abs(_doubled_area(ring))))
    return Shape(cell, "".join(map(_path, drawn)), x, y, events, ceil(SHADES * events / most) if events else 0)


def _path(ring: Sequence[tuple[int, int]]) -> str:
    """Corners that fall on one another in the drawing are one: a fine outline stays a short text."""
    corners = [corner for corner, before in zip(ring, [None, *ring], strict=False) if corner != before]
    return "M" + "L".join(f"{x} {y}" for x, y in corners) + "Z"


def _doubled_area(ring: Sequence[tuple[int, int]]) -> int:
    return sum(x * beyond_y - beyond_x * y for (x, y), (beyond_x, beyond_y) in pairwise(ring))


def _middle(ring: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The centre of mass; of what has no area, the mean of its corners."""
    area = _doubled_area(ring)
    if not area:
        return round(sum(x for x, _ in ring) / len(ring)), round(sum(y for _, y in ring) / len(ring))
    across = down = 0
    for (x, y), (beyond_x, beyond_y) in pairwise(ring):
        part = x * beyond_y - beyond_x * y
        across, down = across + (x + beyond_x) * part, down + (y + beyond_y) * part
    return round(across / (3 * area)), round(down / (3 * area))
