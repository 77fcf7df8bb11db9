"""Effects, vital signs and resolution in words: who was asked stands in every sentence."""

from __future__ import annotations

from analysis.labels import definition_word, notes_text, words_in
from analysis.numbers import count_text, interval_words, quantity_text, share_text
from analysis.results import Row

HAD: dict[tuple[str, str], tuple[str, str]] = {
    ("pressure_share", "peak_180_110"): (
        "with a peak pressure on record", "reached 180/110 mmHg at an infusion"),
    ("pressure_share", "rise_40_25"): (
        "with a pressure before and at the peak",
        "rose by 40 mmHg systolic or 25 mmHg diastolic at an infusion"),
    ("pressure_share", "slight_rise"): (
        "with a pressure before and at the peak",
        "stayed below 180/110 mmHg and below a rise of 40/25 mmHg at every infusion"),
    ("oxygen_share", "below_90"): (
        "with an oxygen saturation on record", "fell below 90% at an infusion"),
    ("discharge_share", "within_15_to_30_minutes"): (
        "with a time of discharge", "left 15 to 30 minutes after the infusion (median of each "
        "patient's own)"),
    ("discharge_share", "within_30_minutes"): (
        "with a time of discharge", "left within 30 minutes of the infusion (median of each "
        "patient's own)"),
    ("dose_share", "below_1_mg_per_kg"): (
        "of the standard protocol with a dose on record", "were never given 1 mg/kg or more"),
    ("measured_share", "pressure_and_oxygen"): (
        "treated", "had a peak pressure and a lowest oxygen saturation on record for every "
        "infusion"),
    ("mild_share", "dissociation"): (
        "with dissociation and a grade", "had it at grade 1 and no worse"),
    ("highest_grade_share", "grade_1"): (
        "asked about effects", "had effects of grade 1 and no worse"),
}  # fmt: skip
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
