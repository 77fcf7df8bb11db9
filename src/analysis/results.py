"""The results frame: every number the suite prints is one row of it, with codes and no words.

Notebooks add rows; claims, figures, sentences and the report read them. What people read is made
from the codes when it is printed (`analysis.labels`, `analysis.numbers`).
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import lru_cache
from html import escape
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import InputError, suggest
from analysis.files import replacing, write_file
from analysis.labels import METHODS, note_text
from analysis.settings import results_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Status = Literal["estimated", "not reached", "not estimable", "no patients", "withheld"]
"""How far a result got. Only ``estimated`` has a value; ``withheld`` is of a release."""

STATUSES: tuple[str, ...] = get_args(Status)

KEYS = [
    "measure", "definition", "population", "condition", "group_by", "group", "visit",
    "threshold_pct",
]  # fmt: skip
"""Columns that together identify a number within a run.

measure
    What is measured: ``responder_share``, ``percent_reduction``, ``relief_duration`` ...
definition
    Which of several definitions: ``mean_of_patients``, ``booster_as_loss`` ...
population
    Who is counted, and what a missing rating means: ``all_starters`` (missing is not responding),
    ``imputed`` (missing at random), ``observed`` (missing is left out), ``best_case`` (missing
    responds), ``responders`` ...
condition
    Condition code, or ``all``.
group_by, group
    ``all``/``all``, or a column (``subtype``, ``protocol``, ``arm``, ``site``) and its value.
visit
    Analysis visit or week; empty where time is not a visit.
threshold_pct
    Least percent reduction that counts, where the measure has one.
"""

COLUMNS = [
    *KEYS, "value", "low", "high", "level", "n", "n_events", "n_missing", "n_not_due", "unit",
    "method", "status", "notes", "notebook",
]  # fmt: skip
"""All columns: the keys, then

value, low, high, level
    The number in ``unit`` with its two-sided interval; missing where the data give none. A missing
    ``high`` beside a ``low`` is an upper limit that is not reached.
n, n_events, n_missing, n_not_due
    Patients that entered (the denominator), those with the event, those whose value is unknown,
    and those whose visit lies after the data cut. What an event is follows from the unit: of a
    ``share``, the event is what the share counts, so that ``n_events`` of ``n`` is the number
    itself or, where a curve was needed because some were not looked at, the part of it that was
    seen; of a time read from a curve, the event is its end (relief lost).
unit, method, status
    Codes: ``share`` (0 to 1), ``percent``, ``score``, ``weeks``, ``count`` ...; a method of
    `analysis.labels.METHODS`; one of ``STATUSES``.
notes
    Notes of `analysis.labels.NOTES` a reader must see beside the number, joined by semicolons.
notebook
    Notebook whose cell made the number.
