"""Question B: does published evidence bear a claim out?

The evidence table holds one row a published result (data/evidence). Every row is counted, shown or
left out for one coded reason; what is counted is pooled by design and judged by a rule that was
written down before anything was pooled (decision 0051). Patients of a clinic never enter here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import floor, isfinite, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from analysis.claims.judgement import Published, PublishedVerdict
from analysis.claims.ledger import ALL, HEADLINE, Claim, is_own_row, load_ledger, read_records
from analysis.errors import EvidenceError, suggest
from analysis.labels import words_in
from analysis.settings import data_folder
from analysis.stats.meta import Pooled, log_ratios, pool_effects, pool_shares

RANDOMIZED, UNCONTROLLED = "randomized", "uncontrolled"

DESIGNS = words_in("evidence.designs")
"""Design codes of studies, and what is never pooled with what."""

ROLES = ("primary", "pool", "guideline", "benchmark", "label", "signal")
"""``primary`` results are counted; all others are shown: others' pools, guidelines, what happens
without the treatment (``benchmark``), drug labels, and reports without a denominator."""

WINDOWS = (
    ("day", 0.0, 1 / 7),
    ("weeks", 1 / 7, 3.5),
    ("months", 3.5, 14.0),
    ("later", 14.0, np.inf),
)
"""Time windows in weeks, right end included: 0-1 day, 2 days to 3 weeks, 4 to 12 weeks (and three
months, which are 13), later."""

FAR_FROM = 3.5
"""Weeks from which a result counts for a claim that names no time: four weeks and later."""

LEAST_POOLED, LEAST_PREDICTED = 3, 5
"""Studies from which there is a pooled number, and from which the prediction interval decides."""

INFORMATION_SIZE = 400
"""Patients below which a pooled number is imprecise: GRADE's rule of thumb for continuous outcomes
(Guyatt et al. 2011, J Clin Epidemiol 64:1283), used here for shares too."""

COINCIDENCE = 20
"""Patients below which two studies may well have the same counts by chance."""

CERTAINTY = ("very low", "low", "moderate", "high")

SUPPORTED: PublishedVerdict = "supported"
CONTRADICTED: PublishedVerdict = "contradicted"
UNSETTLED: PublishedVerdict = "unsettled"
NO_EVIDENCE: PublishedVerdict = "no evidence"

REASONS = words_in("evidence.reasons")
"""Why a row is shown or left out; the first that applies."""

SHOWN = ("pool", "guideline", "benchmark", "label", "signal")
_NUMBERS = ("n", "weeks", "weeks_to", "events", "estimate", "low", "high", "level", "sd", "se",
            "threshold", "comparator_n", "comparator_events", "comparator_estimate")  # fmt: skip
_REQUIRED = ("result_id", "study", "condition", "subtype", "arm", "route", "group", "outcome",
             "term", "statistic", "threshold_unit", "clock", "unit", "p_value", "comparator",
             "analysis_unit", "role", "part_of", "duplicate_of", "verified")  # fmt: skip
_OF_STUDIES = ("first_author", "year", "design", "status", "risk_of_bias", "same_patients_as")
SIDES = ("at_least", "at_most", "below", "none")
"""On which side of its limit a claim is true; ``none``: studies are shown, not judged."""

HEADACHES = ("headache", "migraine", "cluster_headache")


@dataclass(frozen=True, eq=False)
class Evidence:
    """The evidence table, and what was wrong with rows that were left out on reading."""

    studies: pd.DataFrame  # one row a study, by `study`
    results: pd.DataFrame  # one row a result, joined with its study
    problems: tuple[str, ...]
    overrides: Mapping[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict
    )  # `load_overrides`

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The rows of ``results``, in plain Python."""
        return self.results.to_dict("records")


class Question(NamedTuple):
    """What of the evidence answers a claim."""

    claim_id: str
    conditions: tuple[str, ...]  # empty: any
    outcome: str
    term: str
    statistic: str
    threshold: float | None
    weeks: tuple[float, float]
    limit: float | None  # shares in [0, 1]
    side: str  # at_least, at_most, below; none: shown only
    effect: bool  # the words claim that the treatment does it


