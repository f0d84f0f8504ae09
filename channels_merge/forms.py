"""Shape of what people type. Rules are in the services; what was typed comes back with the sentence."""

import re
import unicodedata

from django import forms
from django.db.models import Q

from channels_merge.identity import PhoneNotUnderstood, clean, normal_phone
from channels_merge.models import Algorithm, Channel
from channels_merge.states import (
    LINE_LIMITS,
    ChannelKind,
    CodeKind,
    EmergencyLine,
    ExplainGround,
    Gender,
    IntakeWay,
    LegalRoute,
    MilestoneKind,
    PlaceKind,
)
from hotline.limits import UNITS
from hotline.models import Region, Unit
from responsibility.models import Category
from tickets.states import Kind, Urgency

LIMIT_UNITS = [(unit, UNITS[unit]) for unit in ("wd", "wh", "d", "h")]
SELECT_FIRST = [("", "请选择")]


class PhoneField(forms.CharField):
    def clean(self, value):
        try:
            return normal_phone(super().clean(value))
        except PhoneNotUnderstood as exc:
            raise forms.ValidationError(str(exc)) from exc


def at_most(name: str, most: int) -> str:
    """The sentence of what is too long; the form keeps it, so that nothing has to be typed again."""
    return f"{name}最多写 {most} 个字，现在有 %(show_value)s 个字。"


class MatterForm(forms.Form):
    text = forms.CharField(
        label="什么事",
        min_length=5,
        max_length=5000,
        widget=forms.Textarea,
        error_messages={
            "required": "请写什么事。",
            "min_length": "什么事至少写 5 个字。",
            "max_length": "什么事最多写 5000 个字。",
        },
    )
    title = forms.CharField(
        label="标题", max_length=100, required=False, error_messages={"max_length": at_most("标题", 100)}
    )
    place = forms.CharField(
        label="详细地点", max_length=200, required=False, error_messages={"max_length": at_most("详细地点", 200)}
    )
    region = forms.ModelChoiceField(
        Region.objects.all(),
        to_field_name="code",
        label="地区",
        required=False,
        error_messages={"invalid_choice": "没有这个地区。"},
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(level=3),
        to_field_name="code",
        label="事项",
        required=False,
        error_messages={"invalid_choice": "没有这个事项。"},
    )
    kind = forms.ChoiceField(
        choices=Kind.choices, label="诉求类型", required=False, error_messages={"invalid_choice": "没有这种诉求类型。"}
    )
    urgency = forms.ChoiceField(choices=Urgency.choices, label="紧急程度", required=False, initial=Urgency.NORMAL)
    enterprise = forms.BooleanField(label="涉企", required=False)

    def clean_urgency(self):
        return self.cleaned_data["urgency"] or Urgency.NORMAL

    def clean_text(self):
        return clean(self.cleaned_data["text"])

    def matter_fields(self):
        return {
            "text": self.cleaned_data["text"],
            "title": self.cleaned_data["title"],
            "place": self.cleaned_data["place"],
            "region": self.cleaned_data["region"],
            "category": self.cleaned_data["category"],
            "kind": self.cleaned_data["kind"],
            "urgency": self.cleaned_data["urgency"],
            "is_enterprise": self.cleaned_data["enterprise"],
        }


class DeskForm(MatterForm):
    draft = forms.CharField(max_length=60, widget=forms.HiddenInput)
    call = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    phone_call = forms.CharField(max_length=36, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="称呼", max_length=40, required=False)
    phone = PhoneField(label="回访号码", max_length=20, required=False)
    gender = forms.ChoiceField(choices=Gender.choices, required=False)
    preferred_time = forms.CharField(label="方便接听", max_length=40, required=False)
    hide = forms.BooleanField(label="对承办单位隐去姓名电话", required=False)
    anonymous = forms.BooleanField(label="匿名", required=False)
    restricted = forms.BooleanField(label="保密", required=False)
    act = forms.CharField(max_length=40)
    answer_told = forms.CharField(label="答复", max_length=5000, required=False, widget=forms.Textarea)
    line = forms.ChoiceField(choices=SELECT_FIRST + EmergencyLine.choices, label="紧急热线", required=False)
    line_note = forms.CharField(label="说明", max_length=200, required=False)
    three_party = forms.BooleanField(required=False)
    route = forms.ChoiceField(choices=SELECT_FIRST + LegalRoute.choices, label="法定途径", required=False)
    route_told = forms.CharField(max_length=5000, required=False, widget=forms.Textarea)
    ground = forms.ChoiceField(choices=SELECT_FIRST + ExplainGround.choices, label="事由", required=False)
    ground_told = forms.CharField(max_length=5000, required=False, widget=forms.Textarea)
    police_told = forms.CharField(max_length=5000, required=False, widget=forms.Textarea)

    def clean(self):
        cleaned = super().clean()
        act = cleaned.get("act", "")
        if act == "accept" and not (cleaned.get("place") or cleaned.get("region")):
            self.add_error("place", "请写在哪里：选县区，或写路名、小区。")
        return cleaned


