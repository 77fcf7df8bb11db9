"""Figures of a release: drawn again from the released rows.

Only figures that are drawn from rows are made. Those drawn from patients (every patient's
reduction, every patient's course, curves by the day) never leave the clinic: in sorted bars of a
small group a reader finds himself, and at any size the worst outcome is one person's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from analysis.claims.claim import Claim
from analysis.claims.judgement import Judgement
from analysis.display.exhibits import (
    Exhibit,
    show_cumulative,
    show_rates,
    show_reductions,
    show_trajectory,
    show_verdicts,
)
from analysis.display.figures import save_figure
from analysis.outcomes.rows import FigureNote, ResultRow, find_rows

NOTEBOOK = "release"


def draw_figures(
    rows: Sequence[ResultRow],
    judgements: Sequence[Judgement],
    *,
    claims: Sequence[Claim],
    labels: Mapping[str, str],
    visit: str,
    folder: Path,
) -> tuple[FigureNote, ...]:
    """Draw what released rows hold, as SVG and PNG, and return the notes that go with it."""
    notes = []
    for condition in dict.fromkeys(row.condition for row in rows):
        own = find_rows(rows, condition=condition)
        for exhibit in _of_condition(own, condition, claims, labels, visit):
            notes.append(_keep(exhibit, condition, folder))
    headline = [each for each in judgements if each.headline]
    if headline:
        notes.append(_keep(show_verdicts(headline, labels=labels), "all", folder))
    return tuple(notes)


def _of_condition(
    rows: Sequence[ResultRow],
    condition: str,
    claims: Sequence[Claim],
    labels: Mapping[str, str],
    visit: str,
) -> Iterator[Exhibit]:
    at_visit = {"condition": condition, "visit": visit, "labels": labels}
    drawn: list[tuple[dict[str, str], Callable[[], Exhibit]]] = [
        (
            {"measure": "responder_share", "definition": "percent_reduction", "visit": visit},
            lambda: show_rates(rows, **at_visit, claims=claims),  # type: ignore[arg-type]
        ),
        (
            {"measure": "cumulative_responder_share", "visit": visit},
            lambda: show_cumulative(rows, **at_visit),  # type: ignore[arg-type]
        ),
        (
            {"measure": "percent_reduction", "population": "observed", "visit": visit},
            lambda: show_reductions(rows, **at_visit, claims=claims),  # type: ignore[arg-type]
        ),
        (
            {"measure": "score_mean"},
            lambda: show_trajectory(rows, condition=condition, labels=labels),
        ),
    ]
    for keys, show in drawn:
        if find_rows(rows, **keys, group_by="all"):
            yield show()


def _keep(exhibit: Exhibit, condition: str, folder: Path) -> FigureNote:
    stem = f"{NOTEBOOK}.{condition}.{exhibit.name}"
    save_figure(exhibit.figure, folder, stem)
    return FigureNote(
        figure=stem,
        condition=condition,
        title=exhibit.title,
        alt=exhibit.alt,
        caption=exhibit.caption,
        notebook=NOTEBOOK,
    )
