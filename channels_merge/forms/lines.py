"""Platforms that are plugged in."""

from django import forms

from channels_merge.forms.fields import RegionField
from channels_merge.models import Algorithm
from channels_merge.states import LINE_LIMITS, CodeKind
from hotline.fields import words_field
from hotline.limits import UNITS
from responsibility.fields import CategoryField

LIMIT_UNITS = [(unit, UNITS[unit]) for unit in ("wd", "wh", "d", "h")]


class LineForm(forms.Form):
    is_open = forms.BooleanField(
        label="接通", required=False, help_text="停用以后不收也不送，已收下的照办，要送的留着。"
    )
    algorithm = forms.ChoiceField(label="签名算法", choices=Algorithm.choices, widget=forms.RadioSelect)
    push_url = forms.URLField(
        label="推送地址",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="进展和结果送到这里；空着就不推送，由对方来查。",
        error_messages={"invalid": "推送地址不对，应如 https://example.gov.cn/hotline。"},
    )


class LineLimitForm(forms.Form):
    what = forms.ChoiceField(label="哪一项", choices=list(LINE_LIMITS.items()), initial="silent")
    amount = forms.IntegerField(
        label="多长",
        min_value=1,
        max_value=1000,
        error_messages={
            "required": "请写数量。",
            "invalid": "数量写整数。",
            "min_value": "数量至少是 1。",
            "max_value": "数量最多 1000。",
        },
    )
    unit = forms.ChoiceField(label="单位", choices=LIMIT_UNITS, initial="wd", widget=forms.RadioSelect)
    source = words_field("依据", 200, rows=2, help_text="法律、规章的名称和条款；自己定的写“自定”。")


class SourceForm(forms.Form):
    """How a line is fetched. Fields: one pair on a line, ours = theirs."""

    is_open = forms.BooleanField(label="启用", required=False)
    fields_text = words_field(
        "字段对应",
        3000,
        rows=7,
        help_text="一行一个：我方字段 = 对方字段。number 和 data.text 必须有；右边以 = 开头的照抄，如 data.kind = =投诉。",
    )

    def clean_fields_text(self):
        pairs = {}
        for line in self.cleaned_data["fields_text"].splitlines():
            ours, equals, theirs = line.partition("=")
            if not line.strip():
                continue
            if not equals or not ours.strip() or not theirs.strip():
                raise forms.ValidationError(f"这一行看不懂：{line.strip()[:40]}。应如 data.text = content。")
            pairs[ours.strip()] = theirs.strip()
        return pairs

    @staticmethod
    def as_text(pairs):
        return "\n".join(f"{ours} = {theirs}" for ours, theirs in pairs.items())


class PullForm(SourceForm):
    field_order = ("is_open", "url", "header_name", "header_value", "list_path", "fields_text")

    url = forms.URLField(
        label="取数地址",
        max_length=300,
        assume_scheme="https",
        error_messages={"required": "请写取数地址。", "invalid": "取数地址不对，应如 https://example.gov.cn/items。"},
    )
    header_name = words_field("认证头", 60, required=False, help_text="如 Authorization；不用认证就空着。")
    header_value = words_field("认证值", 300, required=False, help_text="加密存放，不再显示；空着保留原来的。")
    list_path = words_field("列表位置", 120, required=False, help_text="列表在答复里的位置，如 data.items。")
    cursor_param = words_field("断点参数", 60, required=False, help_text="从上次取到的地方接着取，如 since。")
    cursor_path = words_field(
        "断点取自", 120, required=False, help_text="如 data.next；取最后一条的字段写 item.updated_at。"
    )
    page_param = words_field("页码参数", 60, required=False)
    size_param = words_field("每页参数", 60, required=False)
    page_size = forms.IntegerField(label="每页条数", min_value=1, max_value=1000, initial=100)
    every_minutes = forms.IntegerField(label="间隔分钟", min_value=1, max_value=1440, initial=5)


class FolderForm(SourceForm):
    every_minutes = forms.IntegerField(label="间隔分钟", min_value=1, max_value=1440, initial=5)


class CodeForm(forms.Form):
    """What a code of another platform means here. That it means nothing is said, not left out."""

    nothing = forms.BooleanField(label="本市没有对应的，由人判断", required=False)
    field_order = ["target", "nothing"]

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        field = CategoryField if kind == CodeKind.CATEGORY else RegionField
        self.fields["target"] = field(label="对应到", required=False, empty_label="请选择")
        self.order_fields(self.field_order)

    def clean(self):
        cleaned = super().clean()
        if bool(cleaned.get("target")) == bool(cleaned.get("nothing")) and "target" not in self.errors:
            self.add_error("target", "请选择对应到什么；没有对应的，不选，勾上下面一格。")
        return cleaned
