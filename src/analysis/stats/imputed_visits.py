"""Missing visits imputed for every patient, and shares and means pooled over the imputations.

Each condition has its own model, a mixed model of baseline and all visits with the arms as groups,
so that its numbers do not depend on which other conditions are in the export or were asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.adam.adpain import ROUNDING
from analysis.adam.adsl import Places, find_places, is_among
from analysis.adam.study import NOBODY, NOT_RECORDED, GroupKey, Study
from analysis.results import Estimate, note
from analysis.settings import TWO_POINTS
from analysis.stats.imputation import DRAWS, impute_scores, pool_sample_means, pool_shares
from analysis.stats.mmrm import SIMPLER, MmrmError, build_design, fit_mmrm_or_simpler
from analysis.stats.reductions import (
    SAME,
    estimate_mean,
    outer_limits,
)
from analysis.stats.seeds import seeded

Floats = NDArray[np.float64]

BoosterRule = Literal["ends_response", "ignored"]
"""Whether pain after a booster counts: not where response is asked (composite strategy of ICH
E9(R1)), as the patient's own state where the mean is (treatment policy)."""

Outcomes = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Who has an event, and of whom that is unknown; shape (draws, n_patients) each."""

CELLS_AT_ONCE = 500_000
"""Draws times patients worked on together: 4 MB."""

BASELINE = "baseline"
LEAST_BASELINE = 1.0
"""Score. A baseline that is imputed is not below this: percent changes from near 0 mean nothing."""


@dataclass(frozen=True, eq=False)
class Draws:
    """A number of every patient: one that is known, or several draws of it.

    Parameters
    ----------
    known : ndarray, shape (n_patients,)
        NaN where it is drawn, or has no value at all.
    places : ndarray of int, shape (k,)
        Patients of whom it is drawn.
    values : ndarray, shape (k, draws)
        Their draws.
    """

    known: Floats
    places: Places
    values: Floats

    @classmethod
    def of(cls, known: ArrayLike, draws: int) -> Draws:
        """Return numbers of which none is drawn."""
        return cls(np.asarray(known, dtype=float), NOBODY, np.empty((0, draws)))

    @cached_property
    def _row(self) -> Places:
        """The row of ``values`` of each patient, -1 where nothing is drawn."""
        row = np.full(self.known.size, -1)
        row[self.places] = np.arange(self.places.size)
        return row

    def at(self, patients: Places | slice = slice(None)) -> Floats:
        """Return the numbers of patients at some places in every draw, shape (draws, n)."""
        row = self._row[patients]
        filled = np.repeat(self.known[patients][:, None], self.values.shape[1], axis=1)
        is_drawn = row >= 0
        filled[is_drawn] = self.values[row[is_drawn]]
        return filled.T

    def where(self, is_kept: NDArray[np.bool_], other: Draws) -> Draws:
        """Return these numbers where they are kept, and another's elsewhere."""
        mine, theirs = is_kept[self.places], ~is_kept[other.places]
        return Draws(
            np.where(is_kept, self.known, other.known),
            np.concatenate([self.places[mine], other.places[theirs]]),
            np.concatenate([self.values[mine], other.values[theirs]]),
        )


def join_draws(parts: Sequence[tuple[Places, Draws]], n: int, draws: int) -> Draws:
    """Return the numbers of ``n`` patients from those of patients at some places."""
    known = np.full(n, np.nan)
    for at, one in parts:
        known[at] = one.known
    places = [at[one.places] for at, one in parts]
    values = [one.values for _, one in parts]
    return Draws(
        known, np.concatenate([NOBODY, *places]), np.concatenate([np.empty((0, draws)), *values])
    )


