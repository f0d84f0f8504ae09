"""The test bench: what a version makes of a text and why, rule by rule; and what it makes of the saved cases."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from hotline.dates import local_day
from hotline.models import Region, Unit
from responsibility.models import CaseRun, Category, DutyItem, DutyList, RoutingCase
from responsibility.routing import Condition, said_of, unmet
from responsibility.selectors.browsing import PAGE_ROWS
from responsibility.selectors.learned import model_in_service
from responsibility.selectors.notation import condition_said
from responsibility.selectors.suggesting import Candidate, Ground, KeptGround, suggest_by
from responsibility.selectors.trying import LEGAL, NO_UNIT, NOBODY
from responsibility.states import UNPUBLISHED, AppealKind, Level, ListState, TownshipRole

RUN_AGAIN: Final = timedelta(days=1)
"""Units and who governs a place change too."""


def versions_to_try(at: datetime) -> list[DutyList]:
    """Of the city's list: the version in force, those to come and the one in the making, in this order."""
    lists = DutyList.objects.filter(scope__kind=Unit.Kind.CENTRE).select_related("scope")
    in_force = list(lists.in_force(at).order_by("-effective_from", "-version")[:1])
    to_come = lists.filter(state=ListState.PUBLISHED).exclude(pk__in=lists.in_force(at))
    later = to_come.filter(effective_from__gt=in_force[0].effective_from if in_force else local_day(at))
    return [*in_force, *later.order_by("effective_from"), *lists.filter(state__in=UNPUBLISHED).order_by("version")]


# --- one text


@dataclass(frozen=True)
class Rule:
    """One rule of an item, whether it fired, and why or why not."""

    label: str
    text: str
    fired: bool


@dataclass(frozen=True)
class Explained:
    candidate: Candidate
    rules: tuple[Rule, ...]

    @property
    def handler(self) -> Unit | None:
        return handler_of(self.candidate)


def handler_of(candidate: Candidate) -> Unit | None:
    """Who would handle it: within a county the unit below the centre."""
    return candidate.expected_unit or candidate.unit


def explain_text(
    duty_list: DutyList,
    *,
    text: str,
    category: Category | None,
    region: Region | None,
    kind: str,
    hours: frozenset[int],
    moment: datetime,
    at: datetime,
) -> list[Explained]:
    """What `suggest_by` finds with the model in service, each candidate with the rules of its item; one that is refused says
    itself why. `moment` decides on units and who governs.
    """
    ground = Ground(moment, model=_model(at))
    found = suggest_by(duty_list, text=text, category=category, region=region, kind=kind, hours=hours, ground=ground)
    return [
        Explained(one, () if one.refused else tuple(_rules(one.item, text, category, kind, hours))) for one in found
    ]


def _model(at: datetime) -> int | None:
    found = model_in_service(at)
    return found.pk if found else None


def _rules(item: DutyItem, text: str, category: Category | None, kind: str, hours: frozenset[int]) -> Iterator[Rule]:
    tried = unmet([Condition.from_json(row) for row in item.conditions], text, hours)
    for row, (_, missing) in zip(item.conditions, tried, strict=True):
        why = f"不成立：{'；'.join(missing)}" if missing else "成立"
        yield Rule("条件", f"{condition_said(row).rstrip('。')}。{why}。", not missing)
    if item.excluded_words:
        said = said_of(item.excluded_words, text)
        yield Rule("不属于的用词", f"提到{'、'.join(said)}，降分。" if said else "一个也没有提到。", bool(said))
    if kind and kind not in item.kinds:
        yield Rule("类型", f"本事项没有“{AppealKind(kind).label}”，降分。", fired=True)
    if category is not None and category.code[:2] != item.category.code[:2]:
        yield Rule("分类", f"本事项属“{item.category.name}”，与所选分类不同，降分。", fired=True)
    yield _guard(item, [condition for condition, missing in tried if not missing])


