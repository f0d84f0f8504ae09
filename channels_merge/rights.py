"""Permissions of this room. Whoever comes without a person behind it (citizen, channel, sweep) passes `by=None`."""

from datetime import datetime

from hotline.errors import DomainError
from hotline.models import User
from hotline.rights import has_right

USE_DESK = "channels_merge.use_desk"
ACCEPT = "channels_merge.accept_appeal"
LINK = "channels_merge.link_appeal"
REVIEW_MERGES = "channels_merge.review_merges"
MANAGE_MERGING = "channels_merge.manage_merging"
REVEAL = "channels_merge.reveal_contact"
SEARCH_PEOPLE = "channels_merge.search_people"
SEARCH_TAIL = "channels_merge.search_tail"
READ_PROGRESS = "channels_merge.read_progress"
ISSUE_KEY = "channels_merge.issue_channel_key"
VIEW_REGISTER = "channels_merge.view_register"
PROPOSE_CHANNEL = "channels_merge.propose_channel"
MANAGE_CHANNELS = "channels_merge.manage_channels"
MANAGE_CODES = "channels_merge.manage_codes"
MANAGE_LINES = "channels_merge.manage_lines"
MANAGE_SEATS = "channels_merge.manage_seats"
HEAR_RECORDING = "channels_merge.hear_recording"
VIEW_PETITIONS = "channels_merge.view_petitions"
READ_PETITIONS = "channels_merge.read_petitions"
MANAGE_PETITIONS = "channels_merge.manage_petitions"
DECIDE_PETITION_MATCH = "channels_merge.decide_petition_match"
VIEW_GRID = "channels_merge.view_grid"
VIEW_GRID_STANDARD = "channels_merge.view_grid_standard"
MANAGE_GRID = "channels_merge.manage_grid"
GRID_CHECK = "channels_merge.do_grid_check"
PUBLIC_PROGRESS = "tickets.view_public_progress"
VIEW_ALL = "tickets.view_all_tickets"
VIEW_FOLLOWUP = "tickets.view_followup_tickets"


class NotPermitted(DomainError):
    message = "您的岗位没有这项权限。"


def require(by: User | None, permission: str, at: datetime) -> None:
    if by is not None and not has_right(by, permission, at):
        raise NotPermitted


def require_any(by: User | None, permissions: tuple[str, ...], at: datetime) -> None:
    if by is not None and not any(has_right(by, permission, at) for permission in permissions):
        raise NotPermitted
