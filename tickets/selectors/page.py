"""What the ticket page and the printed 工单 show: timeline, road, clocks, the units' parts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from hotline import parameters
from hotline.rights import has_right
from tickets.models import (
    Assignment,
    Attachment,
    Mediation,
    Reply,
    Ticket,
    TicketClock,
    TicketEvent,
    TicketHold,
    TicketScope,
)
from tickets.rights import at_the_centre
from tickets.selectors.acts import Situation
from tickets.selectors.mediations import mediations_of
from tickets.states import (
    ENDED_ASSIGNMENT_STATES,
    AssignmentRole,
    AttachmentKind,
    Claim,
    ClockKind,
    ClosingKind,
    NoteKind,
    Resolved,
    ReturnGround,
    TicketState,
)
from tickets.timeline import ACTS

FILTERS = {"": "全部", "public": "群众可见", "clock": "时限", "contact": "与群众往来"}
CLOCK_ACTS = frozenset(
    {
        "request_extension",
        "grant_extension",
        "grant_extension_below",
        "refuse_extension",
        "lapse_extension",
        "clock_moved",
    }
)
CONTACT_ACTS = frozenset({"record_contact", "record_onsite", "ask_information", "give_information"})
FIRST_CONTACT = "首次联系"
HIDDEN_ACTS = frozenset({"await_review"})
"""Steps that only carry the ticket's next state; the act before says it all."""

Moment = Callable[[datetime, datetime], str]
"""Writes the first time in short, read at the second."""


@dataclass(frozen=True)
class Shot:
    """A file of an event; a picture is shown, another is named."""

    name: str
    url: str
    is_picture: bool


@dataclass(frozen=True)
class Item:
    """One line of the timeline."""

    at: datetime
    act: str
    about: str = ""
    who: str = ""
    say: str = ""
    tone: str = ""
    public: bool = False
    group: str = ""
    code: str = ""
    """Code of the event's act; empty for lines that other rooms add."""
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of the road; ``state`` is done, skipped, now, or empty for what is still to come."""

    name: str
    note: str
    state: str = ""
    late: bool = False


@dataclass(frozen=True)
class Part:
    assignment: Assignment
    clock: TicketClock | None
    indent: bool


@dataclass(frozen=True)
class TicketPage:
    ticket: Ticket
    parts: tuple[Part, ...]
    clocks: dict[tuple[int | None, str], TicketClock] = field(repr=False)
    sees_all: bool
    """Whether the person reads the whole chain, or only public lines and their own unit's part."""

    def clock(self, kind: str, assignment: Assignment | None = None) -> TicketClock | None:
        return self.clocks.get((assignment.pk if assignment else None, kind))


def open_holds(ticket: Ticket) -> list[TicketHold]:
    """What keeps the ticket from being closed, the oldest first. No query where nothing does."""
    if not ticket.open_hold_count:
        return []
    return list(ticket.holds.filter(released_at=None).select_related("placed_by").order_by("pk"))


def ticket_page(found: Situation) -> TicketPage:
    """The parts and clocks of a ticket as ``found.user`` may see them. Two queries."""
    ticket = found.ticket
    clocks = {
        (clock.assignment_id, clock.kind): clock for clock in TicketClock.objects.filter(ticket=ticket).order_by("pk")
    }
    assignments = list(
        Assignment.objects.filter(ticket=ticket)
        .exclude(state__in=ENDED_ASSIGNMENT_STATES)
        .select_related("unit", "handler", "item")
        .order_by("parent_id", "pk")
    )
    parts = tuple(
        Part(part, clocks.get((part.pk, ClockKind.HANDLE)), part.parent_id is not None)
        for part in _as_tree(assignments)
    )
    return TicketPage(ticket, parts, clocks, sees_all=sees_whole_chain(found, assignments))


def _as_tree(assignments: list[Assignment]) -> Iterable[Assignment]:
    """Leads before co-units; children right under the part that gave them."""
    top = [part for part in assignments if part.parent_id is None]
    for part in sorted(top, key=lambda each: (each.role != AssignmentRole.LEAD, each.pk)):
        yield part
        yield from (child for child in assignments if child.parent_id == part.pk)


