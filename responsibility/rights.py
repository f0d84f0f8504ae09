"""Permissions of this room. `by=None`: what ships with the product, and the system itself."""

from typing import Final

from hotline.rights import NotPermitted, require, require_any
from responsibility.states import Office

__all__ = ["NotPermitted", "require", "require_any"]

VIEW: Final = "responsibility.view_duty_lists"
EDIT: Final = "responsibility.edit_duty_list"
# The test bench and its cases.
TRY: Final = "responsibility.try_routing"
AUTOMATE: Final = "responsibility.automate_items"
PUBLISH: Final = "responsibility.publish_duty_list"
MANAGE_RESOURCES: Final = "responsibility.manage_resources"
OPINIONS: Final = {
    Office.LEGAL: "responsibility.give_legal_opinion",
    Office.STAFFING: "responsibility.give_staffing_opinion",
}
# Who writes a version and who judges it read what it would change.
JUDGE: Final = (EDIT, *OPINIONS.values())
VIEW_ROUTING: Final = "responsibility.view_routing"
CHOOSE_MODEL: Final = "responsibility.choose_routing_model"
# Cases are read by whoever tries texts and by whoever judges versions.
READ_CASES: Final = (TRY, *JUDGE)