class PublicForm(MatterForm):
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    phone = PhoneField(label="手机号", max_length=20, error_messages={"required": "请写手机号，用来告诉您结果。"})
    place = forms.CharField(
        label="详细地点",
        max_length=200,
        error_messages={"required": "请写路名、小区、门牌或附近标志。", "max_length": at_most("详细地点", 200)},
    )
    name = forms.CharField(label="怎么称呼您", max_length=40, required=False)
    hide = forms.BooleanField(required=False)
    # People do not see this field; programs fill it in.
    website = forms.CharField(required=False, max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].required = True
        self.fields["region"].error_messages["required"] = "请选县（市、区）。"


class TrackForm(forms.Form):
    number = forms.CharField(max_length=20, error_messages={"required": "请写编号。"})
    # Six digits, read out and written down with blanks between them.
    code = forms.CharField(
        max_length=20, error_messages={"required": "请写查询码。", "max_length": "查询码是 6 位数字。"}
    )

    def clean_number(self):
        return "".join(self.cleaned_data["number"].split()).upper()

    def clean_code(self):
        """What is no code is told so before it counts as a guess."""
        code = unicodedata.normalize("NFKC", "".join(self.cleaned_data["code"].split()))
        if not re.fullmatch(r"[0-9]{6}", code):
            raise forms.ValidationError("查询码是 6 位数字。")
        return code


