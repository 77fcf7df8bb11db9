"""Sentences generated from result rows, for the page, the notebook and a mail alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.outcomes.losses import ALL_STARTERS, CONVENTIONS, RESPONDERS
from analysis.outcomes.rows import ResultRow, Sentence, find_row
from analysis.wording.numbers import (
    count_text,
    fraction_text,
    interval_text,
    level_text,
    quantity_text,
)
from analysis.wording.texts import say
from analysis.wording.words import condition_word

FOLLOWED_AT = "week_12"
BOOSTER_IS = {
    "booster_as_loss": "sentences.is_loss",
    "booster_as_censoring": "sentences.is_censoring",
    "booster_ignored": "sentences.is_ignored",
}
SEEN_TO = {
    "booster_as_loss": ("sentences.seen_loss_one", "sentences.seen_loss_many"),
    "booster_as_censoring": ("sentences.seen_censoring_one", "sentences.seen_censoring_many"),
    "booster_ignored": ("sentences.seen_ignored_one", "sentences.seen_ignored_many"),
}
MARK = "\0"
"""Stands at the place of a text in which something is looked for; no text holds it."""


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
        text = say("sentences.not_computed")
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
    if say("outcomes.why.not_at_end") in row.warnings:
        return say("sentences.not_at_end", who=who)
    if row.status == "no patients":
        name = "sentences.nobody_at_any" if any_time else "sentences.nobody_at_end"
        return say(name, who=who)
    told = {"who": who, "patients": _patients(row.n, any_time=any_time)}
    if row.status == "not estimable":
        return say("sentences.not_followed", **told)
    booster = say(BOOSTER_IS[row.definition])
    if row.value is None and row.low:
        low, level = quantity_text(row.low, unit="weeks"), level_text(row.level)
        return say("sentences.not_reached_from", **told, booster=booster, level=level, low=low)
    if row.value is None:
        return say("sentences.not_reached", **told, booster=booster)
    median = quantity_text(row.value, unit="weeks")
    interval = _interval(row)
    return say("sentences.median", **told, booster=booster, median=median, interval=interval)


def _patients(n: int, *, any_time: bool) -> str:
    """Return how many had relief at the end of the series, or at any rating."""
    one, many = (
        ("sentences.of_one_at_any", "sentences.of_many_at_any")
        if any_time
        else ("sentences.of_one_at_end", "sentences.of_many_at_end")
    )
    return say(one if n == 1 else many, n=count_text(n))


def _interval(row: ResultRow) -> str:
    """Return the interval in words; without one, where the data place the number."""
    if row.low is not None or row.high is not None:
        interval = interval_text(row)
        return say("sentences.interval", level=level_text(row.level), interval=interval)
    told = say("estimates.interval_curve.placed", where=MARK)
    placed = [where for text in row.warnings if (where := _found(text, told))]
    if not placed:
        return say("sentences.interval_none")
    return say("sentences.interval_placed", where=placed[0])


def _found(text: str, told: str) -> str:
    """Return what a text has at the mark of ``told``; nothing where it is another text."""
    before, _, after = told.partition(MARK)
    inside = text.removeprefix(before).removesuffix(after)
    return inside if text == f"{before}{inside}{after}" else ""


def _followed(row: ResultRow, at_risk: ResultRow | None) -> str:
    if row.n_events is None or at_risk is None or at_risk.value is None:
        return ""
    if row.status == "not estimable" or not row.n:
        return ""
    one, many = SEEN_TO[row.definition]
    seen = say(one if row.n_events == 1 else many, fraction=fraction_text(row.n_events, row.n))
    name = "sentences.followed_one" if at_risk.value == 1 else "sentences.followed_many"
    return say(name, seen=seen, k=count_text(at_risk.value), n=count_text(row.n))


def _all_starters(share: ResultRow | None) -> str:
    if share is None or share.status == "no patients":
        return ""
    one = "sentences.starters_one" if share.n == 1 else "sentences.starters_many"
    starters = say(one, n=count_text(share.n))
    if share.value is None:
        return say("sentences.share_unknown", starters=starters)
    told = {"starters": starters, "interval": _interval(share)}
    if share.value == 0:
        return say("sentences.share_none", **told)
    return say("sentences.share", **told, share=quantity_text(share.value, unit="share"))


def _beside(row: ResultRow) -> list[str]:
    """Return the row's sentences on departures and on treatments counted together."""
    conventions = list(CONVENTIONS.values())
    together = say("outcomes.told.arms_together", arms=MARK)
    return [text for text in row.warnings if text in conventions or _found(text, together)]
