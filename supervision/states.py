from typing import Final

from django.db.models import TextChoices


class CardKind(TextChoices):
    REMINDER = "reminder", "催办"
    YELLOW = "yellow", "黄牌"
    RED = "red", "红牌"
    OVERDUE = "overdue", "超期通知"


BEFORE_DUE: Final = frozenset({CardKind.REMINDER, CardKind.YELLOW})
"""Nobody needs to hear of these any more once the thing is done."""

WEIGHT: Final = {CardKind.OVERDUE: 3, CardKind.RED: 2, CardKind.YELLOW: 1, CardKind.REMINDER: 0}
