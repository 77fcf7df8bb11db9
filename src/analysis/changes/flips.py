"""Verdicts that are not the same in both runs, and why, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.changes.moved import MovedRow
from analysis.changes.telling import tell_parts
from analysis.wording.numbers import interval_text, quantity_text

Record = Mapping[str, Any]

READING = ("reading", "cited_low", "cited_high", "unit")
"""Fields of a judgement that the ledger fixes."""


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A claim whose verdict changed.

    Parameters
    ----------
    claim_id, wording, condition : str
    before, after : str
        Verdicts of run A and of run B.
    estimate_before, estimate_after : str
        Number and interval, in words.
    reason : str
        Why, in a sentence or a few.
    result_id : str
        The row that run B's verdict rests on; empty where it rests on none.
    """

    claim_id: str
    wording: str
    condition: str
    before: str
    after: str
    estimate_before: str
    estimate_after: str
    reason: str
    result_id: str


def find_flips(
    before: Mapping[str, Record],
    after: Mapping[str, Record],
    moved: Mapping[str, MovedRow],
    *,
    settings: tuple[str, ...],
) -> tuple[Flip, ...]:
    """Return the claims of both runs whose verdict changed, in the order of run B.

    Parameters
    ----------
    before, after : mapping of str to record
        Judgements by claim id.
    moved : mapping of str to MovedRow
        Rows that moved, by result id.
    settings : tuple of str
        Names of the settings that differ.
    """
    return tuple(
        _flip(before[name], record, moved, settings)
        for name, record in after.items()
        if name in before and before[name]["verdict"] != record["verdict"]
    )


def _flip(a: Record, b: Record, moved: Mapping[str, MovedRow], settings: tuple[str, ...]) -> Flip:
    return Flip(
        claim_id=b["claim_id"],
        wording=b["wording"],
        condition=b["condition"],
        before=a["verdict"],
        after=b["verdict"],
        estimate_before=tell_estimate(a),
        estimate_after=tell_estimate(b),
        reason=" ".join(_reasons(a, b, moved.get(b["result_id"]), settings)),
        result_id=b["result_id"],
    )


def tell_estimate(record: Record) -> str:
    """Return a judgement's number and interval: "54 % (46 % to 62 %)"; its status without one."""
    if record["value"] is None:
        return str(record["status"]) if record["status"] != "estimated" else "no number"
    seen = _Measured(record)
    value = quantity_text(record["value"], unit=record["unit"], apart_from=[record["cited_low"]])
    return f"{value} ({interval_text(seen, apart_from=[record['cited_low']])})"


def _reasons(a: Record, b: Record, row: MovedRow | None, settings: tuple[str, ...]) -> list[str]:
    if a["result_id"] and b["result_id"] and a["result_id"] != b["result_id"]:
        why = f"settings differ: {', '.join(settings)}" if settings else "the ledger differs"
        return [f"It is judged on another number, as {why}."]
    if any(a[name] != b[name] for name in READING):
        return ["The ledger gives the claim another reading or another cited figure."]
    if a["value"] is None or b["value"] is None:
        lacking = a if a["value"] is None else b
        when = "There was no number before" if lacking is a else "There is no number any more"
        return [f"{when}: {lacking['reason'] or lacking['status']}".rstrip(".") + "."]
    return [*_crossings(a, b, row), *_value_moved(a, b, row)]


def _crossings(a: Record, b: Record, row: MovedRow | None) -> list[str]:
    """Tell which end of the interval passed the cited floor, and what moved it."""
    floor, told = b["cited_low"], []
    if floor is None:
        return []
    cited = quantity_text(floor, unit=b["unit"])
    for name, word in (("low", "lower"), ("high", "upper")):
        first, last = a[name], b[name]
        if first is None or last is None or (first >= floor) == (last >= floor):
            continue
        ends = [quantity_text(end, unit=b["unit"], apart_from=[floor]) for end in (first, last)]
        side = "at or above" if last >= floor else "below"
        parts = row and tell_parts(row, name)
        told.append(
            f"The {word} end of the interval went from {ends[0]} to {ends[1]} and is now {side} "
            f"the cited {cited}" + (f" ({parts})." if parts else ".")
        )
    return told


def _value_moved(a: Record, b: Record, row: MovedRow | None) -> list[str]:
    ends = [quantity_text(each["value"], unit=b["unit"]) for each in (a, b)]
    parts = row and tell_parts(row, "value")
    people = f"from {a['n']} patients before and {b['n']} now"
    if a["value"] == b["value"]:
        return [f"The number itself is the same, {people}."]
    return [f"The number went from {ends[0]} to {ends[1]}" + (f" ({parts})" if parts else "")
            + f", {people}."]  # fmt: skip


class _Measured:
    """A judgement record as `analysis.wording.numbers` reads results."""

    def __init__(self, record: Record) -> None:
        self.value: float | None = record["value"]
        self.low: float | None = record["low"]
        self.high: float | None = record["high"]
        self.n: int = record["n"]
        self.unit: str = record["unit"]
        self.status: str = record["status"]
