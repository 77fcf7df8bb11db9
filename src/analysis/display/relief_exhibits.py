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
from analysis.outcomes.rows import ResultRow, find_rows
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text

if TYPE_CHECKING:
    import pandas as pd

    from analysis.estimate.durations import AftFit, CumulativeIncidence, IntervalCurve, MeanCount
    from analysis.results import Estimate

DAYS_PER_WEEK = 7.0
NO_CURVE = IntervalCurveToDraw(label="", left=(), right=(), mass=())

BETWEEN_VISITS = (
    "A loss is only known to lie between two visits: the last with relief and the first without."
)
BOXES = (
    "Shaded: no visit tells the losses in there apart, so the share could be anywhere in the box; "
    "the dotted line spreads them evenly."
)
BARS = "Bars: interval of the share at that week, for any dating between the visits."
DASHED = "Dashed: the same patients with each loss dated at the visit that found it, too late."
BOOSTER = "A booster is an infusion after the series, given to keep or renew relief."
CITED = "Amber lines: 2 weeks and 8.7 weeks (two months), the least that “weeks” and “months” mean."
BOOSTER_HERE = {
    "booster_as_loss": f"{BOOSTER} Here it counts as the end of relief.",
    "booster_competing": f"{BOOSTER} Here it counts as an end of its own, apart from loss.",
    "booster_as_censoring": f"{BOOSTER} Here nothing counts as known after it.",
    "booster_ignored": f"{BOOSTER} Here it is ignored: relief under it still counts.",
}
CAUSES = {1: "lost relief", 2: "booster first"}


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
        label=fit.distribution, times=[w for w, _ in kept], survival=[s for _, s in kept]
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
    bars = any(curve.intervals for curve in drawn)
    told = [BETWEEN_VISITS, BOXES, *([BARS] if bars else []), *([DASHED] if beside else [])]
    told += [BOOSTER_HERE.get(definition, BOOSTER), CITED]
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
    causes: Mapping[int, str] = CAUSES,
    at_risk: Sequence[int] = (),
) -> Exhibit:
    """What ended relief, week by week; ``causes`` names the codes, a code without one itself."""
    title = f"What ended relief, {words.condition_word(condition, labels)}"
    none: tuple[float, ...] = ()
    codes = () if incidence is None else incidence.causes
    times = none if incidence is None else incidence.times
    shares = none if incidence is None else incidence.incidence
    names = [causes.get(code, f"cause {code}") for code in codes]
    weeks = READ_WEEKS if len(at_risk) else ()
    return Exhibit(
        name="incidence",
        title=title,
        figure=draw_incidence(times, shares, causes=names, condition=condition,
                              at_risk_weeks=weeks, at_risk=at_risk, title=title),
        alt=describe_incidence(times, shares, causes=names,
                               n=0 if incidence is None else incidence.n),
        caption=f"Of the responders, the share still relieved (color) and what ended it first in "
        f"the others (patterns); together they are always 100 %. "
        f"{BOOSTER_HERE['booster_competing']} {BETWEEN_VISITS} It is dated at the visit that "
        f"found it, so it came earlier.",
    )  # fmt: skip


def show_swimmer(
    spans: Sequence[SpanToDraw],
    *,
    condition: str,
    labels: Mapping[str, str],
    n_all: int | None = None,
) -> Exhibit:
    """Single patients' relief, numbered by length only; ``n_all`` is out of how many they are."""
    title = f"Relief of single patients, {words.condition_word(condition, labels)}"
    who = f"{count_text(len(spans))} of {count_text(n_all)} responders. " if n_all else ""
    return Exhibit(
        name="swimmer",
        title=title,
        figure=draw_swimmer(spans, condition=condition, title=title),
        alt=describe_swimmer(spans),
        caption=f"{who}One bar a patient, numbered by length and by nothing else: examples, not "
        f"how long it usually lasts. {BETWEEN_VISITS} Hatched: that gap. Thin line: "
        f"followed without relief, or past the last rating of it. {BOOSTER} Paler: seen again "
        f"only after it, perhaps because of it. {CITED}",
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
    title = f"Relief by what a booster is taken for, {words.condition_word(condition, labels)}"
    return Exhibit(
        name="strategies",
        title=title,
        figure=draw_strategies(chosen, labels=labels, title=title),
        alt=describe_strategies(chosen, labels=labels),
        caption=f"The same patients, read in several ways. {BOOSTER} It may end relief, end what "
        f"is known of it, count apart, or be ignored; the further the lines lie apart, the more "
        f"the answer rests on that choice. An arrow runs on: not reached. {BETWEEN_VISITS} "
        f"{CITED}",
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
    title = f"Do the fitted curves follow the patients? {words.condition_word(condition, labels)}"
    seen = curve or NO_CURVE
    fitted = [model for model in models if model is not None]
    return Exhibit(
        name="parametric_check",
        title=title,
        figure=draw_parametric_check(seen, fitted, title=title),
        alt=describe_parametric_check(seen, fitted),
        caption=f"Color: the curve without any assumed shape. {BETWEEN_VISITS} {BOXES} Black: "
        f"curves of an assumed shape. Where one strays far from solid line and box, its numbers "
        f"are the shape's and not the patients'. {BOOSTER_HERE.get(definition, BOOSTER)}",
    )


def show_boosters(
    count: MeanCount | None,
    *,
    condition: str,
    labels: Mapping[str, str],
    at_risk: Sequence[int] = (),
) -> Exhibit:
    """Mean number of boosters per patient by week."""
    title = f"Boosters per patient, {words.condition_word(condition, labels)}"
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
        caption=f"{BOOSTER} The line: how many a patient has had on average by each week, those "
        f"with none and those with several included. Shaded: its interval, pointwise.",
    )  # fmt: skip


def show_series(rows: Sequence[ResultRow], *, condition: str, labels: Mapping[str, str]) -> Exhibit:
    """Median duration of relief by number of the series: does it shorten?"""
    chosen = find_rows(rows, measure="series_relief", condition=condition, group_by="series")
    read = {row.definition for row in chosen}
    booster = BOOSTER_HERE.get(read.pop(), BOOSTER) if len(read) == 1 else BOOSTER
    title = f"Relief series by series, {words.condition_word(condition, labels)}"
    return Exhibit(
        name="series",
        title=title,
        figure=draw_series(chosen, labels=labels, title=title),
        alt=describe_series(chosen, labels=labels),
        caption=f"Median duration after each series, with its interval; an arrow runs on: not "
        f"reached. Not everyone who came first comes for a further series, so a difference need "
        f"not be the series' own. {booster} {BETWEEN_VISITS} {CITED}",
    )
