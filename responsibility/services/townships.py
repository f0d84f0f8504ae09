"""What a township's list names as its own duties."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from hotline.models import Unit, User
from responsibility import rights, selectors
from responsibility.models import DutyItem, DutyItemEvent, DutyList, TownshipDuty
from responsibility.services.life import DutyRefused, locked, words_of
from responsibility.states import ItemAct, TownshipRole


@transaction.atomic
def set_duties(
    *,
    list_id: int,
    codes: Iterable[str],
    role: str,
    reason: str,
    ticket_number: str = "",
    by: User | None,
    at: datetime,
) -> list[str]:
    """Name the same role for many items of a township's draft, all or none; returns the codes for which it is new.

    Refused for an item that gives townships less: the list guards a township, it does not take a department's matter.
    What the draft names and no list in force gives to townships any more can only be named no longer.
    """
    rights.require(by, rights.EDIT, at)
    reason, draft = words_of(reason, "请写明为什么改。"), locked(list_id)
    if not draft.is_editable or draft.scope.kind != Unit.Kind.TOWNSHIP:
        raise DutyRefused(f"《{draft}》不是乡镇（街道）履职事项清单的草稿，不能改。")
    wanted = sorted(set(codes))
    before = dict(draft.duties.filter(code__in=wanted).values_list("code", "role"))
    items = {item.code: item for item in selectors.listable_items(draft.scope, at).filter(code__in=wanted)}
    for code in wanted:
        if why := _why_not(code, items.get(code), TownshipRole(role), is_named=code in before):
            raise DutyRefused(why)
    changed = [code for code in wanted if before.get(code, TownshipRole.NONE) != role]
    _write(draft, changed, TownshipRole(role))
    DutyItemEvent.objects.bulk_create(
        [
            DutyItemEvent(
                duty_list=draft,
                code=code,
                act=ItemAct.CHANGE,
                changes={"township_role": [before.get(code, TownshipRole.NONE), role]},
                reason=reason,
                ticket_number=ticket_number,
                by=by,
                at=at,
            )
            for code in changed
        ]
    )
    return changed


def _why_not(code: str, item: DutyItem | None, role: TownshipRole, *, is_named: bool) -> str:
    if item is None:
        if is_named and role == TownshipRole.NONE:
            return ""
        return f"{code} 在现行清单里不是乡镇（街道）的事项{'，只能改为不列' if is_named else ''}。"
    if role == TownshipRole.LEAD != selectors.most_a_township_is(item):
        return f"{item} 在现行清单里乡镇（街道）只协助，不能列为主责。"
    return ""


def _write(draft: DutyList, codes: list[str], role: TownshipRole) -> None:
    draft.save(update_fields=["changed_at"])
    draft.duties.filter(code__in=codes).delete()
    if role != TownshipRole.NONE:
        TownshipDuty.objects.bulk_create([TownshipDuty(duty_list=draft, code=code, role=role) for code in codes])
