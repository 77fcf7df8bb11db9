"""Executed notebooks as pages: nbconvert's HTML, cleaned, with nothing that runs or loads."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import nh3
from markupsafe import escape

from analysis.errors import RunError
from analysis.files import write_file

if TYPE_CHECKING:
    from nbconvert import HTMLExporter

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "li",
    "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
"""HTML that text and outputs may use; any other element loses its tags."""

REMOVED = {
    "script", "style", "iframe", "object", "noscript", "svg", "math", "form", "template",
}  # fmt: skip
"""Elements whose text is not for readers, such as the styles of a pandas frame."""

ATTRIBUTES = {
    "*": {"style", "scope", "colspan", "rowspan", "title", "span"},
    "a": {"href"},
    "img": {"alt", "src"},
}
STYLES = {"text-align", "max-width", "width", "white-space", "font-weight"}

_TEMPLATES = Path(__file__).parent / "templates"
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\d\w])", re.DOTALL)
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of text: a name of an export could read as what it is not."""

_HELD = re.compile("\ue000(\\d+)\ue001")


def write_notebook_page(ipynb: Path, *, report: str = "../index.html") -> Path:
    """Write an executed notebook as a page (.html) next to it, without scripts or network.

    A cell can be led to as ``#cell-id=...``. ``report`` is where the report lies, from the page;
    empty where there is none.

    Raises
    ------
    RunError
        The file is not a notebook.
    """
    import nbformat

    try:
        notebook = nbformat.read(ipynb, as_version=4)
        formulas: list[str] = []
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _hold_formulas(cell.source, formulas)
            for output in cell.get("outputs", ()):
                if output.output_type == "error":  # in one line, without paths of this machine
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        body, _ = _exporter().from_notebook_node(
            notebook, {"metadata": {"name": ipynb.stem}, "style": _style(), "report": report}
        )
    except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        raise RunError(f"{ipynb.name} cannot be read as a notebook ({error}).") from None
    body = _HELD.sub(lambda found: formulas[int(found[1])], body)
    return write_file(ipynb.with_suffix(".html"), _DIRECTION.sub("", body))


@lru_cache(maxsize=1)
def _exporter() -> HTMLExporter:
    from nbconvert import HTMLExporter, TemplateExporter

    class PageExporter(HTMLExporter):
        """Places no alternative texts of its own, for which it would parse the page again."""

        from_notebook_node = TemplateExporter.from_notebook_node

    return PageExporter(
        template_name="notebook",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_anchor_links=True,
        sanitize_html=True,
        # nbconvert's own cleaning knows no table heads, headings, ...; code is shown as it is.
        filters={"clean_html": clean_html, "highlight_code": escape},
    )


def clean_html(html: str) -> str:
    """Return HTML with nothing that runs, loads or styles the page; other text stays."""
    return nh3.clean(
        html, tags=TAGS, clean_content_tags=REMOVED, attributes=ATTRIBUTES,
        attribute_filter=_keep, url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=STYLES, link_rel=None,
    )  # fmt: skip


def _keep(tag: str, name: str, value: str) -> str | None:
    """Keep a picture that is in the page itself, and no link that is a page of its own."""
    is_data = value.strip().lower().startswith("data:")
    wanted = {"src": value.startswith("data:image/"), "href": not is_data}
    return value if wanted.get(name, True) else None


def _style() -> str:
    return (_TEMPLATES / "notebook.css").read_text(encoding="utf-8")


def _hold_formulas(source: str, drawn: list[str]) -> str:
    """Return Markdown with its formulas replaced by placeholders; each is drawn into the list."""

    def hold(found: re.Match[str]) -> str:
        drawn.append(_formula(" ".join((found[1] or found[2]).split())))
        return f"\ue000{len(drawn) - 1}\ue001"

    # Private-use characters of the source would be taken for placeholders.
    return _FORMULA.sub(hold, re.sub("[\ue000\ue001]", "", source))


@lru_cache(maxsize=256)
def _formula(tex: str) -> str:
    """Return a formula drawn by matplotlib; its source where that cannot draw it."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    svg = BytesIO()
    try:
        math_to_image(f"${tex}$", svg, prop=FontProperties(size=14), format="svg")
    except ValueError:
        return f"<code>{escape(tex)}</code>"
    data = base64.b64encode(svg.getvalue()).decode()
    return f'<img class="formula" alt="{escape(tex)}" src="data:image/svg+xml;base64,{data}">'
