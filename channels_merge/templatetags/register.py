"""Tones of the chips of channels and of announced numbers; days that come near."""

from django import template

from channels_merge.states import ChannelState, CodeState, PhoneStatus

register = template.Library()

_TONES = {
    ChannelState.PROPOSED: "wait",
    ChannelState.FILED: "work",
    ChannelState.APPROVED: "work",
    ChannelState.REFUSED: "over",
    ChannelState.ACTIVE: "done",
    ChannelState.ENDING: "due",
    ChannelState.CANCELLED: "wait",
    PhoneStatus.USED: "done",
    PhoneStatus.WRONG: "over",
    PhoneStatus.STOPPED: "wait",
    CodeState.MOVED: "work",
    CodeState.REVOKED: "wait",
}


@register.filter
def register_tone(state):
    return _TONES[state]


@register.filter
def share(value):
    """A share in per cent, — where there is nothing to divide by."""
    return "—" if value is None else f"{value:.0f}%"
