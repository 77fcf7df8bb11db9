"""Sentences generated from result rows, for the page, the notebook and a mail alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.outcomes.losses import ALL_STARTERS, RESPONDERS
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
        the same of all who started. A sentence for every odd case, never a missing number.
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
    parts = [_median(own, who), _followed(own, at_risk), _all_starters(everyone)]
    text = " ".join(part for part in parts if part)
    return (Sentence(name="relief", condition=condition, text=text),)


def _median(row: ResultRow, who: str) -> str:
    if row.status == "no patients":
        return f"{who}: nobody had relief at the end of the series, so none can be timed."
    with_relief = f"{who}: of {_patients(row.n)} with relief at the end of the series"
    if row.status == "not estimable":
        return f"{with_relief}, nobody was rated again; how long it lasts is not known."
    if row.value is None:
        least = (
            f"; with {level_text(row.level)[:-9]} confidence it is more than "
            f"{quantity_text(row.low, unit='weeks')}"
            if row.low is not None
            else ""
        )
        return f"{with_relief}, fewer than half were seen to lose it (median not reached){least}."
    interval = "there is no interval"
    if row.low is not None or row.high is not None:
        interval = f"{level_text(row.level)} {interval_text(row)}"
    return (
        f"{with_relief}, half had lost it after {quantity_text(row.value, unit='weeks')} "
        f"({interval}; losses lie between two visits, {BOOSTER_IS[row.definition]})."
    )


def _followed(row: ResultRow, at_risk: ResultRow | None) -> str:
    if row.n == 0 or row.n_events is None or at_risk is None or at_risk.value is None:
        return ""
    return (
        f"{fraction_text(row.n_events, row.n)} were seen to lose it; "
        f"{count_text(at_risk.value)} of {count_text(row.n)} were still followed with relief at "
        "week 12."
    )


def _all_starters(share: ResultRow | None) -> str:
    if share is None or share.value is None:
        return ""
    return (
        f"Of all {count_text(share.n)} who started, {quantity_text(share.value, unit='share')} "
        f"still had it at week 12 ({level_text(share.level)} {interval_text(share)})."
    )


def _patients(n: int) -> str:
    return "1 patient" if n == 1 else f"{count_text(n)} patients"
