from responsibility.models.cases import CaseRun, RoutingCase
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
from responsibility.models.switches import ItemSwitch

__all__ = [
    "CaseRun",
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
    "ItemSwitch",
    "Resource",
    "RoutingCase",
    "RoutingExample",
    "RoutingFigure",
    "RoutingModel",
    "RoutingModelEvent",
    "TownshipDuty",
]
