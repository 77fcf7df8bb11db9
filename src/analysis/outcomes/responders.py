"""Responder rates: both thresholds, every visit, all starters and observed, with their bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.response import (
    derive_responder,
    derive_two_point_responder,
    derive_worsened,
)
from analysis.estimate.proportions import MissingRule, estimate_responder_share
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import (
    Group,
    at_visit,
    groups_of,
    warn_of_arms,
    whole_group,
)
from analysis.settings import AnalysisSettings

THRESHOLDS_PCT = (30.0, 50.0)
"""Moderate and substantial improvement (IMMPACT; Dworkin 2008, J Pain 9:105): always both."""

CURVE_PCT = tuple(float(pct) for pct in range(0, 101, 10))

POPULATIONS: dict[str, MissingRule] = {
    "all_starters": "nonresponse",
    "observed": "excluded",
    "worst_case": "nonresponse",
    "best_case": "response",
}


def tabulate_responders(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return responder shares of a condition as result rows.

    Parameters
    ----------
    datasets : Datasets
    settings : AnalysisSettings
        ``responder_threshold_pct`` is added to the two thresholds always shown.
    condition : str
        Condition code, or ``all``.

    Returns
    -------
    tuple of ResultRow
        responder_share (percent thresholds and two points; Wilson and exact), worsening_share,
        cumulative_responder_share and completeness_share. Arms at every visit, other subgroups at
        the analysis visit only.

    Raises
    ------
    SettingsError
        No such condition.

    Notes
    -----
    A patient who had a booster before the rating counts as not responding at that visit
    (composite strategy, ICH E9(R1)); how many is told in the row's warnings. In the best case,
    too: a patient not rated responds, unless a booster came before the visit was due.

    References
    ----------
    Dworkin et al. (2008), J Pain 9:105, on thresholds; ICH E9(R1), 2019, on the composite strategy.
    """
    rows: list[ResultRow] = []
    visits = visits_in_play(datasets, settings)
    for group in groups_of(datasets, condition):
        mixed = warn_of_arms(datasets, group)
        for visit in visits if group.every_visit else (settings.analysis_visit,):
            seen = at_visit(datasets, group, visit)
            rows += warned(_shares(seen, group, visit, settings), mixed)
    whole = whole_group(datasets, condition)
    curve = _curve(at_visit(datasets, whole, settings.analysis_visit), whole, settings)
    rows += warned(curve, warn_of_arms(datasets, whole))
    for visit in visits:
        rows.append(_completeness(at_visit(datasets, whole, visit), whole, visit, settings))
    return tuple(rows)


def warned(rows: Iterable[ResultRow], sentences: tuple[str, ...]) -> list[ResultRow]:
    """Return rows with further sentences that a reader must see beside the number."""
    return [replace(row, warnings=(*row.warnings, *sentences)) for row in rows]


def visits_in_play(datasets: Datasets, settings: AnalysisSettings) -> tuple[str, ...]:
    """Return the visits that occur, and the analysis visit even when nobody was rated at it."""
    if settings.analysis_visit in datasets.visit_order:
        return datasets.visit_order
    return (*datasets.visit_order, settings.analysis_visit)


def thresholds_pct(settings: AnalysisSettings) -> tuple[float, ...]:
    """Return 30 and 50 percent and the threshold of the settings, rising."""
    return tuple(sorted({*THRESHOLDS_PCT, settings.responder_threshold_pct}))


def _shares(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> Iterable[ResultRow]:
    flags: dict[tuple[str, str, float | None], pd.Series] = {
        ("responder_share", "percent_reduction", pct): derive_responder(
            seen["reduction_pct"], threshold_pct=pct
        )
        for pct in thresholds_pct(settings)
    }
    flags["responder_share", "two_points", None] = derive_two_point_responder(seen["change_score"])
    for (measure, definition, pct), is_responder in flags.items():
        ended = _end_at_booster(is_responder, seen)
        for population, missing in POPULATIONS.items():
            keys: dict[str, object] = {
                "measure": measure,
                "definition": definition,
                "threshold_pct": pct,
                "population": population,
                "visit": visit,
                **group.keys,
            }
            known = _best_case(ended, seen) if population == "best_case" else ended
            yield _share_row(known, missing, seen, settings, keys)
            if population in ("all_starters", "observed") and pct is not None:
                keys["definition"] = f"{definition}_exact"
                yield _share_row(ended, missing, seen, settings, keys, exact=True)
    worse = derive_worsened(seen["reduction_pct"])
    worse_keys: dict[str, object] = {
        "measure": "worsening_share",
        "definition": "percent_increase",
        "threshold_pct": 30.0,
        "population": "observed",
        "visit": visit,
        **group.keys,
    }
    unboosted = seen.assign(boosted=False, boosted_unrated=False)  # worse is worse, booster or not
    yield _share_row(worse, "excluded", unboosted, settings, worse_keys)


def _end_at_booster(is_responder: pd.Series, seen: pd.DataFrame) -> pd.Series:
    """Count a booster before the rating as the end of the response that the series gave."""
    return is_responder.mask(seen["boosted"] & is_responder.notna(), False)


def _best_case(is_responder: pd.Series, seen: pd.DataFrame) -> pd.Series:
    """Not rated, but a booster was given before: that is no response in any case.

    Where nobody at all was rated, boosters alone make no responder rate.
    """
    if not is_responder.notna().any():
        return is_responder
    return is_responder.mask(seen["boosted_unrated"], False)


def _share_row(
    flags: pd.Series,
    missing: MissingRule,
    seen: pd.DataFrame,
    settings: AnalysisSettings,
    keys: dict[str, object],
    *,
    exact: bool = False,
) -> ResultRow:
    estimate = estimate_responder_share(
        flags, missing=missing, level=settings.confidence_level, exact=exact
    )
    row = row_from_estimate(estimate, **keys)
    boosted = seen["boosted"] | seen["boosted_unrated"]
    n_boosted = int((boosted & flags.notna()).sum())
    if not n_boosted or not estimate.estimated:
        return row
    told = f"{n_boosted} had a booster before this visit and count as not responding."
    return replace(row, warnings=(*row.warnings, told))


def _curve(seen: pd.DataFrame, group: Group, settings: AnalysisSettings) -> Iterable[ResultRow]:
    """Share of patients with at least x percent reduction, for the whole range of x."""
    for pct in CURVE_PCT:
        flags = _end_at_booster(derive_responder(seen["reduction_pct"], threshold_pct=pct), seen)
        for population in ("all_starters", "observed"):
            estimate = estimate_responder_share(
                flags, missing=POPULATIONS[population], level=settings.confidence_level
            )
            yield row_from_estimate(
                estimate,
                measure="cumulative_responder_share",
                definition="percent_reduction",
                threshold_pct=pct,
                population=population,
                visit=settings.analysis_visit,
                **group.keys,
            )


def _completeness(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> ResultRow:
    rated = pd.Series(np.asarray(seen["is_rated"]), dtype="boolean")
    return row_from_estimate(
        estimate_responder_share(rated, missing="excluded", level=settings.confidence_level),
        measure="completeness_share",
        population="all_starters",
        visit=visit,
        **group.keys,
    )
