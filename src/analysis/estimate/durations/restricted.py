"""The mean time with relief up to a horizon, as every curve returns it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.results import Estimate


@dataclass(frozen=True, kw_only=True)
class RestrictedMean:
    """Mean time with relief up to a horizon.

    Parameters
    ----------
    estimate : Estimate
        Mean in the curve's time unit, between 0 and ``tau``, with its interval.
    std_error : float or None
        Standard error of the mean; None when there is none to give.
    tau : float
        Horizon, in the curve's time unit.
    """

    estimate: Estimate
    std_error: float | None
    tau: float
