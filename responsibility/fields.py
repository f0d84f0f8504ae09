"""What one field of a version or an item takes, and how it says what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django import forms

from hotline.fields import TypedField, unit_of_name, units_of_names
from hotline.models import Region, Unit
from responsibility.models import Category
from responsibility.selectors import notation

NOTHING: Final = "无"
"""Written where something is to be taken off many items at once; nothing written leaves it as it is."""


def choice_field(label: str, choices: Any, *, required: bool = True, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=required, error_messages={"required": f"请选择{label}。"}, **kwargs
    )


@contextmanager
def _as_error_of_field() -> Iterator[None]:
    try:
        yield
    except notation.NotUnderstood as wrong:
        raise forms.ValidationError(str(wrong)) from wrong


class ManyField(TypedField):
    """Several words in one line, each between 顿号."""

    def __init__(self, *, rows: int = 1, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        self.error_messages["required"] = f"请写{self.label}。"

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a line of words is a list
        return notation.words_in(super().to_python(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial or [], data)


class FunctionsField(ManyField):
    def clean(self, value: Any) -> list[str]:
        with _as_error_of_field():
            return notation.functions_in("、".join(super().clean(value)))


class UnitsField(ManyField):
    def clean(self, value: Any) -> list[Unit]:  # type: ignore[override]  # the units that the words name
        return units_of_names(super().clean(value))


class UnitField(forms.CharField):
    """One unit by its name in full or in short; None where nothing is written."""

    def clean(self, value: Any) -> Unit | None:
        name = super().clean(value).strip()
        return unit_of_name(name) if name and name != NOTHING else None


class LimitField(forms.CharField):
    """A number is one of working days. `may_clear`: NOTHING may be written."""

    def __init__(self, *, may_clear: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["required"] = f"请写{self.label}。"
        self._as_written = {"", NOTHING} if may_clear else {""}

    def prepare_value(self, value: Any) -> Any:
        return notation.limit_said(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        text = super().clean(value).strip()
        if text in self._as_written:
            return text
        with _as_error_of_field():
            return notation.limit_in(text)


class HoursField(forms.CharField):
    """From one hour of the day to another, as a list of the two."""

    def prepare_value(self, value: Any) -> Any:
        return notation.hours_said(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:  # type: ignore[override]  # two hours, not a text
        text = super().clean(value).strip()
        with _as_error_of_field():
            return notation.hours_in(text) if text else []


class CategoryField(forms.ModelChoiceField):
    """Every matter of the third level, by code, with those above it."""

    def __init__(self, *, label: str = "事项", empty_label: str = "请选择", **kwargs: Any) -> None:
        leaves = Category.objects.filter(level=3).select_related("parent__parent").order_by("code")
        wrong = {"required": f"请选择{label}。"}
        super().__init__(
            leaves, label=label, to_field_name="code", empty_label=empty_label, error_messages=wrong, **kwargs
        )

    def label_from_instance(self, obj: Category) -> str:
        return " / ".join(str(each) for each in (obj.parent and obj.parent.parent, obj.parent, obj))


class RegionField(forms.ModelChoiceField):
    """Every county, zone and township, by code, with what is above it."""

    def __init__(self) -> None:
        below = Region.objects.exclude(level=Region.Level.CITY).select_related("parent").order_by("code")
        wrong = {"invalid_choice": "没有这个地方。"}
        super().__init__(
            below, label="地方", to_field_name="code", required=False, empty_label="没有选", error_messages=wrong
        )

    def label_from_instance(self, obj: Region) -> str:
        return f"{obj.parent} {obj}" if obj.level == Region.Level.TOWNSHIP else str(obj)
