"""Notebooks executed: both engines give the same, failures and deaths are sentences."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pytest

from analysis.errors import SettingsError
from analysis.run import execute
from analysis.run.execute import (
    LocalExecutor,
    Outcome,
    check_engine,
    describe_death,
    executed_path,
    run_tasks,
)
from analysis.run.plan import Task
from tests.run.small import write_notebook

PARAMETERS = "days: int = 1  # days\nresults_dir: str = ''  # where to write"

SHOWN = (
    "import sys\nprint('a'); print('b')\ndays + 1",
    "print('e', file=sys.stderr)",
    "import pandas as pd\nfrom IPython.display import HTML, Markdown, clear_output, display\n"
    "shown = display(Markdown('**hi**'), display_id='q')\npd.DataFrame({'a': [1, 2]})",
    "import matplotlib.pyplot as plt\nfig = plt.figure(figsize=(2, 1))\nplt.plot([1, 2])\n"
    "print('after the figure')",
    "import seaborn as sns\nax = sns.histplot([1, 2, 3])",
    "shown.update(Markdown('**changed**'))",
    "display('gone'); clear_output(); display(HTML('<b>stays</b>'))",
    "%%capture kept\nprint('not shown')",
    "kept.stdout, _, In[1][:3]",
    "!echo hello",
    "import asyncio\nawait asyncio.sleep(0)\n__name__",
    "%matplotlib inline\nnone = None; none",
    "from analysis.results import Results\nkept = Results(results_dir, '20_shown')\n"
    "for condition in ('all', 'crps'):\n    fig, ax = plt.subplots()\n"
    "    kept.figure(fig, 'a', title='A', alt='None.', condition=condition)\nplt.get_fignums()",
)
"""What a notebook can show, cell by cell."""


def task(folder: Path, name: str, *cells: str, **parameters: Any) -> Task:
    path = write_notebook(folder, name, *cells, parameters=PARAMETERS)
    return Task(path=path, parameters=parameters)


@pytest.fixture(params=["warm", "papermill"])
def executor(request) -> Iterator[LocalExecutor]:
    if request.param == "warm" and sys.platform != "linux":
        pytest.skip("the warm engine needs Linux")
    with LocalExecutor(engine=request.param, workers=2) as made:
        yield made


def outputs_of(task: Task, folder: Path) -> list[tuple[Any, ...]]:
    """Return outputs by cell; what depends on the process, the moment or the hardware is left."""
    notebook = nbformat.read(executed_path(task, folder), as_version=4)
    nbformat.validate(notebook)
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.pop("traceback", None)
        texts = [
            (
                o.output_type,
                o.get("name"),
                o.get("text"),
                o.get("data"),
                o.get("ename"),
                o.get("evalue"),
            )
            for o in cell.get("outputs", ())
        ]
        found.append((cell.source, cell.get("execution_count"), texts))
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")
def test_both_engines_show_the_same_cell_by_cell(tmp_path):
    made = task(tmp_path, "20_shown", *SHOWN, days=2)
    seen = []
    for engine in execute.ENGINES:
        with LocalExecutor(engine=engine, workers=1) as executor:
            outcome = executor.submit(made, tmp_path / "out").result()
        assert outcome.error == ""
        seen.append(outputs_of(made, tmp_path / "out"))
    for fast, stock in zip(*seen, strict=True):
        assert fast == stock
    (figure, _) = seen[0][-1][2]  # of the two figures kept, its own; and what the cell ends with
    assert figure[3]["text/html"].startswith('<img alt="None." src="data:image/svg+xml;base64,')


@pytest.mark.slow
def test_a_notebook_runs_with_its_parameters_and_writes_its_results(executor, tmp_path):
    code = "from pathlib import Path\nPath(results_dir).mkdir()\n"
    made = task(tmp_path, "20_a", code + "Path(results_dir, 'days').write_text(str(days))", days=7)
    outcome = executor.submit(made, tmp_path / "out").result()
    assert outcome.error == ""
    assert outcome.seconds > 0
    assert (tmp_path / "out" / "results" / "days").read_text() == "7"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("raise ValueError('no day 0')", "cell 4: ValueError: no day 0"),
        ("def (", "cell 4: SyntaxError: invalid syntax"),
        ("import sys; sys.exit(3)", "cell 4: SystemExit: 3"),
    ],
)
def test_a_failure_is_the_cell_and_the_error_s_own_words(executor, tmp_path, cell, said):
    made = task(tmp_path, "20_a", "1", cell, "print('never')", days=2)
    error = executor.submit(made, tmp_path / "out").result().error
    assert error.startswith(said)
    shown = outputs_of(made, tmp_path / "out")
    assert [source for source, count, _ in shown if count][-1] == cell


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")
def test_a_notebook_whose_process_dies_takes_no_other_with_it(tmp_path):
    deaths = {
        "20_killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "21_ended": "import os; os._exit(7)",
        "22_well": "print('well')",
    }
    with LocalExecutor(engine="warm", workers=2) as executor:
        sent = [
            executor.submit(task(tmp_path, name, "1", cell, days=2), tmp_path / "out")
            for name, cell in deaths.items()
        ]
        errors = [future.result().error for future in sent]
    assert errors == [
        "cell 4: the notebook's process was killed by signal 9 (out of memory?).",
        "cell 4: the notebook's process ended itself with exit code 7.",
        "",
    ]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")
def test_notebooks_share_nothing_in_memory_and_draw_different_random_numbers(tmp_path):
    code = (
        "import numpy, analysis, random\nleft = getattr(analysis, 'left', 'nothing')\n"
        "analysis.left = 'something'\nassert left == 'nothing'\n"
        "random.random()"
    )
    with LocalExecutor(engine="warm", workers=1) as executor:
        tasks = [task(tmp_path, name, code, days=2) for name in ("20_a", "21_b")]
        outcomes = [executor.submit(each, tmp_path / "out").result() for each in tasks]
    assert [each.error for each in outcomes] == ["", ""]
    a, b = (outputs_of(each, tmp_path / "out")[-1][2] for each in tasks)
    assert a != b


@pytest.mark.slow
def test_leaving_stops_what_runs_and_drops_what_waits(executor, tmp_path):
    """The first notebook says that it runs, and would then wait for ever."""
    (tmp_path / "out").mkdir()
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    waits = f"open({str(ready)!r}, 'w').close()\nimport threading; threading.Event().wait()"
    with executor:
        tasks = [task(tmp_path, name, waits, days=2) for name in ("20_a", "21_b", "22_c")]
        first = executor.submit(tasks[0], tmp_path / "out")
        with ready.open():
            pass
        rest = [executor.submit(each, tmp_path / "out") for each in tasks[2:]]
    assert "killed by signal 15" in first.result().error
    assert all(each.done() for each in rest)


HIDDEN = """
import sys
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
import os
del os.fork
import analysis.cli
import analysis.run.session, analysis.run.compare, analysis.run.verify, analysis.run.cluster
from analysis.run import execute, folder
assert folder.fcntl is None
execute.sys.platform = "win32"
assert execute.check_engine("") == "papermill"
"""


@pytest.mark.slow
def test_nothing_of_posix_alone_is_needed_to_load_the_runner():
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_notebook_runs_where_locks_and_forks_are_missing(tmp_path):
    """The stock engine, in a process that cannot import what Windows does not have."""
    code = "from analysis.adam.study import open_study\nopen_study(export='data/demo').banner"
    path = write_notebook(tmp_path, "20_a", code, parameters=PARAMETERS)
    script = (
        "import sys, pathlib\n"
        "for name in ('fcntl', 'resource'): sys.modules[name] = None\n"
        "from analysis.run import folder\n"
        "from analysis.run.execute import execute_notebook\n"
        "from analysis.run.plan import Task\n"
        "assert folder.fcntl is None\n"
        f"top = pathlib.Path({str(tmp_path)!r})\n"
        "with folder.workplace(top, 'run') as work, folder.scratch() as scratch:\n"
        f"    task = Task(path=pathlib.Path({str(path)!r}), parameters={{'days': 2}})\n"
        "    print(execute_notebook(task, work, engine='papermill', scratch=scratch).error)\n"
        "    folder.publish(work, iter([top / 'done']))\n"
        "assert (top / 'done' / 'notebooks' / '20_a.all.ipynb').is_file()\n"
    )
    # In a folder of its own: without locks, another run's scratch would take it for abandoned.
    with TemporaryDirectory() as own:  # of a short name: a socket's path has at most 107 letters
        env, words = {**os.environ, "TMPDIR": own}, [sys.executable, "-c", script]
        done = subprocess.run(words, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_engines_are_checked(monkeypatch):
    with pytest.raises(SettingsError, match=r"there is no engine 'wram'\. Did you mean 'warm'"):
        check_engine("wram")
    monkeypatch.setattr(execute.sys, "platform", "darwin")
    assert check_engine("") == "papermill"
    with pytest.raises(SettingsError, match="needs Linux; 'papermill' gives the same"):
        check_engine("warm")


def test_what_is_preloaded_exists():
    """A name that is not there any more would only make runs slower."""
    assert [name for name in execute.PRELOAD if find_spec(name) is None] == []


def test_deaths_in_words():
    assert describe_death(0) == "the notebook's process ended itself with exit code 0"
    assert describe_death(-11).endswith("killed by signal 11 (segmentation fault)")


# --- order --------------------------------------------------------------------------------------


def names(*needs: tuple[str, tuple[str, ...]]) -> list[Task]:
    return [
        Task(path=Path(f"{name}.ipynb"), needs=tuple(f"{each}.all" for each in before))
        for name, before in needs
    ]


def test_a_task_begins_when_those_it_needs_have_ended_well():
    tasks = names(("21_a", ()), ("31_b", ()), ("70_c", ("21_a", "31_b")), ("80_d", ("70_c",)))
    events: list[str] = []
    begun: dict[str, Future[Outcome]] = {}

    def begin(task: Task) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        begun[task.name] = future
        if task.name != "21_a.all":  # ends at once; 21_a ends when 31_b begins
            future.set_result(Outcome(task=task))
        if task.name == "31_b.all":
            begun["21_a.all"].set_result(Outcome(task=tasks[0]))
        return future

    done = run_tasks(
        tasks, begin=begin, finish=lambda outcome: None,
        listen=lambda what, task, outcome, total: events.append(f"{what} {task.name[:2]}"),
    )  # fmt: skip
    assert [each.task.name for each in done] == [task.name for task in tasks]
    assert events[:2] == ["started 21", "started 31"]
    assert events[4:] == ["started 70", "finished 70", "started 80", "finished 80"]


def test_the_longest_begins_first_and_the_outcomes_are_in_the_order_of_the_plan():
    tasks, begun = names(("20_a", ()), ("65_b", ()), ("70_c", ("20_a", "65_b"))), []

    def begin(task: Task) -> Outcome:
        begun.append(task.name[:2])
        return Outcome(task=task)

    done = run_tasks(tasks, begin=begin, finish=lambda _: None, listen=lambda *_: None)
    assert begun == ["65", "20", "70"]
    assert [each.task for each in done] == list(tasks)


def test_what_does_not_fit_beside_another_begins_when_that_has_ended():
    tasks, events = names(("40_a", ()), ("65_b", ())), []
    begun = {task.name: Future[Outcome]() for task in tasks}

    def begin(task: Task) -> Future[Outcome]:
        begun[task.name].set_result(Outcome(task=task))
        return begun[task.name]

    run_tasks(
        tasks, begin=begin, finish=lambda _: None, fits=lambda *_: False,
        listen=lambda what, task, *_: events.append(f"{what} {task.name[:2]}"),
    )  # fmt: skip
    assert events == ["started 40", "finished 40", "started 65", "finished 65"]


def test_what_needs_a_failed_task_is_left_out_and_the_others_go_on():
    tasks = names(("20_a", ()), ("30_b", ()), ("70_c", ("20_a", "30_b")), ("80_d", ("70_c",)))

    def begin(task: Task) -> Outcome:
        return Outcome(task=task, error="broken" if task.name == "20_a.all" else "")

    done = run_tasks(tasks, begin=begin, finish=lambda _: None, listen=lambda *_: None)
    assert [each.task.name for each in done] == ["20_a.all", "30_b.all"]