@dataclass(frozen=True, eq=False)
class ImputedVisits:
    """Pain of every patient at every visit, in several completed data sets.

    Parameters
    ----------
    patients : Index
        USUBJID of everyone treated who has a pain to reduce.
    baseline : Draws
        As recorded, else imputed.
    scores : dict of visit to Draws
        As recorded, else imputed; NaN where the visit is not due or could not be imputed. After a
        booster the baseline stands for the score where boosters end the response.
    is_whole : ndarray of bool, shape (n_patients,)
        Whether all scores of the patient's condition are whole numbers.
    models : dict of str to str
        What each condition was imputed with, or why not, as a code.
    boosted, is_imputed : dict of visit to ndarray of bool, shape (n_patients,)
        Who had a booster before it, and whose score is imputed; of pain only.
    """

    patients: pd.Index
    baseline: Draws
    scores: Mapping[str, Draws]
    is_whole: NDArray[np.bool_]
    models: Mapping[str, str]
    boosted: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    is_imputed: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def places(self, patients: pd.Series | pd.Index) -> Places:
        """Return where some patients are."""
        return find_places(patients, self.patients)

    def reductions(
        self,
        patients: pd.Series | pd.Index,
        visit: str,
        *,
        points: bool = False,
        as_rated: bool = False,
    ) -> Floats:
        """Return reductions of some patients at a visit, in percent or points; shape (draws, n).

        With ``as_rated`` imputed scores are rounded where patients rate in whole numbers, as a
        response asks for: nobody rates 4.7. Not for means. A visit that is in no data set is NaN.
        """
        at = self.places(patients)
        start, score = self.baseline.at(at), self._scores(visit).at(at)
        return _fall(start, score, self.is_whole[at] & as_rated, points=points)

    def _scores(self, visit: str) -> Draws:
        nothing = np.full(len(self.patients), np.nan)
        return self.scores.get(visit) or Draws.of(nothing, self.baseline.values.shape[1])

    def responded(self, visit: str, *, threshold_pct: float | None) -> Outcomes:
        """Return who has at least a percent reduction, or two points where that is None."""
        least = TWO_POINTS if threshold_pct is None else threshold_pct

        def outcomes(start: Floats, score: Floats, at: slice) -> Outcomes:
            fall = _fall(start, score, self.is_whole[at], points=threshold_pct is None)
            return fall >= least - ROUNDING, np.isnan(fall)

        return self.ask(outcomes, visit)

    def has_low_pain(self, visit: str, *, at_most: float) -> Outcomes:
        """Return who has a score of at most so much; who had a booster has none."""

        def outcomes(start: Floats, score: Floats, at: slice) -> Outcomes:
            able, score = ~self.boosted[visit][at], _as_rated(start, score, self.is_whole[at])
            return (score <= at_most + ROUNDING) & able, np.isnan(score) & able

        return self.ask(outcomes, visit)

    def ask(self, outcomes: Callable[[Floats, Floats, slice], Outcomes], visit: str) -> Outcomes:
        """Return the outcomes of all patients, some patients at a time.

        ``outcomes`` gives them from baselines and scores, which it may change, and their places.
        """
        scores, n = self._scores(visit), len(self.patients)
        size = max(1, CELLS_AT_ONCE // scores.values.shape[1])
        parts = [slice(start, start + size) for start in range(0, max(n, 1), size)]
        made = [outcomes(self.baseline.at(part), scores.at(part), part) for part in parts]
        has_event, is_unknown = zip(*made, strict=True)
        return np.concatenate(has_event, axis=1), np.concatenate(is_unknown, axis=1)

    def worse_by(self, points: float) -> ImputedVisits:
        """Return the same with every imputed score so many points higher.

        What if the missing are worse than the model says (delta adjustment). Imputed baselines
        stay.
        """
        scores = {
            at: replace(own, values=own.values + points * self.is_imputed[at][own.places, None])
            for at, own in self.scores.items()
        }
        return replace(self, scores=scores)


def _as_rated(start: Floats, score: Floats, is_whole: NDArray[np.bool_]) -> Floats:
    """Return scores rounded where patients rate in whole numbers."""
    rounds = is_whole & (np.abs(score - start) > SAME)
    return np.where(rounds, np.round(score), score)


def _fall(start: Floats, score: Floats, rounds: NDArray[np.bool_], *, points: bool) -> Floats:
    """Return the reduction in percent or points, in place of the score."""
    if rounds.any():
        score = _as_rated(start, score, rounds)
    fall = np.subtract(start, score, out=score)
    if not points:
        fall *= 100.0
        fall /= start
    return fall


def impute_visits(
    study: Study,
    *,
    booster: BoosterRule = "ends_response",
    draws: int = DRAWS,
) -> ImputedVisits:
    """Impute the missing visits of a study that are due.

    Parameters
    ----------
    study : Study
    booster : {"ends_response", "ignored"}
        With ``ends_response`` ratings after a booster say nothing of the response that the series
        gave: the model does not see them, and nobody responds after one.
    draws : int
        Completed data sets.

    Returns
    -------
    ImputedVisits
        A condition whose scores bear no model keeps its missing values missing, with the reason.

    Notes
    -----
    The baseline stands in the model as the first visit, which is the same as to condition on it
    and also imputes the few that are missing.
    """
    adsl = study.adsl[study.adsl["SAFFL"] & (study.adsl["BASESTAT"] != "zero").fillna(True)]
    ids, visits = pd.Index(adsl["USUBJID"]), list(study.visits)
    is_whole = np.zeros(len(ids), dtype=bool)
    had_booster, is_imputed = (
        {visit: np.zeros(len(ids), dtype=bool) for visit in visits} for _ in range(2)
    )
    made: dict[str, list[tuple[Places, Draws]]] = {at: [] for at in (BASELINE, *visits)}
    models: dict[str, str] = {}
    rows = study.adpain[is_among(study.adpain["USUBJID"], ids)]
    wide = rows.set_index(["USUBJID", "AVISIT"])[["AVAL", "BOOSTFL", "DUEFL"]].unstack()  # noqa: PD010
    # In order of their ids, so that the draws do not depend on the order of the export.
    for condition, people in adsl.sort_values("USUBJID").groupby("COND", sort=False):
        own = pd.Index(people["USUBJID"])
        at = ids.get_indexer(own)
        table = wide.loc[own]
        boosted = table["BOOSTFL"][visits].to_numpy(dtype=bool)
        due = table["DUEFL"][visits].to_numpy(dtype=bool)
        seen = table["AVAL"][visits].to_numpy(dtype=float)
        base = people["BASE"].to_numpy(dtype=float)
        known = np.where(boosted, np.nan, seen) if booster == "ends_response" else seen
        scores = pd.DataFrame(np.column_stack([base, known]), own, [BASELINE, *visits])
        arms = people["ARM"].fillna(NOT_RECORDED).set_axis(own)
        asked = pd.DataFrame(np.column_stack([np.ones(len(own), dtype=bool), due]), own,
                             scores.columns)  # fmt: skip
        rng = seeded(study.settings.seed, "imputation", *scores.to_numpy().T)
        filled, models[str(condition)] = complete_scores(scores, arms, asked, rng, draws)
        least = max(study.settings.minimum_baseline_score, LEAST_BASELINE)
        most = 10.0 if study.in_points else None
        start = filled[BASELINE]
        start = replace(start, values=np.clip(start.values, least, most))
        made[BASELINE].append((at, start))
        is_whole[at] = np.nanmax(np.abs(seen - np.round(seen)), initial=0.0) <= SAME
        nothing = Draws.of(np.full(len(own), np.nan), draws)
        for place, visit in enumerate(visits):
            score = filled[visit]
            ended = boosted[:, place] & (booster == "ends_response")
            score = score.where(~ended, start).where(due[:, place], nothing)
            made[visit].append((at, score))
            had_booster[visit][at] = boosted[:, place]
            is_imputed[visit][at] = np.isnan(seen[:, place]) & ~ended
    joined = {name: join_draws(parts, len(ids), draws) for name, parts in made.items()}
    baseline = joined.pop(BASELINE)
    return ImputedVisits(ids, baseline, joined, is_whole, models, had_booster, is_imputed)


def complete_scores(
    scores: pd.DataFrame,
    arms: pd.Series,
    asked: pd.DataFrame,
    rng: np.random.Generator,
    draws: int,
) -> tuple[dict[str, Draws], str]:
    """Return the draws of each column (NaN where it has none), and the model or why there is none.

    Where the arms cannot be told apart at some visit they are modeled together, as one group.

    Parameters
    ----------
    scores : DataFrame of float, shape (n, m)
        A column a visit, NaN where missing.
    arms : Series of str, shape (n,)
    asked : DataFrame of bool, shape (n, m)
        Cells to impute where missing.
    rng, draws
        As `analysis.stats.imputation.impute_scores`.
    """
    filled = {name: Draws.of(scores[name], draws) for name in scores}
    if not (scores.isna() & asked).to_numpy().any():
        return filled, "nothing_missing"
    reason = ""
    for groups in (arms, None) if len(arms.unique()) > 1 else (None,):
        covariates = build_design(scores.index, group=groups).covariates
        structures = list(SIMPLER)
        while structures:
            try:
                fit = fit_mmrm_or_simpler(scores, covariates, structures=structures)
                modeled = list(fit.visits)
                drawn = impute_scores(
                    fit, scores[modeled], covariates, rng=rng, due=asked[modeled], draws=draws
                )
            except MmrmError as error:  # or a covariance too little known to draw from
                reason = error.reason
                structures.pop(0)
                continue
            for place, name in enumerate(modeled):
                mine = drawn.columns == place
                own = np.array(drawn.values.T[mine])
                filled[name] = Draws(filled[name].known, drawn.rows[mine], own)
            return filled, fit.analysis
    return filled, reason


def imputed_share(
    drawn: ImputedVisits,
    patients: pd.Series | pd.Index,
    visit: str,
    *,
    threshold_pct: float | None,
    n_missing: int,
    level: float = 0.95,
) -> Estimate:
    """Estimate the share of responders with missing outcomes imputed, in Wilson's form.

    Parameters
    ----------
    drawn : ImputedVisits
    patients : Series or Index
        USUBJID of those who started and are due.
    visit : str
    threshold_pct : float or None
        Least percent reduction; None for two points.
    n_missing : int
        How many of them were not rated, for the account.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        ``not estimable`` where the scores bear no model. With nothing missing the Wilson interval.

    References
    ----------
    Lott and Reiter (2020), Am Stat 74:109.
    """
    about: dict[str, Any] = {"unit": "share", "method": "multiple_imputation", "n": len(patients)}
    if not len(patients):
        return Estimate(value=None, status="no patients", **about)
    at = drawn.places(patients)
    has_event, is_unknown = drawn.responded(visit, threshold_pct=threshold_pct)
    return pooled_share(has_event[:, at], is_unknown[:, at], n_missing, level)


def impute_groups(
    frame: pd.DataFrame,
    members: Mapping[GroupKey, Places],
    counts: pd.DataFrame,
    drawn: ImputedVisits,
    outcomes: Callable[[str], Outcomes],
    *,
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """Return rows of results with the missing imputed, for the groups of `count_groups`.

    Parameters
    ----------
    frame, members, counts
        What was counted, and the counts.
    drawn : ImputedVisits
    outcomes : callable
        Gives the outcomes of its patients at a visit.
    level : float in (0, 1)
    """
    place, visit = drawn.places(frame["USUBJID"]), frame["AVISIT"].to_numpy(object)
    is_due = frame["DUEFL"].to_numpy(dtype=bool)
    rows: dict[int, dict[str, Any]] = {}
    for at, own in counts.groupby("visit", sort=False):
        has_event, is_unknown = outcomes(str(at))
        is_here = is_due & (visit == at)
        for one in own.itertuples():
            key = (one.condition, one.group_by, one.group)
            mine = members.get(key, place[:0])
            mine = place[mine[is_here[mine]]]
            n_missing = one.n_patients - one.n_known
            found = pooled_share(has_event[:, mine], is_unknown[:, mine], n_missing, level)
            if one.n_patients and not one.n_known:  # a model has nothing to go by
                found = Estimate(
                    value=None, n=one.n_patients, n_missing=one.n_patients, unit="share",
                    method="multiple_imputation", status="not estimable", notes=("nobody_seen",),
                )  # fmt: skip
            arms = ("arms_together",) if one.n_arms > 1 else ()
            names = dict(zip(("condition", "group_by", "group", "visit"), (*key, at), strict=True))
            notes = ";".join([*found.notes, *arms])
            rows[one.Index] = found.row(**names, n_not_due=one.n_not_due, notes=notes)
    return [rows[place] for place in counts.index]


def pooled_share(
    has_event: NDArray[np.bool_], is_unknown: NDArray[np.bool_], n_missing: int, level: float
) -> Estimate:
    """Pool the share with an event over completed data sets.

    Parameters
    ----------
    has_event, is_unknown : ndarray of bool, shape (draws, n)
        ``not estimable`` where anything is unknown, ``no patients`` where n is 0.
    n_missing, level
        As `imputed_share`.
    """
    n = has_event.shape[1]
    about: dict[str, Any] = {"unit": "share", "method": "multiple_imputation", "n": n}
    if not n:
        return Estimate(value=None, status="no patients", **about)
    if is_unknown.any():
        return Estimate(value=None, status="not estimable", n_missing=n_missing,
                        notes=("not_imputed",), **about)  # fmt: skip
    pooled = pool_shares(has_event.mean(axis=1), n, level=level)
    return Estimate(
        value=pooled.value, low=pooled.low, high=pooled.high, level=level, n_missing=n_missing,
        notes=(note("imputed", n_missing),) if n_missing else (), **about,
    )  # fmt: skip


def judged_mean(
    values: pd.Series, mean: Estimate, *, minimum_baseline: float, level: float = 0.95
) -> Estimate:
    """Return a mean with the limits it is judged on, which mind tails that nobody was seen in.

    Parameters
    ----------
    values : Series of float
        Percent reductions, none missing; of who was imputed, the mean of the draws.
    mean : Estimate
        Their mean with its own interval.
    minimum_baseline : float
        Score; with it goes the worst reduction there could have been.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        With `outer_limits`; as it is where it has no interval.
    """
    if mean.low is None or mean.high is None:
        return mean
    low, high = outer_limits(
        values, mean.low, mean.high, minimum_baseline=minimum_baseline, level=level
    )
    return replace(mean, low=low, high=high, method="likelihood")


def judged_means(
    drawn: ImputedVisits,
    people: pd.DataFrame,
    visit: str,
    *,
    minimum_baseline: float,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Return the mean percent reduction by each rule for the missing, with `judged_mean` limits.

    Parameters
    ----------
    drawn : ImputedVisits
    people : DataFrame
        USUBJID and PCHG of those who started and are due.
    visit, minimum_baseline, level
        As `imputed_mean` and `judged_mean`.

    Returns
    -------
    dict of population to Estimate
        observed, all_starters (the missing unchanged) and imputed; empty where nobody was rated.
    """
    fall = -people["PCHG"]
    if fall.notna().sum() == 0:
        return {}
    ids, n_missing, unchanged = people["USUBJID"], int(fall.isna().sum()), fall.fillna(0.0)
    filled = pd.Series(drawn.reductions(ids, visit).mean(axis=0))
    imputed = imputed_mean(drawn, ids, visit, n_missing=n_missing, level=level)
    how = {"minimum_baseline": minimum_baseline, "level": level}
    return {
        "observed": judged_mean(fall.dropna(), estimate_mean(fall, level=level), **how),
        "all_starters": judged_mean(unchanged, estimate_mean(unchanged, level=level), **how),
        "imputed": judged_mean(filled, imputed, **how),
    }


def imputed_mean(
    drawn: ImputedVisits,
    patients: pd.Series | pd.Index,
    visit: str,
    *,
    n_missing: int,
    level: float = 0.95,
) -> Estimate:
    """Estimate the mean percent reduction with missing outcomes imputed, by Rubin's rules.

    Parameters and returns as `imputed_share`; with nothing missing the t interval.

    References
    ----------
    Barnard and Rubin (1999), Biometrika 86:948.
    """
    about: dict[str, Any] = {"unit": "percent", "method": "multiple_imputation", "n": len(patients)}
    n = len(patients)
    if not n:
        return Estimate(value=None, status="no patients", **about)
    values = drawn.reductions(patients, visit)
    if np.isnan(values).any():
        return Estimate(value=None, status="not estimable", n_missing=n_missing,
                        notes=("not_imputed",), **about)  # fmt: skip
    if not n_missing or n < 2 or np.ptp(values) <= SAME:
        found = estimate_mean(pd.Series(values.mean(axis=0)), level=level)
        return replace(found, n_missing=n_missing)
    pooled = pool_sample_means(values, level=level)
    return Estimate(
        value=pooled.value, low=pooled.low, high=pooled.high, level=level, n_missing=n_missing,
        notes=(note("imputed", n_missing),), **about,
    )  # fmt: skip
