"""Everything that changes an appeal, its people, its links and its drafts. One function per act, one transaction each."""

from channels_merge.services.channels import issue_channel_key, sync_channels
from channels_merge.services.contacts import (
    Cleaned,
    Person,
    Revealed,
    move_identifiers_out,
    record_contact,
    reveal_contact,
)
from channels_merge.services.desk import Decision, take_call
from channels_merge.services.drafts import discard_draft, expire_drafts, restore_draft, save_draft
from channels_merge.services.following import follow_secrecy, follow_ticket, settle_citizen_clocks
from channels_merge.services.indexing import reconcile_scopes, refresh_scope, write_search_entry
from channels_merge.services.intake import (
    Matter,
    Registered,
    SourceNumberTaken,
    accept_appeal,
    answer_appeal,
    conclude_transfer,
    explain_appeal,
    give_info,
    hand_to_police,
    need_info,
    redirect_appeal,
    register_appeal,
    transfer_appeal,
)
from channels_merge.services.linking import (
    link_appeal,
    record_progress_asked,
    supplement_appeal,
    unlink_appeal,
    urge_appeal,
    withdraw_appeal,
)
from channels_merge.services.moves import AppealRefused
from channels_merge.services.public import TooOften, count_addition, count_query, count_submission, may_query
from channels_merge.services.reconciling import reconcile

__all__ = [
    "AppealRefused",
    "Cleaned",
    "Decision",
    "Matter",
    "Person",
    "Registered",
    "Revealed",
    "SourceNumberTaken",
    "TooOften",
    "accept_appeal",
    "answer_appeal",
    "conclude_transfer",
    "count_addition",
    "count_query",
    "count_submission",
    "discard_draft",
    "expire_drafts",
    "explain_appeal",
    "follow_secrecy",
    "follow_ticket",
    "give_info",
    "hand_to_police",
    "issue_channel_key",
    "link_appeal",
    "may_query",
    "move_identifiers_out",
    "need_info",
    "reconcile",
    "reconcile_scopes",
    "record_contact",
    "record_progress_asked",
    "redirect_appeal",
    "refresh_scope",
    "register_appeal",
    "restore_draft",
    "reveal_contact",
    "save_draft",
    "settle_citizen_clocks",
    "supplement_appeal",
    "sync_channels",
    "take_call",
    "transfer_appeal",
    "unlink_appeal",
    "urge_appeal",
    "withdraw_appeal",
    "write_search_entry",
]
