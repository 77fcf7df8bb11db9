"""The settings of an analysis: one typed, documented object; every default has a decision note.

The parameters cell of each notebook, the settings file and the command line all set these names.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.errors import SettingsError, suggest

Recall = Literal["auto", "now", "average", "worst", "least", "not_stated"]
BoosterStrategy = Literal["loss", "censoring", "ignored"]
"""What a booster is to relief: its end, the end of what is known, or nothing."""

LossRule = Literal["once", "confirmed", "near_baseline"]
"""When relief is lost: at the first rating below the threshold; at the first one that the next
rating confirms; or when pain is back within 1 point, or at 80 %, of baseline."""

Clock = Literal["end_of_series", "first_response", "start"]
"""From when the clock runs: last infusion of the series, first rating with relief, or day 0."""


class AnalysisSettings(BaseModel):
    """How patients are counted and numbers are made. Times in days, shares in percent."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    responder_threshold_pct: float = Field(
        30.0, gt=0, le=100, description="smallest reduction that counts as response, percent"
    )
    analysis_visit: str = Field(
        "end", min_length=1, description="analysis visit at which response is judged"
    )
    minimum_baseline_score: float = Field(
        4.0, ge=0, le=10, description="least baseline pain, score 0 to 10; 0 means above 0"
    )
    baseline_window_days: int = Field(
        14, ge=0, le=365, description="ratings this many days up to day 0 make the baseline"
    )
    series_gap_days: int = Field(
        28, ge=1, le=365, description="a longer gap between infusions starts a new series"
    )
    day0_study_day: float = Field(
        0.0, description="study day of the start, for exports without infusions"
    )
    end_of_series_study_day: float = Field(
        0.0, description="study day on which treatment ends, for exports without infusions"
    )
    recall: Recall = Field("auto", description="which recall of ratings is analysed")
    booster_strategy: BoosterStrategy = Field(
        "loss", description="what a booster is to relief: its end, censoring, or ignored"
    )
    loss_rule: LossRule = Field(
        "once", description="relief is lost at one rating below, one confirmed, or near baseline"
    )
    relief_clock: Clock = Field(
        "end_of_series", description="relief is timed from end of series, first response or start"
    )
    claim_arm: str = Field(
        "", description="arm that claims are judged on, where the export has more than one"
    )
    confidence_level: float = Field(0.95, gt=0.5, lt=1, description="two-sided level of intervals")
    bootstrap_replicates: int = Field(2000, ge=200, le=100_000, description="bootstrap samples")
    seed: int = Field(20260101, ge=0, description="seed of everything random")


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


def describe_validation(error: ValidationError) -> str:
    """Return a pydantic error as a sentence: which setting, what was found, what was expected."""
    parts = []
    for item in error.errors():
        name = ".".join(str(step) for step in item["loc"])
        parts.append(f"{name} is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}")
    return "; ".join(parts) + "."


def setting_values(name: str) -> tuple[str, ...]:
    """Return the words a setting may take, empty when it is not a choice."""
    return get_args(AnalysisSettings.model_fields[name].annotation)
