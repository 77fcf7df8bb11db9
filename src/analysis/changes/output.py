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
from analysis.wording.numbers import count_text, estimate_text, interval_text
from analysis.wording.texts import say
from analysis.wording.words import VERDICTS, plain_text, word

TEMPLATE = "changes.html.j2"


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
    heading = "diff.heading_synthetic" if made.synthetic else "diff.heading"
    yield say(heading, before=made.before, after=made.after)
    yield ""
    yield from _flips(made)
    yield ""
    yield say("diff.differs")
    for factor in made.factors:
        extent = plain_text(factor.extent, longest=400)
        yield f"  {say('diff.factor_extent', factor=factor.told, extent=extent)}"
    if not made.factors:
        yield f"  {say('diff.nothing_differs')}"
    yield ""
    yield summary_line(made)
    movers = [row for row in made.moved if row.value_moved]
    for row in movers[:n_rows]:
        yield from _mover(row, made)
    if len(movers) > n_rows:
        yield f"  {say('diff.more_rows', n=count_text(len(movers) - n_rows))}"
    for note in [*made.notes, _how_split(made), say("diff.inside")]:
        if note:
            yield ""
            yield note


def _how_split(made: RunComparison) -> str:
    return say("diff.how_split") if made.n_mixtures else ""


def summary_line(made: RunComparison) -> str:
    """Return how many results moved, in one sentence."""
    n_values = sum(row.value_moved for row in made.moved)
    sides = ((made.only_before, made.before), (made.only_after, made.after))
    only = [say("diff.only_in", n=count_text(len(rows)), run=name) for rows, name in sides if rows]
    return say(
        "diff.summary",
        n=count_text(n_values),
        n_other=count_text(len(made.moved) - n_values),
        n_same=count_text(made.n_same),
        only="".join(only),
    )


def _flips(made: RunComparison) -> Iterator[str]:
    if not made.flips:
        yield say("diff.no_flips")
        return
    n = len(made.flips)
    yield say("diff.flips_one" if n == 1 else "diff.flips_many", n=n)
    for flip in made.flips:
        before, after = (word(VERDICTS, code).upper() for code in (flip.before, flip.after))
        wording = plain_text(flip.wording, longest=200)
        told = say("diff.flip", claim=flip.claim_id, before=before, after=after, wording=wording)
        yield f"  {told}"
        yield f"        {plain_text(flip.reason, longest=600)}"


def _mover(row: MovedRow, made: RunComparison) -> Iterator[str]:
    yield f"  {tell_row(row.after, made.labels)}"
    ends = {"before": estimate_text(row.before), "after": estimate_text(row.after)}
    told = say("diff.moved", **ends)
    if row.change is not None:
        told = say("diff.moved_by", **ends, change=signed_text(row.change, unit=row.after.unit))
    yield f"      {told}"
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
        title=say("diff.title"),
        made=made,
        synthetic=made.synthetic,
        summary=summary_line(made),
        columns=[(name, told) for name, told in FACTORS.items() if name in there],
        movers=[_cells(row, made) for row in movers],
        how_split=_how_split(made),
        inside=say("diff.inside"),
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
