"""Choices of follow-ups and of the decisions on dissatisfied callers."""

from typing import Final

from django.db.models import TextChoices

from channels_merge.states import Satisfaction


class FollowUpState(TextChoices):
    WAITING = "waiting", "待回访"
    CONCLUDED = "concluded", "已回访"
    # The ticket went on without it: redone, merged, recalled, or the caller withdrew.
    VOID = "void", "已失效"


class Outcome(TextChoices):
    RATED = "rated", "已回访"
    UNREACHABLE = "unreachable", "未接通"
    EXEMPT = "exempt", "免回访"


class WhyNot(TextChoices):
    """Why there is no answer of the caller."""

    ATTEMPTS_USED = "attempts_used", "多次未接通"
    WRONG_NUMBER = "wrong_number", "错号或空号"
    NO_NUMBER = "no_number", "未留电话"
    NOT_WANTED = "not_wanted", "登记时不愿回访"
    # One of very many callers of a matter: told by message, not drawn for a call; may still rate on the web.
    BY_MESSAGE = "by_message", "已短信告知"
    REFUSED = "refused", "接通后不愿回访"


SATISFIED: Final = frozenset({Satisfaction.SATISFIED, Satisfaction.BASICALLY})
EVALUATED: Final = SATISFIED | {Satisfaction.DISSATISFIED}


class Ground(TextChoices):
    """What a dissatisfied caller says is wrong."""

    NOT_DONE = "not_done", "没有办"
    NOT_TRUE = "not_true", "与答复不符"
    NOBODY_CAME = "nobody_came", "没有人来"
    SLOW = "slow", "拖得太久"
    ATTITUDE = "attitude", "态度不好"
    DISAGREES = "disagrees", "不认可结果"
    OTHER = "other", "其他"
    # Of the caller who is not satisfied without being dissatisfied, and of nobody left to call.
    UNRESOLVED = "unresolved", "说没有解决"
    WITHDRAWN = "withdrawn", "都已撤回"


SAID_GROUNDS: Final = tuple(ground for ground in Ground if ground not in {Ground.UNRESOLVED, Ground.WITHDRAWN})
SERIOUS_GROUNDS: Final = frozenset({Ground.NOT_DONE, Ground.NOT_TRUE, Ground.NOBODY_CAME})
"""Not a matter of taste: somebody says that the claim of the unit is wrong. A reviewer decides."""


class CallResult(TextChoices):
    ANSWERED = "answered", "接通"
    NO_ANSWER = "no_answer", "无人接听"
    BUSY = "busy", "占线或挂断"
    REFUSED = "refused", "不愿回访"
    WRONG_NUMBER = "wrong_number", "错号或空号"


MISSED: Final = frozenset({CallResult.NO_ANSWER, CallResult.BUSY})
"""Tried in vain: another half-day, another try."""


class DecisionState(TextChoices):
    PENDING = "pending", "待复核"
    REDO = "redo", "发回重办"
    CLOSE = "close", "不再重办"
    # Another decision of the round sent the ticket back, or the ticket left follow-up by another way.
    MOOT = "moot", "不需决定"
