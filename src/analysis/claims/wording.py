"""The finding in one sentence, generated from a judgement and its result row.

No causal verb for data without a control group; the denominator, the time and what is missing are
always in the sentence.
"""

from __future__ import annotations

from analysis.claims.judgement import Judgement
from analysis.contract.codes import load_conditions
from analysis.display.numbers import count_text, fraction_text, interval_text, quantity_text
from analysis.display.words import visit_word
from analysis.outcomes.rows import ResultRow

MONTHS_FROM_WEEKS = 8.7
"""Two months of 30.4375 days, in weeks: from here on relief lasted "months"."""


def write_finding(judgement: Judgement, row: ResultRow | None) -> str:
    """Return the finding of a judgement as plain sentences.

    Parameters
    ----------
    judgement : Judgement
        Verdict with its numbers; its own ``sentence`` is not read.
    row : ResultRow or None
        The row it rests on.
    """
    if judgement.verdict == "not testable" or row is None:
        return f"These data cannot answer it. {judgement.reason}".strip()
    tell = {"share": _tell_share, "percent": _tell_mean, "weeks": _tell_duration}[judgement.unit]
    parts = [tell(judgement, row), _tell_verdict(judgement), _tell_further(judgement)]
    return " ".join(part for part in parts if part)


def _patients(judgement: Judgement) -> str:
    if judgement.condition == "all":
        return "patients of all conditions"
    return f"patients with {load_conditions().label(judgement.condition).lower()}"


def _tell_share(judgement: Judgement, row: ResultRow) -> str:
    least = "" if row.threshold_pct is None else f"at least {row.threshold_pct:g} % "
    told = (
        f"Of {count_text(row.n)} {_patients(judgement)} who started, "
        f"{fraction_text(row.n_events or 0, row.n).split(' of ')[0]} "
        f"({quantity_text(row.value, unit='share')}) had {least}less pain at "
        f"{visit_word(row.visit)}; 95 % interval {interval_text(row)}."
    )
    if row.population == "all_starters" and row.n_missing:
        told += f" {count_text(row.n_missing)} were not rated and count as not responding."
    return told


def _tell_mean(judgement: Judgement, row: ResultRow) -> str:
    told = (
        f"In {count_text(row.n)} {_patients(judgement)} rated at {visit_word(row.visit)}, pain was "
        f"lower by {quantity_text(row.value, unit='percent')} on average (mean of each patient's "
        f"own percent); 95 % interval {interval_text(row)}."
    )
    if row.n_missing:
        told += f" {count_text(row.n_missing)} starters were not rated and are not in it."
    return told


def _tell_duration(judgement: Judgement, row: ResultRow) -> str:
    lasted = (
        "half had not lost it by the last visit"
        if row.value is None
        else f"half had lost it (or had a booster) after {quantity_text(row.value, unit='weeks')}"
    )
    told = (
        f"Of {count_text(row.n)} {_patients(judgement)} with relief at the end of the series, "
        f"{lasted}; 95 % interval {interval_text(row)}."
    )
    if row.low is not None and row.low >= MONTHS_FROM_WEEKS:
        return told + " That is months."
    if row.high is not None and row.high < MONTHS_FROM_WEEKS:
        return told + f" That is weeks, not months ({MONTHS_FROM_WEEKS} weeks or more)."
    return told + f" Whether it is months ({MONTHS_FROM_WEEKS} weeks or more) is undecided."


def _tell_verdict(judgement: Judgement) -> str:
    floor = quantity_text(judgement.cited_low, unit=judgement.unit)
    return {
        "meets": f"All of the interval is at or above the cited {floor}.",
        "falls short": f"All of the interval is below the cited {floor}.",
        "undecided": f"The interval reaches both sides of the cited {floor}.",
    }[judgement.verdict]


def _tell_further(judgement: Judgement) -> str:
    if judgement.verdict != "undecided":
        return ""
    if judgement.further_patients is None:
        return judgement.reason
    return (
        f"About {count_text(judgement.further_patients)} more patients would decide it with 80 % "
        "probability, were the true value the one seen."
    )