def sees_whole_chain(found: Situation, assignments: Iterable[Assignment]) -> bool:
    """Who reads internal notes: the lead chain, who watches the whole city, who was named for this ticket. Who had the
    matter and has it no longer is not of the chain, though it may help or watch.

    Co-units and copies read their own part; whoever calls back reads what the citizen may read, and so does a county's
    centre that has the ticket only because one of its resources was asked.
    """
    user, at = found.user, found.at
    if not at_the_centre(found.ticket, user):
        scope = TicketScope.objects.filter(ticket=found.ticket, user=user).current(at)
        return has_right(user, "tickets.view_all_tickets", at) or scope.exists()
    parts = (part for part in assignments if part.state not in ENDED_ASSIGNMENT_STATES)
    roles = {part.role for part in parts if part.unit_id == user.unit_id}
    return AssignmentRole.LEAD in roles if roles else not _only_settles(found)


def _only_settles(found: Situation) -> bool:
    row = TicketScope.objects.filter(ticket=found.ticket, unit=found.user.unit_id)
    return row.filter(ground=TicketScope.Ground.MEDIATION).exists()


def _is_of_own_unit(unit_id: int | None, found: Situation) -> bool:
    """A unit reads its own part. The centre has none: there each reads what their post lets them (`sees_whole_chain`)."""
    return unit_id == found.user.unit_id and bool(at_the_centre(found.ticket, found.user))


def sees_file(found: Situation, attachment: Attachment) -> bool:
    """What the citizen handed in everybody beside the ticket sees; what a unit did, that unit and the lead chain; the record
    of a mediation also the centre of the resource.
    """
    of_citizen = attachment.kind == AttachmentKind.CITIZEN
    of_own = attachment.assignment is not None and _is_of_own_unit(attachment.assignment.unit_id, found)
    return (
        of_citizen
        or of_own
        or sees_whole_chain(found, found.ticket.assignments.all())
        or _is_of_own_resource(attachment, found)
    )


def _is_of_own_resource(attachment: Attachment, found: Situation) -> bool:
    asked = Mediation.objects.filter(ticket=found.ticket, resource__centre__isnull=False, event__isnull=False)
    return asked.filter(resource__centre=found.user.unit_id, event=attachment.event_id).exists()


def mediations_read(found: Situation, *, sees_all: bool) -> list[Mediation]:
    """Those of the ticket, for the lead chain; of whoever reads only their own part, what their resources were asked."""
    if not found.ticket.mediation_count:
        return []
    own = found.user.unit_id
    return [each for each in mediations_of(found.ticket) if sees_all or (own and each.resource.centre_id == own)]


def timeline(found: Situation, *, sees_all: bool) -> list[Item]:
    """Newest first. Two queries whatever the length, three for whoever reads only what was published."""
    events = list(
        TicketEvent.objects.filter(ticket=found.ticket)
        .exclude(act__in=HIDDEN_ACTS)
        .select_related("actor__unit", "unit", "note", "reply", "onsite")
        .order_by("-at", "-id")
    )
    shots = _shots(found, sees_all=sees_all)
    answers = {} if sees_all else _published(found.ticket)
    items = [_item(event, tuple(shots.get(event.pk, ())), found, answers, sees_all=sees_all) for event in events]
    return [item for item in items if item is not None]


def _shots(found: Situation, *, sees_all: bool) -> dict[int, list[Shot]]:
    """The files of each event that the person may open (`sees_file`)."""
    files = Attachment.objects.filter(ticket=found.ticket, event__isnull=False)
    if not sees_all:
        files = files.filter(Q(kind=AttachmentKind.CITIZEN) | Q(assignment__unit=found.user.unit_id))
    shots: dict[int, list[Shot]] = {}
    for each in files.select_related("file").order_by("pk"):
        url = reverse("tickets:file", args=[found.ticket.number, each.pk])
        shots.setdefault(each.event_id, []).append(
            Shot(f"{each.get_kind_display()} {each.file.name}", url, each.file.is_picture)
        )
    return shots


def _published(ticket: Ticket) -> dict[int, str]:
    """What the citizen was answered, by the key that the event of the answer carries."""
    return dict(ticket.replies.published().values_list("pk", "public_text"))


