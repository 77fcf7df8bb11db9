"""Methods written from the settings in force, and their references."""

from __future__ import annotations

from analysis.report.inputs import ReportInputs
from analysis.wording import words
from analysis.wording.numbers import count_text, level_text, number_text

REFERENCES = (
    "Dworkin RH and others (2008). Interpreting the clinical importance of treatment outcomes in "
    "chronic pain clinical trials: IMMPACT recommendations. J Pain 9:105-121.",
    "Farrar JT and others (2001). Clinical importance of changes in chronic pain intensity "
    "measured on an 11-point numerical pain rating scale. Pain 94:149-158.",
    "Wilson EB (1927). Probable inference, the law of succession, and statistical inference. "
    "J Am Stat Assoc 22:209-212.",
    "Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the "
    "case of the binomial. Biometrika 26:404-413.",
    "Efron B (1987). Better bootstrap confidence intervals. J Am Stat Assoc 82:171-185.",
    "Kaplan EL, Meier P (1958). Nonparametric estimation from incomplete observations. "
    "J Am Stat Assoc 53:457-481.",
    "ICH E9(R1) (2019). Addendum on estimands and sensitivity analysis in clinical trials.",
)

_BOOSTER = {
    "loss": "A booster counts as the end of relief",
    "censoring": "Follow-up of relief ends at a booster, as if nothing more were known",
    "ignored": "Boosters are ignored: relief under a booster still counts as relief",
}


def methods_sentences(inputs: ReportInputs) -> list[str]:
    """Return the methods as sentences, each made from the settings this run used."""
    return [
        _start(inputs),
        _baseline(inputs),
        _response(inputs),
        "Two ways of counting stand side by side. All who started: a patient not seen counts as "
        "not responding. Only those seen: patients without a rating leave the denominator. Worst "
        "and best case show what the patients not seen could change.",
        "Percent reduction is given in three definitions, because they are different numbers: the "
        "mean of patients' own reductions, their median, and the reduction of the mean score.",
        f"Relief runs from the end of the series to loss of response, among responders. "
        f"{_BOOSTER.get(inputs.setting('booster_strategy'), 'Boosters are handled as set')}. The "
        "curve is a Kaplan-Meier estimate: patients still relieved at their last rating count as "
        "followed until then. Ratings are snapshots, so the true loss lies before the rating that "
        "shows it, and relief is if anything overstated.",
        _intervals(inputs),
    ]


def settings_lines(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return settings in force as (name, value), sorted by name."""
    stated = inputs.run.get("settings") or {}
    return [(str(name), _value(stated[name])) for name in sorted(stated, key=str)]


def _start(inputs: ReportInputs) -> str:
    gap = count_text(inputs.setting("series_gap_days"))
    return (
        f"Day 0 is the first infusion of the first series; infusions more than {gap} days apart "
        f"belong to different series. In exports without infusions, day 0 is study day "
        f"{_value(inputs.setting('day0_study_day'))} and treatment ends on study day "
        f"{_value(inputs.setting('end_of_series_study_day'))}."
    )


def _baseline(inputs: ReportInputs) -> str:
    least = inputs.setting("minimum_baseline_score")
    days = count_text(inputs.setting("baseline_window_days"))
    kept = f"a baseline of at least {_value(least)}" if least else "a baseline above 0"
    recall = inputs.setting("recall")
    which = "" if recall == "auto" else f" Ratings of '{words.word({}, recall)}' pain are used."
    return (
        f"Baseline is the mean of ratings in the {days} days up to day 0, on a scale of 0 to 10. "
        f"Patients with {kept} are analyzed; a baseline of 0 has no percent reduction and is "
        f"counted as missing, never divided by.{which}"
    )


def _response(inputs: ReportInputs) -> str:
    visit = words.visit_word(inputs.setting("analysis_visit"))
    threshold = _value(inputs.setting("responder_threshold_pct"))
    return (
        f"Response is judged at the visit '{visit}'. A responder is a patient whose pain fell by "
        f"at least {threshold} % of baseline; the rates at 30 % (moderate) and 50 % (substantial) "
        "are printed too, as is a fall of two points. A patient who had a booster before the "
        "rating counts as not responding at it. Worse means that pain rose by at least 30 % of "
        "baseline."
    )


def _intervals(inputs: ReportInputs) -> str:
    level = level_text(inputs.setting("confidence_level"))
    times = count_text(inputs.setting("bootstrap_replicates"))
    return (
        f"Every figure has a {level}: Wilson and exact for shares, Student's t and bootstrap (BCa, "
        f"{times} samples, seed {inputs.setting('seed')}) for reductions, log-log for relief "
        "curves. The method is printed under each table. Numbers are rounded half-up when printed, "
        "never before; below ten patients a share stands as a fraction."
    )


def _value(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return words.plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
