"""Ten thousand messages of a line that sends twice, out of order and garbage: nothing lost, nothing doubled."""

import json
import random

import pytest
import time_machine

from channels_merge import services
from channels_merge.models import Appeal, InboundMessage, Interaction
from channels_merge.services.inbound import as_body
from tests.channels_merge.lines.conftest import later, message
from tests.factories.channels_merge import NOON, STORY

MATTERS = 250
GARBAGE = [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"event":"?"}', b"null", b"7"]


def sent_by_the_line():
    """10,000 messages in no order: each matter with a supplement and an urge, most of it sent several times, and rubbish."""
    true = []
    for number in range(MATTERS):
        true.append(message(f"F-{number}", phone="", name="", text=f"{STORY}第 {number} 户。"))
        true.append(message(f"F-{number}", "supplement", text=f"第 {number} 户又说了一遍。"))
        true.append(message(f"F-{number}", "urge"))
    bodies = [as_body(one) for one in true]
    garbage = [GARBAGE[index % len(GARBAGE)] + b" " * (index // len(GARBAGE)) for index in range(400)]
    chance = random.Random(12345)
    copies = [chance.choice(bodies + garbage) for _ in range(10_000 - len(bodies) - len(garbage))]
    everything = [*bodies, *garbage, *copies]
    chance.shuffle(everything)
    return true, garbage, everything


@pytest.mark.slow
def test_ten_thousand_messages(plug, send):
    """Slow: seven hundred acts on appeals. A part comes over HTTP, the rest by the sheet."""
    line = plug("12328")
    true, garbage, everything = sent_by_the_line()
    over_http, by_sheet = everything[:200], everything[200:]

    with time_machine.travel(NOON, tick=False):
        statuses = {send(line, None, body=body).status_code for body in over_http}
    for start in range(0, len(by_sheet), 1000):
        services.store_messages(line=line, bodies=by_sheet[start : start + 1000], door="folder", at=NOON)
    for minute in range(20):
        if not services.take_in_due(at=later(minutes=minute)):
            break

    assert statuses == {200, 202}
    # Nothing lost: every message that was sent stands there, and every matter with what belongs to it.
    rows = InboundMessage.objects.filter(line=line)
    assert set(rows.filter(state="done").values_list("message_id", flat=True)) == {one["message_id"] for one in true}
    assert set(Appeal.objects.values_list("source_number", flat=True)) == {f"F-{n}" for n in range(MATTERS)}
    # Nothing doubled.
    assert (rows.filter(state="done").count(), Appeal.objects.count()) == (3 * MATTERS, MATTERS)
    kinds = Interaction.objects.values_list("kind", flat=True)
    assert {kind: list(kinds).count(kind) for kind in set(kinds)} == {
        "new": MATTERS, "supplement": MATTERS, "urge": MATTERS,
    }  # fmt: skip
    # Garbage parked, with a reason.
    parked = rows.exclude(state="done")
    assert (parked.count(), set(parked.values_list("state", flat=True))) == (len(set(garbage)), {"parked"})
    assert set(parked.values_list("reason", flat=True)) == {
        "内容不是正确的 JSON。", "内容不是 JSON 对象。", "缺少 message_id。",
    }  # fmt: skip
    assert json.loads(rows.get(message_id="appeal-F-0").body)["number"] == "F-0"
