"""Attacks a release with what everyone knows of such counts, and says what it recovers.

`make attack` does it for twenty demo exports of 40 to 600 patients. The attacker knows the
rounding, that the steps of the patient flow add up, that responders are among those rated, that
thresholds nest, that two points of at most ten are 20%, and has the printed numbers. A count, or
the difference of two counts of which one holds the other, is recovered when it can only be one
number of 1 to 6.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from math import ceil, floor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from release_runs import demo_study, write_run
from scipy.optimize import linprog
from scipy.sparse import coo_array

from analysis.report.release import make_release
from analysis.report.rounding import is_counted, possible, step_of
from analysis.results import KEYS, find
from analysis.stats.rates import wilson_limits

SIZES = (
    40,
    50,
    60,
    70,
    80,
    90,
    100,
    120,
    140,
    160,
    180,
    200,
    220,
    240,
    260,
    300,
    340,
    400,
    500,
    600,
)
SMALL = range(1, 7)


class Known:
    """Counts by name, each between two numbers, and what is known to be no more than what."""

    def __init__(self) -> None:
        self.places: dict[tuple, int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self.at_most: list[tuple[dict[int, float], float]] = []

    def count(self, name: tuple, rounded: float | None = None) -> int:
        place = self.places.setdefault(name, len(self.places))
        if place == len(self.low):
            self.low.append(0.0)
            self.high.append(np.inf)
        if rounded is not None and not pd.isna(rounded):
            low, high = possible(rounded)
            self.low[place] = max(self.low[place], float(low))
            self.high[place] = min(self.high[place], float(high))
        return place

    def inside(self, small: int, large: int) -> None:
        self.at_most.append(({small: 1.0, large: -1.0}, 0.0))

    def adds_up(self, parts: list[int], whole: int) -> None:
        weights = dict.fromkeys(parts, 1.0) | {whole: -1.0}
        self.at_most += [(weights, 0.0), ({k: -v for k, v in weights.items()}, 0.0)]

    def ends(self, weights: dict[int, float]) -> tuple[int, int]:
        """Return the least and the most whole number that a sum of counts can be."""
        return ceil(self._end(weights, 1.0) - 1e-6), floor(self._end(weights, -1.0) + 1e-6)

    def recovers(self, weights: dict[int, float]) -> int | None:
        """Return the number of 1 to 6 that a sum of counts must be; None where it may be others."""
        low, high = (np.array(each) for each in (self.low, self.high))
        alone = sum(own * (low if own > 0 else high)[place] for place, own in weights.items())
        if alone > SMALL[-1]:
            return None
        least = ceil(self._end(weights, 1.0) - 1e-6)
        if least not in SMALL or floor(self._end(weights, -1.0) + 1e-6) != least:
            return None
        return least

    def _end(self, weights: dict[int, float], sign: float) -> float:
        entries = [(at, place, own) for at, (row, _) in enumerate(self.at_most)
                   for place, own in row.items()]  # fmt: skip
        at, place, own = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(self.at_most), len(self.low))
        aim = np.zeros(len(self.low))
        for name, weight in weights.items():
            aim[name] += sign * weight
        made = linprog(
            aim, A_ub=coo_array((own, (at, place)), shape=shape).tocsr() if entries else None,
            b_ub=[most for _, most in self.at_most] if entries else None,
            bounds=list(zip(self.low, self.high, strict=True)),
        )  # fmt: skip
        return sign * made.fun if made.status == 0 else -sign * 1e6


def counts_of(frame: pd.DataFrame, condition: str) -> Known:
    """Write down everything printed of a condition's counts, and what is known of such counts."""
    known = Known()
    own = find(frame, condition=condition, group_by="all")
    flow = {}
    for row in find(own, measure="patients").itertuples():
        flow[row.definition] = known.count(("step", row.definition), row.value)
        if row.definition != "in_file":
            known.inside(flow[row.definition], known.count(("step", "in_file"), row.n))
    steps = {"in_file": ["never_treated", "baseline_zero", "baseline_below_minimum", "eligible"],
             "eligible": ["not_due", "no_baseline_rating", "not_rated", "observed"]}  # fmt: skip
    for whole, parts in steps.items():
        if {whole, *parts} <= flow.keys():
            known.adds_up([flow[part] for part in parts], flow[whole])
    for row in own[is_counted(own)].itertuples():
        asked = known.count(
            ("asked", row.visit), row.n if row.population == "all_starters" else None
        )
        rated = known.count(("rated", row.visit), row.n if row.population == "observed" else None)
        unseen = known.count(("unseen", row.visit), row.n_missing)
        early = known.count(("early", row.visit), row.n_not_due)
        known.adds_up([rated, unseen], asked)
        if "eligible" in flow:
            known.adds_up([asked, early], flow["eligible"])
        events = known.count(
            (row.measure, row.definition, row.threshold_pct, row.visit), row.n_events
        )
        known.inside(events, rated)
    shares = sorted({name for name in known.places if name[0] == "responder_share"}, key=str)
    for small in shares:
        for large in shares:
            nested = small[1] == large[1] and (small[2] or 0) > (large[2] or 0)
            nested |= small[1] == "two_points" and large[2] == 20.0  # two points of at most ten
            if nested and small[3] == large[3]:
                known.inside(known.places[small], known.places[large])
    return known


