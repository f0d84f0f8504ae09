"""Which limit applies to an assignment and why (docs/clocks.md 5). Parameters are read as of ``at``; nothing is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.dates import local
from hotline.limits import Limit
from tickets.states import Kind, Urgency

STATUTE = "法定时限"


@dataclass(frozen=True)
class Rule:
    limit: Limit
    why: str
    """The winner in words, for the explanation that the page shows."""


def handle_rule(
    *,
    item: Any,
    kind: str,
    urgency: str,
    is_enterprise: bool,
    at: datetime,
    line: str = "",
    given_due_at: datetime | None = None,
) -> Rule:
    """First match of a statute's step (of the item, of the line) > the line's own date > item and kind > the general.

    The statute beats the hotline's own limits (12315: 投诉受理后 60 日内调解), an item's own limit the general one. `line`
    is the code of the channel that another platform keeps, `given_due_at` the date that it set.
    """
    return (
        _statute_of_item(item, kind)
        or _statute_of_line(line, kind, at)
        or _given(given_due_at, at)
        or _limit_of_item(item, kind)
        or _general(kind, urgency, at, is_enterprise=is_enterprise)
    )


def handle_rule_of(ticket: Any, *, item: Any, at: datetime) -> Rule:
    """The rule for a unit that is given the ticket at that moment with that item.

    The other platform's date shortens the unit's own limit, down to a floor (parameter given_limit_floor) and no further: a
    unit answers for its own days, not for those that were spent before it had the matter.
    """
    own = handle_rule(
        item=item,
        kind=ticket.kind,
        urgency=ticket.urgency,
        is_enterprise=ticket.is_enterprise,
        line=ticket.line_code,
        at=at,
    )
    given = _given(ticket.given_due_at, at)
    if given is None or own.why.startswith(STATUTE):
        return own
    calendar = load_calendar()
    floor = _parameter("given_limit_floor", f"{given.why}，所余不足，按最短办理时限", at)
    given_or_floor = max(given, floor, key=lambda rule: calendar.add_working(at, rule.limit))
    return min(own, given_or_floor, key=lambda rule: calendar.add_working(at, rule.limit))


def _statute_of_item(item: Any, kind: str) -> Rule | None:
    steps = [step for step in item.statute_limits if step["step"] == "handle"] if item is not None else []
    statute = next((step for step in steps if kind in step.get("kinds", [kind])), None)
    return Rule(Limit.parse(statute["limit"]), f"{STATUTE}（{statute['source']}）") if statute else None


def _statute_of_line(line: str, kind: str, at: datetime) -> Rule | None:
    limit = parameters.limit_if_any(line_limit_key(line, kind), at=at) if line else None
    return Rule(limit, f"{STATUTE}（{line} 转来的{Kind(kind).label}）") if limit else None


def _given(due_at: datetime | None, at: datetime) -> Rule | None:
    """The other platform's date, as what is left until then; one minute where it has passed already."""
    if due_at is None:
        return None
    minutes = max(int((due_at - at).total_seconds() // 60), 1)
    return Rule(Limit(minutes, "min"), f"来件平台限期 {local(due_at):%Y-%m-%d %H:%M}")


def _limit_of_item(item: Any, kind: str) -> Rule | None:
    if item is None or kind not in item.limits:
        return None
    return Rule(Limit.parse(item.limits[kind]), f"职责清单 {item.code}（{Kind(kind).label}）")


def _general(kind: str, urgency: str, at: datetime, *, is_enterprise: bool) -> Rule:
    if urgency == Urgency.CRITICAL:
        return _parameter("limit.critical", "特急件", at)
    if urgency == Urgency.URGENT:
        return _parameter("limit.urgent", "紧急件", at)
    if is_enterprise:
        key = "limit.enterprise.consult" if kind == Kind.CONSULT else "limit.enterprise.other"
        return _parameter(key, "涉企诉求", at)
    return _parameter(f"limit.{kind}", f"{Kind(kind).label}类诉求", at)


def line_limit_key(line: str, what: str) -> str:
    """The parameter of a limit that the statute lays down for matters of a line: `accept`, or a kind."""
    return f"line_limit.{line}.{what}"


def accept_rule(*, line: str, at: datetime) -> Rule:
    """How soon somebody decides on an appeal: the statute of the line that sent it, else the hotline's own."""
    limit = parameters.limit_if_any(line_limit_key(line, "accept"), at=at)
    return Rule(limit, f"{STATUTE}（{line} 受理）") if limit else _parameter("accept_limit", "受理", at)


def dispatch_rule(*, urgency: str, at: datetime) -> Rule:
    if urgency == Urgency.NORMAL:
        return _parameter("dispatch_limit.normal", "派单", at)
    return _parameter("dispatch_limit.urgent", "紧急件派单", at)


def sign_rule(*, urgency: str, at: datetime) -> Rule:
    return _parameter(f"sign_limit.{urgency}", f"签收（{Urgency(urgency).label}）", at)


def contact_rule(*, urgency: str, at: datetime) -> Rule:
    return _parameter(f"first_contact.{urgency}", f"首次联系（{Urgency(urgency).label}）", at)


def plain_rule(key: str, why: str, at: datetime) -> Rule:
    return _parameter(key, why, at)


def _parameter(key: str, why: str, at: datetime) -> Rule:
    return Rule(parameters.limit(key, at=at), why)
