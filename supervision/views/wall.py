"""The wall of what burns: by unit for whoever watches several, by ticket for whoever may read them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hotline.models import Unit
from hotline.views.gate import needs
from supervision import selectors
from tickets.models import TicketScope
from tickets.selectors.lists import Key, take
from tickets.states import ClockKind

LONGEST_KEY = 19
TABS = {"": "全部", "overdue": "超期", "today": "今天到期", "soon": "临期"}


@require_safe
@needs("supervision.view_wall")
def wall(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    watch = selectors.watch_of(request.user, at=at)
    heat = selectors.unit_heat(watch)
    unit = _unit(request.GET.get("unit", ""), watch)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    key = request.GET.get("after", "")
    found = selectors.burning(watch, name=tab, unit=unit) if watch.opens else TicketScope.objects.none()
    page = take(found, by="sort_at", pk="id", after=Key.parse(key))
    clocks = selectors.running_clocks(page.rows)
    cards = selectors.heaviest_cards(page.rows)
    here = f"{reverse('supervision:wall')}?unit={unit.pk if unit else ''}"
    shown = [line for line in heat if unit is None or line.unit.pk == unit.pk]
    totals = {name: sum(getattr(line, name) for line in shown) for name in ("overdue", "today", "soon")}
    context = {
        "heat": heat,
        "watches_many": watch.watches_many,
        "unit": unit,
        "tab": tab,
        "tabs": [
            (code, name, totals.get(code, sum(totals.values())), f"{here}&tab={code}") for code, name in TABS.items()
        ],
        "opens": watch.opens,
        "rows": [
            {
                "scope": row,
                "clock": clocks.get((row.assignment_id, row.burning)),
                "limit": ClockKind(row.burning).label,
                "card": cards.get((row.ticket_id, row.unit_id)),
            }
            for row in page.rows
        ],
        "at": at,
        "first_url": f"{here}&tab={tab}" if key else "",
        "next_url": f"{here}&tab={tab}&after={page.next_key}" if page.next_key else "",
    }
    return render(request, "supervision/wall.html", context)


def _unit(text: str, watch: selectors.Watch) -> Unit | None:
    """The unit chosen, if the person watches it; 404 for any other."""
    if not text:
        return None
    unit = watch.units().filter(pk=int(text)).first() if text.isdecimal() and len(text) < LONGEST_KEY else None
    if unit is None:
        raise Http404("没有这个单位，或者不在您的范围内。")
    return unit
