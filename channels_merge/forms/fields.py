"""Fields and labels that several forms share."""

from django import forms

from channels_merge.identity import PhoneNotUnderstood, normal_phone
from hotline.fields import TypedField
from hotline.models import Region

SELECT_FIRST = [("", "请选择")]


class StoryField(TypedField):
    """What happened, in five letters at least: signs and pictures alone say nothing."""

    def __init__(self):
        wrong = {
            "required": "请写什么事。",
            "min_length": "什么事至少写 5 个字。",
            "max_length": "什么事最多写 5000 个字。",
        }
        super().__init__(label="什么事", min_length=5, max_length=5000, widget=forms.Textarea, error_messages=wrong)

    def validate(self, value):
        super().validate(value)
        if sum(sign.isalnum() for sign in value) < self.min_length:
            raise forms.ValidationError(self.error_messages["min_length"])


class PhoneField(TypedField):
    def clean(self, value):
        try:
            return normal_phone(super().clean(value))
        except PhoneNotUnderstood as exc:
            raise forms.ValidationError(str(exc)) from exc


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


def day_field(label, *, required=True, **kwargs):
    wrong = {"required": f"请写{label}。", "invalid": f"{label}写成 2026-12-31 这样。"}
    return forms.DateField(label=label, required=required, widget=DayInput(), error_messages=wrong, **kwargs)


class RegionField(forms.ModelChoiceField):
    """Every county and township, by code; a township says its county."""

    def __init__(self, *, label="地区", **kwargs):
        everywhere = Region.objects.select_related("parent").order_by("code")
        super().__init__(everywhere, label=label, to_field_name="code", **kwargs)

    def label_from_instance(self, obj):
        return f"{obj.parent.name} · {obj.name}" if obj.level == Region.Level.TOWNSHIP else obj.name
