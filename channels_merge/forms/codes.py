"""便民码."""

from django import forms

from channels_merge.forms.fields import SELECT_FIRST, RegionField
from channels_merge.states import PlaceKind
from hotline.fields import unit_of_name, words_field


class CorrectCodeForm(forms.Form):
    """What a code fills in."""

    name = words_field("名称", 60, help_text="印在码上，如 锦江花园 3 栋 2 单元电梯。")
    region = RegionField(empty_label="请选择")
    place = words_field("详细地点", 120, required=False)
    unit = words_field("管理单位", 80, required=False, help_text="写全称或简称；不清楚的空着，由派单员定。")
    longitude = words_field("经度", 20, required=False, help_text="如 114.935；知道就写，找同一件事时按距离比。")
    latitude = words_field("纬度", 20, required=False, help_text="如 25.831。")

    def clean_unit(self):
        name = self.cleaned_data["unit"].strip()
        return unit_of_name(name) if name else None


class MakeCodeForm(CorrectCodeForm):
    kind = forms.ChoiceField(label="种类", choices=SELECT_FIRST + PlaceKind.choices)
    field_order = ["kind"]


class MoveCodeForm(forms.Form):
    token = words_field("新码", 20, help_text="十位，印在新码下面；新码要先建好。")
    reason = words_field("原因", 200, rows=2)
