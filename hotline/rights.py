"""Whether a person holds a permission now: their own, or that of an absent colleague they stand in for."""

from datetime import datetime
from typing import Final

from hotline.errors import DomainError
from hotline.models import User

REPRESENTED: Final = "_represented"


def has_right(user: User, permission: str, at: datetime | None) -> bool:
    """Own permission, or that of somebody of the same unit who is away at ``at`` and named ``user`` as deputy.

    Administrators stand in for nobody and nobody for them: who keeps the accounts could else take any right.
    Without ``at`` only the person's own permissions count. Permissions are cached on ``user`` for the request.
    """
    if not user.is_active:
        return False
    if user.has_perm(permission):
        return True
    if at is None:
        return False
    return any(absent.has_perm(permission) for absent in _represented(user, at))


def _represented(user: User, at: datetime) -> list[User]:
    """The absent colleagues ``user`` stands in for. One query per request and user."""
    represented: list[User] | None = user.__dict__.get(REPRESENTED)
    if represented is None:
        colleagues = user.deputises_for.filter(unit=user.unit, is_active=True, is_staff=False)
        represented = list(colleagues) if user.unit and not user.is_staff else []
        user.__dict__[REPRESENTED] = represented
    return [absent for absent in represented if absent.is_away(at)]


class NotPermitted(DomainError):
    message = "您的岗位没有这项权限。"


def require(by: User | None, permission: str, at: datetime) -> None:
    """Raise NotPermitted; `by=None` is the system, a citizen or a channel, whom the room itself lets in."""
    require_any(by, (permission,), at)


def require_any(by: User | None, permissions: tuple[str, ...], at: datetime) -> None:
    if by is not None and not any(has_right(by, permission, at) for permission in permissions):
        raise NotPermitted
