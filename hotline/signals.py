"""What hotline announces. All are sent with `send`, inside the transaction, after the row is saved."""

from django.dispatch import Signal

clocks_breached = Signal()
"""Clocks passed thresholds. sender: the concrete clock class; breaches: the saved rows of one batch, each with
`breach.clock` loaded and locked, all found at the same moment.

A receiver inserts rows keyed on the breaches or enqueues, with a number of queries that does not grow with them. It must
not lock a clock's subject with FOR UPDATE: the acts lock subject, then clock, and the sweep has the clocks already.
When it fails, the sweep sends the clocks again one by one, so that one bad row does not hold up the others."""

clock_moved = Signal()
"""A calendar version moved an open clock. sender: the concrete clock class; clock: the saved row;
old_due_at: where it stood; by: who published; at: when."""

unit_abolished = Signal()
"""A unit is about to end, its work to go to its successor. sender: Unit; unit, successor (None if there is none), by, at.

A receiver hands its own open work over to the successor, or raises a DomainError that says what is in hand."""

person_deactivated = Signal()
"""A person is about to leave. sender: User; user, heir (a colleague or None), by, at.

A receiver hands the person's open work to the heir, or raises a DomainError that says what is in hand."""

work_in_hand = Signal()
"""Somebody is asked whether a unit or a person may go. sender: Unit or User; who: that unit or person.

A receiver answers with a sentence that says what is in hand, "" for nothing, and changes nothing."""
