"""report.pdf and summary.pdf: the page model set by typst, tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import RunError
from analysis.files import write_file
from analysis.report import drawings, theme
from analysis.report.inputs import RESULTS

if TYPE_CHECKING:
    from analysis.report.page import Page

PDFS = ("summary.pdf", "report.pdf")

CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""Date of creation, always this, so that the same results give the same bytes."""

LONG_CAPTION = 80
"""Letters from which a caption is printed once."""

_TEMPLATES = Path(__file__).parent / "templates"


def write_pdfs(page: Page, folder: Path) -> None:
    """Write summary.pdf (one page) and report.pdf into a run folder, with its figures.

    Raises
    ------
    RunError
        typst is not installed or could not set the pages; says that the rest of the report is
        there.
    """
    try:
        for name in PDFS:
            write_file(folder / name, _compile(name, page, folder / RESULTS / "figures"))
    except (ImportError, OSError, RuntimeError) as error:
        for name in PDFS:
            (folder / name).unlink(missing_ok=True)
        raise RunError(
            f"report.pdf and summary.pdf could not be made: {error}. Everything else is in "
            f"{folder}, and index.html prints from a browser."
        ) from error


def _compile(name: str, page: Page, figures: Path) -> bytes:
    """Return one PDF; typst sees the templates, the model as JSON, and the figures."""
    import typst

    files: dict[str, bytes | Path] = {
        "main.typ": _TEMPLATES / Path(name).with_suffix(".typ"),
        "common.typ": _TEMPLATES / "common.typ",
        "page.json": _model(page, figures),
    }
    if name == "report.pdf":
        files |= {f"figures/{path.name}": path for path in sorted(figures.glob("*.svg"))}
    how = {"font_paths": [str(theme.FONT_FOLDER)], "timestamp": CREATED}
    try:
        return typst.compile(  # type: ignore[call-overload]  # its stubs lack a dict of files
            files, ignore_system_fonts=True, pdf_standards=["ua-1"], **how
        )
    except typst.TypstError as error:
        # PDF/UA refuses a character that no font can draw; names in an export may have any.
        if "could not be displayed" not in str(error):
            raise
        return typst.compile(files, **how)  # type: ignore[call-overload]


def _model(page: Page, figures: Path) -> bytes:
    content = dict(vars(page))
    del content["numbers"]  # not on paper: results.xlsx has every number
    model: dict[str, Any] = json.loads(json.dumps(content, default=vars))
    _captions_once(model["sections"])
    model["colors"] = theme.VERDICT_COLORS | {
        "ink": theme.INK, "muted": theme.MUTED, "rule": theme.RULE, "band": theme.BAND,
        "edge": theme.BAND_EDGE,
    }  # fmt: skip
    model["condition_colors"] = {s.code: theme.condition_color(s.code) for s in page.sections}
    model["figures_drawn"] = [path.name for path in figures.glob("*.svg")]
    model["shapes"] = drawings.shapes()
    return json.dumps(model, ensure_ascii=False).encode("utf-8", "replace")


def _captions_once(sections: list[dict[str, Any]]) -> None:
    """Print a caption in full at the first figure of its kind, and lead back to that one after.

    A section's open figures are led back together: their ``guide`` names where to look.
    """
    first: dict[str, str] = {}
    for section in sections:
        section["guide"] = ""
        for figure in section["figures"]:
            if figure["caption"] in first:
                section["guide"] = first[figure["caption"]]
                figure["caption"] = ""
            elif figure["caption"]:
                first[figure["caption"]] = section["title"]
    folded = [
        (section, figure)
        for section in sections
        for topic in section["topics"]
        for figure in topic["figures"]
    ]
    for section, figure in folded:
        caption = figure["caption"]
        if caption in first:
            figure["caption"] = f"Read like the figure under {first[caption]}."
        elif len(caption) >= LONG_CAPTION:
            first[caption] = section["title"]
