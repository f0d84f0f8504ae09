"""Items of a draft, one by one or many at once: every change says why and, where there is one, from which ruling it came."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from hotline.dates import local
from hotline.models import Unit, User
from responsibility import rights, selectors
from responsibility.models import Category, DutyItem, DutyItemEvent, DutyList
from responsibility.services import proposals
from responsibility.services.life import DutyRefused, locked, words_of
from responsibility.states import ItemAct

NOT_EDITED: Final = frozenset({"id", "duty_list", "code"})
LABELS: Final = {
    field.name: str(field.verbose_name)
    for field in (*DutyItem._meta.concrete_fields, *DutyItem._meta.many_to_many)
    if field.name not in NOT_EDITED
}
FIELDS: Final = tuple(LABELS)
"""What of an item can be changed. Its code is what it is known by in every version."""
# What is said in an item's own words is not the same for two of them.
IN_BULK: Final = frozenset(FIELDS) - {"title", "words", "excluded_words", "belongs", "not_belongs", "conditions"}
_NEEDS_REASON: Final = "请写明为什么改。"
_TOGETHER: Final = 500


@transaction.atomic
def add_item(
    *,
    list_id: int,
    code: str,
    values: Mapping[str, Any],
    reason: str,
    ticket_number: str = "",
    by: User | None,
    at: datetime,
) -> DutyItem:
    """A matter that the draft did not have, under a code of its own; of a county also not one of the city's."""
    draft = _draft(list_id, by, at)
    item = DutyItem(duty_list=draft, code=code.strip().upper())
    if _inherited(draft, [item.code], at):
        raise DutyRefused(f"市级清单已有 {item.code}，本县有不同的，直接改那一项。")
    _set(item, values)
    item.save(force_insert=True)
    _set_co_units(item, values)
    changes = {name: [None, value] for name, value in item_values(item).items()}
    _record(item, ItemAct.ADD, changes, words_of(reason, _NEEDS_REASON), ticket_number, by, at)
    return item


@transaction.atomic
def change_item(
    *,
    list_id: int,
    code: str,
    values: Mapping[str, Any],
    reason: str,
    ticket_number: str = "",
    by: User | None,
    at: datetime,
) -> bool:
    """Set `values` of one item; False when it says that already, and then nothing is written."""
    return change_items(
        list_id=list_id, codes=[code], values=values, reason=reason, ticket_number=ticket_number, by=by, at=at
    ) == [code]


@transaction.atomic
def change_items(
    *,
    list_id: int,
    codes: Iterable[str],
    values: Mapping[str, Any],
    limits: Mapping[str, str] | None = None,
    reason: str,
    ticket_number: str = "",
    by: User | None,
    at: datetime,
) -> list[str]:
    """Set the same `values` of many items, all or none; returns the codes of those that were different.

    Of several only what is not an item's own words (`IN_BULK`). `limits`: only these kinds, the others as they are; ""
    takes one off. What a county's draft inherits becomes an item of its own where it is to differ.
    """
    reason = words_of(reason, _NEEDS_REASON)
    draft, wanted = _draft(list_id, by, at), sorted(set(codes))
    items = list(draft.items.filter(code__in=wanted).select_related("category", "lead_unit").order_by("code"))
    items += _inherited(draft, sorted(set(wanted) - {item.code for item in items}), at)
    missing = sorted(set(wanted) - {item.code for item in items})
    if missing:
        raise DutyRefused(f"清单里没有这些事项：{'、'.join(missing[:5])}。")
    if len(wanted) > 1 and not values.keys() <= IN_BULK:
        raise DutyRefused("事项名称、用词、属于和不属于、条件是每个事项自己的，不能成批修改。")
    changed = []
    for item in items:
        before = item_values(item)
        merged = {kind: limit for kind, limit in (item.limits | dict(limits or {})).items() if limit}
        is_inherited = item.duty_list_id != draft.pk
        if is_inherited:
            _copy_into(draft, item)
        _set(item, {"limits": merged, **values})
        item.save()
        _set_co_units(item, values)
        now = item_values(item)
        changes = {name: [before[name], now[name]] for name in FIELDS if before[name] != now[name]}
        if changes:
            _record(item, ItemAct.CHANGE, changes, reason, ticket_number, by, at)
            changed.append(item.code)
        elif is_inherited:
            item.co_units.clear()
            item.delete()
    return changed


