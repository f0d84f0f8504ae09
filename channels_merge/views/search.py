"""Search by number, phone, last four digits or words. What is found is what the person may see."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from channels_merge import selectors
from hotline.client_address import client_address
from hotline.models import SecurityLog
from hotline.services import log_security
from hotline.views.dialogs import asked
from tickets.selectors.lists import Key

LONGEST = 60


@require_GET
def search(request):
    query = asked(request, "q", LONGEST)
    now = timezone.now()
    context = {"q": query, "now": now}
    status = 200
    if query:
        try:
            result = selectors.search(query, by=request.user, at=now, before=Key.parse(asked(request, "before")))
        except selectors.SearchRefused as refused:
            context["refused"] = str(refused)
            status = 422
            _log(request, refused.how, str(refused), SecurityLog.Outcome.REFUSED, now)
        else:
            _log(request, result.how, f"找到 {len(result.rows)} 件", SecurityLog.Outcome.DONE, now)
            context["result"] = result
            if result.next_before:
                context["next_url"] = f"?{urlencode({'q': query, 'before': result.next_before})}"
            if asked(request, "before"):
                context["first_url"] = f"?{urlencode({'q': query})}"
    return render(request, "channels_merge/search.html", context, status=status)


LOGGED = {"phone": "电话", "tail": "后四位"}


def _log(request, how, found, outcome, now):
    """Who looks for people is kept; which number was asked for stays out of the log."""
    if how in LOGGED:
        log_security(
            kind=SecurityLog.Kind.SEARCH,
            user=request.user,
            at=now,
            subject=LOGGED[how],
            outcome=outcome,
            reason=found,
            address=client_address(request) or None,
        )
