from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from channels_merge.models import Appeal, Channel, PlaceCode
from channels_merge.states import AppealState
from config.demo_accounts import ACCOUNTS
from config.management.commands.prepare import REFERENCE
from hotline.models import User
from tests.factories.tickets import at
from tickets.models import Ticket
from tickets.selectors.approvals import waiting_approvals
from tickets.selectors.inbox import inbox_segments
from tickets.states import TicketState

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def load(monkeypatch):
    monkeypatch.setenv("HOTLINE_DEMO_PASSWORD", "Gan-Zhou-12345")
    out = StringIO()
    call_command("load_demo", stdout=out)
    return out.getvalue().splitlines()[-1]


def test_the_demonstration_shows_every_state_and_loads_what_is_missing(monkeypatch):
    """Slow: a hundred matters on their roads."""
    for command in REFERENCE:
        call_command(command, stdout=StringIO())

    with time_machine.travel(at("11-10 10:00"), tick=False):
        said = load(monkeypatch)
        again = load(monkeypatch)

    assert set(Ticket.objects.values_list("state", flat=True)) == set(TicketState.values)
    assert set(Appeal.objects.values_list("state", flat=True)) == set(AppealState.values)
    assert set(Channel.objects.values_list("state", flat=True)) == {"active", "ending", "cancelled", "filed"}
    assert (PlaceCode.objects.count(), Appeal.objects.filter(place_code__isnull=False).count()) == (7, 1)
    assert set(User.objects.filter(username__in=ACCOUNTS).values_list("username", flat=True)) == set(ACCOUNTS)
    # What the README says to try: several to sign, several results to approve.
    liaison, head = (User.objects.get(username=name) for name in ("liaison1", "head1"))
    to_sign = next(segment for segment in inbox_segments(liaison, at("11-10 10:00")) if segment.code == "sign")
    assert (to_sign.count, waiting_approvals(head, at("11-10 10:00")).count()) == (2, 2)
    assert (said, again) == (
        "演示数据已装好：204 个账号，101 张工单。",
        "演示数据已装好：204 个账号，101 张工单。",
    )
