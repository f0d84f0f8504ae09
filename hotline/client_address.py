"""Where a request comes from, for rate limits and the security log."""

from django.conf import settings


def client_address(request) -> str:
    """The address that our outermost proxy saw; without proxies, the peer itself.

    Each of our proxies appends the address it saw to `X-Forwarded-For`. What stands further left was written by the
    client and is not believed.
    """
    if settings.HOTLINE_PROXIES > 0:
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(forwarded) >= settings.HOTLINE_PROXIES:
            return forwarded[-settings.HOTLINE_PROXIES]
    return request.META.get("REMOTE_ADDR", "")
