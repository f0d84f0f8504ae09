"""What an address asks for, and the dialog of an act: how a refusal is shown, where to go after it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from hotline.errors import DomainError
from hotline.typed import clean

_where_one_stays: list[str] = []


def stay_on(url_name: str) -> None:
    """For rooms above: call from `ready`. A page where an act is told and does not lead away: what is being typed stays."""
    _where_one_stays.append(url_name)


def asked(request: HttpRequest, name: str, most: int = 80) -> str:
    """A value of the address, without what cannot be seen or stored."""
    return clean(request.GET.get(name, ""))[:most]


def sent(request: HttpRequest) -> QueryDict | None:
    """What the form is bound to: an empty post is one, and asks for what is missing."""
    return request.POST if request.method == "POST" else None


def act_dialog(
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    verb: str,
    hint: str = "",
    is_download: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The form of an act in the dialog; 422 when something is to be mended."""
    context = {"title": title, "form": form, "verb": verb, "hint": hint, "is_download": is_download}
    return render(request, "hotline/act.html", context | {"url": request.get_full_path()}, status=status)


def _name_what_is_missing(form: forms.Form) -> None:
    """The name of the field in place of the framework's sentence; a sentence of the form's own stays."""
    for field in form.fields.values():
        if field.error_messages["required"] == forms.Field.default_error_messages["required"]:
            chosen = isinstance(field, (forms.ChoiceField, forms.ModelChoiceField))
            field.error_messages["required"] = f"请{'选择' if chosen else '填写'}{field.label}。"


def acted(request: HttpRequest, url: str, said: str) -> HttpResponse:
    """Where to go after an act: htmx is told to load the page, a plain form is redirected.

    Somebody on a page of `stay_on` stays there: the page is told what was done and keeps what is being typed.
    """
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if request.htmx and here in map(reverse, _where_one_stays):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"act-done": {"said": said}})})
    messages.success(request, said)
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url, "HX-Trigger": "act-done"})
    return HttpResponse(status=303, headers={"Location": url})


def refused(request: HttpRequest, why: str, back: str) -> HttpResponse:
    """The act is not possible now: said in the dialog, or on a page that leads back."""
    template = "components/refused.html" if request.htmx else "hotline/refused_page.html"
    return render(request, template, {"head": "没有办成。", "text": why, "back": back}, status=409)


def run_act(
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    verb: str,
    service: Callable[[dict[str, Any]], str],
    done: str | Callable[[], str],
    hint: str = "",
) -> HttpResponse:
    """Check the form, do the one service call, and show a refusal above what was typed.

    `service` acts on what was typed and returns the sentence that says what was done. `done` is where to go then; a
    function when only the act makes that place.
    """
    if request.method != "POST":
        return act_dialog(request, title=title, form=form, verb=verb, hint=hint)
    _name_what_is_missing(form)
    if form.is_valid():
        try:
            said = service(form.cleaned_data)
        except DomainError as why:
            form.add_error(None, str(why))
        else:
            return acted(request, done() if callable(done) else done, said)
    return act_dialog(request, title=title, form=form, verb=verb, hint=hint, status=422)
