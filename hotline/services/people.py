"""Roles, passwords, and the end of people and units.

- A role is a group; `sync_roles` is the only writer of a group's permissions.
- A unit or person ends only when every room has handed its open work over or there is none.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from hotline import parameters
from hotline.dates import local_day
from hotline.errors import DomainError
from hotline.models import PasswordHistory, SecurityLog, Unit, User
from hotline.roles import ADMINISTRATORS, ROLES, role_name
from hotline.services.security import log_security
from hotline.signals import person_deactivated, unit_abolished, work_in_hand


class PermissionsMissing(DomainError):
    pass


class PasswordRefused(DomainError):
    pass


class PersonRefused(DomainError):
    pass


class UnitRefused(DomainError):
    pass


@transaction.atomic
def sync_roles() -> None:
    """Make the groups carry exactly the permissions of `hotline.roles`. Idempotent.

    Raises PermissionsMissing for a permission that no installed room defines.
    """
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    missing = sorted({name for role in ROLES.values() for name in role.permissions} - known.keys())
    if missing:
        raise PermissionsMissing(f"以下权限没有任何模块定义：{'、'.join(missing)}。")
    for role in ROLES.values():
        group, _ = Group.objects.get_or_create(name=role.code)
        group.permissions.set([known[name] for name in role.permissions])


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[str], by: User | None, at: datetime) -> None:
    """Give a person exactly these roles. An administrator's stands alone, nobody changes their own, the last one of a kind stays."""
    wanted = set(roles)
    unknown = wanted - ROLES.keys()
    if unknown:
        raise PersonRefused(f"没有“{'、'.join(sorted(unknown))}”这个角色。")
    if why := why_not_together(wanted):
        raise PersonRefused(why)
    _lock_administrators()
    held = set(user.groups.values_list("name", flat=True))
    if held == wanted:
        return
    if by is not None and by.pk == user.pk:
        raise PersonRefused("不能改自己的角色，请另一位安全管理员改。")
    _keep_one_of_a_kind(user, held - wanted)
    user.groups.set(Group.objects.filter(name__in=wanted))
    user.is_staff = not wanted.isdisjoint(ADMINISTRATORS)
    user.save(update_fields=["is_staff"])
    subject = f"{user.username}：{_names(held)} → {_names(wanted)}"
    log_security(kind=SecurityLog.Kind.ROLE, user=by, subject=subject, at=at)


def why_not_together(roles: Collection[str]) -> str:
    """What stands against one person holding all of these; empty where nothing does."""
    if len(roles) < 2 or set(roles).isdisjoint(ADMINISTRATORS):
        return ""
    return "系统管理员、安全管理员、审计管理员不得互相兼任，也不得兼任业务角色。"


def _lock_administrators() -> None:
    """Until the end of the transaction nobody else changes who is an administrator: of the last two each would be let go."""
    list(Group.objects.select_for_update(no_key=True).filter(name__in=ADMINISTRATORS).order_by("name"))


def _keep_one_of_a_kind(user: User, lost: Collection[str]) -> None:
    """Else nobody could make people, give roles or read the log until somebody types at the server."""
    if user.is_demo or not user.is_active or set(ADMINISTRATORS).isdisjoint(lost):
        return
    for code in administrators_wanting(without=user):
        if code in lost:
            raise PersonRefused(f"这是最后一位{role_name(code)}，请先有另一位。")


def administrators_wanting(*, without: User | None = None) -> list[str]:
    """Roles of administrators that no account in use holds, the demonstration's and `without` left out."""
    own = User.objects.filter(is_active=True, is_demo=False).exclude(pk=without.pk if without else None)
    return [code for code in ADMINISTRATORS if not own.filter(groups__name=code).exists()]


def _names(codes: Iterable[str]) -> str:
    return "、".join(role_name(code) for code in sorted(codes)) or "无"


@transaction.atomic
def appoint_administrator(*, role: str, username: str, name: str, at: datetime) -> str:
    """The first one of an installation with this of the three roles, of the centre; returns the password, this once.

    Raises PersonRefused when there is one already: the others are made and given their role on the management pages.
    """
    if role not in administrators_wanting():
        raise PersonRefused(f"已有{role_name(role)}。再增加的，由系统管理员建人员，由安全管理员给角色。")
    if User.objects.filter(username=username).exists():
        raise PersonRefused(f"工号 {username} 已有人使用。")
    user = User.objects.create_user(username, name=name, unit=Unit.objects.get(kind=Unit.Kind.CENTRE))
    set_roles(user=user, roles=[role], by=None, at=at)
    return reset_password(user=user, by=None, at=at)


# --- passwords


def check_new_password(*, user: User, password: str, at: datetime) -> None:
    """Raise PasswordRefused with every reason why this cannot be the next password."""
    reasons = []
    try:
        validate_password(password, user)
    except ValidationError as exc:
        reasons += exc.messages
    least = parameters.integer("password_min_length", at=at)
    if len(password) < least:
        reasons.append(f"密码至少 {least} 个字符。")
    classes = parameters.integer("password_classes", at=at)
    if _classes(password) < classes:
        reasons.append(f"密码须包含大写字母、小写字母、数字、符号中的至少 {classes} 种。")
    kept = parameters.integer("password_history", at=at)
    former = user.former_passwords.order_by("-at", "-pk").values_list("password", flat=True)[: max(kept - 1, 0)]
    if any(check_password(password, hashed) for hashed in [user.password, *former] if hashed):
        reasons.append(f"不能与最近 {kept} 次用过的密码相同。")
    if reasons:
        raise PasswordRefused("".join(dict.fromkeys(reasons)))


