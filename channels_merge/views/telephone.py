"""Calls at the desk, and those that nobody answered."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from channels_merge import rights, selectors, services
from channels_merge.selectors.appeals import recent
from hotline.errors import DomainError
from hotline.views.gate import needs


@needs(rights.USE_DESK)
@require_safe
def calls(request):
    """What rings at this desk, with the history of the first: asked for at every push, or every few seconds without one."""
    return _calls(request)


def _calls(request, status=200):
    return render(
        request, "channels_merge/partials/desk_calls.html", at_desk(request.user, timezone.now()), status=status
    )


def at_desk(user, now):
    """Context of `partials/desk_calls.html`."""
    waiting = selectors.calls_at_desk(user, at=now)
    history = selectors.history_of(waiting[0]) if waiting else None
    return {
        "calls": waiting,
        "now": now,
        "typed": {"phone": waiting[0].number if waiting else ""},
        "history": history,
        "history_recent": recent(history or [], at=now),
        "caller_is_new": history == [],
    }


@needs(rights.USE_DESK)
@require_POST
def take(request, token):
    """The page goes where the answer says; what was typed there is kept as a draft by the page itself."""
    try:
        call = services.take_phone_call(token=str(token), by=request.user, at=timezone.now())
    except DomainError as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return JsonResponse({"url": f"{reverse('channels_merge:desk')}?ring={call.token}"})


@needs(rights.USE_DESK)
@require_POST
def aside(request, token):
    try:
        services.take_phone_call(token=str(token), by=request.user, at=timezone.now())
    except DomainError as refused:
        return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return _calls(request)
