"""What figures take beside result rows: a cited band and curves, all frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.wording.numbers import band_text
from analysis.wording.texts import say

MASS_TIE, SHARE_TIE = 1e-6, 1e-9
"""How far masses may sum from 1 (a fit stops nearer to its maximum), and a share lie from 0."""


@dataclass(frozen=True, kw_only=True)
class CitedBand:
    """A cited figure to draw behind our own.

    Parameters
    ----------
    low, high : float or None
        Cited floor and ceiling in ``unit``; one of them may be open (None).
    unit : str
        ``share`` (0 to 1), ``percent`` (0 to 100), ``weeks``.
    label : str
        What stands at the band; empty means "cited 70 % to 85 %".
    """

    low: float | None
    high: float | None = None
    unit: str = "share"
    label: str = ""

    @property
    def text(self) -> str:
        """The label, made from the numbers when none was given."""
        band = band_text(self.low, self.high, unit=self.unit)
        return self.label or say("figures.cited", cited=band)


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveToDraw:
    """One relief curve as plain arrays.

    Parameters
    ----------
    label : str
        What the curve is of, for people.
    condition : str
        Condition code, for the colour.
    times : array of float, shape (k,)
        Rising times in weeks from the end of the series.
    survival, low, high : array of float in [0, 1], shape (k,)
        Share still relieved just after each time, and its pointwise limits; NaN where undefined.
        Before the first time the share is 1.
    at_risk_weeks : array of float, shape (m,)
        Weeks under which the number followed stands.
    at_risk : array of int, shape (m,)
        Patients still followed and relieved at these weeks.
    median_text : str
        The median as printed elsewhere ("9.4 weeks", "not reached"); empty when not to be said.

    Raises
    ------
    ValueError
        Arrays of one axis differ in length.
    """

    label: str
    condition: str = "all"
    times: ArrayLike
    survival: ArrayLike
    low: ArrayLike = field(default=())
    high: ArrayLike = field(default=())
    at_risk_weeks: ArrayLike = field(default=())
    at_risk: ArrayLike = field(default=())
    median_text: str = ""

    def __post_init__(self) -> None:
        sizes = {name: np.size(getattr(self, name)) for name in ("survival", "low", "high")}
        wrong = [name for name, k in sizes.items() if k != np.size(self.times)]
        wrong = [name for name in wrong if name == "survival" or sizes[name]]
        if wrong or np.size(self.at_risk) != np.size(self.at_risk_weeks):
            raise ValueError(f"arrays of curve '{self.label}' differ in length: {wrong}")

    @property
    def n(self) -> int:
        """Patients followed at the first of ``at_risk_weeks``; 0 when none are given."""
        return int(np.asarray(self.at_risk).flat[0]) if np.size(self.at_risk) else 0

    def share_at(self, week: float) -> float | None:
        """Return the share still relieved at a week; None beyond the last time or with no times."""
        times = np.asarray(self.times, dtype=float)
        if times.size == 0 or week > times[-1]:
            return None
        before = int(np.searchsorted(times, week, side="right"))
        share = 1.0 if before == 0 else float(np.asarray(self.survival, dtype=float)[before - 1])
        return share if np.isfinite(share) else None

    def steps(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times and one of ``survival``, ``low``, ``high``, begun at (0, 1)."""
        values = np.asarray(getattr(self, name), dtype=float)
        times = np.asarray(self.times, dtype=float)
        return np.concatenate([[0.0], times]), np.concatenate([[1.0], values])


class Region(NamedTuple):
    """Weeks without a visit, and the shares still relieved before and after them."""

    left: float
    right: float
    before: float
    after: float


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalCurveToDraw:
    """One relief curve for interval-censored losses, as plain arrays.

    Parameters
    ----------
    label : str
        What the curve is of, for people.
    condition : str
        Condition code, for the colour.
    left, right : array of float, shape (m,)
        Weeks; losses lie in (left, right], or at the time itself where they are equal. ``right``
        is infinite for losses after the last look.
    mass : array of float in [0, 1], shape (m,)
        Share of patients whose loss lies in each region; sums to 1.
    n : int
        Patients.
    at_risk_weeks : array of float, shape (k,)
        Weeks under which the number followed stands.
    at_risk : array of int, shape (k,)
        Patients still followed and relieved at these weeks.
    intervals : sequence of (week, low, high)
        Pointwise limits of the share at some weeks; one without limits (None) is not drawn.
    level : float in (0, 1) or None
        Confidence level of ``intervals``.
    median_text : str
        The median as printed elsewhere ("9.4 weeks", "not reached"); empty when not to be said.

    Raises
    ------
    ValueError
        Arrays of one axis differ in length, or the regions are no curve: out of order, one
        ending before it begins, or masses that are negative or do not sum to 1.
    """

    label: str
    condition: str = "all"
    left: ArrayLike
    right: ArrayLike
    mass: ArrayLike
    n: int = 0
    at_risk_weeks: ArrayLike = field(default=())
    at_risk: ArrayLike = field(default=())
    intervals: Sequence[tuple[float, float | None, float | None]] = ()
    level: float | None = None
    median_text: str = ""

    def __post_init__(self) -> None:
        left, right, mass = (np.asarray(a, dtype=float) for a in (self.left, self.right, self.mass))
        same = left.shape == right.shape == mass.shape
        if not same or np.size(self.at_risk) != np.size(self.at_risk_weeks):
            raise ValueError(f"arrays of curve '{self.label}' differ in length")
        ordered = np.all(left <= right) and np.all(left[1:] >= right[:-1])
        whole = not mass.size or (mass.min() >= 0 and abs(mass.sum() - 1) <= MASS_TIE)
        if not (ordered and whole):
            raise ValueError(f"the regions of curve '{self.label}' do not make a curve")

    @property
    def regions(self) -> list[Region]:
        """The regions from first to last with the shares before and after each."""
        left, right, mass = (np.asarray(a, dtype=float) for a in (self.left, self.right, self.mass))
        after = np.clip(1 - np.cumsum(mass), 0, 1)
        after[after < SHARE_TIE] = 0.0
        before = np.concatenate([[1.0], after])[:-1] if mass.size else after
        return [Region(*map(float, four)) for four in zip(left, right, before, after, strict=True)]

    def between(self, week: float) -> tuple[float, float] | None:
        """Return the lowest and highest share just after a week; None after the last look."""
        low = high = 1.0
        for region in self.regions:
            if np.isinf(region.right) and week > region.left:
                return None
            if region.left < week or region.right <= week:
                low = region.after
            if region.right <= week:
                high = region.after
        return (low, high) if np.size(self.mass) else None
