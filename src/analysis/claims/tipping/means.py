"""Tipping points of means: how far those not rated would have to be from those rated."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.claims.judgement import Verdict
from analysis.claims.verdicts import judge_interval
from analysis.wording.numbers import count_text, number_text, quantity_text
from analysis.wording.texts import say

WORST_SCORE = 10.0
"""Score. Nobody's pain is above the end of the scale."""

NO_PAIN_PCT = 100.0
"""Percent. Nobody's pain can fall further."""


@dataclass(frozen=True, kw_only=True)
class MeanBound:
    """The mean of all, were everyone not rated at one value; with its verdict."""

    value: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class MeanTipping:
    """How far those not rated would have to be from those rated.

    Parameters
    ----------
    value, low, high : float
        Mean and interval of those rated, percent.
    n, n_missing : int
        Rated, and not rated.
    verdict : str
        Were those not rated like those rated (delta 0).
    delta_to_meet, delta_to_stop_falling_short : float or None
        Difference of the mean of those not rated from that of those rated at which the verdict
        becomes ``meets``, and ceases to be ``falls short``; percent points. Below 0 it holds until
        they are so much worse. None when nobody is missing. For a claim that has only a ceiling
        the verdict holds up to the difference instead of from it on.
    best, worst : MeanBound or None
        Everyone not rated free of pain; at the worst pain the scale has (None: not known).
    """

    value: float
    low: float
    high: float
    n: int
    n_missing: int
    verdict: Verdict
    delta_to_meet: float | None
    delta_to_stop_falling_short: float | None
    best: MeanBound | None
    worst: MeanBound | None

    @property
    def can_meet(self) -> bool:
        """Return whether some value possible for those not rated gives ``meets``."""
        return any(
            bound is not None and bound.verdict == "meets" for bound in (self.best, self.worst)
        )

    @property
    def can_stop_falling_short(self) -> bool:
        """Return whether some value possible for those not rated gives no ``falls short``."""
        return any(
            bound is not None and bound.verdict != "falls short"
            for bound in (self.best, self.worst)
        )

    @property
    def sentence(self) -> str:
        """Return the tipping point in words."""
        if self.delta_to_meet is None or self.delta_to_stop_falling_short is None:
            return say("tipping.all_rated", n=count_text(self.n))
        parts = [self._tell_not_rated()]
        if self.verdict == "falls short":
            parts.append(
                say("tipping.means.stop", mean=self._mean_at(self.delta_to_stop_falling_short))
                if self.can_stop_falling_short
                else say("tipping.means.stop_impossible")
            )
        if self.verdict == "meets":
            parts.append(say("tipping.means.met_until", mean=self._mean_at(self.delta_to_meet)))
        elif self.can_stop_falling_short:
            parts.append(
                say("tipping.means.meet", mean=self._mean_at(self.delta_to_meet))
                if self.can_meet
                else say("tipping.means.meet_impossible")
            )
        return say("tipping.finding", parts=say("tipping.between_parts").join(parts))

    def _tell_not_rated(self) -> str:
        one = self.n_missing == 1
        return say(
            "tipping.means.not_rated_one" if one else "tipping.means.not_rated_many",
            missing=count_text(self.n_missing),
            n=count_text(self.n),
            value=quantity_text(self.value, unit="percent"),
        )

    def _mean_at(self, delta: float) -> str:
        return say(
            "tipping.means.mean_above" if delta >= 0 else "tipping.means.mean_below",
            value=quantity_text(self.value + delta, unit="percent"),
            points=number_text(abs(delta), decimals=1),
        )


def tip_mean(
    value: float,
    low: float,
    high: float,
    *,
    n: int,
    n_missing: int,
    floor: float | None,
    ceiling: float | None = None,
    worst_pct: float | None = None,
) -> MeanTipping:
    """Find the difference between those not rated and those rated at which the verdict turns.

    Parameters
    ----------
    value, low, high : float
        Mean and interval of those rated, percent.
    n, n_missing : int
        Rated, and not rated.
    floor, ceiling : float or None
        As cited, percent.
    worst_pct : float, optional
        Mean reduction of those not rated were their pain the worst possible
        (`worst_reduction_pct`).

    Returns
    -------
    MeanTipping

    Raises
    ------
    ValueError
        Nobody was rated; or neither floor nor ceiling.

    Notes
    -----
    Pattern mixture: the mean of all is ``value + share_missing * delta``, and its interval that of
    those rated, moved; so delta 0 gives back the interval of those rated. How uncertain the mean
    of the missing is beyond that is not in it: it is assumed, not estimated.

    References
    ----------
    Little (1993), J Am Stat Assoc 88:125; National Research Council (2010), The Prevention and
    Treatment of Missing Data in Clinical Trials, chapter 5.
    """
    if n <= 0 or n_missing < 0:
        raise ValueError(f"{n} rated and {n_missing} not rated cannot be")
    marks = {"floor": floor, "ceiling": ceiling}
    verdict = judge_interval(low, high, **marks)
    part = n_missing / (n + n_missing)
    mark = floor if floor is not None else ceiling
    assert mark is not None  # judge_interval has refused a claim with neither
    ends = (low, high) if floor is not None else (high, low)
    to_meet, to_stop = ((mark - end) / part if part else None for end in ends)

    def bound(pct: float) -> MeanBound:
        moved = tuple(number + part * (pct - value) for number in (value, low, high))
        return MeanBound(value=moved[0], low=moved[1], high=moved[2],
                         verdict=judge_interval(moved[1], moved[2], **marks))  # fmt: skip

    return MeanTipping(
        value=value,
        low=low,
        high=high,
        n=n,
        n_missing=n_missing,
        verdict=verdict,
        delta_to_meet=to_meet,
        delta_to_stop_falling_short=to_stop,
        best=bound(NO_PAIN_PCT) if part else None,
        worst=bound(worst_pct) if part and worst_pct is not None else None,
    )


def worst_reduction_pct(baseline_score: pd.Series) -> float | None:
    """Return the mean reduction of patients were their pain the worst on the scale, percent.

    Parameters
    ----------
    baseline_score : Series of float
        Baselines of those not rated, score above 0; unknown ones are left out.

    Returns
    -------
    float or None
        At most 0; None where no baseline is known.
    """
    known = baseline_score.dropna()
    if not len(known):
        return None
    return float((100.0 * (known - WORST_SCORE) / known).mean())
