"""Units' parts in a ticket: giving them with their clocks, and ending them."""

from collections.abc import Iterable, Sequence

from hotline import services as hotline
from hotline.models import Unit
from responsibility.models import DutyItem
from tickets import deadlines
from tickets.models import Assignment, ExtensionRequest, ReturnRequest, TicketEvent
from tickets.selectors.lists import who_may_know, who_works_on
from tickets.services import mediation, rulings
from tickets.services.act import Act, InputRefused
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    LIVE_ASSIGNMENT_STATES,
    AssignmentRole,
    AssignmentState,
    ClockKind,
    Decision,
    EndedAs,
)


def give_lead(
    act: Act, *, unit: Unit, item: DutyItem | None, objectable: bool, parent: Assignment | None = None
) -> Assignment:
    """A lead assignment with its sign, contact and handle clocks. The contact that was made above counts below."""
    contacted_at = parent.contacted_at if parent else None
    lead = act.assign(
        unit=unit,
        role=AssignmentRole.LEAD,
        item=item,
        parent=parent,
        objectable=objectable,
        contacted_at=contacted_at,
    )
    rules = unit_rules(act, item)
    if act.ticket.contactable and contacted_at is None:
        rules[ClockKind.CONTACT] = deadlines.contact_rule(urgency=act.ticket.urgency, at=act.at)
    act.start_clocks(rules, assignment=lead)
    return lead


def unit_rules(act: Act, item: DutyItem | None) -> dict[str, deadlines.Rule]:
    """Limits of any unit that has something to do: to sign and to handle."""
    ticket, at = act.ticket, act.at
    return {
        ClockKind.SIGN: deadlines.sign_rule(urgency=ticket.urgency, at=at),
        ClockKind.HANDLE: deadlines.handle_rule_of(ticket, item=item, at=at),
    }


def give_side_part(
    act: Act, *, unit: Unit, role: str, item: DutyItem | None, parent: Assignment | None = None
) -> Assignment:
    """A co-unit's or superior's part runs on the lead's limit; a copy has no clock."""
    if not unit.is_valid(act.at):
        raise InputRefused(f"{unit.name}已停用，请选择承接单位。")
    part = act.assign(unit=unit, role=role, item=item, parent=parent)
    if role != AssignmentRole.COPY:
        act.start_clocks(unit_rules(act, item), assignment=part)
    return part


def refuse_second_part(act: Act, unit: Unit) -> None:
    """A unit has one part at a time. What it did as a co-unit in an earlier round makes room for a new part."""
    for part in act.ticket.assignments.filter(unit=unit).exclude(state__in=ENDED_ASSIGNMENT_STATES):
        if part.role == AssignmentRole.LEAD or part.state != AssignmentState.ACCEPTED:
            raise InputRefused(f"{unit.name}已在承办这一件。")
        take_back(act, [part], ended_as=EndedAs.REOPENED)


def tell_units(act: Act, event: TicketEvent, kind: str, parts: Iterable[Assignment]) -> None:
    """What no inbox shows: whoever works on these parts hears of it, but not who did it. Of a restricted ticket, who may know."""
    people = [person for part in parts for person in who_works_on(part, act.at) if person != act.by]
    told = who_may_know(act.ticket, people, act.at)
    hotline.notify(users=told, kind=kind, number=act.ticket.number, at=act.at, dedupe=f"{kind}:{event.pk}")


def with_those_below(part: Assignment) -> list[Assignment]:
    """The part and whatever its unit gave on, as long as it counts."""
    below = (
        Assignment.objects.filter(parent=part)
        .exclude(state__in=ENDED_ASSIGNMENT_STATES)
        .select_related("unit")
        .order_by("pk")
    )
    return [part, *(lower for child in below for lower in with_those_below(child))]


def and_those_before(part: Assignment) -> list[Assignment]:
    """The part and those of other units that were handed over to it, the last first."""
    before = Assignment.objects.filter(handed_to=part).first()
    return [part] if before is None else [part, *and_those_before(before)]


def live_parts(act: Act) -> list[Assignment]:
    """Parts of units that still have something to do or to know, with whom to tell."""
    parts = act.ticket.assignments.filter(state__in=LIVE_ASSIGNMENT_STATES)
    return list(parts.select_related("unit", "handler__deputy").order_by("pk"))


def take_back_all(act: Act, *, ended_as: str) -> None:
    """End every unit's part; an accepted part ends too: the work starts anew elsewhere."""
    take_back(
        act, list(act.ticket.assignments.exclude(state__in=ENDED_ASSIGNMENT_STATES).order_by("pk")), ended_as=ended_as
    )


def take_back(act: Act, parts: Sequence[Assignment], *, ended_as: str) -> None:
    """End these parts: their clocks are void, what they had asked for has lost its subject."""
    for part in parts:
        act.move_assignment(part, Assignment.take_back, ended_as=ended_as, at=act.at)
    act.void_clocks(parts)
    rulings.lapse_objection(act, parts)
    mediation.end_with_parts(act, parts)
    for model in (ReturnRequest, ExtensionRequest):
        model.objects.filter(assignment__in=parts, decision=Decision.PENDING).update(
            decision=Decision.CANCELLED, decided_at=act.at
        )