class WordsForm(forms.Form):
    """One text, in the words of the act."""

    text = forms.CharField(label="说明", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), required=False)

    def __init__(self, *args, label="说明", required=False, missing="请写说明。", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label
        self.fields["text"].required = required
        self.fields["text"].error_messages["required"] = missing


class ReasonForm(WordsForm):
    def __init__(self, *args, label="理由", missing="请写明理由。", **kwargs):
        super().__init__(*args, label=label, required=True, missing=missing, **kwargs)
        self.fields["text"].max_length = 200
        self.fields["text"].widget.attrs["rows"] = 2


class UnlinkForm(ReasonForm):
    """A mistake counts as a wrong merge; what is one matter and handled apart now does not."""

    apart = forms.ChoiceField(
        label="为何分开",
        choices=[("wrong", "本来不是同一件"), ("split", "是同一件，现在分开办")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择为何分开。"},
    )
    field_order = ["apart", "text"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label="说明", **kwargs)


class MergeSwitchForm(forms.Form):
    """Where the system may link by itself: a channel or a category."""

    channel = forms.ModelChoiceField(
        Channel.objects.none(), label="渠道", required=False, empty_label="不按渠道", to_field_name="code"
    )
    category = forms.ModelChoiceField(
        Category.objects.none(), label="事项", required=False, empty_label="不按事项", to_field_name="code"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = Channel.objects.filter(is_machine=True).order_by("name")
        self.fields["category"].queryset = Category.objects.order_by("code")


class AcceptForm(forms.Form):
    """What an agent corrects while accepting a machine appeal."""

    title = forms.CharField(
        label="标题", max_length=100, error_messages={"required": "请写标题。", "max_length": at_most("标题", 100)}
    )
    kind = forms.ChoiceField(label="诉求类型", choices=Kind.choices, widget=forms.RadioSelect)
    urgency = forms.ChoiceField(label="紧急程度", choices=Urgency.choices, widget=forms.RadioSelect)
    region = forms.ModelChoiceField(
        Region.objects.none(), label="地区", required=False, empty_label="不清楚", to_field_name="code"
    )
    place = forms.CharField(
        label="详细地点", max_length=200, required=False, error_messages={"max_length": at_most("详细地点", 200)}
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(level=3).select_related("parent__parent").order_by("code"),
        label="事项",
        required=False,
        empty_label="由派单员定",
        to_field_name="code",
    )
    is_enterprise = forms.BooleanField(label="涉企", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = Region.objects.select_related("parent").order_by("code")
        self.fields["region"].label_from_instance = region_label
        self.fields["category"].label_from_instance = category_label


def region_label(region):
    return f"{region.parent.name} · {region.name}" if region.level == Region.Level.TOWNSHIP else region.name


def category_label(category):
    return f"{category.parent.parent.name} / {category.parent.name} / {category.name}"


class AnswerForm(forms.Form):
    category = forms.ModelChoiceField(
        Category.objects.filter(level=3).select_related("parent__parent").order_by("code"),
        label="事项",
        empty_label="请选择",
        to_field_name="code",
        error_messages={"required": "请选择事项。"},
    )
    told = forms.CharField(
        label="答复",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "请写答复。"},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["category"].label_from_instance = category_label


class ChoiceAndWordsForm(forms.Form):
    choice = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": "请选择一项。"})
    told = forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, choices, label, told_label, told_required=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = choices
        self.fields["choice"].label = label
        self.fields["told"].label = told_label
        self.fields["told"].required = told_required
        self.fields["told"].error_messages["required"] = f"请写{told_label}。"


class TransferForm(ChoiceAndWordsForm):
    three_party = forms.BooleanField(
        label="三方通话", required=False, help_text="分不清归谁的，来电人和两家一起通话；仍不一致，先接到的登记受理。"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(
            *args, choices=EmergencyLine.choices, label="转给", told_label="说明", told_required=False, **kwargs
        )


class LinkForm(forms.Form):
    ticket = forms.CharField(label="工单编号", max_length=20, error_messages={"required": "请写工单编号。"})
    reason = forms.CharField(label="为何是同一件事", max_length=200, error_messages={"required": "请写明理由。"})

    def clean_ticket(self):
        return self.cleaned_data["ticket"].strip().upper()


# --- the register of channels, announced numbers, the board of the lines


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


def words_field(label, most, *, required=True, rows=0, **kwargs):
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    missing = {"required": f"请写{label}。", "max_length": f"{label}最多写 {most} 个字。"}
    return forms.CharField(
        label=label, max_length=most, required=required, widget=widget, error_messages=missing, **kwargs
    )


def day_field(label, *, required=True, **kwargs):
    wrong = {"required": f"请写{label}。", "invalid": f"{label}写成 2026-12-31 这样。"}
    return forms.DateField(label=label, required=required, widget=DayInput(), error_messages=wrong, **kwargs)


def unit_of_name(name):
    """The one unit that is called so, in full or in short."""
    found = list(Unit.objects.filter(Q(name=name) | Q(short_name=name), valid_until=None)[:2])
    if not found:
        raise forms.ValidationError(f"没有叫“{name}”的单位。")
    if len(found) > 1:
        raise forms.ValidationError(f"叫“{name}”的单位不止一个，请写全称。")
    return found[0]


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
    name = words_field("名称", 60)
    kind = forms.ChoiceField(label="种类", choices=SELECT_FIRST + ChannelKind.choices)
    way = forms.ChoiceField(label="诉求怎么进来", choices=SELECT_FIRST + IntakeWay.choices)
    address = words_field("号码或网址", 200)
    ground = words_field(
        "开办依据", 300, required=False, rows=2, help_text="法律法规或文件的名称、文号和条款。报备前必须写。"
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
        return cleaned


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


# --- platforms that are plugged in


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

    target = forms.ModelChoiceField(Category.objects.none(), label="对应到", required=False, to_field_name="code")

    nothing = forms.BooleanField(label="本市没有对应的，由人判断", required=False)

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        field.empty_label = "请选择"
        if kind == CodeKind.CATEGORY:
            field.queryset = Category.objects.filter(level=3).select_related("parent__parent").order_by("code")
            field.label_from_instance = category_label
        else:
            field.queryset = Region.objects.select_related("parent").order_by("code")
            field.label_from_instance = region_label

    def clean(self):
        cleaned = super().clean()
        if bool(cleaned.get("target")) == bool(cleaned.get("nothing")) and "target" not in self.errors:
            self.add_error("target", "请选择对应到什么；没有对应的，不选，勾上下面一格。")
        return cleaned


# --- 便民码


class CodePageForm(forms.Form):
    """What the page of a code asks: three fields, and a photo that the view takes."""

    token = forms.UUIDField(required=False)
    text = forms.CharField(
        min_length=5,
        max_length=5000,
        error_messages={
            "required": "请写什么事。",
            "min_length": "什么事至少写 5 个字。",
            "max_length": "什么事最多写 5000 个字。",
        },
    )
    phone = PhoneField(max_length=20, error_messages={"required": "请写手机号，用来告诉您结果。"})
    name = forms.CharField(max_length=40, required=False)
    hide = forms.BooleanField(required=False)
    # People do not see this field; programs fill it in.
    website = forms.CharField(required=False, max_length=200)


class CorrectCodeForm(forms.Form):
    """What a code fills in."""

    name = words_field("名称", 60, help_text="印在码上，如 锦江花园 3 栋 2 单元电梯。")
    region = forms.ModelChoiceField(Region.objects.none(), label="地区", empty_label="请选择", to_field_name="code")
    place = words_field("详细地点", 120, required=False)
    unit = words_field("管理单位", 80, required=False, help_text="写全称或简称；不清楚的空着，由派单员定。")
    longitude = words_field("经度", 20, required=False, help_text="如 114.935；知道就写，找同一件事时按距离比。")
    latitude = words_field("纬度", 20, required=False, help_text="如 25.831。")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].queryset = Region.objects.select_related("parent").order_by("code")
        self.fields["region"].label_from_instance = region_label

    def clean_unit(self):
        name = self.cleaned_data["unit"].strip()
        return unit_of_name(name) if name else None


class MakeCodeForm(CorrectCodeForm):
    kind = forms.ChoiceField(label="种类", choices=SELECT_FIRST + PlaceKind.choices)
    field_order = ["kind"]


class MoveCodeForm(forms.Form):
    token = words_field("新码", 20, help_text="十位，印在新码下面；新码要先建好。")
    reason = words_field("原因", 200, rows=2)
