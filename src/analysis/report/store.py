"""Where notebooks leave their results: one JSON file a notebook and condition, figures beside it.

The claims notebook, the summary and the report read these files and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from analysis.claims.judgement import Judgement
from analysis.claims.records import (
    SCHEMA,
    judgement_of,
    record_of,
    schema_text,
)
from analysis.claims.records import (
    frame_of_judgements as frame_of_judgements,
)
from analysis.display.exhibits import Exhibit
from analysis.display.figures import ShownFigure, save_figure, show_figure
from analysis.errors import InputError
from analysis.files import write_whole
from analysis.outcomes.rows import (
    Check,
    FigureNote,
    NotebookResults,
    ResultRow,
    Sentence,
    record_of_row,
    row_from_record,
)
from analysis.places import out_path

RESULTS, FIGURES = "results", "figures"
CLAIMS = "claims.json"


@dataclass
class Album:
    """The figures of one notebook: shown where they are made, kept for the report."""

    notebook: str
    condition: str
    exhibits: list[Exhibit] = field(default_factory=list)
    shown: list[ShownFigure] = field(default_factory=list)

    def show(self, exhibit: Exhibit) -> ShownFigure:
        """Keep an exhibit and return it as a cell shows it."""
        self.exhibits.append(exhibit)
        self.shown.append(show_figure(exhibit.figure, exhibit.alt))
        return self.shown[-1]

    def stem(self, exhibit: Exhibit) -> str:
        """Return the file name of an exhibit, without its ending."""
        return f"{self.notebook}.{self.condition}.{exhibit.name}"


def write_results(
    folder: str | Path,
    *,
    notebook: str,
    condition: str,
    rows: Sequence[ResultRow] = (),
    checks: Sequence[Check] = (),
    sentences: Sequence[Sentence] = (),
    facts: dict[str, Any] | None = None,
    album: Album | None = None,
) -> Path:
    """Write what a notebook hands on.

    Parameters
    ----------
    folder : str or Path
        Results folder of the run; made when absent.
    notebook, condition : str
        Whose results they are; a second write replaces the first.
    rows, checks, sentences, facts, album
        The results; figures of the album are written as SVG and PNG.

    Returns
    -------
    Path
        The JSON file.
    """
    root = out_path(str(folder))
    notes = []
    for exhibit, shown in zip(album.exhibits, album.shown, strict=True) if album else ():
        assert album is not None
        save_figure(exhibit.figure, root / FIGURES, album.stem(exhibit), drawn=shown.drawn)
        notes.append(
            FigureNote(
                figure=album.stem(exhibit),
                condition=condition,
                title=exhibit.title,
                alt=exhibit.alt,
                caption=exhibit.caption,
                notebook=notebook,
            )
        )
    owned = [
        record_of_row(row) | {"notebook": notebook, "result_id": row.result_id} for row in rows
    ]
    content = {
        "notebook": notebook,
        "condition": condition,
        "rows": owned,
        "checks": [asdict(check) for check in checks],
        "sentences": [asdict(sentence) for sentence in sentences],
        "figures": [asdict(note) for note in notes],
        "facts": facts or {},
    }
    return write_json(root / RESULTS / f"{notebook}.{condition}.json", content)


def write_json(path: Path, content: Any) -> Path:
    """Write JSON whole or not at all; NaN is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return write_whole(path, text + "\n")


def load_results(folder: str | Path) -> tuple[NotebookResults, ...]:
    """Read the results of every notebook in a folder, in the order of their names.

    Raises
    ------
    InputError
        A file that is not what `write_results` writes.
    """
    return tuple(_load_one(path) for path in sorted((Path(folder) / RESULTS).glob("*.json")))


def _load_one(path: Path) -> NotebookResults:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return NotebookResults(
            notebook=content["notebook"],
            condition=content["condition"],
            rows=tuple(row_from_record(record) for record in content["rows"]),
            checks=tuple(Check(**record) for record in content["checks"]),
            sentences=tuple(Sentence(**record) for record in content["sentences"]),
            figures=tuple(FigureNote(**record) for record in content["figures"]),
            facts=content["facts"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path.name} is no results file of the suite ({error}).") from None


def rows_of(results: Sequence[NotebookResults]) -> list[ResultRow]:
    """Return the rows of all notebooks."""
    return [row for result in results for row in result.rows]


def write_judgements(folder: str | Path, judgements: Sequence[Judgement]) -> Path:
    """Write the judgements of a run as JSON, with the JSON Schema they fit beside them."""
    root = out_path(str(folder))
    path = write_json(root / CLAIMS, [record_of(judgement) for judgement in judgements])
    (root / SCHEMA).write_text(schema_text(), encoding="utf-8")
    return path


def load_judgements(folder: str | Path) -> tuple[Judgement, ...]:
    """Read the judgements of a run; empty when there are none yet.

    Raises
    ------
    InputError
        A file that is not what `write_judgements` writes.
    """
    path = Path(folder) / CLAIMS
    if not path.exists():
        return ()
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        return tuple(judgement_of(record) for record in records)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path.name} holds no judgements of the suite ({error}).") from None
