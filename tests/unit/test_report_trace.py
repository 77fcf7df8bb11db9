"""Where a number leads: to the cell that shows it, or to the one that made it."""

from __future__ import annotations

from test_report_inputs import share

from analysis.report.trace import CellLink, load_cells, trace_rows

PAGE = "notebooks/20_responders.crps.html"
WRITE = 'write_results(results_dir, notebook="n", condition=c, rows=[*flow(), *rows])'


def cell(source: str, html: str = "") -> dict:
    outputs = [{"output_type": "display_data", "data": {"text/html": html}}] if html else []
    return {"cell_type": "code", "source": source, "outputs": outputs}


def line(*texts: str) -> str:
    return "<tr>" + "".join(f"<td class='n'>{text}</td>" for text in texts) + "</tr>"


ROW = share(30, 60, half=0.1, condition="crps", threshold_pct=30.0)
SAME_N = share(31, 60, half=0.1, condition="crps", threshold_pct=50.0)
TABLE = line("x", "30 of 60 (50 %)", "40 % to 60 %", "60")


def test_a_shown_number_leads_to_the_first_cell_that_shows_all_of_it():
    half = line("30 of 60 (50 %)", "30 % to 70 %", "60")
    cells = [cell("rows = f(1)"), cell("show()", half), cell("show()", TABLE), cell(WRITE)]
    found = trace_rows(cells, [ROW, SAME_N], page=PAGE)
    assert found[ROW.result_id] == CellLink(f"{PAGE}#cell-3", 3, True)
    assert found[SAME_N.result_id] == CellLink(f"{PAGE}#cell-1", 1, False)


def test_the_maker_is_the_first_cell_that_assigns_what_is_handed_on():
    cells = [
        {"cell_type": "markdown", "source": "rows = f(0)"},
        cell("study = open_study()\nother = g()"),
        cell(["rows = ", "f(study)"]),
        cell(WRITE),
    ]
    assert trace_rows(cells, [ROW], page=PAGE)[ROW.result_id].number == 3


def test_rows_made_in_the_last_call_lead_to_it():
    cells = [cell("study = open_study()"), cell("write_results(d, rows=tabulate(study))")]
    assert trace_rows(cells, [ROW], page=PAGE)[ROW.result_id].number == 2


def test_a_notebook_that_says_nothing_leads_nowhere(tmp_path):
    assert trace_rows([], [ROW], page=PAGE) == {}
    assert trace_rows([cell("%%magic\nnot python")], [ROW], page=PAGE) == {}
    (tmp_path / "a.ipynb").write_text("{")
    (tmp_path / "b.ipynb").write_text('{"cells": 3}')
    assert load_cells(tmp_path / "a.ipynb") == load_cells(tmp_path / "b.ipynb") == []
    assert load_cells(tmp_path / "absent.ipynb") == []


def test_escaped_texts_are_read_as_they_look():
    row = share(1, 400, half=0.001, condition="crps")
    shown = line("1 of 400 (&lt;1 %)", "&lt;1 % to &lt;1 %", "400")
    assert trace_rows([cell("s()", shown)], [row], page=PAGE)[row.result_id].is_shown
