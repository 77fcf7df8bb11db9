"""Sentences generated from result rows, for the page, the notebook and a mail alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.outcomes.losses import ALL_STARTERS, CONVENTIONS, NOT_AT_END, RESPONDERS
from analysis.outcomes.rows import ResultRow, Sentence, find_row
from analysis.wording.numbers import (
    count_text,
    fraction_text,
    interval_text,
    level_text,
    quantity_text,
)
from analysis.wording.words import condition_word

FOLLOWED_AT = "week_12"
BOOSTER_IS = {
    "booster_as_loss": "a booster counts as its end",
    "booster_as_censoring": "nothing counts as known after a booster",
    "booster_ignored": "boosters are ignored",
}
SEEN_TO = {
    "booster_as_loss": "lose it or to have a booster",
    "booster_as_censoring": "lose it before any booster",
    "booster_ignored": "lose it",
}
PLACED = "The data place it only "
"""How a curve begins its sentence on a number that only its convention picks."""

POOLED = "Different treatments are together"


def tell_relief(
    rows: Sequence[ResultRow], *, condition: str, definition: str, labels: Mapping[str, str]
) -> tuple[Sentence, ...]:
    """Return how long relief lasts, in sentences.

    Parameters
    ----------
    rows : sequence of ResultRow
        Rows of the condition (`analysis.outcomes.relief_rows.tabulate_relief`).
    condition : str
        Condition code, or ``all``.
    definition : str
        Code of the booster strategy to tell: ``booster_as_loss`` ...
    labels : mapping
        Condition labels by code.

    Returns
    -------
    tuple of Sentence
        The median with its interval, n, the share still followed, convention and strategy; then
        the same of all who started, and what departs from the suite's own definitions. A sentence
        for every odd case, never a missing number.
    """
    keys = {"condition": condition, "definition": definition, "group_by": "all"}
    own = find_row(rows, measure="relief_duration", population=RESPONDERS, **keys)
    if own is None:
        text = "How long relief lasts was not computed for these patients."
        return (Sentence(name="relief", condition=condition, text=text),)
    who = condition_word(condition, labels)
    at_risk = find_row(rows, measure="at_risk", visit=FOLLOWED_AT, **keys)
    everyone = find_row(
        rows, measure="relieved_share", population=ALL_STARTERS, visit=FOLLOWED_AT, **keys
    )
    parts = [_median(own, who), _followed(own, at_risk), _all_starters(everyone), *_beside(own)]
    text = " ".join(part for part in parts if part)
    return (Sentence(name="relief", condition=condition, text=text),)


def _median(row: ResultRow, who: str) -> str:
    any_time = CONVENTIONS["first_response"] in row.warnings
    relief = "relief at any rating" if any_time else "relief at the end of the series"
    if NOT_AT_END in row.warnings:
        return (
            f"{who}: nobody was rated at the end of the series, so relief cannot be timed from it."
        )
    if row.status == "no patients":
        return f"{who}: nobody had {relief}, so none can be timed."
    with_relief = f"{who}: of {_patients(row.n)} with {relief}"
    if row.status == "not estimable":
        return f"{with_relief}, nobody was rated again; how long it lasts is not known."
    if row.value is None:
        return (
            f"{with_relief}, the time by which half had lost it was not reached while they were "
            f"followed{_at_least(row)} ({BOOSTER_IS[row.definition]})."
        )
    return (
        f"{with_relief}, half had lost it after {quantity_text(row.value, unit='weeks')} "
        f"({_interval(row)}; losses lie between two visits, {BOOSTER_IS[row.definition]})."
    )


def _at_least(row: ResultRow) -> str:
    """Say where the interval of a median that was not reached begins, where that says anything."""
    if not row.low:
        return ""
    return f"; its {level_text(row.level)} begins at {quantity_text(row.low, unit='weeks')}"


def _interval(row: ResultRow) -> str:
    """Return the interval in words; without one, where the data place the number."""
    if row.low is not None or row.high is not None:
        return f"{level_text(row.level)} {interval_text(row)}"
    placed = [text for text in row.warnings if text.startswith(PLACED)]
    if not placed:
        return "there is no interval"
    where = placed[0].removeprefix(PLACED).partition(";")[0]
    return f"there is no interval: the data place it only {where} weeks"


def _followed(row: ResultRow, at_risk: ResultRow | None) -> str:
    if row.n_events is None or at_risk is None or at_risk.value is None:
        return ""
    if row.status == "not estimable" or not row.n:
        return ""
    was = "was" if row.n_events == 1 else "were"
    seen = f"{fraction_text(row.n_events, row.n)} {was} seen to {SEEN_TO[row.definition]}"
    still = "was" if at_risk.value == 1 else "were"
    return (
        f"{seen}; {count_text(at_risk.value)} of {count_text(row.n)} {still} still followed with "
        "relief at week 12."
    )


def _all_starters(share: ResultRow | None) -> str:
    if share is None or share.status == "no patients":
        return ""
    if share.value is None:
        return f"Of {_started(share.n)}, the share with relief at week 12 is not known."
    interval = "there is no interval"
    if share.low is not None or share.high is not None:
        interval = f"{level_text(share.level)} {interval_text(share)}"
    value = "none" if share.value == 0 else quantity_text(share.value, unit="share")
    still = "had relief" if share.value == 0 else "still had it"
    return f"Of {_started(share.n)}, {value} {still} at week 12 ({interval})."


def _started(n: int) -> str:
    return "the 1 patient who started" if n == 1 else f"all {count_text(n)} who started"


def _beside(row: ResultRow) -> list[str]:
    """Return the row's sentences on departures and on treatments counted together."""
    conventions = [text for text in CONVENTIONS.values() if text]
    return [t for t in row.warnings if t in conventions or t.startswith(POOLED)]


def _patients(n: int) -> str:
    return "1 patient" if n == 1 else f"{count_text(n)} patients"
