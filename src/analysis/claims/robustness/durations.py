"""The numbers of every reading of a duration: each curve is fitted and resampled once.

Patients' ratings are turned into spans once for each threshold, loss rule and clock; everybody else
who asks for them takes a part. Readings that leave the same losses share one fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.claims.robustness.duration_readings import AT_VISIT, COMPETING, DurationReading
from analysis.claims.robustness.grid import GridNumbers
from analysis.derive.datasets import Datasets
from analysis.derive.lookup import is_among
from analysis.derive.pain import SCORE_DUST
from analysis.derive.ratings import Ratings, lay_out_ratings
from analysis.derive.relief import derive_spans
from analysis.estimate.durations import (
    IntervalCurve,
    ReliefCurve,
    ReliefIntervals,
    bootstrap_relief,
    resample_masses,
)
from analysis.estimate.durations.inputs import Floats
from analysis.outcomes.chance import generator
from analysis.outcomes.competing import median_when_competing
from analysis.outcomes.interval_relief import ALL_BUT, MOST_REPLICATES, interval_curve
from analysis.outcomes.losses import ALL_STARTERS, Losses, losses_of, rated_at_start
from analysis.outcomes.planned import PLANNED_WEEKS, quantile_at_planned
from analysis.outcomes.relief import kaplan_meier_of
from analysis.outcomes.selection import Group
from analysis.results import Estimate, no_patients
from analysis.settings import AnalysisSettings, BoosterStrategy

GRID_REPLICATES = 100
"""Resamples of every reading but the headline. A percentile limit then moves by chance by about a
quarter of the estimate's standard error, and all readings of a population are drawn from one seed.
The headline has as many as its row."""

HALF = 0.5


def estimate_durations(
    datasets: Datasets,
    starters: Group,
    readings: Sequence[DurationReading],
    settings: AnalysisSettings,
    *,
    headline: DurationReading,
    benches: Benches | None = None,
) -> tuple[GridNumbers, NDArray[np.bool_]]:
    """Estimate the duration of relief, or the share that kept it, under every reading.

    Parameters
    ----------
    datasets : Datasets
    starters : Group
        `analysis.claims.robustness.patients.starters_of`.
    readings : sequence of DurationReading
    settings : AnalysisSettings
        Level, seed and number of resamples.
    headline : DurationReading
        The reading that has the resamples of its row.
    benches : dict, optional
        Work that several claims on the same patients share; filled here.

    Returns
    -------
    numbers : GridNumbers
        Weeks or shares, as `analysis.outcomes.interval_relief`, `relief` and `competing` give them;
        no value for a median that is not reached, NaN for an open end.
    is_testable : ndarray of bool, shape (n_readings,)
        Whether there is an answer; "not reached" is one.

    Raises
    ------
    ValueError
        The benches are of other datasets or settings.
    """
    key = (starters.condition, starters.group_by, starters.group)
    shared: Benches = {} if benches is None else benches
    work = shared.setdefault(key, Bench(datasets, starters, settings))
    if work.datasets is not datasets or work.settings != settings:
        raise ValueError("the benches are of other datasets, or of other settings")
    found = [work.estimate(one, is_headline=one == headline) for one in readings]
    value = _column([one.value for one in found])
    low, high = _column([one.low for one in found]), _column([one.high for one in found])
    n = np.array([one.n for one in found], dtype=np.int64)
    events = np.array([one.n_events or 0 for one in found], dtype=np.int64)
    testable = [one.value is not None or one.status == "not reached" for one in found]
    numbers = GridNumbers(value, low, high, n, np.zeros_like(n), events)
    return numbers, np.array(testable, dtype=bool)


def _column(numbers: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if one is None else one for one in numbers], dtype=float)


@dataclass(eq=False)
class Bench:
    """What readings share: spans, who is counted, and numbers already made.

    It belongs to one study and one part of its patients, and is gone when their claims are judged.
    """

    datasets: Datasets
    starters: Group
    settings: AnalysisSettings
    spans: dict[tuple[object, ...], pd.DataFrame] = field(default_factory=dict)
    losses: dict[tuple[object, ...], Losses] = field(default_factory=dict)
    groups: dict[float, Group] = field(default_factory=dict)
    known: dict[tuple[object, ...], bool] = field(default_factory=dict)
    made: dict[tuple[object, ...], Estimate] = field(default_factory=dict)
    curves: dict[tuple[object, ...], IntervalCurve | None] = field(default_factory=dict)
    dated: dict[tuple[object, ...], ReliefCurve | None] = field(default_factory=dict)
    masses: dict[tuple[object, ...], Floats] = field(default_factory=dict)
    resampled: dict[tuple[object, ...], ReliefIntervals] = field(default_factory=dict)

    def estimate(self, one: DurationReading, *, is_headline: bool) -> Estimate:
        """Return the number of one reading."""
        group = self._group(one.minimum_baseline_score)
        if len(group.patient_ids) and not self._rated(one, group):
            n = len(group.patient_ids) if one.population == ALL_STARTERS else 0
            return _nothing(n)
        losses = self._losses(one, group)
        replicates = MOST_REPLICATES if is_headline else GRID_REPLICATES
        competes = one.booster == COMPETING and bool((losses.cause == "booster").any())
        key = (
            *losses.content,
            one.week,
            one.population,
            "competing" if competes else one.estimator,
            one.clock == "end_of_series" and losses.prompted,
            replicates,
        )
        if key not in self.made:
            if competes:
                level = self.settings.confidence_level
                self.made[key] = median_when_competing(losses, level=level)
            elif one.estimator == AT_VISIT:
                self.made[key] = self._at_visit(losses, one.week)
            else:
                self.made[key] = self._between(losses, one, group, replicates)
        return self.made[key]

    def _at_visit(self, losses: Losses, week: float | None) -> Estimate:
        """Return the number of the Kaplan-Meier curve, losses dated where they were found."""
        if losses.content not in self.dated:
            level = self.settings.confidence_level
            self.dated[losses.content] = kaplan_meier_of(losses, level=level)
        curve = self.dated[losses.content]
        if curve is None:
            return _nothing(0)
        if week is not None:
            return curve.at(week)
        return curve.median if curve.last_time > 0 or curve.n_lost else _nothing(curve.n)

    def _between(
        self, losses: Losses, one: DurationReading, group: Group, replicates: int
    ) -> Estimate:
        """Return the number of the interval-censored curve with its guarded interval."""
        if losses.content not in self.curves:
            self.curves[losses.content] = interval_curve(losses)
        curve = self.curves[losses.content]
        if curve is None:
            return _nothing(losses.n)
        at_planned = losses.prompted and one.clock == "end_of_series"
        level = self.settings.confidence_level
        guarded, read_at = self._resampled(losses, curve, one, group, replicates)
        shares = dict(zip(read_at, _told(curve, read_at, guarded.survival), strict=True))
        if one.week is not None:
            return shares[one.week]
        (median,) = guarded.quantiles
        if not at_planned:
            return median
        return quantile_at_planned(median, shares, lost_share=HALF, level=level)

    def _resampled(
        self,
        losses: Losses,
        curve: IntervalCurve,
        one: DurationReading,
        group: Group,
        replicates: int,
    ) -> tuple[ReliefIntervals, tuple[float, ...]]:
        """Return guarded intervals at the planned weeks and the claim's own, made once."""
        weeks = tuple(sorted({*PLANNED_WEEKS, *([] if one.week is None else [one.week])}))
        drawn = (*losses.content, one.population, replicates)
        rng = generator(self.settings, group, "relief", one.population)
        count = min(self.settings.bootstrap_replicates, replicates)
        if drawn not in self.masses:
            self.masses[drawn] = resample_masses(
                curve.intervals, start=curve.all_masses, replicates=count, rng=rng
            )
        key = (*drawn, weeks)
        if key not in self.resampled:
            self.resampled[key] = bootstrap_relief(
                curve,
                rng=rng,
                times=weeks,
                lost_shares=(HALF,),
                replicates=count,
                level=self.settings.confidence_level,
                masses=self.masses[drawn],
            ).guarded
        return self.resampled[key], weeks

    def _group(self, minimum: float) -> Group:
        """Return the starters with at least a baseline, under the name of the whole group."""
        if minimum not in self.groups:
            ids = self.starters.patient_ids
            baseline = self.datasets.subjects["baseline_score"].reindex(ids).to_numpy(dtype=float)
            # Who has no baseline rating is a starter whatever is asked for, as in the headline.
            self.groups[minimum] = replace(
                self.starters, patient_ids=ids[~(baseline < minimum - SCORE_DUST)]
            )
        return self.groups[minimum]

    def _rated(self, one: DurationReading, group: Group) -> bool:
        key = (one.clock, one.minimum_baseline_score)
        if key not in self.known:
            under = self.settings.model_copy(update={"relief_clock": one.clock})
            self.known[key] = rated_at_start(self.datasets, group, under)
        return self.known[key]

    def _losses(self, one: DurationReading, group: Group) -> Losses:
        """Return the losses a reading is about, each kind of them made once."""
        booster: BoosterStrategy = "loss" if one.booster == COMPETING else one.booster  # type: ignore[assignment]
        key = (*_rule(one), one.minimum_baseline_score, booster, one.population)
        if key not in self.losses:
            losses = losses_of(self._spans(one, group), booster)
            if one.population == ALL_STARTERS:
                losses = losses.with_nonresponders(len(group.patient_ids) - losses.n)
            self.losses[key] = losses
        return self.losses[key]

    def _spans(self, one: DurationReading, group: Group) -> pd.DataFrame:
        """Return the spans of a group under a threshold, a rule and a clock."""
        key = (*_rule(one), one.minimum_baseline_score)
        if key not in self.spans:
            if _rule(one) not in self.spans:
                self.spans[_rule(one)] = derive_spans(
                    self.ratings,
                    threshold_pct=one.threshold_pct,
                    rule=one.loss_rule,
                    clock=one.clock,
                )
            spans = self.spans[_rule(one)]
            self.spans[key] = spans[is_among(spans.index, group.patient_ids)]
        return self.spans[key]

    @cached_property
    def ratings(self) -> Ratings:
        """The ratings of all starters."""
        change = self.datasets.change
        own = change[is_among(change["patient_id"], self.starters.patient_ids)]
        return lay_out_ratings(own, self.datasets.subjects)


Benches = dict[tuple[str, str, str], Bench]
"""Shared work by condition and part of it."""


def _rule(one: DurationReading) -> tuple[object, ...]:
    return one.threshold_pct, one.loss_rule, one.clock


def _told(
    curve: IntervalCurve, weeks: Sequence[float], shares: Sequence[Estimate]
) -> Iterator[Estimate]:
    """Yield the shares; one that may lie anywhere from 0 to 1 is no number."""
    for week, share in zip(weeks, shares, strict=True):
        bounds = curve.bounds(week)
        silent = (bounds.high or 0.0) - bounds.low >= ALL_BUT
        yield _nothing(share.n, n_events=share.n_events or 0) if silent else share


def _nothing(n: int, *, n_events: int = 0) -> Estimate:
    if not n:
        return no_patients(unit="weeks", method="")
    return Estimate(
        value=None, n=n, n_events=n_events, unit="weeks", method="", status="not estimable"
    )
