"""Acts on appeals and matters."""

from django import forms

from channels_merge.forms.fields import RegionField
from channels_merge.models import Channel
from channels_merge.states import EmergencyLine
from hotline.fields import at_most, words_field
from responsibility.fields import CategoryField
from responsibility.models import Category
from tickets.states import Kind, Urgency


class WordsForm(forms.Form):
    """One text, in the words of the act."""

    text = forms.CharField(label="说明", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), required=False)

    def __init__(self, *args, label="说明", required=False, missing="请写说明。", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label
        self.fields["text"].required = required
        self.fields["text"].error_messages["required"] = missing


class ReasonForm(WordsForm):
    """As short as it is kept: nothing that was typed is cut."""

    def __init__(self, *args, label="理由", missing="请写明理由。", **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"] = words_field(label, 200, rows=2)
        self.fields["text"].error_messages["required"] = missing


class ChoiceAndWordsForm(forms.Form):
    choice = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": "请选择一项。"})

    def __init__(self, *args, choices, label, told_label, told_required=True, told_most=5000, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = choices
        self.fields["choice"].label = label
        self.fields["told"] = words_field(told_label, told_most, required=told_required, rows=4)


class AcceptForm(forms.Form):
    """What an agent corrects while accepting a machine appeal."""

    title = forms.CharField(
        label="标题", max_length=100, error_messages={"required": "请写标题。", "max_length": at_most("标题", 100)}
    )
    kind = forms.ChoiceField(label="诉求类型", choices=Kind.choices, widget=forms.RadioSelect)
    urgency = forms.ChoiceField(label="紧急程度", choices=Urgency.choices, widget=forms.RadioSelect)
    region = RegionField(required=False, empty_label="不清楚")
    place = forms.CharField(
        label="详细地点", max_length=200, required=False, error_messages={"max_length": at_most("详细地点", 200)}
    )
    category = CategoryField(required=False, empty_label="由派单员定")
    is_enterprise = forms.BooleanField(label="涉企", required=False)


class AnswerForm(forms.Form):
    category = CategoryField()
    told = forms.CharField(
        label="答复",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": "请写答复。"},
    )


class TransferForm(ChoiceAndWordsForm):
    three_party = forms.BooleanField(
        label="三方通话", required=False, help_text="分不清归谁的，来电人和两家一起通话；仍不一致，先接到的登记受理。"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(
            *args,
            choices=EmergencyLine.choices,
            label="转给",
            told_label="说明",
            told_required=False,
            told_most=200,
            **kwargs,
        )
        self.order_fields(["choice", "told", "three_party"])


class LinkForm(forms.Form):
    ticket = forms.CharField(label="工单编号", max_length=20, error_messages={"required": "请写工单编号。"})
    reason = forms.CharField(label="为何是同一件事", max_length=200, error_messages={"required": "请写明理由。"})

    def clean_ticket(self):
        return self.cleaned_data["ticket"].strip().upper()


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
