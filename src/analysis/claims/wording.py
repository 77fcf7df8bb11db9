"""The finding in plain sentences, generated from a judgement and its result row.

No causal verb for data without a control group; the denominator, the time, the interval with its
level and what is missing are always in the sentence.
"""

from __future__ import annotations

from analysis.claims.duration import MONTHS_FROM_WEEKS, WEEKS_FROM_WEEKS
from analysis.claims.judgement import Judgement
from analysis.claims.telling import (
    interval_words,
    name_patients,
    one_or_many,
    side_of_cited,
    tell_cited,
    tell_not_rated,
    tell_share,
)
from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import SMALL_N, band_text, count_text, quantity_text
from analysis.wording.texts import say
from analysis.wording.words import visit_word


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
        return say("claim_words.cannot_answer", reason=judgement.reason).strip()
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
    whole = judgement.condition == "all"
    label = "" if whole else load_conditions().label(judgement.condition)
    return name_patients(row, n=row.n, label=label)


def _interval(judgement: Judgement, row: ResultRow) -> str:
    return interval_words(row, apart_from=(judgement.cited_low, judgement.cited_high))


def _value(judgement: Judgement, value: float | None) -> str:
    marks = (judgement.cited_low, judgement.cited_high)
    return quantity_text(value, unit=judgement.unit, apart_from=marks)


def _tell_share(judgement: Judgement, row: ResultRow) -> str:
    told = tell_share(row, patients=_patients(judgement, row), counted=_counted(judgement, row),
                      interval=_interval(judgement, row))  # fmt: skip
    if not row.n_missing:
        return told
    observed = row.population == "observed"
    missing = _left_out(row.n_missing) if observed else tell_not_rated(row.n_missing)
    return f"{told} {missing}"


def _counted(judgement: Judgement, row: ResultRow) -> str:
    """Return "none (0 %)", "all 40 (100 %)" or "54 (54 %)"; a percentage from ten patients on."""
    events = count_text(row.n_events or 0)
    if not row.n_events:
        events = say("telling.none")
    elif row.n_events == row.n > 1:
        events = say("telling.all", n=events)
    if row.n < SMALL_N:
        return events
    return say("telling.some", events=events, share=_value(judgement, row.value))


def _left_out(n: int) -> str:
    """Say that those not rated are not in the number at all."""
    return one_or_many(n, "claim_words.left_out_one", "claim_words.left_out_many")


def _unchanged(n: int) -> str:
    return one_or_many(n, "claim_words.unchanged_one", "claim_words.unchanged_many")


def _tell_mean(judgement: Judgement, row: ResultRow) -> str:
    rose = (row.value or 0.0) < 0
    everyone = row.population == "all_starters"
    told = say(
        f"claim_words.higher.{row.definition}" if rose else f"claim_words.lower.{row.definition}",
        patients=say(
            "claim_words.mean_of_starters" if everyone else "claim_words.mean_of_rated",
            patients=_patients(judgement, row),
            visit=visit_word(row.visit),
        ),
        by=_value(judgement, abs(row.value or 0.0)),
        interval=_interval(judgement, row),
    )
    if not row.n_missing:
        return told
    return f"{told} {_unchanged(row.n_missing) if everyone else _left_out(row.n_missing)}"


def _tell_duration(judgement: Judgement, row: ResultRow) -> str:
    none = row.low is None and row.high is None
    reached, interval = row.value is not None, _interval(judgement, row)
    told = say(
        f"claim_words.half_lost.{row.definition}"
        if reached
        else f"claim_words.half_not_lost.{row.definition}",
        patients=_patients(judgement, row),
        pct=f"{row.threshold_pct or 0:g}",
        weeks=_value(judgement, row.value),
        interval=interval if none else say("claim_words.lasted.wherever", interval=interval),
    )
    return told if none else f"{told} {_weeks_or_months(row)}"


def _weeks_or_months(row: ResultRow) -> str:
    """Say which of the two words the interval bears out."""
    marks = {"weeks": f"{WEEKS_FROM_WEEKS:g}", "months": f"{MONTHS_FROM_WEEKS:g}"}
    low = 0.0 if row.low is None else row.low
    if low >= MONTHS_FROM_WEEKS:
        return say("claim_words.lasted.months")
    if row.high is not None and row.high < WEEKS_FROM_WEEKS:
        return say("claim_words.lasted.less_than_weeks", **marks)
    if row.high is not None and row.high < MONTHS_FROM_WEEKS:
        if low >= WEEKS_FROM_WEEKS:
            return say("claim_words.lasted.weeks_not_months", **marks)
        return say("claim_words.lasted.weeks_undecided", **marks)
    if low >= WEEKS_FROM_WEEKS:
        return say("claim_words.lasted.months_undecided", **marks)
    return say("claim_words.lasted.both_undecided", **marks)


def _tell_verdict(judgement: Judgement) -> str:
    if judgement.low is None and judgement.high is None:
        return say("claim_words.no_interval")
    where = side_of_cited(judgement.verdict, floor=judgement.cited_low)
    return tell_cited(where, judgement.cited_low, judgement.cited_high, unit=judgement.unit)


def _tell_further(judgement: Judgement) -> str:
    if judgement.verdict != "undecided":
        return ""
    seen, if_cited = judgement.further_patients, judgement.further_patients_if_cited
    if seen is None and if_cited is None:
        return judgement.reason
    middle = middle_of_cited(judgement.cited_low, judgement.cited_high)
    shown = band_text(middle, middle, unit=judgement.unit)
    if seen is None:
        one, many = "claim_words.decide_cited_one", "claim_words.decide_cited_many"
        return one_or_many(if_cited, one, many, middle=shown, reason=judgement.reason)
    if if_cited is None:
        return one_or_many(seen, "claim_words.decide_one", "claim_words.decide_many")
    one, many = "claim_words.decide_both_one", "claim_words.decide_both_many"
    return one_or_many(seen, one, many, middle=shown, n_cited=count_text(if_cited))
