"""What is a matter and who is responsible for it: categories, versions of a list, items."""

from datetime import date, datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, BigIntegerRangeField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone
from django_fsm import transition

from hotline.fsm import StateField, StateModel
from hotline.models import Unit
from responsibility.states import (
    FUNCTIONS,
    UNPUBLISHED,
    AppealKind,
    ItemAct,
    Level,
    ListState,
    Office,
    Route,
    TownshipRole,
)


class Category(models.Model):
    """A node of the three-level tree of matters; the code carries its parents' codes (2+2+2 digits)."""

    code = models.CharField("代码", max_length=6, unique=True)
    name = models.CharField("名称", max_length=40)
    level = models.PositiveSmallIntegerField("级", choices=[(1, "一级"), (2, "二级"), (3, "三级")])
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )

    class Meta:
        verbose_name = verbose_name_plural = "诉求分类"
        constraints = [
            models.CheckConstraint(
                name="category_code_is_as_long_as_its_level",
                condition=Q(level=1, code__regex=r"^\d{2}$", parent__isnull=True)
                | Q(level=2, code__regex=r"^\d{4}$", parent__isnull=False)
                | Q(level=3, code__regex=r"^\d{6}$", parent__isnull=False),
                violation_error_message="分类代码须与级别一致：一级两位、二级四位、三级六位，二、三级须有上级。",
            ),
            models.UniqueConstraint(fields=["parent", "name"], name="category_name_is_unique_under_its_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class DutyListQuerySet(models.QuerySet["DutyList"]):
    def in_force(self, at: datetime) -> Self:
        """Lists of every scope that decide at the moment ``at``."""
        day = timezone.localdate(at)
        return self.filter(state=ListState.PUBLISHED, effective_from__lte=day).filter(
            Q(effective_until__isnull=True) | Q(effective_until__gt=day)
        )

    def with_item_count(self) -> Self:
        """A township's duties, of the others the items."""
        return self.annotate(item_count=models.Count("items", distinct=True) + models.Count("duties", distinct=True))


class DutyList(StateModel):
    """One version of one centre's duty list. A published version never changes: the next one replaces it from a day.

    A county's list holds what it does otherwise than the city or beside it; the rest it inherits. A township's has no
    items: it names those of the county that are its own (`duties`).
    """

    version = models.PositiveIntegerField("版本")
    scope = models.ForeignKey("hotline.Unit", models.PROTECT, related_name="duty_lists", verbose_name="适用范围")
    title = models.CharField("名称", max_length=80)
    state = StateField("状态", max_length=10, choices=ListState, default=ListState.DRAFT, protected=True)
    base = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False, verbose_name="在哪一版上改"
    )
    reason = models.CharField("修订理由", max_length=500, blank=True)
    rounds = models.PositiveSmallIntegerField("送审次数", default=0, editable=False)
    effective_from = models.DateField("执行日期", null=True, blank=True)
    effective_until = models.DateField(
        "停止日期", null=True, blank=True, help_text="当天起不再执行；空着表示一直执行到下一版。"
    )
    source = models.TextField("来源", blank=True)
    changed_at = models.DateTimeField("最后修改", auto_now=True)

    objects = DutyListQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "职责清单"
        permissions = [
            ("view_duty_lists", "查看职责清单"),
            ("edit_duty_list", "编辑职责清单草稿"),
            ("publish_duty_list", "发布职责清单"),
            ("try_routing", "试验派单"),
            ("automate_items", "开关自动派单"),
            ("give_legal_opinion", "出具清单的合法性意见"),
            ("give_staffing_opinion", "出具清单的职责意见"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["scope", "version"], name="duty_list_version_is_unique_in_its_scope"),
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(state__in=UNPUBLISHED),
                name="duty_list_scope_has_one_version_in_the_making",
                violation_error_message="同一范围只能有一版正在修订的清单。",
            ),
            # Ranges have an index of their own kind; of a number a range is made, so that no extension is needed.
            ExclusionConstraint(
                name="duty_list_versions_in_force_do_not_overlap",
                expressions=[
                    (
                        Func(
                            F("scope"),
                            F("scope"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("effective_from"),
                            F("effective_until"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state=ListState.PUBLISHED),
                violation_error_message="同一范围的两版清单不能在同一天执行。",
            ),
            models.CheckConstraint(
                name="duty_list_published_has_its_day",
                condition=Q(state=ListState.PUBLISHED, effective_from__isnull=False)
                | (~Q(state=ListState.PUBLISHED) & Q(effective_from=None, effective_until=None)),
                violation_error_message="发布的清单须写明执行日期，没有发布的不能有。",
            ),
            models.CheckConstraint(
                name="duty_list_ends_after_it_starts",
                condition=Q(effective_until__isnull=True) | Q(effective_until__gt=F("effective_from")),
                violation_error_message="停止日期须晚于执行日期。",
            ),
            models.CheckConstraint(name="duty_list_state_is_known", condition=Q(state__in=ListState.values)),
        ]

    def __str__(self) -> str:
        return f"{self.title}第{self.version}版"

    @property
    def is_editable(self) -> bool:
        return self.state == ListState.DRAFT

    @transition(state, source=ListState.DRAFT, target=ListState.REVIEW)
    def submit(self) -> None:
        self.rounds += 1

    @transition(state, source=[ListState.REVIEW, ListState.APPROVED], target=ListState.DRAFT)
    def send_back(self) -> None:
        pass

    @transition(state, source=ListState.REVIEW, target=ListState.APPROVED)
    def approve(self) -> None:
        pass

    @transition(state, source=ListState.APPROVED, target=ListState.PUBLISHED)
    def publish(self, *, effective_from: date) -> None:
        self.effective_from = effective_from

    @transition(state, source=ListState.PUBLISHED, target=ListState.APPROVED)
    def call_off(self) -> None:
        self.effective_from = self.effective_until = None

    @transition(state, source=ListState.DRAFT, target=ListState.DROPPED)
    def drop(self) -> None:
        pass


class DutyListEvent(models.Model):
    """What happened to a version; never changed."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="events", db_index=False)
    act = models.CharField("动作", max_length=20)
    source = models.CharField("之前", max_length=10)
    target = models.CharField("之后", max_length=10)
    words = models.CharField("说明", max_length=500, blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "清单经过"
        indexes = [models.Index("duty_list", "id", name="duty_list_event_list")]

    def __str__(self) -> str:
        return f"{self.duty_list_id} {self.act}"


class DutyListOpinion(models.Model):
    """What one office said of a version when it was submitted for the n-th time."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="opinions", db_index=False)
    round = models.PositiveSmallIntegerField("第几次送审")
    office = models.CharField("意见", max_length=10, choices=Office)
    agrees = models.BooleanField("同意")
    words = models.CharField("意见内容", max_length=500, blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "清单意见"
        constraints = [
            models.UniqueConstraint(fields=["duty_list", "round", "office"], name="duty_list_opinion_once_a_round"),
            models.CheckConstraint(condition=Q(agrees=True) | ~Q(words=""), name="duty_list_opinion_against_says_why"),
            models.CheckConstraint(condition=Q(office__in=Office.values), name="duty_list_opinion_office_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.duty_list_id} {self.get_office_display()}"


class DutyItem(models.Model):
    """One matter and who is responsible for it. Words are what citizens say, not what the law calls it."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="items", verbose_name="清单")
    code = models.CharField(
        "代码",
        max_length=20,
        validators=[RegexValidator(r"^[A-Z0-9-]+$", "代码只用大写字母、数字和“-”，如 CG-04-018。")],
    )
    title = models.CharField("事项", max_length=60)
    category = models.ForeignKey(Category, models.PROTECT, related_name="items", verbose_name="分类")
    words = ArrayField(
        models.CharField(max_length=40),
        verbose_name="群众怎么说",
        help_text="“工资+拖欠”表示两个词在相近处同时出现才算。",
    )
    excluded_words = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name="不属于的用词",
        help_text="诉求里出现这些词时，本事项降分。",
    )
    belongs = models.TextField("属于")
    not_belongs = models.TextField("不属于（派到哪里）", blank=True)
    conditions = models.JSONField(
        "条件",
        default=list,
        blank=True,
        help_text="按条件改派：when 可写 words、place、subject（出现其一）和 hour（起止钟点），都满足才适用。",
    )
    route = models.CharField(
        "去向",
        max_length=12,
        choices=Route,
        default=Route.HANDLE,
        help_text="告知法定途径的不派给任何单位，答复模板是要说的话。",
    )
    level = models.CharField("主责级别", max_length=6, choices=Level)
    city_function = models.CharField("市级职能", max_length=30, help_text="市级主责事项的主责；县级事项的市级主管。")
    lead_unit = models.ForeignKey(
        "hotline.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="led_items",
        verbose_name="指定市级单位",
        help_text="空着时按市级职能找单位。",
    )
    county_function = models.CharField("县级职能", max_length=30, blank=True)
    township_role = models.CharField("乡镇（街道）", max_length=6, choices=TownshipRole, default=TownshipRole.NONE)
    co_functions = ArrayField(models.CharField(max_length=30), default=list, blank=True, verbose_name="协办职能")
    co_units = models.ManyToManyField(
        "hotline.Unit", blank=True, related_name="assisted_items", verbose_name="指定协办单位"
    )
    kinds = ArrayField(models.CharField(max_length=10, choices=AppealKind), verbose_name="诉求类型")
    limits = models.JSONField("办理时限", default=dict, blank=True, help_text="按诉求类型，如 {“complaint”: “7wd”}。")
    statute_limits = models.JSONField(
        "法定时限", default=list, blank=True, help_text="每步一项：step、limit、source，可写 kinds。"
    )
    onsite_required = models.BooleanField("须到现场", default=False)
    completion_standard = models.TextField("办结标准")
    reply_template = models.TextField("答复模板")
    legal_basis = models.TextField("依据", blank=True)
    mark = models.CharField("标记", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "清单事项"
        constraints = [
            models.UniqueConstraint(fields=["duty_list", "code"], name="duty_item_code_is_unique_in_its_list"),
            models.CheckConstraint(
                name="duty_item_of_a_county_names_the_county_function",
                condition=Q(level=Level.CITY) | (Q(level=Level.COUNTY) & ~Q(county_function="")),
                violation_error_message="县级主责的事项须写明县级职能。",
            ),
            models.CheckConstraint(
                name="duty_item_led_by_a_township_is_a_county_matter",
                condition=~Q(township_role=TownshipRole.LEAD) | Q(level=Level.COUNTY),
                violation_error_message="乡镇主责的事项须是县级事项，由县级中心转交。",
            ),
            models.CheckConstraint(
                name="duty_item_has_words_and_kinds",
                condition=Q(words__len__gt=0) & Q(kinds__len__gt=0),
                violation_error_message="事项须至少有一个用词和一种诉求类型。",
            ),
            models.CheckConstraint(
                name="duty_item_without_legal_basis_is_marked",
                condition=~Q(legal_basis="") | ~Q(mark=""),
                violation_error_message="没有核实依据的事项须标明“示例，待核”。",
            ),
            models.CheckConstraint(
                name="duty_item_township_role_is_known", condition=Q(township_role__in=TownshipRole.values)
            ),
            models.CheckConstraint(name="duty_item_route_is_known", condition=Q(route__in=Route.values)),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def clean(self) -> None:
        unknown = [
            slug
            for slug in (self.city_function, self.county_function, *self.co_functions)
            if slug not in ("", *FUNCTIONS)
        ]
        if unknown:
            raise ValidationError(f"没有这样的职能：{'、'.join(unknown)}。")
        broken = [word for word in (*self.words, *self.excluded_words) if not all(word.strip().split("+"))]
        if broken:
            raise ValidationError(f"用词中“+”的两边都要有字：{'、'.join(broken)}。")
        if self.level == Level.CITY and self.duty_list.scope.kind == Unit.Kind.COUNTY_CENTRE:
            raise ValidationError("市级主责的事项由市级清单定，县级清单只写县级主责的。")


class TownshipDuty(models.Model):
    """What a township's list makes of it in the matter of an item, whatever version of the item is in force."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="duties", db_index=False)
    code = models.CharField("事项代码", max_length=20)
    role = models.CharField("本乡镇（街道）", max_length=6, choices=TownshipRole)

    class Meta:
        verbose_name = verbose_name_plural = "履职事项"
        constraints = [
            models.UniqueConstraint(fields=["duty_list", "code"], name="township_duty_code_is_unique_in_its_list"),
            models.CheckConstraint(
                condition=Q(role__in=[TownshipRole.ASSIST, TownshipRole.LEAD]), name="township_duty_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_role_display()}"


class DutyItemEvent(models.Model):
    """What was changed of an item in a draft, or said of it, why, and which ruling it came from; never changed."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="item_events", db_index=False)
    code = models.CharField("事项代码", max_length=20)
    act = models.CharField("动作", max_length=10, choices=ItemAct)
    changes = models.JSONField("修改", default=dict)
    """Field → [before, after]."""
    reason = models.CharField("理由", max_length=500)
    ticket_number = models.CharField("来自哪张工单的裁定", max_length=20, blank=True)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "事项经过"
        indexes = [
            models.Index("duty_list", "id", name="duty_item_event_list"),
            models.Index("code", "id", name="duty_item_event_code"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(act__in=ItemAct.values), name="duty_item_event_act_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="duty_item_event_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_act_display()}"


class DutyListTrial(models.Model):
    """A version held against what was dispatched lately: what it would send elsewhere."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="trials", db_index=False)
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField("试派时间")
    since = models.DateTimeField("从何时的派单试起")
    finished_at = models.DateTimeField("算完时间", null=True)
    result = models.JSONField("结果", default=dict)
    """As responsibility.selectors.Tried says it."""

    class Meta:
        verbose_name = verbose_name_plural = "清单试派"
        indexes = [models.Index(fields=["duty_list", "-id"], name="duty_list_trial_list")]

    def __str__(self) -> str:
        return f"{self.duty_list_id} {self.asked_at:%Y-%m-%d %H:%M}"


class DutySheet(models.Model):
    """A sheet handed in for a draft: what it would change, read by a person before it is written."""

    duty_list = models.ForeignKey(DutyList, models.PROTECT, related_name="sheets", db_index=False)
    file = models.ForeignKey("hotline.StoredFile", models.PROTECT, related_name="+", db_index=False)
    drops_missing = models.BooleanField("表里没有的事项删除", default=False)
    handed_in_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    handed_in_at = models.DateTimeField("交来时间")
    lines = models.PositiveIntegerField("行数", default=0)
    lines_done = models.PositiveIntegerField("已比对行数", default=0)
    list_seen_at = models.DateTimeField("比对的草稿最后修改", null=True)
    city_seen = models.ForeignKey(
        DutyList, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="比对时的市级清单"
    )
    """Of a county's sheet the version that it inherits from."""
    checked_at = models.DateTimeField("比对完时间", null=True)
    headings = ArrayField(models.TextField(), default=list, verbose_name="列名")
    counts = models.JSONField("比对结果", default=dict)
    """add, change, remove, same, wrong → how many rows."""
    reason = models.CharField("修改理由", max_length=500, blank=True)
    ticket_number = models.CharField("来自哪张工单的裁定", max_length=20, blank=True)
    confirmed_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField("确认时间", null=True)
    written_at = models.DateTimeField("写入时间", null=True)
    refusal = models.CharField("没有办成", max_length=500, blank=True)
    begun_at = models.DateTimeField("最近一次开始", null=True)
    """When a worker last took up what waits."""
    tries = models.PositiveSmallIntegerField("开始过几次", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "清单表格"
        indexes = [models.Index(fields=["duty_list", "-id"], name="duty_sheet_list")]
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_at__isnull=True) | Q(list_seen_at__isnull=False),
                name="duty_sheet_checked_saw_the_list",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | (Q(checked_at__isnull=False) & ~Q(reason="")),
                name="duty_sheet_confirmed_was_checked_and_says_why",
            ),
            models.CheckConstraint(
                condition=Q(written_at__isnull=True) | Q(confirmed_at__isnull=False, refusal=""),
                name="duty_sheet_written_was_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.duty_list_id} {self.handed_in_at:%Y-%m-%d %H:%M}"

    @property
    def waits(self) -> str:
        """What a worker has yet to do: check, write, or nothing."""
        if self.refusal or self.written_at:
            return ""
        if self.checked_at is None:
            return "check"
        return "write" if self.confirmed_at else ""

    @property
    def waits_since(self) -> datetime:
        return self.begun_at or self.confirmed_at or self.handed_in_at


class DutySheetRow(models.Model):
    """A row of a sheet that differs from the draft, or is wrong, or an item that the sheet leaves out."""

    sheet = models.ForeignKey(DutySheet, models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField("行", null=True)
    code = models.CharField("事项代码", max_length=60, blank=True)
    act = models.CharField("动作", max_length=10, choices=ItemAct, blank=True)
    changes = models.JSONField("修改", default=dict)
    """Field → [before, after]."""
    cells = ArrayField(models.TextField(), default=list, verbose_name="原来写的")
    why = models.TextField("错在哪里", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "清单表格的行"
        indexes = [models.Index("sheet", "act", "id", name="duty_sheet_row_list")]
        constraints = [
            models.CheckConstraint(
                condition=Q(act="", line__isnull=False) & ~Q(why="")
                | Q(act__in=[ItemAct.ADD, ItemAct.CHANGE], why="", line__isnull=False)
                | Q(act=ItemAct.REMOVE, why="", line__isnull=True),
                name="duty_sheet_row_acts_or_says_what_is_wrong",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.line} {self.code}"
