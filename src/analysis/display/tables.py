"""Result rows as tables for people: every number already text, every cell escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from analysis.display.figures.labels import group_word, threshold_word
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text, interval_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    import pandas as pd

    from analysis.outcomes.rows import ResultRow

HEADINGS = {
    "condition": "tables.condition",
    "group": "tables.group",
    "measure": "tables.measure",
    "definition": "tables.definition",
    "threshold": "tables.threshold",
    "counted": "tables.counted",
    "visit": "tables.visit",
    "estimate": "tables.estimate",
    "interval": "tables.interval",
    "n": "tables.n",
    "missing": "tables.missing",
    "note": "tables.note",
}
"""The columns in their order, and the texts that head them."""

ALWAYS = ("estimate", "interval", "n", "missing")
"""Columns that stay even when every row says the same; the others then leave."""

NUMERIC = ("estimate", "interval", "n", "missing")
"""Columns set to the right."""

SHORT = ("threshold", "visit")
"""Columns of a few words that stay on one line: "at least 30 %" is read at a glance."""


def tabulate_rows(
    rows: Sequence[ResultRow], *, labels: Mapping[str, str], every_column: Sequence[str] = ()
) -> pd.DataFrame:
    """Return rows as a frame of text, without the columns in which all rows are empty or alike.

    Parameters
    ----------
    rows : sequence of ResultRow
        In the order to show.
    labels : mapping of str to str
        Condition labels by code.
    every_column : sequence of str
        Headings to keep even where all rows say the same.

    Returns
    -------
    DataFrame of str
        One row per result; headings are for people; an empty frame keeps its headings.
    """
    import pandas as pd

    records = [_record(row, labels) for row in rows]
    frame = pd.DataFrame(records, columns=list(HEADINGS), dtype=str)
    keep = {*ALWAYS, *(code for code, name in HEADINGS.items() if say(name) in every_column)}
    alike = [name for name in frame if name not in keep and len(set(frame[name])) <= 1]
    if len(frame) == 1:
        alike = [name for name in alike if frame[name].iloc[0] == ""]
    return headed(frame.drop(columns=alike), HEADINGS)


def headed(frame: pd.DataFrame, headings: Mapping[str, str]) -> pd.DataFrame:
    """Return a frame with the texts of these names as headings of its columns."""
    return frame.rename(columns={code: say(name) for code, name in headings.items()})


def _record(row: ResultRow, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "condition": words.condition_word(row.condition, labels),
        "group": group_word(row),
        "measure": words.word(words.MEASURES, row.measure),
        "definition": words.word(words.DEFINITIONS, row.definition),
        "threshold": threshold_word(row.threshold_pct),
        "counted": words.word(words.POPULATIONS, row.population),
        "visit": words.visit_word(row.visit),
        "estimate": estimate_text(row),
        "interval": interval_text(row),
        "n": count_text(row.n),
        "missing": count_text(row.n_missing),
        "note": " ".join(row.warnings),
    }


@dataclass(frozen=True)
class ShownTable:
    """A table as a notebook shows it: plain HTML with header cells, everything escaped."""

    frame: pd.DataFrame
    caption: str = ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.frame.to_string(index=False)}

    def _repr_html_(self) -> str:
        styles = _styles(self.frame)
        heads = "".join(
            f'<th scope="col"{style}>{escape(str(name))}</th>'
            for name, style in zip(self.frame, styles, strict=True)
        )
        lines = "".join(
            "<tr>" + "".join(map(_cell, styles, line)) + "</tr>"
            for line in self.frame.itertuples(index=False, name=None)
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def show(frame: pd.DataFrame, caption: str = "") -> ShownTable:
    """Return a frame for the last line of a notebook cell; missing cells are left empty."""
    return ShownTable(frame=frame, caption=caption)


def _styles(frame: pd.DataFrame) -> list[str]:
    """Return how each column is set: numbers to the right, short words on one line."""
    numeric, short = ([say(HEADINGS[code]) for code in codes] for codes in (NUMERIC, SHORT))
    sides = ["right" if name in numeric else "left" for name in frame]
    lines = [";white-space:nowrap" if name in (*numeric, *short) else "" for name in frame]
    return [f' style="text-align:{side}{line}"' for side, line in zip(sides, lines, strict=True)]


def _cell(style: str, value: object) -> str:
    # A missing cell is empty, never "nan" or "NaT".
    missing = value is None or str(value) in ("nan", "NaT", "<NA>")
    text = "" if missing else words.plain_text(str(value), longest=400)
    return f"<td{style}>{escape(text)}</td>"
