"""`/`: what this person must do first."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from channels_merge import rights, selectors
from hotline.context import shell
from hotline.rights import has_right
from hotline.selectors import notices_for
from hotline.views.notices import notice_line


@require_GET
def workbench(request):
    now = timezone.now()
    user = request.user
    # What burns anywhere is looked at, not worked off: it is no queue of this person's.
    queues = [entry for entry in shell(request)["shell"].rail if entry["count"] and entry["queue"] != "wall"]
    return render(
        request,
        "channels_merge/workbench.html",
        {
            "now": now,
            "bench": selectors.workbench(user, at=now),
            "drafts": selectors.drafts_of(user, at=now)[:5] if has_right(user, rights.USE_DESK, now) else [],
            "city": selectors.city_now(at=now) if has_right(user, rights.VIEW_ALL, now) else None,
            "notices": [notice_line(notice) for notice in notices_for(user)[:6]],
            # The overdue ones first: that is where somebody with nothing of their own goes.
            "queues": sorted(queues, key=lambda entry: not entry["hot"]),
            "waiting": sum(entry["count"] for entry in queues),
            "waiting_hot": any(entry["hot"] for entry in queues),
            "may_take_calls": has_right(user, rights.USE_DESK, now),
        },
    )


def intake_badge(user):
    """The number at 来件 in the rail."""
    return selectors.intake_count(at=timezone.now())
