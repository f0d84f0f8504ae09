"""The dialog that `?` opens names the keys that do something on the page."""

import pytest

from tests.factories.channels_merge import make_appeal


@pytest.fixture
def arrived(city):
    make_appeal()
    return city


def test_enter_is_not_offered_where_no_row_can_be_opened(arrived, log_in):
    """A matter that came in is read beside the list."""
    page = log_in(arrived.dispatcher)

    page.goto(page.base + "/intake/")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")

    said = page.inner_text("#keys")
    assert ("下一行、上一行" in said, "打开这一行" in said) == (True, False)
