"""The security log's one writer. Rows are append-only by trigger."""

from datetime import datetime

from hotline.models import SecurityLog, User


def log_security(
    *,
    kind: str,
    user: User | None,
    at: datetime,
    subject: str = "",
    address: str | None = None,
    outcome: str = SecurityLog.Outcome.DONE,
    reason: str = "",
) -> SecurityLog:
    """Record an act on accounts, rights or personal data. Long texts are cut to their column; never pass the data itself."""
    return SecurityLog.objects.create(
        kind=kind,
        user=user,
        at=at,
        subject=subject[:120],
        address=address or None,
        outcome=outcome,
        reason=reason[:200],
    )
