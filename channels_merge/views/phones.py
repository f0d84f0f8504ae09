"""The ledger of announced numbers."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from channels_merge import selectors, services
from channels_merge.forms import ChangePhoneForm, ChannelWordsForm, CheckPhoneForm, PhoneEntryForm
from channels_merge.views.register import ENTER, READ, filtered, owners_of, paged, tabs_of
from hotline.dates import local_day
from hotline.fields import words_field
from hotline.rights import has_right
from hotline.views.dialogs import asked, refused, run_act
from hotline.views.gate import needs


@needs(*READ)
@require_GET
def phones(request):
    now = timezone.now()
    seen = selectors.phones_seen(request.user, now)
    rows = filtered(request, seen)
    tab, tabs = tabs_of(request, rows, selectors.phone_tabs(at=now))
    page = selectors.take_rows(selectors.with_tasks(rows.filter(tab.rows)), by=tab.by, after=asked(request, "after"))
    return render(
        request,
        "channels_merge/phones.html",
        {
            **paged(request, page),
            "tab": tab,
            "tabs": tabs,
            "owners": owners_of(seen),
            "owner": asked(request, "owner"),
            "today": local_day(now),
            "unchecked_since": selectors.unchecked_since(at=now),
            "may_enter": any(has_right(request.user, right, now) for right in ENTER),
            "acts_for": [row.owner_id for row in page.rows if selectors.may_act_for(request.user, row.owner_id, now)],
        },
    )


@needs(*ENTER)
@require_http_methods(["GET", "POST"])
def enter(request):
    now = timezone.now()
    own = None if selectors.is_manager(request.user, now) else request.user.unit
    form = PhoneEntryForm(request.POST or None, own=own)

    def service(typed):
        phone = services.add_phone(
            owner=form.owner,
            **{name: typed[name] for name in ("number", "purpose", "announced", "maintainer")},
            by=request.user,
            at=timezone.now(),
        )
        return f"{phone.number} 已记入台账。"

    return run_act(
        request,
        title="登记公布的电话",
        form=form,
        verb="登记",
        hint="对外公布的每一个号码都要登记，定期拨打核对，变更、停用后按期重新公布。",
        service=service,
        done=reverse("channels_merge:phones"),
    )


@needs(*READ)
@require_http_methods(["GET", "POST"])
def act(request, phone_id, act):
    now = timezone.now()
    if act not in ACTS:
        raise Http404
    phone = get_object_or_404(selectors.with_tasks(selectors.phones_seen(request.user, now)), pk=phone_id)
    if not selectors.may_act_for(request.user, phone.owner_id, now):
        raise PermissionDenied("只能管理本单位公布的电话。")
    back = reverse("channels_merge:phones")
    task = phone.open_tasks[0] if phone.open_tasks else None
    if act == "republished" and task is None:
        return refused(request, "这个号码没有等着重新公布的。", back)
    label, verb, hint = ACTS[act]

    def service(typed):
        common = {"by": request.user, "at": timezone.now()}
        if act == "republished":
            services.republish(republication_id=task.pk, where=typed["words"], **common)
        else:
            SERVICES[act](typed, {"phone_id": phone.pk, **common})
        return f"{phone.number} {SAID[act]}。"

    return run_act(
        request,
        title=f"{label} {phone.number}",
        form=_form(act, request.POST or None, phone, task),
        verb=verb,
        hint=hint.format(task=task) if task else hint,
        service=service,
        done=back,
    )


ACTS = {
    "check": ("核对", "记下", "用手机拨打一次，看接不接、能不能办事。"),
    "change": ("变更", "变更", "变更以后要在原来公布的每一处改过来，期限由系统算。"),
    "stop": ("停用", "停用", "停用以后要从原来公布的每一处撤下来，期限由系统算。"),
    "republished": ("已重新公布", "记下", "原号码 {task.old_number}，原因：{task.reason}"),
}
SAID = {"check": "已核对", "change": "已变更，等重新公布", "stop": "已停用，等撤下公布", "republished": "已重新公布"}
SERVICES = {
    "check": lambda typed, common: services.check_phone(
        is_right=typed["result"] == "ok", note=typed["note"], **common
    ),
    "change": lambda typed, common: services.change_phone(**typed, **common),
    "stop": lambda typed, common: services.stop_phone(reason=typed["words"], **common),
}


def _form(act, data, phone, task):
    if act == "check":
        return CheckPhoneForm(data)
    if act == "change":
        return ChangePhoneForm(data)
    form = ChannelWordsForm(data, label="原因" if act == "stop" else "改在哪里公布")
    if act == "republished":
        form.fields["words"] = words_field("改在哪里公布", 200, rows=2, initial=phone.announced)
    return form
