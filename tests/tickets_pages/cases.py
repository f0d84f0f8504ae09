"""Every act of the ticket page: how a ticket comes to where it can be done, who does it, with what, and what is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from hotline.models import User
from tests.factories.resources import make_resource
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import (
    NOW,
    REPLY,
    closed,
    contacted,
    dispatched,
    fresh,
    part_of,
    passed_down,
    register,
    signed,
    submitted,
)
from tickets import services
from tickets.models import Ticket

Make = Callable[[SimpleNamespace], Ticket]
HTMX = {"HTTP_HX_REQUEST": "true"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
REASON = "该路段由市住建局管护，附移交单。"


@dataclass(frozen=True)
class Case:
    make: Make
    who: str
    events: list[str]
    """Written by the act, in order."""
    fields: list[str] = field(default_factory=list)
    data: Callable[[SimpleNamespace, Ticket], dict[str, Any]] = lambda city, ticket: {}


def reason(_city: SimpleNamespace, _ticket: Ticket) -> dict[str, str]:
    return {"reason": REASON}


def give_back(city: SimpleNamespace) -> Ticket:
    ticket = dispatched(city)
    services.request_return(
        assignment_id=ticket.lead_id, ground="not_our_duty", reason=REASON, by=city.handler, at=NOW
    )
    return fresh(ticket)


def ask_for_time(city: SimpleNamespace) -> Ticket:
    ticket = signed(city)
    services.request_extension(assignment_id=ticket.lead_id, days=2, reason="等检测报告。", by=city.handler, at=NOW)
    return fresh(ticket)


def settled_by_the_county(city: SimpleNamespace) -> Ticket:
    """A resource of the county's centre is asked to mediate; a co-unit helps."""
    GovernanceFactory(unit=city.county, region=city.region)
    ticket = signed(city, region=city.region, co_units=[city.other])
    services.ask_mediation(
        assignment_id=ticket.lead_id, resource=make_resource(city.county), asked="请主持协商。",
        consent="电话征得同意。", by=city.handler, at=NOW,
    )  # fmt: skip
    return ticket


def with_co_unit(city: SimpleNamespace) -> Ticket:
    ticket = signed(city, co_units=[city.other])
    part = part_of(ticket, city.other)
    services.sign_assignment(assignment_id=part.pk, by=city.other_handler, at=NOW)
    return ticket


def after(service: Callable[..., Any], make: Make, who: str, **words: Any) -> Make:
    """A ticket to which one more act was done."""

    def made(city: SimpleNamespace) -> Ticket:
        ticket = make(city)
        service(ticket_id=ticket.pk, by=getattr(city, who), at=NOW, **words)
        return fresh(ticket)

    return made


def new(_city: SimpleNamespace) -> Ticket:
    return register()


def ruled(city: SimpleNamespace) -> Ticket:
    ticket = disputed(city)
    services.rule_first_handler(
        ticket_id=ticket.pk, unit=city.department, item=None, reason=REASON, by=city.reviewer2, at=NOW
    )
    return fresh(ticket)


def objected(city: SimpleNamespace) -> Ticket:
    ticket = ruled(city)
    services.raise_objection(assignment_id=ticket.lead_id, reason=REASON, by=city.liaison, at=NOW)
    return fresh(ticket)


def in_mediation(city: SimpleNamespace) -> Ticket:
    ticket = signed(city)
    services.ask_mediation(
        assignment_id=ticket.lead_id,
        resource=make_resource(),
        asked="协商。",
        consent="同意。",
        by=city.handler,
        at=NOW,
    )
    return fresh(ticket)


def county_signed(city: SimpleNamespace) -> Ticket:
    return signed(city, unit=city.county)


def looked_at(city: SimpleNamespace) -> Ticket:
    """Urgent, so that the centre looks at it after the head, whatever the sample draws."""
    return submitted(city, urgency="urgent")


def merged(city: SimpleNamespace) -> Ticket:
    ticket, other = register(), register(title="同一处工地夜间施工")
    services.merge_ticket(ticket_id=ticket.pk, into_id=other.pk, reason=REASON, by=city.dispatcher, at=NOW)
    return fresh(ticket)


def other_open(_city: SimpleNamespace, _ticket: Ticket) -> dict[str, str]:
    return {"into": register(title="同一处工地夜间施工").number, "reason": REASON}


def withdrawn(_city: SimpleNamespace) -> Ticket:
    ticket = register()
    services.propose_withdrawal(ticket_id=ticket.pk, by=None, at=NOW)
    return fresh(ticket)