class EvidenceVerdict(NamedTuple):
    """What studies of one design say of a claim."""

    claim_id: str
    design: str
    verdict: PublishedVerdict
    k: int  # studies counted
    n: int  # their patients
    pooled: Pooled | None  # from three studies on
    certainty: str  # in GRADE's words; empty without a pooled number
    why: tuple[str, ...]  # each step down, in words
    result_ids: tuple[str, ...]


# --- reading ------------------------------------------------------------------------------------


def load_evidence(folder: Path | None = None) -> Evidence:
    """Read the evidence table; a row that cannot be right is named and left out.

    The ``folder`` holds studies.csv and results.csv; the suite's own where None.

    Raises
    ------
    EvidenceError
        A file or column is missing, or no usable row is left.
    """
    folder = folder or data_folder() / "evidence"
    studies = _read(folder / "studies.csv", ("study", *_OF_STUDIES))
    results = _read(folder / "results.csv", (*_REQUIRED, *_NUMBERS))
    problems = [f"studies.csv: {name} stands twice; its first row is used."
                for name in studies["study"][studies["study"].duplicated()]]  # fmt: skip
    studies = studies.drop_duplicates("study").set_index("study")
    for name, design in studies["design"].items():
        if design not in DESIGNS:
            problems.append(
                f"studies.csv, {name}: the design '{design}' is none of {', '.join(DESIGNS)}."
                f"{suggest(design, DESIGNS)} Its results are left out."
            )
    studies = studies[studies["design"].isin(DESIGNS)]
    results["decimals"] = [len(text.partition(".")[2]) for text in results["estimate"]]
    wrong: dict[str, str] = {}
    for column in _NUMBERS:
        numbers = pd.to_numeric(results[column], errors="coerce")
        for name in results["result_id"][numbers.isna() & (results[column] != "")]:
            wrong.setdefault(name, f"{column} is no number.")
        results[column] = numbers
    for row in results.to_dict("records"):
        complaint = _complaint(row, studies.index)
        if complaint:
            wrong.setdefault(row["result_id"], complaint)
    problems += [
        f"results.csv, {name}: {words} The row is left out." for name, words in wrong.items()
    ]
    results = results[~results["result_id"].isin(list(wrong))].drop_duplicates("result_id")
    shares = (results["unit"] == "percent") & results["statistic"].isin(
        ["share", "risk_difference"]
    )
    for column in ("estimate", "low", "high", "comparator_estimate"):
        results[column] = results[column].where(~shares, results[column] / 100)
    results["unit"] = results["unit"].where(~shares, "share")
    twins = _twins(results)
    problems += [f"results.csv: {new} has the numbers of {old} and counts as the same result."
                 for new, old in twins.items()]  # fmt: skip
    results["duplicate_of"] = [
        twins.get(name, given)
        for name, given in zip(results["result_id"], results["duplicate_of"], strict=True)
    ]
    if results.empty:
        raise EvidenceError(
            f"{folder} holds no usable result; published evidence cannot be judged."
        )
    results = results.join(studies[list(_OF_STUDIES)], on="study")
    results["design_class"] = results["design"].map(DESIGNS)
    results["window"] = [window_of(week) for week in results["weeks"]]
    checks = audit_results(results)
    results["consistent"] = ~results["result_id"].isin(checks["result_id"][~checks["passes"]])
    return Evidence(
        studies, results.reset_index(drop=True), tuple(problems), load_overrides(folder)
    )


def load_trials() -> pd.DataFrame:
    """Return trials that have begun and have no published result: ``not yet``, never evidence.

    Columns ``trial``, ``condition`` (empty where not known), ``what``, ``patients`` (planned),
    ``status``, ``since``, ``registry``, ``url``, ``verified``, all as text.
    """
    path = data_folder() / "evidence" / "trials.csv"
    return _read(path, ("trial", "condition", "what", "patients", "status", "since", "registry",
                        "url", "verified"))  # fmt: skip


def _read(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """Return a table of the evidence as text; its first column names a row."""
    if not path.is_file():
        raise EvidenceError(f"there is no evidence table at {path}.")
    rows = read_records(path, needed, name=needed[0], error=EvidenceError)
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else list(needed), dtype="str")


