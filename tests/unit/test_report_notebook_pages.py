"""Executed notebooks as pages: readable, folded, nothing that runs or loads."""

from __future__ import annotations

import base64
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_report_page import Page, check_harmless

from analysis.display.figures.canvas import formula_svg
from analysis.errors import RunError
from analysis.report.notebook_pages import clean_html, write_notebook_page

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def render(folder, *cells):
    path = folder / "20_responders.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    text = write_notebook_page(path, folder / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    return text, page


def code(source="1", *outputs):
    return new_code_cell(source, outputs=list(outputs))


def test_text_code_and_outputs_are_shown(tmp_path):
    text, page = render(
        tmp_path,
        new_markdown_cell("# Responders\n\nHow many **respond**?"),
        code("x = 1  # <b>", new_output("stream", text="\x1b[31mred\x1b[0m text")),
        code(
            "y",
            new_output(
                "execute_result",
                data={
                    "text/html": "<table><tr><th scope='col'>n</th></tr></table>",
                    "text/plain": "n",
                },
            ),
        ),
        code(
            "z", new_output("display_data", data={"image/png": PNG, "text/plain": "a figure of n"})
        ),
    )
    assert "Responders How many respond ?" in page.text
    assert "x = 1 # <b>" in page.text
    assert "red text" in page.text
    assert "\x1b" not in text
    assert [a["alt"] for a in page.all("img")] == ["a figure of n"]
    assert sum(1 for _ in page.all("details")) == 3
    assert len(text) < 30_000


def test_formulas_are_drawn_with_their_source_as_alt_text(tmp_path):
    text, page = render(tmp_path, new_markdown_cell(r"Share $p = \frac{x}{n}$ costs $5 and $6."))
    assert [a["alt"] for a in page.all("img")] == [r"p = \frac{x}{n}"]
    assert "costs $5 and $6." in page.text
    assert (
        text == render(tmp_path, new_markdown_cell(r"Share $p = \frac{x}{n}$ costs $5 and $6."))[0]
    )


def test_a_fraction_is_drawn_as_one_and_not_as_its_source():
    def height(tex: str) -> float:
        return float(re.search(rb'height="([0-9.]+)pt"', formula_svg(tex))[1])

    assert height(r"\frac{x}{n}") > 1.3 * height("x")
    assert len(formula_svg("x")) < len(formula_svg(r"\mathrm{abcdefg}"))


def test_a_formula_that_cannot_be_drawn_is_shown_as_written(tmp_path):
    _, page = render(tmp_path, new_markdown_cell(r"$\nosuchthing{<b>}$"))
    assert r"\nosuchthing{<b>}" in page.text
    assert "b" not in {tag for tag, _ in page.found}


HOSTILE = (
    "<script>alert(1)</script>kept",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    "<style>body{display:none}</style>",
    "<iframe src='http://x'></iframe>",
    '<p style="background:url(http://x)">x</p>',
    "<svg onload=alert(1)><script>1</script></svg>",
    '<img src="http://x/y.png">',
    "<form action=http://x><input></form>",
    "<b>unclosed",
    "<!-- x --><base href=http://x>",
    '<div id="r-x" class="claim" onclick="x">x</div>',
    "<math><mtext><script>1</script></mtext></math>",
)


@pytest.mark.parametrize("html", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_outputs_are_cleaned(html, tmp_path):
    text, page = render(
        tmp_path,
        new_markdown_cell(html),
        code("1", new_output("display_data", data={"text/html": html})),
        code("1", new_output("display_data", data={"text/markdown": html})),
        code(html, new_output("stream", text=html)),
    )
    check_harmless(text, page)
    assert "r-x" not in {attrs.get("id") for _, attrs in page.found}


def test_links_to_citations_stay():
    kept = clean_html('<a href="https://doi.org/10.1093/biomet/26.4.404">Clopper</a>')
    assert 'href="https://doi.org/10.1093/biomet/26.4.404"' in kept


def test_an_error_is_one_line_without_paths(tmp_path):
    failed = new_output(
        "error", ename="InputError", evalue="no patients", traceback=["/srv/x/secret.py line 1"]
    )
    text, page = render(tmp_path, code("1", failed))
    assert "InputError: no patients" in page.text
    assert "secret" not in text


def test_what_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("not json")
    with pytest.raises(RunError, match=r"x\.ipynb cannot be read as a notebook"):
        write_notebook_page(path, tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
