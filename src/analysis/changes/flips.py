"""Verdicts that are not the same in both runs, and why, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.changes.moved import MovedRow
from analysis.changes.telling import tell_parts
from analysis.wording.numbers import estimate_text, interval_text, quantity_text
from analysis.wording.texts import say

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
    seen, cited = _Measured(record), [record["cited_low"]]
    if record["value"] is None:
        known = record["status"] != "estimated"
        return estimate_text(seen) if known else say("diff.reasons.no_number")
    number = quantity_text(record["value"], unit=record["unit"], apart_from=cited)
    interval = interval_text(seen, apart_from=cited)
    return say("diff.reasons.estimate", number=number, interval=interval)


def _reasons(a: Record, b: Record, row: MovedRow | None, settings: tuple[str, ...]) -> list[str]:
    if a["result_id"] and b["result_id"] and a["result_id"] != b["result_id"]:
        if not settings:
            return [say("diff.reasons.other_ledger")]
        names = say("diff.joiner").join(settings)
        return [say("diff.reasons.other_settings", settings=names)]
    if any(a[name] != b[name] for name in READING):
        return [say("diff.reasons.other_reading")]
    if a["value"] is None or b["value"] is None:
        lacking = a if a["value"] is None else b
        when = "no_number_before" if lacking is a else "no_number_now"
        why = (lacking["reason"] or tell_estimate(lacking)).rstrip(".")
        return [say(f"diff.reasons.{when}", why=why)]
    return [*_crossings(a, b, row), *_value_moved(a, b, row)]


def _crossings(a: Record, b: Record, row: MovedRow | None) -> list[str]:
    """Tell which end of the interval passed the cited floor, and what moved it."""
    floor, told = b["cited_low"], []
    if floor is None:
        return []
    cited = quantity_text(floor, unit=b["unit"])
    for name in ("low", "high"):
        first, last = a[name], b[name]
        if first is None or last is None or (first >= floor) == (last >= floor):
            continue
        ends = [quantity_text(end, unit=b["unit"], apart_from=[floor]) for end in (first, last)]
        end = f"{name}_above" if last >= floor else f"{name}_below"
        told.append(
            say(
                f"diff.reasons.{end}",
                before=ends[0],
                after=ends[1],
                cited=_with_parts(cited, row, name),
            )
        )
    return told


def _with_parts(number: str, row: MovedRow | None, quantity: str) -> str:
    """Return a number with the parts of a change behind it, where they are known."""
    parts = tell_parts(row, quantity) if row else ""
    return say("diff.with_parts", number=number, parts=parts) if parts else number


def _value_moved(a: Record, b: Record, row: MovedRow | None) -> list[str]:
    ends = [quantity_text(each["value"], unit=b["unit"]) for each in (a, b)]
    people = {"n_before": a["n"], "n_after": b["n"]}
    if a["value"] == b["value"]:
        return [say("diff.reasons.same_number", **people)]
    after = _with_parts(ends[1], row, "value")
    return [say("diff.reasons.number_moved", before=ends[0], after=after, **people)]


class _Measured:
    """A judgement record as `analysis.wording.numbers` reads results."""

    def __init__(self, record: Record) -> None:
        self.value: float | None = record["value"]
        self.low: float | None = record["low"]
        self.high: float | None = record["high"]
        self.n: int = record["n"]
        self.unit: str = record["unit"]
        self.status: str = record["status"]
