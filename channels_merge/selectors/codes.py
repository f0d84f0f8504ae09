"""便民码: which code a word means, where it leads, and how much it is used."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from channels_merge import rights
from channels_merge.models import Appeal, CodeScan, PlaceCode
from channels_merge.selectors.register import RegisterTab
from channels_merge.states import CodeState
from hotline.dates import local_day
from hotline.models import User
from hotline.rights import has_right
from hotline.selectors import subtree_ids

USED_DAYS: Final = 30
# What people type for what they read.
READ_AS: Final = str.maketrans("oil", "011")


def code_of(token: str) -> PlaceCode | None:
    """The code with this word, however it was typed."""
    token = token.strip().lower().translate(READ_AS)
    if not token.isascii() or len(token) != 10:
        return None
    return PlaceCode.objects.select_related("region__parent", "unit").filter(token=token).first()


def where_it_leads(code: PlaceCode) -> PlaceCode:
    """The code at the end of the way; itself when it was not replaced. A replaced code may be replaced again."""
    while code.moved_to_id:
        code = PlaceCode.objects.select_related("region__parent", "unit").get(pk=code.moved_to_id)
    return code


def place_words(code: PlaceCode) -> str:
    """The place of an appeal that came through the code."""
    return f"{code.place} {code.name}".strip() if code.name not in code.place else code.place


def codes_seen(user: User, at: datetime) -> QuerySet[PlaceCode]:
    """All for the centre; a unit sees those of itself and of the units below it."""
    if any(has_right(user, right, at) for right in (rights.MANAGE_CODES, rights.VIEW_REGISTER)):
        return PlaceCode.objects.all()
    return PlaceCode.objects.filter(unit__in=subtree_ids(user.unit) if user.unit else [])


def with_use(codes: QuerySet[PlaceCode], *, at: datetime) -> QuerySet[PlaceCode]:
    """`scanned` and `appeals` of the last 30 days, and `appeals_ever`: index ranges of each row shown."""
    since = at - timedelta(days=USED_DAYS)
    scans = CodeScan.objects.filter(code=OuterRef("pk"), day__gt=local_day(since))
    appeals = Appeal.objects.filter(place_code=OuterRef("pk"))
    return codes.select_related("region__parent", "unit", "moved_to").annotate(
        scanned=_number(scans.values("code").annotate(n=Sum("count")).values("n")),
        appeals=_counted(appeals.filter(received_at__gte=since)),
        appeals_ever=_counted(appeals),
    )


def _counted(appeals: QuerySet[Appeal]) -> Coalesce:
    return _number(appeals.order_by().values("place_code").annotate(n=Count("pk")).values("n"))


def _number(found: QuerySet) -> Coalesce:
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def code_tabs() -> list[RegisterTab]:
    return [
        RegisterTab("", "全部", Q()),
        RegisterTab("active", "在用", Q(state=CodeState.ACTIVE)),
        RegisterTab("moved", "已更换", Q(state=CodeState.MOVED)),
        RegisterTab("revoked", "已停用", Q(state=CodeState.REVOKED)),
    ]


def scans_by_day(code: PlaceCode, *, at: datetime) -> list[CodeScan]:
    since = local_day(at) - timedelta(days=USED_DAYS)
    return list(code.scans.filter(day__gt=since).order_by("-day"))
