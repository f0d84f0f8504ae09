from responsibility.models.governance import Governance
from responsibility.models.learned import RoutingFigure, RoutingModel, RoutingModelEvent
from responsibility.models.lists import (
    Category,
    DutyItem,
    DutyItemEvent,
    DutyList,
    DutyListEvent,
    DutyListOpinion,
    DutyListTrial,
    DutySheet,
    DutySheetRow,
    TownshipDuty,
)
from responsibility.models.memory import RoutingExample
from responsibility.models.proposals import ItemProposal
from responsibility.models.resources import Resource

__all__ = [
    "Category",
    "DutyItem",
    "DutyItemEvent",
    "DutyList",
    "DutyListEvent",
    "DutyListOpinion",
    "DutyListTrial",
    "DutySheet",
    "DutySheetRow",
    "Governance",
    "ItemProposal",
    "Resource",
    "RoutingExample",
    "RoutingFigure",
    "RoutingModel",
    "RoutingModelEvent",
    "TownshipDuty",
]