@transaction.atomic
def remove_item(
    *, list_id: int, code: str, reason: str, ticket_number: str = "", by: User | None, at: datetime
) -> list[str]:
    """Take an item out of the draft; versions published before keep theirs. Of a county's draft: what the city says
    of the matter holds again, if it says anything.

    Returns the tickets whose proposals ask again because the item was all that was made of them.
    """
    draft = _draft(list_id, by, at)
    if _inherited(draft, [code], at) and not draft.items.filter(code=code).exists():
        raise DutyRefused(f"{code} 照市级清单，县级清单不能删除。")
    item = _item(draft, code)
    changes = {name: [value, None] for name, value in item_values(item).items()}
    _record(item, ItemAct.REMOVE, changes, words_of(reason, "请写明为什么删除。"), ticket_number, by, at)
    item.co_units.clear()
    item.delete()
    return proposals.give_proposals_back(duty_list_id=draft.pk, codes=[code])


@dataclass(frozen=True)
class Seen:
    """What changes were made for: the draft as it was then (`changed_at`), and of a county's the city's list it stood on."""

    changed_at: datetime
    city: int | None


@dataclass(frozen=True)
class ItemChange:
    """What is done to one item of a draft. `changes`: field → [before, after], as the history keeps them."""

    code: str
    act: ItemAct
    changes: Mapping[str, Sequence[Any]]


class DraftMoved(DutyRefused):
    """The draft, or the list that it inherits from, is not what the changes were made for."""


@transaction.atomic
def write_changes(
    *,
    list_id: int,
    seen: Seen,
    changes: Sequence[ItemChange],
    reason: str,
    ticket_number: str = "",
    by: User | None,
    at: datetime,
    told: Callable[[int], None],
) -> DutyList:
    """Many different changes at once, all or none, each with its history: what a sheet says, checked item by item before.

    `told` hears how many are written whenever some more are. Raises DraftMoved when the draft is not as it was `seen`.
    """
    reason = words_of(reason, _NEEDS_REASON)
    draft = _draft(list_id, by, at, seen=seen)
    why = {"reason": reason, "ticket_number": ticket_number, "by": by, "at": at}
    for begin in range(0, len(changes), _TOGETHER):
        some = changes[begin : begin + _TOGETHER]
        _write_some(draft, some, at)
        DutyItemEvent.objects.bulk_create(
            [DutyItemEvent(duty_list=draft, code=c.code, act=c.act, changes=c.changes, **why) for c in some]
        )
        told(begin + len(some))
    removed = [each.code for each in changes if each.act == ItemAct.REMOVE]
    if ticket_number and len(removed) < len(changes):
        proposals.take_proposal(ticket_number=ticket_number, duty_list_id=draft.pk, by=by, at=at)
    if removed:
        proposals.give_proposals_back(duty_list_id=draft.pk, codes=removed)
    return draft


def _write_some(draft: DutyList, changes: Sequence[ItemChange], at: datetime) -> None:
    made = _changed_items(draft, [each for each in changes if each.act != ItemAct.REMOVE], at)
    # One statement for what is new and what is not; the database checks both.
    DutyItem.objects.bulk_create(
        [item for item, _ in made],
        update_conflicts=True,
        unique_fields=["duty_list", "code"],
        update_fields=[name for name in FIELDS if name != "co_units"],
    )
    gone = draft.items.filter(code__in=[each.code for each in changes if each.act == ItemAct.REMOVE])
    _replace_co_units(draft, gone, {item.code: codes for item, codes in made if codes is not None})
    gone.delete()


def _changed_items(
    draft: DutyList, changes: Sequence[ItemChange], at: datetime
) -> list[tuple[DutyItem, Sequence[str] | None]]:
    """The items as they shall be, and the codes of their helping units where those are to be written."""
    codes = [each.code for each in changes]
    there = {item.code: item for item in draft.items.filter(code__in=codes)}
    inherited = {item.code: item for item in _inherited(draft, set(codes) - there.keys(), at, with_co_units=True)}
    units = dict(Unit.objects.values_list("code", "pk"))
    categories = dict(Category.objects.values_list("code", "pk"))
    made = []
    for each in changes:
        values = {name: pair[1] for name, pair in each.changes.items()}
        item = there.get(each.code) or DutyItem(duty_list=draft, code=each.code)
        if each.code in inherited:
            values = item_values(inherited[each.code]) | values
        made.append((item, values.pop("co_units", None)))
        set_raw(item, values, units, categories)
    return made


