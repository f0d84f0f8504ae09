"""Whether a proposal may be dispatched without a person (自动派单), as far as item, proposal, kind and moment say."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from hotline import parameters
from hotline.calendar import load_calendar
from hotline.dates import local_day
from hotline.models import Unit
from hotline.numbers import rounded_down
from responsibility.selectors.benching import handler_of
from responsibility.selectors.suggesting import Candidate
from responsibility.selectors.switching import switch_of
from responsibility.states import AppealKind


def why_not_by_itself(candidate: Candidate, *, kind: str, at: datetime) -> list[str]:
    """Every reason, as sentences; empty where nothing speaks against it.

    Urgency, secrecy, a similar matter that is open and what was asked of it are the ticket's: whoever has one asks them besides.
    """
    if candidate.is_legal_route:
        return ["告知法定途径的不派单。"]
    if candidate.unit is None:
        return ["没有能派的单位。"]
    return [*_of_the_item(candidate, kind), *_in_doubt(candidate, at), *_nobody_there(candidate.unit, at)]


def _of_the_item(candidate: Candidate, kind: str) -> Iterator[str]:
    if switch_of(candidate.item.code) is None:
        yield f"事项 {candidate.item.code} 没有打开自动派单。"
    if kind == AppealKind.REPORT:
        yield "举报都由派单员派。"


def _in_doubt(candidate: Candidate, at: datetime) -> Iterator[str]:
    """A model in service is sure enough, the place is known, and no township would lead."""
    if candidate.confidence is None or candidate.margin is None:
        yield "派单经验对这个事项没有校准过的把握。"
    else:
        sure, ahead = (parameters.number(f"auto_dispatch_{name}", at=at) for name in ("confidence", "margin"))
        if candidate.confidence < float(sure):
            yield f"把握 {rounded_down(candidate.confidence)}%，不到 {_percent(sure)}%。"
        if candidate.margin < float(ahead):
            yield f"比下一个只多 {rounded_down(candidate.margin)} 个百分点，不到 {_percent(ahead)} 个。"
    handler = handler_of(candidate)
    if not candidate.region_code:
        yield "地点不明。"
    if handler is not None and handler.kind == Unit.Kind.TOWNSHIP:
        yield f"要由{handler.name}办理：乡镇（街道）的都由派单员派。"


def _percent(limit: Decimal) -> str:
    """As it was set: 0.95 → 95, 0.955 → 95.5."""
    return f"{(100 * limit).normalize():f}"


def _nobody_there(unit: Unit, at: datetime) -> Iterator[str]:
    """In working hours there is somebody in every unit; at other times in one with a duty seat."""
    working = any(opens <= at < closes for opens, closes in load_calendar().hours(local_day(at)))
    if not working and not unit.is_on_duty(at):
        yield f"不在工作时间，{unit.name}没有值班坐席。"
