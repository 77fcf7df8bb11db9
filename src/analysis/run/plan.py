"""The plan of a run: which notebooks, in which order, with which parameters and settings.

A notebook's number says when it runs: those below 70 measure, side by side; 70 to 79 judge what was
measured; 80 to 89 sum up; 90 and above are no part of a run. Any notebook that is put into the
folder under such a number takes part.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from analysis.errors import InputError, MappingError, SettingsError, suggest
from analysis.intake.mapping import load_yaml
from analysis.run.folder import check_writable
from analysis.settings import (
    AnalysisSettings,
    check_setting,
    data_folder,
    make_settings,
    suite_folder,
)

ALL = "all"
JUDGES, SUMS_UP, APART = 70, 80, 90
"""First numbers of the notebooks that judge, that sum up, and that no run includes."""

LONGEST_FIRST = (40, 65, 50, 20, 30, 60, 45)
"""Notebooks that begin before the others: begun last, they would keep the other cores waiting."""

HEAVY, LARGE = (10, 15, 40, 50, 52, 55, 57, 65), 50_000
"""Notebooks that hold most memory, 7 to 12 kB a patient (the others up to 6), and from how many
patients on one of them runs at a time: of 200,000 patients two and the runner would hold 4 GB."""

PASSES_OVER = "passes_over"
"""Parameter of a notebook that judges or sums up: numbers of those it does not read."""

QUESTION = "**The question:**"
"""What the line begins with in which a notebook states its question."""

TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One line of a parameters cell: name, type in words, default, and the comment behind it."""

    name: str
    type: str
    default: Any
    help: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """One notebook with its parameters.

    ``path`` may be a copy of one in ``folder``, which it runs in; ``needs`` names the tasks whose
    results it reads, ``after`` those that only go first.
    """

    path: Path
    folder: Path | None = None
    condition: str = ALL
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the task and of its files: ``20_responders.all``."""
        return f"{self.path.stem}.{self.condition}"


def find_notebooks(folder: Path) -> tuple[Path, ...]:
    """Return the notebooks of a run in their order.

    Raises
    ------
    InputError
        There are none.
    """
    numbered = re.compile(r"[0-8]\d_\w+\.ipynb")
    found = (path for path in folder.glob("*.ipynb") if numbered.fullmatch(path.name))
    if notebooks := tuple(sorted(found)):
        return notebooks
    raise InputError(
        f"{folder} holds no notebooks to run: names such as 25_sleep.ipynb are expected, with a "
        f"number below {APART}. `reliefcheck new FOLDER` makes such a folder."
    )


def number_of(notebook: Path) -> int:
    """Return the number a notebook's name begins with."""
    return int(notebook.name[:2])


def read_cells(notebook: Path) -> list[Any]:
    """Return the cells of a notebook; InputError when the file is no notebook."""
    import nbformat

    try:
        return list(nbformat.read(notebook, as_version=4).cells)
    except OSError as error:
        raise InputError(f"{notebook} cannot be read: {error.strerror}.") from None
    except Exception:
        raise InputError(f"{notebook} is no Jupyter notebook.") from None


