from datetime import date

import pytest
from django import forms
from django.contrib.messages.storage.base import Message

from hotline import calendar
from hotline.limits import Limit
from hotline.models import Region
from hotline.templatetags.hotline import clock_face, undo_url
from tests.hotline.calendars import at

NOW = at("2026-10-09 09:42")


# 1–7 October are days off, Saturday the 10th is worked.
@pytest.mark.parametrize(
    ("due", "unit", "words", "tone"),
    [
        ("2026-10-13 17:30", "wd", "余 3日5时", ""),
        ("2026-10-10 17:30", "wd", "余 1日5时", ""),
        ("2026-10-09 17:30", "wd", "余 5时18分", "due"),
        ("2026-10-09 11:30", "wh", "余 1时48分", ""),
        ("2026-10-09 10:00", "wh", "余 18分", "due"),
        ("2026-10-09 12:42", "h", "余 3时", ""),
        ("2026-10-11 12:00", "d", "余 2天2时", ""),
        ("2026-10-08 17:30", "wd", "超 16时12分", "over"),
        ("2026-09-30 17:30", "wd", "超 8天16时", "over"),
        ("2026-10-08 08:00", "h", "超 1天1时", "over"),
        ("2026-10-09 09:41:30", "h", "超 1分", "over"),
    ],
)
def test_clock_face_of_a_running_clock(work_calendar, due, unit, words, tone):
    face = clock_face(at(due), NOW, unit=unit)

    assert (face.words, face.tone) == (words, tone)


@pytest.mark.parametrize(
    ("stopped", "words", "tone"),
    [
        ("2026-10-09 09:00", "提前 3日", "done"),
        ("2026-10-13 17:18", "提前 12分", "done"),
        ("2026-10-14 09:30", "超 16时", "past"),
    ],
)
def test_clock_face_of_a_stopped_clock(work_calendar, stopped, words, tone):
    face = clock_face(at("2026-10-13 17:30"), NOW, stopped_at=at(stopped))

    assert (face.words, face.tone) == (words, tone)


def test_an_evening_over_a_limit_in_working_time_is_not_nothing(work_calendar):
    face = clock_face(at("2026-10-09 17:30"), at("2026-10-09 22:19"), unit="wd")

    assert (face.words, face.tone) == ("超 4时49分", "over")


def test_clock_face_turns_yellow_where_the_clock_says_so(work_calendar):
    face = clock_face(at("2026-10-10 09:42"), NOW, unit="h", soon_at=at("2026-10-09 09:42"))

    assert (face.words, face.wide, face.tone, face.head_tone) == ("余 1天", "余 1 天", "due", "due")


def test_clock_chip(work_calendar, render):
    chip = render("{% clock_chip due now %}", due=at("2026-10-09 17:30"), now=NOW)

    assert chip == '<span class="ck ck-due" title="限 今天 17:30">余 5时18分</span>'


def test_clock_chip_without_a_clock(render):
    assert (
        render("{% clock_chip due now %}{% clock_of due now %}", due=None, now=NOW) == '<span class="ck">—</span>' * 2
    )


def test_day_tape(work_calendar, render):
    explanation = calendar.load_calendar().add(at("2026-09-28 10:05"), Limit.parse("7wd")).explanation

    tape = render(
        "{% day_tape explanation now %}", explanation=explanation | {"rule": "职责清单第12版 CG-04-013"}, now=NOW
    )

    assert tape.count("<li") == 16
    assert '<li class="past" title="9月28日 工作日">一<br>28<b>收</b></li>' in tape
    assert '<li class="off" title="10月4日 国庆节">日<br>4<b>休</b></li>' in tape
    assert '<li class="past now" title="10月9日 工作日">五<br>9<b>4</b></li>' in tape
    assert 'class="made"' in tape
    assert '<li class="end" title="10月13日 工作日">二<br>13<b>7</b></li>' in tape
    assert "时限依据：职责清单第12版 CG-04-013。" in tape


def test_a_long_day_tape_wraps_and_names_its_months(work_calendar, render):
    explanation = calendar.load_calendar().add(at("2026-09-28 10:05"), Limit.parse("15wd")).explanation

    tape = render("{% day_tape explanation now %}", explanation=explanation, now=NOW)

    assert '<ol class="tape tape-long"' in tape
    assert "tape-m" not in tape
    assert tape.count("9/28<b>收</b>") == tape.count("四<br>10/1<b>休</b>") == tape.count("<br>23<b>15</b>") == 1


def test_day_tape_of_an_elapsed_limit_is_words_only(work_calendar, render):
    explanation = calendar.load_calendar().add(NOW, Limit.parse("24h")).explanation

    tape = render("{% day_tape explanation now %}", explanation=explanation, now=NOW)

    assert tape == '<p class="s m2 mt">自2026年10月9日 09:42起 24 小时，至2026年10月10日 09:42。</p>'


