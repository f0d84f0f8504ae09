"""Is the system alive? For the supervisor, a proxy, or a person: /healthz, and the heartbeats it looks at."""

import time

from celery import shared_task
from celery.signals import beat_init, before_task_publish
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from hotline import push

BEAT_KEY = "health:beat"
WORKER_KEY = "health:worker"
# Beat sends every ten seconds (config.schedule); three in a row may be missed.
SILENCE_SECONDS = 40


@shared_task(name="hotline.heartbeat", ignore_result=True, expires=30)
def heartbeat():
    """Sent by beat, done by a worker: that it was sent proves the one, that it is done the other."""
    cache.set(WORKER_KEY, time.time(), timeout=3600)


@before_task_publish.connect(sender=heartbeat.name)
def note_sending(sender=None, **kwargs):
    cache.set(BEAT_KEY, time.time(), timeout=3600)


@beat_init.connect
def announce_beat(sender=None, **kwargs):
    """Send at once: a system that has just started is not to be called unhealthy for its first ten seconds."""
    heartbeat.delay()


@login_not_required
@never_cache
@require_safe
def healthz(request):
    checks = {"database": _database_answers(), "broker": _broker_answers(), **_heartbeats()}
    healthy = all(checks.values())
    body = {"status": "ok" if healthy else "down", **{name: "ok" if up else "down" for name, up in checks.items()}}
    return JsonResponse(body, status=200 if healthy else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def _broker_answers() -> bool:
    try:
        with Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _heartbeats() -> dict[str, bool]:
    seen = cache.get_many([WORKER_KEY, BEAT_KEY, push.HEALTH_KEY])
    oldest = time.time() - SILENCE_SECONDS
    return {
        "worker": seen.get(WORKER_KEY, 0) > oldest,
        "beat": seen.get(BEAT_KEY, 0) > oldest,
        "push": seen.get(push.HEALTH_KEY, 0) > oldest,
    }
