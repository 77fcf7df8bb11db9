"""Sections of the page: one a condition, one across them, one on how long relief lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analysis.claims.judgement import Judgement
from analysis.outcomes.rows import FigureNote, ResultRow, find_rows
from analysis.report import condition_tables as tables
from analysis.report.every_number import RowGroup, group_rows
from analysis.report.flow import Flow, patient_flow
from analysis.report.inputs import ALL, NotebookLink, ReportInputs
from analysis.report.overview_tables import outcomes_across, relief_across
from analysis.report.tables import TableView
from analysis.report.who import who_they_are
from analysis.wording import words

RELIEF_MEASURES = frozenset(
    ["relief_duration", "relieved_share", "at_risk", "relief_duration_even_spread",
     "relief_quartile", "relief_mean", "relief_duration_by_definition", "km_relief_duration",
     "km_relieved_share", "cumulative_incidence", "log_rank", "parametric_median",
     "conditional_share", "time_ratio", "booster_count", "booster_gap", "series_relief",
     "series_time_ratio"]
)  # fmt: skip
"""Measures of the duration page; across conditions they stand there and not twice."""

TOPICS_OF_FIGURES = {
    "rates": "responders",
    "responders": "responders",
    "cumulative": "responders",
    "waterfall": "responders",
    "reductions": "reduction",
    "trajectory": "reduction",
    "subgroups": "subgroups",
    "relief": "relief",
    "interval_relief": "relief",
    "strategies": "relief",
    "incidence": "relief",
    "swimmer": "relief",
    "parametric_check": "relief",
    "boosters": "relief",
    "series": "relief",
}
"""Where a figure stands, by the last part of its name; any other is a further figure."""

IN_NOTEBOOKS = ("incidence", "swimmer", "parametric_check", "boosters", "series")
"""Finer figures on relief: once for all patients on the page, per condition in the notebooks."""

ON_FIRST_PAGE = ("verdicts",)
"""Figures whose content the first page draws itself."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A heading of a section with its tables and figures; ``flow`` is drawn before them."""

    key: str
    tables: tuple[TableView, ...] = ()
    figures: tuple[FigureNote, ...] = ()
    flow: Flow | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page says about one condition, or about all of them."""

    code: str
    anchor: str
    label: str
    sentences: tuple[str, ...]
    topics: tuple[Topic, ...]
    groups: tuple[RowGroup, ...]
    n_rows: int
    failures: tuple[NotebookLink, ...]
    links: tuple[NotebookLink, ...]
    claims: tuple[Judgement, ...] = ()


def make_section(inputs: ReportInputs, code: str, *, place: int) -> Section:
    """Return the section of one condition."""
    rows = find_rows(inputs.rows, condition=code)
    claims = tuple(each for each in inputs.headline if each.condition == code)
    made: dict[str, list[TableView | None]] = {
        "who": [who_they_are(rows)],
        "complete": [tables.completeness(rows)],
        "responders": [tables.responders(inputs, rows), tables.by_visit(rows)],
        "reduction": [tables.reductions(inputs, rows)],
        "worse": [tables.worse_beside_better(inputs, rows)],
        "subgroups": [*tables.subgroups(inputs, rows)],
        "relief": [tables.relief_medians(inputs, rows), tables.relief_shares(rows)],
        "missing": [tables.bounds(inputs, rows)],
    }
    told = {"missing": [each.tipping.sentence for each in claims if each.tipping]}
    figures = _by_topic(_notes(inputs, code, lambda name: name not in IN_NOTEBOOKS))
    order = ["flow", *made, "further"]
    topics = [
        Topic(
            key=key,
            tables=tuple(table for table in made.get(key, ()) if table),
            figures=tuple(figures.get(key, ())),
            flow=patient_flow(rows) if key == "flow" else None,
            told=tuple(told.get(key, ())),
        )
        for key in order
    ]
    return _section(inputs, code, f"condition-{place}", topics=topics, rows=rows, claims=claims)


def make_across(inputs: ReportInputs) -> Section:
    """Return the section across conditions, without how long relief lasts."""
    rows = [row for row in find_rows(inputs.rows, condition=ALL)
            if row.measure not in RELIEF_MEASURES]  # fmt: skip
    notes = _by_topic(_notes(inputs, ALL, lambda name: name not in ON_FIRST_PAGE))
    topics = [
        Topic(key="flow", flow=patient_flow(rows)),
        Topic(key="who", tables=tuple(table for table in [who_they_are(rows)] if table)),
        Topic(key="responders", tables=tuple(outcomes_across(inputs)),
              figures=tuple(notes.get("responders", ()))),
        Topic(key="reduction", figures=tuple(notes.get("reduction", ()))),
        Topic(key="subgroups", figures=tuple(notes.get("subgroups", ()))),
        Topic(key="further", figures=tuple(notes.get("further", ()))),
    ]  # fmt: skip
    return _section(inputs, ALL, "across", topics=topics, rows=rows)


def make_duration(inputs: ReportInputs) -> Section:
    """Return the section on how long relief lasts: all conditions together, then side by side."""
    rows = [row for row in find_rows(inputs.rows, condition=ALL) if row.measure in RELIEF_MEASURES]
    notes = _by_topic(_notes(inputs, ALL, lambda name: True)).get("relief", [])
    own = [tables.relief_medians(inputs, rows), tables.relief_shares(rows)]
    every = [*relief_across(inputs), *(table for table in own if table)]
    topic = Topic(key="relief", tables=tuple(every), figures=tuple(notes))
    return _section(inputs, ALL, "duration", topics=[topic], rows=rows, with_sentences=False)


def _section(
    inputs: ReportInputs,
    code: str,
    anchor: str,
    *,
    topics: Sequence[Topic],
    rows: Sequence[ResultRow],
    claims: tuple[Judgement, ...] = (),
    with_sentences: bool = True,
) -> Section:
    links = [link for link in inputs.links if link.condition == code]
    if code == ALL:
        is_relief = anchor == "duration"
        links = [link for link in links if link.name.startswith("40") == is_relief]
    told = [each for each in inputs.sentences if each.condition == code]
    shown = [each for each in told if not each.name.startswith("claim_")]
    return Section(
        code=code,
        anchor=anchor,
        label=words.condition_word(code, inputs.conditions),
        sentences=tuple(each.text for each in shown) if with_sentences else (),
        topics=tuple(t for t in topics if t.tables or t.figures or t.flow or t.told),
        groups=tuple(group_rows(rows)),
        n_rows=len(rows),
        failures=tuple(link for link in links if link.error),
        links=tuple(link for link in links if not link.error),
        claims=claims,
    )


def _notes(
    inputs: ReportInputs, code: str, is_shown: Callable[[str], bool]
) -> Iterable[FigureNote]:
    return (
        note for note in inputs.figure_notes if note.condition == code and is_shown(_last(note))
    )


def _by_topic(notes: Iterable[FigureNote]) -> dict[str, list[FigureNote]]:
    found: dict[str, list[FigureNote]] = {}
    for note in notes:
        found.setdefault(TOPICS_OF_FIGURES.get(_last(note), "further"), []).append(note)
    return found


def _last(note: FigureNote) -> str:
    return note.figure.rpartition(".")[2]
