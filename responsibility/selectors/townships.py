"""A township's own list of duties (乡镇（街道）履职事项清单): what no department may pass down to it (国办函〔2025〕66号 五)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery

from hotline.models import Unit
from responsibility.models import DutyItem, DutyList, TownshipDuty
from responsibility.selectors.versions import deciding_lists, items_of_lists
from responsibility.states import TownshipRole

_ORDER: Final = (TownshipRole.NONE, TownshipRole.ASSIST, TownshipRole.LEAD)


@dataclass(frozen=True)
class TownshipList:
    """The version of a township in force. It only takes away: what the city's or the county's item does not give to
    townships, no township's list can take upon it.
    """

    name: str
    roles: Mapping[str, str]
    """Code → role."""

    def role(self, code: str, role: str) -> str:
        """What of the item's `role` the list leaves."""
        return min(role, self.roles.get(code, TownshipRole.NONE), key=_rank)

    def takes_away(self, code: str, role: str) -> bool:
        return self.role(code, role) != role


def _rank(role: str) -> int:
    return _ORDER.index(TownshipRole(role))


def township_list(duty_list: DutyList) -> TownshipList:
    """One query."""
    return TownshipList(str(duty_list), dict(duty_list.duties.values_list("code", "role")))


def township_list_in_force(township: Unit, at: datetime) -> TownshipList | None:
    """None where the township has no list in force: then the item's own word holds. One or two queries."""
    found = DutyList.objects.in_force(at).filter(scope=township).order_by("-effective_from").first()
    return township_list(found) if found else None


def why_not_led(item: DutyItem, role: str, own: TownshipList | None) -> str:
    """Why a township may not lead a matter in which the item makes it `role`, and which list says so; "" if it may."""
    left = own.role(item.code, role) if own else role
    if left == TownshipRole.LEAD:
        return ""
    if own and own.takes_away(item.code, role):
        if left == TownshipRole.ASSIST:
            return f"《{own.name}》对“{item.title}”只列为协助，不能作主责，部门的事不下派。"
        return f"《{own.name}》没有列入“{item.title}”，部门的事不下派。"
    if left == TownshipRole.ASSIST:
        return f"乡镇（街道）对“{item.title}”只协助，不能作主责，部门的事不下派。"
    return f"“{item.title}”没有列入乡镇（街道）履职事项，部门的事不下派。"


def most_a_township_is(item: DutyItem) -> str:
    """The most that an item makes of a township, whatever its conditions say of a text."""
    roles = [item.township_role, *(each.get("township_role", TownshipRole.NONE) for each in item.conditions)]
    return max(roles, key=_rank)


def listable_items(township: Unit, at: datetime) -> QuerySet[DutyItem]:
    """Items in force in its county that give townships something to do, by code."""
    items = items_of_lists(deciding_lists(at, township.parent))
    conditional = Q(conditions__contains=[{"township_role": "lead"}]) | Q(
        conditions__contains=[{"township_role": "assist"}]
    )
    return items.filter(~Q(township_role=TownshipRole.NONE) | conditional).order_by("code")


def listed_items(duty_list: DutyList, at: datetime) -> QuerySet[Any]:
    """Of the items that could be listed what this version and its base make of each: `listed`, `before`; "" for none."""

    def role_in(pk: int | None) -> Subquery:
        return Subquery(TownshipDuty.objects.filter(duty_list=pk, code=OuterRef("code")).values("role")[:1])

    return listable_items(duty_list.scope, at).annotate(
        listed=role_in(duty_list.pk), before=role_in(duty_list.base_id)
    )


def duties_out_of_force(duty_list: DutyList, at: datetime) -> QuerySet[TownshipDuty]:
    """What a version lists and no list in force gives to townships any more, by code, each with the `title` it had last."""
    there = listable_items(duty_list.scope, at).values("code")
    last = DutyItem.objects.filter(code=OuterRef("code")).order_by("-pk").values("title")[:1]
    return duty_list.duties.exclude(code__in=there).annotate(title=Subquery(last)).order_by("code")