def test_road(render):
    steps = [
        {"name": "受理", "state": "done", "note": "9-28 10:05"},
        {"name": "办理", "state": "now", "note": "超 1日1时", "late": True},
        {"name": "办结"},
    ]

    assert render("{% road steps %}", steps=steps).replace("\n", "") == (
        '<ol class="road rpad" aria-label="办理进程"><li class="done"><b>受理</b><span>9-28 10:05</span></li>'
        '<li class="now" aria-current="step"><b>办理</b><span class="late">超 1日1时</span></li><li><b>办结</b></li></ol>'
    )


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("南外街道", ""),
        ("章贡区红旗大道", "红旗大道"),
        ("赣州市章贡区南外街道 红旗大道", "红旗大道"),
        ("红旗大道章贡区段", "红旗大道章贡区段"),
        ("", ""),
    ],
)
def test_a_place_does_not_repeat_its_region(render, place, shown):
    region = Region(name="南外街道", level="township", parent=Region(name="章贡区", level="county"))

    assert render("{{ place|beyond:region }}", place=place, region=region) == shown
    assert render("{{ place|beyond:region }}", place=place, region=None) == place


def test_small_marks(render):
    assert render('{% state_chip "待签收" "wait" %}') == '<span class="st st-wait">待签收</span>'
    assert render('{% kbd "Ctrl Enter" %}') == "<kbd>Ctrl Enter</kbd>"
    assert render('{% icon "home" %}') == '<i class="ti ti-home" aria-hidden="true"></i>'


def test_highlight_escapes_and_prefers_the_longer_word(render):
    marked = render(
        "{% highlight text words %}", text="<b>夜间施工</b>噪声 a.b", words=["夜间", "夜间施工", "a.b", ""]
    )

    assert marked == "&lt;b&gt;<mark>夜间施工</mark>&lt;/b&gt;噪声 <mark>a.b</mark>"


def test_highlight_without_words(render):
    assert render("{% highlight text words %}", text="1 < 2", words=()) == "1 &lt; 2"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{{ when|dt:now }}", "10-13 17:30"),
        ("{{ when|dt }}", "10-13 17:30"),
        ("{{ now|dt:now }}", "今天 09:42"),
        ("{{ old|dt:now }}", "2025-12-31"),
        ("{{ none|dt:now }}", "—"),
        ("{{ when|date_cn }}", "10月13日 17:30"),
        ("{{ now|date_cn:now }}", "今天 09:42"),
        ("{{ old|date_cn:now }}", "2025年12月31日 08:05"),
        ("{{ when|day_cn }}", "10月13日"),
        ("{{ day|day_cn }}", "10月1日"),
        ("{{ now|moment_cn }}", "10月9日 周五 09:42"),
        ("{{ start|elapsed:now }}", "10 天 23 时"),
        ("{{ now|elapsed:now }}", "0 分"),
        ("{{ none|elapsed:now }}", "—"),
        ('{{ "王小明"|masked }}', "王*"),
        ('{{ "13807971234"|masked_phone }}', "138****1234"),
        ('{{ "请打13807971234"|redacted }}', "请打138****1234"),
    ],
)
def test_moments_and_names(render, expression, expected):
    values = {
        "when": at("2026-10-13 17:30"),
        "now": NOW,
        "old": at("2025-12-31 08:05"),
        "start": at("2026-09-28 10:05"),
        "day": date(2026, 10, 1),
        "none": None,
    }

    assert render(expression, **values) == expected


def test_undo_address_is_only_of_this_site():
    assert undo_url(Message(25, "已派。", extra_tags="undo=/tickets/GZ1/acts/recall/")) == "/tickets/GZ1/acts/recall/"
    assert undo_url(Message(25, "已派。", extra_tags="undo=https://elsewhere/")) == ""
    assert undo_url(Message(25, "已派。")) == ""


class ReturnForm(forms.Form):
    ground = forms.ChoiceField(label="理由", choices=[("a", "不属本单位")], widget=forms.RadioSelect)
    text = forms.CharField(
        label="说明", min_length=5, help_text="写明依据。", error_messages={"min_length": "还差几个字。"}
    )
    unit = forms.ChoiceField(label="建议单位", choices=[("1", "城管局")], required=False)
    told = forms.BooleanField(label="已说明", required=False)


def test_form_field_keeps_what_was_typed_and_says_how_to_mend(render):
    form = ReturnForm({"text": "太短"})

    field = render('{% include "components/form_field.html" with field=form.text only %}', form=form)

    assert field == (
        '<label class="f"><span>说明 <b class="req">必填</b></span>'
        '<input type="text" name="text" value="太短" minlength="5" class="form-control is-miss" required '
        'aria-invalid="true" aria-describedby="id_text_helptext id_text_error" id="id_text">'
        '<small class="help" id="id_text_helptext">写明依据。</small><em class="err" id="id_text_error">还差几个字。</em></label>'
    )


def test_form_field_draws_few_choices_as_picks(render):
    field = render('{% include "components/form_field.html" with field=form.ground only %}', form=ReturnForm())

    assert field == (
        '<div class="f" role="radiogroup" aria-label="理由"><span>理由 <b class="req">必填</b></span><span class="pick">'
        '<label><input type="radio" name="ground" value="a" id="id_ground_0" required>不属本单位</label></span></div>'
    )


def test_form_field_of_a_select_and_a_box(render):
    draw = '{% include "components/form_field.html" with field=field only %}'
    form = ReturnForm()

    assert 'class="form-select"' in render(draw, field=form["unit"])
    assert render(draw, field=form["told"]) == (
        '<label class="f"><input type="checkbox" name="told" class="ckb" id="id_told"> 已说明</label>'
    )
