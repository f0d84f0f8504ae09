"""Writes of the room. A published list never changes; the memory of routing is only added to, without personal data."""

from responsibility.services.cases import change_case, retire_case, run_cases, run_stale_cases, save_case
from responsibility.services.experience import learn_from_experience, put_in_service, stop_experience
from responsibility.services.figures import count_routing
from responsibility.services.items import (
    DraftMoved,
    ItemWrong,
    add_item,
    change_item,
    change_items,
    comment_on_item,
    remove_item,
)
from responsibility.services.learned import ModelRefused, learn_model
from responsibility.services.life import (
    DutyRefused,
    call_publication_off,
    comment_on_list,
    draft_list,
    drop_draft,
    give_opinion,
    publish_list,
    send_list_back,
    submit_list,
)
from responsibility.services.loading import Loaded, load_duty_list
from responsibility.services.memory import forget_words, record_outcome
from responsibility.services.proposals import dismiss_proposal, propose_item
from responsibility.services.resources import ResourceRefused, save_resource
from responsibility.services.sheets import (
    compare_sheet,
    compare_sheet_again,
    confirm_sheet,
    error_sheet,
    hand_in_sheet,
    is_left,
    resume_sheets,
    rows_written,
    sheet_of,
    unused_headings,
    what_moved_since,
    why_not_confirmed,
    write_sheet,
)
from responsibility.services.succession import pass_on_governance
from responsibility.services.switches import switch_item_off, switch_item_on
from responsibility.services.townships import set_duties
from responsibility.services.trials import ask_for_trial, is_under_way, run_trial

__all__ = [
    "DraftMoved",
    "DutyRefused",
    "ItemWrong",
    "Loaded",
    "ModelRefused",
    "ResourceRefused",
    "add_item",
    "ask_for_trial",
    "call_publication_off",
    "change_case",
    "change_item",
    "change_items",
    "comment_on_item",
    "comment_on_list",
    "compare_sheet",
    "compare_sheet_again",
    "confirm_sheet",
    "count_routing",
    "dismiss_proposal",
    "draft_list",
    "drop_draft",
    "error_sheet",
    "forget_words",
    "give_opinion",
    "hand_in_sheet",
    "is_left",
    "is_under_way",
    "learn_from_experience",
    "learn_model",
    "load_duty_list",
    "pass_on_governance",
    "propose_item",
    "publish_list",
    "put_in_service",
    "record_outcome",
    "remove_item",
    "resume_sheets",
    "retire_case",
    "rows_written",
    "run_cases",
    "run_stale_cases",
    "run_trial",
    "save_case",
    "save_resource",
    "send_list_back",
    "set_duties",
    "sheet_of",
    "stop_experience",
    "submit_list",
    "switch_item_off",
    "switch_item_on",
    "unused_headings",
    "what_moved_since",
    "why_not_confirmed",
    "write_sheet",
]