def _complaint(row: dict[str, Any], studies: pd.Index) -> str:
    """Return what makes a row impossible, or nothing."""
    if row["study"] not in studies:
        return (
            f"the study '{row['study']}' has no row in studies.csv.{suggest(row['study'], studies)}"
        )
    if row["role"] not in ROLES:
        return (
            f"the role '{row['role']}' is none of {', '.join(ROLES)}.{suggest(row['role'], ROLES)}"
        )
    if row["verified"] not in ("yes", "no"):
        return f"verified is '{row['verified']}', neither yes nor no."
    for events, n in (("events", "n"), ("comparator_events", "comparator_n")):
        if row[events] > row[n]:
            return f"{events} {row[events]:g} are more than the {row[n]:g} of {n}."
        if row[events] < 0 or row[n] <= 0:
            return f"{events} and {n} must be counts, n above 0."
    if row["low"] > row["high"]:
        return f"its interval runs from {row['low']:g} down to {row['high']:g}."
    if row["role"] == "primary" and np.isnan(row["n"]) and not np.isnan(row["events"]):
        return f"it has {row['events']:g} events and no number of patients (n)."
    return ""


def _twins(results: pd.DataFrame) -> dict[str, str]:
    """Return rows that have the numbers of an earlier one of their kind, by the earlier one."""
    keys = ["condition", "arm", "outcome", "term", "statistic", "threshold", "weeks", "n", "events",
            "estimate", "low", "high"]  # fmt: skip
    told = results[
        (results["duplicate_of"] == "")
        & (results["role"] == "primary")
        & ((results["n"] >= COINCIDENCE) | results["low"].notna())
        & results[["events", "estimate", "low"]].notna().any(axis=1)
    ]
    first = told.groupby(keys, dropna=False)["result_id"].transform("first")
    same = first != told["result_id"]
    return dict(zip(told["result_id"][same], first[same], strict=True))


def window_of(weeks: float) -> str:
    """Return the code of the time window of a week; empty where no time is printed."""
    return next((name for name, left, right in WINDOWS
                 if left < weeks <= right or (weeks == left == 0)), "")  # fmt: skip


# --- arithmetic ---------------------------------------------------------------------------------


def audit_results(results: pd.DataFrame) -> pd.DataFrame:
    """Check each published number against the others of its row.

    Parameters
    ----------
    results : DataFrame
        Of `load_evidence`.

    Returns
    -------
    DataFrame
        One row a check: ``result_id``, ``check``, ``passes``, ``words``.

        grim
            Is the percentage possible among so many patients, in the decimals printed (Brown and
            Heathers 2017, Soc Psychol Personal Sci 8:363)? A half may be rounded either way.
        events
            Do events and patients give the percentage?
        inside
            Does the interval hold the estimate?
        error
            Does the standard error give the interval, to a fifth of its width?
        p
            Is the printed p on the side of 0.05 (of 1 for ratios) where the interval puts it?
        sign
            Does a fall within patients agree in sign with the two means it comes from?
    """
    rows: list[tuple[str, str, bool, str]] = []
    for row in results.to_dict("records"):
        rows += [(row["result_id"], *check) for check in _checks(row)]
    frame = pd.DataFrame(rows, columns=["result_id", "check", "passes", "words"])
    return frame.astype({"passes": bool})


def _checks(row: dict[str, Any]) -> Iterable[tuple[str, bool, str]]:
    value, n, events, low, high, base = (
        row[name] for name in ("estimate", "n", "events", "low", "high", "comparator_estimate")
    )
    is_share = row["unit"] == row["statistic"] == "share" and row["role"] == "primary"
    if is_share and not np.isnan(value) and not np.isnan(n):
        percent, digits = value * 100, row["decimals"]
        room = 0.5 * 10.0**-digits + 1e-9
        if np.isnan(events):
            near = min(abs(k / n * 100 - percent) for k in (floor(value * n), floor(value * n) + 1))
            words = f"{percent:.{digits}f}% of {n:g} is no whole number of patients."
            yield "grim", near <= room, words
        else:
            words = (
                f"{events:g} of {n:g} is {events / n * 100:.1f}%, printed is {percent:.{digits}f}%."
            )
            yield "events", abs(events / n * 100 - percent) <= room, words
    if not np.isnan(low) and not np.isnan(value):
        yield "inside", low <= value <= high, f"{value:g} lies outside {low:g} to {high:g}."
    if not np.isnan(low) and not np.isnan(row["se"]):
        width = 2 * norm.ppf(0.5 + row["level"] / 200) * row["se"]
        close = abs(width - (high - low)) <= 0.2 * (high - low)
        yield "error", close, "the standard error does not give the interval."
    p = _p_of(row["p_value"])
    if p is not None and not np.isnan(low) and row["level"] == 95 and row["unit"] != "share":
        null = 1.0 if row["statistic"] in ("risk_ratio", "odds_ratio") else 0.0
        sharp = p[1] <= 0.05 if low > null or high < null else p[0] >= 0.05 or p[1] > 0.05
        words = f"p {row['p_value']} does not go with an interval from {low:g} to {high:g}."
        yield "p", sharp, words
    if row["outcome"] == "within_change" and not np.isnan(base) and row["comparator"] == "baseline":
        yield "sign", value <= 0, "a fall in pain has a negative sign in this table."


