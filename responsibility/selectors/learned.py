"""Named models, which of them the router asks, and what it says of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db.models import BigIntegerField, Case, F, QuerySet, Subquery, When

from hotline.errors import DomainError
from responsibility.learning import Example, Mix, Model, Precedent, chances
from responsibility.models import RoutingModel, RoutingModelEvent
from responsibility.states import ModelAct

NIGHTLY: Final = "派单经验"
"""The name of what is learned every night."""
_DECIDING: Final = (ModelAct.ADOPT, ModelAct.CHOOSE, ModelAct.STOP)
_TITLE_LENGTH: Final = 60
_WORTH_LISTING: Final = 0.05
_MOST_LISTED: Final = 3


class ModelUnknown(DomainError):
    pass


@dataclass(frozen=True, slots=True)
class Experience:
    """A model as the router asks it."""

    title: str
    model: Model
    mix: Mix | None
    """None: nothing was kept out to calibrate by; the model is quoted and changes no points."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model says of one text."""

    title: str
    mix: Mix | None
    probable: Mapping[str, float]
    precedents: Sequence[Precedent]

    @property
    def listed(self) -> list[str]:
        """Items that are candidates by experience alone."""
        return likely(self.probable) if self.mix else []

    def chances(self, codes: Sequence[str], evidence: Sequence[float]) -> list[float] | None:
        """How probable each of these items is; None while that is not calibrated."""
        return chances(self.mix, evidence, [self.probable.get(code) for code in codes]) if self.mix else None

    def sentence(self, code: str) -> str:
        """What a dispatcher can check."""
        if code not in self.probable:
            return "学过的派单里还没有本事项"
        return f"按以往派单 {min(self.probable[code], 0.99):.0%} 归本事项，{self._precedents_of(code)}"

    def _precedents_of(self, code: str) -> str:
        count = len(self.precedents)
        own = [each for each in self.precedents if each.label == code]
        if not count:
            return "没有相近的先例"
        if not own:
            return f"相近的 {count} 件先例都不归"
        name = f"，没有退回，如 {own[0].name}" if own[0].name else ""
        return f"相近的 {count} 件先例有 {len(own)} 件归{name}"


def likely(probable: Mapping[str, float]) -> list[str]:
    best = sorted(probable.items(), key=lambda each: (-each[1], each[0]))[:_MOST_LISTED]
    return [code for code, chance in best if chance >= _WORTH_LISTING]


def parted(text: str) -> tuple[str, str]:
    """(title, the rest), as the model reads them: a title stands on a line of its own."""
    head, line, rest = text.partition("\n")
    return (head, rest) if line and len(head) <= _TITLE_LENGTH else ("", text)


def example_of(text: str, label: str = "", name: str = "") -> Example:
    return Example(*parted(text), label, name)


def hear(model_id: int | None, text: str) -> Heard | None:
    """What the model of this key says of a text; None for no key. No query once the model is read in this process."""
    if model_id is None:
        return None
    experience = load_experience(model_id)
    topic, rest = parted(text)
    (row,) = experience.model.probabilities([Example(topic, rest, "")])
    return Heard(
        experience.title,
        experience.mix,
        dict(zip(experience.model.labels, row.tolist(), strict=True)),
        experience.model.nearest(topic, rest),
    )


def decided(at: datetime) -> QuerySet[RoutingModelEvent]:
    """What decided which model the router asks, the newest first."""
    return RoutingModelEvent.objects.filter(act__in=_DECIDING, at__lte=at).order_by("-pk")


def key_in_service(at: datetime) -> Subquery:
    """The key of the model that the router asks, as a column beside another row: no query of its own."""
    key = Case(When(act=ModelAct.STOP, then=None), default=F("model_id"), output_field=BigIntegerField())
    return Subquery(decided(at).annotate(key=key).values("key")[:1])


def model_in_service(at: datetime) -> RoutingModel | None:
    """The row without its weights."""
    event = decided(at).select_related("model").defer("model__weights").first()
    return event.model if event and event.act != ModelAct.STOP else None


def find_model(name: str, version: int | None = None) -> RoutingModel:
    """The row without its weights: this version, or the latest of the name. Raises ModelUnknown."""
    rows = RoutingModel.objects.filter(name=name.strip()).defer("weights").order_by("-version")
    found = (rows if version is None else rows.filter(version=version)).first()
    if found is None:
        raise ModelUnknown(f"没有名为“{name}”的模型{f'第{version}版' if version else ''}。{_names()}")
    return found


def load_model(row: RoutingModel) -> Model:
    """What it learned; read from the database once for a process. Raises ModelUnknown when its weights were dropped."""
    return load_experience(row.pk).model


@lru_cache(maxsize=2)
def load_experience(key: int) -> Experience:
    row = RoutingModel.objects.get(pk=key)
    if row.weights is None:
        raise ModelUnknown(f"“{row}”已清理，不能再用。")
    return Experience(str(row), Model.from_bytes(bytes(row.weights)), Mix(**row.mixing) if row.mixing else None)


def _names() -> str:
    names = RoutingModel.objects.order_by("name").values_list("name", flat=True).distinct()[:20]
    return f"现有：{'、'.join(names)}。" if names else "还没有学习过任何模型。"