def _item(
    event: TicketEvent, shots: tuple[Shot, ...], found: Situation, answers: dict[int, str], *, sees_all: bool
) -> Item | None:
    sentence = ACTS[event.act]
    own = event.actor_id == found.user.pk or _is_of_own_unit(event.unit_id, found)
    public = bool(sentence.public)
    if not (sees_all or own or public or _is_for_every_unit(event, found)):
        return None
    group = "clock" if event.act in CLOCK_ACTS else "contact" if event.act in CONTACT_ACTS else ""
    return Item(
        at=event.at,
        act=sentence.label,
        about=_about(event),
        who=_who(event),
        say=_words(event, answers, reads_all=sees_all or own),
        tone=sentence.tone,
        public=public,
        group=group,
        code=event.act,
        shots=shots,
    )


def _is_for_every_unit(event: TicketEvent, found: Situation) -> bool:
    """批示 is for every unit of the ticket; whoever calls back is of none."""
    note = getattr(event, "note", None)
    return note is not None and note.kind == NoteKind.INSTRUCTION and bool(at_the_centre(found.ticket, found.user))


def _words(event: TicketEvent, answers: dict[int, str], *, reads_all: bool) -> str:
    """What was said with the act, as far as the person reads it."""
    note, reply, onsite = (getattr(event, name, None) for name in ("note", "reply", "onsite"))
    if onsite is not None and reads_all:
        return f"{onsite.place}：{onsite.found}"
    if reply is not None and reads_all:
        return _reply_words(reply)
    if note is not None and (reads_all or note.public or note.kind == NoteKind.INSTRUCTION):
        return note.text
    return answers.get(event.data.get("reply"), "") if event.act == "publish_reply" else ""


def _reply_words(reply: Reply) -> str:
    found = f"{Claim(reply.claim).label}，" if reply.claim else ""
    lines = [f"{found}{Resolved(reply.resolved).label}。{reply.public_text}"]
    if reply.unresolved_reason:
        lines.append(f"原因：{reply.unresolved_reason}")
    if reply.internal_text:
        lines.append(f"内部：{reply.internal_text}")
    if reply.missing_co_reason:
        lines.append(f"协办未反馈：{reply.missing_co_reason}")
    return "\n".join(lines)


def _about(event: TicketEvent) -> str:
    """What the act concerned, where the actor's unit does not say it."""
    data = event.data
    actor_unit = event.actor.unit_id if event.actor else None
    words = []
    if event.unit is not None and event.unit_id != actor_unit:
        words.append(event.unit.name)
    if "days" in data:
        words.append(f"{data['days']} 个工作日")
    if "confidence" in data:
        words.append(f"自动派单：{data['model']}，把握 {data['confidence']:.0%}")
    if data.get("reached") is False:
        words.append("没有接通")
    others = [data.get(key) for key in ("into", "ticket", "from")]
    words += [number for number in others if isinstance(number, str) and number.startswith("GZ")]
    words += [data[key] for key in ("why", "note") if data.get(key)]
    return "，".join([*words, *_named(event)])


def _named(event: TicketEvent) -> list[str]:
    """What was corrected, or on what ground it was given back, by the names that people know."""
    if event.act == "revise":
        return ["、".join(str(Ticket._meta.get_field(name).verbose_name) for name in event.data["fields"])]
    return [ReturnGround(event.data["ground"]).label] if event.act == "request_return" else []


def _who(event: TicketEvent) -> str:
    if event.actor is None:
        return "系统"
    unit = event.actor.unit
    return f"{event.actor.masked_name} · {unit.short_name}" if unit else event.actor.masked_name


@dataclass(frozen=True)
class _Mark:
    """A step and when it happened, if it did."""

    name: str
    at: datetime | None
    clock: TicketClock | None = None
    missed: str = "未做"
    """What is said of it when the ticket went on without it."""


