"""Doses and questionnaires by visit as rows of results: shares and means, the missing imputed.

As pain (`analysis.stats.imputed_visits`): each condition by its own mixed model of its visits. A
normal model is rough for doses, most of which stay or stop; bounds for the missing stand beside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.adam.adpain import ROUNDING
from analysis.adam.adqs import Instrument
from analysis.adam.adsl import Places
from analysis.adam.study import NOT_RECORDED, Study
from analysis.results import Estimate, no_patients, note
from analysis.stats.imputation import DRAWS, pool_sample_means
from analysis.stats.imputed_visits import (
    BASELINE,
    Draws,
    Floats,
    ImputedVisits,
    Outcomes,
    complete_scores,
    impute_groups,
    join_draws,
)
from analysis.stats.rates import MissingRule, count_groups, estimate_group_shares
from analysis.stats.reductions import SAME, estimate_mean, median_limits
from analysis.stats.seeds import seeded

RULES: dict[str, MissingRule] = {
    "all_starters": "nonresponse", "observed": "excluded", "best_case": "response",
}  # fmt: skip
"""What a missing outcome counts as, by population."""

BY = ("all", "arm")

Impute = Callable[[pd.DataFrame, str, int], Estimate]
"""Takes the rows of those due, the visit and how many are missing."""


def share_rows(
    study: Study,
    frame: pd.DataFrame,
    flag: str,
    drawn: ImputedVisits | None = None,
    outcomes: Callable[[str], Outcomes] | None = None,
    *,
    populations: Collection[str] = tuple(RULES),
) -> pd.DataFrame:
    """Estimate the share with a flag at each visit at which it is known of anybody.

    Parameters
    ----------
    study : Study
    frame : DataFrame
        Rows of ADQS, ADOP or ADPAIN, one a patient and visit, of those who were asked: USUBJID,
        AVISIT, DUEFL, ARM and the flag, a nullable boolean. Who is not due is counted apart.
    flag : str
    drawn, outcomes : optional
        As `analysis.stats.imputed_visits.impute_groups`: give the rows of the population
        ``imputed``.
    populations : collection of str
        Of `RULES`.

    Returns
    -------
    DataFrame
        Rows of results without a measure, by condition and by arm.
    """
    seen = set(frame.loc[frame["DUEFL"] & frame[flag].notna(), "AVISIT"])
    visits = [name for name in order_of(frame) if name in seen]
    frame = frame.assign(boosted=False, boosted_unrated=False)
    members = study.place_groups(frame, by=BY)
    keys = study.group_keys(by=BY).to_frame(index=False)
    keys = keys.merge(pd.Series(visits, name="AVISIT", dtype="str"), how="cross")
    counts = count_groups(frame, members, keys, flag)
    level = study.settings.confidence_level
    made = [
        estimate_group_shares(counts, level=level, missing=RULES[name]).assign(population=name)
        for name in populations
    ]
    if drawn is not None and outcomes is not None:
        rows = impute_groups(frame, members, counts, drawn, outcomes, level=level)
        made.append(pd.DataFrame(rows).assign(population="imputed"))
    return pd.concat([each for each in made if len(each)] or made[:1], ignore_index=True)


def mean_rows(
    study: Study,
    frame: pd.DataFrame,
    column: str,
    *,
    unit: str,
    estimate: Callable[..., Estimate] = estimate_mean,
    impute: Impute | None = None,
) -> list[dict[str, Any]]:
    """Estimate a mean of those seen at each visit, and with the missing imputed, by condition.

    Parameters are those of `share_rows`; ``column`` is a number in ``unit``, and ``estimate`` takes
    a Series, the unit and the level.
    """
    due = frame.loc[frame["DUEFL"], ["USUBJID", "AVISIT", "AVISITN", column]]
    rows = study.stack_groups(due, by=("all",))
    made = []
    for visit in order_of(frame):
        at = rows[rows["AVISIT"] == visit]
        for condition, own in at.groupby("condition", sort=False):
            if not own[column].notna().any():
                continue
            keys = {"condition": condition, "visit": visit}
            found = estimate(own[column], unit=unit, level=study.settings.confidence_level)
            made.append(found.row(population="observed", **keys))
            if impute is not None:
                filled = impute(own, visit, int(own[column].isna().sum()))
                made.append(filled.row(population="imputed", **keys))
    return made


def order_of(frame: pd.DataFrame) -> list[str]:
    """Return the visits of a frame in order of time."""
    visits = frame[["AVISIT", "AVISITN"]].drop_duplicates()
    return list(visits.sort_values("AVISITN", kind="stable")["AVISIT"].unique())


def estimate_median(values: pd.Series, *, unit: str, level: float = 0.95) -> Estimate:
    """Estimate a median with its distribution-free interval; otherwise as `estimate_mean`."""
    known = np.sort(values.dropna().to_numpy(dtype=float))
    about: dict[str, Any] = {"n": len(known), "n_missing": int(values.isna().sum()), "unit": unit,
                             "method": "order_statistics"}  # fmt: skip
    if not len(known):
        return no_patients(unit=unit, method="order_statistics", n_missing=about["n_missing"])
    low, high = median_limits(known, level=level)
    if np.isfinite(low):
        about |= {"low": low, "high": high, "level": level}
    return Estimate(value=float(np.median(known)), **about)


def impute_records(frame: pd.DataFrame, *, seed: int, draws: int = DRAWS) -> ImputedVisits:
    """Impute the missing visits of one questionnaire, or of opioid doses.

    Parameters
    ----------
    frame : DataFrame
        Rows of ADQS or ADOP, one a patient and visit: USUBJID, COND, ARM, AVISIT, AVISITN, AVAL,
        BASE, DUEFL. Without any BASE the model has the visits alone, as of a change.
    seed : int
    draws : int
        Completed data sets.

    Returns
    -------
    ImputedVisits
        ``scores`` as recorded, else imputed; NaN where not due, or where a condition bears no
        model.
    """
    columns = ["USUBJID", "COND", "ARM", "AVISIT", "AVISITN", "AVAL", "BASE", "DUEFL"]
    frame = frame[columns].sort_values(["USUBJID", "AVISITN"])
    people = frame.drop_duplicates("USUBJID").set_index("USUBJID")
    visits = order_of(frame)
    wide = frame.set_index(["USUBJID", "AVISIT"])[["AVAL", "DUEFL"]].unstack()  # noqa: PD010
    is_whole = np.zeros(len(people), dtype=bool)
    made: dict[str, list[tuple[Places, Draws]]] = {at: [] for at in (BASELINE, *visits)}
    models: dict[str, str] = {}
    for condition, own in people.groupby("COND", sort=False):
        at = people.index.get_indexer(own.index)
        seen = wide["AVAL"].loc[own.index, visits]
        due = wide["DUEFL"].loc[own.index, visits].astype(bool)
        base = own["BASE"].astype(float)
        starts = [BASELINE] if base.notna().any() else []
        scores = pd.concat([base.rename(BASELINE)] * len(starts) + [seen], axis=1)
        asked = pd.concat([base.rename(BASELINE).map(lambda _: True)] * len(starts) + [due], axis=1)
        rng = seeded(seed, "records", *scores.to_numpy(dtype=float).T)
        arms = own["ARM"].fillna(NOT_RECORDED)
        filled, models[str(condition)] = complete_scores(scores, arms, asked, rng, draws)
        nothing = Draws.of(np.full(len(own), np.nan), draws)
        made[BASELINE].append((at, filled.get(BASELINE, nothing)))
        known = seen.to_numpy(dtype=float)
        is_whole[at] = np.nanmax(np.abs(known - np.round(known)), initial=0.0) <= SAME
        for visit in visits:
            score = filled[visit].where(due[visit].to_numpy(dtype=bool), nothing)
            made[visit].append((at, score))
    joined = {name: join_draws(parts, len(people), draws) for name, parts in made.items()}
    return ImputedVisits(people.index, joined.pop(BASELINE), joined, is_whole, models)


def fell(
    drawn: ImputedVisits,
    visit: str,
    *,
    threshold_pct: float,
    also: NDArray[np.bool_] | None = None,
) -> Outcomes:
    """Return whose dose fell by at least so much, from imputed percent changes.

    Parameters
    ----------
    drawn : ImputedVisits
        Of PCHG.
    visit : str
    threshold_pct : float
    also : ndarray of bool, shape (draws, n_patients), optional
        What must be true besides.
    """
    changes = drawn.scores[visit].at()
    has_fallen = changes <= ROUNDING - threshold_pct
    return has_fallen if also is None else has_fallen & also, np.isnan(changes)


def is_important(
    drawn: ImputedVisits, visit: str, *, instrument: Instrument, worse: bool = False
) -> Outcomes:
    """Return who is better, or worse, by the minimal important change, the missing imputed.

    Imputed scores are rounded where all scores of the condition are whole numbers. The
    ``instrument`` has a minimal change, or a score that is an improvement.
    """
    sign = (1.0 if instrument.better == "higher" else -1.0) * (-1.0 if worse else 1.0)
    least, limit = instrument.minimal_change, instrument.improved_at
    if least is None and limit is None:
        raise ValueError(f"{instrument.name} has no important change")

    def outcomes(start: Floats, scores: Floats, at: slice) -> Outcomes:
        scores = np.where(drawn.is_whole[at], np.round(scores), scores)
        if limit is not None and least is None:
            beyond = instrument.low + instrument.high - limit if worse else limit
            return sign * (scores - beyond) >= -ROUNDING, np.isnan(scores)
        gained = sign * (scores - start)
        return gained >= (least or 0.0) - ROUNDING, np.isnan(gained)

    return drawn.ask(outcomes, visit)


def imputed_gain(
    drawn: ImputedVisits, people: pd.DataFrame, visit: str, n_missing: int,
    *, sign: float, level: float = 0.95,
) -> Estimate:  # fmt: skip
    """Estimate the mean change for the better, the missing imputed, by Rubin's rules.

    ``sign`` is 1 where a higher score is better, else -1; ``people`` has USUBJID of those due.
    """
    at = drawn.places(people["USUBJID"])
    gains = sign * (drawn.scores[visit].at(at) - drawn.baseline.at(at))
    about: dict[str, Any] = {"unit": "score", "method": "multiple_imputation", "n": len(people)}
    if not len(people):
        return no_patients(unit="score", method="multiple_imputation")
    if np.isnan(gains).any():
        return Estimate(value=None, status="not estimable", n_missing=n_missing,
                        notes=("not_imputed",), **about)  # fmt: skip
    if len(people) < 2 or np.ptp(gains) <= SAME:
        return estimate_mean(pd.Series(gains.mean(axis=0)), unit="score", level=level)
    pooled = pool_sample_means(gains, level=level)
    notes = (note("imputed", n_missing),) if n_missing else ()
    return Estimate(value=pooled.value, low=pooled.low, high=pooled.high, level=level,
                    n_missing=n_missing, notes=notes, **about)  # fmt: skip
