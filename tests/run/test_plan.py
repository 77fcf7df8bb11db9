"""What runs, in which order, with which parameters; and what is refused before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import papermill
import pytest

from analysis.errors import InputError, SettingsError
from analysis.run.plan import (
    Task,
    begin_longest,
    check_parameters,
    choose_conditions,
    find_notebooks,
    fits_beside,
    load_settings_file,
    make_plan,
    notebook_folder,
    read_assignments,
    read_parameters,
    read_question,
)
from analysis.settings import AnalysisSettings
from tests.run.small import PARAMETERS, make_notebooks, write_notebook

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
OWN = find_notebooks(notebook_folder())


@pytest.fixture
def notebook(tmp_path) -> Path:
    lines = (
        'condition: str = "all"  # a code, or all\n'
        "responder_threshold_pct: float = 30.0  # percent\n"
        "baseline_window_days: int = 14  # days\n"
    )
    return write_notebook(tmp_path, "20_responders", "pass", parameters=PARAMETERS + lines)


# --- parameters ---------------------------------------------------------------------------------


def test_good_parameters_pass(notebook):
    check_parameters(notebook, {"condition": "crps", "responder_threshold_pct": 50})


def test_unknown_name_is_an_error_with_the_nearest_name(notebook):
    with pytest.raises(SettingsError, match=r"no parameter 'conditon'.*Did you mean 'condition'"):
        check_parameters(notebook, {"conditon": "crps"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("responder_threshold_pct", "30"),
        ("responder_threshold_pct", True),
        ("responder_threshold_pct", 500.0),
        ("condition", 3),
        ("baseline_window_days", 14.5),
        ("export", None),
    ],
)
def test_wrong_type_or_range_is_an_error(notebook, name, value):
    with pytest.raises(SettingsError, match=name):
        check_parameters(notebook, {name: value})


def test_a_crafted_name_is_refused_and_not_executed(notebook):
    """Papermill writes names into a code cell; one with a line break would run as code."""
    with pytest.raises(SettingsError, match="has no parameter"):
        check_parameters(notebook, {"x = 1\nimport os": 1})


@pytest.mark.parametrize(
    "cell",
    [
        "week = 4  # no type",
        "days: int = 2 * 7  # computed before papermill sets anything",
        "days: int = 14  # an = here hides the name from papermill",
        "days: int",
        "days: Path = 3",
        'days: int = "14"',
        "import os",
        "days: int = (",
    ],
)
def test_a_parameters_cell_that_papermill_would_misread_is_refused(tmp_path, cell):
    with pytest.raises(SettingsError, match="parameters cell"):
        read_parameters(write_notebook(tmp_path, "20_a", parameters=cell))


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path):
    path = tmp_path / "20_a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")]), path)
    with pytest.raises(SettingsError, match="0 cells tagged 'parameters'"):
        read_parameters(path)


def test_what_is_no_notebook_is_refused(tmp_path):
    for content in ("", "{", "[]"):
        (tmp_path / "20_a.ipynb").write_text(content)
        with pytest.raises(InputError, match="20_a"):
            read_parameters(tmp_path / "20_a.ipynb")


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_the_suite_s_notebooks_declare_what_papermill_reads(path):
    """Names, types and comments as papermill's own inspection gives them; settings' defaults."""
    declared = read_parameters(path)
    seen = papermill.inspect_notebook(str(path))
    assert {n: (p.type, p.help) for n, p in declared.items()} == {
        name: (found["inferred_type_name"], found["help"]) for name, found in seen.items()
    }
    check_parameters(path, {name: each.default for name, each in declared.items()})
    for name, field in AnalysisSettings.model_fields.items():
        assert name not in declared or declared[name].default == field.default
    assert {"datasets", "results_dir"} <= set(declared)
    assert read_question(path)


# --- order --------------------------------------------------------------------------------------


def plan(folder: Path, conditions: tuple[str, ...] = (), **settings: object) -> dict[str, object]:
    tasks = make_plan(
        find_notebooks(folder), conditions, settings=settings,
        datasets=Path("/prepared/data"),
    )  # fmt: skip
    return {task.name: task for task in tasks}


def test_measures_first_then_claims_then_summary(tmp_path):
    tasks = plan(make_notebooks(tmp_path))
    measures = ("20_responders.all", "30_pain_reduction.all")
    assert {name: task.needs for name, task in tasks.items()} == {
        measures[0]: (),
        measures[1]: (),
        "70_claims.all": measures,
        "80_director_summary.all": (*measures, "70_claims.all"),
    }


def test_what_no_later_notebook_reads_runs_beside_those(tmp_path):
    make_notebooks(tmp_path)
    write_notebook(tmp_path, "60_beside", "pass")
    lines = 'passes_over: str = "30, 60"  # numbers\n'
    write_notebook(tmp_path, "70_claims", "pass", parameters=PARAMETERS + lines)
    assert plan(tmp_path)["60_beside.all"].after == ()  # the summary may read it
    write_notebook(
        tmp_path, "80_director_summary", "pass",
        parameters=PARAMETERS + 'passes_over: str = "60"  # numbers\n',
    )  # fmt: skip
    tasks = plan(tmp_path)
    measures = ("20_responders.all", "30_pain_reduction.all")
    assert tasks["60_beside.all"].needs == ()
    assert tasks["60_beside.all"].after == measures
    assert tasks["70_claims.all"].needs == measures
    ready = begin_longest(tasks[name] for name in ("60_beside.all", "70_claims.all"))
    assert [task.name for task in ready] == ["70_claims.all", "60_beside.all"]


def test_of_a_large_export_one_notebook_that_holds_much_runs_at_a_time():
    small, held, other = (Task(path=Path(f"{name}.ipynb")) for name in ("20_a", "40_b", "65_c"))
    large = {"workers": 2, "patients": 200_000}
    assert fits_beside(small, [held], **large) and fits_beside(held, [small], **large)
    assert not fits_beside(other, [held], **large) and not fits_beside(
        small, [held, small], **large
    )
    assert fits_beside(other, [held, small], workers=2, patients=600)


def test_a_notebook_takes_part_by_its_number(tmp_path):
    make_notebooks(tmp_path)
    for name in ("25_own_outcome", "90_error_rates", "notes", "5_short"):
        write_notebook(tmp_path, name, "pass")
    stems = [path.stem for path in find_notebooks(tmp_path)]
    assert "25_own_outcome" in stems
    assert not {"90_error_rates", "notes", "5_short"} & set(stems)
    assert "25_own_outcome.all" in plan(tmp_path)["70_claims.all"].needs


def test_a_condition_asked_for_is_a_task_where_a_notebook_takes_one(tmp_path):
    tasks = plan(make_notebooks(tmp_path), ("crps", "central"))
    assert [name for name in tasks if name.startswith("20")] == [
        "20_responders.crps", "20_responders.central",
    ]  # fmt: skip
    assert tasks["20_responders.crps"].parameters["condition"] == "crps"
    assert "70_claims.all" in tasks


def test_a_notebook_gets_the_settings_it_declares_and_no_other(tmp_path):
    tasks = plan(make_notebooks(tmp_path), responder_threshold_pct=50.0, seed=1)
    given = {name: dict(task.parameters) for name, task in tasks.items()}
    assert given["30_pain_reduction.all"]["responder_threshold_pct"] == 50.0
    assert given["20_responders.all"] == {"datasets": "/prepared/data", "condition": "all"}


def test_a_folder_without_notebooks_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no notebooks"):
        find_notebooks(tmp_path)


def test_conditions_are_checked_and_ordered():
    known, present = ("crps", "central", "fbss"), ("crps", "central")
    assert choose_conditions((), known=known, present=present) == ()
    asked = choose_conditions(("central", "crps"), known=known, present=present)
    assert asked == ("crps", "central")
    with pytest.raises(SettingsError, match="Did you mean 'crps'"):
        choose_conditions(("cprs",), known=known, present=present)
    with pytest.raises(InputError, match="no patient with condition 'fbss'; it has crps, central"):
        choose_conditions(("fbss",), known=known, present=present)


# --- settings -----------------------------------------------------------------------------------


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_settings_page_loads(tmp_path):
    text = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    settings, conditions = load_settings_file(write(tmp_path, text))
    assert settings == {"responder_threshold_pct": 50, "analysis_visit": "week_4"}
    assert conditions == ("crps", "fibromyalgia")


def test_the_settings_page_has_every_setting_with_its_default():
    page = PAGE.read_text(encoding="utf-8")
    for name, field in AnalysisSettings.model_fields.items():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", page, re.MULTILINE)
        assert f"| {field.description} |" in row
        assert f"| `{field.default}` |" in row or (field.default == "" and "| empty |" in row)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("seed: 1\nseeed: 2", ("line 2", "'seeed'", "Did you mean 'seed'")),
        ("seed: 1\nrecall: worts", ("line 2", "recall", "'worts'")),
        ("# note\n\nconfidence_level: 95", ("line 3", "95", "less than 1")),
        ("seed:", ("line 1", "seed has nothing after it")),
        ("day0_study_day: .nan", ("line 1", "finite")),
        ("seed: 1\nseed: 2", ("line 2", "twice")),
        ("seed: [1", ("line",)),
        ("", ("no settings",)),
        ("- seed", ("no settings",)),
        ("conditions: 3", ("line 1", "conditions")),
        ("conditions: [crps, crps]", ("line 1", "twice")),
        ("grid:\n  seed: [1, 2]", ("line 1", "no setting 'grid'")),
    ],
)
def test_what_is_wrong_in_a_settings_file_is_named_with_its_line(tmp_path, text, parts):
    with pytest.raises(SettingsError) as caught:
        load_settings_file(write(tmp_path, text))
    for part in ("settings.yaml", *parts):
        assert part in str(caught.value)


def test_no_such_settings_file_is_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="no file"):
        load_settings_file(tmp_path / "none.yaml")


def test_assignments_take_the_type_of_the_setting():
    given = read_assignments(["responder_threshold_pct=50", "seed=7", "analysis_visit=week_4"])
    assert given == {"responder_threshold_pct": 50.0, "seed": 7, "analysis_visit": "week_4"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeed=1", "Did you mean 'seed'"),
        ("seed=one", "'one'"),
        ("seed=1.5", "1.5"),
        ("seed", "NAME=VALUE"),
        ("responder_threshold_pct=nan", "finite"),
        ("recall=worts", "'worts'"),
    ],
)
def test_a_wrong_assignment_is_refused(text, said):
    with pytest.raises(SettingsError, match=said):
        read_assignments([text])
    with pytest.raises(SettingsError, match="twice"):
        read_assignments(["seed=1", "seed=2"])
