"""What a version contradicts and what it would change: read before it is published."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from hotline.errors import DomainError
from hotline.queue import enqueue
from hotline.views.gate import needs
from responsibility import rights, selectors, services, tasks
from responsibility.views.lists import version_of


@needs(*rights.JUDGE)
@require_http_methods(["GET", "POST"])
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Of the city's matters some are shown, though without personal data: not for every reader of the list."""
    now, version = timezone.now(), version_of(pk)
    if request.method == "POST":
        try:
            asked = services.ask_for_trial(list_id=pk, by=request.user, at=now)
        except DomainError as why:
            messages.error(request, str(why))
        else:
            enqueue(tasks.run_trial, trial_id=asked.pk)
        return redirect(request.path)
    latest = version.trials.order_by("-pk").first()
    ended = latest is None or latest.finished_at is not None
    waits = not ended and services.is_under_way(latest, at=now)
    return render(
        request,
        "responsibility/trial.html",
        {
            "duty_list": version,
            "problems": selectors.problems(version, at=now),
            "report": selectors.case_report(version),
            "trial": latest if ended else version.trials.exclude(finished_at=None).order_by("-pk").first(),
            "waits": waits,
            "lost": None if ended or waits else latest,
            "at": now,
        },
    )
