"""Exhibits on the duration of relief: what each figure is given, says and means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from analysis.display.exhibits import READ_WEEKS, Exhibit
from analysis.display.figures import (
    CurveToDraw,
    IntervalCurveToDraw,
    ModelCurveToDraw,
    SpanToDraw,
    describe_boosters,
    describe_incidence,
    describe_interval_relief,
    describe_parametric_check,
    describe_series,
    describe_strategies,
    describe_swimmer,
    draw_boosters,
    draw_incidence,
    draw_interval_relief,
    draw_parametric_check,
    draw_series,
    draw_strategies,
    draw_swimmer,
)
from analysis.display.relief_captions import booster_sentence, caption_of
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimate.durations import AftFit, CumulativeIncidence, IntervalCurve, MeanCount
    from analysis.results import Estimate

DAYS_PER_WEEK = 7.0
NO_CURVE = IntervalCurveToDraw(label="", left=(), right=(), mass=())

CAUSES = {1: "relief_exhibits.lost", 2: "relief_exhibits.booster_first"}


def interval_curve_to_draw(
    curve: IntervalCurve | None,
    *,
    label: str,
    condition: str,
    at_risk: Sequence[int] = (),
    shares: Mapping[float, Estimate | ResultRow] | None = None,
    median: Estimate | ResultRow | None = None,
) -> IntervalCurveToDraw | None:
    """Return an interval-censored curve in weeks as the figure takes it; None when there is none.

    Parameters
    ----------
    curve : IntervalCurve or None
        In weeks.
    label, condition : str
        For people, and the code for the colour.
    at_risk : sequence of int
        Patients still followed at weeks 0, 4, 8, 12 and 26; empty when not counted.
    shares : mapping of week to Estimate or ResultRow
        Shares still relieved with the intervals to draw: the guarded ones of `bootstrap_relief`.
    median : Estimate, ResultRow or None
        As printed beside the curve.
    """
    if curve is None:
        return None
    shares = shares or {}
    return IntervalCurveToDraw(
        label=label,
        condition=condition,
        left=curve.left,
        right=curve.right,
        mass=curve.mass,
        n=curve.n,
        at_risk_weeks=READ_WEEKS if len(at_risk) else (),
        at_risk=at_risk,
        intervals=tuple((week, share.low, share.high) for week, share in shares.items()),
        level=next((share.level for share in shares.values() if share.level), None),
        median_text="" if median is None else estimate_text(median),
    )


def model_to_draw(
    fit: AftFit | None, *, weeks: Sequence[float], x: Sequence[float] | None = None
) -> ModelCurveToDraw | None:
    """Return a fitted curve read at weeks above 0 as the figure takes it; None without a fit.

    ``x`` are the covariates of the patient drawn, as `AftFit.survival` takes them.
    """
    if fit is None:
        return None
    shares = [fit.survival(week, x).value for week in weeks]
    kept = [(week, share) for week, share in zip(weeks, shares, strict=True) if share is not None]
    return ModelCurveToDraw(
        label=words.word(words.DEFINITIONS, fit.shape.code),
        times=[w for w, _ in kept],
        survival=[s for _, s in kept],
    )


def spans_to_draw(spans: pd.DataFrame) -> list[SpanToDraw]:
    """Return the relief spans chosen (at most 30 of `derive_relief`) in weeks, without any id."""
    columns = ["good_until_days", "first_bad_days", "booster_days",
               "good_before_booster_days", "last_rating_days"]  # fmt: skip
    weeks = spans[columns].to_numpy(dtype=float) / DAYS_PER_WEEK
    return [
        SpanToDraw(
            good_until_weeks=good if isfinite(good) else 0.0,
            first_bad_weeks=bad if isfinite(bad) else None,
            booster_weeks=booster if isfinite(booster) else None,
            good_before_booster_weeks=before if isfinite(before) and isfinite(booster) else None,
            last_rating_weeks=last,
        )
        for good, bad, booster, before, last in weeks.tolist()
    ]


def show_interval_relief(
    curves: Sequence[IntervalCurveToDraw | None],
    *,
    title: str,
    kaplan_meier: Sequence[CurveToDraw | None] = (),
    definition: str = "",
) -> Exhibit:
    """Relief curves with what no visit saw shaded; curves that do not exist are left out.

    ``definition`` is the booster strategy of the curves, as in their result rows.
    """
    drawn = [curve for curve in curves if curve is not None]
    beside = [curve for curve in kaplan_meier if curve is not None]
    told = [say("relief_exhibits.between_visits"), say("relief_exhibits.boxes")]
    told += [say("relief_exhibits.bars")] if any(curve.intervals for curve in drawn) else []
    told += [say("relief_exhibits.dashed")] if beside else []
    told += [booster_sentence(definition), say("relief_exhibits.cited")]
    return Exhibit(
        name="interval_relief",
        title=title,
        figure=draw_interval_relief(drawn, kaplan_meier=beside, title=title),
        alt=describe_interval_relief(drawn),
        caption=" ".join(told),
    )


def show_incidence(
    incidence: CumulativeIncidence | None,
    *,
    condition: str,
    labels: Mapping[str, str],
    at_risk: Sequence[int] = (),
) -> Exhibit:
    """What ended relief, week by week."""
    title = _title("relief_exhibits.incidence", condition, labels)
    none: tuple[float, ...] = ()
    codes = () if incidence is None else incidence.causes
    times = none if incidence is None else incidence.times
    shares = none if incidence is None else incidence.incidence
    names = [_cause(code) for code in codes]
    weeks = READ_WEEKS if len(at_risk) else ()
    return Exhibit(
        name="incidence",
        title=title,
        figure=draw_incidence(times, shares, causes=names, condition=condition,
                              at_risk_weeks=weeks, at_risk=at_risk, title=title),
        alt=describe_incidence(times, shares, causes=names,
                               n=0 if incidence is None else incidence.n),
        caption=caption_of("relief_exhibits.incidence_caption", "booster_competing"),
    )  # fmt: skip


def show_swimmer(
    spans: Sequence[SpanToDraw],
    *,
    condition: str,
    labels: Mapping[str, str],
    n_all: int | None = None,
) -> Exhibit:
    """Single patients' relief, numbered by length only; ``n_all`` is out of how many they are."""
    title = _title("relief_exhibits.swimmer", condition, labels)
    caption = caption_of("relief_exhibits.swimmer_caption")
    if n_all:
        shown, n = count_text(len(spans)), count_text(n_all)
        caption = f"{say('relief_exhibits.swimmer_sample', shown=shown, n=n)} {caption}"
    return Exhibit(
        name="swimmer",
        title=title,
        figure=draw_swimmer(spans, condition=condition, title=title),
        alt=describe_swimmer(spans),
        caption=caption,
    )


