"""Which limit applies to an assignment and why (docs/clocks.md 5). Parameters are read as of ``at``; nothing is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline import parameters
from hotline.limits import Limit
from tickets.states import Kind, Urgency


@dataclass(frozen=True)
class Rule:
    limit: Limit
    why: str
    """The winner in words, for the explanation that the page shows."""


def handle_rule(*, item: Any, kind: str, urgency: str, is_enterprise: bool, at: datetime) -> Rule:
    """First match of the statute's step `handle` > item and kind > urgency > enterprise > kind.

    The statute beats the hotline's own limits (12315: 投诉 45 个工作日内调解), an item's own limit the general one.
    """
    if item is not None:
        steps = [step for step in item.statute_limits if step["step"] == "handle"]
        statute = next((step for step in steps if kind in step.get("kinds", [kind])), None)
        if statute is not None:
            return Rule(Limit.parse(statute["limit"]), f"法定时限（{statute['source']}）")
        if kind in item.limits:
            return Rule(Limit.parse(item.limits[kind]), f"职责清单 {item.code}（{Kind(kind).label}）")
    if urgency == Urgency.CRITICAL:
        return _parameter("limit.critical", "特急件", at)
    if urgency == Urgency.URGENT:
        return _parameter("limit.urgent", "紧急件", at)
    if is_enterprise:
        key = "limit.enterprise.consult" if kind == Kind.CONSULT else "limit.enterprise.other"
        return _parameter(key, "涉企诉求", at)
    return _parameter(f"limit.{kind}", f"{Kind(kind).label}类诉求", at)


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
