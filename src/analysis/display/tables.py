"""Result rows as tables for people: every number already text, every cell escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from analysis.display.figures.labels import group_word, threshold_word
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text, interval_text

if TYPE_CHECKING:
    import pandas as pd

    from analysis.outcomes.rows import ResultRow

ALWAYS = ("Estimate", "Interval", "n", "Missing")
"""Columns that stay even when every row says the same; the others then leave."""

NUMERIC = ("Estimate", "Interval", "n", "Missing")
"""Columns set to the right."""

SHORT = ("Threshold", "Visit")
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
    frame = pd.DataFrame(records, columns=list(_HEADINGS), dtype=str)
    keep = {*ALWAYS, *every_column}
    alike = [name for name in frame if name not in keep and len(set(frame[name])) <= 1]
    if len(frame) == 1:
        alike = [name for name in alike if frame[name].iloc[0] == ""]
    return frame.drop(columns=alike)


_HEADINGS = (
    "Condition", "Group", "Measure", "Definition", "Threshold", "Counted", "Visit",
    "Estimate", "Interval", "n", "Missing", "Note",
)  # fmt: skip


def _record(row: ResultRow, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "Condition": words.condition_word(row.condition, labels),
        "Group": group_word(row),
        "Measure": words.word(words.MEASURES, row.measure),
        "Definition": words.word(words.DEFINITIONS, row.definition),
        "Threshold": threshold_word(row.threshold_pct),
        "Counted": words.word(words.POPULATIONS, row.population),
        "Visit": words.visit_word(row.visit),
        "Estimate": estimate_text(row),
        "Interval": interval_text(row),
        "n": count_text(row.n),
        "Missing": count_text(row.n_missing),
        "Note": " ".join(row.warnings),
    }


@dataclass(frozen=True)
class ShownTable:
    """A table as a notebook shows it: plain HTML with header cells, everything escaped."""

    frame: pd.DataFrame
    caption: str = ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.frame.to_string(index=False)}

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col"{_side(n)}>{escape(str(n))}</th>' for n in self.frame)
        lines = "".join(
            "<tr>" + "".join(_cell(n, v) for n, v in zip(self.frame, line, strict=True)) + "</tr>"
            for line in self.frame.itertuples(index=False, name=None)
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def show(frame: pd.DataFrame, caption: str = "") -> ShownTable:
    """Return a frame for the last line of a notebook cell; missing cells are left empty."""
    return ShownTable(frame=frame, caption=caption)


def _side(name: object) -> str:
    side = "right" if name in NUMERIC else "left"
    line = ";white-space:nowrap" if name in (*NUMERIC, *SHORT) else ""
    return f' style="text-align:{side}{line}"'


def _cell(name: object, value: object) -> str:
    # A missing cell is empty, never "nan" or "NaT".
    missing = value is None or str(value) in ("nan", "NaT", "<NA>")
    text = "" if missing else words.plain_text(str(value), longest=400)
    return f"<td{_side(name)}>{escape(text)}</td>"
