"""The ledger of publicly announced numbers (国办函〔2025〕66号 四): checked, and announced anew when they change."""

from django.db import models
from django.db.models import Q

from channels_merge.states import PhoneStatus, RepublishKind


class PublicPhone(models.Model):
    """A number that a unit has announced to the public."""

    owner = models.ForeignKey("hotline.Unit", models.PROTECT, verbose_name="单位", related_name="+")
    number = models.CharField("号码", max_length=30)
    purpose = models.CharField("用途", max_length=60)
    status = models.CharField("状态", max_length=10, choices=PhoneStatus, default=PhoneStatus.USED)
    announced = models.CharField("在哪里公布", max_length=200)
    maintainer = models.CharField("维护人", max_length=80)
    # Null: nobody has rung it yet.
    checked_on = models.DateField("核对日期", null=True)
    checked_by = models.ForeignKey(
        "hotline.User", models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="核对人"
    )
    check_note = models.CharField("核对情况", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "公布电话"
        constraints = [
            models.UniqueConstraint(
                "owner", "number", condition=~Q(status=PhoneStatus.STOPPED), name="publicphone_once_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(checked_on=None, checked_by=None) | Q(checked_on__isnull=False, checked_by__isnull=False),
                name="publicphone_checked_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status=PhoneStatus.WRONG) | ~Q(check_note=""), name="publicphone_wrong_says_what"
            ),
        ]

    def __str__(self):
        return self.number


class Republication(models.Model):
    """A number changed or stopped: wherever it was announced it must be announced anew, by a day."""

    phone = models.ForeignKey(PublicPhone, models.PROTECT, related_name="republications", db_index=False)
    kind = models.CharField("种类", max_length=10, choices=RepublishKind)
    old_number = models.CharField("原号码", max_length=30)
    reason = models.CharField("原因", max_length=200)
    due_on = models.DateField("重新公布期限")
    asked_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField("提出时间")
    done_at = models.DateTimeField("公布时间", null=True)
    done_by = models.ForeignKey("hotline.User", models.PROTECT, null=True, related_name="+", db_index=False)
    where = models.CharField("改在哪里公布", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "重新公布"
        constraints = [
            models.UniqueConstraint("phone", condition=Q(done_at=None), name="republication_one_open_per_phone"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None, where="") | (Q(done_at__isnull=False) & ~Q(where="")),
                name="republication_done_says_where",
            ),
        ]
        indexes = [models.Index("phone", "id", name="republication_phone")]

    def __str__(self):
        return f"{self.phone_id} {self.kind}"
