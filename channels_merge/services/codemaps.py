"""What the category and region codes of a line mean here.

An unknown code never holds up a person's matter: it is taken in without, the code goes on the list of codes to settle, and
when somebody settles it, the matters that nobody has decided on yet get what it means.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels_merge import rights
from channels_merge.models import Appeal, CodeMap, InboundMessage, Line
from channels_merge.services.line_reading import SentAppeal
from channels_merge.services.moves import AppealRefused, locked, record
from channels_merge.states import UNDECIDED_STATES, CodeKind
from hotline.models import Region, User
from responsibility.models import Category


@dataclass(frozen=True)
class Codes:
    category: Category | None
    region: Region | None


def read_codes(line: Line, sent: SentAppeal, *, at: datetime) -> Codes:
    category = _settled(line, CodeKind.CATEGORY, sent.category_code, sent.category_name, at)
    region = _settled(line, CodeKind.REGION, sent.region_code, sent.region_name, at)
    return Codes(category.category if category else None, region.region if region else None)


def _settled(line: Line, kind: str, code: str, name: str, at: datetime) -> CodeMap | None:
    if not code:
        return None
    found = CodeMap.objects.select_related("category", "region").filter(line=line, kind=kind, code=code).first()
    if found is not None:
        return found
    # Region codes are a national standard; codes of categories are each platform's own.
    region = Region.objects.filter(code=code).first() if kind == CodeKind.REGION else None
    made = CodeMap(
        line=line, kind=kind, code=code, name=name, region=region, first_seen_at=at, settled_at=at if region else None
    )
    CodeMap.objects.bulk_create([made], ignore_conflicts=True)
    return made


@transaction.atomic
def settle_code(
    *, code_id: int, category: Category | None = None, region: Region | None = None, by: User, at: datetime
) -> int:
    """Say what a code means, or with neither that it means nothing here. Returns how many waiting appeals it filled in."""
    rights.require(by, rights.MANAGE_LINES, at)
    code = CodeMap.objects.select_for_update(of=("self",), no_key=True).select_related("line").get(pk=code_id)
    if (code.kind == CodeKind.CATEGORY and region) or (code.kind == CodeKind.REGION and category):
        raise AppealRefused("事项代码对应事项，地区代码对应地区。")
    code.category, code.region, code.settled_at, code.settled_by = category, region, at, by
    code.save()
    target = category or region
    return 0 if target is None else sum(_fill_in(pk, code, by=by, at=at) for pk in _waiting_for(code))


def _waiting_for(code: CodeMap) -> list[int]:
    """Appeals that came with the code, still lack what it means and wait for a decision."""
    sent = InboundMessage.objects.filter(line=code.line, appeal__isnull=False)
    sent = (
        sent.filter(category_code=code.code) if code.kind == CodeKind.CATEGORY else sent.filter(region_code=code.code)
    )
    waiting = Appeal.objects.filter(pk__in=sent.values("appeal"), state__in=sorted(UNDECIDED_STATES))
    waiting = waiting.filter(category=None) if code.kind == CodeKind.CATEGORY else waiting.filter(region=None)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _fill_in(appeal_id: int, code: CodeMap, *, by: User, at: datetime) -> bool:
    appeal = locked(appeal_id)
    if appeal.state not in UNDECIDED_STATES or getattr(appeal, code.kind) is not None:
        return False
    setattr(appeal, code.kind, getattr(code, code.kind))
    appeal.save(update_fields=[code.kind])
    record(appeal, act="settle_code", source=appeal.state, by=by, at=at, data={"code": code.pk})
    return True
