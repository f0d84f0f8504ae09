"""Permissions of this room. `by=None`: what ships with the product, and the system itself."""

from datetime import datetime
from typing import Final

from hotline.errors import DomainError
from hotline.models import User
from hotline.rights import has_right
from responsibility.states import Office

VIEW: Final = "responsibility.view_duty_lists"
EDIT: Final = "responsibility.edit_duty_list"
PUBLISH: Final = "responsibility.publish_duty_list"
OPINIONS: Final = {
    Office.LEGAL: "responsibility.give_legal_opinion",
    Office.STAFFING: "responsibility.give_staffing_opinion",
}
# Who writes a version and who judges it read what it would change.
JUDGE: Final = (EDIT, *OPINIONS.values())


class NotPermitted(DomainError):
    message = "您的岗位没有这项权限。"


def require(by: User | None, permission: str, at: datetime) -> None:
    if by is not None and not has_right(by, permission, at):
        raise NotPermitted


def require_any(by: User | None, permissions: tuple[str, ...], at: datetime) -> None:
    if by is not None and not any(has_right(by, permission, at) for permission in permissions):
        raise NotPermitted
