"""What the router learns every night from what people decided, and which model it asks."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from hotline import parameters
from hotline.models import User
from responsibility import rights, selectors
from responsibility.learning import NothingToLearn, learn
from responsibility.models import RoutingModel, RoutingModelEvent
from responsibility.selectors import NIGHTLY
from responsibility.services.learned import ModelRefused, keep_model
from responsibility.states import ModelAct

log = logging.getLogger(__name__)

BY_CHANCE: Final = 0.05
"""A lead that one of two equally good models has more often than that is none."""


def learn_from_experience(*, at: datetime) -> RoutingModelEvent | None:
    """The next version, and whether the router asks it: judged on the newest tickets, which neither it nor the one in service has
    seen; never where it has fewer of them right, nor where somebody said that the one in service stays. A lead that may be chance
    takes the place only of what has been in service for `routing_model_days`, or of nothing.

    None, and nothing is written, while fewer than `routing_compared_least` can be kept out or nothing is new since the last version.
    """
    duty_list = selectors.current_list(at)
    found = selectors.lessons(at) if duty_list else []
    known, kept_out = selectors.parted_in_time(found, at)
    if len(kept_out) < parameters.integer("routing_compared_least", at=at) or _is_known(found[-1].at):
        return None
    try:
        model = learn([lesson.example for lesson in known])
    except NothingToLearn as why:
        log.info("Nothing learned from %d dispatches: %s", len(known), why)
        return None
    index = selectors.index_of(duty_list)
    mix, answers = selectors.calibrate(index, model, kept_out)
    judged = selectors.judge(answers, kept_out)
    before = selectors.model_in_service(at)
    rival = selectors.guesses(index, kept_out, selectors.load_experience(before.pk) if before else None)
    with transaction.atomic():
        if _is_known(found[-1].at):
            # The task came twice, and the other was faster.
            return None
        row = keep_model(
            model,
            name=NIGHTLY,
            rows=len(known),
            by="夜间任务",
            at=at,
            newest=found[-1].at,
            mixing=mix._asdict(),
            report=judged.as_json(),
        )
        act, words = _decide(*selectors.changed(answers, rival, kept_out), at=at)
        event = RoutingModelEvent.objects.create(
            model=row,
            act=act,
            words=words,
            rows=len(kept_out),
            accuracy=judged.accuracy,
            accuracy_before=selectors.accuracy(rival, kept_out),
            at=at,
        )
        _prune(at)
    return event


def _is_known(newest: datetime) -> bool:
    return RoutingModel.objects.filter(name=NIGHTLY, newest__gte=newest).exists()


def _decide(better: int, worse: int, *, at: datetime) -> tuple[ModelAct, str]:
    """Whether it goes into service, and why: by the tickets that one of the two has right and the other has not."""
    last = selectors.decided(at).first()
    act, verdict = _verdict(better, worse, last, at=at)
    return act, f"{verdict}。留出的工单里，只有新版对的 {better} 件，只有原来对的 {worse} 件。"


def _verdict(better: int, worse: int, last: RoutingModelEvent | None, *, at: datetime) -> tuple[ModelAct, str]:
    if better < worse:
        return ModelAct.DECLINE, "不如原来"
    if last is not None and last.stays:
        return ModelAct.DECLINE, "管理员指定不自动换用"
    if selectors.by_chance(better, worse) <= BY_CHANCE:
        return ModelAct.ADOPT, "比原来好，不像偶然"
    if last is None:
        return ModelAct.ADOPT, "不比清单的规则和用词差"
    days = parameters.integer("routing_model_days", at=at)
    if at - last.at < timedelta(days=days):
        return ModelAct.DECLINE, f"差别可能是偶然，在用的还不满 {days} 天"
    return ModelAct.ADOPT, f"不比原来差，在用的已满 {days} 天"


def _prune(at: datetime) -> None:
    """The weights of old versions go; what they were and how they did stays."""
    nightly = RoutingModel.objects.filter(name=NIGHTLY)
    kept = list(
        nightly.order_by("-version").values_list("pk", flat=True)[: parameters.integer("routing_models_kept", at=at)]
    )
    in_service = selectors.model_in_service(at)
    if in_service is not None:
        kept.append(in_service.pk)
    nightly.exclude(pk__in=kept).exclude(weights=None).update(weights=None)


@transaction.atomic
def put_in_service(*, model_id: int, reason: str, stays: bool, by: User | None, at: datetime) -> RoutingModelEvent:
    """The router asks this version from now on; `stays`: a better one does not take its place by itself.

    Raises ModelRefused for a version without weights, for one whose labels are no items of the list in force, and for the one
    that is in service under the same terms.
    """
    rights.require(by, rights.CHOOSE_MODEL, at)
    row = RoutingModel.objects.select_for_update(no_key=True).defer("weights").get(pk=model_id)
    reason = _words(reason)
    if not RoutingModel.objects.filter(pk=model_id).exclude(weights=None).exists():
        raise ModelRefused(f"{row}已清理，不能再启用。")
    if not selectors.items_in_force(at).filter(code__in=row.labels).exists():
        raise ModelRefused(f"{row}学的分类不是现行清单的事项代码，不能启用。")
    last = selectors.decided(at).first()
    if last is not None and (last.model_id, last.act != ModelAct.STOP, last.stays) == (row.pk, True, stays):
        raise ModelRefused(f"{row}已在用。")
    return RoutingModelEvent.objects.create(model=row, act=ModelAct.CHOOSE, words=reason, stays=stays, by=by, at=at)


@transaction.atomic
def stop_experience(*, reason: str, by: User | None, at: datetime) -> RoutingModelEvent:
    """The router asks no model until somebody chooses one. Raises ModelRefused when it asks none."""
    rights.require(by, rights.CHOOSE_MODEL, at)
    reason = _words(reason)
    row = selectors.model_in_service(at)
    if row is None:
        raise ModelRefused("现在没有在用的模型。")
    return RoutingModelEvent.objects.create(model=row, act=ModelAct.STOP, words=reason, stays=True, by=by, at=at)


def _words(reason: str) -> str:
    if not reason.strip():
        raise ModelRefused("请写明理由。")
    return reason.strip()
