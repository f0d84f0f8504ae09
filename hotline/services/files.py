"""Uploads: what a file really is, how big, and its bytes once under their hash.

- The type is read from the first bytes; the name's ending and the browser's word count for nothing.
- A file is handed out by the page that knows who may see it, never by a URL of its own.
"""

import hashlib
import re
import zipfile
from datetime import datetime
from typing import Final

import filetype
from django.core.files.base import File
from django.core.files.storage import default_storage

from hotline import parameters
from hotline.errors import DomainError
from hotline.models import Picture, StoredFile, User
from hotline.pictures import read_picture

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ALLOWED: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    XLSX: "xlsx",
    "video/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/x-wav": "wav",
}
PICTURES: Final = "image/"
SHOWN: Final = {
    "": "jpg、png、webp、heic 图片，pdf、docx、xlsx 文件，mp4 视频，mp3、wav 录音",
    PICTURES: "jpg、png、webp、heic 图片",
    XLSX: "xlsx 表格，别的格式先在表格软件里另存为 xlsx",
}
CHOOSE_AGAIN: Final = "文件要重新选一次，其他内容都还在。"
HEAD_BYTES: Final = 8192
OFFICE: Final = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
EXPANDED_AT_MOST: Final = 512 * 1024 * 1024


class FileRefused(DomainError):
    pass


def store_file(*, upload: File, by: User | None, at: datetime, only: str = "") -> StoredFile:
    """Check and keep an upload; `only` one of `SHOWN`. Raises FileRefused with the reason. The same bytes are kept once, with a row per upload."""
    name = clean_name(upload.name or "")
    most = parameters.integer("upload_max_mb", at=at)
    if not upload.size:
        raise FileRefused(f"“{name}”是空文件，未上传。")
    if upload.size > most * 1024 * 1024:
        raise FileRefused(f"“{name}”超过 {most} 兆字节，未上传。请压缩后再试。")
    content_type = _sniff(upload, name, only=only)
    digest = _digest(upload)
    path = f"{digest[:2]}/{digest[2:4]}/{digest}.{ALLOWED[content_type]}"
    # One that a full disk cut short stays as it is; the whole one is kept beside it.
    if not default_storage.exists(path) or default_storage.size(path) != upload.size:
        upload.seek(0)
        path = default_storage.save(path, upload)
    stored = StoredFile.objects.create(
        sha256=digest,
        size=upload.size,
        content_type=content_type,
        name=name,
        path=path,
        uploaded_by=by,
        uploaded_at=at,
    )
    if stored.is_picture:
        _keep_facts(stored, upload)
    return stored


def _keep_facts(stored: StoredFile, upload: File) -> None:
    upload.seek(0)
    facts = read_picture(upload)
    longitude, latitude = facts.point or (None, None)
    bands = {f"band{turn}": band for turn, band in enumerate(facts.bands)}
    Picture.objects.create(file=stored, taken_at=facts.taken_at, longitude=longitude, latitude=latitude, **bands)


def clean_name(name: str) -> str:
    """The last part of a name, without control characters, at most 120 characters with its ending kept."""
    name = re.sub(r"[\x00-\x1f\x7f<>:\"|?*]", "", re.split(r"[\\/]", name)[-1]).strip(" .") or "未命名"
    if len(name) <= 120:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: 119 - len(ending)]}{dot}{ending}" if dot and len(ending) <= 8 else name[:120]


def open_file(stored: StoredFile) -> File:
    return default_storage.open(stored.path, "rb")


def _sniff(upload: File, name: str, *, only: str) -> str:
    upload.seek(0)
    guess = filetype.guess(upload.read(HEAD_BYTES))
    found = guess.extension if guess else ""
    if found in {"zip", "docx", "xlsx"}:
        found = _office_kind(upload)
    for content_type, extension in ALLOWED.items():
        if extension == found and content_type.startswith(only):
            return content_type
    raise FileRefused(f"“{name}”的内容不是可以上传的类型。可以上传：{SHOWN[only]}。")


def _office_kind(upload: File) -> str:
    """Which office file a zip is, by its contents; '' for another zip, a broken one, or a bomb."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        return ""
    if sum(member.file_size for member in members) > EXPANDED_AT_MOST:
        return ""
    names = {member.filename for member in members}
    if any(name.endswith("vbaProject.bin") for name in names):
        return ""
    return next((kind for inner, kind in OFFICE.items() if inner in names), "")


def _digest(upload: File) -> str:
    upload.seek(0)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()
