"""Findings on sites and quarters in words. No order of merit, and no reason that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.labels import note_text, plain_text, visit_word, words_in
from analysis.numbers import count_text, estimate_text, interval_text, share_text
from analysis.results import Row, find, rows_of
from analysis.stats.monitoring import is_outside

MOST_LISTED = 6
"""Up to so many groups are told one by one, more by their range."""

SHARES: Mapping[str, tuple[str, str]] = {
    "seen at all": ("observed", "all_starters"),
    "responders of all who started": ("percent_reduction", "all_starters"),
    "responders of those seen": ("percent_reduction", "observed"),
}
"""Each share in words, with the definition and population of its limits, trend and change."""


def describe_groups(results: pd.DataFrame, by: str) -> str:
    """Return how complete sites or quarters (``by``) are, and which are outside the limits.

    ``results`` are completeness_share, adjusted_share and control_limits of one condition and
    visit.
    """
    own = find(results, group_by=by)
    seen = rows_of(find(own, measure="completeness_share", status="estimated"))
    if not seen:
        return words_in("by_group.none")[by]
    words = "; ".join(f"{plain_text(row.group)} {estimate_text(row)}" for row in seen)
    if len(seen) > MOST_LISTED:
        shares = [row.value or 0.0 for row in seen]
        words = f"{len(seen)} {by}s, {share_text(min(shares))} to {share_text(max(shares))}"
    parts = [
        _outside(own, name, definition, population)
        for name, (definition, population) in SHARES.items()
    ]
    return (
        f"Seen, {visit_word(seen[0].visit)}: {words}. Outside the limits of chance: "
        f"{'; '.join(filter(None, parts))}. {words_in('by_group.aside')[by]}"
    )


def _outside(own: pd.DataFrame, name: str, definition: str, population: str) -> str:
    of = {"definition": definition, "population": population}
    found = find(own, measure="control_limits", **of)
    if found.empty:
        return ""
    measure = "completeness_share" if definition == "observed" else "adjusted_share"
    kept = find(own, measure=measure, population=population)
    share = dict(zip(kept["group"], kept["value"], strict=True))
    limits = rows_of(found)
    beyond = is_outside(found["group"].map(share), found["low"], found["high"])
    out = [
        f"{plain_text(row.group)} {share_text(share[row.group])} (limits "
        f"{share_text(row.low)} to {share_text(row.high)})"
        for row, is_out in zip(limits, beyond, strict=True)
        if is_out
    ]
    notes = [note_text(note).rstrip(".") for note in limits[0].notes.split(";") if note]
    aside = "".join(f" ({note[0].lower()}{note[1:]})" for note in notes)
    return f"{name} ({share_text(limits[0].value)} together): {', '.join(out) or 'none'}{aside}"


def describe_trend(results: pd.DataFrame) -> str:
    """Return the change per year of each share, adjusted; empty where there is none."""
    words = _each(find(results, measure="share_trend"))
    return f"Per year, adjusted: {words}." if words else ""


def describe_change(results: pd.DataFrame) -> str:
    """Return what changed since the quarter before, and what that does not say."""
    rows = find(results, measure="share_change")
    if rows.empty:
        return ""
    pair = rows["group"].iloc[0].replace(" vs ", " against ")
    return (
        f"Since last quarter ({pair}, by first infusion): {_each(rows)}; "
        f"{count_text(int(rows['n'].max()))} patients in both. These are different patients, not "
        "the same ones later. The change says nothing of why; an interval that holds 0 does not "
        "say that nothing changed; and of many quarters some differ by chance."
    )


def _each(rows: pd.DataFrame) -> str:
    parts: list[str] = []
    for name, (definition, population) in SHARES.items():
        parts += [
            f"{name} {_with_interval(row)}"
            for row in rows_of(find(rows, definition=definition, population=population))
        ]
    return "; ".join(parts)


def _with_interval(row: Row) -> str:
    text = estimate_text(row)
    return text if row.low is None else f"{text} (interval {interval_text(row)})"
