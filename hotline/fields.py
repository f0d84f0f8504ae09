"""Fields that forms of several rooms share."""

from typing import Any

from django import forms
from django.db.models import Q

from hotline.models import Unit
from hotline.typed import clean


def at_most(label: str, most: int) -> str:
    """The sentence of what is too long; the form keeps it, so that nothing has to be typed again."""
    return f"{label}最多写 {most} 个字，现在有 %(show_value)s 个字。"


class TypedField(forms.CharField):
    """Words as typed or pasted: what cannot be seen is left out, since nobody could find it and take it out."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value))


def words_field(label: str, most: int, *, required: bool = True, rows: int = 0, **kwargs: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    wrong = {"required": f"请写{label}。", "max_length": at_most(label, most)}
    return TypedField(label=label, max_length=most, required=required, widget=widget, error_messages=wrong, **kwargs)


def units_of_names(names: list[str]) -> list[Unit]:
    """The one unit that each name means, in full or in short, in the order of the names. One query."""
    found: dict[str, list[Unit]] = {name: [] for name in names}
    named = Q(name__in=names) | Q(short_name__in=names)
    for unit in Unit.objects.filter(named, valid_until=None) if names else ():
        for name in {unit.name, unit.short_name} & found.keys():
            found[name].append(unit)
    wrong = [f"没有叫“{name}”的单位。" for name, units in found.items() if not units]
    wrong += [f"叫“{name}”的单位不止一个，请写全称。" for name, units in found.items() if len(units) > 1]
    if wrong:
        raise forms.ValidationError(wrong)
    return [units[0] for units in found.values()]


def unit_of_name(name: str) -> Unit:
    return units_of_names([name])[0]
