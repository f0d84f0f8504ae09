"""Shape of what is typed; the rules are in the services."""

from typing import Final

from django import forms

from evaluation.services.calling import LONGEST_WORDS
from evaluation.services.deciding import SHORTEST_SENTENCE
from evaluation.states import SAID_GROUNDS, CallResult, DecisionState, Satisfaction
from tickets.states import Resolved

YES_NO = (("yes", "是"), ("no", "否"))
KEYS: Final = {
    "result": "12345",
    "resolved": "qwe",
    "satisfaction": "asdf",
    "ground": "67890-=",
    "is_reasonable": "12",
    "duty_done": "34",
    "verdict": "re",
}
"""The key of each choice, in the order of the choices; shown beside it. Of fewer choices the last keys."""


class KeyedForm(forms.Form):
    def picks(self):
        """(field, ((choice, key), …)) of the rows of choices, by name."""
        return {
            name: (self[name], list(zip(self[name], KEYS[name][-len(field.choices) :], strict=True)))
            for name, field in self.fields.items()
            if name in KEYS
        }


class AttemptForm(KeyedForm):
    result = forms.ChoiceField(
        label="接通了吗",
        choices=CallResult.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择接通情况。", "invalid_choice": "请选择接通情况。"},
    )
    resolved = forms.ChoiceField(
        label="解决了吗",
        choices=Resolved.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "请选择是否解决。"},
    )
    satisfaction = forms.ChoiceField(
        label="满意吗",
        choices=Satisfaction.choices,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "请选择是否满意。"},
    )
    ground = forms.ChoiceField(
        label="为什么不满意",
        choices=[(ground.value, ground.label) for ground in SAID_GROUNDS],
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": "请选择不满意的原因。"},
    )
    words = forms.CharField(
        label="原话",
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "原话最多 %(limit_value)d 个字，现在有 %(show_value)d 个字。"},
    )


class DecisionForm(KeyedForm):
    is_reasonable = forms.ChoiceField(
        label="诉求合理吗",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "请回答诉求是否合理。", "invalid_choice": "请选择是或否。"},
    )
    duty_done = forms.ChoiceField(
        label="单位尽责了吗",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "请回答单位是否尽责。", "invalid_choice": "请选择是或否。"},
    )
    sentence = forms.CharField(
        label="复核意见",
        min_length=SHORTEST_SENTENCE,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": "请写明复核意见。",
            "min_length": "请写明复核意见，至少 %(limit_value)d 个字。",
            "max_length": "复核意见最多 %(limit_value)d 个字，现在有 %(show_value)d 个字。",
        },
    )
    verdict = forms.ChoiceField(
        label="决定",
        choices=[(DecisionState.REDO.value, "发回重办"), (DecisionState.CLOSE.value, "不再重办")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择发回重办或不再重办。", "invalid_choice": "请选择发回重办或不再重办。"},
    )

    def __init__(self, *args, all_withdrew: bool = False, **kwargs):
        """With `all_withdrew` nobody is left to be asked or served: the ticket can only be closed."""
        super().__init__(*args, **kwargs)
        if all_withdrew:
            del self.fields["is_reasonable"], self.fields["duty_done"]
            self.fields["verdict"].choices = [(DecisionState.CLOSE.value, "按撤诉办结")]
            self.fields["verdict"].initial = DecisionState.CLOSE.value

    def said(self, name: str) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data.get(name))
