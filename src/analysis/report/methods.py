"""Methods in words, from the settings of a run and the methods of its rows; glossary."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from analysis.claims.judgement import VERDICT_MEANING
from analysis.labels import (
    CLOCKS,
    MEASURES,
    METHODS,
    POINTS,
    SETTING_WORDS,
    plain_text,
    visit_word,
    word,
)
from analysis.numbers import count_text, level_text, number_text
from analysis.results import Row
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings, data_rows, plan_visits
from analysis.stats.relief import READ_CLOCK, READ_RULE

HOW_TO_READ = (
    "The shaded band is the figure of the page. The dot is our patients' number (of a share, with "
    "each missing patient counted as not better), the ring the same number with the missing "
    "estimated. The line goes to the limits that are judged: from where the true figure plausibly "
    "lies if none of the missing got better, to where it lies if they resemble those seen.",
    " ".join(f"{verdict.capitalize()}: {text}." for verdict, text in VERDICT_MEANING.items()),
    "These figures say how patients were after treatment compared with before. They cannot say "
    "that the treatment was the reason.",
    "“Undecided” means too few patients or too many missing to say, not that the figure is nearly "
    "right.",
)


def glossary_in_words(settings: AnalysisSettings) -> dict[str, tuple[str, str]]:
    """Return term and meaning by key, under the settings; headings of the page lead to them."""
    least = settings.minimum_baseline_score
    given = {
        "enough": f"a baseline of at least {value_text(least)}" if least else "a baseline above 0",
        "days": count_text(settings.baseline_window_days),
        "clock": CLOCKS[settings.relief_clock],
        "booster": SETTING_WORDS["booster_strategy"][settings.booster_strategy],
        "thresholds": " or ".join(map(value_text, _thresholds(settings))),
    }
    return {
        row["key"]: (row["term"], row["meaning"].format(**given))
        for row in data_rows("codes/glossary.csv")
    }


def _thresholds(settings: AnalysisSettings) -> list[float]:
    return sorted({*THRESHOLDS_PCT, settings.responder_threshold_pct})


_NPMLE = ("npmle", "npmle_curve", "npmle_planned", "npmle_series")


def references_of(methods: Collection[str]) -> tuple[str, ...]:
    """Return the references of definitions, and of the methods that a run used.

    A row of data/codes/references.csv names the methods it is of; without one it is of the
    definitions that every run has.
    """
    rows = [(row["reference"], row["methods"].split()) for row in data_rows("codes/references.csv")]
    return tuple(text for text, of in rows if not of or set(of) & set(methods))


_BOOSTERS = {
    "loss": "A booster counts as the end of relief",
    "censoring": "Follow-up of relief ends at a booster, as if nothing more were known",
    "ignored": "Boosters are ignored: relief under a booster still counts as relief",
}


def methods_in_words(
    settings: AnalysisSettings, rows: Iterable[Row], *, scale: str = POINTS
) -> list[str]:
    """Return the methods as paragraphs, from the settings, the rows and the scale of a run."""
    measures: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.method not in ("none", "count"):
            measures.setdefault(row.method, {})[word(MEASURES, row.measure)] = None
    least = settings.minimum_baseline_score
    kept = f"a baseline of at least {value_text(least)}" if least else "a baseline above 0"
    recall = f" Ratings used: {SETTING_WORDS['recall'][settings.recall]}."
    also = " and ".join(f"{value_text(pct)}%" for pct in _thresholds(settings))
    points = ", as is a fall of two points" if scale.startswith(POINTS) else ""
    said = [
        "Day 0 is the first infusion of the first series; infusions more than "
        f"{count_text(settings.series_gap_days)} days apart belong to different series. In "
        f"exports without infusions, day 0 is study day {value_text(settings.day0_study_day)} "
        "and treatment ends on study day "
        f"{value_text(settings.end_of_series_study_day)}.",
        f"Baseline is the mean of ratings in the {count_text(settings.baseline_window_days)} "
        f"days up to day 0, on a scale of {plain_text(scale, longest=200)}. Patients with {kept} "
        "are analyzed; a baseline of 0 has no percent reduction and is counted as missing, never "
        "divided by." + (recall if settings.recall != "auto" else ""),
        f"Response is judged at the visit “{visit_word(settings.analysis_visit)}”; a claim at the "
        "visit and threshold of its own reading. A responder is a patient whose pain fell by at "
        f"least {value_text(settings.responder_threshold_pct)}% of baseline; the rates at {also} "
        f"are printed (30% is moderate, 50% substantial){points}. A patient "
        "who had a booster before the rating counts as not responding at it. Worse means that pain "
        "rose by at least 30% of baseline. Visits after the end of the series are planned at "
        f"{_visits_in_words(settings.visits)}; a visit's score is "
        f"{SETTING_WORDS['visit_score'][settings.visit_score]}.",
        "Counted are patients who started and whose visit is due: its window has closed at the "
        "data cut, and the initial series has ended. A missing outcome is no failure. Four "
        "analyses are given: missing counts as not responding (the lower bound), as responding "
        "(the upper bound), is imputed as if missing at random, 50 times from a mixed model of "
        "baseline and all visits of the condition, or is left out. A claim meets its floor only "
        "where it does so with no missing patient responding, and falls short only where it also "
        "does when the missing are imputed.",
        "Percent reduction is given in three definitions, because they are different numbers: the "
        "mean of patients' own reductions, their median, and the reduction of the mean score. Mean "
        "pain by visit is given apart for who had a booster before the visit and who had none.",
        *_relief_in_words(settings, measures),
        f"Every interval is a confidence interval ({level_text(settings.confidence_level)}). "
        f"Bootstrap intervals are of {count_text(settings.bootstrap_replicates)} samples of "
        "patients or, for relief, as many "
        f"as stand with the number, from seed {settings.seed}. Numbers are rounded half-up when "
        "printed, never before; below ten patients a share stands as a fraction.",
    ]
    if measures:
        used = "; ".join(
            f"{METHODS[method]} ({', '.join(names).lower()})" for method, names in measures.items()
        )
        said.append(f"Methods used in this run, and for what: {used}.")
    return said


def _relief_in_words(settings: AnalysisSettings, methods: Collection[str]) -> list[str]:
    """Return how relief was timed, for a run that has it."""
    if not {*_NPMLE, "kaplan_meier"} & set(methods):
        return []
    said = (
        f"Relief runs from {SETTING_WORDS['relief_clock'][settings.relief_clock]} to loss of "
        "response, among responders, and counts as lost "
        f"{SETTING_WORDS['loss_rule'][settings.loss_rule]}. "
        f"{_BOOSTERS[settings.booster_strategy]}. Ratings are snapshots: a loss lies between the "
        "last visit with relief and the first without."
    )
    if set(_NPMLE) & set(methods):
        said += (
            " The curve, its medians and its shares are the nonparametric maximum likelihood "
            "estimate from such intervals (Turnbull), with a bootstrap interval that holds "
            "wherever between two visits relief ended; patients still relieved at their last "
            "rating enter with no upper end."
        )
    if "npmle_planned" in methods:
        said += (
            " Where boosters brought patients in between planned visits, medians and quartiles are "
            "read at the planned visits, on a straight line between them."
        )
    if "kaplan_meier" in methods:
        said += (
            " Kaplan-Meier numbers, which date a loss at the visit that found it and are therefore "
            "late, are printed for comparison only."
        )
    if "kaplan_meier_exact" in methods:
        said += (
            " Ends of relief that the export dates itself (relief gone, or the next analgesic) are "
            "exact times, and are kept apart from losses between visits."
        )
    if (settings.loss_rule, settings.relief_clock) != (READ_RULE, READ_CLOCK):
        said += (
            " Claims are judged under their own reading: lost "
            f"{SETTING_WORDS['loss_rule'][READ_RULE]}, timed from {CLOCKS[READ_CLOCK]}."
        )
    return [said]


def _visits_in_words(visits: object) -> str:
    return ", ".join(visit_word(visit.name) for visit in plan_visits(str(visits))[1:])


def value_text(value: object) -> str:
    """Return the value of a setting as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
