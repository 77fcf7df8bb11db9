"""The data factors between two exports, and exports in which only some of them have changed.

The unit is a patient, and within a patient a rating (moment, visit, recall) or an infusion
(moment). Every row of either export gets the one factor it belongs to; a mixture takes the rows of
A whose factor is not applied and the rows of B whose factor is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from analysis.changes.units import SAME, Side, tag_patients, tag_units
from analysis.contract.tables import TABLES
from analysis.sources.export import Export

NEW, GONE, CORRECTED, LATE = "new_patients", "patients_gone", "corrected_values", "late_follow_ups"
DATA_FACTORS = (NEW, GONE, CORRECTED, LATE)
"""New: patients only in B. Gone: only in A. Corrected: of patients in both, facts with another
value, ratings and infusions with another value or another date. Late: of patients in both, ratings
and infusions that only one export has, and that no other one stands for."""


@dataclass(frozen=True, kw_only=True)
class ExportChanges:
    """Two exports with the factor of every row.

    Parameters
    ----------
    before, after : Export
        Run A and run B.
    tags : mapping of str to pair of Series
        By table: the factor of each row of A and of B; `analysis.changes.units.SAME` for rows
        that both have.
    """

    before: Export
    after: Export
    tags: Mapping[str, tuple[pd.Series, pd.Series]]

    @property
    def factors(self) -> tuple[str, ...]:
        """Factors with at least one row, in the order of `DATA_FACTORS`."""
        there = {name for pair in self.tags.values() for side in pair for name in side.unique()}
        return tuple(factor for factor in DATA_FACTORS if factor in there)

    @property
    def n_shared(self) -> int:
        """Patients in both exports."""
        ids = (export.tables["patients"]["patient_id"] for export in (self.before, self.after))
        return len(set(next(ids)) & set(next(ids)))

    def count(self, factor: str) -> dict[str, int]:
        """Return what a factor touches: patients, ratings and infusions, those above 0 only."""
        found = {"patients": len(self._patients_of(factor))}
        for table, word in (("pain_scores", "ratings"), ("infusions", "infusions")):
            before, after = self.tags.get(table, (pd.Series(dtype="str"),) * 2)
            n_before, n_after = int((before == factor).sum()), int((after == factor).sum())
            found[word] = max(n_before, n_after) if factor == CORRECTED else n_before + n_after
        return {word: n for word, n in found.items() if n}

    def _patients_of(self, factor: str) -> set[str]:
        ids: set[str] = set()
        for table, pair in self.tags.items():
            for export, tags in zip((self.before, self.after), pair, strict=True):
                if table in export.tables:
                    ids |= set(export.tables[table].loc[tags == factor, "patient_id"])
        return ids


def compare_exports(before: Export, after: Export) -> ExportChanges:
    """Give every row of two exports its factor.

    Parameters
    ----------
    before, after : Export
        Checked tables; patient ids mean the same person in both. Where they do not (ids made
        anew), every patient is gone and new.

    Returns
    -------
    ExportChanges
    """
    ids = [set(export.tables["patients"]["patient_id"]) for export in (before, after)]
    shared = ids[0] & ids[1]
    tags = {"patients": tag_patients(*_sides(before, after, "patients"), shared)}
    for name in ("pain_scores", "infusions"):
        tags[name] = tag_units(*_sides(before, after, name), shared)
    named = {"only_a": GONE, "only_b": NEW, "other": CORRECTED, "extra": LATE, SAME: SAME}
    return ExportChanges(
        before=before,
        after=after,
        tags={name: (a.map(named), b.map(named)) for name, (a, b) in tags.items()},
    )


def mix_exports(changes: ExportChanges, applied: Collection[str]) -> Export:
    """Return A with some of the factors as in B.

    Parameters
    ----------
    changes : ExportChanges
    applied : collection of str
        Factors of `DATA_FACTORS`. None gives A and all give B, with the rows in their own order;
        mixtures are sorted by patient and time.
    """
    if not set(changes.factors) & set(applied):
        return changes.before
    if set(changes.factors) <= set(applied):
        return changes.after
    tables = {name: mix_table(changes, name, applied) for name in changes.tags}
    labels = changes.after.conditions.labels if CORRECTED in applied else {}
    kept = {name: frame for name, frame in tables.items() if len(frame) or TABLES[name].required}
    return replace(
        changes.before, tables=kept, conditions=changes.before.conditions.extended(labels)
    )


def mix_table(changes: ExportChanges, name: str, applied: Collection[str]) -> pd.DataFrame:
    """Return one table of a mixture, sorted by patient and time."""
    before, after = (
        export.tables.get(name, pd.DataFrame({"patient_id": pd.Series(dtype="str")}))
        for export in (changes.before, changes.after)
    )
    tags_before, tags_after = changes.tags[name]
    parts = [before[~tags_before.isin(applied)], after[tags_after.isin(applied)]]
    filled = [part for part in parts if len(part)] or [before.iloc[:0]]
    frame = pd.concat([_without_empty(part) for part in filled], ignore_index=True)
    for column in sorted((set(before.columns) & set(after.columns)) - set(frame.columns)):
        frame[column] = before[column].iloc[:0].reindex(frame.index)
    order = ["patient_id", *(c for c in _TIMES if c in frame)]
    return frame.sort_values(order, kind="stable").reset_index(drop=True)


_TIMES = ("study_day", "assessed_on", "infused_at")


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Drop columns without a value: joined to filled ones they would blur the type."""
    return frame.dropna(axis="columns", how="all")


def _sides(before: Export, after: Export, name: str) -> tuple[Side, Side]:
    a, b = (Side.of(name, export.tables.get(name)) for export in (before, after))
    return a, b
