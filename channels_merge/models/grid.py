"""The grid (多格合一): what grid workers collect, the cells they walk, what they reported, what they are sent to look at."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from channels_merge.models.appeal import Appeal
from channels_merge.states import GridCheckState, GridFinding
from tickets.states import Kind, Urgency


class GridEventClass(models.Model):
    """One class of the event standard: what it covers, what must be collected, who reports and who handles it."""

    code = models.CharField("代码", max_length=20, unique=True)
    group = models.CharField("大类", max_length=40)
    name = models.CharField("名称", max_length=60)
    covers = models.CharField("采集什么", max_length=300)
    # Names of `selectors.grid.FIELDS`.
    needed = ArrayField(models.CharField(max_length=20), verbose_name="必填字段")
    reporters = models.CharField("谁上报", max_length=100)
    handlers = models.CharField("谁处置", max_length=100)
    kind = models.CharField("诉求类型", max_length=20, choices=Kind)
    urgency = models.CharField("紧急程度", max_length=20, choices=Urgency)
    mark = models.CharField("标注", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "网格事件类别"
        permissions = [("view_grid_standard", "查看网格采集标准")]

    def __str__(self):
        return f"{self.code} {self.name}"


class GridCell(models.Model):
    """A grid cell as the operator's file names it."""

    code = models.CharField("网格编码", max_length=40, unique=True)
    name = models.CharField("网格名称", max_length=80)
    region = models.ForeignKey("hotline.Region", models.PROTECT, related_name="+", verbose_name="地区")
    # A GeoJSON Polygon or MultiPolygon.
    outline = models.JSONField("边界", null=True)
    loaded_at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = verbose_name_plural = "网格"
        permissions = [("view_grid", "查看网格标准、网格和网格事件"), ("manage_grid", "导入网格和网格事件")]
        constraints = [
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="gridcell_has_code_and_name"),
        ]
        indexes = [models.Index("region", "code", name="gridcell_of_region")]

    def __str__(self):
        return f"{self.code} {self.name}"


class GridEvent(models.Model):
    """What the grid platform said beside the appeal that it became."""

    appeal = models.OneToOneField(Appeal, models.PROTECT, primary_key=True, related_name="grid_event")
    event_class = models.ForeignKey(GridEventClass, models.PROTECT, related_name="+", verbose_name="类别")
    cell = models.ForeignKey(GridCell, models.PROTECT, null=True, related_name="+", verbose_name="网格")
    people = models.PositiveIntegerField("涉及人数", null=True)
    found_at = models.DateTimeField("发现时间", null=True)
    taken_in_at = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "网格事件"
        indexes = [models.Index(F("taken_in_at").desc(), F("appeal").desc(), name="gridevent_newest")]

    def __str__(self):
        return str(self.appeal_id)


class GridCheck(models.Model):
    """A township sends a grid worker to look at a place; what is found there lands on the ticket."""

    assignment = models.ForeignKey("tickets.Assignment", models.PROTECT, related_name="+", verbose_name="本单位的承办")
    worker = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    what = models.CharField("去看什么", max_length=500)
    place = models.CharField("地点", max_length=200)
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField("派出时间")
    due_at = models.DateTimeField("截止时间")
    state = models.CharField("状态", max_length=10, choices=GridCheckState, default=GridCheckState.OPEN)
    found = models.CharField("是否属实", max_length=8, choices=GridFinding, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    # Of `tickets.TicketEvent`: the on-site record that it became.
    event = models.OneToOneField("tickets.TicketEvent", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "现场核查任务"
        permissions = [("do_grid_check", "到现场核查并上报")]
        constraints = [
            models.UniqueConstraint(
                "assignment", "worker", condition=Q(state=GridCheckState.OPEN), name="gridcheck_one_open_per_worker"
            ),
            models.CheckConstraint(
                condition=Q(state=GridCheckState.OPEN, found="", ended_at=None, event=None)
                | (Q(state=GridCheckState.DONE, ended_at__isnull=False, event__isnull=False) & ~Q(found=""))
                | Q(state=GridCheckState.CALLED_OFF, found="", ended_at__isnull=False, event=None),
                name="gridcheck_state_has_its_facts",
            ),
            models.CheckConstraint(condition=~Q(what="") & ~Q(place=""), name="gridcheck_says_what_and_where"),
        ]
        indexes = [
            models.Index("worker", "due_at", "id", condition=Q(state=GridCheckState.OPEN), name="gridcheck_waiting"),
            models.Index("worker", F("asked_at").desc(), F("id").desc(), name="gridcheck_of_worker"),
        ]

    def __str__(self):
        return f"{self.assignment_id} {self.worker_id}"
