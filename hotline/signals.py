"""What hotline announces. All are sent with `send`, inside the transaction, after the row is saved."""

from django.dispatch import Signal

clock_breached = Signal()
"""A clock passed a threshold. sender: the concrete clock class; breach: the saved row, `breach.clock` loaded and locked.

A receiver inserts a row keyed on the breach or enqueues. It must not lock the clock's subject with FOR UPDATE:
the acts lock subject, then clock, and the sweep has the clock already."""

clock_moved = Signal()
"""A calendar version moved an open clock. sender: the concrete clock class; clock: the saved row;
old_due_at: where it stood; by: who published; at: when."""

unit_abolished = Signal()
"""A unit is about to end, its work to go to its successor. sender: Unit; unit, successor (None if there is none), by, at.

A receiver hands its own open work over to the successor, or raises a DomainError that says what is in hand."""

person_deactivated = Signal()
"""A person is about to leave. sender: User; user, heir (a colleague or None), by, at.

A receiver hands the person's open work to the heir, or raises a DomainError that says what is in hand."""
