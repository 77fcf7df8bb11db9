"""How often each verdict on a responder rate is said, by enumerating every count of patients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from analysis.claims.robustness.limits import exact_limits, wilson_limits

FACTOR = 2.0
"""Worse for non-responders: they leave this many times as often as responders do."""

Rule = Literal["not responding", "unchanged", "observed"]
Leaving = Literal["nobody", "at random", "non-responders more"]
Interval = Literal["Wilson", "exact"]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Chances:
    """How often each verdict is said, in [0, 1]; together 1.

    Parameters
    ----------
    meets, falls_short, undecided, not_testable : float
    expected_share : float
        Mean of the share that the rule estimates, given that somebody was rated at all.
    """

    meets: float
    falls_short: float
    undecided: float
    not_testable: float
    expected_share: float


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Who leaves, and what those who left count as."""

    rule: Rule
    leaving: Leaving
    dropout: float

    @property
    def words(self) -> str:
        """Return "30 % leave, non-responders more; left out"."""
        if not self.dropout:
            return "nobody leaves"
        how = {"at random": "at random", "non-responders more": "non-responders twice as often"}
        counted = {
            "not responding": "count as not responding",
            "unchanged": "count as unchanged",
            "observed": "left out",
        }
        return f"{self.dropout:.0%} leave, {how[self.leaving]}; {counted[self.rule]}".replace(
            "%", " %", 1
        )


def leaving_shares(true_share: float, setting: Setting) -> tuple[float, float]:
    """Return the shares of responders and of non-responders who leave.

    Parameters
    ----------
    true_share : float in [0, 1]
        Share who would respond, were all rated.
    setting : Setting
        Of all patients its ``dropout`` leaves; worse for non-responders means `FACTOR` times as
        often as responders.

    Raises
    ------
    ValueError
        So many cannot leave in this way.
    """
    if setting.leaving != "non-responders more":
        return setting.dropout, setting.dropout
    responders = setting.dropout / (true_share + FACTOR * (1 - true_share))
    if FACTOR * responders > 1:
        raise ValueError(f"{setting.dropout:g} cannot leave with {true_share:g} responding")
    return responders, FACTOR * responders


def verdict_chances(
    n: int,
    *,
    true_share: float,
    floor: float,
    setting: Setting,
    interval: Interval = "Wilson",
) -> Chances:
    """Return how often each verdict is said of a responder rate.

    Parameters
    ----------
    n : int
        Patients who start.
    true_share : float in [0, 1]
        Share who would respond, were all rated: what the verdict is about.
    floor : float in (0, 1)
        Cited floor.
    setting : Setting
    interval : {"Wilson", "exact"}
        95 % interval judged.

    Returns
    -------
    Chances
        Exact.

    Raises
    ------
    ValueError
        The rule is one for means.

    Notes
    -----
    Patients are independent. Among the ``m`` rated, responders are binomial with the share of
    responders among those who stay; ``m`` is binomial too, and all its values are summed over.
    """
    if setting.rule == "unchanged":
        raise ValueError("a rate has no unchanged patients; they count as not responding")
    gone_responding, _ = leaving_shares(true_share, setting)
    seen_responding = true_share * (1 - gone_responding)
    stay = 1 - setting.dropout
    meets_from, short_to = decisive_counts(n, floor, interval)
    nobody = setting.dropout**n
    if setting.rule == "not responding":
        meets = float(binom.sf(meets_from[n] - 1, n, seen_responding))
        short = float(binom.cdf(short_to[n], n, seen_responding))
        short -= nobody if short_to[n] >= 0 else 0.0  # nobody rated is no verdict
        mean = seen_responding / (1 - nobody)
    else:
        rated = np.arange(n + 1)
        weight = binom.pmf(rated, n, stay)
        weight[0] = 0.0
        share = seen_responding / stay
        meets = float(weight @ binom.sf(meets_from - 1, rated, share))
        short = float(weight @ binom.cdf(short_to, rated, share))
        mean = share
    rest = 1 - meets - short - nobody
    return Chances(meets=meets, falls_short=short, undecided=max(rest, 0.0), not_testable=nobody,
                   expected_share=mean)  # fmt: skip


@lru_cache(maxsize=64)
def decisive_counts(n: int, floor: float, interval: Interval = "Wilson") -> tuple[Counts, Counts]:
    """Return, for 0 to n patients, the fewest responders that meet and the most that fall short.

    Parameters
    ----------
    n : int
    floor : float in (0, 1)
    interval : {"Wilson", "exact"}

    Returns
    -------
    meets_from, short_to : ndarray of int, shape (n + 1,)
        By number of patients counted; one more than there are patients, and -1, where no count
        decides.
    """
    patients, events = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = (events <= patients) & (patients > 0)
    limits = wilson_limits if interval == "Wilson" else exact_limits
    low, high = limits(np.minimum(events, patients), patients)
    meets, short = inside & (low >= floor), inside & (high < floor)
    counted = np.arange(n + 1)
    meets_from = np.where(meets.any(axis=1), meets.argmax(axis=1), counted + 1)
    return meets_from, short.sum(axis=1) - 1
