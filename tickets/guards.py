"""Conditions of the ticket machine, each with the sentence a clerk is told when it does not hold.

Only fields of the row itself are looked at: a condition makes no query.
"""

from collections.abc import Callable
from typing import Any

Guard = Callable[[Any], bool]


def guard(reason: str) -> Callable[[Guard], Guard]:
    """Give a condition the sentence that `why_refused` answers with."""

    def mark(check: Guard) -> Guard:
        check.reason = reason  # type: ignore[attr-defined]
        return check

    return mark


@guard("本工单下还有并入的工单，须先拆回，才能作废或并入其他工单。")
def carries_no_merged_ticket(ticket: Any) -> bool:
    return ticket.merged_count == 0


@guard("本工单被督办、核查等事项保留，解除后才能办结。")
def has_no_open_hold(ticket: Any) -> bool:
    return ticket.open_hold_count == 0


@guard("退单次数已满，须由中心裁定首办单位，不能再派。")
def may_still_be_dispatched(ticket: Any) -> bool:
    return not ticket.needs_ruling


def why_refused(row: Any, move: Callable[..., Any]) -> str:
    """The sentence that says why `move` is not possible now; empty when it is.

    Reads the private transition table of django-fsm-2: held by tests/tickets/test_machine.py.
    """
    step = move._django_fsm.get_transition(row.state)  # type: ignore[attr-defined]
    if step is None:
        return f"当前为“{row.get_state_display()}”，不能执行该操作。"
    return next((check.reason for check in step.conditions if not check(row)), "")
