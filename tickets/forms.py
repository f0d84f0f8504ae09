"""Shape of what a person hands in with an act. Rules are the services'."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from hotline import masking, parameters
from hotline.dates import local
from hotline.fields import TypedField
from hotline.models import Region, Unit, User
from responsibility import selectors as responsibility
from responsibility.models import Category, DutyItem, Resource
from tickets.fields import (
    FilesField,
    HandlerField,
    ItemField,
    PeopleField,
    ResourceField,
    UnitField,
    picks,
    say_plainly,
    words,
)
from tickets.models import TicketHold
from tickets.selectors.acts import parts_to_hand_over
from tickets.selectors.queues import nearest_function
from tickets.selectors.readiness import (
    is_extended_again,
    longest_extension,
    reasons_owed,
    return_deadline,
    why_not_handler,
)
from tickets.services.holding import HANDLING_KINDS
from tickets.services.mediation import RECORDED
from tickets.states import CHECKED_KINDS, Claim, Kind, MediationOutcome, Resolved, ReturnGround, Urgency


def typed_words(form: type["ActForm"], data: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label, text) of the longer texts that a person typed, to be given back when the act is refused."""
    return [
        (field.label, data[name])
        for name, field in form.base_fields.items()
        if isinstance(field.widget, forms.Textarea) and data.get(name, "").strip()
    ]


def masks_in(typed: Iterable[Any]) -> tuple[str, ...]:
    """What is kept in place of the numbers of persons in these texts, once each."""
    return tuple(
        dict.fromkeys(mask for text in typed if isinstance(text, str) for mask in masking.hidden_in_answer(text))
    )


def about_hidden(masks: Collection[str]) -> str:
    """The sentence for whoever wrote numbers that are not kept where they were written; empty without any."""
    if not masks:
        return ""
    return (
        f"手机号、证件号不存在这里，写的已改为 {'、'.join(masks)}；要留在反映人名下的，请写在诉求的补充或联系记录里。"
    )


class ActForm(forms.Form):
    """Every act form knows the ticket, the person and the moment it is drawn for."""

    use_required_attribute = False
    least: Mapping[str, str] = {"public_text": "min_reply_chars"}
    """Field → the parameter with the fewest characters that the service takes; said beside the field."""
    as_typed: frozenset[str] = frozenset({"public_text"})
    """Words whose numbers are seen to elsewhere: what citizens read is masked when it is read."""

    def __init__(self, *args, found, **kwargs):
        super().__init__(*args, **kwargs)
        self.found = found
        self.fewest: dict[str, int] = {}
        self.hidden: tuple[str, ...] = ()
        self.prepare()
        for name in self.fields.keys() & self.least.keys():
            fewest = self.fewest[name] = parameters.integer(self.least[name], at=found.at)
            self.fields[name].help_text = f"至少 {fewest} 个字。{self.fields[name].help_text}"
        for field in self.fields.values():
            say_plainly(field)

    def prepare(self) -> None:
        """Narrow choices to what ``self.found`` allows."""

    def clean(self) -> dict[str, Any]:
        """The service asks for as many characters; here it is said at the field, together with what else is missing.

        What is kept of a person's number is a mask (`MaskedText`); `hidden` has the masks, for the writer to be told.
        """
        typed = [text for name, text in self.cleaned_data.items() if name not in self.as_typed]
        self.hidden = masks_in(typed)
        for name, fewest in self.fewest.items():
            if name in self.cleaned_data and len(self.cleaned_data[name].strip()) < fewest:
                self.add_error(name, f"{self.fields[name].label}至少 {fewest} 个字。")
        return self.cleaned_data


class ConfirmForm(ActForm):
    """Nothing to fill in: the act only wants to be confirmed."""


class ReasonForm(ActForm):
    reason = words("理由")


class OptionalReasonForm(ActForm):
    reason = words("说明", required=False)


class NoteForm(ActForm):
    text = words("批注内容", help_text="只有承办链上的单位和市中心能看到。")


class InstructForm(ActForm):
    text = words("批示内容")


def units_for_city(at: datetime) -> QuerySet[Unit]:
    """Whom the centre may give a matter: departments, enterprises, county centres."""
    kinds = [Unit.Kind.CITY_DEPARTMENT, Unit.Kind.ENTERPRISE, Unit.Kind.COUNTY_CENTRE, Unit.Kind.AUTHORITY]
    return Unit.objects.valid(at).filter(kind__in=kinds).order_by("kind", "code")


