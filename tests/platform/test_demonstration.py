from collections import Counter
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from channels_merge.models import (
    Appeal,
    Channel,
    JointSupervision,
    MergeProposal,
    MergeRecord,
    PlaceCode,
    ThresholdProposal,
)
from channels_merge.states import AppealState
from config.demo_accounts import ACCOUNTS
from config.management.commands.prepare import REFERENCE
from hotline.models import User
from responsibility.models import ItemProposal, ItemSwitch, Resource, RoutingCase, RoutingModelEvent
from tests.factories.tickets import at
from tickets.models import (
    AutomaticDispatch,
    DutyQuestion,
    EarlierUse,
    ExtensionRequest,
    Mediation,
    Objection,
    ReturnRequest,
    Ruling,
    Statement,
    Ticket,
)
from tickets.selectors.approvals import waiting_approvals
from tickets.selectors.inbox import inbox_segments
from tickets.selectors.returned import passed_round
from tickets.states import TicketState

# Committed as it is in life: a vacuum in the midst of one long transaction counts its rows as none, and every plan is wrong.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


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
    assert (to_sign.count, waiting_approvals(head, at("11-10 10:00")).count()) == (3, 2)
    assert shown(at("11-10 10:00")) == {
        "model": ["adopt 126"],
        "automatic": {
            ("CG-02-002", True): 1,
            ("CG-02-003", True): 1,
            ("HB-02-001", False): 1,
            ("HB-02-001", None): 1,
            ("HB-02-002", None): 2,
            ("HB-03-002", True): 1,
        },
        "switches": {True: 4, False: 1},
        "cases": 5,
        "objections": {"open": 2, "ruled": 1},
        "asked in vain": {"章贡热线中心": 1, "legal": 1, "staffing": 1},
        "precedents": {"first": 4, "kept": 1},
        "proposed items": 2,
        "returns": {("granted", False): 8, ("granted", True): 1, ("pending", False): 3, ("refused", False): 1},
        "extensions": {("granted", False): 1, ("pending", False): 1, ("pending", True): 1},
        "passed round": ["经开区热线中心 → 赣州供电公司", "会昌热线中心 → 市交警支队"],
        "resources": 12,
        "mediations": {"": 2, "agreed": 1, "declined": 1, "failed": 1},
        "photos used before": 1,
        "pairs": {("merge", "confirmed"): 22, ("merge", "refused"): 3, ("repeat", "confirmed"): 1},
        "to be opened again": 1,
        "merges": {"": 26, "wrong": 1},
        "threshold": [(22, 21)],
        "joint supervision": {True: 1, False: 1},
    }
    assert (said, again) == (
        "演示数据已装好：228 个账号，105 张工单。",
        "演示数据已装好：228 个账号，105 张工单。",
    )


def shown(now):
    """What the pages of routing, disputes, mediation and merging have to show."""
    reviewer = User.objects.get(username="reviewer1")
    return {
        "model": [f"{event.act} {event.rows}" for event in RoutingModelEvent.objects.all()],
        "automatic": counted(AutomaticDispatch, "item_code", "right"),
        "switches": counted(ItemSwitch, "off_at__isnull"),
        "cases": RoutingCase.objects.count(),
        "objections": counted(Objection, "state"),
        "asked in vain": counted(Statement.objects.filter(given_at=None), "unit__short_name")
        | counted(DutyQuestion.objects.filter(answered_at=None), "office"),
        "precedents": counted(Ruling.objects.filter(ended_at=None), "kind"),
        "proposed items": ItemProposal.objects.count(),
        "returns": counted(ReturnRequest, "decision", "is_take_back"),
        "extensions": counted(ExtensionRequest, "decision", "is_again"),
        "passed round": [each.road for each in passed_round(reviewer, month=now.date().replace(day=1), at=now)],
        "resources": Resource.objects.count(),
        "mediations": counted(Mediation, "outcome"),
        "photos used before": EarlierUse.objects.count(),
        "pairs": counted(MergeProposal.objects.filter(state__in=["confirmed", "refused"]), "kind", "state"),
        "to be opened again": MergeProposal.objects.filter(kind="repeat", state="open").count(),
        "merges": counted(MergeRecord, "undone_as"),
        "threshold": list(ThresholdProposal.objects.values_list("decisions", "confirmed")),
        "joint supervision": counted(JointSupervision, "lifted_at__isnull"),
    }


def counted(rows, *fields):
    """How many rows there are of each combination."""
    rows = rows.objects.all() if isinstance(rows, type) else rows
    names = [field.removesuffix("__isnull") for field in fields]
    found = Counter(
        tuple(value is None if field.endswith("__isnull") else value for field, value in zip(fields, row, strict=True))
        for row in rows.values_list(*names)
    )
    return {key if len(fields) > 1 else key[0]: count for key, count in found.items()}
