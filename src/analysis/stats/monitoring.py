"""Shares of sites or of quarters against the share of all, with the limits of chance.

A p-chart for groups in the order of time, a funnel for groups in none. A share outside the limits
asks for a reason; it gives none, and ranks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from analysis.errors import EstimationError
from analysis.stats.checks import Floats, as_flags, as_numbers, check_level, check_same_length
from analysis.stats.shrinkage import shrink_shares

LIMIT_LEVEL = 0.998
"""Share of groups inside the limits by chance: about three standard errors (Spiegelhalter 2005)."""

LEAST_IN_ORDER, LEAST_GROUPS = 8, 10
"""Groups in order, and in none, from which on their spread beyond chance is estimated."""

RANGE_TO_SD = 1.128
"""Mean range of two standard normal numbers, 2 / sqrt(pi), as control charts round it."""

WINSORIZED = 0.1
"""Share of the groups at either end whose distance counts no more than that of the next."""


@dataclass(frozen=True, kw_only=True)
class GroupShares:
    """Shares of groups, of one event, against that of all.

    Parameters
    ----------
    centre : float
        Share of all, in [0, 1].
    spread : float
        How many times as wide as by chance alone the limits are; at least 1.
    run, most_run : int
        Most groups in a row on one side of the centre, and how many chance explains.
    frame : DataFrame
        A row a group, named by the index, sorted: n, n_events, share, adjusted (to the strata of
        all), low, high (limits about the centre), shrunk (NaN for groups in order, and for fewer
        than three).
    """

    centre: float
    spread: float
    run: int
    most_run: int
    frame: pd.DataFrame


def is_outside(share: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.bool_]:
    """Return which shares lie outside their limits; one without limits does not."""
    value, least, most = (np.asarray(each, dtype=float) for each in (share, low, high))
    return (value < least) | (value > most)


def share_groups(
    has_event: pd.Series, group: pd.Series, stratum: pd.Series, *, in_order: bool,
    level: float = LIMIT_LEVEL,
) -> GroupShares:  # fmt: skip
    """Compare the share of each group with that of all.

    Parameters
    ----------
    has_event : Series of bool, shape (n_patients,)
    group, stratum : Series of str, shape (n_patients,)
        Site or quarter; and what they are adjusted for, such as the condition.
    in_order : bool
        Whether the names of the groups sort in the order of time.
    level : float in (0, 1)
        Of the limits.

    Raises
    ------
    EstimationError
        Nobody, a missing value, or lengths that differ.

    Notes
    -----
    The adjusted share is the share of all, plus the group's own, less what the shares of the strata
    in all patients lead one to expect of the group. Limits are exact binomial ones, their distance
    from the centre multiplied by the spread: for groups in order Laney's, the mean moving range
    over 1.128, which a drift does not widen; for others the root of Spiegelhalter's factor, the
    mean square of the winsorized distances, where it is above 1 by more than two standard errors.
    A run is long beyond chance from more than log2(groups) + 3, rounded (Anhoj).

    References
    ----------
    Spiegelhalter (2005), Stat Med 24:1185. Laney (2002), Qual Eng 14:531. Anhoj and Olesen (2014),
    PLoS ONE 9:e113825.
    """
    check_level(level)
    flags = as_flags("has_event", has_event)
    check_same_length(len(flags), group=len(group), stratum=len(stratum))
    if flags.isna().any() or group.isna().any() or stratum.isna().any() or not len(flags):
        raise EstimationError("groups are compared of patients whose event and group are known.")
    known = pd.DataFrame(
        {"event": flags.to_numpy(dtype=float), "group": group.to_numpy(),
         "stratum": stratum.to_numpy()}
    )  # fmt: skip
    known["expected"] = known.groupby("stratum")["event"].transform("mean")
    of_group = known.groupby("group")
    frame = of_group["event"].agg(n="size", n_events="sum", share="mean")
    centre = float(known["event"].mean())
    shift = frame["share"] - of_group["expected"].mean()
    frame["adjusted"] = (centre + shift).clip(0.0, 1.0)
    error = np.sqrt(centre * (1 - centre) / frame["n"].to_numpy())
    distance = shift.to_numpy() / np.where(error > 0, error, np.inf)
    spread = spread_in_order(distance) if in_order else spread_of_groups(distance)
    low, high = binomial_limits(centre, frame["n"], level=level, spread=spread)
    frame = frame.assign(n_events=frame["n_events"].astype(int), low=low, high=high, shrunk=np.nan)
    if not in_order:
        near = shrink_shares(np.rint(frame["adjusted"] * frame["n"]), frame["n"])
        frame["shrunk"] = np.array([one.value for one in near.shares], dtype=float)
    run, most_run = longest_run(distance)
    return GroupShares(centre=centre, spread=spread, run=run, most_run=most_run, frame=frame)


def binomial_limits(
    centre: float, n: ArrayLike, *, level: float = LIMIT_LEVEL, spread: float = 1.0
) -> tuple[Floats, Floats]:
    """Return the limits within which chance leaves the share of n patients, in [0, 1].

    Notes
    -----
    Exact binomial quantiles, interpolated between whole numbers of events (Spiegelhalter 2005,
    A.1.1), so that limits narrow smoothly with n; the upper one is the lower one of those without
    the event. ``spread`` multiplies their distance from the centre.
    """
    size, tail = as_numbers("n", n), (1 - level) / 2

    def distance(share: float) -> Floats:
        if not 0 < share < 1:
            return np.zeros(size.shape)
        events = binom.ppf(tail, size, share)
        beyond = (binom.cdf(events, size, share) - tail) / binom.pmf(events, size, share)
        return spread * (share - np.maximum(events - beyond, 0.0) / size)

    low, high = centre - distance(centre), centre + distance(1 - centre)
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def spread_in_order(distance: ArrayLike) -> float:
    """Return Laney's spread of distances in standard errors; 1 for fewer than eight groups."""
    z = as_numbers("distance", distance)
    if z.size < LEAST_IN_ORDER:
        return 1.0
    return max(1.0, float(np.abs(np.diff(z)).mean()) / RANGE_TO_SD)


def spread_of_groups(distance: ArrayLike) -> float:
    """Return the root of Spiegelhalter's factor; 1 for fewer than ten groups, or by chance."""
    z = as_numbers("distance", distance)
    if z.size < LEAST_GROUPS:
        return 1.0
    factor = float((np.clip(z, *np.quantile(z, [WINSORIZED, 1 - WINSORIZED])) ** 2).mean())
    return factor**0.5 if factor > 1 + 2 * (2 / z.size) ** 0.5 else 1.0


def longest_run(distance: ArrayLike) -> tuple[int, int]:
    """Return most groups in a row on one side of the centre, and the most that chance explains.

    A group on the centre neither counts nor ends a run.
    """
    side = np.sign(as_numbers("distance", distance))
    side = side[side != 0]
    if not side.size:
        return 0, 0
    ends = np.flatnonzero(np.diff(side))
    lengths = np.diff(np.concatenate([[-1], ends, [side.size - 1]]))
    return int(lengths.max()), round(float(np.log2(side.size)) + 3)
