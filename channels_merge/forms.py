"""Shape of what people type. Rules are in the services; what was typed comes back with the sentence."""

from django import forms

from channels_merge.identity import PhoneNotUnderstood, clean, normal_phone
from channels_merge.states import EmergencyLine, ExplainGround, Gender, LegalRoute
from hotline.models import Region
from responsibility.models import Category
from tickets.states import Kind, Urgency

SELECT_FIRST = [("", "请选择")]


class PhoneField(forms.CharField):
    def clean(self, value):
        try:
            return normal_phone(super().clean(value))
        except PhoneNotUnderstood as exc:
            raise forms.ValidationError(str(exc)) from exc


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
    title = forms.CharField(label="标题", max_length=100, required=False)
    place = forms.CharField(label="详细地点", max_length=200, required=False)
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
    name = forms.CharField(label="称呼", max_length=40, required=False)
    phone = PhoneField(label="回访号码", max_length=20, required=False)
    gender = forms.ChoiceField(choices=Gender.choices, required=False)
    preferred_time = forms.CharField(label="方便接听", max_length=40, required=False)
    hide = forms.BooleanField(label="对承办单位隐去姓名电话", required=False)
    anonymous = forms.BooleanField(label="匿名", required=False)
    act = forms.CharField(max_length=40)
    answer_told = forms.CharField(label="答复", max_length=5000, required=False, widget=forms.Textarea)
    line = forms.ChoiceField(choices=SELECT_FIRST + EmergencyLine.choices, label="紧急热线", required=False)
    line_note = forms.CharField(label="说明", max_length=200, required=False)
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
        label="详细地点", max_length=200, error_messages={"required": "请写路名、小区、门牌或附近标志。"}
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
    code = forms.CharField(
        max_length=6, error_messages={"required": "请写查询码。", "max_length": "查询码是 6 位数字。"}
    )

    def clean_number(self):
        return self.cleaned_data["number"].strip().upper()


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


class AcceptForm(forms.Form):
    """What an agent corrects while accepting a machine appeal."""

    title = forms.CharField(label="标题", max_length=100, error_messages={"required": "请写标题。"})
    kind = forms.ChoiceField(label="诉求类型", choices=Kind.choices, widget=forms.RadioSelect)
    urgency = forms.ChoiceField(label="紧急程度", choices=Urgency.choices, widget=forms.RadioSelect)
    region = forms.ModelChoiceField(
        Region.objects.none(), label="地区", required=False, empty_label="不清楚", to_field_name="code"
    )
    place = forms.CharField(label="详细地点", max_length=200, required=False)
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


class LinkForm(forms.Form):
    ticket = forms.CharField(label="工单编号", max_length=20, error_messages={"required": "请写工单编号。"})
    reason = forms.CharField(label="为何是同一件事", max_length=200, error_messages={"required": "请写明理由。"})

    def clean_ticket(self):
        return self.cleaned_data["ticket"].strip().upper()
