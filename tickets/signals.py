"""Facts of the ticket room that higher rooms may hear. Receivers write rows of their own or enqueue; nothing else."""

from django.dispatch import Signal

ticket_event = Signal()
"""Sent inside the transaction, after the row is saved, by every act on a ticket.

Provides: ``event``, the saved ``TicketEvent`` (its ``ticket`` carries the new state).
"""
