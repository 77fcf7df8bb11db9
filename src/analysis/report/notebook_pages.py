"""An executed notebook as a small self-contained page: text, folded code, cleaned outputs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from analysis.display.figures.canvas import formula_svg
from analysis.errors import RunError
from analysis.files import write_whole
from analysis.report.html import render_page
from analysis.wording import words

if TYPE_CHECKING:
    from bleach.sanitizer import Cleaner

TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
)
REMOVED_WHOLE = ("script", "style", "iframe", "object", "embed", "template", "noscript", "svg",
                 "math", "form", "link", "meta", "base")  # fmt: skip
"""Elements whose content goes with them; of any other unknown element the text stays."""

IMAGE_TYPES = ("image/svg+xml", "image/png", "image/jpeg")
STYLES = ("text-align", "max-width", "width", "height", "white-space", "font-weight")
_TERMINAL_COLOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\d\w])", re.DOTALL)


@dataclass(frozen=True)
class Output:
    """A cleaned output; ``wide`` ones scroll in their own box."""

    html: Markup
    wide: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell to print: text, or code with its outputs."""

    markdown: Markup | None = None
    code: str = ""
    outputs: tuple[Output, ...] = ()


def write_notebook_page(ipynb: Path, html: Path) -> Path:
    """Write an executed notebook as one HTML page without scripts or network.

    Parameters
    ----------
    ipynb : Path
        Executed notebook.
    html : Path
        The page, in an existing folder; appears whole or not at all.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        The file is not a notebook.
    """
    cells = [_cell(cell) for cell in _load_cells(ipynb)]
    write_whole(html, render_page("notebook.html.j2", title=ipynb.stem, cells=cells))
    return html


def _load_cells(ipynb: Path) -> list[Mapping[str, Any]]:
    import nbformat

    try:
        return list(nbformat.read(ipynb, as_version=4).cells)
    except (OSError, ValueError, KeyError, AttributeError, nbformat.validator.ValidationError):
        raise RunError(f"{ipynb.name} cannot be read as a notebook.") from None


def _cell(cell: Mapping[str, Any]) -> Cell:
    source = str(cell.get("source", ""))
    if cell.get("cell_type") == "markdown":
        return Cell(markdown=_markdown(source))
    if cell.get("cell_type") != "code":
        return Cell()
    return Cell(code=source.strip(), outputs=tuple(_outputs(cell.get("outputs", ()))))


def _outputs(outputs: Iterable[Mapping[str, Any]]) -> Iterable[Output]:
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            yield Output(_preformatted(_joined(output.get("text", ""))))
        elif kind == "error":
            yield Output(_preformatted(f"{output.get('ename')}: {output.get('evalue')}"))
        else:
            yield from _richest(output.get("data", {}))


def _richest(data: Mapping[str, Any]) -> Iterable[Output]:
    """Give the richest form that can be shown without scripts: HTML, image, text."""
    if "text/html" in data:
        yield Output(clean_html(_joined(data["text/html"])), wide=True)
        return
    if "text/markdown" in data:
        yield Output(_markdown(_joined(data["text/markdown"])))
        return
    alt = _joined(data.get("text/plain", "")) or "Figure"
    for kind in IMAGE_TYPES:
        if kind in data:
            yield Output(_image(kind, data[kind], alt=alt), wide=True)
            return
    if "text/plain" in data:
        yield Output(_preformatted(_joined(data["text/plain"])))


def clean_html(html: str) -> Markup:
    """Return HTML with nothing that runs, loads or styles the page; other text stays."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for element in soup.find_all(REMOVED_WHOLE):
        element.decompose()
    return Markup(_cleaner().clean(str(soup)))


@lru_cache(maxsize=1)
def _cleaner() -> Cleaner:
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    return Cleaner(
        tags=TAGS,
        attributes=_is_kept,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=list(STYLES)),
        strip=True,
        strip_comments=True,
    )


def _is_kept(tag: str, name: str, value: str) -> bool:
    """Keep what tables and text need; an image only from within the page, a link only outward."""
    if tag == "img" and name == "src":
        return value.startswith(tuple(f"data:{kind};base64," for kind in IMAGE_TYPES))
    if tag == "a" and name == "href":
        return value.startswith(("https://", "http://", "mailto:", "#"))
    kept = {"style", "scope", "colspan", "rowspan", "alt", "title", "span"}
    return name in kept or (name == "class" and tag == "img" and value == "formula")


def _markdown(source: str) -> Markup:
    """Return Markdown as clean HTML, formulas as drawings with their source as alt text."""
    import mistune

    drawn: list[str] = []

    def set_aside(found: re.Match[str]) -> str:
        drawn.append(_formula(found[1] or found[2]))
        return f"\ue000{len(drawn) - 1}\ue001"

    # Private-use signs of the source would be taken for placeholders.
    source = re.sub("[\ue000\ue001]", "", source)
    html = str(mistune.html(_FORMULA.sub(set_aside, source)))
    html = re.sub("\ue000(\\d+)\ue001", lambda found: drawn[int(found[1])], html)
    return clean_html(html)


def _formula(tex: str) -> str:
    """Return a formula drawn by matplotlib; its source where that cannot draw it."""
    tex = " ".join(tex.split())
    try:
        svg = formula_svg(tex)
    except ValueError:
        return f"<code>{escape(tex)}</code>"
    data = base64.b64encode(svg).decode("ascii")
    return f'<img class="formula" alt="{escape(tex)}" src="data:image/svg+xml;base64,{data}">'


def _image(kind: str, data: Any, *, alt: str) -> Markup:
    text = _joined(data)
    if kind == "image/svg+xml":
        text = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    source = f"data:{kind};base64,{''.join(text.split())}"
    said = words.plain_text(alt, longest=2000)
    return Markup(f'<img src="{escape(source)}" alt="{escape(said)}">')


def _preformatted(text: str) -> Markup:
    return Markup("<pre>{}</pre>").format(_TERMINAL_COLOR.sub("", text).rstrip())


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, (list, tuple)) else str(text)
