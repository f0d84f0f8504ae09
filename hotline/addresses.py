"""Addresses that the browser names: where somebody came from, where they want to go."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme


def page_of_ours(request: HttpRequest, url: str) -> str:
    """Path and query of the page of ours that `url` leads to, as a header takes them; empty for everything else.

    An address that does not begin with one slash is none: `redirect` would take it for the name of a view, a browser
    for that of another host.
    """
    if not url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(url)
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return iri_to_uri(parts._replace(scheme="", netloc="", fragment="").geturl())
