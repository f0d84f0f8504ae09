"""`python3 run.py` as a whole: what falls is started again, and it stops when it is told to."""

import contextlib
import signal

import psycopg2
import pytest
from django.db import connection

from tests.platform.system import end, wait_until

pytestmark = pytest.mark.slow  # starts the whole system


# Whatever the database holds beside rows. Django's own tables of groups differ in the width of a key.
SCHEMA = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION SELECT 'sequence', sequencename, '' FROM pg_sequences
UNION SELECT table_name, column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'auth_group%'
"""


@pytest.mark.django_db
def test_the_migrations_lead_to_the_tables_that_the_tests_use(system):
    """Tests have tables made from the models (hotline.testing)."""
    with contextlib.closing(psycopg2.connect(system.database_url())) as migrated:
        of_migrations = schema(migrated)
    of_models = schema(connection)

    assert (of_migrations - of_models, of_models - of_migrations) == (set(), set())


def schema(database):
    with database.cursor() as cursor:
        cursor.execute(SCHEMA)
        return set(cursor.fetchall())


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
    assert second.process.wait(60) == 1
    assert "系统已在运行" in second.output()

    assert system.stop() == 0
    assert system.lines[-1] == "已停止。"
    assert not (system.state / "pg" / "postmaster.pid").exists()