def narrow(frame: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Differences: every count and difference of nested counts, by linear programs."""
    for condition in frame["condition"].unique():
        known = counts_of(frame, condition)
        targets = [({place: 1.0}, str(name)) for name, place in known.places.items()]
        targets += [
            ({place: -own for place, own in weights.items()}, f"difference {weights}")
            for weights, _ in known.at_most
            if len(weights) == 2
        ]
        for weights, name in targets:
            count = known.recovers(weights)
            if count is not None:
                yield f"{condition}: {name}", count


@cache
def every_interval(level: float) -> tuple[np.ndarray, ...]:
    """Return all counts of up to 700 patients, and the Wilson limits of each."""
    n, e = (grid.ravel() for grid in np.meshgrid(np.arange(1, 700), np.arange(700)))
    n, e = n[e <= n], e[e <= n]
    return (e, n, *wilson_limits(e, n, level=level))


def invert(frame: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Intervals: the only counts whose Wilson limits these are must not be the true ones."""
    for row in find(frame, unit="share", status="estimated").itertuples():
        if pd.isna(row.low):
            continue
        e, n, low, high = every_interval(row.level)
        fits = (np.abs(low - row.low) < 1e-9) & (np.abs(high - row.high) < 1e-9)
        for events, total in zip(e[fits], n[fits], strict=True):
            if (events, total) != (row.n_events, row.n):
                yield f"interval of {row.measure}", int(events)


def multiply(frame: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Means times n: the patients of a mean, from it and from its sum over others."""
    for row in find(frame, unit="percent", status="estimated").itertuples():
        fewest, most = possible(row.n)
        half = step_of(100.0, float(row.n)) / 2
        low, high = (row.value - half) * fewest / 100, (row.value + half) * most / 100
        if floor(high) - ceil(low) < 2 and ceil(low) in SMALL:
            yield f"mean of {row.condition}", ceil(low)


def read_steps(frame: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Curves and coordinates: steps between points of a curve, in patients."""
    keys = [key for key in KEYS if key not in ("threshold_pct", "visit")]
    for name, own in find(frame, unit="share", status="estimated").groupby(keys):
        points = np.unique(np.round((own["value"] * own["n"].astype(float)).to_numpy(), 6))
        low, high = possible(points)
        for least, most in zip(low[1:] - high[:-1], high[1:] - low[:-1], strict=True):
            if least == most and least in SMALL:
                yield f"step of {name}", int(least)


def attack(frame: pd.DataFrame) -> list[tuple[str, int]]:
    """Return every count of 1 to 6 that is recovered, with how."""
    return [*narrow(frame), *invert(frame), *multiply(frame), *read_steps(frame)]


def main(sizes: tuple[int, ...] = SIZES) -> int:
    total = rows = 0
    for n_patients in sizes:
        seed = SIZES.index(n_patients) + 1
        with TemporaryDirectory() as name:
            study = demo_study(Path(name) / "export", n_patients=n_patients, seed=seed)
            _, frame = make_release(
                write_run(study, Path(name) / "run", judged=False), from_patients=30
            )
        found = attack(frame)
        total, rows = total + len(found), rows + len(frame)
        print(f"{n_patients:>4} patients, seed {seed:>2}: {len(frame):>5} rows, "
              f"{len(found)} counts of 1 to 6 recovered", flush=True)  # fmt: skip
        for how, count in found[:5]:
            print(f"      {count}  {how}")
    print(f"{total} counts of 1 to 6 recovered from {rows} rows of {len(sizes)} releases.")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main(tuple(map(int, sys.argv[1:])) or SIZES))
