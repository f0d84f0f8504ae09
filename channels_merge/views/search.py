"""Search by number, phone, last four digits or words. What is found is what the person may see."""

from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from channels_merge import selectors
from hotline.client_address import client_address
from hotline.models import SecurityLog
from hotline.services import log_security

LONGEST = 60


@require_GET
def search(request):
    query = request.GET.get("q", "").strip()[:LONGEST]
    now = timezone.now()
    context = {"q": query, "now": now}
    status = 200
    if query:
        try:
            result = selectors.search(query, by=request.user, at=now, before=_before(request))
        except selectors.SearchRefused as refused:
            context["refused"] = str(refused)
            status = 422
        else:
            if result.how in {"phone", "tail"}:
                # Which number was asked for stays out of the log; that one was, and how much came, is kept.
                log_security(
                    kind=SecurityLog.Kind.SEARCH,
                    user=request.user,
                    at=now,
                    subject=f"{'电话' if result.how == 'phone' else '后四位'}，找到 {len(result.rows)} 件",
                    address=client_address(request) or None,
                )
            context["result"] = result
            if result.next_before:
                at, pk = result.next_before
                context["next_url"] = f"?{urlencode({'q': query, 'before': f'{at.isoformat()}_{pk}'})}"
            if request.GET.get("before"):
                context["first_url"] = f"?{urlencode({'q': query})}"
    return render(request, "channels_merge/search.html", context, status=status)


def _before(request):
    moment, _, pk = request.GET.get("before", "").rpartition("_")
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    return (at, int(pk)) if at is not None and at.tzinfo and pk.isdecimal() else None
