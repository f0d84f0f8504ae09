"""Pages for citizens: 360 px, without scripts. Everything typed comes back with the sentence that says what to mend."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from channels_merge import selectors, services
from channels_merge.forms import PublicForm, TrackForm
from channels_merge.models import Channel
from hotline.calendar import load_calendar
from hotline.client_address import client_address
from hotline.errors import DomainError
from hotline.services import PICTURES, FileRefused, store_file
from hotline.typed import clean

MOST_PHOTOS = 6
SESSION_KEY = "appeal_track"
SENT_KEY = "appeal_sent"


def _channel():
    return Channel.objects.get(code="web")


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def submit(request):
    if request.method == "POST":
        return _submit(request)
    return _page(request, PublicForm(initial={"hide": True, "token": uuid.uuid4()}), {"hide": "on"})


def _page(request, form, typed, status=200):
    context = {
        "form": form,
        "typed": typed,
        "regions": selectors.region_groups(),
        "token": typed.get("token") or form.initial.get("token") or uuid.uuid4(),
        "promises": selectors.public_promises(at=timezone.now()),
    }
    return render(request, "channels_merge/public_submit.html", context, status=status)


def _submit(request):
    form = PublicForm(request.POST)
    if request.POST.get("website"):
        # A program: it is told that all went well and nothing is written.
        return render(request, "channels_merge/public_done.html", {"number": "", "code": ""})
    status = send(request, form, lambda: _register(request, form), ("phone", "text", "region", "place"))
    return (
        redirect("channels_merge:public-done") if status == 302 else _page(request, form, request.POST.dict(), status)
    )


def send(request, form, register, names):
    """302 when what was typed is registered and the browser follows its number; else 422, or 429 for one too many, and the
    form says what to mend. `names`: the fields that make it another matter.
    """
    status = 422
    if form.is_valid():
        said = [request.path, *(str(form.cleaned_data[name]) for name in names)]
        if _was_sent(request, said):
            return 302
        try:
            _keep_sent(request, said, register())
        except services.TooOften as refused:
            form.add_error(None, str(refused))
            status = 429
        except FileRefused as refused:
            form.add_error("photo", str(refused))
        except DomainError as refused:
            form.add_error(None, str(refused))
        else:
            return 302
    if request.FILES:
        form.add_error("photo", "照片要重新选一次，其他内容都还在。")
    return status


def _was_sent(request, said):
    """Whether these words, without a photo, are what this browser sent last: Back draws the form anew with another token.

    The number that they have is then the one that the browser follows.
    """
    before = request.session.get(SENT_KEY)
    if request.FILES or not before or before["words"] != _digest(said):
        return False
    request.session[SESSION_KEY] = before["track"]
    return True


def _keep_sent(request, said, registered):
    request.session[SESSION_KEY] = [registered.appeal.number, registered.code]
    request.session[SENT_KEY] = {"words": _digest(said), "track": request.session[SESSION_KEY]}


def _digest(said):
    return salted_hmac(SENT_KEY, "\n".join(said)).hexdigest()


def stored_photos(request, now):
    """Raises FileRefused for too many, and for what is no picture."""
    photos = request.FILES.getlist("photo")
    if len(photos) > MOST_PHOTOS:
        raise FileRefused(f"照片最多 {MOST_PHOTOS} 张，这次选了 {len(photos)} 张。")
    return [store_file(upload=photo, by=None, at=now, only=PICTURES) for photo in photos]


def _register(request, form):
    typed, now = form.cleaned_data, timezone.now()
    services.count_submission(phone=typed["phone"], address=client_address(request), at=now)
    with transaction.atomic():  # photos are kept with the appeal or not at all
        return services.register_appeal(
            channel=_channel(),
            matter=services.Matter(**form.matter_fields()),
            person=services.Person(name=typed["name"], phone=typed["phone"], hide_from_unit=typed["hide"]),
            source_number=str(typed["token"] or uuid.uuid4()),
            files=stored_photos(request, now),
            by=None,
            at=now,
        )


@login_not_required
@never_cache
def done(request):
    number, code = request.session.get(SESSION_KEY, ["", ""])
    if not number:
        return redirect("channels_merge:public-submit")
    return render(
        request, "channels_merge/public_done.html", {"number": number, "code": code, "texts": services.has_gateway()}
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def track(request):
    """The code is sent by POST and kept in the session: it stands in no address and no log."""
    number, code = request.session.get(SESSION_KEY, ["", ""])
    if request.method == "GET":
        if not number or request.GET.get("new"):
            return _track_page(request, TrackForm(), {})
        progress = selectors.public_progress(number=number, code=code)
        return _track_page(request, TrackForm(), {"number": number}, progress)
    form = TrackForm(request.POST)
    if not form.is_valid():
        return _track_page(request, form, request.POST.dict(), status=422)
    now, address = timezone.now(), client_address(request)
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    try:
        services.may_query(number=number, address=address, at=now)
        progress = selectors.public_progress(number=number, code=code)
        if progress is None:
            services.count_query(number=number, address=address, at=now)
    except services.TooOften as refused:
        form.add_error(None, str(refused))
        return _track_page(request, form, request.POST.dict(), status=429)
    if progress is None:
        form.add_error(
            None,
            f"编号和查询码对不上，请核对{'短信或' if services.has_gateway() else ''}提交时的页面。忘了可以拨 12345。",
        )
        return _track_page(request, form, request.POST.dict(), status=422)
    request.session[SESSION_KEY] = [number, code]
    return redirect("channels_merge:public-track")


def _track_page(request, form, typed, progress=None, status=200):
    return render(
        request,
        "channels_merge/public_track.html",
        {"form": form, "typed": typed, "texts": services.has_gateway(), **_shown(progress, timezone.now())},
        status=status,
    )


def _shown(progress, now):
    promised = progress.promised_at if progress else None
    left = load_calendar().working_days(now, promised) if promised and promised > now else 0
    may_rate = progress is not None and selectors.may_rate(progress.appeal, at=now)
    return {"progress": progress, "now": now, "days_left": left, "may_rate": may_rate}


WORDS = {"withdraw": "已撤回。", "rate": "您的评价已记下，谢谢。"}
# Who reads it depends on who has the matter: the unit, whoever will call, or nobody but the hotline yet.
READ_BY_UNIT = {"urge": "已转告办理单位。", "supplement": "补充的内容已记下，办理单位看得到。"}
READ_BY_HOTLINE = {
    "urge": "已记下，12345 会一起看。",
    "supplement": "补充的内容已记下，12345 会一起看。",
}
READ_BY_CALLER = {
    "urge": "已记下，12345 回访您以前会先看。",
    "supplement": "补充的内容已记下，12345 回访您以前会先看。",
}


def _words(code, progress):
    if code in WORDS:
        return WORDS[code]
    if progress.awaits_call:
        return READ_BY_CALLER[code]
    return (READ_BY_UNIT if progress.unit_name else READ_BY_HOTLINE)[code]


def _rating(request):
    return {name: request.POST.get(name, "")[:12] for name in ("resolved", "satisfaction")}


@login_not_required
@never_cache
@require_POST
def track_act(request, code):
    """What the citizen adds to the appeal of this session: urge, supplement (with photos), withdraw, rate."""
    if code not in {*WORDS, *READ_BY_UNIT}:
        raise Http404
    number, query_code = request.session.get(SESSION_KEY, ["", ""])
    progress = selectors.public_progress(number=number, code=query_code) if number else None
    if progress is None:
        return redirect("channels_merge:public-track")
    form = TrackForm()
    now = timezone.now()
    common = {"appeal_id": progress.appeal.pk, "channel": _channel(), "by": None, "at": now}
    # A new line is one character to the browser that counts and two in what it sends.
    text = clean(request.POST.get("text", ""))[:2000]
    said, status = _words(code, progress), 200
    try:
        services.count_addition(number=number, address=client_address(request), at=now)
        if code == "urge":
            services.urge_appeal(text=text, **common)
        elif code == "supplement":
            with transaction.atomic():
                services.supplement_appeal(text=text, files=stored_photos(request, now), **common)
        elif code == "rate":
            services.rate_appeal(text=text, **_rating(request), **common)
        else:
            services.withdraw_appeal(reason=text or "诉求人在网上撤回", **common)
    except services.TooOften as refused:
        said, status = str(refused), 429
    except DomainError as refused:
        said, status = str(refused), 422
    progress = selectors.public_progress(number=number, code=query_code)
    return render(
        request,
        "channels_merge/public_track.html",
        {
            "form": form,
            "typed": {"number": number} if status == 200 else {"number": number, "text": text, "act": code},
            "said": said,
            "said_tone": "done" if status == 200 else "over",
            **_shown(progress, now),
        },
        status=status,
    )
