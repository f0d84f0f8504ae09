"""Two texts side by side, and the small curve of a matter that grows."""

from collections.abc import Iterable, Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

WIDTH, HEIGHT = 96, 20


@register.simple_tag
def pieces(found: Iterable) -> SafeString:
    """The text with what both say and what only this one names marked."""
    return format_html_join(
        "", "{}", ((format_html(_MARKS[piece.mark], piece.text) if piece.mark else piece.text,) for piece in found)
    )


_MARKS = {"same": "<mark>{}</mark>", "apart": '<mark class="apart">{}</mark>'}


@register.simple_tag
def spark(days: Sequence[int]) -> SafeString:
    """A bar for each day, the last one today."""
    most, step = max(*days, 1), WIDTH / len(days)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"{}></rect>',
        (
            (
                f"{i * step:.1f}",
                f"{HEIGHT - _tall(count, most):.1f}",
                f"{step - 2:.1f}",
                f"{_tall(count, most):.1f}",
                SafeString(' class="now"') if i == len(days) - 1 else "",
            )
            for i, count in enumerate(days)
        ),
    )
    return format_html(
        '<svg class="spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="近 {n} 天每天新增 {said}">'
        "{bars}</svg>",
        w=WIDTH,
        h=HEIGHT,
        n=len(days),
        said="、".join(map(str, days)),
        bars=bars,
    )


def _tall(count: int, most: int) -> float:
    return max(HEIGHT * count / most, 1)


@register.filter
def percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * float(share):.0f}%"
