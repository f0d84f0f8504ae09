import time

import pytest
from django.core.cache import cache

from hotline import health, push


@pytest.mark.django_db
def test_everything_answers(client):
    health.heartbeat()
    cache.set(health.BEAT_KEY, time.time())
    cache.set(push.HEALTH_KEY, time.time())

    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "broker": "ok",
        "worker": "ok",
        "beat": "ok",
        "push": "ok",
    }


@pytest.mark.django_db
def test_silent_worker_is_down(client):
    cache.set(health.WORKER_KEY, time.time() - health.SILENCE_SECONDS - 1)
    cache.set(health.BEAT_KEY, time.time())
    cache.set(push.HEALTH_KEY, time.time())

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "down",
        "database": "ok",
        "broker": "ok",
        "worker": "down",
        "beat": "ok",
        "push": "ok",
    }


@pytest.mark.django_db
def test_broker_that_does_not_answer_is_down(client, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "down"
