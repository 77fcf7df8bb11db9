"""Methods written from the settings in force."""

from __future__ import annotations

from analysis.report.inputs import ReportInputs
from analysis.wording import words
from analysis.wording.numbers import count_text, level_text, number_text
from analysis.wording.texts import say

BOOSTERS = ("loss", "censoring", "ignored")


def methods_sentences(inputs: ReportInputs) -> list[str]:
    """Return the methods as sentences, each made from the settings this run used."""
    booster = inputs.setting("booster_strategy")
    handled = say(f"method.booster_{booster if booster in BOOSTERS else 'other'}")
    return [
        _start(inputs),
        _baseline(inputs),
        _response(inputs),
        say("method.counting"),
        say("method.reduction"),
        say("method.relief", booster=handled),
        _intervals(inputs),
    ]


def settings_lines(inputs: ReportInputs) -> list[tuple[str, str]]:
    """Return settings in force as (name, value), sorted by name."""
    stated = inputs.run.get("settings") or {}
    return [(str(name), _value(stated[name])) for name in sorted(stated, key=str)]


def _start(inputs: ReportInputs) -> str:
    return say(
        "method.start",
        gap=count_text(inputs.setting("series_gap_days")),
        day0=_value(inputs.setting("day0_study_day")),
        end=_value(inputs.setting("end_of_series_study_day")),
    )


def _baseline(inputs: ReportInputs) -> str:
    least = inputs.setting("minimum_baseline_score")
    days = count_text(inputs.setting("baseline_window_days"))
    least_told = say("method.baseline_at_least", least=_value(least))
    kept = least_told if least else say("method.baseline_above_0")
    told = say("method.baseline", days=days, kept=kept)
    recall = inputs.setting("recall")
    if recall == "auto":
        return told
    return f"{told} {say('method.recall', recall=words.word({}, recall))}"


def _response(inputs: ReportInputs) -> str:
    return say(
        "method.response",
        visit=words.visit_word(inputs.setting("analysis_visit")),
        threshold=_value(inputs.setting("responder_threshold_pct")),
    )


def _intervals(inputs: ReportInputs) -> str:
    return say(
        "method.intervals",
        level=level_text(inputs.setting("confidence_level")),
        times=count_text(inputs.setting("bootstrap_replicates")),
        seed=inputs.setting("seed"),
    )


def _value(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return words.plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
