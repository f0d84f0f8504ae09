"""`python3 run.py` as a whole: what falls is started again, and it stops when it is told to."""

import signal

import pytest

from tests.platform.system import end, wait_until

pytestmark = pytest.mark.slow  # starts the whole system


def test_life_of_the_whole_system(system):
    wait_until(system.healthy, 60, system.output)

    # A management command joins the servers that run.
    assert system.manage("shell", "--verbosity", "0", "-c", "print(6 * 7)").strip() == "42"

    # Each of them killed outright, the stores included.
    for name in (
        "gunicorn config.wsgi",
        "gunicorn config.push",
        "celery -A config worker",
        "celery -A config beat",
        "valkey-server",
        "bin/postgres",
    ):
        end(system.pid_of(name), signal.SIGKILL)
    # The supervisor may see the last of them fallen only when it looks the second time.
    fallen = ("postgres", "valkey", "web", "push", "worker", "beat")
    wait_until(lambda: all(system.output().count(f"{name} 已退出") == 1 for name in fallen), 60, system.output)
    assert "postgres 已退出，现已恢复。" in system.lines
    assert "valkey 已退出，现已恢复。" in system.lines
    wait_until(system.healthy, 90, system.output)

    # A second one on the same folder gives way.
    second = type(system)(system.state)
    second.start()
    assert second.process.wait(10) == 1
    assert "系统已在运行" in second.output()

    assert system.stop() == 0
    assert system.lines[-1] == "已停止。"
    assert not (system.state / "pg" / "postmaster.pid").exists()
