"""The call platform: signs what it says of its calls and posts it, over real HTTP."""

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

from hotline import signing

PATH = "/api/v1/telephone/events"


def iso(at):
    return at.isoformat()


class CallPlatform:
    """`CallPlatform(base_url, secret).ring("c-1", "13979700123", extension="8001")`; answers are (status, body)."""

    def __init__(self, base, secret, algorithm="HMAC-SHA256"):
        self.base, self.secret, self.algorithm = base, secret, algorithm

    def ring(self, call_id, number="", **more):
        return self.say(call_id, "ringing", number=number, **more)

    def answer(self, call_id, **more):
        return self.say(call_id, "answered", **more)

    def end(self, call_id, **more):
        return self.say(call_id, "ended", **more)

    def miss(self, call_id, number="", **more):
        return self.say(call_id, "missed", number=number, **more)

    def say(self, call_id, event, *, at=None, **more):
        at = at or datetime.now(UTC)
        return self.post(json.dumps({"call_id": call_id, "event": event, "at": iso(at), **more}).encode())

    def post(self, body):
        timestamp = f"{time.time():.0f}"
        signature = signing.sign(
            secret=self.secret, algorithm=self.algorithm, method="POST", path=PATH, timestamp=timestamp, body=body
        )
        headers = {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": signature}
        request = urllib.request.Request(f"{self.base}{PATH}", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)
