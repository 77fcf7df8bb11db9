"""A comparison as text for people, as JSON, and as a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.changes.compare import RunComparison
from analysis.changes.moved import MovedRow
from analysis.changes.shapley import SUM_TOLERANCE
from analysis.changes.telling import FACTORS, signed_text, sizeable, tell_parts, tell_row
from analysis.files import write_whole
from analysis.outcomes.rows import ResultRow
from analysis.report.html import render_page
from analysis.wording.numbers import estimate_text, interval_text
from analysis.wording.words import VERDICTS, plain_text, word

TEMPLATE = "changes.html.j2"
INSIDE = (
    "Differences between two runs can point to single patients: this comparison is for use inside "
    "the clinic."
)
HOW_SPLIT = (
    "A part is the mean of what its factor adds over all orders in which the factors could have "
    "come; the parts of a result add up to its change. Code is what a run wrote, less what this "
    "version makes of the same data and settings. No part is an effect of treatment: it tells "
    "which records moved a number, and no more."
)


def tell_comparison(made: RunComparison, *, n_rows: int) -> str:
    """Return a comparison as text: verdicts that flipped first, then the biggest movers.

    Parameters
    ----------
    made : RunComparison
    n_rows : int, at least 0
        Movers to list; the rest is counted.
    """
    return "\n".join(_lines(made, n_rows))


def _lines(made: RunComparison, n_rows: int) -> Iterator[str]:
    yield f"From {made.before} to {made.after}" + _synthetic(made)
    yield ""
    yield from _flips(made)
    yield ""
    yield "What differs"
    for factor in made.factors:
        yield f"  {factor.told}: {plain_text(factor.extent, longest=400)}"
    if not made.factors:
        yield "  nothing that is known"
    yield ""
    yield summary_line(made)
    movers = [row for row in made.moved if row.value_moved]
    for row in movers[:n_rows]:
        yield from _mover(row, made)
    if len(movers) > n_rows:
        yield f"  ... and {len(movers) - n_rows:,} more (--rows, --json or --page lists them)"
    for note in [*made.notes, HOW_SPLIT if made.n_mixtures else "", INSIDE]:
        if note:
            yield ""
            yield note


def _synthetic(made: RunComparison) -> str:
    return " (SYNTHETIC: these patients do not exist)" if made.synthetic else ""


def summary_line(made: RunComparison) -> str:
    """Return how many results moved, in one sentence."""
    n_values = sum(row.value_moved for row in made.moved)
    told = f"{n_values:,} results have another value, {len(made.moved) - n_values:,} only another "
    told += f"interval or number of patients, {made.n_same:,} are the same"
    for rows, name in ((made.only_before, made.before), (made.only_after, made.after)):
        told += f"; {len(rows):,} are only in {name}" if rows else ""
    return told + "."


def _flips(made: RunComparison) -> Iterator[str]:
    if not made.flips:
        yield "No verdict changed."
        return
    n = len(made.flips)
    yield f"{n} verdict{'s' if n > 1 else ''} changed"
    for flip in made.flips:
        yield f"  {flip.claim_id}  {flip.before.upper()} to {flip.after.upper()}: " + plain_text(
            flip.wording, longest=200
        )
        yield f"        {plain_text(flip.reason, longest=600)}"


def _mover(row: MovedRow, made: RunComparison) -> Iterator[str]:
    yield f"  {tell_row(row.after, made.labels)}"
    change = "" if row.change is None else f" ({signed_text(row.change, unit=row.after.unit)})"
    yield f"      {estimate_text(row.before)} to {estimate_text(row.after)}{change}"
    parts = tell_parts(row, "value") or row.why_not
    if parts:
        yield f"      {parts}"


def comparison_record(made: RunComparison) -> dict[str, Any]:
    """Return a comparison as plain values for JSON; numbers are not rounded."""
    return {
        "before": made.before,
        "after": made.after,
        "synthetic": made.synthetic,
        "factors": [asdict(factor) for factor in made.factors],
        "flips": [asdict(flip) for flip in made.flips],
        "moved": [_row_record(row) for row in made.moved],
        "only_before": [row.result_id for row in made.only_before],
        "only_after": [row.result_id for row in made.only_after],
        "n_same": made.n_same,
        "n_mixtures": made.n_mixtures,
        "sum_tolerance": SUM_TOLERANCE,
        "notes": list(made.notes),
    }


def _row_record(row: MovedRow) -> dict[str, Any]:
    def numbers(one: ResultRow) -> dict[str, Any]:
        kept = ("value", "low", "high", "n", "n_missing", "status")
        return {name: getattr(one, name) for name in kept}

    return {
        "result_id": row.result_id,
        "unit": row.after.unit,
        "before": numbers(row.before),
        "after": numbers(row.after),
        "change": row.change,
        "parts": {name: dict(parts) for name, parts in row.parts.items()},
        "why_not_split": row.why_not,
    }


def write_comparison_page(made: RunComparison, path: Path) -> Path:
    """Write a comparison as one page: no network, no script."""
    movers = [row for row in made.moved if row.value_moved]
    there = {name for row in movers for name in sizeable(row.parts.get("value", {}))}
    text = render_page(
        TEMPLATE,
        title="What changed between two runs",
        made=made,
        synthetic=made.synthetic,
        summary=summary_line(made),
        columns=[(name, told) for name, told in FACTORS.items() if name in there],
        movers=[_cells(row, made) for row in movers],
        how_split=HOW_SPLIT if made.n_mixtures else "",
        inside=INSIDE,
        verdict_word=lambda code: word(VERDICTS, code),
    )
    write_whole(path, text)
    return path


def _cells(row: MovedRow, made: RunComparison) -> dict[str, Any]:
    unit = row.after.unit
    parts = sizeable(row.parts.get("value", {}))
    return {
        "told": tell_row(row.after, made.labels),
        "before": estimate_text(row.before),
        "before_interval": interval_text(row.before),
        "after": estimate_text(row.after),
        "after_interval": interval_text(row.after),
        "change": "" if row.change is None else signed_text(row.change, unit=unit),
        "parts": {name: signed_text(part, unit=unit) for name, part in parts.items()},
        "why_not": row.why_not,
    }
