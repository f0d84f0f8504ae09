"""Turning the automatic dispatch of an item on and off. The page that shows what it did is in the room of tickets."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from hotline.views.dialogs import asked, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, services
from responsibility.forms import SwitchForm, WordsForm
from responsibility.models import ItemSwitch

PAGE = "tickets:automatic"


@needs(rights.AUTOMATE)
@require_http_methods(["GET", "POST"])
def on(request: HttpRequest) -> HttpResponse:
    def service(typed: dict[str, Any]) -> str:
        switch = services.switch_item_on(**typed, by=request.user, at=timezone.now())
        return f"{switch.code} 的自动派单已开启。"

    return run_act(
        request,
        title="开启自动派单",
        form=SwitchForm(sent(request), initial={"code": asked(request, "code")}),
        verb="开启",
        hint="只派有把握的：乡镇主责、举报、紧急、保密、地点不明和已有相近事项在办的仍由人派；退回太多会自动关闭。",
        service=service,
        done=lambda: reverse(PAGE),
    )


@needs(rights.AUTOMATE)
@require_http_methods(["GET", "POST"])
def off(request: HttpRequest, pk: int) -> HttpResponse:
    switch = get_object_or_404(ItemSwitch, pk=pk)

    def service(typed: dict[str, Any]) -> str:
        services.switch_item_off(switch_id=pk, reason=typed["words"], by=request.user, at=timezone.now())
        return f"{switch.code} 的自动派单已关闭。"

    return run_act(
        request,
        title=f"关闭 {switch.code} 的自动派单",
        form=WordsForm(sent(request), label="关闭理由", most=200),
        verb="关闭",
        hint="已经派出的不受影响。",
        service=service,
        done=lambda: reverse(PAGE),
    )
