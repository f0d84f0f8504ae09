"""Every part of a page, as the browser gets it."""

import re
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string

from hotline.templatetags.hotline import clock_face
from tests.hotline.calendars import at

NOW = at("2026-10-09 09:42")


def draw(component, **values):
    return re.sub(r">\s*\n\s*<", "><", render_to_string(f"components/{component}.html", values).strip())


def test_badge():
    assert draw("badge", label="已办结", tone="done") == '<span class="st st-done">已办结</span>'


def test_clock(work_calendar):
    clock = draw(
        "clock",
        face=clock_face(at("2026-10-13 17:30"), NOW),
        label="本单位办理",
        unit_note="工作时间",
        note="截止 10月13日 17:30",
        why_url="#why",
    )

    assert clock == (
        '<div class="clock work"><span class="lab">本单位办理</span><strong>余 3 日 5 时 <small>工作时间</small></strong>'
        '<span class="s m">截止 10月13日 17:30　<a href="#why">怎么算的</a></span></div>'
    )


def test_timeline_item():
    item = {
        "tone": "work",
        "public": True,
        "at": at("2026-09-29 09:10"),
        "act": "首次联系",
        "about": "电话接通",
        "who": "李* · 章贡区城市管理局",
        "say": "告知今晚到场。\n<b>",
    }

    assert draw("timeline_item", item=item, at=NOW) == (
        '<li class="work pub"><time datetime="2026-09-29T09:10:00+08:00">09-29 09:10</time><div><div class="what">'
        '<b>首次联系</b> 电话接通 <span class="m">李* · 章贡区城市管理局</span></div>'
        '<div class="say">告知今晚到场。<br>&lt;b&gt;</div></div></li>'
    )


def test_empty():
    assert draw(
        "empty", title="没有待签收的工单", hint="新派来的会出现在这里。", url="/inbox/", link="看今天到期的"
    ) == (
        '<div class="none"><b>没有待签收的工单</b>新派来的会出现在这里。<br><a href="/inbox/">看今天到期的</a></div>'
    )


def test_note():
    assert draw("note", tone="due", head="日历未定。", text="公布后重算。") == (
        '<div class="note note-due" data-say><span><b>日历未定。</b>公布后重算。</span></div>'
    )


@pytest.mark.parametrize(("faster", "tone"), [(False, "over"), (True, "due")])
def test_refused(faster, tone):
    assert draw("refused", head="没有派出。", text="该事项不在履职事项内。", faster=faster) == (
        f'<div class="note note-{tone}" data-say role="alert"><span><b>没有派出。</b>该事项不在履职事项内。</span></div>'
    )


def test_pager_in_the_middle():
    assert draw("pager", shown=50, first_url="?", next_url="?after=9") == (
        '<nav class="pager" aria-label="翻页"><span>本页 <span data-rows-shown>50</span> 件</span><span class="grow"></span>'
        '<a class="btn btn-line btn-sm" href="?" data-key="p">回到第一页 <kbd>p</kbd></a>'
        '<a class="btn btn-line btn-sm" href="?after=9" data-key="." rel="next">往后 <kbd>.</kbd></a></nav>'
    )


def test_pager_at_the_end():
    assert draw("pager", shown=3, first_url="", next_url="") == (
        '<nav class="pager" aria-label="翻页"><span>本页 <span data-rows-shown>3</span> 件</span><span class="grow"></span><span class="m">到底了</span></nav>'
    )


@pytest.mark.parametrize(("unread", "label", "number"), [("", "通知", "<b></b>"), ("4", "通知 4 条未读", "<b>4</b>")])
def test_bell(unread, label, number):
    assert draw("bell", url="/notices/", poll_url="/notices/bell/", unread=unread) == (
        f'<a class="bell" id="bell" href="/notices/" aria-label="{label}" hx-get="/notices/bell/" '
        f'hx-trigger="poll-notices" hx-swap="outerHTML"><i class="ti ti-bell" aria-hidden="true"></i>{number}</a>'
    )


def test_message_that_can_be_taken_back():
    message = Message(25, "已派给章贡区城市管理局。", extra_tags="undo=/tickets/GZ1/acts/recall/")

    drawn = draw("messages", messages=[message], csrf_token="t")

    assert drawn.startswith(
        '<div class="note note-done" data-say data-fades><span>已派给章贡区城市管理局。 <form method="post"'
    )
    assert 'action="/tickets/GZ1/acts/recall/"' in drawn
    assert '<button class="undo" data-undo data-seconds="30">撤回（<span data-left>30</span> 秒）</button>' in drawn


def test_plain_message_stays_until_it_is_shut():
    assert draw("messages", messages=[Message(40, "没有派出。")]) == (
        '<div class="note note-over" data-say><span>没有派出。</span>'
        '<button type="button" class="shut" data-shut aria-label="收起">×</button></div>'
    )


class NoteForm(forms.Form):
    text = forms.CharField(label="批注")
    photo = forms.FileField(label="照片", required=False)

    def clean(self):
        raise forms.ValidationError("批注和照片至少填一项。")


def test_act_form():
    form = NoteForm({"text": "夜班巡查"})
    dialog = SimpleNamespace(htmx=True)

    drawn = draw("act_form", title="批注", form=form, url="/acts/note/", verb="记下", csrf_token="t", request=dialog)

    assert (
        'action="/acts/note/" hx-post="/acts/note/" hx-target="#act-body" data-act-form enctype="multipart/form-data"'
        in drawn
    )
    assert '<div class="note note-over mb" role="alert"><span>批注和照片至少填一项。</span></div>' in drawn
    assert 'name="text" value="夜班巡查"' in drawn
    assert '<button class="btn btn-primary" type="submit">记下 <kbd>Ctrl Enter</kbd></button>' in drawn


@pytest.mark.parametrize("code", [400, 403, 404, 409, 500])
def test_error_page_needs_no_context(code):
    page = render_to_string(f"{code}.html")

    assert f'<p class="code mt3">代码 {code}</p>' in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("code", [400, 403, 409])
def test_error_page_says_what_the_server_said(code):
    page = render_to_string(f"{code}.html", {"message": "刘* 已在 09:40 签收。"})

    assert '<p class="lead-in">刘* 已在 09:40 签收。</p>' in page


def test_public_page_has_no_script():
    page = render_to_string("public_base.html")

    assert "<script" not in page
    assert 'href="tel:12345"' in page