def show_strategies(
    rows: Sequence[ResultRow], *, condition: str, labels: Mapping[str, str]
) -> Exhibit:
    """Median and shares under every reading of a booster, side by side."""
    keys = {"condition": condition, "group_by": "all"}
    chosen = [
        *find_rows(rows, measure="relief_duration", **keys),
        *find_rows(rows, measure="relieved_share", **keys),
    ]
    title = _title("relief_exhibits.strategies", condition, labels)
    return Exhibit(
        name="strategies",
        title=title,
        figure=draw_strategies(chosen, labels=labels, title=title),
        alt=describe_strategies(chosen, labels=labels),
        caption=caption_of("relief_exhibits.strategies_caption"),
    )


def show_parametric_check(
    curve: IntervalCurveToDraw | None,
    models: Sequence[ModelCurveToDraw | None],
    *,
    condition: str,
    labels: Mapping[str, str],
    definition: str = "",
) -> Exhibit:
    """Fitted curves over the curve that assumes no shape; fits that do not exist are left out."""
    title = _title("relief_exhibits.shapes", condition, labels)
    seen = curve or NO_CURVE
    fitted = [model for model in models if model is not None]
    return Exhibit(
        name="parametric_check",
        title=title,
        figure=draw_parametric_check(seen, fitted, title=title),
        alt=describe_parametric_check(seen, fitted),
        caption=caption_of("relief_exhibits.shapes_caption", definition),
    )


def show_boosters(
    count: MeanCount | None,
    *,
    condition: str,
    labels: Mapping[str, str],
    at_risk: Sequence[int] = (),
) -> Exhibit:
    """Mean number of boosters per patient by week."""
    title = _title("relief_exhibits.boosters", condition, labels)
    none: tuple[float, ...] = ()
    arrays = (none,) * 4 if count is None else (count.times, count.mean, count.low, count.high)
    times, mean, low, high = arrays
    n, last = (0, 0.0) if count is None else (count.n, count.last_time)
    level = None if count is None else count.level
    weeks = READ_WEEKS if len(at_risk) else ()
    return Exhibit(
        name="boosters",
        title=title,
        figure=draw_boosters(times, mean, low=low, high=high, n=n, last_week=last, title=title,
                             condition=condition, at_risk_weeks=weeks, at_risk=at_risk),
        alt=describe_boosters(times, mean, low=low, high=high, n=n, last_week=last, level=level),
        caption=caption_of("relief_exhibits.boosters_caption"),
    )  # fmt: skip


def show_series(rows: Sequence[ResultRow], *, condition: str, labels: Mapping[str, str]) -> Exhibit:
    """Median duration of relief by number of the series: does it shorten?"""
    chosen = find_rows(rows, measure="series_relief", condition=condition, group_by="series")
    read = {row.definition for row in chosen}
    title = _title("relief_exhibits.series", condition, labels)
    return Exhibit(
        name="series",
        title=title,
        figure=draw_series(chosen, labels=labels, title=title),
        alt=describe_series(chosen, labels=labels),
        caption=caption_of("relief_exhibits.series_caption", read.pop() if len(read) == 1 else ""),
    )


def _title(name: str, condition: str, labels: Mapping[str, str]) -> str:
    return say(name, condition=words.condition_word(condition, labels))


def _cause(code: int) -> str:
    """Return what ended relief in words; a code without words is named itself."""
    return say(CAUSES[code]) if code in CAUSES else say("relief_exhibits.cause", code=code)
