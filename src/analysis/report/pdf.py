"""report.pdf and summary.pdf: the same templates on paper, tagged, the same bytes each time.

WeasyPrint lays the pages out. It draws text with Pango, a library of the system, so it is imported
only here, and a machine without Pango gets a sentence instead of the two files.
"""

from __future__ import annotations

import base64
import gc
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from analysis.display import palette
from analysis.errors import RunError
from analysis.files import write_whole
from analysis.report.html import FONTS, kept_together, render_page
from analysis.report.paper import captions_once, column_widths
from analysis.report.paper_drawings import Paper, as_images
from analysis.report.paper_ledger import one_source, paper_groups, told_of
from analysis.report.paper_tables import for_paper
from analysis.report.pdf_drawings import Drawing
from analysis.report.pdf_styles import lean
from analysis.report.pdf_words import Pen
from analysis.report.pdf_write import one_pass

REPORT, SUMMARY = "report.pdf", "summary.pdf"
VARIANT = "pdf/ua-1"
LETTER_INCHES = (8.5, 11.0)
FITS = ((1.0, 99), (0.85, 99), (0.7, 99), (0.7, 6), (0.7, 3), (0.6, 1))
"""Scale and number of headline claims tried, in turn, until the summary fits on one page."""

_SILENT = re.compile(
    r'<svg class="(shape|mini)"[^>]*>.*?</svg>|<svg width="34" height="16">.*?</svg>'
)
_TOLD = re.compile(r'(<svg [^>]*?) aria-label="([^"]*)"([^>]*>)')
_LINK = re.compile(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ID = re.compile(r' id="([^"]*)"')
_LIBRARY = re.compile(r"'([\w.-]+)'")


FOR_PAPER = {
    "column_widths": column_widths,
    "for_paper": for_paper,
    "paper_groups": paper_groups,
    "one_source": one_source,
    "told_of": told_of,
}
"""What only the templates of paper use."""

Drawn = Callable[[str], Paper]


class MissingLibrary(Exception):
    """A library of the system that draws text is not there; the message names it."""


class _Laid(NamedTuple):
    """A page as HTML, and laid out; ``zoom`` is the size at which it is written."""

    text: str
    document: Any
    zoom: float = 1.0


def write_report_pdf(path: Path, context: Mapping[str, Any]) -> Path:
    """Write the whole report, whole or not at all.

    Parameters
    ----------
    path : Path
    context : mapping
        Of `analysis.report.html.report_context`.

    Raises
    ------
    MissingLibrary
        Pango is not installed.
    """

    def laid_out(drawn: Drawn) -> _Laid:
        paper = on_paper("page.html.j2", context, drawn=drawn)
        return _Laid(paper.text, _lay_out(paper))

    return _write_best(path, laid_out)


def write_summary_pdf(path: Path, context: Mapping[str, Any]) -> Path:
    """Write the summary on exactly one page; parameters and errors as `write_report_pdf`.

    What does not fit is set smaller; with very many headline claims the last ones are left to the
    report, and the page says so.
    """
    claims = context["verdicts"]

    def laid_out(drawn: Drawn) -> _Laid:
        for scale, most in FITS:
            more = {"verdicts": claims[:most], "n_left": max(0, len(claims) - most)}
            size = " ".join(f"{inches / scale:.4f}in" for inches in LETTER_INCHES)
            given = {**context, **more, "page_size": size}
            paper = on_paper("summary.html.j2", given, drawn=drawn)
            document = _lay_out(paper)
            if len(document.pages) == 1:
                return _Laid(paper.text, document, zoom=scale)
        raise RunError("the summary does not fit on one page; its first claim is too long.")

    return _write_best(path, laid_out)


def on_paper(template: str, context: Mapping[str, Any], *, drawn: Drawn = as_images) -> Paper:
    """Return a template as HTML for paper: links only to places on it, drawings with their text.

    What a listener should not hear twice (the shape beside a verdict's word) becomes a background,
    which a tagged PDF counts as ornament. ``drawn`` makes of the figures what stands on the page.
    """
    given = {"page_size": "Letter", "results_sha256": "", **context, "form": "paper", **FOR_PAPER}
    given |= {"how_to_read_it": captions_once(), "font_faces": _font_faces()}
    text, drawings = drawn(_as_backgrounds(kept_together(render_page(template, **given))))
    # A small line is a line of its own there, and needs no break before it.
    text = text.replace("<br><small>", "<small>")
    places = set(_ID.findall(text))
    text = _LINK.sub(
        lambda found: found[0] if found[1].removeprefix("#") in places else found[2], text
    )
    # Lone surrogates from a broken export cannot be written; they become question marks.
    return Paper(text.encode("utf-8", "replace").decode("utf-8"), drawings)


@cache
def _font_faces() -> Markup:
    """Return the suite's font as rules of the style sheet, in files that need no unpacking."""
    rules = []
    for weight, name in FONTS:
        data = (palette.FONT_FOLDER / name).with_suffix(".ttf").read_bytes()
        rules.append(
            f"@font-face{{font-family:'{palette.FONT}';font-weight:{weight};"
            f"src:url(data:font/ttf;base64,{base64.b64encode(data).decode('ascii')})}}"
        )
    return Markup("".join(rules))


def _as_titled(text: str) -> Paper:
    """Return a page with its figures as they are, what they show as their title."""
    return Paper(_TOLD.sub(r"\1\3<title>\2</title>", text), {})


def _as_backgrounds(text: str) -> str:
    """Replace silent drawings by empty elements with a picture each; equal ones are named once."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        drawn = found[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        name = names.setdefault(drawn.replace("currentColor", palette.INK), f"i{len(names)}")
        return f'<span class="{found[1] or "drawn"} {name}"></span>'

    text = _SILENT.sub(named, text)
    rules = [
        f".{name}{{background-image:url(data:image/svg+xml;base64,"
        f"{base64.b64encode(drawn.encode('utf-8', 'replace')).decode('ascii')})}}"
        for drawn, name in names.items()
    ]
    return text.replace("</style>", f"{''.join(rules)}</style>", 1)


def _lay_out(paper: Paper) -> Any:
    try:
        # Without its libraries WeasyPrint prints advice before it raises.
        with redirect_stdout(io.StringIO()):
            from weasyprint import HTML
            from weasyprint.text.fonts import FontConfiguration
            from weasyprint.urls import URLFetcher
    except OSError as error:
        named = _LIBRARY.search(str(error))
        raise MissingLibrary(named[1] if named else "Pango") from error
    fonts = FontConfiguration()
    pen = Pen(fonts)
    images = {name: Drawing(root, pen) for name, root in paper.drawings.items()}
    page = lean(HTML)(string=paper.text, url_fetcher=URLFetcher(allowed_protocols=["data"]))
    return page.render(font_config=fonts, cache=images)


def _write_best(path: Path, laid_out: Callable[[Drawn], _Laid]) -> Path:
    """Write a PDF; where a drawing fails that way, all are drawn as slowly as WeasyPrint does.

    A drawing that fails would be left out in silence.
    """
    with _quiet() as failures, _uncollected():
        for drawn in (as_images, _as_titled):
            failures.clear()
            made = _made(laid_out(drawn))
            if not failures:
                break
    return write_whole(path, made)


def _made(laid: _Laid) -> bytes:
    """Return a PDF; its identifier comes from its content, not from day or machine."""
    with one_pass():
        made: bytes = laid.document.write_pdf(
            zoom=laid.zoom,
            pdf_variant=VARIANT,
            pdf_identifier=sha256(laid.text.encode("utf-8")).digest()[:16],
        )
    return made


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage among the many boxes of a page: a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Failures(logging.Handler):
    """Keeps messages on drawings that failed, and lets all others go."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "ailed" in message and ("SVG" in message or "image" in message):
            self.told.append(message)


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Keep from the user what WeasyPrint and fontTools tell of styles and tables they skip."""
    loggers = [logging.getLogger(name) for name in ("weasyprint", "fontTools")]
    before = [(each.handlers, each.level, each.propagate) for each in loggers]
    failures = _Failures()
    for each in loggers:
        each.handlers, each.propagate = [failures], False
        each.setLevel(logging.ERROR)
    try:
        yield failures.told
    finally:
        for each, (handlers, level, propagate) in zip(loggers, before, strict=True):
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)