"""

_DEFAULTS: dict[str, Any] = {
    "definition": "", "population": "", "condition": "all", "group_by": "all", "group": "all",
    "visit": "", "threshold_pct": np.nan, "value": np.nan, "low": np.nan, "high": np.nan,
    "level": np.nan, "n_events": pd.NA, "n_missing": 0, "n_not_due": 0, "status": "estimated",
    "notes": "", "notebook": "",
}  # fmt: skip

_FLOATS = ["threshold_pct", "value", "low", "high", "level"]
_COUNTS = ["n", "n_events", "n_missing", "n_not_due"]
_DTYPES = {
    name: "float64" if name in _FLOATS else "Int64" if name in _COUNTS else "str"
    for name in COLUMNS
}


def note(code: str, *numbers: float | str) -> str:
    """Return a note of `analysis.labels.NOTES` with its numbers: ``boosted_count_not(3)``."""
    told = ",".join(f"{each:g}" if isinstance(each, float) else str(each) for each in numbers)
    return f"{code}({told})" if numbers else code


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an estimator returns: one number with its interval.

    Parameters
    ----------
    value, low, high : float or None
        Point and two-sided interval in ``unit``; None where the data give no such number
        (never NaN). ``high`` is None for an upper limit that is not reached.
    level : float in (0, 1) or None
        Confidence level of the interval; None when there is none.
    n : int
        Patients that entered the number (its denominator).
    n_missing : int
        Patients of the population whose value is unknown. They are inside ``n`` when the missing
        rule counts them (all starters) and outside it when it does not (observed).
    n_events : int or None
        Numerator of a share as far as it was seen; ends of relief, of a time.
    unit, method, status
        Codes, as in the results frame.
    notes : tuple of str
        Notes a reader must see beside the number (`note`).
    """

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
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None and not isfinite(number):
                raise ValueError(f"{name} is {number}; a missing number is None, never NaN")
        if (self.value is None) == (self.status == "estimated"):
            raise ValueError(f"value {self.value} does not go with status {self.status!r}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        if self.n < 0 or self.n_missing < 0:
            raise ValueError("counts cannot be negative")

    @property
    def estimated(self) -> bool:
        """Whether there is a value."""
        return self.status == "estimated"

    def row(self, **keys: Any) -> dict[str, Any]:
        """Return the estimate as a row of the results frame under the keys given."""
        own = vars(self) | {"notes": ";".join(self.notes)}
        return {**own, **keys}


def no_patients(
    *, unit: str, method: str, n_missing: int = 0, notes: tuple[str, ...] = ()
) -> Estimate:
    """Return the result of a question that no patient can answer."""
    return Estimate(
        value=None, n=0, n_missing=n_missing, unit=unit, method=method, status="no patients",
        notes=notes,
    )  # fmt: skip


class Row(NamedTuple):
    """One row of the results frame in plain Python: None where a number is missing."""

    measure: str
    definition: str
    population: str
    condition: str
    group_by: str
    group: str
    visit: str
    threshold_pct: float | None
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    n: int
    n_events: int | None
    n_missing: int
    n_not_due: int
    unit: str
    method: str
    status: Status
    notes: str
    notebook: str

    @property
    def result_id(self) -> str:
        """Name of the row: its keys joined, safe in a URL fragment, other keys another name."""
        pct = self.threshold_pct
        threshold = "" if pct is None else f"ge{float(pct)!r}".removesuffix(".0")
        group = "" if self.group_by == "all" else f"{self.group_by}-{self.group}"
        parts = (self.condition, group, self.measure, self.definition, threshold,
                 self.population, self.visit)  # fmt: skip
        return ".".join(_plain(part) for part in parts if part)


@lru_cache(maxsize=4096)  # the same few thousand words name every row
def _plain(text: str) -> str:
    """Keep letters, digits, hyphen and underscore; write any other character as ~hex~."""
    return "".join(c if c.isalnum() or c in "-_" else f"~{ord(c):x}~" for c in text)


def make_results(
    rows: pd.DataFrame | Iterable[Mapping[str, Any]], **constants: Any
) -> pd.DataFrame:
    """Return rows as a checked results frame.

    Parameters
    ----------
    rows : DataFrame, or mappings such as `Estimate.row` gives
        Columns of ``COLUMNS``; those left out take their default (no interval, nobody missing).
    **constants
        Columns that are the same in every row: ``measure="responder_share"``, ``visit="end"``.

    Returns
    -------
    DataFrame
        ``COLUMNS`` in order; numbers as float, counts as Int64, codes as text.

    Raises
    ------
    InputError
        A column the frame does not know (the nearest is offered) or lacks, an unknown method, note
        or status, a value that does not go with its status, an interval upside down, or the same
        keys twice.
    """
    frame = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows))
    frame = frame.reset_index(drop=True).assign(**constants)
    if not len(frame):  # no rows have no columns of their own
        frame = pd.DataFrame(columns=[*COLUMNS, *frame.columns.difference(COLUMNS)])
    for name in frame.columns:
        if name not in COLUMNS:
            near = suggest(str(name), COLUMNS)
            raise InputError(
                f"results have no column '{name}'.{near} Columns: {', '.join(COLUMNS)}."
            )
    if lacking := [name for name in ("measure", "n", "unit", "method") if name not in frame]:
        raise InputError(
            f"results need the column {lacking[0]}: give it in the frame or as a word."
        )
    given: dict[str, Any] = {}
    for name in COLUMNS:
        column = given[name] = frame[name] if name in frame else _DEFAULTS[name]
        if name not in frame:
            continue
        if isinstance(_DEFAULTS.get(name), (str, int)):  # left out of some of the rows
            given[name] = column.fillna(_DEFAULTS[name])
        elif name in (*_FLOATS, *_COUNTS) and column.dtype == object:
            given[name] = pd.to_numeric(column)
    frame = pd.DataFrame(given, index=frame.index).astype(_DTYPES)
    check_results(frame)
    return frame


