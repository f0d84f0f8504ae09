"""What a unit governed goes on under the unit that takes its place."""

from datetime import datetime, timedelta

from hotline.dates import local_day
from hotline.models import Unit
from responsibility.models import Governance


def pass_on_governance(*, unit: Unit, successor: Unit | None, at: datetime) -> None:
    """End what `unit` governs on the day of `at`; a successor of the same kind governs it from that day."""
    day = local_day(at)
    for row in Governance.objects.in_force(day).filter(unit=unit).select_for_update().order_by("pk"):
        row.valid_until = max(day, row.valid_from + timedelta(days=1))
        row.save(update_fields=["valid_until"])
        if successor is None or successor.kind != unit.kind:
            continue
        governed = Governance.objects.in_force(row.valid_until).filter(region=row.region_id, unit=successor)
        if not governed.exists():
            Governance.objects.create(
                region_id=row.region_id,
                unit=successor,
                valid_from=row.valid_until,
                source=f"{unit.name}撤销，由{successor.name}承接",
                confirmed=row.confirmed,
            )
