"""Verdicts: the result a claim's reading asks for, its interval against the cited figure.

Three outcomes are kept apart that are easily mixed up: a claim the records contradict, a claim
they cannot answer, and one worded so that nothing could contradict it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.claims.judgement import DEFAULT_LEVEL, Judgement, Position, Verdict
from analysis.claims.ledger import ALL_MEASURES, ANSWERS, HEADLINE, Claim
from analysis.claims.power import further_patients_by_precision, further_patients_for_share
from analysis.intake.tables import load_conditions
from analysis.labels import note_text, plain_text
from analysis.results import Row, find, find_one

NOT_MADE_BY_ARM = ("series_time_ratio", "completeness_share")
"""Measures whose results are not made by arm."""

READ_AT = "end"
"""Visit of a claim whose reading names none: the end of the initial series, whatever the analysis
visit of the run."""

NOT_SPLIT = "These patients were given different treatments, and the part is not split by them."
NOBODY = "No patient in the data can answer it."


def judge_interval(
    low: float | None,
    high: float | None,
    *,
    floor: float | None,
    ceiling: float | None = None,
    above: bool = False,
) -> Verdict:
    """Return the verdict of an interval against a cited floor.

    Parameters
    ----------
    low, high : float or None
        Ends of the two-sided interval; None where there is no such end (``high``: not reached).
    floor, ceiling : float or None
        Least and largest value the claim says. The ceiling is judged ("at most") only where there
        is no floor.
    above : bool
        Whether a lower end on the floor is not enough to meet it ("more than half").

    Returns
    -------
    {"meets", "falls short", "undecided"}
        ``meets`` when low >= floor, ``falls short`` when high < floor, else ``undecided``. With a
        ceiling only: ``meets`` when high <= ceiling, ``falls short`` when low > ceiling.

    Raises
    ------
    ValueError
        Neither floor nor ceiling.

    Notes
    -----
    With a 95 % interval, each wrong verdict is given to about 2.5 % of samples when the truth lies
    on the floor and to fewer when it lies beyond. For Wilson intervals of 20 to 1,000 patients and
    a floor of 0.6 or 0.7 that is 2.4 % (``meets``) and 2.6 % (``falls short``) on average, and
    3.4 % and 4.4 % at the worst number of patients.

    References
    ----------
    ICH E9 (1998), section 5.5: one-sided tests at half the two-sided level.
    """
    ends = [np.nan if end is None else end for end in (low, high)]
    return judge_intervals(*ends, floor=floor, ceiling=ceiling, above=above).item()


def judge_intervals(
    low: ArrayLike,
    high: ArrayLike,
    *,
    floor: float | None,
    ceiling: float | None = None,
    above: bool = False,
) -> np.ndarray:
    """Return the verdicts of many intervals, as `judge_interval`; NaN where there is no end."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if floor is not None:
        good, bad = (low > floor if above else low >= floor), high < floor
    elif ceiling is not None:
        good, bad = high <= ceiling, low > ceiling
    else:
        raise ValueError("a claim needs a floor or a ceiling")
    return np.select([good, bad], ["meets", "falls short"], "undecided")


def place_interval(
    low: float | None, high: float | None, *, floor: float | None, ceiling: float | None
) -> Position:
    """Return where an interval lies in relation to a cited range; empty where either is lacking."""
    if floor is None or ceiling is None or (low is None and high is None):
        return ""
    start = float("-inf") if low is None else low
    end = float("inf") if high is None else high
    if end < floor:
        return "below"
    if start > ceiling:
        return "above"
    if start >= floor:
        return "inside" if end <= ceiling else "across the ceiling"
    return "across the floor" if end <= ceiling else "wider"


