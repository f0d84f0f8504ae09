"""What the list pages share: how a refusal and a batch are answered, addresses of pages by key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hotline.context import forget_shell
from hotline.errors import DomainError
from tickets.selectors.lists import Key, Page
from tickets.selectors.queues import Segment
from tickets.services import ActNotAllowed, InputRefused

MOST_IN_A_BATCH = 100


def refused(request: HttpRequest, head: str, error: DomainError | str, *, back_url: str = "") -> HttpResponse:
    """Nothing was changed: 400 what was handed in, 403 the person, 409 the ticket is not where it was. ``back_url``: the list."""
    status = 400 if isinstance(error, InputRefused) else 403 if isinstance(error, ActNotAllowed) else 409
    template = "components/refused.html" if request.htmx else "tickets/list_refused.html"
    context = {"head": head, "text": str(error), "faster": status == 409, "back_url": back_url}
    return render(request, template, context, status=status)


# --- addresses


def after(request: HttpRequest) -> Key | None:
    return Key.parse(request.GET.get("after", ""))


def address(request: HttpRequest, **changes: str) -> str:
    """The same page with other parameters; a list begins anew when what it shows changes."""
    query = request.GET.copy()
    for name in ("after", "at"):
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def paged(request: HttpRequest, page: Page[Any]) -> dict[str, Any]:
    """Context of a page of rows: the rows and where the pager leads."""
    return {
        "rows": page.rows,
        "shown": len(page.rows),
        "first_url": address(request) if after(request) else "",
        "next_url": address(request, after=page.next_key) if page.next_key else "",
    }


def with_addresses(request: HttpRequest, segments: Iterable[Segment]) -> list[tuple[Segment, str]]:
    return [(segment, address(request, s=segment.code)) for segment in segments]


# --- batches


def ticked(request: HttpRequest, name: str) -> list[str]:
    """Each posted value once, without what no column can be compared with."""
    values = request.POST.getlist(name)[:MOST_IN_A_BATCH]
    return list(dict.fromkeys(value.replace("\0", "") for value in values))


@dataclass(frozen=True)
class Line:
    """What became of one ticket of a batch."""

    number: str
    title: str
    done: bool
    words: str


def each_of(values: Sequence[str], do: Callable[[str], str], *, subjects: dict[str, Any]) -> list[Line]:
    """Do one after the other, each in its own transaction; a refusal becomes its line and the others go on.

    ``do`` takes a value and says what was done; ``subjects`` holds the ticket of each value that is known.
    """
    lines = []
    for value in values:
        ticket = subjects.get(value)
        number, title = (ticket.number, ticket.title) if ticket is not None else (value[:20], "")
        try:
            words = do(value)
        except DomainError as error:
            lines.append(Line(number, title, done=False, words=str(error)))
        else:
            lines.append(Line(number, title, done=True, words=words))
    return lines


def batch_result(
    request: HttpRequest, lines: Sequence[Line], *, verb: str, back_url: str, undo: Sequence[int] = ()
) -> HttpResponse:
    """Every ticket with what became of it, the refused ones first; ``undo`` are dispatches that can be taken back."""
    forget_shell(request.user)  # its rail is drawn with this very answer
    context = {
        "lines": sorted(lines, key=lambda line: line.done),
        "verb": verb,
        "done": sum(line.done for line in lines),
        "left": sum(not line.done for line in lines),
        "back_url": back_url,
        "undo": undo,
    }
    return render(request, "tickets/batch_result.html", context)