def _p_of(text: str) -> tuple[float, float] | None:
    """Return the least and largest p that a printed one may mean."""
    bare = text.replace(" ", "").lstrip("p=")
    if bare == "ns":
        return 0.05, 1.0
    try:
        return (0.0, float(bare[1:])) if bare[:1] == "<" else (float(bare), float(bare))
    except ValueError:
        return None


# --- which rows answer a claim ------------------------------------------------------------------


def load_questions(claims: Sequence[Claim], folder: Path | None = None) -> tuple[Question, ...]:
    """Read which measure of the evidence answers which claim.

    Raises
    ------
    EvidenceError
        A column that is missing, a side that is not known, or text where a number belongs.
    """
    path = (folder or data_folder() / "evidence") / "questions.csv"
    columns = ("claim_id", "outcome", "term", "statistic", "threshold", "weeks_from", "weeks_to",
               "limit", "side", "effect")  # fmt: skip
    rows = {row["claim_id"]: row for row in _read(path, columns).to_dict("records")}
    asked = {_asks(one): rows[one.claim_id] for one in load_ledger() if one.claim_id in rows}
    found = []
    for claim in claims:
        # A claim of another page has the question of the row with the same reading.
        row = rows.get(claim.claim_id, {}) if is_own_row(claim) else asked.get(_asks(claim), {})
        if not row:
            continue
        where = f"questions.csv, {row['claim_id']}"
        if row["side"] not in SIDES:
            raise EvidenceError(
                f"{where}: the side '{row['side']}' is none of {', '.join(SIDES)}."
                f"{suggest(row['side'], SIDES)}"
            )
        threshold, start, end, limit = (
            _number(row[name], f"{where}, {name}")
            for name in ("threshold", "weeks_from", "weeks_to", "limit")
        )
        condition = HEADACHES if claim.condition == "headache" else (claim.condition,)
        found.append(
            Question(
                claim_id=claim.claim_id,
                conditions=() if claim.condition == ALL else condition,
                outcome=row["outcome"],
                term=row["term"],
                statistic=row["statistic"],
                threshold=threshold,
                weeks=(start or 0.0, np.inf if end is None else end),
                limit=claim.cited_low if limit is None else limit,
                side=row["side"],
                effect=row["effect"] == "yes",
            )
        )
    return tuple(found)


def _asks(claim: Claim) -> tuple[object, ...]:
    """Return what decides which published results answer a claim."""
    if claim.answer != "computed" or claim.measure not in HEADLINE:
        return (claim.wording,)
    return claim.condition, claim.measure, claim.definition, claim.threshold_pct, claim.group


def _number(text: str, where: str) -> float | None:
    """Return a number, None for no text."""
    try:
        return float(text) if text else None
    except ValueError:
        raise EvidenceError(f"{where}: '{text}' is no number.") from None


