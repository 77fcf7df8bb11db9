"""Every reading of a claim judged at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.claims.frequency import FREQUENCIES
from analysis.claims.judgement import Verdict
from analysis.claims.ledger import Claim
from analysis.claims.robustness.duration_readings import (
    DURATION_MEASURES,
    duration_headline_of,
    duration_readings_of,
)
from analysis.claims.robustness.durations import Benches, estimate_durations
from analysis.claims.robustness.grid import GridNumbers, estimate_means, estimate_shares
from analysis.claims.robustness.patients import lay_out_patients, starters_of
from analysis.claims.robustness.result import RobustnessResult
from analysis.claims.specifications import RATE_MEASURES, headline_of, specifications_of
from analysis.derive.datasets import Datasets
from analysis.outcomes.selection import ARM, arms_of, check_condition
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say


def judge_readings(
    claim: Claim,
    datasets: Datasets,
    settings: AnalysisSettings,
    *,
    benches: Benches | None = None,
) -> RobustnessResult:
    """Judge a claim under every defensible reading.

    Parameters
    ----------
    claim : Claim
        On a responder share, a percent reduction, or the duration of relief.
    datasets : Datasets
    settings : AnalysisSettings
        Visit, least baseline, loss rule, clock, level and arm of the headline reading.
    benches : dict, optional
        Curves and resamples that claims on the same patients share; give one dictionary to all.

    Returns
    -------
    RobustnessResult
        The headline among the readings; no readings, with the reason, where the measure has none
        or treatments would be pooled.

    Raises
    ------
    SettingsError
        The data know no such condition.

    References
    ----------
    Steegen et al. (2016), Perspect Psychol Sci 11:702; Simonsohn et al. (2020), Nat Hum Behav
    4:1208.
    """
    if claim.answer != "computed" or (claim.floor is None and claim.ceiling is None):
        return _no_readings(claim, settings, say("robustness.no_figure"))
    check_condition(datasets, claim.condition)
    if claim.measure in DURATION_MEASURES:
        return _judge_durations(claim, datasets, settings, {} if benches is None else benches)
    readings = specifications_of(
        claim,
        settings,
        visits=datasets.visit_order,
        with_infusions=bool(len(datasets.series)),
    )
    part, refusal = _part_of(claim, datasets, settings.claim_arm)
    if not readings or refusal:
        return _no_readings(claim, settings, refusal or say("robustness.no_grid"))
    patients = lay_out_patients(
        datasets,
        starters_of(datasets, claim.condition, **part),
        visits=tuple(dict.fromkeys(one.visit for one in readings)),
        minimums=sorted({one.minimum_baseline_score for one in readings}),
    )
    estimate = estimate_shares if claim.measure in RATE_MEASURES else estimate_means
    numbers = estimate(patients, readings, level=settings.confidence_level)
    return RobustnessResult(
        **_about(claim, settings),  # type: ignore[arg-type]
        specifications=readings,
        headline=readings.index(headline_of(claim, settings)),
        **vars(numbers),
        verdicts=_verdicts(claim, numbers, ~np.isnan(numbers.value)),
    )


def _judge_durations(
    claim: Claim, datasets: Datasets, settings: AnalysisSettings, benches: Benches
) -> RobustnessResult:
    """Judge a claim on the duration of relief under every defensible reading."""
    with_infusions = bool(len(datasets.series))
    readings = duration_readings_of(claim, settings, with_infusions=with_infusions)
    part, refusal = _part_of(claim, datasets, settings.claim_arm)
    if not readings or refusal:
        return _no_readings(claim, settings, refusal or say("robustness.no_grid"))
    headline = duration_headline_of(claim, settings)
    numbers, is_testable = estimate_durations(
        datasets,
        starters_of(datasets, claim.condition, **part),
        readings,
        settings,
        headline=headline,
        benches=benches,
    )
    return RobustnessResult(
        **_about(claim, settings),  # type: ignore[arg-type]
        specifications=readings,
        headline=readings.index(headline),
        **vars(numbers),
        verdicts=_verdicts(claim, numbers, is_testable),
    )


def _verdicts(
    claim: Claim, numbers: GridNumbers, is_testable: NDArray[np.bool_]
) -> tuple[Verdict, ...]:
    return judge_arrays(
        np.where(is_testable, 0.0, np.nan),
        numbers.low,
        numbers.high,
        floor=claim.floor,
        ceiling=claim.ceiling,
        above=bool(claim.frequency) and FREQUENCIES[claim.frequency].above,
    )


def judge_arrays(
    value: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    floor: float | None,
    ceiling: float | None = None,
    above: bool = False,
) -> tuple[Verdict, ...]:
    """Return the verdict of many intervals, as `analysis.claims.verdicts.judge_interval`.

    Parameters
    ----------
    value, low, high : ndarray of float, same shape
        NaN where there is none: without a value ``not testable``, without an end that end decides
        nothing.
    floor, ceiling : float or None
        As cited; the ceiling counts only without a floor.
    above : bool
        Whether a lower end on the floor is not enough to meet it ("more than half").

    Raises
    ------
    ValueError
        Neither floor nor ceiling.
    """
    if floor is not None:
        good, bad = (low > floor if above else low >= floor), high < floor
    elif ceiling is not None:
        good, bad = high <= ceiling, low > ceiling
    else:
        raise ValueError("a claim needs a floor or a ceiling")
    said = np.select([np.isnan(value), good, bad], ["not testable", "meets", "falls short"],
                     "undecided")  # fmt: skip
    return tuple(said.tolist())


def _no_readings(claim: Claim, settings: AnalysisSettings, reason: str) -> RobustnessResult:
    return RobustnessResult(**_about(claim, settings), reason=reason)  # type: ignore[arg-type]


def _about(claim: Claim, settings: AnalysisSettings) -> dict[str, object]:
    return {
        "claim_id": claim.claim_id,
        "condition": claim.condition,
        "unit": claim.unit,
        "floor": claim.floor,
        "ceiling": claim.ceiling,
        "level": settings.confidence_level,
    }


def _part_of(claim: Claim, datasets: Datasets, arm: str) -> tuple[dict[str, str], str]:
    """Return the patients a claim is judged on, or why there are none: arms are never pooled."""
    has_arms = ARM in datasets.subjects
    arms = arms_of(datasets, starters_of(datasets, claim.condition)) if has_arms else ()
    if claim.group:
        return claim.group_keys, say("robustness.arms_several") if len(arms) > 1 else ""
    if not arms:
        return {}, ""
    arm = arms[0] if len(arms) == 1 and not arm else arm
    if not arm:
        return {}, say("robustness.arms_several")
    if arm not in arms:
        return {}, say("robustness.arm_unknown", arm=arm)
    return {"group_by": ARM, "group": arm}, ""
