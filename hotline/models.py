"""Units, regions, people, calendar, parameters, the abstract clocks, files, notices and the security log."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from hotline.dates import local, local_day
from hotline.limits import UNITS, Limit
from hotline.masking import mask_name
from hotline.roles import ROLES

_DUTY_SPAN: Final = re.compile(r"([01]?\d|2[0-4])[:：]([0-5]\d)\s*[-–—~～至]\s*([01]?\d|2[0-4])[:：]([0-5]\d)")


class Region(models.Model):
    class Level(models.TextChoices):
        CITY = "city", "市"
        COUNTY = "county", "县（市、区）"
        ZONE = "zone", "功能区"
        TOWNSHIP = "township", "乡镇（街道）"

    code = models.CharField("代码", max_length=16, unique=True)
    name = models.CharField("名称", max_length=40)
    level = models.CharField("级别", max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    pinyin_key = models.CharField("排序键", max_length=80, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "行政区划"
        constraints = [
            models.CheckConstraint(
                name="region_only_the_city_has_no_parent",
                condition=Q(level="city", parent__isnull=True) | (~Q(level="city") & Q(parent__isnull=False)),
            ),
            models.CheckConstraint(
                name="region_level_is_known", condition=Q(level__in=["city", "county", "zone", "township"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """What a column has room for: 经开区 for 赣州经济技术开发区; most places are short already."""
        own = re.sub(r"^(?:江西|赣州)(?=.{3})", "", self.name)
        return re.sub(r"经济(?:技术)?开发区$", "经开区", own)


class UnitQuerySet(models.QuerySet["Unit"]):
    def valid(self, at: datetime | date) -> UnitQuerySet:
        """Units that exist on the day of `at`."""
        day = local_day(at)
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day), valid_from__lte=day)


class Unit(models.Model):
    class Kind(models.TextChoices):
        CENTRE = "centre", "市热线中心"
        AUTHORITY = "authority", "热线主管部门"
        CITY_DEPARTMENT = "city_department", "市直部门"
        ENTERPRISE = "enterprise", "公共服务企业"
        COUNTY_CENTRE = "county_centre", "县级热线中心"
        COUNTY_DEPARTMENT = "county_department", "县直部门"
        TOWNSHIP = "township", "乡镇（街道）"
        OVERSIGHT = "oversight", "监督单位"

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("全称", max_length=80)
    short_name = models.CharField("简称", max_length=40)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    function = models.SlugField("职能", max_length=40, blank=True, default="")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级单位"
    )
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="units", verbose_name="所在区划"
    )
    valid_from = models.DateField("启用日期")
    valid_until = models.DateField("停用日期", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name="职能承接单位"
    )
    duty_phone = models.CharField("值班电话", max_length=40, blank=True, default="")
    duty_hours = models.CharField("值班时间", max_length=80, blank=True, default="")

    objects: ClassVar[models.Manager[Unit]] = UnitQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        indexes = [
            models.Index(fields=["kind", "function"], name="unit_by_kind_function"),
            models.Index(fields=["parent", "function"], name="unit_by_parent_function"),
        ]
        constraints = [
            models.CheckConstraint(
                name="unit_only_the_centre_has_no_parent",
                condition=Q(kind="centre", parent__isnull=True) | (~Q(kind="centre") & Q(parent__isnull=False)),
            ),
            models.UniqueConstraint(fields=["kind"], condition=Q(kind="centre"), name="unit_one_centre"),
            models.CheckConstraint(
                name="unit_ends_after_it_begins",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="unit_with_successor_has_ended",
                condition=Q(successor__isnull=True) | Q(valid_until__isnull=False),
            ),
            models.CheckConstraint(
                name="unit_of_a_county_has_a_region",
                condition=~Q(kind__in=["county_centre", "county_department", "township"]) | Q(region__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    def is_on_duty(self, at: datetime) -> bool:
        """Whether somebody sits at its duty telephone then: 24小时, or spans of a day like 08:00-22:00. What cannot be read is no."""
        if not self.duty_phone or not self.duty_hours:
            return False
        clock = local(at).time()
        spans = [
            (time(int(a) % 24, int(b)), time(int(c) % 24, int(d)))
            for a, b, c, d in _DUTY_SPAN.findall(self.duty_hours)
        ]
        return "24小时" in self.duty_hours or any(
            start <= clock < end if start < end else clock >= start or clock < end for start, end in spans
        )

    def ancestors_below_centre(self) -> list[Unit]:
        """The units above this one, nearest first, without the city centre. One query; none for a city unit."""
        if self.parent_id is None:
            return []
        cached = self._state.fields_cache.get("parent")
        parent = cached or Unit.objects.select_related("parent", "parent__parent").get(pk=self.parent_id)
        found = []
        while parent is not None and parent.kind != Unit.Kind.CENTRE:
            found.append(parent)
            parent = parent.parent
        return found

    def is_valid(self, at: datetime | date) -> bool:
        day = local_day(at)
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    class Employment(models.TextChoices):
        STAFF = "staff", "在编"
        REGULAR = "regular", "企业自有"
        CONTRACT = "contract", "聘用"
        OUTSOURCED = "outsourced", "外包"

    username = models.CharField("工号", max_length=32, unique=True)
    name = models.CharField("姓名", max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="users", verbose_name="单位")
    employment = models.CharField("用工性质", max_length=12, choices=Employment.choices, default=Employment.STAFF)
    deputy = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="deputises_for", verbose_name="代理人"
    )
    away_from = models.DateTimeField("离岗起", null=True, blank=True)
    away_until = models.DateTimeField("离岗止", null=True, blank=True)
    is_active = models.BooleanField("在用", default=True)
    is_staff = models.BooleanField("可进入管理后台", default=False)
    is_demo = models.BooleanField("演示账号", default=False)
    must_change_password = models.BooleanField("下次登录须修改密码", default=True)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        permissions = [("assign_roles", "授予角色、重置密码")]
        constraints = [
            models.CheckConstraint(
                name="user_away_until_follows_away_from",
                condition=Q(away_until__isnull=True) | Q(away_from__isnull=False, away_until__gt=F("away_from")),
            ),
            models.CheckConstraint(
                name="user_is_not_own_deputy", condition=Q(deputy__isnull=True) | ~Q(deputy=F("id"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    # What a person may do is what their roles give. Django's backend looks at both names before it reads permissions.
    user_permissions = None
    _user_perm_cache: ClassVar[frozenset[str]] = frozenset()

    @cached_property
    def _group_perm_cache(self) -> set[str]:
        """Roles name their permissions in code, so their own names are enough."""
        roles = self.groups.values_list("name", flat=True)
        return {permission for code in roles if code in ROLES for permission in ROLES[code].permissions}

    def is_away(self, at: datetime) -> bool:
        return (
            self.away_from is not None and self.away_from <= at and (self.away_until is None or at < self.away_until)
        )

    def stand_in(self, at: datetime) -> User | None:
        """Who has this person's rights (hotline.rights), and hears what they would hear, while they are away."""
        deputy = self.deputy if self.is_away(at) and not self.is_staff else None
        if deputy is None or deputy.is_staff or not deputy.is_active or deputy.unit_id != self.unit_id:
            return None
        return deputy