def read_question(notebook: Path) -> str:
    """Return the question a notebook opens with; empty where it states none."""
    for line in read_cells(notebook)[0].source.splitlines():
        if line.startswith(QUESTION):
            return line.removeprefix(QUESTION).strip()
    return ""


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Return the parameters a notebook declares.

    Raises
    ------
    SettingsError
        There is no one cell tagged ``parameters``, or a line of it is not ``name: type = value``
        with a literal value. papermill would pass over a name without a type, and a value that is
        computed there keeps the defaults it was computed from.
    """
    cells = [cell for cell in read_cells(notebook) if "parameters" in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        raise SettingsError(
            f"{notebook.name} has {len(cells)} cells tagged 'parameters'; one parameters cell is "
            "expected."
        )
    source = cells[0].source
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise SettingsError(f"{notebook.name}: the parameters cell is no Python: {error}") from None
    found = [_read_line(line, source, notebook) for line in lines]
    return {parameter.name: parameter for parameter in found}


def _read_line(line: ast.stmt, source: str, notebook: Path) -> Parameter:
    told = source.splitlines()[line.lineno - 1]
    comment = told.encode()[line.end_col_offset :].decode().partition("#")[2].strip()
    if (
        isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(line.annotation, ast.Name)
        and line.annotation.id in TYPES
        and line.value is not None
    ):
        try:
            default = ast.literal_eval(line.value)
        except ValueError:
            default = None
        if isinstance(default, TYPES[line.annotation.id]) and "=" not in comment:
            return Parameter(
                name=line.target.id, type=line.annotation.id, default=default, help=comment
            )
    raise SettingsError(
        f"{notebook.name}: `{told.strip()}` in the parameters cell; each line must be "
        f"`name: type = value  # unit` with one of the types {', '.join(TYPES)}, a plain value, "
        "and no equals sign in the comment."
    )


def check_parameters(notebook: Path, values: Mapping[str, Any]) -> None:
    """Refuse values a notebook does not declare or take; papermill would only warn.

    Raises
    ------
    SettingsError
        An unknown name (the nearest is offered), a wrong type, or a setting out of range.
    """
    declared = read_parameters(notebook)
    for name, value in values.items():
        if name not in declared:
            raise SettingsError(
                f"{notebook.name} has no parameter '{name}'.{suggest(name, declared)} "
                f"It has: {', '.join(declared)}."
            )
        kind = declared[name].type
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise SettingsError(f"{notebook.name}: {name} is {value!r}, which is no {kind}.")
        if name in AnalysisSettings.model_fields:
            check_setting(name, value, where=notebook.name)


def make_plan(
    notebooks: Sequence[Path],
    conditions: Sequence[str],
    *,
    settings: Mapping[str, Any],
    datasets: Path,
    ledger: Path | None = None,
    folder: Path | None = None,
) -> tuple[Task, ...]:
    """Return the tasks of a run in an order in which they can run.

    Parameters
    ----------
    notebooks : sequence of Path
    conditions : sequence of str
        Conditions asked for, a task each for every notebook that measures; empty runs each once,
        for all. What was measured is judged and summed up once.
    settings : mapping
        Settings in force, given to every notebook that declares them.
    datasets : Path
        Prepared analysis datasets (`analysis.adam.study.write_study`).
    ledger : Path, optional
        Claims to judge; the suite's own where None.
    folder : Path, optional
        Where the notebooks run, if they are copies.
    """
    declared = {path: read_parameters(path) for path in notebooks}
    late = _find_late(declared)
    tasks: list[Task] = []
    for path, parameters in declared.items():
        known = {"datasets": str(datasets), "ledger": str(ledger or ""), **settings}
        given = {name: value for name, value in known.items() if name in parameters}
        stage = _stage(path)
        before = tuple(
            task.name for task in tasks if _stage(task.path) < stage and task.path not in late
        )
        for code in (conditions or [ALL]) if "condition" in parameters and not stage else [ALL]:
            own = {**given, "condition": code} if "condition" in parameters else given
            check_parameters(path, own)
            tasks.append(
                Task(path=path, folder=folder, condition=code, parameters=own, needs=before)
            )
    first = tuple(task.name for task in tasks if not task.needs and task.path not in late)
    return tuple(replace(task, after=first) if task.path in late else task for task in tasks)


def _find_late(notebooks: Mapping[Path, Mapping[str, Parameter]]) -> set[Path]:
    """Return the notebooks that measure what no later one reads: they run beside those."""
    unread = [
        parameters[PASSES_OVER].default.split(", ") if PASSES_OVER in parameters else []
        for path, parameters in notebooks.items()
        if _stage(path)
    ]
    measuring = (path for path in notebooks if not _stage(path))
    return {path for path in measuring if unread and all(path.name[:2] in each for each in unread)}


def begin_longest(tasks: Iterable[Task]) -> list[Task]:
    """Return tasks in the order in which they should begin: those that judge, then the longest."""
    last = len(LONGEST_FIRST)

    def place(task: Task) -> tuple[bool, int]:
        number = number_of(task.path)
        return not task.needs, LONGEST_FIRST.index(number) if number in LONGEST_FIRST else last

    return sorted(tasks, key=place)


def fits_beside(task: Task, beside: Collection[Task], *, workers: int, patients: int) -> bool:
    """Return whether a notebook can begin beside others on one machine (`HEAVY`).

    Those of small exports can at once; the executor has them wait for a core.
    """
    heavy = [number_of(each.path) in HEAVY for each in (task, *beside)]
    return patients < LARGE or (len(beside) < workers and not (heavy[0] and any(heavy[1:])))


def _stage(notebook: Path) -> int:
    return sum(number_of(notebook) >= first for first in (JUDGES, SUMS_UP))


def choose_conditions(
    wanted: Sequence[str], *, known: Iterable[str], present: Sequence[str]
) -> tuple[str, ...]:
    """Return the conditions asked for, in the order of the suite's list; empty means all.

    Raises
    ------
    SettingsError
        An unknown condition.
    InputError
        The export has no patient with it, or none at all.
    """
    names = [ALL, *known]
    for code in wanted:
        if code not in names:
            raise SettingsError(
                f"there is no condition '{code}'.{suggest(code, names)} Known: {', '.join(names)}."
            )
        if code not in (*present, ALL):
            raise InputError(
                f"the export has no patient with condition '{code}'; it has {', '.join(present)}."
            )
    return tuple(code for code in names if code in wanted)


def load_settings_file(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the settings and the conditions that a settings file (YAML) asks for.

    Raises
    ------
    SettingsError
        No such file, no YAML, an unknown setting, a wrong type or a value out of range; the line is
        named.
    """
    try:
        file = load_yaml(path)
    except MappingError as error:
        raise SettingsError(str(error)) from None
    content = file.values
    if not isinstance(content, dict) or not content:
        raise SettingsError(f"{path.name} holds no settings: `name: value` lines are expected.")
    for name, value in content.items():
        where = f"{path.name}, line {file.line((name,))}"
        if name == "conditions":
            _check_conditions(value, where)
        elif value is None:
            raise SettingsError(f"{where}: {name} has nothing after it; give a value.")
        else:
            check_setting(str(name), value, where=where)
    given = content.pop("conditions", [])
    make_settings(content, where=path.name)
    return content, tuple([given] if isinstance(given, str) else given)


