"""Write index.html: one file, no network, whole without its script, the same bytes each time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.display import palette
from analysis.display.figures.canvas import dark_rules
from analysis.files import write_whole
from analysis.outcomes.rows import FigureNote
from analysis.report.drawings import figure_svg
from analysis.report.every_number import anchors, what_of
from analysis.report.inputs import ReportInputs
from analysis.report.ledger_page import ledger_groups
from analysis.report.marks import shape
from analysis.report.methods import methods_sentences, settings_lines
from analysis.report.quality import intake_table, make_checks, state_tally
from analysis.report.release_note import release_note
from analysis.report.sections import make_across, make_duration, make_section
from analysis.report.signature import signature_block
from analysis.report.verdicts import (
    claim_key,
    how_to_read,
    make_verdicts,
    patients_text,
    seen_by_visit,
    seen_text,
    tally,
)
from analysis.wording import words
from analysis.wording.dates import date_text, span_text
from analysis.wording.numbers import count_text, estimate_text, interval_text
from analysis.wording.texts import language_in_force, say, say_all, say_pairs

PAGE = "index.html"
FORMS = ("summary.pdf", "report.pdf", "results.xlsx", "results.csv", "claims.csv", "claims.json",
         "results.json")  # fmt: skip
"""Other forms of the report, in the order the page names them."""

LONGEST_ID = 200
"""Letters of a fragment, a figure's name or a link; a group may be named by 10,000."""

SCRIPT = "page.js"
TERMS = {
    "responders": "responder",
    "reduction": "reduction",
    "relief": "relief",
    "missing": "bounds",
    "complete": "observed",
    "who": "quartiles",
    "worse": "baseline",
}
"""The term of the glossary that a heading of a section leads to."""

FONTS = (("400", "ReliefcheckSans-Regular.woff2"), ("700", "ReliefcheckSans-Bold.woff2"))


def write_report(
    run_folder: Path,
    *,
    loaded: ReportInputs,
    context: Mapping[str, Any] | None = None,
    coming: Sequence[str] = (),
) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    run_folder : Path
        Existing folder; ``index.html`` appears in it whole or not at all.
    loaded : ReportInputs
        Everything to print. Any measure may be absent, and unknown ones are listed as they are.
    context : mapping, optional
        Of `report_context`, where it is made already.
    coming : sequence of str
        Forms of `FORMS` that are still being made.

    Returns
    -------
    Path
        The page. It leads to the other forms that lie beside it already or are to come.
    """
    page = run_folder / PAGE
    context = context or report_context(loaded)
    forms = [name for name in FORMS if name in coming or (run_folder / name).is_file()]
    write_whole(page, kept_together(render_page("page.html.j2", **context, forms=forms)))
    return page


def kept_together(text: str) -> str:
    """Return a page on which a number and its percent sign stay on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def render_page(template: str, **context: Any) -> str:
    """Return a template of the suite rendered with everything escaped."""
    return _environment(language_in_force()).get_template(template).render(**context)


@lru_cache(maxsize=4)
def _environment(language: str) -> Environment:
    """Return what renders templates, compiled once a language; the texts are those in force."""
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
        what_of=what_of,
        claim_key=claim_key,
        word=words.word,
        words=words,
        clip=words.plain_text,
        style=_style_values(),
        is_relative=is_relative,
        quote=lambda href: quote(href, errors="replace"),
        quote_part=lambda href: quote(href, safe="/#", errors="replace"),
        synthetic_words=say("page.synthetic"),
        say=say,
        say_all=say_all,
        glossary=say_pairs("glossary"),
        terms=TERMS,
        font_faces=_font_faces(),
        dark_figures=dark_rules(".fig "),
        script=_script(),
        policy=_policy(),
        form="page",
        forms=(),
    )
    return made


