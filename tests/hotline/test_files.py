import hashlib
import io
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from hotline import services
from hotline.models import StoredFile
from hotline.services.files import clean_name
from tests.factories.hotline import UserFactory

pytestmark = pytest.mark.usefixtures("rules")

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 64
JPG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\x00" * 64
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64
PDF = b"%PDF-1.7\n" + b"\x00" * 64
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 64
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x00" * 64
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 64
HTML = b"<!doctype html><script>alert(1)</script>"
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 64


def office(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return buffer.getvalue()


DOCX = office("[Content_Types].xml", "word/document.xml")
XLSX = office("[Content_Types].xml", "xl/workbook.xml")


def store(content, now, name="照片.png", by=None):
    return services.store_file(upload=SimpleUploadedFile(name, content, "image/png"), by=by, at=now)


@pytest.mark.parametrize(
    ("content", "ending", "content_type"),
    [
        (PNG, "png", "image/png"),
        (JPG, "jpg", "image/jpeg"),
        (WEBP, "webp", "image/webp"),
        (HEIC, "heic", "image/heic"),
        (PDF, "pdf", "application/pdf"),
        (DOCX, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (XLSX, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (MP4, "mp4", "video/mp4"),
        (MP3, "mp3", "audio/mpeg"),
        (WAV, "wav", "audio/x-wav"),
    ],
)
def test_what_a_file_is_is_read_from_its_bytes(now, content, ending, content_type):
    row = store(content, now, name="随便.exe")

    digest = hashlib.sha256(content).hexdigest()
    assert (row.content_type, row.sha256, row.size) == (content_type, digest, len(content))
    assert row.path == f"{digest[:2]}/{digest[2:4]}/{digest}.{ending}"
    with services.open_file(row) as stored:
        assert stored.read() == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "“a.png”是空文件，未上传。"),
        (HTML, "“a.png”的内容不是可以上传的类型。"),
        (EXE, "“a.png”的内容不是可以上传的类型。"),
        (office("readme.txt"), "“a.png”的内容不是可以上传的类型。"),
        (office("word/document.xml", "word/vbaProject.bin"), "“a.png”的内容不是可以上传的类型。"),
        (DOCX[:200], "“a.png”的内容不是可以上传的类型。"),
        (PNG + b"\x00" * (20 * 1024 * 1024), "“a.png”超过 20 兆字节，未上传。"),
    ],
)
def test_a_refused_file_leaves_nothing(now, content, message):
    with pytest.raises(services.FileRefused, match=message):
        store(content, now, name="a.png")

    assert StoredFile.objects.count() == 0


def test_bytes_that_a_full_disk_cut_short_are_kept_whole_at_the_next_upload(now):
    content = PDF + b"cut short"
    first = store(content, now, name="依据.pdf")
    default_storage.delete(first.path)
    default_storage.save(first.path, io.BytesIO(content[:20]))

    again = store(content, now, name="依据.pdf")

    with services.open_file(again) as file:
        assert file.read() == content


def test_the_same_bytes_lie_once_with_a_row_for_each_upload(now):
    user = UserFactory()
    first, second = store(JPG + b"same", now, name="前.jpg", by=user), store(JPG + b"same", now, name="后.jpg")

    assert first.path == second.path
    assert (first.name, second.name, first.uploaded_by, second.uploaded_by) == ("前.jpg", "后.jpg", user, None)
    folder = first.path.rsplit("/", 1)[0]
    assert default_storage.listdir(folder)[1] == [first.path.rsplit("/", 1)[1]]


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\现场.jpg", "现场.jpg"),
        ("a\x00b\n.png", "ab.png"),
        ("", "未命名"),
        ("..", "未命名"),
        ("长" * 300 + ".png", "长" * 116 + ".png"),
    ],
)
def test_names_are_made_safe(name, cleaned):
    assert clean_name(name) == cleaned
