"""Cases: texts whose right proposal people know, held against every version before it decides (赣市改字〔2025〕10号 8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from hotline import parameters
from hotline.masking import redact
from hotline.models import Unit, User
from hotline.services import one_by_one
from responsibility import rights, selectors
from responsibility.models import CaseRun, DutyItem, DutyList, RoutingCase
from responsibility.services.life import DutyRefused, words_of


@transaction.atomic
def save_case(*, values: Mapping[str, Any], by: User | None, at: datetime) -> RoutingCase:
    """Keep a text of the test bench. `values`: the fields of `RoutingCase`; the text is redacted here."""
    rights.require(by, rights.TRY, at)
    most = parameters.integer("routing_cases_most", at=at)
    if selectors.cases_in_use().count() >= most:
        raise DutyRefused(f"用例已有 {most} 条，请先停用不再需要的。")
    return _write(RoutingCase(), values, by, at)


@transaction.atomic
def change_case(*, case_id: int, values: Mapping[str, Any], by: User | None, at: datetime) -> RoutingCase:
    rights.require(by, rights.EDIT, at)
    return _write(_in_use(case_id), values, by, at)


@transaction.atomic
def retire_case(*, case_id: int, why: str, by: User | None, at: datetime) -> RoutingCase:
    """No version is held against it any more; it stays to be read."""
    rights.require(by, rights.EDIT, at)
    case = _in_use(case_id)
    case.retired_by, case.retired_at, case.retired_why = by, at, words_of(why, "请写明为什么停用。")
    case.save(update_fields=["retired_by", "retired_at", "retired_why"])
    return case


def _in_use(case_id: int) -> RoutingCase:
    case = RoutingCase.objects.select_for_update(no_key=True).get(pk=case_id)
    if case.retired_at is not None:
        raise DutyRefused("这条用例已经停用。")
    return case


def _write(case: RoutingCase, values: Mapping[str, Any], by: User | None, at: datetime) -> RoutingCase:
    for name, value in values.items():
        setattr(case, name, value)
    case.text, case.note = redact(case.text.strip()), redact(case.note.strip())
    case.item_code = case.item_code.strip().upper()
    known = DutyItem.objects.filter(duty_list__scope__kind=Unit.Kind.CENTRE, code=case.item_code)
    if case.item_code and not known.exists():
        raise DutyRefused(f"市级清单里没有事项 {case.item_code}。")
    if case.unit is not None and not case.item_code:
        raise DutyRefused("不应有建议的用例，不写由谁办。")
    case.by, case.at = by, at
    case.save()
    return case


def run_cases(*, list_id: int, at: datetime) -> bool:
    """Hold one version against every case in use. False where nothing is another than at the last time.

    Cases are the city's: a county's list stands on the city's and is not held against them.
    """
    duty_list = DutyList.objects.select_related("scope").get(pk=list_id)
    if duty_list.scope.kind != Unit.Kind.CENTRE or not selectors.is_stale(duty_list, at=at):
        return False
    cases = list(selectors.cases_in_use())
    failed = selectors.hold_cases(duty_list, cases, at=at)
    CaseRun.objects.update_or_create(
        duty_list=duty_list,
        defaults={
            "ran_at": at,
            "changed_at": duty_list.changed_at,
            "passed": len(cases) - len(failed),
            "failed": failed,
        },
    )
    return True


def run_stale_cases(*, at: datetime) -> int:
    """The version in force, those to come and the draft; returns how many were held against the cases anew."""
    versions = [duty_list.pk for duty_list in selectors.versions_to_try(at)]
    return len(one_by_one(lambda list_id: run_cases(list_id=list_id, at=at), versions))
