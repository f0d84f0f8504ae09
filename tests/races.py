"""Two acts at once, in real threads on connections of their own: the slower one waits for what the faster one holds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from hotline.errors import DomainError

PATIENCE = 30


def race(faster, slower):
    """What the slower one is told; empty when both could be done one after the other."""
    acted = threading.Event()

    def act_and_hold():
        with transaction.atomic():
            faster()
            acted.set()
            wait_for_somebody_to_wait()

    def act_after():
        assert acted.wait(PATIENCE)
        slower()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(alone, act_and_hold), pool.submit(alone, act_after)
        assert first.result() == ""
        return second.result()


def alone(act):
    """Run with a connection of this thread's own."""
    try:
        act()
    except DomainError as refused:
        return str(refused)
    else:
        return ""
    finally:
        connection.close()


def wait_for_somebody_to_wait():
    """In this database: the tests of another worker have a database of their own on the same server, and races too."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