def judge_claim(
    claim: Claim,
    results: pd.DataFrame,
    *,
    analysis_visit: str,
    arm: str = "",
    absent: Collection[str] = (),
) -> tuple[Judgement, Row | None]:
    """Judge one claim.

    Parameters
    ----------
    claim : Claim
    results : DataFrame
        Results frame of the run (`analysis.results`).
    analysis_visit : str
        Visit meant by claims that name none.
    arm : str
        Arm the claims are about, where the results have arms; drug and placebo are never pooled.
    absent : collection of str
        Conditions of which the export has no patient; a claim on one says so.

    Returns
    -------
    judgement : Judgement
        Without what is printed with it. ``not testable``, with the reason, where there are no
        records, only published studies could answer, or no patient can; ``unfalsifiable``, never
        passed, where nothing could contradict the words, with our number where there is one.
    row : Row or None
        The result the judgement rests on.

    Raises
    ------
    ValueError
        Two results answer the same claim: a result must exist once.
    """
    row, why_none = _answer(claim, results, analysis_visit, arm, absent)
    if claim.answer != "computed":
        row = row if row is not None and row.value is not None else None
        unfalsifiable = claim.answer == "unfalsifiable"
        verdict: Verdict = "unfalsifiable" if unfalsifiable else "not testable"
        reason = claim.reason if unfalsifiable else f"{why_unanswered(claim)}. {claim.reason}"
        return _judgement(claim, row, verdict, reason=f"{reason[0].upper()}{reason[1:]}"), row
    if row is None:
        return _judgement(claim, None, "not testable", reason=why_none), None
    if row.n == 0 or row.status in ("no patients", "not estimable"):
        return _judgement(claim, row, "not testable", reason=_first_note(row) or NOBODY), row
    verdict = _verdict(claim, row)
    position = place_interval(row.low, row.high, floor=claim.floor, ceiling=claim.ceiling)
    if verdict != "undecided":
        return _judgement(claim, row, verdict, position=position), row
    further, if_cited = _further_patients(claim, row), None
    middle = middle_of_cited(claim.cited_low, claim.cited_high)
    if claim.measure in HEADLINE and middle:
        if_cited = _further_patients(claim, row, true=middle)
    return _judgement(
        claim,
        row,
        verdict,
        position=position,
        further_patients=further,
        further_patients_if_cited=if_cited,
        reason="" if further is not None else _why_undecided(claim, row),
    ), row


def why_unanswered(claim: Claim) -> str:
    """Return in a clause why a claim is not answered from the records."""
    return f"no such records ({claim.needs})" if claim.needs else ANSWERS[claim.answer]


def middle_of_cited(low: float | None, high: float | None) -> float | None:
    """Return the middle of a cited range; None where it is open on one side."""
    # 12 decimals: half of 0.6 + 0.75 is 0.675 and not its binary neighbor.
    return None if low is None or high is None else round((low + high) / 2, 12)


def _judgement(claim: Claim, row: Row | None, verdict: Verdict, **more: object) -> Judgement:
    """Return a judgement with the words of the claim and the numbers of the result."""
    numbers: dict[str, object] = {"status": "no patients", "unit": claim.unit or "share"}
    if row is not None:
        names = ("value", "low", "high", "level", "n", "n_missing", "status", "unit", "result_id")
        numbers = {name: getattr(row, name) for name in names}
    return Judgement(
        claim_id=claim.claim_id,
        wording=claim.wording,
        source=claim.source,
        condition=claim.condition,
        reading=claim.reading or claim.reason,
        cited_low=claim.floor,
        cited_high=claim.ceiling,
        cited_text=claim.cited_text,
        section=claim.section,
        kind=claim.kind,
        answer=claim.answer,
        headline=claim.headline == "yes",
        verdict=verdict,
        **{**numbers, **more},  # type: ignore[arg-type]
    )


# The result that answers


def _answer(
    claim: Claim, results: pd.DataFrame, analysis_visit: str, arm: str, absent: Collection[str]
) -> tuple[Row | None, str]:
    """Return the result that a claim's reading asks for, or why there is none."""
    if not claim.measure:
        return None, ""
    if claim.condition in absent:
        return None, _no_patients(claim.condition)
    group, why_none = _group_of(claim, results, arm)
    if why_none:
        return None, why_none
    spec = ALL_MEASURES[claim.measure]
    testimonial = claim.measure == "testimonial"
    keys: dict[str, object] = {
        "measure": spec.row or claim.measure,
        "definition": claim.claim_id if testimonial else claim.definition,
        "condition": claim.condition,
        "population": claim.population,
        "visit": (claim.visit or READ_AT) if spec.at_visit else "",
        **group,
    }
    if not testimonial:  # too few comparable patients: a result without any number
        keys["threshold_pct"] = claim.threshold_pct
    row = find_one(results, **keys)
    return row, "" if row is not None else _no_result(claim, keys)


