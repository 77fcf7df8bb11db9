"""Write index.html: one file, no network, no script, the same bytes from the same inputs."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.display import palette
from analysis.outcomes.rows import ResultRow
from analysis.report.inputs import ReportInputs
from analysis.report.marks import shape
from analysis.report.methods import GLOSSARY, REFERENCES, methods_sentences, settings_lines
from analysis.report.quality import intake_table, make_checks, state_tally
from analysis.report.sections import make_overview, make_section
from analysis.report.tables import response_word
from analysis.report.verdicts import HOW_TO_READ, make_verdicts, patients_text, seen_text, tally
from analysis.wording import words
from analysis.wording.numbers import (
    count_text,
    estimate_text,
    interval_text,
    level_text,
)

PAGE = "index.html"
LONGEST_ID = 200
"""Letters of a fragment, a figure's name or a link; a group may be named by 10,000."""

SYNTHETIC = "Synthetic data: these patients do not exist"


def write_report(run_folder: Path, *, loaded: ReportInputs) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    run_folder : Path
        Existing folder; ``index.html`` appears in it whole or not at all.
    loaded : ReportInputs
        Everything to print. Any measure may be absent, and unknown ones are listed as they are.

    Returns
    -------
    Path
        The page.
    """
    page = run_folder / PAGE
    text = render_page("page.html.j2", **_context(loaded))
    write_whole(page, text)
    return page


def render_page(template: str, **context: Any) -> str:
    """Return a template of the suite rendered with everything escaped."""
    return _environment().get_template(template).render(**context)


def write_whole(path: Path, text: str) -> None:
    """Write a text file beside its place and move it there."""
    # Lone surrogates from a broken export cannot be written; they become question marks.
    content = text.encode("utf-8", "replace")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
        part.write(content)
    whole = Path(part.name)
    whole.chmod(0o666 & ~_umask())
    whole.replace(path)


def _umask() -> int:
    """Return the process's mask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        shape=shape,
        estimate_text=estimate_text,
        interval_text=interval_text,
        count_text=count_text,
        row_line=_row_line,
        word=words.word,
        words=words,
        clip=words.plain_text,
        style=_style_values(),
        is_relative=is_relative,
        quote=lambda href: quote(href, errors="replace"),
        synthetic_words=SYNTHETIC,
    )
    return made


def is_relative(href: str) -> bool:
    """Return whether a link stays inside the run folder: no scheme, no host, no way up."""
    parts = href.replace("\\", "/").split("/")
    return (
        0 < len(href) <= LONGEST_ID
        and ":" not in href
        and not href.startswith("/")
        and ".." not in parts
    )


def _context(loaded: ReportInputs) -> dict[str, Any]:
    codes = loaded.shown_conditions
    sections = [make_section(loaded, code, place=n) for n, code in enumerate(codes, start=1)]
    return {
        "title": words.plain_text(loaded.title, longest=120),
        "export_name": words.plain_text(loaded.export_name, longest=120),
        "synthetic": loaded.synthetic,
        "facts": _head_lines(loaded),
        "verdicts": make_verdicts(loaded),
        "tally": tally(loaded),
        "how_to_read": HOW_TO_READ,
        "seen": seen_text(loaded, "all"),
        "sections": sections,
        "overview": make_overview(loaded),
        "anchor_of": _anchors(loaded.rows),
        "image": lambda stem: _image(loaded.figures, stem),
        "checks": make_checks(loaded),
        "states": state_tally(loaded),
        "intake": intake_table(loaded),
        "methods": methods_sentences(loaded),
        "settings": settings_lines(loaded),
        "references": REFERENCES,
        "glossary": GLOSSARY,
        "inputs": _pairs(loaded.run.get("inputs")),
        "versions": _pairs(loaded.run.get("versions")),
        "commit": str(loaded.run.get("git_commit") or ""),
        "links": loaded.links,
        "labels": loaded.conditions,
        "color": palette.condition_color,
        "dark": lambda code: palette.dark_color(palette.condition_color(code)),
    }


def _head_lines(loaded: ReportInputs) -> list[tuple[str, str]]:
    first, last = (_day(loaded.fact(name)) for name in ("first_date", "last_date"))
    lines = [
        ("Data", words.plain_text(loaded.export_name, longest=120)),
        ("Patients", patients_text(loaded)),
        ("Dates", f"{first} to {last}" if first and last else first or last),
        ("Seen", seen_text(loaded, "all")),
        ("Report made", _day(loaded.run.get("started"))),
    ]
    return [(name, text) for name, text in lines if text]


def _day(value: object) -> str:
    """Return "January 3, 2024"; the text as it is where it is no date."""
    if not value:
        return ""
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    except ValueError:
        return words.plain_text(str(value))
    return f"{day:%B} {day.day}, {day.year}"


def _anchors(rows: Sequence[ResultRow]) -> Callable[[ResultRow], str]:
    """Return what tells a row's fragment; of rows with one name only the first has it."""
    taken: dict[str, int] = {}
    for row in rows:
        taken.setdefault(row.result_id[:LONGEST_ID], id(row))

    def anchor_of(row: ResultRow) -> str:
        name = row.result_id[:LONGEST_ID]
        return f"r-{name}" if taken.get(name) == id(row) else ""

    return anchor_of


def _row_line(row: ResultRow) -> dict[str, str]:
    """Return a row in words, for the list of all numbers."""
    group = "" if row.group_by == "all" else (
        f"{words.word(words.GROUPINGS, row.group_by)}: {words.word(words.GROUPS, row.group)}"
    )  # fmt: skip
    parts = (response_word(row), group, words.word(words.POPULATIONS_SHORT, row.population),
             words.visit_word(row.visit))  # fmt: skip
    return {
        "measure": words.word(words.MEASURES, row.measure),
        "what": ", ".join(part for part in parts if part),
        "level": level_text(row.level),
        "notes": " ".join([f"{row.method}.", *row.warnings]) if row.method else "",
    }


def _image(folder: Path, stem: str) -> str:
    """Return a figure as a data address; empty when the folder holds no such file."""
    path = folder / f"{stem}.svg"
    if len(stem) > LONGEST_ID or Path(stem).name != stem or not path.is_file():
        return ""
    return f"data:image/svg+xml;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _pairs(found: object) -> list[tuple[str, str]]:
    """Return a mapping of run.json as sorted pairs of text; file paths keep only their name."""
    if not isinstance(found, Mapping):
        return []
    return sorted(
        (
            words.plain_text(Path(str(key)).name or str(key)),
            words.plain_text(str(value), longest=80),
        )
        for key, value in found.items()
    )


def _style_values() -> dict[str, Any]:
    """Return the palette for the style sheet, light and dark."""
    neutral = {"ink": palette.INK, "muted": palette.MUTED, "rule": palette.RULE,
               "paper": palette.PAPER, "band": palette.BAND, "edge": palette.BAND_EDGE}  # fmt: skip
    verdicts = {name.replace(" ", "-"): color for name, color in palette.VERDICT_COLORS.items()}
    light = {**neutral, **verdicts}
    return {
        "light": light,
        "dark": {name: palette.dark_color(color) for name, color in light.items()},
    }
