"""Named models: learned on command, kept as rows that every process finds. None decides anything by being there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import Max

from hotline.errors import DomainError
from responsibility.learning import Example, Model, NothingToLearn, learn
from responsibility.models import RoutingModel

_LONGEST_NAME = RoutingModel._meta.get_field("name").max_length
_LONGEST_LABEL = 200


class ModelUnknown(DomainError):
    pass


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
    model = learn(examples)
    weights = model.to_bytes()
    with transaction.atomic():
        last = RoutingModel.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0
        # Two who learn under one name at the same moment: the constraint refuses the second.
        return RoutingModel.objects.create(
            name=name,
            version=last + 1,
            made_at=at,
            made_by=by,
            rows=len(examples),
            labels=list(model.labels),
            weights=weights,
        )


def find_model(name: str, version: int | None = None) -> RoutingModel:
    """The row without its weights: this version, or the latest of the name. Raises ModelUnknown."""
    rows = RoutingModel.objects.filter(name=name.strip()).defer("weights").order_by("-version")
    found = (rows if version is None else rows.filter(version=version)).first()
    if found is None:
        raise ModelUnknown(f"没有名为“{name}”的模型{f'第{version}版' if version else ''}。{_names()}")
    return found


def load_model(row: RoutingModel) -> Model:
    """What it learned; read from the database once for a process."""
    return _loaded(row.pk)


@lru_cache(maxsize=2)
def _loaded(key: int) -> Model:
    return Model.from_bytes(bytes(RoutingModel.objects.values_list("weights", flat=True).get(pk=key)))


def _names() -> str:
    names = RoutingModel.objects.order_by("name").values_list("name", flat=True).distinct()[:20]
    return f"现有：{'、'.join(names)}。" if names else "还没有学习过任何模型。"
