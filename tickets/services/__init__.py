"""Everything that can be done to a ticket: one public function per act.

Invariants kept here: the ticket row is locked before anything that hangs on it changes; an act either happens whole,
with its event, scope rows and clocks, or not at all; a refused act changes nothing; `by` None is the system itself.
"""

from tickets.services.access import check_scopes, grant_scope, to_be_checked
from tickets.services.act import ActNotAllowed, InputRefused, TransitionRefused
from tickets.services.closing import (
    close_as_withdrawn,
    close_ticket,
    conclude_deferred,
    defer_ticket,
    keep_deferred,
    redo_ticket,
    reopen_ticket,
    restore_ticket,
    resume_ticket,
    void_ticket,
)
from tickets.services.completion import submit_result
from tickets.services.dispatch import (
    add_co_unit,
    answer_by_centre,
    ask_information,
    dispatch_ticket,
    give_information,
    recall_ticket,
    refer_to_ruling,
    rule_first_handler,
    rule_not_government,
)
from tickets.services.extensions import (
    grant_extension,
    lapse_extension,
    lapse_extensions,
    note_clock_move,
    reconcile_clock_moves,
    record_clock_move,
    refuse_extension,
    request_extension,
)
from tickets.services.handling import (
    add_note,
    instruct_ticket,
    name_handler,
    pass_down,
    record_contact,
    record_onsite,
    report_as_co,
    sign_assignment,
    take_back_child,
)
from tickets.services.holding import (
    hand_over,
    hand_over_abolished,
    hand_over_part,
    place_hold,
    release_handler,
    release_hold,
)
from tickets.services.merging import count_appeals, merge_ticket, propose_withdrawal, unmerge_ticket
from tickets.services.registration import register_ticket, renew_proposals, revise_ticket
from tickets.services.returns import dispute_return, grant_return, refuse_return, request_return
from tickets.services.review import approve, send_back
from tickets.services.secrecy import grant_access, lift_restriction, restrict_ticket

__all__ = [
    "ActNotAllowed",
    "InputRefused",
    "TransitionRefused",
    "add_co_unit",
    "add_note",
    "answer_by_centre",
    "approve",
    "ask_information",
    "check_scopes",
    "close_as_withdrawn",
    "close_ticket",
    "conclude_deferred",
    "count_appeals",
    "defer_ticket",
    "dispatch_ticket",
    "dispute_return",
    "give_information",
    "grant_access",
    "grant_extension",
    "grant_return",
    "grant_scope",
    "hand_over",
    "hand_over_abolished",
    "hand_over_part",
    "instruct_ticket",
    "keep_deferred",
    "lapse_extension",
    "lapse_extensions",
    "lift_restriction",
    "merge_ticket",
    "name_handler",
    "note_clock_move",
    "pass_down",
    "place_hold",
    "propose_withdrawal",
    "recall_ticket",
    "reconcile_clock_moves",
    "record_clock_move",
    "record_contact",
    "record_onsite",
    "redo_ticket",
    "refer_to_ruling",
    "refuse_extension",
    "refuse_return",
    "register_ticket",
    "release_handler",
    "release_hold",
    "renew_proposals",
    "reopen_ticket",
    "report_as_co",
    "request_extension",
    "request_return",
    "restore_ticket",
    "restrict_ticket",
    "resume_ticket",
    "revise_ticket",
    "rule_first_handler",
    "rule_not_government",
    "send_back",
    "sign_assignment",
    "submit_result",
    "take_back_child",
    "to_be_checked",
    "unmerge_ticket",
    "void_ticket",
]
