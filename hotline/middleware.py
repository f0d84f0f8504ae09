"""What stands between a logged-in person and every page: the idle lock and the password that must be changed."""

from typing import Final
from urllib.parse import quote

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from hotline import idle, services
from hotline.addresses import page_of_ours
from hotline.context import forget_shell
from hotline.forms import UnlockForm

ALWAYS_OPEN: Final = frozenset(f"hotline:{name}" for name in ("login", "logout", "lock", "unlock"))
# Asked by the page itself, not by the person: these keep nobody's session awake unless the page says the person is there.
ASKED_BY_THE_PAGE: Final = frozenset({"hotline:notices-bell", "channels_merge:desk-calls", "tickets:present"})
SENT_WHILE_TYPING: Final = frozenset({"channels_merge:desk-suggest", "channels_merge:desk-draft"})
ACTIVE_HEADER: Final = "X-User-Active"
LOCKED_WORDS: Final = "屏幕已锁定，请输入密码继续。正在写的内容没有动。"
CHANGE_WORDS: Final = "请先修改密码。"


class LoginMiddleware(LoginRequiredMiddleware):
    """Log-in leads back to the page a form stood on: the address it was sent to takes nothing but forms."""

    def handle_no_permission(self, request, view_func):
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        back = page_of_ours(request, request.headers.get("Referer", "")) or "/"
        return redirect_to_login(back, self.get_login_url(view_func), self.get_redirect_field_name(view_func))


class AccountMiddleware:
    """After LoginMiddleware. Pages that need no log-in are left alone.

    While locked a script gets 423, a page load is sent to the lock page.
    An address that takes only forms, opened by hand, gets a page instead of an empty answer.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if _has_done_something(request, response):
            forget_shell(request.user)  # and sees it counted
        if isinstance(response, HttpResponseNotAllowed) and not _by_script(request):
            response.content = render(request, "405.html").content
        seconds = getattr(request, "idle_seconds", None)
        if seconds is not None:
            response["X-Idle-Seconds"] = str(seconds)
        return response

    def process_view(self, request, view_func, view_args, view_kwargs) -> HttpResponse | None:
        if "\0" in request.path_info:
            raise Http404  # no column can be compared with it
        if not request.user.is_authenticated or not getattr(view_func, "login_required", True):
            return None
        at = timezone.now()  # noqa: TID251 -- stands where a view stands
        name = request.resolver_match.view_name
        request.idle_seconds = idle.allowed_idle_seconds(request.user, request.session, at)
        if name in ALWAYS_OPEN:
            return None
        if idle.is_locked(request.user, request.session, at):
            return _refuse_locked(request)
        if name not in ASKED_BY_THE_PAGE or request.headers.get(ACTIVE_HEADER):
            idle.touch(request.session, at)
        if name != "hotline:password" and services.must_change_password(request.user, at):
            return _refuse(request, reverse("hotline:password"), 403, CHANGE_WORDS)
        return None


def _has_done_something(request: HttpRequest, response: HttpResponseBase) -> bool:
    """A person, and not the page that sends what is being typed. A line that pushes is nobody's log-in."""
    return (
        request.method == "POST"
        and response.status_code < 400
        and bool(request.user and request.user.is_authenticated)
        and (request.resolver_match is None or request.resolver_match.view_name not in SENT_WHILE_TYPING)
    )


def _by_script(request: HttpRequest) -> bool:
    return (
        request.headers.get("HX-Request") == "true"
        or request.headers.get("X-Requested-With", "").lower() in {"fetch", "xmlhttprequest"}
        or request.headers.get("Accept", "").startswith("application/json")
    )


def _refuse_locked(request: HttpRequest) -> HttpResponse:
    if not request.session.get(idle.LOCKED):
        idle.lock(request.session)
    if not _by_script(request) and request.method == "POST":
        # A form sent without scripts: the browser's way back leads to the form with everything typed.
        response = render(
            request, "hotline/lock.html", {"form": UnlockForm(user=request.user), "next": ""}, status=423
        )
        add_never_cache_headers(response)
        return response
    url = f"{reverse('hotline:lock')}?next={quote(request.get_full_path())}"
    return _refuse(request, url, 423, LOCKED_WORDS)


def _refuse(request: HttpRequest, url: str, status: int, words: str) -> HttpResponse:
    if _by_script(request):
        return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    response = redirect(url)
    add_never_cache_headers(response)
    return response