class DispatchForm(ActForm):
    unit = UnitField(
        label="主办单位", units=Unit.objects.none(), help_text="市直部门、公共服务企业或县（市、区）中心。"
    )
    item = ItemField(label="清单事项", items=DutyItem.objects.none())
    co_units = UnitField(
        label="协办单位", units=Unit.objects.none(), many=True, required=False, help_text="多个单位用顿号隔开。"
    )
    superior = UnitField(
        label="上级督导单位", units=Unit.objects.none(), required=False, help_text="双向交办时填写对口的市直部门。"
    )
    copies = UnitField(
        label="知会单位",
        units=Unit.objects.none(),
        many=True,
        required=False,
        help_text="只看不办，没有时限；多个单位用顿号隔开。",
    )

    def prepare(self) -> None:
        units = units_for_city(self.found.at)
        for name in ("unit", "co_units", "superior", "copies"):
            self.fields[name].units = units
        self.fields["item"].items = responsibility.items_in_force(self.found.at)
        self.initial.setdefault("unit", self.found.ticket.proposed_unit)
        self.initial.setdefault("item", self.found.ticket.proposed_item)


def units_that_handle(at: datetime) -> QuerySet[Unit]:
    """Whom somebody may name or ask who gives nobody the matter: also what lies below a county centre."""
    return Unit.objects.valid(at).filter(kind__in=HANDLING_KINDS).order_by("kind", "code")


class RuleForm(ActForm):
    """The nearest function is proposed (首办负责); the grounds are the reviewer's own words, since nobody can give it back."""

    unit = UnitField(label="首办单位", units=Unit.objects.none(), help_text="由职能相近的单位首办，不能再退单。")
    item = ItemField(label="清单事项", items=DutyItem.objects.none())
    reason = words("裁定依据")

    def prepare(self) -> None:
        at = self.found.at
        self.fields["unit"].units = units_for_city(at)
        self.fields["item"].items = responsibility.items_in_force(at)
        nearest = nearest_function(self.found.ticket, at)
        if nearest is not None:
            self.fields["reason"].help_text = nearest.grounds
            if nearest.is_sure and not self.is_bound:
                self.initial |= {"unit": nearest.unit, "item": nearest.item}


class ObjectForm(ActForm):
    reason = words("异议理由和依据", help_text="写明法规、三定或清单的出处。办理不停，时限照走。")
    suggested_unit = UnitField(label="应由谁负责", units=Unit.objects.none(), required=False)

    def prepare(self) -> None:
        self.fields["suggested_unit"].units = units_that_handle(self.found.at)


class StatementsForm(ActForm):
    units = UnitField(label="向谁征求", units=Unit.objects.none(), many=True, help_text="多个单位用顿号隔开。")
    question = words("要说明什么")

    def prepare(self) -> None:
        self.fields["units"].units = units_that_handle(self.found.at)


