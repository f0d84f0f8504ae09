"""Queueing work for after the commit."""

from celery import Task
from django.db import transaction


def enqueue(task: Task, **kwargs: object) -> None:
    """Queue `task` once the current transaction commits.

    A broker outage is logged, not raised: the rows are saved, and the scheduled reconciliation of each
    room queues again whatever was missed.
    """

    def publish() -> None:
        task.apply_async(kwargs=kwargs)

    transaction.on_commit(publish, robust=True)
