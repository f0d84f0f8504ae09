"""The ticket, the units' parts in it, their clocks, and the record of what happened."""

from tickets.models.assignment import Assignment, ClockShift, TicketClock, TicketClockBreach
from tickets.models.automatic import AutomaticDispatch
from tickets.models.decisions import Approval, ExtensionRequest, ReturnRequest
from tickets.models.disputes import (
    DutyQuestion,
    Meeting,
    Objection,
    ObjectionBreach,
    ObjectionClock,
    Ruling,
    Statement,
)
from tickets.models.mediation import Mediation
from tickets.models.records import PICTURE, Attachment, EarlierUse, Note, OnSiteRecord, Reply, TicketEvent, TicketHold
from tickets.models.scope import NOTHING_BURNS, TicketScope
from tickets.models.ticket import Ticket

__all__ = [
    "NOTHING_BURNS",
    "PICTURE",
    "Approval",
    "Assignment",
    "Attachment",
    "AutomaticDispatch",
    "ClockShift",
    "DutyQuestion",
    "EarlierUse",
    "ExtensionRequest",
    "Mediation",
    "Meeting",
    "Note",
    "Objection",
    "ObjectionBreach",
    "ObjectionClock",
    "OnSiteRecord",
    "Reply",
    "ReturnRequest",
    "Ruling",
    "Statement",
    "Ticket",
    "TicketClock",
    "TicketClockBreach",
    "TicketEvent",
    "TicketHold",
    "TicketScope",
]
