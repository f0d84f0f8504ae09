"""Holding a version against what was dispatched lately, beside the page that asked for it."""

from datetime import datetime, timedelta

from django.db import transaction

from hotline import parameters
from hotline.models import Unit, User
from responsibility import rights, selectors
from responsibility.models import DutyListTrial
from responsibility.services.cases import run_cases
from responsibility.services.life import DutyRefused, locked


@transaction.atomic
def ask_for_trial(*, list_id: int, by: User | None, at: datetime) -> DutyListTrial:
    """To be run by a worker: dispatches of the last `duty_list_tried_days`. The one that waits is given back."""
    rights.require_any(by, rights.JUDGE, at)
    duty_list = locked(list_id)
    if duty_list.scope.kind == Unit.Kind.TOWNSHIP:
        raise DutyRefused("试派比的是派给谁的建议，履职事项清单不能试派。")
    if selectors.says_nothing(duty_list):
        raise DutyRefused("清单里还没有事项，不能试派。")
    latest = duty_list.trials.order_by("-pk").first()
    if latest is not None and is_under_way(latest, at=at):
        return latest
    since = at - timedelta(days=parameters.integer("duty_list_tried_days", at=at))
    return DutyListTrial.objects.create(duty_list=duty_list, asked_by=by, asked_at=at, since=since)


def is_under_way(trial: DutyListTrial, *, at: datetime) -> bool:
    """Neither done nor lost with its worker: after `duty_job_left_minutes` nobody need wait for it."""
    left = timedelta(minutes=parameters.integer("duty_job_left_minutes", at=at))
    return trial.finished_at is None and trial.asked_at > at - left


def run_trial(*, trial_id: int, at: datetime) -> bool:
    """False when it has been run already."""
    trial = DutyListTrial.objects.select_related("duty_list__scope").get(pk=trial_id)
    if trial.finished_at is not None:
        return False
    trial.result = selectors.try_version(trial.duty_list, since=trial.since, at=trial.asked_at).as_json()
    run_cases(list_id=trial.duty_list_id, at=at)
    trial.finished_at = at
    trial.save(update_fields=["result", "finished_at"])
    return True
