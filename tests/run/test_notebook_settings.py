"""One settings object per notebook: strict values, and the parameters cell made from it."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from pydantic import Field, create_model

from analysis.cli import main
from analysis.errors import InputError, SettingsError
from analysis.places import notebook_folder
from analysis.run.notebook_cells import check_cell, read_question, write_cell
from analysis.run.notebook_settings import (
    NOTEBOOKS,
    cell_text,
    make_notebook_settings,
    parameters_of,
)
from analysis.run.settings_page import describe_settings
from analysis.settings import DECISIONS, WORDS, AnalysisSettings, setting_values

ROOT = Path(__file__).parents[2]
names = pytest.mark.parametrize("name", NOTEBOOKS)


def call(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["notebooks", *words])
    assert "Traceback" not in result.output
    return result.exit_code, result.output


@pytest.fixture
def own_notebooks(tmp_path, monkeypatch) -> Path:
    """A project folder with copies of the notebooks, cells in order, and no docs."""
    shutil.copytree(notebook_folder(), tmp_path / "notebooks")
    monkeypatch.setenv("RELIEFCHECK_HOME", str(tmp_path))
    for name in NOTEBOOKS:
        write_cell(name)
    return tmp_path / "notebooks"


def test_every_notebook_has_an_object():
    assert set(NOTEBOOKS) == {path.stem for path in notebook_folder().glob("*.ipynb")}


@names
def test_the_cell_is_the_objects(name):
    assert check_cell(name) == "", "reliefcheck notebooks --write"


@names
def test_a_line_is_short_and_legible_to_papermill(name):
    for line in cell_text(NOTEBOOKS[name]).splitlines():
        statement = ast.parse(line).body[0]
        assert isinstance(statement, ast.AnnAssign)
        ast.literal_eval(statement.value)
        help_text = line.split("  # ", 1)[1]
        assert "=" not in help_text
        assert "#" not in help_text
        assert not help_text.startswith("type:")
        assert len(line) <= 100


@names
def test_papermill_sees_types_defaults_and_help(name, own_notebooks):
    seen = papermill.inspect_notebook(str(own_notebooks / f"{name}.ipynb"))
    for told in parameters_of(NOTEBOOKS[name]):
        found = seen[told.name]
        assert found["inferred_type_name"] == told.type
        assert ast.literal_eval(found["default"]) == told.default
        assert found["help"].startswith(told.help)


@names
def test_every_setting_of_the_cell_reaches_the_code(name):
    """A parameter that is changed and does nothing is a trap."""
    cells = nbformat.read(notebook_folder() / f"{name}.ipynb", 4).cells
    code = "\n".join(c.source for c in cells[2:] if c.cell_type == "code")
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert set(NOTEBOOKS[name].model_fields) <= used


def test_help_states_the_range_once_for_cell_and_page():
    (told,) = [p for p in parameters_of(NOTEBOOKS["20_responders"]) if p.name.endswith("_pct")]
    assert told.line == (
        "responder_threshold_pct: float = 30.0  # smallest reduction that is a response, % "
        "(above 0 to 100)"
    )


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"gt": 0, "le": 100}, "above 0 to 100"),
        ({"ge": 0, "lt": 1}, "0 to below 1"),
        ({"ge": 1}, "1 or more"),
        ({"gt": 1}, "above 1"),
        ({"le": 9}, "up to 9"),
        ({"lt": 9}, "below 9"),
        ({}, ""),
    ],
)
def test_ranges_in_words(bounds, words):
    model = create_model("One", x=(float, Field(5.0, description="x", **bounds)))
    assert parameters_of(model)[0].limits == words


def test_a_default_with_quotes_stays_one_literal():
    model = create_model("One", x=(str, Field('a "b" \\ c', description="x")))
    assert ast.literal_eval(cell_text(model).split(" = ")[1].split("  # ")[0]) == 'a "b" \\ c'


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"responder_threshold_pct": 0.0}, ("responder_threshold_pct", "greater than 0")),
        ({"responder_threshold_pct": 101}, ("101", "100")),
        ({"responder_threshold_pct": "30"}, ("'30'", "number")),
        ({"minimum_baseline_score": float("nan")}, ("nan", "finite")),
        ({"baseline_window_days": 14.5}, ("14.5",)),
        ({"baseline_window_days": True}, ("True", "integer")),
        ({"recall": "worts"}, ("worts", "'worst'")),
        ({"condition": ""}, ("condition",)),
        ({"results_dir": ""}, ("results_dir",)),
        ({"seed": 1}, ("no parameter 'seed'",)),
        ({"conditon": "crps"}, ("no parameter 'conditon'", "Did you mean 'condition'")),
        ({"x = 1\nimport os": 1}, ("no parameter",)),
    ],
)
def test_what_a_notebook_does_not_take_is_refused(values, parts):
    with pytest.raises(SettingsError) as caught:
        make_notebook_settings("20_responders", values)
    for part in parts:
        assert part in str(caught.value)


def test_good_values_are_kept():
    made = make_notebook_settings("20_responders", {"condition": "fbss", "series_gap_days": 40})
    assert (made.condition, made.results_dir) == ("fbss", "reports/notebooks")
    assert made.series_gap_days == 40


def test_unknown_notebook_gets_the_nearest_name():
    with pytest.raises(SettingsError, match="Did you mean '20_responders'"):
        make_notebook_settings("20_responder", {})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda s: s.replace("= 30.0", "= 50.0"), "50.0"),
        (lambda s: s.replace("percent: float", "percent: int"), ""),
        (lambda s: s + "\nextra: int = 1  # more", "expected missing"),
        (lambda s: "\n".join(s.splitlines()[:-1]), "is missing"),
        (lambda s: "\n".join(reversed(s.splitlines())), "more differ"),
    ],
)
def test_check_tells_a_changed_cell_and_write_mends_it(own_notebooks, damage, said):
    path = own_notebooks / "20_responders.ipynb"
    before = path.read_bytes()
    content = json.loads(before)
    source = damage("".join(content["cells"][1]["source"]))
    if not said:
        source = source.replace("responder_threshold_pct: float", "responder_threshold_pct: int")
    content["cells"][1]["source"] = source
    path.write_text(json.dumps(content), encoding="utf-8")
    code, output = call("--check")
    assert code == 1
    assert "20_responders.ipynb: line" in output
    assert said in output
    assert "30_pain_reduction" not in output
    code, output = call("--write", "20_responders")
    assert (code, output) == (0, "Rewritten: 20_responders.ipynb.\n")
    assert path.read_bytes() == before, "nothing but the cell may change"
    assert call("--check")[0] == 0
    assert call("--write", "20_responders")[1] == "Nothing to rewrite.\n"
    assert not list(own_notebooks.glob("*.part*"))


def test_a_broken_or_missing_notebook_is_told(own_notebooks):
    path = own_notebooks / "20_responders.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][1]["metadata"] = {}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "0 cells tagged" in call("--check")[1]
    path.write_text("no notebook", encoding="utf-8")
    with pytest.raises(InputError, match="no notebook"):
        check_cell("20_responders")
    path.unlink()
    code, output = call("20_responders")
    assert code == 2
    assert "is not there" in output


def test_list_tells_question_and_parameters():
    code, output = call("20_responders")
    assert code == 0
    assert read_question("20_responders").startswith("what share of patients")
    for part in ("what share of patients", "responder_threshold_pct", "30.0", "above 0 to 100"):
        assert part in output
    assert "40_relief_duration" not in output


def test_json_list_holds_every_parameter():
    records = json.loads(call("--json")[1])
    assert [record["notebook"] for record in records] == list(NOTEBOOKS)
    assert all(record["question"] for record in records)
    for record in records:
        told = [parameter["name"] for parameter in record["parameters"]]
        assert told == list(NOTEBOOKS[record["notebook"]].model_fields)


def test_command_refuses_unknown_names_and_two_wishes():
    code, output = call("20_responder")
    assert code == 2
    assert "Did you mean '20_responders'" in output
    assert call("--check", "--write")[0] == 2


def test_settings_page_is_the_objects():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == describe_settings(), "reliefcheck notebooks --write"


def test_every_setting_has_a_decision_and_every_choice_its_words():
    assert set(DECISIONS) == set(AnalysisSettings.model_fields)
    for number in DECISIONS.values():
        assert len(list((ROOT / "docs" / "decisions").glob(f"{number}-*.md"))) == 1
    choices = {name for name in AnalysisSettings.model_fields if setting_values(name)}
    assert set(WORDS) == choices
    for name in choices:
        assert tuple(WORDS[name]) == setting_values(name)
