"""Lock, change, save, record, announce: what every act on an appeal does."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django_fsm import TransitionNotAllowed

from channels_merge.models import Appeal, AppealEvent
from channels_merge.services import outbox
from channels_merge.signals import appeal_event
from hotline.errors import DomainError
from hotline.models import User


class AppealRefused(DomainError):
    """The appeal is not in a state for this act, or what it needs is missing."""


def locked(appeal_id: int) -> Appeal:
    return (
        Appeal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("channel", "contact", "region", "category")
        .get(pk=appeal_id)
    )


def record(
    appeal: Appeal, *, act: str, source: str, by: User | None, at: datetime, data: dict[str, Any] | None = None
) -> AppealEvent:
    event = AppealEvent.objects.create(
        appeal=appeal, act=act, source=source, target=appeal.state, actor=by, at=at, data=data or {}
    )
    outbox.report_act(event)
    appeal_event.send(sender=Appeal, event=event)
    return event


def move(
    appeal: Appeal,
    transition: Callable[..., None],
    *,
    by: User | None,
    at: datetime,
    data: dict[str, Any] | None = None,
    also: tuple[str, ...] = (),
    **changes: Any,
) -> AppealEvent:
    """`appeal` must be locked. `also` names fields that the caller changed before."""
    source = appeal.state
    try:
        transition(appeal, **changes)
    except TransitionNotAllowed as exc:
        raise AppealRefused(f"诉求 {appeal.number} 当前为“{appeal.get_state_display()}”，不能执行该操作。") from exc
    appeal.save(update_fields=["state", *changes, *also, *_CLEARED.get(transition.__name__, ())])
    return record(appeal, act=transition.__name__, source=source, by=by, at=at, data=data)


# Fields that a transition sets by itself.
_CLEARED = {"take_back": ("concluded_at",)}
