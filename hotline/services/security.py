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


def log_reveal(*, subject: str, refusal: str, reason: str, by: User, at: datetime, address: str = "") -> SecurityLog:
    """Somebody asked to see personal data in clear; `refusal` is why not, empty where it was shown (PIPL 第51条)."""
    return log_security(
        kind=SecurityLog.Kind.REVEAL,
        subject=subject,
        outcome=SecurityLog.Outcome.REFUSED if refusal else SecurityLog.Outcome.DONE,
        reason=refusal or reason,
        user=by,
        at=at,
        address=address or None,
    )
