"""Starts a fake as a process and ends it by its id; `stop` and `start` again on the same port is an outage."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

PARTNER = Path(__file__).with_name("partner.py")


class RunningPartner:
    def __init__(self, secret="a-secret"):
        self.secret, self.port, self.process = secret, 0, None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, str(PARTNER), str(self.port), self.secret], stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.process.stdout.readline().split()[1])
        return self

    def stop(self):
        """Nothing listens any more; what it had taken is forgotten with it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=30)
            self.process.stdout.close()
            self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def behave(self, **how):
        self._post("/_behave", how)

    def offer(self, items):
        self._post("/_offer", items)

    @property
    def state(self):
        with urllib.request.urlopen(f"{self.url}/_state", timeout=30) as answer:
            return json.load(answer)

    @property
    def arrived(self):
        """Bodies in the order in which they came, each once."""
        state = self.state
        return [state["arrived"][message_id] for message_id in state["order"]]

    def _post(self, path, body):
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=30).close()
