"""What relief depends on, and which shape it has: log-rank tests and fitted failure times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import EstimationError, NoMaximumError
from analysis.results import Estimate, note
from analysis.settings import DAYS_PER_WEEK, AnalysisSettings
from analysis.stats.aft import LOGNORMAL, WEIBULL, AftFit, fit_aft
from analysis.stats.relief import RESPONDERS, Group, Losses, losses_of, no_number, with_notes
from analysis.stats.survival import compare_log_rank


def allocation_note(settings: AnalysisSettings) -> str:
    """Return the note on how patients came to their arm or protocol."""
    return f"allocation_{settings.allocation}"


def log_rank_rows(people: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return log-rank tests between arms, protocols, subtypes and conditions.

    Parameters
    ----------
    people : DataFrame
        Responders' rows of ADTTE under the settings (`choose`): AVAL, CNSR, ARM, PROTOCOL, SUBTYP,
        COND.
    group : Group
        Of all conditions together, the tests are stratified by condition, and subtypes are not
        compared.

    Returns
    -------
    DataFrame
        log_rank (value: the p-value; ``definition`` names what is compared). Responders whose
        group is blank are left out and counted as missing. No row where only one group has
        responders.
    """
    pooled = group.condition == "all"
    columns = {"arm": "ARM", "protocol": "PROTOCOL", "subtype": "SUBTYP", "condition": "COND"}
    rows = []
    for name, column in columns.items():
        known = people[people[column].notna()]
        if known[column].nunique() < 2 or (name == "subtype" and pooled):
            continue
        strata = known["COND"] if pooled and name != "condition" else None
        lost = known["CNSR"] == 0
        test = compare_log_rank(
            known["AVAL"] / DAYS_PER_WEEK, lost, known[column].astype(object), strata=strata
        )
        given = name in ("arm", "protocol")
        allocated = (allocation_note(group.settings) if given else "not_allocated",)
        number = Estimate(
            value=test.p_value,
            n=len(known),
            n_missing=len(people) - len(known),
            n_events=int(lost.sum()),
            unit="p",
            method="log_rank" if strata is None else "log_rank_stratified",
            status="estimated" if test.p_value is not None else "not estimable",
            notes=(*test.notes, *allocated, *group.departures),
        )
        keys = {"definition": f"by_{name}", "population": RESPONDERS}
        rows.append(group.row(number, "log_rank", **keys))
    return pd.DataFrame(rows)


# Fitted shapes

SHAPES = {shape.code: shape for shape in (WEIBULL, LOGNORMAL)}
GIVEN_WEEK, THEN_WEEK = 4.0, 12.0

LEAST_PER_COVARIATE = 10
"""Losses wanted for each coefficient: with fewer, time ratios are noise with a decimal point."""

LEAST_LOSSES = 10
"""Losses wanted for a shape without covariates: with fewer, the shape would be the assumption's."""

FIRST_DAY_WEEKS = 1 / DAYS_PER_WEEK
"""A shape has no chance of an end at time 0: relief that ended on the day the clock began (a
booster on the day of the rating) is taken to have ended within that day."""


def fit_shape(shape: str, losses: Losses, *, level: float, **covariates: Any) -> AftFit | str:
    """Return a fit of one of `SHAPES`, or the note why there is none."""
    n_lost = int(np.isfinite(losses.right).sum())
    if not losses.followed:
        return "not_followed" if losses.n else "no_relief"
    if n_lost < LEAST_LOSSES:
        return note("few_losses", n_lost, LEAST_LOSSES)
    right = np.where(losses.right > 0, losses.right, FIRST_DAY_WEEKS)
    try:
        return fit_aft(
            SHAPES[shape], losses.left, right, level=level, time_unit="weeks", **covariates
        )
    except NoMaximumError as error:
        return error.reason
    except EstimationError:
        return "no_maximum"


