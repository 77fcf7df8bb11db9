"""Which rows of a results frame may be handed on, and how their numbers are rounded.

Counts become midpoints of six, as OpenSAFELY does it; everything else is made from those. Whether
a row is given follows from rounded counts alone, so that a withheld number tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import floor, inf, log10
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.labels import words_in
from analysis.results import COLUMNS, make_results
from analysis.stats.rates import wilson_limits

WIDTH = 6
"""Counts are rounded to the middle of this many: 0 stays 0, 1 to 6 become 3, 7 to 12 become 9."""

LARGEST_ERROR = 0.05
"""A share is given where rounding moves it by no more than this."""

FROM_PATIENTS = 60
LEAST_PATIENTS = 30
"""Fewest patients of a share: by default, and the least that may be asked for."""

COUNTS = ["n", "n_events", "n_missing", "n_not_due"]

COUNTED, ESTIMATED, MEANS = (
    {measure for measure, kinds in words_in("released").items() if kind in kinds.split()}
    for kind in ("counted", "estimated", "mean")
)
"""Measures that are released: shares that are one count of another, given with a Wilson interval of
the rounded counts; shares that a model or a curve gives, rounded as if they were counts of their
patients; and means, standard deviations, medians and times."""

METHODS_LEFT_OUT = frozenset(
    ["clopper_pearson", "beta_binomial_sequence", "asymptotic_sequence", "bounds", "mean_bca",
     "mmrm_unstructured", "kaplan_meier", "competing_median", "npmle_curve"]
)  # fmt: skip
"""A second estimate of the same patients would narrow down what the rounding of the first hides."""

SCALES: Mapping[str, float] = MappingProxyType(
    {"percent": 100.0, "score": 10.0, "years": 60.0, "number": 10.0}
)
"""From end to end of what one patient's number can be, by unit; that of times is the schedule."""


