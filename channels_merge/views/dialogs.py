"""What an address asks for, and the dialog of an act: how a refusal is shown, where to go after it."""

import json
from datetime import UTC
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.typed import clean


def asked(request, name, most=80):
    """A value of the address, without what cannot be seen or stored."""
    return clean(request.GET.get(name, ""))[:most]


def key_of_page(key):
    """`moment_id` as (moment, id); None when it makes no sense, which is the first page."""
    moment, _, pk = key.rpartition("_")
    try:
        at = parse_datetime(moment)
        # A moment at the edge of all years has no time in another zone.
        at = at and at.astimezone(UTC) if at and at.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return (at, number) if at and (number := key_of(pk)) is not None else None


def act_dialog(request, *, title, form, verb, hint="", status=200):
    """The form of an act in the dialog; 422 when something is to be mended."""
    return render(
        request,
        "channels_merge/act.html",
        {"title": title, "form": form, "url": request.get_full_path(), "verb": verb, "hint": hint},
        status=status,
    )


def name_what_is_missing(form):
    """The name of the field in place of the framework's sentence; a sentence of the form's own stays."""
    for field in form.fields.values():
        if field.error_messages["required"] == forms.Field.default_error_messages["required"]:
            chosen = isinstance(field, (forms.ChoiceField, forms.ModelChoiceField))
            field.error_messages["required"] = f"请{'选择' if chosen else '填写'}{field.label}。"


def acted(request, url, said):
    """Where to go after an act: htmx is told to load the page, a plain form is redirected.

    Somebody in the middle of a call stays there: the desk is told what was done and keeps what is being typed.
    """
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if request.headers.get("HX-Request") and here == reverse("channels_merge:desk"):
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"act-done": {"said": said}})})
    messages.success(request, said)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url, "HX-Trigger": "act-done"})
    return HttpResponse(status=303, headers={"Location": url})


def run_act(request, *, title, form, verb, service, done, hint=""):
    """Check the form, do the one service call, and show a refusal above what was typed.

    `service` acts on what was typed and returns the sentence that says what was done. `done` is where to go then; a
    function when only the act makes that place.
    """
    if request.method != "POST":
        return act_dialog(request, title=title, form=form, verb=verb, hint=hint)
    name_what_is_missing(form)
    if form.is_valid():
        try:
            said = service(form.cleaned_data)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return acted(request, done() if callable(done) else done, said)
    return act_dialog(request, title=title, form=form, verb=verb, hint=hint, status=422)