def road(page: TicketPage, *, at: datetime, moment: Moment) -> list[Step]:
    """The life of the ticket in steps, of the present round. ``moment`` writes a time in short.

    A step is done when it happened; one that the ticket passed without is shown as skipped.
    """
    ticket = page.ticket
    lead, holder = ticket.lead, ticket.holder
    tried = bool(holder and holder.submitted_at)
    marks = [
        _Mark("受理", ticket.accepted_at),
        _Mark("派单", lead.given_at if lead else None, page.clock(ClockKind.DISPATCH)),
        _Mark("签收", lead.signed_at if lead else None, page.clock(ClockKind.SIGN, lead) if lead else None),
        _Mark(
            FIRST_CONTACT,
            holder.contacted_at if holder else None,
            page.clock(ClockKind.CONTACT, lead) if lead else None,
            "没有联系上" if tried else "未做",
        ),
        _Mark(
            "办理", holder.submitted_at if holder else None, page.clock(ClockKind.HANDLE, holder) if holder else None
        ),
        _Mark("审核", _reviewed_at(page), page.clock(ClockKind.APPROVAL)),
        _Mark("回访", _followed_up_at(ticket)),
        _Mark("办结", ticket.closed_at),
    ]
    if not ticket.contactable:
        marks = [mark for mark in marks if mark.name != FIRST_CONTACT]
    now_at = _now_index(ticket, [mark.name for mark in marks])
    now_name = marks[now_at].name if now_at < len(marks) else ""
    return [
        _passed(mark, now_name, at=at, moment=moment)
        if index < now_at
        else _ahead(mark, is_now=index == now_at, at=at, moment=moment)
        for index, mark in enumerate(marks)
    ]


def _followed_up_at(ticket: Ticket) -> datetime | None:
    """A matter that was withdrawn or has nobody to call is closed without."""
    was_called = ticket.contactable and ticket.closing_kind != ClosingKind.WITHDRAWN
    return ticket.closed_at if was_called else None


def _reviewed_at(page: TicketPage) -> datetime | None:
    if page.ticket.state in {TicketState.PENDING_FOLLOWUP, TicketState.CLOSED}:
        clock = page.clock(ClockKind.APPROVAL)
        return clock.stopped_at if clock else None
    return None


NOW = {
    TicketState.PENDING_DISPATCH: "派单",
    TicketState.PENDING_INFO: "派单",
    TicketState.PENDING_RULING: "派单",
    TicketState.PENDING_SIGN: "签收",
    TicketState.RETURN_REVIEW: "签收",
    TicketState.IN_PROGRESS: "办理",
    TicketState.DEFERRED: "办理",
    TicketState.COMPLETION_REVIEW: "审核",
    TicketState.PENDING_FOLLOWUP: "回访",
}


def _now_index(ticket: Ticket, names: list[str]) -> int:
    if ticket.state == TicketState.CLOSED:
        return len(names)
    name = NOW.get(TicketState(ticket.merged_from_state or ticket.voided_from_state or ticket.state), "派单")
    return names.index(name)


def _passed(mark: _Mark, now_name: str, *, at: datetime, moment: Moment) -> Step:
    if mark.at is not None:
        return Step(mark.name, moment(mark.at, at), "done", late=bool(mark.clock and mark.clock.was_late(mark.at)))
    if mark.name == FIRST_CONTACT and now_name == "办理":
        # Who has it in hand may still call.
        return Step(mark.name, _limit(mark, at, moment) or "还没有联系上", late=_is_overdue(mark, at))
    return Step(mark.name, mark.missed, "skipped")


def _ahead(mark: _Mark, *, is_now: bool, at: datetime, moment: Moment) -> Step:
    note = _limit(mark, at, moment)
    if not note and not is_now:
        review = f"限 {parameters.limit('completion_review_limit', at=at)}"
        note = {"审核": review, "回访": "次日，逐人"}.get(mark.name, "")
    return Step(mark.name, note, "now" if is_now else "", late=_is_overdue(mark, at))


def _limit(mark: _Mark, at: datetime, moment: Moment) -> str:
    runs = mark.clock is not None and mark.clock.stopped_at is None
    return f"限 {moment(mark.clock.due_at, at)}" if runs else ""


def _is_overdue(mark: _Mark, at: datetime) -> bool:
    return bool(mark.clock and mark.clock.stopped_at is None and mark.clock.due_at < at)
