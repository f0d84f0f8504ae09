"""Acts on a version: who may, and what the moment forbids."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.urls import reverse

from hotline.dates import local_day
from hotline.models import Unit, User
from hotline.rights import has_right
from responsibility import rights
from responsibility.models import DutyList
from responsibility.selectors.problems import what_blocks
from responsibility.states import UNPUBLISHED, ListState, Office


@dataclass(frozen=True)
class Standing:
    """A version as one person stands to it at a moment."""

    duty_list: DutyList
    user: User
    at: datetime

    def may(self, right: str) -> bool:
        return has_right(self.user, right, self.at)


_S = ListState
Check = Callable[[Standing], str]


def _is(*states: ListState) -> Check:
    wanted = "或".join(f"“{state.label}”" for state in states)

    def check(standing: Standing) -> str:
        duty_list = standing.duty_list
        return "" if duty_list.state in states else f"当前为“{duty_list.get_state_display()}”，{wanted}时才能办。"

    return check


def _has_items(standing: Standing) -> str:
    return "清单里还没有事项，不能送审。" if says_nothing(standing.duty_list) else ""


def _nothing_blocks(standing: Standing) -> str:
    blocking = what_blocks(standing.duty_list, at=standing.at)
    more = f"（共 {len(blocking)} 处，见试派页）" if len(blocking) > 1 else ""
    return f"先解决再送审{more}：{blocking[0]}" if blocking else ""


def says_nothing(duty_list: DutyList) -> bool:
    """A county's version without an item says something after one that had some: as in the city's list again."""
    if duty_list.scope.kind == Unit.Kind.TOWNSHIP:
        return not duty_list.duties.exists()
    is_local = duty_list.scope.kind == Unit.Kind.COUNTY_CENTRE and duty_list.base_id is not None
    return not is_local and not duty_list.items.exists()


def _not_said(office: Office) -> Check:
    def check(standing: Standing) -> str:
        duty_list = standing.duty_list
        said = duty_list.opinions.filter(round=duty_list.rounds, office=office).exists()
        return f"{office.label}已经出具。" if said else ""

    return check


def _approved(standing: Standing) -> str:
    before = {_S.DRAFT, _S.REVIEW}
    return "司法局和编办都同意以后才能发布。" if standing.duty_list.state in before else ""


def _before_its_day(standing: Standing) -> str:
    day = standing.duty_list.effective_from
    begun = day is not None and day <= local_day(standing.at)
    return "这一版已经执行，不能取消；要改的，请起草下一版。" if begun else ""


def _nothing_in_making(standing: Standing) -> str:
    others = DutyList.objects.filter(scope=standing.duty_list.scope_id, state__in=UNPUBLISHED)
    return "下一版已经在修订，不能再取消这一版的发布。" if others.exists() else ""


@dataclass(frozen=True)
class ListAct:
    code: str
    label: str
    key: str
    right: str
    checks: tuple[Check, ...]
    shown_in: frozenset[str]
    """Where the button stands, greyed when something else forbids it."""

    def refusal(self, standing: Standing) -> str:
        return next((why for check in self.checks if (why := check(standing))), "")


LIST_ACTS: Final = {
    act.code: act
    for act in (
        ListAct(
            "submit", "送审", "s", rights.EDIT, (_is(_S.DRAFT), _has_items, _nothing_blocks), frozenset({_S.DRAFT})
        ),
        *(
            ListAct(
                office.value,
                f"出具{office.label.removeprefix('司法局').removeprefix('编办')}",
                key,
                rights.OPINIONS[office],
                (_is(_S.REVIEW), _not_said(office)),
                frozenset({_S.DRAFT, _S.REVIEW}),
            )
            for office, key in ((Office.LEGAL, "l"), (Office.STAFFING, "b"))
        ),
        ListAct(
            "publish",
            "发布",
            "f",
            rights.PUBLISH,
            (_approved, _is(_S.APPROVED)),
            frozenset({_S.DRAFT, _S.REVIEW, _S.APPROVED}),
        ),
        ListAct(
            "send_back",
            "退回修改",
            "r",
            rights.EDIT,
            (_is(_S.REVIEW, _S.APPROVED),),
            frozenset({_S.REVIEW, _S.APPROVED}),
        ),
        ListAct(
            "call_off",
            "取消发布",
            "c",
            rights.PUBLISH,
            (_is(_S.PUBLISHED), _before_its_day, _nothing_in_making),
            frozenset({_S.PUBLISHED}),
        ),
        ListAct("drop", "作废", "d", rights.EDIT, (_is(_S.DRAFT),), frozenset({_S.DRAFT})),
        ListAct("comment", "意见", "y", rights.VIEW, (), frozenset(_S)),
    )
}
MAIN_ACTS: Final = frozenset({"submit", "legal", "staffing", "publish"})


@dataclass(frozen=True)
class ListButton:
    code: str
    label: str
    key: str
    url: str
    why: str
    main: bool = False


def list_buttons(standing: Standing) -> list[ListButton]:
    """What the person's post may do; an act that only the moment forbids stays, with its reason."""
    found = [
        ListButton(
            act.code,
            act.label,
            act.key,
            reverse("responsibility:duty-list-act", args=[standing.duty_list.pk, act.code]),
            act.refusal(standing),
        )
        for act in LIST_ACTS.values()
        if standing.duty_list.state in act.shown_in and standing.may(act.right)
    ]
    first = next((button for button in found if not button.why and button.code in MAIN_ACTS), None)
    return [replace(button, main=button is first) for button in found]
