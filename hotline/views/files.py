"""Handing out a stored file. Who may see it, the page has found out before."""

from urllib.parse import quote

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase

from hotline.models import StoredFile
from hotline.services import open_file

INLINE = ("image/", "application/pdf", "video/", "audio/")


def answer_with_file(stored: StoredFile) -> FileResponse:
    """Shown where a browser shows its kind, else saved; whatever stands in it, it runs nothing on our pages."""
    answer = FileResponse(open_file(stored), content_type=stored.content_type)
    way = "inline" if stored.content_type.startswith(INLINE) else "attachment"
    _name(answer, way, stored.name)
    return answer


def answer_with_bytes(name: str, content: bytes) -> HttpResponse:
    """Saved, never shown; nobody keeps a copy on the way."""
    answer = HttpResponse(content, content_type="application/octet-stream")
    _name(answer, "attachment", name)
    answer["Cache-Control"] = "no-store"
    return answer


def _name(answer: HttpResponseBase, way: str, name: str) -> None:
    answer["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
