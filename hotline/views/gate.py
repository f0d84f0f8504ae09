"""Who may open a page, and the one page that says why not."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hotline.models import User
from hotline.rights import has_right

NOT_YOURS = "您的岗位没有这项权限。"

Refusal = Callable[[User, datetime], str]
View = Callable[..., HttpResponse]


def opens_with(why_not: Refusal) -> Callable[[View], View]:
    """The page is for those whom ``why_not(user, at)`` answers with an empty string; others read its sentence."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            why = why_not(request.user, timezone.now())
            if why:
                raise PermissionDenied(why)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def holds_any(*permissions: str, else_say: str = NOT_YOURS) -> Refusal:
    return lambda user, at: "" if any(has_right(user, permission, at) for permission in permissions) else else_say


def needs(*permissions: str) -> Callable[[View], View]:
    """Any of these permissions opens the page."""
    return opens_with(holds_any(*permissions))


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Every refusal, whoever raised it: its sentence, in the dialog for a script, else among the person's own pages."""
    if not request.user.is_authenticated:
        return render(request, "403.html", {"message": str(exception)}, status=403)
    template = "components/refused.html" if request.htmx else "hotline/no_access.html"
    did_not = "没有打开。" if request.method == "GET" else "没有办成。"
    return render(request, template, {"head": did_not, "text": str(exception) or NOT_YOURS}, status=403)
