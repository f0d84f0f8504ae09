"""The form of an act in the dialog, how its refusal is shown, and where to go after it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from hotline.errors import DomainError


def asked(request: HttpRequest, name: str, most: int = 60) -> str:
    """A value of the address, without what cannot be stored."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:most]


def sent(request: HttpRequest) -> QueryDict | None:
    """What the form is bound to: an empty post is one, and asks for what is missing."""
    return request.POST if request.method == "POST" else None


def done(request: HttpRequest, url: str, said: str) -> HttpResponse:
    """Htmx is told to load the page, a plain form is redirected."""
    messages.success(request, said)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url, "HX-Trigger": "act-done"})
    return HttpResponse(status=303, headers={"Location": url})


def refused(request: HttpRequest, why: str, back: str) -> HttpResponse:
    """The act is not possible now: said in the dialog, or on a page that leads back."""
    template = "components/refused.html" if request.headers.get("HX-Request") else "responsibility/refused_page.html"
    return render(request, template, {"head": "没有办成。", "text": why, "back": back}, status=409)


def run_act(
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    verb: str,
    service: Callable[[dict[str, Any]], str],
    to: Callable[[], str],
    hint: str = "",
) -> HttpResponse:
    """Check the form, do the one service call, and show a refusal above what was typed.

    `service` acts on what was typed and returns the sentence that says what was done; `to` is where to go then.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                said = service(form.cleaned_data)
            except DomainError as why:
                form.add_error(None, str(why))
            else:
                return done(request, to(), said)
    return render(
        request,
        "responsibility/act.html",
        {"title": title, "form": form, "url": request.get_full_path(), "verb": verb, "hint": hint},
        status=status,
    )