def _classes(password: str) -> int:
    tests = (str.isupper, str.islower, str.isdigit, lambda character: not character.isalnum())
    return sum(any(test(character) for character in password) for test in tests)


@transaction.atomic
def change_password(*, user: User, password: str, at: datetime, address: str | None = None) -> None:
    """Set a password that the person chose. Raises PasswordRefused."""
    check_new_password(user=user, password=password, at=at)
    if user.password:
        PasswordHistory.objects.create(user=user, password=user.password, at=at)
    user.set_password(password)
    user.must_change_password, user.password_changed_at = False, at
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    log_security(kind=SecurityLog.Kind.PASSWORD, user=user, subject=user.username, address=address, at=at)


@transaction.atomic
def reset_password(*, user: User, by: User | None, at: datetime) -> str:
    """Give a person a password made by chance, to be changed at the next log-in. Returns it, this once."""
    password = f"{secrets.token_urlsafe(9)}-7aA"
    if user.password:
        PasswordHistory.objects.create(user=user, password=user.password, at=at)
    user.set_password(password)
    user.must_change_password, user.password_changed_at = True, at
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    log_security(kind=SecurityLog.Kind.PASSWORD, user=by, subject=f"重置 {user.username}", at=at)
    return password


def must_change_password(user: User, at: datetime) -> bool:
    """Whether a person must choose a password before anything else: given by somebody else, or too old."""
    if user.must_change_password:
        return True
    if user.is_demo or user.password_changed_at is None:
        return False
    return at - user.password_changed_at > timedelta(days=parameters.integer("password_max_days", at=at))


# --- ends


def in_hand(who: Unit | User) -> list[str]:
    """What every room says that a unit or a person has in hand, a sentence each; what ending them hands over or is refused for."""
    return [said for _, said in work_in_hand.send(sender=type(who), who=who) if said]


@transaction.atomic
def deactivate_person(*, user: User, heir: User | None, by: User | None, at: datetime) -> None:
    """Close a person's account. Their open work goes to `heir`; a room refuses by a DomainError while work is in hand.

    The last administrator of a kind stays.
    """
    _lock_administrators()
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if not user.is_active:
        raise PersonRefused(f"{user.name}（{user.username}）已经停用。")
    if heir is not None and (heir.pk == user.pk or not heir.is_active or heir.unit_id != user.unit_id):
        raise PersonRefused("接手人须是同一单位的在用人员。")
    _keep_one_of_a_kind(user, set(user.groups.values_list("name", flat=True)))
    person_deactivated.send(sender=User, user=user, heir=heir, by=by, at=at)
    user.is_active = False
    user.save(update_fields=["is_active"])
    if heir is not None:
        # Nobody is their own deputy.
        User.objects.filter(deputy=user).exclude(pk=heir.pk).update(deputy=heir)
    User.objects.filter(deputy=user).update(deputy=None)
    log_security(kind=SecurityLog.Kind.PERSON, user=by, subject=f"停用 {user.username}", at=at)


def lock_units(units: Iterable[Unit]) -> list[Unit]:
    """The units as they are now, in the order given; none of them is abolished before the transaction ends.

    Taken before any lock on what a unit has in hand, as `abolish_unit` does: nobody waits in a circle. Those who give
    work to the same unit do not wait for each other.
    """
    wanted = [unit.pk for unit in units]
    # Django has no FOR SHARE; FOR NO KEY UPDATE would let one dispatch at a time through to a county.
    rows = Unit.objects.raw("SELECT * FROM hotline_unit WHERE id = ANY(%s) ORDER BY id FOR SHARE", [wanted])
    found = {unit.pk: unit for unit in rows}
    return [found[key] for key in wanted]


@transaction.atomic
def abolish_unit(*, unit: Unit, successor: Unit | None, by: User | None, at: datetime) -> None:
    """End a unit today. Its open work goes to `successor`; a room refuses by a DomainError while work is in hand."""
    wanted = [unit.pk, successor.pk] if successor else [unit.pk]
    locked = Unit.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
    found = {row.pk: row for row in locked}
    unit, successor = found[unit.pk], found[successor.pk] if successor else None
    day = local_day(at)
    if unit.kind == Unit.Kind.CENTRE:
        raise UnitRefused("市热线中心不能撤销。")
    if not unit.is_valid(at):
        raise UnitRefused(f"{unit.name}已经停用。")
    if successor is not None and (successor.pk == unit.pk or not successor.is_valid(at)):
        raise UnitRefused("承接单位须是另一个在用的单位。")
    if Unit.objects.valid(at).filter(parent=unit).exists():
        raise UnitRefused(f"{unit.name}还有在用的下级单位，请先调整。")
    people = User.objects.filter(unit=unit, is_active=True).count()
    if people and successor is None:
        raise UnitRefused(f"{unit.name}还有 {people} 名在用人员，请先停用或指定承接单位。")
    unit_abolished.send(sender=Unit, unit=unit, successor=successor, by=by, at=at)
    if successor is not None:
        User.objects.filter(Q(unit=unit), is_active=True).update(unit=successor)
    unit.valid_until, unit.successor = max(day, unit.valid_from), successor
    unit.save(update_fields=["valid_until", "successor"])
    subject = f"撤销 {unit.name}" + (f"，由{successor.name}承接" if successor else "")
    log_security(kind=SecurityLog.Kind.UNIT, user=by, subject=subject, at=at)
