from responsibility.models.governance import Governance
from responsibility.models.lists import Category, DutyItem, DutyList
from responsibility.models.memory import RoutingExample

__all__ = ["Category", "DutyItem", "DutyList", "Governance", "RoutingExample"]
