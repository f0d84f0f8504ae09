"""How right the proposals and the first dispatches were, and which model the router asks."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import ChoiceOfModelForm, WordsForm
from responsibility.models import RoutingModel
from responsibility.selectors import quality as figures_of

BY = {"unit": "按单位", "item": "按事项", "wrong": "错在哪里"}


def _month(value: str) -> date | None:
    try:
        return date.fromisoformat(f"{value}-01") if value else None
    except ValueError:
        return None


@needs(rights.VIEW_ROUTING)
@require_GET
def quality(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    by = asked(request, "by")
    by, month, after = by if by in BY else "unit", _month(asked(request, "month")), asked(request, "after")
    everything = figures_of.figures(now)
    rows = everything.filter(month=month) if month else everything
    kept = {"by": by} | ({"month": f"{month:%Y-%m}"} if month else {})
    lines, next_key, wrong = _lines(by, rows, after)
    model = selectors.model_in_service(now)
    return render(
        request,
        "responsibility/quality.html",
        {
            "by": by,
            "ways": [(code, name, f"?{urlencode(kept | {'by': code})}") for code, name in BY.items()],
            "months": figures_of.by_month(everything),
            "month": month,
            "total": figures_of.whole(rows),
            "lines": lines,
            "wrong": wrong,
            "first_url": f"?{urlencode(kept)}" if after else "",
            "next_url": f"?{urlencode(kept | {'after': next_key})}" if next_key else "",
            "model": model,
            "in_service": selectors.decided(now).first() if model else None,
            "at": now,
        },
    )


def _lines(by: str, rows: Any, after: str) -> tuple[list[Any], str, list[Any]]:
    if by == "wrong":
        return [], "", figures_of.wrong_ways(rows)
    if by == "item":
        return *figures_of.by_item(rows, after=after), []
    return figures_of.by_unit(rows), "", []


@needs(rights.VIEW_ROUTING)
@require_GET
def wrong(request: HttpRequest) -> HttpResponse:
    """A few of the texts for which one item was proposed and another decided, beside the list."""
    now = timezone.now()
    proposed, final = asked(request, "proposed"), asked(request, "final")
    samples = figures_of.wrong_samples(proposed=proposed, final=final, at=now)
    context = {"proposed": proposed, "final": final, "samples": samples, "at": now}
    return render(request, "responsibility/partials/wrong.html", context)


@needs(rights.VIEW_ROUTING)
@require_GET
def models(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    after = asked(request, "after")
    found = list(figures_of.models_learned(before=key_of(after))[: figures_of.MODELS + 1])
    shown = found[: figures_of.MODELS]
    model = selectors.model_in_service(now)
    return render(
        request,
        "responsibility/models.html",
        {
            "rows": list(zip(shown, figures_of.first_events(shown), strict=True)),
            "model": model,
            "mistakes": figures_of.mistakes_of(model.report) if model else [],
            "in_service": selectors.decided(now).first(),
            "events": figures_of.newest_events(),
            "may_choose": has_right(request.user, rights.CHOOSE_MODEL, now),
            "first_url": "?" if after else "",
            "next_url": f"?after={shown[-1].pk}" if len(found) > figures_of.MODELS else "",
            "at": now,
        },
    )


@needs(rights.CHOOSE_MODEL)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(RoutingModel.objects.defer("weights"), pk=pk)
    return _act(
        request,
        title=f"启用{row}",
        form=ChoiceOfModelForm(sent(request), initial={"stays": True}),
        verb="启用",
        hint="从现在起的派单建议参考这一版；已经派出的不变。",
        service=lambda typed: services.put_in_service(
            model_id=pk, reason=typed["words"], stays=typed["stays"], by=request.user, at=timezone.now()
        ),
        said=f"已启用{row}。",
    )


@needs(rights.CHOOSE_MODEL)
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest) -> HttpResponse:
    return _act(
        request,
        title="停用派单经验",
        form=WordsForm(sent(request), label="停用理由"),
        verb="停用",
        hint="派单建议只照清单的规则和用词，直到再启用一版；夜里照样学习和检验。",
        service=lambda typed: services.stop_experience(reason=typed["words"], by=request.user, at=timezone.now()),
        said="已停用派单经验。",
    )


def _act(request: HttpRequest, *, service: Callable[[dict[str, Any]], object], said: str, **form: Any) -> HttpResponse:
    def run(typed: dict[str, Any]) -> str:
        service(typed)
        return said

    return run_act(request, service=run, done=lambda: reverse("responsibility:routing-models"), **form)
