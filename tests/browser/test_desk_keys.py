"""Keys of the desk in a real browser."""

import pytest
from django.utils import timezone

from channels_merge import services
from tests.factories.hotline import CentreFactory, TownshipFactory, load_rules

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_alt_and_a_number_go_to_the_first_field_of_that_part(as_role):
    """Slow: a browser."""
    load_rules()
    TownshipFactory()
    unit = CentreFactory()
    services.sync_channels(at=timezone.now())
    page = as_role("agent", unit=unit)
    page.goto(page.base + "/desk/")

    went_to = []
    for number in "1234":
        page.keyboard.press(f"Alt+{number}")
        went_to.append(page.evaluate("document.activeElement.name"))

    assert went_to == ["name", "text", "place", "kind"]
