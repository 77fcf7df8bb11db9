"""Sentences on published evidence, made from the rows that count and those that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, isnan
from typing import Any

import pandas as pd

from analysis.claims.evidence import (
    LEAST_PREDICTED,
    NO_EVIDENCE,
    RANDOMIZED,
    SHOWN,
    UNCONTROLLED,
    Evidence,
    EvidenceVerdict,
    Question,
    limits_of,
    name_study,
    sort_rows,
)
from analysis.labels import condition_word, word, words_in
from analysis.numbers import count_text, number_text, quantity_text, share_text
from analysis.stats.natural_course import TRIALS_HIGH, TRIALS_LOW, Course

OUTCOMES = words_in("evidence.outcomes")
"""Outcome codes of the evidence table in words, after "reports"."""

TERMS = words_in("evidence.terms")
"""Side effects that questions name."""

KINDS = {
    RANDOMIZED: ("randomized trial", "randomized trials"),
    UNCONTROLLED: ("uncontrolled study", "uncontrolled studies"),
}

UNITS = words_in("evidence.units")
WHY = words_in("evidence.left_out")
"""Reasons of `analysis.claims.evidence.REASONS`, after "left out: 3 for"."""

WITHOUT = words_in("evidence.arms")

SHOWN_AT_MOST = 3


def describe_evidence(
    evidence: Evidence,
    question: Question,
    verdicts: Sequence[EvidenceVerdict],
    labels: Mapping[str, str],
) -> str:
    """Return what published studies say of a claim, in a few sentences.

    A sentence for each design, or one where no study counts, which then says what was measured
    instead; others' pools; and the same share without the treatment.
    """
    rows = sort_rows(evidence, question)
    what = f"{_measure(question)}{_where(question, labels)}"
    if all(one.verdict == NO_EVIDENCE for one in verdicts):
        parts = [f"No published result answers it: {what}.", _left_out(rows),
                 _instead(evidence, question)]  # fmt: skip
    else:
        parts = [_verdict_sentence(rows, question, one, what) for one in verdicts]
    parts += [_pools(rows, question), _benchmark(rows, question)]
    return " ".join(part for part in parts if part)


def _measure(question: Question) -> str:
    what = word(OUTCOMES, question.outcome)
    if question.term:
        what = what.replace("side effects", word(TERMS, question.term))
    if question.threshold is not None:
        what = f"{what} (at least {number_text(question.threshold)}% less)"
    return what


def _where(question: Question, labels: Mapping[str, str]) -> str:
    start, end = question.weeks
    names = " or ".join(condition_word(code, labels) for code in question.conditions)
    among = f" in {names}" if names else ""
    if isfinite(end):
        return f"{among} within {number_text(end)} weeks"
    return f"{among} at {number_text(start)} weeks or later" if start else among


def _verdict_sentence(
    rows: pd.DataFrame, question: Question, one: EvidenceVerdict, what: str
) -> str:
    single, several = KINDS[one.design]
    if one.k == 0:
        return f"No {single} reports {what}."
    counted = rows[rows["result_id"].isin(one.result_ids)]
    if one.pooled is None:
        shown = "; ".join(study_text(row) for row in counted.to_dict("records"))
        if one.k == 1:
            return f"One {single} reports {what}: {shown}."
        return f"Two {several} report {what}: {shown}."
    unit = counted["unit"].iloc[0]
    low, high = (quantity_text(end, unit=unit) for end in limits_of(one.pooled))
    held = "a further study may lie anywhere from" if one.k >= LEAST_PREDICTED else "interval"
    said = (
        f"{count_text(one.k)} {several} with {count_text(one.n)} patients report {what}: "
        f"pooled {quantity_text(one.pooled.value, unit=unit)}; {held} {low} to {high}. "
        f"The claim is {one.verdict} (certainty {one.certainty})."
    )
    if question.effect and one.design == UNCONTROLLED:
        said += " Without a control group they cannot show that the treatment did it."
    return said


def study_text(row: Mapping[str, Any]) -> str:
    """Return a published result in short: "Bosma 2018, 50% of 30"."""
    name = name_study(row)
    value, n = row["estimate"], row["n"]
    if isnan(value):
        value = row["events"] / n
    told = _number(value, row)
    if row["unit"] == "share":
        return f"{name}, {told} of {count_text(n)}" if not isnan(n) else f"{name}, {told}"
    return f"{name}, {told} (n = {count_text(n)})" if not isnan(n) else f"{name}, {told}"


def _number(value: float, row: Mapping[str, Any]) -> str:
    unit = row["unit"]
    if row["statistic"] == "risk_difference":
        return f"{number_text(100 * value)} points"
    if unit == "share":
        return share_text(value)
    if unit in ("percent", "weeks"):
        return quantity_text(value, unit=unit)
    return f"{number_text(value, decimals=row['decimals'])} {UNITS.get(unit, '')}".strip()


def _left_out(rows: pd.DataFrame) -> str:
    """Return why the results on this outcome do not count."""
    reasons = rows["reason"][~rows["reason"].isin([*SHOWN, "duplicate", "comparator_arm"])]
    if reasons.empty:
        return ""
    told = [f"{count_text(k)} for {WHY[code]}" for code, k in reasons.value_counts().items()]
    total = "1 result" if len(reasons) == 1 else f"{count_text(len(reasons))} results"
    return f"{total} on such an outcome left out: {', '.join(told)}."


def _instead(evidence: Evidence, question: Question) -> str:
    """Return what studies of the condition measured instead, most frequent first."""
    rows = evidence.results
    own = rows[
        (rows["role"] == "primary")
        & (rows["duplicate_of"] == "")
        & (rows["arm"] == "ketamine")
        & ~rows["outcome"].isin(["other", question.outcome])
    ]
    if question.conditions:
        own = own[own["condition"].isin(question.conditions)]
    counts = own.groupby("outcome")["study"].nunique().sort_values(ascending=False)
    told = [f"{word(OUTCOMES, str(code))} ({count_text(k)} {'study' if k == 1 else 'studies'})"
            for code, k in counts.head(SHOWN_AT_MOST).items()]  # fmt: skip
    return f"Studies report instead: {', '.join(told)}." if told else ""


def _pools(rows: pd.DataFrame, question: Question) -> str:
    pools = rows[
        (rows["reason"] == "pool")
        & (rows["duplicate_of"] == "")
        & rows["estimate"].notna()
        & ((rows["term"] == question.term) | (question.term == ""))
    ]
    # The latest come first: a claim that names no time is read at four weeks and later.
    pools = pools.sort_values("weeks", ascending=False, kind="stable").head(SHOWN_AT_MOST)
    told = []
    for row in pools.to_dict("records"):
        ends = ""
        if not isnan(row["low"]):
            ends = f" ({_number(row['low'], row)} to {_number(row['high'], row)})"
        week = "" if isnan(row["weeks"]) else f" at {_week(row)}"
        told.append(
            f"{row['first_author']} {row['year']}, {_number(row['estimate'], row)}{ends}{week}"
        )
    return f"Pools made by others, shown and not pooled again: {'; '.join(told)}." if told else ""


def _week(row: Mapping[str, Any]) -> str:
    if row["weeks"] == 0:
        return "the end of treatment" if row["clock"] == "end" else "once"
    return quantity_text(row["weeks"], unit="weeks")


def _benchmark(rows: pd.DataFrame, question: Question) -> str:
    """Return the same share where the treatment was not given."""
    kept = rows[
        (rows["role"] == "benchmark")
        & (rows["statistic"] == question.statistic)
        & (rows["unit"] == "share")
        & (rows["term"] == question.term)
        & rows["estimate"].notna()
    ]
    if question.threshold is not None:
        kept = kept[kept["threshold"] == question.threshold]
    told = [
        f"{WITHOUT.get(row['arm'], row['arm'])} {study_text(row)}"
        + ("" if isnan(row["weeks"]) else f" at {_week(row)}")
        for row in kept.to_dict("records")
    ]
    return f"For comparison: {'; '.join(told)}." if told else ""


def describe_regression(course: Course, name: str) -> str:
    """Return what regression to the mean would have given a condition, in a few sentences."""
    trials = [course.expected(r, course.before - 1) for r in (TRIALS_HIGH, TRIALS_LOW)]
    words = (
        f"{name}: pain fell by {_points(course.fall.value)} (from {_points(course.before)} before; "
        f"n = {count_text(course.fall.n)}). If the usual pain of these patients were one point "
        "below their baseline, regression to the mean alone would give a fall of "
        f"{_points(trials[0])} to {_points(trials[1])} (correlations of trials)"
    )
    if course.own is not None:
        words += f", {_points(course.expected(course.own, course.before - 1))} by this export's own"
    words += "."
    place = course.explained_at
    if place is None:
        return f"{words} The fall is the same at each baseline, as regression to the mean is not."
    if place.low is None or place.high is None:
        return f"{words} At which usual pain it would explain all of the fall cannot be told here."
    if not 0 <= (place.value or 0.0) <= course.before:
        return f"{words} No usual pain on the scale would explain all of the fall."
    low = "anything" if place.low < 0 else _points(place.low)
    return (
        f"{words} It would explain all of the fall if their usual pain were "
        f"{_points(place.value)} ({low} up to {_points(place.high)})."
    )


def _points(value: float | None) -> str:
    return number_text(value, decimals=1)
