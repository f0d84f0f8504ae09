"""The register of those who help to settle matters: a list, and one form for a new row and a changed one."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import ResourceForm
from responsibility.models import Resource
from responsibility.states import ResourceKind


def _address(**values: str) -> str:
    wanted = {name: value for name, value in values.items() if value}
    return f"{reverse('responsibility:resources')}{'?' if wanted else ''}{urlencode(wanted)}"


@needs(rights.MANAGE_RESOURCES)
@require_GET
def resources(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    kind, show, after = asked(request, "kind"), asked(request, "show"), asked(request, "after")
    kind = kind if kind in ResourceKind.values else ""
    show = "ended" if show == "ended" else ""
    rows = selectors.resources_seen(request.user, kind=kind, ended=show == "ended", at=at)
    key = key_of(after)
    if key is not None:
        rows = rows.filter(pk__lt=key)
    found = list(rows[: selectors.RESOURCE_ROWS + 1])
    shown = found[: selectors.RESOURCE_ROWS]
    context = {
        "rows": [(row, selectors.may_change(row, request.user)) for row in shown],
        "kinds": [
            ("", "全部类别", _address(show=show)),
            *((code, name, _address(kind=code, show=show)) for code, name in ResourceKind.choices),
        ],
        "kind": kind,
        "show": show,
        "shows": [("", "在用", _address(kind=kind)), ("ended", "停用和未起用", _address(kind=kind, show="ended"))],
        "sees_requests": has_right(request.user, "tickets.handle_ticket", at),
        "first_url": _address(kind=kind, show=show) if key is not None else "",
        "next_url": _address(kind=kind, show=show, after=str(shown[-1].pk)) if len(found) > len(shown) else "",
    }
    return render(request, "responsibility/resources.html", context)


@needs(rights.MANAGE_RESOURCES)
@require_http_methods(["GET", "POST"])
def resource(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new row, or one that the person may change."""
    row = get_object_or_404(Resource.objects.select_related("centre"), pk=pk) if pk is not None else None
    if row is not None and not selectors.may_change(row, request.user):
        raise Http404

    def save(data: dict[str, Any]) -> str:
        saved = services.save_resource(pk=pk, by=request.user, at=timezone.now(), **data)
        return f"“{saved.name}”已存入名录。"

    return run_act(
        request,
        title=f"修改“{row.name}”" if row is not None else "登记化解资源",
        form=ResourceForm(sent(request), user=request.user, resource=row, at=timezone.now()),
        verb="存入名录",
        service=save,
        done=lambda: reverse("responsibility:resources"),
        hint="资源没有账号：调解的请求由县（市、区）中心转交，结果由中心或提出的单位记。",
    )
