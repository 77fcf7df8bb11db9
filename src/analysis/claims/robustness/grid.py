"""The numbers of every reading at once: counts by matrix products, means column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.claims.robustness.limits import (
    exact_limits,
    mean_limits,
    median_limits,
    ratio_limits,
    wilson_limits,
)
from analysis.claims.robustness.patients import Flags, Floats, PatientColumns, Seen
from analysis.claims.specifications import Specification
from analysis.derive.response import ROUNDING, TWO_POINTS
from analysis.estimate.reductions import SAME

NAN = float("nan")


@dataclass(frozen=True, eq=False)
class GridNumbers:
    """Estimates of many readings, one place for each.

    Parameters
    ----------
    value, low, high : ndarray of float, shape (n_readings,)
        Share or percent; NaN where there is none.
    n, n_missing, n_events : ndarray of int, shape (n_readings,)
        Patients in the number, patients of the population not rated, and those responding (0 for
        means).
    """

    value: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]
    n_missing: NDArray[np.int64]
    n_events: NDArray[np.int64]


def estimate_shares(
    patients: PatientColumns, specifications: Sequence[Specification], *, level: float = 0.95
) -> GridNumbers:
    """Estimate the responder share of every reading.

    Parameters
    ----------
    patients : PatientColumns
        Laid out for every visit and least baseline of the readings.
    specifications : sequence of Specification
        Of a responder share.
    level : float in (0, 1)
        Two-sided level of the intervals.

    Returns
    -------
    GridNumbers
        As `analysis.estimate.proportions.estimate_responder_share`; no value where nobody of the
        population was rated at the visit.

    Notes
    -----
    Events are the product of the matrix of who is counted (populations x patients) and that of who
    responds (patients x outcomes); each reading is one cell of it. Sums of ones in float64 are
    exact far beyond any number of patients.
    """
    if not specifications:
        return _empty()
    outcomes: dict[tuple[object, ...], int] = {}
    responds: list[Flags] = []
    counts: list[Flags] = []
    for one in specifications:
        key = _outcome_key(one)
        if key not in outcomes:
            outcomes[key] = len(responds)
            flags, counted = _responders(patients.seen[one.visit, one.booster], one)
            responds.append(flags)
            counts.append(counted)
    groups = {key: place for place, key in enumerate(patients.members)}
    who = np.stack([patients.members[key] for key in groups]).astype(float)
    visits = {visit: place for place, (visit, _) in enumerate(patients.seen)}
    rated = np.stack([seen.is_rated for seen in patients.seen.values()])
    row = [groups[one.population, one.minimum_baseline_score] for one in specifications]
    column = [outcomes[_outcome_key(one)] for one in specifications]
    n_rated = (who @ rated.T.astype(float))[row, [visits[one.visit] for one in specifications]]
    events = (who @ np.stack(responds).T.astype(float))[row, column]
    n = (who @ np.stack(counts).T.astype(float))[row, column]
    return _shares(specifications, events, n, who.sum(axis=1)[row], n_rated, level)


def _shares(
    specifications: Sequence[Specification],
    events: Floats,
    n: Floats,
    members: Floats,
    n_rated: Floats,
    level: float,
) -> GridNumbers:
    low, high = wilson_limits(events, n, level=level)
    exact = np.array([one.interval == "exact" for one in specifications])
    low[exact], high[exact] = exact_limits(events[exact], n[exact], level=level)
    known = n_rated > 0
    value = np.where(known, events / np.where(n > 0, n, 1.0), NAN)
    low, high = np.where(known, low, NAN), np.where(known, high, NAN)
    whole = [part.astype(np.int64) for part in (n, members - n_rated, events)]
    return GridNumbers(value, low, high, *whole)


def _outcome_key(one: Specification) -> tuple[object, ...]:
    return one.definition, one.threshold_pct, one.visit, one.missing, one.booster


def _responders(seen: Seen, one: Specification) -> tuple[Flags, Flags]:
    """Return who responds under a reading, and who is counted at all."""
    known = _reach(seen.reduction_pct, seen.change_score, one)
    if one.missing == "observed":
        return known & seen.is_rated, seen.is_rated
    if one.missing == "best":
        instead = ~seen.cannot_respond
    elif one.missing == "last_value":
        instead = _reach(seen.carried_pct, seen.carried_change, one)
    else:
        instead = np.zeros(known.shape, dtype=bool)
    return np.where(seen.is_rated, known, instead), np.ones(known.shape, dtype=bool)


def _reach(reduction_pct: Floats, change_score: Floats, one: Specification) -> Flags:
    """Return whether each patient reaches the mark; NaN does not."""
    if one.threshold_pct is None:
        return change_score >= TWO_POINTS - ROUNDING
    return reduction_pct >= one.threshold_pct - ROUNDING


def estimate_means(
    patients: PatientColumns, specifications: Sequence[Specification], *, level: float = 0.95
) -> GridNumbers:
    """Estimate the percent reduction of every reading; parameters as `estimate_shares`.

    Returns
    -------
    GridNumbers
        Values as `analysis.estimate.reductions` gives them; no interval for one patient or where
        all values are equal, no value where nobody of the population was rated at the visit.
    """
    if not specifications:
        return _empty()
    cells: dict[tuple[object, ...], tuple[float, ...]] = {}
    rows = []
    for one in specifications:
        key = (one.definition, one.visit, one.missing, one.booster, one.population,
               one.minimum_baseline_score, one.interval)  # fmt: skip
        sample = key[1:6]
        if sample not in cells:
            cells[sample] = _moments(patients, one)
        rows.append(_cell(patients, one, cells[sample], level))
    table = np.array(rows, dtype=float)
    value, low, high = table[:, 0], table[:, 1], table[:, 2]
    by_mean = np.array([one.definition == "mean_of_patients" for one in specifications])
    for name in ("t", "normal"):
        chosen = by_mean & np.array([one.interval == name for one in specifications])
        low[chosen], high[chosen] = mean_limits(
            value[chosen], table[chosen, 5], table[chosen, 3], level=level, student=name == "t"
        )
    n, missing = table[:, 3].astype(np.int64), table[:, 4].astype(np.int64)
    return GridNumbers(value, low, high, n, missing, np.zeros(len(n), dtype=np.int64))


def _moments(patients: PatientColumns, one: Specification) -> tuple[float, ...]:
    """Return mean, n, n missing and spread of the patients' own percent under a reading."""
    seen = patients.seen[one.visit, one.booster]
    who = patients.members[one.population, one.minimum_baseline_score]
    values = _percents(seen, one.missing)[who]
    values = values[~np.isnan(values)]
    n_rated = int((who & seen.is_rated).sum())
    n_missing = int(who.sum()) - n_rated
    if not n_rated:
        return NAN, len(values), n_missing, NAN
    flat = len(values) < 2 or float(np.ptp(values)) <= SAME
    spread = NAN if flat else float(values.std(ddof=1))
    return float(values.mean()), len(values), n_missing, spread


