"""Announced numbers: entered, rung and judged, changed or stopped, announced anew."""

import re
from datetime import datetime

from django.db import IntegrityError, transaction

from channels_merge import rights, selectors
from channels_merge.models import PublicPhone, Republication
from channels_merge.states import PhoneStatus, RepublishKind
from hotline import parameters
from hotline.calendar import add_working
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import Unit, User
from hotline.services import notify
from hotline.typed import clean, needed

NUMBER = re.compile(r"[0-9][0-9 ,、转-]{1,28}[0-9]")


class PhoneRefused(DomainError):
    pass


def _require(user: User | None, unit_id: int, at: datetime) -> None:
    if user is not None and not selectors.may_act_for(user, unit_id, at):
        raise rights.NotPermitted("只能管理本单位公布的电话。")


def _locked(phone_id: int, *, by: User | None, at: datetime) -> PublicPhone:
    phone = PublicPhone.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=phone_id)
    _require(by, phone.owner_id, at)
    if phone.status == PhoneStatus.STOPPED:
        raise PhoneRefused(f"{phone.number} 已停用。")
    return phone


def _number(text: str) -> str:
    number = clean(text)
    if not NUMBER.fullmatch(number):
        raise PhoneRefused(f"“{text}”不像电话号码：写数字和短横，3 到 30 位，如 0797-8001234。")
    return number


def _words(text: str, name: str, most: int) -> str:
    return needed(text, name, most, PhoneRefused)


@transaction.atomic
def add_phone(
    *, owner: Unit, number: str, purpose: str, announced: str, maintainer: str, by: User | None, at: datetime
) -> PublicPhone:
    _require(by, owner.pk, at)
    number = _number(number)
    # Two who enter the same number at once: the second is told, by a sentence.
    Unit.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if PublicPhone.objects.filter(owner=owner, number=number).exclude(status=PhoneStatus.STOPPED).exists():
        raise PhoneRefused(f"{owner.short_name}的 {number} 已在台账里。")
    return PublicPhone.objects.create(
        owner=owner,
        number=number,
        purpose=_words(purpose, "用途", 60),
        announced=_words(announced, "在哪里公布", 200),
        maintainer=_words(maintainer, "维护人", 80),
    )


@transaction.atomic
def check_phone(*, phone_id: int, is_right: bool, note: str = "", by: User, at: datetime) -> PublicPhone:
    """Somebody rang it. What is wrong is said in a sentence, and the unit is told."""
    phone = _locked(phone_id, by=by, at=at)
    phone.check_note = clean(note)[:200] if is_right else _words(note, "哪里有误", 200)
    phone.status = PhoneStatus.USED if is_right else PhoneStatus.WRONG
    phone.checked_on, phone.checked_by = local_day(at), by
    phone.save(update_fields=["status", "checked_on", "checked_by", "check_note"])
    if not is_right:
        _tell(phone, "phone_wrong", at=at, dedupe=f"phone-wrong:{phone.pk}:{local_day(at)}")
    return phone


@transaction.atomic
def change_phone(*, phone_id: int, number: str, reason: str, by: User | None, at: datetime) -> Republication:
    """Another number from now on. It is checked anew, and announced anew by the day of the task."""
    phone = _locked(phone_id, by=by, at=at)
    number, old = _number(number), phone.number
    if number == old:
        raise PhoneRefused("新号码与原号码相同。")
    phone.number, phone.status = number, PhoneStatus.USED
    phone.checked_on, phone.checked_by, phone.check_note = None, None, ""
    try:
        with transaction.atomic():
            phone.save(update_fields=["number", "status", "checked_on", "checked_by", "check_note"])
    except IntegrityError as exc:
        raise PhoneRefused(f"{phone.owner.short_name}的 {number} 已在台账里。") from exc
    return _ask_to_republish(phone, RepublishKind.CHANGED, old=old, reason=reason, by=by, at=at)


@transaction.atomic
def stop_phone(*, phone_id: int, reason: str, by: User | None, at: datetime) -> Republication:
    """Nobody answers it any more: it must disappear wherever it was announced."""
    phone = _locked(phone_id, by=by, at=at)
    phone.status = PhoneStatus.STOPPED
    phone.save(update_fields=["status"])
    return _ask_to_republish(phone, RepublishKind.STOPPED, old=phone.number, reason=reason, by=by, at=at)


def _ask_to_republish(
    phone: PublicPhone, kind: str, *, old: str, reason: str, by: User | None, at: datetime
) -> Republication:
    """The open task of the number, brought up to date: what is announced is still the first number, by the first day."""
    reason = _words(reason, "原因", 200)
    task = phone.republications.filter(done_at=None).first()
    if task is not None:
        task.kind, task.reason = kind, reason
        task.save(update_fields=["kind", "reason"])
        return task
    limit = parameters.limit("phone_republish_limit", at=at)
    return Republication.objects.create(
        phone=phone,
        kind=kind,
        old_number=old,
        reason=reason,
        due_on=local_day(add_working(at, limit)),
        asked_by=by,
        asked_at=at,
    )


@transaction.atomic
def republish(*, republication_id: int, where: str, by: User | None, at: datetime) -> Republication:
    """Announced anew; `where` becomes the place where the number is announced."""
    phone_id = Republication.objects.values_list("phone_id", flat=True).get(pk=republication_id)
    phone = PublicPhone.objects.select_for_update(of=("self",), no_key=True).get(pk=phone_id)
    _require(by, phone.owner_id, at)
    task = Republication.objects.get(pk=republication_id)
    if task.done_at is not None:
        raise PhoneRefused("这一项已经重新公布。")
    task.where, task.done_at, task.done_by = _words(where, "改在哪里公布", 200), at, by
    task.save(update_fields=["where", "done_at", "done_by"])
    if phone.status != PhoneStatus.STOPPED:
        phone.announced = task.where
        phone.save(update_fields=["announced"])
    return task


def remind_of_republications(*, at: datetime) -> int:
    """Once for each task whose day has passed."""
    return sum(
        _tell(task.phone, "phone_republish_late", at=at, dedupe=f"phone-republish:{task.pk}")
        for task in selectors.late_republications(at=at)
    )


def _tell(phone: PublicPhone, kind: str, *, at: datetime, dedupe: str) -> int:
    people = selectors.who_hears_for(phone.owner, at=at)
    return notify(users=people, kind=kind, number="", at=at, dedupe=dedupe)
