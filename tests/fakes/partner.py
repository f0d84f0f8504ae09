"""Another platform, as a process of its own on the loopback interface: it takes messages, hands out its own, and misbehaves.

    python tests/fakes/partner.py PORT SECRET        # prints "ready" when it listens

`/inbox` takes our messages: checks the signature with the standard library's HMAC, counts a second copy of a message id apart.
`/items` hands out what `/_offer` was given, by page or by mark. `/_behave` says how it is to misbehave from now on.
"""

import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, urlsplit


class Partner(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port, secret):
        super().__init__(("127.0.0.1", port), Handler)
        self.secret, self.lock = secret, Lock()
        self.arrived, self.order, self.copies, self.wrong_signatures = {}, [], 0, 0
        self.status, self.pause, self.cut = 200, 0.0, False
        # Seconds between the bytes of an answer, from its first one on; bytes that are added to it; its headers.
        self.drip, self.flood, self.headers = 0.0, 0, {}
        # Said instead of JSON, a character a byte.
        self.words = ""
        self.items = []
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        where, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if where.path == "/_state":
            server = self.server
            return self.say(
                200,
                {
                    "arrived": server.arrived, "order": server.order, "copies": server.copies,
                    "wrong_signatures": server.wrong_signatures, "asked": server.asked,
                },
            )  # fmt: skip
        self.server.asked.append([self.path, self.headers.get("Authorization", "")])
        time.sleep(self.server.pause)
        if self.server.status != 200:
            return self.say(self.server.status, {"message": "内部错误"})
        if self.server.cut:
            return self.raw(b"<html>gateway</html>")
        return self.say(200, self.page(query))

    def page(self, query):
        items, size = self.server.items, int(query.get("size", ["1000"])[0])
        since = int(query.get("since", ["0"])[0] or 0)
        items = [item for item in items if not isinstance(item, dict) or item.get("seq", 1) > since]
        first = (int(query.get("page", ["1"])[0]) - 1) * size
        shown = items[first : first + size]
        last = max([item["seq"] for item in shown if isinstance(item, dict) and "seq" in item], default=since)
        return {"data": {"items": shown, "next": last}}

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/_behave":
            for name, value in json.loads(body).items():
                setattr(self.server, name, value)
            return self.say(200, {})
        if self.path == "/_offer":
            self.server.items = json.loads(body)
            return self.say(200, {})
        time.sleep(self.server.pause)
        if self.server.status != 200:
            return self.say(self.server.status, {"message": "内部错误，电话 13807972231"})
        return self.take(body)

    def take(self, body):
        signed = f"POST\n{self.path}\n{self.headers['X-Timestamp']}\n".encode() + body
        right = hmac.new(self.server.secret.encode(), signed, hashlib.sha256).hexdigest()
        message_id = self.headers["X-Message-Id"]
        with self.server.lock:
            if not hmac.compare_digest(right, self.headers["X-Signature"]):
                self.server.wrong_signatures += 1
                return self.say(401, {"message": "签名不对"})
            if message_id in self.server.arrived:
                self.server.copies += 1
            else:
                self.server.arrived[message_id] = json.loads(body)
                self.server.order.append(message_id)
        if self.server.cut:
            # Taken, and gone before it could say so: the other side does not know.
            self.close_connection = True
            self.connection.close()
            return None
        return self.say(200, {"message": "收到"})

    def say(self, status, answer):
        self.raw(json.dumps(answer, ensure_ascii=False).encode(errors="backslashreplace"), status)

    def raw(self, body, status=200):
        if self.path.startswith("/_"):
            return self.whole(body, status)
        body = (self.server.words.encode("latin-1", "replace") or body) + b" " * self.server.flood
        if self.server.drip:
            return self.byte_by_byte(b"HTTP/1.1 %d Well\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        return self.whole(body, status, self.server.headers)

    def whole(self, body, status, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the other side has read enough

    def byte_by_byte(self, answer):
        self.close_connection = True
        try:
            for byte in answer:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(self.server.drip)
        except ConnectionError:
            return


if __name__ == "__main__":
    partner = Partner(int(sys.argv[1]), sys.argv[2])
    sys.stdout.write(f"ready {partner.server_port}\n")
    sys.stdout.flush()
    partner.serve_forever()