def set_raw(
    item: DutyItem, values: Mapping[str, Any], units: Mapping[str, int], categories: Mapping[str, int]
) -> None:
    """`values` as `item_values` says them, without the helping units. Nothing is checked."""
    for name, value in values.items():
        if name == "lead_unit":
            item.lead_unit_id = units[value] if value else None
        elif name == "category":
            item.category_id = categories[value]
        else:
            setattr(item, name, value)


def _replace_co_units(draft: DutyList, gone: QuerySet[DutyItem], wanted: Mapping[str, Sequence[str]]) -> None:
    through = DutyItem.co_units.through
    keys = dict(draft.items.filter(code__in=wanted).values_list("code", "pk"))
    through.objects.filter(Q(dutyitem__in=list(keys.values())) | Q(dutyitem__in=gone)).delete()
    units = dict(Unit.objects.values_list("code", "pk"))
    through.objects.bulk_create(
        [through(dutyitem_id=keys[code], unit_id=units[unit]) for code, each in wanted.items() for unit in each]
    )


@transaction.atomic
def comment_on_item(*, list_id: int, code: str, words: str, by: User | None, at: datetime) -> DutyItemEvent:
    """What somebody says of an item of a version, whatever the version's state."""
    rights.require(by, rights.VIEW, at)
    duty_list = locked(list_id)
    item = next(iter(_inherited(duty_list, [code], at)), None)
    item = duty_list.items.filter(code=code).first() or item or _item(duty_list, code)
    item.duty_list = duty_list
    return _record(item, ItemAct.COMMENT, {}, words_of(words, "请写下意见。"), "", by, at)


def _draft(list_id: int, by: User | None, at: datetime, *, seen: Seen | None = None) -> DutyList:
    draft = editable_draft(list_id, by, at, seen=seen)
    # Whoever has read its items for the router reads them again.
    draft.save(update_fields=["changed_at"])
    return draft


def editable_draft(list_id: int, by: User | None, at: datetime, *, seen: Seen | None = None) -> DutyList:
    """The draft, locked; with `seen` only as it was then."""
    rights.require(by, rights.EDIT, at)
    draft = locked(list_id)
    if not draft.is_editable:
        raise DutyRefused(f"《{draft}》当前为“{draft.get_state_display()}”，只有草稿能改。")
    if draft.scope.kind == Unit.Kind.TOWNSHIP:
        raise DutyRefused(f"《{draft}》只列履职事项，事项在市级、县级清单里改。")
    if seen is not None and (why := what_moved(draft, seen, at)):
        raise DraftMoved(f"{why}，没有写入。请重新比对，看过再写入。")
    return draft


def what_moved(draft: DutyList, seen: Seen, at: datetime) -> str:
    """What is another than was `seen`, "" where nothing is."""
    if draft.changed_at != seen.changed_at:
        return f"比对以后《{draft}》又改过（{local(draft.changed_at):%m-%d %H:%M}）"
    city = selectors.inherited_list(draft, at)
    if (city.pk if city else None) != seen.city:
        return f"比对以后市级清单换成了《{city}》" if city else "比对以后没有执行中的市级清单了"
    return ""


def _item(duty_list: DutyList, code: str) -> DutyItem:
    item = duty_list.items.filter(code=code).first()
    if item is None:
        raise DutyRefused(f"《{duty_list}》里没有事项 {code}。")
    return item


def _inherited(draft: DutyList, codes: Iterable[str], at: datetime, *, with_co_units: bool = False) -> list[DutyItem]:
    """Those of the city's items, without what a county's version says of them itself; none of another version."""
    city = selectors.inherited_list(draft, at)
    rows = city.items.filter(code__in=codes) if city else DutyItem.objects.none()
    rows = rows.prefetch_related("co_units") if with_co_units else rows
    return list(rows.select_related("category", "lead_unit").order_by("code"))


def _copy_into(draft: DutyList, item: DutyItem) -> None:
    """`item` is the draft's own from now on."""
    co_units = list(item.co_units.all())
    item.pk, item.duty_list = None, draft
    item.save(force_insert=True)
    item.co_units.set(co_units)


