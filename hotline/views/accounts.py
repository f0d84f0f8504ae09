"""Log-in and out, the idle lock, one's own password."""

from datetime import timedelta

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hotline import idle, parameters, services
from hotline.addresses import page_of_ours
from hotline.client_address import client_address
from hotline.forms import LONGEST_NAME, LoginForm, PasswordForm, UnlockForm
from hotline.models import SecurityLog, Unit, User
from hotline.typed import clean

HOME = "/"


def safe_next(request) -> str:
    """Where the person wanted to go, if it is a page of ours."""
    return page_of_ours(request, request.POST.get("next") or request.GET.get("next") or "")


def _log(request, kind, *, user=None, subject="", outcome=SecurityLog.Outcome.DONE, reason=""):
    services.log_security(
        kind=kind,
        user=user,
        subject=subject,
        address=client_address(request),
        outcome=outcome,
        reason=reason,
        at=timezone.now(),
    )


def _by_script(request) -> bool:
    return bool(request.headers.get("X-Requested-With") or request.headers.get("HX-Request"))


def _errors_of(form) -> HttpResponse:
    words = " ".join(str(message) for messages in form.errors.values() for message in messages)
    return HttpResponse(words, status=422, content_type="text/plain; charset=utf-8")


def _log_refused(request, kind, username: str) -> None:
    """A name that was typed and is nobody's may be a password: only its beginning goes into the log."""
    typed = clean(username)[:LONGEST_NAME]
    user = User.objects.filter(username=typed).first()
    subject = user.username if user else f"{typed[:2]}…（无此工号）"
    _log(request, kind, user=user, subject=subject, outcome=SecurityLog.Outcome.REFUSED)


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def login(request):
    """For a script, an open page whose session ended: 204, or the sentence. For a person, the page."""
    form = LoginForm(request, request.POST or None, at=timezone.now())
    if request.method == "POST" and form.is_valid():
        user = form.get_user()
        auth.login(request, user)
        idle.unlock(request.session, timezone.now())
        _log(request, SecurityLog.Kind.LOGIN, user=user, subject=user.username)
        return HttpResponse(status=204) if _by_script(request) else redirect(safe_next(request) or HOME)
    if request.method == "POST" and not getattr(request, "axes_locked_out", False):
        _log_refused(request, SecurityLog.Kind.LOGIN_FAILED, request.POST.get("username", ""))
        if _by_script(request):
            return _errors_of(form)
    context = {"form": form, "next": safe_next(request)}
    return render(request, "hotline/login.html", context, status=422 if form.is_bound else 200)


@require_POST
def logout(request):
    _log(request, SecurityLog.Kind.LOGOUT, user=request.user, subject=request.user.username)
    auth.logout(request)
    return redirect("hotline:login")


@never_cache
@require_http_methods(["GET", "POST"])
def lock(request):
    """POST locks this session; GET is the page that a locked session meets."""
    if request.method == "POST":
        idle.lock(request.session)
        _log(request, SecurityLog.Kind.LOCK, user=request.user, subject=request.user.username)
        if request.headers.get("X-Requested-With"):
            return HttpResponse(status=204)
        return redirect("hotline:lock")
    if not idle.is_locked(request.user, request.session, timezone.now()):
        return redirect(safe_next(request) or HOME)
    return render(request, "hotline/lock.html", {"form": UnlockForm(user=request.user), "next": safe_next(request)})


@sensitive_post_parameters("password")
@never_cache
@require_POST
def unlock(request):
    """204 for a script, a redirect for a form. Wrong passwords count as failed log-ins."""
    form = UnlockForm(request.POST, user=request.user, request=request)
    if form.is_valid():
        idle.unlock(request.session, timezone.now())
        _log(request, SecurityLog.Kind.UNLOCK, user=request.user, subject=request.user.username)
        return HttpResponse(status=204) if _by_script(request) else redirect(safe_next(request) or HOME)
    _log_refused(request, SecurityLog.Kind.UNLOCK, request.user.username)
    if _by_script(request):
        return _errors_of(form)
    return render(request, "hotline/lock.html", {"form": form, "next": safe_next(request)}, status=422)


@login_not_required
@never_cache
@require_safe
def session_state(request):
    """Who is logged in in this browser now, whether they are locked out, and the token that their forms need. An open page
    asks after a refusal, and before a form leads away from it.
    """
    user = request.user
    locked = user.is_authenticated and idle.is_locked(user, request.session, timezone.now())
    return JsonResponse({"user": user.get_username(), "locked": locked, "token": get_token(request)})


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def password(request):
    at = timezone.now()
    forced = services.must_change_password(request.user, at)
    form = PasswordForm(request.POST or None, user=request.user, request=request, at=at)
    if request.method == "POST" and form.is_valid():
        services.change_password(
            user=request.user, password=form.cleaned_data["new_password1"], address=client_address(request), at=at
        )
        auth.update_session_auth_hash(request, request.user)
        return redirect(HOME)
    if "old_password" in form.errors:
        _log_refused(request, SecurityLog.Kind.PASSWORD, request.user.username)
    context = {"form": form, "forced": forced, "rules": password_rules(at)}
    return render(request, "hotline/password.html", context, status=422 if form.is_bound else 200)


def password_rules(at) -> list[str]:
    return [
        f"至少 {parameters.integer('password_min_length', at=at)} 个字符。",
        f"大写字母、小写字母、数字、符号中至少有 {parameters.integer('password_classes', at=at)} 种。",
        f"不能与最近 {parameters.integer('password_history', at=at)} 次用过的相同，不能含工号、姓名。",
    ]


# --- django-axes asks these


def failure_limit(request, credentials) -> int:
    return parameters.integer("lock_failures", at=timezone.now())


def cooling_off(request) -> timedelta:
    return timedelta(minutes=parameters.integer("lock_minutes", at=timezone.now()))


def locked_out(request, response=None, credentials=None):
    """429, in the words of the page or of the script that asked."""
    at = timezone.now()
    username = (credentials or {}).get("username") or request.POST.get("username", "")
    _log_refused(request, SecurityLog.Kind.LOCKED_OUT, username)
    minutes = parameters.integer("lock_minutes", at=at)
    message = (
        f"连续输错 {parameters.integer('lock_failures', at=at)} 次，该工号已在这台电脑上锁定，{minutes} 分钟后再试。"
    )
    if _by_script(request):
        return HttpResponse(message, status=429, content_type="text/plain; charset=utf-8")
    # Each try while it is locked begins the time anew, so it is always counted from now.
    context = {
        "message": message,
        "until": at + timedelta(minutes=minutes),
        "at": at,
        "centre": Unit.objects.filter(kind=Unit.Kind.CENTRE).order_by("pk").first(),
        "next": safe_next(request),
    }
    return render(request, "hotline/locked_out.html", context, status=429)
