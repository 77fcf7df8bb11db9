"""The finding in plain sentences, generated from a judgement and its result row.

No causal verb for data without a control group; the denominator, the time, the interval with its
level and what is missing are always in the sentence.
"""

from __future__ import annotations

from analysis.claims.duration import MONTHS_FROM_WEEKS, WEEKS_FROM_WEEKS
from analysis.claims.judgement import Judgement
from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import (
    SMALL_N,
    band_text,
    count_text,
    interval_text,
    level_text,
    quantity_text,
)
from analysis.wording.words import plain_text, visit_word

NO_REALISTIC_NUMBER = "No realistic number of further patients would decide it at the value seen."


def write_finding(judgement: Judgement, row: ResultRow | None) -> str:
    """Return the finding of a judgement as plain sentences.

    Parameters
    ----------
    judgement : Judgement
        Verdict with its numbers; its own ``sentence`` is not read.
    row : ResultRow or None
        The row it rests on.

    Returns
    -------
    str
        What was seen, the verdict in words, and what would decide an undecided one.
    """
    if judgement.verdict == "not testable" or row is None:
        return f"These data cannot answer it. {judgement.reason}".strip()
    parts = [tell_estimate(judgement, row), _tell_verdict(judgement), _tell_further(judgement)]
    return " ".join(part for part in parts if part)


def tell_estimate(judgement: Judgement, row: ResultRow) -> str:
    """Return what was seen, without the verdict; parameters as `write_finding`, with a row."""
    tell = {"share": _tell_share, "percent": _tell_mean, "weeks": _tell_duration}[judgement.unit]
    return tell(judgement, row)


def middle_of_cited(low: float | None, high: float | None) -> float | None:
    """Return the middle of a cited range; None where it is open on one side."""
    # 12 decimals: half of 0.6 + 0.75 is 0.675 and not its binary neighbour.
    return None if low is None or high is None else round((low + high) / 2, 12)


def _patients(judgement: Judgement, row: ResultRow) -> str:
    """Return "148 patients with neuropathic pain", with their arm where there are arms."""
    one = "patient" if row.n == 1 else "patients"
    if judgement.condition == "all":
        told = f"{count_text(row.n)} {one} of all conditions"
    else:
        label = load_conditions().label(judgement.condition)
        told = f"{count_text(row.n)} {one} with {label.lower()}"
    return f"{told} in the arm '{plain_text(row.group)}'" if row.group_by == "arm" else told


def _interval(judgement: Judgement, row: ResultRow) -> str:
    """Return "95 % interval 52 % to 68 %", at the level of the row."""
    if row.low is None and row.high is None:
        return "there is no interval"
    marks = (judgement.cited_low, judgement.cited_high)
    return f"{level_text(row.level)} {interval_text(row, apart_from=marks)}"


def _value(judgement: Judgement, value: float | None) -> str:
    marks = (judgement.cited_low, judgement.cited_high)
    return quantity_text(value, unit=judgement.unit, apart_from=marks)


def _tell_share(judgement: Judgement, row: ResultRow) -> str:
    events = row.n_events or 0
    counted = {0: "none", row.n: f"all {count_text(row.n)}"}.get(events, count_text(events))
    counted = "1" if events == row.n == 1 else counted
    percent = "" if row.n < SMALL_N else f" ({_value(judgement, row.value)})"
    observed = row.population == "observed"
    told = (
        f"Of {_patients(judgement, row)} {'rated' if observed else 'who started'}, "
        f"{counted}{percent} had {_response(row)} at {visit_word(row.visit)}; "
        f"{_interval(judgement, row)}."
    )
    if not row.n_missing:
        return told
    return f"{told} {_not_rated(row, counted='' if observed else 'as not responding')}"


def _response(row: ResultRow) -> str:
    if row.threshold_pct is None:
        return "pain lower by at least 2 points of 10"
    return f"at least {row.threshold_pct:g} % less pain"


def _not_rated(row: ResultRow, *, counted: str) -> str:
    """Say what became of those not rated: counted as something, or not in the number at all."""
    was, counts, is_ = ("was", "counts", "is") if row.n_missing == 1 else ("were", "count", "are")
    if counted:
        return f"{count_text(row.n_missing)} {was} not rated and {counts} {counted}."
    return f"{count_text(row.n_missing)} more who started {was} not rated and {is_} not in it."


