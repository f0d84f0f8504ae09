from datetime import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError
from PIL import Image

from hotline.dates import SHANGHAI
from hotline.models import Picture, StoredFile
from hotline.pictures import bits_apart
from hotline.selectors import PER_BAND, pictures_like
from tests.factories.pictures import HEIC, jpeg, kept, phone, saved, scene

pytestmark = pytest.mark.usefixtures("rules")

TAKEN = datetime(2026, 11, 10, 9, 12, tzinfo=SHANGHAI)
HERE = (114.9352, 25.8311)


def facts(content, now):
    """As kept, and read from the row."""
    return Picture.objects.get(file=kept(content, at=now))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_time_and_place_are_read_from_the_bytes(now, form):
    picture = facts(saved(scene(1), form, exif=phone(taken="2026:11:10 09:12:00", point=HERE)), now)

    assert picture.taken_at == TAKEN
    assert (picture.longitude, picture.latitude) == (Decimal("114.935200"), Decimal("25.831100"))


@pytest.mark.parametrize(
    "content",
    [HEIC, HEIC.replace(b"\0\0\0\x06Exif\0\0", b"\0\0\0\0"), HEIC + b"\0" * 2_000_000],
    ids=["as a phone", "without the word", "large"],
)
def test_of_heic_time_and_place_are_read_and_the_picture_is_not(now, content):
    stored = kept(content, at=now, name="IMG_0007.HEIC")

    picture = stored.picture
    assert stored.content_type == "image/heic"
    assert picture.taken_at == datetime(2026, 11, 10, 9, 30, tzinfo=SHANGHAI)
    assert (picture.longitude, picture.latitude) == (Decimal("114.933500"), Decimal("25.835000"))
    assert picture.bands == ()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("at", [-1, 40, 300, 690, 700, 720, 760])
def test_a_heic_that_was_cut_or_spoiled_is_kept(now, at):
    """Whatever is left of its facts."""
    cut = facts(HEIC[:at], now)
    spoiled = facts(HEIC[:at] + b"\xff" * 8 + HEIC[at + 8 :], now)

    assert {picture.taken_at for picture in (cut, spoiled)} <= {
        None, datetime(2026, 11, 10, 9, 30, tzinfo=SHANGHAI),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "taken_at"),
    [
        ({"taken": "2026:11:10 01:12:00", "offset": "+00:00"}, TAKEN),
        ({"taken": "2026:11:10 09:12:00", "offset": "+08:00"}, TAKEN),
        ({"taken": "2026:11:10 09:12:00", "offset": "?"}, TAKEN),
        ({"taken": "0000:00:00 00:00:00"}, None),
        ({"taken": "0001:01:01 00:00:00"}, None),
        ({"taken": "9999:12:31 23:59:59", "offset": "-12:00"}, None),
        ({"taken": "昨天".encode().hex()}, None),
        ({}, None),
    ],
)
def test_what_a_camera_writes_for_the_time(now, said, taken_at):
    assert facts(jpeg(scene(1), **said), now).taken_at == taken_at


@pytest.mark.parametrize(
    ("point", "read"),
    [
        ((-70.5, -33.25), (Decimal("-70.500000"), Decimal("-33.250000"))),
        ((0.0, 0.0), (None, None)),
        (None, (None, None)),
    ],
)
def test_what_a_camera_writes_for_the_place(now, point, read):
    picture = facts(jpeg(scene(1), point=point), now)

    assert (picture.longitude, picture.latitude) == read


@pytest.mark.parametrize(
    "content",
    [
        jpeg(scene(1), taken="2026:11:10 09:12:00")[:400],
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64,
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64,
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64,
    ],
)
def test_a_broken_picture_is_kept_without_facts(now, content):
    picture = facts(content, now)

    assert (picture.taken_at, picture.longitude, picture.bands) == (None, None, ())


def test_a_picture_too_large_to_look_into_keeps_its_time(now):
    huge = saved(Image.new("1", (6000, 5000)), "PNG", exif=phone(taken="2026:11:10 09:12:00"))

    picture = facts(huge, now)

    assert (picture.taken_at, picture.bands) == (TAKEN, ())


def test_a_picture_of_one_colour_has_no_hash(now):
    assert facts(saved(Image.new("RGB", (320, 220), (90, 120, 60)), "PNG"), now).bands == ()


def test_what_is_no_picture_has_no_facts(now):
    stored = kept(b"%PDF-1.7\n" + b"\x00" * 64, at=now, name="移交单.pdf")

    assert (stored.is_picture, Picture.objects.count()) == (False, 0)


def stored_anew(picture):
    """As messengers and phones do it: smaller, worse, without EXIF, turned by the file and not by a mark."""
    return {
        "same": jpeg(picture),
        "worse": saved(picture, "JPEG", quality=35),
        "smaller": saved(picture.resize((320, 240)), "JPEG", quality=70),
        "png": saved(picture, "PNG"),
        "brighter": saved(picture.point(lambda level: min(255, int(level * 1.1))), "JPEG", quality=80),
    }


@pytest.mark.parametrize("how", ["same", "worse", "smaller", "png", "brighter"])
def test_a_picture_stored_anew_is_found_again(now, how):
    for seed in range(3, 9):
        kept(jpeg(scene(seed)), at=now)
    first = kept(jpeg(scene(1), taken="2026:11:10 09:12:00"), at=now)

    again = facts(stored_anew(scene(1))[how], now)

    assert list(pictures_like(again, bits=6)) == [first.pk]
    assert pictures_like(first.picture, bits=6) == {}


def test_a_picture_turned_by_a_mark_is_the_one_that_lies_turned(now):
    marked = phone()
    marked[0x0112] = 6
    first = facts(saved(scene(1), "JPEG", exif=marked), now)
    turned = facts(saved(scene(1).transpose(Image.Transpose.ROTATE_270), "JPEG"), now)

    assert bits_apart(first.bands, turned.bands) <= 3


def test_no_more_than_the_newest_of_a_band_are_compared(now, django_assert_num_queries):
    """However many share a band, four short walks of one query are all that is read."""
    one = kept(jpeg(scene(1)), at=now)
    rows = StoredFile.objects.bulk_create(
        StoredFile(sha256=f"{turn:064}", size=1, content_type="image/jpeg", name="x", path="x", uploaded_at=now)
        for turn in range(PER_BAND + 5)
    )
    bands = one.picture.bands
    Picture.objects.bulk_create(
        Picture(file=row, band0=bands[0], band1=bands[1], band2=bands[2], band3=bands[3]) for row in rows
    )
    last = facts(jpeg(scene(1)), now)

    with django_assert_num_queries(1):
        found = pictures_like(last, bits=6)

    assert found == {row.pk: 0 for row in rows[5:]}


@pytest.mark.parametrize(
    ("change", "constraint"),
    [({"longitude": 114}, "picture_point_is_whole"), ({"band2": None}, "picture_hash_is_whole")],
)
def test_half_a_fact_is_none(now, change, constraint):
    picture = facts(jpeg(scene(1)), now)

    with pytest.raises(IntegrityError, match=constraint):
        Picture.objects.filter(pk=picture.pk).update(**change)
