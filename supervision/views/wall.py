"""The wall of what burns: by unit for whoever watches several, and by ticket; to leaders without the words."""

from typing import Any, Final

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hotline.models import Unit
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.gate import needs
from supervision import selectors
from tickets.selectors.lists import Key, Page, take
from tickets.states import ClockKind

CITIZENS: Final = "citizens"
CITY_SECONDS: Final = 20
TABS = {"": "全部", "overdue": "超期", "today": "今天到期", "soon": "临期"}


@require_safe
@needs("supervision.view_wall")
def wall(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    watch = selectors.watch_of(request.user, at=at)
    unit = _unit(request.GET.get("unit", ""), watch)
    context = _around(watch, unit, request.GET.get("tab", ""))
    key = request.GET.get("after", "")
    show = _citizens if context["tab"] == CITIZENS else _parts
    page, shown = show(watch, context["tab"], unit, Key.parse(key))
    url = f"{reverse('supervision:wall')}?unit={unit.pk if unit else ''}&tab={context['tab']}"
    context |= shown | {
        "first_url": url if key else "",
        "next_url": f"{url}&after={page.next_key}" if page.next_key else "",
    }
    return render(request, "supervision/wall.html", context)


def _around(watch: selectors.Watch, unit: Unit | None, tab: str) -> dict[str, Any]:
    """The numbers: of units, and of what is no unit's own for whoever watches the whole city."""
    heat, city = _heat(watch)
    shown = [line for line in heat if unit is None or line.unit.pk == unit.pk]
    totals = {name: sum(getattr(line, name) for line in shown) for name in ("overdue", "today", "soon")}
    here = f"{reverse('supervision:wall')}?unit={unit.pk if unit else ''}"
    knows_citizens = watch.watches_city and watch.opens
    return {
        "heat": heat,
        "watches_many": watch.watches_many,
        "unit": unit,
        "tab": tab if tab in TABS or (tab == CITIZENS and knows_citizens) else "",
        "tabs": [
            (code, name, totals.get(code, sum(totals.values())), f"{here}&tab={code}") for code, name in TABS.items()
        ],
        "city": _city(watch, city) if city and unit is None else [],
        "opens": watch.opens,
        "at": watch.limits.now,
    }


def _heat(watch: selectors.Watch) -> tuple[list[selectors.UnitHeat], selectors.CityHeat | None]:
    """Counts of the whole city grow with it and are counted once in `CITY_SECONDS` for a person; those of a unit each time."""
    if not watch.watches_city:
        return selectors.unit_heat(watch), None
    return cache.get_or_set(
        f"wall:{watch.user.pk}", lambda: (selectors.unit_heat(watch), selectors.city_heat(watch)), CITY_SECONDS
    )


def _city(watch: selectors.Watch, heat: selectors.CityHeat) -> list[tuple[str, int, str]]:
    """(name, how many, where to open them, empty for whoever may not)"""

    def url(name: str, permission: str) -> str:
        return reverse(name) if has_right(watch.user, permission, watch.limits.now) else ""

    return [
        ("来件超时", heat.intake, url("channels_merge:intake", "channels_merge.accept_appeal")),
        ("群众时限超期", heat.citizens, f"{reverse('supervision:wall')}?tab={CITIZENS}" if watch.opens else ""),
        ("复核超时", heat.decisions, url("evaluation:review-decisions", "evaluation.decide_review")),
        ("联合督导", heat.joint, url("supervision:joint", "supervision.view_joint")),
    ]


def _parts(watch: selectors.Watch, tab: str, unit: Unit | None, after: Key | None) -> tuple[Page, dict[str, Any]]:
    page = selectors.burning_page(watch, name=tab, unit=unit, after=after)
    clocks = selectors.running_clocks(page.rows)
    cards = selectors.heaviest_cards(page.rows)
    rows = [
        {
            "scope": row,
            "clock": clocks.get((row.assignment_id, row.burning)),
            "limit": ClockKind(row.burning).label,
            "card": cards.get((row.ticket_id, row.unit_id)),
        }
        for row in page.rows
    ]
    return page, {"rows": rows}


def _citizens(watch: selectors.Watch, tab: str, unit: Unit | None, after: Key | None) -> tuple[Page, dict[str, Any]]:
    """Of the whole city: a citizen's limit is no unit's own."""
    page = take(selectors.citizens_waiting(watch), by="due_at", pk="id", after=after)
    tickets = selectors.tickets_of(page.rows)
    return page, {"rows": [{"clock": clock, "ticket": tickets[clock.appeal_id]} for clock in page.rows]}


def _unit(text: str, watch: selectors.Watch) -> Unit | None:
    """The unit chosen, if the person watches it; 404 for any other."""
    if not text:
        return None
    unit = watch.units().filter(pk=key_of(text)).first()
    if unit is None:
        raise Http404("没有这个单位，或者不在您的范围内。")
    return unit
