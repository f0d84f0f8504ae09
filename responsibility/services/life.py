"""The life of a version: draft, opinions of two offices, approved, published from a day (赣市改字〔2025〕10号 8).

Each act locks the version, changes its state and writes what happened.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, QuerySet
from django_fsm import TransitionNotAllowed

from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import Unit, User
from hotline.selectors import people_with_right
from hotline.services import notify
from responsibility import rights, selectors
from responsibility.models import DutyItem, DutyList, DutyListEvent, DutyListOpinion, ItemProposal, TownshipDuty
from responsibility.states import UNPUBLISHED, ListState, Office, ProposalState

LONGEST_WORDS = 500


class DutyRefused(DomainError):
    """The version is not in a state for this act, or what it needs is missing."""


@transaction.atomic
def draft_list(*, scope: Unit, reason: str, by: User | None, at: datetime) -> DutyList:
    """The next version of a centre's list, with the items of the one published last; one at a time is in the making.

    A county centre's first version is empty: what it does not say is as in the city's list. A township's first names
    what the items in force in its county make of townships.
    """
    rights.require(by, rights.EDIT, at)
    reason = words_of(reason, "请写明为什么修订。")
    if scope.kind not in selectors.SCOPES:
        raise DutyRefused("职责清单由市、县级热线中心编制，履职事项清单属于乡镇（街道）。")
    Unit.objects.select_for_update(no_key=True).get(pk=scope.pk)
    versions = DutyList.objects.filter(scope=scope)
    open_one = versions.filter(state__in=UNPUBLISHED).first()
    if open_one is not None:
        raise DutyRefused(f"《{open_one}》还没有发布，先办完这一版，再起草下一版。")
    base = versions.filter(state=ListState.PUBLISHED).order_by("-effective_from").first()
    last = versions.aggregate(Max("version"))["version__max"] or 0
    kind = "履职事项清单" if scope.kind == Unit.Kind.TOWNSHIP else "民生诉求职责清单"
    title = base.title if base else f"{scope.region.name if scope.region else scope.name}{kind}"
    draft = DutyList.objects.create(version=last + 1, scope=scope, title=title, base=base, reason=reason)
    if base is not None:
        _copy_items(base, draft)
    if scope.kind == Unit.Kind.TOWNSHIP:
        _start_duties(base, draft, at)
    record(draft, "draft", source="", words=reason, by=by, at=at)
    return draft


def _copy_items(base: DutyList, draft: DutyList) -> None:
    items = list(base.items.order_by("pk"))
    co_units = DutyItem.co_units.through.objects.filter(dutyitem__duty_list=base).values_list("dutyitem", "unit")
    before = [item.pk for item in items]
    for item in items:
        item.pk, item.duty_list = None, draft
    DutyItem.objects.bulk_create(items, batch_size=1000)
    now = {old: item.pk for old, item in zip(before, items, strict=True)}
    DutyItem.co_units.through.objects.bulk_create(
        [DutyItem.co_units.through(dutyitem_id=now[item], unit_id=unit) for item, unit in co_units]
    )


def _start_duties(base: DutyList | None, draft: DutyList, at: datetime) -> None:
    """Those of the version before, otherwise what the items say."""
    roles = (
        dict(base.duties.values_list("code", "role"))
        if base
        else {item.code: selectors.most_a_township_is(item) for item in selectors.listable_items(draft.scope, at)}
    )
    TownshipDuty.objects.bulk_create([TownshipDuty(duty_list=draft, code=c, role=r) for c, r in roles.items()])


@transaction.atomic
def submit_list(*, list_id: int, by: User | None, at: datetime) -> DutyListEvent:
    """Ask both offices for their opinion. Refused while the version says nothing, or contradicts itself."""
    rights.require(by, rights.EDIT, at)
    duty_list = locked(list_id)
    if selectors.says_nothing(duty_list):
        raise DutyRefused("清单里还没有事项，不能送审。")
    blocking = [problem.sentence for problem in selectors.problems(duty_list, at=at) if problem.blocks]
    if blocking:
        more = f"（共 {len(blocking)} 处，见试派页）" if len(blocking) > 1 else ""
        raise DutyRefused(f"先解决再送审{more}：{blocking[0]}")
    event = move(duty_list, DutyList.submit, by=by, at=at)
    for permission in rights.OPINIONS.values():
        _tell("duty_list_asked", people_with_right(permission, at=at), event)
    return event


def _tell(kind: str, people: Iterable[User], event: DutyListEvent) -> None:
    notify(users=people, kind=kind, number=str(event.duty_list_id), at=event.at, dedupe=f"{kind}:{event.pk}")


@transaction.atomic
def give_opinion(
    *, list_id: int, office: str, agrees: bool, words: str = "", by: User | None, at: datetime
) -> DutyListOpinion:
    """What an office says. Against it the version is a draft again; with both for it, it is approved."""
    office = Office(office)
    rights.require(by, rights.OPINIONS[office], at)
    words = words_of(words, "" if agrees else "不同意的，请写明理由和应当怎么改。")
    duty_list = locked(list_id)
    if duty_list.state != ListState.REVIEW:
        raise DutyRefused(_not_now(duty_list))
    if duty_list.opinions.filter(round=duty_list.rounds, office=office).exists():
        raise DutyRefused(f"{office.label}已经出具。")
    opinion = DutyListOpinion.objects.create(
        duty_list=duty_list, round=duty_list.rounds, office=office, agrees=agrees, words=words, by=by, at=at
    )
    said = f"{office.label}：{'同意' if agrees else '不同意'}{f'。{words}' if words else '。'}"[:LONGEST_WORDS]
    if not agrees:
        _tell(
            "duty_list_refused",
            _who_submitted(duty_list),
            move(duty_list, DutyList.send_back, words=said, by=by, at=at),
        )
        return opinion
    record(duty_list, "agree", source=duty_list.state, words=said, by=by, at=at)
    if duty_list.opinions.filter(round=duty_list.rounds, agrees=True).count() == len(Office):
        _tell("duty_list_approved", _who_submitted(duty_list), move(duty_list, DutyList.approve, by=None, at=at))
    return opinion


def _who_submitted(duty_list: DutyList) -> QuerySet[User]:
    last = duty_list.events.filter(act="submit").order_by("-pk").values("by")[:1]
    return User.objects.filter(pk__in=last)


@transaction.atomic
def send_list_back(*, list_id: int, reason: str, by: User | None, at: datetime) -> DutyListEvent:
    """A draft again, whatever was said of it: the next time it is submitted both offices are asked anew."""
    rights.require(by, rights.EDIT, at)
    reason = words_of(reason, "请写明为什么退回修改。")
    return move(locked(list_id), DutyList.send_back, words=reason, by=by, at=at)


@transaction.atomic
def publish_list(*, list_id: int, effective_from: date, by: User | None, at: datetime) -> DutyListEvent:
    """It decides from that day on, tomorrow at the earliest, and the version before it until then.

    What is routed today was routed by what was in force this morning: a version never begins in the middle of a day.
    """
    rights.require(by, rights.PUBLISH, at)
    duty_list = locked(list_id)
    if effective_from <= local_day(at):
        raise DutyRefused("执行日期最早是明天：同一天里派单依据的清单不能变。")
    last = _published(duty_list).order_by("-effective_from").select_for_update().first()
    if last is not None and last.effective_from >= effective_from:
        raise DutyRefused(f"《{last}》定于 {last.effective_from:%Y-%m-%d} 执行，这一版的执行日期须晚于它。")
    if last is not None and (last.effective_until is None or last.effective_until > effective_from):
        last.effective_until = effective_from
        last.save(update_fields=["effective_until", "changed_at"])
    return move(
        duty_list,
        DutyList.publish,
        words=f"自 {effective_from:%Y-%m-%d} 起执行。",
        by=by,
        at=at,
        effective_from=effective_from,
    )


@transaction.atomic
def call_publication_off(*, list_id: int, reason: str, by: User | None, at: datetime) -> DutyListEvent:
    """Before its day: approved and not published; the version before it goes on deciding."""
    rights.require(by, rights.PUBLISH, at)
    reason = words_of(reason, "请写明为什么取消发布。")
    duty_list = locked(list_id)
    if duty_list.effective_from is not None and duty_list.effective_from <= local_day(at):
        raise DutyRefused("这一版已经执行，不能取消；要改的，请起草下一版。")
    if DutyList.objects.filter(scope=duty_list.scope_id, state__in=UNPUBLISHED).exists():
        raise DutyRefused("下一版已经在修订，不能再取消这一版的发布。")
    before, day = _published(duty_list), duty_list.effective_from
    event = move(duty_list, DutyList.call_off, words=reason, by=by, at=at)
    for last in before.filter(effective_until=day).select_for_update():
        last.effective_until = None
        last.save(update_fields=["effective_until", "changed_at"])
    return event


@transaction.atomic
def drop_draft(*, list_id: int, reason: str, by: User | None, at: datetime) -> DutyListEvent:
    """A draft that nobody wants any more; it stays to be read, and what rulings proposed to the list asks again."""
    rights.require(by, rights.EDIT, at)
    draft = locked(list_id)
    let_ask_again(ItemProposal.objects.filter(duty_list=draft, state=ProposalState.TAKEN))
    return move(draft, DutyList.drop, words=words_of(reason, "请写明为什么作废。"), by=by, at=at)


def let_ask_again(taken: QuerySet[ItemProposal]) -> None:
    taken.update(state=ProposalState.PENDING, duty_list=None, decided_by=None, decided_at=None)


@transaction.atomic
def comment_on_list(*, list_id: int, words: str, by: User | None, at: datetime) -> DutyListEvent:
    """What somebody who works with the list says of a version, whatever its state."""
    rights.require(by, rights.VIEW, at)
    duty_list = locked(list_id)
    return record(duty_list, "comment", source=duty_list.state, words=words_of(words, "请写下意见。"), by=by, at=at)


def words_of(text: str, needed: str) -> str:
    """What was written, trimmed; `needed` is the sentence for whoever wrote nothing, empty where nothing need be said."""
    text = text.strip()
    if needed and not text:
        raise DutyRefused(needed)
    if len(text) > LONGEST_WORDS:
        raise DutyRefused(f"最多写 {LONGEST_WORDS} 个字，现在有 {len(text)} 个字。")
    return text


def locked(list_id: int) -> DutyList:
    return DutyList.objects.select_for_update(of=("self",), no_key=True).select_related("scope").get(pk=list_id)


def record(
    duty_list: DutyList, act: str, *, source: str, words: str = "", by: User | None, at: datetime
) -> DutyListEvent:
    return DutyListEvent.objects.create(
        duty_list=duty_list, act=act, source=source, target=duty_list.state, words=words, by=by, at=at
    )


def move(
    duty_list: DutyList,
    transition: Callable[..., None],
    *,
    words: str = "",
    by: User | None,
    at: datetime,
    **changes: date,
) -> DutyListEvent:
    source = duty_list.state
    try:
        transition(duty_list, **changes)
    except TransitionNotAllowed as exc:
        raise DutyRefused(_not_now(duty_list)) from exc
    duty_list.save()
    return record(duty_list, transition.__name__, source=source, words=words, by=by, at=at)


def _not_now(duty_list: DutyList) -> str:
    return f"《{duty_list}》当前为“{duty_list.get_state_display()}”，不能执行该操作。"


def _published(duty_list: DutyList) -> QuerySet[DutyList]:
    return DutyList.objects.filter(scope=duty_list.scope_id, state=ListState.PUBLISHED).exclude(pk=duty_list.pk)
