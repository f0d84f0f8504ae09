"""Shape of what is written of a version and of its items. Rules are the services'."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self

from django import forms
from django.http import QueryDict

from hotline.dates import local_day
from hotline.fields import words_field
from hotline.models import Unit, User
from responsibility.fields import (
    NOTHING,
    CategoryField,
    FunctionsField,
    HoursField,
    LimitField,
    ManyField,
    RegionField,
    UnitField,
    UnitsField,
    choice_field,
)
from responsibility.models import DutyItem, Resource
from responsibility.selectors import notation
from responsibility.selectors.browsing import SCOPES
from responsibility.services.items import FIELDS
from responsibility.states import FUNCTIONS, AppealKind, Level, ResourceKind, Route, TownshipRole

_CHOOSE: Final = [("", "请选择")]
_LEAVE: Final = [("", "不改")]


# --- a version


class ScopeField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Unit) -> str:
        """Townships of two counties may have one name; the name of some begins with their county's."""
        county = obj.parent.region if obj.kind == Unit.Kind.TOWNSHIP and obj.parent else None
        return f"{county.name} · {obj.name}" if county and not obj.name.startswith(county.name) else obj.name


class DraftForm(forms.Form):
    scope = ScopeField(
        Unit.objects.filter(kind__in=SCOPES, valid_until=None)
        .select_related("parent__region")
        .order_by("kind", "code"),
        label="谁的清单",
        to_field_name="code",
        empty_label="请选择",
        error_messages={"required": "请选择清单是谁的。"},
    )
    reason = words_field("修订理由", 500, rows=3)


