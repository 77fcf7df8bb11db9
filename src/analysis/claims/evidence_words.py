"""Sentences on published evidence, made from the rows that count and those that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import pandas as pd

from analysis.claims.evidence import (
    NO_EVIDENCE,
    SUPPORTED,
    UNCONTROLLED,
    Evidence,
    EvidenceVerdict,
    Question,
    limits_of,
    sort_rows,
)
from analysis.labels import condition_word
from analysis.numbers import band_text, count_text, number_text, quantity_text, share_text

MEASURES = {
    "responder_rate": "a share of responders",
    "pct_pain_reduction": "a mean percent fall in pain",
    "mean_difference": "a difference in pain from a control group",
    "within_change": "a fall in pain within patients",
    "pain_score": "pain scores",
    "pain_score_mean": "pain scores",
    "complete_relief_rate": "a share without pain",
    "duration_weeks": "how long relief lasts",
    "duration_share": "a share whose relief lasts to a given week",
    "opioid_change": "a change in opioids",
    "adverse_event_rate": "a share with side effects",
    "blood_pressure_rise": "a rise in blood pressure",
    "resolution": "how soon side effects pass",
    "other": "other outcomes",
}
"""Outcome codes of the evidence table in words, after "reports"."""

GRADE = {
    "high": "",
    "moderate": "probably",
    "low": "may",
    "very low": "the evidence is very uncertain",
}
"""GRADE's words for a certainty (Santesso et al. 2020, J Clin Epidemiol 119:126, guideline 26)."""

SHOWN_AT_MOST = 3


def describe_evidence(
    evidence: Evidence,
    question: Question,
    verdicts: Sequence[EvidenceVerdict],
    labels: Mapping[str, str],
) -> str:
    """Return what published studies say of a claim, in a few sentences.

    Each design has a sentence; then what was measured instead where nothing counts, others' pools,
    and the same share on placebo.
    """
    rows = sort_rows(evidence, question)
    parts = [_verdict_sentence(rows, question, one, labels) for one in verdicts]
    if all(one.verdict == NO_EVIDENCE for one in verdicts):
        parts.append(_instead(evidence, question))
    parts += [_pools(rows), _benchmark(rows, question)]
    return " ".join(part for part in parts if part)


def _where(question: Question, labels: Mapping[str, str]) -> str:
    start, end = question.weeks
    names = " or ".join(condition_word(code, labels) for code in question.conditions)
    among = f" in {names}" if names else ""
    if start == 0 and not isfinite(end):
        return among
    if not isfinite(end):
        return f"{among} at {number_text(start)} weeks or later"
    return f"{among} within {number_text(end)} weeks" if start == 0 else (
        f"{among} from {number_text(start)} to {number_text(end)} weeks"
    )  # fmt: skip


def _verdict_sentence(
    rows: pd.DataFrame, question: Question, one: EvidenceVerdict, labels: Mapping[str, str]
) -> str:
    what = MEASURES[question.outcome]
    if question.threshold is not None:
        what = f"{what} (at least {number_text(question.threshold)} % less)"
    kind = "uncontrolled study" if one.design == UNCONTROLLED else "randomized trial"
    if one.k == 0:
        return f"No {kind} reports {what}{_where(question, labels)}."
    counted = rows[rows["result_id"].isin(one.result_ids)]
    if one.pooled is None:
        shown = "; ".join(study_text(row) for row in counted.to_dict("records"))
        number = "One" if one.k == 1 else "Two"
        does = "reports" if one.k == 1 else "report"
        plural = kind if one.k == 1 else kind.replace("study", "studies").replace("trial", "trials")
        return f"{number} {plural} {does} {what}{_where(question, labels)}: {shown}."
    unit = counted["unit"].iloc[0]
    low, high = limits_of(one.pooled)
    held = "a further study may lie anywhere from" if one.k >= 5 else "the interval runs from"
    said = (
        f"{count_text(one.k)} {kind.replace('study', 'studies').replace('trial', 'trials')} with "
        f"{count_text(one.n)} patients give {quantity_text(one.pooled.value, unit=unit)}; {held} "
        f"{quantity_text(low, unit=unit)} to {quantity_text(high, unit=unit)}: {one.verdict} "
        f"(certainty {one.certainty})."
    )
    if one.verdict != SUPPORTED and question.effect and one.design == UNCONTROLLED:
        said += " Without a control group they cannot show that the treatment did it."
    return said


def study_text(row: Mapping[str, object]) -> str:
    """Return a published result in short: "Bosma 2018, 50 % of 30"."""
    name = f"{row['first_author'] or row['study']} {row['year']}".strip()
    value, n, events = row["estimate"], row["n"], row["events"]
    unit = str(row["unit"])
    if unit == "share":
        share = value if value == value else events / n  # type: ignore[operator]
        told = share_text(float(share))  # type: ignore[arg-type]
        return f"{name}, {told} of {count_text(n)}" if n == n else f"{name}, {told}"  # type: ignore[arg-type]
    told = quantity_text(float(value), unit=unit)  # type: ignore[arg-type]
    return f"{name}, {told}" + (f" (n = {count_text(n)})" if n == n else "")  # type: ignore[arg-type]


def _instead(evidence: Evidence, question: Question) -> str:
    """Return what studies of the condition measured instead, most frequent first."""
    rows = evidence.results
    own = rows[(rows["role"] == "primary") & (rows["duplicate_of"] == "") & (rows["arm"] == "ketamine")]
    if question.conditions:
        own = own[own["condition"].isin(question.conditions)]
    own = own[(own["outcome"] != "other") & (own["outcome"] != question.outcome)]
    counts = own.groupby("outcome")["study"].nunique().sort_values(ascending=False)
    told = [f"{MEASURES.get(code, code)} ({count_text(k)})" for code, k in counts.head(SHOWN_AT_MOST).items()]
    return f"Studies report instead: {', '.join(told)}." if told else ""


def _pools(rows: pd.DataFrame) -> str:
    pools = rows[(rows["reason"] == "pool") & (rows["duplicate_of"] == "") & rows["estimate"].notna()]
    told = []
    for row in pools.head(SHOWN_AT_MOST).to_dict("records"):
        ends = ""
        if row["low"] == row["low"]:
            ends = f" ({band_text(row['low'], row['high'], unit=row['unit'])})"
        week = f" at {number_text(row['weeks'])} weeks" if row["weeks"] == row["weeks"] else ""
        told.append(f"{row['first_author']} {row['year']}, {quantity_text(row['estimate'], unit=row['unit'])}{ends}{week}")
    return f"Pools made by others, shown and not pooled again: {'; '.join(told)}." if told else ""


def _benchmark(rows: pd.DataFrame, question: Question) -> str:
    """Return the same share where the treatment was not given."""
    kept = rows[(rows["role"] == "benchmark") & (rows["statistic"] == question.statistic)
                & rows["estimate"].notna()]  # fmt: skip
    if question.threshold is not None:
        kept = kept[kept["threshold"] == question.threshold]
    told = [
        f"{share_text(row['estimate'])} {'on placebo' if row['arm'] == 'placebo' else 'with usual care'} "
        f"({row['first_author']} {row['year']}, n = {count_text(row['n'])})"
        for row in kept.to_dict("records") if row["unit"] == "share"
    ]  # fmt: skip
    return f"Without ketamine the same share was {'; '.join(told)}." if told else ""
