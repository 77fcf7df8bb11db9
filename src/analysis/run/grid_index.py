"""The page and the JSON over a grid: every combination beside the verdicts it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.claims.judgement import Judgement
from analysis.files import write_whole
from analysis.report.html import render_page
from analysis.report.store import write_json
from analysis.wording import words
from analysis.wording.numbers import count_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    from analysis.run.grid import CellResult

TOLD = ("claim_id", "verdict", "value", "low", "high", "level", "unit", "n", "n_missing", "reason")


def write_index(
    folder: Path,
    results: Sequence[CellResult],
    *,
    export_name: str,
    synthetic: bool,
    labels: Mapping[str, str],
) -> Path:
    """Write ``index.html`` and ``index.json`` over the runs of a grid; return the page.

    Parameters
    ----------
    folder : Path
        Folder of the grid, with the run of each combination in a folder of its name.
    results : sequence of CellResult
    export_name : str
    synthetic : bool
        True when the patients do not exist; the page says so.
    labels : mapping of str to str
        Condition labels by code.
    """
    claims = _claims(results)
    content = {
        "export": export_name,
        "synthetic": synthetic,
        "settings": _varied(results),
        "claims": [
            {name: getattr(claim, name) for name in ("claim_id", "condition", "wording", "reading")}
            | {"cited": claim.cited_text}
            for claim in claims
        ],
        "cells": [_record(each) for each in results],
    }
    write_json(folder / "index.json", content)
    page = folder / "index.html"
    text = render_page(
        "grid.html.j2",
        title=say("grid.title"),
        synthetic=synthetic,
        export_name=words.plain_text(export_name, longest=120),
        facts=_facts(export_name, results),
        names=list(_varied(results)),
        claims=claims,
        labels=labels,
        value_text=_value_text,
        tallies=[(claim, _tally(claim, results)) for claim in claims],
        rows=[(each, {claim.claim_id: claim for claim in each.claims}) for each in results],
    )
    write_whole(page, text)
    return page


def _claims(results: Sequence[CellResult]) -> list[Judgement]:
    """Return every claim judged in any run, once, in the order of the first that has it."""
    found: dict[str, Judgement] = {}
    for each in results:
        for claim in each.claims:
            found.setdefault(claim.claim_id, claim)
    return list(found.values())


def _varied(results: Sequence[CellResult]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in results:
        for name, value in each.cell.values.items():
            values = found.setdefault(name, [])
            if value not in values:
                values.append(value)
    return found


def _record(result: CellResult) -> dict[str, Any]:
    return {
        "name": result.cell.name,
        "settings": dict(result.cell.values),
        "default": result.cell.is_default,
        "report": "" if result.error else f"{result.cell.name}/index.html",
        "error": result.error,
        "failed_notebooks": list(result.failed),
        "claims": [{name: getattr(claim, name) for name in TOLD} for claim in result.claims],
    }


def _facts(export_name: str, results: Sequence[CellResult]) -> list[tuple[str, str]]:
    missing = sum(bool(each.error) for each in results)
    runs = count_text(len(results))
    if missing:
        runs = say("grid.facts.some_missing", runs=runs, missing=count_text(missing))
    return [
        (say("grid.facts.data"), words.plain_text(export_name, longest=120)),
        (say("grid.facts.runs"), runs),
        (say("grid.facts.varied"), ", ".join(_varied(results))),
    ]


def _value_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return say("grid.empty") if value == "" else str(value)


def _tally(claim: Judgement, results: Sequence[CellResult]) -> list[tuple[str, str, int]]:
    """Return verdict, its word, and in how many runs the claim has it."""
    counts: Counter[str] = Counter(
        each.verdict
        for result in results
        for each in result.claims
        if each.claim_id == claim.claim_id
    )
    return [(code, word, counts[code]) for code, word in words.VERDICTS.items() if counts[code]]
