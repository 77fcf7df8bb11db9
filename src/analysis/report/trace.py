"""Which cell of an executed notebook shows a result row, or made it: where a number leads to."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import NO_NUMBER, count_text, estimate_text, interval_text

WRITER = "write_results"
"""The call of a notebook's last cell that hands its rows on."""

_LINE = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


class CellLink(NamedTuple):
    """A cell of an executed notebook: page, number, and whether it shows the number in text."""

    href: str
    number: int
    is_shown: bool


@dataclass(frozen=True)
class _Shown:
    number: int
    cells: frozenset[str]


def trace_rows(cells: Sequence[Mapping[str, Any]], rows: Iterable[ResultRow], *,
               page: str) -> dict[str, CellLink]:  # fmt: skip
    """Return where each row can be seen.

    Parameters
    ----------
    cells : sequence of mapping
        Cells of the executed notebook, in order; the first is number 1.
    rows : iterable of ResultRow
        The rows that notebook wrote.
    page : str
        Its page, relative to the report.

    Returns
    -------
    dict
        By ``result_id``. The first cell with a table line that holds the row's estimate, interval
        and number of patients shows it; else the cell that made the rows handed on is named. A row
        of a notebook without either is absent.
    """
    lines: dict[str, list[_Shown]] = {}
    for line in _shown_lines(cells):
        for text in line.cells:
            lines.setdefault(text, []).append(line)
    made = _making_cell(cells)
    found: dict[str, CellLink] = {}
    for row in rows:
        estimate = estimate_text(row)
        wanted = {estimate, count_text(row.n)} | ({interval_text(row)} - {NO_NUMBER})
        shown = next((line.number for line in lines.get(estimate, ()) if wanted <= line.cells), 0)
        if shown or made:
            number = shown or made
            found[row.result_id] = CellLink(f"{page}#cell-{number}", number, bool(shown))
    return found


def load_cells(ipynb: Path) -> list[Mapping[str, Any]]:
    """Return the cells of a notebook; none where the file is no notebook."""
    try:
        cells = json.loads(ipynb.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _shown_lines(cells: Sequence[Mapping[str, Any]]) -> Iterable[_Shown]:
    for number, cell in enumerate(cells, start=1):
        for output in cell.get("outputs", ()):
            html = output.get("data", {}).get("text/html", "")
            text = _joined(html)
            for line in _LINE.findall(text):
                told = (unescape(_TAG.sub("", each)).strip() for each in _CELL.findall(line))
                yield _Shown(number, frozenset(told))


def _making_cell(cells: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of the cell that made the rows handed on; 0 where none can be named.

    It is the first to assign, from a call, a name that the ``rows`` of the last cell are made of.
    """
    parsed = {number: _parsed(cell) for number, cell in enumerate(cells, start=1)}
    writers = [(n, call) for n, tree in parsed.items() for call in _calls(tree, WRITER)]
    if not writers:
        return 0
    last, call = writers[-1]
    given = [word.value for word in call.keywords if word.arg == "rows"]
    names = {each.id for part in given for each in ast.walk(part) if isinstance(each, ast.Name)}
    for number, tree in parsed.items():
        if _made_names(tree) & (names - {"study"}):
            return number
    return last


def _made_names(tree: ast.AST) -> set[str]:
    """Return the names a cell assigns from a call."""
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    return {
        target.id
        for node in made
        if isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _parsed(cell: Mapping[str, Any]) -> ast.AST:
    if cell.get("cell_type") != "code":
        return ast.Module(body=[], type_ignores=[])
    try:
        return ast.parse(_joined(cell.get("source", "")))
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            and node.func.id == name]  # fmt: skip
