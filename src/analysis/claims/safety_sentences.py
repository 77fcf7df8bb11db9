"""Effects, vital signs and resolution in words: who was asked stands in every sentence."""

from __future__ import annotations

from analysis.labels import definition_word, notes_text, words_in
from analysis.numbers import count_text, interval_words, quantity_text, share_text
from analysis.results import Row
from analysis.settings import data_rows

HAD = {
    (row["measure"], row["definition"]): (row["who"], row["had"])
    for row in data_rows("claims/shares.csv")
    if row["list"] == "safety"
}
"""Of whom, and what they had, by measure and definition."""

EFFECTS = words_in("had_effect")
"""What stands behind "had", where it is not the name of the effect."""


SAFETY_MEASURES = frozenset(
    ["effect_share", "effect_infusion_share", "unaffected_share", "resolved_share", "event_rate",
     *(measure for measure, _ in HAD)]
)  # fmt: skip
"""Measures of notebook 55 that `describe_safety` puts in words."""


def effect_word(definition: str) -> str:
    """Return what stands behind "had" in a sentence."""
    return EFFECTS.get(definition, definition_word(definition).lower())


def describe_safety(row: Row, whom: str, *, apart_from: tuple[float | None, ...] = ()) -> str:
    """Return a result of notebook 55 as a sentence with denominator, interval, what is not known.

    ``whom`` are the patients without their number ("patients of all conditions"), ``apart_from``
    cited figures that a percentage must not be mistaken for.
    """
    n, k = count_text(row.n), count_text(row.n_events)
    counted = f"{k if row.n_events else 'none'} ({share_text(row.value, apart_from=apart_from)})"
    interval = interval_words(row, apart_from=apart_from)
    if row.method == "rule_of_three":
        interval = (
            f"with none seen, at most {share_text(row.high, decimals=1)} (rule of three, one-sided)"
        )
    unknown = count_text(row.n_missing)
    if row.measure == "resolved_share":
        by = row.definition.replace("_", " ")
        return (
            f"Of {n} effects with a time, {share_text(row.value, apart_from=apart_from)} had "
            f"resolved within {by} after the infusion (estimated; {interval}); those not resolved "
            f"at discharge count as open from then on. {unknown} effects have no time."
        )
    if row.measure == "event_rate":
        rate = quantity_text(row.value, unit=row.unit)
        return f"{effect_word(row.definition).capitalize()}: {rate} ({interval})."
    without = row.measure == "unaffected_share"
    had = "were without" if without else "had"
    if row.measure in ("effect_share", "unaffected_share"):
        what = effect_word(row.definition)
        if row.population == "reported":
            bound = "at most" if without else "at least"
            left = f"; of {unknown} it is not known" if row.n_missing else ""
            return f"Of {n} {whom} treated, {bound} {counted} {had} {what}; {interval}{left}."
        left = f" {unknown} more are not on record as asked." if row.n_missing else ""
        return f"Of {n} {whom} asked about it, {counted} {had} {what}; {interval}.{left}"
    if row.measure == "effect_infusion_share":
        return (
            f"Of {n} infusions asked about, {counted} brought {effect_word(row.definition)}; "
            f"{interval}. {notes_text(row.notes)}"
        )
    who, what = HAD[row.measure, row.definition]
    left = f" Of {unknown} more it is not recorded." if row.n_missing else ""
    return f"Of {n} {whom} {who}, {counted} {what}; {interval}.{left}"
