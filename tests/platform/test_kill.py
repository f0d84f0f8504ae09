"""The machine falls while channels file appeals: what was acknowledged is there, once, and somebody will be reminded of it."""

import http.client
import json
import threading

import pytest

from tests.platform.system import wait_until

pytestmark = pytest.mark.slow  # starts the whole system three times

ROUNDS = 2
SENDERS = 3
ACKNOWLEDGED_PER_ROUND = 40

# Of the appeals of the test's channel: how many there are, and which of them nothing would ever remind anybody of. It
# is said when there is nothing left to wait for, and after `seconds` at the latest.
ACCOUNT = """
import json, time
from channels_merge.models import Appeal, AppealClock, SearchEntry
appeals = Appeal.objects.filter(channel__code="12315")
watched = AppealClock.objects.filter(kind=AppealClock.ACCEPT, stopped_at=None, sweep_at__isnull=False)
until = time.monotonic() + {seconds}
while True:
    unwatched = appeals.filter(state="received").exclude(pk__in=watched.values("appeal")).count()
    not_searchable = appeals.exclude(pk__in=SearchEntry.objects.values("appeal")).count()
    if not (unwatched or not_searchable) or time.monotonic() > until:
        break
    time.sleep(0.5)
numbers = list(appeals.order_by("source_number").values_list("source_number", flat=True))
print(json.dumps([numbers, unwatched, not_searchable]))
"""


class Senders:
    """Channels that file one appeal after the other until nobody answers."""

    def __init__(self, system, key, round_name):
        self.system = system
        self.key = key
        self.sent: list[str] = []
        self.acknowledged: dict[str, str] = {}
        self.refused: list[dict] = []
        self.threads = [threading.Thread(target=self._send, args=[f"{round_name}-{who}"]) for who in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self, who):
        for count in range(1000):
            source_number = f"{who}-{count:04}"
            self.sent.append(source_number)
            try:
                status, answer = file_appeal(self.system, self.key, source_number)
            except (OSError, http.client.HTTPException):
                return
            if status != 201:
                self.refused.append(answer)
                return
            self.acknowledged[source_number] = answer["number"]

    def wait(self):
        for thread in self.threads:
            thread.join(60)


def file_appeal(system, key, source_number):
    body = {
        "source_number": source_number,
        "text": f"红旗大道路灯不亮，编号 {source_number}。",
        "phone": "13800000000",
    }
    return system.request("POST", "/api/v1/appeals", body, {"X-Channel-Key": key})


def account(system, *, seconds=0):
    """Source numbers; how many have no clock; how many are not found by searching."""
    return json.loads(system.manage("shell", "--verbosity", "0", "-c", ACCOUNT.format(seconds=seconds)))


def test_no_acknowledged_appeal_is_lost_or_stuck(system):
    key = system.manage("issue_channel_key", "12315").strip()
    sent, acknowledged = [], {}

    for number in range(ROUNDS):
        senders = Senders(system, key, f"round{number}")
        wait_until(lambda s=senders: s.refused or len(s.acknowledged) >= ACKNOWLEDGED_PER_ROUND, 60)
        system.kill_everything()
        senders.wait()
        assert senders.refused == []
        sent += senders.sent
        acknowledged |= senders.acknowledged
        system.start()

    assert len(acknowledged) >= ROUNDS * ACKNOWLEDGED_PER_ROUND
    there, *_ = account(system)
    assert set(acknowledged) - set(there) == set()
    assert set(there) - set(sent) == set()

    # A channel sends again what was not acknowledged, as its own outbox would; nothing is filed twice.
    numbers = {}
    for source_number in sent:
        status, answer = file_appeal(system, key, source_number)
        assert status in (200, 201)
        numbers[source_number] = answer["number"]
    assert acknowledged.items() <= numbers.items()

    # Every one of them is watched by a clock and can be found; the reconciliation has two minutes for it.
    assert account(system, seconds=120) == [sorted(sent), 0, 0]
    wait_until(system.healthy, 60, system.output)
