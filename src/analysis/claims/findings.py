"""What a figure shows, as its title: "54% had at least 30% less pain; 14 of 137 had no rating"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analysis.claims.plain_sentences import at_visit, expected_falls, list_words
from analysis.claims.sentences import LOST, less_pain
from analysis.labels import DEFINITIONS, visit_week, word
from analysis.numbers import (
    SMALL_N,
    band_text,
    count_text,
    estimate_text,
    number_text,
    quantity_text,
    share_text,
    without_unit,
)
from analysis.results import Row

Band = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Reads:
    """The rows of a condition and how they are read: the settings' visit, threshold and relief."""

    rows: Sequence[Row]
    visit: str
    threshold_pct: float
    relief: str
    band: Band = (None, None)  # cited of the share of responders

    def find(self, measure: str, **keys: object) -> list[Row]:
        """Return the rows of all patients of a measure that have a number."""
        keys = {"group_by": "all", **keys}
        return [
            row
            for row in self.rows
            if row.measure == measure
            and row.value is not None
            and all(getattr(row, name) == want for name, want in keys.items())
        ]

    def one(self, measure: str, **keys: object) -> Row | None:
        """Return the first such row."""
        return next(iter(self.find(measure, **keys)), None)

    def share(self, threshold_pct: float) -> Row | None:
        """Return the share of responders, of all who started, at the analysis visit."""
        return self.one(
            "responder_share", definition="percent_reduction", visit=self.visit,
            threshold_pct=threshold_pct, population="all_starters",
        )  # fmt: skip


def finding(name: str, reads: Reads) -> str:
    """Return what a figure shows, by the name its notebook kept it under; empty without number."""
    make = _FINDINGS.get(name)
    return make(reads) if make else ""


def _share(row: Row) -> str:
    """Return a share; of few patients with its fraction, since a percentage says little then."""
    return estimate_text(row) if row.n < SMALL_N else share_text(row.value)


def _of(reads: Reads, row: Row) -> str:
    """Return a share, never rounded onto the cited figure that it is not."""
    return estimate_text(row, apart_from=reads.band)


def _rates(reads: Reads) -> str:
    row = reads.share(reads.threshold_pct)
    if row is None:
        return ""
    said = f"{_of(reads, row)} had {less_pain(row)} {at_visit(row.visit)}"
    if reads.band == (None, None):
        return said
    return f"{said}; the page says {band_text(*reads.band, unit='share')}"


def _waterfall(reads: Reads) -> str:
    row = reads.share(reads.threshold_pct)
    if row is None:
        return ""
    unseen = f"; {count_text(row.n_missing)} had no rating" if row.n_missing else ""
    return f"{_of(reads, row)} had {less_pain(row)} {at_visit(row.visit)}{unseen}"


def _by_visit(reads: Reads) -> str:
    keys = {"definition": "percent_reduction", "population": "imputed",
            "threshold_pct": reads.threshold_pct}  # fmt: skip
    weeks = {row.visit: visit_week(row.visit) or 0.0
             for row in reads.find("responder_share", **keys)}  # fmt: skip
    if len(weeks) < 2:
        return ""
    parts = []
    for visit in (min(weeks, key=weeks.__getitem__), max(weeks, key=weeks.__getitem__)):
        row = reads.one("responder_share", visit=visit, **keys)
        parts += [f"{_share(row)} {at_visit(visit)}"] if row else []
    less = f"at least {reads.threshold_pct:g}% less pain"
    return f"With {less}: {list_words(parts)}, missing ratings estimated"


def _cumulative(reads: Reads) -> str:
    found = [row for pct in (30.0, 50.0) if (row := reads.share(pct)) is not None]
    parts = [f"{_share(row)} had {less_pain(row)}" for row in found]
    return f"{list_words(parts)}, of all who started" if parts else ""


def _reductions(reads: Reads) -> str:
    keys = {"visit": reads.visit, "population": "observed"}
    mean = reads.one("percent_reduction", definition="mean_of_patients", **keys)
    median = reads.one("percent_reduction", definition="median_of_patients", **keys)
    if mean is None or median is None:
        return ""
    moved = [_moved(row.value or 0.0, "percent") for row in (mean, median)]
    return f"Pain {moved[0]} on average and {moved[1]} in the middle patient, of those seen"


def _moved(fall: float, unit: str) -> str:
    """Return "fell by 2.1 points", or by how much it rose."""
    return f"{'rose' if fall < 0 else 'fell'} by {quantity_text(abs(fall), unit=unit)}"


def _trajectory(reads: Reads) -> str:
    apart = any(row.definition == "no_booster" for row in reads.find("score_mean"))
    own = reads.find("score_mean", definition="no_booster" if apart else "")
    by_visit = {row.visit: row for row in own}
    first, end = by_visit.get("baseline"), by_visit.get("end")
    later = [row for row in own if (visit_week(row.visit) or 0) > 0]
    if first is None or end is None or not later:
        return ""
    last = max(later, key=lambda row: visit_week(row.visit) or 0)
    texts = [number_text(row.value, decimals=1) for row in (first, end, last)]
    without = " without a booster" if apart else ""
    return (
        f"Mean pain went from {texts[0]} to {texts[1]} by the end of the series, and was "
        f"{texts[2]} {at_visit(last.visit)}{without}"
    )


