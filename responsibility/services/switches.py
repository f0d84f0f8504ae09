"""The switch of an item for dispatching it without a dispatcher: off unless an administrator says why it is on."""

from datetime import datetime

from django.db import IntegrityError, transaction

from hotline.models import User
from responsibility import rights, selectors
from responsibility.models import ItemSwitch
from responsibility.services.life import DutyRefused, words_of
from responsibility.states import Route, TownshipRole


@transaction.atomic
def switch_item_on(*, code: str, reason: str, by: User, at: datetime) -> ItemSwitch:
    """From now on, by every version that has the item. Not for what no unit is given or a township leads."""
    rights.require(by, rights.AUTOMATE, at)
    code, reason = code.strip().upper(), words_of(reason, "请写明为什么开启。")
    item = selectors.item_in_force(code, at=at)
    if item is None:
        raise DutyRefused(f"现行市级清单里没有事项 {code}。")
    if item.route == Route.LEGAL:
        raise DutyRefused(f"“{item.title}”告知法定途径，不派单。")
    if item.township_role == TownshipRole.LEAD:
        raise DutyRefused(f"“{item.title}”由乡镇（街道）主责，只由人派。")
    try:
        with transaction.atomic():
            switch = ItemSwitch.objects.create(code=code, on_at=at, on_by=by, on_reason=reason)
    except IntegrityError as taken:
        raise DutyRefused(f"{code} 的自动派单已经开启。") from taken
    selectors.something_is_switched_on.forget()
    return switch


@transaction.atomic
def switch_item_off(*, switch_id: int, reason: str, by: User | None, at: datetime) -> ItemSwitch:
    """`by` None: because too many came back."""
    rights.require(by, rights.AUTOMATE, at)
    switch = ItemSwitch.objects.select_for_update(no_key=True).get(pk=switch_id)
    if switch.off_at is not None:
        raise DutyRefused(f"{switch.code} 的自动派单已经关闭。")
    switch.off_at, switch.off_by, switch.off_reason = at, by, words_of(reason, "请写明为什么关闭。")
    switch.save(update_fields=["off_at", "off_by", "off_reason"])
    selectors.something_is_switched_on.forget()
    return switch
