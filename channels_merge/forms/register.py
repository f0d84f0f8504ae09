"""The register of channels, announced numbers, the board of the lines."""

from django import forms

from channels_merge import selectors
from channels_merge.forms.fields import SELECT_FIRST, day_field
from channels_merge.states import ChannelKind, IntakeWay, MilestoneKind
from hotline.fields import unit_of_name, words_field


class OwnerForm(forms.Form):
    """`unit` is asked of those who act for every unit; others act for their own."""

    unit = words_field("单位", 80, help_text="写全称或简称，如 市交通运输局。")

    def __init__(self, *args, own=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.own = own
        if own is not None:
            del self.fields["unit"]

    def clean_unit(self):
        return unit_of_name(self.cleaned_data["unit"].strip())

    @property
    def owner(self):
        return self.own or self.cleaned_data["unit"]


class ChannelForm(OwnerForm):
    def __init__(self, *args, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.at = at

    name = words_field("名称", 60)
    kind = forms.ChoiceField(label="种类", choices=SELECT_FIRST + ChannelKind.choices)
    way = forms.ChoiceField(label="诉求怎么进来", choices=SELECT_FIRST + IntakeWay.choices)
    address = words_field("号码或网址", 200)
    ground = words_field(
        "开办依据",
        300,
        required=False,
        rows=2,
        help_text="法律法规或文件的名称、文号和条款。拟新增的报备前必须写，早已设立的现在就写。",
    )
    announced = words_field("在哪里公布", 200, required=False)
    maintainer = words_field("维护人", 80, help_text="科室或姓名，和办公电话。")
    existed = forms.ChoiceField(
        label="新增还是已有",
        choices=[("new", "拟新增"), ("old", "早已设立")],
        widget=forms.RadioSelect,
        initial="new",
        help_text="拟新增的先报备、核准后启用；早已设立的写明证据和撤销日期，由渠道管理员核实，确需保留的再申请保留。",
    )
    since = day_field("设立日期", required=False, help_text="早已设立的填写，须在 2025-10-15 以前。")
    evidence = words_field(
        "证据",
        500,
        required=False,
        rows=2,
        help_text="早已设立的填写：当年的文件、公告、开通单据，写明名称和日期。",
    )
    ends_on = day_field("撤销日期", required=False, help_text="早已设立的填写。")

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("existed") == "old":
            for name in ("ground", "since", "evidence", "ends_on"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, f"早已设立的，请写{self.fields[name].label}。")
            self._check_days(cleaned.get("since"), cleaned.get("ends_on"))
        return cleaned

    def _check_days(self, since, ends_on):
        """The service refuses these as well, but one at a time, and only when all else is right."""
        if since and (why := selectors.why_not_since(since)):
            self.add_error("since", why)
        if ends_on and (why := selectors.why_not_end(ends_on, at=self.at)):
            self.add_error("ends_on", why)


class ReviseChannelForm(forms.Form):
    name = words_field("名称", 60)
    address = words_field("号码或网址", 200)
    ground = words_field("开办依据", 300, required=False, rows=2)
    announced = words_field("在哪里公布", 200, required=False)
    maintainer = words_field("维护人", 80)


class ChannelWordsForm(forms.Form):
    """A reason, and a day where the act needs one."""

    words = words_field("理由", 500, rows=3)
    day = day_field("撤销日期")

    def __init__(self, *args, label="", required=True, day=None, **kwargs):
        super().__init__(*args, **kwargs)
        if label:
            self.fields["words"].label = label
            self.fields["words"].error_messages["required"] = f"请写{label}。"
        self.fields["words"].required = required
        if day is None:
            del self.fields["day"]
        else:
            self.fields["day"].required = day


class PhoneEntryForm(OwnerForm):
    number = words_field("号码", 30)
    purpose = words_field("用途", 60)
    announced = words_field("在哪里公布", 200, help_text="网站、公示牌、宣传单……写全，变更时照此逐处改。")
    maintainer = words_field("维护人", 80)


class CheckPhoneForm(forms.Form):
    result = forms.ChoiceField(
        label="打通了没有",
        choices=[("ok", "打得通，能办事"), ("wrong", "有误")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择核对结果。"},
    )
    note = words_field("核对情况", 200, required=False, rows=2, help_text="有误的写明：空号、无人接、答非所问……")


class ChangePhoneForm(forms.Form):
    number = words_field("新号码", 30)
    reason = words_field("原因", 200, rows=2)


class NewMilestoneForm(forms.Form):
    kind = forms.ChoiceField(label="要求", choices=SELECT_FIRST + MilestoneKind.choices)
    text = words_field("内容", 100, rows=2, help_text="做到什么算完成，如“来电平均等待降到 15 秒”。")
    due_on = day_field("期限", help_text="2026-06-30 以后。")


class MilestoneForm(forms.Form):
    evidence = words_field("佐证", 500, rows=3, help_text="文件号、上线公告、测试记录……")
    done_on = day_field("完成日期", required=False, help_text="还没有完成的空着。")
    file = forms.FileField(label="佐证文件", required=False)
