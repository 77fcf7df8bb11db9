"""Methods, glossary, limits and references: from the settings and the methods of a run."""

from __future__ import annotations

import pytest
from judged import duration_row, number_row, row, share_row

from analysis.report.methods import (
    glossary_in_words,
    methods_in_words,
    references_of,
)
from analysis.settings import AnalysisSettings

RELIEF = [
    duration_row(8.0, 6.0, 12.0, method="npmle"),
    duration_row(9.0, 6.0, 12.0, method="kaplan_meier", measure="km_relief_duration"),
]


def words(*rows, **changed) -> str:
    return " ".join(methods_in_words(AnalysisSettings(**changed), rows))


def test_the_headline_of_relief_is_named_for_what_it_is():
    said = words(*RELIEF)
    assert "nonparametric maximum likelihood estimate from such intervals (Turnbull)" in said
    assert "Kaplan-Meier numbers" in said
    assert "for comparison only" in said
    assert "overstated" not in said
    assert "Kaplan-Meier numbers" not in words(RELIEF[0])
    assert "Turnbull" not in words(share_row(5, 10))
    assert "planned visits, on a straight line" not in said
    assert "planned visits, on a straight line" in words(
        duration_row(8.0, 6.0, 12.0, method="npmle_planned")
    )


def test_methods_used_are_those_of_the_rows():
    said = words(share_row(5, 10), number_row(30.0, 20.0, 40.0, method="t"))
    assert said.endswith(
        "Methods used in this run, and for what: Wilson score interval (responders); mean with "
        "Student t interval (percent pain reduction)."
    )
    assert "Methods used" not in words(row(measure="patients", n=5, unit="count", value=5.0))


@pytest.mark.parametrize(
    ("clock", "said"),
    [("end_of_series", "the last infusion of the initial series"),
     ("first_response", "the first rating with relief"), ("start", "day 0, the first infusion")],
)  # fmt: skip
def test_the_clock_is_that_of_the_settings(clock, said):
    text = words(*RELIEF, relief_clock=clock)
    assert f"Relief runs from {said} to loss" in text
    assert ("Claims are judged under their own reading" in text) == (clock != "end_of_series")


def test_the_glossary_says_what_the_tables_count():
    own = AnalysisSettings(responder_threshold_pct=40.0, relief_clock="first_response",
                           booster_strategy="ignored", minimum_baseline_score=0.0)  # fmt: skip
    terms = {key: text for key, (_, text) in glossary_in_words(own).items()}
    assert "at least 30 or 40 or 50 percent" in terms["responder"]
    assert terms["relief"] == (
        "Time from the first rating with relief until response is lost; a booster changes nothing."
    )
    assert "a baseline above 0" in terms["all_starters"]
    assert "0 weeks" in terms["all_starters"]
    assert "14 days" in terms["baseline"]


def test_references_are_of_the_methods_used():
    every = " ".join(references_of({"wilson", "npmle", "kaplan_meier", "log_rank"}))
    for name in ("Wilson EB", "Turnbull BW", "Kaplan EL", "Peto R", "Holm S", "Dworkin RH"):
        assert name in every
    assert "Clopper" not in every
    few = " ".join(references_of({"wilson"}))
    assert "Turnbull" not in few
    assert "Holm S" in few  # verdicts are always adjusted
