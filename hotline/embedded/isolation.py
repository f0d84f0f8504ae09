"""How a child process is started: PostgreSQL never as root, and no child outlives the process that started it."""

import contextlib
import ctypes
import functools
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LINUX = sys.platform.startswith("linux")
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY_ID = 65534

_libc = ctypes.CDLL(None, use_errno=True)


@functools.cache
def root_mode() -> str:
    """How PostgreSQL, which refuses to run as root, is run.

    ""        we are an ordinary user: as we are
    "userns"  root: in a user namespace that shows us as nobody; files stay root's, no account and no chmod is needed
    "setuid"  root where user namespaces are forbidden (many containers): as the account postgres or nobody
    """
    if os.geteuid() != 0:
        return ""
    forced = os.environ.get("HOTLINE_ROOT_MODE")
    if forced:
        return forced
    return "userns" if LINUX and _can_enter_user_namespace() else "setuid"


def unprivileged_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit("没有可以运行 PostgreSQL 的普通账户（postgres 或 nobody）。")


def child_setup(death_signal: signal.Signals, *, as_postgres: bool = False) -> Callable[[], None]:
    """What a child does between fork and exec: give up root, and ask to be signalled when its parent dies."""
    mode = root_mode() if as_postgres else ""
    account = unprivileged_account() if mode == "setuid" else None
    parent = os.getpid()

    def setup():
        if mode == "userns":
            _enter_user_namespace()
        elif account:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if LINUX:
            # After the change of user, which would clear it.
            _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return setup


def is_alive(pid: int, mark: str) -> bool:
    """Is there a living process of this number with `mark` in its command line? Numbers are used again by others."""
    try:
        if LINUX:
            return _linux_state(pid) not in "ZX" and mark in _linux_command(pid)
        found = subprocess.run(
            ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        return bool(found) and not found.startswith("Z") and mark in found
    except OSError:
        return False


def wait_until_gone(pid: int, mark: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(pid, mark):
            return True
        time.sleep(0.05)
    return False


def free_port(preferred: int | None) -> int:
    """The preferred port if nobody listens there, so that clients find the server again after a restart."""
    for port in [preferred, 0] if preferred else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise SystemExit("没有空闲的端口。")


def _can_enter_user_namespace() -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            _enter_user_namespace()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def _enter_user_namespace() -> None:
    uid, gid = os.getuid(), os.getgid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY_ID} {uid} 1"),
        ("gid_map", f"{NOBODY_ID} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(line)


def _linux_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def _linux_command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
