"""Verdicts: the result a claim's reading asks for, its interval against the cited figure.

Three outcomes are kept apart that are easily mixed up: a claim the records contradict, a claim
they cannot answer, and one worded so that nothing could contradict it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isnan
from typing import Any, NamedTuple

import pandas as pd

from analysis.claims.intervals import (
    Limits,
    judge_interval,
    judge_intervals,
    limits_to_judge,
    mean_analyses,
    place_interval,
)
from analysis.claims.judgement import (
    DEFAULT_LEVEL,
    Judgement,
    Limit,
    Missing,
    Reach,
    Undecided,
    Verdict,
)
from analysis.claims.ledger import ALL_MEASURES, ANSWERS, HEADLINE, Claim
from analysis.claims.power import further_patients_by_precision, further_patients_for_share
from analysis.claims.tipping import ShareTipping, tip_row
from analysis.intake.tables import load_conditions
from analysis.labels import note_text, plain_text, words_in
from analysis.results import Row, find, find_alike, find_one
from analysis.stats.rates import wilson_limits
from analysis.stats.reductions import BEST_PCT

TRIO_OF_SHARES = (
    "responder_share", "testimonial_share", "opioid_reduction_share", "improved_share",
)  # fmt: skip
"""Shares judged with every missing outcome unfavorable, imputed, and every one favorable."""

NO_TABLE = words_in("no_table")
"""Why an export has no result of a measure that asks for a table of its own."""

READ_AT = "end"
"""Visit of a claim whose reading names none: the end of the initial series, whatever the analysis
visit of the run."""

JUDGED = "mean_of_patients_judged"
"""Definition of the rows with the limits a mean is judged on (docs/decisions/0046)."""

WHY = words_in("why_undecided")
"""Why a claim is not decided, or has no number, as sentences."""


def judge_claim(
    claim: Claim, results: pd.DataFrame, *, arm: str = "", absent: Collection[str] = ()
) -> tuple[Judgement, Row | None]:
    """Judge one claim.

    Parameters
    ----------
    claim : Claim
    results : DataFrame
        Results frame of the run (`analysis.results`).
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
    row, why_none = _answer(claim, results, arm, absent)
    analyses = None if row is None else find_analyses(claim, row, results)
    if row is not None and analyses is not None and row.measure == "percent_reduction":
        row = analyses.likely or row  # unchanged pain is a bound for the missing, and no estimate
    if claim.answer != "computed":
        row = row if row is not None and row.value is not None else None
        unfalsifiable = claim.answer == "unfalsifiable"
        verdict: Verdict = "unfalsifiable" if unfalsifiable else "not testable"
        reason = claim.reason if unfalsifiable else f"{why_unanswered(claim)}. {claim.reason}"
        return judgement_of(claim, row, verdict, reason=f"{reason[0].upper()}{reason[1:]}"), row
    if row is None:
        return judgement_of(claim, None, "not testable", reason=why_none), None
    if row.n == 0 or row.status in ("no patients", "not estimable"):
        return judgement_of(
            claim, row, "not testable", reason=_first_note(row) or WHY["nobody"]
        ), row
    verdict = _verdict(claim, row, analyses, results)
    known: dict[str, object] = {}
    if analyses is not None and (row.n_missing or row.measure == "percent_reduction"):
        known = _describe_missing(claim, row, analyses, verdict)
    position = place_interval(row.low, row.high, floor=claim.floor, ceiling=claim.ceiling)
    if verdict != "undecided":
        return judgement_of(claim, row, verdict, position=position, **known), row
    if known.get("undecided") in ("missing", "outliers"):
        return judgement_of(claim, row, verdict, position=position, **known), row
    likely = None if analyses is None or not row.n_missing else analyses.likely
    not_imputed = analyses is not None and row.n_missing > 0 and likely is None
    further = if_cited = None
    if not not_imputed:
        further = _further_patients(claim, row, likely=likely)
        middle = middle_of_cited(claim.cited_low, claim.cited_high)
        if claim.measure in HEADLINE and middle:
            if_cited = _further_patients(claim, row, true=middle, likely=likely)
    reason = "" if further is not None else _why_undecided(claim, row)
    return judgement_of(
        claim,
        row,
        verdict,
        position=position,
        further_patients=further,
        further_patients_if_cited=if_cited,
        reason=WHY["not_imputed"] if not_imputed else reason,
        **({"undecided": "few"} | known),
    ), row


