"""One's own notices: the list, the bell in the head, marking them read."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import condition, require_POST, require_safe

from hotline import selectors, services
from hotline.models import Notice
from hotline.notice_kinds import notice_kind
from hotline.numbers import is_readable, key_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class NoticeLine:
    text: str
    number: str
    """Of the matter, where the text does not say it; empty for what has only a key: people know nothing by it."""
    at: datetime
    read_at: datetime | None
    url: str


def notice_line(notice: Notice) -> NoticeLine:
    kind = notice_kind(notice.kind)
    text = kind.text.format(number=notice.number)
    number = notice.number if is_readable(notice.number) and notice.number not in text else ""
    return NoticeLine(text, number, notice.at, notice.read_at, _url(kind.url_name, notice))


def _url(url_name: str, notice: Notice) -> str:
    if not url_name or not notice.number:
        return ""
    try:
        return reverse(url_name, args=[notice.number])
    except NoReverseMatch:
        return ""


@never_cache
@require_safe
def notices(request):
    rows = selectors.notices_for(request.user)
    before = key_of(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-id")[: PAGE + 1])
    url = reverse("hotline:notices")
    unread, _ = selectors.unread_state(request.user)
    context = {
        "notices": [notice_line(notice) for notice in page[:PAGE]],
        "at": timezone.now(),
        "unread": unread,
        "next_url": f"{url}?before={page[PAGE - 1].pk}" if len(page) > PAGE else "",
        "first_url": url if before is not None else "",
    }
    return render(request, "hotline/notice_list.html", context)


@require_POST
def notices_read(request):
    """Marks the notices named by `id`, without any all of them; a script gets 204."""
    named = request.POST.getlist("id")
    ids = [key for value in named if (key := key_of(value)) is not None]
    services.mark_read(user=request.user, notice_ids=ids if named else None, at=timezone.now())
    if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
        return HttpResponse(status=204)
    return redirect("hotline:notices")


def _bell_tag(request) -> str:
    request.unread, newest = selectors.unread_state(request.user)
    return f'"{request.user.pk}-{request.unread}-{newest}"'


@require_safe
@condition(etag_func=_bell_tag)
def notices_bell(request):
    """The bell, polled each minute by a visible tab: 304 while nothing is new."""
    unread = request.unread
    context = {
        "url": reverse("hotline:notices"),
        "poll_url": reverse("hotline:notices-bell"),
        "unread": "" if not unread else "99+" if unread > 99 else str(unread),
    }
    response = render(request, "components/bell.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response
