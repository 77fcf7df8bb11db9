"""Notebook 90: the published error rates, read and drawn; no part of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest

from analysis import simulate
from analysis.run.plan import find_notebooks, notebook_folder, read_parameters, read_question

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "90_error_rates.ipynb"


def run_cells(**parameters: Any) -> tuple[dict[str, Any], list[Any]]:
    """Run its code cells; return its names and what each cell's last line shows."""
    mpl.use("agg")
    names: dict[str, Any] = {}
    shown = []
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        lines = cell.source.rstrip(";").splitlines()
        whole = compile(cell.source, cell.id, "exec")
        exec(whole, names)
        names |= parameters if "parameters" in cell.metadata.get("tags", []) else {}
        if lines[-1].startswith("on_the_floor"):
            shown.append(eval(lines[-1], names))
    plt.close("all")
    return names, shown


def test_no_run_includes_it():
    assert NOTEBOOK.is_file() and NOTEBOOK not in find_notebooks(notebook_folder())
    assert read_question(NOTEBOOK).startswith("how often is a verdict")
    assert list(read_parameters(NOTEBOOK)) == ["tables", "clinics"]


@pytest.mark.slow
def test_it_shows_every_part_of_the_published_table(capsys):
    names, shown = run_cells()
    published = simulate.read_published("verdict-errors")
    pd.testing.assert_frame_equal(names["verdicts"].drop(columns="truth"), published)
    assert len(shown) == published["part"].nunique() == 5
    assert not pd.concat(shown).isna().all(axis=1).any()
    row = published.query("part == 'rate' and offset == 0 and n == 100 and floor == 70").iloc[0]
    wanted = f"{row['meets']:.1%} / {row['falls_short']:.1%}"
    assert shown[0].loc[("floor 70%", "Wilson, judged"), 100] == wanted == "2.9% / 3.4%"
    assert "at worst (n = 34)" in capsys.readouterr().out


@pytest.mark.slow
def test_it_can_simulate_a_small_version_again(monkeypatch):
    monkeypatch.setattr(simulate, "SIZES", (20, 50))
    monkeypatch.setattr(simulate, "RELIEF_SIZES", (20,))
    monkeypatch.setattr(simulate, "COVERAGE_SIZES", (20,))
    names, _ = run_cells(clinics=2)
    drawn = names["verdicts"].query("part != 'rate'")
    assert set(drawn["clinics"]) == {2} and set(names["coverage"]["datasets"]) <= {0, 1, 2}


@pytest.mark.parametrize("name", ["verdict-errors", "relief-coverage"])
def test_a_folder_of_tables_can_be_named(name, tmp_path):
    for each in simulate.PUBLISHED:
        simulate.read_published(each).head(500).to_csv(tmp_path / f"{each}.csv", index=False)
    assert len(simulate.read_published(name, tmp_path)) <= 500
