"""Responder rates: both thresholds, every visit, all starters and observed, with their bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.response import (
    derive_responder,
    derive_two_point_responder,
    derive_worsened,
)
from analysis.estimate.proportions import MissingRule, estimate_counted_share
from analysis.outcomes.rows import ResultRow, row_from_estimate
from analysis.outcomes.selection import (
    Group,
    Visits,
    groups_of,
    warn_of_arms,
    whole_group,
)
from analysis.results import Estimate
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

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
    visits, seen = visits_in_play(datasets, settings), Visits(datasets)
    for group in groups_of(datasets, condition):
        mixed = warn_of_arms(datasets, group)
        for visit in visits if group.every_visit else (settings.analysis_visit,):
            rows += warned(_shares(seen.at(group, visit), group, visit, settings), mixed)
    whole = whole_group(datasets, condition)
    curve = _curve(seen.at(whole, settings.analysis_visit), whole, settings)
    rows += warned(curve, warn_of_arms(datasets, whole))
    for visit in visits:
        rows.append(_completeness(seen.at(whole, visit), whole, visit, settings))
    return tuple(rows)


def warned(rows: Iterable[ResultRow], sentences: tuple[str, ...]) -> list[ResultRow]:
    """Return rows with further sentences that a reader must see beside the number."""
    if not sentences:
        return list(rows)
    return [replace(row, warnings=(*row.warnings, *sentences)) for row in rows]


def visits_in_play(datasets: Datasets, settings: AnalysisSettings) -> tuple[str, ...]:
    """Return the visits that occur, and the analysis visit even when nobody was rated at it."""
    if settings.analysis_visit in datasets.visit_order:
        return datasets.visit_order
    return (*datasets.visit_order, settings.analysis_visit)


def thresholds_pct(settings: AnalysisSettings) -> tuple[float, ...]:
    """Return 30 and 50 percent and the threshold of the settings, rising."""
    return tuple(sorted({*THRESHOLDS_PCT, settings.responder_threshold_pct}))


@dataclass(frozen=True)
class _Answers:
    """Who responds, of whom that is known, and in whom a booster decided it: a value a patient."""

    yes: np.ndarray
    known: np.ndarray
    boosted: np.ndarray

    def share(
        self, missing: MissingRule, settings: AnalysisSettings, *, exact: bool = False
    ) -> Estimate:
        """Return the share of those who respond under a missing rule."""
        return estimate_counted_share(
            int(np.count_nonzero(self.yes)),
            len(self.known) - int(np.count_nonzero(self.known)),
            len(self.known),
            missing=missing,
            level=settings.confidence_level,
            exact=exact,
        )

    @property
    def told(self) -> tuple[str, ...]:
        """Say of how many a booster decided it."""
        n_boosted = int(np.count_nonzero(self.boosted & self.known))
        if not n_boosted:
            return ()
        return (say("outcomes.told.boosted_count_not", n=n_boosted),)


def _answers(is_responder: pd.Series) -> _Answers:
    """Return what is known of each patient, boosters left aside."""
    known = is_responder.notna().to_numpy()
    yes = is_responder.to_numpy(dtype=bool, na_value=False)
    return _Answers(yes=yes, known=known, boosted=np.zeros_like(known))


def _end_at_booster(is_responder: pd.Series, seen: pd.DataFrame) -> _Answers:
    """Count a booster before the rating as the end of the response that the series gave."""
    found, boosted = _answers(is_responder), seen["boosted"].to_numpy()
    either = boosted | seen["boosted_unrated"].to_numpy()
    return replace(found, yes=found.yes & ~boosted, boosted=either)


def _best_case(ended: _Answers, seen: pd.DataFrame) -> _Answers:
    """Not rated, but a booster was given before: that is no response in any case.

    Where nobody at all was rated, boosters alone make no responder rate.
    """
    if not ended.known.any():
        return ended
    unrated = seen["boosted_unrated"].to_numpy()
    return replace(ended, yes=ended.yes & ~unrated, known=ended.known | unrated)


def _shares(
    seen: pd.DataFrame, group: Group, visit: str, settings: AnalysisSettings
) -> Iterator[ResultRow]:
    keys = {"visit": visit, **group.keys}
    for pct in thresholds_pct(settings):
        flags = derive_responder(seen["reduction_pct"], threshold_pct=pct)
        yield from _responses(flags, seen, "percent_reduction", pct, settings, keys)
    flags = derive_two_point_responder(seen["change_score"])
    yield from _responses(flags, seen, "two_points", None, settings, keys)
    yield row_from_estimate(  # worse is worse, booster or not
        _answers(derive_worsened(seen["reduction_pct"])).share("excluded", settings),
        measure="worsening_share",
        definition="percent_increase",
        threshold_pct=30.0,
        population="observed",
        **keys,
    )


def _responses(
    is_responder: pd.Series,
    seen: pd.DataFrame,
    definition: str,
    threshold_pct: float | None,
    settings: AnalysisSettings,
    keys: Mapping[str, str],
) -> Iterator[ResultRow]:
    """Yield the shares of one definition of response, in every population."""
    ended = _end_at_booster(is_responder, seen)
    for population, missing in POPULATIONS.items():
        known = _best_case(ended, seen) if population == "best_case" else ended
        both = population in ("all_starters", "observed") and threshold_pct is not None
        for exact in (False, True) if both else (False,):
            estimate = known.share(missing, settings, exact=exact)
            yield row_from_estimate(
                estimate,
                measure="responder_share",
                definition=f"{definition}_exact" if exact else definition,
                threshold_pct=threshold_pct,
                population=population,
                warnings=(*estimate.warnings, *(known.told if estimate.estimated else ())),
                **keys,
            )


def _curve(seen: pd.DataFrame, group: Group, settings: AnalysisSettings) -> Iterator[ResultRow]:
    """Share of patients with at least x percent reduction, for the whole range of x."""
    for pct in CURVE_PCT:
        ended = _end_at_booster(derive_responder(seen["reduction_pct"], threshold_pct=pct), seen)
        for population in ("all_starters", "observed"):
            yield row_from_estimate(
                ended.share(POPULATIONS[population], settings),
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
    return row_from_estimate(
        _answers(seen["is_rated"]).share("excluded", settings),
        measure="completeness_share",
        population="all_starters",
        visit=visit,
        **group.keys,
    )
