"""Patients' ratings as arrays, laid out once for every reading of when relief ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.derive.visits import END

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings with a known reduction after day 0, in the order of patient and day.

    Parameters
    ----------
    patient_ids : Index, shape (n,)
        Those with at least one such rating, sorted.
    firsts : ndarray of int, shape (n,)
        Place of each patient's first rating.
    day : ndarray of float, shape (k,)
        Days since day 0.
    reduction_pct, score, baseline_score : ndarray of float, shape (k,)
    is_end : ndarray of bool, shape (k,)
        Whether it is the rating of the end of the series.
    end_of_series_day, first_booster_day : ndarray of float, shape (n,)
        Days since day 0; NaN where there is none.
    """

    patient_ids: pd.Index
    firsts: NDArray[np.intp]
    day: Floats
    reduction_pct: Floats
    score: Floats
    baseline_score: Floats
    is_end: Bools
    end_of_series_day: Floats
    first_booster_day: Floats

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of ratings of each patient, shape (n,)."""
        return np.diff(self.firsts, append=self.day.size)

    @property
    def is_last(self) -> Bools:
        """Whether a rating is the patient's last, shape (k,)."""
        last = np.zeros(self.day.size, dtype=bool)
        last[self.firsts + self.counts - 1] = True
        return last

    def spread(self, by_patient: Floats) -> Floats:
        """Return each patient's number on every rating of the patient, shape (k,)."""
        return np.repeat(by_patient, self.counts)

    def least(self, numbers: Floats, among: Bools) -> Floats:
        """Return each patient's least number among some ratings; NaN where there is none."""
        return self._reduce(np.fmin, numbers, among)

    def most(self, numbers: Floats, among: Bools) -> Floats:
        """Return each patient's greatest number among some ratings; NaN where there is none."""
        return self._reduce(np.fmax, numbers, among)

    def total(self, among: Bools) -> NDArray[np.int64]:
        """Return how many of each patient's ratings are among some."""
        if not self.firsts.size:
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(among.astype(np.int64), self.firsts)

    def _reduce(self, chosen: np.ufunc, numbers: Floats, among: Bools) -> Floats:
        if not self.firsts.size:
            return np.zeros(0)
        found: Floats = chosen.reduceat(np.where(among, numbers, np.nan), self.firsts)
        return found


def lay_out_ratings(change: pd.DataFrame, subjects: pd.DataFrame) -> Ratings:
    """Lay out the ratings whose percent reduction is known.

    Parameters
    ----------
    change : DataFrame
        Ratings after day 0 (`analysis.derive.pain.derive_change`): patient_id, day, role, score,
        baseline_score, reduction_pct.
    subjects : DataFrame
        Indexed by patient_id: end_of_series_day, first_booster_day.

    Returns
    -------
    Ratings
        Of two ratings of one day the one that comes first in ``change`` comes first.
    """
    known = change[(change["reduction_pct"].notna() & change["day"].notna()).to_numpy(dtype=bool)]
    codes, names = pd.factorize(known["patient_id"], sort=True)
    day = known["day"].to_numpy(dtype=float)
    order = np.lexsort((day, codes))
    numbers = {
        name: known[name].to_numpy(dtype=float)[order]
        for name in ("reduction_pct", "score", "baseline_score")
    }
    of_patient = subjects[["end_of_series_day", "first_booster_day"]].reindex(names)
    return Ratings(
        patient_ids=pd.Index(names, name="patient_id"),
        firsts=np.searchsorted(codes[order], np.arange(len(names))),
        day=day[order],
        is_end=(known["role"] == END).to_numpy(dtype=bool)[order],
        end_of_series_day=of_patient["end_of_series_day"].to_numpy(dtype=float),
        first_booster_day=of_patient["first_booster_day"].to_numpy(dtype=float),
        **numbers,
    )
