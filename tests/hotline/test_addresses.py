import pytest
from django.test import RequestFactory

from hotline.addresses import page_of_ours


@pytest.mark.parametrize(
    ("named", "page"),
    [
        ("/tickets/?unit=J1", "/tickets/?unit=J1"),
        ("http://testserver/tickets/?q=%E8%B7%AF#row-3", "/tickets/?q=%E8%B7%AF"),
        # A header is Latin: what the browser would write as escapes is written so here.
        ("/tickets/?q=路灯", "/tickets/?q=%E8%B7%AF%E7%81%AF"),
        ("/tickets/\r\nX-Mine: 1", "/tickets/X-Mine:%201"),
        ("tickets", ""),
        ("?s=sure", ""),
        ("http://testserver", ""),
        ("http://testserver//evil.example/", ""),
        ("https://evil.example/tickets/", ""),
        ("//evil.example/", ""),
        ("/\\evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("http://[", ""),
        ("\0", ""),
        ("", ""),
    ],
)
def test_only_a_page_of_ours_is_gone_to(named, page):
    assert page_of_ours(RequestFactory().get("/"), named) == page
