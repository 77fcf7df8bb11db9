"""Exhibits: which rows a figure shows, drawn, described and captioned for page and notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.display.figures import (
    CitedBand,
    CurveToDraw,
    describe_cumulative_responders,
    describe_reduction_definitions,
    describe_responder_rates,
    describe_subgroups,
    describe_trajectories,
    describe_verdict_strip,
    describe_waterfall,
    draw_cumulative_responders,
    draw_reduction_definitions,
    draw_responder_rates,
    draw_subgroups,
    draw_trajectories,
    draw_verdict_strip,
    draw_waterfall,
)
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.wording import words
from analysis.wording.numbers import estimate_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from analysis.claims.judgement import Judgement
    from analysis.claims.ledger import Claim
    from analysis.estimate.durations import ReliefCurve

SHOWN_THRESHOLDS_PCT = (30.0, 50.0)
READ_WEEKS = (0.0, 4.0, 8.0, 12.0, 26.0)


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A figure with its name, title, alt text and caption."""

    name: str
    title: str
    figure: Figure
    alt: str
    caption: str


def cited_band(claims: Sequence[Claim], *, measure: str, condition: str) -> CitedBand | None:
    """Return the cited band of the claim on a measure and condition, None when there is none."""
    for claim in claims:
        if claim.measure == measure and claim.condition == condition:
            return CitedBand(low=claim.cited_low, high=claim.cited_high, unit=claim.unit)
    return None


def show_rates(
    rows: Sequence[ResultRow],
    *,
    condition: str,
    visit: str,
    labels: Mapping[str, str],
    claims: Sequence[Claim] = (),
) -> Exhibit:
    """Responder rates at both thresholds, all starters and observed, against the cited band."""
    keys = {"measure": "responder_share", "definition": "percent_reduction", "visit": visit}
    chosen = [
        row
        for pct in SHOWN_THRESHOLDS_PCT
        for population in ("all_starters", "observed")
        for row in find_rows(rows, **keys, group_by="all", threshold_pct=pct, population=population)
    ]
    band = cited_band(claims, measure="responder_share", condition=condition)
    title = _title("exhibits.rates", condition, labels, visit=visit)
    return Exhibit(
        name="rates",
        title=title,
        figure=draw_responder_rates(chosen, labels=labels, cited=band, title=title),
        alt=describe_responder_rates(chosen, labels=labels, cited=band),
        caption=say("exhibits.rates_caption"),
    )


def show_subgroups(
    rows: Sequence[ResultRow], *, condition: str, visit: str, labels: Mapping[str, str]
) -> Exhibit:
    """Responder rates of the whole condition and of its subgroups, as a forest plot."""
    keys = {"measure": "responder_share", "definition": "percent_reduction", "visit": visit}
    found = [
        row
        for row in find_rows(rows, **keys, population="all_starters")
        if row.threshold_pct in SHOWN_THRESHOLDS_PCT
    ]
    groupings = dict.fromkeys(["all", *(row.group_by for row in found)])
    chosen = [row for name in groupings for row in found if row.group_by == name]
    title = _title("exhibits.subgroups", condition, labels)
    return Exhibit(
        name="subgroups",
        title=title,
        figure=draw_subgroups(chosen, labels=labels, title=title),
        alt=describe_subgroups(chosen, labels=labels),
        caption=say("exhibits.subgroups_caption"),
    )


def show_waterfall(
    seen: pd.DataFrame, *, condition: str, visit: str, labels: Mapping[str, str]
) -> Exhibit:
    """Every patient's percent reduction, sorted; those not rated as a counted block."""
    title = _title("exhibits.waterfall", condition, labels, visit=visit)
    values = seen["reduction_pct"].to_numpy(dtype=float)
    return Exhibit(
        name="waterfall",
        title=title,
        figure=draw_waterfall(values, condition=condition, title=title),
        alt=describe_waterfall(values, who=words.condition_word(condition, labels)),
        caption=say("exhibits.waterfall_caption"),
    )


def show_cumulative(
    rows: Sequence[ResultRow], *, condition: str, visit: str, labels: Mapping[str, str]
) -> Exhibit:
    """The cumulative responder curve: every threshold at once."""
    chosen = find_rows(rows, measure="cumulative_responder_share", condition=condition, visit=visit)
    title = _title("exhibits.cumulative", condition, labels)
    return Exhibit(
        name="cumulative",
        title=title,
        figure=draw_cumulative_responders(chosen, labels=labels, title=title),
        alt=describe_cumulative_responders(chosen, labels=labels),
        caption=say("exhibits.cumulative_caption"),
    )


def show_trajectory(
    rows: Sequence[ResultRow], *, condition: str, labels: Mapping[str, str]
) -> Exhibit:
    """Mean pain by visit with intervals and n."""
    chosen = find_rows(rows, measure="score_mean", condition=condition, group_by="all")
    title = _title("exhibits.trajectory", condition, labels)
    return Exhibit(
        name="trajectory",
        title=title,
        figure=draw_trajectories(chosen, labels=labels, title=title),
        alt=describe_trajectories(chosen, labels=labels),
        caption=say("exhibits.trajectory_caption"),
    )


def show_reductions(
    rows: Sequence[ResultRow],
    *,
    condition: str,
    visit: str,
    labels: Mapping[str, str],
    claims: Sequence[Claim] = (),
) -> Exhibit:
    """Percent reduction in its three definitions, against the cited band."""
    chosen = [
        row
        for definition in ("mean_of_patients", "median_of_patients", "ratio_of_means")
        for row in find_rows(
            rows,
            measure="percent_reduction",
            definition=definition,
            population="observed",
            visit=visit,
            group_by="all",
        )
    ]
    band = cited_band(claims, measure="percent_reduction", condition=condition)
    title = _title("exhibits.reductions", condition, labels)
    return Exhibit(
        name="reductions",
        title=title,
        figure=draw_reduction_definitions(chosen, labels=labels, cited=band, title=title),
        alt=describe_reduction_definitions(chosen, labels=labels, cited=band),
        caption=say("exhibits.reductions_caption"),
    )


def curve_to_draw(curve: ReliefCurve | None, *, label: str, condition: str) -> CurveToDraw | None:
    """Return a curve as the figure takes it; None when there is none."""
    if curve is None:
        return None
    return CurveToDraw(
        label=label,
        condition=condition,
        times=curve.times,
        survival=curve.survival,
        low=curve.low,
        high=curve.high,
        at_risk_weeks=READ_WEEKS,
        at_risk=curve.at_risk(READ_WEEKS),
        median_text=estimate_text(curve.median),
    )


def show_verdicts(judgements: Sequence[Judgement], *, labels: Mapping[str, str]) -> Exhibit:
    """Each claim as a row: cited band, our estimate, verdict."""
    title = say("exhibits.verdicts")
    return Exhibit(
        name="verdicts",
        title=title,
        figure=draw_verdict_strip(judgements, labels=labels, title=title),
        alt=describe_verdict_strip(judgements, labels=labels),
        caption=say("exhibits.verdicts_caption"),
    )


def _title(name: str, condition: str, labels: Mapping[str, str], *, visit: str = "") -> str:
    """Return a title of the file of texts with its condition and, where it tells one, visit."""
    who = words.condition_word(condition, labels)
    return say(name, condition=who, visit=words.visit_word(visit))
