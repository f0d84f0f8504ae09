"""What a person reports and asks: at the desk, on the public pages, on the page of a code."""

import re
import unicodedata

from django import forms

from channels_merge.forms.fields import SELECT_FIRST, PhoneField, StoryField
from channels_merge.states import EmergencyLine, ExplainGround, Gender, LegalRoute
from hotline.fields import TypedField, at_most
from hotline.models import Region
from responsibility.models import Category
from tickets.states import Kind, Urgency


class MatterForm(forms.Form):
    text = StoryField()
    title = TypedField(
        label="标题", max_length=100, required=False, error_messages={"max_length": at_most("标题", 100)}
    )
    place = TypedField(
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
    draft = TypedField(max_length=60, widget=forms.HiddenInput)
    call = TypedField(max_length=20, required=False, widget=forms.HiddenInput)
    phone_call = TypedField(max_length=36, required=False, widget=forms.HiddenInput)
    name = TypedField(label="称呼", max_length=40, required=False)
    phone = PhoneField(label="回访号码", max_length=20, required=False)
    gender = forms.ChoiceField(choices=Gender.choices, required=False)
    preferred_time = TypedField(label="方便接听", max_length=40, required=False)
    hide = forms.BooleanField(label="对承办单位隐去姓名电话", required=False)
    anonymous = forms.BooleanField(label="匿名", required=False)
    restricted = forms.BooleanField(label="保密", required=False)
    act = TypedField(max_length=40)
    answer_told = TypedField(label="答复", max_length=5000, required=False, widget=forms.Textarea)
    line = forms.ChoiceField(choices=SELECT_FIRST + EmergencyLine.choices, label="紧急热线", required=False)
    line_note = TypedField(label="说明", max_length=200, required=False)
    three_party = forms.BooleanField(required=False)
    route = forms.ChoiceField(choices=SELECT_FIRST + LegalRoute.choices, label="法定途径", required=False)
    route_told = TypedField(max_length=5000, required=False, widget=forms.Textarea)
    ground = forms.ChoiceField(choices=SELECT_FIRST + ExplainGround.choices, label="事由", required=False)
    ground_told = TypedField(max_length=5000, required=False, widget=forms.Textarea)
    police_told = TypedField(max_length=5000, required=False, widget=forms.Textarea)

    def clean(self):
        cleaned = super().clean()
        act = cleaned.get("act", "")
        if act == "accept" and not (cleaned.get("place") or cleaned.get("region")):
            self.add_error("place", "请写在哪里：选县区，或写路名、小区。")
        return cleaned


class PublicForm(MatterForm):
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    phone = PhoneField(label="手机号", max_length=20, error_messages={"required": "请写手机号，用来告诉您结果。"})
    place = TypedField(
        label="详细地点",
        max_length=200,
        error_messages={"required": "请写路名、小区、门牌或附近标志。", "max_length": at_most("详细地点", 200)},
    )
    name = TypedField(label="怎么称呼您", max_length=40, required=False)
    hide = forms.BooleanField(required=False)
    # The view takes the files; what refuses them stands here.
    photo = forms.Field(required=False)
    # People do not see this field; programs fill it in.
    website = TypedField(required=False, max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].required = True
        self.fields["region"].error_messages["required"] = "请选县（市、区）。"


class TrackForm(forms.Form):
    number = TypedField(max_length=20, error_messages={"required": "请写编号。"})
    # Six digits, read out and written down with blanks between them.
    code = TypedField(max_length=20, error_messages={"required": "请写查询码。", "max_length": "查询码是 6 位数字。"})

    def clean_number(self):
        return "".join(self.cleaned_data["number"].split()).upper()

    def clean_code(self):
        """What is no code is told so before it counts as a guess."""
        code = unicodedata.normalize("NFKC", "".join(self.cleaned_data["code"].split()))
        if not re.fullmatch(r"[0-9]{6}", code):
            raise forms.ValidationError("查询码是 6 位数字。")
        return code


class CodePageForm(forms.Form):
    """What the page of a code asks."""

    token = forms.UUIDField(required=False)
    text = StoryField()
    phone = PhoneField(max_length=20, error_messages={"required": "请写手机号，用来告诉您结果。"})
    name = TypedField(max_length=40, required=False)
    hide = forms.BooleanField(required=False)
    # The view takes the files; what refuses them stands here.
    photo = forms.Field(required=False)
    # People do not see this field; programs fill it in.
    website = TypedField(required=False, max_length=200)
