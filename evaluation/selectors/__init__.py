"""Reads of this room: who is to be called, what a reviewer must see, and the figures of units."""

from evaluation.selectors.bench import callers_to_name, decisions_to_make, follow_ups_to_make, without_a_caller
from evaluation.selectors.county import CountyFigures, county_figures, county_returns
from evaluation.selectors.figures import (
    EVERYWHERE,
    FIGURES,
    OF_CALLERS,
    UnitFigures,
    figure_rows,
    figure_rows_without_words,
    unit_figures,
    units_seen,
)
from evaluation.selectors.worklists import (
    Evidence,
    callable_later,
    callable_now,
    decision_page,
    decisions,
    decisions_pending,
    evidence_of,
    follow_up_case,
    follow_up_page,
    follow_ups_ended,
    follow_ups_waiting,
    redo_refusal,
)

__all__ = [
    "EVERYWHERE",
    "FIGURES",
    "OF_CALLERS",
    "CountyFigures",
    "Evidence",
    "UnitFigures",
    "callable_later",
    "callable_now",
    "callers_to_name",
    "county_figures",
    "county_returns",
    "decision_page",
    "decisions",
    "decisions_pending",
    "decisions_to_make",
    "evidence_of",
    "figure_rows",
    "figure_rows_without_words",
    "follow_up_case",
    "follow_up_page",
    "follow_ups_ended",
    "follow_ups_to_make",
    "follow_ups_waiting",
    "redo_refusal",
    "unit_figures",
    "units_seen",
    "without_a_caller",
]
