"""Rows of two tables set beside each other: the same, another value, only in one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.tables import TABLES, Column

SAME = "same"

KEYS = {
    "patients": ("patient_id",),
    "pain_scores": ("patient_id", "assessed_on", "study_day", "visit", "recall"),
    "infusions": ("patient_id", "infused_at", "study_day"),
}
"""What makes a row the same patient, the same rating, the same infusion."""

STANDS_FOR = {
    "pain_scores": ("patient_id", "visit", "recall"),
    "infusions": ("patient_id",),
}
"""Rows alike in these may be the same one under another date."""

MOMENTS = ("study_day", "assessed_on", "infused_at")


@dataclass(frozen=True, eq=False)
class Side:
    """One table of one export, ready to be set beside that of another.

    Parameters
    ----------
    patient : Series of str
        Patient of each row.
    unit : Series of uint64
        Name of the patient, rating or infusion.
    value : Series of uint64
        All that is recorded of the row's unit, whatever the order of its rows.
    stands_for : Series of uint64
        Rows alike in this may be the same one under another date.
    moment : DataFrame
        What rows are ordered by.
    """

    patient: pd.Series
    unit: pd.Series
    value: pd.Series
    stands_for: pd.Series
    moment: pd.DataFrame

    @classmethod
    def of(cls, name: str, frame: pd.DataFrame | None) -> Side:
        """Return the side of a table of the contract; None is an empty one."""
        table = TABLES[name]
        given = frame if frame is not None else pd.DataFrame({"patient_id": []}, dtype="str")
        plain = pd.DataFrame({c.name: _plain(given, c) for c in table.columns}, index=given.index)
        unit = _hash(plain[list(KEYS[name])])
        rows = _hash(plain[[c for c in plain if c not in KEYS[name]]])
        return cls(
            patient=plain["patient_id"],
            unit=unit,
            value=rows.groupby(unit).transform("sum"),
            stands_for=_hash(plain[list(STANDS_FOR.get(name, KEYS["patients"]))]),
            moment=plain[[c for c in MOMENTS if c in plain]],
        )


def tag_patients(a: Side, b: Side, shared: set[str]) -> tuple[pd.Series, pd.Series]:
    """Tag the rows of two patients tables: only_a, only_b, other (another fact) or same."""
    return _tag(a, b, shared, "only_a"), _tag(b, a, shared, "only_b")


def tag_units(a: Side, b: Side, shared: set[str]) -> tuple[pd.Series, pd.Series]:
    """Tag the rows of two tables of ratings or infusions.

    Returns
    -------
    tuple of two Series of str
        ``only_a`` / ``only_b`` (the patient is in one export only), ``same``, ``other`` (recorded
        in both with another value, or in both under another date), ``extra`` (in one only).

    Notes
    -----
    Of a patient's ratings (of one visit and recall) or infusions that only one export has, the
    first of A and the first of B in time are one under another date, and so on; what is left over
    on one side is extra. Both directions give the same pairs.
    """
    tags_a, tags_b = _tag(a, b, shared, "only_a"), _tag(b, a, shared, "only_b")
    places_a, places_b = _places(a, tags_a), _places(b, tags_b)
    tags_a[places_a[places_a.isin(places_b)].index] = "other"
    tags_b[places_b[places_b.isin(places_a)].index] = "other"
    return tags_a, tags_b


def _tag(own: Side, other: Side, shared: set[str], only: str) -> pd.Series:
    values = other.value.groupby(other.unit).first()
    there = own.unit.isin(values.index).to_numpy()
    # Filled with 0 and not with NaN: as floats, these 64-bit names would lose their last digits.
    same = there & (own.value.to_numpy() == values.reindex(own.unit, fill_value=0).to_numpy())
    known = own.patient.isin(shared).to_numpy()
    tags = np.select([~known, same, there], [only, SAME, "other"], default="extra")
    return pd.Series(tags, index=own.unit.index, dtype="str")


def _places(side: Side, tags: pd.Series) -> pd.Series:
    """Return for each extra row the name of its place among those it may be exchanged with."""
    extra = tags == "extra"
    frame = side.moment[extra].assign(unit=side.unit[extra], group=side.stands_for[extra])
    first = frame.sort_values(list(side.moment.columns), kind="stable").drop_duplicates("unit")
    place = first.groupby("group").cumcount()
    names = first["group"].astype("str") + "/" + place.astype("str")
    return frame["unit"].map(dict(zip(first["unit"], names, strict=True))).astype("str")


def _plain(frame: pd.DataFrame, column: Column) -> pd.Series:
    """Return a column in one type whatever the file's; absent columns are missing everywhere."""
    number = column.kind in ("number", "integer", "date", "datetime", "flag")
    if column.name not in frame:
        return pd.Series(
            np.nan if number else "", index=frame.index, dtype=float if number else "str"
        )
    values = frame[column.name]
    if column.kind in ("date", "datetime"):
        seconds = pd.to_datetime(values).astype("datetime64[s]")
        return seconds.astype("int64").astype(float).where(values.notna())
    if number:
        return values.astype("Float64").astype(float) if len(values) else values.astype(float)
    return values.astype("str").fillna("")


def _hash(frame: pd.DataFrame) -> pd.Series:
    return pd.util.hash_pandas_object(frame, index=False)
