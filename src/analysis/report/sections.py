"""Sections by condition: who the patients are, then tables, figures and every number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.display.figures.labels import group_word
from analysis.outcomes.rows import FigureNote, ResultRow, find_rows
from analysis.report.condition_tables import (
    MAIN_POPULATION,
    further_tables,
    in_order,
    outcome_tables,
    overview_tables,
)
from analysis.report.inputs import ALL, NotebookLink, ReportInputs
from analysis.report.tables import TableView
from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text

LOSSES = frozenset(
    ["never_treated", "baseline_zero", "baseline_below_minimum", "no_baseline_rating", "not_rated"]
)
"""Steps that count who leaves; a loss of nobody is not drawn (its number is in the list)."""


IN_NOTEBOOKS = ("incidence", "swimmer", "parametric_check", "boosters", "series")
"""Finer figures on relief: once for all patients on the page, per condition in the notebooks."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A step from file to analysis: patients left, or patients who leave (``is_loss``)."""

    step: str
    count: str
    is_loss: bool


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page says about one condition, or about all of them."""

    code: str
    anchor: str
    label: str
    lead: str
    flow: tuple[Flow, ...]
    sentences: tuple[str, ...]
    outcomes: tuple[TableView, ...]
    further: tuple[TableView, ...]
    figures: tuple[FigureNote, ...]
    rows: tuple[ResultRow, ...]
    failures: tuple[NotebookLink, ...]
    links: tuple[NotebookLink, ...]


def make_section(inputs: ReportInputs, code: str, *, place: int) -> Section:
    """Return the section of one condition."""
    rows = find_rows(inputs.rows, condition=code)
    return _section(
        inputs,
        code,
        f"condition-{place}",
        outcomes=outcome_tables(inputs, rows),
        further=further_tables(inputs, rows),
        lead=_lead(rows),
    )


def make_overview(inputs: ReportInputs) -> Section:
    """Return the section across conditions."""
    return _section(inputs, ALL, "across", outcomes=overview_tables(inputs), further=(), lead="")


def _section(
    inputs: ReportInputs,
    code: str,
    anchor: str,
    *,
    outcomes: Sequence[TableView],
    further: Sequence[TableView],
    lead: str,
) -> Section:
    rows = find_rows(inputs.rows, condition=code)
    links = [link for link in inputs.links if link.condition == code]
    return Section(
        code=code,
        anchor=anchor,
        label=words.condition_word(code, inputs.conditions),
        lead=lead,
        flow=_flow(rows),
        sentences=tuple(s.text for s in inputs.sentences if s.condition == code),
        outcomes=tuple(outcomes),
        further=tuple(further),
        figures=figures_shown(inputs, code),
        rows=tuple(rows),
        failures=tuple(link for link in links if link.error),
        links=tuple(link for link in links if not link.error),
    )


def _flow(rows: Sequence[ResultRow]) -> tuple[Flow, ...]:
    steps = in_order(find_rows(rows, measure="patients", group_by=ALL))
    return tuple(
        Flow(
            step=words.word(words.DEFINITIONS, row.definition),
            count=estimate_text(row),
            is_loss=row.definition in LOSSES,
        )
        for row in steps
        if row.value or row.definition not in LOSSES
    )


def _lead(rows: Sequence[ResultRow]) -> str:
    """Return who they are: how many started, and how many of each subtype where it is known."""
    said = []
    for step in ("started", "eligible"):
        found = find_rows(rows, measure="patients", definition=step, group_by=ALL)
        told = words.word(words.DEFINITIONS, step)
        said += [f"{estimate_text(row)} patients {told}." for row in found[:1]]
    sizes: dict[str, str] = {}
    for row in rows:
        whole = row.measure == "patients" and row.definition == "started"
        if row.group_by == "subtype" and (whole or row.population == MAIN_POPULATION):
            sizes.setdefault(group_word(row), count_text(row.value if whole else row.n))
    if sizes:
        listed = ", ".join(f"{name} {n}" for name, n in sizes.items())
        said.append(f"Subtypes (patients counted): {listed}.")
    return " ".join(said)


def figures_shown(inputs: ReportInputs, code: str) -> tuple[FigureNote, ...]:
    """Return the figures of a condition for the page; the finer ones stay in its notebooks.

    Across conditions all are shown once.
    """
    own = [note for note in inputs.figure_notes if note.condition == code]
    if code == ALL:
        return tuple(own)
    return tuple(note for note in own if note.figure.rpartition(".")[2] not in IN_NOTEBOOKS)
