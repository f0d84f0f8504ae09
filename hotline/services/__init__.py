"""Writes of this room, one function for each thing that can be done. Invariants stand in each module's head."""

from hotline.services.calendars import (
    CalendarRefused,
    ClockMove,
    NamedDay,
    preview_calendar,
    publish_calendar,
    recount_provisional_clocks,
)
from hotline.services.clocks import (
    ClockHasStopped,
    build_clock,
    next_generation,
    remaining_limit,
    resume_clock,
    start_clock,
    stop_clock,
    stop_clocks,
    sweep_clocks,
    thresholds,
)
from hotline.services.files import FileRefused, open_file, store_file
from hotline.services.keys import KeysChanged, prove_keys
from hotline.services.notices import clear_old_notices, mark_read, notify
from hotline.services.parameters import ParameterRefused, check_parameter, set_parameter
from hotline.services.people import (
    PasswordRefused,
    PermissionsMissing,
    PersonRefused,
    UnitRefused,
    abolish_unit,
    change_password,
    check_new_password,
    deactivate_person,
    must_change_password,
    reset_password,
    set_roles,
    sync_roles,
)
from hotline.services.reference import Loaded, load_reference
from hotline.services.security import log_security

__all__ = [
    "CalendarRefused",
    "ClockHasStopped",
    "ClockMove",
    "FileRefused",
    "KeysChanged",
    "Loaded",
    "NamedDay",
    "ParameterRefused",
    "PasswordRefused",
    "PermissionsMissing",
    "PersonRefused",
    "UnitRefused",
    "abolish_unit",
    "build_clock",
    "change_password",
    "check_new_password",
    "check_parameter",
    "clear_old_notices",
    "deactivate_person",
    "load_reference",
    "log_security",
    "mark_read",
    "must_change_password",
    "next_generation",
    "notify",
    "open_file",
    "preview_calendar",
    "prove_keys",
    "publish_calendar",
    "recount_provisional_clocks",
    "remaining_limit",
    "reset_password",
    "resume_clock",
    "set_parameter",
    "set_roles",
    "start_clock",
    "stop_clock",
    "stop_clocks",
    "store_file",
    "sweep_clocks",
    "sync_roles",
    "thresholds",
]
