"""The cure for django-fsm-2's reload, on a small machine of its own."""

import threading

import pytest
from django.db import connection, connections, models
from django_fsm import ConcurrentTransition, transition

from hotline.fsm import StateField, StateModel


class Lamp(StateModel):
    state = StateField(default="off", protected=True)
    note = models.CharField(max_length=20)

    class Meta:
        app_label = "tests"

    def __str__(self):
        return self.state

    @transition(state, source="off", target="on")
    def switch_on(self):
        self.note = "lit"


@pytest.fixture
def lamps(transactional_db):
    with connection.schema_editor() as editor:
        editor.create_model(Lamp)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(Lamp)


def test_only_a_transition_changes_the_state(lamps):
    lamp = Lamp.objects.create()

    with pytest.raises(AttributeError):
        lamp.state = "on"

    lamp.switch_on()
    lamp.save()
    assert Lamp.objects.values_list("state", "note").get() == ("on", "lit")


def test_reload_reads_the_state_and_keeps_it_protected(lamps):
    lamp = Lamp.objects.create()
    Lamp.objects.update(state="on")

    lamp.refresh_from_db()

    assert lamp.state == "on"
    with pytest.raises(AttributeError):
        lamp.state = "off"


def test_reload_that_fails_leaves_the_protection_on(lamps):
    lamp = Lamp.objects.create()
    Lamp.objects.all().delete()

    with pytest.raises(Lamp.DoesNotExist):
        lamp.refresh_from_db()

    with pytest.raises(AttributeError):
        lamp.state = "on"
    with pytest.raises(AttributeError):
        Lamp(note="another").state = "on"


def test_reload_of_other_fields_and_deferred_state(lamps):
    Lamp.objects.create(note="old")
    lamp = Lamp.objects.defer("state").get()
    Lamp.objects.update(note="new")

    lamp.refresh_from_db(fields=["note"])

    assert (lamp.note, lamp.state) == ("new", "off")


def test_second_writer_is_refused(lamps):
    pk = Lamp.objects.create().pk
    first, second = Lamp.objects.get(pk=pk), Lamp.objects.get(pk=pk)
    first.switch_on()
    first.save()
    second.switch_on()

    with pytest.raises(ConcurrentTransition):
        second.save()


@pytest.mark.slow
def test_reloads_in_many_threads(lamps):
    """Slow: enough reloads for the fault of the original to show itself."""
    pk = Lamp.objects.create().pk
    failures = []

    def reload_often():
        lamp = Lamp.objects.get(pk=pk)
        try:
            for _ in range(200):
                lamp.refresh_from_db()
        except AttributeError as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=reload_often) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