def _relief(reads: Reads) -> str:
    keys = {"definition": reads.relief, "threshold_pct": reads.threshold_pct,
            "population": "responders"}  # fmt: skip
    row = reads.one("relief_duration", **keys)
    if row is None:
        return ""
    lost = LOST.get(row.definition, "had lost it")
    weeks = quantity_text(row.value, unit="weeks")
    return f"Half of the {count_text(row.n)} who got better {lost} after {weeks}"


def _strategies(reads: Reads) -> str:
    keys = ("relief_duration", "all", "responders", reads.threshold_pct)
    found = [row for row in reads.rows
             if (row.measure, row.group_by, row.population, row.threshold_pct) == keys]  # fmt: skip
    values = [row.value for row in found if row.value is not None]
    open_ended = any(row.status == "not reached" for row in found)
    answered = all(row.value is not None or row.status == "not reached" for row in found)
    if len(found) < 2 or not values or not answered:
        return ""
    low, high = (quantity_text(end, unit="weeks") for end in (min(values), max(values)))
    if open_ended:
        high = "not reached"
    elif low != high:
        low = without_unit(low, "weeks")
    if low == high:
        return f"Median relief is {low}, whatever a booster is taken for"
    return f"Median relief is {low} to {high}, by what a booster is taken for"


def _incidence(reads: Reads) -> str:
    found = {row.definition: row for row in reads.find("cumulative_incidence", visit="week_12")}
    lost, boosted = found.get("loss"), found.get("booster")
    if lost is None or boosted is None:
        return ""
    return (
        f"By week 12, {_share(lost)} had lost relief and {_share(boosted)} had a booster first, of "
        "those who got better"
    )


def _domains(reads: Reads) -> str:
    found = reads.find("improved_share", population="observed")
    weeks = [visit_week(row.visit) or 0 for row in found if not row.visit.startswith("days")]
    last = [row for row in found if (visit_week(row.visit) or 0) == max(weeks, default=0)]
    last = [row for row in last if not row.visit.startswith("days")]
    if not last:
        return ""
    last.sort(key=lambda row: -(row.value or 0.0))
    best, worst = last[0], last[-1]
    said = f"{at_visit(best.visit)}, {_share_of(best)}".strip()
    if worst is not best:
        said += f", and {_share_of(worst)}"
    return f"{said[:1].upper()}{said[1:]}, of those asked"


def _share_of(row: Row) -> str:
    return f"{_share(row)} were better in {word(DEFINITIONS, row.definition)}"


def _boosters(reads: Reads) -> str:
    found = [row for row in reads.find("booster_count") if row.visit]
    if not found:
        return ""
    last = max(found, key=lambda row: visit_week(row.visit) or 0)
    return f"{number_text(last.value, decimals=1)} boosters per patient {at_visit(last.visit)}"


def _series(reads: Reads) -> str:
    found = [row for row in reads.rows if row.measure == "series_relief"
             and (row.value is not None or row.status == "not reached")]  # fmt: skip
    parts = [f"{estimate_text(row)} after series {row.group} (n = {count_text(row.n)})"
             for row in found]  # fmt: skip
    return f"Median relief was {list_words(parts)}" if parts else ""


def _regression(reads: Reads) -> str:
    seen = reads.one("fall_seen")
    values = expected_falls(row for row in reads.rows if row.group_by == "all")
    if seen is None or not values:
        return ""
    low, high = (number_text(end, decimals=1) for end in (min(values), max(values)))
    return (
        f"Pain {_moved(seen.value or 0.0, 'points')}; coming on a bad day alone could give a fall "
        f"of {low} to {high}"
    )


def _effects(reads: Reads) -> str:
    skip = ("any_effect", "serious", "grade_3_or_more", "nausea_or_dizziness")
    found = [row for row in reads.find("effect_share", population="asked")
             if row.definition not in skip]  # fmt: skip
    if not found:
        return ""
    most = max(found, key=lambda row: row.value or 0.0)
    return f"Most often: {word(DEFINITIONS, most.definition)}, {estimate_text(most)} of those asked"


def _subgroups(reads: Reads) -> str:
    found = [
        row
        for row in reads.rows
        if row.measure == "responder_share"
        and row.group_by in ("subtype", "protocol", "arm", "site")
        and (row.visit, row.threshold_pct) == (reads.visit, reads.threshold_pct)
        and (row.definition, row.population) == ("percent_reduction", "all_starters")
        and row.value is not None
        and row.n >= SMALL_N
        and row.group != "not_recorded"
    ]
    if len(found) < 2:
        return ""
    low, high = (share_text(end(row.value or 0.0 for row in found)) for end in (min, max))
    return f"Subgroups ranged from {low} to {high} with {less_pain(found[0])}"


_FINDINGS: Mapping[str, Callable[[Reads], str]] = {
    make.__name__.removeprefix("_"): make
    for make in (
        _rates, _waterfall, _by_visit, _cumulative, _reductions, _trajectory, _relief, _strategies,
        _incidence, _domains, _boosters, _series, _regression, _effects, _subgroups,
    )
}  # fmt: skip