def _set(item: DutyItem, values: Mapping[str, Any]) -> None:
    """Check as the database would, and say what is wrong with each field."""
    for name, value in values.items():
        if name not in FIELDS:
            raise TypeError(f"not a field of an item: {name}")
        if name != "co_units":
            setattr(item, name, value)
    try:
        item.full_clean()
    except ValidationError as wrong:
        raise ItemWrong(item.code, wrong) from wrong


class ManyChecks:
    """Checks items of a sheet as `full_clean` would, without asking the database of each: five thousand take seconds.

    What refers to other rows (list, category, units, the code being free) is the caller's to know.
    """

    ASKED: Final = ("level", "route", "township_role", "county_function", "words", "kinds", "legal_basis", "mark")
    """All that the table's own rules look at."""

    def __init__(self) -> None:
        self._broken: dict[tuple[Any, ...], ValidationError | None] = {}

    def faults(self, item: DutyItem) -> dict[str, str]:
        """Field → what is wrong with it, "" for the item as a whole."""
        try:
            item.clean_fields(exclude={"duty_list", "category", "lead_unit"})
            item.clean()
        except ValidationError as wrong:
            return ItemWrong(item.code, wrong).fields
        broken = self._rules_broken(item)
        return ItemWrong(item.code, broken).fields if broken else {}

    def _rules_broken(self, item: DutyItem) -> ValidationError | None:
        # Of free texts and lists the rules ask only whether there is anything.
        chosen, free = self.ASKED[:3], self.ASKED[3:]
        key = (*(getattr(item, name) for name in chosen), *(bool(getattr(item, name)) for name in free))
        if key not in self._broken:
            self._broken[key] = None
            try:
                item.validate_constraints(exclude={"duty_list", "code"})
            except ValidationError as wrong:
                self._broken[key] = wrong
        return self._broken[key]


class ItemWrong(DutyRefused):
    """`fields`: name of the field, or "" for the item as a whole → what is wrong with it."""

    def __init__(self, code: str, wrong: ValidationError) -> None:
        self.fields = {
            "" if name == "__all__" else name: "".join(_ended(text) for text in texts)
            for name, texts in _by_field(wrong).items()
        }
        said = [f"{LABELS.get(name, name)}：{text}" if name else text for name, text in self.fields.items()]
        super().__init__(f"事项 {code}：{''.join(said)}")


def _by_field(wrong: ValidationError) -> dict[str, list[str]]:
    if not hasattr(wrong, "error_dict"):
        return {"": wrong.messages}
    return {name: [_sentence(error) for error in errors] for name, errors in wrong.error_dict.items()}


def _sentence(error: ValidationError) -> str:
    """What Django says of a field that is empty or too long, as a person would."""
    if error.code in {"blank", "null"}:
        return "没有写。"
    told = error.params or {}
    if "limit_value" in told:
        which = f"第 {told['nth']} 个" if "nth" in told else ""
        return f"{which}最多写 {told['limit_value']} 个字，现在有 {told['show_value']} 个字。"
    return error.messages[0]


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("。", "？", "！")) else f"{sentence}。"


def _set_co_units(item: DutyItem, values: Mapping[str, Any]) -> None:
    if "co_units" in values:
        item.co_units.set(values["co_units"])


def item_values(item: DutyItem) -> dict[str, Any]:
    """Field → what JSON can keep; of other rows the code, which tells more than a key."""
    shown = {}
    for name in FIELDS:
        value = getattr(item, name)
        if name == "co_units":
            value = sorted(unit.code for unit in value.all())
        shown[name] = value.code if isinstance(value, Category | Unit) else value
    return shown


def _record(
    item: DutyItem,
    act: ItemAct,
    changes: dict[str, list[Any]],
    reason: str,
    ticket_number: str,
    by: User | None,
    at: datetime,
) -> DutyItemEvent:
    # Nothing is taken into the list by what is taken out of it.
    if ticket_number and act != ItemAct.REMOVE:
        proposals.take_proposal(ticket_number=ticket_number, duty_list_id=item.duty_list_id, by=by, at=at)
    return DutyItemEvent.objects.create(
        duty_list_id=item.duty_list_id,
        code=item.code,
        act=act,
        changes=changes,
        reason=reason,
        ticket_number=ticket_number,
        by=by,
        at=at,
    )
