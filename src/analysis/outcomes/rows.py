"""The result row: every number the suite prints exists once, as one of these.

Notebooks write rows; claims, figures, sentences, the report and the files for machines read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from analysis.errors import InputError
from analysis.results import Estimate, Status

if TYPE_CHECKING:
    import pandas as pd

CheckState = Literal["pass", "pass with findings", "fail", "not applicable"]


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One number with all that is needed to understand it without its neighbours.

    Parameters
    ----------
    measure : str
        What is measured: ``responder_share``, ``percent_reduction``, ``relief_duration`` ...
    definition : str
        Which of several definitions: ``mean_of_patients``, ``booster_as_loss`` ...
    condition : str
        Condition code, or ``all``.
    group_by, group : str
        ``all``/``all``, or a column (subtype, protocol, arm) and its value.
    population : str
        ``all_starters`` (missing = not responding), ``observed``, ``worst_case``, ``best_case``,
        ``responders`` ...
    visit : str
        Analysis visit, or empty where time is not a visit.
    threshold_pct : float or None
        Least percent reduction that counts, where the measure has one.
    value, low, high, level, n, n_missing, n_events, unit, method, status, warnings
        As in `analysis.results.Estimate`.
    notebook : str
        Notebook whose cell made the row.
    """

    measure: str
    definition: str = ""
    condition: str
    group_by: str = "all"
    group: str = "all"
    population: str = ""
    visit: str = ""
    threshold_pct: float | None = None
    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int
    n_missing: int = 0
    n_events: int | None = None
    unit: str
    method: str
    status: Status = "estimated"
    warnings: tuple[str, ...] = ()
    notebook: str = ""

    @cached_property
    def result_id(self) -> str:
        """Stable name of the row: its keys joined, safe in a URL fragment.

        Different keys give different names, also where groups are free text of an export.
        """
        threshold = "" if self.threshold_pct is None else f"ge{_plain_number(self.threshold_pct)}"
        group = "" if self.group_by == "all" else f"{self.group_by}-{self.group}"
        parts = [self.condition, group, self.measure, self.definition, threshold]
        parts += [self.population, self.visit]
        return ".".join(_slug(part) for part in parts if part)


FIELDS = tuple(each.name for each in fields(ResultRow))

KEYS = [
    "measure",
    "definition",
    "condition",
    "group_by",
    "group",
    "population",
    "visit",
    "threshold_pct",
]
"""Columns that together identify a row within a run."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question put to the data, with its answer in one of four states."""

    name: str
    table: str
    state: CheckState
    n: int
    sentence: str


@dataclass(frozen=True, kw_only=True)
class FigureNote:
    """What goes with a figure: its file stem, what it shows in words, and a caption."""

    figure: str
    condition: str
    title: str
    alt: str
    caption: str
    notebook: str = ""


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence made from result rows, kept so that page, mail and JSON say the same."""

    name: str
    condition: str
    text: str


@dataclass(frozen=True, kw_only=True)
class NotebookResults:
    """Everything a notebook hands on: rows, checks, sentences and notes on its figures."""

    notebook: str
    condition: str
    rows: tuple[ResultRow, ...] = ()
    checks: tuple[Check, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    figures: tuple[FigureNote, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def row_from_estimate(estimate: Estimate, **keys: Any) -> ResultRow:
    """Return the result row of an estimate under the given keys (measure, condition, ...).

    A key named like a field of the estimate (``warnings``, ``n_missing``) replaces it.
    """
    return ResultRow(**{**vars(estimate), **keys})


def record_of_row(row: ResultRow) -> dict[str, Any]:
    """Return the fields of a row by name, in order, without the copies that `asdict` makes."""
    return {name: getattr(row, name) for name in FIELDS}


def frame_of_rows(rows: Iterable[ResultRow]) -> pd.DataFrame:
    """Return rows as a frame, one column per field, ``result_id`` first."""
    import pandas as pd

    records = [{"result_id": row.result_id, **record_of_row(row)} for row in rows]
    frame = pd.DataFrame(records, columns=["result_id", *FIELDS])
    frame["warnings"] = [" ".join(warnings) for warnings in frame["warnings"]]
    return frame


def row_from_record(record: dict[str, Any]) -> ResultRow:
    """Return the row that a JSON record holds; InputError names what it lacks or has too much."""
    unknown = record.keys() - FIELDS - {"result_id"}
    if unknown:
        raise InputError(f"a result row has fields this version does not know: {sorted(unknown)}")
    kept = {key: value for key, value in record.items() if key in FIELDS}
    return ResultRow(**{**kept, "warnings": tuple(kept.get("warnings", ()))})


def find_rows(rows: Sequence[ResultRow], **keys: Any) -> list[ResultRow]:
    """Return the rows whose fields equal all ``keys``."""
    kept = list(rows)
    for key, want in keys.items():  # one key after the other: the first leaves few rows
        kept = [row for row in kept if getattr(row, key) == want]
    return kept


def find_measures(rows: Sequence[ResultRow], *measures: str, **keys: Any) -> list[ResultRow]:
    """Return the rows of several measures whose fields equal all ``keys``."""
    return [row for row in find_rows(rows, **keys) if row.measure in measures]


def find_row(rows: Sequence[ResultRow], **keys: Any) -> ResultRow | None:
    """Return the one row that matches, None when there is none; ValueError when several do."""
    found = find_rows(rows, **keys)
    if len(found) > 1:
        raise ValueError(f"{len(found)} rows match {keys}; a result must exist once")
    return found[0] if found else None


def _plain_number(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _slug(text: str) -> str:
    """Keep letters, digits, hyphen and underscore; write any other character as ~hex~.

    "A B", "A_B" and "A/B" are three sites and must stay three names.
    """
    if text.replace("_", "").replace("-", "").isalnum():  # nearly all are plain names
        return text
    return "".join(c if c.isalnum() or c in "-_" else f"~{ord(c):x}~" for c in text)
