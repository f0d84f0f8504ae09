"""What the order asks of the five lines, and the evidence that it is done."""

from datetime import date, datetime
from typing import Final

from django.db import transaction

from channels_merge import rights
from channels_merge.models import Channel, LineMilestone
from channels_merge.states import MilestoneKind
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import StoredFile, User
from hotline.typed import clean, needed

# 赣市改字〔2025〕10号 1: 力争 2026 年 6 月底前实行“双号并行、统一管理、统一转办”
DUE: Final = date(2026, 6, 30)
ORDERED: Final = (MilestoneKind.DUAL, MilestoneKind.MANAGED, MilestoneKind.DISPATCHED)
AUTHORITY: Final = "市行政审批局"
# The order names the six units in one row; which department is whose line's follows from the number.
RESPONSIBLE: Final = {
    "12333": "市人力资源社会保障局",
    "12328": "市交通运输局",
    "12315": "市市场监管局",
    "12348": "市司法局",
    "967788": "市工商联",
}


class MilestoneRefused(DomainError):
    pass


@transaction.atomic
def sync_milestones() -> int:
    """Write what the order asks of each line that is there; returns how many rows are new."""
    channels = Channel.objects.filter(code__in=RESPONSIBLE)
    before = LineMilestone.objects.count()
    LineMilestone.objects.bulk_create(
        (
            LineMilestone(
                channel=channel,
                kind=kind,
                due_on=DUE,
                responsible=f"{AUTHORITY}、{RESPONSIBLE[channel.code]}",
            )
            for channel in channels.order_by("pk")
            for kind in ORDERED
        ),
        ignore_conflicts=True,
    )
    return LineMilestone.objects.count() - before


@transaction.atomic
def add_milestone(*, code: str, kind: str, text: str, due_on: date, by: User, at: datetime) -> LineMilestone:
    """What is to be done at a line after the day of the order."""
    rights.require(by, rights.MANAGE_CHANNELS, at)
    if code not in RESPONSIBLE or kind not in MilestoneKind.values:
        raise MilestoneRefused("请选择热线和要求。")
    if due_on <= DUE:
        raise MilestoneRefused(f"{DUE:%Y-%m-%d} 以前的三项已经列出，这里写以后的。")
    return LineMilestone.objects.create(
        channel=Channel.objects.get(code=code),
        kind=kind,
        text=needed(text, "内容", 100, MilestoneRefused),
        due_on=due_on,
        responsible=f"{AUTHORITY}、{RESPONSIBLE[code]}",
    )


@transaction.atomic
def record_milestone(
    *,
    milestone_id: int,
    evidence: str,
    done_on: date | None = None,
    file: StoredFile | None = None,
    by: User,
    at: datetime,
) -> LineMilestone:
    """Evidence so far; with `done_on` it is done. A later entry replaces it; the file stays unless another one comes."""
    rights.require(by, rights.MANAGE_CHANNELS, at)
    row = LineMilestone.objects.select_for_update(no_key=True).get(pk=milestone_id)
    evidence = clean(evidence)
    if not evidence:
        raise MilestoneRefused("请写佐证：文件号、上线公告或测试记录。")
    if len(evidence) > 500:
        raise MilestoneRefused("佐证最多写 500 个字。")
    if done_on is not None and done_on > local_day(at):
        raise MilestoneRefused("完成日期不能晚于今天。")
    row.evidence, row.done_on, row.file = evidence, done_on, file or row.file
    row.recorded_by, row.recorded_at = by, at
    row.save(update_fields=["evidence", "done_on", "file", "recorded_by", "recorded_at"])
    return row
