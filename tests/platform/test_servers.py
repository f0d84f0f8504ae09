"""The embedded servers by themselves: one owner, secrets kept, and no trust in what a fall has left behind."""

import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
import redis

from hotline.embedded import Servers

pytestmark = pytest.mark.slow  # makes a cluster

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_servers(monkeypatch):
    """Servers of the test's own, as if the environment named none."""
    for variable in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(variable, raising=False)
    started = []

    def make(state):
        servers = Servers(state, durable=False)
        started.append(servers)
        return servers

    yield make
    for servers in started:
        servers.stop()


def answers(servers):
    with psycopg2.connect(servers.environment["DATABASE_URL"]) as database, database.cursor() as cursor:
        cursor.execute("select '扰民' || count(*) from pg_extension where extname <> 'plpgsql'")
        (word,) = cursor.fetchone()
    database.close()
    with redis.Redis.from_url(servers.environment["REDIS_URL"]) as client:
        return word, client.ping()


def test_start_twice_on_the_same_folder(own_servers, tmp_path):
    servers = own_servers(tmp_path)
    assert servers.try_lock()
    assert not own_servers(tmp_path).try_lock()
    servers.start()
    first = dict(servers.environment)
    assert answers(servers) == ("扰民0", True)
    servers.stop()

    again = own_servers(tmp_path)
    assert again.try_lock()
    again.start()

    assert answers(again) == ("扰民0", True)
    assert again.environment == first
    for secret in ("secret.json", "run/environment.json"):
        assert stat.S_IMODE((tmp_path / secret).stat().st_mode) == 0o600


def test_pid_file_that_names_a_stranger_is_not_believed(own_servers, tmp_path):
    servers = own_servers(tmp_path)
    servers.try_lock()
    servers.start()
    data = servers.running[0].data
    servers.stop()
    # As after a fall of the machine: the number was given to another program since, here to this test.
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    servers.try_lock()

    servers.start()

    assert answers(servers) == ("扰民0", True)


def test_cluster_of_another_major_version_is_refused(own_servers, tmp_path):
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "PG_VERSION").write_text("12\n")
    servers = own_servers(tmp_path)
    servers.try_lock()

    with pytest.raises(SystemExit, match="数据目录由 PostgreSQL 12 建立"):
        servers.start()


def test_ordinary_user_can_start_them(tmp_path_factory):
    """As root this starts them as nobody; for anybody else every other test here says the same."""
    if os.geteuid() != 0:
        pytest.skip("is an ordinary user already")
    account = pwd.getpwnam("nobody")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    as_nobody = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "env": environment, "cwd": "/"}
    if not _can_run([sys.executable, "-c", "import hotline.embedded"], as_nobody):
        pytest.skip("nobody may not read the interpreter or this folder")
    state = Path(subprocess.check_output(["mktemp", "-d"], text=True, **as_nobody).strip())
    program = (
        "import json, pathlib, sys\n"
        "from hotline.embedded import Servers\n"
        "servers = Servers(pathlib.Path(sys.argv[1]), durable=False)\n"
        "assert servers.try_lock()\n"
        "servers.start()\n"
        "servers.stop()\n"
        "print(json.dumps(sorted(servers.environment)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(state)], capture_output=True, text=True, check=False, **as_nobody
    )
    subprocess.run(["rm", "-r", str(state)], check=True)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "DATABASE_URL",
        "DJANGO_SECRET_KEY",
        "HOTLINE_FIELD_KEYS",
        "HOTLINE_INDEX_KEY",
        "REDIS_URL",
    ]


def _can_run(command, options):
    try:
        return subprocess.run(command, capture_output=True, check=False, **options).returncode == 0
    except OSError:
        return False
