"""Channels, the people behind appeals, the appeals themselves and how they hang on tickets."""

from channels_merge.models.appeal import (
    Appeal,
    AppealBreach,
    AppealClock,
    AppealEvent,
    AppealFile,
    AppealQuerySet,
    ContactRecord,
    Transfer,
)
from channels_merge.models.channel import Channel, ChannelEvent, ChannelFiling
from channels_merge.models.contact import Contact, Draft
from channels_merge.models.grid import GridCell, GridCheck, GridEvent, GridEventClass
from channels_merge.models.lines import (
    Algorithm,
    CodeMap,
    InboundMessage,
    Line,
    LineMatter,
    LineReturn,
    LineSource,
)
from channels_merge.models.linking import AppealLink, Interaction
from channels_merge.models.outbox import OutboxMessage
from channels_merge.models.petition import JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.models.search import SearchEntry

__all__ = [
    "Appeal",
    "AppealBreach",
    "Algorithm",
    "AppealClock",
    "AppealEvent",
    "AppealFile",
    "AppealLink",
    "AppealQuerySet",
    "Channel",
    "ChannelEvent",
    "ChannelFiling",
    "Contact",
    "ContactRecord",
    "CodeMap",
    "Draft",
    "GridCell",
    "GridCheck",
    "GridEvent",
    "GridEventClass",
    "Interaction",
    "OutboxMessage",
    "PetitionMatch",
    "PetitionMatter",
    "InboundMessage",
    "JointSupervision",
    "SearchEntry",
    "Line",
    "LineMatter",
    "LineMilestone",
    "LineReturn",
    "LineSource",
    "Transfer",
]
