"""What one field of an act's form takes and how it says what is wrong."""

import re
from collections.abc import Iterable, Mapping

from django import forms
from django.db.models import Q, QuerySet

from hotline.models import Unit, User
from responsibility.models import DutyItem, Resource
from tickets.models import Assignment
from tickets.selectors.readiness import why_not_handler

SENTENCE = 2000
MOST_NAMED = 5
ASKS = re.compile("[谁哪何]|什么|怎么|几")


class ListWidget(forms.TextInput):
    """A text field with a list to choose from: works by typing, without scripts.

    Of each option, what is written into the field and what else it is found by.
    """

    template_name = "tickets/widgets/list.html"
    options: Iterable[tuple[str, str]] = ()

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = list_id
        context["widget"]["attrs"]["autocomplete"] = "off"
        context |= {"list_id": list_id, "options": self.options}
        return context


class UnitField(forms.CharField):
    """A unit by full or short name, of the units that the form allows."""

    widget = ListWidget

    def __init__(self, *, units: QuerySet[Unit], many: bool = False, **kwargs):
        super().__init__(max_length=400, **kwargs)
        self.many = many
        self.units = units

    @property
    def units(self) -> QuerySet[Unit]:
        return self._units

    @units.setter
    def units(self, units: QuerySet[Unit]) -> None:
        self._units = units
        self.widget.options = _Names(units)

    def prepare_value(self, value):
        return value.name if isinstance(value, Unit) else value

    def clean(self, value):
        text = super().clean(value)
        names = [name for name in text.replace("，", "、").replace(",", "、").split("、") if name.strip()]
        if self.required and not names:
            raise forms.ValidationError(self.error_messages["required"])
        found = [self._one(name.strip()) for name in names]
        if self.many:
            return found
        if len(found) > 1:
            raise forms.ValidationError("只能填一个单位。")
        return found[0] if found else None

    def _one(self, name: str) -> Unit:
        units = list(self.units.all())
        matches = [unit for unit in units if name in {unit.name, unit.short_name}]
        if len(matches) == 1:
            return matches[0]
        alike = [unit.name for unit in units if name in unit.name or name in unit.short_name]
        if not alike:
            elsewhere = Unit.objects.filter(Q(name=name) | Q(short_name=name)).exists()
            said = f"这里不能选“{name}”" if elsewhere else f"没有名为“{name}”的单位"
            raise forms.ValidationError(f"{said}，请从列表中选择。")
        # A part of a name may be meant for another one: it is proposed, never taken.
        more = f"等 {len(alike)} 个" if len(alike) > MOST_NAMED else ""
        raise forms.ValidationError(
            f"“{name}”没有写全，可能是：{'、'.join(alike[:MOST_NAMED])}{more}。请从列表中选择。"
        )


class _Names:
    """Read when the form is drawn, not when it is made."""

    def __init__(self, units: QuerySet[Unit]) -> None:
        self.units = units

    def __iter__(self):
        return iter(self.units.values_list("name", "short_name"))


class PeopleField(forms.CharField):
    """People in use by their numbers, several separated by 、."""

    def __init__(self, **kwargs):
        super().__init__(max_length=400, help_text="填工号，多人用顿号隔开。", **kwargs)

    def clean(self, value):
        text = super().clean(value)
        names = [name.strip() for name in text.replace("，", "、").replace(",", "、").split("、") if name.strip()]
        people = {user.username: user for user in User.objects.filter(username__in=names, is_active=True)}
        unknown = [name for name in names if name not in people]
        if unknown:
            raise forms.ValidationError(f"没有工号为“{'、'.join(unknown)}”的在用人员。")
        if text and not people:
            raise forms.ValidationError("请填写工号。")
        return list(people.values())


