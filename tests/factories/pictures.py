"""Real pictures, as a phone takes them and as a messenger stores them anew."""

import base64
import io

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image

from hotline.services import store_file

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAb5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAAB4gABAAAAAAAAALwAAgAAAAACngABAAAAAAAAANAAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNg"
    "AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZE"
    "AcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AA"
    "AAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAABlG1kYXQAAAC4"
    "KAGvWPIAN/WwGb6M4mF94TvBewBUiQeAlsYPaM9b0YR5MIZBUhgR6OiyZ9g+RIX8czqEgnUaeNvxJ48CUcHM2Dl3mzEkrHOKhKGFZzjIyfx9"
    "fNbW+08KZ1NoOGKecAeZdEIOYvhWI4a5US0MdknrGHpqUZquVmzidgom4kcCEaYZ3J2TlvAmHmYK/9ZIfeKixliJrqGzL7IaxmSsbsl5tit5"
    "iJRHuQLTv3weZiFqgBfwnn4i1cKZYAAAAAZFeGlmAABNTQAqAAAACAACh2kABAAAAAEAAAAmiCUABAAAAAEAAABgAAAAAAACkAMAAgAAABQA"
    "AABEkBEAAgAAAAcAAABYAAAAADIwMjY6MTE6MTAgMDk6MzA6MDAAKzA4OjAwAAAABAABAAIAAAACTgAAAAACAAUAAAADAAAAlgADAAIAAAAC"
    "RQAAAAAEAAUAAAADAAAArgAAAAAAAAAZAAAAAQAAADIAAAABAAAABgAAAAEAAAByAAAAAQAAADgAAAABAAAAAwAAAAU="
)
"""A drawing of ours as an encoder writes it, with 2026:11:10 09:30:00 +08:00 at 114.9335, 25.835."""


def scene(seed, size=(640, 480)):
    """A picture of soft patches; another seed is another place."""
    patches = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def phone(*, taken="", offset="", point=None):
    """What a phone writes: `taken` as `2026:11:10 09:12:00`, `point` as (longitude, latitude)."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Phone"
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    if point:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        east, north = point
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "S" if north < 0 else "N", _parts(north)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "W" if east < 0 else "E", _parts(east)
    return exif


def jpeg(picture, *, quality=90, **said):
    return saved(picture, "JPEG", quality=quality, exif=phone(**said))


def saved(picture, form, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _parts(degrees):
    minutes = abs(degrees) % 1 * 60
    return (float(int(abs(degrees))), float(int(minutes)), round(minutes % 1 * 60, 4))


def kept(content, *, by=None, at, name="现场.jpg"):
    return store_file(upload=SimpleUploadedFile(name, content), by=by, at=at)
