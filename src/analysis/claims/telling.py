"""What the rows beyond the headline say, as plain sentences, and how a word was read."""

from __future__ import annotations

from analysis.claims.claim import Claim
from analysis.claims.frequency import FREQUENCIES, at_most_when_none_seen
from analysis.claims.judgement import Verdict
from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import (
    SMALL_N,
    band_text,
    count_text,
    fraction_text,
    interval_text,
    level_text,
    quantity_text,
    share_text,
)
from analysis.wording.words import GROUPS, plain_text, visit_word, word

WHO_AND_WHAT: dict[tuple[str, str], tuple[str, str]] = {
    ("responder_share", "percent_reduction"): (
        "who started",
        "had at least {pct} % less pain at {visit}",
    ),
    ("responder_share", "two_points"): (
        "who started",
        "had pain lower by at least 2 points of 10 at {visit}",
    ),
    ("completeness_share", ""): ("who started", "had a baseline and a rating at {visit}"),
    ("early_response_share", "by_day_14"): (
        "rated on days 1 to 14",
        "had at least {pct} % less pain at one of those ratings",
    ),
    ("early_response_share", "days_21_to_28"): (
        "rated on days 21 to 28",
        "had at least {pct} % less pain then",
    ),
    ("session_minutes_share", "standard_45_to_60"): (
        "given standard infusions",
        "had sessions of 45 to 60 minutes (median of each patient's own)",
    ),
    ("session_minutes_share", "high_dose_4_hours"): (
        "given high-dose infusions",
        "had sessions of about 4 hours (225 to 255 minutes, median of each patient's own)",
    ),
    ("series_share", "completed_six"): ("treated by the standard protocol", "were given six"),
    ("series_share", "six_within_21_days"): (
        "treated by the standard protocol",
        "were given six infusions within 21 days",
    ),
    ("series_share", "sixth_by_day_21"): (
        "given six infusions",
        "had the sixth within 21 days of the first",
    ),
    ("booster_gap_share", "monthly_to_quarterly"): (
        "given boosters",
        "had them 28 to 92 days apart (median of each patient's own gaps)",
    ),
    ("booster_any_share", "by_week_26"): (
        "followed to a booster or to week 26",
        "had a booster by then",
    ),
    ("recurrence_share", "at_80_pct_of_baseline"): (
        "who had relief and were rated after a booster",
        "had pain back at 80 % of baseline or more at one of those ratings",
    ),
    ("flag_share", "uncontrolled_hypertension"): ("treated", "had uncontrolled hypertension"),
    ("flag_share", "heart_condition"): ("treated", "had a heart condition"),
    ("flag_share", "active_psychosis"): ("treated", "had an active psychosis"),
    ("flag_share", "pregnant_or_breastfeeding"): ("treated", "were pregnant or breastfeeding"),
    ("flag_share", "active_substance_abuse"): ("treated", "had an active substance abuse"),
    ("pain_duration_share", "three_months"): (
        "treated",
        "had had pain for three months or more at the first infusion",
    ),
    ("failed_treatments_share", "at_least_one"): (
        "treated",
        "had at least one treatment that failed before",
    ),
    ("severe_refractory_share", "baseline_7_and_one_failed"): (
        "given the high-dose protocol",
        "had a baseline of 7 or more and at least one failed treatment",
    ),
}
"""Of whom a share is told, and what they had."""


def tell_row(claim: Claim, row: ResultRow) -> str:
    """Return what a row says, with denominator, interval, and what is not known.

    Parameters
    ----------
    claim : Claim
        Its cited figures are kept apart from ours in print.
    row : ResultRow
        With a value.
    """
    tell = {
        "infusion_slope": _tell_slope,
        "series_time_ratio": _tell_ratio,
        "relieved_patients": _tell_count,
        "relieved_share": _tell_kept,
        "relief_duration": _tell_duration,
    }.get(row.measure)
    if tell is not None:
        return tell(claim, row)
    if row.population == "bounds":
        return _tell_bounds(claim, row)
    who, what = _who_and_what(row)
    told = f"Of {patients_text(claim, row)} {who}, {_events(row)} {what}; {_interval(claim, row)}."
    return f"{told} {_not_known(row)}".strip()


def patients_text(claim: Claim, row: ResultRow, *, n: int | None = None) -> str:
    """Return "53 patients with fibromyalgia", with the part of the condition and the arm."""
    count = row.n if n is None else n
    one = "patient" if count == 1 else "patients"
    if claim.condition == "all":
        told = f"{count_text(count)} {one} of all conditions"
    else:
        label = load_conditions().labels.get(claim.condition, claim.condition)
        told = f"{count_text(count)} {one} with {plain_text(label).lower()}"
    part = claim.group_keys.get("group", "")
    told = f"{told} ({word(GROUPS, part)})" if part else told
    return f"{told} in the arm '{plain_text(row.group)}'" if row.group_by == "arm" else told