_MEANS = {
    "mean_of_patients": "pain was {} on average (mean of each patient's own percent)",
    "median_of_patients": "pain was {} at the median of each patient's own percent",
    "ratio_of_means": "the mean pain score was {}",
}


def _tell_mean(judgement: Judgement, row: ResultRow) -> str:
    way = "higher" if (row.value or 0.0) < 0 else "lower"
    moved = f"{way} by {_value(judgement, abs(row.value or 0.0))}"
    everyone = row.population == "all_starters"
    when = visit_word(row.visit)
    who = f"who started, at {when}," if everyone else f"rated at {when},"
    told = (
        f"In {_patients(judgement, row)} {who} {_MEANS[row.definition].format(moved)}; "
        f"{_interval(judgement, row)}."
    )
    if not row.n_missing:
        return told
    return f"{told} {_not_rated(row, counted='as unchanged' if everyone else '')}"


_LOST = {
    "booster_as_loss": "had lost it or had a booster",
    "booster_as_censoring": "had lost it, as far as seen before a booster,",
    "booster_ignored": "had lost it, boosters or not,",
    "booster_competing": "had lost it before any booster",
}


def _tell_duration(judgement: Judgement, row: ResultRow) -> str:
    lost = _LOST[row.definition]
    lasted = (
        f"the time by which half {lost} is not reached within the follow-up"
        if row.value is None
        else f"half {lost} after {_value(judgement, row.value)}"
    )
    told = (
        f"Of {_patients(judgement, row)} with at least {row.threshold_pct or 0:g} % less pain "
        f"at the end of the series, {lasted}; {_interval(judgement, row)}"
    )
    if row.low is None and row.high is None:
        return f"{told}."
    told += ", which holds wherever between two visits relief ended."
    return f"{told} {_weeks_or_months(row)}"


def _weeks_or_months(row: ResultRow) -> str:
    """Say which of the two words the interval bears out."""
    low = 0.0 if row.low is None else row.low
    months = f"months ({MONTHS_FROM_WEEKS:g} weeks or more)"
    weeks = f"weeks ({WEEKS_FROM_WEEKS:g} or more)"
    if low >= MONTHS_FROM_WEEKS:
        return "That is months."
    if row.high is not None and row.high < WEEKS_FROM_WEEKS:
        return f"That is less than {weeks}."
    if row.high is not None and row.high < MONTHS_FROM_WEEKS:
        if low >= WEEKS_FROM_WEEKS:
            return f"That is weeks, not {months}."
        return f"That is not {months}; whether it is {weeks} is undecided."
    if low >= WEEKS_FROM_WEEKS:
        return f"That is weeks at least; whether it is {months} is undecided."
    return f"Whether it is {weeks}, or {months}, is undecided."


def _tell_verdict(judgement: Judgement) -> str:
    if judgement.low is None and judgement.high is None:
        return "Without an interval there is no verdict."
    floor = judgement.cited_low
    cited = judgement.cited_high if floor is None else floor
    mark = f"the cited {band_text(cited, cited, unit=judgement.unit)}"
    good, bad = ("at or above", "below") if floor is not None else ("at or below", "above")
    return {
        "meets": f"All of the interval is {good} {mark}.",
        "falls short": f"All of the interval is {bad} {mark}.",
        "undecided": f"The interval reaches both sides of {mark}.",
    }[judgement.verdict]


def _tell_further(judgement: Judgement) -> str:
    if judgement.verdict != "undecided":
        return ""
    seen, if_cited = judgement.further_patients, judgement.further_patients_if_cited
    middle = middle_of_cited(judgement.cited_low, judgement.cited_high)
    where = f"in the middle of the cited range ({band_text(middle, middle, unit=judgement.unit)})"
    if seen is None and if_cited is None:
        return judgement.reason
    if seen is None:
        return (
            f"{judgement.reason} Were the true value {where}, "
            f"{_decide(if_cited)} with 80 % probability."
        )
    told = f"{_decide(seen).capitalize()} with 80 % probability, were the true value the one seen"
    if if_cited is None:
        return f"{told}."
    return f"{told}; about {count_text(if_cited)}, were it {where}."


def _decide(further: int | None) -> str:
    one = "patient" if further == 1 else "patients"
    return f"about {count_text(further)} more {one} would decide it"