class MeetingForm(ActForm):
    held_at = forms.DateTimeField(
        label="会商时间", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    attended = TypedField(label="参加单位和人员", max_length=400)
    text = words("会商情况", rows=5)
    files = FilesField(label="会议纪要", required=False)


class DefinitionForm(ActForm):
    office = picks("提请哪个部门", [("staffing", "市委编办（职责界定）"), ("legal", "市司法局（法律依据）")])
    question = words("要界定什么")


class RuleObjectionForm(ActForm):
    unit = UnitField(
        label="由谁负责", units=Unit.objects.none(), help_text="填原首办单位就是维持；还在办的，改填别的单位就换手。"
    )
    item = ItemField(label="清单事项", items=DutyItem.objects.none())
    reason = words("裁定依据")

    def prepare(self) -> None:
        self.fields["unit"].units = units_for_city(self.found.at)
        self.fields["item"].items = responsibility.items_in_force(self.found.at)


class RuleOutForm(ActForm):
    reason = words("裁定依据")
    public_text = words("给群众的解释", rows=5)


class ConcludeForm(ActForm):
    reason = words("为何不再挂账")
    public_text = words("给群众的解释", rows=5)


class CoUnitForm(ActForm):
    unit = UnitField(label="协办单位", units=Unit.objects.none())
    task = words("要它做什么", help_text="群众也能看到这一句。")

    def prepare(self) -> None:
        own = self.found.own
        self.fields["unit"].units = (
            Unit.objects.valid(self.found.at).filter(parent=own.unit).order_by("code")
            if own is not None
            else units_for_city(self.found.at)
        )


class PassDownForm(ActForm):
    unit = UnitField(label="承办单位", units=Unit.objects.none())
    item = ItemField(label="清单事项", items=DutyItem.objects.none())
    co_units = UnitField(
        label="协办单位", units=Unit.objects.none(), many=True, required=False, help_text="多个单位用顿号隔开。"
    )

    def prepare(self) -> None:
        below = Unit.objects.valid(self.found.at).filter(parent=self.found.own.unit).order_by("kind", "code")
        self.fields["unit"].units = self.fields["co_units"].units = below
        items = responsibility.items_in_force(self.found.at, scope=self.found.own.unit)
        self.fields["item"].items = items
        given = self.found.ticket.item
        # The county's own list may not know the city's item, or know it by another title.
        self.initial.setdefault("item", items.filter(code=given.code).first() if given and not self.is_bound else None)
        self.initial.setdefault("unit", None if self.is_bound else self._proposed())

    def _proposed(self) -> Unit | None:
        """Whom the duty list names inside the county. It proposes; the county centre decides."""
        ticket, centre = self.found.ticket, self.found.own.unit
        candidates = responsibility.county_candidates(
            item=ticket.item,
            text=f"{ticket.title}\n{ticket.text}",
            region=ticket.region,
            centre=centre,
            at=self.found.at,
        )
        below = (each.unit for each in candidates if not each.refused and each.unit.parent_id == centre.pk)
        return next(below, None)


class QuestionForm(ActForm):
    question = words("要群众补充什么", help_text="群众查询进度时能看到。")


class InformationForm(ActForm):
    information = words("补充的情况")


class AnswerForm(ActForm):
    public_text = words("给群众的答复", rows=6)


class ReviseForm(ActForm):
    title = TypedField(label="标题", max_length=120)
    text = TypedField(label="诉求内容", max_length=10_000, widget=forms.Textarea({"rows": 6}))
    kind = picks("诉求类型", Kind.choices)
    urgency = picks("紧急程度", Urgency.choices)
    region = forms.ModelChoiceField(label="属地", queryset=Region.objects.none(), required=False, empty_label="未定")
    place = TypedField(label="地点", max_length=200, required=False)
    category = forms.ModelChoiceField(
        label="事项分类", queryset=Category.objects.none(), required=False, empty_label="未定"
    )
    is_enterprise = forms.BooleanField(label="涉企", required=False)

    def prepare(self) -> None:
        self.fields["region"].queryset = Region.objects.select_related("parent").order_by("code")
        self.fields["region"].label_from_instance = region_label
        self.fields["category"].queryset = Category.objects.filter(level=3).order_by("code")
        ticket = self.found.ticket
        for name in self.fields:
            self.initial.setdefault(name, getattr(ticket, name))


def region_label(region: Region) -> str:
    return f"{region.parent.name} {region.name}" if region.level == Region.Level.TOWNSHIP else region.name


class MergeForm(ActForm):
    into = TypedField(label="并入哪一件", max_length=20, help_text="写工单编号，如 GZ261122000001。")
    reason = words("为何是同一件事")


class UnmergeForm(ActForm):
    apart = picks("为何分开", [("wrong", "本来不是同一件"), ("split", "是同一件，现在分开办")])
    reason = words("说明")


class ReopenForm(ActForm):
    same_unit = picks("由谁办", [("yes", "原单位重新办理"), ("no", "重新派单")], initial="yes")
    reason = words("为何重新打开")


class HoldForm(ActForm):
    source = TypedField(label="因何保留", max_length=40, initial="督办")
    reason = words("说明")


class ReleaseForm(ActForm):
    hold = forms.ModelChoiceField(label="解除哪一项", queryset=TicketHold.objects.none(), empty_label=None)
    reason = words("说明", required=False)

    def prepare(self) -> None:
        holds = self.found.ticket.holds.filter(released_at__isnull=True).order_by("pk")
        self.fields["hold"].queryset = holds
        self.fields["hold"].label_from_instance = lambda hold: f"{hold.source}，{local(hold.placed_at):%m-%d}起"


class RestrictForm(ActForm):
    readers = PeopleField(label="还有谁能看", required=False)
    reason = words("为何保密")

    def prepare(self) -> None:
        self.fields["readers"].help_text += "办完还要回访，请写上一位没有经办这一件的回访员。"
        holder = self.found.ticket.holder
        if holder is not None and holder.handler is not None:
            self.initial.setdefault("readers", holder.handler.username)
            self.fields["readers"].help_text += f"已填的是承办的{holder.handler.masked_name}。"


class GrantForm(ActForm):
    readers = PeopleField(label="授权给谁", error_messages={"required": "请填写授权给谁。"})
    last_day = forms.DateField(
        label="看到哪一天", required=False, help_text="留空为一直能看。", widget=forms.DateInput({"type": "date"})
    )
    reason = words("为何授权")


class SignForm(ActForm):
    handler = HandlerField(
        label="经办人",
        queryset=User.objects.none(),
        required=False,
        help_text="主责办理人员须为在编人员（企业为自有员工）。",
    )

    def prepare(self) -> None:
        field = self.fields["handler"]
        field.of_part(self.found.own)
        field.empty_label = "签收后再定"
        if not why_not_handler(self.found.user, self.found.own):
            self.initial.setdefault("handler", self.found.user.pk)


class HandlerForm(SignForm):
    def prepare(self) -> None:
        super().prepare()
        # Nobody is chosen beforehand: one key would give the matter to whoever only wanted to look.
        self.initial.pop("handler", None)
        self.fields["handler"].required = True
        self.fields["handler"].empty_label = "请选择"


class ReturnForm(ActForm):
    ground = picks("退单事由", ReturnGround.choices)
    reason = words("理由和依据", help_text="写明法规、三定或清单的出处。")
    suggested_unit = UnitField(label="建议由谁办", units=Unit.objects.none(), required=False)
    files = FilesField(label="依据材料", required=False)

    def prepare(self) -> None:
        own, at = self.found.own, self.found.at
        if at > return_deadline(own, at=at):
            self.fields["ground"].label = "收回的事由"
            self.fields["reason"].help_text = "退单的时间已过，只能请派来的中心收回。写明法规、三定或清单的出处。"
        parent = own.parent
        self.fields["suggested_unit"].units = (
            Unit.objects.valid(self.found.at).filter(parent=parent.unit_id).order_by("code")
            if parent is not None
            else units_for_city(self.found.at)
        )


class OnSiteForm(ActForm):
    visited_at = forms.DateTimeField(
        label="到场时间", widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    place = TypedField(label="到场地点", max_length=200)
    found_there = words("现场情况")
    before = FilesField(label="处置前照片", required=False)
    after = FilesField(label="处置后照片", required=False)

    def prepare(self) -> None:
        self.initial.setdefault("visited_at", timezone.localtime(self.found.at).replace(second=0, microsecond=0))
        self.initial.setdefault("place", self.found.ticket.place)
        for name in ("before", "after"):
            self.fields[name].widget.attrs["accept"] = "image/*"


class MediateForm(ActForm):
    resource = ResourceField(label="谁来调解", queryset=Resource.objects.none(), empty_label="请选择")
    asked = words("要它调解什么", help_text="写明双方是谁、争什么、要它做什么；不写个人的电话和证件号。")
    consent = TypedField(
        label="群众怎么同意的", max_length=200, help_text="如：11月10日电话征得反映人同意。没有同意的不能提出。"
    )

    def prepare(self) -> None:
        self.fields["resource"].queryset = responsibility.resources_for(
            self.found.own.unit, self.found.ticket.region, self.found.at
        )


class MediationResultForm(ActForm):
    outcome = picks("结果", [(code, MediationOutcome(code).label) for code in RECORDED])
    held_on = forms.DateField(
        label="调解日期", required=False, help_text="达成或未达成的必填。", widget=forms.DateInput({"type": "date"})
    )
    mediator = TypedField(label="调解人", max_length=40, required=False, help_text="达成或未达成的必填。")
    text = words("调解记录", rows=5, help_text="写明双方怎么说、达成了什么或为何没有达成。")
    files = FilesField(label="协议书、记录等", required=False)


class ExtensionForm(ActForm):
    days = forms.IntegerField(label="延长几个工作日", min_value=1, max_value=30)
    reason = words("理由", help_text="同意后，群众能看到新的期限和理由。")

    def prepare(self) -> None:
        part, at = self.found.own, self.found.at
        again = is_extended_again(part, at=at)
        most = longest_extension(part, again=again, at=at)
        who = "这是再次延期，由市热线中心负责人审批，" if again else ""
        self.fields["days"].help_text = f"{who}最多 {most} 个工作日。"


class ResultForm(ActForm):
    resolved = picks("是否解决", Resolved.choices)
    claim = picks("核查情况", Claim.choices, initial=Claim.TRUE, required=False)
    public_text = words("给群众的答复", rows=6, help_text="写明何时受理、与谁联系、做了什么、何时解决。")
    internal_text = words("办理情况（内部）", required=False)
    unresolved_reason = words("没有全部解决的原因", rows=2, required=False)
    standard_met = forms.BooleanField(label="已达到办结标准", required=False)
    standard_note = words("未达到标准的说明", rows=2, required=False)
    missing_co_reason = words("协办未反馈，为何不等", rows=2, required=False)

    def prepare(self) -> None:
        item = self.found.own.item
        if item is not None:
            self.fields["standard_met"].help_text = item.completion_standard
            self.initial.setdefault("public_text", self._begun(item.reply_template))
        if self.found.ticket.kind not in CHECKED_KINDS:
            del self.fields["claim"]
        if not self.found.silent_co_units:
            del self.fields["missing_co_reason"]

    def _begun(self, template: str) -> str:
        """With the blanks filled that the ticket itself answers."""
        known = {"{单位}": self.found.own.unit.name, "{地点}": self.found.ticket.place}
        for blank, answer in known.items():
            template = template.replace(blank, answer or blank)
        return template

    def clean_claim(self) -> str:
        return self.cleaned_data["claim"] or Claim.TRUE

    def clean(self) -> dict[str, Any]:
        """The service stops at the first reason that is owed; here each is asked for at its field."""
        data = super().clean()
        owed = reasons_owed(
            resolved=data.get("resolved", Resolved.YES),  # where none was picked, that alone is asked
            claim=data.get("claim", ""),
            standard_met=data["standard_met"],
            silent=self.found.silent_co_units,
        )
        for name, sentence in owed.items():
            if name in data and not data[name].strip():
                self.add_error(name, sentence)
        return data

    def clean_public_text(self) -> str:
        """The template of an item has blanks like {地点}; none of them goes to a citizen."""
        text = self.cleaned_data["public_text"]
        blanks = list(dict.fromkeys(re.findall(r"\{[^{}]*\}", text)))
        if blanks:
            raise forms.ValidationError(f"还没有填：{'、'.join(blanks)}。")
        return text


class CoReportForm(ActForm):
    least = {"text": "min_co_report_chars"}

    text = words("协办意见", rows=5)


class ChildForm(ActForm):
    assignment = forms.ModelChoiceField(label="收回哪个单位", queryset=None, empty_label=None)
    reason = words("收回的原因")

    def prepare(self) -> None:
        leads = [child.pk for child in self.found.children]
        field = self.fields["assignment"]
        field.queryset = self.found.ticket.assignments.filter(pk__in=leads).select_related("unit").order_by("pk")
        field.label_from_instance = lambda part: f"{part.get_role_display()} {part.unit.name}"


class HandOverForm(ActForm):
    assignment = forms.ModelChoiceField(label="移交哪个单位的承办", queryset=None, empty_label=None)
    unit = UnitField(
        label="承接单位", units=Unit.objects.none(), help_text="同一上级的另一个单位；没有超期的时限照走。"
    )
    reason = words("移交的原因")

    def prepare(self) -> None:
        parts = [part for part in parts_to_hand_over(self.found) if part.objectable]
        field = self.fields["assignment"]
        field.queryset = self.found.ticket.assignments.filter(pk__in=[part.pk for part in parts]).select_related(
            "unit"
        )
        field.label_from_instance = lambda part: f"{part.get_role_display()} {part.unit.name}"
        siblings = Unit.objects.valid(self.found.at).filter(
            parent__in={part.unit.parent_id for part in parts}, kind__in=HANDLING_KINDS
        )
        self.fields["unit"].units = siblings.order_by("kind", "code")


class WithdrawnForm(ActForm):
    reason = words("为何可以按撤诉办结")
