"""What estimators return: frozen results that carry their n, unit, method and warnings.

A result is never rounded and never formatted here; `analysis.display` does that once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

Status = Literal["estimated", "not reached", "not estimable", "no patients"]
"""How far a result got. Only `estimated` promises a value."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with its interval.

    Parameters
    ----------
    value, low, high : float or None
        Point and two-sided interval in ``unit``; None where the data give no such number
        (never NaN). ``high`` is None for an upper limit that is not reached.
    level : float in (0, 1) or None
        Confidence level of the interval; None when there is none.
    n : int
        Patients that entered the number (its denominator).
    n_missing : int
        Patients of the population whose value is unknown. They are inside ``n`` when the missing
        rule counts them (all starters) and outside it when it does not (observed).
    n_events : int or None
        Numerator of a share, or events of a curve.
    unit : str
        ``share`` (0 to 1), ``percent``, ``score`` (0 to 10), ``days``, ``weeks``, ``count``.
    method : str
        What was done, in words: "Wilson score interval".
    status : {"estimated", "not reached", "not estimable", "no patients"}
        Why a value is None, when it is.
    warnings : tuple of str
        Sentences a reader must see beside the number.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int
    n_missing: int = 0
    n_events: int | None = None
    unit: str
    method: str
    status: Status = "estimated"
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not isfinite(number):
                raise ValueError(f"{name} is {number}; a missing number is None, never NaN")
        if (self.value is None) == (self.status == "estimated"):
            raise ValueError(f"value {self.value} does not go with status {self.status!r}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.n < 0 or self.n_missing < 0:
            raise ValueError("counts cannot be negative")

    @property
    def estimated(self) -> bool:
        """Whether there is a value."""
        return self.status == "estimated"


def no_patients(*, unit: str, method: str, n_missing: int = 0) -> Estimate:
    """Return the result of a question that no patient can answer."""
    return Estimate(
        value=None, n=0, n_missing=n_missing, unit=unit, method=method, status="no patients"
    )
