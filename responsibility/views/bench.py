"""The test bench: a text tried by a version, kept as a case, and the cases that every version is held against."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from hotline.dates import SHANGHAI, local_day
from hotline.errors import DomainError
from hotline.numbers import key_of
from hotline.rights import has_right
from hotline.views.dialogs import asked, run_act, sent
from hotline.views.gate import needs
from responsibility import rights, selectors, services
from responsibility.forms import BenchForm, CaseForm, WordsForm
from responsibility.models import DutyList, RoutingCase

CASE_FIELDS = ("text", "region", "hour", "category", "kind", "item_code", "unit", "note")


@needs(rights.TRY)
@require_http_methods(["GET", "POST"])
def bench(request: HttpRequest) -> HttpResponse:
    """What is posted is only tried, unless it is kept as a case."""
    now = timezone.now()
    versions = {str(version.pk): version for version in selectors.versions_to_try(now)}
    form = BenchForm(
        sent(request),
        versions=[(key, _name(version, now)) for key, version in versions.items()],
        initial={"day": local_day(now), "version": asked(request, "version")},
    )
    tried = None
    if request.method == "POST" and form.is_valid():
        if "keep" in request.POST and (kept := _keep(request, form, now)):
            return kept
        tried = _try(form.cleaned_data, versions[form.cleaned_data["version"]], now)
        form = _with_what_came(form, tried)
    return render(
        request,
        "responsibility/bench.html",
        {
            "form": form,
            "tried": tried,
            "here": "bench",
            "may_try": True,
            "has_versions": bool(versions),
            "cases": selectors.cases_in_use().count(),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _name(version: DutyList, now: datetime) -> str:
    day = version.effective_from
    if day is None:
        return f"第{version.version}版（{version.get_state_display()}）"
    return f"第{version.version}版（现行）" if day <= local_day(now) else f"第{version.version}版（{day:%Y-%m-%d} 起）"


@dataclass(frozen=True)
class Tried:
    """What a version made of a text at a moment."""

    version: DutyList
    moment: datetime
    kind: str
    found: list[selectors.Explained]

    @property
    def best(self) -> selectors.Explained | None:
        return next((one for one in self.found if not one.candidate.refused), None)

    @property
    def why_not_by_itself(self) -> list[str]:
        """Of the best one: what speaks against 自动派单."""
        return selectors.why_not_by_itself(self.best.candidate, kind=self.kind, at=self.moment) if self.best else []


def _try(typed: dict[str, Any], version: DutyList, now: datetime) -> Tried:
    hour = typed["hour"]
    clock = timezone.localtime(now).time() if hour is None else time(hour)
    moment = datetime.combine(typed["day"], clock, SHANGHAI)
    found = selectors.explain_text(
        version,
        text=typed["text"],
        category=typed["category"],
        region=typed["region"],
        kind=typed["kind"],
        hours=frozenset() if hour is None else frozenset({hour}),
        moment=moment,
        at=now,
    )
    return Tried(version, moment, typed["kind"], found)


def _with_what_came(form: BenchForm, tried: Tried) -> BenchForm:
    """What was proposed stands in the fields of the case: mostly it is right, and only kept."""
    if form.errors or form.data.get("item_code") or tried.best is None:
        return form
    data = form.data.copy()
    data["item_code"] = tried.best.candidate.item.code
    data["unit"] = tried.best.handler.name if tried.best.handler else ""
    return BenchForm(data, versions=form.fields["version"].choices)


def _keep(request: HttpRequest, form: BenchForm, now: datetime) -> HttpResponse | None:
    """Redirects when the case was kept; None with the refusal on the form."""
    values = {name: form.cleaned_data[name] for name in CASE_FIELDS}
    try:
        services.save_case(values=values, by=request.user, at=now)
    except DomainError as why:
        form.add_error(None, str(why))
        return None
    messages.success(request, "已存为用例，一分钟内用各版清单试派。")
    return redirect("responsibility:cases")


# --- cases


@needs(*rights.READ_CASES)
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    retired, after = asked(request, "over") == "1", asked(request, "after")
    rows, next_key = selectors.case_page(before=key_of(after), retired=retired)
    versions = selectors.versions_to_try(now)
    reports = [(version, _name(version, now), selectors.case_report(version)) for version in versions]
    over = "over=1&" if retired else ""
    return render(
        request,
        "responsibility/cases.html",
        {
            "rows": [(row, _results(row, reports)) for row in rows],
            "reports": reports,
            "retired": retired,
            "here": "cases",
            "may_try": has_right(request.user, rights.TRY, now),
            "may_edit": has_right(request.user, rights.EDIT, now),
            "first_url": f"?{over}" if after else "",
            "next_url": f"?{over}after={next_key}" if next_key else "",
            "at": now,
        },
    )


def _results(case: RoutingCase, reports: list[tuple[Any, str, Any]]) -> list[tuple[str, str, bool]]:
    """(version, what came instead, whether the case was there when it ran)."""
    return [
        (f"第{version.version}版", report.run.failed.get(str(case.pk), ""), case.at < report.run.ran_at)
        for version, _, report in reports
        if report is not None
    ]


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    case = get_object_or_404(RoutingCase.objects.select_related("region", "category", "unit"), pk=pk)

    def service(typed: dict[str, Any]) -> str:
        values = {name: typed[name] for name in CASE_FIELDS}
        services.change_case(case_id=pk, values=values, by=request.user, at=timezone.now())
        return "用例已改，一分钟内用各版清单试派。"

    written = {name: getattr(case, name) for name in ("text", "hour", "kind", "item_code", "note")}
    codes = {name: getattr(row, "code", "") for name, row in (("region", case.region), ("category", case.category))}
    unit = case.unit.name if case.unit else ""
    return run_act(
        request,
        title="改用例",
        form=CaseForm(sent(request), initial=written | codes | {"unit": unit}),
        verb="收下改动",
        service=service,
        done=lambda: reverse("responsibility:cases"),
    )


@needs(rights.EDIT)
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(RoutingCase, pk=pk)

    def service(typed: dict[str, Any]) -> str:
        services.retire_case(case_id=pk, why=typed["words"], by=request.user, at=timezone.now())
        return "用例已停用。"

    return run_act(
        request,
        title="停用用例",
        form=WordsForm(sent(request), label="停用理由", most=200),
        verb="停用",
        hint="停用以后不再用它试清单；内容和结果留着。",
        service=service,
        done=lambda: reverse("responsibility:cases"),
    )