def _guard(item: DutyItem, fitting: Sequence[Condition]) -> Rule:
    """国办函〔2025〕66号 (五): what is a department's is not given to a township."""
    if next((one.level for one in fitting if one.level), item.level) == Level.CITY:
        return Rule("市级主责", "不分属地，不经县（市、区）中心。", fired=True)
    role = TownshipRole(next((one.township_role for one in fitting if one.township_role), item.township_role))
    said = {
        TownshipRole.NONE: "没有列入履职事项，不派乡镇（街道）。",
        TownshipRole.ASSIST: "只协助，不能作主责。",
        TownshipRole.LEAD: "列为主责，由县（市、区）中心转交。",
    }
    return Rule("乡镇（街道）", said[role], role == TownshipRole.LEAD)


# --- saved cases


def cases_in_use() -> QuerySet[RoutingCase]:
    return RoutingCase.objects.filter(retired_at=None).select_related("region", "category", "unit")


def case_page(*, before: int | None, retired: bool) -> tuple[list[RoutingCase], str]:
    """One page, the newest first, and the key of the next, "" on the last."""
    cases = RoutingCase.objects.filter(retired_at__isnull=not retired)
    if before is not None:
        cases = cases.filter(pk__lt=before)
    shown = cases.select_related("region", "unit", "by", "retired_by").order_by("-pk")
    found = list(shown[: PAGE_ROWS + 1])
    return found[:PAGE_ROWS], str(found[PAGE_ROWS - 1].pk) if len(found) > PAGE_ROWS else ""


def hold_cases(duty_list: DutyList, cases: Iterable[RoutingCase], *, at: datetime) -> dict[int, str]:
    """Key of each case that the version fails → what it proposes instead."""
    ground = KeptGround(at, model=_model(at))
    failed = {}
    for case in cases:
        found = suggest_by(
            duty_list,
            text=case.text,
            category=case.category,
            region=case.region,
            kind=case.kind,
            hours=frozenset() if case.hour is None else frozenset({case.hour}),
            ground=ground,
        )
        best = next((one for one in found if not one.refused), None)
        if not _is_as_expected(case, best):
            failed[case.pk] = proposal_words(best)
    return failed


def _is_as_expected(case: RoutingCase, best: Candidate | None) -> bool:
    if best is None or not case.item_code:
        return best is None and not case.item_code
    if case.item_code != best.item.code:
        return False
    return case.unit is None or case.unit == handler_of(best)


def proposal_words(best: Candidate | None) -> str:
    if best is None:
        return NOBODY
    unit = handler_of(best)
    return f"{best.item.code} {best.item.title} → {LEGAL if best.is_legal_route else unit.name if unit else NO_UNIT}"


def is_stale(duty_list: DutyList, *, at: datetime) -> bool:
    """Whether the version, a case or the day is another than when the cases were last held against it."""
    run = CaseRun.objects.filter(duty_list=duty_list).first()
    if run is None:
        return cases_in_use().exists()
    if run.changed_at != duty_list.changed_at or run.ran_at < at - RUN_AGAIN:
        return True
    return RoutingCase.objects.filter(Q(at__gte=run.ran_at) | Q(retired_at__gte=run.ran_at)).exists()


@dataclass(frozen=True)
class FailedCase:
    case: RoutingCase
    came: str


@dataclass(frozen=True)
class CaseReport:
    """`failed`: those to show of `failed_count`."""

    run: CaseRun
    failed_count: int
    failed: Sequence[FailedCase]
    is_old: bool
    """The version was changed since: the next run comes within the minute."""


def case_report(duty_list: DutyList, *, most: int = 20) -> CaseReport | None:
    """None before the first run, and of a county's version. Cases that are over no longer count."""
    if duty_list.scope.kind != Unit.Kind.CENTRE:
        return None
    run = CaseRun.objects.filter(duty_list=duty_list).first()
    if run is None:
        return None
    failing = cases_in_use().filter(pk__in=map(int, run.failed)).order_by("-pk")
    failed = [FailedCase(case, run.failed[str(case.pk)]) for case in failing]
    return CaseReport(run, len(failed), failed[:most], run.changed_at != duty_list.changed_at)
