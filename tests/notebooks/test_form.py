"""Notebooks are thin, told as a story, typed, and committed without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from analysis.run.parameters import TYPES, declared_parameters
from analysis.settings import AnalysisSettings

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
CODE_LINES, CELL_LINES = 80, 30
"""A notebook tells and calls; what is longer than this is logic that belongs in the library."""

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_is_valid(path):
    nbformat.validate(nbformat.read(path, 4))


def test_has_no_outputs(path):
    assert all(not c.outputs and c.execution_count is None for c in code_cells(path))


def test_is_thin(path):
    cells = [c.source.splitlines() for c in code_cells(path)]
    assert sum(len(lines) for lines in cells) <= CODE_LINES
    assert max(len(lines) for lines in cells) <= CELL_LINES


def test_holds_no_logic(path):
    for cell in code_cells(path):
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not any(isinstance(n, (ast.FunctionDef, ast.ClassDef, ast.While)) for n in nodes)


def test_opens_with_a_title_and_the_question(path):
    first = nbformat.read(path, 4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**The question:**" in first.source


def test_second_cell_is_the_parameters(path):
    cell = nbformat.read(path, 4).cells[1]
    assert cell.metadata.get("tags") == ["parameters"]


def test_every_parameter_is_a_typed_literal_with_help(path):
    cell = nbformat.read(path, 4).cells[1]
    for line in cell.source.splitlines():
        statement = ast.parse(line).body[0]
        assert isinstance(statement, ast.AnnAssign), line
        ast.literal_eval(statement.value)
        assert "#" in line, f"no help: {line}"
        # An equals sign in the comment hides the parameter from papermill.
        assert "=" not in line.split("#", 1)[1], line


def test_papermill_sees_every_parameter(path):
    cell = nbformat.read(path, 4).cells[1]
    declared = declared_parameters(path)
    assert list(declared) == [line.split(":")[0] for line in cell.source.splitlines()]
    assert set(declared.values()) <= set(TYPES)


def test_parameters_that_are_settings_have_the_settings_default(path):
    cell = nbformat.read(path, 4).cells[1]
    for line in cell.source.splitlines():
        statement = ast.parse(line).body[0]
        field = AnalysisSettings.model_fields.get(statement.target.id)
        if field is not None:
            assert ast.literal_eval(statement.value) == field.default, line


def test_last_cell_writes_the_results(path):
    assert "write_results(" in code_cells(path)[-1].source
