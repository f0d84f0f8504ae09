"""What the desk shows while an agent types: all panes from one reading of the form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_merge.hearing import danger, heard, maybe_secret, still_to_ask
from channels_merge.identity import PhoneNotUnderstood, normal_phone
from channels_merge.kinds import guess_kind, make_title
from channels_merge.models import Appeal, AppealClock
from channels_merge.selectors.appeals import caller_history, recent, region_by_code
from channels_merge.selectors.petition import already_in_petition, in_petition_as_typed
from channels_merge.selectors.similar import similar_matters
from hotline import crypto, masking, parameters
from hotline.calendar import load_calendar
from hotline.models import Region
from hotline.typed import clean
from responsibility import selectors as responsibility
from responsibility.models import Category
from tickets.deadlines import contact_rule, handle_rule
from tickets.states import Kind, Urgency

LEAST_TEXT = 6
SURE_ENOUGH = 60


@dataclass(frozen=True)
class Promise:
    """Dates that may be said to the citizen."""

    contact_by: datetime | None
    done_by: datetime
    provisional: bool
    words: str


def region_groups() -> list[tuple[Region, list[Region]]]:
    """Counties and zones, each with its townships, for a select."""
    regions = list(Region.objects.exclude(level=Region.Level.CITY).order_by("code"))
    tops = [region for region in regions if region.level != Region.Level.TOWNSHIP]
    below: dict[int | None, list[Region]] = {}
    for region in regions:
        if region.level == Region.Level.TOWNSHIP:
            below.setdefault(region.parent_id, []).append(region)
    return [(top, below.get(top.pk, [])) for top in tops]


def category_groups() -> list[tuple[str, list[Category]]]:
    """Leaves under 'level 1 / level 2'."""
    groups: dict[str, list[Category]] = {}
    for leaf in Category.objects.filter(level=3).select_related("parent__parent").order_by("code"):
        groups.setdefault(f"{leaf.parent.parent.name} / {leaf.parent.name}", []).append(leaf)
    return list(groups.items())


def promise(*, kind: str, urgency: str, is_enterprise: bool, contactable: bool, accepted_at: datetime) -> Promise:
    rule = handle_rule(item=None, kind=kind, urgency=urgency, is_enterprise=is_enterprise, at=accepted_at)
    due = load_calendar().add(accepted_at, rule.limit)
    contact = None
    if contactable:
        contact = load_calendar().add(accepted_at, contact_rule(urgency=urgency, at=accepted_at).limit).due_at
    return Promise(contact, due.due_at, due.provisional, f"{rule.why}，限 {rule.limit}")


def public_promises(*, at: datetime) -> dict[str, str]:
    """The limits that the public page names, as they hold now."""
    return {
        "accept": str(parameters.limit("accept_limit", at=at)),
        "contact": str(contact_rule(urgency=Urgency.NORMAL, at=at).limit),
        **{kind: str(parameters.limit(f"limit.{kind}", at=at).amount) for kind in ("consult", "help", "complaint")},
    }


def promise_of(appeal: Appeal) -> Promise | None:
    """What was promised for an accepted appeal, from its own clock."""
    clock = AppealClock.objects.filter(appeal=appeal, kind=AppealClock.CITIZEN).order_by("-generation").first()
    if clock is None or appeal.accepted_at is None:
        return None
    said = promise(
        kind=appeal.kind,
        urgency=appeal.urgency,
        is_enterprise=appeal.is_enterprise,
        contactable=appeal.contactable,
        accepted_at=appeal.accepted_at,
    )
    return Promise(
        said.contact_by, clock.due_at, clock.provisional, f"{clock.explanation.get('rule', '')}，限 {clock.limit}"
    )


def region_heard(*, title: str, text: str, place: str, category: Category | None, at: datetime) -> Region | None:
    """The county or township that the words name, as the pane of the place says it; None where it is in doubt."""
    found = responsibility.suggest(text=f"{title}\n{text}\n{place}", category=category, at=at)
    return region_by_code(found[0].region_code) if found else None


def desk_panes(typed: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Context of `partials/desk_panes.html`. Empty lists while there is too little to go by."""
    typed = {name: clean(str(value)) for name, value in typed.items()}
    text, title, place, kind = (typed.get(name, "") for name in ("text", "title", "place", "kind"))
    region = region_by_code(typed.get("region", ""))
    category = _category(typed)
    enough = len(text.strip()) >= LEAST_TEXT
    shown_kind = kind if kind in Kind.values else guess_kind(title=title, text=text) if enough else ""
    candidates = (
        responsibility.suggest(
            text=f"{title}\n{text}\n{place}", category=category, region=region, kind=shown_kind, at=at
        )
        if enough
        else []
    )
    found_region = region or (region_by_code(candidates[0].region_code) if candidates else None)
    about = {"title": title, "place": place, "region": found_region, "category": category}
    similar = similar_matters(text=text, **about, caller=_caller(typed), at=at) if enough else []
    history = _history(typed.get("phone", ""))
    in_petition = in_petition_as_typed(phone=typed.get("phone", ""), title=title, text=text, at=at)
    identifiers = masking.find_identifiers(f"{text}\n{place}")
    return {
        "candidates": candidates[:3],
        "why_none": responsibility.why_none(text=text, at=at) if enough and not candidates else "",
        "similar": similar,
        "best_similar": next((one for one in similar if one.percent >= SURE_ENOUGH and one.may_attach), None),
        "history": history,
        "history_recent": recent(history or [], at=at),
        "caller_is_new": history == [],
        "in_petition": in_petition,
        "petition_first": already_in_petition(in_petition, at=at),
        "danger": danger(text),
        "maybe_secret": "" if typed.get("restricted") else maybe_secret(text),
        "heard": heard(text),
        "question": still_to_ask(text, place=place, has_region=found_region is not None),
        "found_region": found_region,
        "region_is_typed": region is not None,
        "found_category": candidates[0].item.category if candidates and candidates[0].score >= SURE_ENOUGH else None,
        "made_title": make_title(text) if enough else "",
        "guessed_kind": Kind(shown_kind).label if shown_kind and not kind else "",
        "identifiers": [masking.redact(identifier.value) for identifier in identifiers],
        "phone_in_text": next((found.value for found in identifiers if found.kind == "mobile"), ""),
        "promise": _promise(typed, shown_kind, at) if enough else None,
    }


def _promise(typed: Mapping[str, str], kind: str, at: datetime) -> Promise:
    urgency = typed.get("urgency", "")
    return promise(
        kind=kind,
        urgency=urgency if urgency in Urgency.values else Urgency.NORMAL,
        is_enterprise=bool(typed.get("enterprise")),
        contactable=bool(typed.get("phone") or typed.get("call")),
        accepted_at=at,
    )


def _caller(typed: Mapping[str, str]) -> str:
    """Blind index of the number; empty while it is not complete."""
    try:
        phone = normal_phone(typed.get("phone", ""))
    except PhoneNotUnderstood:
        return ""
    return crypto.blind_index(phone, "phone") if phone else ""


def _history(phone: str) -> list[Appeal] | None:
    """None while the number is not complete."""
    try:
        return caller_history(phone) if phone.strip() else None
    except PhoneNotUnderstood:
        return None


def _category(typed: Mapping[str, str]) -> Category | None:
    code = typed.get("category", "")
    return Category.objects.filter(code=code, level=3).first() if code else None