def why_unanswered(claim: Claim) -> str:
    """Return in a clause why a claim is not answered from the records."""
    return f"no such records ({claim.needs})" if claim.needs else ANSWERS[claim.answer]


def middle_of_cited(low: float | None, high: float | None) -> float | None:
    """Return the middle of a cited range; None where it is open on one side."""
    # 12 decimals: half of 0.6 + 0.75 is 0.675 and not its binary neighbor.
    return None if low is None or high is None else round((low + high) / 2, 12)


OF_CLAIM = ("claim_id", "wording", "source", "condition", "cited_text", "section", "kind", "answer")
OF_ROW = ("value", "low", "high", "level", "n", "n_missing", "n_not_due", "status", "unit",
          "result_id")  # fmt: skip
"""Fields of a judgement that are those of the claim, and of the result it rests on."""


def judgement_of(claim: Claim, row: Row | None, verdict: Verdict, **more: Any) -> Judgement:
    """Return a judgement with the words of the claim and the numbers of the result."""
    numbers = {"status": "no patients", "unit": claim.unit or "share"}
    if row is not None:
        numbers = {name: getattr(row, name) for name in OF_ROW}
    words = {name: getattr(claim, name) for name in OF_CLAIM}
    return Judgement(
        reading=claim.reading or claim.reason, cited_low=claim.floor, cited_high=claim.ceiling,
        headline=claim.headline == "yes", verdict=verdict, **{**words, **numbers, **more},
    )  # fmt: skip


# The result that answers