def midpoint(count: ArrayLike) -> np.ndarray:
    """Return counts as midpoints of six: 0, 3 (1 to 6), 9 (7 to 12), 15 ...

    Parameters
    ----------
    count : array_like of float
        Counts, or expected numbers of patients; whatever is above 0 is at least 3.

    Notes
    -----
    OpenSAFELY, "midpoint 6 rounding": ceil(count / 6) * 6 - 3 for counts above 0.
    """
    # 9 decimals: 0.3 * 20 is not to fall above 6.
    number = np.round(np.asarray(count, dtype=float), 9)
    return np.where(number > 0, np.ceil(number / WIDTH) * WIDTH - WIDTH // 2, number)


def possible(rounded: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest count that is rounded to each: 9 may be 7 to 12."""
    middle = np.asarray(rounded, dtype=float)
    there = middle > 0
    return middle - (WIDTH // 2 - 1) * there, middle + WIDTH // 2 * there


def rounding_error(n_events: ArrayLike, n: ArrayLike) -> np.ndarray:
    """Return how far the share of two rounded counts may lie from that of the true ones.

    Parameters
    ----------
    n_events, n : array_like of float
        Rounded counts; ``n`` above 0.

    Notes
    -----
    The share grows with its events and falls with the patients, so the ends lie at the corners of
    what is possible: most events of fewest patients (never more than all), and the reverse.
    """
    least, most = possible(n_events)
    fewest, all_of = possible(n)
    share = np.asarray(n_events, dtype=float) / np.asarray(n, dtype=float)
    return np.maximum(np.minimum(most / fewest, 1.0) - share, share - least / all_of)


def step_of(scale: float, n: float) -> float:
    """Return the step a mean of ``n`` patients is rounded to: 1, 2 or 5 times a power of ten.

    Notes
    -----
    Six patients, whatever their numbers, move a mean by at most 6 / n of the scale; the step is no
    smaller. The sum that mean and count give then is open by more than six patients' worth.
    """
    least = WIDTH * scale / n
    power = 10.0 ** floor(log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-12))


def select_rows(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a run whose numbers can be made from rounded ones.

    Left out are tests, fitted shapes, models of all visits, comparisons of arms, boosters and
    whatever a notebook of one's own has added: of those nothing is known that would hide a patient.
    """
    unit, measure = results["unit"], results["measure"]
    own = ~results["method"].isin(METHODS_LEFT_OUT) & ~results["definition"].str.contains("_worse_")
    kept = (
        ((measure == "patients") & (unit == "count"))
        | (is_counted(results) & results["method"].isin(["wilson", "tableone"]))
        | ((unit == "share") & measure.isin(ESTIMATED) & ~is_counted(results))
        | (measure.isin(MEANS) & unit.isin([*SCALES, "weeks"]))
    )
    return results[own & kept]


def is_counted(results: pd.DataFrame) -> pd.Series:
    """Return which rows are shares that are one count of another."""
    modeled = results["method"].isin(["multiple_imputation", "npmle"])
    return (results["unit"] == "share") & results["measure"].isin(COUNTED) & ~modeled


def round_rows(
    results: pd.DataFrame, *, weeks: float, from_patients: int | None = None
) -> pd.DataFrame:
    """Return rows of `select_rows` as they are released.

    ``weeks`` up to the last planned visit are the scale of times. ``from_patients`` are the fewest
    patients of a share, at least 30; by default 60, and only where rounding moves the share by at
    most 5 points. The status is ``withheld`` where they are too few. Notes that hold a number are
    gone, and so are the events of whatever is not a share of two counts.
    """
    frame = results.copy()
    exact_n = frame["n"].astype(float)
    for name in COUNTS:
        frame[name] = pd.array(midpoint(frame[name].astype(float)), dtype="Int64")
    counted, shares = is_counted(frame), frame["unit"] == "share"
    frame["n_events"] = frame["n_events"].where(counted)
    n = frame["n"].astype(float)
    whole = counted & frame["value"].notna()
    events = frame["n_events"].astype(float)
    estimated = shares & ~counted
    for name in ("value", "low", "high"):
        expected = midpoint(frame[name] * exact_n) / n
        frame[name] = frame[name].where(~estimated, np.minimum(expected, 1.0))
    frame.loc[whole, "value"] = events[whole] / n[whole]
    for level, own in frame[whole & frame["low"].notna()].groupby("level"):
        limits = wilson_limits(events[own.index], n[own.index], level=float(str(level)))
        frame.loc[own.index, "low"], frame.loc[own.index, "high"] = limits
    patients = frame["measure"] == "patients"
    frame.loc[patients, "value"] = midpoint(frame.loc[patients, "value"])
    means = ~shares & ~patients
    steps = steps_of(frame, weeks)
    turns: dict[str, Callable[..., Any]] = {"value": np.round, "low": np.floor, "high": np.ceil}
    for name, turn in turns.items():
        # 9 decimals: 0.3 / 0.1 is not to fall below 3.
        turned = np.round(turn(np.round(frame[name] / steps, 9)) * steps, 9)
        frame[name] = frame[name].where(~means, turned)
    few = n < (from_patients or FROM_PATIENTS)
    if from_patients is None:
        reached = frame["value"] * n
        few |= pd.Series(rounding_error(reached, n.where(n > 0)), frame.index) > LARGEST_ERROR
    few = few.where(shares, n < LEAST_PATIENTS) & ~patients
    return withhold(frame, few)


def withhold(frame: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """Return a frame in which some rows keep only their keys and how many patients they are of."""
    frame = frame.copy()
    frame.loc[rows, ["value", "low", "high", "level"]] = np.nan
    frame.loc[rows, "n_events"] = pd.NA
    frame.loc[rows, "status"] = "withheld"
    frame["notes"] = [
        "" if gone else ";".join(each for each in text.split(";") if "(" not in each)
        for gone, text in zip(rows, frame["notes"], strict=True)
    ]
    return make_results(frame[COLUMNS])


def steps_of(frame: pd.DataFrame, weeks: float) -> pd.Series:
    """Return the step that each mean is rounded to; NaN where the row is no mean of anybody."""
    scales = frame["unit"].map({**SCALES, "weeks": weeks})
    told = zip(scales.fillna(0.0), frame["n"].fillna(0).astype(float), strict=True)
    return pd.Series([step_of(s, n) if s and n else np.nan for s, n in told], frame.index)


def shift(frame: pd.DataFrame, side: int, *, weeks: float) -> pd.DataFrame:
    """Return released rows with every number as low (-1) or as high (1) as the true one may be."""
    frame = frame.copy()
    n = frame["n"].astype(float)
    counted, shares = is_counted(frame), frame["unit"] == "share"
    given = frame["status"] != "withheld"
    fewest, most = possible(n)
    of = np.maximum(most if side < 0 else fewest, 1)

    def end(number: pd.Series) -> np.ndarray:
        return np.clip(possible(np.round(number * n, 6))[side > 0], 0, of)

    for name in ("value", "low", "high"):
        frame[name] = frame[name].where(~(shares & ~counted), end(frame[name]) / of)
    whole = counted & given & frame["value"].notna()
    for level, own in frame[whole & frame["low"].notna()].groupby("level"):
        at = own.index
        events = possible(own["n_events"].astype(float))[side > 0]
        # Never more events than patients: of all of more patients the lower limit is higher.
        total = np.maximum(pd.Series(of, frame.index)[at], events)
        frame.loc[at, "value"] = events / total
        limits = wilson_limits(events, total, level=float(str(level)))
        frame.loc[at, "low"], frame.loc[at, "high"] = limits
    means = ~shares & (frame["measure"] != "patients")
    steps = steps_of(frame, weeks)
    floor_of = frame["unit"].map({"weeks": 0.0}).fillna(-inf)
    for name in ("value", "low", "high"):
        frame[name] = frame[name].where(~means, np.maximum(frame[name] + side * steps, floor_of))
    return frame


def largest_error(frame: pd.DataFrame) -> float:
    """Return how far rounding moves any share that is given, at most; 0 where there is none."""
    shares = frame[(frame["unit"] == "share") & frame["value"].notna() & (frame["n"] > 0)]
    if shares.empty:
        return 0.0
    n = shares["n"].astype(float)
    return float(np.max(rounding_error(shares["value"] * n, n)))


def check_rows(frame: pd.DataFrame, *, weeks: float, from_patients: int | None) -> dict[str, Any]:
    """Return the rows that the rules of `round_rows` could not have made, by what is wrong.

    A released frame that is rounded again must stay as it is.
    """
    off_grid = pd.Series(False, frame.index)
    for name in COUNTS:
        count = frame[name].astype(float)
        off_grid |= count.notna() & (midpoint(count) != count)
    again = round_rows(frame, weeks=weeks, from_patients=from_patients)
    wrong = pd.Series(False, frame.index)
    for name in COLUMNS:
        same = (frame[name] == again[name]).fillna(False).astype(bool)
        if name in ("value", "low", "high"):
            same |= np.isclose(frame[name].astype(float), again[name].astype(float), atol=1e-9)
        wrong |= ~(same | (frame[name].isna() & again[name].isna()))
    left_out = ~frame.index.isin(select_rows(frame).index)
    return {
        "a count that is no midpoint of six": frame[off_grid],
        "a number that the rounding rule does not give": frame[wrong & ~off_grid],
        "a measure that is not released": frame[left_out],
    }
