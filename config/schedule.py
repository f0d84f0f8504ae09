"""Everything that happens by the clock: one line per task, with the rule it serves.

Moments that matter to a ticket are columns in the database; a task here only looks for rows whose moment has come. So a
missed run is made good by the next one, and nothing hangs on a message that waits in the broker.
"""

CELERY_BEAT_SCHEDULE = {
    # /healthz: beat and worker are alive as long as this keeps arriving.
    "hotline.heartbeat": {"task": "hotline.heartbeat", "schedule": 10.0},
}