@lru_cache(maxsize=1)
def _script() -> Markup:
    """Return the page's one script: it sorts, searches and tells; nothing needs it."""
    folder = Path(__file__).parent / "templates"
    return Markup((folder / SCRIPT).read_text(encoding="utf-8"))


def _policy() -> str:
    """Return what the page may load and run: pictures and fonts within it, and its own script."""
    digest = base64.b64encode(sha256(_script().encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


@lru_cache(maxsize=1)
def _font_faces() -> Markup:
    """Return the suite's font as rules of the style sheet, its files within them."""
    rules = []
    for weight, name in FONTS:
        data = base64.b64encode((palette.FONT_FOLDER / name).read_bytes()).decode("ascii")
        rules.append(
            f"@font-face{{font-family:'{palette.FONT}';font-weight:{weight};font-display:block;"
            f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )
    return Markup("".join(rules))


def is_relative(href: str) -> bool:
    """Return whether a link stays inside the run folder: no scheme, no host, no way up."""
    parts = href.replace("\\", "/").split("/")
    return (
        0 < len(href) <= LONGEST_ID
        and ":" not in href
        and not href.startswith("/")
        and ".." not in parts
    )


def report_context(loaded: ReportInputs) -> dict[str, Any]:
    """Return what the templates print; the same for the page and for paper."""
    codes = loaded.shown_conditions
    sections = [make_section(loaded, code, place=n) for n, code in enumerate(codes, start=1)]
    anchor_of = anchors(loaded)
    return {
        "title": words.plain_text(loaded.title, longest=120),
        "export_name": words.plain_text(loaded.export_name, longest=120),
        "synthetic": loaded.synthetic,
        "facts": _head_lines(loaded),
        "verdicts": make_verdicts(loaded),
        "tally": tally(loaded.headline),
        "how_to_read": how_to_read(),
        "seen": seen_by_visit(loaded),
        "seen_words": seen_text(loaded, "all"),
        "sections": sections,
        "across": make_across(loaded),
        "duration": make_duration(loaded),
        "ledger": ledger_groups(loaded),
        "n_claims": len(loaded.judgements),
        "anchor_of": anchor_of,
        "cell_of": lambda row: loaded.cells.get(loaded.id_of(row)),
        "drawing": _draw_from(loaded.figures),
        "signature": signature_block(loaded.signature),
        "release": release_note(loaded.run),
        "checks": make_checks(loaded),
        "states": state_tally(loaded),
        "intake": intake_table(loaded),
        "methods": methods_sentences(loaded),
        "settings": settings_lines(loaded),
        "references": say_all("references.lines"),
        "inputs": _pairs(loaded.run.get("inputs")),
        "versions": _pairs(loaded.run.get("versions")),
        "commit": str(loaded.run.get("git_commit") or ""),
        "links": loaded.links,
        "labels": loaded.conditions,
        "color": palette.condition_color,
        "dark": lambda code: palette.dark_color(palette.condition_color(code)),
    }


def _draw_from(figures: Path) -> Callable[[FigureNote], Markup]:
    """Return what gives a figure's drawing; each is read once, however many forms print it."""

    @cache
    def drawing(note: FigureNote) -> Markup:
        return figure_svg(figures, note.figure, says=words.plain_text(note.alt, longest=4000))

    return drawing


def _head_lines(loaded: ReportInputs) -> list[tuple[str, str]]:
    lines = [
        (say("facts.data"), words.plain_text(loaded.export_name, longest=120)),
        (say("facts.patients"), patients_text(loaded)),
        (say("facts.dates"), span_text(loaded.fact("first_date"), loaded.fact("last_date"))),
        (say("facts.made"), date_text(loaded.run.get("started"))),
        (say("facts.run"), words.plain_text(str(loaded.run.get("run_id") or ""))),
    ]
    return [(name, text) for name, text in lines if text]


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
    light = {**neutral, **verdicts, "withheld": palette.MUTED}
    return {
        "light": light,
        "dark": {name: palette.dark_color(color) for name, color in light.items()},
    }
