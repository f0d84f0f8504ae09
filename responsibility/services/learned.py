"""Named models: learned on command, kept as rows that every process finds. None decides anything by being there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from hotline.errors import DomainError
from responsibility.learning import Example, Model, NothingToLearn, learn
from responsibility.models import RoutingModel

_LONGEST_NAME = RoutingModel._meta.get_field("name").max_length
_LONGEST_LABEL = 200


class ModelRefused(DomainError):
    pass


def learn_model(*, name: str, examples: Sequence[Example], by: str, at: datetime) -> RoutingModel:
    """Learn from these rows and keep it as the next version of the name; earlier versions stay as they are.

    Nothing is written before all is learned. Raises ModelRefused for a name that cannot be kept, NothingToLearn for rows
    that teach nothing.
    """
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        raise ModelRefused(f"模型名称须有 1 到 {_LONGEST_NAME} 个字。")
    longest = max((example.label for example in examples), key=len, default="")
    if len(longest) > _LONGEST_LABEL:
        raise NothingToLearn(f"分类名称太长（{len(longest)} 个字）：{longest[:20]}…。最多 {_LONGEST_LABEL} 个字。")
    return keep_model(learn(examples), name=name, rows=len(examples), by=by, at=at)


def keep_model(model: Model, *, name: str, rows: int, by: str, at: datetime, **more: Any) -> RoutingModel:
    """As the next version of the name; `more`: what else is known of it."""
    weights = model.to_bytes()
    with transaction.atomic():
        last = RoutingModel.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0
        # Two who learn under one name at the same moment: the constraint refuses the second.
        return RoutingModel.objects.create(
            name=name,
            version=last + 1,
            made_at=at,
            made_by=by,
            rows=rows,
            labels=list(model.labels),
            weights=weights,
            **more,
        )
