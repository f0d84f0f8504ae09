"""Tones of the chips of appeals and of their tickets."""

from django import template

from channels_merge.states import AppealState, MatchState
from tickets.states import STATE_TONE, TicketState

register = template.Library()

_APPEAL_TONES = {
    AppealState.RECEIVED: "wait",
    AppealState.NEED_INFO: "wait",
    AppealState.ACCEPTED: "work",
    AppealState.WITHDRAWN: "wait",
}


@register.filter
def ticket_tone(ticket):
    return STATE_TONE[TicketState(ticket.state)] if ticket else "wait"


@register.filter
def petition_tone(matter):
    return "work" if matter.is_open else "done"


@register.filter
def match_tone(match):
    return {MatchState.PROPOSED: "wait", MatchState.CONFIRMED: "work", MatchState.REFUSED: "done"}[match.state]


@register.filter
def appeal_tone(appeal):
    return _APPEAL_TONES.get(AppealState(appeal.state), "done")
