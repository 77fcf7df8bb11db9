"""What was done: length of sessions, infusions in the series, and how far boosters lie apart.

Counted by patient, not by infusion: infusions of one patient are alike, and counting them as if
they were not makes the interval too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.derive.datasets import Datasets
from analysis.derive.series_relief import derive_boosters, derive_followed_to
from analysis.outcomes.rows import ResultRow
from analysis.outcomes.selection import Group
from analysis.outcomes.shares import bounded_row, share_row, treated_groups
from analysis.settings import AnalysisSettings
from analysis.wording.texts import say

STANDARD_MINUTES = (45.0, 60.0)
"""Cited length of a standard session."""

FOUR_HOURS_MINUTES = (225.0, 255.0)
"""Four hours, to the nearest half hour."""

SERIES_INFUSIONS = 6
SERIES_DAYS = 21
"""Cited series: six infusions over two to three weeks; the sixth within 21 days of the first."""

MONTHLY_TO_QUARTERLY_DAYS = (28.0, 92.0)
"""From the shortest calendar month to the longest quarter. Infusions are dated by whole days:
30.4, a twelfth of the year, would call every booster after 28 or 30 days more than monthly."""

MEAN_MONTH_TO_QUARTER_DAYS = (30.4, 91.3)
"""A twelfth and a quarter of the year, shown beside."""

HALF_YEAR_DAYS = 182.0
RETURNED_PCT = 20.0
"""Pain at 80 % of baseline or more: a reduction of no more than this."""

HIGH_DOSE = "high_dose"


def tabulate_protocol(
    datasets: Datasets, settings: AnalysisSettings, condition: str
) -> tuple[ResultRow, ...]:
    """Return what was done to the treated patients of a condition as result rows.

    Parameters
    ----------
    datasets, settings, condition
        As `analysis.outcomes.responders.tabulate_responders`.

    Returns
    -------
    tuple of ResultRow
        session_minutes_share (patients whose median session lies in the cited range; standard and
        high dose apart), series_share (six infusions, six within 21 days, sixth by day 21 of those
        given six), booster_gap_share (patients whose median gap lies in the range),
        booster_any_share (a booster by week 26) and recurrence_share (pain back at 80 % of baseline
        after a booster, of patients with relief at the end of the series). For all treated and for
        each arm.

    Raises
    ------
    SettingsError
        No such condition.

    Notes
    -----
    What is not recorded is ``not estimable`` with the reason, never 0. A blank protocol counts as
    standard: high dose is the marked exception.
    """
    rows: list[ResultRow] = []
    for group in treated_groups(datasets, condition):
        rows += _sessions(datasets, settings, group)
        rows += _initial_series(datasets, settings, group)
        rows += _boosters(datasets, settings, group)
    return tuple(rows)


def _part(group: Group, ids: pd.Index) -> Group:
    return Group(group.condition, group.group_by, group.group, ids)


def infusions_of(datasets: Datasets, group: Group) -> pd.DataFrame | None:
    """Return the infusions of a group; None where the export has none at all."""
    series = datasets.series
    if series.empty or "series_number" not in series:
        return None
    return series[series["patient_id"].isin(group.patient_ids)]


def high_dose_of(datasets: Datasets, group: Group) -> pd.Index:
    """Return the patients of a group whose series was marked as high dose."""
    protocol = datasets.subjects["protocol"].reindex(group.patient_ids)
    return group.patient_ids[(protocol == HIGH_DOSE).fillna(False).to_numpy(dtype=bool)]


def _sessions(datasets: Datasets, settings: AnalysisSettings, group: Group) -> Iterator[ResultRow]:
    infusions = infusions_of(datasets, group)
    high = high_dose_of(datasets, group)
    lacking = "outcomes.why.no_infusions" if infusions is None else "outcomes.why.no_minutes"
    for definition, own, (least, most) in (
        ("standard_45_to_60", group.patient_ids.difference(high, sort=False), STANDARD_MINUTES),
        ("high_dose_4_hours", high, FOUR_HOURS_MINUTES),
    ):
        flags = None
        if infusions is not None and "minutes" in infusions:
            is_high = (infusions["protocol"] == HIGH_DOSE).fillna(False).astype(bool)
            alike = infusions[is_high == (definition == "high_dose_4_hours")]
            typical = alike.groupby("patient_id")["minutes"].median().reindex(own)
            flags = typical.between(least, most).astype("boolean").mask(typical.isna())
        yield share_row(
            datasets, settings, _part(group, own), flags,
            lacking=say(lacking),
            measure="session_minutes_share", definition=definition, population="treated",
        )  # fmt: skip


def _initial_series(
    datasets: Datasets, settings: AnalysisSettings, group: Group
) -> Iterator[ResultRow]:
    """Six infusions, and within three weeks; patients of the standard protocol."""
    own = group.patient_ids.difference(high_dose_of(datasets, group), sort=False)
    part, infusions = _part(group, own), infusions_of(datasets, group)
    flags: dict[str, pd.Series | None] = dict.fromkeys(
        ("completed_six", "six_within_21_days", "sixth_by_day_21")
    )
    given_six = own[:0]
    if infusions is not None:
        initial = infusions[infusions["series_number"] == 1].sort_values(["patient_id", "day"])
        rank = initial.groupby("patient_id").cumcount()
        sixth = initial[rank == SERIES_INFUSIONS - 1].set_index("patient_id")["day"].reindex(own)
        given_six = own[sixth.notna().to_numpy()]
        in_time = (sixth <= SERIES_DAYS).astype("boolean")
        flags = {
            "completed_six": sixth.notna().astype("boolean"),
            "six_within_21_days": in_time,
            "sixth_by_day_21": in_time.reindex(given_six),
        }
    for definition, known in flags.items():
        of_six = definition == "sixth_by_day_21"
        yield share_row(
            datasets, settings, _part(part, given_six) if of_six else part, known,
            lacking=say("outcomes.why.no_infusions"), measure="series_share", definition=definition,
            population="given_six" if of_six else "treated",
        )  # fmt: skip


def _boosters(datasets: Datasets, settings: AnalysisSettings, group: Group) -> Iterator[ResultRow]:
    boosters = derive_boosters(datasets.series, datasets.subjects)
    boosters = boosters[boosters["patient_id"].isin(group.patient_ids)]
    gap = boosters.groupby("patient_id")["day_after"].diff().fillna(boosters["day_after"])
    typical = gap.groupby(boosters["patient_id"]).median().astype(float)
    boosted = _part(group, typical.index)
    for definition, (least, most) in (
        ("monthly_to_quarterly", MONTHLY_TO_QUARTERLY_DAYS),
        ("mean_month_to_quarter", MEAN_MONTH_TO_QUARTER_DAYS),
    ):
        yield share_row(
            datasets, settings, boosted, typical.between(least, most).astype("boolean"),
            measure="booster_gap_share", definition=definition, population="boosted",
        )  # fmt: skip
    yield bounded_row(
        datasets, settings, group, _boosted_by_half_year(datasets, group, boosters),
        lacking=say("outcomes.why.no_infusions"), measure="booster_any_share",
        definition="by_week_26",
    )  # fmt: skip
    returned = _returned_after_booster(datasets, group)
    yield share_row(
        datasets, settings, _part(group, returned.index), returned,
        lacking=say("outcomes.why.unrated_after_booster"),
        measure="recurrence_share", definition="at_80_pct_of_baseline", population="boosted",
    )  # fmt: skip


def _boosted_by_half_year(datasets: Datasets, group: Group, boosters: pd.DataFrame) -> pd.Series:
    """Tell who had a booster by week 26; missing for those not followed that long without one."""
    flags = pd.Series(pd.NA, index=group.patient_ids, dtype="boolean")
    if infusions_of(datasets, group) is None:
        return flags
    followed = derive_followed_to(datasets.series, datasets.change, datasets.subjects)
    flags[(followed.reindex(flags.index) >= HALF_YEAR_DAYS).to_numpy(dtype=bool)] = False
    first = boosters.groupby("patient_id")["day_after"].min()
    flags[first.index[first <= HALF_YEAR_DAYS]] = True
    return flags


def _returned_after_booster(datasets: Datasets, group: Group) -> pd.Series:
    """Tell, of responders rated after their first booster, in whom pain came back to 80 %.

    A rating on the day of a booster is from before it.
    """
    change = datasets.change[datasets.change["patient_id"].isin(datasets.relief.index)]
    change = change[change["patient_id"].isin(group.patient_ids)]
    booster = datasets.subjects["first_booster_day"].reindex(change["patient_id"]).to_numpy()
    later = change[(change["day"] > booster) & change["reduction_pct"].notna()]
    least = later.groupby("patient_id")["reduction_pct"].min()
    return (least <= RETURNED_PCT).astype("boolean")
