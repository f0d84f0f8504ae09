"""A call, decided while the caller is on the line: register and decide in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from channels_merge import selectors
from channels_merge.models import Appeal, AppealEvent, AppealLink, Channel, Contact, PhoneCall, Transfer
from channels_merge.services import intake
from channels_merge.services.contacts import Person
from channels_merge.services.drafts import discard_draft, hold_drafts
from channels_merge.services.moves import AppealRefused
from hotline.models import Region, User
from hotline.selectors import people_with_right
from hotline.services import notify
from tickets import services as tickets
from tickets.rights import KEEP_SECRET
from tickets.states import Secrecy


@dataclass(frozen=True)
class Decision:
    """Where the matter goes: `act` is accept, attach, answer, transfer, redirect, explain or police."""

    act: str
    told: str = ""
    choice: str = ""  # line, legal route or ground
    ticket_id: int | None = None
    three_party: bool = False


@transaction.atomic
def take_call(
    *,
    channel: Channel,
    matter: intake.Matter,
    person: Person | None,
    contact: Contact | None = None,
    phone_call: PhoneCall | None = None,
    decision: Decision,
    draft_key: str = "",
    by: User,
    at: datetime,
) -> intake.Registered:
    """One matter of a call, registered and decided, its draft gone; nothing is written when any part is refused.

    Sent twice with the same draft key (a double key press, a lost answer) it is written once.
    """
    # The page saves until the key is pressed: what comes while the call is registered finds it registered.
    hold_drafts(by)
    if matter.region is None:
        # Sent before the pane of the place could answer.
        matter = replace(matter, region=_region_heard(matter, at=at))
    try:
        registered = intake.register_appeal(
            channel=channel,
            matter=matter,
            person=person,
            contact=contact,
            phone_call=phone_call,
            source_number=draft_key,
            by=by,
            at=at,
        )
    except intake.SourceNumberTaken as taken:
        raise AppealRefused(
            f"这一通刚才已登记为 {taken.number}，现在写的内容不同，没有再登记。要加的话记为补充；另一件事请按同一通话再记一件。"
        ) from taken
    if registered.is_new:
        decided = _decide(registered.appeal, matter, decision, by, at)
        registered = replace(registered, appeal=decided)
    if draft_key:
        discard_draft(key=draft_key, by=by)
    return registered


def _region_heard(matter: intake.Matter, *, at: datetime) -> Region | None:
    return selectors.region_heard(
        title=matter.title, text=matter.text, place=matter.place, category=matter.category, at=at
    )


def _decide(appeal: Appeal, matter: intake.Matter, decision: Decision, by: User, at: datetime) -> Appeal:
    if decision.act == "attach" and decision.ticket_id is None:
        raise AppealRefused("请先选中要挂接的工单。")
    if matter.secrecy == Secrecy.RESTRICTED and decision.act != "accept":
        raise AppealRefused("勾了保密的只能受理并派单；走别的去向，请先去掉保密。")
    if decision.act == "answer" and matter.category is None:
        raise AppealRefused("直接答复须选择事项。")
    if decision.act in {"accept", "attach"}:
        ticket_id = decision.ticket_id if decision.act == "attach" else None
        intake.accept_held(appeal, ticket_id=ticket_id, by=by, at=at)
        if matter.secrecy == Secrecy.RESTRICTED:
            _entrust(appeal, at=at)
        return appeal
    act, needed = _ACTS.get(decision.act, (None, ()))
    if act is None:
        raise AppealRefused("请选择去向。")
    offered = {
        "category": matter.category,
        "told": decision.told,
        "note": decision.told,
        "line": decision.choice,
        "three_party": decision.three_party,
        "legal_route": decision.choice,
        "ground": decision.choice,
    }
    return act(appeal_id=appeal.pk, by=by, at=at, **{name: offered[name] for name in needed}).appeal


def _entrust(appeal: Appeal, *, at: datetime) -> None:
    """A matter that is secret from its first minute is the reviewers': they name who dispatches and handles it."""
    ticket = AppealLink.objects.select_related("ticket").get(appeal=appeal, until=None).ticket
    reviewers = list(people_with_right(KEEP_SECRET.permission, at=at))
    if not reviewers:
        raise AppealRefused("现在没有审核员可以掌握保密件，请不要勾保密，先报告值班长。")
    for reviewer in reviewers:
        tickets.grant_access(
            ticket_id=ticket.pk, reader=reviewer, until=None, reason="受理时登记为保密件。", by=None, at=at
        )
    notify(users=reviewers, kind="secret_filed", number=ticket.number, at=at, dedupe=f"secret-filed:{ticket.pk}")


_ACTS: dict[str, tuple[Callable[..., AppealEvent | Transfer], tuple[str, ...]]] = {
    "answer": (intake.answer_appeal, ("category", "told")),
    "transfer": (intake.transfer_appeal, ("line", "note", "three_party")),
    "redirect": (intake.redirect_appeal, ("legal_route", "told")),
    "explain": (intake.explain_appeal, ("ground", "told")),
    "police": (intake.hand_to_police, ("told",)),
}