def _answer(
    claim: Claim, results: pd.DataFrame, arm: str, absent: Collection[str]
) -> tuple[Row | None, str]:
    """Return the result that a claim's reading asks for, or why there is none."""
    if not claim.measure:
        return None, ""
    if claim.condition in absent:
        label = load_conditions().labels.get(claim.condition, claim.condition)
        return None, f"The export has no patients with {plain_text(label).lower()}."
    group, why_none = _group_of(claim, results, arm)
    if why_none:
        return None, why_none
    spec = ALL_MEASURES[claim.measure]
    testimonial = claim.measure == "testimonial"
    keys: dict[str, object] = {
        "measure": spec.row,
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
        if ALL_MEASURES[claim.measure].by_arm and not part:
            return {"group_by": "arm", "group": arm}, ""
        return everyone, WHY["not_split"] if len(arms) > 1 else ""
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


def _no_result(claim: Claim, keys: Mapping[str, object]) -> str:
    """Say which result is not there, and what would make it."""
    if claim.measure in NO_TABLE:
        at = f" at the visit '{keys['visit']}'" if keys["visit"] else ""
        return f"The export has {NO_TABLE[claim.measure]}{at}; not asked is not none."
    of = "all conditions" if claim.condition == "all" else f"condition '{claim.condition}'"
    asked = [f"{of} ({claim.group})" if claim.group else of]
    threshold = keys.get("threshold_pct")
    if threshold is not None:
        asked.append(f"a reduction of at least {threshold:g}%")
    if keys["visit"]:
        asked.append(f"at the visit '{keys['visit']}'")
    return f"The run holds no result that could answer this claim: {', '.join(asked)}."


# The verdict of a result


class Analyses(NamedTuple):
    """A number with every missing outcome unfavorable, imputed, and every one favorable."""

    worst: Limits
    imputed: Limits
    best: Limits
    likely: Row | None  # the imputed result; None where it could not be made
    tipping: ShareTipping | None  # of a share


def find_analyses(claim: Claim, row: Row, results: pd.DataFrame) -> Analyses | None:
    """Return the analyses of the missing that a share or mean of all who started is judged on.

    ``row`` counts the missing as not responding, or as unchanged. None where there is no such
    trio: another measure or population, or no interval.
    """
    if row.population != "all_starters" or row.low is None or row.value is None:
        return None
    imputed = find_alike(results, row, population="imputed")
    if imputed is not None and imputed.value is None:
        imputed = None
    if claim.floor is None and claim.ceiling is None:
        return None
    if row.measure in TRIO_OF_SHARES and row.n_events is not None:
        tipping = tip_row(row, results, floor=claim.floor, ceiling=claim.ceiling)
        assert tipping is not None  # it is a count
        most = row.n_events + tipping.n_open
        best = Limits(*wilson_limits(most, row.n, level=row.level or DEFAULT_LEVEL))
        return Analyses(_limits(row), _limits(imputed), best, imputed, tipping)
    if row.measure == "percent_reduction" and row.definition == "mean_of_patients":
        seen = find_alike(results, row, population="observed")
        if seen is None or seen.low is None or seen.high is None or seen.value is None:
            return None
        unchanged, filled, known = (
            find_alike(results, row, population=population, definition=JUDGED)
            for population in ("all_starters", "imputed", "observed")
        )
        trio = mean_analyses(
            _limits(unchanged or row),
            _limits((filled or imputed) if row.n_missing else (known or seen)),
            _limits(known or seen),
            to_gain=row.n_missing / row.n * (BEST_PCT - seen.value),
        )
        return Analyses(*trio, imputed or seen, None)
    return None


def _limits(row: Row | None) -> Limits:
    ends = (None, None) if row is None else (row.low, row.high)
    return Limits(*(float("nan") if end is None else end for end in ends))


def _verdict(claim: Claim, row: Row, analyses: Analyses | None, results: pd.DataFrame) -> Verdict:
    if claim.measure not in HEADLINE and claim.ceiling != 0 and _mostly_unknown(row):
        return "undecided"
    cited: dict[str, Any] = {
        "floor": claim.floor, "ceiling": claim.ceiling, "above": claim.above_floor,
    }  # fmt: skip
    if analyses is not None:
        ends = limits_to_judge(*analyses[:3], has_floor=claim.floor is not None)
        return judge_intervals(*ends, **cited).item()
    if row.measure == "relief_duration" and claim.floor is not None:
        return _judge_duration(row, results, floor=claim.floor)
    verdict = judge_interval(row.low, row.high, **cited)
    bound = {"meets": "worst", "falls short": "best"}.get(verdict)
    if row.measure != "resolved_share" or bound is None:
        return verdict
    # Who went home with an effect may have had it for longer, or not, than those who were watched.
    other = find_alike(results, row, population=f"effects_{bound}")
    agrees = other is None or judge_interval(other.low, other.high, **cited) == verdict
    return verdict if agrees else "undecided"


def _describe_missing(
    claim: Claim, row: Row, analyses: Analyses, verdict: Verdict
) -> dict[str, object]:
    """Return how far a verdict holds for the missing, or what finding them could change."""
    cited: dict[str, Any] = {
        "floor": claim.floor, "ceiling": claim.ceiling, "above": claim.above_floor,
    }  # fmt: skip
    judged = limits_to_judge(*analyses[:3], has_floor=claim.floor is not None)
    worst, imputed, best, ends = (
        tuple(None if isnan(float(end)) else float(end) for end in each)
        for each in (*analyses[:3], judged)
    )
    likely = analyses.likely
    made: dict[str, object] = {
        "worst_low": worst[0], "worst_high": worst[1],
        "imputed": likely.value if likely and imputed != (None, None) else None,
        "imputed_low": imputed[0], "imputed_high": imputed[1],
        "best_low": best[0], "best_high": best[1], "judged_low": ends[0], "judged_high": ends[1],
    }  # fmt: skip
    kindest = worst if claim.floor is None else best
    reach: Reach = ""
    why: Undecided = ""
    if verdict == "falls short" and row.n_missing:
        alone = judge_interval(*kindest, **cited) == "falls short"
        reach = "every_missing" if alone else "missing_alike"
    if analyses.tipping is not None:
        made["n_to_stop"] = analyses.tipping.n_to_stop_falling_short
    plain = judge_interval(row.low, row.high, **cited)
    if verdict == "undecided" and not row.n_missing and plain != "undecided":
        why = "outliers"
    elif verdict == "undecided" and not row.n_missing:
        why = "few"
    elif verdict == "undecided":
        alike = "undecided" if imputed == (None, None) else judge_interval(*imputed, **cited)
        why = "missing"
        if alike == "undecided":
            could = {judge_interval(*each, **cited) for each in (worst, best)}
            if analyses.tipping is not None:
                could = set(analyses.tipping.verdicts)
            why = "few" if could == {"undecided"} else "few_and_missing"
        if analyses.tipping is not None and why != "few" and likely is not None:
            found = analyses.tipping.to_find(likely.value or 0.0)
            made |= dict(zip(("n_to_find", "n_to_respond"), found, strict=True)) if found else {}
    return {"reach": reach, "undecided": why, "missing": Missing(**made)}  # type: ignore[arg-type]


def _mostly_unknown(row: Row) -> bool:
    """Whether a number leaves out more patients than it holds; bounds hold everybody."""
    return row.population in ("observed", "treated", "high_dose", "asked") and row.n_missing > row.n


def _judge_duration(row: Row, results: pd.DataFrame, *, floor: float) -> Verdict:
    """Judge a median against a floor, at the earliest and at the latest possible losses.

    ``meets`` needs the lower limit where those not seen again lost relief right after they were
    last seen; ``falls short`` needs the upper limit with each loss at the visit that showed it.
    """
    early, late = (
        find_alike(results, row, population=f"{row.population}_{each}")
        for each in ("early", "late")
    )
    verdict = judge_interval(row.low, row.high, floor=floor)
    bound = {"meets": early, "falls short": late}.get(verdict)
    if bound is None:
        return verdict
    agrees = judge_interval(bound.low, bound.high, floor=floor) == verdict
    return verdict if agrees else "undecided"


def judge_limits(claim: Claim, row: Row | None, results: pd.DataFrame) -> tuple[Limit, ...]:
    """Judge each limit that the words of a duration name, with the share that kept relief to it.

    "Weeks to months" is two questions: is the median at least two weeks, and at least two months?
    The shares are of responders and of all who started, as `analysis.stats.relief` estimates them.
    """
    if row is None or row.n == 0 or row.status in ("no patients", "not estimable"):
        return ()
    made = []
    for name, floor in claim.named_limits:
        week = {"measure": "relieved_share", "visit": f"week_{floor:g}"}
        kept, started = (
            find_alike(results, row, population=who, **week)
            for who in ("responders", "all_starters")
        )
        made.append(
            Limit(
                name=name,
                floor=floor,
                verdict=_judge_duration(row, results, floor=floor),
                share=kept and kept.value,
                share_low=kept and kept.low,
                share_high=kept and kept.high,
                share_started=started and started.value,
                n=row.n,
            )
        )
    return tuple(made)


def _deciding(claim: Claim) -> float:
    """Return the figure that decides: the floor, or the ceiling where there is no floor."""
    figure = claim.ceiling if claim.floor is None else claim.floor
    if figure is None:
        raise ValueError("a claim needs a floor or a ceiling")
    return figure


def _further_patients(
    claim: Claim, row: Row, *, true: float | None = None, likely: Row | None = None
) -> int | None:
    """Return how many more patients decide, at the value seen or at a given true one.

    Where outcomes are missing, the value seen is the imputed one.
    """
    if row.value is None or claim.measure == "relief_duration":
        return None  # more patients do not narrow what lies between two visits
    if claim.measure not in HEADLINE:
        if row.unit != "share" or row.population in ("bounds", "reported") or _mostly_unknown(row):
            return None
        # The interval of a share read from a curve does not follow from counts of patients.
        if row.n_events is None or row.measure == "relieved_share":
            return None
    level = row.level or DEFAULT_LEVEL
    if claim.unit == "share" and row.n_events is not None:
        events = row.n_events
        if likely is not None and likely.value is not None:
            events = round(likely.value * row.n)
        return further_patients_for_share(
            events, row.n, floor=_deciding(claim), true_share=true, level=level
        )
    return further_patients_by_precision(
        row.value, row.low, row.high, row.n, floor=_deciding(claim), true_value=true, level=level
    )


def _why_undecided(claim: Claim, row: Row) -> str:
    """Say why no number of further patients can be named."""
    no_interval = row.low is None and row.high is None
    if claim.measure in HEADLINE:
        if no_interval:
            return _first_note(row) or WHY["no_interval"]
        if row.value is None or (row.high is None and row.value < _deciding(claim)):
            return WHY["too_early"]
        if claim.measure == "relief_duration":
            return WHY["between_visits"]
        return WHY["no_lower_limit" if row.low is None else "not_realistic"]
    if row.measure == "relieved_patients":
        return WHY["not_everyone"]
    if row.population == "bounds" and row.n_missing:
        return WHY["few_followed"]
    if row.measure == "resolved_share":
        return WHY["open_effects"]
    if row.population == "reported" and row.n_missing:
        return WHY["few_asked"]
    if _mostly_unknown(row):
        return WHY["mostly_unknown"]
    if no_interval and row.notes:
        return _first_note(row)
    return WHY["no_number"] if claim.ceiling != 0 else ""


def _first_note(row: Row) -> str:
    """Return the first note of a result as a sentence, or nothing."""
    return note_text(row.notes.split(";")[0]) if row.notes else ""
