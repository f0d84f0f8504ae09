"""What a picture says about itself: when and where it was taken, and a hash that survives being stored anew.

Nothing here judges. A missing fact is missing: messengers and screenshots drop them.
"""

import logging
import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import IO, Final

import imagehash
from PIL import ExifTags, Image, ImageOps, ImageStat

from hotline.dates import SHANGHAI

log = logging.getLogger(__name__)

BANDS: Final = 4
BAND_BITS: Final = 16
PIXELS_AT_MOST: Final = 25_000_000
"""Beyond it (for JPEG: at an eighth of its size) a picture is not looked into; its bytes are still compared."""
YEARS: Final = range(1990, 2100)
"""A camera whose clock says another year was never set; near the first and the last year no row holds the moment."""
SIDE: Final = 256
FLAT: Final = 3
"""Grey levels of deviation below which a picture shows nothing: all such would look alike."""

_EXIF_ITEM: Final = re.compile(rb"\0\0\0(?:\0|\x06Exif\0\0)(II\*\0|MM\0\*)")
_EXIF_AT_MOST: Final = 1 << 18

# What Pillow raises on bytes that only begin like a picture.
UNREADABLE: Final = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    KeyError,
    IndexError,
    struct.error,
    ZeroDivisionError,
    EOFError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True)
class Facts:
    taken_at: datetime | None = None
    point: tuple[Decimal, Decimal] | None = None
    """Longitude and latitude."""
    bands: tuple[int, ...] = ()
    """The 64 bits of the perceptual hash, 16 to a band; empty for HEIC and for what cannot be read or shows nothing."""


def read_picture(file: IO[bytes]) -> Facts:
    """The facts of a picture's own bytes, before anything is done to them. Never raises for a bad picture."""
    try:
        if (exif := _exif_of_heic(file)) is not None:
            return Facts(_taken_at(exif.get_ifd(ExifTags.IFD.Exif)), _point(exif.get_ifd(ExifTags.IFD.GPSInfo)))
        with Image.open(file) as picture:
            exif = picture.getexif()
            taken_at = _taken_at(exif.get_ifd(ExifTags.IFD.Exif))
            point = _point(exif.get_ifd(ExifTags.IFD.GPSInfo))
            return Facts(taken_at, point, _bands(picture))
    except UNREADABLE as wrong:
        log.info("Picture not read: %s", type(wrong).__name__)
        return Facts()


def _exif_of_heic(file: IO[bytes]) -> Image.Exif | None:
    """None for another kind of picture; empty where it says nothing.

    Found by how the item begins (ISO/IEC 23008-12, annex A); the picture itself is not decoded. Of the two decoders that can be
    installed, pi-heif 1.4 ended the whole process on a file with a few bytes changed, and pillow-heif brings a GPL encoder.
    """
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    if head[4:8] != b"ftyp":
        return None
    exif = Image.Exif()
    content = file.read()
    if found := _EXIF_ITEM.search(content):
        exif.load(b"Exif\0\0" + content[found.start(1) : found.start(1) + _EXIF_AT_MOST])
    return exif


def _taken_at(ifd: dict) -> datetime | None:
    """DateTimeOriginal; where the camera names no zone, as its clock shows here."""
    said = str(ifd.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    offset = str(ifd.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    for text, form in ((said + offset, "%Y:%m:%d %H:%M:%S%z"), (said, "%Y:%m:%d %H:%M:%S")):
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 -- the zone is set below
        except ValueError:
            continue
        if moment.year not in YEARS:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return None


def _point(gps: dict) -> tuple[Decimal, Decimal] | None:
    north = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef) == "S", most=90)
    east = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef) == "W", most=180)
    # Cameras without a fix write zeros.
    if north is None or east is None or not (north or east):
        return None
    return east, north


def _degrees(parts: object, negative: bool, *, most: int) -> Decimal | None:  # noqa: FBT001 -- which half of the globe
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(Decimal(-value if negative else value), 6)


def _bands(picture: Image.Image) -> tuple[int, ...]:
    picture.draft("L", (SIDE, SIDE))
    if picture.width * picture.height > PIXELS_AT_MOST:
        return ()
    turned = ImageOps.exif_transpose(picture)
    grey = turned.convert("L").resize((SIDE, SIDE))
    if ImageStat.Stat(grey).stddev[0] < FLAT:
        return ()
    bits = int(str(imagehash.phash(grey)), 16)
    return tuple(bits >> BAND_BITS * turn & 0xFFFF for turn in range(BANDS))


def bits_apart(one: Iterable[int], other: Iterable[int]) -> int:
    """In how many of the 64 bits two hashes differ."""
    return sum((left ^ right).bit_count() for left, right in zip(one, other, strict=True))
