"""The board of the five lines: milestones with evidence, and figures by month."""

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from channels_merge import rights, selectors, services
from channels_merge.forms import MilestoneForm, NewMilestoneForm
from channels_merge.models import Channel, LineMilestone
from channels_merge.services.milestones import RESPONSIBLE
from channels_merge.views.register import READ
from hotline.dates import local_day
from hotline.rights import has_right
from hotline.services import store_file
from hotline.views.dialogs import run_act
from hotline.views.files import answer_with_file
from hotline.views.gate import needs


@needs(*READ)
@require_GET
def board(request):
    now = timezone.now()
    lines = selectors.line_board(at=now)
    asked = [row for line in lines for row in line.milestones]
    return render(
        request,
        "channels_merge/board.html",
        {
            "lines": lines,
            "done": sum(row.done_on is not None for row in asked),
            "asked": len(asked),
            "today": local_day(now),
            "opened": set(selectors.channels_seen(request.user, now).values_list("pk", flat=True)),
            "may_record": has_right(request.user, rights.MANAGE_CHANNELS, now),
        },
    )


@needs(rights.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def add(request, code):
    if code not in RESPONSIBLE:
        raise Http404
    line = get_object_or_404(Channel, code=code)

    def service(typed):
        services.add_milestone(code=line.code, **typed, by=request.user, at=timezone.now())
        return f"{line.code} 已加一项，期限 {typed['due_on']:%Y-%m-%d}。"

    return run_act(
        request,
        title=f"{line.code} 加一项要求",
        form=NewMilestoneForm(request.POST or None),
        verb="加上",
        hint="文件的三项到 2026 年 6 月 30 日；以后还要做到什么，写在这里。",
        service=service,
        done=reverse("channels_merge:line-board"),
    )


@needs(rights.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def record(request, milestone_id):
    row = get_object_or_404(LineMilestone.objects.select_related("channel"), pk=milestone_id)
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)

    def service(typed):
        now = timezone.now()
        with transaction.atomic():  # the file is kept with its milestone or not at all
            services.record_milestone(
                milestone_id=row.pk,
                evidence=typed["evidence"],
                done_on=typed["done_on"],
                file=store_file(upload=typed["file"], by=request.user, at=now) if typed["file"] else None,
                by=request.user,
                at=now,
            )
        return f"{row.channel.code} {row.get_kind_display()}已记下。"

    return run_act(
        request,
        title=f"{row.channel.code} {row.get_kind_display()}",
        form=MilestoneForm(data, files, initial={"evidence": row.evidence, "done_on": row.done_on}),
        verb="记下",
        hint=f"{row.text and row.text + '；'}责任单位：{row.responsible}；期限 {row.due_on:%Y-%m-%d}。",
        service=service,
        done=reverse("channels_merge:line-board"),
    )


@needs(*READ)
@require_safe
def evidence(request, milestone_id):
    row = get_object_or_404(LineMilestone.objects.select_related("file"), pk=milestone_id)
    if row.file is None:
        raise Http404
    return answer_with_file(row.file)
