"""Papermill lets a mistyped parameter pass; the runner does not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from analysis.errors import SettingsError
from analysis.places import notebook_folder
from analysis.run.parameters import check_parameters, declared_parameters

RESPONDERS = notebook_folder() / "20_responders.ipynb"


def test_good_parameters_pass():
    check_parameters(RESPONDERS, {"condition": "crps", "responder_threshold_pct": 50})


def test_unknown_name_is_an_error_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"no parameter 'conditon'.*Did you mean 'condition'"):
        check_parameters(RESPONDERS, {"conditon": "crps"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("responder_threshold_pct", "30"),
        ("responder_threshold_pct", True),
        ("condition", 3),
        ("baseline_window_days", 14.5),
        ("export", None),
    ],
)
def test_wrong_type_is_an_error(name, value):
    with pytest.raises(SettingsError, match=name):
        check_parameters(RESPONDERS, {name: value})


def test_a_crafted_name_is_refused_and_not_executed():
    """Papermill writes names into a code cell; one with a line break would run as code."""
    with pytest.raises(SettingsError, match="has no parameter"):
        check_parameters(RESPONDERS, {"x = 1\nimport os": 1})


def write_notebook(path: Path, source: str) -> Path:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = ["parameters"]
    notebook.cells = [cell]
    nbformat.write(notebook, path)
    return path


def test_notebook_without_types_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="types"):
        declared_parameters(write_notebook(tmp_path / "a.ipynb", "week = 4  # no type"))


def test_notebook_without_parameters_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="parameters cell"):
        declared_parameters(write_notebook(tmp_path / "b.ipynb", "print(1)"))