def _cell(
    patients: PatientColumns, one: Specification, moments: tuple[float, ...], level: float
) -> tuple[float, ...]:
    """Return value, low, high, n, n missing and spread; the ends of means are made later."""
    mean, n, n_missing, spread = moments
    if one.definition == "mean_of_patients" or np.isnan(mean):
        return mean, NAN, NAN, n, n_missing, spread
    seen = patients.seen[one.visit, one.booster]
    who = patients.members[one.population, one.minimum_baseline_score]
    if one.definition == "median_of_patients":
        values = np.sort(_percents(seen, one.missing)[who])[: int(n)]
        ends = (NAN, NAN) if np.isnan(spread) else median_limits(values, level=level)
        return float(np.median(values)), *ends, n, n_missing, spread
    before, after = _pairs(patients.baseline_score[who], seen, one.missing, who)
    if not len(before):
        return NAN, NAN, NAN, 0, n_missing, NAN
    value = 100.0 * (before.mean() - after.mean()) / before.mean()
    flat = len(before) < 2 or float(np.ptp(after - before * (1 - value / 100.0))) <= SAME
    fieller = one.interval == "fieller"
    ends = (NAN, NAN) if flat else ratio_limits(before, after, level=level, fieller=fieller)
    return float(value), *ends, len(before), n_missing, spread


def _percents(seen: Seen, missing: str) -> Floats:
    """Return each patient's percent reduction; NaN is left out."""
    if missing == "observed":
        return np.where(seen.is_rated, seen.reduction_pct, NAN)
    instead = np.nan_to_num(seen.carried_pct) if missing == "last_value" else 0.0
    return np.where(seen.is_rated, seen.reduction_pct, instead)


def _pairs(baseline: Floats, seen: Seen, missing: str, who: Flags) -> tuple[Floats, Floats]:
    """Return scores before and after of those with both; nothing stands in for a baseline."""
    rated = seen.is_rated[who]
    instead = {"observed": np.full(baseline.shape, NAN), "last_value": seen.carried_score[who]}
    after = np.where(rated, seen.score[who], instead.get(missing, baseline))
    known = ~np.isnan(baseline) & ~np.isnan(after)
    return baseline[known], after[known]


def _empty() -> GridNumbers:
    none, zero = np.empty(0), np.empty(0, dtype=np.int64)
    return GridNumbers(none, none, none, zero, zero, zero)
