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
from channels_merge.models.codes import CodeCorrection, CodeScan, PlaceCode
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
from channels_merge.models.merging import (
    FrequentCaller,
    MergeLook,
    MergeProposal,
    MergeRecord,
    MergeSwitch,
    ProposalKind,
    ProposalState,
    Repeat,
    ThresholdProposal,
    ThresholdState,
    UndoneAs,
)
from channels_merge.models.milestones import LineMilestone
from channels_merge.models.outbox import OutboxMessage
from channels_merge.models.petition import JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.models.phones import PublicPhone, Republication
from channels_merge.models.postings import FreshPosting, GramBackground, Posting, PostingSegment
from channels_merge.models.search import SearchEntry
from channels_merge.models.telephone import (
    AgentSeat,
    CallBack,
    CallBackOutcome,
    CallEvent,
    MissedCall,
    MissedEnd,
    PhoneCall,
    Skill,
)

__all__ = [
    "AgentSeat",
    "Algorithm",
    "Appeal",
    "AppealBreach",
    "AppealClock",
    "AppealEvent",
    "AppealFile",
    "AppealLink",
    "AppealQuerySet",
    "CallBack",
    "CallBackOutcome",
    "CallEvent",
    "Channel",
    "ChannelEvent",
    "ChannelFiling",
    "CodeCorrection",
    "CodeMap",
    "CodeScan",
    "Contact",
    "ContactRecord",
    "Draft",
    "FrequentCaller",
    "FreshPosting",
    "GramBackground",
    "GridCell",
    "GridCheck",
    "GridEvent",
    "GridEventClass",
    "InboundMessage",
    "Interaction",
    "JointSupervision",
    "Line",
    "LineMatter",
    "LineMilestone",
    "LineReturn",
    "LineSource",
    "MergeLook",
    "MergeProposal",
    "MergeRecord",
    "MergeSwitch",
    "MissedCall",
    "MissedEnd",
    "OutboxMessage",
    "PetitionMatch",
    "PetitionMatter",
    "PhoneCall",
    "PlaceCode",
    "Posting",
    "PostingSegment",
    "ProposalKind",
    "ProposalState",
    "PublicPhone",
    "Repeat",
    "Republication",
    "SearchEntry",
    "Skill",
    "ThresholdProposal",
    "ThresholdState",
    "Transfer",
    "UndoneAs",
]