asked = after(services.ask_information, new, "dispatcher", question="哪一栋楼？")
disputed = after(services.refer_to_ruling, new, "dispatcher", reason=REASON)
deferred = after(services.defer_ticket, signed, "reviewer", reason="列入明年改造计划。")
secret = after(services.restrict_ticket, signed, "reviewer", readers=[], reason=REASON)
held = after(services.place_hold, signed, "reviewer", source="督办", reason=REASON)
voided = after(services.void_ticket, new, "dispatcher", reason=REASON)


CASES: dict[str, Case] = {
    "sign": Case(dispatched, "handler", ["sign"], ["handler"], lambda city, t: {"handler": city.handler2.pk}),
    "handler": Case(signed, "handler", ["name_handler"], ["handler"], lambda city, t: {"handler": city.handler2.pk}),
    "submit": Case(
        contacted,
        "handler",
        ["submit_result", "await_review"],
        ["resolved", "claim", "public_text", "internal_text", "unresolved_reason", "standard_met", "standard_note"],
        lambda city, t: {"resolved": "yes", "public_text": REPLY, "standard_met": "on"},
    ),
    "report": Case(
        with_co_unit, "other_handler", ["report_as_co"], ["text"], lambda city, t: {"text": "已核查施工许可，过期。"}
    ),
    "pass-down": Case(
        county_signed,
        "county_clerk",
        ["pass_down"],
        ["unit", "item", "co_units"],
        lambda city, t: {"unit": city.county_department.name},
    ),
    "take-back-child": Case(
        passed_down,
        "county_clerk",
        ["take_back_child"],
        ["assignment", "reason"],
        lambda city, t: {"assignment": t.holder_id, "reason": REASON},
    ),
    "onsite": Case(
        signed,
        "handler",
        ["record_onsite"],
        ["visited_at", "place", "found_there", "before", "after"],
        lambda city, t: {
            "visited_at": "2026-11-10T10:00",
            "place": "锦江花园东门",
            "found_there": "仍在施工，已责令停工。",
        },
    ),
    "mediate": Case(
        signed,
        "handler",
        ["ask_mediation"],
        ["resource", "asked", "consent"],
        lambda city, t: {"resource": make_resource().pk, "asked": "请主持协商。", "consent": "电话征得同意。"},
    ),
    "mediation-result": Case(
        in_mediation,
        "handler",
        ["record_mediation"],
        ["outcome", "held_on", "mediator", "text", "files"],
        lambda city, t: {"outcome": "agreed", "held_on": "2026-11-10", "mediator": "钟敏", "text": "22 时停工。"},
    ),
    "extend": Case(
        signed,
        "handler",
        ["request_extension"],
        ["days", "reason"],
        lambda city, t: {"days": "2", "reason": REASON},
    ),
    "return": Case(
        dispatched,
        "handler",
        ["request_return"],
        ["ground", "reason", "suggested_unit", "files"],
        lambda city, t: {"ground": "not_our_duty", "reason": REASON, "suggested_unit": "市教育局"},
    ),
    "approve": Case(looked_at, "head", ["approve", "await_review"]),
    "send-back": Case(looked_at, "head", ["send_back"], ["reason"], reason),
    "grant-return": Case(give_back, "dispatcher", ["grant_return"], ["reason"]),
    "refuse-return": Case(give_back, "dispatcher", ["refuse_return"], ["reason"], reason),
    "dispute-return": Case(give_back, "dispatcher", ["dispute_return"], ["reason"], reason),
    "grant-extension": Case(ask_for_time, "reviewer", ["grant_extension"], ["reason"]),
    "refuse-extension": Case(ask_for_time, "reviewer", ["refuse_extension"], ["reason"], reason),
    "dispatch": Case(
        new,
        "dispatcher",
        ["dispatch"],
        ["unit", "item", "co_units", "superior", "copies"],
        lambda city, t: {"unit": city.department.name, "co_units": "市教育局、市住建局"},
    ),
    "ask-information": Case(
        new, "dispatcher", ["ask_information"], ["question"], lambda city, t: {"question": "哪一栋楼？"}
    ),
    "information": Case(
        asked, "dispatcher", ["give_information"], ["information"], lambda city, t: {"information": "7栋。"}
    ),
    "answer": Case(
        new,
        "dispatcher",
        ["answer_by_centre", "publish_reply"],
        ["public_text"],
        lambda city, t: {"public_text": REPLY},
    ),
    "refer": Case(new, "dispatcher", ["refer_to_ruling"], ["reason"], reason),
    "revise": Case(
        new,
        "dispatcher",
        ["revise"],
        ["title", "text", "kind", "urgency", "region", "place", "category", "is_enterprise"],
        lambda city, t: {
            "title": "夜间施工",
            "text": t.text,
            "kind": "complaint",
            "urgency": "normal",
            "region": city.region.pk,
            "place": "",
            "category": "",
        },
    ),
    "rule": Case(
        disputed,
        "reviewer",
        ["rule_first_handler"],
        ["unit", "item", "reason"],
        lambda city, t: {"unit": city.third.name, "reason": REASON},
    ),
    "object": Case(
        ruled,
        "liaison",
        ["raise_objection"],
        ["reason", "suggested_unit"],
        lambda city, t: {"reason": REASON, "suggested_unit": "市住建局"},
    ),
    "withdraw-objection": Case(objected, "liaison", ["withdraw_objection"], ["reason"], reason),
    "ask-statements": Case(
        objected,
        "reviewer",
        ["ask_statements"],
        ["units", "question"],
        lambda city, t: {"units": "市住建局、市教育局", "question": "该路段由谁管护？"},
    ),
    "meeting": Case(
        objected,
        "reviewer",
        ["record_meeting"],
        ["held_at", "attended", "text", "files"],
        lambda city, t: {"held_at": "2026-11-10T10:00", "attended": "两家单位。", "text": "没有谈拢。"},
    ),
    "ask-definition": Case(
        objected,
        "reviewer",
        ["ask_definition"],
        ["office", "question"],
        lambda city, t: {"office": "staffing", "question": "路肩管护归谁？"},
    ),
    "rule-objection": Case(
        objected,
        "reviewer",
        ["change_first_handler"],
        ["unit", "item", "reason"],
        lambda city, t: {"unit": "市住建局", "reason": REASON},
    ),
    "rule-out": Case(
        disputed,
        "reviewer",
        ["rule_not_government", "await_review"],
        ["reason", "public_text"],
        lambda city, t: {"reason": REASON, "public_text": REPLY},
    ),
    "co-unit": Case(
        signed,
        "dispatcher",
        ["add_co_unit"],
        ["unit", "task"],
        lambda city, t: {"unit": "市住建局", "task": "核查施工许可。"},
    ),
    "recall": Case(dispatched, "dispatcher", ["recall"], ["reason"], reason),
    "merge": Case(new, "dispatcher", ["merge"], ["into", "reason"], other_open),
    "unmerge": Case(
        merged,
        "dispatcher",
        ["unmerge"],
        ["apart", "reason"],
        lambda city, t: {"apart": "wrong", "reason": REASON},
    ),
    "defer": Case(signed, "reviewer", ["defer"], ["reason"], reason),
    "conclude-deferred": Case(
        deferred,
        "reviewer",
        ["conclude_deferred", "publish_reply"],
        ["reason", "public_text"],
        lambda city, t: {"reason": REASON, "public_text": REPLY},
    ),
    "keep-deferred": Case(deferred, "reviewer", ["keep_deferred"], ["reason"], reason),
    "resume": Case(deferred, "reviewer", ["resume"], ["reason"], reason),
    "hold": Case(
        signed,
        "reviewer",
        ["place_hold"],
        ["source", "reason"],
        lambda city, t: {"source": "督办", "reason": REASON},
    ),
    "release": Case(
        held, "reviewer", ["release_hold"], ["hold", "reason"], lambda city, t: {"hold": t.holds.get().pk}
    ),
    "hand-over": Case(
        signed,
        "reviewer",
        ["hand_over"],
        ["assignment", "unit", "reason"],
        lambda city, t: {"assignment": t.lead_id, "unit": city.other.name, "reason": REASON},
    ),
    "restrict": Case(
        signed,
        "reviewer",
        ["restrict_ticket"],
        ["readers", "reason"],
        lambda city, t: {"readers": city.handler.username, "reason": REASON},
    ),
    "grant-access": Case(
        secret,
        "reviewer",
        ["grant_access", "grant_access"],
        ["readers", "last_day", "reason"],
        lambda city, t: {
            "readers": f"{city.handler.username}、{city.head.username}",
            "last_day": "2026-11-30",
            "reason": REASON,
        },
    ),
    "lift-restriction": Case(secret, "reviewer", ["lift_restriction"], ["reason"], reason),
    "close-withdrawn": Case(withdrawn, "reviewer", ["close_as_withdrawn"], ["reason"], reason),
    "reopen": Case(
        closed,
        "reviewer",
        ["reopen"],
        ["same_unit", "reason"],
        lambda city, t: {"same_unit": "yes", "reason": REASON},
    ),
    "void": Case(new, "dispatcher", ["void"], ["reason"], reason),
    "restore": Case(voided, "dispatcher", ["restore"], ["reason"], reason),
    "note": Case(signed, "handler", ["note"], ["text"], lambda city, t: {"text": "今晚 23 时到现场。"}),
    "instruct": Case(signed, "reviewer", ["instruct"], ["text"], lambda city, t: {"text": "本周内办结。"}),
}


def url(ticket: Ticket, code: str) -> str:
    return f"/tickets/{ticket.number}/acts/{code}/"


def doer(city: SimpleNamespace, case: Case) -> User:
    return getattr(city, case.who)