class ItemField(forms.CharField):
    """An item of the current duty list by its code."""

    widget = ListWidget

    def __init__(self, *, items: QuerySet[DutyItem], **kwargs):
        super().__init__(max_length=100, required=False, **kwargs)
        self.items = items

    @property
    def items(self) -> QuerySet[DutyItem]:
        return self._items

    @items.setter
    def items(self, items: QuerySet[DutyItem]) -> None:
        self._items = items
        self.widget.options = _Codes(items)

    def prepare_value(self, value):
        return f"{value.code} {value.title}" if isinstance(value, DutyItem) else value

    def clean(self, value):
        text = super().clean(value).strip()
        if not text:
            return None
        item = self.items.filter(code=text.split()[0]).first()
        if item is None:
            raise forms.ValidationError("职责清单里没有这个事项，请从列表中选择，或留空。")
        return item


class _Codes:
    def __init__(self, items: QuerySet[DutyItem]) -> None:
        self.items = items

    def __iter__(self):
        return ((f"{code} {title}", "") for code, title in self.items.values_list("code", "title"))


class FilesWidget(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = FilesWidget

    def clean(self, data, initial=None):
        files = data if isinstance(data, (list, tuple)) else [data] if data else []
        if self.required and not files:
            raise forms.ValidationError("请选择文件。")
        return [super(FilesField, self).clean(each, initial) for each in files]


def words(
    label: str, *, rows: int = 3, required: bool = True, help_text: str = "", initial: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=SENTENCE,
        required=required,
        help_text=help_text,
        initial=initial,
        widget=forms.Textarea({"rows": rows}),
    )


def picks(label: str, choices, **kwargs) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, **kwargs)


def say_plainly(field: forms.Field) -> None:
    """Sentences that name the field and what to write, instead of the framework's."""
    chosen = isinstance(field, (forms.ChoiceField, forms.ModelChoiceField, UnitField))
    # 请写明为何是同一件事: a label that asks is no noun to be filled in.
    does = "选择" if chosen else "写明" if ASKS.search(str(field.label)) else "填写"
    field.error_messages |= {
        "required": f"请{does}{field.label}。",
        "invalid_choice": "须从所给的选项中选择。",
        "max_length": "最多 %(limit_value)d 个字，现在有 %(show_value)d 个。",
        "min_value": "不能少于 %(limit_value)s。",
        "max_value": "不能多于 %(limit_value)s。",
        "null_characters_not_allowed": "含有不能保存的字符，请重新输入。",
    }
    if isinstance(field, forms.FileField):
        field.error_messages |= {"invalid": "文件没有传上来，请重新选择。", "empty": "所选的文件是空的，请重新选择。"}
    if isinstance(field, forms.IntegerField):
        field.error_messages["invalid"] = "请填写整数。"
    if isinstance(field, forms.DateField):
        field.error_messages["invalid"] = "日期不对，写成 2026-11-10 这样。"
    if isinstance(field, forms.DateTimeField):
        field.error_messages["invalid"] = "时间不对，写成 2026-11-10 09:30 这样。"


class HandlerWidget(forms.Select):
    """Who cannot be chosen stays in the list, greyed."""

    whys: Mapping[int, str] = {}

    def create_option(self, name, value, label, *args, **kwargs):
        option = super().create_option(name, value, label, *args, **kwargs)
        if getattr(value, "value", value) in self.whys:
            option["attrs"]["disabled"] = True
        return option


class HandlerField(forms.ModelChoiceField):
    """One of the unit's people; why another cannot handle this part stands behind the name."""

    widget = HandlerWidget

    def of_part(self, part: Assignment) -> None:
        people = User.objects.filter(unit=part.unit_id, is_active=True).select_related("unit").order_by("name", "pk")
        found = ((person.pk, why_not_handler(person, part)) for person in people)
        self.widget.whys = {pk: why for pk, why in found if why}
        self.queryset = people

    def label_from_instance(self, obj: User) -> str:
        why = self.widget.whys.get(obj.pk, "")
        return f"{obj.name}（{obj.get_employment_display()}）{'　' + why if why else ''}"


class ResourceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Resource) -> str:
        return f"{obj.get_kind_display()}　{obj.name}（{obj.contact} {obj.phone}）"