@lru_cache(maxsize=256)
def sort_rows(evidence: Evidence, question: Question) -> pd.DataFrame:
    """Say of each result on a question's condition and outcome whether it counts for it.

    The results with ``reason``: empty where the row counts, else a code of ``REASONS``. It is made
    once for a question, so it is read and never changed.
    """
    rows = evidence.results
    about = rows["outcome"] == question.outcome
    if question.conditions:
        about &= rows["condition"].isin(question.conditions)
    rows = rows[about].copy()
    rows["reason"] = [_reason(evidence.records[place], question) for place in rows.index]
    counted = rows["reason"] == ""
    # A study counts once: its last time inside the window, then the larger group.
    order = rows[counted].sort_values(["weeks", "n"], ascending=False, kind="stable")
    again = order["result_id"][order.duplicated(["study", "subtype"])]
    rows.loc[rows["result_id"].isin(again), "reason"] = "part"
    held = set(rows["study"][rows["reason"] == ""])
    for place, row in rows[rows["reason"] == ""].iterrows():
        others = {name for name in row["same_patients_as"].split() if name in held}
        if others and row["study"] > min(others):
            rows.loc[place, "reason"] = "same_patients"
            held.discard(row["study"])
    return rows


def _structural(row: dict[str, Any]) -> str:
    """Return the reason why a row can count for no question, or nothing."""
    if row["role"] in SHOWN:
        return str(row["role"])
    tests = (
        ("duplicate", row["duplicate_of"] != ""),
        ("comparator_arm", row["arm"] != "ketamine"),
        ("other_use", row["route"] not in ("intravenous", "")),
        ("group", row["group"] != "usual"),
        ("infusions", row["analysis_unit"] == "infusion"),
        ("single_case", row["analysis_unit"] == "case"),
        ("arithmetic", not row["consistent"]),
        ("no_number", np.isnan(row["estimate"]) and np.isnan(row["events"])),
        ("no_patients", np.isnan(row["n"])),
    )
    return next((code for code, true in tests if true), "")


def _reason(row: dict[str, Any], question: Question) -> str:
    structural = _structural(row)
    if structural:
        return structural
    threshold = row["threshold"] if row["threshold_unit"] == "percent" else np.nan
    start, end = question.weeks
    timed = start > 0 or isfinite(end)
    tests = (
        ("other_measure", bool(question.term) and row["term"] != question.term),
        ("other_measure", row["statistic"] != question.statistic),
        ("other_measure", question.threshold is not None and threshold != question.threshold),
        ("no_time", timed and np.isnan(row["weeks"])),
        ("other_window", timed and not max(start - 0.5, 0) <= row["weeks"] <= end),
        ("part", row["part_of"] != ""),
        ("no_spread", row["unit"] != "share" and np.isnan(spread_of(row))),
    )
    return next((code for code, true in tests if true), "")


def account_for_rows(evidence: Evidence, questions: Sequence[Question]) -> pd.DataFrame:
    """Say of every row whether it was counted, shown or left out, and why, over all questions.

    All results with ``use`` (counted, shown, left out) and ``reason``.
    """
    rows = evidence.results.copy()
    sorted_rows = [sort_rows(evidence, question) for question in questions]
    counted = {name for one in sorted_rows for name in one["result_id"][one["reason"] == ""]}
    later: dict[str, str] = {}
    for one in sorted_rows:
        later |= dict(zip(one["result_id"], one["reason"], strict=True))
    asked = {question.outcome for question in questions}
    rows["reason"] = [
        "" if row["result_id"] in counted
        else _structural(row) or (
            later.get(row["result_id"], "other_measure") if row["outcome"] in asked
            else "other_outcome"
        )
        for row in evidence.records
    ]  # fmt: skip
    rows["use"] = [
        "counted" if not reason else "shown" if reason in SHOWN else "left out"
        for reason in rows["reason"]
    ]
    return rows


# --- pooling and judging ------------------------------------------------------------------------


def spread_of(row: dict[str, Any]) -> float:
    """Return the standard error of a row: as printed, from SD and n, or from the interval."""
    if not np.isnan(row["se"]):
        return float(row["se"])
    if not np.isnan(row["sd"]):
        return float(row["sd"] / sqrt(row["n"]))
    return float((row["high"] - row["low"]) / (2 * norm.ppf(0.5 + row["level"] / 200)))


