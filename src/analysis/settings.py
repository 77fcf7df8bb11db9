"""The settings of an analysis, the schedule of visits and the thresholds: here and nowhere else.

The parameters cell of each notebook, the settings file and the command line all set the names of
`AnalysisSettings`; every default has a decision note. The schedule of visits is one of them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from analysis.errors import SettingsError, suggest

Recall = Literal["auto", "now", "average", "worst", "least", "not_stated"]
BoosterStrategy = Literal["loss", "censoring", "ignored"]
"""What a booster is to relief: its end, the end of what is known, or nothing."""

LossRule = Literal["once", "confirmed", "near_baseline"]
"""When relief is lost: at the first rating below the threshold; at the first one that the next
rating confirms; or when pain is back within 1 point, or at 80%, of baseline."""

Clock = Literal["end_of_series", "first_response", "start"]
"""From when the clock runs: last infusion of the series, first rating with relief, or day 0."""

Score = Literal["closest", "mean", "last", "worst", "week_mean"]
"""Which number stands for a visit where its window holds several ratings."""

OpioidIncrease = Literal["ignored", "ends_response"]
"""What a higher opioid dose is to response where both are known: nothing, or its end."""

Allocation = Literal["unknown", "randomized", "not_randomized"]
"""How patients came into the arms of the export."""

DAYS_PER_WEEK = 7

DAYS_PER_MONTH = 30.44
"""Days of a twelfth of a year: where trials plan visits by the month."""

END_WINDOW_DAYS = 7
"""The end of the series is judged within a week of the last infusion or not at all."""

LAST_PLANNED_WEEK = 520.0
"""Ten years: a later visit is a typing error."""

CITED_WEEKS = (2.0, 8.0, 8.7, 12.0)
"""Weeks that claims speak of (8.7 weeks are two months). Relief is read at them whatever is
planned, so that a claim can be judged under any schedule."""


@dataclass(frozen=True)
class Visit:
    """An analysis visit; days are counted from the end of the initial series."""

    name: str
    week: float
    target_day: float
    first_day: float
    last_day: float


_PLANNED = re.compile(r"(\d+(?:\.\d+)?)\s*(w|m)?")


def _planned_weeks(visits: str) -> dict[str, float]:
    """Return the name and week of each follow-up visit of the setting ``visits``.

    ValueError, in words for the reader of a settings file, where the text is no schedule.
    """
    weeks: dict[str, float] = {}
    for text in visits.split(","):
        found = _PLANNED.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"'{text.strip()}' is no visit; write weeks after the end of the series, as "
                "4, 8, 12, 26, or months with an m, as 1m, 3m, 6m"
            )
        number, months = float(found[1]), found[2] == "m"
        name = f"{'month' if months else 'week'}_{number:g}"
        weeks[name] = number * DAYS_PER_MONTH / DAYS_PER_WEEK if months else number
    steps = [END_WINDOW_DAYS / DAYS_PER_WEEK, *weeks.values()]
    if len(weeks) < visits.count(",") + 1 or any(b - a < 1 for a, b in pairwise(steps)):
        raise ValueError(
            "visits are listed once each and in order, at least a week apart and the first of them "
            "2 weeks or more after the end of the series"
        )
    if steps[-1] > LAST_PLANNED_WEEK:
        raise ValueError(f"the last visit is later than week {LAST_PLANNED_WEEK:g}")
    return weeks


@cache
def plan_visits(visits: str) -> tuple[Visit, ...]:
    """Return the end of the series and a visit for each week or month of the setting ``visits``.

    Notes
    -----
    Windows reach half-way to the neighbor (docs/decisions/0004), a half day belonging to the
    earlier visit; that of the first visit begins half-way between its day and the end window, so
    that with a first visit at week 4 days 8 to 17 belong to none. The last window is as wide after
    its target as before it.
    """
    planned = _planned_weeks(visits)
    days = [week * DAYS_PER_WEEK for week in planned.values()]
    made = [Visit("end", 0.0, 0.0, 0.0, float(END_WINDOW_DAYS))]
    for place, (name, week) in enumerate(planned.items()):
        day = days[place]
        before = days[place - 1] if place else END_WINDOW_DAYS
        first = (before + day) // 2 + 1
        after = days[place + 1] if place + 1 < len(days) else None
        last = day + (day - first) + 1 if after is None else (day + after) / 2
        made.append(Visit(name, week, day, first, last // 1))
    return tuple(made)


@cache
def _read_weeks(visits: str) -> dict[str, float]:
    """Return the weeks of `CITED_WEEKS` and of planned visits after the end, by name, in order."""
    planned = {visit.name: visit.week for visit in plan_visits(visits)[1:]}
    weeks = {f"week_{week:g}": week for week in CITED_WEEKS} | planned
    return dict(sorted(weeks.items(), key=lambda item: item[1]))


THRESHOLDS_PCT = (30.0, 50.0)
"""Moderate and substantial improvement (IMMPACT; Dworkin 2008, J Pain 9:105): always both."""

CURVE_PCT = tuple(float(pct) for pct in range(0, 101, 10))
"""Thresholds of the cumulative responder curve, percent."""

TWO_POINTS = 2.0
"""Clinically important difference on 0 to 10 (Farrar 2001, Pain 94:149)."""

LOW_PAIN = {"at_most_3": 3.0, "at_most_1": 1.0}
"""Scores of 0 to 10 that are low whatever pain was before, by name. At most 3: no worse than mild
(Moore, Straube and Aldington 2013, Anaesthesia 68:400; published borders of mild pain run from 3 to
5: Boonstra 2016, Front Psychol 7:1466). At most 1: no pain, or next to none."""

WORSE_PCT = -30.0
"""A rise of at least 30% of baseline counts as worse: the mirror of a moderate response."""

SMALL_CONDITION = 20
"""Below this many patients a condition is called small."""

_PACKAGE = Path(__file__).resolve().parent


def suite_folder() -> Path:
    """Return the folder that holds data/ and notebooks/: the checkout, or the installed copy."""
    checkout = _PACKAGE.parent.parent
    return checkout if (checkout / "notebooks").is_dir() else _PACKAGE / "suite"


def data_folder() -> Path:
    """Return the folder of conditions, claims and the demo export."""
    return suite_folder() / "data"


def data_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the suite, such as ``codes/opioids.csv``."""
    with (data_folder() / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def results_folder(folder: str | Path) -> Path:
    """Return a folder of results from the working folder.

    In the suite's own folder of notebooks, where JupyterLab runs them, it is taken from the folder
    above, as it is under papermill.
    """
    path = Path(folder).expanduser()
    if Path.cwd() == suite_folder() / "notebooks":
        path = suite_folder() / path
    return path.resolve()


class AnalysisSettings(BaseModel):
    """How patients are counted and numbers are made. Times in days, shares in percent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    responder_threshold_pct: float = Field(
        30.0, gt=0, le=100, description="smallest reduction that is a response, %"
    )
    analysis_visit: str = Field(
        "end", min_length=1, description="visit at which response is judged, e.g. end, week_12"
    )
    visits: str = Field(
        "4, 8, 12, 26",
        description="follow-up visits, weeks after the end of the series; 3m is 3 months",
    )
    visit_score: Score = Field("closest", description="score of a visit rated more than once")
    minimum_baseline_score: float = Field(
        4.0, ge=0, le=10, description="least baseline pain, score; 0 means any above 0"
    )
    baseline_window_days: int = Field(
        14, ge=0, le=365, description="ratings this many days up to day 0 make the baseline"
    )
    series_gap_days: int = Field(
        28, ge=1, le=365, description="a gap of more days between infusions starts a new series"
    )
    day0_study_day: float = Field(
        0.0, description="study day of the start, for exports without infusions, days"
    )
    end_of_series_study_day: float = Field(
        0.0, description="study day treatment ends on, for exports without infusions, days"
    )
    recall: Recall = Field("auto", description="recall of ratings analyzed")
    booster_strategy: BoosterStrategy = Field("loss", description="what a booster is to relief")
    loss_rule: LossRule = Field("once", description="when relief counts as lost")
    opioid_increase: OpioidIncrease = Field(
        "ignored", description="what an opioid dose above that at entry is to response"
    )
    relief_clock: Clock = Field("end_of_series", description="relief is timed from")
    data_cut: str = Field(
        "", description="day up to which the export is complete (ISO 8601); empty: its last date"
    )
    claim_arm: str = Field(
        "", description="arm the claims are about, where the export has more than one"
    )
    allocation: Allocation = Field(
        "unknown", description="how patients came into the arms of the export"
    )
    confidence_level: float = Field(0.95, gt=0.5, lt=1, description="two-sided level of intervals")
    bootstrap_replicates: int = Field(
        2000, ge=200, le=100_000, description="bootstrap samples of patients"
    )
    seed: int = Field(20260101, ge=0, description="seed of everything random")

    @field_validator("visits", mode="before")
    @classmethod
    def _one_spelling(cls, visits: object) -> str:
        """Return the schedule as it is written everywhere: ``4, 8, 3m``."""
        if not isinstance(visits, str):
            raise ValueError('write the visits in quotes, as "4, 8, 12, 26"')
        names = (name.split("_") for name in _planned_weeks(visits))
        return ", ".join(f"{number}m" if unit == "month" else number for unit, number in names)

    @property
    def schedule(self) -> tuple[Visit, ...]:
        """The analysis visits: the end of the series, and those planned after it."""
        return plan_visits(self.visits)

    @property
    def planned_weeks(self) -> tuple[float, ...]:
        """Week of each analysis visit, 0 for the end of the series."""
        return tuple(visit.week for visit in self.schedule)

    @property
    def read_weeks(self) -> dict[str, float]:
        """Weeks at which relief is read, by the name of the visit: claims' weeks, and visits."""
        return _read_weeks(self.visits)

    @property
    def horizon(self) -> Visit:
        """The last planned visit: restricted means of relief count the weeks up to it."""
        return self.schedule[-1]


def make_settings(values: dict[str, Any], *, where: str = "settings") -> AnalysisSettings:
    """Return checked settings.

    Parameters
    ----------
    values : dict
        Setting names and values; absent ones keep their default.
    where : str
        What the values came from, for the error: a file, "the command line".

    Raises
    ------
    SettingsError
        Unknown name (the nearest known one is offered), wrong type, or out of range.
    """
    known = AnalysisSettings.model_fields
    for name in values:
        if name not in known:
            raise SettingsError(
                f"{where}: there is no setting '{name}'.{suggest(name, known)} "
                f"Known settings: {', '.join(sorted(known))}."
            )
    try:
        return AnalysisSettings(**values)
    except ValidationError as error:
        raise SettingsError(f"{where}: {describe_validation(error)}") from None


def settings_in(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a notebook's names that are settings: ``settings_in(globals())``."""
    return {name: names[name] for name in AnalysisSettings.model_fields if name in names}


def check_setting(name: str, value: Any, *, where: str) -> None:
    """Raise SettingsError unless a known setting takes the value; ``where`` begins the sentence."""
    make_settings({name: value}, where=where)


def describe_validation(error: ValidationError) -> str:
    """Return a pydantic error as a sentence: which setting, what was found, what was expected."""
    parts = []
    for item in error.errors():
        name = ".".join(str(step) for step in item["loc"])
        told = item["msg"].removeprefix("Value error, ")
        parts.append(f"{name} is {item['input']!r}: {told[0].lower()}{told[1:]}")
    return "; ".join(parts) + "."