class PasswordHistory(models.Model):
    """Hashes of former passwords, so that the last five are not used again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords", verbose_name="人员")
    password = models.CharField("密码散列", max_length=128)
    at = models.DateTimeField("停用时间")

    class Meta:
        verbose_name = verbose_name_plural = "历史密码"

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d}"


class CalendarYear(models.Model):
    """One published (or expected) version of a year's working calendar; the highest version holds."""

    year = models.PositiveSmallIntegerField("年份")
    version = models.PositiveSmallIntegerField("版本", default=1)
    provisional = models.BooleanField("暂定", default=False)
    source = models.CharField("依据", max_length=200, blank=True, default="")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = verbose_name_plural = "工作日历年度"
        constraints = [
            models.UniqueConstraint(fields=["year", "version"], name="calendar_year_version_is_unique"),
            models.CheckConstraint(
                name="calendar_year_in_range", condition=Q(year__gte=2000, year__lte=2100, version__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年第 {self.version} 版"


class CalendarDay(models.Model):
    """A date that differs from, or confirms, the plain week: a holiday or a make-up working day."""

    date = models.DateField("日期", unique=True)
    is_workday = models.BooleanField("上班")
    name = models.CharField("名称", max_length=40)
    year = models.PositiveSmallIntegerField("公告年份")
    source = models.CharField("依据", max_length=200, blank=True, default="")
    version = models.PositiveSmallIntegerField("版本", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "节假日与调休"

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d} {self.name}"


class WorkInterval(models.Model):
    """Hours of a working day. All rows of the latest `valid_from` not after a date hold on that date."""

    valid_from = models.DateField("起用日期")
    starts = models.TimeField("上班")
    ends = models.TimeField("下班")

    class Meta:
        verbose_name = verbose_name_plural = "上班时段"
        constraints = [
            models.UniqueConstraint(fields=["valid_from", "starts"], name="work_interval_is_unique"),
            models.CheckConstraint(name="work_interval_ends_after_start", condition=Q(ends__gt=F("starts"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}"


class Parameter(models.Model):
    """A limit, threshold or switch from a date on. Rows are added, not changed: an old matter keeps its rule."""

    key = models.CharField("参数", max_length=60)
    value = models.CharField("取值", max_length=200)
    valid_from = models.DateTimeField("生效时间")
    source = models.CharField("依据", max_length=200, blank=True, default="")
    note = models.CharField("说明", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "参数"
        permissions = [("administer_parameters", "管理参数与工作日历")]
        constraints = [models.UniqueConstraint(fields=["key", "valid_from"], name="parameter_key_date_is_unique")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class Clock(models.Model):
    """A running or ended limit. Concrete classes add their subject and keep `Clock.Meta`'s lists:

    class Meta(Clock.Meta): constraints = [*Clock.Meta.constraints, ...]

    An extension ends the row as superseded and starts the next generation; an ended row never changes.
    `sweep_at` is the next moment at which the sweep must look, null when there is none.
    """

    KINDS: ClassVar[dict[str, str]]  # what people call each kind of this room's clock

    class Outcome(models.TextChoices):
        MET = "met", "已完成"
        VOID = "void", "已作废"
        SUPERSEDED = "superseded", "已延期换新"

    kind = models.CharField("种类", max_length=24)
    generation = models.PositiveSmallIntegerField("代次", default=1)
    started_at = models.DateTimeField("起算时间")
    limit_amount = models.PositiveIntegerField("时限数量")
    limit_unit = models.CharField("时限单位", max_length=4, choices=[*UNITS.items()])
    due_at = models.DateTimeField("到期时间")
    soon_at = models.DateTimeField("临期时间", null=True, blank=True)
    sweep_at = models.DateTimeField("下次巡检时间", null=True, blank=True)
    stopped_at = models.DateTimeField("停止时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True, default="")
    provisional = models.BooleanField("按暂定日历计算", default=False)
    explanation = models.JSONField("计算说明", default=dict)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_stopped_with_outcome",
                condition=Q(stopped_at__isnull=True, outcome="")
                | Q(stopped_at__isnull=False, outcome__in=["met", "void", "superseded"], sweep_at__isnull=True),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_due_after_start", condition=Q(due_at__gt=F("started_at"))
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_soon_before_due",
                condition=Q(soon_at__isnull=True) | Q(soon_at__gte=F("started_at"), soon_at__lt=F("due_at")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_limit_is_known",
                condition=Q(limit_unit__in=[*UNITS], limit_amount__gt=0, generation__gte=1),
            ),
        ]
        indexes = [
            models.Index(fields=["sweep_at"], condition=Q(stopped_at__isnull=True), name="%(class)s_sweep"),
            models.Index(
                fields=["due_at"], condition=Q(stopped_at__isnull=True, provisional=True), name="%(class)s_provisional"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.generation}"

    @property
    def kind_name(self) -> str:
        return self.KINDS[self.kind]

    @property
    def limit(self) -> Limit:
        return Limit(self.limit_amount, self.limit_unit)

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None

    def was_late(self, at: datetime) -> bool:
        """Whether the limit was passed, judged when it stopped or, while it runs, at `at`."""
        return (self.stopped_at or at) > self.due_at


class Breach(models.Model):
    """A threshold that a clock has passed. Concrete classes: `clock = ForeignKey(X, related_name="breaches")`

    and class Meta(Breach.Meta): pass.
    """

    class Threshold(models.TextChoices):
        SOON = "soon", "临期"
        DUE = "due", "到期"
        OVERDUE_1 = "overdue_1", "超期 1 个工作日"
        OVERDUE_2 = "overdue_2", "超期 2 个工作日"
        OVERDUE_3 = "overdue_3", "超期 3 个工作日"
        OVERDUE_4 = "overdue_4", "超期 4 个工作日"
        OVERDUE_5 = "overdue_5", "超期 5 个工作日"

    threshold = models.CharField("节点", max_length=12, choices=Threshold.choices)
    at = models.DateTimeField("节点时间")
    found_at = models.DateTimeField("发现时间")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["clock", "threshold"], name="%(app_label)s_%(class)s_once"),
        ]

    def __str__(self) -> str:
        return self.threshold


class StoredFile(models.Model):
    """One upload. The bytes lie once under their hash; `path` is relative to the file store."""

    sha256 = models.CharField("散列值", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField("字节数")
    content_type = models.CharField("类型", max_length=100)
    name = models.CharField("文件名", max_length=200)
    path = models.CharField("存放位置", max_length=200)
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, verbose_name="上传人")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "文件"

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")


class Picture(models.Model):
    """What an uploaded picture says about itself (hotline.pictures), read from its bytes when it came in.

    The bands of its perceptual hash are indexed: two pictures of which at most three bits differ share one.
    """

    file = models.OneToOneField(StoredFile, models.CASCADE, primary_key=True, related_name="picture")
    taken_at = models.DateTimeField("拍摄时间", null=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    band0 = models.IntegerField("感知散列一", null=True)
    band1 = models.IntegerField("感知散列二", null=True)
    band2 = models.IntegerField("感知散列三", null=True)
    band3 = models.IntegerField("感知散列四", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "照片"
        constraints = [
            models.CheckConstraint(
                name="picture_point_is_whole",
                condition=Q(longitude=None, latitude=None) | Q(longitude__isnull=False, latitude__isnull=False),
            ),
            models.CheckConstraint(
                name="picture_hash_is_whole",
                condition=Q(band0=None, band1=None, band2=None, band3=None)
                | Q(band0__isnull=False, band1__isnull=False, band2__isnull=False, band3__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=[f"band{turn}", "-file"], condition=Q(band0__isnull=False), name=f"picture_band{turn}")
            for turn in range(4)
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.taken_at}"

    @property
    def bands(self) -> tuple[int, ...]:
        """Empty where the picture has no hash."""
        bands = (self.band0, self.band1, self.band2, self.band3)
        return () if bands[0] is None else bands


class Notice(models.Model):
    """Something a person should look at: a kind and a number, never a title."""

    recipient = models.ForeignKey(User, models.CASCADE, related_name="notices", db_index=False, verbose_name="接收人")
    kind = models.CharField("种类", max_length=40)
    number = models.CharField("编号", max_length=40, blank=True, default="")
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    dedupe_key = models.CharField("去重键", max_length=120)

    class Meta:
        verbose_name = verbose_name_plural = "提醒"
        constraints = [
            models.UniqueConstraint(fields=["recipient", "dedupe_key"], name="notice_once_per_recipient"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-at", "-id"], name="notice_newest"),
            models.Index(fields=["recipient", "-id"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class SecurityLog(models.Model):
    """Who did what to accounts, rights and personal data. Append-only by trigger."""

    class Kind(models.TextChoices):
        LOGIN = "login", "登录"
        LOGIN_FAILED = "login_failed", "登录失败"
        LOCKED_OUT = "locked_out", "登录锁定"
        LOGOUT = "logout", "退出"
        LOCK = "lock", "锁屏"
        UNLOCK = "unlock", "解锁"
        PASSWORD = "password", "修改密码"
        ROLE = "role", "角色变更"
        ACCESS = "access", "接入、坐席变更"
        PERSON = "person", "人员变更"
        UNIT = "unit", "单位变更"
        PARAMETER = "parameter", "参数变更"
        CALENDAR = "calendar", "工作日历变更"
        REVEAL = "reveal", "查看个人信息"
        SEARCH = "search", "按个人信息查询"
        EXPORT = "export", "导出"
        PRINT = "print", "打印"

    class Outcome(models.TextChoices):
        DONE = "done", "成功"
        REFUSED = "refused", "拒绝"

    at = models.DateTimeField("时间")
    user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name="人员"
    )
    kind = models.CharField("事项", max_length=20, choices=Kind.choices)
    subject = models.CharField("对象", max_length=120, blank=True, default="")
    address = models.GenericIPAddressField("网络地址", null=True, blank=True)
    outcome = models.CharField("结果", max_length=10, choices=Outcome.choices, default=Outcome.DONE)
    reason = models.CharField("理由", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "安全日志"
        permissions = [("view_security_log", "查看安全日志")]
        indexes = [
            models.Index(fields=["-at", "-id"], name="security_log_newest"),
            models.Index(fields=["user", "-at"], name="security_log_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"


class DailySequence(models.Model):
    """Where the running number of a prefix stood when a day began; `hotline.numbers` counts from there."""

    prefix = models.CharField("前缀", max_length=8)
    day = models.DateField("日期")
    before = models.BigIntegerField("当日之前用到")

    class Meta:
        verbose_name = verbose_name_plural = "编号序列"
        constraints = [models.UniqueConstraint(fields=["prefix", "day"], name="daily_sequence_is_unique")]

    def __str__(self) -> str:
        return f"{self.prefix} {self.day:%Y-%m-%d} {self.before}"


class CryptoSentinel(models.Model):
    """A known text under each field key: proves at start that the key given is the key the rows were written with."""

    key_id = models.CharField("密钥编号", max_length=20, unique=True)
    ciphertext = models.TextField("密文")
    index_check = models.CharField("索引密钥校验值", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "密钥校验"

    def __str__(self) -> str:
        return self.key_id
