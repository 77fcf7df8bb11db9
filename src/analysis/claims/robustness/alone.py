"""One reading the long way: through the rows and estimators of the notebooks, to check a cell.

Written apart from the grid on purpose; the two share the ratings and nothing else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.specifications import FULL_SERIES, Specification
from analysis.derive.datasets import Datasets
from analysis.derive.response import derive_responder, derive_two_point_responder
from analysis.derive.visits import SCHEDULE
from analysis.estimate.proportions import MissingRule, estimate_responder_share
from analysis.estimate.reductions import estimate_mean
from analysis.outcomes.selection import Group, at_visit
from analysis.results import Estimate

SHARE_RULES: dict[str, MissingRule] = {"observed": "excluded", "best": "response"}


def estimate_reading(
    datasets: Datasets, starters: Group, reading: Specification, *, level: float = 0.95
) -> Estimate:
    """Estimate one reading by the estimator that the notebooks use.

    Parameters
    ----------
    datasets : Datasets
    starters : Group
        `analysis.claims.robustness.patients.starters_of`.
    reading : Specification
        A responder share, or a mean of patients' own percent reductions with Student interval.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        As `estimate_responder_share` or `estimate_mean`.

    Raises
    ------
    ValueError
        A median, a ratio of means or a normal interval: the notebooks make their intervals in
        another way, so there is nothing to compare with.
    """
    seen = _frame(datasets, starters, reading)
    if reading.measure == "responder_share":
        flags = _flags(seen, reading)
        missing = SHARE_RULES.get(reading.missing, "nonresponse")
        exact = reading.interval == "exact"
        return estimate_responder_share(flags, missing=missing, level=level, exact=exact)
    if (reading.definition, reading.interval) != ("mean_of_patients", "t"):
        raise ValueError(f"no estimator of the notebooks gives a {reading.interval} interval")
    values = seen["reduction_pct"]
    if reading.missing != "observed" and seen["is_rated"].any():
        carried = 100 * (1 - seen["last"] / seen["baseline"])
        instead = carried if reading.missing == "last_value" else 0.0
        values = values.where(seen["is_rated"], instead).fillna(0.0)
    return estimate_mean(values, level=level)


def _flags(seen: pd.DataFrame, reading: Specification) -> pd.Series:
    flags = _respond(seen["reduction_pct"], seen["change_score"], reading)
    if reading.missing == "last_value" and seen["is_rated"].any():
        fall = seen["baseline"] - seen["last"]
        carried = _respond(100 * fall / seen["baseline"], fall, reading)
        flags = flags.where(seen["is_rated"], carried)
    if reading.missing == "best" and seen["is_rated"].any():
        flags = flags.mask(seen["boosted_unrated"], False)
    return flags


def _respond(reduction: pd.Series, change: pd.Series, reading: Specification) -> pd.Series:
    if reading.threshold_pct is None:
        return derive_two_point_responder(change)
    return derive_responder(reduction, threshold_pct=reading.threshold_pct)


def _frame(datasets: Datasets, starters: Group, reading: Specification) -> pd.DataFrame:
    """Return the ratings of those a reading counts, with what a booster did to them."""
    people = datasets.subjects.loc[starters.patient_ids]
    own = datasets.change[datasets.change["patient_id"].isin(people.index)]
    people = people[~(people["baseline_score"] < reading.minimum_baseline_score - 1e-9)]
    if reading.population == "completed_series":
        people = people[people["n_infusions"] >= FULL_SERIES]
    if reading.population == "rated_once":
        rated = own.dropna(subset=["reduction_pct"])["patient_id"].unique()
        people = people[people.index.isin(rated)]
    group = Group(starters.condition, starters.group_by, starters.group, people.index)
    seen = at_visit(datasets, group, reading.visit)
    seen["baseline"] = people["baseline_score"]
    seen["last"] = _last(own, people, _due(datasets, reading.visit)).fillna(seen["baseline"])
    if reading.booster == "ends_response":
        after = seen["boosted"] & seen["is_rated"]
        seen.loc[after, ["reduction_pct", "change_score"]] = 0.0
        seen["last"] = seen["last"].mask(seen["boosted_unrated"], seen["baseline"])
    else:
        seen["boosted_unrated"] = False
    return seen


def _last(own: pd.DataFrame, people: pd.DataFrame, due: float) -> pd.Series:
    rows = own[own["day_after"] <= due].sort_values("day", kind="stable")
    kept = rows.drop_duplicates("patient_id", keep="last").set_index("patient_id")
    return kept["score"].reindex(people.index)


def _due(datasets: Datasets, visit: str) -> float:
    planned = {one.name: one.target_day for one in SCHEDULE}
    own = datasets.visits.query("visit == @visit")["day_after"]
    return planned.get(visit, float(np.median(own)) if len(own) else np.nan)
