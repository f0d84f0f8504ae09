"""What rulings propose to the list, and what of it a form can be filled with."""

from typing import Any, Final

from hotline.models import Unit
from responsibility.models import DutyList, ItemProposal
from responsibility.selectors.browsing import PAGE_ROWS
from responsibility.states import FUNCTIONS, Level, ListState, ProposalState

TITLE: Final = 60
NO_BASIS: Final = "首办裁定，依据待核"


def proposals(state: str, *, after: int | None) -> list[ItemProposal]:
    """A page of them and one row more, the newest first; `after`: the last row of the page before."""
    found = ItemProposal.objects.filter(state=state).select_related(
        "unit", "item", "category", "duty_list", "decided_by"
    )
    if after is not None:
        found = found.filter(pk__lt=after)
    return list(found.order_by("-pk")[: PAGE_ROWS + 1])


def pending_proposals() -> int:
    return ItemProposal.objects.filter(state=ProposalState.PENDING).count()


def draft_of_the_city() -> DutyList | None:
    """The version in the making that can take a proposal up."""
    return DutyList.objects.filter(scope__kind=Unit.Kind.CENTRE, state=ListState.DRAFT).first()


def item_from(proposal: ItemProposal) -> dict[str, Any]:
    """Initial values of the form of an item; what only a person knows stays empty."""
    unit, is_of_the_city = proposal.unit, proposal.unit.kind != Unit.Kind.COUNTY_CENTRE
    function = unit.function if unit.function in FUNCTIONS else ""
    return {
        "title": proposal.title[:TITLE],
        "category": proposal.category.code if proposal.category else "",
        "level": Level.CITY if is_of_the_city else Level.COUNTY,
        "city_function": function,
        "lead_unit": unit.short_name if is_of_the_city and not function else "",
        "kinds": [proposal.kind],
        "belongs": proposal.text,
        "mark": NO_BASIS[:20],
        **reason_from(proposal),
    }


def reason_from(proposal: ItemProposal) -> dict[str, str]:
    return {
        "reason": f"{proposal.unit.short_name}首办，办结无异议，纳入清单。裁定依据：{proposal.grounds}"[:500],
        "ticket_number": proposal.ticket_number,
    }
