"""Rules for every test: nothing is sent to another machine, nothing is left behind for the next test."""

import functools
import gc
import socket
import uuid

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from django.utils.module_loading import import_string
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from channels_merge.selectors.finding import forget_background
from hotline import calendar, parameters, remembering
from hotline.testing import database_to_copy
from responsibility.selectors import governed_elsewhere, something_is_switched_on

THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}
WRITTEN_BY_MIGRATE = {"auth_permission", "django_content_type"}

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any machine")


def pytest_collection_modifyitems(items):
    """Those that start the whole system come first: last, as Django would have it, one process waits for the other."""
    items.sort(key=lambda item: "system" not in item.fixturenames)


@pytest.fixture(autouse=True, scope="session")
def no_other_machine():
    """A connection to anywhere but this machine fails the test that tries it."""
    connect = socket.socket.connect

    def connect_here(self, address):
        if isinstance(address, tuple) and address[0] not in THIS_MACHINE:
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    socket.socket.connect = connect_here
    yield
    socket.socket.connect = connect


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """The database is a copy of the one that was made while the tests were collected (hotline.testing)."""
    connection.settings_dict["TEST"]["TEMPLATE"] = database_to_copy()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A thread of the live server may still hold the database of its last request when the run ends: it is cut off."""
    gc.collect()
    gc.freeze()
    # What a test leaves is little beside what is loaded: looked through as seldom as memory allows.
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def empty_the_tables(test_case):
    """What Django does after a transactional test, at an eighth of the cost: only tables that hold rows are emptied.

    What `migrate` wrote stays, so it need not be written again. Whoever still writes is waited for. Triggers are off for
    the moment: some tables accept no deletion, and the order of foreign keys does not matter when all is gone.
    """
    names = set(connection.introspection.django_table_names(only_existing=True)) - WRITTEN_BY_MIGRATE
    tables = [connection.ops.quote_name(name) for name in sorted(names)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables))
        filled = [table for (table,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in filled:
            cursor.execute(f"DELETE FROM {table}")


@pytest.fixture(autouse=True, scope="session")
def tables_are_emptied_quickly():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_the_tables)
        yield


@pytest.fixture(autouse=True, scope="session")
def what_is_remembered_lasts_for_the_test():
    """A loaded machine takes longer between two requests whose queries are compared than rows are remembered for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembering, "SECONDS", 3600.0)
        yield


@pytest.fixture(scope="module")
def kept_for_this_file(django_db_setup, django_db_blocker):
    """What fixtures of this scope write stays for every test of the file, each of which is rolled back to it.

    Making a city takes longer than most tests. A test gets a copy of the objects: it may change what it likes. A file
    that has a transactional test, which empties the tables, makes its own for each test instead.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def own_cache(settings):
    """Each test sees an empty cache, also beside others that run at the same time."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}}


@pytest.fixture(autouse=True)
def fresh_reading():
    """What a test changes of the calendar and the parameters is not remembered by the next."""
    yield
    calendar.forget_calendar()
    parameters.forget_parameters()
    forget_background()
    something_is_switched_on.forget()
    governed_elsewhere.forget()


class SwiftClient(Client):
    """Logs in by the row of a session alone: the test client's own log-in writes it three times and counts as a try."""

    def force_login(self, user, backend="django.contrib.auth.backends.ModelBackend"):
        session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), backend
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key


@pytest.fixture
def client():
    return SwiftClient()


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """`with committing():` runs what waits for the commit, as the real commit would."""
    return functools.partial(django_capture_on_commit_callbacks, execute=True)
