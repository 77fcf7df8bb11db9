"""Executed notebooks as pages: readable, folded, nothing that runs or loads."""

from __future__ import annotations

import base64

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from report_runs import Page
from test_report_page import check_harmless

from analysis.errors import RunError
from analysis.report.notebooks import clean_html, write_notebook_page
from analysis.run.plan import find_notebooks, notebook_folder, read_cells

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def render(folder, *cells):
    path = folder / "20_responders.all.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    text = write_notebook_page(path).read_text(encoding="utf-8")
    return text, Page(text)


def code(source="1", *outputs):
    return new_code_cell(source, outputs=list(outputs), execution_count=1)


def shown(**data):
    kinds = {name.replace("_", "/").replace("svg", "svg+xml"): each for name, each in data.items()}
    return new_output("display_data", data=kinds)


def test_text_code_and_outputs_are_shown(tmp_path):
    table = (
        "<style>th{color:red}</style><table><thead><tr><th scope='col'>n</th></tr></thead></table>"
    )
    text, page = render(
        tmp_path,
        new_markdown_cell('# Responders\n\nHow many **respond**? "70-85%" <= 1'),
        code("x = 1  # <b>", new_output("stream", text="\x1b[31mred\x1b[0m text")),
        code("y", shown(text_html=table, text_plain="n")),
        code("z", shown(image_png=PNG, text_plain="a figure")),
    )
    for part in ("Responders How many respond ?", "x = 1", "# <b>", "red text", "70-85%"):
        assert part in " ".join(page.text.split())
    assert "color:red" not in text.split("</head>")[1]
    assert "\x1b" not in text
    assert len(page.all("details")) == 3
    assert [a["src"][:22] for a in page.all("img")] == ["data:image/png;base64,"]
    assert page.all("th") == [{"scope": "col"}]


def test_a_cell_can_be_led_to(tmp_path):
    cell = code("1")
    cell["id"] = "made-here"
    _, page = render(tmp_path, cell)
    assert "cell-id=made-here" in [attrs.get("id") for _, attrs in page.found]


def test_formulas_are_drawn_with_their_source_as_alt_text(tmp_path):
    _, page = render(tmp_path, new_markdown_cell(r"Share $p = \frac{x}{n}$ costs $5 and $6."))
    (image,) = page.all("img")
    assert image["alt"] == r"p = \frac{x}{n}"
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert "costs $5 and $6." in page.text


@pytest.mark.parametrize("path", find_notebooks(notebook_folder()), ids=lambda path: path.stem)
def test_every_formula_of_the_suite_s_notebooks_is_drawn(path, tmp_path):
    prose = [cell for cell in read_cells(path) if cell.cell_type == "markdown"]
    _, page = render(tmp_path, *prose)
    assert "\\" not in page.text


def test_a_formula_that_cannot_be_drawn_is_shown_as_written(tmp_path):
    _, page = render(tmp_path, new_markdown_cell(r"$\nosuchthing{<b>}$"))
    assert r"\nosuchthing{<b>}" in page.text
    assert not page.all("b")


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
        code("1", shown(text_html=html)),
        code("1", shown(text_markdown=html)),
        code("1", shown(image_svg=html)),
        code(html, new_output("stream", text=html)),
    )
    check_harmless(text, page)
    assert "r-x" not in {attrs.get("id") for _, attrs in page.found}


def test_pictures_in_the_page_stay_and_no_others(tmp_path):
    """A figure of a notebook is one: JupyterLab shows SVG itself only to who has run the cell."""
    html = '<img alt="a &amp; b" src="data:image/svg+xml;base64,AA==" onload="x()">'
    _, page = render(tmp_path, code("1", shown(text_html=html)))
    (image,) = page.all("img")
    assert image == {"alt": "a & b", "src": "data:image/svg+xml;base64,AA=="}
    for other in ("data:text/html,x", "http://x/y.png", "javascript:x", " DATA:image/png;base64,A"):
        assert "src" not in clean_html(f'<img src="{other}">')


def test_links_to_citations_stay():
    kept = clean_html('<a href="https://doi.org/10.1093/biomet/26.4.404">Clopper</a>')
    assert 'href="https://doi.org/10.1093/biomet/26.4.404"' in kept


def test_an_error_is_one_line_without_paths(tmp_path):
    failed = new_output("error", ename="InputError", evalue="no patients",
                        traceback=["/srv/x/secret.py line 1"])  # fmt: skip
    text, page = render(tmp_path, code("1", failed))
    assert "InputError: no patients" in page.text
    assert "secret" not in text


def test_what_is_no_notebook_is_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("not json")
    with pytest.raises(RunError, match=r"x\.ipynb cannot be read as a notebook"):
        write_notebook_page(path)
    assert not (tmp_path / "x.html").exists()
