"""Production: given servers, TLS ended by a proxy of our own. A missing secret is an error at start."""

from config.settings.base import *  # noqa: F403
from config.settings.base import env

ALLOWED_HOSTS = env.list("HOTLINE_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
HOTLINE_PROXIES = env.int("HOTLINE_PROXIES", 1)

SECURE_SSL_REDIRECT = True
# The proxy's own probe of /healthz comes by plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
