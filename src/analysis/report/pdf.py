"""report.pdf and summary.pdf: the same templates on paper, tagged, the same bytes each time.

WeasyPrint lays the pages out. It draws text with Pango, a library of the system, so it is imported
only here, and a machine without Pango gets a sentence instead of the two files.
"""

from __future__ import annotations

import base64
import gc
import io
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

from analysis.display.palette import INK
from analysis.errors import RunError
from analysis.report.html import kept_together, render_page
from analysis.report.paper import column_widths
from analysis.report.pdf_text import whole_words

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


class MissingLibrary(Exception):
    """A library of the system that draws text is not there; the message names it."""


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
    text = paper_text("page.html.j2", context)
    with _quiet() as failures, _uncollected():
        return _write(path, text, _lay_out(text), failures)


def write_summary_pdf(path: Path, context: Mapping[str, Any]) -> Path:
    """Write the summary on exactly one page; parameters and errors as `write_report_pdf`.

    What does not fit is set smaller; with very many headline claims the last ones are left to the
    report, and the page says so.
    """
    claims = context["verdicts"]
    with _quiet() as failures, _uncollected():
        for scale, most in FITS:
            more = {"verdicts": claims[:most], "n_left": max(0, len(claims) - most)}
            size = " ".join(f"{inches / scale:.4f}in" for inches in LETTER_INCHES)
            text = paper_text("summary.html.j2", {**context, **more, "page_size": size})
            document = _lay_out(text)
            if len(document.pages) == 1:
                return _write(path, text, document, failures, zoom=scale)
    raise RunError("the summary does not fit on one page; its first claim is too long.")


def paper_text(template: str, context: Mapping[str, Any]) -> str:
    """Return a template as HTML for paper: links only to places on it, drawings with their text.

    What a listener should not hear twice (the shape beside a verdict's word) becomes a background,
    which a tagged PDF counts as ornament.
    """
    given = {"page_size": "Letter", **context, "form": "paper", "column_widths": column_widths}
    text = _as_backgrounds(kept_together(render_page(template, **given)))
    text = _TOLD.sub(r"\1\3<title>\2</title>", text)
    places = set(_ID.findall(text))
    text = _LINK.sub(
        lambda found: found[0] if found[1].removeprefix("#") in places else found[2], text
    )
    # Lone surrogates from a broken export cannot be written; they become question marks.
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_backgrounds(text: str) -> str:
    """Replace silent drawings by empty elements with a picture each; equal ones are named once."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        drawn = found[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        name = names.setdefault(drawn.replace("currentColor", INK), f"i{len(names)}")
        return f'<span class="{found[1] or "drawn"} {name}"></span>'

    text = _SILENT.sub(named, text)
    rules = [
        f".{name}{{background-image:url(data:image/svg+xml;base64,"
        f"{base64.b64encode(drawn.encode('utf-8', 'replace')).decode('ascii')})}}"
        for drawn, name in names.items()
    ]
    return text.replace("</style>", f"{''.join(rules)}</style>", 1)


def _lay_out(text: str) -> Any:
    try:
        # Without its libraries WeasyPrint prints advice before it raises.
        with redirect_stdout(io.StringIO()):
            from weasyprint import HTML
            from weasyprint.urls import URLFetcher
    except OSError as error:
        named = _LIBRARY.search(str(error))
        raise MissingLibrary(named[1] if named else "Pango") from error
    return HTML(string=text, url_fetcher=URLFetcher(allowed_protocols=["data"])).render()


def _write(path: Path, text: str, document: Any, failures: list[str], *, zoom: float = 1.0) -> Path:
    """Write a laid-out page; its identifier comes from its content, not from day or machine."""
    # A drawing that fails would be left out in silence: words are then drawn letter by letter.
    for words in (whole_words(), nullcontext()):
        failures.clear()
        with words:
            made: bytes = document.write_pdf(
                zoom=zoom,
                pdf_variant=VARIANT,
                pdf_identifier=sha256(text.encode("utf-8")).digest()[:16],
            )
        if not failures:
            break
    part = path.with_suffix(f".part-{os.getpid()}")
    part.write_bytes(made)
    part.replace(path)
    return path


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
        if "SVG" in message and "ailed" in message:
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
