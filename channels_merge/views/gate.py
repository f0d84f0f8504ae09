"""Who may open a page of this room, and how a refusal is shown."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hotline.errors import DomainError
from hotline.rights import has_right


def needs(*permissions):
    """Any of these permissions opens the page; else 403."""

    def wrap(view):
        @wraps(view)
        def checked(request, *args, **kwargs):
            at = timezone.now()
            if not any(has_right(request.user, permission, at) for permission in permissions):
                raise PermissionDenied("您的岗位没有这项权限。")
            return view(request, *args, **kwargs)

        return checked

    return wrap


def act_dialog(request, *, title, form, verb, hint="", status=200):
    """The form of an act in the dialog; 422 when something is to be mended."""
    return render(
        request,
        "channels_merge/act.html",
        {"title": title, "form": form, "url": request.get_full_path(), "verb": verb, "hint": hint},
        status=status,
    )


def acted(request, url):
    """Where to go after an act: htmx is told to load the page, a plain form is redirected."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url, "HX-Trigger": "act-done"})
    return HttpResponse(status=303, headers={"Location": url})


def run_act(request, *, title, form, verb, service, done, hint="", **extra):
    """Check the form, do the one service call, and show a refusal above what was typed. `service(form)` acts."""
    if request.method != "POST":
        return act_dialog(request, title=title, form=form, verb=verb, hint=hint)
    if form.is_valid():
        try:
            service(form.cleaned_data)
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return acted(request, done)
    return act_dialog(request, title=title, form=form, verb=verb, hint=hint, status=422)