class WordsForm(forms.Form):
    """Words of a reason, at most as long as they are kept."""

    def __init__(self, *args: Any, label: str, most: int = 500, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where nothing is asked, the act is confirmed.
        if required:
            self.fields["words"] = words_field(label, most, rows=3)


class ChoiceOfModelForm(forms.Form):
    words = words_field("启用理由", 500, rows=3)
    stays = forms.BooleanField(label="一直用这一版，夜里学到不差的新版也不自动换用", required=False)


class OpinionForm(forms.Form):
    agrees = forms.TypedChoiceField(
        label="意见",
        choices=[("yes", "同意"), ("no", "不同意")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意还是不同意。"},
    )
    words = words_field("意见内容", 500, required=False, rows=3, help_text="不同意的，写明理由和应当怎么改。")


class PublishForm(forms.Form):
    day = forms.DateField(
        label="执行日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="最早是明天。当天零点起按这一版派单，上一版执行到前一天。",
        error_messages={"required": "请写执行日期。", "invalid": "执行日期写成 2026-12-31 这样。"},
    )


class SheetForm(forms.Form):
    file = forms.FileField(
        label="XLSX 表格",
        max_length=200,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "请选择文件。", "invalid": "请选择文件。", "max_length": "文件名太长，请改短。"},
    )
    missing = forms.ChoiceField(
        label="表里没有的事项",
        choices=[("keep", "保留"), ("drop", "删除")],
        initial="keep",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择表里没有的事项保留还是删除。"},
        help_text="只交来一部分事项的，选保留；交来整张清单、删掉的行就是不要的，选删除。",
    )


# --- items


def _limit_fields(*, may_clear: bool = False) -> dict[str, LimitField]:
    return {
        f"limit_{kind.value}": LimitField(
            label=f"{kind.label}限（工作日）", required=False, max_length=10, may_clear=may_clear
        )
        for kind in AppealKind
    }


class WhyForm(forms.Form):
    """Why, and from which ruling."""

    reason = words_field("修改理由", 500, rows=2)
    ticket_number = words_field("来自哪张工单的裁定", 20, required=False, help_text="没有就空着。")


class DutiesForm(forms.Form):
    """What a township is in the items that were ticked."""

    role = choice_field("本乡镇（街道）", [("lead", "主责"), ("assist", "协助"), ("none", "不列")])
    reason = WhyForm.base_fields["reason"]
    ticket_number = WhyForm.base_fields["ticket_number"]


_LONGEST: Final = 2000


class RowForm(forms.Form):
    """One row of those that an item has several of."""

    use_required_attribute = False

    @property
    def row(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class ConditionForm(RowForm):
    """When all of the first four hold, what is said after them counts."""

    words = ManyField(label=notation.WHEN["words"], required=False)
    place = ManyField(label=notation.WHEN["place"], required=False)
    subject = ManyField(label=notation.WHEN["subject"], required=False)
    hour = HoursField(label=notation.WHEN["hour"], required=False, max_length=20, help_text="起止，如 22-6。")
    level = choice_field(notation.THEN["level"], _LEAVE + Level.choices, required=False)
    city_function = choice_field(notation.THEN["city_function"], [*_LEAVE, *FUNCTIONS.items()], required=False)
    county_function = choice_field(notation.THEN["county_function"], [*_LEAVE, *FUNCTIONS.items()], required=False)
    township_role = choice_field(notation.THEN["township_role"], _LEAVE + TownshipRole.choices, required=False)
    note = words_field(notation.THEN["note"], _LONGEST, required=False)

    @staticmethod
    def initial_of(row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row.get("when", {}), **{name: row[name] for name in notation.THEN if name in row}}

    @property
    def when(self) -> list[forms.BoundField]:
        return [self[name] for name in notation.WHEN]

    @property
    def then(self) -> list[forms.BoundField]:
        return [self[name] for name in notation.THEN if name != "note"]

    @property
    def row(self) -> dict[str, Any]:
        said = super().row
        when = {name: said.pop(name) for name in notation.WHEN if name in said}
        return {"when": when} | said

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not self.errors:
            for names, what in ((notation.WHEN, "什么情形"), (notation.THEN, "改成什么")):
                if not any(typed[name] for name in names):
                    self.add_error(None, f"请写{what}：{'、'.join(names.values())}至少写一样。")
        return typed


class StatuteForm(RowForm):
    """What a law lays down for one step."""

    step = choice_field(notation.STATUTE["step"], [*_CHOOSE, *notation.STEPS.items()])
    limit = LimitField(label=notation.STATUTE["limit"], max_length=10, help_text="工作日数，或 24h、10d。")
    kinds = forms.MultipleChoiceField(
        label=notation.STATUTE["kinds"],
        choices=AppealKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="都不选的，不论哪一类。",
    )
    source = words_field(notation.STATUTE["source"], _LONGEST, help_text="法律名称和条款，如《……法》第四十六条。")


class Rows(forms.BaseFormSet):
    """Rows of an item's form. One in which nothing is written counts as none."""

    default_error_messages = {"missing_management_form": "这几行没有收到，请重新打开这一项再写。"}
    title: str
    hint: str
    is_shorter = False
    """A row was just taken away, and the caret with it."""

    def __init__(
        self, data: QueryDict | None = None, *, initial: Sequence[Mapping[str, Any]] = (), prefix: str
    ) -> None:
        # Nothing to compare with once it is sent: a row is judged by what it says alone.
        initial = () if data is not None else initial
        super().__init__(data, initial=initial, prefix=prefix, form_kwargs={"empty_permitted": True})

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [form.row for form in self if form.has_changed()]

    def with_other_row(self) -> Self:
        """As they were typed, judged by nobody yet, with the row more (`add_row`) or less (`drop_row`) that was asked for."""
        typed = [typed_in(form) for form in self]
        kept = [row for at, row in enumerate(typed) if self.data.get("drop_row") != f"{self.prefix}-{at}"]
        added = [{}] if self.data.get("add_row") == self.prefix else []
        other = type(self)(initial=[*kept, *added], prefix=self.prefix)
        other.is_shorter = len(kept) < len(typed)
        if added:
            next(iter(other.forms[-1].fields.values())).widget.attrs["autofocus"] = True
        return other


class Conditions(forms.formset_factory(ConditionForm, formset=Rows, extra=0)):  # type: ignore[misc]  # made at run time
    title = "条件"
    hint = "前面写的都满足才改派；几条都满足的，前一条为准。词之间用顿号隔开，出现一个就算。"


class Statutes(forms.formset_factory(StatuteForm, formset=Rows, extra=0)):  # type: ignore[misc]  # made at run time
    title = "法定时限"
    hint = "法律对某一步另有规定的，写在这里。"


def typed_in(form: forms.BaseForm) -> dict[str, Any]:
    """What stands in the fields, as it was written."""
    return {
        name: field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        for name, field in form.fields.items()
    }


class ItemForm(forms.Form):
    """All that an item says. `adding` asks for its code as well."""

    code = words_field("代码", 20, help_text="如 CG-04-018，定了以后不变。")
    title = words_field("事项", 60)
    category = CategoryField(label="分类")
    level = choice_field("主责级别", _CHOOSE + Level.choices)
    city_function = choice_field("市级职能", [*_CHOOSE, *FUNCTIONS.items()])
    lead_unit = UnitField(
        label="指定市级单位", required=False, help_text="写全称或简称；空着时按市级职能找单位。", max_length=80
    )
    county_function = choice_field("县级职能", [("", "没有"), *FUNCTIONS.items()], required=False)
    township_role = choice_field("乡镇（街道）", TownshipRole.choices)
    co_functions = FunctionsField(label="协办职能", required=False, help_text="顿号隔开。")
    co_units = UnitsField(label="指定协办单位", required=False, help_text="全称或简称，顿号隔开。")
    route = choice_field("去向", Route.choices)
    kinds = forms.MultipleChoiceField(
        label="诉求类型",
        choices=AppealKind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少选一种诉求类型。"},
    )
    locals().update(_limit_fields())
    onsite_required = forms.BooleanField(label="须到现场", required=False)
    words = ManyField(label="群众怎么说", rows=2, help_text="顿号隔开；“工资+拖欠”表示两个词在相近处同时出现才算。")
    excluded_words = ManyField(label="不属于的用词", required=False, rows=2, help_text="顿号隔开。")
    belongs = words_field("属于", 2000, rows=3)
    not_belongs = words_field("不属于（派到哪里）", 2000, required=False, rows=3)
    completion_standard = words_field("办结标准", 2000, rows=3)
    reply_template = words_field("答复模板", 2000, rows=3)
    legal_basis = words_field("依据", 2000, required=False, rows=3)
    mark = words_field("标记", 20, required=False, help_text="没有核实依据的写“示例，待核”。")
    reason = WhyForm.base_fields["reason"]
    ticket_number = WhyForm.base_fields["ticket_number"]

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        item: DutyItem | None = None,
        adding: bool = False,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        written = (_initial(item) if item is not None else {}) | dict(initial or {})
        super().__init__(data, initial=written)
        if not adding:
            del self.fields["code"]
        conditions = [ConditionForm.initial_of(row) for row in written.get("conditions", ())]
        self.conditions = Conditions(data, initial=conditions, prefix="conditions")
        self.statute_limits = Statutes(data, initial=written.get("statute_limits", ()), prefix="statute_limits")

    @classmethod
    def with_other_row(cls, data: QueryDict, **kwargs: Any) -> Self:
        """As it was typed, judged by nobody yet; of the rows one more or less."""
        typed = cls(data, **kwargs)
        form = cls(initial=typed_in(typed), **kwargs)
        form.conditions, form.statute_limits = (rows.with_other_row() for rows in typed.rows)
        return form

    @property
    def rows(self) -> tuple[Rows, Rows]:
        return self.conditions, self.statute_limits

    def is_valid(self) -> bool:
        # All of them: what is wrong anywhere is said at once.
        return all([super().is_valid(), *(rows.is_valid() for rows in self.rows)])

    @property
    def fault_count(self) -> int:
        """In how many places something is to be mended."""
        of_rows = sum(len(errors) for rows in self.rows for errors in rows.errors)
        return len(self.errors) + of_rows + sum(len(rows.non_form_errors()) for rows in self.rows)

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes."""
        typed = self.cleaned_data
        limits = {kind: typed[f"limit_{kind}"] for kind in AppealKind.values if typed[f"limit_{kind}"]}
        several = {rows.prefix: rows.rows for rows in self.rows}
        return {name: typed[name] for name in FIELDS if name in typed} | several | {"limits": limits}


def _initial(item: DutyItem) -> dict[str, Any]:
    """As it is written into the fields."""
    return {
        **{name: getattr(item, name) for name in FIELDS},
        "code": item.code,
        "category": item.category.code,
        "lead_unit": item.lead_unit.short_name if item.lead_unit else "",
        "co_units": [unit.short_name for unit in item.co_units.order_by("code")],
        "co_functions": [FUNCTIONS.get(slug, slug) for slug in item.co_functions],
        **{f"limit_{kind}": limit for kind, limit in item.limits.items()},
    }


class BulkForm(forms.Form):
    """What many items shall say alike; what is left empty stays as it is in each."""

    city_function = choice_field("市级职能", [*_LEAVE, *FUNCTIONS.items()], required=False)
    county_function = choice_field("县级职能", [*_LEAVE, *FUNCTIONS.items()], required=False)
    lead_unit = UnitField(
        label="指定市级单位", required=False, max_length=80, help_text=f"全称或简称；写“{NOTHING}”就是不指定。"
    )
    township_role = choice_field("乡镇（街道）", _LEAVE + TownshipRole.choices, required=False)
    locals().update(_limit_fields(may_clear=True))
    onsite_required = choice_field("须到现场", [*_LEAVE, ("yes", "是"), ("no", "否")], required=False)
    mark = words_field("标记", 20, required=False, help_text=f"写“{NOTHING}”就是去掉。")
    reason = WhyForm.base_fields["reason"]
    ticket_number = WhyForm.base_fields["ticket_number"]

    @property
    def values(self) -> dict[str, Any]:
        typed = self.cleaned_data
        values = {name: typed[name] for name in ("city_function", "county_function", "township_role") if typed[name]}
        if self.data.get("lead_unit", "").strip():
            values["lead_unit"] = typed["lead_unit"]
        if typed["onsite_required"]:
            values["onsite_required"] = typed["onsite_required"] == "yes"
        if typed["mark"]:
            values["mark"] = "" if typed["mark"] == NOTHING else typed["mark"]
        return values

    @property
    def limits(self) -> dict[str, str]:
        typed = {kind: self.cleaned_data[f"limit_{kind}"] for kind in AppealKind.values}
        return {kind: "" if limit == NOTHING else limit for kind, limit in typed.items() if limit}

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not self.errors and not self.values and not self.limits:
            raise forms.ValidationError("没有写要改什么。")
        return typed


class ResourceForm(forms.Form):
    use_required_attribute = False

    kind = choice_field("类别", _CHOOSE + ResourceKind.choices)
    centre = forms.ModelChoiceField(
        label="县（市、区）",
        queryset=Unit.objects.none(),
        required=False,
        empty_label="全市共用",
        error_messages={"invalid_choice": "须从所给的县（市、区）中心中选择。"},
    )
    name = words_field("名称", 80)
    contact = words_field("联系人", 40)
    phone = words_field("办公电话", 40)
    hours = words_field("服务时间", 80)
    takes = words_field("受理什么", 400, rows=3)
    valid_from = forms.DateField(
        label="起用日期",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请写起用日期。", "invalid": "日期不对，写成 2026-11-10 这样。"},
    )
    valid_until = forms.DateField(
        label="停用日期",
        required=False,
        help_text="当天起不再选得到。",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "日期不对，写成 2026-11-10 这样。"},
    )

    def __init__(self, *args: Any, user: User, resource: Resource | None, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        centres = Unit.objects.valid(at).filter(kind=Unit.Kind.COUNTY_CENTRE).order_by("code")
        field = self.fields["centre"]
        field.label_from_instance = lambda unit: unit.short_name
        if user.unit is not None and user.unit.kind == Unit.Kind.COUNTY_CENTRE:
            centres, field.required, field.empty_label = centres.filter(pk=user.unit_id), True, None
        field.queryset = centres
        self.initial = (
            {name: getattr(resource, name) for name in self.fields}
            if resource is not None
            else {"valid_from": local_day(at)}
        )


# --- the test bench


def _hours() -> list[tuple[str, str]]:
    return [("", "没有选"), *((str(hour), f"{hour} 时") for hour in range(24))]


class CaseForm(forms.Form):
    """A text, where and when it happens, and what is to be proposed for it."""

    text = words_field("诉求内容", 5000, rows=7)
    region = RegionField()
    hour = choice_field("钟点", _hours(), required=False)
    category = CategoryField(label="分类")
    kind = choice_field("类型", [("", "没有选"), *AppealKind.choices], required=False)
    item_code = words_field(
        "应当是哪个事项", 20, required=False, help_text="写代码，如 CG-01-001；空着表示不应有建议。"
    )
    unit = UnitField(
        label="应当由谁办", required=False, max_length=80, help_text="全称或简称，写到县级部门或乡镇；空着只看事项。"
    )
    note = words_field("说明", 200, required=False, help_text="为什么该这样派。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].required = False

    def clean_hour(self) -> int | None:
        return int(self.cleaned_data["hour"]) if self.cleaned_data["hour"] else None


class BenchForm(CaseForm):
    """The same, tried by a version on a day. What is expected is asked for only when the text is kept."""

    version = forms.ChoiceField(label="用哪一版", error_messages={"required": "请选用哪一版。"})
    day = forms.DateField(
        label="哪一天",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请写哪一天。", "invalid": "日期写成 2026-12-31 这样。"},
    )

    def __init__(self, *args: Any, versions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = versions


class SwitchForm(forms.Form):
    code = words_field("事项代码", 20, help_text="如 CG-01-001，现行市级清单里的。")
    reason = words_field("开启理由", 200, rows=3, help_text="凭什么相信它派得准：近期派单、退单的情况。")