def shape_rows(people: pd.DataFrame, group: Group) -> pd.DataFrame:
    """Return parametric medians, conditional shares and time ratios.

    Parameters
    ----------
    people : DataFrame
        Responders' rows of ADTTE under the settings (`choose`), with BASE, PROTOCOL and COND of
        ADSL.
    group : Group

    Returns
    -------
    DataFrame
        parametric_median (definition weibull, lognormal); conditional_share (still relieved at
        week 12 of those relieved at week 4); time_ratio (definition ``weibull.<covariate>``, from
        one fit with all covariates; above 1 means longer relief; only with at least 10 losses for
        each coefficient). No number lies after the last look at anybody.
    """
    level, losses = group.settings.confidence_level, losses_of(people)
    notes = (*group.notes, *group.departures)
    rows = []
    visit = f"week_{THEN_WEEK:g}_given_week_{GIVEN_WEEK:g}"
    for shape in SHAPES:
        fit = fit_shape(shape, losses, level=level)
        numbers = {
            ("parametric_median", ""): _fitted_median(fit, losses, shape),
            ("conditional_share", visit): _fitted_share(fit, losses, shape),
        }
        rows += group.rows(numbers, *notes, definition=shape, population=RESPONDERS)
    design = relief_covariates(people)
    complete = design.notna().all(axis=1).to_numpy()
    design = design[complete]
    design = design.loc[:, design.max() > design.min()]
    kept = losses_of(people[complete])
    n_lost = int(np.isfinite(kept.right).sum())
    if design.empty or n_lost < LEAST_PER_COVARIATE * (design.shape[1] + 1):
        return pd.DataFrame(rows)
    covariates = {"covariates": design.to_numpy(), "names": list(design.columns)}
    for shape in SHAPES:
        fit = fit_shape(shape, kept, level=level, **covariates)
        if isinstance(fit, str):
            continue
        for name in design.columns:
            ratio = _read(partial(fit.time_ratio, name), "ratio", kept.n, shape)
            given = allocation_note(group.settings) if name == "protocol" else "not_allocated"
            numbers = {("time_ratio", ""): with_notes(ratio, given)}
            keys = {"definition": f"{shape}.{name}", "population": RESPONDERS}
            rows += group.rows(numbers, *notes, **keys)
    return pd.DataFrame(rows)


def shape_curves(losses: Losses, *, horizon_weeks: float, level: float) -> pd.DataFrame:
    """Return the fitted shapes as figures take them: shape, week, share.

    From just after week 0 to the horizon or the last look at anybody, whichever comes first; no
    rows for a shape that cannot be fitted.
    """
    weeks = np.linspace(0, min(horizon_weeks, losses.last_look), 105)[1:]
    frames = [pd.DataFrame({"shape": [], "week": [], "share": []})]
    for shape in SHAPES:
        fit = fit_shape(shape, losses, level=level)
        if not isinstance(fit, str):
            with np.errstate(all="ignore"):  # limits that are not drawn may run out of range
                shares = [_read(partial(fit.survival, week), "share", 1, shape) for week in weeks]
            frames.append(
                pd.DataFrame({"shape": shape, "week": weeks, "share": [s.value for s in shares]})
            )
    return pd.concat(frames[1:] or frames, ignore_index=True)


def relief_covariates(people: pd.DataFrame) -> pd.DataFrame:
    """Return the covariates of relief: baseline (a point above the mean), protocol, condition.

    Returns
    -------
    DataFrame of float
        baseline_point; protocol_high_dose (0/1, missing where not recorded); with more than one
        condition a column a condition but the most frequent, ``condition_<code>``.
    """
    baseline = people["BASE"].astype(float)
    design = pd.DataFrame({"baseline_point": baseline - baseline.mean()})
    protocol = people["PROTOCOL"]
    if protocol.notna().any():
        high_dose = (protocol == "high_dose").astype(float)
        design["protocol_high_dose"] = high_dose.where(protocol.notna())
    for code in sorted(people["COND"].astype("str").value_counts().index[1:]):
        design[f"condition_{code}"] = (people["COND"] == code).astype(float)
    return design


def _fitted_median(fit: AftFit | str, losses: Losses, shape: str) -> Estimate:
    """Return the median; not reached where only the shape, and no patient, says when it comes."""
    if isinstance(fit, str):
        return no_number(losses.n, "weeks", f"aft_{shape}", fit)
    median, last = _read(fit.median, "weeks", losses.n, shape), losses.last_look
    if median.value is None:
        return median
    low, high = (None if (end or 0.0) > last else end for end in (median.low, median.high))
    if median.value <= last:
        return replace(median, high=high)
    beyond = with_notes(median, note("after_last_look", f"{last:.3g}"))
    return replace(beyond, value=None, low=low, high=None, status="not reached")


def _fitted_share(fit: AftFit | str, losses: Losses, shape: str) -> Estimate:
    if isinstance(fit, str):
        return no_number(losses.n, "share", f"aft_{shape}", fit)
    if losses.last_look < THEN_WEEK:
        why = note("after_last_look", f"{losses.last_look:.3g}")
        return no_number(losses.n, "share", f"aft_{shape}", why)
    share = partial(fit.conditional_survival, THEN_WEEK, given=GIVEN_WEEK)
    # A fitted share is no count of patients.
    return replace(_read(share, "share", losses.n, shape), n_events=None)


def _read(number: Callable[[], Estimate], unit: str, n: int, shape: str) -> Estimate:
    """Return a number of a fit; none where its limits run beyond what a computer can hold."""
    try:
        with np.errstate(all="ignore"):
            return number()
    except ValueError:  # Estimate refuses limits that are infinite or no number
        return no_number(n, unit, f"aft_{shape}", "no_end")