def check_results(frame: pd.DataFrame) -> None:
    """Refuse an unknown code, an interval upside down, or a number that stands twice."""
    for name, known, why in (
        ("status", STATUSES, f"is none of {', '.join(STATUSES)}"),
        ("method", METHODS, "is not in analysis.labels.METHODS"),
    ):
        bad = [code not in known for code in frame[name].tolist()]
        _refuse(bad, frame, name, why)
    numbers, counts = frame[_FLOATS].to_numpy(), frame[_COUNTS].to_numpy(float, na_value=0.0)
    value, low, high = (numbers[:, _FLOATS.index(name)] for name in ("value", "low", "high"))
    estimated = np.array([code == "estimated" for code in frame["status"].tolist()], dtype=bool)
    _refuse(np.isnan(value) == estimated, frame, "value", "does not go with its status")
    _refuse(np.isinf(numbers).any(axis=1), frame, "value", "or its interval is infinite")
    _refuse(low > high, frame, "low", "is above high")
    _refuse((counts < 0).any(axis=1), frame, "n", "or another count is below 0")
    for notes in set(frame["notes"].tolist()):
        for each in notes.split(";") if notes else ():
            try:
                note_text(each)
            except (KeyError, IndexError) as error:
                raise InputError(f"results, notes: '{each}' is no note ({error}).") from None
    _refuse_repeated(frame, _keys_of(frame))


