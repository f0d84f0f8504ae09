from typing import Final

from django.db.models import TextChoices


class CardKind(TextChoices):
    REMINDER = "reminder", "催办"
    YELLOW = "yellow", "黄牌"
    RED = "red", "红牌"
    OVERDUE = "overdue", "超期通知"


class ReminderKind(TextChoices):
    """Limits that are no unit's own: people hear of them, nobody gets a card."""

    ACCEPT_OVERDUE = "accept_overdue", "受理超时"
    CITIZEN_SOON = "citizen_soon", "群众时限临期"
    CITIZEN_OVERDUE = "citizen_overdue", "群众时限超期"
    DECISION_OVERDUE = "decision_overdue", "复核超时"
    OBJECTION_OVERDUE = "objection_late", "异议协调超时"
    STATEMENT_OVERDUE = "statement_late", "书面意见超时"
    DEFINITION_OVERDUE = "definition_late", "职责界定超时"


BEFORE_DUE: Final = frozenset({CardKind.REMINDER, CardKind.YELLOW})
"""Nobody needs to hear of these any more once the thing is done."""

WEIGHT: Final = {CardKind.OVERDUE: 3, CardKind.RED: 2, CardKind.YELLOW: 1, CardKind.REMINDER: 0}