def _group_of(claim: Claim, results: pd.DataFrame, arm: str) -> tuple[Mapping[str, str], str]:
    """Return which patients answer a claim, or why none can: arms are never pooled."""
    by_arm = find(results, group_by="arm")
    arms = sorted(find(by_arm, condition=claim.condition)["group"].unique())
    if len(arms) == 1 and not arm:
        arm = arms[0]
    part = {} if claim.measure == "testimonial" else claim.group_keys
    everyone = part or {"group_by": "all", "group": "all"}
    if arm in arms:
        if claim.measure not in NOT_MADE_BY_ARM and not part:
            return {"group_by": "arm", "group": arm}, ""
        return everyone, NOT_SPLIT if len(arms) > 1 else ""
    names = ", ".join(arms)
    if arms and arm:
        return {}, f"None of these patients is in the arm '{arm}' (the arms are {names})."
    if arms:
        return {}, (
            f"The patients were given different treatments ({names}), which must not be pooled; "
            "name the one the claim is about with the setting `claim_arm`."
        )
    if arm and by_arm.empty:
        return {}, f"The setting `claim_arm` names '{arm}', but the data name no arms."
    return everyone, ""


def _no_patients(condition: str) -> str:
    label = load_conditions().labels.get(condition, condition)
    return f"The export has no patients with {plain_text(label).lower()}."


def _no_result(claim: Claim, keys: Mapping[str, object]) -> str:
    """Say which result is not there, and what would make it."""
    of = "all conditions" if claim.condition == "all" else f"condition '{claim.condition}'"
    asked = [f"{of} ({claim.group})" if claim.group else of]
    threshold = keys.get("threshold_pct")
    if threshold is not None:
        asked.append(f"a reduction of at least {threshold:g} %")
    if keys["visit"]:
        asked.append(f"at the visit '{keys['visit']}'")
    return f"The run holds no result that could answer this claim: {', '.join(asked)}."


# The verdict of a result


def _verdict(claim: Claim, row: Row) -> Verdict:
    if claim.measure not in HEADLINE and claim.ceiling != 0 and _mostly_unknown(row):
        return "undecided"
    return judge_interval(
        row.low, row.high, floor=claim.floor, ceiling=claim.ceiling, above=claim.above_floor
    )


def _mostly_unknown(row: Row) -> bool:
    """Whether a number leaves out more patients than it holds; bounds hold everybody."""
    return row.population in ("observed", "treated", "high_dose") and row.n_missing > row.n


def _deciding(claim: Claim) -> float:
    """Return the figure that decides: the floor, or the ceiling where there is no floor."""
    figure = claim.ceiling if claim.floor is None else claim.floor
    if figure is None:
        raise ValueError("a claim needs a floor or a ceiling")
    return figure


def _further_patients(claim: Claim, row: Row, *, true: float | None = None) -> int | None:
    """Return how many more patients decide, at the value seen or at a given true one."""
    if row.value is None or claim.measure == "relief_duration":
        return None  # more patients do not narrow what lies between two visits
    if claim.measure not in HEADLINE:
        if row.unit != "share" or row.population == "bounds" or _mostly_unknown(row):
            return None
        # The interval of a share read from a curve does not follow from counts of patients.
        if row.n_events is None or row.measure == "relieved_share":
            return None
    level = row.level or DEFAULT_LEVEL
    if claim.unit == "share" and row.n_events is not None:
        return further_patients_for_share(
            row.n_events, row.n, floor=_deciding(claim), true_share=true, level=level
        )
    return further_patients_by_precision(
        row.value, row.low, row.high, row.n, floor=_deciding(claim), true_value=true, level=level
    )


def _why_undecided(claim: Claim, row: Row) -> str:
    """Say why no number of further patients can be named."""
    no_interval = row.low is None and row.high is None
    if claim.measure in HEADLINE:
        if no_interval:
            return _first_note(row) or "There is no interval."
        if row.value is None or (row.high is None and row.value < _deciding(claim)):
            return "Too few have lost relief so far; longer follow-up would decide it."
        if claim.measure == "relief_duration":
            return (
                "No number of further patients can be named: part of the interval is the time "
                "between two visits, which only closer visits narrow."
            )
        if row.low is None:
            return "The lower limit is not known, so no number of patients can be named."
        return "No realistic number of further patients would decide it at the value seen."
    if row.measure == "relieved_patients":
        return (
            "The export may not hold everyone who was ever treated, so fewer on record contradict "
            "nothing."
        )
    if row.population == "bounds" and row.n_missing:
        return "Too few were followed or rated then to decide it, whatever was true of the others."
    if _mostly_unknown(row):
        return (
            "It is known of fewer than half of the patients, and those need not be like the others."
        )
    if no_interval and row.notes:
        return _first_note(row)
    if claim.ceiling != 0:
        return "No realistic number of further patients would decide it, or none can be named."
    return ""


def _first_note(row: Row) -> str:
    """Return the first note of a result as a sentence, or nothing."""
    return note_text(row.notes.split(";")[0]) if row.notes else ""
