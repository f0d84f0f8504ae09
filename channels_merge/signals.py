from django.dispatch import Signal

appeal_event = Signal()
"""An appeal changed. Sent with ``send`` inside the transaction, after the row is saved.

Provides ``event``: the saved ``AppealEvent`` (appeal, act, source, target, actor, at, data).
"""
