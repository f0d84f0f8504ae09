"""How a version and a difference look."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from hotline.numbers import rounded_down
from responsibility.states import ListState, TownshipRole

register = template.Library()

_TONES = {
    ListState.DRAFT: "wait",
    ListState.REVIEW: "work",
    ListState.APPROVED: "due",
    ListState.PUBLISHED: "done",
    ListState.DROPPED: "wait",
}
_MARKS = {"add": "增", "chg": "改", "off": "停"}
_ORIGINS = {"inherited": "照市级", "overridden": "本县改", "own": "本县增"}


@register.filter
def list_tone(state: str) -> str:
    return _TONES[ListState(state)]


@register.filter
def percent(share: float | None) -> str:
    """0.9375 → 93.8%."""
    return "—" if share is None else f"{100 * share:.1f}%"


@register.filter
def confidence(share: float) -> str:
    """0.94996 → 94.9%."""
    return f"{rounded_down(share)}%"


@register.filter
def span(band: Mapping[str, float]) -> str:
    """Of a band of probabilities: 90–95%."""
    return f"{band['low']:.0%}–{band['high']:.0%}".replace("%–", "–")


@register.simple_tag
def difference_mark(difference: str) -> SafeString | str:
    return format_html('<span class="dm dm-{}">{}</span>', difference, _MARKS[difference]) if difference else ""


@register.filter
def township_role(role: str) -> str:
    return TownshipRole(role).label if role != TownshipRole.NONE else "不列"


@register.simple_tag
def origin_mark(origin: str, difference: str) -> SafeString | str:
    """Where an item of a county's version comes from; nothing for one that is there no more."""
    if origin == "own" and difference == "off":
        return ""
    return format_html('<span class="or or-{}">{}</span>', origin, _ORIGINS[origin]) if origin else ""


@register.simple_tag
def changed(now: str, was: str | None) -> SafeString:
    """{% changed row.limit row.was.limit %}: what was, struck out, before what is."""
    return format_html("{}", now) if was is None or was == "" else format_html("<del>{}</del> <ins>{}</ins>", was, now)


@register.filter
def as_difference(pieces: Iterable[tuple[str, str]]) -> SafeString:
    return format_html_join(" ", "{}", ((_piece(tag, text),) for tag, text in pieces))


def _piece(tag: str, text: str) -> SafeString:
    return format_html(f"<{tag}>{{}}</{tag}>", text) if tag in {"ins", "del"} else format_html("{}", text)