def _keys_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the keys of each row; a missing threshold equals another."""
    columns = (frame[name].fillna(-1) if name == "threshold_pct" else frame[name] for name in KEYS)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _refuse_repeated(
    frame: pd.DataFrame, keys: Sequence[tuple[Any, ...]], known: Set[tuple[Any, ...]] = frozenset()
) -> set[tuple[Any, ...]]:
    """Refuse rows whose keys are known or stand twice; return these keys."""
    fresh = set(keys)
    if len(fresh) < len(keys) or not fresh.isdisjoint(known):
        seen, repeated = set(known), []
        for each in keys:
            repeated.append(each in seen)
            seen.add(each)
        _refuse(repeated, frame, "measure", "stands twice under the same keys")
    return fresh


def _refuse(bad: Sequence[bool] | np.ndarray, frame: pd.DataFrame, column: str, why: str) -> None:
    if np.any(bad):
        first = frame[bad].iloc[0]
        keys = ", ".join(
            f"{name} {first[name]}" for name in KEYS if str(first[name]) not in ("", "nan")
        )
        raise InputError(
            f"results, {column}: {first[column]!r} {why} ({np.sum(bad)} rows; first: {keys})."
        )


def find(results: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    """Return the rows whose columns equal all keys; a list, tuple or set means any of its values.

    ``threshold_pct=None`` finds the rows without a threshold.
    """
    return results[_matches(results, keys)]


def _matches(results: pd.DataFrame, keys: Mapping[str, Any]) -> NDArray[np.bool_]:
    kept = np.ones(len(results), dtype=bool)
    for name, want in keys.items():
        column = results[name]
        if want is None:
            kept &= column.isna().to_numpy()
        elif isinstance(want, (list, tuple, set, frozenset)):
            kept &= column.isin(list(want)).to_numpy()
        else:
            kept &= (column == want).to_numpy(dtype=bool, na_value=False)
    return kept


def find_one(results: pd.DataFrame, **keys: Any) -> Row | None:
    """Return the one row that matches, None when there is none; ValueError when several do."""
    found = np.flatnonzero(_matches(results, keys))
    if len(found) > 1:
        raise ValueError(f"{len(found)} rows match {keys}; a result exists once")
    if not len(found):
        return None
    values = (results[name].array[found[0]] for name in COLUMNS)
    plain: list[Any] = [None if pd.isna(v) else v.item() if hasattr(v, "item") else v
                        for v in values]  # fmt: skip
    return Row(*plain)


def find_alike(results: pd.DataFrame, row: Row, **other: Any) -> Row | None:
    """Return the result of the same patients that differs only in the keys given."""
    return find_one(results, **{name: getattr(row, name) for name in KEYS} | other)


def rows_of(results: pd.DataFrame) -> list[Row]:
    """Return the rows of a results frame in plain Python, None where a number is missing."""
    columns = []
    for name in COLUMNS:
        values, missing = results[name].tolist(), results[name].isna().tolist()
        columns.append([None if gone else v for v, gone in zip(values, missing, strict=True)])
    return [Row(*values) for values in zip(*columns, strict=True)]


@dataclass(frozen=True, kw_only=True)
class FigureNote:
    """What goes with a figure file: its stem, what it shows in words, and a caption."""

    figure: str
    name: str
    title: str
    alt: str
    caption: str
    condition: str
    notebook: str


class Results:
    """What one notebook hands on: numbers, figures, tables and sentences.

    Parameters
    ----------
    folder : str or Path
        Results folder; made when absent. A notebook replaces what it wrote there before.
    notebook : str
        Name of the notebook, ``20_responders``.
    condition : str
        The condition it was run for, or ``all``.
    scale_notes : sequence of str
        Notes on the scale that every number in points of the score carries
        (`analysis.adam.study.Study.scale_notes`).

    Examples
    --------
    >>> results = Results("reports/notebooks", "20_responders")
    >>> results.add(rates, measure="responder_share", visit="end", method="wilson", unit="share")
    >>> results.figure(fig, "rates", title="Responders", alt="A dot and an interval ...")
    >>> results.write()
    """

    def __init__(
        self,
        folder: str | Path,
        notebook: str,
        condition: str = "all",
        *,
        scale_notes: Sequence[str] = (),
    ) -> None:
        self.folder = results_folder(folder)
        self.notebook = notebook
        self.condition = condition
        self.scale_notes = ";".join(scale_notes)
        self._frames: list[pd.DataFrame] = []
        self._keys: set[tuple[Any, ...]] = set()
        self._cells: list[tuple[int, int]] = []
        self._figures: list[FigureNote] = []
        self._tables: dict[str, dict[str, Any]] = {}
        self._sentences: list[dict[str, str]] = []
        self.facts: dict[str, Any] = {}

    @property
    def stem(self) -> str:
        """Name that the notebook's files begin with."""
        return f"{self.notebook}.{self.condition}"

    @property
    def frame(self) -> pd.DataFrame:
        """The numbers so far."""
        if not self._frames:
            return make_results(pd.DataFrame(columns=COLUMNS))
        return pd.concat(self._frames, ignore_index=True)

    def add(
        self, rows: pd.DataFrame | Iterable[Mapping[str, Any]], **constants: Any
    ) -> pd.DataFrame:
        """Add numbers (`make_results`) and return them; InputError when one is there already."""
        made = make_results(rows, notebook=self.notebook, **constants)
        if self.scale_notes:
            scored = made["unit"] == "score"
            made.loc[scored, "notes"] = [
                ";".join(filter(None, (one, self.scale_notes))) for one in made.loc[scored, "notes"]
            ]
        self._keys |= _refuse_repeated(made, _keys_of(made), self._keys)
        self._frames.append(made)
        self._cells.append((len(made), _cell_number()))
        return made

    def figure(
        self,
        fig: Figure,
        name: str,
        *,
        title: str,
        alt: str,
        caption: str = "",
        condition: str | None = None,
        show: bool | None = None,
    ) -> None:
        """Keep a matplotlib figure for the report as SVG, and close it.

        The cell of a notebook shows that drawing, with its font in it; a notebook's own display of
        open figures would lay it out and draw it three times more.

        Parameters
        ----------
        fig : matplotlib.figure.Figure
            Any figure; a seaborn grid has one as ``.figure``.
        name : str
            Letters, digits and underscores; with the condition it names the file.
        title, alt, caption : str
            A heading, what it shows for who cannot see it, and what a reader should know.
        condition : str, optional
            Condition it is about; that of the notebook when not given.
        show : bool, optional
            Whether the cell shows it; by default where it is about the notebook's own condition.
        """
        about = condition or self.condition
        stem = f"{self.notebook}.{about}.{name}"
        if not name.replace("_", "").isalnum():
            raise InputError(f"figure '{name}': use letters, digits and underscores only.")
        if any(each.figure == stem for each in self._figures):
            raise InputError(f"figure '{name}' of {about} exists already; give it another name.")
        (self.folder / "figures").mkdir(parents=True, exist_ok=True)
        from matplotlib import pyplot as plt
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        bbox: str | None = "tight"
        if isinstance(engine := fig.get_layout_engine(), ConstrainedLayoutEngine):
            # Everything has its place then, so it need not be drawn once more to be measured.
            engine.execute(fig)
            fig.set_layout_engine(None)
            bbox = None
        picture = self.folder / "figures" / f"{stem}.svg"
        with (
            plt.rc_context(
                {"savefig.bbox": bbox, "svg.hashsalt": "reliefcheck"}
            ),  # the same every time
            replacing(picture) as part,
        ):
            fig.savefig(part, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(fig)
        if _cell_number() and (about == self.condition if show is None else show):
            from IPython.display import HTML, display

            drawing = picture.read_text(encoding="utf-8")
            drawing = drawing.replace("</metadata>", "</metadata>" + _font_faces(), 1)
            data = b64encode(drawing.encode()).decode()
            # JupyterLab shows no SVG of a notebook that somebody else ran, but shows pictures.
            display(HTML(f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'))
        self._figures.append(
            FigureNote(
                figure=stem,
                name=name,
                title=title,
                alt=alt,
                caption=caption,
                condition=about,
                notebook=self.notebook,
            )
        )

    def table(self, frame: pd.DataFrame, name: str, *, title: str) -> None:
        """Keep a table that is not made of results (counts of records, checks) for the report."""
        self._tables[name] = {
            "title": title,
            "columns": [str(column) for column in frame.columns],
            "rows": json.loads(frame.to_json(orient="values", date_format="iso")),
        }

    def sentence(self, text: str, *, name: str, condition: str = "all") -> None:
        """Keep a finding in words, made from the numbers."""
        self._sentences.append({"name": name, "condition": condition, "text": text})

    def write(self) -> Path:
        """Write numbers as Parquet, the rest as JSON beside it, and return the Parquet file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.stem}.parquet"
        with replacing(path) as part:
            self.frame.to_parquet(part, index=False)
        content = {
            "notebook": self.notebook,
            "condition": self.condition,
            "figures": [asdict(each) for each in self._figures],
            "tables": self._tables,
            "sentences": self._sentences,
            "facts": self.facts,
            "cells": self._cells,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
        write_file(path.with_suffix(".json"), text + "\n")
        return path


@lru_cache(maxsize=1)
def _font_faces() -> str:
    """Return the theme's font as a style, which a drawing that is shown by itself needs.

    Text is text in a drawing. A font is taken from a .woff2 file beside the one that matplotlib
    measured with; where there is none, the reader's own fonts serve.
    """
    from matplotlib.font_manager import FontProperties, findfont

    rules = []
    for weight in (400, 700):
        font = FontProperties(weight=weight)
        file = Path(findfont(font)).with_suffix(".woff2")
        if file.is_file():
            data = b64encode(file.read_bytes()).decode()
            rules.append(
                f"@font-face{{font-family:'{font.get_name()}';font-weight:{weight};"
                f"src:url(data:font/woff2;base64,{data})}}"
            )
    return f"<style>{''.join(rules)}</style>" if rules else ""


def _cell_number() -> int:
    """Return the number of the notebook cell that is running, ``In [5]``; 0 outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.execution_count if shell else 0


def read_results(folder: str | Path) -> pd.DataFrame:
    """Return the numbers that all notebooks left in a results folder, in the notebooks' order.

    Raises
    ------
    InputError
        No notebook has written there; the message says which to run.
    """
    root = results_folder(folder)
    files = sorted(path for path in root.glob("*.parquet") if path.with_suffix(".json").is_file())
    if not files:
        raise InputError(
            f"{root} holds no results. Run 20_responders, 30_pain_reduction and "
            "40_relief_duration into it first, or all notebooks with `reliefcheck run`."
        )
    return pd.concat([pd.read_parquet(path) for path in files], ignore_index=True)


def read_extras(folder: str | Path) -> list[dict[str, Any]]:
    """Return figures, tables, sentences and facts of each notebook, in the notebooks' order."""
    root = results_folder(folder)
    files = sorted(path for path in root.glob("*.json") if path.with_suffix(".parquet").is_file())
    return [json.loads(path.read_text(encoding="utf-8")) for path in files]
