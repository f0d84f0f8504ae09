"""The lists in a real browser: keys, ticks that stay off, the peek of the right row; and their pictures."""

import pytest
import time_machine

from tests.browser.conftest import DESKTOP
from tests.tickets_pages.scene import MORNING, make_scene
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def scene(transactional_db):
    with time_machine.travel(MORNING, tick=True):
        yield make_scene()


def peeked(page, number):
    page.wait_for_selector(f'#peek [data-peek-of="{number}"]')


def rows(page):
    return page.eval_on_selector_all("[data-rows] tbody tr", "rows => rows.map(row => row.dataset.id)")


def test_dispatch_by_keys(scene, log_in, shots):
    """Slow: a browser and some sixty tickets."""
    page = log_in(scene.dispatcher)
    page.goto(page.base + "/dispatch/")
    order = rows(page)
    peeked(page, order[0])
    shots(page, "dispatch", (DESKTOP,))
    page.keyboard.press("j")
    page.keyboard.press("Enter")  # too early: the peek is still the first row's
    assert Ticket.objects.get(number=order[0]).state == "pending_dispatch"
    peeked(page, order[1])
    shots(page, "dispatch-second", (DESKTOP,))