def tell_reading(claim: Claim, verdict: Verdict, row: ResultRow) -> str:
    """Return how the words were read and on which side of that the interval lies.

    An absolute is contradicted by one case; where none was seen, the largest share that would
    still go unseen is told.
    """
    if claim.frequency:
        read, mark = f"Here {FREQUENCIES[claim.frequency].told}", "that"
    else:
        read, mark = "", f"the cited {band_text(claim.floor, claim.floor, unit=claim.unit)}"
    if claim.ceiling == 0:
        return f"{read}. {_tell_absolute(row)}"
    if row.low is None and row.high is None:
        return f"{read}. There is no interval, so there is no verdict.".removeprefix(". ")
    good, bad = ("at or above", "below") if claim.floor is not None else ("at or below", "above")
    where = {
        "meets": f"all of the interval is {good} {mark}",
        "falls short": f"all of the interval is {bad} {mark}",
    }.get(verdict, f"the interval reaches both sides of {mark}")
    if row.measure == "relieved_patients":
        where = {"meets": "there are as many on record"}.get(verdict, "there are fewer on record")
    return f"{read}: {where}." if read else f"{where[0].upper()}{where[1:]}."


def _tell_absolute(row: ResultRow) -> str:
    if row.n_events:
        return "There is more than one." if row.n_events > 1 else "There is one."
    most = share_text(at_most_when_none_seen(row.n), decimals=1)
    return (
        f"None was seen, which does not show that there is none: were the true share {most} (the "
        f"rule of three), none of {count_text(row.n)} would still be seen one time in twenty."
    )


def _who_and_what(row: ResultRow) -> tuple[str, str]:
    who, what = WHO_AND_WHAT[row.measure, row.definition]
    if row.population == "observed" and row.measure == "responder_share":
        who = "rated"
    pct = "" if row.threshold_pct is None else f"{row.threshold_pct:g}"
    return who, what.format(pct=pct, visit=visit_word(row.visit))


def _events(row: ResultRow) -> str:
    """Return "none", "all 12" or "31 (24 %)"; no percentage of fewer than ten patients."""
    events = row.n_events or 0
    if events == 0:
        return "none"
    if events == row.n:
        return "the one" if row.n == 1 else f"all {count_text(row.n)}"
    return count_text(events) if row.n < SMALL_N else (
        f"{count_text(events)} ({share_text(events / row.n)})"
    )  # fmt: skip


def _interval(claim: Claim, row: ResultRow) -> str:
    if row.low is None and row.high is None:
        return "there is no interval"
    marks = (claim.floor, claim.ceiling)
    return f"{level_text(row.level)} {interval_text(row, apart_from=marks)}"


def _not_known(row: ResultRow) -> str:
    if not row.n_missing:
        return ""
    were = "was" if row.n_missing == 1 else "were"
    if row.population == "all_starters":
        count = "counts" if row.n_missing == 1 else "count"
        return f"{count_text(row.n_missing)} {were} not rated and {count} as not responding."
    if row.measure == "early_response_share":
        return f"{count_text(row.n_missing)} more {were} not rated then."
    return f"Of {count_text(row.n_missing)} more it is not recorded."


def _tell_bounds(claim: Claim, row: ResultRow) -> str:
    """Whoever is not known may be either: the interval reaches from none to all of them."""
    who, what = _who_and_what(row)
    known = row.n - row.n_missing
    told = (
        f"Of {patients_text(claim, row, n=known)} {who}, {fraction_text(row.n_events or 0, known)}"
    )
    told = f"{told} {what}; {_interval(claim, row)} of all {count_text(row.n)}"
    if not row.n_missing:
        return f"{told}."
    return f"{told}, whatever was true of the {count_text(row.n_missing)} of whom it is not known."


def _tell_kept(claim: Claim, row: ResultRow) -> str:
    whom = (
        "who started"
        if row.population == "all_starters"
        else f"with at least {row.threshold_pct or 0:g} % less pain at the end of the series"
    )
    return (
        f"Of {patients_text(claim, row)} {whom}, {share_text(row.value)} (estimated) still had "
        f"that relief, and no booster, at {visit_word(row.visit)}; {_interval(claim, row)}."
    )


def _tell_slope(claim: Claim, row: ResultRow) -> str:
    way = "lower" if (row.value or 0.0) >= 0 else "higher"
    by = quantity_text(abs(row.value or 0.0), unit="score")
    missing = f" {count_text(row.n_missing)} more were not rated so." if row.n_missing else ""
    return (
        f"In {patients_text(claim, row)} rated after two or more infusions of the series, pain was "
        f"{way} by {by} points of 10 per further infusion (mean of patients' own lines); "
        f"{_interval(claim, row)}.{missing}"
    )


def _tell_ratio(claim: Claim, row: ResultRow) -> str:
    ratio = quantity_text(row.value, unit="ratio")
    return (
        f"After each further series relief lasted {ratio} times as long as after the one before "
        f"({_interval(claim, row)}; {count_text(row.n)} series). Doses are not compared."
    )


def _tell_count(claim: Claim, row: ResultRow) -> str:
    return (
        f"On record are {count_text(row.value)} patients with at least "
        f"{row.threshold_pct or 0:g} % less pain at {visit_word(row.visit)}, of "
        f"{count_text(row.n)} who started"
        f"{f' ({count_text(row.n_missing)} not rated)' if row.n_missing else ''}."
    )


def _tell_duration(claim: Claim, row: ResultRow) -> str:
    median = "not reached" if row.value is None else quantity_text(row.value, unit="weeks")
    return (
        f"the median time until relief was lost or a booster given is {median} in "
        f"{patients_text(claim, row)} with relief at the end of the series; "
        f"{_interval(claim, row)}."
    )