def counts_of(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return events and patients; events that are not printed are the nearest whole number."""
    n = rows["n"].to_numpy()
    events = rows["events"].fillna((rows["estimate"] * rows["n"]).round()).to_numpy()
    return events, n


def pool_rows(rows: pd.DataFrame) -> Pooled | None:
    """Pool the counted rows of one design and unit (`sort_rows`); None below three studies."""
    if len(rows) < LEAST_POOLED:
        return None
    if (rows["unit"] == "share").all():
        return pool_shares(*counts_of(rows))
    spreads = [spread_of(row) for row in rows.to_dict("records")]
    return pool_effects(rows["estimate"].to_numpy(), spreads)


def pool_ratios(rows: pd.DataFrame) -> Pooled | None:
    """Pool ratios of response, ketamine over control, of trials that print both counts.

    Crossover trials count as if their periods were independent, which makes intervals wider, not
    narrower.
    """
    told = rows.dropna(subset=["comparator_events", "comparator_n"])
    if len(told) < LEAST_POOLED:
        return None
    return pool_effects(
        *log_ratios(*counts_of(told), told["comparator_events"], told["comparator_n"])
    )


def judge_question(
    evidence: Evidence, question: Question
) -> tuple[EvidenceVerdict, EvidenceVerdict]:
    """Judge a claim by the randomized and by the uncontrolled studies, each for itself.

    Notes
    -----
    The rule of decision 0051. No counted study: no evidence. One or two: unsettled. From three the
    pooled interval, from five the prediction interval is held against the limit: all of it on the
    side of the claim supports it, none of it contradicts it. A claim that the treatment does
    something is never supported by uncontrolled studies, and by randomized ones only where the
    ratio over control lies above 1 as well.
    """
    rows = sort_rows(evidence, question)
    return tuple(  # type: ignore[return-value]
        _judge(
            rows[(rows["reason"] == "") & (rows["design_class"] == design)],
            question,
            design,
            evidence.overrides.get((question.claim_id, design)),
        )
        for design in (RANDOMIZED, UNCONTROLLED)
    )


def _judge(
    rows: pd.DataFrame, question: Question, design: str, override: tuple[str, str] | None
) -> EvidenceVerdict:
    k, n = rows["study"].nunique(), int(rows["n"].sum())
    pooled = pool_rows(rows)
    verdict = NO_EVIDENCE if k == 0 else UNSETTLED
    certainty: str = ""
    why: tuple[str, ...] = ()
    if pooled is not None and question.side != "none" and question.limit is not None:
        low, high = limits_of(pooled)
        supported, contradicted = {
            "at_least": (low >= question.limit, high < question.limit),
            "at_most": (high <= question.limit, low > question.limit),
            "below": (high < question.limit, low > question.limit),
        }[question.side]
        if question.effect and supported:
            # A mean difference is one to the control arm already.
            ratio = None if question.outcome == "mean_difference" else pool_ratios(rows)
            beats = question.outcome == "mean_difference" or (ratio is not None and ratio.low > 0)
            supported = design == RANDOMIZED and beats
        verdict = SUPPORTED if supported else CONTRADICTED if contradicted else UNSETTLED
    if pooled is not None:
        certainty, why = rate_certainty(rows, pooled, question)
    if override is not None and k:
        certainty, why = override[0], (*why, override[1])
    return EvidenceVerdict(
        claim_id=question.claim_id, design=design, verdict=verdict, k=k, n=n, pooled=pooled,
        certainty=certainty, why=why, result_ids=tuple(rows["result_id"]),
    )  # fmt: skip


def leave_one_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Pool counted rows without each study in turn.

    Columns ``without`` (the study), ``value``, ``low``, ``high``; empty below four studies.
    """
    found = [
        {"without": study, "value": pooled.value, "low": pooled.low, "high": pooled.high}
        for study in rows["study"]
        if (pooled := pool_rows(rows[rows["study"] != study])) is not None
    ]
    return pd.DataFrame(found, columns=["without", "value", "low", "high"])


def findings_frame(evidence: Evidence, verdicts: Iterable[EvidenceVerdict]) -> pd.DataFrame:
    """Return a summary of findings as GRADE prints it: one row a claim and design.

    Columns ``claim_id``, ``design``, ``verdict``, ``studies``, ``patients``, ``per_100`` with
    ``low`` and ``high`` (of shares, where pooled), ``without_one`` (least and most of the pooled
    number without one of the studies, from four on), ``certainty``, ``why``.
    """
    rows, every = [], evidence.results
    for one in verdicts:
        others = leave_one_out(every[every["result_id"].isin(one.result_ids)])["value"]
        shares = one.pooled is not None and one.pooled.method in ("binomial_normal", "pooled_exact")
        found = one.pooled if shares else None
        rows.append(
            {"claim_id": one.claim_id, "design": one.design, "verdict": one.verdict,
             "studies": one.k, "patients": one.n,
             "per_100": np.nan if found is None else 100 * found.value,
             "low": np.nan if found is None else 100 * found.low,
             "high": np.nan if found is None else 100 * found.high,
             "without_one": f"{others.min():.3g} to {others.max():.3g}" if len(others) else "",
             "certainty": one.certainty, "why": "; ".join(one.why)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def load_overrides(folder: Path | None = None) -> dict[tuple[str, str], tuple[str, str]]:
    """Read certainties that a person set: claim and design to the word, and who, when and why.

    Raises
    ------
    EvidenceError
        A word that is no certainty, or a row without name, date or reason.
    """
    path = (folder or data_folder() / "evidence") / "overrides.csv"
    if not path.is_file():
        return {}
    found = {}
    for row in _read(path, ("claim_id", "design", "certainty", "by", "on", "why")).to_dict(
        "records"
    ):
        where = f"overrides.csv, {row['claim_id']} {row['design']}"
        if row["certainty"] not in CERTAINTY:
            raise EvidenceError(f"{where}: '{row['certainty']}' is none of {', '.join(CERTAINTY)}.")
        if not all(row[name].strip() for name in ("by", "on", "why")):
            raise EvidenceError(f"{where}: a person, a date and a reason must stand with it.")
        told = f"set by {row['by']} on {row['on']}: {row['why']}"
        found[row["claim_id"], row["design"]] = (row["certainty"], told)
    return found


def published_of(one: EvidenceVerdict) -> Published:
    """Return a verdict as it is kept with a judgement."""
    found = one.pooled
    return Published(
        design=one.design, verdict=one.verdict, k=one.k, n=one.n, certainty=one.certainty,
        value=None if found is None else found.value, low=None if found is None else found.low,
        high=None if found is None else found.high,
    )  # fmt: skip


def limits_of(pooled: Pooled) -> tuple[float, float]:
    """Return the interval that decides: the prediction interval from five studies on."""
    if pooled.k >= LEAST_PREDICTED and pooled.predicted_low is not None:
        return pooled.predicted_low, pooled.predicted_high or pooled.predicted_low
    return pooled.low, pooled.high


def rate_certainty(
    rows: pd.DataFrame, pooled: Pooled, question: Question
) -> tuple[str, tuple[str, ...]]:
    """Rate certainty in GRADE's domains, as far as the codes of the rows go.

    Returns
    -------
    word : str
        One of ``CERTAINTY``.
    why : tuple of str
        Where it starts, and each step down. Publication bias is not rated: fewer than ten studies
        do not show it.
    """
    randomized = (rows["design_class"] == RANDOMIZED).all()
    level, why = (
        (3, ["starts high (randomized)"]) if randomized else (1, ["starts low (uncontrolled)"])
    )
    if randomized and (rows["risk_of_bias"] == "high").any():
        level, why = level - 2, [*why, "risk of bias high: -2"]
    elif randomized and (rows["risk_of_bias"] != "low").any():
        level, why = level - 1, [*why, "risk of bias unclear: -1"]
    if pooled.predicted_low is not None and question.limit is not None:
        inside = pooled.low <= question.limit <= pooled.high
        across = pooled.predicted_low <= question.limit <= (pooled.predicted_high or np.inf)
        if across and not inside:
            level, why = level - 1, [*why, "studies differ across the limit: -1"]
    if (rows["condition"] != rows["condition"].iloc[0]).any():
        level, why = level - 1, [*why, "other conditions among them: -1"]
    if question.limit is not None and pooled.low <= question.limit <= pooled.high:
        level, why = level - 1, [*why, "the interval holds the limit: -1"]
    if rows["n"].sum() < INFORMATION_SIZE:
        level, why = level - 1, [*why, f"fewer than {INFORMATION_SIZE} patients: -1"]
    return CERTAINTY[max(level, 0)], tuple(why)


def forest_frame(
    evidence: Evidence, question: Question, verdicts: Sequence[EvidenceVerdict]
) -> pd.DataFrame:
    """Return what a forest plot of a claim shows, in its order, one row a line.

    Columns ``label``, ``kind`` (randomized, uncontrolled, pooled, predicted, pool, benchmark),
    ``value``, ``low``, ``high``, ``n``, ``unit``. Shares have Wilson's interval, others the one
    that is printed or that of the standard error.
    """
    rows = sort_rows(evidence, question)
    about = (rows["term"] == question.term) | (question.term == "")
    if question.threshold is not None:
        about &= rows["threshold"] == question.threshold
    lines: list[dict[str, Any]] = []
    for verdict in verdicts:
        own = rows[rows["result_id"].isin(verdict.result_ids)]
        lines += [_line(row, verdict.design) for row in own.to_dict("records")]
        if verdict.pooled is not None:
            found, unit = verdict.pooled, own["unit"].iloc[0]
            label = f"Pooled, {found.k} {verdict.design}"
            together: list[tuple[str, str, float | None, float | None]] = [
                (label, "pooled", found.low, found.high)
            ]
            if found.k >= LEAST_PREDICTED:
                ends = found.predicted_low, found.predicted_high
                together.append(("A further study", "predicted", *ends))
            lines += [
                {"label": label, "kind": kind, "value": found.value, "low": low, "high": high,
                 "n": verdict.n, "unit": unit}
                for label, kind, low, high in together
            ]  # fmt: skip
    for role in ("pool", "benchmark"):
        shown = rows[about & (rows["reason"] == role) & (rows["duplicate_of"] == "")]
        shown = shown[(shown["statistic"] == question.statistic) & shown["estimate"].notna()]
        lines += [_line(row, role) for row in shown.to_dict("records")]
    columns = ["label", "kind", "value", "low", "high", "n", "unit"]
    return pd.DataFrame(lines, columns=columns)


def thresholds_frame(evidence: Evidence) -> pd.DataFrame:
    """Return shares of the same patients by more than one threshold: how much the choice moves.

    One row a result, by study and threshold: ``study``, ``arm``, ``weeks``, ``group``,
    ``condition``, ``label``, ``threshold`` (percent), ``value``, ``n``, ``role``.
    """
    rows = evidence.results
    rows = rows[(rows["outcome"] == "responder_rate") & (rows["unit"] == "share")
                & (rows["threshold_unit"] == "percent") & (rows["duplicate_of"] == "")
                & rows["estimate"].notna()]  # fmt: skip
    keys = ["study", "arm", "weeks", "group"]
    several = rows.groupby(keys, dropna=False)["threshold"].transform("nunique") > 1
    found = rows[several].sort_values([*keys, "threshold"])
    label = [f"{name_study(row)}, {row['arm'].replace('_', ' ')}"
             for row in found.to_dict("records")]  # fmt: skip
    named = found.assign(label=label, value=found["estimate"])
    return named[[*keys, "condition", "label", "threshold", "value", "n", "role"]].reset_index(
        drop=True
    )


def name_study(row: Mapping[str, Any]) -> str:
    """Return author and year of a result's study; its code where there is no author."""
    return f"{row['first_author'] or row['study']} {row['year']}".strip()


def _line(row: dict[str, Any], kind: str) -> dict[str, Any]:
    value, n, low, high = row["estimate"], row["n"], row["low"], row["high"]
    if row["unit"] == "share" and not np.isnan(n) and np.isnan(low):
        events = row["events"] if not np.isnan(row["events"]) else round(value * n)
        value = events / n
        low, high = proportion_confint(events, n, method="wilson")
    elif np.isnan(low) and not np.isnan(spread_of(row)):
        reach = norm.ppf(0.975) * spread_of(row)
        low, high = value - reach, value + reach
    label = name_study(row)
    label += {"placebo": ", placebo", "usual_care": ", usual care"}.get(row["arm"], "")
    if not np.isnan(row["weeks"]):
        label += f", week {row['weeks']:g}" if row["weeks"] else ", at the end"
    return {"label": label, "kind": kind, "value": value, "low": low, "high": high, "n": n,
            "unit": row["unit"]}  # fmt: skip
