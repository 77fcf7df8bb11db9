"""Everything the report reads, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from analysis.claims.judgement import Judgement
from analysis.outcomes.rows import Check, FigureNote, NotebookResults, ResultRow, Sentence
from analysis.report.trace import CellLink
from analysis.settings import AnalysisSettings

ALL = "all"


class NotebookLink(NamedTuple):
    """An executed notebook: its name, condition, page relative to the run folder, and error."""

    name: str
    condition: str
    href: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """What the report is made from.

    Parameters
    ----------
    title, export_name : str
        Headline, and what the data are called.
    synthetic : bool
        True when the patients do not exist; a banner then says so.
    run : dict
        From run.json: ``started``, ``settings`` (name to value), ``inputs`` (file to SHA-256),
        ``versions`` (package to version), ``git_commit``; all may be absent.
    results : tuple of NotebookResults
        Rows, checks, sentences and figure notes of every notebook. Of ``facts`` the report reads
        ``first_date`` and ``last_date`` (ISO dates) and ``intake`` (a list of records with the
        fields of `analysis.sources.intake.Intake`).
    judgements : tuple of Judgement
        In the order to print.
    conditions : mapping of str to str
        Condition labels by code, in the order to print.
    notebooks : tuple of NotebookLink
        Executed notebooks; plain tuples (name, condition, href, error) do as well.
    figures : Path
        Folder with ``<figure stem>.svg``.
    cells : mapping of str to CellLink
        By ``result_id``, the cell of the executed notebook that shows the row or made it.
    signature : mapping or None
        Sign-off as `analysis.report.signoff.signoff_view` tells it; None when nobody signed.
    """

    title: str
    export_name: str
    synthetic: bool
    run: Mapping[str, Any]
    results: tuple[NotebookResults, ...]
    judgements: tuple[Judgement, ...]
    conditions: Mapping[str, str]
    notebooks: tuple[NotebookLink | tuple[str, str, str, str], ...] = ()
    figures: Path = field(default=Path())
    cells: Mapping[str, CellLink] = field(default_factory=dict)
    signature: Mapping[str, Any] | None = None

    @cached_property
    def rows(self) -> list[ResultRow]:
        """Result rows of all notebooks."""
        return [row for result in self.results for row in result.rows]

    @cached_property
    def _ids(self) -> dict[int, str]:
        return {id(row): row.result_id for row in self.rows}

    def id_of(self, row: ResultRow) -> str:
        """Return the ``result_id`` of one of these rows; made once, since it is asked for often."""
        return self._ids.get(id(row)) or row.result_id

    @cached_property
    def _named(self) -> dict[str, ResultRow]:
        named: dict[str, ResultRow] = {}
        for row in self.rows:
            named.setdefault(self.id_of(row), row)
        return named

    def row_named(self, result_id: str) -> ResultRow | None:
        """Return the first row of that name, None when there is none."""
        return self._named.get(result_id)

    @cached_property
    def headline(self) -> tuple[Judgement, ...]:
        """Judgements of the first page."""
        return tuple(each for each in self.judgements if each.headline)

    @property
    def checks(self) -> list[Check]:
        """Checks of all notebooks, each said once however many notebooks ran it."""
        return list(dict.fromkeys(check for result in self.results for check in result.checks))

    @property
    def sentences(self) -> list[Sentence]:
        """Sentences of all notebooks."""
        return [sentence for result in self.results for sentence in result.sentences]

    @property
    def figure_notes(self) -> list[FigureNote]:
        """Notes on the figures of all notebooks."""
        return [note for result in self.results for note in result.figures]

    @property
    def links(self) -> list[NotebookLink]:
        """Executed notebooks."""
        return [NotebookLink(*link) for link in self.notebooks]

    def fact(self, name: str) -> Any:
        """Return the first fact of that name, None when no notebook states it."""
        return next((r.facts[name] for r in self.results if r.facts.get(name) is not None), None)

    def setting(self, name: str) -> Any:
        """Return a setting in force, or its default where run.json does not say."""
        stated = (self.run.get("settings") or {}).get(name)
        return AnalysisSettings.model_fields[name].default if stated is None else stated

    @property
    def shown_conditions(self) -> list[str]:
        """Codes with a row or a figure: known ones in their order, then the others.

        A sentence alone (a claim on a condition the export has not) makes no section.
        """
        named = [row.condition for row in self.rows]
        named += [note.condition for note in self.figure_notes]
        found = dict.fromkeys(named)
        known = [code for code in self.conditions if code in found]
        return known + [code for code in found if code not in self.conditions and code != ALL]
