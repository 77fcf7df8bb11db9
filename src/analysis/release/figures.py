"""Figures of a release: drawn again from the released rows.

Only figures that are drawn from rows are made. Those drawn from patients (every patient's
reduction, every patient's course, curves by the day) never leave the clinic: in sorted bars of a
small group a reader finds himself, and at any size the worst outcome is one person's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from analysis.claims.claim import Claim
from analysis.claims.judgement import Judgement
from analysis.display.exhibits import (
    SHOWN_THRESHOLDS_PCT,
    Exhibit,
    show_cumulative,
    show_rates,
    show_reductions,
    show_subgroups,
    show_trajectory,
    show_verdicts,
)
from analysis.display.figures import save_figure
from analysis.outcomes.rows import FigureNote, ResultRow, find_rows

NOTEBOOK = "release"
_CODE = re.compile(r"[a-z0-9_]{1,40}")


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
    for number, condition in enumerate(dict.fromkeys(row.condition for row in rows), start=1):
        own = find_rows(rows, condition=condition)
        for exhibit in _of_condition(own, condition, claims, labels, visit):
            notes.append(_keep(exhibit, condition, folder, number=number))
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
    if curves := _curves(rows, visit):
        yield show_cumulative(curves, **at_visit)  # type: ignore[arg-type]
    rates = find_rows(rows, **drawn[0][0], population="all_starters")
    if any(row.group_by != "all" for row in rates):
        yield show_subgroups(rates, **at_visit)  # type: ignore[arg-type]


def _curves(rows: Sequence[ResultRow], visit: str) -> list[ResultRow]:
    """Return the cumulative curves that are left as curves: printed at both usual thresholds."""
    points = find_rows(rows, measure="cumulative_responder_share", visit=visit, group_by="all")
    told: dict[str, set[float | None]] = {}
    for row in points:
        told.setdefault(row.population, set()).add(row.threshold_pct)
    return [row for row in points if told[row.population] >= {*SHOWN_THRESHOLDS_PCT}]


def _keep(exhibit: Exhibit, condition: str, folder: Path, *, number: int = 0) -> FigureNote:
    # A condition may be any text of an export; a file's name may not.
    code = condition if _CODE.fullmatch(condition) else f"condition-{number}"
    stem = f"{NOTEBOOK}.{code}.{exhibit.name}"
    save_figure(exhibit.figure, folder, stem)
    return FigureNote(
        figure=stem,
        condition=condition,
        title=exhibit.title,
        alt=exhibit.alt,
        caption=exhibit.caption,
        notebook=NOTEBOOK,
    )
