"""The grid: its standard, its cells, its events; and on a phone, what a grid worker is to look at."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from channels_merge import rights
from channels_merge.models import GridCheck
from channels_merge.selectors import grid as reads
from channels_merge.selectors.grid_map import MOST_DRAWN, draw
from channels_merge.selectors.petition import reads_appeal
from channels_merge.services import grid
from channels_merge.states import GridCheckState, GridFinding
from channels_merge.views.sheets import sheet_page
from hotline.errors import DomainError
from hotline.models import User
from hotline.rights import has_right
from hotline.services import CHOOSE_AGAIN, PICTURES, store_file
from hotline.views.dialogs import asked, run_act
from hotline.views.files import answer_with_file
from hotline.views.gate import NOT_YOURS, needs, opens_with
from tickets.fields import FilesField
from tickets.models import Ticket
from tickets.selectors.lists import PAGE_ROWS, Key, take

MOST_PHOTOS = 6


def _why_no_standard(user, at):
    return "" if has_right(user, rights.VIEW_GRID_STANDARD, at) else _why_no_grid(user, at)


def _why_no_grid(user, at):
    return "" if reads.sees_grid(user, at) else NOT_YOURS


of_the_grid = opens_with(_why_no_grid)


@opens_with(_why_no_standard)
@require_safe
def standard(request):
    groups = reads.standard()
    return render(
        request,
        "channels_merge/grid_standard.html",
        {
            "groups": groups,
            "count": sum(len(lines) for _, lines in groups),
            "marks": sorted({line.event_class.mark for _, lines in groups for line in lines if line.event_class.mark}),
            **_tabs(request, "standard"),
        },
    )


def _tabs(request, tab):
    """The pages of the grid that this person may open."""
    at = timezone.now()
    views = reads.sees_grid(request.user, at)
    pages = [("standard", "采集标准", "channels_merge:grid-standard")]
    if has_right(request.user, rights.GRID_CHECK, at):
        pages = [("checks", "现场核查", "channels_merge:grid-checks"), *pages]
    if views:
        pages = [
            ("events", "网格事件", "channels_merge:grid-events"),
            ("cells", "网格", "channels_merge:grid-cells"),
            *pages,
        ]
    return {
        "tab": tab,
        "tabs": [(code, name, reverse(url)) for code, name, url in pages] if len(pages) > 1 else [],
        "may_import": has_right(request.user, rights.MANAGE_GRID, at),
    }


@of_the_grid
@require_safe
def cells(request):
    """By code; a page ends at a code. Beside it a drawing of all that were asked for."""
    at = timezone.now()
    after, words, region = asked(request, "after", 40), asked(request, "q", 40), asked(request, "region", 12)
    seen = reads.cells_for(request.user)
    wanted = reads.in_region(seen, region) if region else seen
    if words:
        wanted = wanted.filter(Q(name__contains=words) | Q(code__startswith=words))
    rows = list(wanted.filter(code__gt=after).order_by("code")[: PAGE_ROWS + 1])
    shown, more = rows[:PAGE_ROWS], len(rows) > PAGE_ROWS
    drawn = reads.cells_to_draw(wanted)
    counts = reads.event_counts(request.user, {*shown, *(drawn or ())}, at=at)
    kept = {name: value for name, value in (("q", words), ("region", region)) if value}
    return render(
        request,
        "channels_merge/grid_cells.html",
        {
            "rows": [(cell, counts.get(cell.pk, 0)) for cell in shown],
            "words": words,
            "region": region,
            "regions": reads.regions_of(seen),
            "map": draw(drawn, counts=counts) if drawn else None,
            "too_many": MOST_DRAWN if drawn is None else 0,
            "days": reads.EVENT_DAYS,
            "first_url": f"?{urlencode(kept)}" if after else "",
            "next_url": f"?{urlencode(kept | {'after': shown[-1].code})}" if more else "",
            **_tabs(request, "cells"),
        },
    )


@needs(rights.MANAGE_GRID)
@require_http_methods(["GET", "POST"])
def import_cells(request):
    return sheet_page(
        request,
        title="导入网格",
        about="本市网格的编码、名称和所在乡镇（街道）。同一编码再导入时更新名称、地区和边界；文件里没有的不删。",
        columns=grid.CELL_COLUMNS,
        needed=grid.CELL_NEEDED,
        take=lambda name, content: grid.import_cells(name=name, content=content, by=request.user, at=timezone.now()),
        back=(reverse("channels_merge:grid-cells"), "回到网格"),
        also="边界可以空；要填的写 GeoJSON 的 Polygon 或 MultiPolygon。也可以直接导入 .geojson 文件，属性名为 code、name、region。",
    )


@of_the_grid
@require_safe
def events(request):
    after, cell = Key.parse(asked(request, "after")), asked(request, "cell", 40)
    found = reads.with_what_became(reads.events_for(request.user))
    if cell:
        found = found.filter(cell__code=cell)
    page = take(found, by="taken_in_at", pk="appeal_id", after=after, newest=True)
    at = timezone.now()
    kept = {"cell": cell} if cell else {}
    return render(
        request,
        "channels_merge/grid_events.html",
        {
            "rows": [(event, reads.ticket_of_event(event)) for event in page.rows],
            "cell_code": cell,
            "cell": reads.cells_for(request.user).filter(code=cell).first() if cell else None,
            "first_url": f"?{urlencode(kept)}" if after else "",
            "next_url": f"?{urlencode(kept | {'after': page.next_key})}" if page.next_key else "",
            "at": at,
            **_tabs(request, "events"),
        },
    )


@of_the_grid
@require_safe
def event(request, number):
    """What the grid platform said, where, and what became of it. Its words only to whoever may read the appeal."""
    at = timezone.now()
    found = reads.with_what_became(reads.events_for(request.user))
    row = get_object_or_404(found, appeal__number=number)
    ticket = reads.ticket_of_event(row)
    return render(
        request,
        "channels_merge/grid_event.html",
        {
            "event": row,
            "ticket": ticket,
            "reads": reads_appeal(row.appeal, ticket, request.user, at),
            "map": reads.map_of_event(row, request.user, at=at),
            "days": reads.EVENT_DAYS,
            "at": at,
        },
    )


@needs(rights.MANAGE_GRID)
@require_http_methods(["GET", "POST"])
def import_events(request):
    return sheet_page(
        request,
        title="导入网格事件",
        about="接口没有接通时，用表格把网格事件送进来。同一事件编号只登记一次；每件成为网格渠道的一件诉求，在“来件”里受理。",
        columns=grid.EVENT_COLUMNS,
        needed=grid.EVENT_NEEDED,
        take=lambda name, content: grid.import_events(name=name, content=content, by=request.user, at=timezone.now()),
        back=(reverse("channels_merge:grid-events"), "回到网格事件"),
        also="各类别还要填哪些，见采集标准。",
    )


# --- a township sends somebody


class SendForm(forms.Form):
    worker = forms.ModelChoiceField(
        User.objects.none(),
        label="派谁去",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择网格员。", "invalid_choice": "请选择本乡镇（街道）的网格员。"},
    )
    what = forms.CharField(
        label="去看什么",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="网格员看不到工单和反映人，只看到这里写的。",
        error_messages={"required": "请写去看什么。", "max_length": "最多写 500 个字。"},
    )
    place = forms.CharField(
        label="在哪里",
        max_length=200,
        error_messages={"required": "请写在哪里。", "max_length": "最多写 200 个字。"},
    )

    def __init__(self, *args, workers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["worker"].queryset = User.objects.filter(pk__in=[worker.pk for worker in workers]).order_by("name")


@require_http_methods(["GET", "POST"])
def send_check(request, number):
    at = timezone.now()
    ticket = get_object_or_404(
        Ticket.objects.visible_to(request.user, at).select_related("region__parent"), number=number
    )
    part = reads.part_to_check(ticket, request.user, at)
    if part is None:
        raise Http404
    workers = reads.workers_of(part.unit)
    first = {"what": ticket.title, "place": ticket.place, "worker": workers[0] if workers else None}
    form = SendForm(request.POST if request.method == "POST" else None, workers=workers, initial=first)

    def do(typed):
        check = grid.send_grid_check(assignment_id=part.pk, by=request.user, at=timezone.now(), **typed)
        return f"已派{check.worker.masked_name}去核查。"

    return run_act(
        request,
        title=f"派网格员核查 {ticket.number}",
        form=form,
        verb="派去核查",
        hint="" if workers else "本单位还没有网格员账号，请系统管理员增加人员、安全管理员给角色。",
        service=do,
        done=reverse("tickets:ticket", args=[ticket.number]),
    )


@require_http_methods(["GET", "POST"])
def call_off(request, check_id):
    check = get_object_or_404(
        GridCheck.objects.select_related("assignment__ticket", "worker"),
        pk=check_id,
        assignment__unit=request.user.unit_id,
    )
    at = timezone.now()
    ticket = get_object_or_404(Ticket.objects.visible_to(request.user, at), pk=check.assignment.ticket_id)

    def do(_typed):
        grid.call_off_check(check_id=check.pk, by=request.user, at=timezone.now())
        return f"已取消{check.worker.masked_name}的核查任务。"

    return run_act(
        request,
        title=f"取消核查 {ticket.number}",
        form=forms.Form(request.POST if request.method == "POST" else None),
        verb="取消核查",
        hint=f"{check.worker.masked_name}不用去了。",
        service=do,
        done=reverse("tickets:ticket", args=[ticket.number]),
    )


# --- the worker's phone


@needs(rights.GRID_CHECK)
@require_safe
def checks(request):
    """To go to, the most pressing first; below it what was reported lately."""
    done = asked(request, "tab") == "done"
    after = Key.parse(asked(request, "after"))
    mine = reads.checks_of(request.user)
    if done:
        page = take(mine.exclude(state=GridCheckState.OPEN), by="asked_at", pk="id", after=after, newest=True)
    else:
        page = take(reads.waiting_checks(request.user), by="due_at", pk="id", after=after)
    here = urlencode({"tab": "done"} if done else {})
    return render(
        request,
        "channels_merge/grid_checks.html",
        {
            "rows": page.rows,
            "done": done,
            "first_url": f"?{here}" if after else "",
            "next_url": f"?{here}&after={page.next_key}" if page.next_key else "",
            "at": timezone.now(),
        },
    )


class CheckForm(forms.Form):
    found = forms.ChoiceField(
        choices=GridFinding.choices,
        label="是否属实",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否属实。", "invalid_choice": "请选择是否属实。"},
    )
    words = forms.CharField(
        label="看到什么",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写看到什么。", "max_length": "最多写 1000 个字。"},
    )
    photos = FilesField(label="现场照片", required=False, help_text=f"最多 {MOST_PHOTOS} 张。")
    visited_at = forms.DateTimeField(
        label="到场时间",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "请填到场时间。", "invalid": "到场时间看不懂。"},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["photos"].widget.attrs["accept"] = "image/*"

    def clean_photos(self):
        photos = self.cleaned_data["photos"]
        if len(photos) > MOST_PHOTOS:
            raise forms.ValidationError(f"照片最多 {MOST_PHOTOS} 张，选了 {len(photos)} 张。")
        return photos


@needs(rights.GRID_CHECK)
@require_http_methods(["GET", "POST"])
def check(request, check_id):
    found = get_object_or_404(reads.checks_of(request.user), pk=check_id)
    at = timezone.now()
    form = CheckForm(initial={"visited_at": timezone.localtime(at).replace(second=0, microsecond=0)})
    if request.method == "POST":
        form = CheckForm(request.POST, request.FILES)
        if form.is_valid() and _report(request, found, form):
            messages.success(request, "已上报，记到工单上了。")
            return HttpResponseRedirect(reverse("channels_merge:grid-checks"), status=303)
        if request.FILES:
            form.add_error("photos", CHOOSE_AGAIN)
    return render(
        request,
        "channels_merge/grid_check.html",
        {
            "check": found,
            "is_needed": reads.is_needed(found),
            "pictures": reads.pictures_of(found),
            "form": form,
            "at": at,
        },
        status=422 if form.errors else 200,
    )


def _report(request, found, form):
    """Whether it was kept; what refuses it stands in the form, with what was typed."""
    typed = form.cleaned_data
    at = timezone.now()
    try:
        with transaction.atomic():  # pictures are kept with the report or not at all
            grid.report_check(
                check_id=found.pk,
                found=typed["found"],
                words=typed["words"],
                visited_at=typed["visited_at"],
                photos=[store_file(upload=photo, by=request.user, at=at, only=PICTURES) for photo in typed["photos"]],
                by=request.user,
                at=at,
            )
    except DomainError as refused:
        form.add_error(None, str(refused))
        return False
    return True


@needs(rights.GRID_CHECK)
@require_safe
def check_file(request, check_id, attachment_id):
    """The worker's own pictures; the ticket's other files are not theirs to see."""
    found = get_object_or_404(reads.checks_of(request.user), pk=check_id)
    picture = next((one for one in reads.pictures_of(found) if one.pk == attachment_id), None)
    if picture is None:
        raise Http404
    return answer_with_file(picture.file)


def checks_badge(user):
    return reads.check_count(user, at=timezone.now())
