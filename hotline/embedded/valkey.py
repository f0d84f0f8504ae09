"""One Valkey on one data directory: started, found ready, stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from hotline.embedded import binaries
from hotline.embedded.isolation import child_setup, free_port, is_alive, wait_until_gone

START_SECONDS = 30
DURABLE = ["appendonly yes", "appendfsync everysec", "aof-load-truncated yes", "save 300 10"]
THROW_AWAY = ["appendonly no", 'save ""']


class EmbeddedValkey:
    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, state: Path, *, password: str, durable: bool = True):
        self.data = state / "valkey"
        self.password = password
        self.durable = durable
        self.log = state / "log" / "valkey.log"
        self.port_file = state / "run" / "valkey.port"
        self.pid_file = self.data / "valkey.pid"
        self.process: subprocess.Popen | None = None
        self.url = ""

    def start(self) -> None:
        self.data.mkdir(exist_ok=True, mode=0o700)
        self._end_survivor()
        port = free_port(int(self.port_file.read_text()) if self.port_file.exists() else None)
        self.port_file.write_text(str(port))
        self._spawn(self._write_configuration(port))
        self._wait_until_ready(port)
        self.url = f"redis://:{self.password}@127.0.0.1:{port}/0"

    def _write_configuration(self, port: int) -> Path:
        file = self.data / "valkey.conf"
        file.touch(mode=0o600)
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f'dir "{self.data}"',
            f'pidfile "{self.pid_file}"',
            "maxmemory 512mb",
            # Tasks live here: refuse to write rather than forget one.
            "maxmemory-policy noeviction",
            *(DURABLE if self.durable else THROW_AWAY),
        ]
        file.write_text("\n".join(lines) + "\n")
        return file

    def _spawn(self, configuration: Path) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [binaries.valkey_server(), configuration, "--daemonize", "no"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=child_setup(self.stop_signal),
                process_group=0,
            )

    def _wait_until_ready(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port, self.password):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"Valkey 未能启动：\n{self.log.read_text(errors='replace')[-800:]}")
            time.sleep(0.03)

    def _end_survivor(self) -> None:
        """A server that outlived its supervisor, where children cannot ask to be signalled."""
        if not self.pid_file.exists():
            return
        with contextlib.suppress(ValueError, ProcessLookupError):
            pid = int(self.pid_file.read_text())
            if is_alive(pid, str(self.data)):
                os.kill(pid, signal.SIGTERM)
                wait_until_gone(pid, str(self.data), 10)
        self.pid_file.unlink(missing_ok=True)


def _answers(port: int, password: str) -> bool:
    """AUTH and PING over a bare socket; while data is being loaded the answer is an error, not a PONG."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                received = connection.recv(256)
                if not received:
                    return False
                answer += received
            return b"+PONG" in answer
    except OSError:
        return False