def _check_conditions(given: Any, where: str) -> None:
    codes = [given] if isinstance(given, str) else given
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise SettingsError(f"{where}: conditions is {given!r}; a list such as [crps] is expected.")
    if len(set(codes)) < len(codes):
        raise SettingsError(f"{where}: conditions names one twice.")


def read_assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Return the settings of ``--set NAME=VALUE``; SettingsError names what is wrong."""
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        where = f"--set {text}"
        if not equals:
            raise SettingsError(f"{where}: NAME=VALUE is expected.")
        if name in found:
            raise SettingsError(f"{where}: {name} is set twice.")
        kind = getattr(AnalysisSettings.model_fields.get(name), "annotation", str)
        try:
            found[name] = kind(value) if kind in (int, float) else value
        except ValueError:
            found[name] = value  # refused next, with what is expected
        check_setting(name, found[name], where=where)
    return found


def notebook_folder() -> Path:
    """Return the folder of the suite's own notebooks."""
    return suite_folder() / "notebooks"


def lay_out(folder: Path) -> str:
    """Make a folder for an analyst's own work, and return what was made and what to do next.

    Raises
    ------
    SettingsError
        The folder already holds something, or cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} already holds something; give the name of a new folder.")
    check_writable(folder.parent, "folder")
    (folder / "notebooks").mkdir(parents=True)
    for path in find_notebooks(notebook_folder()):
        shutil.copyfile(path, folder / "notebooks" / path.name)
    for path in (data_folder() / "new").iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "settings.yaml").write_text(_settings_text(), encoding="utf-8")
    return (
        f"{folder} holds notebooks, mapping.yaml and settings.yaml; {folder / 'README.md'} says "
        "how to go on."
    )


def _settings_text() -> str:
    lines = ["# Every setting with its default; take away the # of those you change."]
    for name, own in AnalysisSettings.model_fields.items():
        default = f'"{own.default}"' if own.default == "" else own.default
        prefix = "" if name == "responder_threshold_pct" else "# "
        lines.append(f"{prefix}{name}: {default}   # {own.description}")
    return "\n".join(lines) + "\n"
