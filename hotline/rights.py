"""Whether a person holds a permission now: their own, or that of an absent colleague they stand in for."""

from datetime import datetime

from hotline.models import User


def has_right(user: User, permission: str, at: datetime | None) -> bool:
    """Own permission, or that of somebody of the same unit who is away at ``at`` and named ``user`` as deputy.

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
    if not hasattr(user, "_represented"):
        user._represented = list(user.deputises_for.filter(unit_id=user.unit_id, is_active=True))
    return [absent for absent in user._represented if absent.is_away(at)]
