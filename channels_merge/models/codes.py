"""便民码: a code that hangs in a place and opens a page with place and unit filled (赣市改字〔2025〕10号 3)."""

from django.db import models
from django.db.models import F, Q
from django_fsm import transition

from channels_merge.states import CodeState, PlaceKind
from hotline.fsm import StateField, StateModel


class PlaceCode(StateModel):
    """One printed code. What it says of the place is filled into every appeal that comes through it."""

    # Ten characters drawn at random: no code can be guessed from another.
    token = models.CharField("码", max_length=10, unique=True)
    kind = models.CharField("种类", max_length=10, choices=PlaceKind)
    name = models.CharField("名称", max_length=60)
    region = models.ForeignKey("hotline.Region", models.PROTECT, verbose_name="地区", related_name="+")
    place = models.CharField("详细地点", max_length=120, blank=True)
    longitude = models.DecimalField("经度", max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField("纬度", max_digits=9, decimal_places=6, null=True)
    # Who answers for the place; the dispatcher decides all the same.
    unit = models.ForeignKey("hotline.Unit", models.PROTECT, null=True, verbose_name="管理单位", related_name="+")
    # Made from one sheet and printed together.
    batch = models.CharField("批次", max_length=20, blank=True, db_index=True)

    state = StateField("状态", max_length=10, choices=CodeState, default=CodeState.ACTIVE, protected=True)
    moved_to = models.ForeignKey("self", models.PROTECT, null=True, verbose_name="换成", related_name="+")
    ended_because = models.CharField("停用、更换的原因", max_length=200, blank=True)
    made_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    made_at = models.DateTimeField("建立时间")
    ended_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "便民码"
        permissions = [("manage_codes", "管理便民码")]
        constraints = [
            models.UniqueConstraint(
                "kind", "region", "name", "place", condition=Q(state=CodeState.ACTIVE), name="placecode_once_per_place"
            ),
            models.CheckConstraint(
                condition=Q(state=CodeState.ACTIVE, moved_to=None, ended_at=None, ended_because="")
                | Q(state=CodeState.MOVED, moved_to__isnull=False, ended_at__isnull=False)
                | (Q(state=CodeState.REVOKED, moved_to=None, ended_at__isnull=False) & ~Q(ended_because="")),
                name="placecode_state_has_its_fields",
            ),
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None) | Q(longitude__isnull=False, latitude__isnull=False),
                name="placecode_point_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(moved_to=None) | ~Q(moved_to=F("id")), name="placecode_does_not_lead_to_itself"
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None) | Q(ended_at__isnull=False), name="placecode_ended_by_has_time"
            ),
        ]

    def __str__(self):
        return self.token

    @transition(state, source=CodeState.ACTIVE, target=CodeState.MOVED)
    def move(self, *, moved_to, ended_because, ended_by, ended_at):
        self.moved_to, self.ended_because = moved_to, ended_because
        self.ended_by, self.ended_at = ended_by, ended_at

    @transition(state, source=CodeState.ACTIVE, target=CodeState.REVOKED)
    def revoke(self, *, ended_because, ended_by, ended_at):
        self.ended_because, self.ended_by, self.ended_at = ended_because, ended_by, ended_at


class CodeCorrection(models.Model):
    """What was put right about a code that hangs, in the old words and the new: append-only by trigger."""

    code = models.ForeignKey(PlaceCode, models.PROTECT, related_name="corrections", db_index=False)
    words = models.CharField("改了什么", max_length=1000)
    by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "便民码更正"
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="codecorrection_says_what")]
        indexes = [models.Index("code", "id", name="codecorrection_code")]

    def __str__(self):
        return f"{self.code_id} {self.words}"


class CodeScan(models.Model):
    """How often a code was opened on a day. A number and nothing of whoever opened it."""

    code = models.ForeignKey(PlaceCode, models.PROTECT, related_name="scans", db_index=False)
    day = models.DateField("日期")
    count = models.PositiveIntegerField("次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "扫码次数"
        constraints = [models.UniqueConstraint("code", "day", name="codescan_once_per_day")]

    def __str__(self):
        return f"{self.code_id} {self.day} {self.count}"
